"""Makes a campaign again for the recipients that it did not reach: a draft, which a person checks and starts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.requests.shown import load_campaign
from chalicelib.campaigns.results.requests import AgainFor, CampaignAgain
from chalicelib.campaigns.segments.model import CampaignResult
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id

_LONGEST_NAME = 120
_SUFFIX = " (de novo)"
_RESULTS: Mapping[AgainFor, CampaignResult] = {
    AgainFor.FALHAS: CampaignResult.FALHOU,
    AgainFor.PENDENTES: CampaignResult.NAO_ALCANCADO,
}
_COUNTED: Mapping[AgainFor, tuple[str, ...]] = {
    AgainFor.FALHAS: ("falhas",),
    AgainFor.PENDENTES: ("cancelados", "expirados"),
}
_ENDED = frozenset({CampaignStatus.CONCLUIDA, CampaignStatus.CANCELADA})


class CampaignsAgain:
    """`database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, identity: Identity, campanha_id: UUID, request: CampaignAgain, key: IdempotencyKey | None = None
    ) -> Row:
        """Create a draft with the steps of a campaign, for those whom it failed or did not reach.

        Whoever has a message in doubt, or one that is on its way, is not among them.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: the status of the campaign does not allow it, or there is nobody.
            Invalid: no step has the variant.
        """
        now = self._clock()

        def insert(rows: Rows) -> Row:
            old = load_campaign(rows, campanha_id, now)
            _check(old, request.quem)
            new = new_id(now)
            rows.run(
                "insert_campanha_again",
                campanha_id=new,
                nome=request.nome or f"{old['nome'][: _LONGEST_NAME - len(_SUFFIX)]}{_SUFFIX}",
                filtro=json.dumps(_filter(old, request.quem)),
                etapas=json.dumps(_steps(old["etapas"], request.variante)),
                iniciar_em=request.iniciar_em,
                de_novo_de=campanha_id,
                por=identity.subject,
                agora=now,
            )
            return load_campaign(rows, new, now)

        return self._database.run(identity.tenant_id, once(key, now, insert))


def _check(old: Mapping[str, Any], whom: AgainFor) -> None:
    status = CampaignStatus(old["status"])
    if old["publico_em"] is None:
        raise Conflict("campanha_sem_resultados", status=status.value)
    if whom is AgainFor.PENDENTES:
        if status is CampaignStatus.PAUSADA:
            raise Conflict("campanha_pausada_retome")
        if status not in _ENDED:
            raise Conflict("campanha_nao_encerrada", status=status.value)
    if _is_planned(old) and not any(old["contadores"][name] for name in _COUNTED[whom]):
        raise Conflict("ninguem_de_novo")


def _is_planned(old: Mapping[str, Any]) -> bool:
    return old["planejada_em"] is not None


def _filter(old: Mapping[str, Any], whom: AgainFor) -> Mapping[str, Any]:
    """The recipients as a filter. One that was cancelled before its planning ended reached nobody of its audience."""
    if whom is AgainFor.PENDENTES and not _is_planned(old):
        found: Mapping[str, Any] = old["filtro"]
        return found
    return {"campanha": {"campanha_id": str(old["campanha_id"]), "resultado": _RESULTS[whom].value}}


def _steps(steps: list[dict[str, Any]], variant: str | None) -> list[dict[str, Any]]:
    """The steps; with a variant, only that one in each step that has it."""
    if variant is None:
        return steps
    chosen = [[each for each in step["variantes"] if each["nome"] == variant] for step in steps]
    if not any(chosen):
        raise Invalid("requisicao_invalida", (FieldError("/variante", "variante_desconhecida", "variante"),))
    return [
        {**step, "variantes": [{**each, "peso": 100} for each in only] or step["variantes"]}
        for step, only in zip(steps, chosen, strict=True)
    ]
