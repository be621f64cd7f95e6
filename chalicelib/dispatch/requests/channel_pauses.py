"""The channels of a tenant: whether anything leaves by them, since when not and why, and stopping and starting them."""

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

PAUSED_BY_HAND = "pausado_por_pessoa"

# What one transaction should hold.
_BATCH = 1_000
_BATCHES = 5


class ChannelPauses:
    """`database` is the API's login; resuming lets go of `batch` disparos at a time, at most so many times."""

    def __init__(
        self, *, database: Database, wakeups: Wakeups, clock: Clock, batch: int = _BATCH, batches: int = _BATCHES
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._batch = batch
        self._batches = batches

    def every(self, tenant_id: str) -> dict[str, Any]:
        """Every channel and how it stands."""
        with self._database.transaction(tenant_id) as rows:
            return {"itens": _described(rows, tenant_id)}

    def pause(self, identity: Identity, nome: str) -> Row:
        """Nothing leaves by the channel until somebody resumes it; what is on its way goes on.

        Raises:
            Forbidden: the caller is no administrator.
            NotFound: there is no such channel.
        """
        canal = _allowed(identity, nome)
        with self._database.transaction(identity.tenant_id) as rows:
            rows.run(
                "pause_canal",
                tenant_id=identity.tenant_id,
                canal=canal.value,
                codigo=PAUSED_BY_HAND,
                agora=self._clock(),
            )
            return _one(rows, identity.tenant_id, canal)

    def resume(self, identity: Identity, nome: str) -> Row:
        """End the pause and wake up what waits for it, the oldest first; too many for a request are left to the sweep.

        Raises:
            Forbidden: the caller is no administrator.
            NotFound: there is no such channel.
        """
        canal = _allowed(identity, nome)
        with self._database.transaction(identity.tenant_id) as rows:
            rows.run("resume_canal", tenant_id=identity.tenant_id, canal=canal.value)
        for _ in range(self._batches):
            if self._release(identity.tenant_id, canal) < self._batch:
                break
        with self._database.transaction(identity.tenant_id) as rows:
            return _one(rows, identity.tenant_id, canal)

    def _release(self, tenant_id: str, canal: Canal) -> int:
        """Some of what waits for the channel is due now, and the first of it woken; how many."""
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            found = rows.all(
                "release_paused_disparos",
                tenant_id=tenant_id,
                canal=canal.value,
                agora=now,
                acordado_em=now + IN_A_MOMENT,
                limite=self._batch,
            )
        self._wakeups.arrange(first_of(found))
        return len(found)


def _allowed(identity: Identity, nome: str) -> Canal:
    identity.require(ADMIN)
    try:
        return Canal(nome)
    except ValueError:
        raise NotFound("nao_encontrado") from None


def _one(rows: Rows, tenant_id: str, canal: Canal) -> Row:
    return next(each for each in _described(rows, tenant_id) if each["canal"] == canal)


def _described(rows: Rows, tenant_id: str) -> list[Row]:
    pausas = {row["canal"]: row for row in rows.all("list_canal_pausas", tenant_id=tenant_id)}
    waiting = [each for each in counted_now(rows, tenant_id) if each.status == DisparoStatus.PENDENTE]
    return [
        {
            "canal": canal.value,
            "estado": "pausado" if canal in pausas else "ativo",
            "pausa": _pausa(pausas.get(canal)),
            "pendentes": sum(each.total for each in waiting if each.canal == canal),
            "esperam_o_canal": sum(
                each.total for each in waiting if each.canal == canal and each.motivo == WaitReason.CANAL_PAUSADO
            ),
        }
        for canal in Canal
    ]


def _pausa(row: Row | None) -> Row | None:
    """Since when and why, and when a message is let through to see whether the channel is back: never, by a person."""
    if row is None:
        return None
    return {
        "codigo": row["codigo"],
        "mensagem": sentence(row["codigo"], None),
        "desde": row["desde"],
        "sondar_em": row["sondar_em"],
    }
