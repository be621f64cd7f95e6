"""The result of one tool call on the wire, before a channel gives it a meaning.

What matters is whether the server may have acted on the request. Only `NotWritten` and `Refused` prove that it did
not.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

# Reasons of `NotWritten`.
NO_CONNECTION = "sem_conexao"
HANDSHAKE_FAILED = "handshake_falhou"
SESSION_GONE = "sessao_perdida"
TOOL_MISSING = "ferramenta_ausente"
BAD_ARGUMENTS = "argumentos_invalidos"
OUT_OF_TIME = "sem_tempo"

# Reasons of `Lost`; a status that proves nothing is `http_<status>`.
TIMED_OUT = "tempo_esgotado"
CONNECTION_LOST = "conexao_perdida"
BAD_ANSWER = "resposta_invalida"

# The longest wait that we accept from a server.
_LONGEST_WAIT_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The server answered; `text` is all the text of the answer, `structured` its `structuredContent`."""

    is_error: bool
    text: str
    structured: object | None
    latency_s: float


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The request was never written, so it is safe to repeat; `retry_after` is in seconds."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused the request by an HTTP status, without acting on it; `retry_after` is in seconds.

    `at_handshake`: the server refused the session, before it saw any message.
    """

    status: int
    retry_after: float | None = None
    at_handshake: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The request was written, and nobody knows whether the server acted on it."""

    reason: str


CallResult = Answer | NotWritten | Refused | Lost

R_contra = TypeVar("R_contra", contravariant=True)


class Ledger(Protocol[R_contra]):
    """Records which calls of a batch begin and how they end; a call is named by its place in the batch.

    Each call ends once, even a call that never began. After a crash, only the ledger knows which calls began and did
    not end.
    """

    def advance(self, ended: Mapping[int, R_contra], begin: Sequence[int]) -> Collection[int]:
        """Record how some calls ended and which calls are about to begin; returns those that may be made.

        A call that may not be made is dropped, and its end is never recorded.
        """
        ...


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header (RFC 9110 §10.2.3: seconds or an HTTP date); None if it is neither.

    `now` is aware. Pass the server's own `Date` where it sends one: its clock may differ from ours.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:20]), _LONGEST_WAIT_S)
    moment = parse_http_date(text)
    if moment is None:
        return None
    return min(max(math.ceil((moment - now).total_seconds()), 0.0), _LONGEST_WAIT_S)


def parse_http_date(value: str) -> datetime | None:
    """The time of an HTTP date, aware; None if the text is no date."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def of_status(status: int, retry_after: float | None, *, in_session: bool) -> CallResult:
    """The result of a written tool call that an HTTP status (300 and above) answers.

    `in_session`: the request named a session. A 404 to such a request means that the session is gone (MCP, Streamable
    HTTP, "Session Management"). A server sends any other 4xx, and a redirect that we do not follow, before it acts on
    the request. 501 and 505 mean that the server can never do it. 503 with a Retry-After means that the server defers
    it. Every other 5xx, a bare 503 included, may come from a gateway that had already passed the request on.
    """
    if status == 404 and in_session:
        return NotWritten(SESSION_GONE)
    if status < 500 or status in (501, 505) or (status == 503 and retry_after is not None):
        return Refused(status, retry_after)
    return Lost(f"http_{status}")


def of_handshake_status(status: int, retry_after: float | None) -> CallResult:
    """The result of every call when an HTTP status (300 and above) ended the handshake: no call was written."""
    if status >= 500 and status not in (501, 505):
        return NotWritten(f"http_{status}", retry_after)
    return Refused(status, retry_after, at_handshake=True)
