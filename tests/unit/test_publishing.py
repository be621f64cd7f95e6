"""Events of a batch are published while it is still being sent, by one publisher at a time."""

from __future__ import annotations

from threading import Event

from chalicelib.dispatch.worker.publishing import Publishing
from chalicelib.errors import Unavailable

PATIENCE_S = 30.0


def test_many_events_are_published_while_the_batch_goes_on() -> None:
    published = Event()

    def publish() -> int:
        published.set()
        return 0

    with Publishing(publish) as publishing:
        publishing.recorded(200)
        publishing.recorded(200)
        assert published.wait(PATIENCE_S)


def test_a_few_events_wait_for_the_end_of_the_batch() -> None:
    calls: list[str] = []

    def publish() -> int:
        calls.append("published")
        return 0

    with Publishing(publish) as publishing:
        publishing.recorded(20)
    assert calls == []


def test_nothing_is_published_twice_at_a_time_and_the_end_waits() -> None:
    calls: list[str] = []
    begun, may_end = Event(), Event()

    def publish() -> int:
        calls.append("begun")
        begun.set()
        assert may_end.wait(PATIENCE_S)
        calls.append("ended")
        return 0

    with Publishing(publish) as publishing:
        publishing.recorded(1_000)
        assert begun.wait(PATIENCE_S)
        publishing.recorded(1_000)
        may_end.set()
    assert calls == ["begun", "ended"]


def test_a_database_that_does_not_answer_ends_no_batch() -> None:
    def publish() -> int:
        raise Unavailable("banco_indisponivel")

    with Publishing(publish) as publishing:
        publishing.recorded(1_000)
