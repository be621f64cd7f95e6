"""What a person knows better: whether a message in doubt was sent, and that one has arrived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.dispatch.requests.models import Resolution
from chalicelib.dispatch.requests.shown import load_disparo
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import Conflict
from chalicelib.leads.states import LeadFact, move_of


class ManualMove(NamedTuple):
    """A move that a person asks for: from where to where, how the history tells it, and with what it is refused."""

    de: tuple[DisparoStatus, ...]
    para: DisparoStatus
    classe: str
    codigo: str | None
    recusa: str

    @property
    def erro_codigo(self) -> str | None:
        """Why it ended as it did, where it did not end well."""
        return self.codigo if self.para is DisparoStatus.ERRO else None


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
    """`database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def resolve(self, tenant_id: str, disparo_id: UUID, resultado: Resolution) -> dict[str, Any]:
        """End the doubt about a disparo that is `incerto`: it was sent, or it was not and may be sent again.

        Saying so again changes nothing.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_resolvivel`; there is no doubt about it, or it is still being tried.
        """
        return retried(lambda: self._settle(tenant_id, disparo_id, _RESOLVED[resultado]))

    def confirm(self, tenant_id: str, disparo_id: UUID) -> dict[str, Any]:
        """The lead has it, and so is reached; saying so again changes nothing.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_confirmavel`; it has not left, or failed.
        """
        return retried(lambda: self._settle(tenant_id, disparo_id, _CONFIRMED))

    def _settle(self, tenant_id: str, disparo_id: UUID, acerto: ManualMove) -> dict[str, Any]:
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            moved = rows.run(
                "settle_disparo", tenant_id=tenant_id, disparo_id=disparo_id, de=[each.value for each in acerto.de],
                para=acerto.para.value, classe=acerto.classe, codigo=acerto.codigo, erro_codigo=acerto.erro_codigo,
                agora=now,
            )  # fmt: skip
            disparo = load_disparo(rows, tenant_id, disparo_id)
            if (disparo["status"], disparo["erro_codigo"]) != (acerto.para, acerto.erro_codigo):
                raise Conflict(acerto.recusa, status=disparo["status"])
            if moved:
                _tell(rows, tenant_id, disparo, now)
                _move_lead(rows, tenant_id, disparo, now)
            return disparo


def _tell(rows: Rows, tenant_id: str, disparo: Row, now: datetime) -> None:
    """The event of its end, as the executor leaves it; an earlier one may have said `incerto`, or `enviado`."""
    tipo = "disparo.failed" if disparo["status"] == DisparoStatus.ERRO else "disparo.completed"
    names = ("disparo_id", "lead_id", "canal", "status", "erro_codigo", "ultimo_codigo")
    events.record(rows, tenant_id, tipo, now, **{name: disparo[name] for name in names})


def _move_lead(rows: Rows, tenant_id: str, disparo: Row, now: datetime) -> None:
    """A message that arrived is contact made; the last one that failed is none."""
    lead_ids = [disparo["lead_id"]]
    fato = LeadFact.DISPARO_CONFIRMADO
    if disparo["status"] == DisparoStatus.ENVIADO:
        return
    if disparo["status"] == DisparoStatus.ERRO:
        rows.all("lock_leads", tenant_id=tenant_id, lead_ids=lead_ids)
        exhausted = rows.all("list_exhausted_leads", tenant_id=tenant_id, lead_ids=lead_ids)
        lead_ids, fato = [row["lead_id"] for row in exhausted], LeadFact.DISPARO_ESGOTADO
    de, para = move_of(fato)
    rows.run("move_leads", tenant_id=tenant_id, lead_ids=lead_ids, de=de, para=para, agora=now)
