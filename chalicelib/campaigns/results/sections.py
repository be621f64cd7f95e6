"""Where the recipients of a campaign are found: each state is read from one or more sections, in their order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.campaigns.states import CampaignStatus
from chalicelib.dispatch.states import WaitReason


class Section(StrEnum):
    """A part of the recipients that an index gives in order: a status of disparos, a fact about them, or `excluido`."""

    PENDENTE = "pendente"
    ENVIANDO = "enviando"
    ENVIADO = "enviado"
    CONFIRMADO = "confirmado"
    ERRO = "erro"
    INCERTO = "incerto"
    SUPRIMIDO = "suprimido"
    CANCELADO = "cancelado"
    EXPIRADO = "expirado"
    SIMULADO = "simulado"
    EXCLUIDO = "excluido"
    LIDO = "lido"
    RESPONDIDO = "respondido"


class RecipientState(StrEnum):
    """Where a recipient is.

    As a filter, `enviado` finds also those who got, read or answered it, and `entregue` and `lido` the ones after them:
    each finds as many as the counter of its name says.
    """

    AGUARDANDO = "aguardando"
    EM_VOO = "em_voo"
    ENVIADO = "enviado"
    ENTREGUE = "entregue"
    LIDO = "lido"
    RESPONDIDO = "respondido"
    FALHA = "falha"
    INCERTO = "incerto"
    SUPRIMIDO = "suprimido"
    CANCELADO = "cancelado"
    EXPIRADO = "expirado"
    SIMULADO = "simulado"
    EXCLUIDO = "excluido"


FACTS = frozenset({Section.LIDO, Section.RESPONDIDO})
"""Sections of recipients who are in another one as well."""
# A message moves on in this order, so whoever moves while somebody turns the pages is met twice rather than never.
EVERYONE = tuple(section for section in Section if section not in FACTS)
_STATES: Mapping[Section, RecipientState] = {
    Section.PENDENTE: RecipientState.AGUARDANDO,
    Section.ENVIANDO: RecipientState.EM_VOO,
    Section.ENVIADO: RecipientState.ENVIADO,
    Section.CONFIRMADO: RecipientState.ENTREGUE,
    Section.ERRO: RecipientState.FALHA,
    Section.INCERTO: RecipientState.INCERTO,
    Section.SUPRIMIDO: RecipientState.SUPRIMIDO,
    Section.CANCELADO: RecipientState.CANCELADO,
    Section.EXPIRADO: RecipientState.EXPIRADO,
    Section.SIMULADO: RecipientState.SIMULADO,
    Section.EXCLUIDO: RecipientState.EXCLUIDO,
}
_WIDER: Mapping[RecipientState, tuple[Section, ...]] = {
    RecipientState.ENVIADO: (Section.ENVIADO, Section.CONFIRMADO),
    RecipientState.LIDO: (Section.LIDO,),
    RecipientState.RESPONDIDO: (Section.RESPONDIDO,),
}


def sections_of(state: RecipientState | None, campaign: CampaignStatus) -> tuple[Section, ...]:
    """The sections of a state, or of everyone. What waits in a cancelled campaign counts as cancelled."""
    if state is None:
        return EVERYONE
    if state in _WIDER:
        return _WIDER[state]
    return tuple(section for section in EVERYONE if _state(section, campaign) is state)


def may_have(section: Section, reason: str) -> bool:
    """Whether a recipient of the section may have this reason; the database refuses others (`disparos_erro_check`)."""
    if section is Section.PENDENTE:
        return reason in frozenset[str](WaitReason)
    return section not in {Section.ENVIANDO, Section.ENVIADO, Section.CONFIRMADO}


def state_of(status: str, campaign: CampaignStatus, *, is_read: bool, is_answered: bool) -> RecipientState:
    """The state of a recipient whose disparo has this status: how far its message came."""
    state = _state(Section(status), campaign)
    if state not in {RecipientState.ENVIADO, RecipientState.ENTREGUE}:
        return state
    if is_answered:
        return RecipientState.RESPONDIDO
    return RecipientState.LIDO if is_read else state


def _state(section: Section, campaign: CampaignStatus) -> RecipientState:
    if campaign is CampaignStatus.CANCELADA and section is Section.PENDENTE:
        return RecipientState.CANCELADO
    return _STATES[section]
