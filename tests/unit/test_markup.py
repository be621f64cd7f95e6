"""What a part of XML is: plain or not, its elements, its items."""

from __future__ import annotations

import re

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.markup import MAX_DEPTH, Listener, Part, UnknownShape, elements, parse, prove, whole


def in_bytes(text: str) -> list[bytes]:
    return [bytes([each]) for each in text.encode()]


def heard(text: str, size: int = 1000) -> None:
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
    assert prove([part.encode()]).plain
    assert prove([part[:-3].encode(), part[-3:].encode()]).plain


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
    assert not prove([part.encode()]).plain
    assert not prove(in_bytes(part)).plain


@pytest.mark.parametrize("content", [b"\xff", b"\xed\xa0\x80", b"\0", b"\x1f"])
def test_what_xml_cannot_hold_is_a_broken_file(content: bytes) -> None:
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        prove([b"<a>", content + b"</a>"])


def test_bytes_beyond_ascii_may_be_of_another_encoding() -> None:
    part = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    assert not prove([part]).plain


def test_utf16_is_not_plain() -> None:
    assert not prove(["<a></a>".encode("utf-16")]).plain


def test_rows_are_counted_on_the_way() -> None:
    assert prove(in_bytes("<a><row r='1'></row><row /></a>")) == Part(plain=True, items=0)
    assert prove([b"<a><row r='1'></row><row r='2'/><rowBreaks/></a>"], b"<row ") == Part(plain=True, items=2)


def test_names_of_the_root_s_namespace_are_local_and_others_are_not() -> None:
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


def test_elements_have_local_attributes() -> None:
    part = b"<a xmlns:r='rel'><b r:id='1' x='2'/><c/><b/></a>"
    assert elements([part], "b") == [{"id": "1", "x": "2"}, {}]


@pytest.mark.parametrize("part", ["", "a", "<a>", "<a></b>", "<a>&nbsp;</a>", "<a b=1/>", "<a/><b/>"])
def test_what_is_no_xml_is_a_broken_file(part: str) -> None:
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        heard(part)


def test_an_encoding_that_nobody_knows_is_a_broken_file() -> None:
    with pytest.raises(InvalidFile, match="arquivo_corrompido"):
        heard('<?xml version="1.0" encoding="martian"?><a/>')


def test_depth_has_an_end() -> None:
    heard("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH)
    with pytest.raises(InvalidFile, match="arquivo_suspeito"):
        heard("<a>" * (MAX_DEPTH + 1))


BEGIN = re.compile(rb"<items(?: [^<>]*)?>")


def pieces(part: str, size: int) -> list[bytes]:
    data = part.encode()
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    return list(whole(blocks, BEGIN, b"<i", b"</items>"))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pieces_begin_with_an_item_and_lose_nothing(size: int) -> None:
    found = pieces("<a><b/><items n='3'><i>1</i><i/><i>2</i></items><i>not this</i></a>", size)
    assert b"".join(found) == b"<i>1</i><i/><i>2</i>"
    assert all(piece.startswith(b"<i") for piece in found if piece)


@pytest.mark.parametrize("part", ["<a><items><i/></a>", "<a><i/></items></a>", "<items/>"])
def test_items_that_do_not_begin_or_end_are_of_unknown_shape(part: str) -> None:
    with pytest.raises(UnknownShape):
        pieces(part, 1000)
