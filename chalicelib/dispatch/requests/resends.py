"""Sends again what has failed for certain, one or many: the row begins anew, keeps its history, and is woken.

Opt-out, window, limits and pauses are looked at when it is sent, as for every disparo; only what would be in vain
from the start (its time is over, its lead closed) is refused at once. What may have left is never sent again: `erro` is
the one status for "certainly not sent".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.dispatch.requests.models import ResendRequest
from chalicelib.dispatch.requests.shown import load_disparo
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import Wakeup, Wakeups
from chalicelib.errors import Conflict, NotFound
from chalicelib.idempotency import IdempotencyKey
from chalicelib.ids import first_id, last_id
from chalicelib.leads.states import CLOSED, LeadFact, move_of

_CLOSED = sorted(each.value for each in CLOSED)


class Resends:
    """`database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock

    def one(self, tenant_id: str, disparo_id: UUID) -> Row:
        """Send a disparo again that has failed.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_reenviavel` (it has not failed), `disparo_expirado`, `disparo_com_alternativa` (it
                went on to another contact), `lead_encerrado`.
        """
        disparo = retried(lambda: self._one(tenant_id, disparo_id))
        self._wakeups.arrange([Wakeup(tenant_id, disparo_id, disparo["enviar_apos"])])
        return disparo

    def many(self, tenant_id: str, reenvio: ResendRequest, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Send again those that failed and fit, up to `limite`: how many were, and whether there are more.

        All of them or none; the same key gets the same answer and sends nothing.

        Raises:
            Conflict: the key was used for another request.
        """
        now = self._clock()
        resent, answer = retried(lambda: self._many(tenant_id, reenvio, key, now))
        self._wakeups.arrange(Wakeup(tenant_id, disparo_id, now) for disparo_id in resent)
        return answer

    def _one(self, tenant_id: str, disparo_id: UUID) -> Row:
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            locked = rows.one("lock_disparo_to_resend", tenant_id=tenant_id, disparo_id=disparo_id)
            if locked is None:
                raise NotFound("nao_encontrado")
            _check(locked, now)
            if not _resend(rows, tenant_id, [locked], now):
                raise Conflict("lead_encerrado")
            return load_disparo(rows, tenant_id, disparo_id)

    def _many(
        self, tenant_id: str, reenvio: ResendRequest, key: IdempotencyKey | None, now: datetime
    ) -> tuple[list[UUID], dict[str, Any]]:
        with self._database.transaction(tenant_id) as rows:
            if key is not None and (known := _known(rows, tenant_id, key)) is not None:
                return [], known
            # One more than is wanted says whether there are more; it stays locked a moment, and as it is.
            filters = {**_filters(reenvio), "limite": reenvio.limite + 1}
            locked = rows.all("lock_disparos_to_resend", tenant_id=tenant_id, agora=now, fechados=_CLOSED, **filters)
            resent = _resend(rows, tenant_id, locked[: reenvio.limite], now)
            answer = {"reenviados": len(resent), "ha_mais": len(locked) > reenvio.limite}
            if key is not None:
                rows.run(
                    "insert_resend", tenant_id=tenant_id, idempotency_key=key.value, fingerprint=key.fingerprint,
                    resposta=json.dumps(answer), agora=now,
                )  # fmt: skip
        return resent, answer


def _known(rows: Rows, tenant_id: str, key: IdempotencyKey) -> dict[str, Any] | None:
    """What this very request was answered before; whoever comes with the same key meanwhile waits for the answer."""
    rows.one("lock_resend_key", tenant_id=tenant_id, idempotency_key=key.value)
    row = rows.one("resend_by_idempotency_key", tenant_id=tenant_id, idempotency_key=key.value)
    if row is None:
        return None
    key.check(row["fingerprint"])
    answer: dict[str, Any] = row["resposta"]
    return answer


def _check(disparo: Row, now: datetime) -> None:
    if disparo["status"] != DisparoStatus.ERRO:
        raise Conflict("disparo_nao_reenviavel", status=disparo["status"])
    if disparo["expira_em"] is not None and disparo["expira_em"] <= now:
        raise Conflict("disparo_expirado")
    if disparo["tem_alternativa"]:
        raise Conflict("disparo_com_alternativa")


def _resend(rows: Rows, tenant_id: str, locked: Sequence[Row], now: datetime) -> list[UUID]:
    """Those that begin anew, which those of a closed lead do not; their leads are being written to again.

    Disparos are locked before their leads, as the executor does, so that nobody waits in a circle; and the leads before
    anything changes, so that none is given up for exhausted in between.
    """
    lead_ids = sorted({each["lead_id"] for each in locked})
    rows.all("lock_leads", tenant_id=tenant_id, lead_ids=lead_ids)
    disparo_ids = [each["disparo_id"] for each in locked]
    resent = rows.all("resend_disparos", tenant_id=tenant_id, disparo_ids=disparo_ids, fechados=_CLOSED, agora=now)
    de, para = move_of(LeadFact.DISPARO_CRIADO)
    rows.run("move_leads", tenant_id=tenant_id, lead_ids=lead_ids, de=de, para=para, agora=now)
    return [row["disparo_id"] for row in resent]


def _filters(reenvio: ResendRequest) -> dict[str, object]:
    """The parameters of the filters; None where there is none."""
    return {
        "erro_codigo": reenvio.erro_codigo,
        "canal": reenvio.canal and reenvio.canal.value,
        "template": reenvio.template,
        "criado_de": reenvio.criado_de,
        "criado_ate": reenvio.criado_ate,
        "desde_id": reenvio.criado_de and first_id(reenvio.criado_de),
        "ate_id": reenvio.criado_ate and last_id(reenvio.criado_ate),
    }
