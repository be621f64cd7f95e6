"""What stands in the cells of hostile rows, read down to the contacts: every row a lead or a refusal, nothing lost."""

from __future__ import annotations

from itertools import product

import pytest

from chalicelib.contacts.pieces import MAX_CONTACTS
from chalicelib.ingestion.loading.batch import prepared
from chalicelib.ingestion.reading.header import LeadField, recognise
from chalicelib.ingestion.rows.one_by_one import MAX_ERROS, ReadRow, ReadRows, RowReader
from tests.conftest import STARTED_AT
from tests.readers import trimmed
from tests.workbooks import (
    HEADER,
    SHEET,
    by_xlsxwriter,
    cells_of,
    in_another_shape,
    late_refusal,
    opened,
    parts,
    row,
    rows_of,
    sheet,
    zipped,
)

FIELDS = ("nome", "contato", "documento", "email", "telefone")
BOTH = pytest.mark.parametrize("shape", [None, "prefixed"], ids=["ours", "xlsx2csv"])


def leads(data: bytes, shape: str | None = None) -> list[ReadRow]:
    """The rows of a file, read."""
    with opened(in_another_shape(data, shape) if shape else data) as planilha:
        leitor = RowReader(planilha.cabecalho, "leads.xlsx")
        return [leitor.read(number, cells) for number, cells in planilha.linhas()]


def lead(shape: str | None = None, **cells: object) -> ReadRow:
    """The only row of a workbook with these cells."""
    (found,) = leads(by_xlsxwriter([HEADER, [cells.get(field) for field in FIELDS]]), shape)
    return found


def codes(linha: ReadRow) -> list[str]:
    return [erro.codigo for erro in linha.erros]


@BOTH
@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        (71999999999, "+5571999999999"),
        (5571999999999, "+5571999999999"),
        (7133334444.0, "+557133334444"),
        (5.571999999999e12, "+5571999999999"),
        ("5.571999999999E+12", "+5571999999999"),
    ],
)
def test_a_phone_in_a_number_cell_is_repaired(shape: str | None, cell: object, phone: str) -> None:
    found = lead(shape, telefone=cell)
    assert found.dados is not None
    assert [telefone.telefone for telefone in found.dados.telefones] == [phone]


@BOTH
@pytest.mark.parametrize("cell", ["1,23457E+13", "5.57199E+12", 1.23457e13, 5571990000000])
def test_a_phone_whose_digits_are_gone_is_refused_and_not_guessed(shape: str | None, cell: object) -> None:
    found = lead(shape, telefone=cell, email="a@exemplo.com")
    assert found.dados is not None
    assert found.dados.telefones == ()
    assert codes(found)[0].startswith("telefone_")


@BOTH
@pytest.mark.parametrize(
    ("cell", "document"),
    [
        (52998224725, "52998224725"),
        (52998224725.0, "52998224725"),
        (1234567890, "01234567890"),
        (11222333000181, "11222333000181"),
        (191000000001, None),
    ],
)
def test_a_document_in_a_number_cell_gets_its_zeros_back(shape: str | None, cell: float, document: str | None) -> None:
    found = lead(shape, documento=cell, email="a@exemplo.com")
    assert found.dados is not None
    assert found.dados.documento == document
    assert bool(found.erros) == (document is None)


@BOTH
@pytest.mark.parametrize("cell", ["1,23457E+13", "1.23457E+13", 1.23457e13])
def test_a_document_whose_digits_are_gone_is_refused(shape: str | None, cell: object) -> None:
    found = lead(shape, documento=cell)
    assert found.dados is None
    assert codes(found)[0].startswith("documento_")


@BOTH
@pytest.mark.parametrize(
    ("markup", "email"),
    [
        ('<c r="B2" t="str"><f>A2&amp;"x"</f><v>a@exemplo.com</v></c>', "a@exemplo.com"),
        ('<c r="B2" t="str"><f>A2&amp;"x"</f></c>', None),
        ('<c r="B2"><f>1+1</f><v/></c>', None),
        ('<c r="B2" t="e"><f>A9</f><v>#REF!</v></c>', None),
        ('<c r="B2" t="e"><v>#N/A</v></c>', None),
    ],
    ids=["formula with its value", "formula without", "formula with nothing", "broken reference", "error"],
)
def test_a_formula_is_what_was_computed_of_it(shape: str | None, markup: str, email: str | None) -> None:
    page = sheet(row(1, "Nome", "Email") + f'<row r="2"><c r="A2" t="str"><v>Ana</v></c>{markup}</row>')
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert (found.dados.emails if found.dados else None) == ((email,) if email else None)
    assert codes(found) == ([] if email else ["linha_sem_contato"])


