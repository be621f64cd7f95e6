"""A key takes effect once: with its answer, in one transaction, for a day, for one caller of one tenant."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from chalicelib import events
from chalicelib.adapters.database import Database, Exchange, Rows
from chalicelib.errors import Conflict, Invalid, Unavailable, UnderWay
from chalicelib.idempotency import KEPT, IdempotencyKey, Replayed, begin, begun, once
from chalicelib.leads.requests import NewNote
from chalicelib.maintenance.keys import OldKeys
from chalicelib.wiring import Services
from tests.builders import ANA, TENANT, a_lead, ask
from tests.conftest import StoppedClock
from tests.keys import a_key, as_answered, replayed

JOB = UUID(int=7)
OTHER_LEAD = "019aa5b1-0000-7000-8000-000000000002"
Make = Callable[..., Any]


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def make(services: Services, clock: StoppedClock) -> Make:
    """A request whose effect is an event, and whose answer has the number of the effect."""
    numbers = count(1)

    def effect(rows: Rows) -> dict[str, int]:
        events.record(rows, "x", clock())
        return {"efeito": next(numbers)}

    def request(key: IdempotencyKey | None, tenant_id: str = TENANT, **more: Any) -> dict[str, int]:
        return services.database.run(tenant_id, once(key, clock(), effect, **more))

    return request


def effects(owner: Database) -> int:
    [[found]] = ask(owner, "SELECT count(*) FROM eventos")
    return int(found)


# One effect


def test_repeated_request_takes_no_effect_and_gets_the_first_answer(make: Make, owner: Database) -> None:
    assert make(a_key()) == {"efeito": 1}
    for _ in range(2):
        with pytest.raises(Replayed) as raised:
            make(a_key(status=200))
        assert (raised.value.status, raised.value.body) == (201, '{"efeito":1}')
    assert effects(owner) == 1


def test_request_without_a_key_is_carried_out_each_time(make: Make, owner: Database) -> None:
    assert [make(None), make(None)] == [{"efeito": 1}, {"efeito": 2}]
    assert ask(owner, "SELECT count(*) FROM chaves_de_idempotencia") == [[0]]


def test_request_without_a_key_costs_no_statement(
    services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id = a_lead(owner)
    statements = _Statements(monkeypatch)
    services.notes.create(ANA, lead_id, NewNote(texto="Uma"), None)
    alone, statements.done = statements.done, 0
    services.notes.create(ANA, lead_id, NewNote(texto="Outra"), a_key())
    assert statements.done == alone + 3


def test_another_request_under_the_key_is_refused_with_a_pointer(make: Make, owner: Database) -> None:
    make(a_key())
    with pytest.raises(Invalid) as raised:
        make(a_key(body='{"outro":1}'))
    [error] = raised.value.errors
    assert (raised.value.code, error.pointer) == ("chave_de_idempotencia_reutilizada", "header/Idempotency-Key")
    assert effects(owner) == 1


@pytest.mark.parametrize("other", [{"operation": "POST /y"}, {"subject": "bia"}])
def test_other_operation_and_other_caller_have_keys_of_their_own(make: Make, other: dict[str, Any]) -> None:
    assert [make(a_key()), make(a_key(**other))] == [{"efeito": 1}, {"efeito": 2}]


def test_other_tenant_has_keys_of_its_own(make: Make, owner: Database) -> None:
    assert [make(a_key()), make(a_key(), "outra")] == [{"efeito": 1}, {"efeito": 2}]
    assert replayed(make, a_key(), "outra") == {"efeito": 2}
    assert ask(owner, "SELECT count(*) FROM chaves_de_idempotencia") == [[2]]


def test_refused_request_keeps_nothing(services: Services, owner: Database, clock: StoppedClock, make: Make) -> None:
    def refuse(rows: Rows) -> object:
        events.record(rows, "x", clock())
        raise Conflict("lead_encerrado")

    with pytest.raises(Conflict):
        services.database.run(TENANT, once(a_key(), clock(), refuse))
    assert (effects(owner), make(a_key())) == (0, {"efeito": 1})


def test_twin_that_comes_too_early_is_refused_and_waits_for_nobody(
    services: Services, make: Make, owner: Database, clock: StoppedClock
) -> None:
    def work(rows: Rows) -> dict[str, int]:
        with pytest.raises(UnderWay, match="requisicao_em_andamento"):
            make(a_key())
        assert make(a_key("l")) == {"efeito": 1}
        return {"efeito": 0}

    services.database.run(TENANT, once(a_key(), clock(), work))
    assert replayed(make, a_key()) == {"efeito": 0}
    assert effects(owner) == 1


def test_secret_answer_is_shown_once(make: Make, owner: Database) -> None:
    assert make(a_key(), is_secret=True) == {"efeito": 1}
    with pytest.raises(Conflict, match="resposta_nao_guardada"):
        make(a_key(), is_secret=True)
    assert ask(owner, "SELECT status, corpo FROM chaves_de_idempotencia") == [[201, None]]
    assert effects(owner) == 1


def test_it_is_kept_whom_an_answer_is_about(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = "019aa5b1-0000-7000-8000-000000000001"
    answer = {
        "itens": [{"lead_id": lead_id, "telefones": ["+5571999990001"], "texto": "com ana@example.com, +55"}],
        "contato": "ana@example.com",
        "documento": "52998224725",
        "codigo": "52998224726",
        "total": 1,
        "lead_nome": None,
    }
    services.database.run(TENANT, once(a_key(lead_id=OTHER_LEAD), clock(), lambda _: answer))
    people = ["+5571999990001", lead_id, OTHER_LEAD, "52998224725", "ana@example.com"]
    assert ask(owner, "SELECT pessoas FROM chaves_de_idempotencia") == [[people]]


# Death


class _Dying(Exception):
    """The process ends here."""


class _Statements:
    """Counts the named statements that are run; dies at the one with the number `last`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done, self.last = 0, 0
        original = Exchange.run

        def counted(exchange: Exchange, sql: str, params: tuple[object, ...]) -> Any:
            self.done += 1
            if self.done == self.last:
                raise _Dying
            return original(exchange, sql, params)

        monkeypatch.setattr(Exchange, "run", counted)


