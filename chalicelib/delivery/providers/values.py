"""Reads values of a document that may hold anything: each function answers with what it can use, and never raises.

A signed body is not refused for what it says. Unknown fields and kinds are ignored, because a provider repeats whatever
is refused and in the end stops sending.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

NO_CODE = "erro_sem_codigo"
# The same shapes as in dispatch/channels/answers.py; eight digits in a row would be somebody's number.
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,255}")
_CODE = re.compile(r"(?!.*\d{8})[A-Za-z0-9_.:-]{1,64}")
_LONGEST_NAME = 1_000  # characters
_LONGEST_REPLY = 10_000  # characters that are kept
# PostgreSQL stores no NUL, and no encoding can write half of a surrogate pair.
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")


def objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; none if it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_object(value: object) -> Mapping[str, Any]:
    """The object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """A short text, such as a name or an address; "" for anything else."""
    return _UNWRITABLE.sub("", value[:_LONGEST_NAME]) if isinstance(value, str) else ""


def written(value: object) -> str:
    """What a person wrote, cut at 10,000 characters; "" for anything but a text."""
    return _UNWRITABLE.sub("", value[:_LONGEST_REPLY]) if isinstance(value, str) else ""


def unix_time(value: object) -> datetime | None:
    """Seconds since 1970, which some providers write as text."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    # Ten digits reach to the year 2286.
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{1,10}", text) else None


def instant(value: object) -> datetime | None:
    """A time in ISO 8601 with an offset, in UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def identifier(value: object) -> str | None:
    """A provider's id: 1 to 255 visible ASCII characters."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def code_of(value: object) -> str:
    """A provider's code of a failure; `NO_CODE` if it has none that may be stored."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) else NO_CODE


def uuid_of(value: object) -> UUID | None:
    """An id of ours."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
