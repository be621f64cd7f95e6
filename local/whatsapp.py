"""A WhatsApp provider that sends nothing: a real MCP server with the tools and answers of jina-whatsapp-mcp.

A failed send is answered as the real server does: `isError: false` and a JSON string with `success: false` and Meta's
code.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from mcp.server import MCPServer

from local.provider import Behaviour, Provider

# Meta's texts by error code (FACTS, "WhatsApp").
_MESSAGES: Mapping[str, str] = {
    "2": "Service temporarily unavailable",
    "4": "Application request limit reached",
    "10": "Application does not have permission for this action",
    "100": "Invalid parameter",
    "190": "Access token has expired",
    "130429": "Rate limit hit",
    "131000": "Something went wrong",
    "131016": "Service unavailable",
    "131026": "Message undeliverable",
    "131042": "Business eligibility payment issue",
    "131047": "Re-engagement message",
    "131048": "Spam rate limit hit",
    "131049": "This message was not delivered to maintain healthy ecosystem engagement",
    "131050": "User has stopped marketing messages",
    "131056": "Business account, consumer account pair rate limit hit",
    "132000": "Number of parameters does not match the expected number of params",
    "132001": "Template name does not exist in the translation",
    "133010": "Phone number not registered",
}


class WhatsAppSimulator(Provider):
    """The provider. It keeps deliveries in memory and, with `log`, in a JSONL file that it reads at the next start."""

    def __init__(
        self,
        *,
        log: Path | None = None,
        port: int = 0,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        json_response: bool = True,
        stateless: bool = True,
    ) -> None:
        self._received: list[dict[str, Any]] = []
        self._log = _Log(log) if log else None
        if self._log:
            self._received = self._log.read()
        server = MCPServer("whatsapp-simulator", version="1", log_level="ERROR")
        server.add_tool(self.send_template_message)
        server.add_tool(self.send_text_message)
        super().__init__(server, port=port, behaviour=behaviour, json_response=json_response, stateless=stateless)

    async def send_template_message(
        self, to: str, template_name: str, language: str = "en", components: list[dict[str, Any]] | None = None
    ) -> str:
        """Send an approved template message to a phone number."""
        variaveis = [
            str(parameter.get("text", ""))
            for component in components or ()
            for parameter in component.get("parameters", ())
        ]
        return await self._send(to, {"template": template_name, "idioma": language, "variaveis": variaveis})

    async def send_text_message(self, to: str, text: str) -> str:
        """Send a text message to a phone number within the 24-hour window."""
        return await self._send(to, {"texto": text})

    async def _send(self, to: str, content: dict[str, Any]) -> str:
        await self.wait()
        code = self.faults.error_code(to)
        if code is not None:
            return json.dumps({"success": False, "error": f"[Meta Error {code}] (#{code}) {_MESSAGES.get(code, '?')}"})
        message_id = f"wamid.{secrets.token_urlsafe(24)}"
        self._deliver({"para": to, **content, "message_id": message_id})
        return json.dumps({"success": True, "message_id": message_id, "to": to})

    def _deliver(self, message: dict[str, Any]) -> None:
        delivery = {"n": len(self._received) + 1, "quando": datetime.now(UTC).isoformat(), **message}
        self._received.append(delivery)
        if self._log:
            self._log.append(delivery)

    def deliveries(self) -> list[dict[str, Any]]:
        return list(self._received)

    def total(self) -> int:
        return len(self._received)

    def forget(self) -> None:
        self._received = []
        if self._log:
            self._log.clear()

    def destination_of(self, arguments: Mapping[str, Any]) -> str:
        return str(arguments.get("to", ""))

    def close(self) -> None:
        super().close()
        if self._log:
            self._log.close()


class _Log:
    """A file of deliveries, one line of JSON each."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")

    def read(self) -> list[dict[str, Any]]:
        """Return what an earlier provider delivered. A last line that a crash cut short is removed."""
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        return [json.loads(line) for line in whole.splitlines()]

    def append(self, delivery: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(delivery, ensure_ascii=False).encode() + b"\n")
        self._file.flush()

    def clear(self) -> None:
        self._file.truncate(0)

    def close(self) -> None:
        self._file.close()


@click.command()
@click.option("--port", default=0, help="0 takes a free port.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="A JSONL file that keeps the deliveries.")
@click.option("--latencia-ms", default=0.0)
@click.option("--semente", default=0)
def main(port: int, log: Path | None, latencia_ms: float, semente: int) -> None:
    """Serve until SIGTERM; prints {"url": …} when ready."""
    provider = WhatsAppSimulator(log=log, port=port, behaviour=Behaviour(latencia_ms=latencia_ms, semente=semente))
    provider.serve({"url": provider.url})


if __name__ == "__main__":
    main()
