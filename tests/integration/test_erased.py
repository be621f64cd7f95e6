"""A contact that was erased is known again by its digest, whichever way it comes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.erased import Contact, ErasedContacts, TenantContact
from chalicelib.identity import ADMIN, Identity
from chalicelib.leads.requests import NewEmail, NewLead, NewPhone
from chalicelib.privacy.requests import SubjectRequest
from chalicelib.suppression.requests import SuppressionRemoval
from chalicelib.tokens import Signer
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, ask
from tests.conftest import STARTED_AT
from tests.personal_data import EMAIL, PHONE

ADMINISTRATOR = Identity(TENANT, "u", frozenset({ADMIN}))
BY_PHONE = Contact(Canal.WHATSAPP, PHONE)
pytestmark = pytest.mark.usefixtures("secrets")


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, after the person was erased."""
    services.erasures.erase(ADMINISTRATOR, SubjectRequest(telefones=(PHONE,), emails=(EMAIL,)))
    return services.owner_database


def suppressed(owner: Database) -> list[Any]:
    return ask(owner, "SELECT contato, motivo FROM supressoes ORDER BY contato")


def test_lead_that_is_made_by_hand_is_suppressed(services: Services, owner: Database) -> None:
    services.registrations.create(ADMINISTRATOR, NewLead(nome="Ana", telefones=("71 8765-4321",), emails=(EMAIL,)))
    assert suppressed(owner) == [[PHONE, "apagamento"], [EMAIL, "apagamento"]]


def test_contact_that_is_added_by_hand_is_suppressed(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    services.lead_contacts.add_phone(ADMINISTRATOR, lead_id, NewPhone(telefone="71 98765-4321"))
    services.lead_contacts.add_email(ADMINISTRATOR, lead_id, NewEmail(email=EMAIL))
    assert suppressed(owner) == [[PHONE, "apagamento"], [EMAIL, "apagamento"]]


def test_new_consent_ends_the_suppression_of_an_erased_contact(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[])
    services.lead_contacts.add_phone(ADMINISTRATOR, lead_id, NewPhone(telefone=PHONE))
    [[entry]] = ask(owner, "SELECT supressao_id FROM supressoes")
    services.suppressions.remove(ADMINISTRATOR, UUID(str(entry)), SuppressionRemoval(novo_consentimento=True))
    assert ask(owner, "SELECT count(*) FROM contatos_apagados") == [[1]]
    services.lead_contacts.add_phone(ADMINISTRATOR, a_lead(owner, telefones=[]), NewPhone(telefone=PHONE))
    assert suppressed(owner) == []


def test_contact_that_no_lead_has_is_not_written_down(services: Services, owner: Database) -> None:
    with owner.transaction(TENANT) as rows:
        assert services.erased_contacts.suppress_again(rows, [BY_PHONE], STARTED_AT) == 0
    assert suppressed(owner) == []


def test_digest_is_of_one_tenant_and_one_channel(services: Services, owner: Database) -> None:
    contacts = [
        TenantContact(TENANT, BY_PHONE),
        TenantContact("outra", BY_PHONE),
        TenantContact(TENANT, Contact(Canal.EMAIL, PHONE)),
    ]
    with owner.across_tenants() as rows:
        assert services.erased_contacts.erased_among(rows, contacts) == {contacts[0]}
        assert services.erased_contacts.erased_among(rows, contacts[1:2]) == frozenset()


def test_rotated_key_still_finds_what_it_made(services: Services, owner: Database) -> None:
    rotated = ErasedContacts(Signer(lambda: ["nova", "chave-de-teste"]))
    a_lead(owner, telefones=[PHONE])
    with owner.transaction(TENANT) as rows:
        assert rotated.erased_among(rows, [TenantContact(TENANT, BY_PHONE)])
        assert rotated.suppress_again(rows, [BY_PHONE], STARTED_AT) == 1
        assert rotated.suppress_again(rows, [BY_PHONE], STARTED_AT) == 0
    assert suppressed(owner) == [[PHONE, "apagamento"]]


def test_nothing_is_asked_for_a_tenant_that_has_erased_nobody(services: Services, owner: Database) -> None:
    unusable = ErasedContacts(Signer(list))
    with owner.transaction("outra") as rows:
        assert unusable.suppress_again(rows, [BY_PHONE], STARTED_AT) == 0
        assert unusable.erased_among(rows, [TenantContact("outra", BY_PHONE)]) == frozenset()
