"""The unsubscribe link of an e-mail: it names the disparo, and no person."""

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
    """The disparo that carried a link, and its tenant; the contact that it went to is unsubscribed."""

    tenant_id: str
    disparo_id: UUID


class UnsubscribeLinks:
    """`public_url` is where this API is reached from outside, without a slash at the end; None if it is not set."""

    def __init__(self, *, public_url: str | None, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def url(self, tenant_id: str, disparo_id: UUID) -> str | None:
        """The link for one disparo; None where none can be made: the message matters more than its footer."""
        if self._public_url is None:
            return None
        try:
            return f"{self._public_url}/descadastro/{self.token(tenant_id, disparo_id)}"
        except Unavailable as error:
            logger.warning("unsubscribe_link_left_out", extra={"reason": error.code})
            return None

    def token(self, tenant_id: str, disparo_id: UUID) -> str:
        """The last part of the link.

        Raises:
            Unavailable: there is no key to sign with.
        """
        return self._signer.sign(_PURPOSE, disparo_id.bytes + tenant_id.encode())

    def read(self, token: str) -> LinkedDisparo:
        """The disparo that a token names.

        Raises:
            NotFound: `descadastro_desconhecido`; the token is not one of ours, or not complete.
            Unavailable: there is no key to check it with.
        """
        content = self._signer.read(_PURPOSE, token)
        tenant_id = content[_ID:].decode("ascii", "replace") if content else ""
        if content is None or not TENANT_ID.fullmatch(tenant_id):
            raise NotFound("descadastro_desconhecido")
        return LinkedDisparo(tenant_id, UUID(bytes=content[:_ID]))
