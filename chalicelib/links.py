"""Signed links of messages to our own pages: a link names a row of a tenant, and no person."""

from __future__ import annotations

from chalicelib.errors import NotFound, Unavailable
from chalicelib.identity import TENANT_ID
from chalicelib.telemetry import logger
from chalicelib.tokens import Signer


class SignedLinks:
    """The links to one page: `page` is its path and the purpose of its tokens, `name_bytes` the size of what is named.

    `public_url` is where this API is reached from outside, without a slash at the end; None if it is not set.
    """

    def __init__(self, page: str, *, name_bytes: int, public_url: str | None, signer: Signer) -> None:
        self._page = page
        self._name_bytes = name_bytes
        self._public_url = public_url
        self._signer = signer

    def url(self, tenant_id: str, name: bytes) -> str | None:
        """The link; None where none can be made: the message matters more than its link."""
        if self._public_url is None:
            return None
        try:
            return f"{self._public_url}/{self._page}/{self.token(tenant_id, name)}"
        except Unavailable as error:
            logger.warning("link_left_out", extra={"page": self._page, "reason": error.code})
            return None

    def token(self, tenant_id: str, name: bytes) -> str:
        """The last part of the link.

        Raises:
            Unavailable: there is no key to sign with.
        """
        return self._signer.sign(self._page, name + tenant_id.encode())

    def read(self, token: str, unknown: str) -> tuple[str, bytes]:
        """The tenant of a link, and what it names.

        Raises:
            NotFound: `unknown`; the token is not one of ours, or not complete.
            Unavailable: there is no key to check it with.
        """
        content = self._signer.read(self._page, token) or b""
        tenant_id = content[self._name_bytes :].decode("ascii", "replace")
        if not TENANT_ID.fullmatch(tenant_id):
            raise NotFound(unknown)
        return tenant_id, content[: self._name_bytes]
