"""RS256 tokens of the local user pool: made by Cognito's own operations, verified against the pool's published keys.

moto signs with a key pair that comes with it and publishes the public half at the pool's JWKS address, so the whole
path is the real one: a user with `custom:tenant_id` in the pool, AdminInitiateAuth, an ID token, JWKS over HTTP. The
private half is in the package for all to see: it is worth as much as a stack that listens on the loopback alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import jwt

from local.aws import ADMIN_GROUP, TENANT_ATTRIBUTE, Aws

# Of users that exist in the local pool only.
_PASSWORD = "Local-0nly!"


class InvalidToken(Exception):
    """The token is missing, expired, badly signed or not of our pool; the text says which and nothing of its inside."""


def issue(aws: Aws, pool_id: str, tenant_id: str, groups: Collection[str] = ()) -> str:
    """An ID token, good for an hour, of the tenant's local user with exactly these groups."""
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
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["Username"], "PASSWORD": _PASSWORD},
    )
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token


def _client_id(aws: Aws, pool_id: str) -> str:
    clients = aws.client("cognito-idp").list_user_pool_clients(UserPoolId=pool_id, MaxResults=1)["UserPoolClients"]
    client_id: str = clients[0]["ClientId"]
    return client_id


class Verifier:
    """Says whose an ID token is, as the Cognito authorizer of API Gateway does."""

    def __init__(self, *, jwks_url: str, issuer: str, audience: Collection[str]) -> None:
        self._keys = jwt.PyJWKClient(jwks_url, timeout=5)
        self._issuer = issuer
        self._audience = list(audience)

    @classmethod
    def of_pool(cls, aws: Aws, pool_id: str) -> Verifier:
        """Accepts the ID tokens that a pool gives the users of its clients."""
        clients = aws.client("cognito-idp").list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
        return cls(
            jwks_url=f"{aws.endpoint}/{pool_id}/.well-known/jwks.json",
            issuer=f"https://cognito-idp.{aws.region}.amazonaws.com/{pool_id}",
            audience=[client["ClientId"] for client in clients],
        )

    def claims(self, authorization: str | None) -> Mapping[str, Any]:
        """The claims of the token in an `Authorization` header, with `Bearer` before it or not.

        Raises:
            InvalidToken: it is not one of the pool's ID tokens, or is one no more.
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
    """Claims as API Gateway hands them on: text, whatever they were; a list with commas between."""
    return {name: _as_text(value) for name, value in claims.items()}


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value)


__all__ = ["ADMIN_GROUP", "InvalidToken", "Verifier", "as_gateway_claims", "issue"]
