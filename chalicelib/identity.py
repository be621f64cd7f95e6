"""The identity of the caller: its tenant and groups come from the Cognito claims, never from a parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import Forbidden, Unauthenticated

ADMIN = "admin"
OPERATOR = "operador"
TENANT_CLAIM = "custom:tenant_id"
TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller that API Gateway has authenticated."""

    tenant_id: str
    subject: str
    groups: frozenset[str]

    def require(self, *groups: str) -> None:
        """Check that the caller is a member of one of these Cognito groups.

        Raises:
            Forbidden: `grupo_exigido`, the caller is no member.
        """
        if self.groups.isdisjoint(groups):
            raise Forbidden("grupo_exigido", grupo="/".join(groups))


def identify(request_context: Mapping[str, Any]) -> Identity:
    """The identity in an API Gateway request context.

    The local servers of Chalice do not enforce the authorizer of API Gateway, so this function requires the claims too.

    Raises:
        Unauthenticated: `nao_autenticado`, there are no claims, or no valid tenant in them.
    """
    claims = (request_context.get("authorizer") or {}).get("claims") or {}
    tenant_id = claims.get(TENANT_CLAIM)
    if not isinstance(tenant_id, str) or not TENANT_ID.fullmatch(tenant_id):
        raise Unauthenticated("nao_autenticado")
    return Identity(tenant_id, str(claims.get("sub", "")), _groups(claims.get("cognito:groups")))


def _groups(claim: object) -> frozenset[str]:
    """The groups are a list in the token; API Gateway passes them on as text, separated by commas or blanks."""
    if isinstance(claim, str):
        return frozenset(re.split(r"[,\s]+", claim.strip("[] "))) - {""}
    return frozenset(str(group) for group in claim) if isinstance(claim, list) else frozenset()
