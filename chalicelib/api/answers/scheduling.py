"""Answers about agendamentos."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, WarningAnswer
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoKind
from chalicelib.scheduling.states import AgendamentoMessageStatus, AgendamentoStatus


class AgendamentoAnswer(AnswerModel):
    """A callback or a meeting with a lead."""

    agendamento_id: UUID
    lead_id: UUID
    lead_nome: str | None
    """The name of the lead, cut after 120 characters."""
    tipo: AgendamentoKind
    canal: AgendamentoCanal
    data_agendada: datetime
    data_local: datetime
    """The same time where the tenant is, with its offset."""
    duracao_minutos: int
    responsavel: str
    """The person in charge."""
    observacoes: str | None
    local: str | None
    """Where they meet, if it is `presencial`."""
    link: str | None
    """The address of the video call."""
    status: AgendamentoStatus
    versao: int
    """One more with each move and with the cancellation: SEQUENCE of iCalendar."""
    reagendamentos: int
    """How many times it has moved."""
    confirmar_ate: datetime | None
    """Until when the lead should have confirmed this time; null for agendamentos of before."""
    confirmacao_vencida: bool
    """Whether it is `pendente` after that."""
    avisar_lead: bool
    """Whether the lead gets messages about it."""
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


class AgendamentoTime(AnswerModel):
    """A time that an agendamento had, or has."""

    versao: int
    data_agendada: datetime
    data_local: datetime
    """The same time where the tenant is, with its offset."""
    duracao_minutos: int
    em: datetime
    """Since when."""
    por: str | None
    """The id of the person who chose it."""
    motivo: str | None
    """Why it moved, in that person's words."""


class AgendamentoMessage(AnswerModel):
    """What was or will be said of an agendamento."""

    versao: int
    tipo: str
    """`convite`, `mudou`, `cancelado`, `responsavel`, or `lembrete_60` for the reminder 60 minutes before."""
    quando: datetime
    """When it leaves, or was due."""
    status: AgendamentoMessageStatus
    motivo: str | None
    """The code of why nothing is said."""
    disparo_id: UUID | None
    """The disparo that carries it."""


class AgendamentoDetail(AgendamentoAnswer):
    """An agendamento with the times that it had and what was said of it."""

    horarios: tuple[AgendamentoTime, ...]
    """The present one last."""
    mensagens: tuple[AgendamentoMessage, ...]


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
