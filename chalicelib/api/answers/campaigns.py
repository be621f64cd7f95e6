"""Answers about segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.leads.states import LeadStatus


class SegmentAnswer(AnswerModel):
    """A saved filter over leads."""

    segmento_id: UUID
    nome: str
    filtro: dict[str, Any]
    """As it was sent: `SegmentFilter` describes it."""
    criado_em: datetime
    criado_por: str
    """The user who made it."""
    atualizado_em: datetime
    atualizado_por: str


class SegmentPage(PageModel):
    """A page of segments."""

    itens: tuple[SegmentAnswer, ...]


class ReachCounts(AnswerModel):
    """By which channels leads can be reached: they have a contact that is fit for sending."""

    whatsapp: int
    """By WhatsApp, those of `ambos` included."""
    email: int
    """By e-mail, those of `ambos` included."""
    ambos: int
    nenhum: int


class SampledLead(AnswerModel):
    """One of the leads that were found."""

    lead_id: UUID
    nome: str | None
    status: LeadStatus
    campos: dict[str, Any]


class SegmentCountAnswer(AnswerModel):
    """How many leads a filter finds."""

    total: int
    por_canal: ReachCounts
    amostra: tuple[SampledLead, ...]
    """The newest of them."""
