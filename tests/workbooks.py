"""Workbooks for tests: written by real writers, or by hand part by part, and what `open_workbook` makes of them.

`rows_of(by_xlsxwriter([HEADER, ["Ana", …]]))`, `refusal(zipped(parts(rows=…)))`.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlsxwriter

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.workbook import LeadsTable, open_workbook

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


def by_xlsxwriter(rows: Iterable[Sequence[Any]], sheet: str = "Leads", *, inline: bool = False) -> bytes:
    """A workbook of one sheet; texts stay texts, whatever they look like."""
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


def by_openpyxl(rows: Iterable[Sequence[Any]], sheet: str = "Leads") -> bytes:
    """The same by another writer, whose strings are all inline."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in rows:
        page.append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook of openpyxl."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cell(reference: str, text: str) -> str:
    """The markup of a cell with an inline string."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def row(number: int, *texts: str) -> str:
    """The markup of a row of inline strings from column A on."""
    cells = "".join(cell(f"{chr(ord('A') + place)}{number}", text) for place, text in enumerate(texts))
    return f'<row r="{number}">{cells}</row>'


TITLES = row(1, "Nome", "Email")


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """The markup of a sheet."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def table(strings: str) -> str:
    """The markup of a table of shared strings."""
    return f'<sst xmlns="{MAIN}" count="1" uniqueCount="1">{strings}</sst>'


def relationships(*each: tuple[str, str, str]) -> str:
    """A part of relationships: id, last word of the type, target."""
    described = "".join(f'<Relationship Id="{i}" Type="{RELATIONS}/{kind}" Target="{to}"/>' for i, kind, to in each)
    return f'<Relationships xmlns="{_PACKAGE}">{described}</Relationships>'


def parts(
    rows: str = "", *, strings: str | bytes | None = None, sheets: Mapping[str, str] | None = None, states: str = ""
) -> Parts:
    """The parts of a workbook: of rows below `TITLES`, or of whole sheets by name, some hidden: `states="vh"`."""
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


def zipped(parts: Parts, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The parts as a file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def write_large(path: Path, parts: Parts, name: str, content: Iterable[str | tuple[str, int]]) -> None:
    """Writes the parts, and one more that may be larger than memory: pieces of text, some of them repeated.

    A piece that is repeated is deflated once, so a gigabyte takes no longer than its checksum.
    """

    @cache
    def squeezed(data: bytes) -> bytes:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        return squeeze.compress(data) + squeeze.flush(zlib.Z_FULL_FLUSH)

    path.write_bytes(zipped(parts))
    crc, size, deflated = 0, 0, io.BytesIO()
    for each in content:
        text, times = each if isinstance(each, tuple) else (each, 1)
        data = text.encode()
        for _ in range(times):
            crc = zlib.crc32(data, crc)
            deflated.write(squeezed(data))
        size += len(data) * times
    deflated.write(zlib.compressobj(9, zlib.DEFLATED, -15).flush())
    with zipfile.ZipFile(path, "a") as archive, path.open("r+b") as file:
        # `zipfile` can only deflate by itself: the entry is put where its directory will go, and told to it.
        entry = zipfile.ZipInfo(name)
        entry.compress_type, entry.CRC = zipfile.ZIP_DEFLATED, crc
        entry.file_size, entry.compress_size, entry.header_offset = size, len(deflated.getbuffer()), archive.start_dir
        file.seek(archive.start_dir)
        file.write(entry.FileHeader() + deflated.getbuffer())
        archive.start_dir = file.tell()
        archive.filelist.append(entry)
        archive.NameToInfo[name] = entry
        archive._didModify = True  # type: ignore[attr-defined]


def unzipped(data: bytes) -> Parts:
    """The parts of a file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def prefixed(part: str) -> str:
    """The same part with a prefix before the name of each element of its own namespace."""
    part = re.sub(r"<(/?)([A-Za-z])", r"<\1x:\2", part.removeprefix(_declaration(part)))
    return _declaration(part) + part.replace(' xmlns="', ' xmlns:x="', 1)


def in_utf16(part: str) -> bytes:
    """The same part in UTF-16, with its mark."""
    return part.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")


def with_comments(part: str) -> str:
    """The same part with a comment before each row and string."""
    return re.sub(r"<(row|si|/sheetData)\b", r"<!-- > </c> < -->\n<\1", part)


def strict(part: str) -> str:
    """The same part in the namespaces of ISO/IEC 29500 strict, and with an empty comment, which makes it not plain."""
    return part.replace(MAIN, STRICT_MAIN).replace(RELATIONS, STRICT_RELATIONS) + "<!---->"


SHAPES = {"prefixed": prefixed, "utf16": in_utf16, "comments": with_comments, "strict": strict}


def in_another_shape(data: bytes, shape: str) -> bytes:
    """The same workbook, its sheets and strings in a shape that only the library reads."""
    changed = {
        name: SHAPES[shape](bytes(content).decode()) if name.startswith(("xl/worksheets/sheet", STRINGS)) else content
        for name, content in unzipped(data).items()
    }
    return zipped(changed)


def _declaration(part: str) -> str:
    match = re.match(r"<\?xml[^>]*\?>\s*", part)
    return match[0] if match else ""


@contextmanager
def opened(data: bytes) -> Iterator[LeadsTable]:
    """What is in a file of these bytes, whose name says nothing."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "planilha")
        path.write_bytes(data)
        with open_workbook(path) as planilha:
            yield planilha


def rows_of(data: bytes, depois: int = 0) -> list[tuple[int, list[str]]]:
    """The rows of a file, without the blanks that they end with."""
    with opened(data) as planilha:
        return [(number, trimmed(cells)) for number, cells in planilha.linhas(depois)]


def cells_of(data: bytes) -> list[list[str]]:
    """The cells of those rows."""
    return [cells for _, cells in rows_of(data)]


def trimmed(cells: Sequence[str]) -> list[str]:
    """The cells up to the last that is not empty."""
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def refusal(data: bytes) -> str:
    """The code that a file is refused with, before its first row."""
    with pytest.raises(InvalidFile) as caught, opened(data):
        pass
    return caught.value.code


def late_refusal(data: bytes) -> str:
    """The code that a file is refused with while its rows are read."""
    with opened(data) as planilha, pytest.raises(InvalidFile) as caught:
        list(planilha.linhas())
    return caught.value.code
