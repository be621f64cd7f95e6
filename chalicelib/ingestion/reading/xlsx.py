"""The sheets of an `.xlsx` and their rows: each sheet is read by the reader that knows its shape.

A package names its workbook, the workbook names its sheets, and relationships say which part each sheet is (ECMA-376
Part 2, 6.5; Part 1, 12.3.23). Only the last word of a relationship type is compared, because the types of strict and
transitional files begin differently.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Set
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.detection.formats import format_of_zip
from chalicelib.ingestion.reading.behind.cell_looks import CellLooks
from chalicelib.ingestion.reading.behind.dates import Dates, date_styles
from chalicelib.ingestion.reading.behind.hidden_columns import hidden_columns
from chalicelib.ingestion.reading.behind.hyperlinks import Hyperlinks, LinkWatch
from chalicelib.ingestion.reading.columns import RowRun
from chalicelib.ingestion.reading.container import Container
from chalicelib.ingestion.reading.converted import WasteBudget, converted_rows
from chalicelib.ingestion.reading.limits import MAX_COLUMNS
from chalicelib.ingestion.reading.markup import Part, UnknownShape, check_part, elements
from chalicelib.ingestion.reading.plain_rows import plain_runs
from chalicelib.ingestion.reading.shared_strings import SharedStrings

_USUAL_WORKBOOK = "xl/workbook.xml"
_BINARY_PART = ".bin"  # of an `.xlsb`


class Relationship(NamedTuple):
    """The relationship of a part to another one: the last word of its type, and the name of that other part."""

    kind: str
    part: str


class _Workbook(NamedTuple):
    """What the sheets of a workbook share. Its strings are proven while the first sheet is."""

    container: Container
    strings: Future[SharedStrings]
    budget: WasteBudget
    glances: WasteBudget
    styles: Callable[[], Iterator[bytes]] | None
    dates: Dates | None


class Sheet:
    """One sheet of a workbook; its part is checked once, when it is first read.

    `hidden_rows` are the numbers of the hidden rows among those that were read, as long as nobody takes them out.
    """

    def __init__(self, workbook: _Workbook, name: str, part: str, *, hidden: bool) -> None:
        self.name = name
        self.hidden = hidden
        self.hidden_rows: set[int] = set()
        self._container, self._strings, self._budget, self._glances, self._styles, self._dates = workbook
        self.part = part
        self._checked: Part | None = None
        self._has_links = False

    @property
    def looks(self) -> CellLooks:
        """What its cells are, apart from their texts."""
        return CellLooks(partial(self._container.blocks, self.part), self._styles)

    def runs(self, after: int = 0, width: int = MAX_COLUMNS, numbers: Set[int] = frozenset()) -> Iterator[RowRun]:
        """Yield the rows after row `after`, each with its number and first `width` cells; blank ones may be missing.

        The columns of `numbers` are campos with numbers: their texts come as number cells would.
        """
        return self._runs(self._budget, self.hidden_rows, after, width, numbers)

    def glance(self) -> Iterator[RowRun]:
        """Yield all rows, to look at some. What that wastes does not count against the sheet that is read."""
        return self._runs(self._glances, set(), 0, MAX_COLUMNS)

    def sample(self, after: int, width: int) -> Iterator[RowRun]:
        """Yield the rows after row `after`, as `glance` does."""
        return self._runs(self._glances, set(), after, width)

    def _runs(
        self, budget: WasteBudget, hidden: set[int], after: int, width: int, numbers: Set[int] = frozenset()
    ) -> Iterator[RowRun]:
        """Where the plain shape ends, the other reader starts again and yields only the rows that are left."""
        is_plain, strings, dates = self._checked_part().plain, self._strings.result(), self._dates
        blocks = self._container.blocks_ahead(self.part)
        if is_plain:
            try:
                for run in plain_runs(
                    blocks, strings, budget,
                    after=after, width=width, hidden=hidden, dates=dates, numbers=numbers,
                ):  # fmt: skip
                    after = run[-1][0]
                    yield run
            except UnknownShape:
                pass
            else:
                return
            blocks = self._container.blocks_ahead(self.part)
        rows = converted_rows(blocks, strings, budget, width=width, hidden=hidden, dates=dates, numbers=numbers)
        yield from ([row] for row in rows if row[0] > after)

    def size(self) -> int | None:
        """Return about how many rows the sheet has, or None if that is not known."""
        return self._checked_part().items or None

    def links(self) -> Hyperlinks | None:
        """Return the links behind the cells; None if there are none."""
        self._checked_part()
        if not self._has_links:
            return None
        blocks = self._container.blocks
        return Hyperlinks(partial(blocks, self.part), partial(blocks, _relationships_part(self.part)))

    def hidden_columns(self, width: int) -> frozenset[int]:
        """Return the places of the hidden columns among the first `width`."""
        return hidden_columns(self._container.blocks(self.part), width)

    def _checked_part(self) -> Part:
        if self._checked is None:
            watched = LinkWatch(self._container.blocks(self.part))
            checked = check_part(watched, b"<row ")
            self._has_links = watched.found
            self._strings.result()
            self._checked = checked
        return self._checked


def sheets(container: Container) -> list[Sheet]:
    """Return the worksheets of a workbook in its order; chart sheets have no cells and are left out.

    Raises:
        InvalidFile: `formato_nao_suportado` if this is not a workbook, else it is broken or hostile.
    """
    workbook = _workbook(container)
    relationships = _relationships(container, workbook)
    strings = container.meanwhile(partial(_shared_strings, container, relationships))
    styles = _styles(container, relationships)
    dates = _dates(container, workbook, styles)
    common = _Workbook(container, strings, WasteBudget(), WasteBudget(), styles, dates)
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
    if len({each.part for each in found}) < len(found):  # ten thousand sheets of one part would be read one by one
        raise InvalidFile("arquivo_suspeito")
    return found


def _workbook(container: Container) -> str:
    """Return the name of the workbook part; a file without one is something else, such as a text document."""
    named = (each.part for each in _relationships(container, "").values() if each.kind == "officeDocument")
    workbook = next(named, _USUAL_WORKBOOK)
    is_known = workbook in container and not workbook.lower().endswith(_BINARY_PART)
    if not is_known or not elements(container.blocks(workbook), "workbook"):
        raise InvalidFile("formato_nao_suportado", formato=format_of_zip(container.names(), container.head()))
    return workbook


def _relationships(container: Container, part: str) -> dict[str, Relationship]:
    """Return the relationships of a part ("" for the whole package) inside the file, by id."""
    described = _relationships_part(part)
    if described not in container:
        return {}
    folder = posixpath.dirname(part)
    return {
        each.get("Id", ""): Relationship(each.get("Type", "").rpartition("/")[2], _resolved(folder, each["Target"]))
        for each in elements(container.blocks(described), "Relationship")
        if "Target" in each and each.get("TargetMode") != "External"
    }


def _relationships_part(part: str) -> str:
    """Return the name of the part that holds the relationships of another one."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(folder: str, target: str) -> str:
    """Return the name of a part from a target relative to `folder`; a leading slash means the root of the package."""
    return posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/")


def _shared_strings(container: Container, relationships: dict[str, Relationship]) -> SharedStrings:
    part = next((each.part for each in relationships.values() if each.kind == "sharedStrings"), None)
    if part is None or part not in container:
        return SharedStrings(None, plain=True)
    return SharedStrings(partial(container.blocks_ahead, part), plain=check_part(container.blocks(part)).plain)


def _styles(container: Container, relationships: dict[str, Relationship]) -> Callable[[], Iterator[bytes]] | None:
    part = next((each.part for each in relationships.values() if each.kind == "styles"), None)
    return None if part is None or part not in container else partial(container.blocks, part)


def _dates(container: Container, workbook: str, styles: Callable[[], Iterator[bytes]] | None) -> Dates | None:
    """Return how the workbook shows dates; None if it has no style for them."""
    if styles is None or not (of_dates := date_styles(styles())):
        return None
    properties = elements(container.blocks(workbook), "workbookPr")
    return Dates(of_dates, since_1904=any(each.get("date1904") in {"1", "true"} for each in properties))
