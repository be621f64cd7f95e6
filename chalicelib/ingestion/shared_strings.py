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
# The element `si`: empty, or one `t`, or anything else without a prefix and without another `si`: one that does not end
# would be looked through to the end of the piece, and so would the next.
_STRING = re.compile(
    rb"<si/>|<si>(?:<t(?: xml:space=\"preserve\")?>([^<]*)</t>|((?:[^<]++|<(?!/?si[ />]|/?[A-Za-z0-9]+:))*+))</si>"
)


class SharedStrings:
    """The table, by index; `read` opens the part anew. Without a part there are no strings."""

    def __init__(self, read: Callable[[], Iterator[bytes]] | None, *, plain: bool) -> None:
        self._blob = bytearray()
        self._offsets = array("I", [0])
        self._more = self._batches(read, plain=plain) if read else iter(())

    def __getitem__(self, index: int) -> str:
        """The text of a string.

        Raises:
            ArquivoInvalido: there is no such string, or the table is broken, or larger than we hold.
        """
        offsets = self._offsets
        while index + 1 >= len(offsets):
            self._append(next(self._more, None))
        return markup_text(self._blob[offsets[index] : offsets[index + 1]].decode())

    def _append(self, strings: list[bytes] | None) -> None:
        if strings is None:
            raise ArquivoInvalido("arquivo_corrompido")
        start = self._offsets.pop()
        self._offsets.extend(accumulate(map(len, strings), initial=start))
        self._blob += b"".join(strings)
        if len(self._blob) > MAX_TABLE or len(self._offsets) > MAX_STRINGS:
            raise ArquivoInvalido("textos_demais")

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


def _plain_strings(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    for piece in whole(blocks, _BEGIN, _ITEM, b"</sst>"):
        found = _STRING.findall(piece)
        if len(found) != piece.count(_ITEM):
            raise UnknownShape
        yield [plain or rich for plain, rich in found]
