"""Reads the rows of a `.csv`, whatever program saved it.

How its bytes become lines is decided by `text_form`. The number of a row is the number of its record, as a spreadsheet
shows it. A first line `sep=;`, which is meant for Excel, is a blank record.

A quote that is never closed, or closed thousands of rows later, must not swallow these rows: see `swallowed`. The row
in which it opens is refused, and the next line is read as a row again.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Set
from pathlib import Path

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.detection.swallowed import Swallowing
from chalicelib.ingestion.detection.text_form import TextForm, form_of
from chalicelib.ingestion.reading.cell_text import without_nuls
from chalicelib.ingestion.reading.columns import RefusedCells, RowRun, SheetRow
from chalicelib.ingestion.reading.limits import MAX_COLUMNS, MAX_LINES, MAX_ROW, MAX_ROWS

DELIMITERS = "\t;,|"

MAX_READ_AGAIN = 1 << 25
"""Characters of lines that are read as rows again: each quote that is never closed may look ahead `MAX_ROW`."""
_DECLARED = re.compile('(?:sep=|"sep=)([^\\w\\s"]|\t)"?[;,\t]*[\r\n]*', re.IGNORECASE)
_LONGEST_DECLARATION = 64  # bytes
_LOOK_AFTER = 32  # lines of one record


class CsvTable:
    """The records of a file, read with one delimiter."""

    def __init__(
        self,
        path: Path,
        delimiter: str,
        form: TextForm | None = None,
        *,
        most_lines: int = MAX_LINES,
        most_rows: int = MAX_ROWS,
    ) -> None:
        self.name = self.looks = None
        self.form = form or form_of(path)
        self.delimiter = delimiter
        self._most_lines = most_lines
        self._most_rows = most_rows
        self._path = path

    def rows(self, after: int = 0, width: int = MAX_COLUMNS, _numbers: Set[int] = frozenset()) -> Iterator[SheetRow]:
        """Yield the records after number `after`, blank ones too, each with its number and its first `width` cells.

        Which columns hold numbers makes no difference: all cells are texts. The cells of a record that a quote made too
        long are `RefusedCells`.

        Raises:
            InvalidFile: a limit is exceeded (lines, rows, columns, a row, a cell), or `aspas_abertas`: too many quotes
                are never closed.
        """
        lines = _Lines(self._path, self.form, self.delimiter, self._most_lines)
        records = csv.reader(lines, delimiter=self.delimiter)
        while (cells := _next_record(records, lines)) is not None:
            if lines.record > self._most_rows:
                raise InvalidFile("linhas_demais", maximo=self._most_rows)
            if lines.record > after:
                yield lines.record, _narrow(cells, width)

    def runs(self, after: int = 0, width: int = MAX_COLUMNS, numbers: Set[int] = frozenset()) -> Iterator[RowRun]:
        """Yield the same records one by one, because each may be large."""
        return ([row] for row in self.rows(after, width, numbers))

    def sample(self, after: int, width: int) -> Iterator[RowRun]:
        """Yield the same records, to look at some."""
        return self.runs(after, width)

    def size(self) -> int:
        """Return the number of lines."""
        return self.form.lines


def declared_delimiter(path: Path, form: TextForm) -> str | None:
    """Return the delimiter that the first line of a file declares for Excel (`sep=;`), or None."""
    first = next(_lines(form.blocks(path)), b"")
    declared = _DECLARED.fullmatch(form.decoded(first[:_LONGEST_DECLARATION]))
    return declared[1] if declared else None


class _OpenQuote(Exception):
    """A record goes on although its lines look like rows, or although the file or the room for a row ends."""


class _Lines:
    """Gives `csv.reader` the lines of a file as text.

    The lines of the record that it reads are kept in `held`. They are read again, all but the first, when a quote turns
    out to have joined rows.
    """

    def __init__(self, path: Path, form: TextForm, delimiter: str, most: int) -> None:
        self.record = 0
        self.held: list[str] = []
        self.swallowing = Swallowing(delimiter)
        self._size = 0
        self._most = self._room = most
        self._room_again = MAX_READ_AGAIN
        self._again: deque[str] = deque()
        self._form = form
        self._lines = _lines(form.blocks(path))
        self._is_first = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next_line()
        self._size += len(line)
        if self._size > MAX_ROW:
            if self.held:
                self.held.append(line)
                raise _OpenQuote
            raise InvalidFile("linha_grande_demais", linha=self.record)
        self.held.append(line)
        if len(self.held) == _LOOK_AFTER and self.swallowing.has_rows(self.held[1:]):
            raise _OpenQuote
        return line

    def begin(self) -> None:
        """Begin a new record with the next line."""
        self.record += 1
        self.held.clear()
        self._size = 0

    def read_again(self) -> None:
        """Give the lines of the record once more, except its first."""
        self._room_again -= self._size
        if self._room_again < 0:
            raise InvalidFile("aspas_abertas", linha=self.record)
        self._again.extendleft(reversed(self.held[1:]))

    def _next_line(self) -> str:
        for line in self._lines:
            self._room -= 1
            if self._room < 0:
                raise InvalidFile("linhas_demais", maximo=self._most)
            text = self._form.decoded(line)
            if "\0" in text:
                text = without_nuls(text)
            if self._is_first:
                self._is_first = False
                if _DECLARED.fullmatch(text[:_LONGEST_DECLARATION]):
                    return "\n"
            return text
        if self.held:
            raise _OpenQuote
        raise StopIteration


def _next_record(records: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    """Return the next record, or None after the last one."""
    lines.begin()
    try:
        cells = next(records, None)
    except _OpenQuote:
        return _refused(lines)
    except csv.Error as error:
        if len(lines.held) > 1:
            return _refused(lines)
        raise InvalidFile("celula_grande_demais", linha=lines.record) from error
    if cells is None:
        return None
    if len(lines.held) == 1:
        lines.swallowing.learn(cells, lines.record)
    elif lines.swallowing.joins_rows(lines.held, cells):
        return _refused(lines)
    if len(cells) > MAX_COLUMNS:
        raise InvalidFile("colunas_demais", maximo=MAX_COLUMNS)
    return cells


def _narrow(cells: list[str], width: int) -> list[str]:
    return RefusedCells(cells.code, cells[:width]) if isinstance(cells, RefusedCells) else cells[:width]


def _refused(lines: _Lines) -> RefusedCells:
    """Refuse the row in which a quote opens; what it swallowed is read again."""
    lines.read_again()
    return RefusedCells("aspas_sem_fim", lines.swallowing.split(lines.held[0]))


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
