"""Channels are shown, paused and resumed; resuming releases the disparos that waited for the channel."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message
from chalicelib.dispatch.requests.channel_pauses import ChannelPauses
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.errors import Forbidden, NotFound
from chalicelib.identity import ADMIN, OPERATOR, Identity
from chalicelib.motivo import GivenReason
from chalicelib.wiring import Services
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, insert, literal, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeQueues, FakeSchedules

ADMINISTRATOR = Identity(TENANT, "ana", frozenset({ADMIN}))
OPERATOR_BIA = Identity(TENANT, "bia", frozenset({OPERATOR}))
BY_NOBODY = {"por": None, "motivo": None, "de_admin": False}
BY_ANA = {"por": "ana", "motivo": None, "de_admin": True}
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


def pauses_over(services: Services, queues: FakeQueues, clock: StoppedClock, **sizes: int) -> ChannelPauses:
    """The channels as the API has them, over these queues."""
    wakeups = Wakeups(queues=queues, schedules=FakeSchedules(), queue=QUEUE, clock=clock)  # type: ignore[arg-type]
    return ChannelPauses(database=services.database, wakeups=wakeups, clock=clock, **sizes)


def a_pause(database: Database, *, canal: str = "whatsapp", tenant_id: str = TENANT, codigo: str = "190") -> None:
    insert(
        database, "canal_pausas", tenant_id=tenant_id, canal=canal, codigo=codigo, desde=STARTED_AT,
        sondar_em=STARTED_AT + timedelta(minutes=5),
    )  # fmt: skip


def many_waiting(database: Database, lead_id: UUID, how_many: int) -> None:
    """So many disparos that wait for their channel."""
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


def limits(per_second: int = 80, minute: int = 0, day: int = 0, por_dia: int | None = None) -> dict[str, object]:
    """The limits of a channel as it is shown, with what is used of them."""
    return {
        "por_segundo": per_second,
        "por_minuto": {"limite": 100, "usado": minute},
        "por_dia": {"limite": por_dia, "usado": day},
    }


def test_channels_without_a_pause_are_active(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    a_disparo(database, lead_id)
    a_disparo(database, lead_id, status="enviado")
    assert services.channel_pauses.every(TENANT) == {
        "itens": [
            {
                "canal": canal,
                "estado": "ativo",
                "pausa": None,
                "limites": limits(per_second),
                "pendentes": pendentes,
                "esperam_o_canal": 0,
                "historico": [],
            }
            for canal, pendentes, per_second in (("whatsapp", 1, 80), ("email", 0, 50))
        ]
    }


def test_paused_channel_is_shown_with_its_time_its_reason_and_what_waits(
    services: Services, database: Database
) -> None:
    a_pause(database)
    lead_id = a_lead(database)
    a_disparo(database, lead_id, espera="canal_pausado", enviar_apos=TOMORROW)
    a_disparo(database, lead_id, espera="janela", enviar_apos=TOMORROW)
    whatsapp, email = services.channel_pauses.every(TENANT)["itens"]
    assert whatsapp == {
        "canal": "whatsapp",
        "estado": "pausado",
        "pausa": {
            "codigo": "190",
            "mensagem": "Código do provedor: 190 (o token expirou ou foi revogado).",
            "desde": STARTED_AT,
            "sondar_em": STARTED_AT + timedelta(minutes=5),
            **BY_NOBODY,
        },
        "limites": limits(),
        "pendentes": 2,
        "esperam_o_canal": 1,
        "historico": [],
    }
    assert email["estado"] == "ativo"


def test_limits_are_shown_with_what_is_used_of_this_minute_and_of_the_day_of_the_tenant(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    config = {"fuso": "America/Manaus", "limites": {"whatsapp": {"por_dia": 500}}}
    insert(database, "tenants", tenant_id=TENANT, config=config)
    now = clock()
    insert(
        database, "canal_limites", tenant_id=TENANT, canal="whatsapp", gastos=120, gastos_no_minuto=8,
        dia=now.astimezone(ZoneInfo("America/Manaus")).date(), minuto=int(now.timestamp()) // 60,
    )  # fmt: skip

    def shown() -> object:
        return services.channel_pauses.every(TENANT)["itens"][0]["limites"]

    assert shown() == limits(minute=8, day=120, por_dia=500)
    clock.advance(minutes=1)
    assert shown() == limits(day=120, por_dia=500)
    clock.advance(days=1)
    assert shown() == limits(por_dia=500)


def test_channels_are_shown_in_the_language_of_the_tenant(services: Services, database: Database) -> None:
    insert(database, "tenants", tenant_id=TENANT, config={"idioma": "en"})
    a_pause(database)
    services.channel_pauses.pause(ADMINISTRATOR, "email")
    shown = services.channel_pauses.every(TENANT)["itens"]
    assert [each["pausa"]["mensagem"] for each in shown] == [
        "Code of the provider: 190 (the token has expired or was revoked).", "A person has paused the channel.",
    ]  # fmt: skip


# Pausing


def test_pause_by_a_person_has_no_probe_and_may_be_repeated(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    paused = services.channel_pauses.pause(ADMINISTRATOR, "email")
    assert (paused["canal"], paused["estado"]) == ("email", "pausado")
    assert paused["pausa"] == {
        "codigo": "pausado_por_pessoa", "mensagem": "Uma pessoa pausou o canal.", "desde": clock(), "sondar_em": None,
        **BY_ANA,
    }  # fmt: skip
    clock.advance(minutes=1)
    assert services.channel_pauses.pause(ADMINISTRATOR, "email")["pausa"] == paused["pausa"]


def test_pause_by_a_person_replaces_that_of_a_failed_channel(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    a_pause(database)
    clock.advance(hours=1)
    pause = services.channel_pauses.pause(ADMINISTRATOR, "whatsapp")["pausa"]
    assert (pause["codigo"], pause["desde"], pause["sondar_em"]) == ("pausado_por_pessoa", STARTED_AT, None)


# Resuming


def test_resuming_makes_what_waited_for_the_channel_due_and_wakes_it(
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
    assert pauses_over(services, queues, clock).resume(ADMINISTRATOR, "whatsapp") == {
        "canal": "whatsapp", "estado": "ativo", "pausa": None, "limites": limits(), "pendentes": 2,
        "esperam_o_canal": 0, "historico": [{"em": now, "acao": "retomado", "por": "ana", "motivo": None}],
    }  # fmt: skip
    assert disparo(database, waiting, "espera", "enviar_apos", "acordado_em") == [None, now, now + timedelta(seconds=1)]
    assert [disparo(database, each, "enviar_apos") for each in others] == [[TOMORROW], [TOMORROW]]
    assert queues.take(QUEUE) == [Message({"tenant_id": TENANT, "disparo_id": str(waiting)}, 1)]


def test_channel_that_is_not_paused_can_be_resumed(services: Services, database: Database) -> None:
    waiting = a_disparo(database, a_lead(database), espera="canal_pausado", enviar_apos=TOMORROW)
    assert services.channel_pauses.resume(ADMINISTRATOR, "whatsapp")["estado"] == "ativo"
    assert disparo(database, waiting, "espera") == [None]


def test_resuming_releases_several_batches_and_leaves_the_rest_waiting(
    services: Services, database: Database, queues: FakeQueues, clock: StoppedClock
) -> None:
    pauses = pauses_over(services, queues, clock, batch=10, batches=3)
    many_waiting(database, a_lead(database), 34)
    assert pauses.resume(ADMINISTRATOR, "whatsapp")["esperam_o_canal"] == 4
    assert ask(database, "SELECT count(*), count(acordado_em) FROM disparos WHERE espera IS NULL") == [[30, 3]]
    assert len(queues.take(QUEUE)) == 3
    assert pauses.resume(ADMINISTRATOR, "whatsapp")["esperam_o_canal"] == 0


# Administrators and tenants


def test_pause_says_who_made_it_and_why_in_the_channel_its_history_and_the_overview(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    paused = services.channel_pauses.pause(OPERATOR_BIA, "email", GivenReason(motivo="  Preço errado no template "))
    pause = {
        "codigo": "pausado_por_pessoa", "mensagem": "Uma pessoa pausou o canal.", "desde": STARTED_AT,
        "sondar_em": None, "por": "bia", "motivo": "Preço errado no template", "de_admin": False,
    }  # fmt: skip
    assert paused["pausa"] == pause
    assert services.overview.show(TENANT)["pausas"] == {"whatsapp": None, "email": pause}
    now = clock.advance(minutes=1)
    assert services.channel_pauses.resume(ADMINISTRATOR, "email", GivenReason(motivo="Corrigido"))["historico"] == [
        {"em": now, "acao": "retomado", "por": "ana", "motivo": "Corrigido"},
        {"em": STARTED_AT, "acao": "pausado", "por": "bia", "motivo": "Preço errado no template"},
    ]


def test_operator_ends_the_pause_of_an_operator_but_not_of_an_administrator(
    services: Services, database: Database
) -> None:
    services.channel_pauses.pause(OPERATOR_BIA, "email")
    assert services.channel_pauses.resume(OPERATOR_BIA, "email")["estado"] == "ativo"
    waiting = a_disparo(database, a_lead(database), espera="canal_pausado", enviar_apos=TOMORROW)
    paused = services.channel_pauses.pause(ADMINISTRATOR, "whatsapp", GivenReason(motivo="Auditoria"))
    assert services.channel_pauses.pause(OPERATOR_BIA, "whatsapp", GivenReason(motivo="Almoço")) == paused
    with pytest.raises(Forbidden) as raised:
        services.channel_pauses.resume(OPERATOR_BIA, "whatsapp")
    assert raised.value.code == "pausa_de_admin"
    assert disparo(database, waiting, "espera") == ["canal_pausado"]
    assert services.channel_pauses.every(TENANT)["itens"][0] == paused
    assert services.channel_pauses.resume(ADMINISTRATOR, "whatsapp")["estado"] == "ativo"


def test_administrator_makes_the_pause_of_an_operator_their_own(services: Services, database: Database) -> None:
    services.channel_pauses.pause(OPERATOR_BIA, "email")
    assert services.channel_pauses.pause(ADMINISTRATOR, "email")["pausa"]["de_admin"] is True
    with pytest.raises(Forbidden):
        services.channel_pauses.resume(OPERATOR_BIA, "email")


def test_second_pause_without_a_reason_keeps_that_of_the_first(services: Services, database: Database) -> None:
    pauses = services.channel_pauses
    pauses.pause(OPERATOR_BIA, "email", GivenReason(motivo="Preço errado"))
    again = pauses.pause(ADMINISTRATOR, "email")
    assert {name: again["pausa"][name] for name in BY_ANA} == {"por": "bia", "motivo": "Preço errado", "de_admin": True}
    assert [each["por"] for each in again["historico"]] == ["ana", "bia"]
    anew = pauses.pause(ADMINISTRATOR, "email", GivenReason(motivo="Auditoria"))
    assert {name: anew["pausa"][name] for name in BY_ANA} == {"por": "ana", "motivo": "Auditoria", "de_admin": True}


def test_second_pause_by_hand_without_any_reason_names_who_paused_last(services: Services, database: Database) -> None:
    a_pause(database, canal="email")
    paused = services.channel_pauses.pause(OPERATOR_BIA, "email")
    assert {name: paused["pausa"][name] for name in BY_ANA} == {"por": "bia", "motivo": None, "de_admin": False}


@pytest.mark.parametrize("motivo", ["", "   ", "x" * 201, "a\nb", "a\u202eb"])
def test_reason_is_one_line_that_can_be_seen(motivo: str) -> None:
    with pytest.raises(ValidationError):
        GivenReason(motivo=motivo)


def test_history_shows_the_last_steps_of_each_channel(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    for _ in range(11):
        clock.advance(minutes=1)
        services.channel_pauses.pause(ADMINISTRATOR, "email")
        services.channel_pauses.resume(ADMINISTRATOR, "email")
    whatsapp, email = services.channel_pauses.every(TENANT)["itens"]
    assert (len(whatsapp["historico"]), len(email["historico"])) == (0, 20)
    assert {each["em"] for each in email["historico"][:2]} == {clock()}


@pytest.mark.parametrize("name", ["fax", "", "WhatsApp"])
def test_unknown_channel_is_not_found(services: Services, name: str) -> None:
    for change in (services.channel_pauses.pause, services.channel_pauses.resume):
        with pytest.raises(NotFound):
            change(ADMINISTRATOR, name)


def test_channels_of_another_tenant_stay_as_they_are(services: Services, database: Database) -> None:
    a_template(database, tenant_id="outra")
    a_pause(database, tenant_id="outra")
    lead_id = a_lead(database, tenant_id="outra")
    waiting = a_disparo(database, lead_id, tenant_id="outra", espera="canal_pausado", enviar_apos=TOMORROW)
    services.channel_pauses.resume(ADMINISTRATOR, "whatsapp")
    services.channel_pauses.pause(ADMINISTRATOR, "email")
    whatsapp, email = services.channel_pauses.every("outra")["itens"]
    assert (whatsapp["estado"], email["estado"], whatsapp["esperam_o_canal"]) == ("pausado", "ativo", 1)
    assert disparo(database, waiting, "espera") == ["canal_pausado"]
