"""The JSON of answers: times in ISO 8601, models and dataclasses as objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

# The fraction of a second ends there: 2026-11-30T06:00:00.704730.
_FRACTION = 26


def to_json(body: object) -> str:
    """The JSON text of an answer.

    Raises:
        TypeError: a value has no JSON form.
    """
    return json.dumps(body, default=_encoded, ensure_ascii=False, separators=(",", ":"))


def _encoded(value: object) -> object:  # noqa: PLR0911 - a return for each kind
    # The usual ones come first: a page has thousands.
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _instant(value: datetime) -> str:
    """ISO 8601 without zeros at the end of the fraction, as PostgreSQL has it in JSON: a time has one spelling."""
    text = value.isoformat()
    if value.microsecond % 10 or not value.microsecond:
        return text
    return text[:_FRACTION].rstrip("0") + text[_FRACTION:]
