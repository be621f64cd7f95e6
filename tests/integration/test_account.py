"""How a file was read: every column and sheet, hidden rows, lines and refusals, in job, preview and report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.ingestion.jobs.account import MOST_HIDDEN, MOST_SHEETS
from chalicelib.pages import PageQuery
from chalicelib.wiring import Services
from tests.builders import TENANT, ask
from tests.ingesting import Job, Office, as_csv, file_id, lines_of, nothing_left, numbered, table_of
from tests.workbooks import parts, row, sheet, zipped

TITLES = ("Nome", "Celular (com DDD)", "Recado", "CPF do cônjuge", "Cidade", "")
ANA = ("Ana", "71 99999-0001", "71 3333-0001", "529.982.247-25", "Ilhéus", "")


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


def people(*names: str, titles: tuple[str, ...] = ("Nome", "Email"), hidden: tuple[int, ...] = ()) -> str:
    """A sheet of people with an e-mail."""
    rows = [row(number, name, f"{name}@example.com") for number, name in enumerate(names, 2)]
    marked = [each.replace(">", ' hidden="1">', 1) if at in hidden else each for at, each in enumerate(rows, 2)]
    return sheet("".join([row(1, *titles), *marked]))


def columns(job: Job) -> list[tuple[str | None, str | None, str | None]]:
    return [(each["campo"], each["codigo"], each["proposta"]) for each in job["leitura"]["colunas"]]


def test_every_column_says_what_became_of_it(office: Office) -> None:
    job = office.ingest(as_csv(ANA, header=TITLES))
    assert columns(job) == [
        ("nome", None, None),
        ("telefone", None, None),
        ("recado", "coluna_proposta", "telefone"),
        ("cpf_do_conjuge", "coluna_de_outra_pessoa", None),
        ("cidade", None, None),
    ]
    assert [each["tipo"] for each in job["leitura"]["colunas"]] == [None, None, "texto", "texto", "texto"]
    proposal = job["leitura"]["colunas"][2]
    assert (proposal["coluna"], proposal["titulo"]) == ("C", "Recado")
    assert "adivinhar=true" in proposal["mensagem"]
    assert job["leitura"]["linha_dos_titulos"] == 1
    assert (job["leitura"]["separador"], job["leitura"]["abas"]) == (";", [])


def test_column_with_an_unknown_title_is_read_if_the_upload_says_so(office: Office) -> None:
    [lead] = [row["lead"] for row in office.preview(office.ingest(as_csv(ANA, header=TITLES), validar_apenas=True))]
    assert len(lead["telefones"]) == 1
    job = office.ingest(as_csv(ANA, header=TITLES), adivinhar=True)
    assert (job["adivinhar"], job["telefones_criados"]) == (True, 2)
    assert columns(job)[2] == ("telefone", "coluna_adivinhada", None)


def test_dry_run_shows_how_the_file_is_read(office: Office, services: Services) -> None:
    job = office.ingest(as_csv(ANA, header=TITLES), validar_apenas=True)
    assert services.previews.of(TENANT, job["job_id"])["leitura"] == job["leitura"]


def test_sentences_are_in_the_language_of_the_tenant(office: Office) -> None:
    office.configure(idioma="en")
    job = office.ingest(as_csv(ANA, header=TITLES))
    message = job["leitura"]["colunas"][3]["mensagem"]
    assert message.startswith("The title is about another person")


def test_sheets_that_were_not_read_are_named(office: Office) -> None:
    months = {"Jan": people("a", "b"), "Fev": people("c"), "Obs": sheet(row(1, "x"))}
    job = office.ingest(zipped(parts(sheets=months)), name="leads.xlsx")
    assert (job["aba"], job["leads_criados"]) == ("Jan", 2)
    assert [(each["aba"], each["lida"], each["linhas"], each["codigo"]) for each in job["leitura"]["abas"]] == [
        ("Jan", True, 2, None),
        ("Fev", False, 1, "aba_com_os_mesmos_titulos"),
        ("Obs", False, None, "aba_sem_titulos"),
    ]
    assert [line["codigo"] for line in lines_of(office.report(job))] == ["aba_com_os_mesmos_titulos"]
    asked = office.ingest(zipped(parts(sheets=months)), name="leads.xlsx", aba="fev")
    assert (asked["aba"], asked["aba_pedida"], asked["leads_criados"]) == ("Fev", "fev", 1)
    wrong = office.ingest(zipped(parts(sheets=months)), name="leads.xlsx", aba="Março")
    assert (wrong["status"], wrong["erro_codigo"], wrong["leitura"]) == ("erro", "aba_inexistente", None)
    assert "Março" in wrong["mensagem_erro"]


def test_of_many_sheets_some_are_told(office: Office) -> None:
    many = {f"S{number}": people("a") for number in range(MOST_SHEETS + 5)}
    job = office.ingest(zipped(parts(sheets=many)), name="leads.xlsx")
    assert len(job["leitura"]["abas"]) == MOST_SHEETS


@pytest.mark.parametrize("batch", [2, 1_000])
def test_hidden_rows_are_read_and_told(make_services: Callable[..., Services], batch: int) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    names = [f"p{number}" for number in range(MOST_HIDDEN + 10)]
    hidden = tuple(range(3, MOST_HIDDEN + 8))
    job_id = office.upload(zipped(parts(sheets={"Leads": people(*names, hidden=hidden)})), name="leads.xlsx")
    first = office.wake(job_id, remaining_ms=nothing_left)
    job = office.wake(job_id) if first["status"] == "processando" else first
    assert (job["status"], job["leads_criados"], job["linhas_rejeitadas"]) == ("concluido", len(names), 0)
    told = job["leitura"]["linhas_ocultas"]
    assert told == {"total": len(hidden), "linhas": list(hidden[:MOST_HIDDEN])}
    [remark] = lines_of(office.report(job))
    assert remark["codigo"] == "linhas_ocultas"
    assert remark["mensagem"].startswith(f"Há linhas ocultas ou filtradas na planilha ({len(hidden)}): 3, 4, 5,")


def test_hidden_rows_are_left_out_if_the_upload_says_so(office: Office) -> None:
    data = zipped(parts(sheets={"Leads": people("a", "b", "c", "d", hidden=(3, 5))}))
    job = office.ingest(data, name="leads.xlsx", ignorar_ocultas=True)
    assert (job["leads_criados"], job["linhas_rejeitadas"], job["linhas_processadas"]) == (2, 2, 4)
    assert job["leitura"]["linhas_ocultas"] == {"total": 2, "linhas": [3, 5]}
    assert job["leitura"]["recusas"] == {"linha_oculta": 2}
    dry = office.ingest(data, name="leads.xlsx", ignorar_ocultas=True, validar_apenas=True)
    assert dry["leitura"]["linhas_ocultas"] == {"total": 2, "linhas": [3, 5]}


def test_report_that_is_uploaded_again_leaves_out_what_was_no_lead(office: Office) -> None:
    rows = [("Exemplo", "71 99999-0009"), ("Ana", "12"), ("TOTAL", ""), ("Nome", "Celular")]
    job = office.ingest(as_csv(*rows, header=("Nome", "Celular", "Obs")))
    report = office.report(job)
    assert [line[-2] for line in table_of(report)[1:]] == [
        "linha_de_exemplo",
        "telefone_invalido",
        "linha_de_total",
        "cabecalho_repetido",
    ]
    assert job["linhas_rejeitadas"] == job["linhas_processadas"] == 4
    again = office.ingest(report.replace(b'"12"', b'"71 99999-0001"'), name="erros-leads.csv")
    assert (again["leads_criados"], again["linhas_processadas"]) == (1, 1)
    codes = [each["codigo"] for each in again["leitura"]["colunas"]]
    assert codes == [None, None, None, None, *["coluna_do_relatorio"] * 4]


def test_lines_of_a_text_file_and_refusals_by_reason_are_counted(office: Office) -> None:
    content = as_csv(("1", "Ana\nSouza", "", "a@x.com", ""), ("2", "", "", "ruim; pior", ""), *numbered(3, start=5))
    job = office.ingest(content + b"\n\n")
    assert (job["linhas_processadas"], job["leitura"]["linhas_fisicas"]) == (5, 9)
    assert job["leitura"]["recusas"] == {"email_invalido": 2}


def test_job_before_its_file_is_opened_tells_nothing(office: Office) -> None:
    assert office.job(office.upload(as_csv(*numbered(1))))["leitura"] is None


def test_lists_of_jobs_do_not_carry_the_reading(office: Office, services: Services) -> None:
    office.ingest(as_csv(*numbered(1)))
    [listed] = services.jobs.page(TENANT, PageQuery())["itens"]
    assert "leitura" not in listed


MONTHS = {
    "Capa": sheet(row(1, "Empresa", "Telefone") + row(2, "Nós", "71 3333-4444")),
    "Jan": people("a", "b", "c"),
    "Fev": people("d", "ruim", "e", hidden=(4,)).replace("ruim@example.com", "ruim@"),
    "Mar": people("f", "g"),
    "Oculta": people("h"),
}
WORKBOOK = zipped(parts(sheets=MONTHS, states="vvvvh"))
PLACES = "SELECT nome, origem_aba, linha_planilha, lead_id_externo FROM leads ORDER BY nome"


@pytest.mark.parametrize("validar_apenas", [False, True])
@pytest.mark.parametrize("batch", [1, 2, 1_000])
def test_all_sheets_with_the_same_titles_are_read(
    make_services: Callable[..., Services], batch: int, validar_apenas: bool
) -> None:
    services = make_services(ingest_batch_rows=batch)
    office = Office(services)
    job_id = office.upload(WORKBOOK, name="leads.xlsx", aba="*", validar_apenas=validar_apenas)
    for _ in range(20):
        job = office.wake(job_id, remaining_ms=nothing_left)
    assert (job["status"], job["aba"], job["linhas_processadas"]) == ("concluido", "*", 8)
    assert (job["leads_criados"], job["linhas_rejeitadas"], job["linhas_estimadas"]) == (7, 1, 8)
    assert [each["aba"] for each in job["leitura"]["abas"] if each["lida"]] == ["Jan", "Fev", "Mar"]
    assert [(each["aba"], each["codigo"]) for each in job["leitura"]["abas"][3:]] == [
        ("Capa", "aba_com_outros_titulos"),
        ("Oculta", "aba_com_os_mesmos_titulos"),
    ]
    assert job["leitura"]["linhas_ocultas"] == {"total": 1, "linhas": [4]}
    [refused, *_] = lines_of(office.report(job))
    assert (refused["linha"], refused["Nome"], refused["codigo"]) == ("Fev!3", "ruim", "email_invalido")
    if validar_apenas:
        shown = [(row["aba"], row["linha"], row["resultado"]) for row in office.preview(job)]
        assert shown == [
            *(("Jan", number, "criado") for number in (2, 3, 4)),
            ("Fev", 2, "criado"),
            ("Fev", 3, "rejeitado"),
            ("Fev", 4, "criado"),
            *(("Mar", number, "criado") for number in (2, 3)),
        ]
        return
    places = [
        *(("a", "Jan", 2), ("b", "Jan", 3), ("c", "Jan", 4)),
        *(("d", "Fev", 2), ("e", "Fev", 4)),
        *(("f", "Mar", 2), ("g", "Mar", 3)),
    ]
    assert ask(services.owner_database, PLACES) == [
        [name, aba, number, f"{file_id(WORKBOOK, aba)}:{number}"] for name, aba, number in places
    ]


def test_same_people_are_found_however_their_sheet_is_asked_for(office: Office) -> None:
    office.ingest(WORKBOOK, name="leads.xlsx", aba="*")
    for aba in (None, "Jan", "Fev", "*"):
        job = office.ingest(WORKBOOK, name="leads.xlsx", aba=aba)
        assert (job["leads_criados"], job["leads_atualizados"]) == (0, 0)


def test_all_sheets_of_a_text_file_are_the_file(office: Office) -> None:
    assert office.ingest(as_csv(*numbered(2)), aba="*")["leads_criados"] == 2


@pytest.mark.parametrize("dry", [False, True])
def test_file_with_nothing_but_titles_says_so(office: Office, services: Services, dry: bool) -> None:
    job = office.ingest(as_csv(header=("Nome", "Email")), validar_apenas=dry)
    assert (job["status"], job["linhas_processadas"]) == ("concluido", 0)
    [said] = job["leitura"]["avisos"]
    assert said["codigo"] == "sem_linhas"
    assert said["mensagem"].startswith("Abaixo dos títulos não há nenhuma linha com dados")
    if dry:
        assert services.previews.of(TENANT, job["job_id"])["leitura"]["avisos"] == [said]
    [line] = lines_of(office.report(job))
    assert (line["codigo"], line["mensagem"]) == ("sem_linhas", said["mensagem"])
    again = office.ingest(office.report(job), validar_apenas=dry)
    assert (again["linhas_processadas"], again["linhas_rejeitadas"]) == (0, 0)


def test_file_with_rows_has_no_notice(office: Office) -> None:
    job = office.ingest(zipped(parts(sheets={"Leads": people("a")})), name="leads.xlsx")
    assert (job["leads_criados"], job["leitura"]["avisos"]) == (1, [])


def test_workbook_of_several_sheets_without_rows_says_so_once(office: Office) -> None:
    months = {"Jan": people(), "Fev": people()}
    job = office.ingest(zipped(parts(sheets=months)), name="leads.xlsx", aba="*")
    assert [each["codigo"] for each in job["leitura"]["avisos"]] == ["sem_linhas"]
    some = office.ingest(zipped(parts(sheets={**months, "Mar": people("a")})), name="leads.xlsx", aba="*")
    assert (some["leads_criados"], some["leitura"]["avisos"]) == (1, [])


@pytest.mark.parametrize("mark", ["1", "true"])
def test_hidden_column_is_read_and_told(office: Office, mark: str) -> None:
    cols = f'<cols><col min="1" max="1" width="9"/><col min="2" max="3" width="0" hidden="{mark}"/></cols><sheetData>'
    page = sheet(row(1, "Nome", "Email", "Cidade", "Obs") + row(2, "Ana", "ana@example.com", "Ilhéus", "x"))
    job = office.ingest(zipped(parts(sheets={"Leads": page.replace("<sheetData>", cols, 1)})), name="leads.xlsx")
    assert (job["leads_criados"], job["emails_criados"]) == (1, 1)
    assert [(each["titulo"], each["campo"], each["oculta"]) for each in job["leitura"]["colunas"]] == [
        ("Nome", "nome", False), ("Email", "email", True), ("Cidade", "cidade", True), ("Obs", "obs", False),
    ]  # fmt: skip


def test_no_column_of_a_text_file_is_hidden(office: Office) -> None:
    job = office.ingest(as_csv(ANA, header=TITLES))
    assert not any(each["oculta"] for each in job["leitura"]["colunas"])
