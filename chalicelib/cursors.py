"""Cursors as clients see them: signed, and bound to the list that gave them.

A cursor is the place after which a page begins. Its client passes it on unread: it is valid for the same tenant, route
and filters only, because a place of one order means nothing in another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from hashlib import sha256

from chalicelib.errors import FieldError, Invalid
from chalicelib.tokens import Signer

_PURPOSE = "cursor"
_LIST_BYTES = 8


class BoundList:
    """One list, while a request for it is answered; `parts` tell it from every other, and are asked for if need be."""

    def __init__(self, signer: Callable[[], Signer], parts: Callable[[], Sequence[object]]) -> None:
        self._signer = signer
        self._parts = parts
        self.next: str | None = None
        """The cursor of the next page, once there is one."""

    @cached_property
    def _digest(self) -> bytes:
        return sha256(json.dumps(self._parts(), sort_keys=True).encode()).digest()[:_LIST_BYTES]

    def signed(self, place: bytes) -> str:
        """The cursor for a place of this list.

        Raises:
            Unavailable: there is no key to sign with.
        """
        self.next = self._signer().sign(_PURPOSE, self._digest + place)
        return self.next

    def place_in(self, cursor: str) -> bytes:
        """The place that a cursor of this list is for.

        Raises:
            Invalid: `cursor_invalido`, it is none of ours; `cursor_de_outra_lista`, it belongs to another list, to
                other filters, or to another tenant.
            Unavailable: there is no key.
        """
        content = self._signer().read(_PURPOSE, cursor)
        if content is None:
            raise refused("cursor_invalido")
        if content[:_LIST_BYTES] != self._digest:
            raise refused("cursor_de_outra_lista")
        return content[_LIST_BYTES:]


_current: ContextVar[BoundList | None] = ContextVar("bound_list", default=None)


@contextmanager
def answering(bound: BoundList) -> Iterator[None]:
    """From here to the end, cursors are those of this list."""
    token = _current.set(bound)
    try:
        yield
    finally:
        _current.reset(token)


def current_list() -> BoundList | None:
    """The list that is being answered; None outside a request, where a service is called for itself."""
    return _current.get()


def refused(code: str) -> Invalid:
    """The refusal of a cursor."""
    return Invalid(code, (FieldError("?/cursor", code, "cursor"),))
