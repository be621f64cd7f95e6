"""Sends disparos again that certainly failed, one or many: the row starts over, keeps its history, and is woken.

The executor checks opt-out, window, limits and pauses, as for every disparo. Only what could never be sent is refused
at once: its time is over, or its lead is closed. A message that may have left is never sent again; `erro` is the only
status for "certainly not sent".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.requests.models import ResendRequest
from chalicelib.dispatch.requests.shown import load_disparo
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import Wakeup, Wakeups
from chalicelib.errors import Conflict, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.ids import first_id, last_id
from chalicelib.leads import moves
from chalicelib.leads.states import CLOSED, LeadFact

_CLOSED = sorted(each.value for each in CLOSED)


class Resends:
    """Resending for the API; `database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock

    def one(self, tenant_id: str, disparo_id: UUID, key: IdempotencyKey | None = None) -> Row:
        """Send a failed disparo again.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_reenviavel` (it has not failed), `disparo_apagado` (its text is gone),
                `disparo_expirado`, `disparo_com_alternativa` (it went on to another contact),
                `disparo_de_campanha_encerrada`, `lead_encerrado`.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            locked = rows.one("lock_disparo_to_resend", disparo_id=disparo_id)
            if locked is None:
                raise NotFound("nao_encontrado")
            _check(locked, now)
            if not _resend(rows, [locked], now):
                raise Conflict("lead_encerrado")
            return load_disparo(rows, disparo_id)

        disparo = self._database.run(tenant_id, once(key, now, work))
        self._wakeups.arrange([Wakeup(tenant_id, disparo_id, disparo["enviar_apos"])])
        return disparo

    def many(self, tenant_id: str, request: ResendRequest, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Send again the failed disparos that fit, up to `limite`: how many were, and whether there are more.

        All of them or none.
        """
        now = self._clock()
        resent, answer = self._database.run(
            tenant_id,
            once(key, now, lambda rows: _resend_many(rows, request, now), answer=itemgetter(1)),
        )
        self._wakeups.arrange(Wakeup(tenant_id, disparo_id, now) for disparo_id in resent)
        return answer


def _resend_many(rows: Rows, request: ResendRequest, now: datetime) -> tuple[list[UUID], dict[str, Any]]:
    # One more than is wanted says whether there are more; it stays locked for a moment and is not changed.
    filters = {**_filters(request), "limite": request.limite + 1}
    locked = rows.all("lock_disparos_to_resend", agora=now, fechados=_CLOSED, **filters)
    resent = _resend(rows, locked[: request.limite], now)
    return resent, {"reenviados": len(resent), "ha_mais": len(locked) > request.limite}


def _check(disparo: Row, now: datetime) -> None:
    if disparo["status"] != DisparoStatus.ERRO:
        raise Conflict("disparo_nao_reenviavel", status=disparo["status"])
    if disparo["apagado_em"] is not None:
        raise Conflict("disparo_apagado")
    if disparo["expira_em"] is not None and disparo["expira_em"] <= now:
        raise Conflict("disparo_expirado")
    if disparo["campanha_encerrada"]:
        raise Conflict("disparo_de_campanha_encerrada")
    if disparo["tem_alternativa"]:
        raise Conflict("disparo_com_alternativa")


def _resend(rows: Rows, locked: Sequence[Row], now: datetime) -> list[UUID]:
    """Start these over, except those of closed leads, and move their leads; which were started over.

    Disparos are locked before their leads, as the executor does, so that no two transactions wait for each other in a
    circle. Leads are locked before anything changes, so that none is given up as exhausted meanwhile.
    """
    lead_ids = {each["lead_id"] for each in locked}
    moves.lock(rows, lead_ids)
    disparo_ids = [each["disparo_id"] for each in locked]
    rows.all("lock_campanhas_of_disparos", disparo_ids=disparo_ids)
    resent = rows.all("resend_disparos", disparo_ids=disparo_ids, fechados=_CLOSED, agora=now)
    moved = rows.all("list_leads_that_disparos_move", disparo_ids=disparo_ids)
    moves.apply(rows, [each["lead_id"] for each in moved], LeadFact.DISPARO_CRIADO, now)
    return [row["disparo_id"] for row in resent]


def _filters(request: ResendRequest) -> dict[str, object]:
    """The parameters of the filters; None for each that is not given."""
    return {
        "erro_codigo": request.erro_codigo,
        "canal": request.canal and request.canal.value,
        "template": request.template,
        "criado_de": request.criado_de,
        "criado_ate": request.criado_ate,
        "desde_id": request.criado_de and first_id(request.criado_de),
        "ate_id": request.criado_ate and last_id(request.criado_ate),
    }
