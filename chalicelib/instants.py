"""Instants in requests and cursors: ISO 8601 with an offset (SPEC §5), converted to UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, PydanticKnownError

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].*)?", re.DOTALL)
_AWARE = TypeAdapter(AwareDatetime)


def _written(value: object) -> object:
    """The time that a text in ISO 8601 says. By itself, pydantic also reads `0` and `"0"` as seconds since 1970."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise PydanticKnownError("datetime_type")
    if not _ISO.fullmatch(value):
        raise PydanticKnownError("datetime_from_date_parsing", {"error": "not ISO 8601"})
    try:
        return _AWARE.validate_python(value)
    except ValidationError as error:
        [found] = error.errors(include_url=False, include_context=False, include_input=False)
        raise PydanticCustomError(found["type"], "not an ISO 8601 time with an offset") from None


def _in_utc(moment: datetime) -> datetime:
    """In UTC. Near year 1 or 9999 the offset may lead out of the calendar, which the database driver cannot write."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instante_fora_do_calendario", "not a year from 1 to 9999 in UTC") from None


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""An instant of a request or a cursor, in UTC; `instante_fora_do_calendario` outside the years 1 to 9999 in UTC."""
