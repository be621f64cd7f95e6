"""Many campaigns are paused with one request, each by itself."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.campaigns.requests import stops
from chalicelib.campaigns.requests.models import CampaignStop
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.wiring import Services
from tests.builders import a_campaign, a_lead, a_recipient, a_template, ask
from tests.integration.test_drafts import ANA
from tests.integration.test_planner import status


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, with a template."""
    a_template(services.owner_database)
    return services.owner_database


def stop(services: Services, **body: Any) -> dict[str, Any]:
    request = {"motivo": "O chefe ligou", **body}
    return services.campaign_stops.pause(ANA, CampaignStop.model_validate_json(json.dumps(request, default=str)))


def test_everything_that_runs_or_is_to_start_is_paused(services: Services, owner: Database) -> None:
    a_template(owner, tenant_id="outra")
    theirs = a_campaign(owner, tenant_id="outra")
    running, later = a_campaign(owner), a_campaign(owner, status="agendada")
    resting = [a_campaign(owner, status=each) for each in ("pausada", "concluida", "cancelada")]
    a_recipient(owner, running, a_lead(owner), status="enviando")
    answer = stop(services, todas=True)
    assert (answer["pausadas"], answer["em_voo"], answer["ha_mais"]) == (2, 1, False)
    items = {each.pop("campanha_id"): each for each in answer["itens"]}
    shown = {"nome": "Cobrança", "status": "pausada", "erro": None}
    assert items == {running: {**shown, "em_voo": 1}, later: {**shown, "em_voo": 0}}
    assert [status(owner, each) for each in (running, later, theirs)] == ["pausada", "pausada", "em_andamento"]
    assert [status(owner, each) for each in resting] == ["pausada", "concluida", "cancelada"]
    assert ask(owner, "SELECT DISTINCT por, motivo FROM campanha_historico") == [["u-1", "O chefe ligou"]]
    assert stop(services, todas=True) == {"pausadas": 0, "em_voo": 0, "ha_mais": False, "itens": []}


@pytest.mark.parametrize("before", CampaignStatus)
def test_named_campaign_is_paused_if_its_status_allows_it(
    services: Services, owner: Database, before: CampaignStatus
) -> None:
    campanha_id, unknown, last = a_campaign(owner, status=before), uuid4(), a_campaign(owner)
    answer = stop(services, campanha_ids=[campanha_id, unknown, last])
    first, second, third = answer["itens"]
    may_pause = before in {CampaignStatus.AGENDADA, CampaignStatus.EM_ANDAMENTO, CampaignStatus.PAUSADA}
    assert first["status"] == status(owner, campanha_id) == ("pausada" if may_pause else before)
    refused = {"code": "campanha_nao_muda", "pointer": "/campanha_ids/0"}
    assert first["erro"] is None if may_pause else first["erro"] | refused == first["erro"]
    assert (second["status"], second["erro"]["code"], second["erro"]["pointer"]) == (
        None, "nao_encontrado", "/campanha_ids/1"
    )  # fmt: skip
    assert third["status"] == "pausada"
    assert answer["pausadas"] == 1 + may_pause


def test_more_campaigns_than_one_request_pauses_are_said(
    services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "MOST_STOPPED", 2)
    for _ in range(3):
        a_campaign(owner)
    assert [(each["pausadas"], each["ha_mais"]) for each in (stop(services, todas=True) for _ in range(2))] == [
        (2, True), (1, False)
    ]  # fmt: skip


def test_campaign_that_ended_meanwhile_does_not_keep_the_others_going(services: Services, owner: Database) -> None:
    ended, running = a_campaign(owner, status="concluida"), a_campaign(owner)
    answer = stop(services, campanha_ids=[ended, running])
    assert [each["status"] for each in answer["itens"]] == ["concluida", "pausada"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"motivo": "x"}, "todas_ou_campanha_ids"),
        ({"motivo": "x", "campanha_ids": ()}, "todas_ou_campanha_ids"),
        ({"motivo": "x", "todas": True, "campanha_ids": (uuid4(),)}, "todas_ou_campanha_ids"),
        ({"motivo": "x", "todas": False}, "literal_error"),
        ({"todas": True}, "missing"),
        ({"todas": True, "motivo": " "}, "string_too_short"),
        ({"motivo": "x", "campanha_ids": tuple(uuid4() for _ in range(501))}, "too_long"),
    ],
)
def test_request_says_which_and_why(body: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CampaignStop.model_validate(body)
    assert [each["type"] for each in refused.value.errors()] == [code]
