"""Whoever is on the list stays on it: written in any way, said twice, ingested again; and only some may take it off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.errors import Conflict, ConstraintViolation, Forbidden, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_ids
from chalicelib.suppression.requests import NewSuppression, SuppressionQuery, SuppressionReason, SuppressionRemoval
from chalicelib.suppression.service import Suppressions
from tests.builders import TENANT, a_lead, a_template, ask, insert
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.fakes import a_disparo

ADMINISTRATOR = Identity(TENANT, "sub-da-ana", frozenset({ADMIN}))
MEMBER = Identity(TENANT, "sub-do-rui", frozenset())


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


@pytest.fixture
def supressoes(database_urls: DatabaseUrls, clock: StoppedClock) -> Iterator[Suppressions]:
    """As the API's login."""
    database = Database(lambda: database_urls.api)
    yield Suppressions(database=database, clock=clock)
    database.close()


def nova(
    contato: str, canal: Canal = Canal.WHATSAPP, motivo: SuppressionReason = SuppressionReason.MANUAL
) -> NewSuppression:
    return NewSuppression(canal=canal, contato=contato, motivo=motivo)


def listed(supressoes: Suppressions, **query: Any) -> list[str]:
    return [each["contato"] for each in supressoes.page(TENANT, SuppressionQuery(**query))["itens"]]


@pytest.mark.parametrize(
    "written",
    ["+5571999990001", "5571999990001", "(71) 99999-0001", "(71) 9999-0001", "071 99999 0001", "+557199990001"],
)
def test_a_phone_is_kept_as_disparos_have_it(supressoes: Suppressions, written: str) -> None:
    found = supressoes.add(TENANT, nova(written))
    assert (found["canal"], found["contato"], found["motivo"]) == ("whatsapp", "+5571999990001", "manual")
    assert (found["criado_em"], found["disparo_id"]) == (STARTED_AT, None)


@pytest.mark.parametrize("written", ["Maria@Example.com", " maria@example.com ", "Maria <maria@example.com>"])
def test_an_address_is_kept_as_disparos_have_it(supressoes: Suppressions, written: str) -> None:
    assert supressoes.add(TENANT, nova(written, Canal.EMAIL))["contato"] == "maria@example.com"


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
def test_what_is_not_one_contact_of_the_channel_is_pointed_at(
    supressoes: Suppressions, written: str, canal: Canal
) -> None:
    with pytest.raises(Invalid) as raised:
        supressoes.add(TENANT, nova(written, canal))
    [error] = raised.value.errors
    assert (error.pointer, error.code) == ("/contato", "contato_de_supressao_invalido")
    assert written not in str(raised.value.params) + error.detail


def test_saying_it_again_changes_nothing(supressoes: Suppressions, clock: StoppedClock) -> None:
    first = supressoes.add(TENANT, nova("+5571999990001"))
    clock.advance(days=1)
    assert supressoes.add(TENANT, nova("(71) 9999-0001")) == first
    assert listed(supressoes) == ["+5571999990001"]


def test_the_persons_own_word_takes_the_place_of_a_users_and_never_the_other_way(supressoes: Suppressions) -> None:
    manual = supressoes.add(TENANT, nova("+5571999990001"))
    answered = supressoes.add(TENANT, nova("+5571999990001", motivo=SuppressionReason.RESPOSTA))
    assert answered == {**manual, "motivo": "resposta"}
    for motivo in SuppressionReason:
        assert supressoes.add(TENANT, nova("+5571999990001", motivo=motivo)) == answered


def test_one_channel_says_nothing_about_another_nor_one_tenant(supressoes: Suppressions) -> None:
    supressoes.add(TENANT, nova("+5571999990001"))
    supressoes.add("outra", nova("+5571999990002"))
    assert listed(supressoes) == ["+5571999990001"]
    assert listed(supressoes, canal="email") == []


def test_a_list_is_newest_first_a_page_at_a_time(supressoes: Suppressions, clock: StoppedClock) -> None:
    phones = [f"+55719999900{number:02}" for number in range(7)]
    for phone in phones:
        supressoes.add(TENANT, nova(phone))
        clock.advance(seconds=1)
    seen, cursor = [], None
    for _ in range(3):
        answer = supressoes.page(TENANT, SuppressionQuery(limit=3, cursor=cursor))
        seen += [each["contato"] for each in answer["itens"]]
        cursor = answer["proximo"]
    assert (seen, cursor) == (phones[::-1], None)
    assert listed(supressoes, limit=2, offset=5) == phones[1::-1]


