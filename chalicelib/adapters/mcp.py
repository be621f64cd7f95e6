"""The only module that talks to MCP servers: a batch of tool calls in one session, many in flight, each isolated.

The SDK ends a whole client when one connection drops, and it loses HTTP statuses. `_Isolating` solves both: it stands
between the SDK and the network, and turns the failure of one request into a JSON-RPC error for that request alone.
The import of the SDK takes one second; only the executor and the check of a channel import this module.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from time import perf_counter
from typing import Any, cast

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    PARSE_ERROR,
    REQUEST_TIMEOUT,
    CallToolResult,
    Implementation,
    TextContent,
    Tool,
)

from chalicelib.adapters.addresses import AddressOf, NotPublic
from chalicelib.adapters.calls import (
    BAD_ANSWER,
    BAD_ARGUMENTS,
    CONNECTION_LOST,
    HANDSHAKE_FAILED,
    NO_CONNECTION,
    OUT_OF_TIME,
    TIMED_OUT,
    TOOL_MISSING,
    Answer,
    CallResult,
    Ledger,
    Lost,
    NotWritten,
    Refused,
    of_handshake_status,
    of_status,
    parse_http_date,
    parse_retry_after,
)
from chalicelib.adapters.web.posts import pinned, ssl_context
from chalicelib.adapters.web.wire import Wire
from chalicelib.errors import Unavailable

# The logs of these packages quote answers and addresses, which may hold personal data.
for _name in ("mcp", "httpx2", "aiohttp"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

_CLIENT = Implementation(name="disparo-agenda", version="1")
_LARGEST_ANSWER = 4 * 1024 * 1024
_MOST_PAGES = 100
# The event loop in C: a batch of calls takes a tenth less of the processor with it.
_LOOP = {"use_uvloop": True}
# The DELETE that ends a session is optional; a server that does not answer it must not delay the batch.
_SESSION_END_S = 2.0
# After one of these errors, no part of the request has been written.
_NOT_WRITTEN = (httpx2.ConnectError, httpx2.ConnectTimeout)
_STATUS_DECIDES = frozenset({401, 402, 403, 407, 408, 429, 503})
_ERROR_CODE = -32099
# Errors that the SDK itself raises, and that a server may send too; every other error is an answer of the server.
_SDK_ERRORS: Mapping[int, str] = {
    CONNECTION_CLOSED: CONNECTION_LOST,
    REQUEST_TIMEOUT: TIMED_OUT,
    PARSE_ERROR: BAD_ANSWER,
    INVALID_REQUEST: BAD_ANSWER,
}


class McpServer:
    """One MCP server over streamable HTTP; `timeout_s` limits each call from the moment when it is written.

    `address_of`, if given, returns the address to connect to for the host of the URL.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        connect_timeout_s: float = 5.0,
        timeout_s: float = 30.0,
        address_of: AddressOf | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url = url
        self._headers = dict(headers or {})
        self._timeout = httpx2.Timeout(timeout_s, connect=connect_timeout_s)
        # The timeouts of the HTTP client are more exact, so they end first. This one ends a stream that only trickles.
        self._deadline_s = connect_timeout_s + timeout_s
        self._address_of = address_of
        self._now = now

    def call_all(
        self,
        tool: str,
        calls: Sequence[Mapping[str, object]],
        *,
        in_flight: int = 50,
        begin_within_s: float = math.inf,
    ) -> list[CallResult]:
        """Call one tool with each of these arguments, at most `in_flight` at a time; results in the order of `calls`.

        Works as `call_with`, but needs no ledger: it returns the results.
        """
        collected = _Collected()
        self.call_with(collected, tool, calls, in_flight=in_flight, begin_within_s=begin_within_s)
        return [collected.results[place] for place in range(len(calls))]

    def call_with(
        self,
        ledger: Ledger[CallResult],
        tool: str,
        calls: Sequence[Mapping[str, object]],
        *,
        in_flight: int = 50,
        begin_within_s: float = math.inf,
    ) -> None:
        """Call one tool with each of these arguments; the ledger records each portion before its calls are written.

        At most `in_flight` calls have begun without a recorded end. No call begins after `begin_within_s`. When a
        server cannot be reached or refuses the session, no call begins, and each call ends with that result.

        Raises:
            Exception: what the ledger raises; never for what a server or the network does.
        """
        if calls:
            anyio.run(self._call_with, ledger, tool, calls, in_flight, begin_within_s, backend_options=_LOOP)

    def tools(self) -> dict[str, dict[str, Any]]:
        """The input schema of every tool of the server, by the tool's name.

        Raises:
            Unavailable: `canal_inacessivel`; `reason` is a code or an HTTP status (`http_401`).
        """
        return anyio.run(self._tools)

    async def _call_with(
        self,
        ledger: Ledger[CallResult],
        tool: str,
        calls: Sequence[Mapping[str, object]],
        in_flight: int,
        begin_within_s: float,
    ) -> None:
        transport = self._transport()
        window = _Window(ledger, calls, in_flight, anyio.current_time() + begin_within_s)
        unbegun: CallResult = NotWritten(HANDSHAKE_FAILED)
        try:
            async with self._session(transport) as (client, tools):
                if tool in tools:
                    await window.run(transport, partial(self._call, client, transport, tool))
                else:
                    unbegun = NotWritten(TOOL_MISSING)
        except Exception:  # noqa: BLE001 - no server, however hostile, may raise an error in our process
            if transport.refusal and not transport.is_calling:
                unbegun = transport.refusal
        await window.close(unbegun)

    async def _call(
        self, client: Client, transport: _Isolating, tool: str, arguments: Mapping[str, object]
    ) -> CallResult:
        started = perf_counter()
        try:
            result = await client.call_tool(tool, dict(arguments), read_timeout_seconds=self._deadline_s)
        except MCPError as error:
            return transport.failure_of(error) or _answer_of_error(error, perf_counter() - started)
        except Exception:  # noqa: BLE001 - the call was written, so any surprise in the answer is a doubt
            return Lost(BAD_ANSWER)
        return Answer(result.is_error, _text(result), result.structured_content, perf_counter() - started)

    async def _tools(self) -> dict[str, dict[str, Any]]:
        transport = self._transport()
        try:
            async with self._session(transport) as (_, tools):
                return tools
        except Exception as error:
            raise Unavailable("canal_inacessivel", reason=_reason(transport.refusal)) from error

    def _transport(self) -> _Isolating:
        wire: httpx2.AsyncBaseTransport = Wire(ssl_context())
        return _Isolating(wire if self._address_of is None else _Pinned(wire, self._address_of), self._now)

    @asynccontextmanager
    async def _session(self, transport: _Isolating) -> AsyncIterator[tuple[Client, dict[str, dict[str, Any]]]]:
        """A session, and the input schema of every tool by its name.

        Tools are listed before the first call. The SDK checks answers against the output schemas of the tools, and
        would else ask for them only after the first message was sent.
        """
        async with httpx2.AsyncClient(transport=transport, headers=self._headers, timeout=self._timeout) as http:
            wire = streamable_http_client(self._url, http_client=http)
            with anyio.fail_after(self._deadline_s) as handshake:
                async with Client(wire, client_info=_CLIENT, cache=None) as client:
                    tools = {tool.name: tool.input_schema async for tool in _listed(client)}
                    handshake.deadline = math.inf
                    transport.is_calling = True
                    yield client, tools


