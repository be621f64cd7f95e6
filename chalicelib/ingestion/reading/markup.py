"""XML that may be hostile: what a part is, its elements, and its items.

No part may declare a document type: without one there are no entities, hence no billion laughs and nothing to fetch.
Depth and the length of a tag are bounded, for expat bounds neither.

A part is *plain* if it is UTF-8 without namespace prefixes, comments, CDATA or anything else that begins with `<!`:
then patterns may read its bytes. Any other (UTF-16, `<x:row>`, …) is for a real parser.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.parsers import expat

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.limits import MAX_ROW

MAX_DEPTH = 64
MAX_TAG = 2 << 20  # bytes; some versions of expat go through an open tag again with every piece of it
MAX_HEAD = 16 << 20  # bytes, before the root of a part
MAX_ELEMENTS = 10_000  # sheets, or relationships, of one workbook
MAX_NAMES = 10_000  # of elements, attributes and namespaces in a part: expat remembers each until the end
MAX_SMALL_PART = 8 << 20  # bytes of a part that lists them

_TAIL = 1024
_TEXT = re.compile(rb">\s*+[^<\s]")
_CONTROLS = bytes({*range(32)} - set(b"\t\n\r"))
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})
_MALFORMED = (expat.ExpatError, LookupError, ValueError)


class Part(NamedTuple):
    """What reading a part once has shown: whether it is plain, and about how many items are in it."""

    plain: bool
    items: int


class UnknownShape(Exception):
    """A part that looked plain is not."""


class Listener:
    """Hears what expat reads; names are local, those of other namespaces than the root's keep theirs before them."""

    def __init__(self) -> None:
        self._depth = 0
        self._namespace = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A tag opens."""
        if not self._depth:
            self._namespace = name[: name.rfind(" ") + 1]
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InvalidFile("arquivo_suspeito")
        self.opened(name.removeprefix(self._namespace), attributes)

    def end(self, name: str) -> None:
        """A tag closes."""
        self._depth -= 1
        self.closed(name.removeprefix(self._namespace))

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def closed(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Some characters inside an element."""


def prove(blocks: Iterable[bytes], item: bytes | None = None) -> Part:
    """Reads a part whole, and so proves its length and CRC, and that it begins as XML without a document type.

    An item is what begins so; without one none are counted.
    Whether all the rest is well-formed shows when it is read, row by row: to parse it here too would double the time.
    """
    prologue = _Prologue()
    characters = _Characters()
    unmarked, items, tail = True, 0, b""
    for block in blocks:
        prologue.feed(block)
        if b"!" in block:  # which is found in a small part of the time, and hardly ever
            unmarked = unmarked and b"<!" not in block and not (tail.endswith(b"<") and block.startswith(b"!"))
        characters.feed(block)
        if item:
            items += block.count(item)
        tail = (tail + block[-_TAIL:])[-_TAIL:]
    if not prologue.is_bytes():
        return Part(plain=False, items=items)
    if not characters.legal:
        raise InvalidFile("arquivo_corrompido")
    return Part(unmarked and prologue.root_ends(tail), items)


def whole(blocks: Iterable[bytes], begin: re.Pattern[bytes], item: bytes, end: bytes) -> Iterator[bytes]:
    """What stands between `begin` and `end` in a plain part, in pieces that each begin where an item does.

    Raises:
        UnknownShape: there is no such beginning or end, or an item is too large for the plain shape.
    """
    rest, inside = b"", False
    for block in blocks:
        rest += block
        if not inside and (match := begin.search(rest)):
            rest, inside = rest[match.end() :], True
        if inside:
            last = rest.find(end)
            cut = max(0, rest.rfind(item) if last < 0 else last)
            yield rest[:cut]
            if last >= 0:
                return
            rest = rest[cut:]
        if len(rest) > MAX_ROW:
            raise UnknownShape
    raise UnknownShape


def is_blank(piece: bytes) -> bool:
    """Whether nothing stands between the tags of a piece; where something does, that shows at once."""
    return _TEXT.search(piece) is None


