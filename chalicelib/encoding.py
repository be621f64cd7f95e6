"""The JSON of answers: times in ISO 8601, models and dataclasses as objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel


def to_json(body: object) -> str:
    """The JSON text of an answer.

    Raises:
        TypeError: a value has no JSON form.
    """
    return json.dumps(body, default=_encoded, ensure_ascii=False, separators=(",", ":"))


def _encoded(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
