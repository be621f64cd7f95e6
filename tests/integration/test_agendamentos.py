"""A responsável has one agendamento at a time, a request makes one row, and each move records one event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.encoding import to_json
from chalicelib.errors import Conflict, ConstraintViolation, Invalid, NotFound, TimeTaken
from chalicelib.identity import ADMIN, Identity
from chalicelib.scheduling.booking.requests import AgendamentoQuery, Rescheduling
from chalicelib.scheduling.staff.requests import NewBlock, NewResponsavel
from chalicelib.scheduling.states import AgendamentoStatus, may_move
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.booking import a_booking, book
from tests.builders import CREATED_AT, TENANT, a_lead, ask, insert, lead_status, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.keys import a_key, as_answered, replayed

KEY = a_key()
ACTIONS = {
    "confirm": AgendamentoStatus.CONFIRMADO,
    "complete": AgendamentoStatus.REALIZADO,
    "cancel": AgendamentoStatus.CANCELADO,
    "miss": AgendamentoStatus.NAO_COMPARECEU,
}


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
                Name=f"agenda-{agendamento_id}-0-hora", GroupName=app_settings.schedule_group
            )
        except aws.client("scheduler").exceptions.ResourceNotFoundException:
            return None

    return find


def events(owner: Database) -> list[tuple[str, Any]]:
    """The kind and the detail of each event, in order."""
    return [(tipo, detalhe) for tipo, detalhe in ask(owner, "SELECT tipo, detalhe FROM eventos ORDER BY evento_id")]


# Creating


def a_page(services: Services, **query: Any) -> Any:
    """A page of agendamentos as the API answers it."""
    return json.loads(to_json(services.agendamentos.page(TENANT, AgendamentoQuery.model_validate(query))))


@pytest.mark.straight_path
def test_booked_agendamento_is_shown_as_the_request_described_it(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow, observacoes="Levar\na proposta", responsavel="  Ana   Souza ")
    assert made == {
        "agendamento_id": made["agendamento_id"],
        "lead_id": lead_id,
        "lead_nome": "Maria da Silva",
        "tipo": "reuniao",
        "canal": "video",
        "data_agendada": tomorrow,
        "data_local": tomorrow.astimezone(ZoneInfo("America/Sao_Paulo")).isoformat(),
        "duracao_minutos": 60,
        "responsavel": "Ana Souza",
        "observacoes": "Levar\na proposta",
        "local": None,
        "link": None,
        "status": "pendente",
        "versao": 0,
        "reagendamentos": 0,
        "confirmar_ate": clock() + timedelta(days=1),
        "confirmacao_vencida": False,
        "avisar_lead": True,
        "avisado_em": None,
        "avisos": [],
        "cancelado_por": None,
        "motivo_cancelamento": None,
        "criado_em": clock(),
        "atualizado_em": clock(),
        "horarios": [
            {
                "versao": 0,
                "data_agendada": tomorrow,
                "data_local": tomorrow.astimezone(ZoneInfo("America/Sao_Paulo")).isoformat(),
                "duracao_minutos": 60,
                "em": clock(),
                "por": None,
                "motivo": None,
            }
        ],
        "mensagens": made["mensagens"],
        "calendario": None,
    }
    assert [(each["tipo"], each["status"], each["motivo"]) for each in made["mensagens"]] == [
        ("convite", "pendente", None),
        ("lembrete_1440", "dispensado", "sem_tempo"),
        ("lembrete_60", "pendente", None),
    ]
    assert services.agendamentos.get(TENANT, made["agendamento_id"]) == made


def test_booking_moves_the_lead_and_records_an_event(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow)
    assert lead_status(owner, lead_id) == "agendado"
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


@pytest.mark.parametrize("status", ["em_disparo", "agendado", "sem_sucesso"])
def test_booking_does_not_move_a_lead_that_may_not_become_agendado(
    services: Services, owner: Database, tomorrow: datetime, status: str
) -> None:
    lead_id = a_lead(owner, status=status)
    book(services, lead_id, tomorrow)
    assert lead_status(owner, lead_id) == status


def test_schedule_wakes_the_reminders_at_the_time_of_the_agendamento(
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


def test_request_succeeds_while_the_scheduler_is_away(
    make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch, tomorrow: datetime
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    services = make_services()
    made = book(services, a_lead(services.owner_database), tomorrow)
    assert services.agendamentos.cancel(TENANT, made["agendamento_id"])["status"] == "cancelado"


def test_sweep_wakes_an_agendamento_that_has_no_schedule(
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
    for message in queued(aws, app_settings.scheduling_queue):
        assert message["body"] == {"tenant_id": TENANT, "agendamento_id": str(made["agendamento_id"])}


@pytest.mark.parametrize("status", ["concluido", "descartado"])
def test_closed_lead_gets_no_agendamento(services: Services, owner: Database, tomorrow: datetime, status: str) -> None:
    lead_id = a_lead(owner, status=status)
    with pytest.raises(Conflict) as raised:
        book(services, lead_id, tomorrow)
    assert raised.value.code == "lead_encerrado"
    assert ask(owner, "SELECT count(*) FROM agendamentos") == [[0]]


@pytest.mark.parametrize("tenant_id", ["outra", None])
def test_unknown_lead_is_not_found(
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
def test_time_that_is_past_or_too_far_off_is_refused(
    services: Services, owner: Database, clock: StoppedClock, offset: timedelta, code: str
) -> None:
    with pytest.raises(Invalid) as raised:
        book(services, a_lead(owner), clock() + offset)
    assert (raised.value.code, raised.value.errors[0].pointer) == (code, "/data_agendada")


def test_last_date_of_the_calendar_is_too_far_off(services: Services, owner: Database) -> None:
    with pytest.raises(Invalid):
        services.agendamentos.create(
            TENANT, a_lead(owner), a_booking(datetime.fromisoformat("9999-12-31T23:59:59+00:00")), None
        )


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"tipo": "festa"}, "tipo", "enum"),
        ({"canal": "email"}, "canal", "enum"),
        ({"data_agendada": "2026-12-01T10:00:00"}, "data_agendada", "timezone_aware"),
        ({"data_agendada": "1795000000"}, "data_agendada", "datetime_from_date_parsing"),
        ({"data_agendada": 1795000000}, "data_agendada", "datetime_type"),
        ({"data_agendada": "amanhã"}, "data_agendada", "datetime_from_date_parsing"),
        ({"duracao_minutos": 4}, "duracao_minutos", "greater_than_equal"),
        ({"duracao_minutos": 481}, "duracao_minutos", "less_than_equal"),
        ({"duracao_minutos": 10**30}, "duracao_minutos", "less_than_equal"),
        ({"responsavel": "  "}, "responsavel", "string_too_short"),
        ({"responsavel": "\u200b\u3164"}, "responsavel", "string_too_short"),
        ({"responsavel": "a" * 121}, "responsavel", "string_too_long"),
        ({"responsavel": "Ana\x1b[31m"}, "responsavel", "caractere_invalido"),
        ({"observacoes": "a" * 2001}, "observacoes", "string_too_long"),
        ({"observacoes": "a\x00"}, "observacoes", "caractere_invalido"),
        ({"sala": "3"}, "sala", "extra_forbidden"),
        ({"canal": "presencial"}, "local", "local_obrigatorio"),
        ({"canal": "presencial", "local": "\u200b"}, "local", "string_too_short"),
        ({"canal": "presencial", "local": "Rua A", "link": "https://x.example"}, "link", "link_so_de_video"),
        ({"canal": "email", "local": "Rua A"}, "canal", "enum"),
        ({"local": "Rua A"}, "local", "local_so_presencial"),
        ({"link": "javascript:alert(1)"}, "link", "string_pattern_mismatch"),
    ],
)
def test_invalid_field_is_refused(tomorrow: datetime, changes: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        a_booking(tomorrow, **changes)
    assert [(each["loc"][0], each["type"]) for each in raised.value.errors()] == [(field, code)]


# Idempotency


def test_same_request_again_gets_the_same_agendamento(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    first = book(services, lead_id, tomorrow, KEY)
    assert replayed(book, services, lead_id, tomorrow, KEY) == as_answered(first)
    assert [tipo for tipo, _ in events(owner)] == ["agendamento.created"]


def test_same_request_gets_its_first_answer_after_its_time_has_passed(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id, at = a_lead(owner), clock() + timedelta(hours=2)
    first = book(services, lead_id, at, KEY)
    clock.advance(hours=23)
    assert replayed(book, services, lead_id, at, KEY) == as_answered(first)


def test_key_counts_for_its_own_tenant_only(services: Services, owner: Database, tomorrow: datetime) -> None:
    book(services, a_lead(owner), tomorrow, KEY)
    lead_id = a_lead(owner, tenant_id="outra")
    services.agendamentos.create("outra", lead_id, a_booking(tomorrow), KEY)
    assert ask(owner, "SELECT count(*) FROM agendamentos") == [[2]]


def test_time_that_is_taken_is_no_answer_that_is_kept(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    other = book(services, lead_id, tomorrow)["agendamento_id"]
    with pytest.raises(TimeTaken):
        book(services, lead_id, tomorrow, KEY)
    services.agendamentos.cancel(TENANT, other)
    assert book(services, lead_id, tomorrow, KEY)["status"] == "pendente"


# Overlap


@pytest.mark.parametrize(
    ("minutes", "is_free"),
    [(-180, True), (-75, True), (-74, False), (-30, False), (0, False), (60, False), (74, False), (75, True)],
)
def test_two_agendamentos_of_one_responsavel_keep_the_buffer_between_them(
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


@pytest.mark.parametrize("name", ["ANA", " ana ", "aNA", "A\u200bna", "Ana\u202e", "\ufeffAna\u3164", "An\xada"])
def test_name_of_the_responsavel_is_compared_without_case_blanks_and_what_nobody_sees(
    services: Services, owner: Database, tomorrow: datetime, name: str
) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    with pytest.raises(Conflict):
        book(services, lead_id, tomorrow, responsavel=name)


def test_accents_are_compared_in_any_case_and_form(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow, responsavel="Érica Ção")
    with pytest.raises(Conflict):
        book(services, lead_id, tomorrow, responsavel="e\u0301RICA ÇÃO")


def test_another_responsavel_or_another_tenant_is_free_at_the_same_time(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    book(services, lead_id, tomorrow, responsavel="Bia")
    services.agendamentos.create("outra", a_lead(owner, tenant_id="outra"), a_booking(tomorrow), None)


@pytest.mark.parametrize("action", ["complete", "cancel", "miss"])
def test_time_of_an_agendamento_that_has_ended_is_free_again(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, action: str
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow)
    clock.now = tomorrow
    getattr(services.agendamentos, action)(TENANT, made["agendamento_id"])
    book(services, lead_id, tomorrow + timedelta(minutes=1))


def test_one_of_several_requests_for_the_same_time_gets_it(
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


def test_buffer_is_taken_from_the_settings(make_services: Callable[..., Services], tomorrow: datetime) -> None:
    services = make_services(agenda_buffer_min=0)
    lead_id = a_lead(services.owner_database)
    book(services, lead_id, tomorrow)
    book(services, lead_id, tomorrow + timedelta(hours=1))


def test_database_refuses_an_overlap_of_any_writer(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    book(services, lead_id, tomorrow)
    with pytest.raises(ConstraintViolation, match="agendamentos_sem_sobreposicao"):
        insert(
            owner, "agendamentos", tenant_id=TENANT, agendamento_id=UUID(int=1), lead_id=lead_id, tipo="callback",
            canal="telefone", data_agendada=tomorrow, ocupado_ate=tomorrow + timedelta(hours=1), responsavel="ANA",
            criado_em=CREATED_AT, atualizado_em=CREATED_AT,
        )  # fmt: skip


def test_violation_of_another_constraint_is_raised(services: Services, owner: Database, tomorrow: datetime) -> None:
    run(owner, "ALTER TABLE agendamentos ADD CONSTRAINT never CHECK (false)")
    with pytest.raises(ConstraintViolation, match="never"):
        book(services, a_lead(owner), tomorrow, KEY)


# Lists


def test_pages_are_in_the_order_of_the_calendar(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    days = [3, 1, 2, 1, 5]
    made = [
        book(services, lead_id, tomorrow + timedelta(days=day), responsavel=f"R{number}")
        for number, day in enumerate(days)
    ]
    details = {"horarios", "mensagens", "calendario"}
    rows = [{name: each[name] for name in each if name not in details} for each in made]
    rows.sort(key=lambda each: (each["data_agendada"], each["agendamento_id"]))
    wanted = json.loads(to_json(rows))

    def pages() -> Iterator[Any]:
        cursor = None
        while True:
            page = a_page(services, limit=2, cursor=cursor)
            yield page["itens"]
            cursor = page["proximo"]
            if cursor is None:
                return

    assert [each for page in pages() for each in page] == wanted
    assert a_page(services, limit=2, offset=3)["itens"] == wanted[3:]


def test_each_filter_finds_the_agendamentos_that_fit(services: Services, owner: Database, tomorrow: datetime) -> None:
    first, second = a_lead(owner), a_lead(owner)
    wanted = book(services, first, tomorrow, responsavel="Ana")["agendamento_id"]
    other = book(services, second, tomorrow + timedelta(days=2), responsavel="Bia")["agendamento_id"]
    services.agendamentos.confirm(TENANT, other)
    third = book(services, second, tomorrow + timedelta(days=3), canal="telefone")["agendamento_id"]
    services.agendamentos.cancel(TENANT, third)
    services.agendamentos.create("outra", a_lead(owner, tenant_id="outra"), a_booking(tomorrow), None)

    def listed_ids(**query: Any) -> list[UUID]:
        return [UUID(each["agendamento_id"]) for each in a_page(services, **query)["itens"]]

    day_after = (tomorrow + timedelta(days=1)).isoformat()
    assert listed_ids() == [wanted, other, third]
    assert listed_ids(status="pendente") == [wanted]
    assert listed_ids(responsavel=" ANA ") == [wanted, third]
    assert listed_ids(tipo="reuniao") == [wanted, other, third]
    assert listed_ids(tipo="callback") == []
    assert listed_ids(canal="telefone") == [third]
    assert listed_ids(lead_id=str(first)) == [wanted]
    assert listed_ids(ate=day_after) == [wanted]
    assert listed_ids(de=day_after) == [other, third]
    assert listed_ids(de=tomorrow.isoformat(), ate=tomorrow.isoformat()) == []


@pytest.mark.parametrize(
    "cursor",
    ["MQ", "WyJhIiwiYiJd", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAxIl0"],
)
def test_cursor_of_another_list_or_without_a_time_zone_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(Invalid):
        services.agendamentos.page(TENANT, AgendamentoQuery(cursor=cursor))


# Moves


def in_status(services: Services, owner: Database, at: datetime, status: AgendamentoStatus) -> tuple[UUID, UUID]:
    """An agendamento in that status, without events, and its lead."""
    lead_id = a_lead(owner)
    made = book(services, lead_id, at)["agendamento_id"]
    run(owner, f"UPDATE agendamentos SET status = '{status}'; DELETE FROM eventos")
    return made, lead_id


@pytest.mark.parametrize("origin", list(AgendamentoStatus))
@pytest.mark.parametrize("action", ACTIONS)
def test_action_makes_the_allowed_moves_once_and_refuses_the_others(
    services: Services,
    owner: Database,
    clock: StoppedClock,
    tomorrow: datetime,
    origin: AgendamentoStatus,
    action: str,
) -> None:
    destination = ACTIONS[action]
    agendamento_id, lead_id = in_status(services, owner, tomorrow, origin)
    clock.now = tomorrow
    act = getattr(services.agendamentos, action)
    if origin == destination:
        assert act(TENANT, agendamento_id)["status"] == destination
        assert events(owner) == []
    elif may_move(origin, destination):
        assert act(TENANT, agendamento_id)["status"] == destination
        assert act(TENANT, agendamento_id)["status"] == destination
        [(tipo, detalhe)] = events(owner)
        assert tipo == {
            "confirm": "agendamento.confirmed",
            "complete": "agendamento.done",
            "miss": "agendamento.done",
            "cancel": "agendamento.cancelled",
        }[action]  # fmt: skip
        assert detalhe == {"agendamento_id": str(agendamento_id), "lead_id": str(lead_id), "status": destination.value}
    else:
        with pytest.raises(Conflict) as raised:
            act(TENANT, agendamento_id)
        assert raised.value.code == "transicao_de_agendamento_invalida"
        assert raised.value.params == {"de": origin.value, "para": destination.value}
        assert events(owner) == []


@pytest.mark.parametrize(
    ("action", "status"),
    [("confirm", "agendado"), ("complete", "contato_efetuado"), ("miss", "sem_sucesso"), ("cancel", "novo")],
)
def test_lead_moves_with_its_agendamento(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, action: str, status: str
) -> None:
    agendamento_id, lead_id = in_status(services, owner, tomorrow, AgendamentoStatus.PENDENTE)
    clock.now = tomorrow
    getattr(services.agendamentos, action)(TENANT, agendamento_id)
    assert lead_status(owner, lead_id) == status


@pytest.mark.parametrize("status", [AgendamentoStatus.PENDENTE, AgendamentoStatus.CONFIRMADO])
def test_agendamento_has_not_taken_place_before_it_began(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, status: AgendamentoStatus
) -> None:
    agendamento_id, _ = in_status(services, owner, tomorrow, status)
    clock.now = tomorrow - timedelta(seconds=1)
    with pytest.raises(Conflict) as raised:
        services.agendamentos.complete(TENANT, agendamento_id)
    assert raised.value.code == "agendamento_nao_comecou"
    assert services.agendamentos.get(TENANT, agendamento_id)["status"] == status
    clock.advance(seconds=1)
    assert services.agendamentos.complete(TENANT, agendamento_id)["status"] == "realizado"


# Warnings


def test_lead_in_two_places_at_once_is_a_warning(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id, other = a_lead(owner), a_lead(owner)
    first = book(services, lead_id, tomorrow)
    book(services, other, tomorrow, responsavel="Caio")
    for minutes, is_warned in ((-60, False), (-59, True), (59, True), (60, False)):
        at = tomorrow + timedelta(hours=2, minutes=minutes)
        if minutes == -60:
            first = book(services, lead_id, tomorrow + timedelta(hours=2), responsavel="Davi")
        made = book(services, lead_id, at, responsavel=f"Eva {minutes}")
        codes = [(each["codigo"], each["agendamento_id"]) for each in made["avisos"]]
        assert (("lead_ocupado", str(first["agendamento_id"])) in codes) is is_warned
        services.agendamentos.cancel(TENANT, made["agendamento_id"])
    services.agendamentos.cancel(TENANT, first["agendamento_id"])
    assert book(services, lead_id, tomorrow + timedelta(hours=2), responsavel="Davi")["avisos"] == []


@pytest.mark.parametrize(
    ("at", "phone", "minutes", "codes"),
    [
        ("2026-11-25T09:00:00-03:00", "+5511999990001", 60, []),
        ("2026-11-25T17:00:00-03:00", "+5511999990001", 60, []),
        ("2026-11-25T17:00:00-03:00", "+5511999990001", 61, ["hora_incomum"]),
        ("2026-11-25T08:59:00-03:00", "+5511999990001", 60, ["hora_incomum"]),
        ("2026-11-25T03:00:00-03:00", "+5511999990001", 60, ["hora_incomum"]),
        ("2026-11-25T23:30:00-03:00", "+5511999990001", 60, ["hora_incomum"]),
        # By the lead's clock, in Manaus, it is an hour earlier.
        ("2026-11-25T09:30:00-03:00", "+5592999990001", 60, ["hora_incomum"]),
        ("2026-11-25T18:30:00-03:00", "+5592999990001", 30, []),
        ("2026-12-25T10:00:00-03:00", "+5511999990001", 60, ["feriado"]),
        ("2026-12-25T03:00:00-03:00", "+5511999990001", 60, ["hora_incomum", "feriado"]),
        ("2027-07-09T10:00:00-03:00", "+5511999990001", 60, ["feriado"]),
        ("2027-07-09T10:00:00-03:00", "+5571999990001", 60, []),
        ("2026-11-26T10:00:00-03:00", "+351910000000", 60, ["feriado"]),
    ],
)
def test_unusual_hour_or_a_holiday_where_the_lead_is_is_a_warning(
    services: Services, owner: Database, at: str, phone: str, minutes: int, codes: list[str]
) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"janela": {"feriados_extras": ["2026-11-26"]}})
    lead_id = a_lead(owner, telefones=[phone])
    made = book(services, lead_id, datetime.fromisoformat(at), duracao_minutos=minutes)
    assert [each["codigo"] for each in made["avisos"]] == codes
    assert all(each["mensagem"].endswith(".") for each in made["avisos"])
    assert a_page(services)["itens"][0]["avisos"] == made["avisos"]


def test_repeated_booking_is_answered_with_the_same_warnings(services: Services, owner: Database) -> None:
    lead_id, key = a_lead(owner), KEY
    at = datetime.fromisoformat("2026-12-25T03:00:00-03:00")
    made = book(services, lead_id, at, key)
    assert [each["codigo"] for each in made["avisos"]] == ["hora_incomum", "feriado"]
    assert replayed(book, services, lead_id, at, key) == as_answered(made)


def test_lead_that_missed_a_meeting_stays_em_disparo(services: Services, owner: Database, tomorrow: datetime) -> None:
    agendamento_id, lead_id = in_status(services, owner, tomorrow, AgendamentoStatus.PENDENTE)
    run(owner, "UPDATE leads SET status = 'em_disparo', status_antes = NULL")
    services.agendamentos.miss(TENANT, agendamento_id)
    assert lead_status(owner, lead_id) == "em_disparo"


def test_cancelling_deletes_the_schedule_and_may_be_repeated(
    services: Services, owner: Database, tomorrow: datetime, schedule: Callable[[UUID], Any]
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    assert schedule(made) is not None
    assert [services.agendamentos.cancel(TENANT, made)["status"] for _ in range(2)] == ["cancelado"] * 2
    assert schedule(made) is None


def test_cancelled_agendamento_says_who_cancelled_it_and_why(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    cancelled = services.agendamentos.cancel(TENANT, made, por="ana", motivo="Viajou")
    assert (cancelled["cancelado_por"], cancelled["motivo_cancelamento"]) == ("ana", "Viajou")
    assert services.agendamentos.cancel(TENANT, made, por="bia", motivo="Outro") == cancelled
    confirmed = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    services.agendamentos.confirm(TENANT, confirmed)
    assert services.agendamentos.get(TENANT, confirmed)["cancelado_por"] is None


@pytest.mark.parametrize("action", [*ACTIONS, "get"])
def test_agendamento_of_another_tenant_is_not_found(
    services: Services, owner: Database, tomorrow: datetime, action: str
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    with pytest.raises(NotFound):
        getattr(services.agendamentos, action)("outra", made)
    assert services.agendamentos.get(TENANT, made)["status"] == "pendente"


def test_one_of_two_different_ends_at_once_is_refused(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    clock.now = tomorrow
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


# Moving


def moved(services: Services, agendamento_id: UUID, to: datetime, key: Any = None, **more: Any) -> Any:
    request = Rescheduling.model_validate({"data_agendada": to, **more})
    return services.agendamentos.reschedule(TENANT, agendamento_id, request, key, por="ana")


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_moved_agendamento_is_to_be_confirmed_anew_and_keeps_its_times(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, is_confirmed: bool
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    if is_confirmed:
        services.agendamentos.confirm(TENANT, made)
    clock.advance(hours=2)
    to = tomorrow + timedelta(days=1)
    shown = moved(services, made, to, duracao_minutos=30, motivo="Pediu outro dia")
    assert shown == services.agendamentos.get(TENANT, made)
    assert (shown["status"], shown["versao"], shown["reagendamentos"]) == ("pendente", 1, 1)
    assert (shown["data_agendada"], shown["duracao_minutos"]) == (to, 30)
    assert shown["confirmar_ate"] == clock() + timedelta(days=1)
    times = [(each["versao"], each["data_agendada"], each["por"], each["motivo"]) for each in shown["horarios"]]
    assert times == [(0, tomorrow, None, None), (1, to, "ana", "Pediu outro dia")]
    [detail] = [detalhe for tipo, detalhe in events(owner) if tipo == "agendamento.rescheduled"]
    assert (detail["data_agendada"], detail["versao"]) == (to.isoformat(), 1)


def test_time_that_was_left_is_free_and_the_new_one_is_taken(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, tomorrow)["agendamento_id"]
    to = tomorrow + timedelta(days=1)
    moved(services, made, to)
    book(services, lead_id, tomorrow)
    with pytest.raises(TimeTaken) as taken:
        book(services, lead_id, to)
    assert taken.value.code == "horario_ocupado"
    assert taken.value.other == {"agendamento_id": made, "data_agendada": to, "duracao_minutos": 60}
    assert len(taken.value.free) == 3


def test_taken_time_names_what_is_there_and_the_nearest_free_ones(
    services: Services, owner: Database, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    made, other = (book(services, lead_id, tomorrow + timedelta(hours=hours))["agendamento_id"] for hours in (0, 2))
    with pytest.raises(TimeTaken) as taken:
        moved(services, other, tomorrow + timedelta(minutes=30))
    assert taken.value.other is not None
    assert taken.value.other["agendamento_id"] == made
    for text in taken.value.free:
        free = datetime.fromisoformat(text)
        assert abs(free - tomorrow) >= timedelta(minutes=75)
    # It is still where it was, and may go to the first of these.
    assert services.agendamentos.get(TENANT, other)["versao"] == 0
    assert moved(services, other, datetime.fromisoformat(taken.value.free[0]))["versao"] == 1


def test_it_may_overlap_with_its_own_old_time(services: Services, owner: Database, tomorrow: datetime) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    assert moved(services, made, tomorrow + timedelta(minutes=10))["avisos"] == []


@pytest.mark.parametrize("most", [0, 1, 2])
def test_it_moves_as_often_as_the_tenant_allows(
    services: Services, owner: Database, tomorrow: datetime, most: int
) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"agenda": {"max_reagendamentos": most}})
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    for number in range(most):
        moved(services, made, tomorrow + timedelta(days=1 + number))
    with pytest.raises(Conflict) as raised:
        moved(services, made, tomorrow + timedelta(days=9))
    assert raised.value.code == "reagendamentos_esgotados"
    assert raised.value.params == {"maximo": most}


@pytest.mark.parametrize("action", ["complete", "cancel", "miss"])
def test_one_that_has_ended_does_not_move(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime, action: str
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    clock.now = tomorrow
    getattr(services.agendamentos, action)(TENANT, made)
    with pytest.raises(Conflict) as raised:
        moved(services, made, tomorrow + timedelta(days=1))
    assert raised.value.code == "transicao_de_agendamento_invalida"


def test_same_time_again_is_no_move(services: Services, owner: Database, tomorrow: datetime) -> None:
    made = book(services, a_lead(owner), tomorrow)
    assert moved(services, made["agendamento_id"], tomorrow, avisar_lead=False) == made


def test_same_key_moves_it_once(services: Services, owner: Database, tomorrow: datetime) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    to = tomorrow + timedelta(days=1)
    first = moved(services, made, to, KEY)
    services.agendamentos.cancel(TENANT, made)
    assert replayed(moved, services, made, to, KEY) == as_answered(first)
    assert first["versao"] == 1


def test_alarms_move_with_it(services: Services, owner: Database, aws: Aws, tomorrow: datetime) -> None:
    def names() -> set[str]:
        found = aws.client("scheduler").list_schedules()["Schedules"]
        return {each["Name"].removeprefix(f"agenda-{made}-") for each in found if str(made) in each["Name"]}

    made = book(services, a_lead(owner), tomorrow + timedelta(days=2))["agendamento_id"]
    assert names() == {"0-hora", "0-lembrete_1440", "0-lembrete_60"}
    moved(services, made, tomorrow + timedelta(days=3))
    assert names() == {"1-hora", "1-lembrete_1440", "1-lembrete_60"}
    services.agendamentos.cancel(TENANT, made)
    assert names() == set()


def test_time_is_announced_again_after_a_move(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    run(owner, "UPDATE agendamentos SET avisado_em = now(), acordado_em = now()")
    assert moved(services, made, tomorrow + timedelta(days=1))["avisado_em"] is None


def test_place_and_link_belong_to_their_channel(services: Services, owner: Database, tomorrow: datetime) -> None:
    lead_id = a_lead(owner)
    there = book(services, lead_id, tomorrow, canal="presencial", local="  Rua A,\t1 ")
    assert there["local"] == "Rua A, 1"
    to = tomorrow + timedelta(days=1)
    assert moved(services, there["agendamento_id"], to, local="Rua B, 2")["local"] == "Rua B, 2"
    with pytest.raises(Invalid) as raised:
        moved(services, there["agendamento_id"], to, link="https://x.example")
    assert [each.pointer for each in raised.value.errors] == ["/link"]
    call = book(services, lead_id, tomorrow, link="https://x.example/1")
    with pytest.raises(Invalid) as raised:
        moved(services, call["agendamento_id"], to, local="Rua B")
    assert raised.value.code == "local_so_presencial"


def test_confirmation_that_is_late_is_flagged_and_found(
    services: Services, owner: Database, clock: StoppedClock, tomorrow: datetime
) -> None:
    lead_id = a_lead(owner)
    late, confirmed = (book(services, lead_id, tomorrow + timedelta(days=day))["agendamento_id"] for day in (3, 4))
    services.agendamentos.confirm(TENANT, confirmed)

    def found(is_late: bool) -> set[UUID]:
        page = a_page(services, confirmacao_vencida=is_late)
        assert {each["confirmacao_vencida"] for each in page["itens"]} <= {is_late}
        return {UUID(each["agendamento_id"]) for each in page["itens"]}

    assert (found(True), found(False)) == (set(), {late, confirmed})
    clock.advance(days=1)
    assert (found(True), found(False)) == ({late}, {confirmed})
    moved(services, late, tomorrow + timedelta(days=5))
    assert found(True) == set()


def test_times_are_shown_where_the_tenant_is(services: Services, owner: Database, tomorrow: datetime) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"fuso": "America/Rio_Branco"})
    made = book(services, a_lead(owner), tomorrow)
    assert made["data_local"] == tomorrow.astimezone(ZoneInfo("America/Rio_Branco")).isoformat()


def test_database_refuses_moves_that_are_not_drawn(services: Services, owner: Database, tomorrow: datetime) -> None:
    made = book(services, a_lead(owner), tomorrow)["agendamento_id"]
    services.agendamentos.confirm(TENANT, made)
    for change in (
        "data_agendada = data_agendada + interval '1 minute'",
        "status = 'pendente'",
        "versao = versao - 1",
        "status = 'cancelado', data_agendada = data_agendada + interval '1 minute', versao = versao + 1",
    ):
        with pytest.raises(ConstraintViolation, match=r"agendamentos_moves|agendamentos_versao_check"):
            run(owner, f"UPDATE agendamentos SET {change}")


@pytest.mark.parametrize(
    ("hours", "responsavel", "codes"),
    [
        (timedelta(hours=1), "Ana", []),
        (timedelta(hours=4), "Ana", ["horario_fora_do_expediente"]),
        (timedelta(hours=2), "Ana", ["horario_bloqueado"]),
        (timedelta(hours=4), "Bia", []),
    ],
)
def test_time_that_the_responsavel_does_not_offer_is_booked_with_a_warning(
    services: Services, owner: Database, hours: timedelta, responsavel: str, codes: list[str]
) -> None:
    """Ana works in the mornings and has a block from eleven on; nobody knows the hours of Bia."""
    manager = Identity(TENANT, "u-1", frozenset({ADMIN}))
    day = STARTED_AT + timedelta(days=1)
    morning = {"ter": [], "qua": [{"inicio": "09:00", "fim": "12:00"}]}
    week = NewResponsavel.model_validate({"nome": "Ana", "expediente": morning})
    ana = services.responsaveis.create(manager, week)["responsavel_id"]
    period = {"inicio": (day + timedelta(hours=2)).isoformat(), "fim": (day + timedelta(hours=3)).isoformat()}
    block = NewBlock.model_validate_json(
        json.dumps({"responsavel_id": str(ana), "motivo": "Dentista", "periodo": period})
    )
    services.blocks.create(manager, block)
    made = book(services, a_lead(owner), day + hours, responsavel=responsavel)
    assert [each["codigo"] for each in made["avisos"]] == codes
