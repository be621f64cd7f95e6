"""Stand-ins that record what they are given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.adapters.calls import Ledger
from chalicelib.adapters.queues import Message
from chalicelib.dispatch.outcomes import Attempt, Outcome, OutgoingMessage


class CollectedAttempts:
    """A ledger that lets every message be sent and keeps what came of each."""

    def __init__(self) -> None:
        self.attempts: dict[int, Attempt] = {}

    def advance(self, ended: Mapping[int, Attempt], begin: Sequence[int]) -> Sequence[int]:
        self.attempts.update(ended)
        return begin


class FakeSender:
    """Remembers what it was given; `answer` says what becomes of each message, or raises.

    It begins `portion` messages at a time, as a channel with three times as many calls in flight does.
    """

    def __init__(
        self, answer: Callable[[OutgoingMessage], Outcome], *, is_idempotent: bool = False, portion: int = 16
    ) -> None:
        self.portion = portion
        self.is_idempotent = is_idempotent
        self.asks_after: timedelta | None = None
        self.carries_calendars = True
        self.sent: list[OutgoingMessage] = []
        self._answer = answer

    def send(self, messages: Sequence[OutgoingMessage], ledger: Ledger[Attempt]) -> None:
        ended: dict[int, Attempt] = {}
        for start in range(0, len(messages), self.portion):
            begun = ledger.advance(ended, range(start, min(start + self.portion, len(messages))))
            self.sent += [messages[place] for place in begun]
            ended = {place: Attempt(self._answer(messages[place]), 0.05) for place in begun}
        ledger.advance(ended, ())


class FakeSenders:
    """Senders by channel."""

    def __init__(self, **by_canal: FakeSender) -> None:
        self._by_canal = by_canal

    def open(self, canal: str) -> FakeSender:
        return self._by_canal[canal]

    def own(self, tenant_id: str, canal: str, _: object) -> FakeSender:
        return self._by_canal[f"{tenant_id}_{canal}"]


class FakeQueues:
    """Remembers the messages of each queue, and for how long each was to be held back."""

    def __init__(self) -> None:
        self.sent: defaultdict[str, list[Message]] = defaultdict(list)

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        self.sent[queue] += messages

    def take(self, queue: str) -> list[Message]:
        """The messages of a queue; it is empty afterwards."""
        return self.sent.pop(queue, [])


class FakeSchedules:
    """Remembers the one-time schedules by name."""

    def __init__(self) -> None:
        self.made: dict[str, datetime] = {}

    def create(self, name: str, at: datetime, queue: str, body: Mapping[str, object]) -> None:
        self.made[name] = at

    def delete(self, name: str) -> None:
        self.made.pop(name, None)
