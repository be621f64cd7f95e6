"""What the API may ask about subscriptions and their deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.adapters.addresses import MOST_URL, checked_url
from chalicelib.instants import Instant
from chalicelib.pages import PageQuery
from chalicelib.scheduling.rules.names import visible
from chalicelib.subscriptions.kinds import EventKind
from chalicelib.subscriptions.states import DeliveryStatus
from chalicelib.unseen import without_directions

MOST_DAYS = 31
"""The longest span of one request for a replay."""

ReceiverUrl = Annotated[str, StringConstraints(min_length=1, max_length=MOST_URL), AfterValidator(checked_url)]
Description = Annotated[str, Field(max_length=200), AfterValidator(visible), AfterValidator(without_directions)]
WantedEvents = Annotated[tuple[EventKind, ...], Field(max_length=len(EventKind))]
"""Empty: all events."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class NewSubscription(_Request):
    """An address that events are posted to, and which ones."""

    url: ReceiverUrl
    """An https URL at a public address."""
    eventos: WantedEvents = ()
    """The types of events; empty or left out: all of them, those of the future too."""
    descricao: Description | None = None


class SubscriptionChange(_Request):
    """The fields of a subscription that change."""

    url: ReceiverUrl | None = None
    eventos: WantedEvents | None = None
    descricao: Description | None = None
    ativa: bool | None = None
    """False switches the subscription off and cancels what waits; true switches it on again."""

    @field_validator("url", "eventos", "ativa")
    @classmethod
    def _be_there(cls, value: object) -> object:
        if value is None:
            raise PydanticKnownError("missing")
        return value

    @model_validator(mode="after")
    def _change_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("mudanca_vazia", "nothing to change")
        return self


class DeliveryQuery(PageQuery):
    """Which deliveries of a subscription to list."""

    status: DeliveryStatus | None = None


class ReplayRange(_Request):
    """Which events to deliver again: those of a span of time that the subscription wants now."""

    de: Instant
    ate: Instant
    """Excluded; at most 31 days after `de`."""
    entregues: bool = False
    """Whether events that have arrived are delivered again, too."""

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        if self.ate <= self.de:
            raise PydanticCustomError("fim_antes_do_inicio", "the end is not after the start")
        if self.ate - self.de > timedelta(days=MOST_DAYS):
            raise PydanticCustomError("periodo_longo", str(MOST_DAYS))
        return self
