"""What is to be done at a calendar follows from what it has and from what the agendamento is now."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.scheduling.rules.calendar_steps import (
    CalendarStep,
    EventRecord,
    Reply,
    Wish,
    event_id_of,
    next_step,
    record_after,
    wait_after,
)
from chalicelib.scheduling.states import AgendamentoStatus

NOTHING = EventRecord(False, False, None)
STATUS = st.sampled_from(AgendamentoStatus)


@given(st.uuids(), st.uuids())
def test_event_ids_are_those_that_google_takes_and_differ_as_the_agendamentos_do(one: UUID, other: UUID) -> None:
    assert re.fullmatch(r"[a-v0-9]{5,1024}", event_id_of(one))
    assert (event_id_of(one) == event_id_of(other)) == (one == other)


@given(STATUS, st.integers(0, 5))
def test_calls_that_succeed_end_where_nothing_is_left_to_do(status: AgendamentoStatus, version: int) -> None:
    for record in (NOTHING, EventRecord(True, False, None), EventRecord(True, True, None), EventRecord(True, True, 1)):
        wish, calls = Wish(version, status), 0
        while (step := next_step(record, wish)) is not None:
            record, calls = record_after(step, Reply.DONE, record, version), calls + 1  # noqa: PLW2901
            assert calls <= 2
        assert record.existe == (status is not AgendamentoStatus.CANCELADO and (calls > 0 or record.existe))


@pytest.mark.parametrize("status", list(AgendamentoStatus))
def test_nothing_of_an_erased_person_stays_or_comes(status: AgendamentoStatus) -> None:
    wish = Wish(1, status, apagado=True)
    assert next_step(EventRecord(True, True, 1), wish) is CalendarStep.CANCELAR
    assert next_step(NOTHING, wish) is None


@pytest.mark.parametrize("reply", [Reply.REFUSED, Reply.LATER])
def test_call_that_was_certainly_not_done_changes_nothing(reply: Reply) -> None:
    for step in CalendarStep:
        assert record_after(step, reply, NOTHING, 1) == NOTHING


def test_doubt_about_a_removal_keeps_what_is_known() -> None:
    there = EventRecord(True, True, 1)
    assert record_after(CalendarStep.CANCELAR, Reply.DOUBT, there, 2) == there
    assert record_after(CalendarStep.MOVER, Reply.DOUBT, there, 2) == EventRecord(True, True, None)


def test_waits_grow_from_a_minute_to_an_hour() -> None:
    assert [wait_after(n) / timedelta(minutes=1) for n in (0, 1, 2, 3, 99)] == [1, 1, 2, 4, 60]
    assert wait_after(1, 7_200) == timedelta(hours=2)
