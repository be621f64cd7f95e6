"""Null is one of the types of a schema, and a contract has no schema that nothing refers to."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.contract.schemas import used, with_type_arrays

NULL = {"type": "null"}
REFERENCE = {"$ref": "#/components/schemas/Lead"}


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"anyOf": [{"type": "string"}, NULL]}, {"type": ["string", "null"]}),
        ({"anyOf": [{"type": "string"}, NULL], "default": None}, {"type": ["string", "null"], "default": None}),
        (
            {"anyOf": [{"type": "string", "format": "uuid"}, NULL], "description": "Whose."},
            {"type": ["string", "null"], "format": "uuid", "description": "Whose."},
        ),
        ({"anyOf": [{"type": "string", "enum": ["a"]}, NULL]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"anyOf": [{"type": "string", "const": "a"}, NULL]}, {"type": ["string", "null"], "enum": ["a", None]}),
        (
            {"anyOf": [{"type": "array", "items": {"anyOf": [{"type": "integer"}, NULL]}}, NULL]},
            {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
        ),
        ({"anyOf": [{"type": ["string", "boolean"]}, NULL]}, {"type": ["string", "boolean", "null"]}),
        ({"oneOf": [{"anyOf": [{"type": "number"}, NULL]}]}, {"oneOf": [{"type": ["number", "null"]}]}),
    ],
)
def test_choice_between_a_value_and_null_is_one_type(schema: Any, wanted: Any) -> None:
    assert with_type_arrays(schema) == wanted


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [REFERENCE, NULL]},
        {"anyOf": [{"type": "boolean", "const": True}, NULL]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}, NULL]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"type": "string", "example": {"anyOf": "a text"}},
    ],
)
def test_other_choices_stay(schema: Any) -> None:
    assert with_type_arrays(schema) == schema


def test_only_schemas_that_are_reached_are_kept() -> None:
    schemas = {"Page": {"items": REFERENCE}, "Lead": {"type": "object"}, "Query": {"type": "object"}}
    assert used(schemas, {"schema": {"$ref": "#/components/schemas/Page"}}) == {
        "Page": schemas["Page"],
        "Lead": schemas["Lead"],
    }
    assert used(schemas, {}) == {}