def test_a_contact_is_found_however_it_is_written(supressoes: Suppressions) -> None:
    supressoes.add(TENANT, nova("+5571999990001"))
    supressoes.add(TENANT, nova("maria@example.com", Canal.EMAIL, SuppressionReason.DESCADASTRO))
    assert listed(supressoes, contato="(71) 9999-0001") == ["+5571999990001"]
    assert listed(supressoes, contato="MARIA@example.com") == ["maria@example.com"]
    assert listed(supressoes, contato="MARIA@example.com", canal="whatsapp") == []
    assert listed(supressoes, contato="ninguém") == []
    assert listed(supressoes, motivo="descadastro") == ["maria@example.com"]


def test_only_an_administrator_takes_a_contact_off(supressoes: Suppressions, owner: Database) -> None:
    supressao_id = supressoes.add(TENANT, nova("+5571999990001"))["supressao_id"]
    with pytest.raises(Forbidden):
        supressoes.remove(MEMBER, supressao_id, SuppressionRemoval(novo_consentimento=True))
    supressoes.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())
    assert listed(supressoes) == []
    with pytest.raises(NotFound):
        supressoes.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos")
    assert (tipo, detalhe["supressao_id"], detalhe["por"]) == ("supressao.removed", str(supressao_id), "sub-da-ana")
    assert "+55" not in str(detalhe)


@pytest.mark.parametrize(
    "motivo", [SuppressionReason.DESCADASTRO, SuppressionReason.RESPOSTA, SuppressionReason.PROVEDOR]
)
def test_who_opted_out_comes_back_by_a_new_consent_alone(supressoes: Suppressions, motivo: SuppressionReason) -> None:
    supressao_id = supressoes.add(TENANT, nova("+5571999990001", motivo=motivo))["supressao_id"]
    with pytest.raises(Conflict, match="consentimento_exigido"):
        supressoes.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())
    assert listed(supressoes) == ["+5571999990001"]
    supressoes.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval(novo_consentimento=True))
    assert listed(supressoes) == []


def test_another_tenants_entry_cannot_be_removed(supressoes: Suppressions) -> None:
    supressao_id = supressoes.add("outra", nova("+5571999990001"))["supressao_id"]
    with pytest.raises(NotFound):
        supressoes.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval())


def test_the_list_knows_contacts_and_not_leads(supressoes: Suppressions, owner: Database) -> None:
    """The same person in another file is another lead, and is on the list all the same."""
    supressoes.add(TENANT, nova("+5571999990001"))
    for _ in range(2):
        a_lead(owner, telefones=["+5571999990001"])
    on_it = ask(
        owner,
        "SELECT count(*) FROM lead_telefones t JOIN supressoes s "
        "ON s.tenant_id = t.tenant_id AND s.canal = 'whatsapp' AND s.contato = t.telefone",
    )
    assert on_it == [[2]]


@pytest.mark.parametrize(
    ("canal", "contato"), [("whatsapp", "5571999990001"), ("whatsapp", "a@b.c"), ("email", "a b@c"), ("sms", "+5571")]
)
def test_the_database_takes_no_contact_that_no_disparo_has(owner: Database, canal: str, contato: str) -> None:
    with pytest.raises(ConstraintViolation):
        insert(
            owner, "supressoes", tenant_id=TENANT, canal=canal, contato=contato, supressao_id=UUID(int=1),
            motivo="manual", criado_em=STARTED_AT,
        )  # fmt: skip


def test_what_a_provider_says_of_disparos_puts_their_contacts_on_the_list(
    supressoes: Suppressions, owner: Database
) -> None:
    a_template(owner)
    supressoes.add(TENANT, nova("+5571999990002"))
    lead_id = a_lead(owner)
    ids = [a_disparo(owner, lead_id, destino=f"+557199999000{last}") for last in (1, 1, 2)]
    for _ in range(2):
        with owner.across_tenants() as rows:
            rows.run(
                "insert_supressoes_of_disparos", tenant_ids=[TENANT] * 3, disparo_ids=ids,
                supressao_ids=new_ids(STARTED_AT, 3), motivo="provedor", agora=STARTED_AT,
            )  # fmt: skip
    found = {each["contato"]: each for each in supressoes.page(TENANT, SuppressionQuery())["itens"]}
    assert {contato: (each["motivo"], each["disparo_id"]) for contato, each in found.items()} == {
        "+5571999990001": ("provedor", min(ids[:2])),
        "+5571999990002": ("provedor", ids[2]),
    }
