"""RS256 tokens of the local user pool, made by Cognito's own operations; the app verifies them with the pool's keys.

moto signs with a key pair that it ships, and publishes the public key at the pool's JWKS address. So the whole path is
the real one: a user with `custom:tenant_id` in the pool, AdminInitiateAuth, an ID token, JWKS over HTTP. Everybody can
read the private key in moto's package. That is acceptable for a stack that listens on the loopback alone.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from chalicelib.identity import list_of
from local.aws import TENANT_ATTRIBUTE, Aws

# The password of users that exist in the local pool only.
_PASSWORD = "Local-0nly!"


def issue(aws: Aws, pool_id: str, tenant_id: str, groups: Collection[str] = ()) -> str:
    """Return an ID token, valid for an hour, of the tenant's local user with exactly these groups."""
    cognito = aws.client("cognito-idp")
    client_id = _client_id(aws, pool_id)
    user = {"UserPoolId": pool_id, "Username": email_of(tenant_id, groups)}
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            **user,
            UserAttributes=[{"Name": f"custom:{TENANT_ATTRIBUTE}", "Value": tenant_id}],
            MessageAction="SUPPRESS",
        )
    # Also for a user that exists: another caller, or one that was interrupted, may only have created it.
    cognito.admin_set_user_password(**user, Password=_PASSWORD, Permanent=True)
    with suppress(cognito.exceptions.GroupExistsException):
        cognito.create_group(UserPoolId=pool_id, GroupName=list_of(tenant_id))
    for group in (list_of(tenant_id), *groups):
        cognito.admin_add_user_to_group(**user, GroupName=group)
    response = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["Username"], "PASSWORD": _PASSWORD},
    )
    token: str = response["AuthenticationResult"]["IdToken"]
    return token


def email_of(tenant_id: str, groups: Collection[str]) -> str:
    """The address that the tenant's local user with these groups signs in with."""
    return f"{'-'.join(['local', tenant_id, *sorted(groups)])}@example.com"


def _client_id(aws: Aws, pool_id: str) -> str:
    clients = aws.client("cognito-idp").list_user_pool_clients(UserPoolId=pool_id, MaxResults=1)["UserPoolClients"]
    client_id: str = clients[0]["ClientId"]
    return client_id


def jwks_url(aws: Aws, pool_arn: str) -> str:
    """Return the address of the pool's public keys in moto."""
    return f"{aws.endpoint}/{pool_arn.rsplit('/', 1)[-1]}/.well-known/jwks.json"
