"""Hostile cells read down to their contacts: every row becomes a lead or a refusal, and nothing is lost."""

from __future__ import annotations

from itertools import product

import pytest

from chalicelib.contacts.pieces import MAX_CONTACTS
from chalicelib.ingestion.loading.batch import prepared
from chalicelib.ingestion.reading.header import LeadField, recognise
from chalicelib.ingestion.rows.one_by_one import MAX_ERRORS, ReadRow, ReadRows, RowReader
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
    """Read every row of a file."""
    with opened(in_another_shape(data, shape) if shape else data) as table:
        reader = RowReader(table.header, "leads.xlsx")
        return [reader.read(number, cells) for number, cells in table.rows()]


def lead(shape: str | None = None, **cells: object) -> ReadRow:
    """Read the only row of a workbook with these cells."""
    (found,) = leads(by_xlsxwriter([HEADER, [cells.get(field) for field in FIELDS]]), shape)
    return found


def codes(read: ReadRow) -> list[str]:
    return [error.code for error in read.errors]


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
def test_phone_in_a_number_cell_is_repaired(shape: str | None, cell: object, phone: str) -> None:
    found = lead(shape, telefone=cell)
    assert found.data is not None
    assert [telefone.telefone for telefone in found.data.telefones] == [phone]


@BOTH
@pytest.mark.parametrize("cell", ["1,23457E+13", "5.57199E+12", 1.23457e13, 5571990000000])
def test_phone_with_lost_digits_is_refused(shape: str | None, cell: object) -> None:
    found = lead(shape, telefone=cell, email="a@exemplo.com")
    assert found.data is not None
    assert found.data.telefones == ()
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
def test_document_in_a_number_cell_gets_its_zeros_back(shape: str | None, cell: float, document: str | None) -> None:
    found = lead(shape, documento=cell, email="a@exemplo.com")
    assert found.data is not None
    assert found.data.documento == document
    assert bool(found.errors) == (document is None)


@BOTH
@pytest.mark.parametrize("cell", ["1,23457E+13", "1.23457E+13", 1.23457e13])
def test_document_with_lost_digits_is_refused(shape: str | None, cell: object) -> None:
    found = lead(shape, documento=cell)
    assert found.data is None
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
def test_formula_is_read_as_its_computed_value(shape: str | None, markup: str, email: str | None) -> None:
    page = sheet(row(1, "Nome", "Email") + f'<row r="2"><c r="A2" t="str"><v>Ana</v></c>{markup}</row>')
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert (found.data.emails if found.data else None) == ((email,) if email else None)
    assert codes(found) == ([] if email else ["linha_sem_contato"])


@BOTH
@pytest.mark.parametrize("cell", [True, False, 46351.5, 0, float(10**300), 0.1])
def test_booleans_dates_and_other_numbers_are_refused_as_contacts(shape: str | None, cell: object) -> None:
    for field in ("documento", "email", "telefone"):
        found = lead(shape, **{field: cell})
        assert found.data is None
        assert len(found.errors) == 1


