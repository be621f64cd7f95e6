"""How many slow searches of one tenant run at once: a few have a seat, the others wait a moment and are then refused.

Each request is a process and a connection of its own, so only the database can count them. A seat is an advisory lock
of the transaction: it is free again when the search ends, however it ends.
"""

from __future__ import annotations

from random import randint
from typing import Annotated, Any, Protocol
from unicodedata import normalize

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.errors import TooManyRequests, Unavailable

SEATS = 2
"""Of one tenant; each keeps one core of the database busy."""
_WAIT_MS = 3_000
_LOCK_TIMEOUT = "55P03"
"""The SQLSTATE of a wait that was too long."""


_LEAST_LETTERS = 3


def _searched(text: str) -> str:
    composed = normalize("NFC", text)
    # An index finds three letters that stand together, not fewer.
    if sum(map(str.isalnum, composed)) < _LEAST_LETTERS:
        raise PydanticCustomError("busca_curta", "fewer than three letters or digits")
    return composed


SearchText = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_searched)]
"""Part of a name, three letters or digits at least; case and accents do not matter."""


class Searches(Protocol):
    """An open transaction of one tenant."""

    def one(self, query: str, **params: object) -> dict[str, Any] | None:
        """The first row of a named query, or None."""
        ...


def take_seat(rows: Searches, *, wait_ms: int = _WAIT_MS) -> None:
    """Take one of the tenant's seats until the end of the transaction; call it before a query that may read a lot.

    Raises:
        TooManyRequests: `buscas_demais`; none became free in time.
    """
    if rows.one("take_search_seat", lugares=SEATS) is not None:
        return
    try:
        rows.one("wait_for_search_seat", lugar=randint(1, SEATS), espera=f"{wait_ms}ms")  # noqa: S311 - any will do
    except Unavailable as error:
        if error.reason == _LOCK_TIMEOUT:
            raise TooManyRequests("buscas_demais") from None
        raise
