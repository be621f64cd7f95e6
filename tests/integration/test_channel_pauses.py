"""Channels: how they stand, stopping them by hand, and what happens to those that wait when one goes on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message
from chalicelib.dispatch.requests.channel_pauses import ChannelPauses
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.errors import Forbidden, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, a_template, ask, insert, literal, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeQueues, FakeSchedules, a_disparo, disparo

BOSS = Identity(TENANT, "ana", frozenset({ADMIN}))
MEMBER = Identity(TENANT, "bia", frozenset())
TOMORROW = STARTED_AT + timedelta(days=1)
QUEUE = "disparo-agenda-dev-dispatch"


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template."""
    a_template(services.owner_database)
    return services.owner_database


@pytest.fixture
def queues() -> FakeQueues:
    return FakeQueues()


def canais_of(services: Services, queues: FakeQueues, clock: StoppedClock, **sizes: int) -> ChannelPauses:
    """The channels as the API has them, over queues that hand out at once what is to be held back."""
    wakeups = Wakeups(queues=queues, schedules=FakeSchedules(), queue=QUEUE, clock=clock)  # type: ignore[arg-type]
    return ChannelPauses(database=services.database, wakeups=wakeups, clock=clock, **sizes)


def a_pause(database: Database, *, canal: str = "whatsapp", tenant_id: str = TENANT, codigo: str = "190") -> None:
    insert(
        database, "canal_pausas", tenant_id=tenant_id, canal=canal, codigo=codigo, desde=STARTED_AT,
        sondar_em=STARTED_AT + timedelta(minutes=5),
    )  # fmt: skip


def many_waiting(database: Database, lead_id: UUID, how_many: int) -> None:
    """Copies of one that waits for its channel."""
    first = a_disparo(database, lead_id, espera="canal_pausado", enviar_apos=TOMORROW)
    run(
        database,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, "
        "espera, enviar_apos, criado_em, atualizado_em) "
        "SELECT tenant_id, gen_random_uuid(), lead_id, canal, contato_id, destino, template, template_versao, espera, "
        f"enviar_apos, criado_em, atualizado_em FROM disparos, generate_series(2, {how_many}) "
        f"WHERE disparo_id = {literal(first)}",
    )


# Showing


def test_channels_that_nothing_stopped_are_active(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id)
    a_disparo(database, lead_id, status="enviado")
    assert services.canais.every(TENANT) == {
        "itens": [
            {"canal": "whatsapp", "estado": "ativo", "pausa": None, "pendentes": 1, "esperam_o_canal": 0},
            {"canal": "email", "estado": "ativo", "pausa": None, "pendentes": 0, "esperam_o_canal": 0},
        ]
    }


def test_paused_channel_says_since_when_why_and_how_many_wait(services: Services, database: Database) -> None:
    a_pause(database)
    lead_id = a_lead(database)
    a_disparo(database, lead_id, espera="canal_pausado", enviar_apos=TOMORROW)
    a_disparo(database, lead_id, espera="janela", enviar_apos=TOMORROW)
    whatsapp, email = services.canais.every(TENANT)["itens"]
    assert whatsapp == {
        "canal": "whatsapp",
        "estado": "pausado",
        "pausa": {
            "codigo": "190",
            "mensagem": "Código do provedor: 190.",
            "desde": STARTED_AT,
            "sondar_em": STARTED_AT + timedelta(minutes=5),
        },
        "pendentes": 2,
        "esperam_o_canal": 1,
    }
    assert email["estado"] == "ativo"


# Pausing


