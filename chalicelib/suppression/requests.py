"""What the API may ask of the suppression list."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.canal import Canal
from chalicelib.pages import PageQuery

# Long enough for an address with a name in front; `contacts.canonical` judges what it says.
ContactText = Annotated[str, Field(min_length=1, max_length=400)]
NoteText = Annotated[str, Field(min_length=1, max_length=500)]


class SuppressionReason(StrEnum):
    """Why a contact is on the list: a user's decision (`manual`), or the person's own in one of four ways.

    `apagamento`: the person had all data erased, and the contact came back.
    """

    MANUAL = "manual"
    PROVEDOR = "provedor"
    RESPOSTA = "resposta"
    DESCADASTRO = "descadastro"
    APAGAMENTO = "apagamento"


class NewSuppression(BaseModel):
    """A contact that gets no messages by a channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    canal: Canal
    contato: ContactText
    motivo: SuppressionReason = SuppressionReason.MANUAL
    nota: NoteText | None = None


class PersonSuppression(BaseModel):
    """A lead that nobody writes to by any contact."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    nota: NoteText | None = None
    """Why, in a user's words."""


class SuppressionQuery(PageQuery):
    """A page of the list; every filter that is given has to fit."""

    quick_filters = frozenset({"contato"})

    canal: Canal | None = None
    motivo: SuppressionReason | None = None
    contato: ContactText | None = None
    """In any spelling; a text that is no contact finds nothing."""


class SuppressionRemoval(BaseModel):
    """What is asked of an administrator who takes a contact off the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    novo_consentimento: bool = False
    """The person who opted out has agreed again since, and a record of it exists."""
