"""Dates anew what waits already when a tenant's configuration has changed: windows, limits, budgets.

Saving a configuration only marks its channels. The sweep does the work: in slices, each a transaction, and channel by
channel in turns, so that no tenant waits for the end of another one's million. Nothing is sent here. A claim judges
every message by the configuration of that moment, whatever its date says.

A queue keeps its order at every moment. First its messages are pulled to earlier places, from the front; then they are
pushed to later ones, from the end. So no message ever passes another one.

Each slice notes how far it came (`canal_redatacoes`). The next sweep goes on there, by the terms of the one that began.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, assert_never
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

_CHANNELS = 200
_SLICE = 5_000
# A sweep has other work, and the next one goes on.
_PATIENCE = timedelta(seconds=40)
# A worker that claimed before the change may still record dates that follow from the old configuration. So the work is
# done once more, unless it began this long after the change.
_SETTLED = timedelta(seconds=15)


class _Channel(NamedTuple):
    """A channel whose configuration has changed."""

    tenant_id: str
    canal: str
    redatar_desde: datetime


class _Part(StrEnum):
    """What is moved, in this order."""

    WINDOWS = "janela"
    """What waits for the window: until it opens where the lead is."""
    PULL = "puxar"
    """What waits for the limits: to its place, if that is earlier."""
    PUSH = "empurrar"
    """The same, if it is later."""


class _Cursor(NamedTuple):
    """A place in a queue, and how many messages are before it; None is before all times."""

    de: datetime | None
    de_id: UUID
    antes: int

    def after(self, part: _Part, found: Row) -> _Cursor:
        """The place behind a slice; before it, if the slices come from the end."""
        match part:
            case _Part.WINDOWS:
                return self._replace(de_id=found["ate_id"])
            case _Part.PULL:
                return _Cursor(found["ate"], found["ate_id"], self.antes + found["vistos"])
            case _Part.PUSH:
                return _Cursor(found["ate"], found["ate_id"], self.antes - found["vistos"])
            case _:
                assert_never(part)

    def as_params(self) -> dict[str, Any]:
        """As the queries of a queue take it."""
        return {**self._asdict(), "de": self.de or "-infinity"}


class _Work(NamedTuple):
    """How far the work on a channel has come, and what its dates follow from, since `desde`."""

    desde: datetime
    terms: QueueTerms
    aberturas: str
    part: _Part
    cursor: _Cursor


_FRONT = _Cursor(None, UUID(int=0), 0)
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
        under_way = [_Channel(**row) for row in found]
        while under_way and self._clock() - began < _PATIENCE:
            for channel in list(under_way):
                changed = self._slice(channel)
                if changed is None:
                    under_way.remove(channel)
                elif changed:
                    self._wakeups.arrange(self._claims.wake_next([channel.tenant_id]))
                total += changed or 0
        return total

    def _slice(self, channel: _Channel) -> int | None:
        """Do some of the work: how many disparos got another date; None if it is done."""
        return self._database.run_across_tenants(lambda rows: self._moved(rows.of_tenant(channel.tenant_id), channel))

    def _moved(self, rows: Rows, channel: _Channel) -> int | None:
        work = _work_of(rows, channel)
        if work is None:
            self._begin(rows, channel)
            return 0
        found = self._some(rows, channel, work)
        if found is not None:
            _note(rows, channel, work.part, work.cursor.after(work.part, found))
            return int(found["mudados"])
        match work.part:
            case _Part.WINDOWS:
                _note(rows, channel, _Part.PULL, _FRONT)
                return 0
            case _Part.PULL:
                changed, end = self._ended(rows, channel, work)
                _note(rows, channel, _Part.PUSH, end)
                return changed
            case _Part.PUSH:
                rows.run("end_redatacao", canal=channel.canal)
                if work.desde - channel.redatar_desde >= _SETTLED:
                    rows.run("end_redating", canal=channel.canal, redatar_desde=channel.redatar_desde)
                return None
            case _:
                assert_never(work.part)

    def _begin(self, rows: Rows, channel: _Channel) -> None:
        """Note what the new dates follow from. The limiter forgets how far ahead the old limits had moved it."""
        now = self._clock()
        state = RateState(**(rows.one("lock_canal_limite", canal=channel.canal) or {}))
        config = config_of(rows)
        request = rate_request(config.limites.of(Canal(channel.canal)), config.fuso, now, marcados=0, novos=0)
        state = calmed(state, request, microseconds(now))
        tats = {"tat_minuto": state.tat_minuto, "tat_segundo": state.tat_segundo}
        rows.run("calm_canal_limite", canal=channel.canal, **tats)
        opens = openings(config, now)
        rows.run(
            "begin_redatacao",
            canal=channel.canal,
            pedida_em=channel.redatar_desde,
            desde=now,
            termos=json.dumps(queue_terms(state, request, microseconds(now), opens)._asdict()),
            aberturas=json.dumps({ddd: at.isoformat() for ddd, at in opens.items()}),
            parte=_Part.WINDOWS,
            **_FRONT._asdict(),
        )

    def _some(self, rows: Rows, channel: _Channel, work: _Work) -> Row | None:
        """The next slice of a part: what was seen and changed in it; None after the last."""
        given = {"canal": channel.canal, "agora": self._clock(), "limite": self._slice_size}
        if work.part is _Part.WINDOWS:
            opens = {"aberturas": work.aberturas, "desde": work.desde}
            return rows.one("redate_windows", **given, **opens, depois_de=work.cursor.de_id)
        query = "pull_disparos" if work.part is _Part.PULL else "push_disparos"
        return rows.one(query, **given, **work.terms._asdict(), **work.cursor.as_params())

    def _ended(self, rows: Rows, channel: _Channel, work: _Work) -> tuple[int, _Cursor]:
        """Pull what has joined the queue meanwhile, and note its last place: whoever joins it now comes behind that.

        The limiter is locked for so long, so nobody joins. Returns how many changed, and the end of the queue.
        """
        rows.one("lock_canal_limite", canal=channel.canal)
        changed, cursor = 0, work.cursor
        while (found := self._some(rows, channel, work._replace(cursor=cursor))) is not None:
            cursor = cursor.after(_Part.PULL, found)
            changed += found["mudados"]
        last = rows.one("last_place_of_queue", canal=channel.canal)
        places = [place(work.terms, cursor.antes - 1, ignores_window=each) for each in (False, True)]
        fila = 0 if last is None else max(microseconds(last["ate"]), *places)
        rows.run("end_queue", canal=channel.canal, fila=fila)
        return changed, _Cursor(instant_of(fila), _HIGHEST_ID, cursor.antes)


def _work_of(rows: Rows, channel: _Channel) -> _Work | None:
    """How far the work on a channel has come; None if it has not begun, or for another configuration."""
    found = rows.one("lock_redatacao", canal=channel.canal)
    if found is None or found["pedida_em"] != channel.redatar_desde:
        return None
    cursor = _Cursor(found["de"], found["de_id"], found["antes"])
    return _Work(
        found["desde"], QueueTerms(**found["termos"]), json.dumps(found["aberturas"]), _Part(found["parte"]), cursor
    )


def _note(rows: Rows, channel: _Channel, part: _Part, cursor: _Cursor) -> None:
    rows.run("advance_redatacao", canal=channel.canal, parte=part, **cursor._asdict())
