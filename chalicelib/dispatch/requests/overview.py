"""How a tenant's disparos stand: by status and channel, why they wait, why they failed, what came about today.

The numbers are sums of a counter's rows, which the statements that change disparos leave (migration 016); the sweep
folds them, so that there are never many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.reasons import sentence
from chalicelib.dispatch.requests.shown import waiting_for
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.tenants.config import TenantConfig

COUNTED = 10_000
"""How far what is due is counted one by one."""

_CREATED = "criado"
_TODAY = (_CREATED, *(each for each in DisparoStatus if each not in {DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO}))
_REASONS = 50
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_MANY = 200
"""How many rows since the last time are worth folding."""
_TENANTS = 500
# A day began up to 25 hours ago.
_REMEMBERED = timedelta(days=2)


class DisparoCount(NamedTuple):
    """How many disparos of a channel have a status for a reason (`''` without one)."""

    canal: str
    status: str
    motivo: str
    total: int


class Overview:
    """`database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def show(self, tenant_id: str) -> dict[str, Any]:
        """The counters; `hoje` is the tenant's day so far, and counts what came about in it.

        Of what waits, `vencidos` and `futuros` are at least so many where `exata` is false.
        """
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            today = _midnight(rows, tenant_id, now)
            agora, hoje = _counted(rows, tenant_id, today)
            fila = rows.one("count_waiting_disparos", tenant_id=tenant_id, agora=now, teto=COUNTED + 1) or {}
        pendentes = _total(agora, status=DisparoStatus.PENDENTE)
        return {
            "total": _total(agora),
            "por_status": {status.value: _total(agora, status=status) for status in DisparoStatus},
            "por_canal": {canal.value: _by_status(agora, canal, DisparoStatus) for canal in Canal},
            "esperas": _waits(agora),
            "erros": _failures(agora),
            "hoje": {"desde": today, "por_canal": {canal.value: _by_status(hoje, canal, _TODAY) for canal in Canal}},
            "fila": {**_queue(pendentes, fila["vencidos"], fila["futuros"]), "vencido_desde": fila["vencido_desde"]},
        }


class CounterFolding:
    """Keeps the counters short; `database` is the owner's login, `many` how many new rows of a tenant are folded."""

    def __init__(self, *, database: Database, clock: Clock, many: int = _MANY) -> None:
        self._database = database
        self._clock = clock
        self._many = many

    def fold(self) -> int:
        """Put the sums in the place of the rows, for some tenants with many of them; how many sums there are then."""
        with self._database.across_tenants() as rows:
            return rows.run(
                "fold_disparo_contagens",
                ao_menos=self._many,
                limite=_TENANTS,
                lembrar_desde=self._clock() - _REMEMBERED,
            )


def counted_now(rows: Rows, tenant_id: str) -> list[DisparoCount]:
    """How the disparos of a tenant stand."""
    return _counted(rows, tenant_id, _NEVER)[0]


def _counted(rows: Rows, tenant_id: str, desde: datetime) -> tuple[list[DisparoCount], list[DisparoCount]]:
    """How they stand, and what came about since then."""
    stand: list[DisparoCount] = []
    since: list[DisparoCount] = []
    for row in rows.all("sum_disparo_contagens", tenant_id=tenant_id, desde=desde):
        (since if row.pop("desde_entao") else stand).append(DisparoCount(**row))
    return stand, since


def _midnight(rows: Rows, tenant_id: str, now: datetime) -> datetime:
    """When the tenant's day began."""
    row = rows.one("tenant_config", tenant_id=tenant_id)
    fuso = (row["config"] if row else {}).get("fuso") or TenantConfig().fuso
    return now.astimezone(ZoneInfo(fuso)).replace(hour=0, minute=0, second=0, microsecond=0)


def _total(counted: Iterable[DisparoCount], *, status: str | None = None, canal: str | None = None) -> int:
    return sum(each.total for each in counted if status in {None, each.status} and canal in {None, each.canal})


def _by_status(counted: Sequence[DisparoCount], canal: Canal, statuses: Iterable[str]) -> dict[str, int]:
    return {str(status): _total(counted, status=status, canal=canal) for status in statuses}


def _waits(counted: Iterable[DisparoCount]) -> list[dict[str, Any]]:
    """What waits for something, most of it first."""
    return [
        {"canal": each.canal, "espera": each.motivo, "mensagem": waiting_for(each.motivo), "total": each.total}
        for each in _most(counted)
        if each.status == DisparoStatus.PENDENTE
    ]


def _failures(counted: Iterable[DisparoCount]) -> list[dict[str, Any]]:
    """What ended for a reason, the commonest first."""
    return [
        {
            "canal": each.canal,
            "status": each.status,
            "erro_codigo": each.motivo,
            "mensagem": sentence(each.motivo, None),
            "total": each.total,
        }
        for each in _most(counted)
        if each.status != DisparoStatus.PENDENTE
    ][:_REASONS]


def _most(counted: Iterable[DisparoCount]) -> list[DisparoCount]:
    return sorted((each for each in counted if each.motivo), key=lambda each: (-each.total, each))


def _queue(pendentes: int, vencidos: int, futuros: int) -> dict[str, Any]:
    """What is due and what waits for its time: the longer of both follows from the shorter one and from all."""
    if vencidos <= COUNTED and futuros <= COUNTED:
        return {"vencidos": vencidos, "futuros": futuros, "exata": True}
    if vencidos <= COUNTED:
        return {"vencidos": vencidos, "futuros": max(pendentes - vencidos, COUNTED), "exata": True}
    if futuros <= COUNTED:
        return {"vencidos": max(pendentes - futuros, COUNTED), "futuros": futuros, "exata": True}
    return {"vencidos": COUNTED, "futuros": COUNTED, "exata": False}
