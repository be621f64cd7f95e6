"""Instants in requests and cursors: ISO 8601 with an offset (SPEC §5), converted to UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError


def _in_utc(moment: datetime) -> datetime:
    """In UTC. Near year 1 or 9999 the offset may lead out of the calendar, which the database driver cannot write."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instante_fora_do_calendario", "not a year from 1 to 9999 in UTC") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant of a request or a cursor, in UTC; `instante_fora_do_calendario` outside the years 1 to 9999 in UTC."""
