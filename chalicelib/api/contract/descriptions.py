"""What the text below a field of a request's model says of it, read only when the contract is made.

pydantic can read it when a class is made (`use_attribute_docstrings`), but then each cold start would parse the source
of every model that a request may have. The models of answers, which only the contract imports, do so.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

PARTS: Mapping[str, str] = {
    "canal": "`whatsapp` or `email`.",
    "nome": "The name of the template.",
    "token": "The end of the link, as the message has it.",
    "versao": "The number of the version, from 1 on.",
}
"""The parts of a path that are no ids."""
_OF_PAGES = {
    "limit": "How many items the page has at most.",
    "cursor": "`proximo` of the page before.",
    "offset": "How many items stand before the page; a `cursor` is quicker.",
}


def describe(schemas: dict[str, Any]) -> None:
    """Add the descriptions of their fields to schemas, by the names of their models; one that is there stays."""
    models = {each.__name__: each for each in _models(BaseModel)}
    for name, schema in schemas.items():
        model = models.get(name.removesuffix("-Input"))
        found = {**_OF_PAGES, **_texts(model)} if model else {}
        for field, described in schema.get("properties", {}).items():
            if field in found:
                described.setdefault("description", found[field])


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every model of ours below a class; no two have one name."""
    for each in base.__subclasses__():
        if each.__module__.startswith("chalicelib."):
            yield each
        yield from _models(each)


def _texts(model: type[BaseModel]) -> dict[str, str]:
    """The texts below the fields of a model and of those that it extends, by the names that clients send."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        found |= _below_fields(each.__module__).get(each.__name__, {}) if issubclass(each, BaseModel) else {}
    return {field.alias or name: found[name] for name, field in model.model_fields.items() if name in found}


@cache
def _below_fields(module: str) -> Mapping[str, dict[str, str]]:
    """The texts below the fields of the classes of a module of ours, by class and field."""
    if not module.startswith("chalicelib."):
        return {}
    parsed = ast.parse(inspect.getsource(sys.modules[module]))
    return {each.name: dict(_pairs(each)) for each in parsed.body if isinstance(each, ast.ClassDef)}


def _pairs(parsed: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for pair in pairwise(parsed.body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
            case _:
                pass
