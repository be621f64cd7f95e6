"""What all answers have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class AnswerModel(BaseModel):
    """The form of an answer, for the contract; services answer with mappings of the same form.

    The text below a field is its description in the contract.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PageModel(AnswerModel):
    """One page of a list."""

    proximo: str | None
    """The `cursor` of the next page; null on the last page."""
