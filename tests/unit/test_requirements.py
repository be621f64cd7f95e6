"""Every import is pinned: the shipped code's in requirements.txt, all other code's there or in requirements-dev.txt.

`constraints.txt` pins what these bring along.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]
SHIPPED = ("app.py", "chalicelib")
DEVELOPMENT = ("local", "tests", "bench", "template-extras", "samples")
TOURS = PROJECT / "tests/peers/tours"
"""What the peers run beside the packages that they generate and install by themselves."""


def requirements(file: str) -> list[Requirement]:
    """Return the lines of a requirements file that name a distribution."""
    lines = (PROJECT / file).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def names(*files: str) -> set[str]:
    """Return the distributions that requirements files name."""
    return {canonicalize_name(each.name) for file in files for each in requirements(file)}


def imported_packages(*sources: str) -> dict[str, Path]:
    """Return the top-level packages that files and folders import from elsewhere, each with a file that does."""
    found = [path for name in sources for path in sorted((PROJECT / name).rglob("*.py")) or [PROJECT / name]]
    files = [path for path in found if not path.is_relative_to(TOURS)]
    ours = {Path(name).stem for name in (*SHIPPED, *DEVELOPMENT)} | {
        path.stem for path in (PROJECT / "template-extras").glob("*.py")
    }
    return {
        package: file
        for file in files
        for module in _imported_modules(ast.parse(file.read_text("utf-8")))
        if (package := module.partition(".")[0]) not in ours | sys.stdlib_module_names
    }


def _imported_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize(
    ("sources", "files"),
    [
        (SHIPPED, ("requirements.txt",)),
        (DEVELOPMENT, ("requirements.txt", "requirements-dev.txt", "requirements-fuzz.txt")),
    ],
    ids=["shipped", "development"],
)
def test_every_import_is_in_the_requirements(sources: tuple[str, ...], files: tuple[str, ...]) -> None:
    distributions, listed = packages_distributions(), names(*files)
    # What `make fuzz-api` imports is installed elsewhere, so nobody knows of which distribution it is.
    missing = {
        package: str(file.relative_to(PROJECT))
        for package, file in imported_packages(*sources).items()
        if listed.isdisjoint(map(canonicalize_name, distributions.get(package, (package,))))
    }
    assert missing == {}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "constraints.txt"])
def test_every_requirement_is_pinned_to_the_installed_version(file: str) -> None:
    pins = {each.name: str(each.specifier) for each in requirements(file) if _is_for_this_python(each)}
    assert pins == {name: f"=={version(name)}" for name in pins}


def test_environment_of_the_fuzzer_is_pinned() -> None:
    assert {str(each.specifier)[:2] for each in requirements("requirements-fuzz.txt")} == {"=="}


def test_constraints_name_everything_that_the_requirements_bring_along() -> None:
    pending = requirements("requirements-dev.txt") + requirements("requirements.txt")
    found: set[tuple[str, str]] = set()
    while pending:
        requirement = pending.pop()
        for extra in {"", *requirement.extras}:
            key = (canonicalize_name(requirement.name), extra)
            if key not in found:
                found.add(key)
                dependencies = map(Requirement, requires(requirement.name) or ())
                pending += [each for each in dependencies if _is_for_this_python(each, extra)]
    assert {name for name, _ in found} - names("constraints.txt") == set()


def _is_for_this_python(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