def test_pause_by_hand_lasts_until_a_person_ends_it(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    paused = services.canais.pause(BOSS, "email")
    assert (paused["canal"], paused["estado"]) == ("email", "pausado")
    assert paused["pausa"] == {
        "codigo": "pausado_por_pessoa", "mensagem": "Uma pessoa pausou o canal.", "desde": clock(), "sondar_em": None,
    }  # fmt: skip
    clock.advance(minutes=1)
    assert services.canais.pause(BOSS, "email") == paused


def test_pause_by_hand_makes_that_of_a_broken_channel_firm(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    a_pause(database)
    clock.advance(hours=1)
    pausa = services.canais.pause(BOSS, "whatsapp")["pausa"]
    assert (pausa["codigo"], pausa["desde"], pausa["sondar_em"]) == ("pausado_por_pessoa", STARTED_AT, None)


# Resuming


def test_what_waited_for_the_channel_is_due_and_woken_when_it_goes_on(
    services: Services, database: Database, queues: FakeQueues, clock: StoppedClock
) -> None:
    a_pause(database)
    lead_id = a_lead(database)
    waiting = a_disparo(database, lead_id, espera="canal_pausado", enviar_apos=TOMORROW)
    others = [
        a_disparo(database, lead_id, espera="janela", enviar_apos=TOMORROW),
        a_disparo(database, lead_id, espera="canal_pausado", canal="email", enviar_apos=TOMORROW),
    ]
    now = clock.advance(hours=1)
    assert canais_of(services, queues, clock).resume(BOSS, "whatsapp") == {
        "canal": "whatsapp", "estado": "ativo", "pausa": None, "pendentes": 2, "esperam_o_canal": 0,
    }  # fmt: skip
    assert disparo(database, waiting, "espera", "enviar_apos", "acordado_em") == [None, now, now + timedelta(seconds=1)]
    assert [disparo(database, each, "enviar_apos") for each in others] == [[TOMORROW], [TOMORROW]]
    assert queues.take(QUEUE) == [Message({"tenant_id": TENANT, "disparo_id": str(waiting)}, 1)]


def test_channel_that_is_not_paused_can_be_resumed_all_the_same(services: Services, database: Database) -> None:
    waiting = a_disparo(database, a_lead(database), espera="canal_pausado", enviar_apos=TOMORROW)
    assert services.canais.resume(BOSS, "whatsapp")["estado"] == "ativo"
    assert disparo(database, waiting, "espera") == [None]


def test_more_than_one_batch_are_let_go_and_those_beyond_a_request_are_left_waiting(
    services: Services, database: Database, queues: FakeQueues, clock: StoppedClock
) -> None:
    canais = canais_of(services, queues, clock, batch=10, batches=3)
    many_waiting(database, a_lead(database), 34)
    assert canais.resume(BOSS, "whatsapp")["esperam_o_canal"] == 4
    assert ask(database, "SELECT count(*), count(acordado_em) FROM disparos WHERE espera IS NULL") == [[30, 3]]
    assert len(queues.take(QUEUE)) == 3
    assert canais.resume(BOSS, "whatsapp")["esperam_o_canal"] == 0


# Whose it is


def test_stopping_and_starting_is_for_administrators(services: Services, database: Database) -> None:
    for change in (services.canais.pause, services.canais.resume):
        with pytest.raises(Forbidden):
            change(MEMBER, "whatsapp")
    assert services.canais.every(TENANT)["itens"][0]["estado"] == "ativo"


@pytest.mark.parametrize("nome", ["fax", "", "WhatsApp"])
def test_channel_that_does_not_exist_is_not_found(services: Services, nome: str) -> None:
    for change in (services.canais.pause, services.canais.resume):
        with pytest.raises(NotFound):
            change(BOSS, nome)


def test_channels_of_a_tenant_are_nobody_elses(services: Services, database: Database) -> None:
    a_template(database, tenant_id="outra")
    a_pause(database, tenant_id="outra")
    lead_id = a_lead(database, tenant_id="outra")
    waiting = a_disparo(database, lead_id, tenant_id="outra", espera="canal_pausado", enviar_apos=TOMORROW)
    services.canais.resume(BOSS, "whatsapp")
    services.canais.pause(BOSS, "email")
    whatsapp, email = services.canais.every("outra")["itens"]
    assert (whatsapp["estado"], email["estado"], whatsapp["esperam_o_canal"]) == ("pausado", "ativo", 1)
    assert disparo(database, waiting, "espera") == ["canal_pausado"]
