"""The codes that the source of `chalicelib` raises, found by its syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from chalicelib import errors
from chalicelib.errors import DomainError

PROJECT = Path(__file__).parents[1]
# `Unavailable` passes its argument on to the sentence under another name.
RENAMED = {"reason": "motivo"}
# What pydantic says of a field is all that its sentence gets (`field_text`).
OF_A_FIELD = frozenset({"nomes", "campo", "valor"})
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((PROJECT / "chalicelib").rglob("*.py"))}
NODES = [(path, node) for path, source in SOURCES.items() for node in ast.walk(ast.parse(source))]


class Raised(NamedTuple):
    """A place in the source that makes one of our exceptions, or an error of a field, with this code."""

    where: str
    by: str
    """The name of the class."""
    code: str
    params: frozenset[str] | None  # None if the source does not show them


def _exception_names() -> set[str]:
    """The names of our exceptions, in whatever module they are defined."""
    names = {
        each.__name__ for each in vars(errors).values() if isinstance(each, type) and issubclass(each, DomainError)
    }
    for _, node in NODES:
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id in names for b in node.bases):
            names.add(node.name)
    return names


def _constants(node: ast.expr) -> Iterator[str]:
    """The codes that an expression may be: a text, or one of two texts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def _all_raised() -> Iterator[Raised]:
    exceptions = _exception_names()
    places = {**dict.fromkeys(exceptions, 0), "FieldError": 1, "PydanticCustomError": 0}
    for path, node in NODES:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        place = places.get(node.func.id)
        if place is None or len(node.args) <= place:
            continue
        names = [word.arg for word in node.keywords]
        params = None
        if node.func.id == "PydanticCustomError":
            params = OF_A_FIELD
        elif node.func.id in exceptions and None not in names:
            params = frozenset(RENAMED.get(name, name) for name in names if name)
        for code in _constants(node.args[place]):
            yield Raised(f"{path.relative_to(PROJECT)}:{node.lineno}", node.func.id, code, params)


RAISED = sorted(_all_raised(), key=lambda each: (each.code, each.where))
