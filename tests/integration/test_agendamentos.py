"""Agendamentos: one time for one person, one row for one request, one event for each thing that happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey
from chalicelib.scheduling.requests import AgendamentoQuery, NewAgendamento
from chalicelib.scheduling.states import AgendamentoStatus, may_move
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import CREATED_AT, TENANT, a_lead, ask, insert
from tests.conftest import StoppedClock
from tests.integration.test_maintenance import queued

KEY = IdempotencyKey("k-1", "f" * 64)
ACTIONS = {
    "confirm": AgendamentoStatus.CONFIRMADO,
    "complete": AgendamentoStatus.REALIZADO,
    "cancel": AgendamentoStatus.CANCELADO,
    "miss": AgendamentoStatus.NAO_COMPARECEU,
}


def wish(at: datetime, **changes: Any) -> NewAgendamento:
    body = {"tipo": "reuniao", "canal": "video", "data_agendada": at.isoformat(), "responsavel": "Ana", **changes}
    return NewAgendamento.model_validate_json(json.dumps(body))


def book(services: Services, lead_id: UUID, at: datetime, key: IdempotencyKey | None = None, **changes: Any) -> Any:
    return services.agendamentos.create(TENANT, lead_id, wish(at, **changes), key)


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def tomorrow(clock: StoppedClock) -> datetime:
    return clock() + timedelta(days=1)


@pytest.fixture
def schedule(aws: Aws, app_settings: Settings) -> Callable[[UUID], Any]:
    """The one-time schedule of an agendamento, or None."""

    def find(agendamento_id: UUID) -> Any:
        try:
            return aws.client("scheduler").get_schedule(
                Name=f"agendamento-{agendamento_id}", GroupName=app_settings.schedule_group
            )
        except aws.client("scheduler").exceptions.ResourceNotFoundException:
            return None

    return find


def events(owner: Database) -> list[tuple[str, Any]]:
    return [(tipo, detalhe) for tipo, detalhe in ask(owner, "SELECT tipo, detalhe FROM eventos ORDER BY evento_id")]


def status_of(owner: Database, lead_id: UUID) -> str:
    [[status]] = ask(owner, f"SELECT status FROM leads WHERE lead_id = '{lead_id}'")
    return str(status)


# Creating


def test_a_booked_agendamento_is_shown_as_it_was_asked_for(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow, observacoes="Levar\na proposta", responsavel="  Ana   Souza ")
    assert made == {
        "agendamento_id": made["agendamento_id"],
        "lead_id": lead_id,
        "tipo": "reuniao",
        "canal": "video",
        "data_agendada": tomorrow,
        "duracao_minutos": 60,
        "responsavel": "Ana Souza",
        "observacoes": "Levar\na proposta",
        "status": "pendente",
        "avisado_em": None,
        "criado_em": clock(),
        "atualizado_em": clock(),
    }
    assert services.agendamentos.get(TENANT, made["agendamento_id"]) == made


def test_booking_moves_the_lead_and_is_told(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow)
    assert status_of(owner, lead_id) == "agendado"
    assert events(owner) == [
        (
            "agendamento.created",
            {
                "agendamento_id": str(made["agendamento_id"]),
                "lead_id": str(lead_id),
                "data_agendada": tomorrow.isoformat(),
            },
        )
    ]


def test_booking_is_counted(
    services: Services, owner: Database, tomorrow: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    book(services, a_lead(owner), tomorrow)
    assert '"AgendamentosCriados":[1.0]' in capsys.readouterr().out.replace(" ", "")


@pytest.mark.parametrize("status", ["em_disparo", "agendado", "contato_efetuado", "sem_sucesso"])
def test_booking_leaves_a_lead_that_is_elsewhere_where_it_is(
    services: Services, owner: Database, tomorrow: datetime, status: str
) -> None:
    lead_id = a_lead(owner, status=status)
    book(services, lead_id, tomorrow)
    assert status_of(owner, lead_id) == status


def test_the_wake_up_is_arranged_at_its_time_for_the_queue_of_the_announcer(
    services: Services, owner: Database, app_settings: Settings, tomorrow: datetime, schedule: Callable[[UUID], Any]
) -> None:
    made = book(services, a_lead(owner), tomorrow)
    arranged = schedule(made["agendamento_id"])
    assert arranged["ScheduleExpression"] == f"at({tomorrow:%Y-%m-%dT%H:%M:%S})"
    assert arranged["Target"]["Arn"].endswith(f":{app_settings.scheduling_queue}")
    assert json.loads(arranged["Target"]["Input"]) == {
        "tenant_id": TENANT,
        "agendamento_id": str(made["agendamento_id"]),
    }


def test_a_scheduler_that_is_away_does_not_fail_the_request(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch, tomorrow: datetime
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    services = make_services()
    made = book(services, a_lead(services.owner_database), tomorrow)
    assert services.agendamentos.cancel(TENANT, made["agendamento_id"])["status"] == "cancelado"


def test_the_sweep_finds_what_no_schedule_wakes_up(
    make_services: Callable[..., Services],
    services: Services,
    clock: StoppedClock,
    aws: Aws,
    app_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tomorrow: datetime,
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        away = make_services()
        made = book(away, a_lead(away.owner_database), tomorrow)
    clock.advance(days=1, minutes=2)
    services.sweep.run()
    [body] = queued(aws, app_settings.scheduling_queue)
    assert body == {"tenant_id": TENANT, "agendamento_id": str(made["agendamento_id"])}


@pytest.mark.parametrize("status", ["concluido", "descartado"])
def test_a_closed_lead_is_left_in_peace(services: Services, owner: Database, tomorrow: datetime, status: str) -> None:
    lead_id = a_lead(owner, status=status)
    with pytest.raises(Conflict) as raised:
        book(services, lead_id, tomorrow)
    assert raised.value.code == "lead_encerrado"
    assert ask(owner, "SELECT count(*) FROM agendamentos") == [[0]]


@pytest.mark.parametrize("tenant_id", ["outra", None])
def test_nobody_is_booked_for_a_lead_that_does_not_exist(
    services: Services, owner: Database, tomorrow: datetime, tenant_id: str | None
) -> None:
    lead_id = a_lead(owner, tenant_id=tenant_id) if tenant_id else UUID(int=7)
    with pytest.raises(NotFound):
        book(services, lead_id, tomorrow)


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (timedelta(0), "data_no_passado"),
        (timedelta(seconds=-1), "data_no_passado"),
        (timedelta(days=800), "data_distante"),
    ],
)
def test_a_time_that_is_past_or_too_far_is_refused(
    services: Services, owner: Database, clock: StoppedClock, offset: timedelta, code: str
) -> None:
    with pytest.raises(Invalid) as raised:
        book(services, a_lead(owner), clock() + offset)
    assert (raised.value.code, raised.value.errors[0].pointer) == (code, "/data_agendada")


def test_the_end_of_time_is_too_far(services: Services, owner: Database) -> None:
    with pytest.raises(Invalid):
        services.agendamentos.create(
            TENANT, a_lead(owner), wish(datetime.fromisoformat("9999-12-31T23:59:59+00:00")), None
        )


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"tipo": "festa"}, "tipo", "enum"),
        ({"canal": "email"}, "canal", "enum"),
        ({"data_agendada": "2026-12-01T10:00:00"}, "data_agendada", "timezone_aware"),
        ({"data_agendada": "amanhã"}, "data_agendada", "datetime_from_date_parsing"),
        ({"duracao_minutos": 4}, "duracao_minutos", "greater_than_equal"),
        ({"duracao_minutos": 481}, "duracao_minutos", "less_than_equal"),
        ({"duracao_minutos": 10**30}, "duracao_minutos", "less_than_equal"),
        ({"responsavel": "  "}, "responsavel", "string_too_short"),
        ({"responsavel": "a" * 121}, "responsavel", "string_too_long"),
        ({"responsavel": "Ana\x1b[31m"}, "responsavel", "caractere_invalido"),
        ({"observacoes": "a" * 2001}, "observacoes", "string_too_long"),
        ({"observacoes": "a\x00"}, "observacoes", "caractere_invalido"),
        ({"sala": "3"}, "sala", "extra_forbidden"),
    ],
)
def test_a_wish_that_means_nothing_is_refused(
    tomorrow: datetime, changes: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        wish(tomorrow, **changes)
    assert [(each["loc"][0], each["type"]) for each in raised.value.errors()] == [(field, code)]


# Idempotency


def test_the_same_request_again_gets_the_same_agendamento(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    first, again = (book(services, lead_id, tomorrow, KEY) for _ in range(2))
    assert first == again
    assert [tipo for tipo, _ in events(owner)] == ["agendamento.created"]


def test_the_same_request_is_answered_even_when_its_time_has_passed(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    first = book(services, lead_id, tomorrow, KEY)
    clock.advance(days=3)
    assert book(services, lead_id, tomorrow, KEY) == first


def test_another_request_under_the_same_key_is_refused(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow, KEY)
    with pytest.raises(Conflict) as raised:
        book(services, lead_id, tomorrow + timedelta(hours=5), KEY._replace(fingerprint="e" * 64))
    assert raised.value.code == "chave_de_idempotencia_reutilizada"


def test_the_key_of_another_tenant_is_another_key(services: Services, owner: Database, tomorrow: datetime) -> None:
    book(services, a_lead(owner), tomorrow, KEY)
    lead_id = a_lead(owner, tenant_id="outra")
    services.agendamentos.create("outra", lead_id, wish(tomorrow), KEY._replace(fingerprint="e" * 64))
    assert ask(owner, "SELECT count(*) FROM agendamentos") == [[2]]


@pytest.mark.parametrize("responsaveis", [("Ana", "Ana"), ("Ana", "Bia")])
def test_the_same_key_twice_at_once_makes_one_agendamento(
    services: Services, owner: Database, tomorrow: datetime, responsaveis: tuple[str, str]
) -> None:
    # With two names the time is free for both, and it is the key that says no.
    lead_ids, barrier = [a_lead(owner), a_lead(owner)], Barrier(2, timeout=30)

    def create(number: int) -> Any:
        barrier.wait()
        return book(services, lead_ids[number], tomorrow, KEY, responsavel=responsaveis[number])

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(create, range(2))
    assert first == second
    assert ask(owner, "SELECT count(*) FROM agendamentos") == [[1]]


def test_who_lost_the_race_for_a_key_gets_what_the_winner_made(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    """As above, but certain: the loser looks for the key before the winner has committed, and inserts after."""
    lead_id = a_lead(owner)
    winner = services.agendamentos
    for responsavel in ("Ana", "Bia"):
        made = book(services, lead_id, tomorrow, KEY, responsavel="Ana")
        loser = _Late(winner, skip=1)
        assert loser.create(TENANT, lead_id, wish(tomorrow, responsavel=responsavel), KEY) == made


class _Late:
    """The service as one whose first look for the key comes too early."""

    def __init__(self, service: Any, *, skip: int) -> None:
        kept = service._known
        self._left = skip

        def known(tenant_id: str, key: IdempotencyKey | None) -> Any:
            self._left -= 1
            return None if self._left >= 0 else kept(tenant_id, key)

        self._service = type(service).__new__(type(service))
        vars(self._service).update(vars(service))
        vars(self._service)["_known"] = known

    def create(self, *arguments: Any) -> Any:
        return self._service.create(*arguments)


# Overlap


@pytest.mark.parametrize(
    ("minutes", "is_free"),
    [(-180, True), (-75, True), (-74, False), (-30, False), (0, False), (60, False), (74, False), (75, True)],
)
def test_two_agendamentos_of_one_person_keep_their_distance(
    services: Services, owner: Database, tomorrow: datetime, minutes: int, is_free: bool
) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    other = tomorrow + timedelta(minutes=minutes)
    if is_free:
        book(services, lead_id, other)
    else:
        with pytest.raises(Conflict) as raised:
            book(services, lead_id, other)
        assert raised.value.code == "horario_ocupado"


@pytest.mark.parametrize("name", ["ANA", " ana ", "aNA"])
def test_a_person_is_one_person_however_the_name_is_written(
    services: Services, owner: Database, tomorrow: datetime, name: str
) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    with pytest.raises(Conflict):
        book(services, lead_id, tomorrow, responsavel=name)


def test_accents_are_compared_whatever_their_case(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow, responsavel="Érica Ção")
    with pytest.raises(Conflict):
        book(services, lead_id, tomorrow, responsavel="e\u0301RICA ÇÃO")


def test_others_and_other_tenants_are_free_at_the_same_time(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    book(services, lead_id, tomorrow, responsavel="Bia")
    services.agendamentos.create("outra", a_lead(owner, tenant_id="outra"), wish(tomorrow), None)


@pytest.mark.parametrize("action", ["complete", "cancel", "miss"])
def test_the_time_of_what_is_over_is_free_again(
    services: Services, owner: Database, tomorrow: datetime, action: str
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow)
    getattr(services.agendamentos, action)(TENANT, made["agendamento_id"])
    book(services, lead_id, tomorrow)


def test_of_two_who_want_the_same_time_at_once_one_gets_it(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_ids, barrier = [a_lead(owner) for _ in range(4)], Barrier(4, timeout=30)

    def create(lead_id: UUID) -> str:
        barrier.wait()
        try:
            book(services, lead_id, tomorrow)
        except Conflict as error:
            return error.code
        return "booked"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, lead_ids)) == ["booked", *["horario_ocupado"] * 3]


def test_the_buffer_is_that_of_the_settings(make_services: Callable[..., Services], tomorrow: datetime) -> None:
    services = make_services(agenda_buffer_min=0)
    lead_id = a_lead(services.owner_database)
    book(services, lead_id, tomorrow)
    book(services, lead_id, tomorrow + timedelta(hours=1))


def test_the_database_keeps_the_rule_whatever_wrote_the_row(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    with pytest.raises(ConstraintViolation, match="agendamentos_sem_sobreposicao"):
        insert(
            owner, "agendamentos", tenant_id=TENANT, agendamento_id=UUID(int=1), lead_id=lead_id, tipo="callback",
            canal="telefone", data_agendada=tomorrow, ocupado_ate=tomorrow + timedelta(hours=1), responsavel="ANA",
            criado_em=CREATED_AT, atualizado_em=CREATED_AT,
        )  # fmt: skip


def test_an_unexpected_constraint_is_not_taken_for_one_of_ours(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    with owner.across_tenants() as rows:
        rows.execute("ALTER TABLE agendamentos ADD CONSTRAINT never CHECK (false)")
    with pytest.raises(ConstraintViolation, match="never"):
        book(services, a_lead(owner), tomorrow, KEY)


# Lists


def test_the_calendar_is_listed_in_its_order_page_by_page(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    days = [3, 1, 2, 1, 5]
    made = [
        book(services, lead_id, tomorrow + timedelta(days=day), responsavel=f"R{number}")
        for number, day in enumerate(days)
    ]
    wanted = sorted(made, key=lambda each: (each["data_agendada"], each["agendamento_id"]))

    def pages() -> Iterator[Any]:
        cursor = None
        while True:
            page = services.agendamentos.page(TENANT, AgendamentoQuery(limit=2, cursor=cursor))
            yield page["itens"]
            cursor = page["proximo"]
            if cursor is None:
                return

    assert [each for page in pages() for each in page] == wanted
    assert services.agendamentos.page(TENANT, AgendamentoQuery(limit=2, offset=3))["itens"] == wanted[3:]


def test_each_filter_finds_what_it_names(services: Services, owner: Database, tomorrow: datetime) -> None:
    first, second = a_lead(owner), a_lead(owner)
    wanted = book(services, first, tomorrow, responsavel="Ana")["agendamento_id"]
    other = book(services, second, tomorrow + timedelta(days=2), responsavel="Bia")["agendamento_id"]
    services.agendamentos.confirm(TENANT, other)
    services.agendamentos.create("outra", a_lead(owner, tenant_id="outra"), wish(tomorrow), None)

    def found(**query: Any) -> list[UUID]:
        page = services.agendamentos.page(TENANT, AgendamentoQuery.model_validate(query))
        return [each["agendamento_id"] for each in page["itens"]]

    day_after = (tomorrow + timedelta(days=1)).isoformat()
    assert found() == [wanted, other]
    assert found(status="pendente") == [wanted]
    assert found(responsavel=" ANA ") == [wanted]
    assert found(lead_id=str(first)) == [wanted]
    assert found(ate=day_after) == [wanted]
    assert found(de=day_after) == [other]
    assert found(de=tomorrow.isoformat(), ate=tomorrow.isoformat()) == []


@pytest.mark.parametrize(
    "cursor",
    ["MQ", "WyJhIiwiYiJd", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAxIl0"],
)
def test_a_cursor_of_another_list_or_without_a_zone_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(Invalid):
        services.agendamentos.page(TENANT, AgendamentoQuery(cursor=cursor))


# Moves


def in_status(services: Services, owner: Database, at: datetime, status: AgendamentoStatus) -> tuple[UUID, UUID]:
    """An agendamento in that status, with nothing told yet, and its lead."""
    lead_id = a_lead(owner)
    made = book(services, lead_id, at)["agendamento_id"]
    with owner.across_tenants() as rows:
        rows.execute(f"UPDATE agendamentos SET status = '{status}'; DELETE FROM eventos")
    return made, lead_id


@pytest.mark.parametrize("de", list(AgendamentoStatus))
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_moves_what_it_may_and_refuses_the_rest(
    services: Services, owner: Database, tomorrow: datetime, de: AgendamentoStatus, action: str
) -> None:
    para = ACTIONS[action]
    agendamento_id, lead_id = in_status(services, owner, tomorrow, de)
    act = getattr(services.agendamentos, action)
    if de == para:
        assert act(TENANT, agendamento_id)["status"] == para
        assert events(owner) == []
    elif may_move(de, para):
        assert act(TENANT, agendamento_id)["status"] == para
        assert act(TENANT, agendamento_id)["status"] == para
        [(tipo, detalhe)] = events(owner)
        assert tipo == {
            "confirm": "agendamento.confirmed",
            "complete": "agendamento.done",
            "miss": "agendamento.done",
            "cancel": "agendamento.cancelled",
        }[action]  # fmt: skip
        assert detalhe == {"agendamento_id": str(agendamento_id), "lead_id": str(lead_id), "status": para.value}
    else:
        with pytest.raises(Conflict) as raised:
            act(TENANT, agendamento_id)
        assert raised.value.code == "transicao_de_agendamento_invalida"
        assert raised.value.params == {"de": de.value, "para": para.value}
        assert events(owner) == []


@pytest.mark.parametrize(
    ("action", "lead"),
    [("confirm", "agendado"), ("complete", "contato_efetuado"), ("miss", "sem_sucesso"), ("cancel", "agendado")],
)
def test_the_lead_follows_what_became_of_it(
    services: Services, owner: Database, tomorrow: datetime, action: str, lead: str
) -> None:
    agendamento_id, lead_id = in_status(services, owner, tomorrow, AgendamentoStatus.PENDENTE)
    getattr(services.agendamentos, action)(TENANT, agendamento_id)
    assert status_of(owner, lead_id) == lead


def test_who_missed_a_meeting_but_is_being_written_to_is_not_given_up(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    agendamento_id, lead_id = in_status(services, owner, tomorrow, AgendamentoStatus.PENDENTE)
    with owner.across_tenants() as rows:
        rows.execute("UPDATE leads SET status = 'em_disparo'")
    services.agendamentos.miss(TENANT, agendamento_id)
    assert status_of(owner, lead_id) == "em_disparo"


def test_cancelling_calls_the_wake_up_off_and_may_be_said_twice(
    services: Services, owner: Database, tomorrow: datetime, schedule: Callable[[UUID], Any]
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    assert schedule(made) is not None
    assert [services.agendamentos.cancel(TENANT, made)["status"] for _ in range(2)] == ["cancelado"] * 2
    assert schedule(made) is None


@pytest.mark.parametrize("action", [*ACTIONS, "get"])
def test_the_agendamento_of_another_tenant_does_not_exist(
    services: Services, owner: Database, tomorrow: datetime, action: str
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    with pytest.raises(NotFound):
        getattr(services.agendamentos, action)("outra", made)
    assert services.agendamentos.get(TENANT, made)["status"] == "pendente"


def test_of_two_who_end_it_at_once_differently_one_is_refused(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    barrier = Barrier(2, timeout=30)

    def end(action: str) -> str:
        barrier.wait()
        try:
            return str(getattr(services.agendamentos, action)(TENANT, made)["status"])
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = set(pool.map(end, ["complete", "miss"]))
    assert "transicao_de_agendamento_invalida" in outcomes
    assert len([tipo for tipo, _ in events(owner) if tipo == "agendamento.done"]) == 1
