"""The states of a campaign and the moves between them (SPEC §2b, drawn in docs/states.md).

The database refuses every other move.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class CampaignStatus(StrEnum):
    """The status of a campaign."""

    RASCUNHO = "rascunho"
    AGENDADA = "agendada"
    EM_ANDAMENTO = "em_andamento"
    PAUSADA = "pausada"
    CONCLUIDA = "concluida"
    CANCELADA = "cancelada"


MOVES: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.RASCUNHO: frozenset({CampaignStatus.AGENDADA, CampaignStatus.CANCELADA}),
    CampaignStatus.AGENDADA: frozenset({CampaignStatus.EM_ANDAMENTO, CampaignStatus.PAUSADA, CampaignStatus.CANCELADA}),
    CampaignStatus.EM_ANDAMENTO: frozenset(
        {CampaignStatus.PAUSADA, CampaignStatus.CONCLUIDA, CampaignStatus.CANCELADA}
    ),
    CampaignStatus.PAUSADA: frozenset({CampaignStatus.EM_ANDAMENTO, CampaignStatus.AGENDADA, CampaignStatus.CANCELADA}),
    # A person sends a failed disparo of it again.
    CampaignStatus.CONCLUIDA: frozenset({CampaignStatus.EM_ANDAMENTO}),
    CampaignStatus.CANCELADA: frozenset(),
}

EVENTS: Mapping[CampaignStatus, str] = {
    CampaignStatus.EM_ANDAMENTO: "campanha.iniciada",
    CampaignStatus.PAUSADA: "campanha.pausada",
    CampaignStatus.CONCLUIDA: "campanha.concluida",
    CampaignStatus.CANCELADA: "campanha.cancelada",
}
"""The event that tells of a campaign with this status, whoever moved it."""


CANCELLED = "campanha_cancelada"
"""Why a disparo of a cancelled campaign is cancelled."""


RESCHEDULED = "campanha_reagendada"
"""The step of the history of a campaign that gets another start: its status stays."""


class PauseCode(StrEnum):
    """Why this room pauses a campaign; the worker has codes of its own, such as those of a provider."""

    PESSOA = "pessoa"
    PILOTO_REPROVADO = "piloto_reprovado"
    PILOTO_CONCLUIDO = "piloto_concluido"


class PilotDecision(StrEnum):
    """Who decides whether the others get what the pilot got."""

    AUTOMATICA = "automatica"
    PESSOA = "pessoa"
