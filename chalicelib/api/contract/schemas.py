"""The schemas of pydantic as OpenAPI 3.1 writes them best: null is one of the types, and nothing is unused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r'"#/components/schemas/(\w+)"')


def with_type_arrays(schema: Any) -> Any:
    """The same schema, with `"type": ["string", "null"]` in place of a choice between a text and null.

    A choice between a reference and null stays one: a reference has no type to add to. So does one between `true` and
    null: generators of clients know no enumeration of truth values.
    """
    if isinstance(schema, list):
        return [with_type_arrays(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: with_type_arrays(each) for name, each in schema.items()}
    match changed.get("anyOf"):
        case [{"type": str() | list()} as value, {"type": "null"}] if not isinstance(value.get("const"), bool):
            return {**_or_null(value), **{name: each for name, each in changed.items() if name != "anyOf"}}
        case _:
            return changed


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds, values = schema["type"], [schema["const"]] if "const" in schema else schema.get("enum", [])
    return {
        **{name: each for name, each in schema.items() if name != "const"},
        "type": [*(kinds if isinstance(kinds, list) else [kinds]), "null"],
        **({"enum": [*values, None]} if values else {}),
    }


def used(schemas: Mapping[str, Any], *parts: object) -> dict[str, Any]:
    """The schemas that parts of a document refer to, over any number of references."""
    found: set[str] = set()
    waiting: list[object] = list(parts)
    while waiting:
        names = set(_REFERENCE.findall(json.dumps(waiting.pop()))) - found
        found |= names
        waiting += [schemas[name] for name in names]
    return {name: schema for name, schema in schemas.items() if name in found}
