"""The one door to MCP servers: a batch of tool calls through one session, many in flight, none able to fail another.

The SDK ends a whole client when one connection drops, and forgets HTTP statuses. `_Isolating` cures both: it stands
between the SDK and the network and turns what goes wrong with one request into a JSON-RPC error for that request.
Importing this costs the SDK's second; only the executor and the channel check do.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import cycle
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
    Lost,
    NotWritten,
    Refused,
    of_handshake_status,
    of_status,
    parse_http_date,
    parse_retry_after,
)
from chalicelib.errors import Unavailable

# What these log quotes answers and addresses, which may hold personal data.
for _name in ("mcp", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

_CLIENT = Implementation(name="disparo-agenda", version="1")
_LARGEST_ANSWER = 4 * 1024 * 1024
_MOST_PAGES = 100
# Whenever a request begins or ends the HTTP client looks at every connection of its pool; with 1,000 in one pool that
# took 20 s for 1,000 calls. Pools of this many take next to none.
_POOL = 50
# Saying goodbye to a session is a courtesy; a server that does not answer must not hold the batch up.
_GOODBYE_S = 2.0
# A request whose connection fails like this has not been written, not even in part.
_NOT_WRITTEN = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_STATUS_DECIDES = frozenset({401, 402, 403, 407, 408, 429, 503})
_ERROR_CODE = -32099
# Errors that the SDK makes up itself, though a server may send them too; all others are a server's answer.
_OF_THE_SDK: Mapping[int, str] = {
    CONNECTION_CLOSED: CONNECTION_LOST,
    REQUEST_TIMEOUT: TIMED_OUT,
    PARSE_ERROR: BAD_ANSWER,
    INVALID_REQUEST: BAD_ANSWER,
}


@cache
def _ssl_context() -> ssl.SSLContext:
    """One for the process: it costs 42 ms."""
    return httpx2.create_ssl_context()


class McpServer:
    """One MCP server over streamable HTTP; `timeout_s` bounds each call from the moment it is written.

    `address_of`, where given, says which address may be connected to for the host of the URL.
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
        self._timeout = httpx2.Timeout(timeout_s, connect=connect_timeout_s, pool=connect_timeout_s)
        # The HTTP client says more exactly what was too slow, so it goes first; this is for streams that only drip.
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
        """Call one tool with each of these arguments, at most `in_flight` at a time; results in the order of calls.

        No call is begun after `begin_within_s`. Never raises for what a server or the network does. A server that
        cannot be reached, or that refuses the session, gives each call that result.
        """
        return anyio.run(self._call_all, tool, calls, in_flight, begin_within_s) if calls else []

    def tools(self) -> dict[str, dict[str, Any]]:
        """The input schema of every tool of the server, by the tool's name.

        Raises:
            Unavailable: `canal_inacessivel`; `motivo` is a code or an HTTP status.
        """
        return anyio.run(self._tools)

    async def _call_all(
        self, tool: str, calls: Sequence[Mapping[str, object]], in_flight: int, begin_within_s: float
    ) -> list[CallResult]:
        workers = min(in_flight, len(calls))
        deadline = anyio.current_time() + begin_within_s
        transport = self._transport(workers)
        # Whatever happens to the session, each entry is the truth: not written, until it is about to be.
        results: list[CallResult] = [NotWritten(HANDSHAKE_FAILED)] * len(calls)
        pending = iter(enumerate(calls))
        try:
            async with self._session(transport) as (client, tools):
                if tool not in tools:
                    return [NotWritten(TOOL_MISSING)] * len(calls)
                async with anyio.create_task_group() as tasks:
                    for _ in range(workers):
                        tasks.start_soon(self._work, client, transport, tool, pending, results, deadline)
        except Exception:  # noqa: BLE001 - the boundary to another process: a hostile server must not raise here
            if transport.refusal and not transport.is_calling:
                return [transport.refusal] * len(calls)
        return results

    async def _work(
        self,
        client: Client,
        transport: _Isolating,
        tool: str,
        pending: Iterator[tuple[int, Mapping[str, object]]],
        results: list[CallResult],
        deadline: float,
    ) -> None:
        for index, arguments in pending:
            if transport.is_unreachable:
                results[index] = NotWritten(NO_CONNECTION)
            elif anyio.current_time() > deadline:
                results[index] = NotWritten(OUT_OF_TIME)
            elif not _is_json(arguments):
                results[index] = NotWritten(BAD_ARGUMENTS)
            else:
                results[index] = Lost(CONNECTION_LOST)
                results[index] = await self._call(client, transport, tool, dict(arguments))

    async def _call(self, client: Client, transport: _Isolating, tool: str, arguments: dict[str, Any]) -> CallResult:
        started = perf_counter()
        try:
            result = await client.call_tool(tool, arguments, read_timeout_seconds=self._deadline_s)
        except MCPError as error:
            return transport.failure_of(error) or _answer_of_error(error, perf_counter() - started)
        except Exception:  # noqa: BLE001 - after writing, any surprise in the answer leaves its fate unknown
            return Lost(BAD_ANSWER)
        return Answer(result.is_error, _text(result), result.structured_content, perf_counter() - started)

    async def _tools(self) -> dict[str, dict[str, Any]]:
        transport = self._transport(1)
        try:
            async with self._session(transport) as (_, tools):
                return tools
        except Exception as error:
            raise Unavailable("canal_inacessivel", motivo=_reason(transport.refusal)) from error

    def _transport(self, in_flight: int) -> _Isolating:
        pools = math.ceil(in_flight / _POOL)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=_POOL)
        wires: list[httpx2.AsyncBaseTransport] = [
            httpx2.AsyncHTTPTransport(verify=_ssl_context(), limits=limits) for _ in range(pools)
        ]
        if self._address_of is not None:
            wires = [_Pinned(wire, self._address_of) for wire in wires]
        return _Isolating(wires, self._now)

    @asynccontextmanager
    async def _session(self, transport: _Isolating) -> AsyncIterator[tuple[Client, dict[str, dict[str, Any]]]]:
        """A session, and the input schema of every tool by its name.

        Tools are listed before any is called: the SDK checks answers against their output schemas, and would ask for
        those only after the first message had left.
        """
        async with httpx2.AsyncClient(transport=transport, headers=self._headers, timeout=self._timeout) as http:
            wire = streamable_http_client(self._url, http_client=http)
            with anyio.fail_after(self._deadline_s) as handshake:
                async with Client(wire, client_info=_CLIENT, cache=None) as client:
                    tools = {tool.name: tool.input_schema async for tool in _listed(client)}
                    handshake.deadline = math.inf
                    transport.is_calling = True
                    yield client, tools


