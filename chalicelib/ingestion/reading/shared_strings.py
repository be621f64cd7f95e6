"""The shared strings of a workbook (ECMA-376 Part 1, 18.4.9), read from their table only as far as cells need them.

The declared count of the table is ignored. Most writers number the strings in the order in which cells first use them.
So the strings that were read last are kept as text. All others are kept as markup and become text again on demand.

A string is written once and may be used by every cell. So a small file can make very much text: what is kept as text,
what one column may hold, and how much markup becomes text are bounded by size.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import cast

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import markup_text
from chalicelib.ingestion.reading.converted import converted_strings
from chalicelib.ingestion.reading.markup import UnknownShape, pieces_of_items

MAX_TABLE = 256 << 20  # bytes of markup inside the strings
MAX_STRINGS = 1 << 24
MAX_DECODED = 1 << 30  # bytes of markup that become text, those of a string each time it does; see `_REFERENCE_COSTS`
MAX_COLUMN = 1 << 19  # characters of the strings of a column that are read together

# Pieces that are kept as text: the cells of one block of a sheet use about one block of the table, which may begin in
# the block before.
_RECENT_PIECES = 3
# Older strings that are kept as text because cells use them again, such as the names of towns.
_MOST_REUSED = 50_000
_MOST_REUSED_TEXT = 1 << 23  # characters
# A reference or an escape takes as long as this many bytes of other markup.
_REFERENCE_COSTS = 32

_BEGIN = re.compile(rb"<sst(?: [^<>]*)?>")
_ITEM = b"<si"
_SEPARATOR = b"\x1f"  # XML has no such character
# The markup around and between strings that are a single `t`, as nearly all strings are.
_SPACED = b'<t xml:space="preserve">'
_OPEN, _SEAM, _CLOSE = b"<si><t>", b"</t></si><si><t>", b"</t></si>"
# The element `si`: empty, or one `t`, or anything else without a prefix and without another `si`. Without that last
# rule each `si` without an end would be scanned to the end of the piece.
_STRING = re.compile(
    rb"<si/>|<si>(?:<t(?: xml:space=\"preserve\")?>([^<]*)</t>|((?:[^<]++|<(?!/?si[ />]|/?[A-Za-z0-9]+:))*+))</si>"
)


class LongStrings(Exception):
    """The strings of a column may be too long to be read together."""


class SharedStrings:
    """The strings by index. `read` opens the part from its beginning; it is None if the workbook has no such part."""

    def __init__(
        self, read: Callable[[], Iterator[bytes]] | None, *, plain: bool, most_decoded: int = MAX_DECODED
    ) -> None:
        self._pieces: list[_Piece] = []
        self._ends: list[int] = []
        self._size = 0
        # By index; None where a string is kept as markup alone.
        self._texts: list[str | None] = []
        self._reused: list[int] = []
        self._reused_size = 0
        self._room = most_decoded
        self._longest = 1
        self._unread = self._all_pieces(read, plain=plain) if read else iter(())

    def __getitem__(self, index: int) -> str:
        """Return the text of a string.

        Raises:
            InvalidFile: the table has no such string, is broken, or is too large.
        """
        while index >= len(self._texts):
            self._append(next(self._unread, None))
        text = self._texts[index]
        return self._reuse(index) if text is None else text

    def column(self, indices: Sequence[str]) -> list[str]:
        """Return the texts of the cells of a column, given their indices in digits; a blank index gives a blank text.

        Raises:
            LongStrings: there may be more text than `MAX_COLUMN`.
            InvalidFile: as for a single string.
        """
        filled = indices if all(indices) else list(filter(None, indices))
        numbers = whole_numbers(filled)
        try:
            texts = list(map(self._texts.__getitem__, numbers))
        except IndexError:
            self[max(numbers)]
            texts = list(map(self._texts.__getitem__, numbers))
        if len(indices) > self.most_together:
            raise LongStrings
        known = cast(list[str], texts)
        if None in texts:
            known = [self[each] if text is None else text for each, text in zip(numbers, texts, strict=True)]
        if filled is indices:
            return known
        following = iter(known)
        return [next(following) if index else "" for index in indices]

    @property
    def most_together(self) -> int:
        """How many cells of a column may be read together, which is none where a string is very long."""
        return MAX_COLUMN // self._longest

    def _reuse(self, index: int) -> str:
        """Keep an older string as text, and forget all others where they become too many or too large."""
        place = bisect_right(self._ends, index)
        markup = self._pieces[place][index - (self._ends[place - 1] if place else 0)]
        self._spend(markup)
        text = markup_text(markup.decode())
        self._reused_size += len(text)
        if len(self._reused) == _MOST_REUSED or self._reused_size > _MOST_REUSED_TEXT:
            for each in self._reused:
                self._texts[each] = None
            self._reused.clear()
            self._reused_size = len(text)
        self._texts[index] = text
        self._reused.append(index)
        return text

    def _spend(self, markup: bytes) -> None:
        """Count markup that becomes text.

        Raises:
            InvalidFile: `textos_demais`; there was too much of it.
        """
        self._room -= len(markup) + _REFERENCE_COSTS * (markup.count(b"&") + markup.count(b"_x"))
        if self._room < 0:
            raise InvalidFile("textos_demais")

    def _append(self, piece: _Piece | None) -> None:
        if piece is None:
            raise InvalidFile("arquivo_corrompido")
        self._spend(piece.markup)
        texts = piece.texts()
        self._longest = max(self._longest, *map(len, texts))
        self._pieces.append(piece)
        self._size += len(piece.markup)
        self._texts += texts
        self._ends.append(len(self._texts))
        if self._size > MAX_TABLE or len(self._texts) > MAX_STRINGS:
            raise InvalidFile("textos_demais")
        if len(self._ends) > _RECENT_PIECES:
            begin, end = [0, *self._ends][-_RECENT_PIECES - 2 : -_RECENT_PIECES]
            self._texts[begin:end] = [None] * (end - begin)

    def _all_pieces(self, read: Callable[[], Iterator[bytes]], *, plain: bool) -> Iterator[_Piece]:
        """Yield the strings in pieces; where the plain shape ends, the other reader goes on with the next string."""
        if plain:
            try:
                yield from _plain_strings(read())
            except UnknownShape:
                pass
            else:
                return
        known = len(self._texts)
        for strings in converted_strings(read()):
            if fresh := strings[known:]:
                yield _Piece(_SEPARATOR.join(fresh))
            known = max(0, known - len(strings))


class _Piece:
    """The markup of one or more consecutive strings, joined by `_SEPARATOR`."""

    __slots__ = ("_starts", "markup")

    def __init__(self, markup: bytes) -> None:
        self.markup = markup
        self._starts: array[int] | None = None

    def texts(self) -> list[str]:
        """Return the text of each string, nearly always by one conversion of all of them together."""
        together = self.markup.decode()
        if "<" not in together:
            texts = markup_text(together).split(_SEPARATOR.decode())
            if len(texts) == self.markup.count(_SEPARATOR) + 1:  # more texts: a reference or escape gave a separator
                return texts
        return [markup_text(markup) for markup in together.split(_SEPARATOR.decode())]

    def __getitem__(self, place: int) -> bytes:
        """Return the markup of one string; the positions of all of them are computed at the first call."""
        if self._starts is None:
            sizes = map(len, self.markup.split(_SEPARATOR))
            self._starts = array("I", accumulate(sizes, initial=0))
        # One separator stands before each string but the first.
        return self.markup[self._starts[place] + place : self._starts[place + 1] + place]


def whole_numbers(digits: Sequence[str]) -> list[int]:
    """Return numbers, given in digits: JSON reads a list of them in half of the time that `int` takes one by one."""
    try:
        return cast(list[int], json.loads(f"[{','.join(digits)}]"))
    except ValueError:  # a zero in front
        return list(map(int, digits))


def _plain_strings(blocks: Iterable[bytes]) -> Iterator[_Piece]:
    for markup in pieces_of_items(blocks, _BEGIN, _ITEM, b"</sst>"):
        if _ITEM in markup:
            yield _only_texts(markup) or _with_runs(markup)


def _only_texts(markup: bytes) -> _Piece | None:
    """Return the piece if each of its strings is a single `t`: then no tag is left once the seams are replaced."""
    markup = markup.replace(_SPACED, b"<t>")
    if not (markup.startswith(_OPEN) and markup.endswith(_CLOSE)):
        return None
    strings = markup[len(_OPEN) : -len(_CLOSE)].replace(_SEAM, _SEPARATOR)
    return None if b"<" in strings else _Piece(strings)


def _with_runs(markup: bytes) -> _Piece:
    """Return a piece in which some strings have runs, or are empty."""
    found = _STRING.findall(markup)
    if len(found) != markup.count(_ITEM):
        raise UnknownShape
    return _Piece(_SEPARATOR.join([plain or rich for plain, rich in found]))
