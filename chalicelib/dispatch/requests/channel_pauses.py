"""The channels of a tenant: whether they are paused, since when and why; pausing and resuming them."""

from __future__ import annotations

from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.overview import counted_now
from chalicelib.dispatch.requests.reasons import sentence
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.dispatch.wakeups import IN_A_MOMENT, Wakeups, first_of
from chalicelib.errors import NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.config import config_of

PAUSED_BY_HAND = "pausado_por_pessoa"

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
        return {"itens": self._database.run(tenant_id, _described)}

    def pause(self, identity: Identity, name: str) -> Row:
        """Pause a channel until somebody resumes it; messages that are being sent are not stopped.

        Raises:
            Forbidden: the caller is not an administrator.
            NotFound: there is no such channel.
        """
        canal = _allowed(identity, name)
        now = self._clock()

        def work(rows: Rows) -> Row:
            rows.run("pause_canal", canal=canal.value, codigo=PAUSED_BY_HAND, agora=now)
            return _one(rows, canal)

        return self._database.run(identity.tenant_id, work)

    def resume(self, identity: Identity, name: str) -> Row:
        """End the pause and wake what waits for the channel, the oldest first; what is too much is left to the sweep.

        Raises:
            Forbidden: the caller is not an administrator.
            NotFound: there is no such channel.
        """
        canal = _allowed(identity, name)
        tenant_id = identity.tenant_id
        self._database.run(tenant_id, lambda rows: rows.run("resume_canal", canal=canal.value))
        for _ in range(self._batches):
            if self._release(tenant_id, canal) < self._batch:
                break
        return self._database.run(tenant_id, lambda rows: _one(rows, canal))

    def _release(self, tenant_id: str, canal: Canal) -> int:
        """Make some of what waits for the channel due now, and wake the first of it; how many."""
        now = self._clock()
        params = {"canal": canal.value, "agora": now, "acordado_em": now + IN_A_MOMENT, "limite": self._batch}
        found = self._database.run(tenant_id, lambda rows: rows.all("release_paused_disparos", **params))
        self._wakeups.arrange(first_of(found))
        return len(found)


def _allowed(identity: Identity, name: str) -> Canal:
    identity.require(ADMIN)
    try:
        return Canal(name)
    except ValueError:
        raise NotFound("nao_encontrado") from None


def _one(rows: Rows, canal: Canal) -> Row:
    return next(each for each in _described(rows) if each["canal"] == canal)


def _described(rows: Rows) -> list[Row]:
    pauses = {row["canal"]: row for row in rows.all("list_canal_pausas")}
    waiting = [each for each in counted_now(rows) if each.status == DisparoStatus.PENDENTE]
    language = config_of(rows).idioma
    return [
        {
            "canal": canal.value,
            "estado": "pausado" if canal in pauses else "ativo",
            "pausa": _pause(pauses.get(canal), language),
            "pendentes": sum(each.total for each in waiting if each.canal == canal),
            "esperam_o_canal": sum(
                each.total for each in waiting if each.canal == canal and each.motivo == WaitReason.CANAL_PAUSADO
            ),
        }
        for canal in Canal
    ]


def _pause(row: Row | None, language: str) -> Row | None:
    """Since when and why; and when a message tries the channel again, which is never after a person paused it."""
    if row is None:
        return None
    return {
        "codigo": row["codigo"],
        "mensagem": sentence(row["codigo"], None, language),
        "desde": row["desde"],
        "sondar_em": row["sondar_em"],
    }
