"""The code keeps to the floors of DESIGN.md; `tests/architecture.py` reads the imports."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import architecture as house

INSIDES = pytest.mark.parametrize("room", [None, *house.INSIDE])


def test_every_module_is_in_a_room_of_the_house() -> None:
    places = frozenset[str]().union(*house.HOUSE)
    assert [module for module in house.SOURCES if module != "chalicelib" and house.part(module) not in places] == []


@pytest.mark.parametrize("room", house.INSIDE)
def test_every_file_of_a_room_with_rooms_has_a_floor(room: str) -> None:
    assert set(house.rooms_inside(room)) == frozenset[str]().union(*house.INSIDE[room])


@INSIDES
def test_imports_go_downward_only(room: str | None) -> None:
    assert house.upward(room) == []


@INSIDES
def test_rooms_do_not_import_each_other_in_a_circle(room: str | None) -> None:
    assert house.circles(room) == []


@pytest.mark.parametrize("room", house.INSIDE)
def test_room_with_rooms_has_few_rooms_and_few_arrows(room: str) -> None:
    assert len(house.rooms_inside(room)) <= house.MOST_ROOMS
    assert len(house.arrows(room)) <= house.MOST_ARROWS


def test_room_has_a_dozen_files_at_most() -> None:
    rooms = {module.rpartition(".")[0] for module in house.SOURCES} - {"", "chalicelib"}
    crowded = {
        room: found
        for room in rooms
        if len(found := house.files_of(room.removeprefix("chalicelib."))) > house.MOST_FILES
    }
    assert crowded == {}


@pytest.mark.parametrize("room", house.PURE)
def test_pure_room_reaches_no_library_of_the_outside(room: str) -> None:
    modules = [module for module in house.SOURCES if f"{module}.".startswith(f"chalicelib.{room}.")]
    assert modules
    assert {module: doors for module in modules if (doors := house.doors_of(module))} == {}


def test_public_class_name_is_used_once() -> None:
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for module, name in _public_classes():
        owners[name].append(module)
    assert {name: modules for name, modules in owners.items() if len(modules) > 1} == {}


def _public_classes() -> Iterator[tuple[str, str]]:
    for module, source in house.SOURCES.items():
        for node in ast.walk(source):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield module, node.name


@pytest.mark.parametrize("library", house.DOORS)
def test_library_is_imported_by_its_owner_only(library: str) -> None:
    importers = {each.importer for each in house.ALL if each.imported.partition(".")[0] == library}
    assert [each for each in importers if not house.DOORS[library](each)] == []


def test_only_app_reads_the_environment() -> None:
    readers = {
        module
        for module, source in house.SOURCES.items()
        for node in ast.walk(source)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
    }
    assert readers == {"app"}


def test_services_run_their_transactions_by_run_which_retries() -> None:
    openers = {
        module
        for module, source in house.SOURCES.items()
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"transaction", "across_tenants"}
    }
    assert openers <= {"chalicelib.adapters.database"}


def test_no_module_has_a_name_without_meaning() -> None:
    names = {word for module in house.SOURCES for word in module.split(".")}
    assert names & {"utils", "util", "common", "helpers", "helper", "misc", "manager"} == set()


def test_no_test_uses_mock() -> None:
    def uses_mock(path: Path) -> bool:
        return any(
            (isinstance(node, ast.ImportFrom) and node.module in {"unittest.mock", "mock"})
            or (isinstance(node, ast.Import) and any("mock" in alias.name.split(".") for alias in node.names))
            or (isinstance(node, ast.Attribute) and node.attr == "mock")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )

    assert [
        str(path.relative_to(house.PROJECT)) for path in sorted(house.PROJECT.glob("tests/**/*.py")) if uses_mock(path)
    ] == []
