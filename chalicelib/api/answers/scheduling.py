"""Answers about agendamentos."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, WarningAnswer
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoKind
from chalicelib.scheduling.invitations.invitation import InvitationState
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


class FeedAnswer(AnswerModel):
    """The feed of a responsável, to which their calendar subscribes. Its address was shown when it was made."""

    agenda_id: UUID
    responsavel: str
    criado_por: str
    """The id of the person who made the address."""
    criado_em: datetime


class NewFeedAnswer(FeedAnswer):
    """A feed with its new address."""

    url: str
    """Shown this once. Begins with a slash if this API does not know its own address (PUBLIC_URL)."""


class FeedList(AnswerModel):
    """The feeds of a tenant."""

    itens: tuple[FeedAnswer, ...]
    """By the names of the responsáveis."""


class InvitationAnswer(AnswerModel):
    """How an agendamento stands after its lead has decided; times are where the lead is."""

    situacao: InvitationState
    data: date
    hora: str
    """HH:MM; the place is named where its clock shows another time than the tenant's."""
