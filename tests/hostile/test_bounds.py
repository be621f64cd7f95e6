"""The worst cases of each reader: none takes more than 512 MB of memory or 20 seconds of a processor.

These files hold as much as the bounds allow, or a little more. `tests/confined.py` reads them within the limits.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.ingestion.reading.columns import column_name
from chalicelib.ingestion.reading.container import MAX_INFLATED
from chalicelib.ingestion.reading.converted import MAX_WASTED, MAX_WASTED_BYTES
from chalicelib.ingestion.reading.limits import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILE,
    MAX_LINES,
    MAX_ROWS,
    MAX_TITLES,
    SMALL_TEXT,
)
from chalicelib.ingestion.reading.shared_strings import MAX_TABLE
from tests.confined import Outcome, read_confined
from tests.workbooks import (
    MAIN,
    SHEET,
    STRINGS,
    TITLES,
    Piece,
    parts,
    prefixed,
    row,
    sheet,
    string_table,
    write_large,
    zipped,
)

BEGIN, END = sheet(TITLES + "|").split("|")
NOISE = "".join(f"{n * 7919 % 10_007}" for n in range(2_000))  # keeps a repeated text below the ratio of a bomb


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leads.xlsx"


def written(path: Path, content: list[Piece], *, strings: str | None = None) -> Path:
    made = parts(strings=strings)
    del made[SHEET]
    write_large(path, made, SHEET, content)
    return path


def with_strings(path: Path, index: int, content: list[Piece]) -> Path:
    made = parts(f'<row r="2"><c r="B2" t="s"><v>{index}</v></c></row>', strings="")
    del made[STRINGS]
    write_large(path, made, STRINGS, content)
    return path


def blank_rows(columns: int, times: int) -> str:
    cells = "".join(f'<c r="{column_name(n)}9" s="{n * 7 % 9}"/>' for n in range(columns))
    return f'<row r="9" spans="1:{columns}" s="1" customFormat="1" ht="15.75">{cells}</row>' * times


def test_cell_that_inflates_to_two_gigabytes_is_refused(path: Path) -> None:
    mega = "A" * (1 << 20)
    written(path, [BEGIN + '<row r="2"><c r="A2" t="str"><v>', (mega, 2 << 10), "</v></c></row>" + END])
    assert path.stat().st_size < 4 << 20
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_gigabyte_of_blank_rows_is_read_within_the_limits(path: Path) -> None:
    """As much as a sheet may inflate to; the cells of a blank row are not parsed."""
    first = "".join(f'<row r="{n}" x="{NOISE}"/>' for n in range(3, 200))
    rows = blank_rows(30, 300) + f'<row r="9" x="{NOISE}"/>'
    times = (MAX_INFLATED - (4 << 20)) // len(rows)
    written(path, [BEGIN + row(2, "Ana", "ana@exemplo.com") + first, (rows, times), END])
    assert read_confined(path) == Outcome(None, 1, 0)


def test_million_blank_rows_at_the_end_are_read_within_the_limits(path: Path) -> None:
    tail = "".join(f'<row r="{n}"><c r="A{n}" s="1"/><c r="B{n}" s="1"/></row>' for n in range(3, MAX_ROWS + 1))
    written(path, [BEGIN + row(2, "Ana", "ana@exemplo.com") + tail + END])
    assert read_confined(path) == Outcome(None, 1, 0)


def test_too_many_blank_rows_with_formulas_are_refused(path: Path) -> None:
    """A formula that was never computed makes a row that looks filled and must be parsed."""

    def rows() -> Iterator[Piece]:
        cells = "".join(f'<c r="{column_name(n)}9" s="{n * 7 % 9}"/>' for n in range(5_000))
        cells = f'<c r="A9"><f>{NOISE}</f></c>{cells}</row>'
        yield BEGIN
        for n in range(2, MAX_WASTED_BYTES // len(cells) + 3):
            yield f'<row r="{n}">'
            yield cells, 1
        yield END

    written(path, list(rows()))
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_too_many_blank_rows_in_the_converting_reader_are_refused(path: Path) -> None:
    rows = f"<x:row>{'<x:c/>' * 10}</x:row>" * 1000 + f"<!--{NOISE}-->"
    written(path, [prefixed(BEGIN), (rows, MAX_WASTED // 11_000 + 2), prefixed(END)])
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_too_many_comments_are_refused(path: Path) -> None:
    rows = "<!---->" * 50_000 + f"<!--{NOISE}-->"
    written(path, [BEGIN, (rows, MAX_WASTED_BYTES // len(rows) + 2), END])
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_sixteen_million_empty_strings_are_refused(path: Path) -> None:
    items = "<x:si/>" * 10_000 + f"<!--{NOISE}-->"
    with_strings(path, 16_000_000, [f'<x:sst xmlns:x="{MAIN}">', (items, 1_600), "</x:sst>"])
    assert read_confined(path) == Outcome("textos_demais", 0, 0)


def test_largest_string_table_is_read_within_the_limits(path: Path) -> None:
    item = f"<si><t>{NOISE * 4}</t></si>"
    count = MAX_TABLE // len(NOISE * 4) - 1
    with_strings(path, count - 1, ["<sst>", (item, count), "</sst>"])
    assert read_confined(path) == Outcome(None, 1, 1)


def test_rows_with_one_cell_in_the_last_column_are_read_within_the_limits(path: Path) -> None:
    """The cells are far to the right of the table: they are not read, and no list of that width is made."""
    rows = "".join(f'<row r="{n}"><c r="XFD{n}" t="str"><v>{n % 9}</v></c></row>' for n in range(3, 300_000))
    written(path, [BEGIN + row(2, "Ana", "ana@exemplo.com") + rows + END])
    assert read_confined(path) == Outcome(None, 1, 0)


def test_rows_with_one_cell_in_the_last_column_and_no_header_are_refused(path: Path) -> None:
    """Until the header is found, every column may belong to it."""
    cell = '<c r="XFD9" t="str"><f>""</f><v> </v></c>'
    rows = "".join(f'<row r="{n}">{cell}</row>' for n in range(1, 300_000))
    written(path, [BEGIN.replace(TITLES, "") + rows + END])
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_too_many_wide_rows_are_refused(path: Path) -> None:
    last = column_name(MAX_TITLES - 1)
    rows = "".join(f'<row r="{n}"><c r="{last}{n}" t="str"><v>Email</v></c></row>' for n in range(1, 200_000))
    written(path, [BEGIN.replace(TITLES, "") + rows + END])
    read = read_confined(path)
    assert read.code == "celulas_demais"
    assert read.rows == MAX_CELLS // MAX_TITLES


def test_thousands_of_sheets_with_the_same_part_are_refused(path: Path) -> None:
    made = parts(sheets={f"s{n}": "" for n in range(9_000)})
    made = {name: content for name, content in made.items() if not name.startswith("xl/worksheets/")}
    relations = str(made["xl/_rels/workbook.xml.rels"])
    made["xl/_rels/workbook.xml.rels"] = re.sub(r"worksheets/\w+\.xml", "worksheets/sheet1.xml", relations)
    made[SHEET] = sheet(blank_rows(5, 10_000))
    path.write_bytes(zipped(made))
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_five_thousand_sheets_without_a_header_are_refused(path: Path) -> None:
    path.write_bytes(zipped(parts(sheets={f"s{n}": sheet(row(1, "Resumo")) for n in range(5_000)})))
    assert read_confined(path) == Outcome("cabecalho_ausente", 0, 0)


def test_hundred_thousand_entries_are_refused(path: Path) -> None:
    path.write_bytes(zipped({f"{n}": "" for n in range(100_000)}, zipfile.ZIP_STORED))
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_nested_zips_are_not_opened(path: Path) -> None:
    """A zip inside a zip is a part that we do not read."""
    inner = zipped({"0": "0" * (10 << 20)})
    for _ in range(10):
        inner = zipped({f"{n}.zip": inner for n in range(10)})
    path.write_bytes(inner)
    assert read_confined(path) == Outcome("formato_nao_suportado", 0, 0)
    path.write_bytes(zipped({**parts(row(2, "", "ana@exemplo.com")), "xl/embeddings/1.xlsx": inner}))
    assert read_confined(path) == Outcome(None, 1, 0)


def test_cell_of_thirty_three_million_characters_is_refused(path: Path) -> None:
    cell: list[Piece] = ['<row r="2"><c r="B2" t="str"><v>', (NOISE, 33_000_000 // len(NOISE) + 1), "</v></c></row>"]
    written(path, [BEGIN, *cell, END])
    assert read_confined(path).code in {"linha_grande_demais", "arquivo_suspeito"}
    with_strings(path, 0, ["<sst><si><t>", (NOISE, 33_000_000 // len(NOISE) + 1), "</t></si></sst>"])
    assert read_confined(path) == Outcome("texto_grande_demais", 0, 0)


def test_tag_of_hundreds_of_megabytes_is_refused(path: Path) -> None:
    """Some versions of expat scan an open tag again with every block."""
    written(path, [BEGIN + "<!----><q a='", (NOISE, 200_000_000 // len(NOISE)), "'/>" + END])
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_million_nested_elements_are_refused(path: Path) -> None:
    written(path, [BEGIN + "<!---->", ("<q>" * 1000, 1000), ("</q>" * 1000, 1000), END])
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


REPEATED: dict[str, tuple[str, int, Callable[[str], str], str, int]] = {
    "a megabyte of ascii": ("A" * 1_000_000, 2, str, "celula_grande_demais", 0),
    "a megabyte of ascii, prefixed": ("A" * 1_000_000, 2, prefixed, "textos_demais", 0),
    "blanks": (" " * 1_000_000, 2, str, "arquivo_suspeito", 0),
    "the longest cell of Excel, with accents": ("ç" * 32_767, 3, str, "textos_demais", SMALL_TEXT // 3 // 32_767),
    "a long cell of four-byte characters": ("x" * 100_000 + "😀", 2, prefixed, "textos_demais", SMALL_TEXT // 200_002),
    "phones": ("71 99999-9999;" * 2_340, 1, str, "textos_demais", SMALL_TEXT // 32_760),
}


@pytest.mark.parametrize(("text", "columns", "shape", "code", "rows"), REPEATED.values(), ids=list(REPEATED))
def test_long_string_in_every_row_is_refused_in_time(
    path: Path, text: str, columns: int, shape: Callable[[str], str], code: str, rows: int
) -> None:
    """A file of some 20 kB whose cells hold a gigabyte together: each string is written once and used everywhere."""
    used = "".join(
        f'<row r="{n}">{"".join(f"""<c r="{letter}{n}" t="s"><v>0</v></c>""" for letter in "ABC"[-columns:])}</row>'
        for n in range(2, 2_000)
    )
    strings = string_table(f'<si><t xml:space="preserve">{text}</t></si>')
    made = {**parts(strings=shape(strings)), SHEET: shape(sheet(row(1, "Nome", "Email", "Telefone") + used))}
    path.write_bytes(zipped(made))
    assert path.stat().st_size < 50_000
    read = read_confined(path)
    assert (read.code, read.rows) == (code, rows)


def test_many_references_in_a_row_are_read_within_the_limits(path: Path) -> None:
    cells = "".join(f'<c r="{letter}2" t="str"><v>{"&#65;" * 120_000}</v></c>' for letter in "AB")
    written(path, [BEGIN + f'<row r="2">{cells}</row>' + END])
    assert read_confined(path) == Outcome(None, 1, 1)


def test_cell_repeated_in_a_row_with_a_value_is_refused_in_time(path: Path) -> None:
    """Every row makes a lead, so none of them is waste as a whole."""
    cells = "".join(f'<x:c r="B9"><x:v>{n * 7919 % 1_000_003}</x:v></x:c>' for n in range(60_000))
    rows = "".join(f'<x:row r="{n}">{cells}</x:row>' for n in range(2, 22))
    written(path, [prefixed(BEGIN), rows, prefixed(END)])
    assert read_confined(path) == Outcome("arquivo_suspeito", 0, 0)


def test_text_of_a_million_blank_lines_is_read_within_the_limits(path: Path) -> None:
    path.write_bytes(b"Nome;Email\n" + b"\n" * (MAX_ROWS - 1))
    assert read_confined(path) == Outcome(None, 0, 0)
    path.write_bytes(b'"";""\n' * MAX_ROWS)
    assert read_confined(path) == Outcome("arquivo_vazio", 0, 0)


def test_text_of_one_huge_line_is_refused(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"Nome;Email\nAna;" + b"x" * (1 << 20))
        file.truncate(1 << 30)
    assert read_confined(path) == Outcome("arquivo_grande_demais", 0, 0)
    with path.open("r+b") as file:
        file.truncate(MAX_FILE)
    assert read_confined(path) == Outcome("celula_grande_demais", 0, 0)  # zeros at the end are no text
    with path.open("r+b") as file:
        file.seek(MAX_FILE - 1)
        file.write(b"x")
    assert read_confined(path) == Outcome("celula_grande_demais", 0, 0)


def test_too_many_blank_lines_inside_quotes_are_refused(path: Path) -> None:
    quoted = b'"' + b"\n" * 130_000 + b'"\n'
    path.write_bytes(b"Nome;Email\n" + quoted * (MAX_LINES // 130_000 + 1))
    assert read_confined(path) == Outcome("linhas_demais", 0, 0)


def test_text_of_only_quotes_is_read_within_the_limits(path: Path) -> None:
    path.write_bytes(b"Nome;Email\n" + (b'"' * 100_000 + b"\n") * 500)
    assert read_confined(path) == Outcome(None, 500, 500)


def test_too_many_delimiters_are_refused(path: Path) -> None:
    line = b";" * (MAX_COLUMNS - 1) + b"\n"
    with path.open("wb") as file:
        file.write(b"Nome;Email\n")
        file.writelines(line for _ in range(MAX_CELLS // MAX_COLUMNS + 1))
    assert read_confined(path) == Outcome("celulas_demais", 0, 0)
