"""What the URL of a webhook carries; parameters that a provider adds of its own are passed over."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Parameter = Annotated[str, Field(max_length=512)]


class WebhookQuery(BaseModel):
    """The key that says whose webhook it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    chave: Parameter = ""


class ChallengeQuery(WebhookQuery):
    """Meta's question whether the URL is ours (Graph API, webhooks, verification requests)."""

    mode: Annotated[Parameter, Field(alias="hub.mode")] = ""
    verify_token: Annotated[Parameter, Field(alias="hub.verify_token")] = ""
    challenge: Annotated[str, Field(alias="hub.challenge", pattern=r"^[A-Za-z0-9_.-]{0,255}$")] = ""
