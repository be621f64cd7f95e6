"""Receivers of deliveries over real HTTP: one that answers as told and keeps what it got, and one that only listens."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One request that a receiver got; the names of its headers are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What a receiver answers."""

    status: int = 204
    headers: Mapping[str, str] = {}
    body: bytes = b""


@dataclass
class Receiver:
    """A server that answers each request with what `answer` returns for it."""

    url: str = ""
    answer: Callable[[Received], Reply] = field(default=lambda _: Reply())
    received: list[Received] = field(default_factory=list)


@contextmanager
def a_receiver(answer: Callable[[Received], Reply] = lambda _: Reply()) -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(got)
            reply = receiver.answer(got)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"http://127.0.0.1:{server.server_port}/eventos"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def a_raw_receiver(speak: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """The URL of a server that hands each connection to `speak`, with an event that is set at the end of the test."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    speak(connection, is_over)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/eventos"
        finally:
            is_over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def hangs(connection: socket.socket, is_over: threading.Event) -> None:
    """Read the request and never answer."""
    connection.recv(65_536)
    is_over.wait()


def drips(connection: socket.socket, is_over: threading.Event) -> None:
    """Send the head of an answer byte by byte, without end, so that no single wait is long."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not is_over.wait(0.02):
        connection.sendall(b"x")


def never_ends(connection: socket.socket, is_over: threading.Event) -> None:
    """Answer 200 with a body that has no end."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not is_over.is_set():
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def stalls_in_its_body(connection: socket.socket, is_over: threading.Event) -> None:
    """Answer 200 and never send the body."""
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
    is_over.wait()


def hangs_up(connection: socket.socket, _: threading.Event) -> None:
    """Read the request and close the connection."""
    connection.recv(65_536)
