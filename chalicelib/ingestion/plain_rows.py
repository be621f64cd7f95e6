"""Sheets and string tables of any shape, rewritten in the plain one that the patterns of `xlsx` match.

Prefixed or strict namespaces, UTF-16, comments, CDATA, attributes in any order, rows and cells that do not say where
they are (ECMA-376 Part 1, 18.3.1.73 and 18.3.1.4: they follow the one before): a parser sees through all of it, and
what leaves here is `<row r="2"><c r="A2" t="s"><v>0</v></c></row>` and `<si><t>text</t></si>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.columns import MAX_COLUMNS, column_index, column_name
from chalicelib.ingestion.markup import Listener, parse

MAX_PENDING = 8 << 20  # characters of one row, or of one shared string

_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_NUMBER = re.compile(r"[0-9]{1,7}")
_WORD = re.compile(r"[A-Za-z]+")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def rewritten(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The part as plain UTF-8: nothing but its rows of cells, or its strings."""
    rewriter = _Rewriter()
    for _ in parse(blocks, rewriter):
        yield "".join(rewriter.written).encode("utf-8")
        rewriter.written.clear()


class _Rewriter(Listener):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        self._row = 0
        self._column = -1
        self._kind = ""
        self._text: list[str] = []
        self._pending = 0
        self._inside = self._heard = self._phonetic = False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column = self._place(attributes.get("r"))
            self._kind = attributes.get("t", "n")
            self._begin()
        elif name in {"v", "t"}:
            self._heard = self._inside and not self._phonetic
        elif name == "row":
            self._row = self._number(attributes.get("r"))
            self._column, self._pending = -1, 0
            self.written.append(f'<row r="{self._row}">')
        elif name == "si":
            self._pending = 0
            self._begin()
        elif name == "rPh":
            self._phonetic = True
        elif name in {"sheetData", "sst"}:
            self.written.append(f"<{name}>")

    def closed(self, name: str) -> None:
        if name in {"v", "t"}:
            self._heard = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "c":
            self._inside = False
            if self._text:
                kind = self._kind if _WORD.fullmatch(self._kind) else "str"
                reference = f"{column_name(self._column)}{self._row}"
                self.written.append(f'<c r="{reference}" t="{kind}"><v>{"".join(self._text)}</v></c>')
        elif name == "si":
            self._inside = False
            self.written.append(f"<si><t>{''.join(self._text)}</t></si>")
        elif name in {"row", "sheetData", "sst"}:
            self.written.append(f"</{name}>")

    def text(self, text: str) -> None:
        if self._heard:
            self._pending += len(text)
            if self._pending > MAX_PENDING:
                raise ArquivoInvalido("linha_grande_demais", linha=self._row)
            self._text.append(text.translate(_MARKUP))

    def _begin(self) -> None:
        self._text = []
        self._inside = True

    def _number(self, reference: str | None) -> int:
        """The row that begins, by what it says or by the one before it."""
        if reference is None:
            return self._row + 1
        if not _NUMBER.fullmatch(reference.strip()):
            raise ArquivoInvalido("arquivo_corrompido")
        return int(reference)

    def _place(self, reference: str | None) -> int:
        """The column of the cell that begins, likewise."""
        if reference is None:
            if self._column + 1 == MAX_COLUMNS:
                raise ArquivoInvalido("colunas_demais", maximo=MAX_COLUMNS)
            return self._column + 1
        if not (match := _REFERENCE.fullmatch(reference.strip().upper())):
            raise ArquivoInvalido("arquivo_corrompido")
        return column_index(match[1])
