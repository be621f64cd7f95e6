"""A page of a list: by keyset (`cursor`), which costs the same at any depth, or by `offset` for those who count."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.errors import FieldError, Invalid

MAX_LIMIT = 500
MAX_OFFSET = 1_000_000

Row = dict[str, Any]
T = TypeVar("T")


class PageQuery(BaseModel):
    """What a paginated route takes; routes with filters add theirs."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50
    cursor: Annotated[str, Field(max_length=1_000)] | None = None
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET)] | None = None

    @model_validator(mode="after")
    def _be_one_of_both(self) -> PageQuery:
        if self.cursor is not None and self.offset is not None:
            raise PydanticCustomError("cursor_ou_offset", "either cursor or offset")
        return self

    def after(self, kind: type[T]) -> T | None:
        """Where the page begins, as `kind` (such as `tuple[datetime, UUID]`); None at the very beginning.

        Raises:
            Invalid: `cursor_invalido`.
        """
        if self.cursor is None:
            return None
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            return TypeAdapter(kind).validate_json(urlsafe_b64decode(padded.encode()))
        except (ValidationError, binascii.Error, ValueError):
            raise Invalid("cursor_invalido", (FieldError("?/cursor", "cursor_invalido", "cursor"),)) from None


def page_of(rows: Sequence[Row], limit: int, place: Callable[[Row], object]) -> dict[str, Any]:
    """`itens` and, if there is more, `proximo`: the query asks for one row more than the page holds.

    `place` is what of the last row the next page begins after; it goes through JSON, so ids and times as text.
    """
    if len(rows) <= limit:
        return {"itens": list(rows), "proximo": None}
    text = json.dumps(place(rows[limit - 1]), default=str, separators=(",", ":"))
    return {"itens": list(rows[:limit]), "proximo": urlsafe_b64encode(text.encode()).decode().rstrip("=")}
