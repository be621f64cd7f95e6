"""Importações: a file is checked, imported and followed; what was refused is corrected in place; a job is undone."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from playwright.sync_api import FileChooser, FilePayload, expect

from chalicelib.adapters.database import connect
from tests.console.conftest import Console
from tests.console.people import HOSTILE, Person
from tests.console.shots.importacoes import file, workbook

_QUOTED = HOSTILE.replace('"', '""')
_CLIENTS = (
    f"Nome;Fone;E-mail;CPF;{HOSTILE}\n"
    f'"{_QUOTED}";(71) 99999-1234;ana@example.com;529.982.247-25;"{_QUOTED}"\n'
    '"Bruno\nLima";(71) 98888-1234;bruno@example;;=1+1\n'
    "Carla Dias;1234;carla@example.com;111.111.111-11;x\n"
)
_PATIENCE_S = 60.0


def imported(person: Person, name: str, text: str, **options: Any) -> str:
    """Import a file by the API, and wait for its end; the id of its job."""
    job = person.rest.ask("POST", "/ingest/leads/xlsx", files={"arquivo": (name, text.encode())}, data=options)
    return str(ended(person, job["job_id"])["job_id"])


def ended(person: Person, job_id: str) -> Any:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        job = person.rest.ask("GET", f"/ingest/leads/jobs/{job_id}")
        if job["status"] in {"concluido", "erro", "cancelado"} and not (
            job["desfazer_pedido_em"] and not job["desfeito_em"]
        ):
            return job
    raise AssertionError("the job has not ended")


def leads(person: Person, *columns: str) -> list[tuple[Any, ...]]:
    """These fields of every lead; `emails` are its addresses."""
    found = [each["lead_id"] for each in person.rest.ask("GET", "/leads")["itens"]]
    whole = [person.rest.ask("GET", f"/leads/{lead_id}") for lead_id in found]
    shown = [{**lead, "emails": [each["email"] for each in lead["emails"]]} for lead in whole]
    return sorted((tuple(lead[each] for each in columns) for lead in shown), key=str)


def choose(person: Person, chosen: FilePayload) -> None:
    """Choose a file with the mouse, and wait for what the check says."""
    with person.page.expect_file_chooser() as chooser:
        person.page.get_by_role("button", name="Escolher arquivo").click()
    chooser.value.set_files(chosen)
    expect(person.page.get_by_role("button", name="Conferir de novo")).to_be_visible()
    person.settled()


def test_a_sheet_is_checked_read_otherwise_imported_and_corrected_by_mouse(person: Person) -> None:
    page = person.go("importacoes")
    expect(page.get_by_text("Nenhuma importação ainda.")).to_be_visible()
    person.check_access()
    choose(person, file(f"{HOSTILE}.csv", _CLIENTS))
    assert leads(person, "nome") == []
    expect(page.get_by_role("button", name="Importar 3 leads")).to_be_enabled()
    expect(page.get_by_role("row", name=re.compile("^B Fone")).first).to_contain_text("(71) 99999-1234")
    expect(page.locator("main")).to_contain_text("ponto e vírgula")
    expect(page.locator("main")).to_contain_text("5 linhas no arquivo deram 3 linhas de dados.")
    person.check_access()

    # What is changed has to be checked before it is imported, and outlives a look at another page.
    page.get_by_label("Fone: lida como").select_option("Deixar de fora")
    expect(page.get_by_role("button", name="Importar", exact=True)).to_be_disabled()
    page.get_by_text("Mais opções").click()
    page.get_by_label("Tags").fill("x" * 41)
    page.get_by_role("link", name="Todas as importações").click()
    expect(page.get_by_role("button", name="Escolher arquivo")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Fone: lida como")).to_have_value("ignorar")
    page.get_by_role("button", name="Conferir de novo").click()
    expect(page.locator(".field .error")).to_contain_text("40")
    expect(page.get_by_label("Tags")).to_have_value("x" * 41)
    page.get_by_label("Tags").fill("feira")
    page.get_by_label("Tags").blur()
    page.get_by_role("button", name="Conferir de novo").click()
    page.get_by_role("button", name="Importar 2 leads").click()
    expect(page.get_by_role("heading", name="Resultado")).to_be_visible()
    expect(page.get_by_role("link", name="Ver os leads deste arquivo")).to_be_visible()
    expect(page.locator("table.refused")).to_contain_text("“bruno@example” não é um e-mail válido.")
    assert leads(person, "emails", "tags") == [
        (["ana@example.com"], ["feira"]),
        (["carla@example.com"], ["feira"]),
    ]

    # Two cells of two rows are corrected where they stand; the other cells of their rows go with them.
    page.get_by_label("Linha 3, E-mail").fill("bruno@example.com")
    page.get_by_label("Linha 4, CPF").fill("111.444.777-35")
    page.get_by_role("button", name="Linha toda: 3").click()
    expect(page.get_by_label("Linha 3, Nome")).to_have_value("Bruno\nLima")
    expect(page.get_by_label(f"Linha 3, {HOSTILE}")).to_have_value("=1+1")
    person.check_access()
    page.get_by_role("button", name="Enviar 2 linhas corrigidas").click()
    expect(page.locator(".send")).to_contain_text("Novos: 1 · Atualizados: 1 · Sem mudança: 0 · Recusadas: 0")
    expect(page.get_by_role("link", name="enviada")).to_have_count(2)
    expect(page.get_by_label("Linha 4, CPF")).to_have_value("111.444.777-35")
    assert leads(person, "nome", "emails", "documento") == [
        (HOSTILE, ["ana@example.com"], "52998224725"),
        ("Bruno\nLima", ["bruno@example.com"], None),
        ("Carla Dias", ["carla@example.com"], "11144477735"),
    ]
    # A formula came from the sheet as a text, was defused in the report, and is the same text again.
    assert [list(campos.values()) for (campos,) in leads(person, "campos")].count(["=1+1"]) == 1
    person.go("importacoes")
    expect(page.get_by_role("row", name=re.compile("2 linhas corrigidas.csv"))).to_contain_text("Concluída")
    person.check_access()


def test_a_sheet_is_imported_corrected_and_undone_by_keyboard_alone(console: Console) -> None:
    person = console("admin")
    chosen: list[FileChooser] = []
    person.page.on("filechooser", lambda chooser: chosen.append(chooser))  # noqa: PLW0108 - Playwright marks it
    page = person.go("importacoes")
    with page.expect_event("filechooser"):
        person.keys("n")
    chosen[0].set_files(
        [file("feira.csv", "Nome;E-mail;Contato da mãe\nAna;ana@example.com;1\nBia;bia@example;2\nCaio;caio@;3\n")]
    )
    expect(page.get_by_role("button", name="Importar 1 lead")).to_be_visible()
    person.tab_to('select[aria-label^="Contato da mãe"]')
    person.type("Deixar")
    expect(page.locator('select[aria-label^="Contato da mãe"]')).to_have_value("ignorar")
    page.keyboard.press("Shift+Tab")
    person.tab_to(".next .primary")
    person.keys("Enter")
    expect(page.get_by_role("button", name="Importar 1 lead")).to_be_enabled()
    person.tab_to(".next .primary")
    person.keys("Enter")
    expect(page.get_by_role("heading", name="Resultado")).to_be_visible()
    person.settled()
    person.tab_to("table.refused input")
    person.keys("Control+A")
    person.type("bia@example.com")
    person.keys("Enter", "Control+A")
    person.type("caio@example.com")
    page.keyboard.press("Shift+Tab")
    for _ in range(20):
        if page.locator(".send .primary").evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    person.keys("Enter")
    expect(page.locator(".send")).to_contain_text("Novos: 2 · Atualizados: 0")
    assert leads(person, "emails") == [(["ana@example.com"],), (["bia@example.com"],), (["caio@example.com"],)]

    person.tab_to("header .danger")
    person.keys("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Não dá para voltar atrás.")
    person.check_access()
    person.keys("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    person.keys("Enter")
    person.tab_to("dialog .danger")
    person.keys("Enter")
    expect(page.locator("main")).to_contain_text("Importação desfeita: 1 lead removido.")
    assert leads(person, "emails") == [(["bia@example.com"],), (["caio@example.com"],)]
    person.keys("g", "i")
    expect(page.get_by_role("row", name=re.compile("^feira.csv Desfeita"))).to_contain_text("você")
    page.locator("table.list tbody tr").first.focus()
    person.keys("Enter")
    expect(page.locator("main h1")).to_have_text("feira - 2 linhas corrigidas.csv")


def test_files_are_dropped_or_pasted_and_the_wrong_kind_is_refused_before_it_is_sent(person: Person) -> None:
    page = person.go("importacoes")
    uploads: list[str] = []
    page.on(
        "request",
        lambda request: uploads.append(request.url) if request.url.startswith(person.stack.url("aws")) else None,
    )
    page.evaluate(
        """name => {
          const data = new DataTransfer();
          data.items.add(new File(["%PDF-1.7"], name));
          const event = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
          document.querySelector("main").dispatchEvent(event);
        }""",
        f"{HOSTILE}.pdf",
    )
    expect(page.get_by_role("alert")).to_contain_text("O arquivo é deste formato: PDF.")
    assert uploads == []
    person.check_access()
    page.get_by_role("button", name="Dispensar").click()
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
          document.dispatchEvent(event);
        }""",
        "Nome\tCelular\nAna\t(71) 99999-1234\n",
    )
    expect(page.get_by_role("button", name="Importar 1 lead")).to_be_visible()
    expect(page.locator("main")).to_contain_text("tabulação")
    assert [url for url in uploads if "erros" not in url]

    # An upload that takes long tells how far it is; one that is stopped leaves no job that waits for its file.
    person.go("importacoes")
    browser = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
    browser.send("Network.emulateNetworkConditions", slow)
    page.set_input_files("input[type=file]", files=[file("grande.csv", "Nome;E-mail\n" + "x;y\n" * 1_000_000)])
    expect(page.get_by_text(re.compile(r"de 4 MB enviados"))).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Parar o envio").click()
    browser.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    expect(page.get_by_role("row", name=re.compile("grande.csv"))).to_contain_text("Cancelada")

    # A file that holds no contacts says so, and the way out is one click.
    person.go("importacoes")
    choose(person, file("codigos.csv", "Nome;Coisa\n" + "".join(f"x;a{n}@example.com\n" for n in range(20))))
    expect(page.locator("main")).to_contain_text("parece haver contatos")
    page.get_by_role("button", name="Ler colunas de título desconhecido").click()
    page.get_by_role("button", name="Conferir de novo").click()
    expect(page.get_by_role("button", name="Importar 20 leads")).to_be_visible()


