"""The channels of a tenant: whether they are paused, since when and why; pausing and resuming them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.overview import counted_now, pauses_of
from chalicelib.dispatch.rules.limiter import microseconds, minute_of
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.dispatch.wakeups import IN_A_MOMENT, Wakeups, first_of
from chalicelib.errors import Forbidden, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_id
from chalicelib.motivo import GivenReason
from chalicelib.tenants.config import TenantConfig, config_of

PAUSED_BY_HAND = "pausado_por_pessoa"

_NO_REASON = GivenReason()
# The steps of its history that a channel is shown with.
_STEPS = 20

# As many disparos as one transaction should hold.
_BATCH = 1_000
_BATCHES = 5


class ChannelPauses:
    """`database` is the API's login; resuming releases `batch` disparos a transaction, in `batches` transactions."""

    def __init__(
        self, *, database: Database, wakeups: Wakeups, clock: Clock, batch: int = _BATCH, batches: int = _BATCHES
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._batch = batch
        self._batches = batches

    def every(self, tenant_id: str) -> dict[str, Any]:
        """Every channel with its state."""
        now = self._clock()
        return {"itens": self._database.run(tenant_id, lambda rows: _described(rows, now))}

    def pause(self, identity: Identity, name: str, reason: GivenReason = _NO_REASON) -> Row:
        """Pause a channel until somebody resumes it; messages that are being sent are not stopped.

        A channel that an administrator has paused stays as it is when an operator pauses it.

        Raises:
            NotFound: there is no such channel.
        """
        canal = _canal(name)
        now = self._clock()
        by = {"canal": canal.value, **reason.of(identity), "agora": now}

        def work(rows: Rows) -> Row:
            if rows.run("pause_canal", codigo=PAUSED_BY_HAND, de_admin=ADMIN in identity.groups, **by):
                rows.run("insert_canal_step", acao="pausado", passo_id=new_id(now), **by)
            return _one(rows, canal, now)

        return self._database.run(identity.tenant_id, work)

    def resume(self, identity: Identity, name: str, reason: GivenReason = _NO_REASON) -> Row:
        """End the pause and wake what waits for the channel, the oldest first; what is too much is left to the sweep.

        Raises:
            Forbidden: `pausa_de_admin`, only an administrator ends a pause that an administrator made.
            NotFound: there is no such channel.
        """
        canal = _canal(name)
        tenant_id = identity.tenant_id
        now = self._clock()
        by = {"canal": canal.value, **reason.of(identity), "agora": now}

        def work(rows: Rows) -> None:
            if rows.run("resume_canal", canal=canal.value, de_admin=ADMIN in identity.groups):
                rows.run("insert_canal_step", acao="retomado", passo_id=new_id(now), **by)
            elif any(each["canal"] == canal for each in rows.all("list_canal_pausas")):
                raise Forbidden("pausa_de_admin")

        self._database.run(tenant_id, work)
        for _ in range(self._batches):
            if self._release(tenant_id, canal) < self._batch:
                break
        return self._database.run(tenant_id, lambda rows: _one(rows, canal, now))

    def _release(self, tenant_id: str, canal: Canal) -> int:
        """Make some of what waits for the channel due now, and wake the first of it; how many."""
        now = self._clock()
        params = {"canal": canal.value, "agora": now, "acordado_em": now + IN_A_MOMENT, "limite": self._batch}
        found = self._database.run(tenant_id, lambda rows: rows.all("release_paused_disparos", **params))
        self._wakeups.arrange(first_of(found))
        return len(found)


def _canal(name: str) -> Canal:
    try:
        return Canal(name)
    except ValueError:
        raise NotFound("nao_encontrado") from None


def _one(rows: Rows, canal: Canal, now: datetime) -> Row:
    return next(each for each in _described(rows, now) if each["canal"] == canal)


def _described(rows: Rows, now: datetime) -> list[Row]:
    steps = rows.all("list_canal_steps", limite=_STEPS)
    waiting = [each for each in counted_now(rows) if each.status == DisparoStatus.PENDENTE]
    config = config_of(rows)
    pauses = pauses_of(rows, config.idioma)
    taken = {each["canal"]: each for each in rows.all("list_canal_limites")}
    return [
        {
            "canal": canal.value,
            "estado": "pausado" if canal in pauses else "ativo",
            "pausa": pauses.get(canal),
            "limites": _limits(config, canal, taken.get(canal), now),
            "pendentes": sum(each.total for each in waiting if each.canal == canal),
            "esperam_o_canal": sum(
                each.total for each in waiting if each.canal == canal and each.motivo == WaitReason.CANAL_PAUSADO
            ),
            "historico": [_step(each) for each in steps if each["canal"] == canal],
        }
        for canal in Canal
    ]


def _limits(config: TenantConfig, canal: Canal, taken: Row | None, now: datetime) -> dict[str, Any]:
    """The limits of a channel, and how much the limiter has let through; nothing yet if it has no row."""
    limit = config.limites.of(canal)
    today, minute = now.astimezone(ZoneInfo(config.fuso)).date(), minute_of(microseconds(now))
    of_today = taken["gastos"] if taken and taken["dia"] == today else 0
    of_minute = taken["gastos_no_minuto"] if taken and taken["minuto"] == minute else 0
    return {
        "por_segundo": limit.por_segundo,
        "por_minuto": {"limite": limit.por_minuto, "usado": of_minute},
        "por_dia": {"limite": limit.por_dia, "usado": of_today},
    }


def _step(row: Row) -> Row:
    return {name: row[name] for name in ("em", "acao", "por", "motivo")}
