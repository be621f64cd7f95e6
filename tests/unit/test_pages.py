"""Pages: a cursor is read back as it was made, and any other text is refused with a code."""

from __future__ import annotations

import json
import string
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, ValidationError

from chalicelib.encoding import WrittenJson
from chalicelib.errors import Invalid
from chalicelib.pages import MAX_LIMIT, MAX_OFFSET, PageQuery, Selection, page_of

AWARE = st.datetimes(timezones=st.just(UTC))


@given(AWARE, st.uuids())
def test_cursor_is_read_back_as_the_place_that_it_was_made_of(moment: datetime, id_: UUID) -> None:
    rows: list[dict[str, Any]] = [{"at": moment, "id": id_}] * 2
    cursor = page_of(rows, 1, lambda row: (row["at"].isoformat(), row["id"]))["proximo"]
    assert PageQuery(cursor=cursor).after(tuple[AwareDatetime, UUID]) == (moment, id_)


@given(st.uuids())
def test_cursor_needs_no_escaping_in_a_query_string(id_: UUID) -> None:
    cursor = page_of([{"id": id_}] * 2, 1, lambda row: row["id"])["proximo"]
    assert set(cursor) <= set(string.ascii_letters + string.digits + "-_")
    assert PageQuery(cursor=cursor).after(UUID) == id_


@given(st.text(max_size=200))
def test_other_text_is_refused_or_is_a_place_of_the_right_kind(text: str) -> None:
    query = PageQuery(cursor=text)
    try:
        found = query.after(UUID)
    except Invalid as error:
        assert error.code == "cursor_invalido"  # noqa: PT017 - most texts are refused, a few are valid places
    else:
        assert isinstance(found, UUID)


@pytest.mark.parametrize(
    "cursor", ["", "=", "A", "ação", "\ud800", "bnVsbA", "e30", "MQ", "W10", urlsafe_b64encode(b'"' * 700).decode()]
)
def test_malformed_cursor_is_refused_with_a_code(cursor: str) -> None:
    with pytest.raises(Invalid) as raised:
        PageQuery.model_construct(cursor=cursor).after(UUID)
    assert raised.value.code == "cursor_invalido"
    assert [each.pointer for each in raised.value.errors] == ["?/cursor"]


def test_first_page_has_no_place_to_begin_after() -> None:
    assert PageQuery().after(UUID) is None


@given(st.integers(0, 30), st.integers(1, 20))
def test_consecutive_pages_hold_every_row_once(count: int, limit: int) -> None:
    everything = [{"n": number} for number in range(count)]
    seen: list[Any] = []
    query, pages = PageQuery(limit=limit), 0
    while True:
        after = query.after(int)
        start = 0 if after is None else after + 1
        page = page_of(everything[start : start + limit + 1], limit, lambda row: row["n"])
        seen += page["itens"]
        pages += 1
        if page["proximo"] is None:
            break
        query = PageQuery(limit=limit, cursor=page["proximo"])
    assert seen == everything
    assert pages == max(1, -(-count // limit))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": 0}, "greater_than_equal"),
        ({"limit": MAX_LIMIT + 1}, "less_than_equal"),
        ({"limit": "x"}, "int_parsing"),
        ({"limit": "9" * 5000}, "int_parsing_size"),
        ({"offset": -1}, "greater_than_equal"),
        ({"offset": MAX_OFFSET + 1}, "offset_longe"),
        ({"cursor": "a" * 1001}, "string_too_long"),
        ({"cursor": "MQ", "offset": 0}, "cursor_ou_offset"),
        ({"fields": []}, "too_short"),
        ({"pagina": 2}, "extra_forbidden"),
    ],
)
def test_invalid_page_query_is_refused(query: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        PageQuery.model_validate(query)
    assert [each["type"] for each in raised.value.errors()] == [code]


def test_selection_keeps_some_fields_of_the_items_and_all_beside_them() -> None:
    page = {"itens": [{"nome": "Ana", "tags": []}, {"nome": "Bia"}], "proximo": None, "total": 2}
    assert Selection.of(page, {"tags", "status"}) == {**page, "itens": [{"tags": []}, {}]}
    written = {**page, "itens": WrittenJson(json.dumps(page["itens"]))}
    assert Selection.of(written, {"nome"}) == {**page, "itens": [{"nome": "Ana"}, {"nome": "Bia"}]}


def test_fields_are_no_filter() -> None:
    assert PageQuery(fields=frozenset({"nome"})).filters == frozenset()
