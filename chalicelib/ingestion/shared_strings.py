"""The strings that the cells of a workbook share (ECMA-376 Part 1, 18.4.9): one blob with offsets, read on demand.

Only as much of the table is read as the sheet has asked for, and its declared count is not looked at. A string is kept
as the markup it was written in, and made text each time that it is asked for.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.cell_text import markup_text
from chalicelib.ingestion.converted import converted_strings
from chalicelib.ingestion.markup import UnknownShape, whole

MAX_TABLE = 256 << 20  # bytes of markup inside the strings
MAX_STRINGS = 1 << 24

_BEGIN = re.compile(rb"<sst(?: [^<>]*)?>")
_ITEM = b"<si"
_BETWEEN = "\x1f"  # no character of XML
# Between two strings that are nothing but one `t`, as nearly all are.
_SPACED = b'<t xml:space="preserve">'
_OPEN, _SEAM, _CLOSE = b"<si><t>", b"</t></si><si><t>", b"</t></si>"
# The element `si`: empty, or one `t`, or anything else without a prefix and without another `si`: one that does not end
# would be looked through to the end of the piece, and so would the next.
_STRING = re.compile(
    rb"<si/>|<si>(?:<t(?: xml:space=\"preserve\")?>([^<]*)</t>|((?:[^<]++|<(?!/?si[ />]|/?[A-Za-z0-9]+:))*+))</si>"
)


class SharedStrings:
    """The table, by index; `read` opens the part anew. Without a part there are no strings.

    Most writers number strings in the order in which the cells first use them: those that were read last are at hand
    as text.
    """

    def __init__(self, read: Callable[[], Iterator[bytes]] | None, *, plain: bool) -> None:
        self._blob = bytearray()
        self._offsets = array("I", [0])
        self._last: list[str] = []
        self._first_of_last = 0
        self._count = 0
        self._more = self._batches(read, plain=plain) if read else iter(())

    def __getitem__(self, index: int) -> str:
        """The text of a string.

        Raises:
            ArquivoInvalido: there is no such string, or the table is broken, or larger than we hold.
        """
        while index >= self._count:
            self._append(next(self._more, None))
        if index >= self._first_of_last:
            return self._last[index - self._first_of_last]
        return markup_text(self._blob[self._offsets[index] : self._offsets[index + 1]].decode())

    def _append(self, strings: list[bytes] | None) -> None:
        if strings is None:
            raise ArquivoInvalido("arquivo_corrompido")
        start = self._offsets.pop()
        self._offsets.extend(accumulate(map(len, strings), initial=start))
        self._blob += b"".join(strings)
        if len(self._blob) > MAX_TABLE or len(self._offsets) > MAX_STRINGS:
            raise ArquivoInvalido("textos_demais")
        self._last = _texts(strings)
        self._first_of_last, self._count = self._count, self._count + len(strings)

    def _batches(self, read: Callable[[], Iterator[bytes]], *, plain: bool) -> Iterator[list[bytes]]:
        """The strings, some at a time; where the plain shape ends, the library reads on from the next string."""
        if plain:
            try:
                yield from _plain_strings(read())
            except UnknownShape:
                pass
            else:
                return
        known = len(self._offsets) - 1
        for strings in converted_strings(read()):
            yield strings[known:]
            known = max(0, known - len(strings))


def _texts(strings: list[bytes]) -> list[str]:
    """The text of each, made in one go: what stands between them here stands in no part that was proven."""
    together = _BETWEEN.encode().join(strings).decode()
    if "<" not in together:
        texts = markup_text(together).split(_BETWEEN)
        if len(texts) == len(strings):  # else a reference meant this very character, or there are no strings
            return texts
    return [markup_text(string.decode()) for string in strings]


def _plain_strings(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    for piece in whole(blocks, _BEGIN, _ITEM, b"</sst>"):
        yield _alone(piece) or _with_runs(piece)


def _alone(piece: bytes) -> list[bytes] | None:
    """The strings of a piece that holds nothing but strings of one `t`: it has four tags for each, and no other."""
    piece = piece.replace(_SPACED, b"<t>")
    if not (piece.startswith(_OPEN) and piece.endswith(_CLOSE)):
        return None
    strings = piece[len(_OPEN) : -len(_CLOSE)].split(_SEAM)
    return strings if piece.count(b"<") == 4 * len(strings) else None


def _with_runs(piece: bytes) -> list[bytes]:
    found = _STRING.findall(piece)
    if len(found) != piece.count(_ITEM):
        raise UnknownShape
    return [plain or rich for plain, rich in found]