@BOTH
@pytest.mark.parametrize("cell", [True, False, 46351.5, 0, float(10**300), 0.1])
def test_booleans_dates_and_other_numbers_are_no_contacts(shape: str | None, cell: object) -> None:
    for field in ("documento", "email", "telefone"):
        found = lead(shape, **{field: cell})
        assert found.dados is None
        assert len(found.erros) == 1


TEXTS = {
    "an escape of NUL": ("a_x0000_b", "a\ufffdb"),
    "a lone surrogate": ("_xD800_", "\ufffd"),
    "the other half of one": ("x_xDC00_", "x\ufffd"),
    "two that belong together": ("_xD83D__xDE00_", "😀"),
    "a carriage return": ("a_x000D__x000A_b", "a\r\nb"),
    "what would end a COPY": ("\\.", "\\."),
    "what would be a NULL": ("\\N", "\\N"),
    "backslashes": ("\\\\x\\", "\\\\x\\"),
    "a tab and a break": ("a\tb\nc", "a\tb\nc"),
    "a right-to-left mark": ("A\u202ena\u202c L", "A\u202ena\u202c L"),
    "accents apart": ("Joa\u0303o", "Joa\u0303o"),
    "a formula": ('=HYPERLINK("http://x";"y")', '=HYPERLINK("http://x";"y")'),
    "another": ("@SUM(1+1)*cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0"),
    "an apostrophe before it": ("'=1+1", "=1+1"),
}


@BOTH
@pytest.mark.parametrize(("written", "kept"), TEXTS.values(), ids=list(TEXTS))
def test_any_text_is_kept_as_it_is_and_can_be_stored(shape: str | None, written: str, kept: str) -> None:
    page = sheet(row(1, "Nome", "Email") + row(2, written, "a@exemplo.com"))
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert found.dados is not None
    assert found.dados.nome == kept
    line = prepared(ReadRows.of([found]), STARTED_AT).candidatos[0].lead
    assert line.count("\n") == 1
    assert line.count("\t") == 7
    line.encode()


@BOTH
@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u202a", "\u00a0", "\u200e", "\u2060"])
def test_marks_that_nobody_sees_are_no_part_of_a_contact(shape: str | None, mark: str) -> None:
    found = lead(shape, email=f"{mark}ana@exemplo.com{mark}", telefone=f"{mark}71 99999-9999{mark}")
    assert found.dados is not None
    assert found.dados.emails == ("ana@exemplo.com",)
    assert found.dados.telefones[0].telefone == "+5571999999999"
    assert found.erros == ()


@BOTH
@pytest.mark.parametrize("cell", ["=1+1", "+", "-", "@", "=cmd|' /C calc'!A0", "+5571", "-71999999999x"])
def test_what_a_spreadsheet_would_compute_is_refused_as_text(shape: str | None, cell: str) -> None:
    found = lead(shape, email=cell, telefone=cell)
    assert found.dados is None
    assert found.erros
    assert all(erro.valor in cell for erro in found.erros)


@BOTH
def test_a_cell_of_all_the_characters_that_excel_holds(shape: str | None) -> None:
    found = lead(shape, nome="N" * 32_767, email="a@exemplo.com;" * 2_340, telefone="1;" * 16_383)
    assert found.dados is not None
    assert found.dados.nome == "N" * 32_767
    assert found.dados.emails == ("a@exemplo.com",)
    assert set(codes(found)) <= {"telefone_invalido", "contatos_demais", "erros_demais"}


@BOTH
def test_five_thousand_phones_in_one_cell_are_fifty_and_the_rest_is_reported(shape: str | None) -> None:
    phones = [f"719{n + 90_000_000}" for n in range(5_000)]
    page = sheet(row(1, "Nome", "Telefone") + row(2, "Ana", " | ".join(phones)))
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert found.dados is not None
    assert [each.telefone for each in found.dados.telefones] == [f"+55{phone}" for phone in phones[:MAX_CONTACTS]]
    assert codes(found) == ["contatos_demais"] * MAX_ERROS + ["erros_demais"]
    assert found.erros[-1].valor == str(5_000 - MAX_CONTACTS - MAX_ERROS)


DENIALS = {
    "dots": "a." * 30_000 + "@x.com",
    "at signs": "@" * 60_000,
    "labels": "a@" + "a-" * 30_000 + "com",
    "quotes": '"' * 60_000 + "@x.com",
    "brackets": "<" * 30_000 + ">" * 30_000,
    "plus": "a+" * 30_000 + "@x",
    "digits": "7" * 60_000,
    "parentheses": "(71) " * 12_000,
    "hyphens": "71" + "-" * 60_000 + "9",
    "words": "ramal x " * 7_000,
    "accents": "a" + "\u0301" * 60_000,
}


@BOTH
@pytest.mark.parametrize("name", DENIALS)
def test_a_cell_that_keeps_patterns_busy_is_refused_at_once(shape: str | None, name: str) -> None:
    found = lead(shape, email=DENIALS[name], telefone=DENIALS[name], documento=DENIALS[name])
    assert found.dados is None
    assert found.erros


