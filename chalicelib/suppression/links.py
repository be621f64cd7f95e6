"""The unsubscribe link of an e-mail: it names the disparo, and no person."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chalicelib.links import SignedLinks
from chalicelib.tokens import Signer

_ID = 16  # bytes


class LinkedDisparo(NamedTuple):
    """The disparo that carried a link, and its tenant; the contact that it went to is unsubscribed."""

    tenant_id: str
    disparo_id: UUID


class UnsubscribeLinks:
    """`public_url` is where this API is reached from outside, without a slash at the end; None if it is not set."""

    def __init__(self, *, public_url: str | None, signer: Signer) -> None:
        self._links = SignedLinks("descadastro", name_bytes=_ID, public_url=public_url, signer=signer)

    def url(self, tenant_id: str, disparo_id: UUID) -> str | None:
        """The link for one disparo; None where none can be made."""
        return self._links.url(tenant_id, disparo_id.bytes)

    def token(self, tenant_id: str, disparo_id: UUID) -> str:
        """The last part of the link.

        Raises:
            Unavailable: there is no key to sign with.
        """
        return self._links.token(tenant_id, disparo_id.bytes)

    def read(self, token: str) -> LinkedDisparo:
        """The disparo that a token names.

        Raises:
            NotFound: `descadastro_desconhecido`; the token is not one of ours, or not complete.
            Unavailable: there is no key to check it with.
        """
        tenant_id, name = self._links.read(token, "descadastro_desconhecido")
        return LinkedDisparo(tenant_id, UUID(bytes=name))
