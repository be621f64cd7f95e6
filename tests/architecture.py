"""The house of DESIGN.md, read from the imports of `chalicelib`: `python -m tests.architecture` prints it.

A *room* is a folder, or a file that stands beside rooms. Rooms stand on floors: a room may import what stands lower,
and nothing else. `HOUSE` names the floors of the whole house, `INSIDE` those of the rooms that have rooms of their own.
`tests/unit/test_architecture.py` holds the code to both.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[1]

SERVICES = ("ingestion", "dispatch", "campaigns", "suppression", "delivery", "scheduling", "leads", "tenants",
    "maintenance", "privacy", "access", "subscriptions",
)  # fmt: skip
Floors = Sequence[frozenset[str]]


def _floors(*floors: str) -> Floors:
    return tuple(frozenset(floor.split()) for floor in floors)


# Lowest first; rooms of one floor do not import each other, but for the pure modules of the services.
HOUSE = _floors(
    "errors interpreter",
    "messages ids instants canal unseen encoding standard_webhooks tokens",
    "acting config telemetry identity idempotency cursors versions events searches validation campos conditions tags"
    " tables codes markdown",
    "contacts motivo avisos erased links pages permissions",
    "adapters",
    " ".join(SERVICES),
    "api",
    "wiring",
    "app",
)
INSIDE: Mapping[str, Floors] = {
    "campaigns": _floors("states", "moves rules segments", "planning", "requests", "results"),
    "dispatch": _floors("states", "outcomes wakeups", "rules", "channels requests", "worker"),
    "leads": _floors("states", "moves requests", "history", "lists", "edits briefing"),
    "scheduling": _floors("states", "rules", "staff", "booking", "reminders invitations calendars"),
    "subscriptions": _floors("states kinds wakeups", "rules", "keys", "requests worker"),
    "ingestion": _floors("layout detection", "options reading", "rows", "loading", "jobs"),
}
# Rooms that only think: no module of theirs reaches an adapter, or any other door to the outside.
PURE = ("contacts", "campaigns.rules", "campaigns.states", "dispatch.rules", "dispatch.states", "dispatch.outcomes",
    "ingestion.layout", "ingestion.rows", "ingestion.options", "scheduling.rules", "scheduling.states",
    "subscriptions.rules", "subscriptions.states", "subscriptions.kinds",
)  # fmt: skip

# Who may open which door to the outside: the owner of a library, by the path of its module.
DOORS: Mapping[str, Callable[[str], bool]] = {
    "chalice": lambda module: module == "app" or module.startswith("chalicelib.api"),
    "pg8000": lambda module: module == "chalicelib.adapters.database",
    "boto3": lambda module: module.startswith("chalicelib.adapters."),
    "botocore": lambda module: module.startswith("chalicelib.adapters."),
    "mcp": lambda module: module == "chalicelib.adapters.mcp",
    "httpx2": lambda module: module == "chalicelib.adapters.mcp" or module.startswith("chalicelib.adapters.web."),
    "aiohttp": lambda module: module == "chalicelib.adapters.web.wire",
    "jwt": lambda module: module == "chalicelib.access.id_tokens",
    "xlsx2csv": lambda module: module.startswith("chalicelib.ingestion.reading."),
    "openpyxl": lambda _: False,
    "python_calamine": lambda _: False,
    "aws_xray_sdk": lambda module: module == "chalicelib.telemetry",
}
MOST_ROOMS, MOST_ARROWS = 7, 14
"""Of a room that has rooms of its own."""
MOST_FILES = 12
"""Of a room, `__init__.py` apart."""


class Import(NamedTuple):
    """One module imported by another, both by their dotted names."""

    importer: str
    imported: str


class Arrow(NamedTuple):
    """One room that needs another, and how many imports say so."""

    start: str
    end: str
    imports: int


def _sources() -> dict[str, ast.Module]:
    """Every module that is shipped, by its dotted name."""
    paths = [PROJECT / "app.py", *sorted(PROJECT.glob("chalicelib/**/*.py"))]
    return {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text(encoding="utf-8")
        )
        for path in paths
    }


SOURCES = _sources()


def _imports(module: str) -> Iterator[Import]:
    """What a module imports at any depth, lazily or for types alone; `from a import b` is `a.b` if that is a module."""
    for node in ast.walk(SOURCES[module]):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield Import(module, deeper if deeper in SOURCES else node.module)


ALL = [each for module in SOURCES for each in _imports(module)]
OURS = [each for each in ALL if each.imported in SOURCES and each.imported != "chalicelib"]


def part(module: str) -> str:
    """The part of the house that a module belongs to: a room, `api`, `adapters`, or the module itself."""
    return module.removeprefix("chalicelib.").partition(".")[0]


def inner_room(module: str, room: str) -> str:
    """The room inside `room` that a module belongs to; empty for the `__init__.py` of `room`."""
    return module.removeprefix(f"chalicelib.{room}").removeprefix(".").partition(".")[0]


def floor_of(room: str, floors: Floors) -> int:
    """The number of a room's floor; the lowest is 0.

    Raises:
        KeyError: the room has no floor.
    """
    for number, floor in enumerate(floors):
        if room in floor:
            return number
    raise KeyError(f"{room} has no floor: add it to tests/architecture.py")


def arrows(room: str | None = None) -> list[Arrow]:
    """The arrows between the parts of the house, or between the rooms inside one."""
    inside = [each for each in OURS if room is None or {part(each.importer), part(each.imported)} == {room}]
    ends = Counter(
        (part(each.importer), part(each.imported))
        if room is None
        else (inner_room(each.importer, room), inner_room(each.imported, room))
        for each in inside
    )
    return [Arrow(*pair, imports) for pair, imports in sorted(ends.items()) if pair[0] != pair[1] and all(pair)]


def files_of(room: str) -> list[str]:
    """The modules of a room by the last word of their names, `__init__.py` apart; `room` may have dots."""
    name = f"chalicelib.{room}"
    return [
        module.rpartition(".")[2] for module in SOURCES if module.rpartition(".")[0] == name and not _is_room(module)
    ]


def rooms_inside(room: str) -> list[str]:
    """The rooms inside one: its folders, and the files that stand beside them."""
    modules = (module for module in SOURCES if module.startswith(f"chalicelib.{room}."))
    return sorted({inner_room(module, room) for module in modules})


def _is_room(module: str) -> bool:
    return any(other.startswith(f"{module}.") for other in SOURCES)


@cache
def doors_of(module: str) -> frozenset[str]:
    """The libraries with a door of their own that a module reaches, by whatever way."""
    after: dict[str, set[str]] = {}
    for each in OURS:
        after.setdefault(each.importer, set()).add(each.imported)
    reached = {module, *_reach(after, module)}
    return frozenset(each.imported.partition(".")[0] for each in ALL if each.importer in reached) & DOORS.keys()


def is_pure(module: str) -> bool:
    """Whether a module only thinks: neither it nor anything of ours that it imports opens a door."""
    return not doors_of(module)


def upward(room: str | None = None) -> list[Arrow]:
    """The arrows that do not lead downward. Services may share pure modules (DESIGN), which is no breach."""
    floors = HOUSE if room is None else INSIDE[room]
    return [
        each
        for each in arrows(room)
        if floor_of(each.start, floors) <= floor_of(each.end, floors) and not (room is None and _is_shared(each))
    ]


def _is_shared(arrow: Arrow) -> bool:
    if not {arrow.start, arrow.end} <= set(SERVICES):
        return False
    between = [each for each in OURS if (part(each.importer), part(each.imported)) == (arrow.start, arrow.end)]
    return all(is_pure(each.imported) for each in between)


def circles(room: str | None = None) -> list[tuple[str, ...]]:
    """Rooms that need each other, over any number of arrows; each circle once."""
    after: dict[str, set[str]] = {}
    for each in arrows(room):
        after.setdefault(each.start, set()).add(each.end)
    found = {
        frozenset(each for each in reached if start in _reach(after, each))
        for start in after
        if start in (reached := _reach(after, start))
    }
    return sorted(tuple(sorted(each)) for each in found)


def _reach(after: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that is reached from `start` by one arrow or more."""
    reached, waiting = set[str](), [start]
    while waiting:
        new = after.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


def picture() -> str:
    """The house in words: floors from the top, each room with its files and its arrows; then the rooms inside rooms."""
    lines = ["The house, from the top. A room needs those behind its arrow.", ""]
    lines += _drawn(None, HOUSE)
    for room, floors in INSIDE.items():
        between = arrows(room)
        lines += ["", f"Inside {room}/: {len(rooms_inside(room))} rooms, {len(between)} arrows", ""]
        lines += _drawn(room, floors)
    breaches = [each for room in (None, *INSIDE) for each in (*circles(room), *upward(room))]
    lines += ["", f"circles and arrows upward: {breaches or 'none'}"]
    return "\n".join(lines)


def _drawn(room: str | None, floors: Floors) -> Iterator[str]:
    between = arrows(room)
    for number in range(len(floors) - 1, -1, -1):
        for name in sorted(floors[number]):
            path = name if room is None else f"{room}.{name}"
            inside = files_of(path)
            ends = " ".join(sorted(each.end for each in between if each.start == name))
            held = f"{len(inside):3} files" if inside or path in INSIDE else "   1 file "
            yield f"  {number}  {name:12} {held}  → {ends or '-'}"


if __name__ == "__main__":
    print(picture())  # noqa: T201 - a program
