"""The MCP door over real sockets: whatever a server or the network does, each call gets its own true result."""

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
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, TextContent, Tool
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, PlaceholderScope, Receive, Send

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
# Every way in which the SDK's own server can serve: JSON or event streams, with or without sessions.
WAYS = [(True, True), (False, True), (True, False), (False, False)]

Meddle = Callable[[dict[str, Any], PlaceholderScope, Receive, Send], Awaitable[None]]
Tool_ = Callable[[dict[str, Any]], Awaitable[CallToolResult]]


class Meddler:
    """Stands before a server and deals itself with the JSON-RPC methods that it is given for."""

    def __init__(self, app: ASGIApp, meddle: Mapping[str, Meddle]) -> None:
        self._app = app
        self._meddle = meddle

    async def __call__(self, scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, again = await read_body(receive)
        request = json.loads(body) if body else {"method": scope["method"]}
        meddle = self._meddle.get(request["method"])
        if meddle is None:
            await self._app(scope, again, send)
        else:
            await meddle(request, scope, again, send)


def a_tool(name: str = "send", **fields: Any) -> Tool:
    return Tool(name=name, input_schema={"type": "object", "properties": {"n": {"type": "integer"}}}, **fields)


def a_result(text: str = "ok", **fields: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], **fields)


async def echo(arguments: dict[str, Any]) -> CallToolResult:
    return a_result(f"n={arguments['n']}")


