"""What one may ask of the list of those who are not written to."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.canal import Canal
from chalicelib.pages import PageQuery

# As long as an address with a name in front may be; what it says is for `contacts.canonical` to judge.
ContactText = Annotated[str, Field(min_length=1, max_length=400)]


class SuppressionReason(StrEnum):
    """Why a contact is on the list: a user's decision, or the person's own in one of three ways."""

    MANUAL = "manual"
    PROVEDOR = "provedor"
    RESPOSTA = "resposta"
    DESCADASTRO = "descadastro"


class NewSuppression(BaseModel):
    """A contact that is not to be written to by a channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    canal: Canal
    contato: ContactText
    motivo: SuppressionReason = SuppressionReason.MANUAL


class SuppressionQuery(PageQuery):
    """A page of the list, by filters that all have to fit."""

    canal: Canal | None = None
    motivo: SuppressionReason | None = None
    contato: ContactText | None = None
    """However it is written; one that cannot be read as a contact is nobody's."""


class SuppressionRemoval(BaseModel):
    """What one who takes a contact off the list has to say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    novo_consentimento: bool = False
    """The person who opted out has since agreed again, and there is a record of it."""
