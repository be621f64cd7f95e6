"""Answers about agendamentos."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, WarningAnswer
from chalicelib.scheduling.booking.requests import AgendamentoCanal, AgendamentoKind
from chalicelib.scheduling.rules.slots import SlotRefusal
from chalicelib.scheduling.staff.requests import BlockedPeriod, BlockedWeekly, WorkingWeek
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
    """Of `bloqueado`, by which bloqueio."""


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


class ResponsavelSlots(AnswerModel):
    """When one responsável is free."""

    responsavel_id: UUID | None
    """Null: only a name in agendamentos, with the usual working hours."""
    responsavel: str
    fuso: str
    em: JudgedTime | None
    """About the time of `em`; null where none was asked about."""
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
