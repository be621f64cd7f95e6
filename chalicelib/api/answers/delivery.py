"""Answers about webhooks."""

from __future__ import annotations

from chalicelib.api.answers.model import AnswerModel
from chalicelib.canal import Canal


class WebhookAddress(AnswerModel):
    """The webhook of a channel."""

    canal: Canal
    url: str
    """To be entered at the provider; it carries the tenant's key."""


class WebhookAddressList(AnswerModel):
    """The webhooks of all channels."""

    itens: tuple[WebhookAddress, ...]


class WebhookReceipt(AnswerModel):
    """What a provider's notification came to."""

    aplicados: int
    """How many disparos changed."""
    guardados: int
    """How many reports are kept, because their disparo is not known yet."""
    respostas: int
    """How many replies of people it held."""
