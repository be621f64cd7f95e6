"""Hostile and damaged text files."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.csv_text import CsvTable
from chalicelib.ingestion.reading.limits import MAX_CELL, MAX_COLUMNS, MAX_ROW, MAX_ROWS
from tests.workbooks import cells_of, late_refusal, opened, refusal, rows_of

HEADER = b"Nome;Email\n"
FIRST = HEADER + b"Ana;a@b.c\n" * 30


def test_too_long_line_is_refused_before_it_is_read_whole() -> None:
    assert refusal(b"x" * (2 * MAX_ROW)) == "linha_grande_demais"
    assert late_refusal(FIRST + b"x," * (2 * MAX_ROW)) == "linha_grande_demais"


def test_quotes_that_open_again_and_again_are_refused_at_last() -> None:
    """Each line closes the quote of the line before it and opens another: no record ever ends."""
    assert late_refusal(FIRST + b'x";"%s\n' % (b"x" * 1000) * (2 * MAX_ROW // 1000)) == "aspas_abertas"


def test_too_large_cell_is_refused() -> None:
    assert len(cells_of(FIRST + b"x" * MAX_CELL)[-1][0]) == MAX_CELL
    assert late_refusal(FIRST + b"x" * (MAX_CELL + 1)) == "celula_grande_demais"


@pytest.mark.parametrize("more", [0, 10, 20_000])
def test_unclosed_quote_refuses_its_row_alone(more: int) -> None:
    rows = rows_of(FIRST + b'"Bia;b@c.d\n' + b"Caio;c@d.e\n" * more)
    assert rows[30:] == [(32, ['"Bia', "b@c.d"]), *((n, ["Caio", "c@d.e"]) for n in range(33, 33 + more))]


def test_quote_at_the_very_end_refuses_its_row_alone() -> None:
    assert cells_of(FIRST + b'Bia;"')[30:] == [["Bia", '"']]


def test_unclosed_quote_before_blank_lines_refuses_its_row_alone() -> None:
    """The lines do not look like rows, but the room for a cell ends."""
    assert cells_of(FIRST + b'"Bia;b@c.d\n' + b"\n" * MAX_CELL + b"Caio;c@d.e\n")[30:] == [
        ['"Bia', "b@c.d"],
        ["Caio", "c@d.e"],
    ]


def test_more_rows_than_a_sheet_can_hold_are_refused() -> None:
    with opened(FIRST + b"\n" * (MAX_ROWS - 32) + b"x\ny\n") as table:
        rows = table.rows(MAX_ROWS - 1)
        assert next(rows) == (MAX_ROWS, ["x"])
        with pytest.raises(InvalidFile, match="linhas_demais"):
            next(rows)


def test_row_after_the_most_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(b"x\n" * 4)
    rows = CsvTable(path, ";", most_rows=3).rows()
    assert [number for number, _ in (next(rows), next(rows), next(rows))] == [1, 2, 3]
    with pytest.raises(InvalidFile, match="linhas_demais"):
        next(rows)


def test_too_many_blank_rows_before_the_header_are_refused() -> None:
    assert refusal(b"\n" * (MAX_ROWS + 1)) == "linhas_demais"


def test_lines_inside_quotes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(b'x\n"' + b"\n" * 50 + b'"\n"' + b"\n" * 60 + b'"\n')
    rows = CsvTable(path, ";", most_lines=100).rows()
    assert [number for number, _ in (next(rows), next(rows))] == [1, 2]
    with pytest.raises(InvalidFile, match="linhas_demais"):
        next(rows)


def test_more_columns_than_a_sheet_can_hold_are_refused() -> None:
    assert len(cells_of(FIRST + b";" * (MAX_COLUMNS - 1) + b"\nx\n")) == 31
    assert late_refusal(FIRST + b";" * MAX_COLUMNS + b"\n") == "colunas_demais"


@pytest.mark.parametrize("nul", [b"a\0b", b"\0", b'"\0"', b"\0\0\0\0"])
def test_nul_is_replaced(nul: bytes) -> None:
    data = HEADER + b"Ana Maria;a@exemplo.com\n" * 60 + nul + b";x\n"
    assert cells_of(data)[-1] == [nul.decode().strip('"').replace("\0", "\ufffd"), "x"]


def test_file_with_nul_near_the_beginning_is_not_supported() -> None:
    assert refusal(b"No\0me;Email\nx;y\n") == "formato_nao_suportado"


def test_utf16_cut_inside_a_character_is_read_up_to_there() -> None:
    data = "Nome;Email\nAna;x\n".encode("utf-16-le")
    assert rows_of(b"\xff\xfe" + data + b"\x00\xd8\x41") == [(2, ["Ana", "x"])]


def test_lone_surrogates_of_utf16_are_replaced() -> None:
    data = b"\xff\xfe" + "Nome;Email\n".encode("utf-16-le") + b"\x00\xd8;\x00x\x00\n\x00"
    assert cells_of(data) == [["\ufffd", "x"]]


def test_line_of_utf8_cut_inside_a_character_is_read() -> None:
    assert len(cells_of(HEADER + "Ana;ção".encode()[:-1])) == 1


def test_file_of_delimiters_only_is_refused() -> None:
    assert refusal(b";;;;\n,,,\n\t\t\n") == "cabecalho_ausente"
    assert refusal(b";;;;\n" * 1000) == "arquivo_vazio"


def test_signature_of_a_zip_further_down_is_text() -> None:
    assert cells_of(HEADER + b"PK\x03\x04;<html>\n") == [["PK\x03\x04", "<html>"]]


def test_formulas_are_text() -> None:
    assert cells_of(HEADER + b'=cmd|x;"=HYPERLINK(""x"")"\n') == [["=cmd|x", '=HYPERLINK("x")']]
