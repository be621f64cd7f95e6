"""What became of one tool call on the wire, before a channel says what it means.

The question that matters is whether the server may have acted on the request. Only `NotWritten` and `Refused` are
proof that it did not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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

# Nothing that a server asks for is waited for longer than this.
_LONGEST_WAIT_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The server answered; `text` is all text of the answer, `structured` its `structuredContent`."""

    is_error: bool
    text: str
    structured: object | None
    latency_s: float


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The request never left, so it is safe to repeat; `retry_after` in seconds."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server turned the request away by an HTTP status, without acting on it; `retry_after` in seconds.

    `at_handshake`: it was the session that was refused, so that the message had no part in it.
    """

    status: int
    retry_after: float | None = None
    at_handshake: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The request was written and its fate is unknown."""

    reason: str


CallResult = Answer | NotWritten | Refused | Lost


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header (RFC 9110 §10.2.3: seconds or an HTTP date); None if it says nothing.

    `now` is aware; the server's own `Date`, where it sends one, spares both clocks from having to agree.
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
    """The moment that an HTTP date names, aware; None if it names none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def of_status(status: int, retry_after: float | None, *, in_session: bool) -> CallResult:
    """What an HTTP status (300 and above) that answers a written tool call proves; `in_session`: it named a session.

    4xx and unfollowed redirects are turned away before anything acts on them; a 404 to a request that names a session
    says that the session is gone (MCP, Streamable HTTP, "Session Management"). 501 and 505 are about what the server
    can never do. 503 with a Retry-After is a server that defers. Every other 5xx, a bare 503 included, may come from
    a gateway that had already passed the request on.
    """
    if status == 404 and in_session:
        return NotWritten(SESSION_GONE)
    if status < 500 or status in (501, 505) or (status == 503 and retry_after is not None):
        return Refused(status, retry_after)
    return Lost(f"http_{status}")


def of_handshake_status(status: int, retry_after: float | None) -> CallResult:
    """What an HTTP status (300 and above) says that ended the handshake, when no call had been written."""
    if status >= 500 and status not in (501, 505):
        return NotWritten(f"http_{status}", retry_after)
    return Refused(status, retry_after, at_handshake=True)
