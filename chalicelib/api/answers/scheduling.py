"""Answers about agendamentos."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, WarningAnswer
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoKind
from chalicelib.scheduling.states import AgendamentoStatus


class AgendamentoAnswer(AnswerModel):
    """A callback or a meeting with a lead."""

    agendamento_id: UUID
    lead_id: UUID
    tipo: AgendamentoKind
    canal: AgendamentoCanal
    data_agendada: datetime
    duracao_minutos: int
    responsavel: str
    """The person in charge."""
    observacoes: str | None
    status: AgendamentoStatus
    avisado_em: datetime | None
    """When its time was announced; null before."""
    avisos: tuple[WarningAnswer, ...]
    """What was to be known when it was booked."""
    cancelado_por: str | None
    """The id of the person who cancelled it."""
    motivo_cancelamento: str | None
    """Why, in that person's words."""
    criado_em: datetime
    atualizado_em: datetime


class AgendamentoPage(PageModel):
    """A page of agendamentos."""

    itens: tuple[AgendamentoAnswer, ...]
