"""Serves an MCP server that speaks only stdio over streamable HTTP, with one process for each session.

The messages are JSON-RPC, one a line; the bridge reads nothing of them but the id.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Self, TextIO
from uuid import uuid4

_PATIENCE_S = 60.0


class Session:
    """One process, and the requests that wait for its answers."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: TextIO) -> None:
        self._process = subprocess.Popen(
            command, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
        )
        self._waiting: dict[str, Queue[dict[str, Any]]] = {}
        self._writing = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request; None for a notification."""
        if "id" not in message:
            self._write(message)
            return None
        # Clients number their requests from 1, and several may share this process, so each request gets a unique id.
        unique = uuid4().hex
        answer: Queue[dict[str, Any]] = Queue(maxsize=1)
        self._waiting[unique] = answer
        self._write({**message, "id": unique})
        return {**answer.get(timeout=_PATIENCE_S), "id": message["id"]}

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.lstrip().startswith("{"):
                continue
            message = json.loads(line)
            waiting = self._waiting.pop(str(message.get("id")), None)
            if waiting is not None:
                waiting.put(message)


class Bridge:
    """Streamable HTTP at `url`; every `initialize` starts a session with a process of its own."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: TextIO) -> None:
        self._command = command
        self._environ = environ
        self._log = log
        self._sessions: dict[str, Session] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/mcp"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for each in list(self._sessions):
            self.end(each)

    def session(self, name: str | None) -> tuple[str, Session]:
        """The session of that name, or a new one."""
        if name is None or name not in self._sessions:
            name = uuid4().hex
            self._sessions[name] = Session(self._command, self._environ, self._log)
        return name, self._sessions[name]

    def end(self, name: str | None) -> None:
        """End a session and its process."""
        session = self._sessions.pop(name or "", None)
        if session is not None:
            session.close()


def _handler(bridge: Bridge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["content-length"])))
            session_id = self.headers.get("mcp-session-id")
            if message["method"] not in ("initialize", "notifications/initialized") and session_id is None:
                # The newer protocol, which has no sessions, is not supported.
                self._say(
                    400, {"jsonrpc": "2.0", "id": message.get("id"), "error": {"code": -32000, "message": "no session"}}
                )
                return
            name, session = bridge.session(session_id)
            answer = session.ask(message)
            self._say(202 if answer is None else 200, answer, session=name)

        def do_DELETE(self) -> None:
            bridge.end(self.headers.get("mcp-session-id"))
            self._say(204, None)

        def do_GET(self) -> None:
            self._say(405, None)

        def _say(self, status: int, body: object, session: str | None = None) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if content:
                self.send_header("Content-Type", "application/json")
            if session is not None:
                self.send_header("Mcp-Session-Id", session)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Logs nothing."""

    return Handler
