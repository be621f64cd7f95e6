"""The identity of the caller: its tenant and group come from its token or its API key, never from a parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from chalicelib.errors import Unauthenticated

TENANT_CLAIM = "custom:tenant_id"
GROUPS_CLAIM = "cognito:groups"
TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY_SUBJECT = "chave:"
_LIST = "tenant:"


class Group(StrEnum):
    """What a caller may do. Each group may also do what those before it may (`permissions.py` says what that is)."""

    READER = "leitor"
    OPERATOR = "operador"
    ADMIN = "admin"


READER, OPERATOR, ADMIN = Group
_GROUPS = tuple(Group)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller that the authorizer of API Gateway has authenticated: a person with a token, or a machine with a key."""

    tenant_id: str
    subject: str
    """The subject of the person's login; `chave:` and the id of a key."""
    groups: frozenset[str]
    routes: frozenset[str] | None = None
    """The only routes that a narrower key is for, such as `GET /leads`; None for all of its group."""

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> Self:
        """The person whom the claims of a verified ID token describe.

        Raises:
            Unauthenticated: `nao_autenticado`, the claims have no valid tenant.
        """
        return cls(_tenant(claims.get(TENANT_CLAIM)), str(claims.get("sub", "")), _groups(claims.get(GROUPS_CLAIM)))

    @classmethod
    def of_key(cls, tenant_id: str, chave_id: object, group: str, routes: frozenset[str] | None) -> Self:
        """The machine that holds an API key."""
        return cls(tenant_id, subject_of_key(chave_id), frozenset({group}), routes)

    @property
    def is_key(self) -> bool:
        """Whether the caller is a machine with an API key."""
        return self.subject.startswith(_KEY_SUBJECT)

    @property
    def group(self) -> Group | None:
        """The highest of its groups, which decides what the caller may do; None for nothing."""
        return next((group for group in reversed(_GROUPS) if group in self.groups), None)

    def includes(self, group: Group) -> bool:
        """Whether the caller may do what this group may: it is a member of it, or of one that may do more."""
        return not self.groups.isdisjoint(_GROUPS[_GROUPS.index(group) :])

    def as_context(self) -> dict[str, str]:
        """What the authorizer hands on with each request, and `identify` reads: API Gateway carries texts alone."""
        routes = {} if self.routes is None else {"routes": ",".join(sorted(self.routes))}
        return {
            "tenant_id": self.tenant_id, "subject": self.subject, "groups": ",".join(sorted(self.groups)), **routes,
        }  # fmt: skip


def identify(request_context: Mapping[str, Any]) -> Identity:
    """The identity in an API Gateway request context, as our authorizer put it there.

    Nothing but API Gateway calls the function of the API, and a client cannot write this context.

    Raises:
        Unauthenticated: `nao_autenticado`, no authorizer was asked, or it named no valid tenant.
    """
    context = request_context.get("authorizer") or {}
    routes = context.get("routes")
    return Identity(
        _tenant(context.get("tenant_id")),
        str(context.get("subject", "")),
        _groups(context.get("groups")),
        None if routes is None else _words(routes),
    )


def subject_of_key(chave_id: object) -> str:
    """How a key is named where a person is named by the subject of their login."""
    return f"{_KEY_SUBJECT}{chave_id}"


def list_of(tenant_id: str) -> str:
    """The group of the pool that lists the people of a tenant. It decides nothing, so no identity has it."""
    return f"{_LIST}{tenant_id}"


def _tenant(value: object) -> str:
    if not isinstance(value, str) or not TENANT_ID.fullmatch(value):
        raise Unauthenticated("nao_autenticado")
    return value


def _groups(value: object) -> frozenset[str]:
    """The groups are a list in the token, and text with commas in the context of a request."""
    if isinstance(value, str):
        return _words(value)
    groups = map(str, value) if isinstance(value, list) else ()
    return frozenset(group for group in groups if not group.startswith(_LIST))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) - {""}
