"""Merging the data of a lead with another row about it: nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.rows.lead import LeadData, merged, principal

TEXTS = st.none() | st.sampled_from(["a", "b", "c"])
PHONES = [
    Phone(f"+55719999{number:05}", PhoneKind.MOVEL if number % 2 else PhoneKind.FIXO, bool(number % 2))
    for number in range(6)
]
LEADS = st.builds(
    LeadData, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
    st.lists(st.sampled_from(PHONES), unique=True).map(tuple),
    st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True).map(tuple),
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
