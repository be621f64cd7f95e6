"""A suppressed contact stays on the list however it is written; only an administrator may remove it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.erased import ErasedContacts
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_ids
from chalicelib.suppression.requests import (
    NewSuppression,
    PersonSuppression,
    SuppressionQuery,
    SuppressionReason,
    SuppressionRemoval,
)
from chalicelib.suppression.service import Suppressions
from chalicelib.tokens import Signer
from chalicelib.wiring import Services
from tests.builders import TENANT, a_disparo, a_lead, ask, disparo, insert
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.sending_stage import SendingStage

ADMINISTRATOR = Identity(TENANT, "sub-da-ana", frozenset({ADMIN}))
MEMBER = Identity(TENANT, "sub-do-rui", frozenset())
STRANGER = Identity("outra", "sub-da-eva", frozenset())


@pytest.fixture
def suppressions(database_urls: DatabaseUrls, clock: StoppedClock) -> Iterator[Suppressions]:
    """As the login of the API."""
    database = Database(lambda: database_urls.api)
    yield Suppressions(database=database, clock=clock, erased=ErasedContacts(Signer(lambda: ["chave-de-teste"])))
    database.close()


def an_entry(
    contato: str, canal: Canal = Canal.WHATSAPP, motivo: SuppressionReason = SuppressionReason.MANUAL
) -> NewSuppression:
    return NewSuppression(canal=canal, contato=contato, motivo=motivo)


def listed(suppressions: Suppressions, **query: Any) -> list[str]:
    return [each["contato"] for each in suppressions.page(TENANT, SuppressionQuery(**query))["itens"]]


@pytest.mark.parametrize(
    "written",
    ["+5571999990001", "5571999990001", "(71) 99999-0001", "(71) 9999-0001", "071 99999 0001", "+557199990001"],
)
def test_phone_is_stored_as_disparos_store_it(suppressions: Suppressions, written: str) -> None:
    found = suppressions.add(MEMBER, an_entry(written))
    assert (found["canal"], found["contato"], found["motivo"]) == ("whatsapp", "+5571999990001", "manual")
    assert (found["criado_em"], found["disparo_id"]) == (STARTED_AT, None)


@pytest.mark.parametrize("written", ["Maria@Example.com", " maria@example.com ", "Maria <maria@example.com>"])
def test_address_is_stored_as_disparos_store_it(suppressions: Suppressions, written: str) -> None:
    assert suppressions.add(MEMBER, an_entry(written, Canal.EMAIL))["contato"] == "maria@example.com"


@pytest.mark.parametrize(
    ("written", "canal"),
    [
        ("nada", Canal.WHATSAPP),
        ("99999-0001", Canal.WHATSAPP),
        ("maria@example.com", Canal.WHATSAPP),
        ("+5571999990001; +5571999990002", Canal.WHATSAPP),
        ("+5571999990001", Canal.EMAIL),
        ("maria@", Canal.EMAIL),
        ("maria@example.com, ana@example.com", Canal.EMAIL),
        ("maria@example.com; nada", Canal.EMAIL),
    ],
)
def test_text_that_is_not_one_contact_of_the_channel_is_refused_with_a_pointer(
    suppressions: Suppressions, written: str, canal: Canal
) -> None:
    with pytest.raises(Invalid) as raised:
        suppressions.add(MEMBER, an_entry(written, canal))
    [error] = raised.value.errors
    assert (error.pointer, error.code) == ("/contato", "contato_de_supressao_invalido")
    assert written not in str(raised.value.params) + error.detail


def test_adding_a_contact_again_changes_nothing(suppressions: Suppressions, clock: StoppedClock) -> None:
    first = suppressions.add(MEMBER, an_entry("+5571999990001"))
    clock.advance(days=1)
    assert suppressions.add(MEMBER, an_entry("(71) 9999-0001")) == first
    assert listed(suppressions) == ["+5571999990001"]


def test_reason_of_the_person_replaces_manual_and_is_never_replaced(suppressions: Suppressions) -> None:
    manual = suppressions.add(MEMBER, an_entry("+5571999990001"))
    answered = suppressions.add(MEMBER, an_entry("+5571999990001", motivo=SuppressionReason.RESPOSTA))
    assert answered == {**manual, "motivo": "resposta"}
    for motivo in SuppressionReason:
        assert suppressions.add(MEMBER, an_entry("+5571999990001", motivo=motivo)) == answered


@pytest.mark.straight_path
def test_entry_counts_for_its_channel_and_its_tenant_only(suppressions: Suppressions) -> None:
    suppressions.add(MEMBER, an_entry("+5571999990001"))
    suppressions.add(STRANGER, an_entry("+5571999990002"))
    assert listed(suppressions) == ["+5571999990001"]
    assert listed(suppressions, canal="email") == []


def test_list_is_paged_newest_first(suppressions: Suppressions, clock: StoppedClock) -> None:
    phones = [f"+55719999900{number:02}" for number in range(7)]
    for phone in phones:
        suppressions.add(MEMBER, an_entry(phone))
        clock.advance(seconds=1)
    seen, cursor = [], None
    for _ in range(3):
        answer = suppressions.page(TENANT, SuppressionQuery(limit=3, cursor=cursor))
        seen += [each["contato"] for each in answer["itens"]]
        cursor = answer["proximo"]
    assert (seen, cursor) == (phones[::-1], None)
    assert listed(suppressions, limit=2, offset=5) == phones[1::-1]


def test_filter_finds_a_contact_in_any_spelling(suppressions: Suppressions) -> None:
    suppressions.add(MEMBER, an_entry("+5571999990001"))
    suppressions.add(MEMBER, an_entry("maria@example.com", Canal.EMAIL, SuppressionReason.DESCADASTRO))
    assert listed(suppressions, contato="(71) 9999-0001") == ["+5571999990001"]
    assert listed(suppressions, contato="MARIA@example.com") == ["maria@example.com"]
    assert listed(suppressions, contato="MARIA@example.com", canal="whatsapp") == []
    assert listed(suppressions, contato="ninguém") == []
    assert listed(suppressions, motivo="descadastro") == ["maria@example.com"]


def test_entry_is_removed_once(suppressions: Suppressions, owner: Database) -> None:
    supressao_id = suppressions.add(MEMBER, an_entry("+5571999990001"))["supressao_id"]
    suppressions.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())
    assert listed(suppressions) == []
    with pytest.raises(NotFound):
        suppressions.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos")
    assert (tipo, detalhe["supressao_id"], detalhe["por"]) == ("supressao.removed", str(supressao_id), "sub-da-ana")
    assert "+55" not in str(detalhe)


@pytest.mark.parametrize(
    "motivo", [SuppressionReason.DESCADASTRO, SuppressionReason.RESPOSTA, SuppressionReason.PROVEDOR]
)
def test_person_who_opted_out_is_removed_only_after_a_new_consent(
    suppressions: Suppressions, motivo: SuppressionReason
) -> None:
    supressao_id = suppressions.add(MEMBER, an_entry("+5571999990001", motivo=motivo))["supressao_id"]
    with pytest.raises(Conflict, match="consentimento_exigido"):
        suppressions.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())
    assert listed(suppressions) == ["+5571999990001"]
    suppressions.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval(novo_consentimento=True))
    assert listed(suppressions) == []


def test_entry_of_another_tenant_is_not_found(suppressions: Suppressions) -> None:
    supressao_id = suppressions.add(STRANGER, an_entry("+5571999990001"))["supressao_id"]
    with pytest.raises(NotFound):
        suppressions.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())


def test_entry_counts_for_every_lead_with_that_contact(suppressions: Suppressions, owner: Database) -> None:
    """The same person in another file is another lead."""
    suppressions.add(MEMBER, an_entry("+5571999990001"))
    for _ in range(2):
        a_lead(owner, telefones=["+5571999990001"])
    found = ask(
        owner,
        "SELECT count(*) FROM lead_telefones t JOIN supressoes s "
        "ON s.tenant_id = t.tenant_id AND s.canal = 'whatsapp' AND s.contato = t.telefone",
    )
    assert found == [[2]]


@pytest.mark.parametrize(
    ("canal", "contato"), [("whatsapp", "5571999990001"), ("whatsapp", "a@b.c"), ("email", "a b@c"), ("sms", "+5571")]
)
def test_database_refuses_a_contact_that_no_disparo_can_have(owner: Database, canal: str, contato: str) -> None:
    with pytest.raises(ConstraintViolation):
        insert(
            owner, "supressoes", tenant_id=TENANT, canal=canal, contato=contato, supressao_id=UUID(int=1),
            motivo="manual", criado_em=STARTED_AT,
        )  # fmt: skip


def test_opt_outs_of_disparos_suppress_their_contacts(suppressions: Suppressions, owner: Database) -> None:
    suppressions.add(MEMBER, an_entry("+5571999990002"))
    lead_id = a_lead(owner)
    ids = [a_disparo(owner, lead_id, destino=f"+557199999000{last}") for last in (1, 1, 2)]
    for _ in range(2):
        with owner.across_tenants() as rows:
            rows.run(
                "insert_supressoes_of_disparos", tenant_ids=[TENANT] * 3, disparo_ids=ids,
                supressao_ids=new_ids(STARTED_AT, 3), motivo="provedor", agora_mesmo=False, agora=STARTED_AT,
            )  # fmt: skip
    found = {each["contato"]: each for each in suppressions.page(TENANT, SuppressionQuery())["itens"]}
    assert {contato: (each["motivo"], each["disparo_id"]) for contato, each in found.items()} == {
        "+5571999990001": ("provedor", min(ids[:2])),
        "+5571999990002": ("provedor", ids[2]),
    }


# A person


def a_person(owner: Database) -> UUID:
    return a_lead(owner, telefones=["+5571999990001", "+557133334444"], emails=["maria@example.com"])


@pytest.mark.straight_path
def test_person_is_suppressed_by_every_contact_and_channel_and_the_lead_shows_it(
    suppressions: Suppressions, services: Services, owner: Database
) -> None:
    lead_id = a_person(owner)
    done = suppressions.suppress_person(MEMBER, lead_id, PersonSuppression(nota="Pediu por telefone"))
    assert (done["nota"], done["por"], done["criado_em"]) == ("Pediu por telefone", "sub-do-rui", STARTED_AT)
    assert [(each["canal"], each["contato"], each["motivo"], each["por"]) for each in done["supressoes"]] == [
        ("email", "maria@example.com", "manual", "sub-do-rui"),
        ("whatsapp", "+557133334444", "manual", "sub-do-rui"),
        ("whatsapp", "+5571999990001", "manual", "sub-do-rui"),
    ]
    lead = services.leads.get(TENANT, lead_id)
    assert lead["supressao"] == {"nota": "Pediu por telefone", "por": "sub-do-rui", "criado_em": STARTED_AT}
    contacts = [*lead["telefones"], *lead["emails"]]
    assert [each["supressao"]["nota"] for each in contacts] == ["Pediu por telefone"] * 3
    assert [tipo for (tipo,) in ask(owner, "SELECT tipo FROM eventos")] == ["lead.suppressed"]


def test_contact_that_a_suppressed_person_gets_later_is_not_written_to(
    suppressions: Suppressions, owner: Database, stage: SendingStage, clock: StoppedClock
) -> None:
    lead_id = a_person(owner)
    suppressions.suppress_person(MEMBER, lead_id, PersonSuppression())
    other = a_lead(owner, telefones=["+5571999990009"])
    ids = [a_disparo(owner, each, destino="+5571999990009", criado_em=clock()) for each in (lead_id, other)]
    stage.run(*ids)
    assert [disparo(owner, each, "status") for each in ids] == [["suprimido"], ["enviado"]]


def test_suppressing_a_person_again_changes_nothing_but_the_note(
    suppressions: Suppressions, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_person(owner)
    first = suppressions.suppress_person(MEMBER, lead_id, PersonSuppression())
    clock.advance(days=1)
    assert suppressions.suppress_person(ADMINISTRATOR, lead_id, PersonSuppression()) == first
    noted = suppressions.suppress_person(ADMINISTRATOR, lead_id, PersonSuppression(nota="Procon"))
    assert noted == {**first, "nota": "Procon", "por": "sub-da-ana"}


def test_opt_out_of_a_persons_own_needs_a_new_consent_to_be_lifted(suppressions: Suppressions, owner: Database) -> None:
    lead_id = a_person(owner)
    suppressions.add(MEMBER, an_entry("maria@example.com", Canal.EMAIL, SuppressionReason.DESCADASTRO))
    suppressions.suppress_person(MEMBER, lead_id, PersonSuppression())
    with pytest.raises(Conflict, match="consentimento_exigido"):
        suppressions.lift_person(ADMINISTRATOR, lead_id, SuppressionRemoval())
    assert len(listed(suppressions)) == 3
    for _ in range(2):
        suppressions.lift_person(ADMINISTRATOR, lead_id, SuppressionRemoval(novo_consentimento=True))
    assert listed(suppressions) == []
    assert ask(owner, "SELECT count(*) FROM leads_suprimidos") == [[0]]
    kinds = sorted(tipo for (tipo,) in ask(owner, "SELECT tipo FROM eventos"))
    assert kinds == ["lead.suppressed", "lead.suppression_removed", *["supressao.removed"] * 3]


def test_person_of_another_tenant_is_not_found(suppressions: Suppressions, owner: Database) -> None:
    theirs = a_lead(owner, tenant_id="outra")
    with pytest.raises(NotFound):
        suppressions.suppress_person(MEMBER, theirs, PersonSuppression())
    with pytest.raises(NotFound):
        suppressions.lift_person(ADMINISTRATOR, theirs, SuppressionRemoval())


def test_person_without_contacts_is_suppressed(suppressions: Suppressions, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[], emails=[])
    assert suppressions.suppress_person(MEMBER, lead_id, PersonSuppression())["supressoes"] == []


def test_entry_keeps_the_note_and_the_user(suppressions: Suppressions) -> None:
    found = suppressions.add(MEMBER, NewSuppression(canal=Canal.EMAIL, contato="a@example.com", nota="Pediu"))
    assert (found["nota"], found["por"]) == ("Pediu", "sub-do-rui")
