"""The house of DESIGN.md, read from the imports of `chalicelib`: a breach of it fails here, by name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT = Path(__file__).parents[2]

ROOMS = ("ingestion", "dispatch", "suppression", "delivery", "scheduling", "leads", "tenants", "maintenance")
# Downward only; what stands together on one floor does not import its neighbour.
FLOORS = (
    {"errors"},
    {"messages", "ids", "instants"},
    {"config", "telemetry", "identity", "idempotency", "pages", "eventos", "tokens"},
    {"adapters"},
    {*ROOMS},
    {"api"},
    {"wiring"},
    {"app"},
)
# Who may open which door to the outside: the owner of a library, by the path of its module.
DOORS: dict[str, Callable[[str], bool]] = {
    "chalice": lambda module: module == "app" or module.startswith("chalicelib.api"),
    "pg8000": lambda module: module == "chalicelib.adapters.database",
    "boto3": lambda module: module.startswith("chalicelib.adapters."),
    "botocore": lambda module: module.startswith("chalicelib.adapters."),
    "mcp": lambda module: module == "chalicelib.adapters.mcp",
    "httpx2": lambda module: module == "chalicelib.adapters.mcp",
    "xlsx2csv": lambda module: module.startswith("chalicelib.ingestion."),
    "openpyxl": lambda _: False,
    "python_calamine": lambda _: False,
    "aws_xray_sdk": lambda module: module == "chalicelib.telemetry",
}


class Import(NamedTuple):
    """One module imported by another, both by their dotted names."""

    importer: str
    imported: str


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


def _part(module: str) -> str:
    """The part of the house that a module of ours belongs to: a room, `api`, `adapters`, or itself."""
    return module.removeprefix("chalicelib.").partition(".")[0]


def _floor(module: str) -> int:
    return next(number for number, parts in enumerate(FLOORS) if _part(module) in parts)


ALL = [each for module in SOURCES for each in _imports(module)]
OURS = [each for each in ALL if each.imported in SOURCES and each.imported != "chalicelib"]


def _is_pure(module: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a module only thinks: neither it nor anything of ours that it imports opens a door."""
    reached = {each.imported for each in OURS if each.importer == module}
    outside = {each.imported.partition(".")[0] for each in ALL if each.importer == module}
    return not outside & DOORS.keys() and all(_is_pure(each, seen | {module}) for each in reached - seen - {module})


def test_every_module_has_a_place_in_the_house() -> None:
    places = set().union(*FLOORS)
    assert [module for module in SOURCES if module != "chalicelib" and _part(module) not in places] == []


def test_imports_go_downward_only() -> None:
    def is_breach(each: Import) -> bool:
        down = _floor(each.importer) > _floor(each.imported)
        return not down and _part(each.importer) != _part(each.imported) and not _shared(each)

    assert [each for each in OURS if is_breach(each)] == []


def _shared(each: Import) -> bool:
    """What two services share is a pure module (DESIGN): from room to room, nothing else may be imported."""
    return _part(each.importer) in ROOMS and _part(each.imported) in ROOMS and _is_pure(each.imported)


def test_no_two_parts_of_the_house_need_each_other() -> None:
    between = {(_part(each.importer), _part(each.imported)) for each in OURS}
    assert {pair for pair in between if pair[0] != pair[1] and pair[::-1] in between} == set()


@pytest.mark.parametrize("library", DOORS)
def test_a_library_is_imported_by_its_owner_alone(library: str) -> None:
    importers = {each.importer for each in ALL if each.imported.partition(".")[0] == library}
    assert [each for each in importers if not DOORS[library](each)] == []


def test_the_environment_is_handed_to_the_settings_and_read_nowhere_else() -> None:
    readers = {
        module
        for module, source in SOURCES.items()
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }
    assert readers == {"app"}


def test_no_module_is_called_after_nothing_in_particular() -> None:
    names = {part for module in SOURCES for part in module.split(".")}
    assert names & {"utils", "util", "common", "helpers", "helper", "misc", "manager"} == set()


def test_no_test_patches_what_it_tests() -> None:
    def patches(path: Path) -> bool:
        return any(
            (isinstance(node, ast.ImportFrom) and node.module in {"unittest.mock", "mock"})
            or (isinstance(node, ast.Import) and any("mock" in alias.name.split(".") for alias in node.names))
            or (isinstance(node, ast.Attribute) and node.attr == "mock")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )

    assert [str(path.relative_to(PROJECT)) for path in sorted(PROJECT.glob("tests/**/*.py")) if patches(path)] == []