def elements(blocks: Iterable[bytes], name: str) -> list[dict[str, str]]:
    """The attributes, their names local, of each element of that name in a part that is small."""
    listener = _Elements(name)
    for _ in parse(_small(blocks), listener):
        pass
    return listener.found


def parse(blocks: Iterable[bytes], listener: Listener) -> Iterator[None]:
    """Lets the listener hear a part, and stops after every block so that what it heard can be taken.

    Raises:
        ArquivoInvalido: `xml_proibido`, `arquivo_corrompido` or `arquivo_suspeito`.
    """
    parser = _guarded(expat.ParserCreate(namespace_separator=" "))
    parser.buffer_text = True
    parser.StartElementHandler = listener.start
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.text
    parser.StartNamespaceDeclHandler = _noticed
    fed = 0
    for block in blocks:
        fed += len(block)
        _feed(parser, block, fed)
        if len(parser.intern) > MAX_NAMES:
            raise InvalidFile("arquivo_suspeito")
        yield
    _feed(parser, b"", fed, last=True)
    yield


class _Prologue:
    """All that comes before the root of a part; the rest of it is not looked at."""

    def __init__(self) -> None:
        self.root = ""
        self._encoding = "utf-8"
        self._head = b""
        self._parser = _guarded(expat.ParserCreate())
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartElementHandler = self._began

    def feed(self, block: bytes) -> None:
        if not self.root:
            self._head += block
            if len(self._head) > MAX_HEAD:
                raise InvalidFile("arquivo_suspeito")
            _feed(self._parser, block, len(self._head))

    def is_bytes(self) -> bool:
        """Whether patterns can read it byte by byte: it is UTF-8, and there the root is to be seen."""
        return self._encoding in _UTF8 and f"<{self.root}".encode() in self._head

    def root_ends(self, tail: bytes) -> bool:
        """Whether the last of the part is the end of its root, and that has no prefix."""
        return ":" not in self.root and tail.rstrip().endswith(f"</{self.root}>".encode())

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._encoding = (encoding or "utf-8").lower()

    def _began(self, name: str, _attributes: dict[str, str]) -> None:
        self.root = name
        self._parser.StartElementHandler = None


class _Characters:
    """Whether a part is UTF-8, as far as it has been seen, without a character that XML cannot hold (XML 1.0, 2.2)."""

    def __init__(self) -> None:
        self.legal = True
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = b""

    def feed(self, block: bytes) -> None:
        try:
            if self._pending or not block.isascii():
                self._decoder.decode(block)
                self._pending = self._decoder.getstate()[0]
        except UnicodeDecodeError:
            self.legal = False
        # Twenty-nine searches for one byte each take less time than anything that looks at all of them at once.
        if any(map(block.__contains__, _CONTROLS)):
            self.legal = False


class _Elements(Listener):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.found: list[dict[str, str]] = []

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._name:
            self.found.append({key.rpartition(" ")[2]: value for key, value in attributes.items()})
            if len(self.found) > MAX_ELEMENTS:
                raise InvalidFile("arquivo_suspeito")


def _small(blocks: Iterable[bytes]) -> Iterator[bytes]:
    total = 0
    for block in blocks:
        total += len(block)
        if total > MAX_SMALL_PART:
            raise InvalidFile("arquivo_suspeito")
        yield block


def _guarded(parser: expat.XMLParserType) -> expat.XMLParserType:
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _noticed(_prefix: str | None, _uri: str) -> None:
    """Only what is told to somebody is put among the parser's names."""


def _refuse_doctype(*_declaration: object) -> None:
    raise InvalidFile("xml_proibido")


def _feed(parser: expat.XMLParserType, block: bytes, fed: int, *, last: bool = False) -> None:
    """Parses one more block; `fed` bytes in all. What expat has been given and not yet understood is one open tag."""
    try:
        parser.Parse(block, last)
    except _MALFORMED as error:
        raise InvalidFile("arquivo_corrompido") from error
    if fed - parser.CurrentByteIndex > MAX_TAG:
        raise InvalidFile("arquivo_suspeito")
