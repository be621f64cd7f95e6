"""The only module that talks to Cognito's admin API: the people of the pool, and their groups.

A user is found by their `sub`, whatever the pool takes as a user name. No text of an error is kept: it may quote
an e-mail address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.adapters.aws import Aws, available, error_code
from chalicelib.errors import Unavailable
from chalicelib.identity import TENANT_CLAIM

MOST_AT_ONCE = 60
"""Users of one page: a limit of `ListUsersInGroup`."""
# Who has a password of their own, or another identity provider. The others were invited and have never signed in.
_SIGNED_IN = frozenset({"CONFIRMED", "RESET_REQUIRED", "EXTERNAL_PROVIDER"})
_SERVICE = "cognito-idp"
_NO_USER = "UserNotFoundException"
_NOTHING_THERE = "ResourceNotFoundException"
_TAKEN = "UsernameExistsException"
_INVALID = frozenset({"InvalidParameterException", "InvalidToken"})  # the second one is moto's


class EmailTaken(Exception):
    """The pool has a user with this address."""


class NotAccepted(Exception):
    """Cognito does not accept a value that a client gave."""


@dataclass(frozen=True, slots=True)
class PoolUser:
    """A user of the pool."""

    username: str
    """By which the pool knows them; it may be an e-mail address, so it stays inside."""
    subject: str
    """The `sub` of their tokens."""
    email: str | None
    tenant_id: str | None
    is_enabled: bool
    has_signed_in: bool
    created_at: datetime

    @classmethod
    def of(cls, user: dict[str, Any]) -> Self:
        """What an answer of Cognito says: `UserAttributes` for one user, `Attributes` in a list."""
        given = {each["Name"]: each["Value"] for each in user.get("UserAttributes") or user.get("Attributes") or ()}
        return cls(
            username=user["Username"],
            subject=given.get("sub", ""),
            email=given.get("email"),
            tenant_id=given.get(TENANT_CLAIM),
            is_enabled=bool(user["Enabled"]),
            has_signed_in=user["UserStatus"] in _SIGNED_IN,
            created_at=user["UserCreateDate"],
        )


class UserPool:
    """The users of one pool.

    Every method raises `Unavailable` (`aws_indisponivel`) if Cognito throttles us, refuses us or does not answer.
    """

    def __init__(self, aws: Aws, pool_id: str) -> None:
        self._aws = aws
        self._pool = {"UserPoolId": pool_id}

    def find(self, subject: UUID) -> PoolUser | None:
        """The user with this `sub`; None if there is none.

        A pool whose people sign in with their addresses takes it as a user name, too. In any other pool a list, which
        may lag behind, tells the user name.
        """
        user = self.named(str(subject))
        if user is not None and user.subject == str(subject):
            return user
        with _answering():
            found = self._cognito.list_users(**self._pool, Filter=f'sub = "{subject}"', Limit=1)["Users"]
        return self.named(found[0]["Username"]) if found else None

    def named(self, name: str) -> PoolUser | None:
        """The user with this user name, or with this e-mail address if the pool takes those."""
        with _answering():
            try:
                return PoolUser.of(self._cognito.admin_get_user(**self._pool, Username=name))
            except ClientError as error:
                if error_code(error) == _NO_USER:
                    return None
                raise

    def page(self, group: str, limit: int, token: str | None = None) -> tuple[list[PoolUser], str | None]:
        """Members of a group, at most 60, and what the next page begins with. A group that is not there is empty.

        Raises:
            NotAccepted: the token is none of Cognito's.
        """
        more = {} if token is None else {"NextToken": token}
        with _answering(), _values_checked():
            try:
                found = self._cognito.list_users_in_group(**self._pool, GroupName=group, Limit=limit, **more)
            except ClientError as error:
                if error_code(error) == _NOTHING_THERE:
                    return [], None
                raise
            return [PoolUser.of(each) for each in found["Users"]], found.get("NextToken")

    def groups_of(self, user: PoolUser) -> frozenset[str]:
        """The groups of a user: Cognito allows a hundred, and ours are few."""
        with _answering():
            found = self._cognito.admin_list_groups_for_user(**self._of(user), Limit=MOST_AT_ONCE)["Groups"]
            return frozenset(each["GroupName"] for each in found)

    def create(self, email: str, tenant_id: str) -> PoolUser:
        """Make a user of a tenant, to whom Cognito writes an invitation with a password for the first time.

        Raises:
            EmailTaken: there is one with this address.
            NotAccepted: Cognito does not take the address.
        """
        attributes = {"email": email, "email_verified": "true", TENANT_CLAIM: tenant_id}
        with _answering(), _values_checked():
            try:
                made = self._cognito.admin_create_user(
                    **self._pool,
                    Username=email,
                    UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
                    DesiredDeliveryMediums=["EMAIL"],
                )["User"]
            except ClientError as error:
                if error_code(error) == _TAKEN:
                    raise EmailTaken from None
                raise
            return PoolUser.of(made)

    def invite_again(self, user: PoolUser) -> None:
        """Write the invitation again, with a new password, to a user who has never signed in."""
        with _answering():
            self._cognito.admin_create_user(**self._of(user), MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])

    def join(self, user: PoolUser, group: str) -> None:
        """Put a user into a group, which is made if it is not there."""
        with _answering():
            try:
                self._cognito.admin_add_user_to_group(**self._of(user), GroupName=group)
            except ClientError as error:
                if error_code(error) != _NOTHING_THERE:
                    raise
                self._create_group(group)
                self._cognito.admin_add_user_to_group(**self._of(user), GroupName=group)

    def leave(self, user: PoolUser, group: str) -> None:
        """Take a user out of a group."""
        self._do("admin_remove_user_from_group", **self._of(user), GroupName=group)

    def enable(self, user: PoolUser) -> None:
        """Let a user sign in again."""
        self._do("admin_enable_user", **self._of(user))

    def disable(self, user: PoolUser) -> None:
        """Let a user sign in no more, and get no new token."""
        self._do("admin_disable_user", **self._of(user))

    def _do(self, operation: str, **given: object) -> None:
        call: Callable[..., object] = getattr(self._cognito, operation)
        with _answering():
            call(**given)

    def _create_group(self, group: str) -> None:
        try:
            self._cognito.create_group(**self._pool, GroupName=group)
        except ClientError as error:
            if error_code(error) != "GroupExistsException":  # somebody was quicker
                raise

    def _of(self, user: PoolUser) -> dict[str, str]:
        return {**self._pool, "Username": user.username}

    @property
    def _cognito(self) -> Any:
        return self._aws.client(_SERVICE)


@contextmanager
def _answering() -> Iterator[None]:
    """Translate errors of the SDK, and an answer that is none of Cognito's, such as a proxy's.

    Raises:
        Unavailable: `aws_indisponivel`.
    """
    with available(_SERVICE):
        try:
            yield
        except (KeyError, TypeError) as error:
            raise Unavailable("aws_indisponivel", servico=_SERVICE, reason=type(error).__name__) from None


@contextmanager
def _values_checked() -> Iterator[None]:
    """Tell a value that a client gave, and that Cognito does not take, from a failure."""
    try:
        yield
    except ClientError as error:
        if error_code(error) in _INVALID:
            raise NotAccepted from None
        raise
    except ParamValidationError:
        raise NotAccepted from None
