"""A page of a list: by keyset (`cursor`), which takes the same time at any depth, or by `offset`."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.cursors import current_list, refused
from chalicelib.encoding import WrittenJson

MAX_LIMIT = 500
MAX_OFFSET = 10_000
"""Rows before an offset are read one by one; a cursor goes further, in the same time at any depth."""
_OF_PAGES = frozenset({"limit", "cursor", "offset", "fields"})

T = TypeVar("T")


def _near(offset: int) -> int:
    if offset > MAX_OFFSET:
        raise PydanticCustomError("offset_longe", "a cursor goes further")
    return offset


class CursorQuery(BaseModel):
    """The query of a route whose pages follow one another and are not counted."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50
    cursor: Annotated[str, Field(max_length=1_000)] | None = None
    fields: Annotated[frozenset[str], Field(min_length=1)] | None = None

    @property
    def filters(self) -> frozenset[str]:
        """The names of the filters that are given."""
        return frozenset(self.model_fields_set - _OF_PAGES)

    def after(self, kind: type[T]) -> T | None:
        """The place after which the page begins, as `kind` (such as `tuple[datetime, UUID]`); None for the first page.

        Raises:
            Invalid: `cursor_invalido`, `cursor_de_outra_lista`.
        """
        if self.cursor is None:
            return None
        bound = current_list()
        try:
            place = _decoded(self.cursor) if bound is None else bound.place_in(self.cursor)
            return TypeAdapter(kind).validate_json(place)
        except ValueError:
            raise refused("cursor_invalido") from None


class PageQuery(CursorQuery):
    """The query of a paginated route; a route with filters extends it."""

    quick_filters: ClassVar[frozenset[str]] = frozenset()
    """The filters that an index answers, and that leave little to look through."""

    offset: Annotated[int, Field(ge=0, json_schema_extra={"maximum": MAX_OFFSET}), AfterValidator(_near)] | None = None

    @model_validator(mode="after")
    def _check_only_one(self) -> PageQuery:
        if self.cursor is not None and self.offset is not None:
            raise PydanticCustomError("cursor_ou_offset", "either cursor or offset, not both")
        return self

    def reads_much(self) -> bool:
        """Whether the page may take long: a filter may read every row."""
        return bool(self.filters) and self.filters.isdisjoint(self.quick_filters)


def page_of(rows: Sequence[T], limit: int, place: Callable[[T], object]) -> dict[str, Any]:
    """The page as `itens`, and the cursor of the next page as `proximo` (None on the last page).

    `rows` holds one row more than the page, if there is one. `place` returns what the cursor keeps of the last row of
    the page; it goes through JSON, so ids and times become text.
    """
    if len(rows) <= limit:
        return {"itens": list(rows), "proximo": None}
    return {"itens": list(rows[:limit]), "proximo": cursor_of(place(rows[limit - 1]))}


class Selection(dict[str, object]):
    """A page of which each item has some of its fields only."""

    @classmethod
    def of(cls, page: Mapping[str, Any], fields: Collection[str]) -> Self:
        """The page with these fields of its items; what stands beside the items stays."""
        items = page["itens"]
        if isinstance(items, WrittenJson):
            items = json.loads(items.text)
        return cls({**page, "itens": [_picked(item, fields) for item in items]})


def _picked(item: Mapping[str, object], fields: Collection[str]) -> dict[str, object]:
    return {name: value for name, value in item.items() if name in fields}


def cursor_of(place: object) -> str:
    """The cursor of the page after this place, which `CursorQuery.after` reads again."""
    text = json.dumps(place, default=str, separators=(",", ":"), ensure_ascii=False).encode()
    bound = current_list()
    return urlsafe_b64encode(text).decode().rstrip("=") if bound is None else bound.signed(text)


def _decoded(cursor: str) -> bytes:
    """The place in a cursor that no request was answered with."""
    return urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
