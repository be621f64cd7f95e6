"""Instants as they come in from outside: ISO 8601 with an offset (SPEC §5), kept in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError


def _in_utc(moment: datetime) -> datetime:
    """At the ends of the calendar an offset leads out of it, and out of what the driver of the database can write."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instante_fora_do_calendario", "in UTC there is no such year") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant of a request or a cursor, in UTC; outside of its years 1 to 9999, `instante_fora_do_calendario`."""
