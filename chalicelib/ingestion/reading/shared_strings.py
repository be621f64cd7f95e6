"""The strings that the cells of a workbook share (ECMA-376 Part 1, 18.4.9): read as far as they are asked for.

The declared count of the table is not looked at. Most writers number strings in the order in which the cells first use
them: those that were read last are at hand as text. All others are kept as the markup they were written in, and made
text when they are asked for again.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import markup_text
from chalicelib.ingestion.reading.converted import converted_strings
from chalicelib.ingestion.reading.markup import UnknownShape, whole

MAX_TABLE = 256 << 20  # bytes of markup inside the strings
MAX_STRINGS = 1 << 24

# The cells of a block of a sheet use the strings of about as much of the table, which may begin in another block.
_AT_HAND = 3
# Strings from before that, which are used again, as the names of towns are.
_MOST_AGAIN = 50_000
_BLANK = -1

_BEGIN = re.compile(rb"<sst(?: [^<>]*)?>")
_ITEM = b"<si"
_BETWEEN = b"\x1f"  # no character of XML
# Between two strings that are nothing but one `t`, as nearly all are.
_SPACED = b'<t xml:space="preserve">'
_OPEN, _SEAM, _CLOSE = b"<si><t>", b"</t></si><si><t>", b"</t></si>"
# The element `si`: empty, or one `t`, or anything else without a prefix and without another `si`: one that does not end
# would be looked through to the end of the piece, and so would the next.
_STRING = re.compile(
    rb"<si/>|<si>(?:<t(?: xml:space=\"preserve\")?>([^<]*)</t>|((?:[^<]++|<(?!/?si[ />]|/?[A-Za-z0-9]+:))*+))</si>"
)


class SharedStrings:
    """The table, by index; `read` opens the part anew. Without a part there are no strings."""

    def __init__(self, read: Callable[[], Iterator[bytes]] | None, *, plain: bool) -> None:
        self._pieces: list[_Piece] = []
        self._ends: list[int] = []
        self._size = 0
        self._count = 0
        self._at_hand: list[str] = []
        self._first_at_hand = 0
        self._again = {_BLANK: ""}
        self._more = self._batches(read, plain=plain) if read else iter(())

    def __getitem__(self, index: int) -> str:
        """The text of a string.

        Raises:
            ArquivoInvalido: there is no such string, or the table is broken, or larger than we hold.
        """
        while index >= self._count:
            self._append(next(self._more, None))
        if index >= self._first_at_hand:
            return self._at_hand[index - self._first_at_hand]
        if index not in self._again:
            if len(self._again) > _MOST_AGAIN:
                self._again.clear()
                self._again[_BLANK] = ""
            place = bisect_right(self._ends, index)
            self._again[index] = self._pieces[place][index - (self._ends[place - 1] if place else 0)]
        return self._again[index]

    def column(self, indices: Sequence[str]) -> list[str]:
        """The texts of some cells that stand below each other, by their indices in digits; a blank one is a blank.

        Raises:
            ArquivoInvalido: as for one.
        """
        numbers = [int(index) if index else _BLANK for index in indices]
        self[max(numbers)]
        first, at_hand, again = self._first_at_hand, self._at_hand, self._again
        return [
            at_hand[number - first] if number >= first else again[number] if number in again else self[number]
            for number in numbers
        ]

    def _append(self, piece: _Piece | None) -> None:
        if piece is None:
            raise InvalidFile("arquivo_corrompido")
        texts = piece.texts()
        self._pieces.append(piece)
        self._size += len(piece.markup)
        self._count += len(texts)
        self._ends.append(self._count)
        if self._size > MAX_TABLE or self._count > MAX_STRINGS:
            raise InvalidFile("textos_demais")
        first = self._ends[-_AT_HAND - 1] if len(self._ends) > _AT_HAND else 0
        self._at_hand = self._at_hand[first - self._first_at_hand :] + texts
        self._first_at_hand = first

    def _batches(self, read: Callable[[], Iterator[bytes]], *, plain: bool) -> Iterator[_Piece]:
        """The strings, some at a time; where the plain shape ends, the library reads on from the next string."""
        if plain:
            try:
                yield from _plain_strings(read())
            except UnknownShape:
                pass
            else:
                return
        known = self._count
        for strings in converted_strings(read()):
            if fresh := strings[known:]:
                yield _Piece(_BETWEEN.join(fresh))
            known = max(0, known - len(strings))


class _Piece:
    """Some strings that follow each other, one at least, with what is no character of XML between their markups."""

    __slots__ = ("_starts", "markup")

    def __init__(self, markup: bytes) -> None:
        self.markup = markup
        self._starts: array[int] | None = None

    def texts(self) -> list[str]:
        """The text of each; nearly always made in one go."""
        together = self.markup.decode()
        if "<" not in together:
            texts = markup_text(together).split(_BETWEEN.decode())
            if len(texts) == self.markup.count(_BETWEEN) + 1:  # else a reference meant this very character
                return texts
        return [markup_text(markup) for markup in together.split(_BETWEEN.decode())]

    def __getitem__(self, place: int) -> str:
        """The text of one of them; where each begins is not known before somebody asks."""
        if self._starts is None:
            sizes = map(len, self.markup.split(_BETWEEN))
            self._starts = array("I", accumulate((size + 1 for size in sizes), initial=0))
        return markup_text(self.markup[self._starts[place] : self._starts[place + 1] - 1].decode())


def _plain_strings(blocks: Iterable[bytes]) -> Iterator[_Piece]:
    for markup in whole(blocks, _BEGIN, _ITEM, b"</sst>"):
        if _ITEM in markup:
            yield _alone(markup) or _with_runs(markup)


def _alone(markup: bytes) -> _Piece | None:
    """The strings of a piece that are all of one `t`: without the seams between them no tag is left."""
    markup = markup.replace(_SPACED, b"<t>")
    if not (markup.startswith(_OPEN) and markup.endswith(_CLOSE)):
        return None
    strings = markup[len(_OPEN) : -len(_CLOSE)].replace(_SEAM, _BETWEEN)
    return None if b"<" in strings else _Piece(strings)


def _with_runs(markup: bytes) -> _Piece:
    found = _STRING.findall(markup)
    if len(found) != markup.count(_ITEM):
        raise UnknownShape
    return _Piece(_BETWEEN.join([plain or rich for plain, rich in found]))