def test_other_sheets_and_hidden_rows_are_told_and_can_be_read(person: Person) -> None:
    page = person.go("importacoes")
    choose(person, file("filiais.xlsx", workbook()))
    expect(page.get_by_role("row", name=re.compile("^Fevereiro"))).to_contain_text("só uma aba é lida")
    page.get_by_role("button", name="Ler todas as abas").click()
    page.get_by_role("button", name="Deixar de fora as linhas ocultas").first.click()
    page.get_by_role("button", name="Conferir de novo").click()
    expect(page.get_by_role("button", name="Importar 4 leads")).to_be_enabled()
    expect(page.get_by_role("cell", name="Fevereiro!2")).to_be_visible()
    person.check_access()
    # The tab knows where the file is, also after a reload: nothing is sent twice.
    page.reload()
    page.get_by_role("button", name="Importar 4 leads").click()
    expect(page.get_by_role("heading", name="Resultado")).to_be_visible()
    ended(person, page.url.rsplit("/", 1)[1])
    assert len(leads(person, "nome")) == 4


def test_many_refused_rows_are_shown_in_portions_and_by_reason(person: Person) -> None:
    lines = "".join(f"Pessoa {n};p{n}@{'example' if n % 3 else 'gmial.com'}\n" for n in range(300))
    job_id = imported(person, "muitas.csv", f"Nome;E-mail\n{lines}")
    page = person.go(f"importacoes/{job_id}")
    rows = page.locator("table.refused tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Mostrar mais 50").click()
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Domínio de e-mail suspeito (100)").click()
    expect(page).to_have_url(re.compile("motivo=dominio_suspeito"))
    expect(page.locator("main")).to_contain_text("50 de 100")
    page.get_by_label("Linha 2, E-mail").fill("p0@gmail.com")
    # Whatever is typed stays while the API does not answer, and is sent once.
    with person.offline():
        page.get_by_role("button", name="Enviar 1 linha corrigida").click()
        expect(page.get_by_role("alert")).to_contain_text("A API não respondeu")
    page.get_by_role("button", name="Enviar 1 linha corrigida").click()
    expect(page.locator(".send")).to_contain_text("Novos: 1")
    assert leads(person, "emails") == [(["p0@gmail.com"],)]
    page.reload()
    expect(page.get_by_role("link", name="enviada")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Baixar relatório").click()
    assert download.value.suggested_filename == "erros-muitas.csv"


def test_a_reader_sees_what_was_refused_and_no_button_that_would_be(console: Console) -> None:
    operator, reader = console("operador"), console("leitor")
    checked = imported(
        operator, "feira.csv", "Nome;E-mail\nAna;ana@example\nBia;bia@example.com\n", validar_apenas="true"
    )
    job_id = imported(operator, "feira.csv", "Nome;E-mail\nAna;ana@example\nBia;bia@example.com\n")
    page = reader.go("importacoes")
    expect(page.get_by_role("row", name=re.compile("feira.csv"))).to_have_count(2)
    by = f"local-{reader.tenant}-operador@example.com"
    expect(page.get_by_role("row", name=re.compile(f"feira.csv.*{by}"))).to_have_count(2)
    expect(page.locator(".drop")).to_have_count(0)
    for each in (checked, job_id):
        reader.go(f"importacoes/{each}")
        expect(page.locator("table.refused")).to_contain_text("ana@example")
        expect(page.locator("main").locator("input, select, textarea, .primary, .danger")).to_have_count(0)
    page = operator.go("importacoes")
    expect(page.get_by_role("row", name=re.compile("feira.csv.*você"))).to_have_count(2)
    operator.go(f"importacoes/{job_id}")
    expect(page.locator("table.refused input")).to_have_count(1)
    expect(page.get_by_role("button", name="Desfazer")).to_have_count(0)
    operator.go("importacoes/00000000-0000-7000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text("nao_encontrado")


def test_a_job_that_stands_still_says_so_and_is_cancelled_and_resumed(person: Person) -> None:
    job_id = imported(person, "feira.csv", "Nome;E-mail\nAna;ana@example.com\n")
    # Another worker holds the job and has not moved it for five minutes.
    change(
        person,
        job_id,
        "status = 'processando', concluido_em = NULL, linhas_processadas = 1, linhas_estimadas = 2, "
        "atualizado_em = now() - interval '5 minutes', lease_dono = gen_random_uuid(), "
        "lease_ate = now() + interval '1 hour'",
    )
    page = person.go(f"importacoes/{job_id}")
    expect(page.locator("main")).to_contain_text("Nada se moveu há mais de um minuto.")
    expect(page.locator(".page-head")).to_contain_text("Parada")
    person.check_access()
    change(person, job_id, "lease_dono = NULL, lease_ate = NULL")
    page.get_by_role("button", name="Cancelar importação").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancelar importação").click()
    expect(page.locator("main")).to_contain_text("Foi cancelada antes do fim.")
    page.get_by_role("button", name="Retomar").click()
    expect(page.locator(".page-head")).to_contain_text("Concluída")


def change(person: Person, job_id: str, what: str) -> Sequence[Any]:
    """Change a job in the database, as its workers do."""
    connection = connect(str(person.stack.settings().database_owner_url))
    try:
        changed: Sequence[Any] = connection.run(
            f"UPDATE ingest_jobs SET {what} WHERE job_id = :id RETURNING job_id", id=UUID(job_id)
        )
        assert len(changed) == 1
        return changed
    finally:
        connection.close()
