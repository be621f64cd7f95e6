"""What the provider simulators share: a real MCP server on its own socket, faults on demand, and a plain HTTP admin.

The faults are decided by a seed, the destination and how often it was tried, so that a run is the same whatever order
the calls happen to arrive in.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Literal, Self

import anyio
import uvicorn
from mcp.server import MCPServer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, PlaceholderScope, Receive, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_HOST = "127.0.0.1"
_START_S = 20.0


class Falha(BaseModel):
    """One thing that goes wrong: an error code in the answer, an HTTP status, or the connection.

    `taxa` is the share of attempts that it strikes, `destinos` whom, `primeiras` only the first n attempts at each
    destination, `limite` only n times in all. `conexao`: dropped before (`antes`) or after (`depois`) the message is
    delivered, or left hanging (`travar`) without delivering it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    codigo: str | None = None
    http: int | None = Field(default=None, ge=300, le=599)
    retry_after: int | str | None = None
    conexao: Literal["antes", "depois", "travar"] | None = None
    taxa: float = Field(default=1.0, ge=0, le=1)
    destinos: frozenset[str] | None = None
    primeiras: int | None = Field(default=None, ge=0)
    limite: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _be_one_thing(self) -> Self:
        if sum(each is not None for each in (self.codigo, self.http, self.conexao)) != 1:
            raise ValueError("exactly one of codigo, http, conexao")
        return self


class Falhas(BaseModel):
    """How the provider behaves: its latency, and its faults, of which the first that strikes an attempt counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latencia_ms: float = Field(default=0, ge=0)
    semente: int = 0
    falhas: tuple[Falha, ...] = ()


class Faults:
    """The faults in force, and how often each has looked at and struck each destination."""

    def __init__(self, config: Falhas) -> None:
        self.config = config
        self.on_the_wire = any(falha.codigo is None for falha in config.falhas)
        self._tried: Counter[tuple[int, str]] = Counter()
        self._struck: Counter[int] = Counter()

    def in_the_answer(self, destino: str) -> str | None:
        """The error code that this attempt is answered with, if any."""
        falha = self._strike(destino, on_the_wire=False)
        return falha.codigo if falha else None

    def before_the_answer(self, destino: str) -> Falha | None:
        """What becomes of this attempt's request or connection, if anything."""
        return self._strike(destino, on_the_wire=True)

    def _strike(self, destino: str, *, on_the_wire: bool) -> Falha | None:
        for number, falha in enumerate(self.config.falhas):
            if (falha.codigo is None) is on_the_wire and self._strikes(number, falha, destino):
                self._struck[number] += 1
                return falha
        return None

    def _strikes(self, number: int, falha: Falha, destino: str) -> bool:
        if falha.destinos is not None and destino not in falha.destinos:
            return False
        self._tried[number, destino] += 1
        attempt = self._tried[number, destino]
        if falha.primeiras is not None and attempt > falha.primeiras:
            return False
        if falha.limite is not None and self._struck[number] >= falha.limite:
            return False
        return falha.taxa == 1 or _draw(f"{self.config.semente}:{number}:{destino}:{attempt}") < falha.taxa


def _draw(key: str) -> float:
    """A number from 0 to 1 that is always the same for the same key."""
    return int.from_bytes(blake2b(key.encode(), digest_size=7).digest()) / 2**56


