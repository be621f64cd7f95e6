"""Reads XML parts that may be hostile: checks a part, lists its elements, splits it into its items.

No part may declare a document type. Without one there are no entities, so there is no billion laughs attack and nothing
to fetch. Depth and the length of a tag are bounded here, because expat bounds neither.

A part is *plain* if it is UTF-8 without namespace prefixes, comments, CDATA or anything else that begins with `<!`.
Patterns may read the bytes of a plain part. Any other part (UTF-16, `<x:row>`, …) needs a real parser.
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
MAX_TAG = 2 << 20  # bytes; some versions of expat scan an open tag again with every block
MAX_HEAD = 16 << 20  # bytes before the root of a part
MAX_ELEMENTS = 10_000  # sheets, or relationships, of one workbook
MAX_NAMES = 10_000  # of elements, attributes and namespaces in a part: expat keeps each of them until the end
MAX_SMALL_PART = 8 << 20  # bytes of a part that lists sheets or relationships

_TAIL = 1024
_TEXT = re.compile(rb">\s*+[^<\s]")
_CONTROLS = bytes({*range(32)} - set(b"\t\n\r"))
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})
_MALFORMED = (expat.ExpatError, LookupError, ValueError)


class Part(NamedTuple):
    """The result of `check_part`: whether the part is plain, and about how many items it has."""

    plain: bool
    items: int


class UnknownShape(Exception):
    """A part that looked plain has a shape that the patterns do not know."""


class Listener:
    """Receives what expat reads. Names in the namespace of the root are local; others keep theirs in front ("n b")."""

    def __init__(self) -> None:
        self._depth = 0
        self._namespace = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag of expat."""
        if not self._depth:
            self._namespace = name[: name.rfind(" ") + 1]
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InvalidFile("arquivo_suspeito")
        self.opened(name.removeprefix(self._namespace), attributes)

    def end(self, name: str) -> None:
        """Handle an end tag of expat."""
        self._depth -= 1
        self.closed(name.removeprefix(self._namespace))

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Called when an element begins."""

    def closed(self, name: str) -> None:
        """Called when an element ends."""

    def text(self, text: str) -> None:
        """Called with characters inside an element, not always all of them at once."""


def check_part(blocks: Iterable[bytes], item: bytes | None = None) -> Part:
    """Read a part to its end, which checks length and CRC; check that it begins as XML without a document type.

    `item` is the beginning of an item, such as `<row `; without it no items are counted. Whether the rest of the part
    is well-formed shows later, when its rows are read: parsing it here too would double the time.

    Raises:
        InvalidFile: `xml_proibido`, `arquivo_corrompido` or `arquivo_suspeito`.
    """
    prologue = _Prologue()
    characters = _Characters()
    unmarked, items, tail = True, 0, b""
    for block in blocks:
        prologue.feed(block)
        if b"!" in block:  # this test takes a small part of the time of the next one, and is nearly always false
            unmarked = unmarked and b"<!" not in block and not (tail.endswith(b"<") and block.startswith(b"!"))
        characters.feed(block)
        if item:
            items += block.count(item)
        tail = (tail + block[-_TAIL:])[-_TAIL:]
    if not prologue.is_plain_utf8():
        return Part(plain=False, items=items)
    if not characters.are_legal:
        raise InvalidFile("arquivo_corrompido")
    return Part(unmarked and prologue.ends_with_root(tail), items)


def pieces_of_items(blocks: Iterable[bytes], begin: re.Pattern[bytes], item: bytes, end: bytes) -> Iterator[bytes]:
    """Yield the bytes between `begin` and `end` of a plain part in pieces, each of which begins with an item.

    Raises:
        UnknownShape: the part has no such beginning or end, or an item is too large for the plain shape.
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
    """Whether a piece has no text between its tags; the search stops at the first text."""
    return _TEXT.search(piece) is None


