"""Rows in the plain shape: what the usual writers write is plain, and both readers give the same rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.reading.columns import column_name
from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.ingestion.reading.shared_strings import MAX_COLUMN
from tests.readers import trimmed
from tests.workbooks import (
    HEADER,
    MAIN,
    SHAPES,
    SHEET,
    in_another_shape,
    opened,
    parts,
    refusal,
    row,
    rows_of,
    sheet,
    string_table,
    zipped,
)

# Rows of writers that we cannot run here, copied from their files.
EXCEL = (
    '<row r="2" spans="1:5" ht="15.75" x14ac:dyDescent="0.25"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2" s="1"/>'
    '<c r="C2" t="str"><f>A2&amp;"x"</f><v>Anax</v></c><c r="D2" t="e"><f t="shared" ref="D2:D3" si="0">1/0</f>'
    '<v>#DIV/0!</v></c><c r="E2"><f t="shared" si="0"/><v>71</v></c></row><row r="3" spans="1:5"/>'
)
LIBREOFFICE = (
    '<row r="2" customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false">'
    '<c r="A2" s="0" t="s"><v>0</v></c><c r="C2" s="0" t="str"><f aca="false">A2&amp;"x"</f><v>Anax</v></c>'
    '<c r="E2" s="0" t="n"><v>71</v></c></row>'
)
GOOGLE = (
    '<row r="2"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2" s="2"/><c r="C2" s="1" t="str"><f t="array" ref="C2">x</f>'
    '<v>Anax</v></c><c r="E2" s="3"><v>71.0</v></c></row>\n<row r="3"><c r="A3" s="1"/></row>'
)
OPENPYXL = (
    '<row r="2"><c r="A2" t="inlineStr"><is><t>Ana</t></is></c><c r="B2" s="1" t="n" />'
    '<c r="B2" t="n"><f>1+1</f><v /></c><c r="C2" t="inlineStr"><is><r><t>An</t></r>'
    '<r><rPr><b val="1"/></rPr><t xml:space="preserve">ax</t></r></is></c><c r="E2" t="n"><v>71</v></c></row>'
)


@pytest.mark.parametrize("rows", [EXCEL, LIBREOFFICE, GOOGLE, OPENPYXL])
def test_shapes_of_the_usual_writers_are_plain(rows: str) -> None:
    made = parts(strings=string_table("<si><t>Ana</t></si>"))
    head = f'<worksheet xmlns="{MAIN}" xmlns:x14ac="urn:x"><dimension ref="A1:E3"/><sheetData>'
    made[SHEET] = head + row(1, *HEADER) + rows + "</sheetData><pageMargins/></worksheet>"
    with opened(zipped(made)) as table:
        assert table.estimated_rows
        assert [(n, trimmed(cells)) for n, cells in table.rows()] == [(2, ["Ana", "", "Anax", "", "71"])]
    plain = rows_of(zipped(made))
    made[SHEET] = str(made[SHEET]).replace("<pageMargins/>", "<!---->")
    assert rows_of(zipped(made)) == plain


CONTENTS = ["1", "0", "1.0", "-5", "1E5", "abc", " x ", "&amp;", "_x0041_", "", "&#65;", "true", "a\nb", "é", "#N/A"]
CONTENT = st.sampled_from(CONTENTS)
RUNS = st.one_of(
    CONTENT.map("<t>{}</t>".format),
    CONTENT.map('<t xml:space="preserve">{}</t>'.format),
    CONTENT.map("<r><t>a</t></r><r><rPr><b/></rPr><t>{}</t></r>".format),
    CONTENT.map('<t>{}</t><rPh sb="0" eb="1"><t>b</t></rPh>'.format),
    st.sampled_from(["", "<t/>"]),
)
FORMULA = st.sampled_from(["", "<f>1+1</f>", '<f t="shared" si="0"/>'])
KIND = st.sampled_from(["", *(f' t="{kind}"' for kind in ("n", "str", "b", "e", "d"))])
ANY_CELL = st.one_of(
    st.builds('<c r="{{}}"{}>{}<v>{}</v></c>'.format, KIND, FORMULA, CONTENT),
    RUNS.map('<c r="{{}}" s="1" t="inlineStr"><is>{}</is></c>'.format),
    st.integers(0, len(CONTENTS) - 1).map('<c r="{{}}" t="s"><v>{}</v></c>'.format),
    st.sampled_from(['<c r="{}"/>', '<c r="{}" s="2"/>', '<c r="{}" t="n"></c>', '<c r="{}"><v/></c>']),
)


@given(st.lists(st.lists(ANY_CELL, max_size=5), max_size=4), st.sampled_from(sorted(SHAPES)))
def test_any_cell_of_the_plain_shape_is_the_same_in_both_readers(rows: list[list[str]], shape: str) -> None:
    markup = ""
    for n, cells in enumerate(rows, 2):
        placed = "".join(cell.format(f"{letter}{n}") for letter, cell in zip("ABCDE", cells, strict=False))
        markup += f'<row r="{n}">{placed}</row>'
    data = zipped(parts(markup, strings=string_table("".join(f"<si><t>{content}</t></si>" for content in CONTENTS))))
    assert rows_of(in_another_shape(data, shape)) == rows_of(data)


@pytest.mark.parametrize("longest", ["", "d" * (MAX_COLUMN + 1)], ids=["a few at a time", "one by one"])
def test_rows_of_long_strings_are_read_like_others(longest: str) -> None:
    texts = [longest, "a", "b" * (MAX_COLUMN // 7), "c" * MAX_CELL]
    strings = "".join(f"<si><t>{text}</t></si>" for text in texts)
    used = [1] * 20 + [2] * 40 + [1, 2] * 20 + [3] * 10 + [1] * 20
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{i}</v></c><c r="B{n}"/></row>' for n, i in enumerate(used, 2))
    last = '<row r="900"><c r="A900" t="s"><v>1</v></c><c r="C900" t="s"><v>0</v></c></row>'
    found = rows_of(zipped(parts(rows + last, strings=string_table(strings))))
    assert found == [(n, [texts[i]]) for n, i in [*enumerate(used, 2), (900, 1)]]


@pytest.mark.parametrize("columns", [20, 60])
def test_row_of_long_cells_is_refused(columns: int) -> None:
    cells = "".join(f'<c r="{column_name(n)}2" t="s"><v>0</v></c>' for n in range(columns))
    made = {**parts(strings=string_table(f"<si><t>{'x' * MAX_CELL}</t></si>"))}
    made[SHEET] = sheet(f'{row(1, "Nome", "Email")}<row r="2">{cells}</row>')
    assert refusal(zipped(made)) == "linha_grande_demais"


def test_row_whose_strings_are_too_long_together_is_refused_before_they_are_read() -> None:
    cells = "".join(f'<c r="{column_name(n)}2" t="s"><v>0</v></c>' for n in range(16_000))
    titles = row(1, *["Email"] * 26)
    page = sheet(f'{titles}<row r="2">{cells}</row>')
    made = {**parts(strings=string_table(f"<si><t>{'x' * MAX_CELL}</t></si>")), SHEET: page}
    assert refusal(zipped(made)) == "linha_grande_demais"


def test_no_row_is_lost_or_repeated_where_the_plain_shape_ends() -> None:
    rows = "".join(row(n, f"L{n}", "x") for n in range(2, 14_000))
    odd = '<row r="14000" x=\'\'><c r="A14000" t="str" cm="1"><v>L14000</v></c></row>'
    rest = "".join(row(n, f"L{n}", "x") for n in range(14_001, 14_100))
    found = rows_of(zipped(parts(rows + odd + rest)))
    assert [(n, cells[0]) for n, cells in found] == [(n, f"L{n}") for n in range(2, 14_100)]
