"""Answers about the channels and the counters of a tenant."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from chalicelib.api.answers.model import AnswerModel
from chalicelib.canal import Canal
from chalicelib.dispatch.states import DisparoStatus, WaitReason


class ChannelPause(AnswerModel):
    """Since when a channel is paused, and why."""

    codigo: str
    """The provider's code or ours."""
    mensagem: str
    """The sentence of `codigo`."""
    desde: datetime
    sondar_em: datetime | None
    """When one message is sent to see whether the channel works again; null if only a person can resume it."""
    por: str | None
    """The id of the person who paused it; null if nobody did."""
    motivo: str | None
    """Why, in that person's words."""
    de_admin: bool
    """Whether only an administrator can resume it."""


class ChannelStep(AnswerModel):
    """Something that a person did to a channel."""

    em: datetime
    acao: Literal["pausado", "retomado"]
    por: str
    """The id of the person."""
    motivo: str | None
    """Why, in that person's words."""


class LimitInUse(AnswerModel):
    """A limit of a channel, and how much of it is used."""

    limite: int | None
    """How many messages may leave; null: as many as there are."""
    usado: int
    """How many the limiter has let through; one that certainly was not sent is given back to the day."""


class LimitsInUse(AnswerModel):
    """The limits of a channel that hold now (`limites` of the configuration)."""

    por_segundo: int
    por_minuto: LimitInUse
    """Used: in this minute of the clock. The rate is steady, so a minute may have a burst more than the limit."""
    por_dia: LimitInUse
    """Used: since midnight where the tenant is."""


class ChannelAnswer(AnswerModel):
    """A channel of the tenant."""

    canal: Canal
    estado: Literal["ativo", "pausado"]
    pausa: ChannelPause | None
    """Null while the channel is `ativo`."""
    limites: LimitsInUse
    pendentes: int
    """How many disparos of the channel are `pendente`."""
    esperam_o_canal: int
    """How many of them wait because the channel is paused."""
    historico: tuple[ChannelStep, ...]
    """What people did to it: the last 20 steps, newest first."""


class ChannelList(AnswerModel):
    """All channels of the tenant."""

    itens: tuple[ChannelAnswer, ...]


class StatusCounts(AnswerModel):
    """How many disparos have each status."""

    pendente: int
    enviando: int
    enviado: int
    confirmado: int
    erro: int
    incerto: int
    cancelado: int
    suprimido: int
    expirado: int
    simulado: int


class DayCounts(AnswerModel):
    """How many disparos were created in a day, and how many came to each status in it."""

    criado: int
    enviado: int
    confirmado: int
    erro: int
    incerto: int
    cancelado: int
    suprimido: int
    expirado: int
    simulado: int


class StatusCountsByChannel(AnswerModel):
    """How many disparos of each channel have each status."""

    whatsapp: StatusCounts
    email: StatusCounts


class DayCountsByChannel(AnswerModel):
    """The counters of a day for each channel."""

    whatsapp: DayCounts
    email: DayCounts


class WaitCount(AnswerModel):
    """How many disparos of a channel wait for the same thing."""

    canal: Canal
    espera: WaitReason
    mensagem: str
    """The sentence of `espera`."""
    total: int


class FailureCount(AnswerModel):
    """How many disparos of a channel ended with the same status for the same reason."""

    canal: Canal
    status: DisparoStatus
    erro_codigo: str
    mensagem: str
    """The sentence of `erro_codigo`."""
    total: int


class TodayCounts(AnswerModel):
    """The tenant's day so far."""

    desde: datetime
    """When the day began in the tenant's time zone."""
    por_canal: DayCountsByChannel


class EventCounts(AnswerModel):
    """What happened to disparos; one that is sent again counts again."""

    enviados: int
    """How many the provider accepted."""
    confirmados: int
    """How many were reported, by the provider or a person, as being with the lead."""
    erros: int
    """How many failed."""


class EventCountsByChannel(AnswerModel):
    """What happened to the disparos of each channel."""

    whatsapp: EventCounts
    email: EventCounts


class HourCounts(EventCounts):
    """What happened in an hour."""

    inicio: datetime
    """When the hour began, in the time zone of the tenant."""
    por_canal: EventCountsByChannel


class DaySeries(EventCounts):
    """What happened in a day, and in each hour of it."""

    dia: date
    fuso: str
    """The time zone of the tenant, of which `dia` is a day."""
    por_canal: EventCountsByChannel
    horas: tuple[HourCounts, ...]
    """All hours of the day in their order: 24, or 23 or 25 where the clock changes; of today those to come as well."""


class QueueCounts(AnswerModel):
    """The disparos that are `pendente`."""

    vencidos: int
    """How many of them are due."""
    futuros: int
    """How many of them have a time that is still to come."""
    exata: bool
    """False if there may be more than `vencidos` and `futuros` say."""
    vencido_desde: datetime | None
    """Since when the first of them has been due; null if none is."""


class PausesByChannel(AnswerModel):
    """The pause of each channel; null while it is `ativo`."""

    whatsapp: ChannelPause | None
    email: ChannelPause | None


class OverviewAnswer(AnswerModel):
    """The counters of the tenant's disparos."""

    total: int
    por_status: StatusCounts
    por_canal: StatusCountsByChannel
    pausas: PausesByChannel
    esperas: tuple[WaitCount, ...]
    """What waits, the largest number first."""
    erros: tuple[FailureCount, ...]
    """What ended for a reason, the largest number first; at most 50 reasons."""
    hoje: TodayCounts
    fila: QueueCounts
