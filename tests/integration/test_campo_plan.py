"""Columns beyond ours are kept on the lead, from the upload to the undoing of its job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest

from chalicelib.campos import fits
from chalicelib.ingestion.jobs import campo_plan
from chalicelib.wiring import Services
from tests.builders import ask, literal
from tests.ingesting import Job, Office, as_csv, lines_of, nothing_left
from tests.workbooks import saved

HEADER = ("Nome", "CPF", "Email", "Vencimento", "Valor", "Cidade")
CPFS = ("52998224725", "11144477735", "12345678909")


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


def campos(office: Office) -> list[dict[str, Any]]:
    """The campos of the tenant's leads, in the order of the leads."""
    sql = f"SELECT campos FROM leads WHERE tenant_id = {literal(office.tenant_id)} ORDER BY nome, linha_planilha"
    return [row[0] for row in ask(office.services.owner_database, sql)]


def known_campos(office: Office) -> list[list[Any]]:
    sql = "SELECT campo, tipo, titulo, amostras FROM tenant_campos ORDER BY campo, tipo"
    return ask(office.services.owner_database, sql)


def columns(job: Job) -> list[tuple[str, str | None, str | None]]:
    return [(each["titulo"], each["campo"], each["tipo"]) for each in job["leitura"]["colunas"]]


def a_workbook() -> bytes:
    """A sheet with a title above its header, dates, money, percents, truth values, and a text among the numbers."""
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Carteira"])
    page.append(["Nome", "Email", "Vencimento", "Valor", "Juros", "Pago", "CEP", "Ramal"])
    for n in range(6):
        page.append([f"Lead {n}", f"l{n}@x.com", date(2026, 12, 5), 1234.5 + n, 0.125, n % 2 == 0, 1310100, 200 + n])
        page.cell(n + 3, 3).number_format = "dd/mm/yyyy"
        page.cell(n + 3, 4).number_format = '"R$" #,##0.00'
        page.cell(n + 3, 5).number_format = "0.0%"
        page.cell(n + 3, 7).number_format = "00000-000"
    page["D8"] = "R$ 1.234,00"
    page["D4"] = "a combinar"
    return saved(book)


@pytest.mark.straight_path
def test_cells_of_a_workbook_are_kept_as_a_person_sees_them(office: Office) -> None:
    job = office.ingest(a_workbook(), name="carteira.xlsx")
    assert (job["status"], job["leads_criados"]) == ("concluido", 6)
    assert columns(job)[2:] == [
        ("Vencimento", "vencimento", "data"), ("Valor", "valor", "moeda"), ("Juros", "juros", "percentual"),
        ("Pago", "pago", "logico"), ("CEP", "cep", "texto"), ("Ramal", "ramal", "numero"),
    ]  # fmt: skip
    assert [each["textos"] for each in job["leitura"]["colunas"]] == [0, 0, 0, 1, 0, 0, 0, 0]
    found = campos(office)
    assert found[0] == {
        "vencimento": "2026-12-05", "valor": 1234.5, "juros": 0.125, "pago": True, "cep": "01310-100", "ramal": 200,
    }  # fmt: skip
    assert (found[1]["valor"], found[5]["valor"], found[1]["pago"]) == ("a combinar", 1234, False)
    assert known_campos(office)[-1] == ["vencimento", "data", "Vencimento", ["2026-12-05"]]


def test_texts_of_a_text_file_have_a_type_if_all_of_them_read_so(office: Office) -> None:
    job = office.ingest(
        as_csv(
            ("Ana", CPFS[0], "", "05/12/2026", "R$ 1.234,56", " Ilhéus "),
            ("Bia", CPFS[1], "", "", "R$ 5,00", ""),
            header=HEADER,
        )
    )
    assert columns(job)[3:] == [
        ("Vencimento", "vencimento", "data"), ("Valor", "valor", "moeda"), ("Cidade", "cidade", "texto"),
    ]  # fmt: skip
    assert campos(office) == [{"vencimento": "2026-12-05", "valor": 1234.56, "cidade": "Ilhéus"}, {"valor": 5}]


def test_file_without_columns_of_its_own_leaves_no_campos(office: Office) -> None:
    office.ingest(as_csv(("Ana", CPFS[0], "a@x.com"), header=HEADER[:3]))
    assert campos(office) == [{}]
    assert known_campos(office) == []


