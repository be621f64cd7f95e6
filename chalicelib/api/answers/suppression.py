"""Answers about suppressed contacts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.canal import Canal
from chalicelib.suppression.requests import SuppressionReason


class SuppressionAnswer(AnswerModel):
    """A contact that no message goes to."""

    supressao_id: UUID
    canal: Canal
    contato: str
    """The phone (E.164) or the e-mail."""
    motivo: SuppressionReason
    disparo_id: UUID | None
    """The disparo that the person answered, where it is known."""
    por: str | None
    """The user who added it; null where the person or the provider did."""
    nota: str | None
    criado_em: datetime


class PersonSuppressionAnswer(AnswerModel):
    """A lead that nobody writes to, with the entries of all its contacts."""

    lead_id: UUID
    nota: str | None
    """Why, in a user's words."""
    por: str
    """The user who did it."""
    criado_em: datetime
    supressoes: tuple[SuppressionAnswer, ...]


class SuppressionPage(PageModel):
    """A page of suppressed contacts."""

    itens: tuple[SuppressionAnswer, ...]
