"""Cursors are signed for one list: every other one refuses them."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.cursors import BoundList, answering, current_list
from chalicelib.errors import Invalid
from chalicelib.pages import PageQuery, cursor_of, page_of
from chalicelib.tokens import Signer

SIGNER = Signer(lambda: ["new", "old"])
LEADS: tuple[object, ...] = ("acme", "GET /leads", {}, {"q": ["ana"]})


def a_list(*parts: object, signer: Signer = SIGNER) -> BoundList:
    return BoundList(lambda: signer, lambda: parts or LEADS)


def refusal(bound: BoundList, cursor: str) -> str:
    with answering(bound), pytest.raises(Invalid) as raised:
        PageQuery.model_construct(cursor=cursor).after(UUID)
    assert [each.pointer for each in raised.value.errors] == ["?/cursor"]
    return raised.value.code


@given(st.uuids())
def test_list_reads_its_own_cursor_and_knows_it(place: UUID) -> None:
    bound = a_list()
    with answering(bound):
        cursor = page_of([place, place], 1, lambda each: each)["proximo"]
        assert PageQuery(cursor=cursor).after(UUID) == place
    assert bound.next == cursor
    assert current_list() is None


@pytest.mark.parametrize(
    "other",
    [
        ("outra", *LEADS[1:]),
        ("acme", "GET /disparos", *LEADS[2:]),
        ("acme", "GET /leads", {"lead_id": "1"}, LEADS[3]),
        ("acme", "GET /leads", {}, {"q": ["bia"]}),
        ("acme", "GET /leads", {}, {}),
    ],
)
def test_cursor_of_another_tenant_list_or_filter_is_refused(other: tuple[object, ...]) -> None:
    with answering(a_list()):
        cursor = cursor_of(UUID(int=1))
    assert refusal(a_list(*other), cursor) == "cursor_de_outra_lista"


def test_cursor_that_was_changed_or_never_signed_is_refused() -> None:
    with answering(a_list()):
        cursor = cursor_of(UUID(int=1))
    for wrong in (cursor_of(UUID(int=1)), f"A{cursor[1:]}", cursor[:-1], "", "ação", "A" * 1_001):
        assert refusal(a_list(), wrong) == "cursor_invalido"


def test_cursor_that_was_signed_with_an_older_key_is_read() -> None:
    with answering(a_list(signer=Signer(lambda: ["old"]))):
        cursor = cursor_of(UUID(int=1))
    with answering(a_list()):
        assert PageQuery(cursor=cursor).after(UUID) == UUID(int=1)
    assert refusal(a_list(signer=Signer(lambda: ["new"])), cursor) == "cursor_invalido"


def test_place_of_another_kind_is_refused() -> None:
    bound = a_list()
    with answering(bound):
        cursor = cursor_of("no id")
    assert refusal(bound, cursor) == "cursor_invalido"


def test_cursor_with_the_longest_name_of_a_list_is_read_back() -> None:
    name = "😀" * 120
    with answering(a_list()):
        assert PageQuery(cursor=cursor_of(name)).after(str) == name
