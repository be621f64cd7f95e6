"""The query parameters of a webhook URL; parameters that a provider adds are ignored."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
