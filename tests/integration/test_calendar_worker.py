"""A calendar ends with exactly the events of live agendamentos at their present times, whatever goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.config import Settings
from chalicelib.dispatch.channels.calendar_document import CalendarChannel, CalendarEvent, load_calendar
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.identity import ADMIN, OPERATOR, Identity
from chalicelib.privacy.requests import SubjectRequest, SubjectRequestQuery
from chalicelib.scheduling.booking.requests import EventResolution, EventSettlement, Rescheduling
from chalicelib.scheduling.calendars.server import CalendarDoor
from chalicelib.scheduling.calendars.worker import CalendarSync
from chalicelib.scheduling.rules.calendar_steps import event_id_of
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from local.calendar import CalendarProvider
from local.provider import Behaviour
from tests.aws_contents import queued
from tests.booking import book
from tests.builders import TENANT, a_lead, an_agendamento, ask, run
from tests.conftest import StoppedClock
from tests.integration.test_reminder_worker import batch, wake_up
from tests.keys import a_key

LATER = timedelta(minutes=61)


@pytest.fixture
def calendar() -> Iterator[CalendarProvider]:
    with CalendarProvider() as provider:
        yield provider


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    return make_services(internal_channels=True)


@pytest.fixture
def owner(services: Services, calendar: CalendarProvider) -> Database:
    """A tenant with a calendar, and nobody to send messages to."""
    connect(services.owner_database, {"perfil": "google-calendar-mcp", "url": calendar.url})
    return services.owner_database


def connect(owner: Database, document: Mapping[str, Any] | None) -> None:
    config = json.dumps({"canais": {"calendario": document}})
    run(
        owner,
        f"INSERT INTO tenants (tenant_id, config) VALUES ('{TENANT}', '{config}')"
        f" ON CONFLICT (tenant_id) DO UPDATE SET config = excluded.config",
    )


def at(clock: StoppedClock, hours: float) -> datetime:
    return clock() + timedelta(hours=hours)


def wake(services: Services, *made: object) -> None:
    services.reminders.run(batch(*map(wake_up, made)))


def move(services: Services, made: UUID, to: datetime, **changes: Any) -> Any:
    body = {"data_agendada": to.isoformat(), **changes}
    return services.agendamentos.reschedule(TENANT, made, Rescheduling.model_validate_json(json.dumps(body)))


def state(services: Services, made: UUID) -> tuple[str, int | None, str | None]:
    found = services.agendamentos.get(TENANT, made)["calendario"]
    return found["status"], found["versao"], found["codigo"]


def shown(calendar: CalendarProvider) -> list[tuple[str, datetime]]:
    """The id and the start of each event that is there."""
    return [(each["id"], datetime.fromisoformat(each["start"]["dateTime"])) for each in calendar.events()]


def test_booked_agendamento_is_an_event_that_moves_and_goes_with_it(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    first, then = at(clock, 30), at(clock, 50)
    made = book(services, a_lead(owner, nome="Zé"), first, observacoes="Traz a proposta")["agendamento_id"]
    assert state(services, made) == ("pendente", None, None)
    wake(services, made)
    [event] = calendar.events()
    assert shown(calendar) == [(event_id_of(made), first)]
    assert "Zé" in event["summary"]
    assert "Traz a proposta" in event["description"]
    assert (event["avisos"], event["start"]["timeZone"]) == ("none", "America/Sao_Paulo")
    assert state(services, made) == ("sincronizado", 0, None)

    move(services, made, then)
    assert state(services, made) == ("pendente", 0, None)
    wake(services, made)
    assert shown(calendar) == [(event_id_of(made), then)]
    assert state(services, made) == ("sincronizado", 1, None)

    services.agendamentos.cancel(TENANT, made)
    wake(services, made)
    assert shown(calendar) == []
    assert state(services, made) == ("removido", 2, None)


def test_each_change_asks_for_a_worker_at_once(
    services: Services, owner: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30), avisar_lead=False)["agendamento_id"]
    assert [each["body"]["agendamento_id"] for each in queued(aws, app_settings.scheduling_queue)] == [str(made)]


def test_tenant_without_a_calendar_keeps_no_events(services: Services, owner: Database, clock: StoppedClock) -> None:
    connect(owner, None)
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    assert services.agendamentos.get(TENANT, made)["calendario"] is None
    assert ask(owner, "SELECT count(*) FROM agendamento_eventos") == [[0]]


def test_wake_up_that_comes_twice_or_late_changes_nothing(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made, made)
    wake(services, made)
    assert len(shown(calendar)) == 1


def test_version_that_moved_before_its_turn_is_made_once_at_its_last_time(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    move(services, made, at(clock, 40))
    move(services, made, at(clock, 50))
    wake(services, made)
    assert shown(calendar) == [(event_id_of(made), at(clock, 50))]
    assert state(services, made) == ("sincronizado", 2, None)


def test_agendamento_that_was_cancelled_before_its_turn_never_reaches_the_calendar(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    services.agendamentos.cancel(TENANT, made)
    calendar.behaviour = Behaviour.model_validate({"falhas": [{"http": 500}]})
    wake(services, made)
    assert state(services, made) == ("removido", None, None)


def test_event_of_what_took_place_stays(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    made, never = (book(services, a_lead(owner), at(clock, hours))["agendamento_id"] for hours in (30, 40))
    wake(services, made)
    clock.advance(hours=41)
    services.agendamentos.complete(TENANT, made)
    services.agendamentos.miss(TENANT, never)
    wake(services, made, never)
    assert [event_id for event_id, _ in shown(calendar)] == [event_id_of(made)]
    assert [state(services, each)[0] for each in (made, never)] == ["sincronizado", "removido"]


def test_lost_wake_up_is_repaired_by_the_sweep(
    services: Services, owner: Database, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30), avisar_lead=False)["agendamento_id"]
    queued(aws, app_settings.scheduling_queue)
    clock.advance(minutes=2)
    services.sweep.run()
    assert [each["body"]["agendamento_id"] for each in queued(aws, app_settings.scheduling_queue)] == [str(made)]


def test_what_was_booked_before_the_calendar_was_connected_comes_to_it(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    connect(owner, None)
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    gone = book(services, a_lead(owner), at(clock, 40))["agendamento_id"]
    services.agendamentos.cancel(TENANT, gone)
    connect(owner, {"perfil": "google-calendar-mcp", "url": calendar.url})
    services.sweep.run()
    wake(services, made, gone)
    assert shown(calendar) == [(event_id_of(made), at(clock, 30))]
    assert ask(owner, "SELECT count(*) FROM agendamento_eventos") == [[1]]


@pytest.mark.parametrize("when", ["antes", "depois"])
def test_call_whose_answer_was_lost_is_repeated_and_makes_no_second_event(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock, when: str
) -> None:
    calendar.behaviour = Behaviour.model_validate({"falhas": [{"conexao": when, "limite": 1}]})
    first = at(clock, 30)
    made = book(services, a_lead(owner), first)["agendamento_id"]
    wake(services, made)
    assert state(services, made) == ("pendente", None, "conexao_perdida")
    then = at(clock, 40)
    move(services, made, then)
    wake(services, made)
    assert len(shown(calendar)) == (when == "depois"), "no call soon after a doubt: the one before may still arrive"
    clock.advance(minutes=2)
    wake(services, made)
    assert shown(calendar) == [(event_id_of(made), then)]
    assert state(services, made) == ("sincronizado", 1, None)


def test_cancellation_after_a_lost_answer_takes_the_event_away(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    calendar.behaviour = Behaviour.model_validate({"falhas": [{"conexao": "depois", "limite": 2}]})
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    services.agendamentos.cancel(TENANT, made)
    for _ in range(2):
        clock.advance(minutes=2)
        wake(services, made)
    assert (shown(calendar), state(services, made)) == ([], ("removido", 1, None))


@pytest.mark.parametrize(
    ("fault", "code", "minutes"),
    [
        ({"codigo": "429"}, "limite", 1),
        ({"codigo": "401"}, "token_recusado", 5),
        ({"codigo": "500"}, "erro_do_google", 1),
        ({"http": 401}, "http_401", 5),
        ({"http": 503, "retry_after": 600}, "http_503", 10),
    ],
)
def test_failure_that_may_pass_is_tried_again_and_shown_meanwhile(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock, fault: Any, code: str,
    minutes: int,
) -> None:  # fmt: skip
    calendar.behaviour = Behaviour.model_validate({"falhas": [{**fault, "limite": 1}]})
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    assert state(services, made) == ("pendente", None, code)
    clock.advance(minutes=minutes, seconds=-1)
    wake(services, made)
    assert shown(calendar) == []
    clock.advance(seconds=1)
    wake(services, made)
    assert len(shown(calendar)) == 1


def test_refusal_is_shown_and_the_next_version_is_tried(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    calendar.behaviour = Behaviour.model_validate({"falhas": [{"codigo": "400", "limite": 1}]})
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    clock.advance(hours=1)
    wake(services, made)
    assert state(services, made) == ("recusado", None, "recusado")
    move(services, made, at(clock, 60))
    wake(services, made)
    assert state(services, made) == ("sincronizado", 1, None)


def test_event_that_a_person_deleted_is_not_made_again_under_its_id(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    calendar._events["primary", event_id_of(made)]["status"] = "cancelled"
    move(services, made, at(clock, 40))
    wake(services, made)
    assert state(services, made) == ("recusado", 0, "cancelled")
    services.agendamentos.cancel(TENANT, made)
    wake(services, made)
    assert state(services, made) == ("removido", 2, None)


def test_calendar_that_was_disconnected_leaves_the_row_as_refused(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    connect(owner, None)
    wake(services, made)
    assert state(services, made) == ("recusado", None, "canal_nao_configurado")


def test_secret_that_is_missing_keeps_the_event_waiting(
    services: Services, make_services: Callable[..., Services], owner: Database, calendar: CalendarProvider,
    clock: StoppedClock, aws: Aws, app_settings: Settings,
) -> None:  # fmt: skip
    headers = {"Authorization": {"segredo": "agenda"}}
    connect(owner, {"perfil": "google-calendar-mcp", "url": calendar.url, "headers": headers})
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    assert state(services, made) == ("pendente", None, "canal_invalido")
    put_secret(aws, app_settings.tenant_secret(TENANT, "agenda"), {"valor": "Bearer x"})
    clock.advance(minutes=6)
    wake(make_services(internal_channels=True), made)
    assert state(services, made) == ("sincronizado", 0, None)


def test_responsavel_without_the_email_that_names_the_calendar_is_told(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    own = {"perfil": "google-calendar-mcp", "url": calendar.url, "calendario_id": "{{responsavel.email}}"}
    connect(owner, own)
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    assert state(services, made) == ("recusado", None, "responsavel_sem_calendario")


class FakeCalendar:
    """A calendar whose tools give these outcomes, in turn; the last one for ever. `subject` is all that they take."""

    def __init__(self, *outcomes: Outcome, idempotente: bool = False, subject: str = "{{evento.titulo}}") -> None:
        self._outcomes = list(outcomes)
        self.calls: list[tuple[str, str]] = []
        self.before_answer: Callable[[], object] = lambda: None
        tool = {"tool": "t", "arguments": {"subject": subject}}
        self.channel = load_calendar(
            {"url": "https://x.example/mcp", "criar": tool, "mover": tool, "cancelar": tool, "idempotente": idempotente,
             "codigos_de_ausente": ["ausente"], "codigos_de_existente": ["existe"]}
        )  # fmt: skip

    @property
    def is_idempotent(self) -> bool:
        return self.channel.idempotente

    def do(self, step: str, event: CalendarEvent) -> Outcome:
        self.calls.append((step, event.evento_id))
        self.before_answer()
        return self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]


def sync(owner: Database, fake: FakeCalendar, clock: StoppedClock, made: UUID) -> int:
    worker = CalendarSync(database=owner, open_calendar=lambda *_: fake, clock=clock)
    return worker.sync([WakeupTarget(TENANT, made)])


def test_tool_without_a_key_leaves_a_doubt_that_no_worker_repeats(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Unknown("tempo_esgotado"))
    sync(owner, fake, clock, made)
    assert state(services, made) == ("incerto", None, "tempo_esgotado")
    clock.advance(hours=2)
    move(services, made, at(clock, 40))
    sync(owner, fake, clock, made)
    assert (len(fake.calls), state(services, made)[0]) == (1, "incerto")


def test_worker_that_died_in_a_call_without_a_key_leaves_a_doubt(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Sent("X"))

    def die() -> None:
        raise MemoryError

    fake.before_answer = die
    assert sync(owner, fake, clock, made) == 1
    fake.before_answer = lambda: None
    assert sync(owner, fake, clock, made) == 0, "the lease of the dead worker still holds"
    clock.advance(minutes=3)
    sync(owner, fake, clock, made)
    assert (len(fake.calls), state(services, made)) == (1, ("incerto", None, "sem_resposta"))


def test_id_that_the_server_gave_names_the_event_from_then_on(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Sent("AAMkAD="))
    sync(owner, fake, clock, made)
    move(services, made, at(clock, 40))
    sync(owner, fake, clock, made)
    assert fake.calls[1:] == [("mover", "AAMkAD=")]
    assert services.agendamentos.get(TENANT, made)["calendario"]["evento_id"] == "AAMkAD="


def test_event_that_was_made_again_with_its_key_is_also_moved(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    """The server may answer with the event of the first call, which has the time of before."""
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Unknown("tempo_esgotado"), Sent("AAMkAD="), Sent(None), idempotente=True)
    sync(owner, fake, clock, made)
    clock.advance(minutes=2)
    sync(owner, fake, clock, made)
    assert [step for step, _ in fake.calls] == ["criar", "criar", "mover"]
    assert state(services, made) == ("sincronizado", 0, None)


def test_move_that_comes_during_a_call_is_made_right_after_it(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Sent("X"))
    moves = [at(clock, 40)]
    fake.before_answer = lambda: moves and move(services, made, moves.pop())
    sync(owner, fake, clock, made)
    assert [step for step, _ in fake.calls] == ["criar", "mover"]
    assert state(services, made) == ("sincronizado", 1, None)


def test_refusal_of_a_version_that_has_moved_meanwhile_does_not_count(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Permanent("x"), Sent("X"))
    moves = [at(clock, 40)]
    fake.before_answer = lambda: moves and move(services, made, moves.pop())
    sync(owner, fake, clock, made)
    assert state(services, made) == ("sincronizado", 1, None)


def test_worker_that_was_taken_over_records_nothing(services: Services, owner: Database, clock: StoppedClock) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    other = FakeCalendar(Sent("X"), idempotente=True)

    def suspended() -> None:
        clock.advance(minutes=3)
        sync(owner, other, clock, made)

    fake = FakeCalendar(Permanent("x"), idempotente=True)
    fake.before_answer = suspended
    sync(owner, fake, clock, made)
    assert (len(fake.calls), state(services, made)) == (1, ("sincronizado", 0, None))


def test_server_that_says_there_is_and_there_is_not_is_given_up(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Sent("X"), idempotente=True)
    sync(owner, fake, clock, made)
    move(services, made, at(clock, 40))
    flapping: list[Outcome] = [Permanent("ausente"), Sent("X")] * 6
    sync(owner, gone := FakeCalendar(*flapping, idempotente=True), clock, made)
    assert [step for step, _ in gone.calls] == ["mover", "criar"]
    assert state(services, made) == ("sincronizado", 1, None)
    move(services, made, at(clock, 60))
    never = FakeCalendar(Permanent("ausente"), idempotente=True)
    for _ in range(3):
        sync(owner, never, clock, made)
    assert state(services, made)[0] == "recusado"


def test_event_that_exists_to_one_tool_and_not_to_the_other_is_given_up(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    answers: list[Outcome] = [Permanent("existe"), Permanent("ausente")] * 5
    fake = FakeCalendar(*answers, idempotente=True, subject="{{evento.id}}")
    sync(owner, fake, clock, made)
    assert state(services, made)[0] == "pendente"
    sync(owner, fake, clock, made)
    assert (len(fake.calls), state(services, made)) == (7, ("recusado", None, "existe"))


@pytest.mark.parametrize("outcome", [Transient("sem_conexao"), ChannelDown("sem_conta"), Unknown("tempo_esgotado")])
def test_event_that_lies_a_day_back_is_not_tried_any_more(
    services: Services, owner: Database, clock: StoppedClock, outcome: Outcome
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(outcome, idempotente=True)
    clock.advance(hours=30 + 25 + 1)
    sync(owner, fake, clock, made)
    assert state(services, made)[0] == "recusado"


def test_batch_that_takes_too_long_is_left_to_the_sweep(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    first, second = (book(services, a_lead(owner), at(clock, hours))["agendamento_id"] for hours in (30, 40))
    fake = FakeCalendar(Sent("X"))
    fake.before_answer = lambda: clock.advance(seconds=61)
    CalendarSync(database=owner, open_calendar=lambda *_: fake, clock=clock).sync(
        [WakeupTarget(TENANT, first), WakeupTarget(TENANT, second)]
    )
    assert len(fake.calls) == 1
    assert state(services, second) == ("pendente", None, None)


def test_agendamento_that_is_gone_is_no_failure(owner: Database, clock: StoppedClock) -> None:
    assert sync(owner, FakeCalendar(Sent("X")), clock, an_agendamento(owner, a_lead(owner))) == 0
    assert sync(owner, FakeCalendar(Sent("X")), clock, UUID(int=1)) == 0


def test_agendamento_that_is_erased_during_a_call_is_no_failure(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake = FakeCalendar(Sent("X"))
    fake.before_answer = lambda: run(owner, "DELETE FROM agendamentos")
    assert sync(owner, fake, clock, made) == 0


def test_secrets_that_do_not_answer_keep_the_event_waiting(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    def out_of_reach(tenant_id: str, document: Mapping[str, Any]) -> CalendarChannel:
        raise Unavailable("aws_indisponivel", servico="secretsmanager", reason="timeout")

    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    door = CalendarDoor(load=out_of_reach, address_of=None, clock=clock)
    CalendarSync(database=owner, open_calendar=door.open, clock=clock).sync([WakeupTarget(TENANT, made)])
    assert state(services, made) == ("pendente", None, "segredo_inacessivel")


def test_agendamento_that_moves_during_every_call_is_left_to_the_next_wake_up(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    run(owner, """UPDATE tenants SET config = config || '{"agenda": {"max_reagendamentos": 50}}'""")
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    fake, hours = FakeCalendar(Sent("X")), iter(range(40, 100))
    fake.before_answer = lambda: move(services, made, at(clock, next(hours)))
    sync(owner, fake, clock, made)
    assert state(services, made)[0] == "pendente"
    fake.before_answer = lambda: None
    sync(owner, fake, clock, made)
    assert state(services, made)[0] == "sincronizado"


def test_erasure_of_a_person_takes_the_events_to_come_away(
    services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock
) -> None:
    made = book(services, lead_id := a_lead(owner), at(clock, 30))["agendamento_id"]
    wake(services, made)
    given = {"por": "x", "lead_ids": [lead_id], "agora": clock()}
    owner.run(TENANT, lambda rows: rows.one("cancel_titular_agendamentos", **given))
    wake(services, made)
    assert (shown(calendar), state(services, made)) == ([], ("removido", 1, None))


# A person has looked at the calendar

OPERATOR_OF_TENANT = Identity(TENANT, "ana", frozenset({OPERATOR}))
IS_THERE = EventSettlement(resultado=EventResolution.EXISTE, evento_id="X7")
IS_NOT_THERE = EventSettlement(resultado=EventResolution.NAO_EXISTE)


@pytest.fixture
def in_doubt(services: Services, owner: Database, clock: StoppedClock) -> UUID:
    """An agendamento whose event a calendar without keys may have made, or not."""
    made: UUID = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    sync(owner, FakeCalendar(Unknown("tempo_esgotado")), clock, made)
    return made


@pytest.mark.parametrize(
    ("settlement", "ends_as", "calls"),
    [
        (IS_THERE, None, [("mover", "X7")]),
        (IS_NOT_THERE, None, [("criar", "")]),
        (IS_THERE, "cancel", [("cancelar", "X7")]),
        (IS_NOT_THERE, "cancel", []),
        (IS_NOT_THERE, "miss", []),
    ],
)
def test_settled_event_is_brought_to_where_the_agendamento_is(
    services: Services, owner: Database, clock: StoppedClock, in_doubt: UUID, settlement: EventSettlement,
    ends_as: str | None, calls: list[tuple[str, str]],
) -> None:  # fmt: skip
    if ends_as:
        getattr(services.agendamentos, ends_as)(TENANT, in_doubt)
    shown = services.calendar_settlements.resolve(OPERATOR_OF_TENANT, in_doubt, settlement)
    assert shown["calendario"]["status"] == "pendente"
    fake = FakeCalendar(Sent("X7"))
    sync(owner, fake, clock, in_doubt)
    assert [step for step, _ in fake.calls] == [step for step, _ in calls]
    assert all(
        made_by in {given, event_id_of(in_doubt)} for (_, made_by), (_, given) in zip(fake.calls, calls, strict=True)
    )
    rest = "removido" if ends_as else "sincronizado"
    assert state(services, in_doubt)[0] == rest


def test_settling_has_a_worker_woken_and_is_done_once(
    services: Services, in_doubt: UUID, aws: Aws, app_settings: Settings
) -> None:
    queued(aws, app_settings.scheduling_queue)
    services.calendar_settlements.resolve(OPERATOR_OF_TENANT, in_doubt, IS_THERE)
    woken = [each["body"]["agendamento_id"] for each in queued(aws, app_settings.scheduling_queue)]
    assert str(in_doubt) in woken
    with pytest.raises(Conflict) as raised:
        services.calendar_settlements.resolve(OPERATOR_OF_TENANT, in_doubt, IS_THERE)
    assert (raised.value.code, raised.value.params) == ("evento_nao_resolvivel", {"status": "pendente"})


def test_agendamento_without_an_event_has_no_doubt(services: Services, owner: Database, clock: StoppedClock) -> None:
    connect(owner, None)
    made = book(services, a_lead(owner), at(clock, 30))["agendamento_id"]
    with pytest.raises(Conflict) as raised:
        services.calendar_settlements.resolve(OPERATOR_OF_TENANT, made, IS_NOT_THERE)
    assert raised.value.params == {"status": "ausente"}
    with pytest.raises(NotFound):
        services.calendar_settlements.resolve(OPERATOR_OF_TENANT, UUID(int=1), IS_NOT_THERE)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"resultado": "existe"}, "evento_id"),
        ({"resultado": "nao_existe", "evento_id": "x"}, "evento_id"),
        ({"resultado": "existe", "evento_id": "com espaço"}, "evento_id"),
        ({"resultado": "talvez"}, "resultado"),
    ],
)
def test_settlement_that_makes_no_sense_is_refused(body: dict[str, str], pointer: str) -> None:
    with pytest.raises(ValidationError) as raised:
        EventSettlement.model_validate_json(json.dumps(body))
    assert {each["loc"][0] for each in raised.value.errors()} == {pointer}


# A person is erased


ADMINISTRATOR = Identity(TENANT, "ana", frozenset({ADMIN}))
PERSON = SubjectRequest(documentos=("529.982.247-25",))


@pytest.fixture
def past(services: Services, owner: Database, calendar: CalendarProvider, clock: StoppedClock, aws: Aws) -> UUID:
    """A meeting that took place, whose event is at the calendar, beside one to come."""
    put_secret(aws, services._settings.secret("assinatura"), {"chave": "k" * 40})
    lead_id = a_lead(owner, documento="52998224725")
    made: UUID = book(services, lead_id, at(clock, 30))["agendamento_id"]
    to_come = book(services, lead_id, at(clock, 90))["agendamento_id"]
    wake(services, made, to_come)
    clock.advance(hours=40)
    services.agendamentos.complete(TENANT, made)
    assert len(calendar.events()) == 2
    return made


def erase(services: Services) -> dict[str, Any]:
    return services.erasures.erase(ADMINISTRATOR, PERSON, a_key("pedido"))


def test_erased_person_is_taken_out_of_the_past_of_the_calendar(
    services: Services, owner: Database, calendar: CalendarProvider, past: UUID
) -> None:
    first = erase(services)
    assert [(each["codigo"], each["quantos"]) for each in first["pendencias"]] == [("titular_em_calendario", 2)]
    assert not first["concluido"]
    assert past in [UUID(each["agendamento_id"]) for each in first["eventos_no_calendario"]]
    wake(services, *[row[0] for row in ask(owner, "SELECT agendamento_id FROM agendamento_eventos")])
    assert calendar.events() == []
    then = erase(services)
    assert (then["concluido"], then["eventos_no_calendario"], then["pendencias"]) == (True, [], [])


def test_event_that_cannot_be_taken_away_is_named(
    services: Services, owner: Database, clock: StoppedClock, past: UUID
) -> None:
    """It is tried for a week, because a person must not stay; then somebody has to delete it by hand."""
    erase(services)
    fake = FakeCalendar(Transient("provedor_ocupado"))
    sync(owner, fake, clock, past)
    clock.advance(days=6)
    sync(owner, fake, clock, past)
    assert state(services, past) == ("pendente", 0, "provedor_ocupado")
    clock.advance(days=2)
    sync(owner, fake, clock, past)
    [request] = services.subject_records.page(ADMINISTRATOR, SubjectRequestQuery())["itens"]
    left = [each for each in request["eventos_no_calendario"] if each["agendamento_id"] == str(past)]
    assert left == [
        {
            "agendamento_id": str(past),
            "evento_id": event_id_of(past),
            "status": "recusado",
            "codigo": "provedor_ocupado",
        }
    ]
