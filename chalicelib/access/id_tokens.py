"""The one door to Cognito's ID tokens: verified with the public keys of the pool, which are kept for some minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from chalicelib.errors import Unauthenticated, Unavailable
from chalicelib.telemetry import logger

_TIMEOUT_S = 5.0
_NEEDED = ("exp", "iat", "iss", "aud", "sub")


class IdTokens:
    """Verifies the ID tokens of one user pool, of whichever of its clients, as a Cognito authorizer does.

    The keys are fetched at the first token and again after five minutes. A token that names an unknown key has them
    fetched at most twice a minute, so that forged ones do not make us ask Cognito each time.
    """

    def __init__(self, *, jwks_url: str, issuer: str) -> None:
        self._keys = jwt.PyJWKClient(jwks_url, timeout=_TIMEOUT_S)
        self._issuer = issuer

    def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token.

        Raises:
            Unauthenticated: `nao_autenticado`, it is no valid ID token of the pool.
            Unavailable: `chaves_do_cognito_indisponiveis`, the keys cannot be fetched.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token),
                algorithms=["RS256"],
                issuer=self._issuer,
                # The pool's keys sign for its own clients alone, so the issuer says it all.
                options={"require": list(_NEEDED), "verify_aud": False},
            )
        except jwt.PyJWKClientConnectionError:
            raise Unavailable("chaves_do_cognito_indisponiveis") from None
        except jwt.PyJWTError as error:
            # Only the class of the error: its text may quote the token.
            logger.info("token_refused", extra={"reason": type(error).__name__})
            raise Unauthenticated("nao_autenticado") from None
        if claims.get("token_use") != "id":
            logger.info("token_refused", extra={"reason": "not an ID token"})
            raise Unauthenticated("nao_autenticado")
        return claims
