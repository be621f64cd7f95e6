"""The JSON of answers: times in ISO 8601, models and dataclasses as objects, what is written already as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from itertools import chain
from uuid import UUID, uuid4

from pydantic import BaseModel

# Where written JSON is put in. It is random: no text of somebody else has it.
_PLACE = f"written-{uuid4()}"
# The fraction of a second ends there: 2026-11-30T06:00:00.704730.
_FRACTION = 26


@dataclass(frozen=True, slots=True)
class WrittenJson:
    """A large value of an answer, as JSON text already."""

    text: str


def to_json(body: object) -> str:
    """The JSON text of an answer.

    Raises:
        TypeError: a value has no JSON form.
    """
    written: list[str] = []

    def encoded(value: object) -> object:
        if isinstance(value, WrittenJson):
            written.append(value.text)
            return _PLACE
        return _encoded(value)

    around = json.dumps(body, default=encoded, ensure_ascii=False, separators=(",", ":")).split(f'"{_PLACE}"')
    return "".join(chain.from_iterable(zip(around, [*written, ""], strict=True)))


def _encoded(value: object) -> object:
    # The usual ones come first: a page has thousands.
    if isinstance(value, date):
        return _instant(value) if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, UUID):
        return str(value)
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
