"""The page Importações in each state worth seeing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from playwright.sync_api import FilePayload, expect
from xlsxwriter import Workbook

from local.project import ROOT
from tests.console.people import Person

SAMPLE = ROOT / "samples" / "Leads_Organizados.xlsx"
_IMPORT = re.compile(r"^Importar \d")
_DIRTY = (
    "Relatório de vendas;;;;;\n"
    "Nome;Fone da firma;E-mail;CPF;Saldo devedor;Nascimento\n"
    'Ana Souza;(71) 99999-1234;ana@example.com;529.982.247-25;"1.234,50";02/03/1990\n'
    '"Bruno\nLima";(71) 98888-1234;bruno@example;;"80,00";15/12/1985\n'
    "Carla Dias;1234;carla@example.com;111.111.111-11;12;01/01/2000\n"
    "Davi Reis;;;;5;\n"
    "Eva Cruz;(11) 97777-1234;eva@gmial.com;;7;abril\n"
)


def shots(person: Person) -> Iterator[str]:
    """Bring the page into one state after another; each is named."""
    page = person.go("importacoes")
    yield "importacoes-vazia"
    page.set_input_files("input[type=file]", file("proposta.pdf", b"%PDF-1.7"))
    expect(page.get_by_role("alert")).to_be_visible()
    yield "importacoes-formato-recusado"
    page.get_by_role("button", name="Dispensar").click()

    _choose(person, "clientes.csv", _DIRTY)
    yield "importacoes-conferencia"
    page.get_by_text("Mais opções").click()
    page.get_by_label("Fone da firma: lida como").select_option("telefone")
    yield "importacoes-conferencia-mudada"
    page.get_by_role("button", name="Conferir de novo").click()
    page.get_by_role("button", name=_IMPORT).click()
    expect(page.get_by_role("heading", name="Resultado")).to_be_visible()
    expect(page.locator("main").get_by_text("Concluída")).to_be_visible()
    person.settled()
    page.locator("table.refused input").first.fill("bruno@example.com")
    page.get_by_role("button", name="Linha toda").first.click()
    yield "importacoes-recusadas"
    page.get_by_role("button", name="Enviar 1 linha corrigida").click()
    expect(page.locator(".send").get_by_text("Concluída")).to_be_visible()
    yield "importacoes-corrigida"
    page.get_by_role("button", name="Desfazer importação").click()
    yield "importacoes-desfazer"
    page.keyboard.press("Escape")

    person.go("importacoes")
    _choose(person, "filiais.xlsx", workbook())
    yield "importacoes-abas"
    person.go("importacoes")
    page.set_input_files("input[type=file]", SAMPLE)
    expect(page.get_by_role("button", name=_IMPORT)).to_be_visible()
    person.settled()
    yield "importacoes-amostra"
    page.get_by_role("button", name=_IMPORT).click()
    expect(page.locator("main").get_by_text("Concluída")).to_be_visible()
    person.settled()
    yield "importacoes-resultado"
    person.go("importacoes")
    yield "importacoes-historico"


def workbook() -> bytes:
    """A workbook with two sheets of leads, one of something else, and hidden rows."""
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        for name, rows in (("Janeiro", 4), ("Fevereiro", 2)):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Nome", "Celular", "Obs"])
            for row in range(1, rows + 1):
                sheet.write_row(row, 0, [f"{name} {row}", f"(71) 9{row}{row:03}-{rows}234", "liga de tarde"])
            sheet.set_row(2, options={"hidden": True})
        book.add_worksheet("Resumo").write(0, 0, "Total de vendas")
        book.add_worksheet("Vazia")
    return written.getvalue()


def file(name: str, content: str | bytes) -> FilePayload:
    """A file to choose."""
    whole = content.encode() if isinstance(content, str) else content
    return {"name": name, "mimeType": "application/octet-stream", "buffer": whole}


def _choose(person: Person, name: str, content: str | bytes) -> None:
    person.page.set_input_files("input[type=file]", file(name, content))
    expect(person.page.get_by_role("button", name="Conferir de novo")).to_be_visible()
    person.settled()