class _Pinned(httpx2.AsyncBaseTransport):
    """Looks a host up once, by its own judge, and connects to that very address; TLS and `Host` keep the name."""

    def __init__(self, wire: httpx2.AsyncBaseTransport, address_of: AddressOf) -> None:
        self._wire = wire
        self._address_of = address_of
        self._known: dict[str, str] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        if host not in self._known:
            self._known[host] = await self._looked_up(request)
        return await self._wire.handle_async_request(
            httpx2.Request(
                request.method,
                request.url.copy_with(host=self._known[host]),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
        )

    async def _looked_up(self, request: httpx2.Request) -> str:
        port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        try:
            return await anyio.to_thread.run_sync(self._address_of, request.url.host, port, abandon_on_cancel=True)
        except (NotPublic, OSError) as error:
            raise httpx2.ConnectError("no address to connect to") from error

    async def aclose(self) -> None:
        await self._wire.aclose()


class _Isolating(httpx2.AsyncBaseTransport):
    """Keeps what goes wrong with one request from the others, and remembers exactly what it was.

    A failed request is answered with a JSON-RPC error that carries a ticket; `failure_of` takes the ticket back.
    """

    def __init__(self, wires: Sequence[httpx2.AsyncBaseTransport], now: Callable[[], datetime]) -> None:
        self._wires = wires
        self._next_wire = cycle(wires)
        self._now = now
        self._failures: dict[str, CallResult] = {}
        # From the handshake on to the calls, where an error may mean that a message has left.
        self.is_calling = False
        self.is_unreachable = False
        # Why the handshake did not go on, if it did not.
        self.refusal: CallResult | None = None

    def failure_of(self, error: MCPError) -> CallResult | None:
        """What went wrong on the wire, if that is what this error stands for."""
        return self._failures.pop(error.data, None) if isinstance(error.data, str) else None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            request.extensions = {**request.extensions, "timeout": httpx2.Timeout(_GOODBYE_S).as_dict()}
        if request.method != "POST":
            return await next(self._next_wire).handle_async_request(request)
        await request.aread()
        self.refusal = None
        outcome = await self._exchange(request)
        return (
            self._judged(request, outcome) if isinstance(outcome, httpx2.Response) else self._failed(request, outcome)
        )

    async def _exchange(self, request: httpx2.Request) -> httpx2.Response | CallResult:
        """The server's response, whole unless it is a stream of events; or what became of the request instead."""
        if self.is_unreachable:
            return NotWritten(NO_CONNECTION)
        try:
            response = await next(self._next_wire).handle_async_request(request)
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
        for wire in self._wires:
            await wire.aclose()

    def _judged(self, request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
        """The response itself where it says what it means, else the error that it amounts to."""
        status = response.status_code
        if status < 300 or _stays(request, response):
            return response
        wait = self._retry_after(response)
        if not self.is_calling:
            self.refusal = of_handshake_status(status, wait)
            return response if _is_rpc_error(response) else self._failed(request, self.refusal)
        proof = of_status(status, wait, in_session="mcp-session-id" in request.headers)
        says_it_itself = _is_rpc_error(response) and status not in _STATUS_DECIDES
        return response if says_it_itself and isinstance(proof, Refused | Lost) else self._failed(request, proof)

    def _retry_after(self, response: httpx2.Response) -> float | None:
        their_clock = parse_http_date(response.headers.get("date", ""))
        return parse_retry_after(response.headers.get("retry-after"), their_clock or self._now())

    def _failed(self, request: httpx2.Request, result: CallResult) -> httpx2.Response:
        """A JSON-RPC error for this request alone; a notification has nobody to tell."""
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
    """A stream that breaks off where no answer of a tool would still go on."""

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
    """The stream of events with an end to it; what is compressed may be a thousand times what comes over the wire."""
    most = _LARGEST_ANSWER // 64 if "content-encoding" in response.headers else _LARGEST_ANSWER
    stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream), most)
    return httpx2.Response(
        response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
    )


