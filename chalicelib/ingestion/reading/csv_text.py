"""The rows of a `.csv`, whatever it was saved as.

Each line is UTF-8 or, if it is not, CP1252 (what a Brazilian Excel saves): a file put together from two sources is
both. UTF-16 is known by its mark, or by the zeros that every other byte of its beginning is. The number of a row is
that of its record, which is where a spreadsheet shows it.
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
_HEAD = 1024  # bytes, in which an encoding shows
_LITTLE, _BIG = "utf-16-le", "utf-16-be"


class CsvTable:
    """The records of a file, with one of the delimiters between its cells."""

    def __init__(self, path: Path, delimiter: str, *, most_lines: int = MAX_LINES) -> None:
        self.name = None
        self._most_lines = most_lines
        self._path = path
        self._delimiter = delimiter

    def rows(self, after: int = 0, width: int = MAX_COLUMNS) -> Iterator[SheetRow]:
        """The records below number `after`, each with its number, their first `width` cells; blank ones too.

        Raises:
            ArquivoInvalido: there is too much of something, or a quote is never closed.
        """
        lines = _Lines(self._path, self._most_lines)
        records = csv.reader(lines, delimiter=self._delimiter)
        while (cells := _next(records, lines)) is not None:
            if lines.record > after:
                yield lines.record, cells[:width]

    def size(self) -> int:
        """About how many lines there are, as far as the first of them tell."""
        with self._path.open("rb") as file:
            start = file.read(_BLOCK)
        lines = max(start.count(b"\n"), start.count(b"\r")) + 1
        return lines * self._path.stat().st_size // len(start)


def is_binary(head: bytes) -> bool:
    """Whether a file that begins so is no text at all."""
    return b"\0" in head and _utf16(head) is None


class _Lines:
    """The lines that `csv.reader` asks for, as text, and how far the record is that they make."""

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
            return _text(line)
        self.ended = True
        raise StopIteration

    def begin(self) -> None:
        """Another record begins with the next line."""
        self.record += 1
        self._size = 0


def _next(records: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    """The next record, if there is one: what only the end of the file has ended, had an open quote."""
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
    """The bytes of the file; those of UTF-16 as UTF-8."""
    with path.open("rb") as file:
        encoding = _utf16(file.read(_HEAD))
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        while block := file.read(_BLOCK):
            yield decoder.decode(block).encode() if decoder else block


def _utf16(head: bytes) -> str | None:
    """Which of the two it is, if it is UTF-16: most of what is Western there is a byte and a zero."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _LITTLE if head.startswith(codecs.BOM_UTF16_LE) else _BIG
    even, odd = head[::2], head[1::2]
    if 2 * odd.count(0) > len(odd) and not even.count(0):
        return _LITTLE
    return _BIG if 2 * even.count(0) > len(even) and not odd.count(0) else None


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The lines with their ends, each of which is LF, CR or both; one that is too long is handed out unfinished."""
    rest = b""
    for block in blocks:
        lines = (rest + block).splitlines(keepends=True)
        rest = lines.pop() if lines else b""  # it may go on: even a CR, with its LF
        yield from lines
        if len(rest) > MAX_ROW:
            yield rest
    if rest:
        yield rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"


def _text(line: bytes) -> str:
    line = line.removeprefix(codecs.BOM_UTF8)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1252", "replace")
    return text.replace("\0", REPLACEMENT)
