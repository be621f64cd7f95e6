"""The address by which one person unsubscribes, for an e-mail to carry: it names the disparo and nobody."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chalicelib.errors import NotFound, Unavailable
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger
from chalicelib.tokens import Signer

_PURPOSE = "descadastro"
_ID = 16  # bytes


class LinkedDisparo(NamedTuple):
    """The disparo that brought the address, and whose it is: what it was sent to is what is unsubscribed."""

    tenant_id: str
    disparo_id: UUID


class UnsubscribeLinks:
    """`public_url` is where this API is reached from outside, without a slash at the end; None if nobody said so."""

    def __init__(self, *, public_url: str | None, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def url(self, tenant_id: str, disparo_id: UUID) -> str | None:
        """The address for one disparo; None where there can be none, for a message is worth more than its footer."""
        if self._public_url is None:
            return None
        try:
            return f"{self._public_url}/descadastro/{self.token(tenant_id, disparo_id)}"
        except Unavailable as error:
            logger.warning("unsubscribe_link_left_out", extra={"reason": error.code})
            return None

    def token(self, tenant_id: str, disparo_id: UUID) -> str:
        """The last part of the address.

        Raises:
            Unavailable: there is no key to sign with.
        """
        return self._signer.sign(_PURPOSE, disparo_id.bytes + tenant_id.encode())

    def read(self, token: str) -> LinkedDisparo:
        """Whom a token speaks of.

        Raises:
            NotFound: `descadastro_desconhecido`; it is none of ours, or not all of it.
            Unavailable: there is no key to check it with.
        """
        content = self._signer.read(_PURPOSE, token)
        tenant_id = content[_ID:].decode("ascii", "replace") if content else ""
        if content is None or not TENANT_ID.fullmatch(tenant_id):
            raise NotFound("descadastro_desconhecido")
        return LinkedDisparo(tenant_id, UUID(bytes=content[:_ID]))
