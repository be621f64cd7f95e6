"""Dates anew what waits already when a tenant's configuration has changed: windows, limits, budgets.

Saving a configuration only marks its channels. The sweep does the work: in slices, each a transaction, and channel by
channel in turns, so that no tenant waits for the end of another one's million. Nothing is sent here. A claim judges
every message by the configuration of that moment, whatever its date says.

A queue keeps its order at every moment. First its messages are pulled to earlier places, from the front; then they are
pushed to later ones, from the end. So no message ever passes another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.rules.limiter import RateState, calmed, instant_of, microseconds, rate_request
from chalicelib.dispatch.rules.redating import QueueTerms, place, queue_terms
from chalicelib.dispatch.rules.windows import openings
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.claims import Claims
from chalicelib.tenants.config import config_of

T = TypeVar("T")

_CHANNELS = 200
_SLICE = 5_000
# A sweep has other work, and the next one goes on.
_PATIENCE = timedelta(seconds=40)
# A worker that claimed before the change may still record dates that follow from the old configuration. So the work is
# done once more, unless it began this long after the change.
_SETTLED = timedelta(seconds=15)

_Slices = Generator[int, None, None]
"""How many disparos got another date, slice by slice."""


class _Channel(NamedTuple):
    """A channel whose configuration has changed."""

    tenant_id: str
    canal: str
    redatar_desde: datetime


class _Cursor(NamedTuple):
    """A place in a queue, and how many messages are before it."""

    de: datetime | str
    de_id: UUID
    antes: int

    def behind(self, found: Row) -> _Cursor:
        """The place behind a slice."""
        return _Cursor(found["ate"], found["ate_id"], self.antes + found["vistos"])

    def before(self, found: Row) -> _Cursor:
        """The place before a slice."""
        return _Cursor(found["ate"], found["ate_id"], self.antes - found["vistos"])


class _Plan(NamedTuple):
    """What the dates of a channel follow from, since `desde`."""

    desde: datetime
    terms: QueueTerms
    aberturas: str


_FRONT = _Cursor("-infinity", UUID(int=0), 0)
_HIGHEST_ID = UUID(int=(1 << 128) - 1)


class Redating:
    """The sweep's part of it; `database` is the owner's login, `claims` says which disparo is to be woken."""

    def __init__(
        self, *, database: Database, claims: Claims, wakeups: Wakeups, clock: Clock, slice_size: int = _SLICE
    ) -> None:
        self._database = database
        self._claims = claims
        self._wakeups = wakeups
        self._clock = clock
        self._slice_size = slice_size

    def redate(self) -> int:
        """Date anew what waits for channels whose configuration has changed; how many disparos got another date."""
        began, total = self._clock(), 0
        found = self._database.run_across_tenants(lambda rows: rows.all("list_redatings", limite=_CHANNELS))
        under_way = [self._redated(_Channel(**row)) for row in found]
        while under_way and self._clock() - began < _PATIENCE:
            for each in list(under_way):
                changed = next(each, None)
                if changed is None:
                    under_way.remove(each)
                total += changed or 0
        return total

    def _redated(self, channel: _Channel) -> _Slices:
        plan = self._run(channel, lambda rows: self._planned(rows, channel))
        for part in (self._windows(channel, plan), self._queue(channel, plan)):
            for changed in part:
                if changed:
                    self._wakeups.arrange(self._claims.wake_next([channel.tenant_id]))
                yield changed
        if plan.desde - channel.redatar_desde >= _SETTLED:
            names = {"canal": channel.canal, "redatar_desde": channel.redatar_desde}
            self._run(channel, lambda rows: rows.run("end_redating", **names))

    def _planned(self, rows: Rows, channel: _Channel) -> _Plan:
        """The plan for a channel. Its limiter forgets how far ahead the old limits had moved it."""
        now = self._clock()
        state = RateState(**(rows.one("lock_canal_limite", canal=channel.canal) or {}))
        config = config_of(rows)
        request = rate_request(config.limites.of(Canal(channel.canal)), config.fuso, now, marcados=0, novos=0)
        state = calmed(state, request, microseconds(now))
        tats = {"tat_minuto": state.tat_minuto, "tat_segundo": state.tat_segundo}
        rows.run("calm_canal_limite", canal=channel.canal, **tats)
        opens = openings(config, now)
        terms = queue_terms(state, request, microseconds(now), opens)
        return _Plan(now, terms, json.dumps({ddd: at.isoformat() for ddd, at in opens.items()}))

    def _windows(self, channel: _Channel, plan: _Plan) -> _Slices:
        """What waits for the window: until it opens where the lead is."""
        params = {"aberturas": plan.aberturas, "desde": plan.desde}
        last_id = UUID(int=0)
        while (found := self._ask(channel, "redate_windows", depois_de=last_id, **params)) is not None:
            last_id = found["ate_id"]
            yield found["mudados"]

    def _queue(self, channel: _Channel, plan: _Plan) -> _Slices:
        """What waits for the limits: each at its place."""
        params, cursor = plan.terms._asdict(), _FRONT
        while (found := self._ask(channel, "pull_disparos", **params, **cursor._asdict())) is not None:
            cursor = cursor.behind(found)
            yield found["mudados"]
        changed, cursor = self._run(channel, lambda rows: self._ended(rows, channel, plan.terms, cursor))
        yield changed
        while (found := self._ask(channel, "push_disparos", **params, **cursor._asdict())) is not None:
            cursor = cursor.before(found)
            yield found["mudados"]

    def _ended(self, rows: Rows, channel: _Channel, terms: QueueTerms, cursor: _Cursor) -> tuple[int, _Cursor]:
        """Pull what has joined the queue meanwhile, and note its last place: whoever joins it now comes behind that.

        The limiter is locked for so long, so nobody joins. Returns how many changed, and the end of the queue.
        """
        rows.one("lock_canal_limite", canal=channel.canal)
        changed = 0
        given = {**terms._asdict(), "canal": channel.canal, "agora": self._clock(), "limite": self._slice_size}
        while (found := rows.one("pull_disparos", **given, **cursor._asdict())) is not None:
            cursor = cursor.behind(found)
            changed += found["mudados"]
        last = rows.one("last_place_of_queue", canal=channel.canal)
        places = [place(terms, cursor.antes - 1, ignores_window=each) for each in (False, True)]
        fila = 0 if last is None else max(microseconds(last["ate"]), *places)
        rows.run("end_queue", canal=channel.canal, fila=fila)
        return changed, _Cursor(instant_of(fila), _HIGHEST_ID, cursor.antes)

    def _ask(self, channel: _Channel, query: str, **params: object) -> Row | None:
        """One slice: what was seen and changed in it; None after the last."""
        given = {**params, "canal": channel.canal, "agora": self._clock(), "limite": self._slice_size}
        return self._run(channel, lambda rows: rows.one(query, **given))

    def _run(self, channel: _Channel, work: Callable[[Rows], T]) -> T:
        return self._database.run_across_tenants(lambda rows: work(rows.of_tenant(channel.tenant_id)))