def elements(blocks: Iterable[bytes], name: str) -> list[dict[str, str]]:
    """Return the attributes, with local names, of each element of that name in a small part.

    Raises:
        InvalidFile: as `parse`; `arquivo_suspeito` too if the part is larger than `MAX_SMALL_PART`.
    """
    listener = _Elements(name)
    for _ in parse(small(blocks), listener):
        pass
    return listener.found


def parse(blocks: Iterable[bytes], listener: Listener) -> Iterator[None]:
    """Parse a part for the listener. Yields after every block, so that the caller can take what it has received.

    Raises:
        InvalidFile: `xml_proibido`, `arquivo_corrompido` or `arquivo_suspeito`.
    """
    parser = _guarded(expat.ParserCreate(namespace_separator=" "))
    parser.buffer_text = True
    parser.StartElementHandler = listener.start
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.text
    parser.StartNamespaceDeclHandler = _intern_namespace
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
    """Parses a part up to its root element and ignores the rest."""

    def __init__(self) -> None:
        self.root = ""
        self._encoding = "utf-8"
        self._head = b""
        self._parser = _guarded(expat.ParserCreate())
        self._parser.XmlDeclHandler = self._on_declaration
        self._parser.StartElementHandler = self._on_root

    def feed(self, block: bytes) -> None:
        if not self.root:
            self._head += block
            if len(self._head) > MAX_HEAD:
                raise InvalidFile("arquivo_suspeito")
            _feed(self._parser, block, len(self._head))

    def is_plain_utf8(self) -> bool:
        """Whether patterns can read the bytes: the declared encoding is UTF-8, and the root tag is found in it."""
        return self._encoding in _UTF8 and f"<{self.root}".encode() in self._head

    def ends_with_root(self, tail: bytes) -> bool:
        """Whether the part ends with the end tag of its root, and the root has no prefix."""
        return ":" not in self.root and tail.rstrip().endswith(f"</{self.root}>".encode())

    def _on_declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._encoding = (encoding or "utf-8").lower()

    def _on_root(self, name: str, _attributes: dict[str, str]) -> None:
        self.root = name
        self._parser.StartElementHandler = None


class _Characters:
    """Checks that a part is UTF-8 and has no character that XML cannot hold (XML 1.0, 2.2); `are_legal` so far."""

    def __init__(self) -> None:
        self.are_legal = True
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = b""

    def feed(self, block: bytes) -> None:
        try:
            if self._pending or not block.isascii():
                self._decoder.decode(block)
                self._pending = self._decoder.getstate()[0]
        except UnicodeDecodeError:
            self.are_legal = False
        # Twenty-nine searches for one byte each are faster than one search for all of them.
        if any(map(block.__contains__, _CONTROLS)):
            self.are_legal = False


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


def small(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a part of at most `MAX_SMALL_PART` bytes.

    Raises:
        InvalidFile: `arquivo_suspeito`; the part is larger.
    """
    total = 0
    for block in blocks:
        total += len(block)
        if total > MAX_SMALL_PART:
            raise InvalidFile("arquivo_suspeito")
        yield block


def _guarded(parser: expat.XMLParserType) -> expat.XMLParserType:
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _intern_namespace(_prefix: str | None, _uri: str) -> None:
    """Handle a namespace declaration: expat only adds a namespace to `parser.intern` if there is a handler."""


def _refuse_doctype(*_declaration: object) -> None:
    raise InvalidFile("xml_proibido")


def _feed(parser: expat.XMLParserType, block: bytes, fed: int, *, last: bool = False) -> None:
    """Parse one more block; `fed` counts all bytes so far. Bytes that expat has not consumed yet are an open tag."""
    try:
        parser.Parse(block, last)
    except _MALFORMED as error:
        raise InvalidFile("arquivo_corrompido") from error
    if fed - parser.CurrentByteIndex > MAX_TAG:
        raise InvalidFile("arquivo_suspeito")
