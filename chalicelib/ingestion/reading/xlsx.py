"""The sheets of an `.xlsx` and the rows of each, by whichever reader knows the shape that they are written in.

A package names its workbook, the workbook its sheets, and relationships say which part each of them is (ECMA-376 Part
2, 6.5; Part 1, 12.3.23). Types are told by their last word: those of strict and transitional files begin differently.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.container import Container
from chalicelib.ingestion.reading.converted import WasteBudget, converted_rows
from chalicelib.ingestion.reading.limits import MAX_COLUMNS
from chalicelib.ingestion.reading.markup import Part, UnknownShape, elements, prove
from chalicelib.ingestion.reading.plain_rows import plain_rows
from chalicelib.ingestion.reading.shared_strings import SharedStrings

_USUAL_WORKBOOK = "xl/workbook.xml"


class Relationship(NamedTuple):
    """What one part is to another: the last word of its type, and the name of the part."""

    kind: str
    part: str


class _Workbook(NamedTuple):
    """What the sheets of a workbook have in common."""

    container: Container
    strings: SharedStrings
    idle: WasteBudget


class Sheet:
    """One sheet; its part is proven, once, when it is first read."""

    def __init__(self, workbook: _Workbook, name: str, part: str, *, hidden: bool) -> None:
        self.name = name
        self.hidden = hidden
        self._container, self._strings, self._idle = workbook
        self.part = part
        self._proof: Part | None = None

    def rows(self, after: int = 0, width: int = MAX_COLUMNS) -> Iterator[SheetRow]:
        """The rows below row `after`, each with its number, their first `width` cells; blank ones may be left out."""
        if self._proven().plain:
            try:
                for row in plain_rows(
                    self._container.blocks(self.part), self._strings, self._idle, after=after, width=width
                ):
                    after = row[0]
                    yield row
            except UnknownShape:
                pass
            else:
                return
        rows = converted_rows(self._container.blocks(self.part), self._strings, self._idle, width=width)
        yield from (row for row in rows if row[0] > after)

    def size(self) -> int | None:
        """About how many rows there are, if that is known."""
        return self._proven().items or None

    def _proven(self) -> Part:
        if self._proof is None:
            self._proof = prove(self._container.blocks(self.part), b"<row ")
        return self._proof


def sheets(container: Container) -> list[Sheet]:
    """The sheets that have cells, in the order of the workbook.

    Raises:
        ArquivoInvalido: this is no workbook, or a broken one.
    """
    workbook = _workbook(container)
    relationships = _relationships(container, workbook)
    common = _Workbook(container, _shared_strings(container, relationships), WasteBudget())
    found = [
        Sheet(
            common,
            attributes.get("name", ""),
            relationship.part,
            hidden=attributes.get("state", "visible") != "visible",
        )
        for attributes in elements(container.blocks(workbook), "sheet")
        if (relationship := relationships.get(attributes.get("id", ""))) and relationship.kind == "worksheet"
    ]
    if len({each.part for each in found}) < len(found):  # ten thousand times the same, and each time from its beginning
        raise InvalidFile("arquivo_suspeito")
    return found


def _workbook(container: Container) -> str:
    """The part that is the workbook; without one the file is something else, such as a text document."""
    named = (each.part for each in _relationships(container, "").values() if each.kind == "officeDocument")
    workbook = next(named, _USUAL_WORKBOOK)
    if workbook not in container or not elements(container.blocks(workbook), "workbook"):
        raise InvalidFile("formato_nao_suportado")
    return workbook


def _relationships(container: Container, part: str) -> dict[str, Relationship]:
    """What a part, or the whole package, is related to inside the file, by id."""
    folder, name = posixpath.split(part)
    described = posixpath.join(folder, "_rels", f"{name}.rels")
    if described not in container:
        return {}
    return {
        each.get("Id", ""): Relationship(each.get("Type", "").rpartition("/")[2], _resolved(folder, each["Target"]))
        for each in elements(container.blocks(described), "Relationship")
        if "Target" in each and each.get("TargetMode") != "External"
    }


def _resolved(folder: str, target: str) -> str:
    """The name of a part, from where it is mentioned; a slash in front is the root of the package."""
    return posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")


def _shared_strings(container: Container, relationships: dict[str, Relationship]) -> SharedStrings:
    part = next((each.part for each in relationships.values() if each.kind == "sharedStrings"), None)
    if part is None or part not in container:
        return SharedStrings(None, plain=True)
    return SharedStrings(partial(container.blocks, part), plain=prove(container.blocks(part)).plain)
