"""Workbooks for tests, written by real writers or by hand, part by part; and how `open_workbook` reads them.

`rows_of(by_xlsxwriter([HEADER, ["Ana", …]]))`, `refusal(zipped(parts(rows=…)))`.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlsxwriter

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.workbook import DEFAULT, Choice, LeadsTable, open_workbook
from tests.readers import trimmed

HEADER = ["Nome", "Contato", "CNPJ/CPF", "Email", "Telefone"]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"

_STATES = {"v": "visible", "h": "hidden"}

Parts = dict[str, str | bytes]
"""The parts of a workbook by name."""
Piece = str | tuple[str, int]
"""A piece of a part's text; with a number it is repeated so many times."""


def by_xlsxwriter(rows: Iterable[Sequence[object]], sheet: str = "Leads", *, inline: bool = False) -> bytes:
    """Return a workbook of one sheet by xlsxwriter; strings stay strings, even if they look like a formula."""
    out = io.BytesIO()
    options = {"constant_memory": inline, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, column, value)
                else:
                    page.write(number, column, value)
    return out.getvalue()


def by_openpyxl(rows: Iterable[Sequence[object]], sheet: str = "Leads") -> bytes:
    """Return a workbook of one sheet by openpyxl, which writes all strings inline."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """Return the bytes of a workbook of openpyxl."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell(reference: str, text: str) -> str:
    """Return the markup of a cell with an inline string."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def row(number: int, *texts: str) -> str:
    """Return the markup of a row of inline strings from column A on."""
    cells = "".join(cell(f"{chr(ord('A') + place)}{number}", text) for place, text in enumerate(texts))
    return f'<row r="{number}">{cells}</row>'


TITLES = row(1, "Nome", "Email")


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """Return the markup of a sheet."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def string_table(strings: str) -> str:
    """Return the markup of a table of shared strings."""
    return f'<sst xmlns="{MAIN}" count="1" uniqueCount="1">{strings}</sst>'


def relationships(*each: tuple[str, str, str]) -> str:
    """Return the markup of a part of relationships, each given as id, last word of the type, target."""
    described = "".join(f'<Relationship Id="{i}" Type="{RELATIONS}/{kind}" Target="{to}"/>' for i, kind, to in each)
    return f'<Relationships xmlns="{_PACKAGE}">{described}</Relationships>'


def parts(
    rows: str = "", *, strings: str | bytes | None = None, sheets: Mapping[str, str] | None = None, states: str = ""
) -> Parts:
    """Return the parts of a workbook with these rows below `TITLES`, or with whole sheets by name.

    `states` has a letter for each sheet: "vh" is a visible sheet and a hidden one.
    """
    pages = sheets or {"Leads": sheet(TITLES + rows)}
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}" state="{_STATES[state]}"/>'
        for n, (name, state) in enumerate(zip(pages, states.ljust(len(pages), "v"), strict=True), 1)
    )
    related = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(pages) + 1)]
    made: Parts = {
        "_rels/.rels": relationships(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>',
        **{f"xl/worksheets/sheet{n}.xml": page for n, page in enumerate(pages.values(), 1)},
    }
    if strings is not None:
        related.append(("rIdS", "sharedStrings", "sharedStrings.xml"))
        made[STRINGS] = strings
    made["xl/_rels/workbook.xml.rels"] = relationships(*related)
    return made


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return the parts as a zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def write_large(path: Path, parts: Parts, name: str, content: Iterable[Piece]) -> None:
    """Write the parts and one more part, which may be larger than memory.

    A repeated piece is deflated only once, so writing a gigabyte takes as long as its checksum.
    """

    @cache
    def deflate(data: bytes) -> bytes:
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)

    path.write_bytes(zipped(parts))
    crc, size, deflated = 0, 0, io.BytesIO()
    for each in content:
        text, times = each if isinstance(each, tuple) else (each, 1)
        data = text.encode()
        for _ in range(times):
            crc = zlib.crc32(data, crc)
            deflated.write(deflate(data))
        size += len(data) * times
    deflated.write(zlib.compressobj(9, zlib.DEFLATED, -15).flush())
    with zipfile.ZipFile(path, "a") as archive, path.open("r+b") as file:
        # `zipfile` accepts no deflated bytes: so the entry is written where the directory would go, and then listed.
        entry = zipfile.ZipInfo(name)
        entry.compress_type, entry.CRC = zipfile.ZIP_DEFLATED, crc
        entry.file_size, entry.compress_size, entry.header_offset = size, len(deflated.getbuffer()), archive.start_dir
        file.seek(archive.start_dir)
        file.write(entry.FileHeader() + deflated.getbuffer())
        archive.start_dir = file.tell()
        archive.filelist.append(entry)
        archive.NameToInfo[name] = entry
        archive._didModify = True  # type: ignore[attr-defined]


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the parts of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def prefixed(part: str) -> str:
    """Return the same part with a prefix before the name of each element of its own namespace."""
    part = re.sub(r"<(/?)([A-Za-z])", r"<\1x:\2", part.removeprefix(_declaration(part)))
    return _declaration(part) + part.replace(' xmlns="', ' xmlns:x="', 1)


def in_utf16(part: str) -> bytes:
    """Return the same part in UTF-16 with its byte order mark."""
    return part.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")


def with_comments(part: str) -> str:
    """Return the same part with a comment before each row and string."""
    return re.sub(r"<(row|si|/sheetData)\b", r"<!-- > </c> < -->\n<\1", part)


def strict(part: str) -> str:
    """Return the same part in the namespaces of ISO/IEC 29500 strict; its empty comment makes it not plain."""
    return part.replace(MAIN, STRICT_MAIN).replace(RELATIONS, STRICT_RELATIONS) + "<!---->"


SHAPES: dict[str, Callable[[str], str | bytes]] = {
    "prefixed": prefixed,
    "utf16": in_utf16,
    "comments": with_comments,
    "strict": strict,
}


def in_another_shape(data: bytes, shape: str) -> bytes:
    """Return the same workbook with its sheets and strings in a shape that only the converting reader knows."""
    changed: Parts = {
        name: SHAPES[shape](content.decode()) if name.startswith(("xl/worksheets/sheet", STRINGS)) else content
        for name, content in unzipped(data).items()
    }
    return zipped(changed)


def _declaration(part: str) -> str:
    match = re.match(r"<\?xml[^>]*\?>\s*", part)
    return match[0] if match else ""


@contextmanager
def opened(data: bytes, choice: Choice = DEFAULT) -> Iterator[LeadsTable]:
    """Open a file of these bytes; its name has no extension."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "planilha")
        path.write_bytes(data)
        with open_workbook(path, choice) as table:
            yield table


def rows_of(data: bytes, after: int = 0) -> list[tuple[int, list[str]]]:
    """Return the rows of a file without the blank cells at their ends."""
    with opened(data) as table:
        return [(number, trimmed(cells)) for number, cells in table.rows(after)]


def cells_of(data: bytes) -> list[list[str]]:
    """Return the cells of `rows_of` without the numbers of the rows."""
    return [cells for _, cells in rows_of(data)]


def refusal(data: bytes, choice: Choice = DEFAULT) -> str:
    """Return the code of the refusal of a file before its first row."""
    with pytest.raises(InvalidFile) as caught, opened(data, choice):
        pass
    return caught.value.code


def late_refusal(data: bytes) -> str:
    """Return the code of the refusal of a file while its rows are read."""
    with opened(data) as table, pytest.raises(InvalidFile) as caught:
        list(table.rows())
    return caught.value.code
