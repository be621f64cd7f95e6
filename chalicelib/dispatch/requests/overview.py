"""How a tenant's disparos stand: by status and channel, why they wait, why they failed, and what happened when.

The numbers are sums of counter rows. Every statement that changes disparos adds some (migration 016), and the sweep
folds them, so that there are never many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import SeriesQuery
from chalicelib.dispatch.requests.reasons import sentence, waiting_for
from chalicelib.dispatch.rules.windows import midnight_of
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import FieldError, Invalid
from chalicelib.tenants.config import TenantConfig, config_of

COUNTED = 10_000
"""Waiting disparos are counted one by one up to here."""

_CREATED = "criado"
_TODAY = (_CREATED, *(each for each in DisparoStatus if each not in {DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO}))
_REASONS = 50
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_MANY = 200
"""The counter rows of a tenant that are worth folding."""
_TENANTS = 500
# The tenant's day began up to 25 hours ago.
_STILL_ADDED_TO = timedelta(days=2)
_SERIES_DAYS = 400
"""How many days before today have a series: those of a year, and a month to compare."""
# The day of a tenant in another zone is over later.
_REMEMBERED = timedelta(days=_SERIES_DAYS + 2)
_HOUR = timedelta(hours=1)
_ONE_DAY = timedelta(days=1)
_SHOWN_AS = {DisparoStatus.ENVIADO: "enviados", DisparoStatus.CONFIRMADO: "confirmados", DisparoStatus.ERRO: "erros"}


class DisparoCount(NamedTuple):
    """How many disparos of a channel have a status for a reason; `motivo` is "" without one."""

    canal: str
    status: str
    motivo: str
    total: int


class Overview:
    """The dashboard of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def show(self, tenant_id: str) -> dict[str, Any]:
        """The counters; `hoje` is the tenant's day so far, and counts what happened in it.

        Where `exata` is false, `vencidos` and `futuros` are lower bounds.
        """
        now = self._clock()

        def work(rows: Rows) -> tuple[TenantConfig, _Counted, Row, dict[str, Row]]:
            config = config_of(rows)
            queue = rows.one("count_waiting_disparos", agora=now, teto=COUNTED + 1) or {}
            return config, _counted(rows, _midnight(config, now)), queue, pauses_of(rows, config.idioma)

        config, counted, queue, pauses = self._database.run(tenant_id, work)
        waiting = _total(counted.standing, status=DisparoStatus.PENDENTE)
        today = {canal.value: _by_status(counted.since, canal, _TODAY) for canal in Canal}
        return {
            "total": _total(counted.standing),
            "por_status": {status.value: _total(counted.standing, status=status) for status in DisparoStatus},
            "por_canal": {canal.value: _by_status(counted.standing, canal, DisparoStatus) for canal in Canal},
            "pausas": {canal.value: pauses.get(canal) for canal in Canal},
            "esperas": _waits(counted.standing, config.idioma),
            "erros": _failures(counted.standing, config.idioma),
            "hoje": {"desde": _midnight(config, now), "por_canal": today},
            "fila": {**_queue(waiting, queue["vencidos"], queue["futuros"]), "vencido_desde": queue["vencido_desde"]},
        }

    def series(self, tenant_id: str, query: SeriesQuery) -> dict[str, Any]:
        """What was sent, confirmed and failed in each hour of a day: today, unless the query says another.

        The day is one of the tenant's zone. It has 23 to 25 hours where the clock changes.

        Raises:
            Invalid: `dia_sem_serie`, the day is still to come, or too long ago.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            zone = ZoneInfo(config_of(rows).fuso)
            day = _checked(query.dia, now.astimezone(zone).date())
            begins, ends = midnight_of(day, zone), midnight_of(day + _ONE_DAY, zone)
            counted = rows.all("sum_disparo_contagens_by_hour", desde=begins, ate=ends)
            hours = [
                {
                    "inicio": (begins + hour * _HOUR).astimezone(zone),
                    **_events([row for row in counted if row["hora"] == hour]),
                }
                for hour in range(math.ceil((ends - begins) / _HOUR))
            ]
            return {"dia": day, "fuso": zone.key, **_events(counted), "horas": hours}

        return self._database.run(tenant_id, work)


class CounterFolding:
    """Keeps the counters short; `database` is the owner's login, `many` the rows of a tenant that are worth folding."""

    def __init__(self, *, database: Database, clock: Clock, many: int = _MANY) -> None:
        self._database = database
        self._clock = clock
        self._many = many

    def fold(self) -> int:
        """Replace the counter rows of some tenants by their sums; how many sums there are then."""
        now = self._clock()
        times = {"somar_desde": now - _STILL_ADDED_TO, "esquecer_antes": now - _REMEMBERED}
        params = {"ao_menos": self._many, "limite": _TENANTS, **times}
        return self._database.run_across_tenants(lambda rows: rows.run("fold_disparo_contagens", **params))


