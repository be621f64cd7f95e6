"""The Lambda authorizer of API Gateway: who calls, in the form that the gateway takes."""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import AuthResponse

from chalicelib.errors import DomainError, Unauthenticated
from chalicelib.identity import Identity
from chalicelib.telemetry import logger

TTL_S = 60
"""How long API Gateway keeps an answer for a token or a key: so long a revoked key may still work."""
UNAUTHORIZED = "Unauthorized"


class Unauthorized(Exception):
    """What makes API Gateway answer 401, which it does not keep: it compares the text with `Unauthorized`."""

    def __init__(self) -> None:
        super().__init__(UNAUTHORIZED)


class AuthorizerFailed(Exception):
    """What makes API Gateway answer 503: nobody could tell who calls; the text is the code of the reason."""


def admitted(identify: Callable[[str], Identity], authorization: str) -> AuthResponse:
    """The answer for the gateway. It lets the caller reach every route: the API itself checks the group.

    The gateway keeps the answer for a header, whatever the route, so an answer for one route would be one for all.

    Raises:
        Unauthorized: the header holds no valid token and no valid key.
        AuthorizerFailed: that cannot be told now.
    """
    try:
        identity = identify(authorization)
    except Unauthenticated:
        raise Unauthorized from None
    except DomainError as error:
        logger.error("authorizer_failed", extra={"code": error.code})
        raise AuthorizerFailed(error.code) from None
    return AuthResponse(["*"], identity.subject, identity.as_context())
