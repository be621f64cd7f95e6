"""The states of a disparo and the moves between them (SPEC §2, drawn in docs/states.md).

The database refuses every other move.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.leads.states import LeadFact


class DisparoStatus(StrEnum):
    """The status of a disparo."""

    PENDENTE = "pendente"
    ENVIANDO = "enviando"
    ENVIADO = "enviado"
    CONFIRMADO = "confirmado"
    ERRO = "erro"
    INCERTO = "incerto"
    CANCELADO = "cancelado"
    SUPRIMIDO = "suprimido"
    EXPIRADO = "expirado"
    SIMULADO = "simulado"


MOVES: Mapping[DisparoStatus, frozenset[DisparoStatus]] = {
    **dict.fromkeys(DisparoStatus, frozenset()),
    DisparoStatus.PENDENTE: frozenset({DisparoStatus.ENVIANDO, DisparoStatus.CANCELADO}),
    DisparoStatus.ENVIANDO: frozenset(
        {
            DisparoStatus.PENDENTE,
            DisparoStatus.ENVIADO,
            DisparoStatus.ERRO,
            DisparoStatus.INCERTO,
            DisparoStatus.SIMULADO,
            DisparoStatus.SUPRIMIDO,
            DisparoStatus.EXPIRADO,
            # A step of a campaign that the lead does not need any more.
            DisparoStatus.CANCELADO,
        }
    ),
    # The provider accepted the message and reports a failure later.
    DisparoStatus.ENVIADO: frozenset({DisparoStatus.CONFIRMADO, DisparoStatus.ERRO}),
    # A person, a status tool or the provider's report says whether the message was sent.
    DisparoStatus.INCERTO: frozenset({DisparoStatus.ENVIADO, DisparoStatus.CONFIRMADO, DisparoStatus.ERRO}),
    # A person sends it again.
    DisparoStatus.ERRO: frozenset({DisparoStatus.PENDENTE}),
}


class WaitReason(StrEnum):
    """What a `pendente` disparo waits for until its `enviar_apos`."""

    AGENDADO = "agendado"
    JANELA = "janela"
    LIMITE = "limite"
    ORCAMENTO = "orcamento_diario"
    CANAL_PAUSADO = "canal_pausado"
    CANAL_LENTO = "canal_lento"
    DESTINO = "destino"
    TENTATIVA = "tentativa"
    REVISAO = "revisao"
    # Its turn in its campaign: the campaign's start, the lead's window, room in the channel.
    CAMPANHA = "campanha"
    # The days since the step of the campaign before it.
    ETAPA = "etapa"
    # The person has had enough messages for the day or the week.
    LIMITE_PESSOA = "limite_pessoa"


EVENTS: Mapping[DisparoStatus, str] = {
    DisparoStatus.ENVIADO: "disparo.completed",
    DisparoStatus.SIMULADO: "disparo.completed",
    DisparoStatus.CONFIRMADO: "disparo.completed",
    DisparoStatus.ERRO: "disparo.failed",
    DisparoStatus.INCERTO: "disparo.failed",
    DisparoStatus.SUPRIMIDO: "disparo.failed",
    DisparoStatus.EXPIRADO: "disparo.failed",
}
"""The event that tells of a disparo with this status, whoever moved it; its `status` says which kind of end it is."""

LEAD_FACTS: Mapping[DisparoStatus, LeadFact] = {
    DisparoStatus.CONFIRMADO: LeadFact.DISPARO_CONFIRMADO,
    DisparoStatus.ERRO: LeadFact.DISPARO_ESGOTADO,
    DisparoStatus.SUPRIMIDO: LeadFact.DISPARO_ESGOTADO,
    DisparoStatus.EXPIRADO: LeadFact.DISPARO_ESGOTADO,
}
"""What such a disparo means for its lead, if no other one waits (`leads.moves`); other statuses mean nothing."""