@BOTH
def test_a_row_of_many_long_cells_is_read_up_to_a_size(shape: str | None) -> None:
    titles = ["Email", *(f"Obs {n}" for n in range(299))]

    def book(cells: int) -> bytes:
        data = by_xlsxwriter([titles, *[["x"]] * 300, ["y" * 32_767] * cells])
        return in_another_shape(data, shape) if shape else data

    assert len(cells_of(book(63))[-1]) == 63
    assert late_refusal(book(65)) == "linha_grande_demais"


@BOTH
@pytest.mark.parametrize("place", [0, 3])
def test_the_header_may_be_merged_with_titles_above_it(shape: str | None, place: int) -> None:
    merged = f'<mergeCells count="1"><mergeCell ref="A1:E{1 + place // 3}"/></mergeCells>'
    rows = row(1, "Relatório de leads") + row(3, *HEADER) + row(4, "Ana", "", "", "a@exemplo.com")
    data = zipped({**parts(), SHEET: sheet(rows, after=merged)})
    (found,) = leads(data, shape)
    assert (found.numero, found.lead_id_externo) == (4, "leads.xlsx:4")
    assert found.dados is not None


@BOTH
def test_a_title_that_is_merged_over_two_columns_names_the_first(shape: str | None) -> None:
    titles = '<row r="1"><c r="A1" t="str"><v>Nome</v></c><c r="B1" t="str"><v>Telefone</v></c><c r="C1" s="1"/></row>'
    page = sheet(titles + row(2, "Ana", "71 99999-9999", "71 98888-8888"), after='<mergeCell ref="B1:C1"/>')
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert found.dados is not None
    assert [each.telefone for each in found.dados.telefones] == ["+5571999999999"]


@BOTH
def test_hidden_rows_are_rows_and_hidden_sheets_come_last(shape: str | None) -> None:
    hidden = '<row r="2" hidden="1"><c r="A2" t="str"><v>a@exemplo.com</v></c></row>'
    pages = {"Leads": sheet(row(1, "Email") + row(2, "não@exemplo.com")), "Plan1": sheet(row(1, "Email") + hidden)}
    assert rows_of(zipped(parts(sheets=pages, states="hv"))) == [(2, ["a@exemplo.com"])]
    assert rows_of(in_another_shape(zipped(parts(sheets=pages, states="hv")), "comments")) == [(2, ["a@exemplo.com"])]


@BOTH
def test_duplicate_columns_are_each_read_where_it_stands(shape: str | None) -> None:
    data = by_xlsxwriter([["Telefone", "Nome", "Telefone", "Nome"], ["71 3333-4444", "", "71 99999-9999", "Ana"]])
    (found,) = leads(data, shape)
    assert found.dados is not None
    assert [each.telefone for each in found.dados.telefones] == ["+557133334444", "+5571999999999"]
    assert found.dados.nome == "Ana"


@BOTH
@pytest.mark.parametrize(
    "titles", [["TELEFONE", "e-mail", "Razão Social"], ["Te\u0301le\u0301fone", "É-MAIL", "razao_social"]]
)
def test_columns_in_another_order_and_with_any_accents(shape: str | None, titles: list[str]) -> None:
    (found,) = leads(by_xlsxwriter([titles, ["71999999999", "a@exemplo.com", "Ana"]]), shape)
    assert found.dados is not None
    assert (found.dados.nome, found.dados.emails) == ("Ana", ("a@exemplo.com",))


@BOTH
@pytest.mark.parametrize(("rows", "columns"), list(product([0, 2, 7], [0, 1, 5])))
def test_blank_rows_and_columns_before_the_table(shape: str | None, rows: int, columns: int) -> None:
    left = [None] * columns
    data = by_xlsxwriter([*[[]] * rows, [*left, *HEADER], [*left, "Ana", None, None, "a@exemplo.com"]])
    (found,) = leads(data, shape)
    assert found.numero == rows + 2
    assert found.dados is not None
    assert (found.dados.nome, found.dados.emails) == ("Ana", ("a@exemplo.com",))


@pytest.mark.parametrize("name", ["Plan1", "Sheet1", "LEADS ", "Página1", "x" * 31])
def test_a_workbook_without_a_sheet_called_leads(name: str) -> None:
    with opened(by_xlsxwriter([HEADER, ["Ana"]], name)) as planilha:
        assert planilha.aba == name
        assert [trimmed(cells) for _, cells in planilha.linhas()] == [["Ana"]]


def test_our_own_report_is_no_header_of_other_fields() -> None:
    header = recognise(1, ["ID", *HEADER, "linha", "coluna", "codigo", "mensagem"])
    assert header is not None
    assert list(header.campos) == list(LeadField)
