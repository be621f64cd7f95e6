"""What the provider simulators share: a real MCP server on its own socket, faults on demand, and an admin API.

A seed, the destination and the number of its attempt decide whether a fault strikes. So a run gives the same result in
whatever order the calls arrive.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from hashlib import blake2b
from typing import Any, Literal, Self

import anyio
import uvicorn
from mcp.server import MCPServer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_HOST = "127.0.0.1"
_START_S = 20.0


class Fault(BaseModel):
    """One kind of failure: an error code in the answer, an HTTP status, a broken connection, or a broken response.

    `taxa` is the share of attempts that it strikes. `destinos` limits it to these destinations, `primeiras` to the
    first n attempts at each destination, `limite` to n times in all. `conexao` drops the connection before (`antes`) or
    after (`depois`) the message is delivered, or leaves it open without an answer or a delivery (`travar`). `resposta`
    delivers the message and answers with what no MCP server should send (`GARBAGE`); a redirect comes before that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    codigo: str | None = None
    http: int | None = Field(default=None, ge=300, le=599)
    retry_after: int | str | None = None
    conexao: Literal["antes", "depois", "travar"] | None = None
    resposta: Literal["html", "vazia", "cortada", "enorme", "gotejada", "alheia", "redirecionada", "erro"] | None = None
    taxa: float = Field(default=1.0, ge=0, le=1)
    destinos: frozenset[str] | None = None
    primeiras: int | None = Field(default=None, ge=0)
    limite: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if sum(each is not None for each in (self.codigo, self.http, self.conexao, self.resposta)) != 1:
            raise ValueError("exactly one of codigo, http, conexao, resposta")
        return self


class Behaviour(BaseModel):
    """How the provider behaves: its latency, and its faults. The first fault that strikes an attempt counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latencia_ms: float = Field(default=0, ge=0)
    semente: int = 0
    falhas: tuple[Fault, ...] = ()


class Faults:
    """Decides which fault strikes an attempt; counts the attempts at each destination and the strikes of each fault."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.has_wire_faults = any(fault.codigo is None for fault in behaviour.falhas)
        self._tried: Counter[tuple[int, str]] = Counter()
        self._struck: Counter[int] = Counter()

    def error_code(self, destination: str) -> str | None:
        """Count an attempt; return the error code to answer it with, or None."""
        fault = self._strike(destination, is_on_wire=False)
        return fault.codigo if fault else None

    def wire_fault(self, destination: str) -> Fault | None:
        """Count an attempt; return the fault that strikes its request or connection, or None."""
        return self._strike(destination, is_on_wire=True)

    def _strike(self, destination: str, *, is_on_wire: bool) -> Fault | None:
        for number, fault in enumerate(self.behaviour.falhas):
            if (fault.codigo is None) is is_on_wire and self._strikes(number, fault, destination):
                self._struck[number] += 1
                return fault
        return None

    def _strikes(self, number: int, fault: Fault, destination: str) -> bool:
        if fault.destinos is not None and destination not in fault.destinos:
            return False
        self._tried[number, destination] += 1
        attempt = self._tried[number, destination]
        if fault.primeiras is not None and attempt > fault.primeiras:
            return False
        if fault.limite is not None and self._struck[number] >= fault.limite:
            return False
        return fault.taxa == 1 or _draw(f"{self.behaviour.semente}:{number}:{destination}:{attempt}") < fault.taxa


def _draw(key: str) -> float:
    """Return a number from 0 to 1 that is always the same for the same key."""
    return int.from_bytes(blake2b(key.encode(), digest_size=7).digest()) / 2**56


