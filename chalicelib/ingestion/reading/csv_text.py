"""Reads the rows of a `.csv`, whatever encoding it was saved in.

The encoding is decided line by line, because a file that was put together from two sources has both: a line that is
not UTF-8 is CP1252, which a Brazilian Excel saves. UTF-16 is recognised by its byte order mark, or by its zeros: every
other byte at the beginning is zero. The number of a row is the number of its record, as a spreadsheet shows it.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import REPLACEMENT
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_LINES, MAX_ROW, MAX_ROWS

DELIMITERS = "\t;,"

_BLOCK = 1 << 20
_HEAD = 1024  # bytes at the beginning by which the encoding is recognised
_LITTLE, _BIG = "utf-16-le", "utf-16-be"


class CsvTable:
    """The records of a file, read with one delimiter."""

    def __init__(self, path: Path, delimiter: str, *, most_lines: int = MAX_LINES) -> None:
        self.name = None
        self._most_lines = most_lines
        self._path = path
        self._delimiter = delimiter
        self.lines_read: int | None = None
        """How many lines the file has, blank ones and those inside quotes too; known when all rows were read."""

    def rows(self, after: int = 0, width: int = MAX_COLUMNS) -> Iterator[SheetRow]:
        """Yield the records after number `after`, blank ones too, each with its number and its first `width` cells.

        Raises:
            InvalidFile: a limit is exceeded (lines, rows, columns, a row, a cell), or `aspas_abertas`: a quote is never
                closed.
        """
        lines = _Lines(self._path, self._most_lines)
        records = csv.reader(lines, delimiter=self._delimiter)
        while (cells := _next_record(records, lines)) is not None:
            if lines.record > after:
                yield lines.record, cells[:width]
        self.lines_read = lines.read

    def size(self) -> int:
        """Estimate the number of lines from the first block of the file."""
        with self._path.open("rb") as file:
            start = file.read(_BLOCK)
        lines = max(start.count(b"\n"), start.count(b"\r")) + 1
        return lines * self._path.stat().st_size // len(start)


def is_binary(head: bytes) -> bool:
    """Whether a file with these first bytes is not text."""
    return b"\0" in head and _utf16(head) is None


class _Lines:
    """Gives `csv.reader` the lines of a file as text, and counts the size of the record that they make."""

    def __init__(self, path: Path, most: int) -> None:
        self.record = 0
        self.ended = False
        self._size = 0
        self._most = self._room = most
        self._lines = _lines(_blocks(path))

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self._size += len(line)
            self._room -= 1
            if self._room < 0:
                raise InvalidFile("linhas_demais", maximo=self._most)
            if self._size > MAX_ROW:
                raise InvalidFile("linha_grande_demais", linha=self.record)
            return _decoded(line)
        self.ended = True
        raise StopIteration

    @property
    def read(self) -> int:
        """How many lines were read."""
        return self._most - self._room

    def begin(self) -> None:
        """Begin a new record with the next line."""
        self.record += 1
        self._size = 0


def _next_record(records: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    """Return the next record, or None after the last. A record that only the end of the file ends has an open quote."""
    lines.begin()
    try:
        cells = next(records, None)
    except csv.Error as error:
        raise InvalidFile("celula_grande_demais", linha=lines.record) from error
    if cells is None:
        return None
    if lines.ended:
        raise InvalidFile("aspas_abertas", linha=lines.record)
    if lines.record > MAX_ROWS:
        raise InvalidFile("linhas_demais", maximo=MAX_ROWS)
    if len(cells) > MAX_COLUMNS:
        raise InvalidFile("colunas_demais", maximo=MAX_COLUMNS)
    return cells


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of the file in blocks; UTF-16 is converted to UTF-8."""
    with path.open("rb") as file:
        encoding = _utf16(file.read(_HEAD))
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        while block := file.read(_BLOCK):
            yield decoder.decode(block).encode() if decoder else block


def _utf16(head: bytes) -> str | None:
    """Return the name of the UTF-16 encoding, or None: in UTF-16 most Western characters are a byte and a zero."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _LITTLE if head.startswith(codecs.BOM_UTF16_LE) else _BIG
    even, odd = head[::2], head[1::2]
    if 2 * odd.count(0) > len(odd) and not even.count(0):
        return _LITTLE
    return _BIG if 2 * even.count(0) > len(even) and not odd.count(0) else None


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines with their ends (LF, CR or CRLF). A line that is too long is yielded before it is complete."""
    rest = b""
    for block in blocks:
        lines = (rest + block).splitlines(keepends=True)
        rest = lines.pop() if lines else b""  # the next block may continue it: even a CR may be followed by its LF
        yield from lines
        if len(rest) > MAX_ROW:
            yield rest
    if rest:
        yield rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"


def _decoded(line: bytes) -> str:
    line = line.removeprefix(codecs.BOM_UTF8)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    return text.replace("\0", REPLACEMENT)
