"""Answers about the service itself."""

from __future__ import annotations

from typing import Any, Literal

from chalicelib.api.answers.model import AnswerModel


class HealthAnswer(AnswerModel):
    """The API and its database answer."""

    status: Literal["ok"]
    banco: Literal["ok"]


class OpenApiDocument(AnswerModel):
    """An OpenAPI document (https://spec.openapis.org/oas/v3.1.0)."""

    openapi: str
    info: dict[str, Any]
    servers: tuple[dict[str, Any], ...]
    tags: tuple[dict[str, Any], ...]
    paths: dict[str, Any]
    webhooks: dict[str, Any]
    components: dict[str, Any]
