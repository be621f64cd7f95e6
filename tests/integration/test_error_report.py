"""The error report: right to the cell, harmless to open, and good to upload again as it is."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.config import Settings
from chalicelib.ingestion.jobs.reports import ADDED, read_back, write_report
from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.ingestion.rows.formulas import original
from chalicelib.ingestion.rows.one_by_one import MAX_ERROS
from chalicelib.wiring import Services
from tests.conftest import StoppedClock
from tests.ingesting import HEADER, Office, as_csv, counts, table_of
from tests.workbooks import by_openpyxl, by_xlsxwriter, opened

TENANTS = (f"tenant-{number}" for number in count())
PLAIN = ("Nome", "CNPJ/CPF", "Email", "Telefone")
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


# Its form


def test_the_report_is_what_excel_and_libreoffice_open_by_a_double_click(office: Office) -> None:
    report = office.report(office.ingest(as_csv(("José", "", "ruim; pior", ""), ("a\nb", "", '"', ""), header=PLAIN)))
    assert report.startswith(b'\xef\xbb\xbf"ID";'), "a bare ID at the very beginning is a SYLK file to Excel"
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
    report = table_of(office.report(office.ingest(as_csv(*rows, header=PLAIN))))
    assert report == [
        ["ID", *PLAIN, "linha", "coluna", "codigo", "mensagem"],
        ["leads.csv:2", *rows[0], "2", "CNPJ/CPF", "documento_invalido", "“111” não é um CPF nem um CNPJ válido."],
        ["leads.csv:2", *rows[0], "2", "Email", "email_invalido", "“ruim” não é um e-mail válido."],
        ["leads.csv:4", *rows[2], "4", "", "linha_sem_contato", report[3][-1]],
    ]
    assert report[3][-1].endswith(".")


def test_the_cells_of_a_workbook_are_as_its_reader_read_them(office: Office) -> None:
    rows = [
        ["x", "y"],
        ["Nome", None, "CPF", "Telefone", "Obs"],
        ["Ana", 1, 52998224726, "+1", True],
        ["Bo", 2, 111.5, 3, ""],
    ]
    report = table_of(office.report(office.ingest(by_xlsxwriter(rows), nome="leads.xlsx")))
    assert report[0] == ["ID", "Nome", "", "CPF", "Telefone", "Obs", *ADDED]
    assert report[1][:7] == ["leads.xlsx:3", "Ana", "1", "52998224726", "'+1", report[1][5], "3"]
    assert report[-1][:4] == ["leads.xlsx:4", "Bo", "2", "111.5"]


# Its size


def test_a_row_with_errors_without_end_has_fifty_lines_and_one_that_says_how_many_more(office: Office) -> None:
    job = office.ingest(as_csv(("Ana", "", ";".join(["x"] * 9_000), ";".join(["1"] * 9_000)), header=PLAIN))
    codes = [line[-2:] for line in table_of(office.report(job))[1:]]
    assert [code for code, _ in codes] == ["email_invalido"] * MAX_ERROS + ["erros_demais"]
    assert codes[-1][1].endswith(f": {18_000 - MAX_ERROS}.")


def test_a_report_that_would_be_too_large_says_where_it_ends(
    office: Office, make_services: Callable[..., Services], tmp_path: Path
) -> None:
    rows = [(f"Ana {n}", "", "x" * 1_000, "") for n in range(100)]
    job = office.ingest(as_csv(*rows, header=PLAIN))
    path = tmp_path / "erros.csv"
    write_report(path, office.services.database, office.tenant_id, job["job_id"], PLAIN, most=50_000)
    assert 50_000 < path.stat().st_size < 60_000
    _, *lines, last = table_of(path.read_bytes())
    assert [line[1] for line in lines] == [row[0] for row in rows[: len(lines)]]
    assert last[:-1] == [*[""] * 5, str(len(lines) + 2), "", "relatorio_cortado"]
    for each in (office, Office(make_services(ingest_batch_rows=1))):  # the second reads that line by itself
        again = each.ingest(path.read_bytes(), nome="erros-leads.csv")
        assert (again["linhas_processadas"], again["linhas_rejeitadas"]) == (len(lines), len(lines))


@pytest.mark.parametrize("piece", ["x", "\U0001f600", "ab1"])
def test_rows_of_any_weight_are_all_in_the_report_with_their_own_cells(office: Office, piece: str) -> None:
    """More of them than are read at once."""
    rows = [(f"{n} {piece * 30_000}", "", "ruim; pior" if n % 3 else "ruim", "") for n in range(60)]
    rows += [(f"{n}", "", "ruim", "") for n in range(60, 90)]
    _, *lines = table_of(office.report(office.ingest(as_csv(*rows, header=PLAIN))))
    expected = [(row, codigo) for row in rows for codigo in row[2].split("; ")]
    assert [(tuple(line[1:5]), line[-1]) for line in lines] == [
        (row, f"“{valor}” não é um e-mail válido.") for row, valor in expected
    ]


# No formula


@pytest.mark.parametrize("sign", SIGNS)
def test_no_field_of_the_report_begins_with_a_formula(office: Office, sign: str) -> None:
    befores = ["", " ", "\t", "\r", "\n", "\xa0", "\u200b", ";", ",", "x;", "x, ", "x\n", '"', "'", "''"]
    rows = [(f"{before}{sign}cmd|' /C calc'!A0", "", f"{sign}ruim", "") for before in befores]
    title = "Nome" if sign == "@" else f"{sign}Nome"  # what has an @ looks like data, and no header has that
    file = as_csv(*rows, header=(title, *PLAIN[1:]))
    header, *report = table_of(office.report(office.ingest(file, nome=f"{sign}a.csv")))
    assert original(header[1]) == title
    assert not header[1].startswith(sign)
    assert len(report) == len(rows)
    for line, row in zip(report, rows, strict=True):
        for field in line:
            for piece in field.replace("\r", ";").replace("\n", ";").replace("\t", ";").replace(",", ";").split(";"):
                assert not piece.lstrip(' \xa0\u200b"').startswith(sign)
        assert tuple(map(original, line[1:5])) == row
        assert original(line[0]).startswith(f"{sign}a.csv:")


# NUL is no text to PostgreSQL, surrogates are none to a file, and a byte order mark at the beginning of a line is one.
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=30),
    st.text(SIGNS + " '\"\t\r\n,;\xa0\u200bab1", max_size=12),
)


@settings(max_examples=settings.default.max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=20))
def test_any_cells_come_back_from_the_report_as_they_were(
    app_settings: Settings, clock: StoppedClock, cells: list[tuple[str, str]]
) -> None:
    with closing(Services(app_settings, clock=clock)) as services:
        office = Office(services, next(TENANTS))
        content = as_csv(*[(nome, "", obs, "ruim") for nome, obs in cells], header=("Nome", "CPF", "Obs", "Email"))
        report = office.report(office.ingest(content))
        header, *lines = table_of(report)
        assert [(original(line[1]), original(line[3])) for line in lines] == cells
        with opened(report) as planilha:
            again = [row[1:5] for _, row in read_back(planilha.cabecalho.colunas, planilha.linhas())]
        assert again == [[nome, "", obs, "ruim"] for nome, obs in cells]
        second = table_of(office.report(office.ingest(report, nome="erros-leads.csv")))
        assert second[0] == header
        assert [line[:5] for line in second[1:]] == [line[:5] for line in lines]


def test_a_cell_of_the_greatest_length_can_be_read_back(office: Office) -> None:
    report = office.report(office.ingest(as_csv(("=" + "x" * (MAX_CELL - 1), "", "ruim", ""), header=PLAIN)))
    assert office.ingest(report, nome="again.csv")["linhas_rejeitadas"] == 1


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
    again = office.ingest(office.report(job), nome="erros-leads.csv", modo=modo)
    assert office.leads() == leads
    assert (again["leads_criados"], again["leads_atualizados"], again["linhas_rejeitadas"]) == (0, 0, 1)


@pytest.mark.parametrize("saved_as", ["csv", "xlsx"])
def test_a_corrected_report_touches_only_its_rows_under_the_names_they_had(office: Office, saved_as: str) -> None:
    job = office.ingest(as_csv(*ROWS, header=PLAIN))
    before = {lead[0]: lead for lead in office.leads()}
    corrected = [
        [cell.replace("ruim", "maria@x.com").replace("123", "71 99999-0003") for cell in line]
        for line in table_of(office.report(job))
    ]
    content = as_csv(*corrected[1:], header=corrected[0]) if saved_as == "csv" else by_openpyxl(corrected)
    again = office.ingest(content, nome=f"erros-leads.{saved_as}", modo="atualizar")
    after = {lead[0]: lead for lead in office.leads()}
    assert set(after) - set(before) == {"leads.csv:3"}
    assert {externo for externo, lead in before.items() if after[externo] != lead} == {"leads.csv:2"}
    assert after["leads.csv:3"][1] == "=José"
    assert after["leads.csv:2"][-1] == "m@x.comtrue maria@x.comfalse"
    assert (again["leads_criados"], again["leads_atualizados"]) == (1, 1)


def test_a_row_without_an_id_among_rows_with_one_keeps_its_name(office: Office) -> None:
    rows = [("A", "Ana", "", "a@x.com; ruim", ""), (" ", "Bia", "", "b@x.com; ruim", ""), ("", "Cy", "", "ruim", "")]
    job = office.ingest(as_csv(*rows))
    report = office.report(job)
    header, *lines = table_of(report)
    assert header == [*HEADER, *ADDED]
    assert [line[0] for line in lines] == ["A", "leads.csv:3", "leads.csv:4"]
    again = office.ingest(report.replace(b"ruim", b"boa@x.com"), nome="erros-leads.csv", modo="atualizar")
    assert (again["leads_criados"], again["leads_atualizados"]) == (1, 2)
    assert [lead[0] for lead in office.leads()] == ["A", "leads.csv:3", "leads.csv:4"]


def test_an_id_that_is_too_long_is_shown_to_be_corrected(office: Office) -> None:
    report = table_of(office.report(office.ingest(as_csv(("x" * 256, "Ana", "", "a@x.com", "")))))
    assert (report[1][0], report[1][-2]) == ("x" * 256, "id_longo")


def test_a_report_of_a_report_has_the_added_columns_once(office: Office) -> None:
    first = office.ingest(as_csv(("=Zé", "", "ruim", ""), header=("+Nome", *PLAIN[1:])))
    second = office.ingest(office.report(first), nome="erros-leads.csv")
    third = office.ingest(office.report(second), nome="erros-erros-leads.csv")
    one, two, three = (table_of(office.report(job)) for job in (first, second, third))
    assert one == two == three
    assert one[0] == ["ID", "'+Nome", *PLAIN[1:], *ADDED]


def test_the_report_of_a_dry_run_is_as_good_as_another(office: Office) -> None:
    content = as_csv(*ROWS, header=PLAIN)
    dry = office.ingest(content, validar_apenas=True)
    report = office.report(dry).replace(b"ruim", b"boa@x.com").replace(b'"123"', b'"71 99999-0003"')
    office.ingest(content)
    again = office.ingest(report, nome="erros-leads.csv", modo="atualizar")
    assert (again["leads_criados"], again["leads_atualizados"]) == (1, 1)


def test_the_rows_of_other_files_are_left_alone(make_services: Callable[..., Services]) -> None:
    office = Office(make_services())
    office.ingest(as_csv(("a, '=b", "", "a@x.com", ""), header=PLAIN))
    assert office.leads()[0][1] == "a, '=b"
    assert counts(office.ingest(as_csv(header=(*PLAIN, *ADDED))))["linhas_processadas"] == 0
