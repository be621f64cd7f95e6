"""A campaign that starts at another time, or under another window, sends at the times that follow from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.planning.redating import CampaignRedating
from chalicelib.campaigns.requests.models import NewStart
from chalicelib.config import Settings
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.config import ConfigPatch
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import schedules
from tests.builders import TENANT, a_campaign, a_message, a_scheduled_campaign, a_template, ask, one_step
from tests.conftest import STARTED_AT, StoppedClock
from tests.integration.test_drafts import ANA
from tests.integration.test_planner import lead, phone, plan, planned, status

TOMORROW = STARTED_AT + timedelta(days=1)
"""STARTED_AT is a Tuesday at 9:00 in São Paulo."""
BY_MAIL = a_message("email", "oi-email")
TWO_STEPS = (one_step(), one_step(BY_MAIL, apos_dias_uteis=1))


@pytest.fixture
def owner(services: Services) -> Database:
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


@pytest.fixture
def redating(owner: Database, clock: StoppedClock) -> CampaignRedating:
    return CampaignRedating(database=owner, clock=clock)


def move(services: Services, campanha_id: UUID, at: datetime, **more: Any) -> dict[str, Any]:
    return services.campaign_control.reschedule(ANA, campanha_id, NewStart(iniciar_em=at, **more))


def open_window(services: Services, **window: Any) -> int:
    """Save a window; how many disparos it concerns."""
    administrator = Identity(TENANT, "ana", frozenset({ADMIN}))
    return int(services.tenants.change(administrator, ConfigPatch(janela=window))["disparos_a_redatar"])


def marks(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT redatar_desde, redatada_ate FROM campanhas")


@pytest.mark.straight_path
def test_moved_campaign_sends_at_its_new_time(
    services: Services, owner: Database, redating: CampaignRedating, aws: Aws, app_settings: Settings
) -> None:
    lead(owner, telefones=[phone(1)], emails=["a1@example.com"])
    campanha_id = a_scheduled_campaign(owner, *TWO_STEPS, iniciar_em=TOMORROW)
    plan(services, campanha_id)
    earlier = STARTED_AT + timedelta(hours=2)
    shown = move(services, campanha_id, earlier, motivo="O cliente pediu")
    assert (shown["status"], shown["iniciar_em"]) == ("agendada", earlier)
    [step] = shown["historico"]
    assert (step["de"], step["para"], step["por"], step["motivo"]) == ("agendada", "agendada", "u-1", "O cliente pediu")
    assert (step["codigo"], step["mensagem"]) == ("campanha_reagendada", "Mudou o início.")
    assert ask(owner, "SELECT tipo FROM eventos") == []
    [(expression, _)] = schedules(aws, app_settings.schedule_group).values()
    assert expression == f"at({earlier:%Y-%m-%dT%H:%M:%S})"
    assert redating.redate() == 2
    assert planned(owner, campanha_id, "etapa", "enviar_apos") == [[1, earlier], [2, earlier + timedelta(days=1)]]
    assert marks(owner) == [[None, None]]
    assert redating.redate() == 0


def test_campaign_that_is_moved_to_now_starts_at_once(
    services: Services, owner: Database, redating: CampaignRedating, aws: Aws, app_settings: Settings
) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW)
    plan(services, campanha_id)
    assert move(services, campanha_id, STARTED_AT)["iniciar_em"] is None
    assert schedules(aws, app_settings.schedule_group) == {}
    plan(services, campanha_id)
    assert (status(owner, campanha_id), redating.redate()) == ("em_andamento", 1)
    assert planned(owner, campanha_id, "enviar_apos") == [[STARTED_AT]]


def test_paused_campaign_that_has_not_begun_keeps_its_pause(
    services: Services, owner: Database, redating: CampaignRedating
) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW)
    plan(services, campanha_id)
    services.campaign_control.pause(ANA, campanha_id)
    shown = move(services, campanha_id, TOMORROW + timedelta(hours=1))
    assert (shown["status"], [each["codigo"] for each in shown["espera"]]) == ("pausada", ["pessoa"])
    assert shown["espera"][0]["em"] is not None
    assert ask(owner, "SELECT tipo FROM eventos") == [["campanha.pausada"]]
    assert redating.redate() == 1


@pytest.mark.parametrize("columns", [{"status": "em_andamento"}, {"status": "concluida"}])
def test_campaign_that_has_begun_is_not_moved(services: Services, owner: Database, columns: dict[str, Any]) -> None:
    campanha_id = a_campaign(owner, iniciada_em=STARTED_AT, **columns)
    with pytest.raises(Conflict) as raised:
        move(services, campanha_id, TOMORROW)
    assert raised.value.code == "campanha_ja_comecou"


def test_draft_is_changed_and_not_moved(services: Services, owner: Database) -> None:
    campanha_id = a_scheduled_campaign(owner)
    services.campaign_control.cancel(ANA, campanha_id)
    with pytest.raises(Conflict) as raised:
        move(services, campanha_id, TOMORROW)
    assert raised.value.code == "campanha_nao_muda"
    with pytest.raises(NotFound):
        move(services, UUID(int=5), TOMORROW)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (STARTED_AT - timedelta(hours=1), "inicio_no_passado"),
        (STARTED_AT + timedelta(days=400), "inicio_distante"),
        (STARTED_AT + timedelta(days=4), "expira_antes_do_envio"),
    ],
)
def test_time_that_cannot_be_is_refused(services: Services, owner: Database, at: datetime, code: str) -> None:
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW, expira_em=STARTED_AT + timedelta(days=3))
    with pytest.raises(Invalid) as raised:
        move(services, campanha_id, at)
    assert [each.code for each in raised.value.errors] == [code]
    assert marks(owner) == [[None, None]]


def test_another_window_reaches_what_campaigns_have_planned(
    services: Services, owner: Database, redating: CampaignRedating
) -> None:
    """Each lead by the window of its own place: Manaus is an hour behind São Paulo."""
    lead(owner, telefones=["+5511999990001"])
    lead(owner, telefones=["+5592999990002"])
    lead(owner, telefones=[], emails=["a3@example.com"])
    at_night = TOMORROW.replace(hour=4)
    campanha_id = a_scheduled_campaign(owner, one_step(a_message(), BY_MAIL), iniciar_em=at_night)
    plan(services, campanha_id)
    eight = TOMORROW.replace(hour=11)
    assert [row[0] for row in planned(owner, campanha_id, "enviar_apos")] == [eight, eight + timedelta(hours=1), eight]
    assert open_window(services, inicio="06:00") == 3
    assert redating.redate() == 3
    six = TOMORROW.replace(hour=9)
    assert [row[0] for row in planned(owner, campanha_id, "enviar_apos")] == [six, six + timedelta(hours=1), six]


def test_limits_alone_leave_the_dates_of_campaigns(services: Services, owner: Database) -> None:
    a_campaign(owner)
    administrator = Identity(TENANT, "ana", frozenset({ADMIN}))
    services.tenants.change(administrator, ConfigPatch(limites={"whatsapp": {"por_minuto": 5}}))
    assert marks(owner) == [[None, None]]


def test_what_has_its_turn_already_stays(
    services: Services, owner: Database, redating: CampaignRedating, clock: StoppedClock
) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner)
    plan(services, campanha_id)
    clock.advance(minutes=1)
    open_window(services, inicio="07:00")
    assert (redating.redate(), marks(owner)) == (0, [[None, None]])
    assert planned(owner, campanha_id, "enviar_apos") == [[STARTED_AT]]


def test_campaign_that_is_still_planned_is_dated_after_that(
    services: Services, owner: Database, redating: CampaignRedating
) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW)
    move(services, campanha_id, TOMORROW + timedelta(hours=1))
    assert (redating.redate(), marks(owner)) == (0, [[STARTED_AT, None]])
    plan(services, campanha_id)
    assert (redating.redate(), marks(owner)) == (0, [[None, None]])
    assert planned(owner, campanha_id, "enviar_apos") == [[TOMORROW + timedelta(hours=1)]]


def test_work_goes_on_from_its_checkpoint(services: Services, owner: Database, clock: StoppedClock) -> None:
    """The first sweep has patience for one slice only."""
    leads = [lead(owner, telefones=[phone(number)]) for number in range(5)]
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW)
    plan(services, campanha_id)
    move(services, campanha_id, TOMORROW + timedelta(hours=1))

    def hurried() -> datetime:
        clock.advance(seconds=9)
        return clock()

    assert CampaignRedating(database=owner, clock=hurried, slice_size=2).redate() == 2
    assert marks(owner) == [[STARTED_AT, leads[1]]]
    assert CampaignRedating(database=owner, clock=clock, slice_size=2).redate() == 3
    assert marks(owner) == [[None, None]]


def test_second_change_begins_again(services: Services, owner: Database, clock: StoppedClock) -> None:
    """It comes between two slices of the sweep, which leaves the rest to the next one."""
    for number in range(4):
        lead(owner, telefones=[phone(number)])
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW)
    plan(services, campanha_id)
    move(services, campanha_id, TOMORROW + timedelta(hours=1))
    calls = iter(range(100))

    def disturbed() -> datetime:
        if next(calls) == 4:
            clock.advance(seconds=1)
            move(services, campanha_id, TOMORROW + timedelta(hours=2))
        return clock()

    assert CampaignRedating(database=owner, clock=disturbed, slice_size=2).redate() == 2
    assert marks(owner) == [[STARTED_AT + timedelta(seconds=1), None]]
    assert CampaignRedating(database=owner, clock=clock, slice_size=2).redate() == 4
    assert {row[0] for row in planned(owner, campanha_id, "enviar_apos")} == {TOMORROW + timedelta(hours=2)}


def test_cancelled_campaign_is_not_dated(services: Services, owner: Database, redating: CampaignRedating) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, iniciar_em=TOMORROW)
    plan(services, campanha_id)
    move(services, campanha_id, TOMORROW + timedelta(hours=1))
    services.campaign_control.cancel(ANA, campanha_id)
    assert redating.redate() == 0
