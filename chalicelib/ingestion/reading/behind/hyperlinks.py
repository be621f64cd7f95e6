"""The contacts that stand only behind a cell, in its hyperlink (ECMA-376 Part 1, 18.3.1.47 and 18.17.7.150).

A cell may show `enviar e-mail`. Then `mailto:ana@x.com` is in the relationships of its sheet, or in its formula
`HYPERLINK("mailto:ana@x.com", "enviar e-mail")`. Excel makes a link of each address that somebody types, so there may
be hundreds of thousands that say nothing new. They are read only when a cell of contacts shows no contact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.cell_text import markup_text
from chalicelib.ingestion.reading.columns import SheetRow, column_index
from chalicelib.ingestion.reading.markup import Listener, parse

MAX_SIZE = 64 << 20  # of the links of a sheet in memory, as `_weight` counts it: some 250,000 addresses
_LONGEST = 1_000  # characters of a link
_OVERLAP = 4_096  # bytes: no tag or formula that is read is longer

_MAIL = "mailto:"
_CONTACT = re.compile(
    r"mailto:|tel:|sms:|whatsapp:|(?:https?://)?(?:[a-z]{2,4}\.)?(?:wa\.me|whatsapp\.com)/", re.IGNORECASE
).match
_TAG = re.compile(rb"yperlink ([^<>]{1,3000})>")  # the beginning is left out for the sake of prefixes
_ATTRIBUTE = re.compile(rb'(?:\A|[\s:])(ref|id)=["\']([^"\']{1,300})["\']')
_FORMULA = re.compile(
    rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^<>]{0,100}><f[^<>]{0,100}>'
    rb'HYPERLINK\((?:"|&quot;)((?:[^"&<]|&amp;){1,1000})(?:"|&quot;)'
)
_FUNCTION = b"HYPERLINK("
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_NUMBER = re.compile(r"(?:[0-9][^0-9]{0,3}){8}").search


class LinkWatch:
    """Passes the blocks of a sheet on, and notes whether it has links at all: `found`."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.found = False
        self._blocks = blocks

    def __iter__(self) -> Iterator[bytes]:
        tail = b""
        for block in self._blocks:
            # The element of links has the word three times, so the end of a block cannot hide it.
            if not self.found:
                # To look for one byte takes a small part of the time, and few sheets have it.
                self.found = (
                    (b"y" in block and b"yperlink" in block)
                    or (b"(" in block and _FUNCTION in block)
                    or _FUNCTION in tail + block[: len(_FUNCTION)]
                )
            tail = block[-len(_FUNCTION) :]
            yield block


class Hyperlinks:
    """The links of a sheet that lead to a contact, by row and column; they are read when the first one is asked for."""

    def __init__(
        self,
        sheet: Callable[[], Iterable[bytes]],
        relationships: Callable[[], Iterable[bytes]],
        *,
        most: int = MAX_SIZE,
    ) -> None:
        self._sheet, self._relationships, self._most = sheet, relationships, most
        self._found: Mapping[tuple[int, int], str] | None = None

    def behind(self, row: int, column: int) -> str | None:
        """Return the link of a cell; the first row is 1, the first column 0."""
        if self._found is None:
            self._found = dict(self._read())
        return self._found.get((row, column))

    def _read(self) -> Iterator[tuple[tuple[int, int], str]]:
        """Yield as many links as memory allows; the cells of the others are refused as they are shown."""
        size = 0
        for link in _links(self._sheet(), _targets(self._relationships(), self._most)):
            size += _weight(link[1])
            if size > self._most:
                return
            yield link


def with_links(
    rows: Iterable[SheetRow], links: Hyperlinks, emails: Iterable[int], phones: Iterable[int]
) -> Iterator[SheetRow]:
    """Yield the rows with the link of a cell in its place where a column of contacts shows none.

    An e-mail takes only a `mailto:`, and a phone takes any other link to a contact.
    """
    columns = [*((place, True) for place in emails), *((place, False) for place in phones)]
    for number, cells in rows:
        found = {}
        for place, mail in columns:
            shown = cells[place] if place < len(cells) else ""
            if "@" in shown if mail else _NUMBER(shown):
                continue
            link = links.behind(number, place)
            if link and link.lower().startswith(_MAIL) is mail:
                found[place] = link
        if found:
            length = max(len(cells), 1 + max(found))
            yield number, [found.get(place) or "".join(cells[place : place + 1]) for place in range(length)]
        else:
            yield number, cells


def _links(blocks: Iterable[bytes], targets: Mapping[str, str]) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield the place and the target of each link to a contact, some of them twice."""
    rest = b""
    for block in blocks:
        text = rest + block
        for reference, formula in _FORMULA.findall(text):
            place, link = _place(reference.decode()), markup_text(formula.decode("utf-8", "replace"))
            if place and _CONTACT(link):
                yield place, link
        for tag in _TAG.findall(text):
            attributes = {name: value.decode("utf-8", "replace") for name, value in _ATTRIBUTE.findall(tag)}
            place, target = _place(attributes.get(b"ref", "")), targets.get(attributes.get(b"id", ""))
            if place and target:
                yield place, target
        rest = text[-_OVERLAP:]


def _place(reference: str) -> tuple[int, int] | None:
    """Return the row and the column of a reference; the first cell of a range, whose link is that of its cells."""
    match = _CELL.match(reference)
    try:
        return (int(match[2]), column_index(match[1])) if match else None
    except InvalidFile:  # no sheet has such a column
        return None


def _targets(blocks: Iterable[bytes], most: int) -> dict[str, str]:
    """Return the targets of relationships that lead to a contact, by id; those that were read before a broken one."""
    listener = _Targets()
    try:
        for _ in parse(blocks, listener):
            if listener.size > most:
                break
    except InvalidFile:
        pass
    return listener.found


class _Targets(Listener):
    """Collects the links to contacts among the relationships of a sheet, and counts their size."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.size = 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "")
        if name == "Relationship" and len(target) <= _LONGEST and _CONTACT(target):
            self.found[attributes.get("Id", "")] = target
            self.size += _weight(target)


def _weight(link: str) -> int:
    """Return about how many bytes a link takes with its key and its place in a dictionary."""
    return 200 + len(link)
