"""Replies are listed, assigned and settled by people; until a doubt is settled, nothing leaves for its contact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.delivery.inbox import Inbox
from chalicelib.delivery.requests import ReplyAssignment, ReplyDecision, ReplyQuery, ReplySettlement
from chalicelib.delivery.service import Webhooks
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.identity import Identity
from chalicelib.wiring import Services
from tests.builders import TENANT, a_disparo, a_lead, ask, disparo, lead_status
from tests.conftest import STARTED_AT, StoppedClock
from tests.sending_stage import SendingStage
from tests.webhook_posts import PHONE, a_sent_disparo, message, post_meta, suppressed

USER = Identity(TENANT, "sub-do-rui", frozenset())
OPT_OUT = ReplySettlement(decisao=ReplyDecision.DESCADASTRO)
NO_OPT_OUT = ReplySettlement(decisao=ReplyDecision.SEM_PEDIDO)


@pytest.fixture
def inbox(services: Services) -> Inbox:
    """As the API uses it: row-level security binds the login."""
    return services.inbox


def listed(inbox: Inbox, **query: Any) -> list[str | None]:
    """The texts of a page."""
    return [each["texto"] for each in inbox.page(TENANT, ReplyQuery(**query))["itens"]]


def only_id(inbox: Inbox, **query: Any) -> UUID:
    [reply] = inbox.page(TENANT, ReplyQuery(**query))["itens"]
    return UUID(str(reply["resposta_id"]))


def of_user(text: str, user_id: str = "BR.1") -> dict[str, Any]:
    """A message of a person who hides the number."""
    return {"from_user_id": user_id, "id": f"wamid.{text}", "type": "text", "text": {"body": text}}


@pytest.mark.straight_path
def test_list_is_newest_first_and_filtered(
    inbox: Inbox, webhooks: Webhooks, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    disparo_id = a_sent_disparo(owner, lead_id)
    for said in (message("oi"), message("cancelar"), of_user("pare", "BR.2"), of_user("quem é?")):
        post_meta(webhooks, messages=[said])
        clock.advance(seconds=1)
    post_meta(webhooks, tenant_id="outra", messages=[message("de outra")])
    assert listed(inbox) == ["quem é?", "pare", "cancelar", "oi"]
    assert listed(inbox, lead_id=lead_id) == listed(inbox, disparo_id=disparo_id) == ["cancelar", "oi"]
    assert listed(inbox, sem_lead=True) == ["quem é?", "pare"]
    assert listed(inbox, sem_lead=False) == listed(inbox, contato="(71) 9999-0001") == ["cancelar", "oi"]
    assert listed(inbox, contato="nada") == listed(inbox, canal="email") == listed(inbox, resolvida=True) == []
    assert listed(inbox, revisar=True) == ["pare", "cancelar"]
    assert listed(inbox, pedido="duvida") == ["cancelar"]
    page = inbox.page(TENANT, ReplyQuery(limit=3))
    assert (page["total_sem_lead"], page["total_a_revisar"]) == (2, 2)
    assert listed(inbox, limit=3, cursor=page["proximo"]) == ["oi"]


def test_long_text_is_cut_in_a_list_and_shown_whole_alone(inbox: Inbox, webhooks: Webhooks) -> None:
    post_meta(webhooks, messages=[message("é" * 4_000)])
    [reply] = inbox.page(TENANT, ReplyQuery())["itens"]
    assert (reply["texto"], reply["texto_cortado"]) == ("é" * 500, True)
    whole = inbox.get(TENANT, reply["resposta_id"])
    assert (whole["texto"], whole["texto_cortado"]) == ("é" * 4_000, False)


def test_reply_of_another_tenant_is_not_found(inbox: Inbox, webhooks: Webhooks, owner: Database) -> None:
    post_meta(webhooks, tenant_id="outra", messages=[message("oi")])
    [[resposta_id]] = ask(owner, "SELECT resposta_id FROM respostas")
    lead_id = a_lead(owner)
    with pytest.raises(NotFound):
        inbox.get(TENANT, resposta_id)
    with pytest.raises(NotFound):
        inbox.assign(USER, resposta_id, ReplyAssignment(lead_id=lead_id))
    with pytest.raises(NotFound):
        inbox.settle(USER, resposta_id, NO_OPT_OUT)


# Whose it is


def test_assigned_sender_is_known_from_then_on(inbox: Inbox, webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    post_meta(webhooks, messages=[of_user("oi")])
    found = inbox.assign(USER, only_id(inbox), ReplyAssignment(lead_id=lead_id))
    assert (found["lead_id"], found["contato"], found["atribuida_por"]) == (lead_id, PHONE, "sub-do-rui")
    assert lead_status(owner, lead_id) == "contato_efetuado"
    post_meta(webhooks, messages=[of_user("SAIR")])
    assert listed(inbox, lead_id=lead_id, pedido="descadastro") == ["SAIR"]
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


def test_assigned_sender_stays_that_of_the_lead_though_others_have_the_number(
    inbox: Inbox, webhooks: Webhooks, owner: Database
) -> None:
    other, lead_id = a_lead(owner), a_lead(owner)
    disparo_id = a_sent_disparo(owner, lead_id, enviado_em=STARTED_AT - timedelta(hours=1))
    a_sent_disparo(owner, other, message_id="wamid.2")
    post_meta(webhooks, messages=[of_user("oi")])
    inbox.assign(USER, only_id(inbox), ReplyAssignment(lead_id=lead_id))
    post_meta(webhooks, messages=[of_user("de novo")])
    assert listed(inbox, lead_id=lead_id, disparo_id=disparo_id) == ["de novo"]


def test_opt_out_of_somebody_unknown_is_carried_out_once_its_lead_is_known(
    inbox: Inbox, webhooks: Webhooks, owner: Database
) -> None:
    lead_id = a_lead(owner, telefones=[PHONE, "+5571999990002"])
    post_meta(webhooks, messages=[of_user("SAIR")])
    found = inbox.assign(USER, only_id(inbox, revisar=True), ReplyAssignment(lead_id=lead_id))
    assert (found["revisar"], found["decisao"], found["resolvida_por"]) == (False, "descadastro", "sub-do-rui")
    # Nobody knows which of the two it was.
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"], ["whatsapp", "+5571999990002", "resposta"]]


def test_opt_out_of_a_lead_without_a_contact_stays_open(inbox: Inbox, webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[])
    post_meta(webhooks, messages=[of_user("SAIR")])
    found = inbox.assign(USER, only_id(inbox), ReplyAssignment(lead_id=lead_id))
    assert (found["lead_id"], found["revisar"]) == (lead_id, True)


def test_reply_is_assigned_to_no_lead_that_does_not_exist(inbox: Inbox, webhooks: Webhooks, owner: Database) -> None:
    theirs = a_lead(owner, tenant_id="outra")
    post_meta(webhooks, messages=[of_user("oi")])
    with pytest.raises(Invalid) as raised:
        inbox.assign(USER, only_id(inbox), ReplyAssignment(lead_id=theirs))
    assert [(each.pointer, each.code) for each in raised.value.errors] == [("/lead_id", "lead_desconhecido")]


# What it asks for


@pytest.mark.straight_path
def test_nothing_leaves_for_a_contact_whose_reply_is_in_doubt_until_a_person_decides(
    inbox: Inbox, webhooks: Webhooks, owner: Database, stage: SendingStage, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, telefones=[PHONE, "+5571999990002"])
    post_meta(webhooks, messages=[message("cancelar")])
    held = a_disparo(owner, lead_id, criado_em=clock(), ignorar_janela=True)
    other = a_disparo(owner, lead_id, criado_em=clock(), destino="+5571999990002", ignorar_janela=True)
    stage.run(held, other)
    assert stage.sent == ["+5571999990002"]
    assert disparo(owner, held, "status", "espera", "tentativas") == ["pendente", "revisao", 0]
    settled = inbox.settle(USER, only_id(inbox), NO_OPT_OUT)
    assert (settled["revisar"], settled["decisao"], settled["resolvida_por"]) == (False, "sem_pedido", "sub-do-rui")
    assert disparo(owner, held, "espera", "enviar_apos") == [None, clock()]
    clock.advance(minutes=5)
    assert stage.sweep() == 1
    stage.deliver()
    assert stage.sent == ["+5571999990002", PHONE]


def test_doubt_that_is_an_opt_out_suppresses_what_waited(
    inbox: Inbox, webhooks: Webhooks, owner: Database, stage: SendingStage, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    post_meta(webhooks, messages=[message("cancelar")])
    held = a_disparo(owner, lead_id, criado_em=clock())
    stage.run(held)
    inbox.settle(USER, only_id(inbox), OPT_OUT)
    stage.run(held)
    assert disparo(owner, held, "status") == ["suprimido"]
    assert stage.sent == []
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos WHERE tipo LIKE 'resposta%'")
    assert (tipo, detalhe["decisao"], detalhe["por"]) == ("resposta.resolved", "descadastro", "sub-do-rui")


def test_another_doubt_of_the_contact_holds_on(
    inbox: Inbox, webhooks: Webhooks, owner: Database, stage: SendingStage, clock: StoppedClock
) -> None:
    held = a_disparo(owner, a_lead(owner), criado_em=clock())
    post_meta(webhooks, messages=[message("cancelar")])
    first = only_id(inbox)
    post_meta(webhooks, messages=[message("não tenho interesse")])
    stage.run(held)
    inbox.settle(USER, first, NO_OPT_OUT)
    assert disparo(owner, held, "espera") == ["revisao"]


def test_doubt_of_another_tenant_holds_nothing(
    webhooks: Webhooks, owner: Database, stage: SendingStage, clock: StoppedClock
) -> None:
    post_meta(webhooks, tenant_id="outra", messages=[message("cancelar")])
    stage.run(a_disparo(owner, a_lead(owner), criado_em=clock()))
    assert stage.sent == [PHONE]


def test_decision_may_be_repeated_and_made_stricter_but_an_opt_out_is_not_taken_back(
    inbox: Inbox, webhooks: Webhooks, owner: Database
) -> None:
    a_lead(owner)
    post_meta(webhooks, messages=[message("cancelar")])
    resposta_id = only_id(inbox)
    first = inbox.settle(USER, resposta_id, NO_OPT_OUT)
    assert inbox.settle(USER, resposta_id, NO_OPT_OUT) == first
    assert suppressed(owner) == []
    inbox.settle(USER, resposta_id, OPT_OUT)
    inbox.settle(USER, resposta_id, OPT_OUT)
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]
    with pytest.raises(Conflict, match="resposta_resolvida"):
        inbox.settle(USER, resposta_id, NO_OPT_OUT)


def test_reply_of_nobody_is_no_opt_out_until_it_is_assigned(inbox: Inbox, webhooks: Webhooks, owner: Database) -> None:
    post_meta(webhooks, messages=[of_user("cancelar")])
    resposta_id = only_id(inbox)
    with pytest.raises(Conflict, match="resposta_sem_contato"):
        inbox.settle(USER, resposta_id, OPT_OUT)
    assert inbox.page(TENANT, ReplyQuery())["total_sem_lead"] == 1
    inbox.settle(USER, resposta_id, NO_OPT_OUT)
    page = inbox.page(TENANT, ReplyQuery())
    assert (page["total_sem_lead"], page["total_a_revisar"]) == (0, 0)
    inbox.assign(USER, resposta_id, ReplyAssignment(lead_id=a_lead(owner)))
    inbox.settle(USER, resposta_id, OPT_OUT)
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]
