"""The MCP adapter over real sockets: whatever a server or the network does, each call gets its own correct result."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams, CallToolResult, ContentBlock, ListToolsResult, TextContent, Tool
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chalicelib.adapters.addresses import NotPublic
from chalicelib.adapters.calls import (
    BAD_ANSWER,
    BAD_ARGUMENTS,
    CONNECTION_LOST,
    HANDSHAKE_FAILED,
    NO_CONNECTION,
    SESSION_GONE,
    TIMED_OUT,
    TOOL_MISSING,
    Answer,
    CallResult,
    Lost,
    NotWritten,
    Refused,
)
from chalicelib.adapters.mcp import McpServer
from chalicelib.errors import Unavailable
from local.provider import WebServer, drop_connection, read_body
from local.whatsapp import WhatsAppSimulator
from tests.certificates import Authority, TlsFront

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
# Each mode of the SDK's own server: (JSON or event stream, stateless or with sessions).
SERVING_MODES = [(True, True), (False, True), (True, False), (False, False)]

MethodHandler = Callable[[dict[str, Any], Scope, Receive, Send], Awaitable[None]]
ToolFunction = Callable[[dict[str, Any]], Awaitable[CallToolResult]]


class Interceptor:
    """Stands in front of a server; answers the JSON-RPC methods that have a handler, and passes the others on."""

    def __init__(self, app: ASGIApp, handlers: Mapping[str, MethodHandler]) -> None:
        self._app = app
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, replay = await read_body(receive)
        request = json.loads(body) if body else {"method": scope["method"]}
        handler = self._handlers.get(request["method"])
        if handler is None:
            await self._app(scope, replay, send)
        else:
            await handler(request, scope, replay, send)


def a_tool(name: str = "send", **fields: Any) -> Tool:
    return Tool(name=name, input_schema={"type": "object", "properties": {"n": {"type": "integer"}}}, **fields)


def a_result(text: str = "ok", **fields: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], **fields)


async def echo(arguments: dict[str, Any]) -> CallToolResult:
    return a_result(f"n={arguments['n']}")


@contextmanager
def a_server(
    tool: ToolFunction = echo,
    *,
    tools: list[Tool] | None = None,
    handlers: Mapping[str, MethodHandler] | None = None,
    json_response: bool = True,
    stateless: bool = True,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[str]:
    """The URL of an MCP server with one tool; `handlers` answer some JSON-RPC methods in its place."""

    async def on_list_tools(_ctx: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=tools if tools is not None else [a_tool()])

    async def on_call_tool(_ctx: Any, params: CallToolRequestParams) -> CallToolResult:
        return await tool(params.arguments or {})

    server = Server("test", on_list_tools=on_list_tools, on_call_tool=on_call_tool)
    app = server.streamable_http_app(json_response=json_response, stateless_http=stateless)
    with WebServer(around(Interceptor(app, handlers or {}))) as web:
        yield f"{web.url}/mcp"


def call_all(url: str, count: int = 3, *, in_flight: int = 50, **options: Any) -> list[CallResult]:
    server = McpServer(url, now=lambda: NOW, **options)
    return server.call_all("send", [{"n": n} for n in range(count)], in_flight=in_flight)


def texts(results: list[CallResult]) -> list[str]:
    return [result.text if isinstance(result, Answer) else repr(result) for result in results]


def responding(response: Response, *, only: Callable[[int], bool] = lambda _: True) -> MethodHandler:
    """Gives this response to the calls whose `n` satisfies `only`; the other calls are echoed in JSON."""

    async def handle(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        n = request.get("params", {}).get("arguments", {}).get("n", 0)
        echoed = {"content": [{"type": "text", "text": f"n={n}"}], "isError": False, "resultType": "complete"}
        body = {"jsonrpc": "2.0", "id": request.get("id"), "result": echoed}
        await (response if only(n) else JSONResponse(body))(scope, receive, send)

    return handle


def with_rpc_error(
    status: int, code: int, message: str = "no", headers: Mapping[str, str] | None = None
) -> MethodHandler:
    """Answers with a JSON-RPC error under that HTTP status."""

    async def handle(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        error = {"jsonrpc": "2.0", "id": request.get("id"), "error": {"code": code, "message": message}}
        await JSONResponse(error, status, headers=headers)(scope, receive, send)

    return handle


async def dropping(_request: dict[str, Any], scope: Scope, _receive: Receive, _send: Send) -> None:
    drop_connection(scope)


async def hanging(_request: dict[str, Any], _scope: Scope, receive: Receive, _send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def breaking_off(_request: dict[str, Any], scope: Scope, _receive: Receive, send: Send) -> None:
    """Sends half of a JSON body, then drops the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"jsonrpc":', "more_body": True})
    drop_connection(scope)