# Bounds


def test_what_is_over_the_bounds_is_a_reported_cell_and_the_row_is_kept(office: Office) -> None:
    long, whole = "x" * 1001, "é" * 1000
    titles = [f"C{n}" for n in range(6)]
    job = office.ingest(as_csv(("Ana", "a@x.com", long, *[whole] * 5), header=("Nome", "Email", *titles)), name="x.csv")
    assert (job["leads_criados"], job["leitura"]["recusas"]) == (1, {"campo_longo": 1, "campos_grandes": 1})
    [kept] = campos(office)
    assert list(kept) == ["c1", "c2", "c3", "c4"]
    assert fits(kept)
    lines = lines_of(office.report(job))
    assert [(each["coluna"], each["codigo"]) for each in lines] == [("C0", "campo_longo"), ("C5", "campos_grandes")]


def test_columns_over_sixty_are_left_out_and_told(office: Office) -> None:
    titles = [f"C{n}" for n in range(61)]
    job = office.ingest(as_csv(("a@x.com", *["x"] * 61), header=("Email", *titles)))
    assert len(campos(office)[0]) == 60
    assert job["leitura"]["colunas"][-1]["codigo"] == "campos_demais"
    assert lines_of(office.report(job))[-1]["codigo"] == "campos_demais"


def test_refusals_of_campos_alone_never_end_a_job(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campo_plan, "MOST_REFUSED", 3)
    monkeypatch.setattr("chalicelib.ingestion.jobs.worker.MOST_REFUSED", 3)
    office = Office(make_services(ingest_max_recusas=4, ingest_batch_rows=2))
    rows = [(f"a{n}@x.com", "x" * 1001) for n in range(9)]
    job_id = office.upload(as_csv(*rows, header=("Email", "Obs")))
    office.wake(job_id, remaining_ms=nothing_left)
    job = office.wake(job_id)
    assert (job["status"], job["leads_criados"]) == ("concluido", 9)
    assert job["leitura"]["recusas"] == {"campo_longo": 3}


# Merging, undoing, dry runs, resumption


def test_update_keeps_a_blank_and_replaces_a_value(office: Office) -> None:
    office.ingest(as_csv(("Ana", CPFS[0], "", "05/12/2026", "1,50", "Ilhéus"), header=HEADER))
    again = office.ingest(as_csv(("Ana", CPFS[0], "", "", "2,50", "Recife"), header=HEADER), modo="atualizar")
    assert again["leads_atualizados"] == 1
    assert campos(office) == [{"vencimento": "2026-12-05", "valor": 2.5, "cidade": "Recife"}]
    office.undone(again)
    assert campos(office) == [{"vencimento": "2026-12-05", "valor": 1.5, "cidade": "Ilhéus"}]


def test_update_with_the_same_campos_changes_nothing(office: Office) -> None:
    row = ("Ana", CPFS[0], "", "05/12/2026", "1,50", "Ilhéus")
    office.ingest(as_csv(row, header=HEADER))
    again = office.ingest(as_csv(row, ("Bia", CPFS[1], "", "", "", ""), header=HEADER), modo="atualizar")
    assert (again["leads_atualizados"], again["duplicados"], again["leads_criados"]) == (0, 1, 1)


def test_rows_of_one_file_merge_their_campos(office: Office) -> None:
    rows = [("Ana", CPFS[0], "", "05/12/2026", "", "Ilhéus"), ("Ana", CPFS[0], "", "", "7", "Recife")]
    office.ingest(as_csv(*rows, header=HEADER), modo="atualizar")
    assert campos(office) == [{"vencimento": "2026-12-05", "valor": 7, "cidade": "Recife"}]


def test_what_a_lead_cannot_take_any_more_is_reported(office: Office) -> None:
    office.ingest(as_csv(("Ana", CPFS[0], *["x" * 1000] * 8), header=("Nome", "CPF", *"ABCDEFGH")))
    job = office.ingest(
        as_csv(("Ana", CPFS[0], "y" * 900, "z" * 1000), header=("Nome", "CPF", "Obs", "A")),
        modo="atualizar",
        name="b.csv",
    )
    assert job["leads_atualizados"] == 1
    [kept] = campos(office)
    assert (kept["a"], "obs" in kept) == ("z" * 1000, False)
    [line] = lines_of(office.report(job))
    assert (line["linha"], line["coluna"], line["codigo"], line["Obs"]) == ("2", "Obs", "campos_grandes", "y" * 900)


