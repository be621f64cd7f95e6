"""Merging the data of a lead with another row about it: nothing is lost."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campos import Campos, fits, written
from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.rows.lead import LeadData, left_out, merged, principal

TEXTS = st.none() | st.sampled_from(["a", "b", "c"])
PHONES = [
    Phone(f"+55719999{number:05}", PhoneKind.MOVEL if number % 2 else PhoneKind.FIXO, bool(number % 2))
    for number in range(6)
]
LEADS = st.builds(
    LeadData, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
    st.lists(st.sampled_from(PHONES), unique=True).map(tuple),
    st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True).map(tuple),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(st.booleans(), st.integers(0, 3), st.text("é"))).map(
        written
    ),
    st.lists(st.sampled_from(["x", "y"]), unique=True).map(tuple),
)  # fmt: skip


@given(LEADS, LEADS)
def test_no_contact_is_lost_invented_or_moved(old: LeadData, new: LeadData) -> None:
    after = merged(old, new)
    assert after.telefones[: len(old.telefones)] == old.telefones
    assert after.emails[: len(old.emails)] == old.emails
    assert {each.telefone for each in after.telefones} == {each.telefone for each in old.telefones + new.telefones}
    assert set(after.emails) == {*old.emails, *new.emails}
    assert len(after.emails) == len(set(after.emails))


@given(LEADS, LEADS)
def test_contacts_are_the_same_in_either_order_of_the_rows(old: LeadData, new: LeadData) -> None:
    one, other = merged(old, new), merged(new, old)
    assert {each.telefone for each in one.telefones} == {each.telefone for each in other.telefones}
    assert set(one.emails) == set(other.emails)


@given(LEADS, LEADS)
def test_blank_keeps_the_old_value_and_any_other_replaces_it(old: LeadData, new: LeadData) -> None:
    for before, given_value, after in zip(old[:5], new[:5], merged(old, new)[:5], strict=True):
        assert after == (before if given_value is None else given_value)


@given(LEADS, LEADS)
def test_blank_campo_keeps_the_old_value_and_any_other_replaces_it(old: LeadData, new: LeadData) -> None:
    after = merged(old, new)
    assert json.loads(after.campos or "") == {**json.loads(old.campos or ""), **json.loads(new.campos or "")}
    assert left_out(after, new) == ({}, ())


VALUES = st.one_of(st.text("aé", max_size=1000), st.integers(-9, 9), st.booleans())
MANY = st.dictionaries(st.sampled_from([f"c{n}" for n in range(70)]), VALUES, max_size=60).filter(fits)


@given(MANY, MANY)
def test_campos_of_a_lead_stay_within_their_bounds_and_the_rest_is_told(old: Campos, new: Campos) -> None:
    row = LeadData(campos=written(new))
    after = merged(LeadData(campos=written(old)), row)
    found = json.loads(after.campos or "")
    refused = left_out(after, row).campos
    assert fits(found)
    assert found == {**old, **{name: value for name, value in new.items() if name not in refused}}
    assert not refused or not fits({**old, **new})


def test_tags_over_twenty_are_left_out_and_told() -> None:
    old, row = LeadData(tags=tuple(f"t{n}" for n in range(19))), LeadData(tags=("t1", "a", "b"))
    after = merged(old, row)
    assert after.tags == (*old.tags, "a")
    assert left_out(after, row).tags == ("b",)


@given(LEADS, LEADS, LEADS)
def test_merging_is_associative(a: LeadData, b: LeadData, c: LeadData) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@given(LEADS, LEADS)
def test_merging_the_same_row_again_changes_nothing(old: LeadData, new: LeadData) -> None:
    once = merged(old, new)
    assert merged(once, new) == once


@given(LEADS)
def test_principal_phone_is_the_first_that_is_valid_for_sending(lead: LeadData) -> None:
    valid = [each.telefone for each in lead.telefones if each.valido_para_disparo]
    every = [each.telefone for each in lead.telefones]
    assert principal(lead.telefones) == next(iter(valid + every), None)
