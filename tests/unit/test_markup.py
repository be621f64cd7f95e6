"""Parts of XML: plain or not, their elements, their items."""

from __future__ import annotations

import re

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.markup import (
    MAX_DEPTH,
    Listener,
    Part,
    UnknownShape,
    check_part,
    elements,
    parse,
    pieces_of_items,
)


def in_bytes(text: str) -> list[bytes]:
    return [bytes([each]) for each in text.encode()]


def parse_whole(text: str, size: int = 1000) -> None:
    data = text.encode()
    for _ in parse([data[at : at + size] for at in range(0, len(data), size)], Listener()):
        pass


@pytest.mark.parametrize(
    "part",
    [
        "<a><row r='1'/></a>",
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<a xmlns="m" xmlns:r="n"><b r:id="1">é</b></a>\n',
        '<?xml version="1.0" encoding="us-ascii"?><a></a>',
    ],
)
def test_utf8_without_prefixes_is_plain(part: str) -> None:
    assert check_part([part.encode()]).plain
    assert check_part([part[:-3].encode(), part[-3:].encode()]).plain


@pytest.mark.parametrize(
    "part",
    [
        "<x:a xmlns:x='m'></x:a>",
        "<a><!-- x --></a>",
        "<a><![CDATA[x]]></a>",
        "<a/>",
        "<!-- before --><a></a>",
        "<a></a><!-- after -->",
        '<?xml version="1.0" encoding="ISO-8859-1"?><a></a>',
    ],
)
def test_anything_else_is_not_plain(part: str) -> None:
    assert not check_part([part.encode()]).plain
    assert not check_part(in_bytes(part)).plain


@pytest.mark.parametrize("content", [b"\xff", b"\xed\xa0\x80", b"\0", b"\x1f"])
def test_bytes_that_xml_cannot_hold_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        check_part([b"<a>", content + b"</a>"])


def test_bytes_beyond_ascii_may_have_another_encoding() -> None:
    part = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    assert not check_part([part]).plain


def test_utf16_is_not_plain() -> None:
    assert not check_part(["<a></a>".encode("utf-16")]).plain


def test_items_are_counted_while_checking() -> None:
    assert check_part(in_bytes("<a><row r='1'></row><row /></a>")) == Part(plain=True, items=0)
    assert check_part([b"<a><row r='1'></row><row r='2'/><rowBreaks/></a>"], b"<row ") == Part(plain=True, items=2)


def test_only_names_in_the_namespace_of_the_root_are_local() -> None:
    class Names(Listener):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

        def opened(self, name: str, attributes: dict[str, str]) -> None:
            self.seen.append(name)

    names = Names()
    for _ in parse([b"<x:a xmlns:x='m' xmlns='n'><x:b/><b/><x:c xmlns:x='m'/></x:a>"], names):
        pass
    assert names.seen == ["a", "b", "n b", "c"]


def test_elements_have_local_attribute_names() -> None:
    part = b"<a xmlns:r='rel'><b r:id='1' x='2'/><c/><b/></a>"
    assert elements([part], "b") == [{"id": "1", "x": "2"}, {}]


@pytest.mark.parametrize("part", ["", "a", "<a>", "<a></b>", "<a>&nbsp;</a>", "<a b=1/>", "<a/><b/>"])
def test_malformed_xml_is_refused(part: str) -> None:
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        parse_whole(part)


def test_unknown_encoding_is_refused() -> None:
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        parse_whole('<?xml version="1.0" encoding="martian"?><a/>')


def test_depth_is_bounded() -> None:
    parse_whole("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH)
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        parse_whole("<a>" * (MAX_DEPTH + 1))


BEGIN = re.compile(rb"<items(?: [^<>]*)?>")


def pieces(part: str, size: int) -> list[bytes]:
    data = part.encode()
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    return list(pieces_of_items(blocks, BEGIN, b"<i", b"</items>"))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_begin_with_an_item_and_lose_nothing(size: int) -> None:
    found = pieces("<a><b/><items n='3'><i>1</i><i/><i>2</i></items><i>not this</i></a>", size)
    assert b"".join(found) == b"<i>1</i><i/><i>2</i>"
    assert all(piece.startswith(b"<i") for piece in found if piece)


@pytest.mark.parametrize("part", ["<a><items><i/></a>", "<a><i/></items></a>", "<items/>"])
def test_part_without_beginning_or_end_of_items_has_an_unknown_shape(part: str) -> None:
    with pytest.raises(UnknownShape):
        pieces(part, 1000)
