"""RS256 tokens of the local user pool: made by Cognito's own operations, verified with the pool's published keys.

moto signs with a key pair that it ships, and publishes the public key at the pool's JWKS address. So the whole path is
the real one: a user with `custom:tenant_id` in the pool, AdminInitiateAuth, an ID token, JWKS over HTTP. Everybody can
read the private key in moto's package. That is acceptable for a stack that listens on the loopback alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import jwt

from local.aws import ADMIN_GROUP, TENANT_ATTRIBUTE, Aws

# The password of users that exist in the local pool only.
_PASSWORD = "Local-0nly!"


class InvalidToken(Exception):
    """The token is missing, expired, badly signed or of another pool; the text says which, without a quote of it."""


def issue(aws: Aws, pool_id: str, tenant_id: str, groups: Collection[str] = ()) -> str:
    """Return an ID token, valid for an hour, of the tenant's local user with exactly these groups."""
    cognito = aws.client("cognito-idp")
    client_id = _client_id(aws, pool_id)
    user = {"UserPoolId": pool_id, "Username": "-".join(["local", tenant_id, *sorted(groups)])}
    try:
        cognito.admin_create_user(
            **user,
            UserAttributes=[{"Name": f"custom:{TENANT_ATTRIBUTE}", "Value": tenant_id}],
            MessageAction="SUPPRESS",
        )
    except cognito.exceptions.UsernameExistsException:
        pass
    else:
        cognito.admin_set_user_password(**user, Password=_PASSWORD, Permanent=True)
        for group in groups:
            cognito.admin_add_user_to_group(**user, GroupName=group)
    response = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["Username"], "PASSWORD": _PASSWORD},
    )
    token: str = response["AuthenticationResult"]["IdToken"]
    return token


def _client_id(aws: Aws, pool_id: str) -> str:
    clients = aws.client("cognito-idp").list_user_pool_clients(UserPoolId=pool_id, MaxResults=1)["UserPoolClients"]
    client_id: str = clients[0]["ClientId"]
    return client_id


class Verifier:
    """Verifies ID tokens, as the Cognito authorizer of API Gateway does."""

    def __init__(self, *, jwks_url: str, issuer: str, audience: Collection[str]) -> None:
        self._keys = jwt.PyJWKClient(jwks_url, timeout=5)
        self._issuer = issuer
        self._audience = list(audience)

    @classmethod
    def of_pool(cls, aws: Aws, pool_id: str) -> Verifier:
        """Return a verifier that accepts the ID tokens of all clients of a user pool."""
        clients = aws.client("cognito-idp").list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
        return cls(
            jwks_url=f"{aws.endpoint}/{pool_id}/.well-known/jwks.json",
            issuer=f"https://cognito-idp.{aws.region}.amazonaws.com/{pool_id}",
            audience=[client["ClientId"] for client in clients],
        )

    def claims(self, authorization: str | None) -> Mapping[str, Any]:
        """Return the claims of the token in an `Authorization` header, with or without `Bearer` before it.

        Raises:
            InvalidToken: it is not a valid ID token of the pool.
        """
        token = (authorization or "").strip().removeprefix("Bearer ").strip()
        if not token:
            raise InvalidToken("missing")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token),
                algorithms=["RS256"],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(type(error).__name__) from None
        if claims.get("token_use") != "id":
            raise InvalidToken("not an ID token")
        return claims


def as_gateway_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return claims as API Gateway hands them on: every value as text, lists joined by commas."""
    return {name: _as_text(value) for name, value in claims.items()}


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value)


__all__ = ["ADMIN_GROUP", "InvalidToken", "Verifier", "as_gateway_claims", "issue"]