@contextmanager
def a_server(
    tool: Tool_ = echo,
    *,
    tools: list[Tool] | None = None,
    meddle: Mapping[str, Meddle] | None = None,
    json_response: bool = True,
    stateless: bool = True,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Iterator[str]:
    """An MCP server with one tool, and a meddler before it; its URL."""

    async def on_list_tools(_ctx: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=tools if tools is not None else [a_tool()])

    async def on_call_tool(_ctx: Any, params: CallToolRequestParams) -> CallToolResult:
        return await tool(params.arguments or {})

    server = Server("test", on_list_tools=on_list_tools, on_call_tool=on_call_tool)
    app = server.streamable_http_app(json_response=json_response, stateless_http=stateless)
    with WebServer(around(Meddler(app, meddle or {}))) as web:
        yield f"{web.url}/mcp"


def call_all(url: str, count: int = 3, *, in_flight: int = 50, **options: Any) -> list[CallResult]:
    server = McpServer(url, now=lambda: NOW, **options)
    return server.call_all("send", [{"n": n} for n in range(count)], in_flight=in_flight)


def texts(results: list[CallResult]) -> list[str]:
    return [result.text if isinstance(result, Answer) else repr(result) for result in results]


def responding(response: Response, *, only: Callable[[int], bool] = lambda _: True) -> Meddle:
    """Answers the calls that `only` picks by their `n`; the rest are echoed in JSON."""

    async def meddle(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        n = request.get("params", {}).get("arguments", {}).get("n", 0)
        echoed = {"content": [{"type": "text", "text": f"n={n}"}], "isError": False, "resultType": "complete"}
        body = {"jsonrpc": "2.0", "id": request.get("id"), "result": echoed}
        await (response if only(n) else JSONResponse(body))(scope, receive, send)

    return meddle


def with_rpc_error(status: int, code: int, message: str = "no", headers: Mapping[str, str] | None = None) -> Meddle:
    async def meddle(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        error = {"jsonrpc": "2.0", "id": request.get("id"), "error": {"code": code, "message": message}}
        await JSONResponse(error, status, headers=headers)(scope, receive, send)

    return meddle


async def dropping(_request: dict[str, Any], scope: PlaceholderScope, _receive: Receive, _send: Send) -> None:
    drop_connection(scope)


async def hanging(_request: dict[str, Any], _scope: PlaceholderScope, receive: Receive, _send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def breaking_off(_request: dict[str, Any], scope: PlaceholderScope, _receive: Receive, send: Send) -> None:
    """Half a JSON body, then nothing."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"jsonrpc":', "more_body": True})
    drop_connection(scope)


def streaming(*, then_drop: bool) -> Meddle:
    """An event stream that never comes to the point."""

    async def meddle(_request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
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

    return meddle


def a_closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


# What works


@pytest.mark.parametrize(("json_response", "stateless"), WAYS)
def test_batch_is_answered_in_the_order_of_its_calls(json_response: bool, stateless: bool) -> None:
    with a_server(json_response=json_response, stateless=stateless) as url:
        assert texts(call_all(url, 120)) == [f"n={n}" for n in range(120)]


def test_no_calls_need_no_server() -> None:
    assert McpServer("http://127.0.0.1:1/mcp").call_all("send", []) == []


def test_a_thousand_calls_are_in_flight_from_one_process() -> None:
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


def test_no_more_and_no_fewer_calls_are_in_flight_than_allowed() -> None:
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
        async def wrapped(scope: PlaceholderScope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                body, receive = await read_body(receive)
                seen[json.loads(body)["method"] if body else scope["method"]] += 1
            await app(scope, receive, send)

        return wrapped

    with a_server(around=counting) as url:
        call_all(url, 20)
    assert seen == {"server/discover": 1, "tools/list": 1, "tools/call": 20}


def test_text_and_structured_content_are_both_handed_on() -> None:
    async def structured(_: dict[str, Any]) -> CallToolResult:
        text = '{"success": true}'
        content = [TextContent(type="text", text="a"), TextContent(type="text", text="b")]
        return CallToolResult(content=content, structured_content={"result": text}, is_error=True)

    with a_server(structured) as url:
        (answer,) = call_all(url, 1)
    assert isinstance(answer, Answer)
    assert (answer.is_error, answer.text, answer.structured) == (True, "a\nb", {"result": '{"success": true}'})
    assert answer.latency_s > 0


def test_compressed_answers_are_read() -> None:
    with a_server(around=lambda app: GZipMiddleware(app, minimum_size=1)) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def test_headers_go_with_every_request() -> None:
    seen: set[str] = set()

    def recording(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: PlaceholderScope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                seen.add(dict(scope["headers"]).get(b"authorization", b"").decode())
            await app(scope, receive, send)

        return wrapped

    with a_server(around=recording) as url:
        call_all(url, headers={"Authorization": "Bearer x"})
    assert seen == {"Bearer x"}


@pytest.mark.parametrize("meddle", [responding(Response(status_code=405)), with_rpc_error(400, -32601)])
@pytest.mark.parametrize("stateless", [True, False])
def test_server_of_an_older_protocol_is_spoken_to_in_it(meddle: Meddle, stateless: bool) -> None:
    with a_server(meddle={"server/discover": meddle}, stateless=stateless) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def test_session_whose_farewell_is_ignored_still_hands_its_results_back() -> None:
    meddle = {"server/discover": responding(Response(status_code=404)), "DELETE": hanging}
    with a_server(meddle=meddle, stateless=False) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def test_acknowledgement_of_a_session_that_fails_does_not_fail_the_session() -> None:
    meddle = {
        "server/discover": responding(Response(status_code=404)),
        "notifications/initialized": responding(Response(status_code=500)),
    }
    with a_server(meddle=meddle, stateless=True) as url:
        assert texts(call_all(url)) == ["n=0", "n=1", "n=2"]


def moved(app: ASGIApp) -> ASGIApp:
    async def wrapped(scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/antigo":
            await RedirectResponse("/mcp", 307)(scope, receive, send)
        else:
            await app(scope, receive, send)

    return wrapped


def test_redirect_within_the_server_is_followed() -> None:
    with a_server(around=moved) as url:
        assert texts(call_all(url.replace("/mcp", "/antigo"))) == ["n=0", "n=1", "n=2"]


def test_redirected_call_that_fails_costs_only_itself() -> None:
    some = responding(Response(status_code=429, headers={"Retry-After": "7"}), only=lambda n: n == 1)
    with a_server(around=moved, meddle={"tools/call": some}) as url:
        assert call_all(url.replace("/mcp", "/antigo"))[1] == Refused(429, 7)


# What goes wrong with one call


@pytest.mark.parametrize("way", WAYS)
def test_one_dropped_connection_in_ten_costs_only_its_own_call(way: tuple[bool, bool]) -> None:
    async def drop_some(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        if request["params"]["arguments"]["n"] % 10 == 3:
            drop_connection(scope)
        else:
            await responding(Response(), only=lambda _: False)(request, scope, receive, send)

    with a_server(meddle={"tools/call": drop_some}, json_response=way[0], stateless=way[1]) as url:
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
def test_status_of_one_call_is_kept_and_the_others_are_served(response: Response, result: CallResult) -> None:
    with a_server(meddle={"tools/call": responding(response, only=lambda n: n == 1)}) as url:
        first, second, third = call_all(url)
    assert second == result
    assert texts([first, third]) == ["n=0", "n=2"]


@pytest.mark.parametrize(
    ("meddle", "result"),
    [
        (with_rpc_error(401, -32000), Refused(401)),
        (with_rpc_error(429, -32000, headers={"Retry-After": "3"}), Refused(429, 3)),
        (with_rpc_error(503, -32000, headers={"Retry-After": "3"}), Refused(503, 3)),
        (with_rpc_error(200, -32000), Lost(CONNECTION_LOST)),
        (with_rpc_error(200, -32001), Lost(TIMED_OUT)),
        (with_rpc_error(200, -32600), Lost(BAD_ANSWER)),
    ],
)
def test_error_of_the_protocol_that_proves_nothing_is_left_in_doubt(meddle: Meddle, result: CallResult) -> None:
    with a_server(meddle={"tools/call": meddle}) as url:
        assert call_all(url, 1) == [result]


@pytest.mark.parametrize("meddle", [with_rpc_error(200, -32603, "[21211]"), with_rpc_error(400, -32602, "[21211]")])
def test_error_that_a_tool_raises_is_an_answer_to_be_read(meddle: Meddle) -> None:
    with a_server(meddle={"tools/call": meddle}) as url:
        (answer,) = call_all(url, 1)
    assert isinstance(answer, Answer)
    assert (answer.is_error, answer.text) == (True, "[21211]")


def test_error_that_carries_data_of_its_own_is_not_taken_for_one_of_ours() -> None:
    async def fail(_: dict[str, Any]) -> CallToolResult:
        raise MCPError(-32050, "no", "some-ticket")

    with a_server(fail) as url:
        assert texts(call_all(url, 1)) == ["no"]


def test_session_that_the_server_has_forgotten_has_taken_nothing() -> None:
    meddle = {"server/discover": responding(Response(status_code=404)), "tools/call": with_rpc_error(404, -32001)}
    with a_server(meddle=meddle, stateless=False) as url:
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
def test_answer_that_breaks_its_own_promise_leaves_the_message_in_doubt(tool: Tool, content: Any) -> None:
    async def answer(_: dict[str, Any]) -> CallToolResult:
        return a_result() if content is None else a_result(structured_content=content)

    with a_server(answer, tools=[tool]) as url:
        assert call_all(url) == [Lost(BAD_ANSWER)] * 3


@pytest.mark.parametrize(
    ("meddle", "reason"),
    [
        (dropping, CONNECTION_LOST),
        (breaking_off, CONNECTION_LOST),
        (streaming(then_drop=True), CONNECTION_LOST),
        (hanging, TIMED_OUT),
        (streaming(then_drop=False), TIMED_OUT),
    ],
)
def test_call_that_is_never_answered_is_in_doubt(meddle: Meddle, reason: str) -> None:
    with a_server(meddle={"tools/call": meddle}) as url:
        assert call_all(url, connect_timeout_s=3, timeout_s=2) == [Lost(reason)] * 3


def test_tool_that_asks_back_has_not_said_whether_it_sent() -> None:
    async def ask(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        params = {"message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}}
        asked = {"q": {"method": "elicitation/create", "params": params}}
        result = {"resultType": "input_required", "inputRequests": asked}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    with a_server(meddle={"tools/call": ask}) as url:
        assert call_all(url, 1) == [Lost(BAD_ANSWER)]


@pytest.mark.parametrize("poison", ["\ud800", float("nan"), {1, 2}])
def test_arguments_that_are_not_json_are_not_sent_and_cost_only_themselves(poison: object) -> None:
    with a_server() as url:
        results = McpServer(url).call_all("send", [{"n": 0}, {"n": poison}, {"n": 2}])
    assert results[1] == NotWritten(BAD_ARGUMENTS)
    assert texts([results[0], results[2]]) == ["n=0", "n=2"]


# What goes wrong with the server


def test_server_that_is_not_there_has_taken_nothing() -> None:
    assert call_all(f"http://127.0.0.1:{a_closed_port()}/mcp", 9) == [NotWritten(NO_CONNECTION)] * 9


def test_name_that_does_not_resolve_is_no_connection() -> None:
    assert call_all("http://no-such-host.invalid/mcp") == [NotWritten(NO_CONNECTION)] * 3


def test_server_without_tls_is_no_connection() -> None:
    with a_server() as url:
        assert call_all(url.replace("http://", "https://")) == [NotWritten(NO_CONNECTION)] * 3


def test_server_that_takes_no_more_connections_has_taken_nothing() -> None:
    with socket.socket() as full, socket.socket() as taken:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        taken.connect(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/mcp"
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
def test_session_that_is_refused_is_what_every_call_is_told(
    methods: tuple[str, ...], response: Response, result: CallResult
) -> None:
    with a_server(meddle=dict.fromkeys(methods, responding(response))) as url:
        assert call_all(url) == [result] * 3


def test_refusal_in_words_of_the_protocol_is_known_by_its_status() -> None:
    refuse = with_rpc_error(401, -32000, "Unauthorized")
    with a_server(meddle={"server/discover": refuse, "initialize": refuse}) as url:
        assert call_all(url) == [Refused(401, at_handshake=True)] * 3


def test_older_protocol_that_hangs_is_not_blamed_on_the_probe_before_it() -> None:
    meddle = {"server/discover": responding(Response(status_code=404)), "initialize": streaming(then_drop=False)}
    with a_server(meddle=meddle) as url:
        assert call_all(url, connect_timeout_s=1, timeout_s=1) == [NotWritten(HANDSHAKE_FAILED)] * 3


@pytest.mark.parametrize("meddle", [dropping, breaking_off, hanging])
def test_session_that_breaks_off_before_any_call_has_taken_nothing(meddle: Meddle) -> None:
    with a_server(meddle={"tools/list": meddle}) as url:
        assert call_all(url, connect_timeout_s=2, timeout_s=1) == [NotWritten(HANDSHAKE_FAILED)] * 3


def test_handshake_that_only_drips_ends_with_its_time() -> None:
    with a_server(meddle={"server/discover": streaming(then_drop=False)}) as url:
        assert call_all(url, connect_timeout_s=1, timeout_s=1) == [NotWritten(HANDSHAKE_FAILED)] * 3


def test_protocol_that_nobody_speaks_has_taken_nothing() -> None:
    async def initialize(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        result = {"protocolVersion": "1999-01-01", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    meddle = {"server/discover": responding(Response(status_code=404)), "initialize": initialize}
    with a_server(meddle=meddle) as url:
        assert call_all(url) == [NotWritten(HANDSHAKE_FAILED)] * 3


def test_tool_that_the_server_does_not_have_is_not_called() -> None:
    with a_server(tools=[a_tool("other")]) as url:
        assert call_all(url) == [NotWritten(TOOL_MISSING)] * 3


def test_server_that_goes_away_is_not_knocked_at_again() -> None:
    """The first call brings the server down; the calls that had not begun are told so without another attempt."""
    knocks = 0

    def counting(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: PlaceholderScope, receive: Receive, send: Send) -> None:
            nonlocal knocks
            knocks += scope["type"] == "http"
            await app(scope, receive, send)

        return wrapped

    async def bring_down(_request: dict[str, Any], scope: PlaceholderScope, _receive: Receive, _send: Send) -> None:
        web.stop_listening()
        drop_connection(scope)

    async def never(_: dict[str, Any]) -> CallToolResult:
        return a_result()

    async def on_list_tools(_ctx: Any, _params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[a_tool()])

    server = Server("test", on_list_tools=on_list_tools, on_call_tool=lambda _ctx, _params: never({}))
    app = server.streamable_http_app(json_response=True, stateless_http=True)
    with WebServer(counting(Meddler(app, {"tools/call": bring_down}))) as web:
        results = call_all(f"{web.url}/mcp", 9, in_flight=1)
    assert results == [Lost(CONNECTION_LOST)] + [NotWritten(NO_CONNECTION)] * 8
    assert knocks == 3


@pytest.mark.parametrize("stateless", ["1", "0"])
def test_server_killed_in_the_middle_leaves_no_call_misreported(tmp_path: Path, stateless: str) -> None:
    """What was answered is in the provider's log; what is in its log was answered or is in doubt, never repeatable."""
    log = tmp_path / "recebidas.jsonl"
    code = (
        "import sys; from pathlib import Path; from local.whatsapp import WhatsAppSimulator as W;"
        "p = W(log=Path(sys.argv[1]), stateless=sys.argv[2] == '1', falhas={'latencia_ms': 20});"
        "p.serve({'url': p.url})"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(log), stateless], stdout=subprocess.PIPE, env=environ, cwd=ROOT
    ) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        killer = threading.Thread(target=_kill_when, args=(process.pid, log, 60))
        killer.start()
        calls = [{"to": f"+55719{n:08}", "template_name": "t", "language": "pt_BR"} for n in range(400)]
        results = McpServer(url, timeout_s=10).call_all("send_template_message", calls, in_flight=20)
        killer.join()
        process.wait()
    delivered = [json.loads(line)["para"] for line in log.read_text().splitlines()]
    told = dict(zip((call["to"] for call in calls), results, strict=True))
    answered = {to for to, result in told.items() if isinstance(result, Answer)}
    in_doubt = {to for to, result in told.items() if isinstance(result, Lost)}
    assert len(delivered) == len(set(delivered))
    assert answered <= set(delivered) <= answered | in_doubt
    assert answered
    assert any(isinstance(result, NotWritten) for result in results)
    assert len(in_doubt) <= 20


def _kill_when(pid: int, log: Path, lines: int) -> None:
    tick = threading.Event()
    while not log.exists() or log.read_bytes().count(b"\n") < lines:
        tick.wait(0.005)
    os.kill(pid, signal.SIGKILL)


# Faults as the simulator makes them


def test_every_fault_on_the_wire_is_told_apart() -> None:
    falhas = [
        {"conexao": "antes", "destinos": ["a"]},
        {"conexao": "depois", "destinos": ["b"]},
        {"conexao": "travar", "destinos": ["c"]},
        {"http": 401, "destinos": ["d"]},
        {"http": 429, "retry_after": 30, "destinos": ["e"]},
        {"http": 503, "destinos": ["f"]},
    ]
    with WhatsAppSimulator(falhas={"falhas": falhas}) as provider:
        calls = [{"to": to, "text": "oi"} for to in "abcdefg"]
        results = McpServer(provider.url, timeout_s=3).call_all("send_text_message", calls)
        delivered = {each["para"] for each in provider.recebidas()}
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


def test_no_call_is_said_to_be_unsent_that_was_delivered() -> None:
    falhas = [
        {"conexao": "antes", "taxa": 0.1},
        {"conexao": "depois", "taxa": 0.1},
        {"http": 429, "taxa": 0.1},
        {"http": 502, "taxa": 0.1},
    ]
    with WhatsAppSimulator(falhas={"semente": 7, "falhas": falhas}) as provider:
        calls = [{"to": str(n), "text": "oi"} for n in range(300)]
        results = McpServer(provider.url).call_all("send_text_message", calls, in_flight=100)
        delivered = Counter(each["para"] for each in provider.recebidas())
    assert set(delivered.values()) == {1}
    assert Counter(map(type, results)).keys() == {Answer, Lost, Refused}
    for call, result in zip(calls, results, strict=True):
        assert not (isinstance(result, NotWritten | Refused) and call["to"] in delivered)
        assert not (isinstance(result, Answer) and call["to"] not in delivered)


# Tools


def test_tools_are_listed_with_their_input_over_all_pages() -> None:
    pages = {None: ("a", "2"), "2": ("b", "3"), "3": ("c", None)}

    async def page(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        name, cursor = pages[request["params"].get("cursor")]
        tool = {"name": name, "inputSchema": {"type": "object", "required": [name]}}
        result = {"tools": [tool], "nextCursor": cursor, "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    with a_server(meddle={"tools/list": page}) as url:
        tools = McpServer(url).tools()
    assert {name: schema["required"] for name, schema in tools.items()} == {"a": ["a"], "b": ["b"], "c": ["c"]}


def test_listing_without_an_end_is_left_at_some_point() -> None:
    asked = 0

    async def page(request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        tool = {"name": f"t{asked}", "inputSchema": {"type": "object"}}
        result = {"tools": [tool], "nextCursor": "x", "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}
        await JSONResponse({"jsonrpc": "2.0", "id": request["id"], "result": result})(scope, receive, send)

    with a_server(meddle={"tools/list": page}) as url:
        assert len(McpServer(url).tools()) == asked == 100


@pytest.mark.parametrize(
    ("meddle", "motivo"),
    [
        (responding(Response(status_code=401)), "http_401"),
        (responding(Response(status_code=502)), "http_502"),
        (dropping, HANDSHAKE_FAILED),
        (responding(Response("{}", media_type="application/json")), HANDSHAKE_FAILED),
    ],
)
def test_server_that_does_not_show_its_tools_is_unavailable_and_says_why(meddle: Meddle, motivo: str) -> None:
    with a_server(meddle={"tools/list": meddle}) as url, pytest.raises(Unavailable) as unavailable:
        McpServer(url).tools()
    assert (unavailable.value.code, unavailable.value.params) == ("canal_inacessivel", {"motivo": motivo})


# Addresses that are looked up by somebody else


def under(names: list[str]) -> Callable[[ASGIApp], ASGIApp]:
    """A server that answers to whatever name it is called by, and remembers it."""

    def around(app: ASGIApp) -> ASGIApp:
        async def called(scope: PlaceholderScope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                names.extend(value.decode() for name, value in scope["headers"] if name == b"host")
                headers = [(name, b"127.0.0.1:1" if name == b"host" else value) for name, value in scope["headers"]]
                scope = {**scope, "headers": headers}
            await app(scope, receive, send)

        return called

    return around


def port_of(url: str) -> int:
    return int(url.split(":")[2].partition("/")[0])


def test_a_host_is_looked_up_once_and_connected_to_as_judged_under_its_own_name() -> None:
    asked: list[tuple[str, int]] = []
    named: list[str] = []

    def address_of(host: str, port: int) -> str:
        asked.append((host, port))
        return "127.0.0.1"

    with a_server(around=under(named)) as url:
        port = port_of(url)
        results = call_all(url.replace("127.0.0.1", "canal.invalid"), 120, address_of=address_of)
    assert texts(results) == [f"n={n}" for n in range(120)]
    assert asked == [("canal.invalid", port)]
    assert set(named) == {f"canal.invalid:{port}"}


@pytest.mark.parametrize("error", [NotPublic(), OSError("no such host")])
def test_a_host_that_may_not_be_connected_to_is_not(error: Exception) -> None:
    def address_of(_host: str, _port: int) -> str:
        raise error

    with a_server() as url:
        assert call_all(url, address_of=address_of) == [NotWritten(NO_CONNECTION)] * 3
        with pytest.raises(Unavailable) as unavailable:
            McpServer(url, address_of=address_of).tools()
    assert unavailable.value.params == {"motivo": NO_CONNECTION}


@pytest.mark.parametrize(("certified", "shown"), [("canal.invalid", "send"), ("outro.invalid", "sem_conexao")])
def test_tls_goes_by_the_name_and_not_by_the_address(tmp_path: Path, certified: str, shown: str) -> None:
    authority = Authority(tmp_path)
    code = (
        "import sys; from chalicelib.adapters.mcp import McpServer; from chalicelib.errors import Unavailable\n"
        "try: print(*McpServer(sys.argv[1], address_of=lambda host, port: '127.0.0.1').tools())\n"
        "except Unavailable as error: print(error.params['motivo'])"
    )
    with a_server(around=under([])) as url, TlsFront(port_of(url), authority.server_context(certified)) as front:
        done = subprocess.run(
            [sys.executable, "-c", code, f"https://canal.invalid:{front.port}/mcp"],
            env={**os.environ, "SSL_CERT_FILE": str(authority.ca_file)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.strip() == shown


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_a_stream_that_never_ends_is_left_before_it_fills_the_memory(coding: str) -> None:
    sent = 0

    async def flood(_request: dict[str, Any], scope: PlaceholderScope, receive: Receive, send: Send) -> None:
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

    with a_server(meddle={"tools/call": flood}, json_response=False) as url:
        assert call_all(url, 1) == [Lost(CONNECTION_LOST)]
    assert sent < 64 * 1024 * 1024
