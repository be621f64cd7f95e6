"""Which lead a row is: the order of the keys, and what is refused rather than merged."""

from __future__ import annotations

import pytest

from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.loading.matching import MOST_LEADS, Found, FoundBy, Verdict, Who, WhoIsWho
from chalicelib.ingestion.options import ALL_KEYS, DedupKey
from chalicelib.ingestion.rows.lead import LeadData, plain_name

ONE, OTHER = "52998224725", "11144477735"
PHONE = (Phone("+5571999990001", PhoneKind.MOVEL, True),)


def row(nome: str | None = None, documento: str | None = None, *emails: str) -> LeadData:
    return LeadData(nome=nome, documento=documento, telefones=PHONE, emails=emails)


def phone(number: int) -> Phone:
    return Phone(f"+557199999000{number}", PhoneKind.MOVEL, True)


def who(
    asked: LeadData, *leads: LeadData, external_id: str = "none", keys: set[DedupKey] | None = None, merges: bool = True
) -> Verdict:
    """The verdict about a row beside leads whose ids and external ids are "0", "1", …"""
    people = WhoIsWho(ALL_KEYS if keys is None else keys, "file", merges=merges)
    for number, lead in enumerate(leads):
        people.changed(str(number), lead, external_id=str(number))
    return people.who(external_id, asked)


def test_a_document_comes_first_and_an_id_second() -> None:
    ana, bo = row("Ana", ONE), row("Bo")
    assert who(row("Cy", ONE), bo, ana) == Found("1", FoundBy.DOCUMENTO)
    assert who(row("Cy"), bo, ana, external_id="1") == Found("1", FoundBy.ID)
    assert who(row("Cy", ONE), bo, ana, external_id="1") == Found("1", FoundBy.DOCUMENTO)
    assert who(row("Cy", OTHER), bo, ana, external_id="0") == Found("0", FoundBy.ID)
    assert who(row("Bo", OTHER), bo, ana) is Who.NEW, "a row with a document is told by nothing weaker"


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (LeadData("Cy", telefones=(phone(2),), emails=("c@x.co",)), Who.SOMEONE_ELSE),
        (LeadData("Cy", telefones=(phone(2), phone(1))), Found("0", FoundBy.ID)),
        (LeadData("Cy", emails=("a@x.co",)), Found("0", FoundBy.ID)),
        (LeadData("Cy"), Found("0", FoundBy.ID)),
        (LeadData(None, telefones=(phone(2),)), Found("0", FoundBy.ID)),
        (LeadData("ANÁ Lobo", telefones=(phone(2),)), Found("0", FoundBy.ID)),
        (LeadData("An", telefones=(phone(2),)), Found("0", FoundBy.ID)),
        (LeadData("Cy", documento=ONE, telefones=(phone(2),)), Who.SOMEONE_ELSE),
    ],
)
def test_id_of_a_lead_with_another_name_and_other_contacts_refuses_the_row(asked: LeadData, verdict: Verdict) -> None:
    ana = LeadData("Ana", telefones=(phone(1),), emails=("a@x.co",))
    assert who(asked, ana, external_id="0") == verdict
    assert who(asked, LeadData("Ana"), external_id="0") == Found("0", FoundBy.ID), "nothing but the name is known"


def test_keys_that_disagree_refuse_the_row() -> None:
    ana, bo = row("Ana", ONE), row("Bo")
    assert who(row("Ana", OTHER), ana, external_id="0") is Who.NOBODY
    assert who(row("Ana", ONE), bo, ana, external_id="0") is Who.NOBODY
    assert who(row("Ana", OTHER), ana, external_id="0", keys=set()) is Who.NOBODY


def test_of_several_leads_with_a_document_the_id_chooses_and_else_the_oldest() -> None:
    leads = row("Ana", ONE), row("Ana", ONE)
    assert who(row("Ana", ONE), *leads, external_id="1") == Found("1", FoundBy.DOCUMENTO)
    assert who(row("Ana", ONE), *leads) == Found("0", FoundBy.DOCUMENTO)


def test_the_same_row_of_the_same_file_is_told_from_an_id() -> None:
    people = WhoIsWho(set(), "file", merges=True)
    people.changed("0", row("Ana"), external_id="file:2")
    assert people.who("file:2", row("Ana")) == Found("0", FoundBy.ARQUIVO)


@pytest.mark.parametrize("name", ["Ana Lobo", "ANA  LÔBO ", "Ana\u200b Lobo", "AnaLobo", None, " "])
def test_a_contact_and_the_same_name_are_the_same_person(name: str | None) -> None:
    assert who(row(name), row("Ana Lobo")) == Found("0", FoundBy.CONTATO)


@pytest.mark.parametrize("name", ["Bo", "Ana", "Ana Loba"])
def test_a_contact_and_another_name_are_somebody_else(name: str) -> None:
    assert who(row(name), row("Ana Lobo")) is Who.NEW


def test_a_contact_counts_only_if_the_job_says_so() -> None:
    assert who(row("Ana"), row("Ana"), keys={DedupKey.DOCUMENTO, DedupKey.ID}) is Who.NEW


def test_a_contact_never_joins_two_documents() -> None:
    keys = {DedupKey.CONTATO}
    assert who(row("Ana", ONE), row("Ana", OTHER), keys=keys) is Who.NEW
    assert who(row("Ana", ONE), row("Ana", OTHER), row("Ana"), keys=keys) == Found("1", FoundBy.CONTATO)


def test_the_same_name_is_nearer_than_none() -> None:
    assert who(row("Ana"), row(None), row("Ana")) == Found("1", FoundBy.CONTATO)


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        (row("Ana", None, "new@x.com"), [row("Ana", ONE), row("Ana", OTHER)]),
        (row(None, None, "new@x.com"), [row("Ana"), row("Bo")]),
    ],
    ids=["father and son", "no name"],
)
def test_a_row_that_may_be_several_people_adds_nothing_to_any(asked: LeadData, leads: list[LeadData]) -> None:
    assert who(asked, *leads) is Who.NEW
    assert who(asked, *leads, merges=False) == Found("0", FoundBy.CONTATO)
    assert who(asked._replace(emails=()), *leads) == Found("0", FoundBy.CONTATO), "it has nothing to add"


def test_of_a_placeholder_only_some_leads_are_looked_at() -> None:
    strangers = [row(f"Stranger {number}") for number in range(MOST_LEADS)]
    assert who(row("Ana"), *strangers, row("Ana")) is Who.NEW
    assert who(row("Ana"), *strangers[1:], row("Ana")) == Found(str(MOST_LEADS - 1), FoundBy.CONTATO)


def test_a_lead_is_found_by_what_the_batch_changed_in_it() -> None:
    people = WhoIsWho(ALL_KEYS, "file", merges=True)
    people.changed("0", LeadData(nome="Ana"), external_id="7")
    people.changed("0", row("Bia", ONE))
    people.changed("0", row("Bia", ONE, "b@x.com"))
    assert people.who("x", row("Bia")) == Found("0", FoundBy.CONTATO)
    assert people.who("x", row("Z", ONE)) == Found("0", FoundBy.DOCUMENTO)
    assert people.keys() == {"7", ONE}


def test_only_the_beginning_of_a_name_is_compared() -> None:
    assert plain_name("É" * 300) == "e" * 200