def test_dry_run_shows_the_campos_and_stores_none(office: Office) -> None:
    office.ingest(as_csv(("Ana", CPFS[0], "", "05/12/2026", "1,50", ""), header=HEADER))
    rows = [("Ana", CPFS[0], "", "", "2,50", "Recife"), ("Bia", CPFS[1], "", "x", "3", "")]
    job = office.ingest(as_csv(*rows, header=HEADER), modo="atualizar", validar_apenas=True)
    assert [row["lead"]["campos"] for row in office.preview(job)] == [
        {"vencimento": "2026-12-05", "valor": 2.5, "cidade": "Recife"}, {"vencimento": "x", "valor": 3},
    ]  # fmt: skip
    assert campos(office) == [{"vencimento": "2026-12-05", "valor": 1.5}]
    assert [each[1] for each in known_campos(office)] == ["texto", "numero", "data"]


def test_corrected_report_brings_the_campos_of_its_rows(office: Office) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Nome", "Email", "Peso", "Vencimento"])
    page.append(["Ana", "bad", 1.125, date(2026, 12, 5)])
    page.append(["Bia", "b@x.com", 2.5, date(2026, 12, 6)])
    page["C2"].number_format = page["C3"].number_format = "0.000"
    job = office.ingest(saved(book), name="a.xlsx")
    report = office.report(job)
    [line] = lines_of(report)
    assert (line["Peso"], line["Vencimento"]) == ("1,125", "05/12/2026")
    corrected = office.ingest(report.replace(b'"bad"', b'"a@x.com"', 1), name="corrigido.csv")
    assert corrected["leads_criados"] == 1
    assert columns(corrected)[-4:] == [(title, None, None) for title in ("linha", "coluna", "codigo", "mensagem")]
    assert campos(office)[0] == {"peso": 1.125, "vencimento": "2026-12-05"}


def test_job_that_is_resumed_has_the_same_campos_as_one_that_ran_through(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campo_plan, "SAMPLED", 5)
    rows = [(f"Lead {n}", f"l{n}@x.com", "x" if n % 7 == 6 else f"{n},50", "s" * n) for n in range(40)]
    content = as_csv(*rows, header=("Nome", "Email", "Valor", "Obs"))
    office = Office(make_services(ingest_batch_rows=9))
    job_id = office.upload(content)
    while (job := office.wake(job_id, remaining_ms=nothing_left))["status"] == "processando":
        pass
    other = Office(make_services(), "outra")
    whole = other.ingest(content)
    assert campos(office) == campos(other)
    assert job["leitura"] == whole["leitura"]
    assert [each["textos"] for each in job["leitura"]["colunas"]] == [0, 0, 5, 0]


# Mapping and tags


MAPPED = {"Fone da firma": "telefone", "Obs": "ignorar", "Saldo": "campo:divida", "Quem": "nome"}
SHAPE = ("Quem", "Fone da firma", "Saldo", "Obs")
ROW = ("Ana", "71 99999-0001", "5,50", "nada")


def test_upload_says_what_its_columns_are_and_the_next_file_of_that_shape_knows(office: Office) -> None:
    first = office.ingest(as_csv(ROW, header=SHAPE), mapeamento=MAPPED)
    expected = [
        ("Quem", "nome", None), ("Fone da firma", "telefone", None), ("Saldo", "divida", "numero"), ("Obs", None, None),
    ]  # fmt: skip
    assert (columns(first), first["mapeamento_lembrado"]) == (expected, False)
    assert first["leitura"]["colunas"][3]["codigo"] == "coluna_ignorada"
    assert campos(office) == [{"divida": 5.5}]
    shuffled = as_csv(("7", "71 99999-0002", "x", "Bia"), header=("SALDO", " fone da  firma", "obs", "quem"))
    second = office.ingest(shuffled)
    assert sorted(column[1] or "" for column in columns(second)) == ["", "divida", "nome", "telefone"]
    assert (second["mapeamento_lembrado"], second["mapeamento"]) == (True, MAPPED)


