"""The link by which a lead confirms, moves or cancels: it names one version of an agendamento, and no person."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chalicelib.links import SignedLinks
from chalicelib.tokens import Signer

_ID, _VERSION = 16, 4  # bytes


class LinkedMeeting(NamedTuple):
    """The agendamento of a link, in the version that its lead was told of."""

    tenant_id: str
    agendamento_id: UUID
    versao: int


class LeadLinks:
    """`public_url` is where this API is reached from outside, without a slash at the end; None if it is not set."""

    def __init__(self, *, public_url: str | None, signer: Signer) -> None:
        self._links = SignedLinks("convite", name_bytes=_ID + _VERSION, public_url=public_url, signer=signer)

    def url(self, tenant_id: str, agendamento_id: UUID, versao: int) -> str | None:
        """The link for one version; None where none can be made."""
        return self._links.url(tenant_id, _name(agendamento_id, versao))

    def token(self, tenant_id: str, agendamento_id: UUID, versao: int) -> str:
        """The last part of the link.

        Raises:
            Unavailable: there is no key to sign with.
        """
        return self._links.token(tenant_id, _name(agendamento_id, versao))

    def read(self, token: str) -> LinkedMeeting:
        """The version of an agendamento that a token names.

        Raises:
            NotFound: `convite_desconhecido`; the token is not one of ours, or not complete.
            Unavailable: there is no key to check it with.
        """
        tenant_id, name = self._links.read(token, "convite_desconhecido")
        return LinkedMeeting(tenant_id, UUID(bytes=name[:_ID]), int.from_bytes(name[_ID:], "big"))


def _name(agendamento_id: UUID, versao: int) -> bytes:
    return agendamento_id.bytes + versao.to_bytes(_VERSION, "big")