class _Counted(NamedTuple):
    """How many disparos stand where now, and how many got there since a time."""

    standing: list[DisparoCount]
    since: list[DisparoCount]


def counted_now(rows: Rows) -> list[DisparoCount]:
    """How the disparos of the tenant stand."""
    return _counted(rows, _NEVER).standing


def pauses_of(rows: Rows, language: str) -> dict[str, Row]:
    """The pauses of the tenant's channels, by channel: since when, why, and who made them.

    `sondar_em` is when a message tries the channel again, which is never after a person paused it.
    """
    return {
        row.pop("canal"): {**row, "mensagem": sentence(row["codigo"], None, language)}
        for row in rows.all("list_canal_pausas")
    }


def _counted(rows: Rows, since: datetime) -> _Counted:
    counted = _Counted([], [])
    for row in rows.all("sum_disparo_contagens", desde=since):
        (counted.since if row.pop("desde_entao") else counted.standing).append(DisparoCount(**row))
    return counted


def _midnight(config: TenantConfig, now: datetime) -> datetime:
    """When the tenant's day began."""
    return now.astimezone(ZoneInfo(config.fuso)).replace(hour=0, minute=0, second=0, microsecond=0)


def _checked(day: date | None, today: date) -> date:
    """The day that is asked for, if it has a series."""
    first = today - _SERIES_DAYS * _ONE_DAY
    if day is not None and not first <= day <= today:
        error = FieldError("?/dia", "dia_sem_serie", "dia")
        raise Invalid("dia_sem_serie", (error,), primeiro=first, ultimo=today)
    return day or today


def _events(counted: Sequence[Row]) -> dict[str, Any]:
    """How much was sent, confirmed and failed: in all, and by channel."""

    def summed(canal: str | None = None) -> dict[str, int]:
        return {
            name: sum(row["total"] for row in counted if row["status"] == status and canal in {None, row["canal"]})
            for status, name in _SHOWN_AS.items()
        }

    return {**summed(), "por_canal": {canal.value: summed(canal) for canal in Canal}}


def _total(counted: Iterable[DisparoCount], *, status: str | None = None, canal: str | None = None) -> int:
    return sum(each.total for each in counted if status in {None, each.status} and canal in {None, each.canal})


def _by_status(counted: Sequence[DisparoCount], canal: Canal, statuses: Iterable[str]) -> dict[str, int]:
    return {str(status): _total(counted, status=status, canal=canal) for status in statuses}


def _waits(counted: Iterable[DisparoCount], language: str) -> list[dict[str, Any]]:
    """What waits for something, the most frequent reason first."""
    return [
        {
            "canal": each.canal,
            "espera": each.motivo,
            "mensagem": waiting_for(each.motivo, language),
            "total": each.total,
        }
        for each in _most_frequent(counted)
        if each.status == DisparoStatus.PENDENTE
    ]


def _failures(counted: Iterable[DisparoCount], language: str) -> list[dict[str, Any]]:
    """What ended for a reason, the most frequent first."""
    return [
        {
            "canal": each.canal,
            "status": each.status,
            "erro_codigo": each.motivo,
            "mensagem": sentence(each.motivo, None, language),
            "total": each.total,
        }
        for each in _most_frequent(counted)
        if each.status != DisparoStatus.PENDENTE
    ][:_REASONS]


def _most_frequent(counted: Iterable[DisparoCount]) -> list[DisparoCount]:
    return sorted((each for each in counted if each.motivo), key=lambda each: (-each.total, each))


def _queue(waiting: int, due: int, later: int) -> dict[str, Any]:
    """How many are due and how many wait for their time: the larger number follows from the smaller one and the sum."""
    if due <= COUNTED and later <= COUNTED:
        return {"vencidos": due, "futuros": later, "exata": True}
    if due <= COUNTED:
        return {"vencidos": due, "futuros": max(waiting - due, COUNTED), "exata": True}
    if later <= COUNTED:
        return {"vencidos": max(waiting - later, COUNTED), "futuros": later, "exata": True}
    return {"vencidos": COUNTED, "futuros": COUNTED, "exata": False}
