"""Pauses many campaigns with one request: those that are named, or all that run or are to start."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.requests.control import CampaignControl
from chalicelib.campaigns.requests.models import MOST_STOPPED, CampaignStop
from chalicelib.campaigns.states import MOVES, CampaignStatus
from chalicelib.errors import DomainError
from chalicelib.identity import Identity
from chalicelib.tenants.config import config_of

_STOPPABLE = [each.value for each, onward in MOVES.items() if CampaignStatus.PAUSADA in onward]


class CampaignStops:
    """`database` is the API's login; `control` pauses one campaign."""

    def __init__(self, *, database: Database, control: CampaignControl) -> None:
        self._database = database
        self._control = control

    def pause(self, identity: Identity, request: CampaignStop) -> dict[str, Any]:
        """Pause each campaign by itself, and say what became of each.

        Whatever is in the way of one does not keep the others going. A second time changes nothing.
        """

        def work(rows: Rows) -> tuple[str, list[Row]]:
            found = (
                rows.all("list_campanhas_to_pause", status=_STOPPABLE, limite=MOST_STOPPED + 1) if request.todas else []
            )
            return config_of(rows).idioma, found

        language, running = self._database.run(identity.tenant_id, work)
        campanha_ids = request.campanha_ids or [row["campanha_id"] for row in running[:MOST_STOPPED]]
        items = [
            self._pause(identity, campanha_id, request, f"/campanha_ids/{number}", language)
            for number, campanha_id in enumerate(campanha_ids)
        ]
        return {
            "pausadas": sum(each["status"] == CampaignStatus.PAUSADA for each in items),
            "em_voo": sum(each["em_voo"] for each in items),
            "ha_mais": len(running) > MOST_STOPPED,
            "itens": items,
        }

    def _pause(
        self, identity: Identity, campanha_id: UUID, request: CampaignStop, pointer: str, language: str
    ) -> dict[str, Any]:
        try:
            paused = self._control.pause(identity, campanha_id, request)
        except DomainError as error:
            said = messages.text(error.code, language, **error.params)
            erro = {"code": error.code, "detail": said, "pointer": "/todas" if request.todas else pointer}
            status = error.params.get("status")
            return {"campanha_id": campanha_id, "nome": None, "status": status, "em_voo": 0, "erro": erro}
        shown = {name: paused[name] for name in ("campanha_id", "nome", "status", "em_voo")}
        return {**shown, "erro": None}