def test_repeat_after_a_death_at_any_statement_takes_effect_once(
    services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_id, note = a_lead(owner), NewNote(texto="Uma")
    statements = _Statements(monkeypatch)
    services.notes.create(ANA, lead_id, note, a_key("primeira"))
    total = statements.done
    for number in range(1, total + 1):
        statements.done, statements.last = 0, number
        with pytest.raises(_Dying):
            services.notes.create(ANA, lead_id, note, a_key())
        statements.last = 0
        assert ask(owner, "SELECT count(*) FROM lead_notas") == [[1]]
    made = services.notes.create(ANA, lead_id, note, a_key())
    assert replayed(services.notes.create, ANA, lead_id, note, a_key()) == as_answered(made)
    assert ask(owner, "SELECT count(*) FROM lead_notas") == [[2]]


def test_connection_that_is_killed_between_effect_and_answer_leaves_neither(
    services: Services, owner: Database, clock: StoppedClock, make: Make
) -> None:
    def work(rows: Rows) -> object:
        events.record(rows, "x", clock())
        [[pid]] = rows._exchange.connection.run("SELECT pg_backend_pid()")
        services.database.run(TENANT, lambda other: _end_backend(other, pid))
        return {}

    with pytest.raises(Unavailable, match="banco_indisponivel"):
        services.database.run(TENANT, once(a_key(), clock(), work))
    assert (effects(owner), make(a_key()), effects(owner)) == (0, {"efeito": 1}, 1)


def _end_backend(rows: Rows, pid: int) -> None:
    """End the session of another connection, and wait until it has ended."""
    rows.execute(f"SELECT pg_terminate_backend({pid}, 10000)")


# Effects of more than one transaction


@pytest.fixture
def start(services: Services, clock: StoppedClock) -> Make:
    """The first transaction of such an effect."""

    def work(rows: Rows) -> UUID | None:
        known = begun(rows, a_key(), clock())
        if known is None:
            begin(rows, a_key(), clock(), JOB)
        return known

    return lambda: services.database.run(TENANT, work)


def test_request_that_was_begun_goes_on_until_it_has_an_answer(start: Make, make: Make) -> None:
    assert [start(), start()] == [None, JOB]
    assert make(a_key()) == {"efeito": 1}
    assert replayed(start) == {"efeito": 1}


def test_request_without_a_key_is_always_a_new_one(services: Services, clock: StoppedClock, owner: Database) -> None:
    def work(rows: Rows) -> UUID | None:
        begin(rows, None, clock(), JOB)
        return begun(rows, None, clock())

    assert services.database.run(TENANT, work) is None
    assert ask(owner, "SELECT count(*) FROM chaves_de_idempotencia") == [[0]]


# A day


def test_key_is_forgotten_after_a_day(make: Make, clock: StoppedClock) -> None:
    make(a_key())
    clock.advance(seconds=KEPT.total_seconds() - 1)
    assert replayed(make, a_key()) == {"efeito": 1}
    clock.advance(seconds=1)
    assert make(a_key(body='{"outro":1}')) == {"efeito": 2}
    assert replayed(make, a_key(body='{"outro":1}')) == {"efeito": 2}


def test_sweep_deletes_old_keys_of_every_tenant_in_slices(
    services: Services, make: Make, owner: Database, clock: StoppedClock
) -> None:
    for number in range(3):
        make(a_key(str(number)))
    make(a_key(), "outra")
    clock.advance(hours=1)
    make(a_key("nova"))
    clock.advance(seconds=KEPT.total_seconds() - 3600)
    old = OldKeys(database=services.owner_database, clock=clock, slice_rows=2)
    assert [old.forget(), old.forget()] == [4, 0]
    assert ask(owner, "SELECT count(*) FROM chaves_de_idempotencia") == [[1]]
    clock.advance(hours=1)
    assert services.sweep.run()["chaves"] == 1


def test_sweep_leaves_the_rest_for_the_next_minute(
    services: Services, make: Make, owner: Database, clock: StoppedClock
) -> None:
    for number in range(21):
        make(a_key(str(number)))
    clock.advance(hours=24)
    old = OldKeys(database=services.owner_database, clock=clock, slice_rows=1)
    assert [old.forget(), old.forget()] == [20, 1]
