"""The strings that the cells of a workbook share (ECMA-376 Part 1, 18.4.9): one blob with offsets, read on demand.

Only as much of the table is read as the sheet has asked for, and its declared count is not looked at. A string is kept
as the markup it was written in, and made text each time that it is asked for.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from itertools import accumulate

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.cell_text import markup_text
from chalicelib.ingestion.limits import MAX_ROW
from chalicelib.ingestion.plain_rows import UnknownShape, rewritten

MAX_TABLE = 320 << 20  # bytes of markup inside the strings
MAX_STRINGS = 1 << 24

_TABLE = re.compile(rb"<sst(?: [^<>]*)?>")
_STRING = re.compile(rb'<si>(?:<t(?: xml:space="preserve")?>([^<]*)</t>|((?:[^<]++|<(?!/si>))*+))</si>')


class SharedStrings:
    """The table, by index; `read` opens the part anew."""

    def __init__(self, read: Callable[[], Iterator[bytes]], *, plain: bool) -> None:
        self._blob = bytearray()
        self._offsets = array("I", [0])
        self._more = self._plain(read) if plain else self._rewritten(read)

    def __getitem__(self, index: int) -> str:
        """The text of a string that is 0 or above.

        Raises:
            IndexError: the table ends before it.
            ArquivoInvalido: the table is broken, or larger than we hold.
        """
        offsets = self._offsets
        while index + 1 >= len(offsets):
            self._append(next(self._more, None))
        return markup_text(self._blob[offsets[index] : offsets[index + 1]].decode("utf-8", "replace"))

    def _append(self, strings: list[bytes] | None) -> None:
        if strings is None:
            raise IndexError
        start = self._offsets.pop()
        self._offsets.extend(accumulate(map(len, strings), initial=start))
        self._blob += b"".join(strings)
        if len(self._blob) > MAX_TABLE or len(self._offsets) > MAX_STRINGS:
            raise ArquivoInvalido("textos_demais")

    def _plain(self, read: Callable[[], Iterator[bytes]]) -> Iterator[list[bytes]]:
        try:
            yield from _strings(read())
        except UnknownShape:
            yield from self._rewritten(read)

    def _rewritten(self, read: Callable[[], Iterator[bytes]]) -> Iterator[list[bytes]]:
        known = len(self._offsets) - 1
        try:
            for strings in _strings(rewritten(read())):
                yield strings[known:]
                known = max(0, known - len(strings))
        except UnknownShape as error:
            raise ArquivoInvalido("arquivo_corrompido") from error


def _strings(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The markup of the strings, those that end in one block at a time."""
    rest, inside = b"", False
    for block in blocks:
        rest += block
        if not inside:
            rest, inside = _after_start(rest)
        cut = rest.rfind(b"</si>") + len(b"</si>") if inside and b"</si>" in rest else 0
        if cut:
            yield _matched(rest[:cut])
        rest = rest[cut:]
        if len(rest) > MAX_ROW:
            raise ArquivoInvalido("texto_grande_demais")
    if not inside or rest.replace(b"<si/>", b"").strip()[:6] != b"</sst>":
        raise UnknownShape
