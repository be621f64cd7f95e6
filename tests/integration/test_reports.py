"""The error report: exact in every cell, safe to open, and ready to be corrected and uploaded again."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import closing
from datetime import date
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.config import Settings
from chalicelib.errors import Conflict, NotFound
from chalicelib.ingestion.jobs.reports import origin_in, read_back, write_report
from chalicelib.ingestion.layout.mapping import ADDED, ORIGIN
from chalicelib.ingestion.reading.columns import RefusedCells
from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.ingestion.rows.formulas import original
from chalicelib.ingestion.rows.one_by_one import MAX_ERRORS
from chalicelib.tenants.config import Language
from chalicelib.wiring import Services
from tests.builders import TENANT, run
from tests.conftest import StoppedClock
from tests.ingesting import HEADER, PLAIN, Office, as_csv, counts, file_id, lines_of, numbered, sheet, table_of
from tests.workbooks import by_openpyxl, by_xlsxwriter, opened

TENANTS = (f"tenant-{number}" for number in count())
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


# Form


def test_the_report_opens_in_excel_and_libreoffice_by_a_double_click(office: Office) -> None:
    report = office.report(office.ingest(as_csv(("José", "", "ruim; pior", ""), ("a\nb", "", '"', ""), header=PLAIN)))
    assert report.startswith(b'\xef\xbb\xbf"ID";'), "Excel takes a file that begins with a bare ID for a SYLK file"
    text = report.decode("utf-8-sig")
    assert csv.Sniffer().sniff(text, delimiters=";,\t|").delimiter == ";"
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert all(line.startswith('"') and line.endswith('"') for line in lines)
    assert [len(row) for row in table_of(report)] == [len(PLAIN) + 5] * len(lines)


def test_each_refusal_is_a_line_with_the_whole_row_and_says_where_and_why(office: Office) -> None:
    rows = [
        ("Maria", "111", "m@x.com | ruim", "71 99999-0001"),
        ("Ana", "", "a@x.com", ""),
        ("Zé", "", "", ""),
    ]
    content = as_csv(*rows, header=PLAIN)
    report = table_of(office.report(office.ingest(content)))
    first, last = f"{file_id(content)}:2", f"{file_id(content)}:4"
    assert report == [
        ["ID", *PLAIN, "linha", "coluna", "codigo", "mensagem"],
        [first, *rows[0], "2", "CNPJ/CPF", "documento_invalido", "“111” não é um CPF nem um CNPJ válido."],
        [first, *rows[0], "2", "Email", "email_invalido", "“ruim” não é um e-mail válido."],
        [last, *rows[2], "4", "", "linha_sem_contato", report[3][-1]],
    ]
    assert report[3][-1].endswith(".")


def test_a_misspelt_domain_is_reported_with_the_likely_address(office: Office) -> None:
    [line] = lines_of(office.report(office.ingest(as_csv(("Zé", "", "Ze@gmail.con; ze@x.com", ""), header=PLAIN))))
    assert (line["coluna"], line["codigo"]) == ("Email", "dominio_suspeito")
    assert "“ze@gmail.con”" in line["mensagem"]
    assert "“ze@gmail.com”" in line["mensagem"]


def test_the_sentences_of_a_report_are_in_the_language_of_the_tenant(office: Office) -> None:
    office.configure(idioma="en")
    header, *lines = table_of(office.report(office.ingest(as_csv(("Zé", "", "ruim", ""), header=PLAIN))))
    assert header == ["ID", *PLAIN, *ADDED], "titles are what a spreadsheet is read back by"
    assert [line[-3:] for line in lines] == [["Email", "email_invalido", "“ruim” is not a valid e-mail."]]


def test_a_file_with_ids_keeps_its_own_columns_in_the_report(office: Office) -> None:
    [line] = lines_of(office.report(office.ingest(sheet("A;Maria;;;bad", header=HEADER))))
    assert list(line) == [*HEADER, *ADDED]


def test_the_cells_of_a_workbook_are_as_its_reader_read_them(office: Office) -> None:
    rows: list[list[object]] = [
        ["x", "y"],
        ["Nome", None, "CPF", "Telefone", "Obs"],
        ["Ana", 1, 52998224726, "+1", True],
        ["Bo", 2, 111.5, 3, ""],
    ]
    content = by_xlsxwriter(rows)
    report = table_of(office.report(office.ingest(content, name="leads.xlsx")))
    assert report[0] == ["ID", "Nome", "", "CPF", "Telefone", "Obs", *ADDED]
    assert report[1][:7] == [f"{file_id(content, 'Leads')}:3", "Ana", "1", "52998224726", "'+1", report[1][5], "3"]
    assert report[-2][:4] == [f"{file_id(content, 'Leads')}:4", "Bo", "2", "111.5"]
    assert report[-1][-4:-1] == ["2", "B", "coluna_sem_titulo"]


def test_dates_of_a_workbook_are_dates_in_the_report(office: Office) -> None:
    rows: list[list[object]] = [["Nome", "Email", "Vencimento"], ["Ana", "ruim", date(2026, 6, 5)]]
    line, *_ = lines_of(office.report(office.ingest(by_openpyxl(rows), name="leads.xlsx")))
    assert line["Vencimento"] == "05/06/2026"


def test_there_is_no_report_before_the_job_has_ended(office: Office, services: Services) -> None:
    with pytest.raises(Conflict, match="job_em_andamento"):
        services.reports.url(TENANT, office.upload(as_csv(*numbered(1))))
    with pytest.raises(NotFound):
        services.reports.url(TENANT, uuid4())


# Size


def test_a_report_of_many_pages_has_every_error_once(office: Office) -> None:
    job = office.ingest(sheet(*[f"Lead {n};;bad{n};" for n in range(10_050)]))
    assert job["linhas_rejeitadas"] == 10_050
    assert [line["linha"] for line in lines_of(office.report(job))] == [str(n) for n in range(2, 10_052)]


def test_a_row_with_too_many_errors_has_fifty_lines_and_one_with_the_number_of_the_others(office: Office) -> None:
    job = office.ingest(as_csv(("Ana", "", ";".join(["x"] * 9_000), ";".join(["1"] * 9_000)), header=PLAIN))
    codes = [line[-2:] for line in table_of(office.report(job))[1:]]
    assert [code for code, _ in codes] == ["email_invalido"] * MAX_ERRORS + ["erros_demais"]
    assert codes[-1][1].endswith(f": {18_000 - MAX_ERRORS}.")


def test_a_report_that_would_be_too_large_ends_with_a_line_that_says_so(
    office: Office, make_services: Callable[..., Services], tmp_path: Path
) -> None:
    rows = [(f"Ana {n}", "", "x" * 1_000, "") for n in range(100)]
    job = office.ingest(as_csv(*rows, header=PLAIN))
    path = tmp_path / "erros.csv"
    database = office.services.database
    stored = {"job_id": job["job_id"], "colunas": PLAIN, "deduplicar_por_id": True, "origem": "", "leitura": None}
    write_report(path, database, office.tenant_id, stored, language=Language.PORTUGUESE, most=50_000)
    assert 50_000 < path.stat().st_size < 60_000
    _, *lines, last = table_of(path.read_bytes())
    assert [line[1] for line in lines] == [row[0] for row in rows[: len(lines)]]
    assert last[:-1] == [*[""] * 5, str(len(lines) + 2), "", "relatorio_cortado"]
    for each in (office, Office(make_services(ingest_batch_rows=1))):  # the second one reads the last line by itself
        again = each.ingest(path.read_bytes(), name="erros-leads.csv")
        assert (again["linhas_processadas"], again["linhas_rejeitadas"]) == (len(lines), len(lines))


@pytest.mark.parametrize("piece", ["x", "\U0001f600", "ab1"])
def test_heavy_rows_are_all_in_the_report_with_their_own_cells(office: Office, piece: str) -> None:
    """There are more of them than a page holds."""
    rows = [(f"{n} {piece * 30_000}", "", "ruim; pior" if n % 3 else "ruim", "") for n in range(60)]
    rows += [(f"{n}", "", "ruim", "") for n in range(60, 90)]
    _, *lines = table_of(office.report(office.ingest(as_csv(*rows, header=PLAIN))))
    expected = [(row, address) for row in rows for address in row[2].split("; ")]
    assert [(tuple(line[1:5]), line[-1]) for line in lines] == [
        (row, f"“{address}” não é um e-mail válido.") for row, address in expected
    ]


# Formulas


def test_a_cell_that_looks_like_a_formula_is_shown_with_an_apostrophe(office: Office) -> None:
    content = sheet("=1+1;;;", "+Ana;;bad | a@x.com;123", "Zé;;z@x.com;")
    report = lines_of(office.report(office.ingest(content)))
    assert [(row["ID"], row["linha"], row["coluna"], row["codigo"]) for row in report] == [
        (f"{file_id(content)}:2", "2", "", "linha_sem_contato"),
        (f"{file_id(content)}:3", "3", "Email", "email_invalido"),
        (f"{file_id(content)}:3", "3", "Telefone", "telefone_invalido"),
    ]
    assert [row["Nome"] for row in report] == ["'=1+1", "'+Ana", "'+Ana"]
    assert report[1]["Email"] == "bad | a@x.com"
    assert "bad" in report[1]["mensagem"]


@pytest.mark.parametrize("sign", SIGNS)
def test_no_field_of_the_report_begins_with_a_formula(office: Office, sign: str) -> None:
    befores = ["", " ", "\t", "\r", "\n", "\xa0", "\u200b", ";", ",", "x;", "x, ", "x\n", '"', "'", "''"]
    rows = [
        (f"{sign}{number}", f"{before}{sign}cmd|' /C calc'!A0", "", f"{sign}ruim", "")
        for number, before in enumerate(befores)
    ]
    title = "Nome" if sign == "@" else f"{sign}Nome"  # a title with an @ looks like data
    file = as_csv(*rows, header=("ID", title, *PLAIN[1:]))
    header, *report = table_of(office.report(office.ingest(file, name=f"{sign}a.csv")))
    assert original(header[1]) == title
    assert not header[1].startswith(sign)
    assert len(report) == len(rows)
    for line, row in zip(report, rows, strict=True):
        for field in line:
            for piece in field.replace("\r", ";").replace("\n", ";").replace("\t", ";").replace(",", ";").split(";"):
                assert not piece.lstrip(' \xa0\u200b"').startswith(sign)
        assert tuple(map(original, line[:5])) == row


# Without NUL, which PostgreSQL cannot store; surrogates, which no file can hold; and U+FEFF, which would be taken for a
# byte order mark at the beginning of a line.
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=30),
    st.text(SIGNS + " '\"\t\r\n,;\xa0\u200bab1", max_size=12),
)


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=20))
def test_any_cells_come_back_from_the_report_as_they_were(
    app_settings: Settings, clock: StoppedClock, cells: list[tuple[str, str]]
) -> None:
    with closing(Services(app_settings, clock=clock)) as services:
        office = Office(services, next(TENANTS))
        content = as_csv(*[(name, "", note, "ruim") for name, note in cells], header=("Nome", "CPF", "Obs", "Email"))
        report = office.report(office.ingest(content))
        header, *lines = table_of(report)
        assert [(original(line[1]), original(line[3])) for line in lines] == cells
        with opened(report) as table:
            again = [row[1:5] for _, row in read_back(table.header.titles, table.rows())]
        assert again == [[name, "", note, "ruim"] for name, note in cells]
        second = table_of(office.report(office.ingest(report, name="erros-leads.csv")))
        assert second[0] == header
        assert [line[:5] for line in second[1:]] == [line[:5] for line in lines]


def test_a_row_whose_quote_stays_open_is_in_the_report_and_the_others_are_leads(office: Office) -> None:
    job = office.ingest(b'Nome;Email\nAna;a@b.co\n"Bia;b@c.de\nCaio;c@d.ef\n')
    assert (job["leads_criados"], job["linhas_rejeitadas"]) == (2, 1)
    [line] = lines_of(office.report(job))
    assert [line["Nome"], line["Email"], line["linha"], line["codigo"]] == ['"Bia', "b@c.de", "3", "aspas_sem_fim"]
    again = office.ingest(office.report(job).replace(b'""Bia', b"Bia"), name="corrected.csv")
    assert again["leads_criados"] == 1


def test_a_refused_row_of_a_report_stays_refused() -> None:
    refused = RefusedCells("aspas_sem_fim", ["'=x"])
    assert list(read_back(["ID", *ADDED], [(2, refused)])) == [(2, refused)]


def test_a_cell_of_the_maximum_length_can_be_read_back(office: Office) -> None:
    report = office.report(office.ingest(as_csv(("=" + "x" * (MAX_CELL - 1), "", "ruim", ""), header=PLAIN)))
    assert office.ingest(report, name="again.csv")["linhas_rejeitadas"] == 1


# Uploaded again


ROWS = [
    ("Maria", "52998224725", "m@x.com | ruim", "71 99999-0001"),
    ("=José", "", "", "123"),
    ("Ana", "", "a@x.com", ""),
    ("'-Bia", "", "b@x.com", "71 1 | 71 99999-0002"),
]


@pytest.mark.parametrize("modo", ["ignorar", "atualizar"])
def test_a_report_that_nobody_corrected_changes_nothing(office: Office, modo: str) -> None:
    job = office.ingest(as_csv(*ROWS, header=PLAIN))
    leads = office.leads()
    again = office.ingest(office.report(job), name="erros-leads.csv", modo=modo)
    assert office.leads() == leads
    assert (again["leads_criados"], again["leads_atualizados"], again["linhas_rejeitadas"]) == (0, 0, 1)


@pytest.mark.parametrize("saved_as", ["csv", "xlsx"])
def test_a_corrected_report_changes_only_its_rows_under_the_names_they_had(office: Office, saved_as: str) -> None:
    first = as_csv(*ROWS, header=PLAIN)
    job = office.ingest(first)
    changed, created = f"{file_id(first)}:2", f"{file_id(first)}:3"
    before = {lead[0]: lead for lead in office.leads()}
    corrected = [
        [cell.replace("ruim", "maria@x.com").replace("123", "71 99999-0003") for cell in line]
        for line in table_of(office.report(job))
    ]
    content = as_csv(*corrected[1:], header=corrected[0]) if saved_as == "csv" else by_openpyxl(corrected)
    again = office.ingest(content, name=f"erros-leads.{saved_as}", modo="atualizar")
    after = {lead[0]: lead for lead in office.leads()}
    assert set(after) - set(before) == {created}
    assert {external_id for external_id, lead in before.items() if after[external_id] != lead} == {changed}
    assert after[created][1] == "=José"
    assert after[changed][-1] == "m@x.comtrue maria@x.comfalse"
    assert (again["leads_criados"], again["leads_atualizados"]) == (1, 1)


def test_only_the_rows_of_the_report_are_processed_again(office: Office) -> None:
    content = sheet("Maria;;m@x.com;", "José;;;123", "Ana;;a@x.com | bad;")
    job = office.ingest(content)
    corrected = office.report(job).replace(b"123", b"71999990001").replace(b"bad", b"ana@x.com")
    again = office.ingest(corrected, name="erros-leads.csv", modo="atualizar")
    assert (again["linhas_processadas"], again["leads_criados"], again["leads_atualizados"]) == (2, 1, 1)
    assert [(lead[0], lead[1], lead[12]) for lead in office.leads()] == [
        (f"{file_id(content)}:2", "Maria", "m@x.comtrue"),
        (f"{file_id(content)}:3", "José", None),
        (f"{file_id(content)}:4", "Ana", "a@x.comtrue ana@x.comfalse"),
    ]


def test_a_corrected_report_updates_unless_the_upload_says_otherwise(office: Office) -> None:
    job = office.ingest(sheet("Maria;;m@x.com;ruim", "José;;;123"))
    corrected = office.report(job).replace(b"ruim", b"71999990001")
    assert job["correcoes_ignoradas"] == 0
    ignored = office.ingest(corrected, modo="ignorar")
    assert (ignored["modo"], ignored["correcoes_ignoradas"], ignored["leads_atualizados"]) == ("ignorar", 1, 0)
    applied = office.ingest(corrected)
    assert (applied["modo"], applied["correcoes_ignoradas"], applied["leads_atualizados"]) == ("atualizar", 0, 1)
    assert office.leads()[0][11] == "+5571999990001truemoveltrue"
    assert office.ingest(sheet("Ana;;a@x.com;"))["modo"] == "ignorar", "any other file leaves known leads alone"


@pytest.mark.parametrize("named", [None, "crm"])
def test_corrected_rows_look_among_the_ids_of_the_system_that_they_come_from(office: Office, named: str | None) -> None:
    office.ingest(sheet("1;Bo;;b@x.com;", header=HEADER))
    job = office.ingest(sheet("1;Ana;;a@x.com;ruim", header=HEADER), origem="CRM")
    report = office.report(job)
    assert table_of(report)[0] == [*HEADER, *ADDED, ORIGIN]
    options = {"origem": named} if named else {}
    again = office.ingest(report.replace(b"ruim", b"71999990001"), name="erros.csv", **options)
    assert (again["origem"], again["leads_criados"], again["leads_atualizados"]) == ("crm", 0, 1)
    assert [lead[11] for lead in office.leads() if lead[1] == "Ana"] == ["+5571999990001truemoveltrue"]
    assert table_of(office.report(again))[0] == [*HEADER, *ADDED, ORIGIN], "a report of a report has it once"


def test_an_origin_that_no_upload_may_name_is_none() -> None:
    columns = ["ID", *ADDED, ORIGIN]
    rows = [(number, ["1", "", "", "", "", cell]) for number, cell in enumerate(("", "a\x00b", "x" * 61, "crm"), 2)]
    assert origin_in(columns, [(2, ["1"]), *rows]) == "crm"
    assert origin_in(columns, rows[:3]) == ""
    assert origin_in(ADDED, rows) == origin_in([ORIGIN], [(2, ["crm"])]) == ""


def test_a_row_without_an_id_keeps_its_name_among_rows_with_ids(office: Office) -> None:
    rows = [("A", "Ana", "", "a@x.com; ruim", ""), (" ", "Bia", "", "b@x.com; ruim", ""), ("", "Cy", "", "ruim", "")]
    content = as_csv(*rows)
    job = office.ingest(content)
    report = office.report(job)
    header, *lines = table_of(report)
    assert header == [*HEADER, *ADDED]
    ids = ["A", f"{file_id(content)}:3", f"{file_id(content)}:4"]
    assert [line[0] for line in lines] == ids
    again = office.ingest(report.replace(b"ruim", b"boa@x.com"), name="erros-leads.csv", modo="atualizar")
    assert (again["leads_criados"], again["leads_atualizados"]) == (1, 2)
    assert {lead[0] for lead in office.leads()} == {*ids}


def test_an_id_that_is_too_long_is_shown_as_it_is(office: Office) -> None:
    report = table_of(office.report(office.ingest(as_csv(("x" * 256, "Ana", "", "a@x.com", "")))))
    assert (report[1][0], report[1][-2]) == ("x" * 256, "id_longo")


def test_a_report_of_a_report_has_the_added_columns_once(office: Office) -> None:
    first = office.ingest(as_csv(("=Zé", "", "ruim", ""), header=("+Nome", *PLAIN[1:])))
    second = office.ingest(office.report(first), name="erros-leads.csv")
    third = office.ingest(office.report(second), name="erros-erros-leads.csv")
    one, two, three = (table_of(office.report(job)) for job in (first, second, third))
    assert one == two == three
    assert one[0] == ["ID", "'+Nome", *PLAIN[1:], *ADDED]


def test_the_report_of_a_dry_run_can_be_corrected_and_uploaded_too(office: Office) -> None:
    content = as_csv(*ROWS, header=PLAIN)
    dry = office.ingest(content, validar_apenas=True)
    report = office.report(dry).replace(b"ruim", b"boa@x.com").replace(b'"123"', b'"71 99999-0003"')
    office.ingest(content)
    again = office.ingest(report, name="erros-leads.csv", modo="atualizar")
    assert (again["leads_criados"], again["leads_atualizados"]) == (1, 1)


def test_apostrophes_of_other_files_stay(make_services: Callable[..., Services]) -> None:
    office = Office(make_services())
    office.ingest(as_csv(("a, '=b", "", "a@x.com", ""), header=PLAIN))
    assert office.leads()[0][1] == "a, '=b"
    assert counts(office.ingest(as_csv(header=(*PLAIN, *ADDED))))["linhas_processadas"] == 0


def test_rewritten_report_has_the_rows_that_are_left(services: Services) -> None:
    office = Office(services)
    job = office.ingest(sheet("Ana;;nada;", "Bia;;tampouco;"))
    run(services.owner_database, "DELETE FROM ingest_erros WHERE linha = 2")
    assert services.reports.rewrite(TENANT, job["job_id"])
    assert "Ana" not in office.report(job).decode()
    assert "Bia" in office.report(job).decode()


def test_job_without_a_report_gets_none(services: Services) -> None:
    job_id = Office(services).upload(sheet("Ana;;nada;"))
    assert not services.reports.rewrite(TENANT, job_id)
    assert not services.reports.rewrite(TENANT, UUID(int=1))
