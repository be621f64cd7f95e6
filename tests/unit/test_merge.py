"""Merging says more and never less."""

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
DADOS = st.builds(
    LeadData, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
    st.lists(st.sampled_from(PHONES), unique=True).map(tuple),
    st.lists(st.sampled_from(["a@x.com", "b@x.com", "c@x.com"]), unique=True).map(tuple),
)  # fmt: skip


@given(DADOS, DADOS)
def test_no_contact_is_lost_invented_or_moved(old: LeadData, new: LeadData) -> None:
    after = merged(old, new)
    assert after.telefones[: len(old.telefones)] == old.telefones
    assert after.emails[: len(old.emails)] == old.emails
    assert {each.telefone for each in after.telefones} == {each.telefone for each in old.telefones + new.telefones}
    assert set(after.emails) == {*old.emails, *new.emails}
    assert len(after.emails) == len(set(after.emails))


@given(DADOS, DADOS)
def test_the_contacts_are_the_same_whoever_comes_first(old: LeadData, new: LeadData) -> None:
    one, other = merged(old, new), merged(new, old)
    assert {each.telefone for each in one.telefones} == {each.telefone for each in other.telefones}
    assert set(one.emails) == set(other.emails)


@given(DADOS, DADOS)
def test_a_blank_keeps_what_was_there_and_the_new_wins(old: LeadData, new: LeadData) -> None:
    for before, said, after in zip(old[:5], new[:5], merged(old, new)[:5], strict=True):
        assert after == (before if said is None else said)


@given(DADOS, DADOS, DADOS)
def test_it_makes_no_difference_what_is_merged_first(a: LeadData, b: LeadData, c: LeadData) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c))


@given(DADOS, DADOS)
def test_saying_it_again_changes_nothing(old: LeadData, new: LeadData) -> None:
    once = merged(old, new)
    assert merged(once, new) == once


@given(DADOS)
def test_the_principal_phone_is_the_first_that_a_message_can_be_sent_to(dados: LeadData) -> None:
    fit = [each.telefone for each in dados.telefones if each.valido_para_disparo]
    every = [each.telefone for each in dados.telefones]
    assert principal(dados.telefones) == next(iter(fit + every), None)