class Provider(ABC):
    """A simulated provider: `with Provider(…) as provider:` serves from a new thread, `serve` from the caller's.

    `url` is the MCP endpoint; `/admin/…` is under `base_url`.
    """

    path = "/mcp"

    def __init__(
        self,
        server: MCPServer,
        *,
        port: int = 0,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        json_response: bool = True,
        stateless: bool = True,
    ) -> None:
        self.behaviour = Behaviour.model_validate(behaviour or {})
        self._add_admin(server)
        app = server.streamable_http_app(
            streamable_http_path=self.path, json_response=json_response, stateless_http=stateless
        )
        self._server = WebServer(_FaultInjector(app, self), port)
        self.base_url = self._server.url
        self.url = self.base_url + self.path

    @property
    def behaviour(self) -> Behaviour:
        """How the provider behaves now. Setting it resets the counts of its faults."""
        return self.faults.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.faults = Faults(behaviour)

    @abstractmethod
    def deliveries(self) -> list[dict[str, Any]]:
        """Return every delivered message, in order; `n` counts from 1."""

    @abstractmethod
    def total(self) -> int:
        """Return the number of delivered messages."""

    @abstractmethod
    def forget(self) -> None:
        """Forget every delivered message."""

    @abstractmethod
    def destination_of(self, arguments: Mapping[str, Any]) -> str:
        """Return the destination of a tool call."""

    async def wait(self) -> None:
        """Wait for the configured latency."""
        if self.behaviour.latencia_ms:
            await anyio.sleep(self.behaviour.latencia_ms / 1000)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()
        self.close()

    def serve(self, announcement: Mapping[str, object]) -> None:
        """Serve until SIGTERM or SIGINT; prints the announcement as one JSON line when ready."""
        # uvicorn raises the signal again after it has stopped. To be ended by it is not a failure.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        self._server.when_ready = lambda: print(json.dumps(announcement), flush=True)
        self._server.run()
        self.close()

    def close(self) -> None:  # noqa: B027 - not every provider has something to close
        """Release what the provider itself holds: files, other sockets."""

    def _add_admin(self, server: MCPServer) -> None:
        server.custom_route("/admin/saude", methods=["GET"])(self._admin_health)
        server.custom_route("/admin/recebidas", methods=["GET", "DELETE"])(self._admin_deliveries)
        server.custom_route("/admin/falhas", methods=["GET", "PUT"])(self._admin_behaviour)

    async def _admin_health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _admin_deliveries(self, request: Request) -> Response:
        if request.method == "DELETE":
            await anyio.to_thread.run_sync(self.forget)
            return Response(status_code=204)
        if request.query_params.get("contagem"):
            return JSONResponse({"total": await anyio.to_thread.run_sync(self.total)})
        return JSONResponse(await anyio.to_thread.run_sync(self.deliveries))

    async def _admin_behaviour(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self.behaviour = Behaviour.model_validate_json(await request.body())
            except ValidationError as error:
                errors = error.errors(include_url=False, include_context=False, include_input=False)
                return JSONResponse({"erros": errors}, 422)
        return JSONResponse(self.behaviour.model_dump(mode="json", exclude_none=True))


def listening_socket(port: int) -> socket.socket:
    """Return a socket that listens on the loopback only; port 0 takes a free one."""
    # The protocol is named because asyncio turns Nagle's delay off only for sockets that name it.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((_HOST, port))
    sock.listen(2048)
    return sock


class _Protocol(H11Protocol):
    """Records every open connection by its two ends, so that `drop_connection` finds it."""

    open: dict[tuple[Any, Any], asyncio.Transport] = {}  # noqa: RUF012 - one table for the whole process

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._ends = (transport.get_extra_info("sockname"), transport.get_extra_info("peername"))
        self.open[self._ends] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.pop(self._ends, None)
        super().connection_lost(exc)


class WebServer(uvicorn.Server):
    """An ASGI app on a socket of its own: `with` serves from a new thread, `run` from the caller's.

    It calls `when_ready` once it serves. When told to stop, it does not wait for clients that hang. It sends no `Date`
    header, so that a test's clock is the only one.
    """

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._socket = listening_socket(port)
        self.url = f"http://{_HOST}:{self._socket.getsockname()[1]}"
        self.when_ready: Callable[[], None] = lambda: None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.run, daemon=True)
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                date_header=False,
                server_header=False,
                ws="none",
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        super().run(sockets or [self._socket])

    def stop_listening(self) -> None:
        """Accept no new connections; open ones stay. Call it from within a request."""
        for server in self.servers:
            server.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.when_ready()
        self._ready.set()

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START_S):
            raise RuntimeError("the server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self.should_exit = True
        self._thread.join()
        self._socket.close()


def drop_connection(scope: Scope) -> None:
    """Abort the connection of a request without a response."""
    if (transport := _Protocol.open.get((scope["server"], scope["client"]))) is not None:
        transport.abort()


class _FaultInjector:
    """Passes requests on to the app, except those that a wire fault strikes."""

    def __init__(self, app: ASGIApp, provider: Provider) -> None:
        self._app = app
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        faults = self._provider.faults
        if not faults.has_wire_faults or scope["type"] != "http" or scope["path"] != Provider.path:
            await self._app(scope, receive, send)
            return
        body, replay = await read_body(receive)
        arguments = _tool_arguments(body)
        fault = None if arguments is None else faults.wire_fault(self._provider.destination_of(arguments))
        if fault is None:
            await self._app(scope, replay, send)
        elif fault.http is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            await Response(status_code=fault.http, headers=headers)(scope, replay, send)
        elif fault.resposta is not None:
            if fault.resposta != _REDIRECT:
                await self._app(scope, replay, _discard)
            await GARBAGE[fault.resposta]()(scope, replay, send)
        else:
            await self._break(fault, scope, replay)

    async def _break(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        if fault.conexao == "depois":
            await self._app(scope, receive, _discard)
        if fault.conexao == "travar":
            while (await receive())["type"] != "http.disconnect":
                pass
        drop_connection(scope)


async def _drops() -> AsyncIterator[bytes]:
    """A response that never ends: a blank now and then, which keeps every time-out between two bytes from striking."""
    while True:
        yield b" "
        await anyio.sleep(0.5)


_HUGE = 64 << 20
_REDIRECT = "redirecionada"
_JSON = "application/json"
# Answers after a delivery that say nothing about it, by name.
GARBAGE: Mapping[str, Callable[[], Response]] = {
    "html": lambda: HTMLResponse("<html><body>Bad gateway, try again later</body></html>"),
    "vazia": lambda: Response(media_type=_JSON),
    "cortada": lambda: Response('{"jsonrpc":"2.0","id":1,"result":{"content":[{"ty', media_type=_JSON),
    "enorme": lambda: Response(b'{"jsonrpc":"2.0","id":1,"result":"' + b"x" * _HUGE + b'"}', media_type=_JSON),
    "gotejada": lambda: StreamingResponse(_drops(), media_type=_JSON),
    "alheia": lambda: JSONResponse({"jsonrpc": "2.0", "id": 987_654_321, "result": {"content": []}}),
    _REDIRECT: lambda: RedirectResponse("/elsewhere"),
    "erro": lambda: JSONResponse({"error": "internal"}, 500),
}


async def _discard(_: Message) -> None:
    """Drop a part of the response."""


async def read_body(receive: Receive) -> tuple[bytes, Receive]:
    """Read the body of a request; return it with a `receive` from which the app can read it again."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return body, replay


def _tool_arguments(body: bytes) -> Mapping[str, Any] | None:
    """Return the arguments of a tool call; None for any other request."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if request.get("method") != "tools/call":
        return None
    arguments: Mapping[str, Any] = request["params"].get("arguments") or {}
    return arguments
