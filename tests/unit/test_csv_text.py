"""Rows of text files: encodings, delimiters, quotes; hostile files are in tests/hostile/test_hostile_csv.py."""

from __future__ import annotations

import csv
import io
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.header import LeadField
from chalicelib.ingestion.reading.workbook import Choice, TextReading, open_workbook
from tests.readers import trimmed
from tests.workbooks import HEADER, by_openpyxl, cells_of, opened, rows_of

TEXT = "Nome;Contato;CNPJ/CPF;Email;Telefone\r\nAção & Cia;José;1;a@b.c | d@e.f;71\r\n;;;;\r\nÚltima;€;;;\r\n"
ROWS = [(2, ["Ação & Cia", "José", "1", "a@b.c | d@e.f", "71"]), (4, ["Última", "€"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_text_is_read_in_the_encoding_it_was_saved_in(encoding: str, ending: str) -> None:
    assert rows_of(TEXT.replace("\r\n", ending).encode(encoding)) == ROWS


def test_big_endian_is_recognised_by_its_byte_order_mark() -> None:
    assert rows_of(b"\xfe\xff" + TEXT.encode("utf-16-be")) == ROWS


def test_each_line_is_read_in_its_own_encoding() -> None:
    lines = TEXT.splitlines(keepends=True)
    assert rows_of(lines[0].encode() + lines[1].encode() + lines[2].encode() + lines[3].encode("cp1252")) == ROWS


def test_byte_order_mark_before_a_quote_is_ignored() -> None:
    assert cells_of(b'\xef\xbb\xbf"Email";"Nome"\n"a@b.c";"x;y"\n') == [["a@b.c", "x;y"]]


@pytest.mark.parametrize("delimiter", ";,\t|")
def test_delimiter_that_gives_the_most_header_fields_wins(delimiter: str) -> None:
    header = delimiter.join(["Nome, ou; outro", *HEADER]) if delimiter == "\t" else delimiter.join(HEADER)
    with opened(f"{header}\n1{delimiter}2\n".encode()) as table:
        assert list(table.header.fields) == [*LeadField][1:]
        assert [cells for _, cells in table.rows()] == [["1", "2"]]


def test_delimiter_inside_the_cells_of_a_single_column_is_text() -> None:
    assert cells_of(b"Email\na@b.c; d@e.f\na@b.c, d@e.f\n") == [["a@b.c; d@e.f"], ["a@b.c, d@e.f"]]


def test_titles_above_the_header_do_not_decide_the_delimiter() -> None:
    data = "sep=;\nRelatório, de leads, de e-mail\n\nNome;E-mail;Celular\nAna;a@b.c;71\n".encode()
    with opened(data) as table:
        assert table.header.row == 4
    assert rows_of(data) == [(5, ["Ana", "a@b.c", "71"])]


def test_quote_that_closes_with_only_one_delimiter_is_accepted() -> None:
    assert cells_of(b'Nome;Email\n"Emp ""X"";",a@b.c\n"Y";b@c.d\n') == [['Emp "X";,a@b.c'], ["Y", "b@c.d"]]


def test_record_of_several_lines_is_one_row() -> None:
    assert rows_of(b'Nome;Email\n"a\r\nb\n\nc";x\n\nd;y') == [(2, ["a\r\nb\n\nc", "x"]), (4, ["d", "y"])]


def test_cells_beyond_the_header_are_cut_off() -> None:
    assert cells_of(b"Nome;Email\na\na;b;c;d\n;;\n;b\n;;c") == [["a"], ["a", "b"], ["", "b"]]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n", " "])
def test_last_line_needs_no_line_break(end: str) -> None:
    assert cells_of(b"Nome;Email\na;b" + end.encode()) == [["a", f"b{end.strip(chr(10)).strip(chr(13))}"]]


def test_nul_and_undefined_bytes_are_replaced() -> None:
    assert cells_of(b"Nome;Email\n" + b"x;y\n" * 300 + b"a\0b;a\xe7\xe3o \x81\n")[-1] == ["a\ufffdb", "ação \ufffd"]


def test_quotes_inside_a_cell_are_kept() -> None:
    assert cells_of(b'Nome;Email\nEmpresa "X" Ltda;a\n"Empresa "Y" Ltda";b\n')[0] == ['Empresa "X" Ltda', "a"]


def test_reading_resumes_after_any_record() -> None:
    data = b"Nome;Email\n" + b"".join(b'"%d\nx";y\n' % n for n in range(2, 30))
    for after in (0, 1, 5, 29, 99):
        assert [n for n, _ in rows_of(data, after)] == list(range(max(2, after + 1), 30))


def test_number_of_rows_is_known_from_the_lines() -> None:
    with opened(b"Nome;Email\n" + b"Ana;a@exemplo.com\n" * 20_000) as table:
        assert table.sheet_name is None
        assert table.estimated_rows == 20_000


def test_reading_of_a_text_is_told() -> None:
    with opened('Relatório\n\nNome|Email\nJosé|"a\nb"\n'.encode("mac_roman")) as table:
        assert table.text == TextReading("mac-roman", "|", 5)
    with opened(b"Nome\tEmail\nAna\ta@b.co") as table:
        assert table.text == TextReading("utf-8", "\t", 2)
    with opened(by_openpyxl([["Email"]])) as table:
        assert table.text is None


@pytest.mark.parametrize("declaration", ["sep=^", '"sep=^"', "SEP=^", "\ufeffsep=^", "sep=^^^"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_delimiter_that_the_file_declares_is_used(declaration: str, encoding: str) -> None:
    declaration = declaration if declaration != "sep=^^^" else "sep=^;;"
    data = f"{declaration}\r\nNome^Email\r\nAna; Bia^a@b.co\r\n".encode(encoding)
    assert rows_of(data) == [(3, ["Ana; Bia", "a@b.co"])]


def test_delimiter_that_is_declared_wrongly_is_not_used() -> None:
    assert cells_of(b"sep=,\nNome;Email\nAna;a@b.co\n") == [["Ana", "a@b.co"]]


def test_what_the_upload_says_comes_before_what_the_file_says() -> None:
    data = "sep=;\na|Email|b;Email;c\n1|a@b.co|João;c@d.ef;3\n".encode("cp850")
    assert [cells for _, cells in said(data, "cp850", ";")] == [["1|a@b.co|João", "c@d.ef", "3"]]
    assert [cells for _, cells in said(data, "cp1252", ";")] == [["1|a@b.co|JoÆo", "c@d.ef", "3"]]
    assert [cells for _, cells in said(data, None, "|")] == [["1", "a@b.co", "João;c@d.ef;3"]]
    with pytest.raises(InvalidFile, match="cabecalho_ausente"):
        said(data, None, ",")
    with pytest.raises(InvalidFile, match="codificacao_nao_serve"):
        said(data, "utf-8", None)


def said(data: bytes, encoding: str | None, separator: str | None) -> list[SheetRow]:
    """The rows of a file, read as the upload says."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "leads")
        path.write_bytes(data)
        with open_workbook(path, Choice(encoding=encoding, separator=separator)) as table:
            return list(table.rows())


def test_line_break_may_span_two_blocks() -> None:
    for shift, ending in product(range(3), ("\r\n", "\n", "\r")):
        line = "x" * 1022 + ";"
        data = "Nome;Email" + ending + "y" * shift + ";" + ending + (line + ending) * 1100
        assert len(cells_of(data.encode())) == 1100 + (shift > 0)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=20)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=5), max_size=6), st.sampled_from(";,\t|"))
def test_random_cells_are_read_as_they_were_written(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    expected = [trimmed(cells) for cells in rows if any(cell.strip() for cell in cells)]
    assert cells_of(out.getvalue().encode()) == expected
