"""The link by which a lead confirms, moves or cancels: it names one version of an agendamento, and no person."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chalicelib.errors import NotFound, Unavailable
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger
from chalicelib.tokens import Signer

_PURPOSE = "convite"
_ID, _VERSION = 16, 4  # bytes
_FIXED = _ID + _VERSION


class LinkedMeeting(NamedTuple):
    """The agendamento of a link, in the version that its lead was told of."""

    tenant_id: str
    agendamento_id: UUID
    versao: int


class LeadLinks:
    """`public_url` is where this API is reached from outside, without a slash at the end; None if it is not set."""

    def __init__(self, *, public_url: str | None, signer: Signer) -> None:
        self._public_url = public_url
        self._signer = signer

    def url(self, tenant_id: str, agendamento_id: UUID, versao: int) -> str | None:
        """The link for one version; None where none can be made: the message matters more than its link."""
        if self._public_url is None:
            return None
        try:
            return f"{self._public_url}/convite/{self.token(tenant_id, agendamento_id, versao)}"
        except Unavailable as error:
            logger.warning("lead_link_left_out", extra={"reason": error.code})
            return None

    def token(self, tenant_id: str, agendamento_id: UUID, versao: int) -> str:
        """The last part of the link.

        Raises:
            Unavailable: there is no key to sign with.
        """
        version = versao.to_bytes(_VERSION, "big")
        return self._signer.sign(_PURPOSE, agendamento_id.bytes + version + tenant_id.encode())

    def read(self, token: str) -> LinkedMeeting:
        """The version of an agendamento that a token names.

        Raises:
            NotFound: `convite_desconhecido`; the token is not one of ours, or not complete.
            Unavailable: there is no key to check it with.
        """
        content = self._signer.read(_PURPOSE, token) or b""
        tenant_id = content[_FIXED:].decode("ascii", "replace")
        if not TENANT_ID.fullmatch(tenant_id):
            raise NotFound("convite_desconhecido")
        return LinkedMeeting(tenant_id, UUID(bytes=content[:_ID]), int.from_bytes(content[_ID:_FIXED], "big"))