TEXTS = {
    "an escape of NUL": ("a_x0000_b", "a\ufffdb"),
    "a lone surrogate": ("_xD800_", "\ufffd"),
    "the other half of one": ("x_xDC00_", "x\ufffd"),
    "two that belong together": ("_xD83D__xDE00_", "😀"),
    "a carriage return": ("a_x000D__x000A_b", "a\r\nb"),
    "the end of a COPY": ("\\.", "\\."),
    "the NULL of a COPY": ("\\N", "\\N"),
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
def test_any_text_is_kept_and_can_be_stored(shape: str | None, written: str, kept: str) -> None:
    page = sheet(row(1, "Nome", "Email") + row(2, written, "a@exemplo.com"))
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert found.data is not None
    assert found.data.nome == kept
    line = prepared(ReadRows.of([found]), STARTED_AT).candidates[0].lead
    assert line.count("\n") == 1
    assert line.count("\t") == 7
    line.encode()


@BOTH
@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u202a", "\u00a0", "\u200e", "\u2060"])
def test_invisible_marks_around_a_contact_are_ignored(shape: str | None, mark: str) -> None:
    found = lead(shape, email=f"{mark}ana@exemplo.com{mark}", telefone=f"{mark}71 99999-9999{mark}")
    assert found.data is not None
    assert found.data.emails == ("ana@exemplo.com",)
    assert found.data.telefones[0].telefone == "+5571999999999"
    assert found.errors == ()


@BOTH
@pytest.mark.parametrize("cell", ["=1+1", "+", "-", "@", "=cmd|' /C calc'!A0", "+5571", "-71999999999x"])
def test_formula_is_refused_as_a_contact(shape: str | None, cell: str) -> None:
    found = lead(shape, email=cell, telefone=cell)
    assert found.data is None
    assert found.errors
    assert all(error.value in cell for error in found.errors)


@BOTH
def test_longest_cells_of_excel_are_read(shape: str | None) -> None:
    found = lead(shape, nome="N" * 32_767, email="a@exemplo.com;" * 2_340, telefone="1;" * 16_383)
    assert found.data is not None
    assert found.data.nome == "N" * 32_767
    assert found.data.emails == ("a@exemplo.com",)
    assert set(codes(found)) <= {"telefone_invalido", "contatos_demais", "erros_demais"}


@BOTH
def test_five_thousand_phones_in_one_cell_become_fifty_and_the_rest_is_reported(shape: str | None) -> None:
    phones = [f"719{n + 90_000_000}" for n in range(5_000)]
    page = sheet(row(1, "Nome", "Telefone") + row(2, "Ana", " | ".join(phones)))
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert found.data is not None
    assert [each.telefone for each in found.data.telefones] == [f"+55{phone}" for phone in phones[:MAX_CONTACTS]]
    assert codes(found) == ["contatos_demais"] * MAX_ERRORS + ["erros_demais"]
    assert found.errors[-1].value == str(5_000 - MAX_CONTACTS - MAX_ERRORS)


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
def test_cell_made_to_slow_down_patterns_is_refused(shape: str | None, name: str) -> None:
    found = lead(shape, email=DENIALS[name], telefone=DENIALS[name], documento=DENIALS[name])
    assert found.data is None
    assert found.errors


@BOTH
def test_too_large_row_of_long_cells_is_refused(shape: str | None) -> None:
    titles = ["Email", *(f"Obs {n}" for n in range(299))]

    def book(cells: int) -> bytes:
        data = by_xlsxwriter([titles, *[["x"]] * 300, ["y" * 32_767] * cells])
        return in_another_shape(data, shape) if shape else data

    assert len(cells_of(book(63))[-1]) == 63
    assert late_refusal(book(65)) == "linha_grande_demais"


@BOTH
@pytest.mark.parametrize("place", [0, 3])
def test_header_may_be_merged_with_titles_above_it(shape: str | None, place: int) -> None:
    merged = f'<mergeCells count="1"><mergeCell ref="A1:E{1 + place // 3}"/></mergeCells>'
    rows = row(1, "Relatório de leads") + row(3, *HEADER) + row(4, "Ana", "", "", "a@exemplo.com")
    data = zipped({**parts(), SHEET: sheet(rows, after=merged)})
    (found,) = leads(data, shape)
    assert (found.number, found.external_id) == (4, "leads.xlsx:4")
    assert found.data is not None


@BOTH
def test_title_merged_over_two_columns_belongs_to_the_first(shape: str | None) -> None:
    titles = '<row r="1"><c r="A1" t="str"><v>Nome</v></c><c r="B1" t="str"><v>Telefone</v></c><c r="C1" s="1"/></row>'
    page = sheet(titles + row(2, "Ana", "71 99999-9999", "71 98888-8888"), after='<mergeCell ref="B1:C1"/>')
    (found,) = leads(zipped({**parts(), SHEET: page}), shape)
    assert found.data is not None
    assert [each.telefone for each in found.data.telefones] == ["+5571999999999"]


@BOTH
def test_hidden_rows_are_read_and_hidden_sheets_come_last(shape: str | None) -> None:
    hidden = '<row r="2" hidden="1"><c r="A2" t="str"><v>a@exemplo.com</v></c></row>'
    pages = {"Leads": sheet(row(1, "Email") + row(2, "não@exemplo.com")), "Plan1": sheet(row(1, "Email") + hidden)}
    assert rows_of(zipped(parts(sheets=pages, states="hv"))) == [(2, ["a@exemplo.com"])]
    assert rows_of(in_another_shape(zipped(parts(sheets=pages, states="hv")), "comments")) == [(2, ["a@exemplo.com"])]


@BOTH
def test_duplicate_columns_are_all_read(shape: str | None) -> None:
    data = by_xlsxwriter([["Telefone", "Nome", "Telefone", "Nome"], ["71 3333-4444", "", "71 99999-9999", "Ana"]])
    (found,) = leads(data, shape)
    assert found.data is not None
    assert [each.telefone for each in found.data.telefones] == ["+557133334444", "+5571999999999"]
    assert found.data.nome == "Ana"


@BOTH
@pytest.mark.parametrize(
    "titles", [["TELEFONE", "e-mail", "Razão Social"], ["Te\u0301le\u0301fone", "É-MAIL", "razao_social"]]
)
def test_columns_are_recognised_in_any_order_and_with_any_accents(shape: str | None, titles: list[str]) -> None:
    (found,) = leads(by_xlsxwriter([titles, ["71999999999", "a@exemplo.com", "Ana"]]), shape)
    assert found.data is not None
    assert (found.data.nome, found.data.emails) == ("Ana", ("a@exemplo.com",))


@BOTH
@pytest.mark.parametrize(("rows", "columns"), list(product([0, 2, 7], [0, 1, 5])))
def test_blank_rows_and_columns_before_the_table_are_skipped(shape: str | None, rows: int, columns: int) -> None:
    left = [None] * columns
    data = by_xlsxwriter([*[[]] * rows, [*left, *HEADER], [*left, "Ana", None, None, "a@exemplo.com"]])
    (found,) = leads(data, shape)
    assert found.number == rows + 2
    assert found.data is not None
    assert (found.data.nome, found.data.emails) == ("Ana", ("a@exemplo.com",))


@pytest.mark.parametrize("name", ["Plan1", "Sheet1", "LEADS ", "Página1", "x" * 31])
def test_sheet_of_any_name_is_read_without_a_sheet_called_leads(name: str) -> None:
    with opened(by_xlsxwriter([HEADER, ["Ana"]], name)) as table:
        assert table.sheet_name == name
        assert [trimmed(cells) for _, cells in table.rows()] == [["Ana"]]


def test_columns_of_our_own_report_are_not_fields() -> None:
    header = recognise(1, ["ID", *HEADER, "linha", "coluna", "codigo", "mensagem"])
    assert header is not None
    assert list(header.fields) == list(LeadField)