def test_new_mapping_replaces_the_old_one_and_an_empty_one_forgets_it(office: Office) -> None:
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento=MAPPED)
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento={"Fone da firma": "telefone"})
    assert columns(office.ingest(as_csv(ROW, header=SHAPE)))[0][1] == "quem"
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento={})
    job = office.ingest(as_csv(ROW, header=SHAPE))
    assert (job["mapeamento_lembrado"], job["mapeamento"]) == (False, None)


def test_mapping_is_neither_remembered_nor_used_if_the_upload_says_so(office: Office) -> None:
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento=MAPPED, lembrar_mapeamento=False)
    assert not office.ingest(as_csv(ROW, header=SHAPE))["mapeamento_lembrado"]
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento=MAPPED, validar_apenas=True)
    assert not office.ingest(as_csv(ROW, header=SHAPE))["mapeamento_lembrado"]
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento=MAPPED)
    assert not office.ingest(as_csv(ROW, header=SHAPE), lembrar_mapeamento=False)["mapeamento_lembrado"]
    assert office.ingest(as_csv(ROW, header=SHAPE))["mapeamento_lembrado"]


def test_mapping_of_a_title_that_is_not_there_is_refused_by_name(office: Office) -> None:
    job = office.ingest(as_csv(ROW, header=SHAPE), mapeamento={"Fone da firma": "telefone", "Nada": "ignorar"})
    assert (job["status"], job["erro_codigo"]) == ("erro", "titulos_ausentes")
    assert "Nada" in job["mensagem_erro"]


def test_remembered_mapping_of_a_job_that_is_resumed_does_not_change(make_services: Callable[..., Services]) -> None:
    office = Office(make_services(ingest_batch_rows=1))
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento=MAPPED)
    job_id = office.upload(as_csv(ROW, ("Bia", "71 99999-0002", "7", "x"), header=SHAPE))
    office.wake(job_id, remaining_ms=nothing_left)
    office.ingest(as_csv(ROW, header=SHAPE), mapeamento={})
    job = office.wake(job_id)
    assert (job["status"], job["mapeamento_lembrado"], columns(job)[2][1]) == ("concluido", True, "divida")
    assert campos(office)[-1] == {"divida": 7}


def test_corrected_report_is_read_by_the_mapping_of_its_file(office: Office) -> None:
    bad = ("Ana", "12", "5,50", "nada")
    job = office.ingest(as_csv(bad, header=SHAPE), mapeamento=MAPPED)
    corrected = office.ingest(office.report(job).replace(b'"12"', b'"71 99999-0001"'), name="c.csv")
    assert (corrected["mapeamento_lembrado"], corrected["leads_criados"]) == (True, 1)
    assert campos(office) == [{"divida": 5.5}]


def test_tags_of_an_upload_are_given_to_the_leads_that_it_makes_or_changes(office: Office) -> None:
    office.ingest(as_csv(("Ana", CPFS[0], "a@x.com"), header=HEADER[:3]), tags=("velha",))
    rows = [("Ana", CPFS[0], "a@x.com"), ("Bia", CPFS[1], "b@x.com"), ("Bia", CPFS[1], "c@x.com")]
    job = office.ingest(as_csv(*rows, header=HEADER[:3]), modo="atualizar", tags=("nova", "dez"))
    assert (job["leads_atualizados"], job["leads_criados"], job["tags"]) == (2, 1, ["nova", "dez"])
    assert [lead[7] for lead in office.leads()] == [["velha", "nova", "dez"], ["nova", "dez"]]
    undone = office.undone(job)
    assert (undone["leads_removidos"], undone["mesclas_desfeitas"]) == (1, 1)
    assert [lead[7] for lead in office.leads()] == [["velha"]]


def test_tags_that_a_lead_cannot_take_are_reported(office: Office) -> None:
    office.ingest(as_csv(("Ana", CPFS[0], "a@x.com"), header=HEADER[:3]), tags=tuple(f"t{n}" for n in range(19)))
    job = office.ingest(
        as_csv(("Ana", CPFS[0], "a@x.com"), header=HEADER[:3]), name="b.csv", modo="atualizar", tags=("x", "y")
    )
    assert [(each["codigo"], each["coluna"]) for each in lines_of(office.report(job))] == [("tags_demais", "")]
    assert len(office.leads()[0][7]) == 20
