"""Records what a person knows: whether a message in doubt was sent, and that a message has arrived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.requests.models import Resolution
from chalicelib.dispatch.requests.shown import load_disparo
from chalicelib.dispatch.states import EVENTS, LEAD_FACTS, DisparoStatus
from chalicelib.errors import Conflict
from chalicelib.leads import moves


class ManualMove(NamedTuple):
    """A move that a person asks for: the statuses before and after, its step of the history, the code of a refusal."""

    origins: tuple[DisparoStatus, ...]
    destination: DisparoStatus
    step: str
    code: str | None
    refusal: str

    @property
    def error_code(self) -> str | None:
        """Why the disparo failed; None if it did not."""
        return self.code if self.destination is DisparoStatus.ERRO else None


_IN_DOUBT = (DisparoStatus.INCERTO,)
_UNRESOLVABLE = "disparo_nao_resolvivel"
_RESOLVED: Mapping[Resolution, ManualMove] = {
    Resolution.ENVIADO: ManualMove(_IN_DOUBT, DisparoStatus.ENVIADO, "resolvido", "foi_enviado", _UNRESOLVABLE),
    Resolution.NAO_ENVIADO: ManualMove(_IN_DOUBT, DisparoStatus.ERRO, "resolvido", "nao_enviado", _UNRESOLVABLE),
}
_CONFIRMED = ManualMove(
    (DisparoStatus.ENVIADO, *_IN_DOUBT), DisparoStatus.CONFIRMADO, "confirmado", None, "disparo_nao_confirmavel"
)


class Settlements:
    """Settling by a person; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def resolve(self, tenant_id: str, disparo_id: UUID, resolution: Resolution) -> dict[str, Any]:
        """End the doubt about an `incerto` disparo: it was sent, or it was not and may be sent again.

        A second time changes nothing.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_resolvivel`; it is not in doubt, or it is still being tried.
        """
        return self._settle(tenant_id, disparo_id, _RESOLVED[resolution])

    def confirm(self, tenant_id: str, disparo_id: UUID) -> dict[str, Any]:
        """Record that the lead has the message, and so was reached; a second time changes nothing.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_confirmavel`; it has not left, or failed.
        """
        return self._settle(tenant_id, disparo_id, _CONFIRMED)

    def _settle(self, tenant_id: str, disparo_id: UUID, move: ManualMove) -> dict[str, Any]:
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            moved = rows.run(
                "settle_disparo", disparo_id=disparo_id, de=[each.value for each in move.origins],
                para=move.destination.value, classe=move.step, codigo=move.code, erro_codigo=move.error_code, agora=now,
            )  # fmt: skip
            disparo = load_disparo(rows, disparo_id)
            if (disparo["status"], disparo["erro_codigo"]) != (move.destination, move.error_code):
                raise Conflict(move.refusal, status=disparo["status"])
            if moved:
                _follow(rows, disparo, move.destination, now)
            return disparo

        return self._database.run(tenant_id, work)


def _follow(rows: Rows, disparo: Row, status: DisparoStatus, now: datetime) -> None:
    """The event of the new status, and what it means for the lead. An earlier event may have said something else."""
    names = ("disparo_id", "lead_id", "canal", "status", "erro_codigo", "ultimo_codigo")
    events.record(rows, EVENTS[status], now, **{name: disparo[name] for name in names})
    if status in LEAD_FACTS:
        moved = rows.all("list_leads_that_disparos_move", disparo_ids=[disparo["disparo_id"]])
        moves.apply(rows, [each["lead_id"] for each in moved], LEAD_FACTS[status], now)
