"""The user pool of a stage as its administrator sees it: who signs in, and with which client a token is asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import boto3
import click

from chalicelib.identity import TENANT_CLAIM, Group, list_of

CLIENT = "disparo-agenda-tokens"
"""Only who has AWS credentials can use it: `ALLOW_ADMIN_USER_PASSWORD_AUTH` and nothing else."""


class Pool:
    """One pool; passwords and tokens go to Cognito from this process, so that no argument and no file has them."""

    def __init__(self, arn: str) -> None:
        self.cognito: Any = boto3.client("cognito-idp", region_name=arn.split(":")[3])
        self._id = {"UserPoolId": arn.rpartition("/")[2]}

    def close(self) -> None:
        """Close the connections."""
        self.cognito.close()

    def put(self, email: str, tenant: str, group: Group, **how: Any) -> bool:
        """Make a user of a tenant if there is none, and put them into the group; whether one was made.

        Raises:
            click.ClickException: the address belongs to a user of another tenant.
        """
        user = {**self._id, "Username": email}
        attributes = {"email": email, "email_verified": "true", TENANT_CLAIM: tenant}
        try:
            self.cognito.admin_create_user(
                **user, UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()], **how
            )
            is_new = True
        except self.cognito.exceptions.UsernameExistsException:
            self._check_tenant(user, tenant)
            is_new = False
        with suppress(self.cognito.exceptions.GroupExistsException):
            self.cognito.create_group(**self._id, GroupName=list_of(tenant))
        for name in (list_of(tenant), group.value):
            self.cognito.admin_add_user_to_group(**user, GroupName=name)
        return is_new

    def set_password(self, email: str, password: str) -> None:
        """Give a user a password that stays."""
        self.cognito.admin_set_user_password(**self._id, Username=email, Password=password, Permanent=True)

    def remove(self, email: str) -> None:
        """Delete a user."""
        self.cognito.admin_delete_user(**self._id, Username=email)

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """What Cognito answers to a password: tokens, or a challenge.

        Raises:
            click.ClickException: it is not the password of such a user.
        """
        try:
            answer: dict[str, Any] = self.cognito.admin_initiate_auth(
                **self._id, ClientId=self._client(), AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )  # fmt: skip
        except (self.cognito.exceptions.NotAuthorizedException, self.cognito.exceptions.UserNotFoundException):
            raise click.ClickException("Cognito does not take this address with this password") from None
        return answer

    def renew(self, email: str, password: str, challenge: dict[str, Any]) -> dict[str, Any]:
        """Answer the challenge of whoever signs in for the first time: a password of their own.

        Raises:
            click.ClickException: the pool does not take such a password.
        """
        try:
            answer: dict[str, Any] = self.cognito.admin_respond_to_auth_challenge(
                **self._id, ClientId=self._client(), ChallengeName="NEW_PASSWORD_REQUIRED",
                Session=challenge["Session"], ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": password},
            )  # fmt: skip
        except self.cognito.exceptions.InvalidPasswordException:
            raise click.ClickException("the pool does not take this password: it breaks a rule for passwords") from None
        return answer

    def _check_tenant(self, user: dict[str, str], tenant: str) -> None:
        attributes = self.cognito.admin_get_user(**user)["UserAttributes"]
        if {"Name": TENANT_CLAIM, "Value": tenant} not in attributes:
            raise click.ClickException("this address belongs to a user of another tenant, and that never changes")

    def _client(self) -> str:
        """The id of `CLIENT`, which is made when it is first needed."""
        pages = self.cognito.get_paginator("list_user_pool_clients").paginate(**self._id)
        for each in (each for page in pages for each in page["UserPoolClients"]):
            if each["ClientName"] == CLIENT:
                return str(each["ClientId"])
        made = self.cognito.create_user_pool_client(
            **self._id, ClientName=CLIENT, GenerateSecret=False, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
            ReadAttributes=["email", TENANT_CLAIM], WriteAttributes=["email"],
        )  # fmt: skip
        return str(made["UserPoolClient"]["ClientId"])
