"""Who is meant by a text, and which texts of a file mention them."""

from __future__ import annotations

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.erased import Contact
from chalicelib.errors import Invalid
from chalicelib.privacy.requests import SubjectKind, SubjectRequest
from chalicelib.privacy.subjects import SubjectSlice, mention_of, national_forms, person_of, read_subject
from tests.builders import TENANT, a_lead, ask, literal

MENTION = mention_of(["52998224725", "01234567890"], ["+5571987654321", "+351912345678"], ["ana.b+c@x.com"])


@pytest.mark.parametrize(
    "text",
    [
        "71987654321", "7187654321", "(71) 98765-4321", "71 8765.4321", "+55 71 98765 4321", "005571987654321",
        "071987654321", "fone: 5571987654321 | 2", "+351 912 345 678", "00351912345678", "cpf 529.982.247-25",
        "52998224725",
        "1234567890", "012.345.678-90", "ANA.B+C@X.COM", "Ana <ana.b+c@x.com>", "ana.b+c@x.com.",
    ],
)  # fmt: skip
def test_text_that_mentions_the_person_is_found(owner: Database, text: str) -> None:
    assert ask(owner, f"SELECT lower({literal(text)}) ~ {literal(MENTION)}") == [[True]]


@pytest.mark.parametrize(
    "text",
    [
        "719876543210", "171987654321", "71987654322", "152998224725", "529982247251", "xana.b+c@x.com",
        "ana.b+c@x.com.br", "ana.b+c@x.community", "anaab+c@x.com", "", "ana",
    ],
)  # fmt: skip
def test_text_that_mentions_another_one_is_not(owner: Database, text: str) -> None:
    assert ask(owner, f"SELECT lower({literal(text)}) ~ {literal(MENTION)}") == [[False]]


def test_nobody_is_mentioned_by_an_empty_pattern() -> None:
    assert mention_of([], [], []) == ""


def test_identifiers_are_canonical_and_each_once() -> None:
    request = SubjectRequest(
        documentos=("529.982.247-25", "52998224725"), telefones=("71 98765-4321", "557187654321", "+351 912 345 678"),
        emails=("ANA@x.com", "ana@X.com"),
    )  # fmt: skip
    subject = read_subject(request)
    assert tuple(subject) == (("52998224725",), ("+5571987654321", "+351912345678"), ("ana@x.com",))
    assert [kind for kind, _ in subject.identifiers()] == [
        SubjectKind.DOCUMENTO, SubjectKind.TELEFONE, SubjectKind.TELEFONE, SubjectKind.EMAIL,
    ]  # fmt: skip


def test_phone_that_a_provider_writes_without_its_plus_sign_is_read() -> None:
    assert read_subject(SubjectRequest(telefones=("351912345678",))).telefones == ("+351912345678",)


def test_text_that_is_no_identifier_is_refused() -> None:
    with pytest.raises(Invalid, match="requisicao_invalida"):
        read_subject(SubjectRequest(telefones=("99",)))


def test_request_that_names_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody is named"):
        SubjectRequest()


def test_old_form_of_a_number_is_that_of_a_brazilian_mobile_alone() -> None:
    assert national_forms("+5571987654321") == ["71987654321", "7187654321"]
    assert national_forms("+557133334444") == ["7133334444"]
    assert national_forms("+351912345678") == []


def test_senders_are_all_the_forms_that_providers_write() -> None:
    person = SubjectSlice((), (Contact(Canal.WHATSAPP, "+5571987654321"), Contact(Canal.EMAIL, "a@x.com")), ())
    assert set(person.senders) >= {"+5571987654321", "5571987654321", "557187654321", "+557187654321", "a@x.com"}


def test_documents_and_contacts_of_the_leads_are_the_persons_too(owner: Database) -> None:
    lead_id = a_lead(owner, documento="52998224725", telefones=["+5571987654321"], emails=["a@x.com"])
    request = read_subject(SubjectRequest(emails=("b@x.com",)))
    with owner.transaction(TENANT) as rows:
        person = person_of(rows, request, [lead_id])
    assert person.documentos == ("52998224725",)
    assert set(person.contatos) == {"b@x.com", "a@x.com", "+5571987654321"}
