"""Recognises the provider that wrote a request by its proof, and reads the request in that provider's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib.delivery.providers.evolution import is_evolution, read_evolution
from chalicelib.delivery.providers.meta import read_meta
from chalicelib.delivery.providers.neutral import read_neutral
from chalicelib.delivery.providers.notices import ProviderNotice
from chalicelib.delivery.providers.post import ProviderPost
from chalicelib.delivery.providers.resend import read_resend
from chalicelib.delivery.providers.signatures import is_shared, is_signed_by_meta, is_signed_by_twilio
from chalicelib.delivery.providers.twilio import read_twilio
from chalicelib.delivery.providers.values import as_text
from chalicelib.errors import Unreadable
from chalicelib.standard_webhooks import SVIX_NAMES, is_signed

SECRET_HEADER = "x-webhook-secret"  # noqa: S105 - the name of a header


class Provider(NamedTuple):
    """`setting` names the value of our secret that the proof needs; `proves` checks a request by that value."""

    setting: str
    proves: Callable[[ProviderPost, str], bool]
    read: Callable[[ProviderPost], ProviderNotice]


def _sent_shared(posted: ProviderPost, secret: str) -> bool:
    """The secret itself stands in a header, or the body is signed under it by Standard Webhooks."""
    return is_shared(secret, posted.header(SECRET_HEADER)) or is_signed(secret, posted.headers, posted.raw, posted.at)


def _sent_by_evolution(posted: ProviderPost, apikey: str) -> bool:
    """Evolution writes the key of its instance into the body."""
    try:
        return is_evolution(posted.document) and is_shared(apikey, as_text(posted.document.get("apikey")))
    except Unreadable:
        return False


def _read_shared(posted: ProviderPost) -> ProviderNotice:
    """Evolution can send a header of ours instead of its key; everybody else writes our own shape."""
    return read_evolution(posted.document) if is_evolution(posted.document) else read_neutral(posted.document)


PROVIDERS: Sequence[Provider] = (
    Provider(
        "app_secret",
        lambda posted, secret: is_signed_by_meta(secret, posted.raw, posted.header("x-hub-signature-256")),
        lambda posted: read_meta(posted.document),
    ),
    Provider(
        "auth_token",
        lambda posted, secret: is_signed_by_twilio(
            secret, posted.url, posted.fields, posted.header("x-twilio-signature")
        ),
        lambda posted: read_twilio(dict(posted.fields)),
    ),
    Provider(
        "signing_secret",
        lambda posted, secret: is_signed(secret, posted.headers, posted.raw, posted.at, SVIX_NAMES),
        lambda posted: read_resend(posted.document),
    ),
    Provider("segredo", _sent_shared, _read_shared),
    Provider("apikey", _sent_by_evolution, lambda posted: read_evolution(posted.document)),
)
"""Meta, Twilio, Resend, whoever sends our own secret, Evolution. The settings have the names that the providers use."""


def author_of(posted: ProviderPost, secret: Mapping[str, Any]) -> Provider | None:
    """The provider that proves to have written the request; None if nobody does."""
    return next((each for each in PROVIDERS if _is_proven(each, posted, secret.get(each.setting))), None)


def is_configured(secret: Mapping[str, Any]) -> bool:
    """Whether any provider could prove itself by this secret."""
    return any(isinstance(secret.get(each.setting), str) and secret[each.setting] for each in PROVIDERS)


def _is_proven(provider: Provider, posted: ProviderPost, value: object) -> bool:
    return isinstance(value, str) and bool(value) and provider.proves(posted, value)
