"""Answers about agendamentos."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, WarningAnswer
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoKind
from chalicelib.scheduling.invitations.invitation import InvitationState
from chalicelib.scheduling.rules.slots import SlotRefusal
from chalicelib.scheduling.staff.requests import BlockedPeriod, BlockedWeekly, WorkingWeek
from chalicelib.scheduling.states import AgendamentoMessageStatus, AgendamentoStatus, CalendarSyncStatus


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


class AgendamentoEvent(AnswerModel):
    """The event of an agendamento at the tenant's calendar."""

    status: CalendarSyncStatus
    evento_id: str | None
    """Its id at the calendar; null before it was made."""
    versao: int | None
    """The version that it shows, or whose cancellation took it away."""
    codigo: str | None
    """Why it is not there yet, was refused, or is in doubt."""
    atualizado_em: datetime


class AgendamentoDetail(AgendamentoAnswer):
    """An agendamento with the times that it had and what was said of it."""

    horarios: tuple[AgendamentoTime, ...]
    """The present one last."""
    mensagens: tuple[AgendamentoMessage, ...]
    calendario: AgendamentoEvent | None
    """Null where the tenant has connected no calendar (`canais.calendario`)."""


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


class ResponsavelAnswer(AnswerModel):
    """A person whom leads meet, and when this person can be booked."""

    responsavel_id: UUID
    nome: str
    email: str | None
    fuso: str | None
    """The time zone of the working hours; null: the tenant's."""
    expediente: WorkingWeek
    folga_antes_minutos: int
    folga_depois_minutos: int | None
    """Minutes that stay free after each agendamento; null: as the deployment has it."""
    antecedencia_minutos: int
    horizonte_dias: int | None
    maximo_por_dia: int | None
    granularidade_minutos: int
    respeita_feriados: bool
    uf: str | None
    criado_em: datetime
    criado_por: str
    atualizado_em: datetime
    atualizado_por: str


class ResponsavelPage(PageModel):
    """A page of responsáveis, by name."""

    itens: tuple[ResponsavelAnswer, ...]


class BlockAnswer(AnswerModel):
    """Time that is not offered, either once (`periodo`) or every week (`semanal`)."""

    bloqueio_id: UUID
    responsavel_id: UUID | None
    """Whose time; null: that of all."""
    responsavel: str | None
    """The name of this person."""
    motivo: str
    periodo: BlockedPeriod | None
    semanal: BlockedWeekly | None
    criado_em: datetime
    criado_por: str


class BlockPage(PageModel):
    """A page of bloqueios, newest first."""

    itens: tuple[BlockAnswer, ...]


class SlotReason(AnswerModel):
    """Why a time is not free."""

    codigo: SlotRefusal
    mensagem: str
    """The sentence of `codigo`, in the language of the tenant."""
    bloqueio_id: UUID | None
    """Of `bloqueado`, by which bloqueio; null where an event of the calendar of the responsável takes the time."""


class RefusedStarts(SlotReason):
    """Starts of a day that are not free, and why."""

    horarios: tuple[datetime, ...]


class SlotDay(AnswerModel):
    """One local day of a responsável."""

    dia: date
    livres: tuple[datetime, ...]
    """The starts that can be booked, in the zone of the responsável."""
    fechado: SlotReason | None
    """Why the day has no working time; null where it has some."""
    recusados: tuple[RefusedStarts, ...]
    """The starts that cannot be booked, by reason."""


class JudgedTime(AnswerModel):
    """Whether the time that was asked about (`em`) can be booked."""

    livre: bool
    recusa: SlotReason | None


class CalendarWarning(AnswerModel):
    """The calendar of a responsável has not been read for a while: what was read last counts."""

    codigo: Literal["calendario_indisponivel"]
    mensagem: str
    """The sentence of `codigo`."""
    lido_em: datetime | None
    """When it was last read; null: never."""


class ResponsavelSlots(AnswerModel):
    """When one responsável is free."""

    responsavel_id: UUID | None
    """Null: only a name in agendamentos, with the usual working hours."""
    responsavel: str
    fuso: str
    em: JudgedTime | None
    """About the time of `em`; null where none was asked about."""
    avisos: tuple[CalendarWarning, ...]
    """Why these times may be less certain than usual."""
    dias: tuple[SlotDay, ...]


class ProposedSlot(AnswerModel):
    """A free time that is proposed."""

    responsavel: str
    inicio: datetime
    fim: datetime
    periodo: Literal["manha", "tarde"]


class SlotsAnswer(AnswerModel):
    """Which times are free."""

    de: datetime
    ate: datetime
    duracao_minutos: int
    propostas: tuple[ProposedSlot, ...]
    """Up to three, on different days and periods where there are such."""
    responsaveis: tuple[ResponsavelSlots, ...]


class InvitationAnswer(AnswerModel):
    """How an agendamento stands after its lead has decided; times are where the lead is."""

    situacao: InvitationState
    data: date
    hora: str
    """HH:MM, in `fuso`."""
    fuso: str
    """The time zone of the lead."""
    convite: str
    """The last part of the link for the version that counts now."""
