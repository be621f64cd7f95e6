"""Opening a file: its format, the sheet that is chosen, its header, and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import islice
from pathlib import Path

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading import workbook
from chalicelib.ingestion.reading.columns import RowRun
from chalicelib.ingestion.reading.header import Header, LeadField
from chalicelib.ingestion.reading.limits import MAX_CELL, MAX_CELLS, MAX_FILE, MAX_ROWS, MAX_TEXT
from chalicelib.ingestion.reading.workbook import DEFAULT, Choice, LeadsTable, SheetFate, open_workbook
from tests.workbooks import (
    RELATIONS,
    by_openpyxl,
    by_xlsxwriter,
    cells_of,
    in_another_shape,
    opened,
    parts,
    refusal,
    row,
    rows_of,
    sheet,
    zipped,
)

WITHOUT_HEADER = sheet(row(1, "Resumo") + row(2, "Total"))


def a_sheet(mark: str) -> str:
    """A sheet with a header and one row, whose only cell is this mark."""
    return sheet(row(1, "Nome", "Email") + row(2, mark))


def test_file_is_described_before_its_rows() -> None:
    with opened(by_xlsxwriter([["x"], [], ["Telefone", "Nome"], ["71", "Ana"]], "Plan1")) as table:
        assert table.sheet_name == "Plan1"
        assert table.header.row == 3
        assert table.header.titles == ("Telefone", "Nome")
        assert table.header.fields == {LeadField.NOME: (1,), LeadField.TELEFONE: (0,)}
        # The sheet has three `row` elements, because xlsxwriter leaves blank rows out, and the header is row 3.
        assert table.estimated_rows == 0
        assert [(number, list(cells)) for number, cells in table.rows()] == [(4, ["71", "Ana"])]


@pytest.mark.parametrize("name", ["planilha.csv", "planilha", "planilha.pdf"])
def test_name_of_a_file_is_ignored(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(by_openpyxl([["Email"], ["a@b.c"]]))
    with open_workbook(path) as table:
        assert list(table.rows()) == [(2, ["a@b.c"])]


@pytest.mark.parametrize("name", ["Leads", "LEADS", " léads ", "leads"])
def test_sheet_called_leads_is_chosen(name: str) -> None:
    pages = {"Plan1": a_sheet("first"), name: a_sheet("leads"), "Leads 2": a_sheet("other")}
    assert cells_of(zipped(parts(sheets=pages))) == [["leads"]]


def test_sheet_called_leads_without_a_header_is_not_chosen() -> None:
    assert cells_of(zipped(parts(sheets={"Plan1": a_sheet("first"), "Leads": WITHOUT_HEADER}))) == [["first"]]
    assert refusal(zipped(parts(sheets={"Plan1": WITHOUT_HEADER, "Leads": WITHOUT_HEADER}))) == "cabecalho_ausente"


def people(*names: str, titles: tuple[str, ...] = ("Nome", "Email")) -> str:
    """A sheet of people with an e-mail."""
    rows = [row(number, name, f"{name}@example.com") for number, name in enumerate(names, 2)]
    return sheet("".join([row(1, *titles), *rows]))


COVER = sheet(row(1, "Empresa", "Telefone", "E-mail", "CNPJ") + row(2, "Nós", "71 3333-4444", "nos@example.com", "x"))
SUMMARY = sheet(row(1, "Canal", "Total") + row(2, "Email", "120") + row(3, "WhatsApp", "80"))


def fates(data: bytes, choice: Choice = DEFAULT) -> dict[str, str | None]:
    with opened(data, choice) as table:
        return {each.name: each.reason for each in table.sheets}


def test_sheet_with_most_data_below_its_header_is_chosen() -> None:
    data = zipped(parts(sheets={"Capa": COVER, "Resumo": SUMMARY, "Gente": people("a", "b", "c")}))
    assert len(cells_of(data)) == 3
    assert fates(data) == {"Capa": "aba_com_outros_titulos", "Resumo": "aba_com_outros_titulos", "Gente": None}


def test_first_of_the_sheets_with_the_same_titles_is_chosen_and_the_others_are_named() -> None:
    months = {"Jan": people(), "Fev": people("a"), "Mar": people("b", "c"), "Obs": WITHOUT_HEADER, "Vazia": sheet("")}
    with opened(zipped(parts(sheets=months, states="vvhv"))) as table:
        assert table.sheets == (
            SheetFate("Jan", hidden=False, reason="aba_com_os_mesmos_titulos", rows=0),
            SheetFate("Fev", hidden=False, rows=1),
            SheetFate("Mar", hidden=True, reason="aba_com_os_mesmos_titulos", rows=2),
            SheetFate("Obs", hidden=False, reason="aba_sem_titulos"),
            SheetFate("Vazia", hidden=False, reason="aba_vazia"),
        )


def test_sheet_that_is_asked_for_is_read() -> None:
    data = zipped(
        parts(sheets={"Leads": people("a"), "Março 2026": people("b", "c"), "março": people("d")}, states="vh")
    )
    for name, rows in (("Março 2026", 2), ("MARCO_2026", 2), ("março", 1)):
        with opened(data, Choice(sheet=name)) as table:
            assert len(list(table.rows())) == rows
    assert refusal(data, Choice(sheet="Abril")) == "aba_inexistente"
    assert refusal(zipped(parts(sheets={"A": people("a"), "B": WITHOUT_HEADER})), Choice("B")) == "cabecalho_ausente"
    assert refusal(b"Email\na@b.c\n", Choice(sheet="Plan1")) == "arquivo_sem_abas"


def test_sheet_that_cannot_be_read_refuses_the_file_only_if_it_comes_first() -> None:
    broken = people("a").replace('<row r="2">', '<row r="0">')
    assert refusal(zipped(parts(sheets={"A": broken, "B": people("a")}))) == "arquivo_corrompido"
    assert fates(zipped(parts(sheets={"A": people("a"), "B": broken}))) == {"A": None, "B": "aba_ilegivel"}


def test_only_so_many_sheets_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_MOST_LOOKED_AT", 2)
    data = zipped(parts(sheets={"A": people("a"), "B": people("b"), "C": people("c", "d")}))
    assert fates(data) == {"A": None, "B": "aba_com_os_mesmos_titulos", "C": "aba_nao_examinada"}


def test_all_sheets_with_the_same_titles_may_be_asked_for() -> None:
    months = {"Capa": COVER, "Jan": people("a", "b"), "Fev": people("c"), "Oculta": people("d")}
    with opened(zipped(parts(sheets=months, states="vvvh")), Choice(sheet="*")) as table:
        assert [each.sheet_name for each in (table, *table.more)] == ["Jan", "Fev"]
        assert [each.name for each in table.sheets if each.reason is None] == ["Jan", "Fev"]
    assert refusal(zipped(parts(sheets={"A": WITHOUT_HEADER})), Choice(sheet="*")) == "cabecalho_ausente"
    with opened(b"Email\na@b.c\n", Choice(sheet="*")) as table:
        assert table.more == ()


def test_vertical_form_is_refused_and_another_sheet_is_read() -> None:
    form = sheet(row(1, "Nome", "Ana") + row(2, "Email", "ana@example.com"))
    assert refusal(zipped(parts(sheets={"A": form, "B": sheet("")}))) == "planilha_na_vertical"
    assert fates(zipped(parts(sheets={"A": form, "B": people("b")}))) == {"A": "aba_sem_titulos", "B": None}


@pytest.mark.parametrize("shape", ["plain", "prefixed"])
def test_hidden_rows_are_told(shape: str) -> None:
    hidden = people("a", "b", "c", "d").replace('<row r="3">', '<row r="3" ht="15" hidden="1" x="1">')
    hidden = hidden.replace('<row r="5">', '<row r="5" hidden="true">').replace('<row r="4">', '<row r="4" hidden="0">')
    data = zipped(parts(sheets={"Leads": hidden}))
    with opened(data if shape == "plain" else in_another_shape(data, shape)) as table:
        assert table.hidden_rows == set()
        assert [number for number, _ in table.rows()] == [2, 3, 4, 5]
        assert table.hidden_rows == {3, 5}


def test_delimiter_with_the_most_titles_that_are_known_is_chosen() -> None:
    with opened(b"Nome,Email,Telefone do zelador;x\nAna;Reis,ana@b.c,71 99999-0001;y\n") as table:
        assert (table.text and table.text.separator, table.header.titles[:2]) == (",", ("Nome", "Email"))


def test_first_sheet_with_a_header_is_chosen_without_a_sheet_called_leads() -> None:
    pages = {"Resumo": WITHOUT_HEADER, "Vazia": sheet(""), "B": a_sheet("b"), "C": a_sheet("c")}
    assert cells_of(zipped(parts(sheets=pages))) == [["b"]]


@pytest.mark.parametrize(
    ("sheets", "states", "mark"),
    [
        ({"A": a_sheet("a"), "B": a_sheet("b")}, "hv", "b"),
        ({"Leads": a_sheet("a"), "B": a_sheet("b")}, "hv", "b"),
        ({"A": a_sheet("a"), "Leads": a_sheet("b"), "C": WITHOUT_HEADER}, "hhv", "b"),
        ({"A": a_sheet("a"), "C": WITHOUT_HEADER}, "hv", "a"),
        ({"A": a_sheet("a")}, "h", "a"),
    ],
)
def test_hidden_sheets_are_considered_last(sheets: dict[str, str], states: str, mark: str) -> None:
    assert cells_of(zipped(parts(sheets=sheets, states=states))) == [[mark]]


def test_chart_sheet_is_skipped() -> None:
    made = parts(sheets={"Gráfico": sheet(""), "Leads": a_sheet("b")})
    name = "xl/_rels/workbook.xml.rels"
    made[name] = str(made[name]).replace("worksheet", "chartsheet", 1)
    assert cells_of(zipped(made)) == [["b"]]


def test_header_without_rows_is_accepted() -> None:
    assert rows_of(by_xlsxwriter([["Nome", "Email"]])) == []
    assert rows_of(b"Nome;Email") == []


def test_header_may_be_on_the_third_row() -> None:
    rows = [["Relatório"], [], ["Nome", "Email"], ["Ana"]]
    assert rows_of(by_xlsxwriter(rows)) == [(4, ["Ana"])]


def test_header_repeated_further_down_is_a_row() -> None:
    assert rows_of(b"Nome;Email\na;b\nNome;Email\n") == [(2, ["a", "b"]), (3, ["Nome", "Email"])]


@pytest.mark.parametrize(
    "data",
    [b"", b"\n \r\n\t;;\n", b"\xef\xbb\xbf", zipped(parts(sheets={"A": sheet("")})), by_openpyxl([[""], [" "]])],
    ids=["nothing", "blank text", "a mark", "no cells", "blank cells"],
)
def test_file_without_cells_is_refused_as_empty(data: bytes) -> None:
    assert refusal(data) == "arquivo_vazio"


@pytest.mark.parametrize(
    "data",
    [b"a;b\n1;2\n", b"Nome;Contato\nx;y\n", b"ana@b.c;71 99999-9999\n", by_xlsxwriter([["Nome"], ["Ana"]])],
    ids=["other columns", "no contact", "no header", "sheet"],
)
def test_file_without_a_usable_header_is_refused(data: bytes) -> None:
    assert refusal(data) == "cabecalho_ausente"


def test_workbook_without_sheets_is_refused_as_empty() -> None:
    made = parts()
    made["xl/workbook.xml"] = f'<workbook xmlns:r="{RELATIONS}"><sheets/></workbook>'
    assert refusal(zipped(made)) == "arquivo_vazio"


class UniformTable:
    """A table whose rows are all the same."""

    name = None
    looks = None

    def __init__(self, cells: list[str], run: int) -> None:
        self._cells = cells
        self._run = run

    def runs(self, after: int = 0, width: int = 1, numbers: Set[int] = frozenset()) -> Iterator[RowRun]:
        rows = ((number, self._cells) for number in range(after + 1, MAX_ROWS))
        return iter(lambda: list(islice(rows, self._run)), [])

    def sample(self, after: int, width: int) -> Iterator[RowRun]:
        return self.runs(after, width)

    def size(self) -> None:
        return None


@pytest.mark.parametrize(
    ("cells", "code", "before"),
    [
        (["x" * MAX_CELL], "textos_demais", MAX_TEXT // MAX_CELL),
        (["x", *[""] * (MAX_CELLS // 200)], "celulas_demais", 199),
        ([""] * (MAX_CELLS // 200), "celulas_demais", 0),
    ],
)
@pytest.mark.parametrize("run", [1, 7])
def test_cells_and_text_of_a_sheet_are_bounded(cells: list[str], code: str, before: int, run: int) -> None:
    table = LeadsTable(None, Header(1, ("Email",), {LeadField.EMAIL: (0,)}), None, UniformTable(cells, run))
    read: list[int] = []
    with pytest.raises(InvalidFile, match=code):
        read.extend(number for number, _ in table.rows())
    assert len(read) == before


def test_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(InvalidFile) as caught, open_workbook(path):
        pass
    assert (caught.value.code, caught.value.params) == ("arquivo_grande_demais", {"maximo": MAX_FILE})
