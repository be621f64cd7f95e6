"""The query parameters of a webhook URL, where those that a provider adds are ignored; and requests about replies."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.canal import Canal
from chalicelib.pages import PageQuery
from chalicelib.suppression.optout import OptOutWish
from chalicelib.suppression.requests import ContactText

Parameter = Annotated[str, Field(max_length=512)]


class WebhookQuery(BaseModel):
    """The signed key that names the tenant of the webhook."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    chave: Parameter = ""


class ChallengeQuery(WebhookQuery):
    """Meta's verification request (Graph API, webhooks)."""

    mode: Annotated[Parameter, Field(alias="hub.mode")] = ""
    verify_token: Annotated[Parameter, Field(alias="hub.verify_token")] = ""
    challenge: Annotated[str, Field(alias="hub.challenge", pattern=r"^[A-Za-z0-9_.-]{0,255}$")] = ""


class ReplyQuery(PageQuery):
    """A page of replies; every filter that is given has to fit."""

    canal: Canal | None = None
    lead_id: UUID | None = None
    disparo_id: UUID | None = None
    campanha_id: UUID | None = None
    """The campaign that it answers."""
    contato: ContactText | None = None
    """In any spelling; a text that is no contact finds nothing."""
    pedido: OptOutWish | None = None
    sem_lead: bool | None = None
    """Whether it belongs to no lead."""
    revisar: bool | None = None
    """Whether a person has to look at it."""
    resolvida: bool | None = None
    """Whether a person has settled it."""


class ReplyAssignment(BaseModel):
    """The lead whose reply it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lead_id: UUID


class ReplyDecision(StrEnum):
    """What a person found in a reply: the wish for no more messages, or no such wish."""

    DESCADASTRO = "descadastro"
    SEM_PEDIDO = "sem_pedido"


class ReplySettlement(BaseModel):
    """What a person decided about a reply."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decisao: ReplyDecision