class Provider(ABC):
    """A simulated provider: `with Provider(…) as provider:` serves from a thread, `serve` from this one.

    `url` is the MCP endpoint, `base_url` where `/admin/…` is.
    """

    path = "/mcp"

    def __init__(
        self,
        server: MCPServer,
        *,
        port: int = 0,
        falhas: Falhas | Mapping[str, Any] | None = None,
        json_response: bool = True,
        stateless: bool = True,
    ) -> None:
        self.falhas = Falhas.model_validate(falhas or {})
        self._add_admin(server)
        app = server.streamable_http_app(
            streamable_http_path=self.path, json_response=json_response, stateless_http=stateless
        )
        self._server = WebServer(_FaultyDoor(app, self), port)
        self.base_url = self._server.url
        self.url = self.base_url + self.path

    @property
    def falhas(self) -> Falhas:
        """How the provider behaves now; setting it starts its counts afresh."""
        return self.faults.config

    @falhas.setter
    def falhas(self, falhas: Falhas) -> None:
        self.faults = Faults(falhas)

    @abstractmethod
    def recebidas(self) -> list[dict[str, Any]]:
        """Everything that was delivered, in order; `n` counts from 1."""

    @abstractmethod
    def total(self) -> int:
        """How many messages were delivered."""

    @abstractmethod
    def esquecer(self) -> None:
        """Forget what was delivered."""

    @abstractmethod
    def destino_de(self, arguments: Mapping[str, Any]) -> str:
        """Whom a tool call is meant for."""

    async def wait(self) -> None:
        """Take as long as a real provider would."""
        if self.falhas.latencia_ms:
            await anyio.sleep(self.falhas.latencia_ms / 1000)

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()
        self.close()

    def serve(self, announcement: Mapping[str, object]) -> None:
        """Serve until SIGTERM or SIGINT; prints the announcement as one JSON line when ready."""
        # uvicorn raises the signal again when it has stopped; ended as asked is not a failure.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        self._server.when_ready = lambda: print(json.dumps(announcement), flush=True)
        self._server.run()
        self.close()

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Let go of what is the provider's own: files, other sockets."""

    def _add_admin(self, server: MCPServer) -> None:
        server.custom_route("/admin/saude", methods=["GET"])(self._health)
        server.custom_route("/admin/recebidas", methods=["GET", "DELETE"])(self._deliveries)
        server.custom_route("/admin/falhas", methods=["GET", "PUT"])(self._behaviour)

    async def _health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _deliveries(self, request: Request) -> Response:
        if request.method == "DELETE":
            await anyio.to_thread.run_sync(self.esquecer)
            return Response(status_code=204)
        if request.query_params.get("contagem"):
            return JSONResponse({"total": await anyio.to_thread.run_sync(self.total)})
        return JSONResponse(await anyio.to_thread.run_sync(self.recebidas))

    async def _behaviour(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self.falhas = Falhas.model_validate_json(await request.body())
            except ValidationError as error:
                errors = error.errors(include_url=False, include_context=False, include_input=False)
                return JSONResponse({"erros": errors}, 422)
        return JSONResponse(self.falhas.model_dump(mode="json", exclude_none=True))


def listening_socket(port: int) -> socket.socket:
    """A socket of this machine only; port 0 takes a free one."""
    # The protocol is named because asyncio switches Nagle's delay off only for sockets that say that they are TCP.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((_HOST, port))
    sock.listen(2048)
    return sock


class _Protocol(H11Protocol):
    """Connections that can be found again by their two ends, to be dropped."""

    open: dict[tuple[Any, Any], asyncio.Transport] = {}  # noqa: RUF012 - one table of the process's connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._ends = (transport.get_extra_info("sockname"), transport.get_extra_info("peername"))
        self.open[self._ends] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open.pop(self._ends, None)
        super().connection_lost(exc)


class WebServer(uvicorn.Server):
    """An ASGI app on a socket of its own: `with` serves from a thread, `run` from this one.

    It says when it is ready, does not wait for clients that hang when told to stop, and sends no `Date`, so that a
    test's clock is the only one.
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
        """Take no more connections; those that are open stay. To be called from within a request."""
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


def drop_connection(scope: PlaceholderScope) -> None:
    """Cut the connection that a request came in by, without a word."""
    if (transport := _Protocol.open.get((scope["server"], scope["client"]))) is not None:
        transport.abort()


class _FaultyDoor:
    """Lets requests in, except those that a fault on the wire strikes."""

    def __init__(self, app: ASGIApp, provider: Provider) -> None:
        self._app = app
        self._provider = provider

    async def __call__(self, scope: PlaceholderScope, receive: Receive, send: Send) -> None:
        faults = self._provider.faults
        if not faults.on_the_wire or scope["type"] != "http" or scope["path"] != Provider.path:
            await self._app(scope, receive, send)
            return
        body, again = await read_body(receive)
        arguments = _tool_arguments(body)
        falha = None if arguments is None else faults.before_the_answer(self._provider.destino_de(arguments))
        if falha is None:
            await self._app(scope, again, send)
        elif falha.http is not None:
            headers = {} if falha.retry_after is None else {"Retry-After": str(falha.retry_after)}
            await Response(status_code=falha.http, headers=headers)(scope, again, send)
        else:
            await self._break(falha, scope, again)

    async def _break(self, falha: Falha, scope: PlaceholderScope, receive: Receive) -> None:
        if falha.conexao == "depois":
            await self._app(scope, receive, _into_nothing)
        if falha.conexao == "travar":
            while (await receive())["type"] != "http.disconnect":
                pass
        drop_connection(scope)


async def _into_nothing(_: Message) -> None:
    """Takes an answer that nobody will hear."""


async def read_body(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a request, and a way for the next one to read it too."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return whole.pop() if whole else await receive()

    return body, again


def _tool_arguments(body: bytes) -> Mapping[str, Any] | None:
    """The arguments of a tool call; None for every other request."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    if request.get("method") != "tools/call":
        return None
    arguments: Mapping[str, Any] = request["params"].get("arguments") or {}
    return arguments