class _Collected:
    """A ledger that keeps the result of each call, and lets every call begin."""

    def __init__(self) -> None:
        self.results: dict[int, CallResult] = {}

    def advance(self, ended: Mapping[int, CallResult], begin: Sequence[int]) -> Collection[int]:
        self.results.update(ended)
        return begin


class _Window:
    """Makes the calls of one batch in portions, and has the ledger record each portion.

    At most `in_flight` calls have begun without a recorded end. The next portion begins when a third of that number has
    ended. The other calls stay in flight while the ledger records, because it runs in a thread of its own.
    """

    def __init__(
        self,
        ledger: Ledger[CallResult],
        calls: Sequence[Mapping[str, object]],
        in_flight: int,
        deadline: float,
    ) -> None:
        self._ledger = ledger
        self._calls = calls
        self._in_flight = in_flight
        self._portion = max(1, in_flight // 3)
        self._deadline = deadline
        self._waiting = deque(place for place, call in enumerate(calls) if _is_json(call))
        # The calls that the ledger is recording as about to begin, and the calls in flight.
        self._unmade: list[int] = []
        self._under_way: set[int] = set()
        self._ended: dict[int, CallResult] = dict.fromkeys(
            set(range(len(calls))) - set(self._waiting), NotWritten(BAD_ARGUMENTS)
        )
        self._has_ended = anyio.Event()
        self._failure: Exception | None = None

    async def run(self, transport: _Isolating, call: Callable[[Mapping[str, object]], Awaitable[CallResult]]) -> None:
        """Make the calls, portion by portion."""
        async with anyio.create_task_group() as tasks:
            while self._waiting:
                self._has_ended = anyio.Event()
                if (reason := self._hindrance(transport)) is not None:
                    self._end_waiting(NotWritten(reason))
                elif not self._under_way or len(self._ended) >= self._portion:
                    self._unmade = self._next()
                    begun = await self._turn(self._unmade)
                    self._unmade = []
                    for place in begun:
                        self._under_way.add(place)
                        tasks.start_soon(self._make, place, call)
                else:
                    await self._has_ended.wait()

    async def close(self, unbegun: CallResult) -> None:
        """Have the ledger record every end that it has not recorded yet.

        Raises:
            Exception: what the ledger raises, or has raised before.
        """
        if self._failure is not None:
            raise self._failure
        self._end_waiting(unbegun)
        self._ended |= dict.fromkeys(self._unmade, unbegun) | dict.fromkeys(self._under_way, Lost(CONNECTION_LOST))
        await self._turn([])

    def _hindrance(self, transport: _Isolating) -> str | None:
        """Why no other call may begin; None if calls may begin."""
        if transport.is_unreachable:
            return NO_CONNECTION
        return OUT_OF_TIME if anyio.current_time() > self._deadline else None

    def _end_waiting(self, result: CallResult) -> None:
        self._ended |= dict.fromkeys(self._waiting, result)
        self._waiting.clear()

    def _next(self) -> list[int]:
        room = self._in_flight - len(self._under_way)
        return [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]

    async def _turn(self, begin: Sequence[int]) -> Collection[int]:
        ended, self._ended = self._ended, {}
        if not ended and not begin:
            return ()
        try:
            return await anyio.to_thread.run_sync(self._ledger.advance, ended, begin)
        except Exception as error:
            self._failure = error
            raise

    async def _make(self, place: int, call: Callable[[Mapping[str, object]], Awaitable[CallResult]]) -> None:
        self._ended[place] = await call(self._calls[place])
        self._under_way.discard(place)
        self._has_ended.set()


class _Pinned(httpx2.AsyncBaseTransport):
    """Asks `address_of` once for each host and connects to that address only; TLS and `Host` keep the name.

    The first request of a session is alone, so no host is asked twice.
    """

    def __init__(self, wire: httpx2.AsyncBaseTransport, address_of: AddressOf) -> None:
        self._wire = wire
        self._address_of = address_of
        self._addresses: dict[str, str] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        if host not in self._addresses:
            self._addresses[host] = await self._looked_up(request)
        return await self._wire.handle_async_request(pinned(request, self._addresses[host]))

    async def _looked_up(self, request: httpx2.Request) -> str:
        port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        try:
            return await anyio.to_thread.run_sync(self._address_of, request.url.host, port, abandon_on_cancel=True)
        except (NotPublic, OSError) as error:
            raise httpx2.ConnectError("no address to connect to") from error

    async def aclose(self) -> None:
        await self._wire.aclose()


class _Isolating(httpx2.AsyncBaseTransport):
    """Keeps the failure of one request away from the others, and records exactly what it was.

    A failed request is answered with a JSON-RPC error that carries a ticket; `failure_of` exchanges the ticket for the
    failure.
    """

    def __init__(self, wire: httpx2.AsyncBaseTransport, now: Callable[[], datetime]) -> None:
        self._wire = wire
        self._now = now
        self._failures: dict[str, CallResult] = {}
        # True after the handshake: from then on an error may mean that a message was sent.
        self.is_calling = False
        self.is_unreachable = False
        # Why the handshake failed, if it did.
        self.refusal: CallResult | None = None

    def failure_of(self, error: MCPError) -> CallResult | None:
        """The failure on the wire that this error stands for; None if it is a real error of the server."""
        return self._failures.pop(error.data, None) if isinstance(error.data, str) else None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            request.extensions = {**request.extensions, "timeout": httpx2.Timeout(_SESSION_END_S).as_dict()}
        if request.method != "POST":
            return await self._wire.handle_async_request(request)
        await request.aread()
        self.refusal = None
        outcome = await self._exchange(request)
        return (
            self._judged(request, outcome) if isinstance(outcome, httpx2.Response) else self._failed(request, outcome)
        )

    async def _exchange(self, request: httpx2.Request) -> httpx2.Response | CallResult:
        """The server's response, read whole unless it is an event stream; or the failure of the request."""
        if self.is_unreachable:
            return NotWritten(NO_CONNECTION)
        try:
            response = await self._wire.handle_async_request(request)
            return _bounded(response) if _is_stream(response) else await _buffered(response)
        except _NOT_WRITTEN:
            self.is_unreachable = True
            return NotWritten(NO_CONNECTION)
        except httpx2.TimeoutException:
            return Lost(TIMED_OUT)
        except httpx2.DecodingError:
            return Lost(BAD_ANSWER)
        except httpx2.RequestError:
            return Lost(CONNECTION_LOST)

    async def aclose(self) -> None:
        await self._wire.aclose()

    def _judged(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        """The response itself if the SDK understands it, else a JSON-RPC error for what its status means."""
        status = response.status_code
        if status < 300 or _is_followed(request, response):
            return response
        wait = self._retry_after(response)
        if not self.is_calling:
            self.refusal = of_handshake_status(status, wait)
            return response if _is_rpc_error(response) else self._failed(request, self.refusal)
        proof = of_status(status, wait, in_session="mcp-session-id" in request.headers)
        is_explicit = _is_rpc_error(response) and status not in _STATUS_DECIDES
        return response if is_explicit and isinstance(proof, Refused | Lost) else self._failed(request, proof)

    def _retry_after(self, response: httpx2.Response) -> float | None:
        their_clock = parse_http_date(response.headers.get("date", ""))
        return parse_retry_after(response.headers.get("retry-after"), their_clock or self._now())

    def _failed(self, request: httpx2.Request, result: CallResult) -> httpx2.Response:
        """A JSON-RPC error for this request alone; a notification gets a 202, because nobody waits for its answer."""
        if not self.is_calling:
            self.refusal = result if isinstance(result, NotWritten | Refused) else NotWritten(HANDSHAKE_FAILED)
        request_id = json.loads(request.content).get("id")
        if request_id is None:
            return httpx2.Response(202)
        ticket = secrets.token_hex()
        self._failures[ticket] = result
        error = {"code": _ERROR_CODE, "message": "failed", "data": ticket}
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": request_id, "error": error})


async def _listed(client: Client) -> AsyncIterator[Tool]:
    """Every tool of the server, page by page."""
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            yield tool
        cursor = page.next_cursor
        if cursor is None:
            return


class _Bounded(httpx2.AsyncByteStream):
    """A stream that fails after `most` bytes, which is more than any answer of a tool needs."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._stream:
            seen += len(chunk)
            if seen > self._most:
                raise httpx2.ReadError("answer too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _bounded(response: httpx2.Response) -> httpx2.Response:
    """The event stream with a limit on its size. Compressed data may inflate a thousandfold, so its limit is lower."""
    most = _LARGEST_ANSWER // 64 if "content-encoding" in response.headers else _LARGEST_ANSWER
    stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream), most)
    return httpx2.Response(
        response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
    )


async def _buffered(response: httpx2.Response) -> httpx2.Response:
    """The response with its body read, so that a connection that breaks in the middle fails here.

    Raises:
        httpx2.DecodingError: the body is larger than any answer of a tool needs, or not compressed as its header says.
    """
    body = bytearray()
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST_ANSWER:
                raise httpx2.DecodingError("answer too large")
    finally:
        await response.aclose()
    headers = [(k, v) for k, v in response.headers.multi_items() if k not in ("content-encoding", "content-length")]
    return httpx2.Response(response.status_code, headers=headers, content=bytes(body))


def _is_json(arguments: Mapping[str, object]) -> bool:
    """Whether the arguments can be written as JSON: half of a surrogate pair would end the SDK's whole client."""
    try:
        json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        return False
    return True


def _is_stream(response: httpx2.Response) -> bool:
    return response.status_code < 300 and response.headers.get("content-type", "").startswith("text/event-stream")


def _is_followed(request: httpx2.Request, response: httpx2.Response) -> bool:
    """Whether the response is a redirect that the SDK follows: same method, same origin."""
    if response.status_code not in (307, 308):
        return False
    try:
        target = request.url.join(response.headers["location"])
    except (KeyError, httpx2.InvalidURL):
        return False
    return (target.scheme, target.host, target.port) == (request.url.scheme, request.url.host, request.url.port)


def _is_rpc_error(response: httpx2.Response) -> bool:
    """Whether the body is a JSON-RPC error, which says more than the status."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def _answer_of_error(error: MCPError, latency_s: float) -> CallResult:
    """The result of a JSON-RPC error: the server's own answer, unless the SDK itself raised it about the connection."""
    if (reason := _SDK_ERRORS.get(error.code)) is not None:
        return Lost(reason)
    return Answer(True, error.message, None, latency_s)


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def _reason(refusal: CallResult | None) -> str:
    match refusal:
        case Refused(status=status):
            return f"http_{status}"
        case NotWritten(reason=reason):
            return reason
        case _:
            return HANDSHAKE_FAILED
