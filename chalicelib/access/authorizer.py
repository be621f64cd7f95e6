"""Tells who calls, from the `Authorization` header: a person by an ID token of Cognito, a machine by an API key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.access.keys import PREFIX
from chalicelib.identity import Identity

_SCHEME = "bearer "


class Authorizer:
    """`claims` verifies an ID token, `key` looks a key up; each costs one statement in the database."""

    def __init__(self, *, claims: Callable[[str], Mapping[str, Any]], key: Callable[[str], Identity]) -> None:
        self._claims = claims
        self._key = key

    def identify(self, authorization: str) -> Identity:
        """The caller of a request with this header; the word `Bearer` may be left out.

        Raises:
            Unauthenticated: `nao_autenticado`, neither a valid token nor a valid key.
            Unavailable: the pool's keys, or the database, cannot be reached.
        """
        text = authorization.strip()
        secret = text[len(_SCHEME) :].strip() if text.lower().startswith(_SCHEME) else text
        return self._key(secret) if secret.startswith(PREFIX) else Identity.of_claims(self._claims(secret))
