"""What all answers have in common."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class AnswerModel(BaseModel):
    """The form of an answer, for the contract; services answer with mappings of the same form.

    The text below a field is its description in the contract.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class WarningAnswer(AnswerModel):
    """What the creator should know; it refuses nothing."""

    codigo: str
    mensagem: str
    """The sentence of `codigo`."""
    previsto_para: datetime | None
    """When the message may leave; null where the warning is not about that."""
    disparo_id: UUID | None
    """The other disparo that the warning is about."""
    agendamento_id: UUID | None
    """The other agendamento that the warning is about."""


class PageModel(AnswerModel):
    """One page of a list."""

    proximo: str | None
    """The `cursor` of the next page; null on the last page."""


class RefusedItem(AnswerModel):
    """Why nothing was made of one of many."""

    code: str
    detail: str
    """The sentence of `code`."""
    pointer: str
    """What is wrong, as a JSON pointer into the request."""
