"""People add, arrange and remove the contacts of a lead, over a real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ingestion.rows.lead import principal
from chalicelib.leads.edits.contact_edits import LeadContacts
from chalicelib.leads.requests import ContactRemoval, NewEmail, NewPhone
from chalicelib.wiring import Services
from tests.builders import ANA, CREATED_AT, TENANT, a_disparo, a_lead, a_template, ask, run, wait_for_locks
from tests.conftest import StoppedClock
from tests.ingesting import Office, as_csv

FIRST, SECOND, LANDLINE = "+5571999990001", "+5571999990002", "+557133334444"
STAYS, CANCELS = ContactRemoval(), ContactRemoval(cancelar=True)


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def contacts(services: Services) -> LeadContacts:
    return services.lead_contacts


def id_of(owner: Database, lead_id: UUID, contact: str) -> UUID:
    [[contact_id]] = ask(owner, f"SELECT contato_id('{lead_id}', '{contact}')")
    return UUID(str(contact_id))


def phones_of(shown: dict[str, Any]) -> list[tuple[str, int, bool]]:
    return [(each["telefone"], each["ordem"], each["principal"]) for each in shown["telefones"]]


def refused(code: str, work: Callable[[], object]) -> dict[str, object]:
    """The parameters of a refusal by the state of the lead."""
    with pytest.raises(Conflict) as raised:
        work()
    assert raised.value.code == code
    return raised.value.params


def test_new_phone_comes_last_and_is_read_as_ingestion_reads_it(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner)
    shown = contacts.add_phone(ANA, lead_id, NewPhone(telefone="(71) 9999-0002"))
    assert phones_of(shown) == [(FIRST, 1, True), (SECOND, 2, False)]
    shown = contacts.add_phone(ANA, lead_id, NewPhone(telefone="71 3333-4444"))
    [*_, landline] = shown["telefones"]
    assert (landline["telefone"], landline["tipo_origem"], landline["valido_para_disparo"]) == (LANDLINE, "fixo", False)


def test_landline_is_fit_for_sending_where_the_tenant_says_so(
    contacts: LeadContacts, owner: Database, services: Services
) -> None:
    Office(services).configure(fixo_valido_para_whatsapp=True)
    shown = contacts.add_phone(ANA, a_lead(owner, telefones=()), NewPhone(telefone="71 3333-4444"))
    assert shown["telefones"][0]["valido_para_disparo"]


def test_first_contact_of_a_kind_is_the_principal_one(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=(), emails=())
    assert phones_of(contacts.add_phone(ANA, lead_id, NewPhone(telefone=FIRST))) == [(FIRST, 1, True)]
    [email] = contacts.add_email(ANA, lead_id, NewEmail(email=" Ana@Example.com "))["emails"]
    assert (email["email"], email["principal"]) == ("ana@example.com", True)


def test_principal_phone_stands_first(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner)
    shown = contacts.add_phone(ANA, lead_id, NewPhone(telefone=SECOND, principal=True))
    assert phones_of(shown) == [(SECOND, 1, True), (FIRST, 2, False)]
    shown = contacts.prefer_phone(ANA, lead_id, id_of(owner, lead_id, FIRST))
    assert phones_of(shown) == [(FIRST, 1, True), (SECOND, 2, False)]


def test_principal_email_stands_first(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner, emails=["a@example.com", "b@example.com"])
    shown = contacts.prefer_email(ANA, lead_id, id_of(owner, lead_id, "b@example.com"))
    assert [(each["email"], each["principal"]) for each in shown["emails"]] == [
        ("b@example.com", True),
        ("a@example.com", False),
    ]


def test_phone_that_no_message_can_go_to_does_not_take_the_place_of_one_that_it_can(
    contacts: LeadContacts, owner: Database
) -> None:
    lead_id = a_lead(owner)
    shown = contacts.add_phone(ANA, lead_id, NewPhone(telefone=LANDLINE))
    landline = shown["telefones"][1]["telefone_id"]
    refused("contato_nao_enviavel", lambda: contacts.prefer_phone(ANA, lead_id, landline))
    alone = a_lead(owner, telefones=(), criado_em=CREATED_AT + timedelta(1))
    shown = contacts.add_phone(ANA, alone, NewPhone(telefone=LANDLINE, principal=True))
    assert phones_of(shown) == [(LANDLINE, 1, True)]
    # A mobile that comes later is tried first, whatever its place.
    assert phones_of(contacts.add_phone(ANA, alone, NewPhone(telefone=FIRST)))[1] == (FIRST, 2, True)


def test_next_contact_becomes_the_principal_one_when_it_is_removed(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[FIRST, SECOND], emails=["a@example.com", "b@example.com"])
    contacts.remove_phone(ANA, lead_id, id_of(owner, lead_id, FIRST), STAYS)
    contacts.remove_email(ANA, lead_id, id_of(owner, lead_id, "a@example.com"), STAYS)
    assert ask(owner, "SELECT telefone, ordem, principal FROM lead_telefones") == [[SECOND, 1, True]]
    assert ask(owner, "SELECT email, ordem, principal FROM lead_emails") == [["b@example.com", 1, True]]


def test_raw_texts_say_what_the_lead_has_once_a_person_has_changed_it(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner, telefone_raw="71 9999-0001 ou nada", email_raw="maria@example.com, ruim")
    shown = contacts.add_phone(ANA, lead_id, NewPhone(telefone=SECOND))
    assert (shown["telefone_raw"], shown["email_raw"]) == (f"{FIRST} | {SECOND}", "maria@example.com, ruim")


def test_contact_that_the_lead_has_already_is_refused_and_named(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner)
    params = refused("contato_repetido", lambda: contacts.add_phone(ANA, lead_id, NewPhone(telefone="71 99999-0001")))
    assert params == {"contato_id": str(id_of(owner, lead_id, FIRST))}
    refused("contato_repetido", lambda: contacts.add_email(ANA, lead_id, NewEmail(email="MARIA@example.com")))


def test_lead_has_fifty_contacts_of_a_kind_at_most(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner, emails=[f"e{number}@example.com" for number in range(50)])
    refused("contatos_no_limite", lambda: contacts.add_email(ANA, lead_id, NewEmail(email="mais@example.com")))


@pytest.mark.parametrize("text", ["abc", "71 99999-0002 ou 71 99999-0003", "123"])
def test_text_that_is_not_one_phone_is_refused(contacts: LeadContacts, owner: Database, text: str) -> None:
    lead_id = a_lead(owner)
    with pytest.raises(Invalid) as raised:
        contacts.add_phone(ANA, lead_id, NewPhone(telefone=text))
    assert raised.value.errors[0].pointer == "/telefone"
    assert ask(owner, "SELECT count(*) FROM lead_telefones") == [[1]]


def test_unknown_lead_or_contact_is_not_found(contacts: LeadContacts, owner: Database) -> None:
    lead_id, other = a_lead(owner), a_lead(owner, tenant_id="outra")
    for work in (
        lambda: contacts.add_phone(ANA, other, NewPhone(telefone=SECOND)),
        lambda: contacts.remove_phone(ANA, lead_id, uuid4(), STAYS),
        lambda: contacts.remove_email(ANA, lead_id, id_of(owner, lead_id, FIRST), STAYS),
        lambda: contacts.prefer_email(ANA, lead_id, uuid4()),
    ):
        with pytest.raises(NotFound):
            work()


def test_last_contact_of_a_lead_without_a_document_stays(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner, emails=())
    removal = (ANA, lead_id, id_of(owner, lead_id, FIRST), STAYS)
    refused("ultimo_contato", lambda: contacts.remove_phone(*removal))
    run(owner, "UPDATE leads SET documento = '52998224725'")
    contacts.remove_phone(*removal)
    assert ask(owner, "SELECT count(*), max(telefone_raw) FROM lead_telefones JOIN leads USING (lead_id)") == [
        [0, None]
    ]


# Disparos


@pytest.mark.parametrize("status", ["pendente", "enviando"])
def test_contact_that_disparos_will_use_stays(contacts: LeadContacts, owner: Database, status: str) -> None:
    lead_id = a_lead(owner)
    a_template(owner)
    for number in range(2):
        a_disparo(owner, lead_id, status=status, criado_em=CREATED_AT + timedelta(seconds=number))
    code = {"pendente": "contato_com_disparos", "enviando": "contato_em_envio"}[status]
    phone_id = id_of(owner, lead_id, FIRST)
    assert refused(code, lambda: contacts.remove_phone(ANA, lead_id, phone_id, STAYS)) == {"quantos": 2}
    if status == "enviando":
        refused(code, lambda: contacts.remove_phone(ANA, lead_id, phone_id, CANCELS))
    assert ask(owner, "SELECT count(*) FROM lead_telefones") == [[1]]
    assert ask(owner, "SELECT DISTINCT status FROM disparos") == [[status]]


def test_waiting_disparos_are_cancelled_if_the_request_says_so(
    contacts: LeadContacts, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, telefones=[FIRST, SECOND])
    a_template(owner)
    waiting, other = a_disparo(owner, lead_id), a_disparo(owner, lead_id, destino=SECOND)
    contacts.remove_phone(ANA, lead_id, id_of(owner, lead_id, FIRST), CANCELS)
    assert dict(ask(owner, "SELECT disparo_id, status FROM disparos")) == {waiting: "cancelado", other: "pendente"}
    steps = ask(owner, "SELECT disparo_id, em, classe, por, motivo FROM disparo_tentativas")
    assert steps == [[waiting, clock(), "cancelado", "ana", "O contato foi removido do lead."]]


def test_disparo_that_a_worker_claims_at_the_same_time_is_seen(contacts: LeadContacts, owner: Database) -> None:
    lead_id = a_lead(owner)
    a_template(owner)
    a_disparo(owner, lead_id)
    phone_id = id_of(owner, lead_id, FIRST)
    with ThreadPoolExecutor(1) as pool:
        with owner.transaction(TENANT) as rows:
            rows.execute("UPDATE disparos SET status = 'enviando', lease_dono = disparo_id, lease_ate = 'infinity'")
            removal = pool.submit(contacts.remove_phone, ANA, lead_id, phone_id, CANCELS)
            wait_for_locks(owner, 1, removal)
        refused("contato_em_envio", removal.result)


@pytest.mark.parametrize("status", ["enviado", "erro", "cancelado"])
def test_disparos_that_have_ended_keep_a_removed_contact(contacts: LeadContacts, owner: Database, status: str) -> None:
    lead_id = a_lead(owner)
    a_template(owner)
    a_disparo(owner, lead_id, status=status)
    contacts.remove_phone(ANA, lead_id, id_of(owner, lead_id, FIRST), STAYS)
    assert ask(owner, "SELECT status, destino FROM disparos") == [[status, FIRST]]


# With ingestion


def test_lead_whose_contacts_a_person_changed_survives_the_undoing_of_its_job(
    contacts: LeadContacts, services: Services, owner: Database
) -> None:
    office = Office(services)
    job = office.ingest(as_csv(("1", "Ana", "", "a@example.com", ""), ("2", "Bia", "", "b@example.com", "")))
    [[lead_id]] = ask(owner, "SELECT lead_id FROM leads WHERE nome = 'Ana'")
    contacts.add_email(ANA, lead_id, NewEmail(email="c@example.com"))
    undone = office.undone(job)
    assert (undone["leads_removidos"], undone["leads_mantidos"]) == (1, {"alterado": 1})


def test_principal_that_a_person_chose_stays_when_a_file_adds_a_phone(
    contacts: LeadContacts, services: Services, owner: Database
) -> None:
    office = Office(services)
    office.ingest(as_csv(("1", "Ana", "", "", "71 99999-0001; 71 99999-0002; 71 99999-0003")))
    [[lead_id]] = ask(owner, "SELECT lead_id FROM leads")
    contacts.remove_phone(ANA, lead_id, id_of(owner, lead_id, FIRST), STAYS)
    contacts.prefer_phone(ANA, lead_id, id_of(owner, lead_id, "+5571999990003"))
    office.ingest(as_csv(("1", "Ana", "", "", "71 99999-0004")), modo="atualizar")
    found = ask(owner, "SELECT telefone, ordem, principal FROM lead_telefones ORDER BY ordem")
    assert found == [["+5571999990003", 1, True], [SECOND, 2, False], ["+5571999990004", 3, False]]


NUMBERS = st.sampled_from(["+5571999990001", "+5571999990002", LANDLINE, "+557133335555"])
MOVES = st.lists(st.tuples(st.sampled_from(["add", "add first", "prefer", "remove"]), NUMBERS), max_size=8)
LEADS = iter(range(1_000_000))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_principal_is_always_the_one_that_ingestion_would_choose(
    contacts: LeadContacts, owner: Database, moves: list[tuple[str, str]]
) -> None:
    lead_id = a_lead(owner, telefones=(), documento="52998224725", criado_em=CREATED_AT + timedelta(next(LEADS)))
    for move, phone in moves:
        contact_id = id_of(owner, lead_id, phone)
        try:
            match move:
                case "prefer":
                    contacts.prefer_phone(ANA, lead_id, contact_id)
                case "remove":
                    contacts.remove_phone(ANA, lead_id, contact_id, STAYS)
                case _:
                    contacts.add_phone(ANA, lead_id, NewPhone(telefone=phone, principal=move == "add first"))
        except (Conflict, NotFound):
            pass
        rows = ask(
            owner,
            "SELECT telefone, ordem, principal, tipo_origem, valido_para_disparo FROM lead_telefones "
            f"WHERE lead_id = '{lead_id}' ORDER BY ordem",
        )
        assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
        phones = [Phone(row[0], PhoneKind(row[3]), row[4]) for row in rows]
        assert [row[0] for row in rows if row[2]] == ([principal(phones)] if rows else [])
