"""What the API may ask of feeds, and what a lead may decide by a link."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from chalicelib.instants import Instant
from chalicelib.scheduling.rules.names import ResponsavelName


class NewFeed(BaseModel):
    """The responsável whose feed gets a new address; the one that it had before stops working."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    responsavel: ResponsavelName


class LeadDecisionKind(StrEnum):
    """What a lead may decide by the link of an invitation: the buttons of its page."""

    CONFIRMAR = "confirmar"
    REAGENDAR = "reagendar"
    CANCELAR = "cancelar"


class LeadDecision(BaseModel):
    """What a lead decided on the page of a link; `desafio` and `prova` are made by the page and its script."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    acao: LeadDecisionKind
    desafio: Annotated[str, Field(max_length=512)]
    prova: Annotated[str, Field(max_length=64)]
    data_agendada: Annotated[Instant | None, Field(validate_default=True)] = None
    """The time that was chosen; only to `reagendar`, which needs it."""

    @field_validator("data_agendada")
    @classmethod
    def _of_a_move(cls, chosen: Instant | None, info: ValidationInfo) -> Instant | None:
        is_move = info.data.get("acao") is LeadDecisionKind.REAGENDAR
        if "acao" in info.data and is_move and chosen is None:
            raise PydanticKnownError("missing")
        if "acao" in info.data and not is_move and chosen is not None:
            raise PydanticKnownError("extra_forbidden")
        return chosen