async def _buffered(response: httpx2.Response) -> httpx2.Response:
    """The response with its body read, so that a connection that breaks in the middle breaks here.

    Raises:
        httpx2.DecodingError: the body is larger than any answer of a tool could be, or not compressed as it says.
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
    """Whether they can be written as they are: half of a surrogate pair would end the SDK's whole client."""
    try:
        json.dumps(arguments, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        return False
    return True


def _is_stream(response: httpx2.Response) -> bool:
    return response.status_code < 300 and response.headers.get("content-type", "").startswith("text/event-stream")


def _stays(request: httpx2.Request, response: httpx2.Response) -> bool:
    """Whether it is a redirect that the SDK follows: same method, same origin."""
    if response.status_code not in (307, 308):
        return False
    try:
        target = request.url.join(response.headers["location"])
    except (KeyError, httpx2.InvalidURL):
        return False
    return (target.scheme, target.host, target.port) == (request.url.scheme, request.url.host, request.url.port)


def _is_rpc_error(response: httpx2.Response) -> bool:
    """Whether the body is a JSON-RPC error, which then says more than the status does."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def _answer_of_error(error: MCPError, latency_s: float) -> CallResult:
    """A JSON-RPC error: the server's own answer, unless it is one that the SDK makes up about the connection."""
    if (reason := _OF_THE_SDK.get(error.code)) is not None:
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