def streaming(*, then_drop: bool) -> MethodHandler:
    """Sends an event stream that never holds an answer; `then_drop`: and drops the connection."""

    async def handle(_request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                await hanging({}, scope, receive, send)
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            while True:
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
                if then_drop:
                    drop_connection(scope)
                await anyio.sleep(0.05)

    return handle


def a_closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


# Calls that succeed


@pytest.mark.parametrize(("json_response", "stateless"), SERVING_MODES)
def test_results_are_in_the_order_of_the_calls(json_response: bool, stateless: bool) -> None:
    with a_server(json_response=json_response, stateless=stateless) as url:
        assert texts(call_all(url, 120)) == [f"n={n}" for n in range(120)]


def test_empty_batch_connects_to_no_server() -> None:
    assert McpServer("http://127.0.0.1:1/mcp").call_all("send", []) == []


def test_one_process_has_a_thousand_calls_in_flight() -> None:
    arrived = 0
    everyone = anyio.Event()

    async def wait_for_everyone(_: dict[str, Any]) -> CallToolResult:
        nonlocal arrived
        arrived += 1
        if arrived == 1_000:
            everyone.set()
        await everyone.wait()
        return a_result()

    with a_server(wait_for_everyone) as url:
        results = call_all(url, 1_000, in_flight=1_000, connect_timeout_s=30, timeout_s=60)
    assert Counter(map(type, results)) == {Answer: 1_000}


def test_exactly_the_allowed_number_of_calls_is_in_flight() -> None:
    now_in, most = 0, 0
    seven = anyio.Event()

    async def count(_: dict[str, Any]) -> CallToolResult:
        nonlocal now_in, most
        now_in += 1
        most = max(most, now_in)
        if now_in == 7:
            seven.set()
        await seven.wait()
        now_in -= 1
        return a_result()

    with a_server(count) as url:
        call_all(url, 60, in_flight=7)
    assert most == 7


def test_one_session_serves_the_whole_batch() -> None:
    seen: Counter[str] = Counter()

    def counting(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                body, receive = await read_body(receive)
                seen[json.loads(body)["method"] if body else scope["method"]] += 1
            await app(scope, receive, send)

        return wrapped

    with a_server(around=counting) as url:
        call_all(url, 20)
    assert seen == {"server/discover": 1, "tools/list": 1, "tools/call": 20}


def test_answer_has_both_text_and_structured_content() -> None:
    async def structured(_: dict[str, Any]) -> CallToolResult:
        text = '{"success": true}'
        content: list[ContentBlock] = [TextContent(type="text", text="a"), TextContent(type="text", text="b")]
        return CallToolResult(content=content, structured_content={"result": text}, is_error=True)

    with a_server(structured) as url:
        (answer,) = call_all(url, 1)
    assert isinstance(answer, Answer)
    assert (answer.is_error, answer.text, answer.structured) == (True, "a\nb", {"result": '{"success": true}'})
    assert answer.latency_s > 0


def test_compressed_answers_are_read() -> None:
    with a_server(around=lambda app: GZipMiddleware(app, minimum_size=1)) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def test_headers_are_sent_with_every_request() -> None:
    seen: set[str] = set()

    def recording(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                seen.add(dict(scope["headers"]).get(b"authorization", b"").decode())
            await app(scope, receive, send)

        return wrapped

    with a_server(around=recording) as url:
        call_all(url, headers={"Authorization": "Bearer x"})
    assert seen == {"Bearer x"}


@pytest.mark.parametrize("handler", [responding(Response(status_code=405)), with_rpc_error(400, -32601)])
@pytest.mark.parametrize("stateless", [True, False])
def test_server_that_speaks_an_older_protocol_is_called_with_it(handler: MethodHandler, stateless: bool) -> None:
    with a_server(handlers={"server/discover": handler}, stateless=stateless) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def test_results_are_returned_when_the_server_ignores_the_end_of_the_session() -> None:
    handlers = {"server/discover": responding(Response(status_code=404)), "DELETE": hanging}
    with a_server(handlers=handlers, stateless=False) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def test_failed_acknowledgement_of_a_session_does_not_fail_the_session() -> None:
    handlers = {
        "server/discover": responding(Response(status_code=404)),
        "notifications/initialized": responding(Response(status_code=500)),
    }
    with a_server(handlers=handlers, stateless=True) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def moved(app: ASGIApp) -> ASGIApp:
    """Redirects `/antigo` to the server."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/antigo":
            await RedirectResponse("/mcp", 307)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return wrapped


def test_redirect_within_the_server_is_followed() -> None:
    with a_server(around=moved) as url:
        assert texts(call_all(url.replace("/mcp", "/antigo"))) == ["n=0", "n=1", "n=2"]


def test_failure_of_a_redirected_call_affects_no_other_call() -> None:
    some = responding(Response(status_code=429, headers={"Retry-After": "7"}), only=lambda n: n == 1)
    with a_server(around=moved, handlers={"tools/call": some}) as url:
        assert call_all(url.replace("/mcp", "/antigo"))[1] == Refused(429, 7)


# Failures of one call


@pytest.mark.parametrize(("json_response", "stateless"), SERVING_MODES)
def test_dropped_connections_affect_only_their_own_calls(json_response: bool, stateless: bool) -> None:
    async def drop_some(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        if request["params"]["arguments"]["n"] % 10 == 3:
            drop_connection(scope)
        else:
            await responding(Response(), only=lambda _: False)(request, scope, receive, send)

    with a_server(handlers={"tools/call": drop_some}, json_response=json_response, stateless=stateless) as url:
        results = call_all(url, 60, in_flight=20)
    expected = [repr(Lost(CONNECTION_LOST)) if n % 10 == 3 else f"n={n}" for n in range(60)]
    assert texts(results) == expected


@pytest.mark.parametrize(
    ("response", "result"),
    [
        (Response(status_code=429, headers={"Retry-After": "7"}), Refused(429, 7)),
        (Response(status_code=429, headers={"Retry-After": "Tue, 24 Nov 2026 12:01:00 GMT"}), Refused(429, 60)),
        (
            Response(
                status_code=503,
                headers={"Retry-After": "Tue, 24 Nov 2026 12:01:00 GMT", "Date": "Tue, 24 Nov 2026 12:00:50 GMT"},
            ),
            Refused(503, 10),
        ),
        (Response(status_code=429, headers={"Retry-After": "soon"}), Refused(429)),
        (Response(status_code=401), Refused(401)),
        (Response("<h1>Forbidden</h1>", 403, media_type="text/html"), Refused(403)),
        (Response("null", 400, media_type="application/json"), Refused(400)),
        (Response("{", 422, media_type="application/json"), Refused(422)),
        (Response(status_code=404), Refused(404)),
        (Response(status_code=302, headers={"Location": "/x"}), Refused(302)),
        (Response(status_code=307, headers={"Location": "http://example.com/mcp"}), Refused(307)),
        (Response(status_code=307), Refused(307)),
        (Response(status_code=308, headers={"Location": "http://[oops"}), Refused(308)),
        (Response(status_code=302, headers={"Location": "http://[oops"}), Refused(302)),
        (Response(status_code=503), Lost("http_503")),
        (Response(status_code=500), Lost("http_500")),
        (Response("gone", 502), Lost("http_502")),
        (Response(status_code=504, headers={"Retry-After": "1"}), Lost("http_504")),
        (Response(status_code=202), Lost(BAD_ANSWER)),
        (Response("<html>", media_type="text/html"), Lost(BAD_ANSWER)),
        (Response("{", media_type="application/json"), Lost(BAD_ANSWER)),
        (Response("[]", media_type="application/json"), Lost(BAD_ANSWER)),
        (Response("x" * (4 * 1024 * 1024 + 1), media_type="application/json"), Lost(BAD_ANSWER)),
        (Response("x", headers={"Content-Encoding": "gzip"}, media_type="application/json"), Lost(BAD_ANSWER)),
    ],
    ids=lambda value: f"{value.status_code}" if isinstance(value, Response) else "",
)
def test_http_status_of_one_call_is_kept_and_the_other_calls_succeed(response: Response, result: CallResult) -> None:
    with a_server(handlers={"tools/call": responding(response, only=lambda n: n == 1)}) as url:
        first, second, third = call_all(url)
    assert second == result
    assert texts([first, third]) == ["n=0", "n=2"]


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (with_rpc_error(401, -32000), Refused(401)),
        (with_rpc_error(429, -32000, headers={"Retry-After": "3"}), Refused(429, 3)),
        (with_rpc_error(503, -32000, headers={"Retry-After": "3"}), Refused(503, 3)),
        (with_rpc_error(200, -32000), Lost(CONNECTION_LOST)),
        (with_rpc_error(200, -32001), Lost(TIMED_OUT)),
        (with_rpc_error(200, -32600), Lost(BAD_ANSWER)),
    ],
)
def test_protocol_error_is_judged_by_what_it_proves(handler: MethodHandler, result: CallResult) -> None:
    with a_server(handlers={"tools/call": handler}) as url:
        assert call_all(url, 1) == [result]


@pytest.mark.parametrize("handler", [with_rpc_error(200, -32603, "[21211]"), with_rpc_error(400, -32602, "[21211]")])
def test_error_that_a_tool_raises_is_an_answer(handler: MethodHandler) -> None:
    with a_server(handlers={"tools/call": handler}) as url:
        (answer,) = call_all(url, 1)
    assert isinstance(answer, Answer)
    assert (answer.is_error, answer.text) == (True, "[21211]")


def test_error_with_data_of_the_server_is_not_mistaken_for_ours() -> None:
    async def fail(_: dict[str, Any]) -> CallToolResult:
        raise MCPError(-32050, "no", "some-ticket")

    with a_server(fail) as url:
        assert texts(call_all(url, 1)) == ["no"]


def test_calls_in_a_lost_session_are_not_written() -> None:
    handlers = {"server/discover": responding(Response(status_code=404)), "tools/call": with_rpc_error(404, -32001)}
    with a_server(handlers=handlers, stateless=False) as url:
        assert call_all(url) == [NotWritten(SESSION_GONE)] * 3


@pytest.mark.parametrize(
    ("tool", "content"),
    [
        (a_tool(output_schema={"type": "object", "required": ["id"]}), {"other": 1}),
        (a_tool(output_schema={"type": "object", "properties": {"id": {"type": "integer"}}}), {"id": "x"}),
        (a_tool(output_schema={"type": "object"}), None),
        (a_tool(output_schema={"type": "nonsense"}), {"id": 1}),
    ],
)
def test_answer_that_violates_its_output_schema_is_a_doubt(tool: Tool, content: Any) -> None:
    async def answer(_: dict[str, Any]) -> CallToolResult:
        return a_result() if content is None else a_result(structured_content=content)

    with a_server(answer, tools=[tool]) as url:
        assert call_all(url) == [Lost(BAD_ANSWER)] * 3


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (dropping, CONNECTION_LOST),
        (breaking_off, CONNECTION_LOST),
        (streaming(then_drop=True), CONNECTION_LOST),
        (hanging, TIMED_OUT),
        (streaming(then_drop=False), TIMED_OUT),
    ],
)
def test_call_without_an_answer_is_a_doubt(handler: MethodHandler, reason: str) -> None:
    with a_server(handlers={"tools/call": handler}) as url:
        assert call_all(url, connect_timeout_s=3, timeout_s=2) == [Lost(reason)] * 3


def test_tool_that_asks_for_input_leaves_a_doubt() -> None:
    async def ask(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        params = {"message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}
        asked = {"q": {"method": "elicitation/create", "params": params}}
        result = {"resultType": "input_required", "inputRequests": asked}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    with a_server(handlers={"tools/call": ask}) as url:
        assert call_all(url, 1) == [Lost(BAD_ANSWER)]


@pytest.mark.parametrize("invalid", ["\ud800", float("nan"), {1, 2}])
def test_call_whose_arguments_are_not_json_is_not_written(invalid: object) -> None:
    with a_server() as url:
        results = McpServer(url).call_all("send", [{"n": 0}, {"n": invalid}, {"n": 2}])
    assert results[1] == NotWritten(BAD_ARGUMENTS)
    assert texts([results[0], results[2]]) == ["n=0", "n=2"]


# Failures of the server


def test_calls_to_a_closed_port_are_not_written() -> None:
    assert call_all(f"http://127.0.0.1:{a_closed_port()}/mcp", 9) == [NotWritten(NO_CONNECTION)] * 9


def test_unknown_host_name_is_no_connection() -> None:
    assert call_all("http://no-such-host.invalid/mcp") == [NotWritten(NO_CONNECTION)] * 3


def test_server_without_tls_is_no_connection() -> None:
    with a_server() as url:
        assert call_all(url.replace("http://", "https://")) == [NotWritten(NO_CONNECTION)] * 3


def test_calls_to_a_server_that_accepts_no_connection_are_not_written() -> None:
    with socket.socket() as listener, socket.socket() as first:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        first.connect(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        assert call_all(url, connect_timeout_s=0.5, timeout_s=1) == [NotWritten(NO_CONNECTION)] * 3


@pytest.mark.parametrize(
    ("response", "result"),
    [
        (Response(status_code=401), Refused(401, at_handshake=True)),
        (Response(status_code=404), Refused(404, at_handshake=True)),
        (Response(status_code=302, headers={"Location": "/x"}), Refused(302, at_handshake=True)),
        (Response(status_code=429, headers={"Retry-After": "5"}), Refused(429, 5, at_handshake=True)),
        (Response(status_code=503, headers={"Retry-After": "5"}), NotWritten("http_503", 5)),
        (Response(status_code=502), NotWritten("http_502")),
        (Response("<html>", media_type="text/html"), NotWritten(HANDSHAKE_FAILED)),
        (Response("{}", media_type="application/json"), NotWritten(HANDSHAKE_FAILED)),
        (Response(status_code=202), NotWritten(HANDSHAKE_FAILED)),
    ],
    ids=lambda value: f"{value.status_code}" if isinstance(value, Response) else "",
)
@pytest.mark.parametrize("methods", [("server/discover", "initialize"), ("tools/list",)])
def test_refusal_of_the_session_is_the_result_of_every_call(
    methods: tuple[str, ...], response: Response, result: CallResult
) -> None:
    with a_server(handlers=dict.fromkeys(methods, responding(response))) as url:
        assert call_all(url) == [result] * 3


def test_refusal_with_a_json_rpc_body_is_judged_by_its_status() -> None:
    refuse = with_rpc_error(401, -32000, "Unauthorized")
    with a_server(handlers={"server/discover": refuse, "initialize": refuse}) as url:
        assert call_all(url) == [Refused(401, at_handshake=True)] * 3


def test_hanging_handshake_is_not_reported_with_the_status_of_the_probe_before_it() -> None:
    handlers = {"server/discover": responding(Response(status_code=404)), "initialize": streaming(then_drop=False)}
    with a_server(handlers=handlers) as url:
        assert call_all(url, connect_timeout_s=1, timeout_s=1) == [NotWritten(HANDSHAKE_FAILED)] * 3


@pytest.mark.parametrize("handler", [dropping, breaking_off, hanging])
def test_calls_are_not_written_when_the_session_breaks_before_them(handler: MethodHandler) -> None:
    with a_server(handlers={"tools/list": handler}) as url:
        assert call_all(url, connect_timeout_s=2, timeout_s=1) == [NotWritten(HANDSHAKE_FAILED)] * 3


def test_handshake_that_only_trickles_ends_at_its_time_limit() -> None:
    with a_server(handlers={"server/discover": streaming(then_drop=False)}) as url:
        assert call_all(url, connect_timeout_s=1, timeout_s=1) == [NotWritten(HANDSHAKE_FAILED)] * 3


def test_calls_are_not_written_to_a_server_of_an_unknown_protocol() -> None:
    async def initialize(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        result = {"protocolVersion": "1999-01-01", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    handlers = {"server/discover": responding(Response(status_code=404)), "initialize": initialize}
    with a_server(handlers=handlers) as url:
        assert call_all(url) == [NotWritten(HANDSHAKE_FAILED)] * 3


def test_missing_tool_is_not_called() -> None:
    with a_server(tools=[a_tool("other")]) as url:
        assert call_all(url) == [NotWritten(TOOL_MISSING)] * 3


def test_no_call_connects_again_after_the_server_went_down() -> None:
    """The first call brings the server down; the calls that had not begun fail without another attempt."""
    requests = 0

    def counting(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal requests
            requests += scope["type"] == "http"
            await app(scope, receive, send)

        return wrapped

    async def bring_down(_request: dict[str, Any], scope: Scope, _receive: Receive, _send: Send) -> None:
        web.stop_listening()
        drop_connection(scope)

    async def never(_: dict[str, Any]) -> CallToolResult:
        return a_result()

    async def on_list_tools(_ctx: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[a_tool()])

    server = Server("test", on_list_tools=on_list_tools, on_call_tool=lambda _ctx, _params: never({}))
    app = server.streamable_http_app(json_response=True, stateless_http=True)
    with WebServer(counting(Interceptor(app, {"tools/call": bring_down}))) as web:
        results = call_all(f"{web.url}/mcp", 9, in_flight=1)
    assert results == [Lost(CONNECTION_LOST)] + [NotWritten(NO_CONNECTION)] * 8
    assert requests == 3


@pytest.mark.parametrize("stateless", ["1", "0"])
def test_result_of_every_call_is_correct_when_the_server_is_killed(tmp_path: Path, stateless: str) -> None:
    """Every answered call is in the provider's log. Every call in the log was answered or is in doubt."""
    log = tmp_path / "deliveries.jsonl"
    code = (
        "import sys; from pathlib import Path; from local.whatsapp import WhatsAppSimulator as W;"
        "p = W(log=Path(sys.argv[1]), stateless=sys.argv[2] == '1', behaviour={'latencia_ms': 20});"
        "p.serve({'url': p.url})"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(log), stateless], stdout=subprocess.PIPE, env=environ, cwd=ROOT
    ) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        killer = threading.Thread(target=_kill_after, args=(process.pid, log, 60))
        killer.start()
        calls = [{"to": f"+55719{n:08}", "template_name": "t", "language": "pt_BR"} for n in range(400)]
        results = McpServer(url, timeout_s=10).call_all("send_template_message", calls, in_flight=20)
        killer.join()
        process.wait()
    delivered = [json.loads(line)["para"] for line in log.read_text().splitlines()]
    result_by_phone = dict(zip((call["to"] for call in calls), results, strict=True))
    answered = {to for to, result in result_by_phone.items() if isinstance(result, Answer)}
    in_doubt = {to for to, result in result_by_phone.items() if isinstance(result, Lost)}
    assert len(delivered) == len(set(delivered))
    assert answered <= set(delivered) <= answered | in_doubt
    assert answered
    assert any(isinstance(result, NotWritten) for result in results)
    assert len(in_doubt) <= 20


def _kill_after(pid: int, log: Path, lines: int) -> None:
    tick = threading.Event()
    while not log.exists() or log.read_bytes().count(b"\n") < lines:
        tick.wait(0.005)
    os.kill(pid, signal.SIGKILL)


# Faults of the provider simulator


def test_each_fault_on_the_wire_has_its_own_result() -> None:
    faults = [
        {"conexao": "antes", "destinos": ["a"]},
        {"conexao": "depois", "destinos": ["b"]},
        {"conexao": "travar", "destinos": ["c"]},
        {"http": 401, "destinos": ["d"]},
        {"http": 429, "retry_after": 30, "destinos": ["e"]},
        {"http": 503, "destinos": ["f"]},
    ]
    with WhatsAppSimulator(behaviour={"falhas": faults}) as provider:
        calls = [{"to": to, "text": "oi"} for to in "abcdefg"]
        results = McpServer(provider.url, timeout_s=3).call_all("send_text_message", calls)
        delivered = {each["para"] for each in provider.deliveries()}
    assert results[:6] == [
        Lost(CONNECTION_LOST),
        Lost(CONNECTION_LOST),
        Lost(TIMED_OUT),
        Refused(401),
        Refused(429, 30),
        Lost("http_503"),
    ]
    assert isinstance(results[6], Answer)
    assert delivered == {"b", "g"}


def test_delivered_call_is_never_reported_as_not_sent() -> None:
    faults = [
        {"conexao": "antes", "taxa": 0.1},
        {"conexao": "depois", "taxa": 0.1},
        {"http": 429, "taxa": 0.1},
        {"http": 502, "taxa": 0.1},
    ]
    with WhatsAppSimulator(behaviour={"semente": 7, "falhas": faults}) as provider:
        calls = [{"to": str(n), "text": "oi"} for n in range(300)]
        results = McpServer(provider.url).call_all("send_text_message", calls, in_flight=100)
        delivered = Counter(each["para"] for each in provider.deliveries())
    assert set(delivered.values()) == {1}
    assert Counter(map(type, results)).keys() == {Answer, Lost, Refused}
    for call, result in zip(calls, results, strict=True):
        assert not (isinstance(result, NotWritten | Refused) and call["to"] in delivered)
        assert not (isinstance(result, Answer) and call["to"] not in delivered)


# Tools


def test_tools_of_all_pages_are_listed_with_their_input_schema() -> None:
    pages = {None: ("a", "2"), "2": ("b", "3"), "3": ("c", None)}

    async def page(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        name, cursor = pages[request["params"].get("cursor")]
        tool = {"name": name, "inputSchema": {"type": "object", "required": [name]}}
        result = {"tools": [tool], "nextCursor": cursor, "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    with a_server(handlers={"tools/list": page}) as url:
        tools = McpServer(url).tools()
    assert {name: schema["required"] for name, schema in tools.items()} == {"a": ["a"], "b": ["b"], "c": ["c"]}


def test_endless_list_of_tools_is_cut() -> None:
    asked = 0

    async def page(request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        tool = {"name": f"t{asked}", "inputSchema": {"type": "object"}}
        result = {"tools": [tool], "nextCursor": "x", "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    with a_server(handlers={"tools/list": page}) as url:
        assert len(McpServer(url).tools()) == asked == 100


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (responding(Response(status_code=401)), "http_401"),
        (responding(Response(status_code=502)), "http_502"),
        (dropping, HANDSHAKE_FAILED),
        (responding(Response("{}", media_type="application/json")), HANDSHAKE_FAILED),
    ],
)
def test_server_that_lists_no_tools_is_unavailable_with_a_reason(handler: MethodHandler, reason: str) -> None:
    with a_server(handlers={"tools/list": handler}) as url, pytest.raises(Unavailable) as unavailable:
        McpServer(url).tools()
    assert (unavailable.value.code, unavailable.value.reason) == ("canal_inacessivel", reason)
    assert unavailable.value.params == {"motivo": reason}


# Addresses from `address_of`


def accepting_any_host(names: list[str]) -> Callable[[ASGIApp], ASGIApp]:
    """Accepts every `Host` and appends it to `names`."""

    def around(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                names.extend(value.decode() for name, value in scope["headers"] if name == b"host")
                headers = [(name, b"127.0.0.1:1" if name == b"host" else value) for name, value in scope["headers"]]
                scope = {**scope, "headers": headers}
            await app(scope, receive, send)

        return wrapped

    return around


def port_of(url: str) -> int:
    return int(url.split(":")[2].partition("/")[0])


def test_address_of_a_host_is_asked_once_and_requests_keep_the_name() -> None:
    asked: list[tuple[str, int]] = []
    hosts: list[str] = []

    def address_of(host: str, port: int) -> str:
        asked.append((host, port))
        return "127.0.0.1"

    with a_server(around=accepting_any_host(hosts)) as url:
        port = port_of(url)
        results = call_all(url.replace("127.0.0.1", "canal.invalid"), 120, address_of=address_of)
    assert texts(results) == [f"n={n}" for n in range(120)]
    assert asked == [("canal.invalid", port)]
    assert set(hosts) == {f"canal.invalid:{port}"}


@pytest.mark.parametrize("error", [NotPublic(), OSError("no such host")])
def test_host_without_an_allowed_address_is_not_connected_to(error: Exception) -> None:
    def address_of(_host: str, _port: int) -> str:
        raise error

    with a_server() as url:
        assert call_all(url, address_of=address_of) == [NotWritten(NO_CONNECTION)] * 3
        with pytest.raises(Unavailable) as unavailable:
            McpServer(url, address_of=address_of).tools()
    assert unavailable.value.reason == NO_CONNECTION


@pytest.mark.parametrize(("certified", "printed"), [("canal.invalid", "send"), ("outro.invalid", "sem_conexao")])
def test_certificate_is_checked_against_the_name(tmp_path: Path, certified: str, printed: str) -> None:
    authority = Authority(tmp_path)
    code = (
        "import sys; from chalicelib.adapters.mcp import McpServer; from chalicelib.errors import Unavailable\n"
        "try: print(*McpServer(sys.argv[1], address_of=lambda host, port: '127.0.0.1').tools())\n"
        "except Unavailable as error: print(error.reason)"
    )
    context = authority.server_context(certified)
    with a_server(around=accepting_any_host([])) as url, TlsFront(port_of(url), context) as front:
        done = subprocess.run(
            [sys.executable, "-c", code, f"https://canal.invalid:{front.port}/mcp"],
            env={**os.environ, "SSL_CERT_FILE": str(authority.ca_file)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == printed


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_endless_stream_is_cut_before_it_fills_the_memory(coding: str) -> None:
    sent = 0

    async def flood(_request: dict[str, Any], scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        packer = zlib.compressobj(wbits=31)
        headers = [(b"content-type", b"text/event-stream"), (b"content-encoding", coding.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers[: 1 + (coding == "gzip")]})
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                await hanging({}, scope, receive, send)
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            while True:
                noise = os.urandom(16 * 1024).hex().encode()
                chunk = packer.compress(noise) + packer.flush(zlib.Z_SYNC_FLUSH) if coding == "gzip" else noise
                sent += len(noise)
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await anyio.sleep(0)

    with a_server(handlers={"tools/call": flood}, json_response=False) as url:
        assert call_all(url, 1) == [Lost(CONNECTION_LOST)]
    assert sent < 64 * 1024 * 1024
