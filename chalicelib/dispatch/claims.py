"""Takes disparos for a worker and writes down what became of them: the executor's side of the database.

A claim is a lease under an owner of its own. Whoever records must still hold it, so that a worker that was given up for
dead changes nothing when it speaks at last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID, uuid4

from chalicelib import eventos
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.dispatch.policy import LEASE_LAPSED, Registro, Tomado
from chalicelib.dispatch.states import StatusDisparo
from chalicelib.dispatch.wakeups import Chamado, Wakeup
from chalicelib.leads.states import Fato, move_of

# Two ends, two events; `status` says which kind of it.
_EVENTS = {
    StatusDisparo.ENVIADO: "disparo.completed",
    StatusDisparo.SIMULADO: "disparo.completed",
    StatusDisparo.ERRO: "disparo.failed",
    StatusDisparo.INCERTO: "disparo.failed",
}
# What somebody else is just claiming, or marking, is looked at again so much later.
_LOCKED_PATIENCE = timedelta(seconds=5)


class Claim(NamedTuple):
    """What one worker took under its own mark, and which of the others wait for another time."""

    dono: UUID
    tomados: list[Tomado]
    waiting: list[Wakeup]


class _Ended(NamedTuple):
    tenant_id: str
    lead_id: UUID


class Claims:
    """`database` is the owner's login: one batch holds disparos of many tenants."""

    def __init__(self, *, database: Database, clock: Clock, lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)

    def take(self, chamados: Sequence[Chamado]) -> Claim:
        """Claim those that are due, or that a dead worker left behind; of the others, say which still wait."""
        return retried(lambda: self._take(chamados))

    def record(self, claim: Claim, registros: Sequence[Registro]) -> list[Registro]:
        """Write down what became of the claimed, with their events and what it means for their leads.

        Those that were really written: what a lease was lost of is not among them.
        """
        return retried(lambda: self._record(claim, registros)) if registros else []

    def _take(self, chamados: Sequence[Chamado]) -> Claim:
        now = self._clock()
        dono = uuid4()
        with self._database.across_tenants() as rows:
            found = rows.all(
                "claim_disparos",
                **_ids(chamados),
                agora=now,
                dono=dono,
                lease_ate=now + self._lease,
                lease_vencida=LEASE_LAPSED,
            )
            taken = {(row["tenant_id"], row["disparo_id"]) for row in found}
            left = [each for each in chamados if (each.tenant_id, each.disparo_id) not in taken]
            waiting = rows.all("list_unclaimed_disparos", **_ids(left)) if left else []
        return Claim(dono, [Tomado(**row) for row in found], [_again(row, now) for row in waiting])

    def _record(self, claim: Claim, registros: Sequence[Registro]) -> list[Registro]:
        now = self._clock()
        with self._database.across_tenants() as rows:
            rows.all("lock_claimed_disparos", **_ids([each.disparo for each in registros]))
            document = json.dumps([_columns(each) for each in registros], default=str)
            found = rows.all("record_disparos", registros=document, dono=claim.dono, agora=now)
            written = {(row["tenant_id"], row["disparo_id"]) for row in found}
            recorded = [each for each in registros if (each.disparo.tenant_id, each.disparo.disparo_id) in written]
            for each in recorded:
                _tell(rows, each, now)
            _give_up_leads(rows, recorded, now)
        return recorded


def _again(row: Row, now: datetime) -> Wakeup:
    """At its time, where the wake-up came too early."""
    is_due = row["enviar_apos"] <= now
    quando = now + _LOCKED_PATIENCE if is_due else row["enviar_apos"]
    return Wakeup(row["tenant_id"], row["disparo_id"], quando, row["tentativas"])


def _ids(disparos: Iterable[Chamado | Tomado]) -> dict[str, list[object]]:
    pairs = [(each.tenant_id, each.disparo_id) for each in disparos]
    return {"tenant_ids": [tenant_id for tenant_id, _ in pairs], "disparo_ids": [id_ for _, id_ in pairs]}


def _columns(registro: Registro) -> dict[str, object]:
    return {
        "tenant_id": registro.disparo.tenant_id,
        "disparo_id": registro.disparo.disparo_id,
        "status": registro.status.value,
        "tentativas": registro.tentativas,
        "em_duvida": registro.em_duvida,
        "enviar_apos": registro.enviar_apos and registro.enviar_apos.isoformat(),
        "provider_message_id": registro.provider_message_id,
        "ultimo_codigo": registro.ultimo_codigo,
        "erro_codigo": registro.erro_codigo,
    }


def _tell(rows: Rows, registro: Registro, now: datetime) -> None:
    """Leave the event of an end; a disparo that goes on has none."""
    if (tipo := _EVENTS.get(registro.status)) is not None:
        disparo = registro.disparo
        eventos.record(
            rows, disparo.tenant_id, tipo, now, disparo_id=disparo.disparo_id, lead_id=disparo.lead_id,
            canal=disparo.canal, status=registro.status.value, erro_codigo=registro.erro_codigo,
            ultimo_codigo=registro.ultimo_codigo,
        )  # fmt: skip


def _give_up_leads(rows: Rows, recorded: Iterable[Registro], now: datetime) -> None:
    """Move the leads whose last disparo has failed; tenants and leads in their order, so that no two workers cross."""
    ended = sorted(
        {_Ended(each.disparo.tenant_id, each.disparo.lead_id) for each in recorded if each.status is StatusDisparo.ERRO}
    )
    de, para = move_of(Fato.DISPARO_ESGOTADO)
    for tenant_id, of_tenant in groupby(ended, key=lambda each: each.tenant_id):
        lead_ids = [each.lead_id for each in of_tenant]
        rows.all("lock_leads", tenant_id=tenant_id, lead_ids=lead_ids)
        exhausted = [row["lead_id"] for row in rows.all("list_exhausted_leads", tenant_id=tenant_id, lead_ids=lead_ids)]
        rows.run("move_leads", tenant_id=tenant_id, lead_ids=exhausted, de=de, para=para, agora=now)
