"""Replies to a campaign: who answered, with what, newest first; kept with the campaign that they answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.results.requests import CampaignReplyQuery
from chalicelib.canal import Canal
from chalicelib.delivery.providers.notices import InboundReply
from chalicelib.delivery.replies import take_replies
from chalicelib.delivery.requests import ReplyQuery
from chalicelib.errors import Invalid, NotFound
from chalicelib.pages import cursor_of
from chalicelib.wiring import Services
from tests.builders import TENANT, a_campaign, a_disparo, a_lead, a_recipient, a_template, an_answer
from tests.conftest import STARTED_AT


@pytest.fixture
def owner(services: Services) -> Database:
    a_template(services.owner_database)
    return services.owner_database


def page(services: Services, campanha_id: UUID, **query: Any) -> dict[str, Any]:
    return services.campaign_replies.page(TENANT, campanha_id, CampaignReplyQuery.model_validate(query))


def texts(answer: dict[str, Any]) -> list[str]:
    return [each["texto"] for each in answer["itens"]]


@pytest.mark.straight_path
def test_replies_are_listed_newest_first_with_opt_outs_marked(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    lead_id = a_lead(owner, nome="Maria")
    disparo_id = a_recipient(owner, campanha_id, lead_id, status="confirmado")
    settled = {"resolvida_em": STARTED_AT, "resolvida_por": "u-1"}
    replies: list[dict[str, Any]] = [
        {"texto": "Oi, já paguei"},
        {"texto": "PARE", "pedido": "descadastro"},
        {"texto": "hum", "pedido": "duvida", "revisar": True},
        {"texto": "sai", "pedido": "duvida", "decisao": "descadastro", **settled},
        {"texto": "para já", "pedido": "descadastro", "decisao": "sem_pedido", **settled},
    ]
    for number, reply in enumerate(replies):
        an_answer(owner, disparo_id, lead_id, at=STARTED_AT + timedelta(minutes=number), **reply)
    an_answer(owner, a_disparo(owner, lead_id, status="enviado"), lead_id, texto="de outro")
    found = page(services, campanha_id)
    assert [(each["texto"], each["descadastro"]) for each in found["itens"]] == [
        ("para já", False), ("sai", True), ("hum", False), ("PARE", True), ("Oi, já paguei", False),
    ]  # fmt: skip
    first = found["itens"][-1]
    assert (first["nome"], first["etapa"], first["variante"], first["disparo_id"]) == ("Maria", 1, "a", disparo_id)
    assert texts(page(services, campanha_id, descadastro=True)) == ["sai", "PARE"]
    assert texts(page(services, campanha_id, descadastro=False)) == ["para já", "hum", "Oi, já paguei"]
    begin = page(services, campanha_id, limit=2)
    assert texts(begin) + texts(page(services, campanha_id, cursor=begin["proximo"])) == texts(found)
    assert texts(page(services, campanha_id, offset=4)) == ["Oi, já paguei"]


def test_reply_that_comes_in_is_kept_with_its_campaign(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    lead_id = a_lead(owner, telefones=["+5571999990001"])
    a_recipient(owner, campanha_id, lead_id, status="enviado", provider_message_id="m-1")
    with services.database.transaction(TENANT) as rows:
        reply = InboundReply(sender="5571999990001", text="Já paguei", message_id="r-1", quoted_id="m-1")
        take_replies(rows, Canal.WHATSAPP, [reply], STARTED_AT)
        other = InboundReply(sender="5511999990002", text="Quem é?", message_id="r-2")
        take_replies(rows, Canal.WHATSAPP, [other], STARTED_AT)
    [found] = page(services, campanha_id)["itens"]
    assert (found["texto"], found["lead_id"]) == ("Já paguei", lead_id)
    [kept] = services.inbox.page(TENANT, ReplyQuery(campanha_id=campanha_id))["itens"]
    assert (kept["resposta_id"], kept["campanha_id"]) == (found["resposta_id"], campanha_id)
    assert services.inbox.get(TENANT, kept["resposta_id"])["campanha_id"] == campanha_id
    assert len(services.inbox.page(TENANT, ReplyQuery())["itens"]) == 2


def test_wrong_campaign_or_cursor_is_refused(services: Services, owner: Database) -> None:
    for campanha_id in (UUID(int=1), a_campaign(owner, tenant_id="outra", channels=[])):
        with pytest.raises(NotFound):
            page(services, campanha_id)
    with pytest.raises(Invalid):
        page(services, a_campaign(owner), cursor=cursor_of("x"))
