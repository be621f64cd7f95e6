"""The MCP server of the benchmark: its only tool takes 50 ms and answers as jina-whatsapp-mcp does.

`GET /calls?since=TIME` says when it was called since then, and for which destinations.
"""

from __future__ import annotations

import asyncio
import json
import time
from itertools import count
from typing import Any

import click
from mcp.server import MCPServer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.provider import WebServer

LATENCY_S = 0.05
TOOL = "send_template_message"


@click.command()
def main() -> None:
    """Serve until SIGTERM; prints one JSON line with the `url` when ready."""
    ids = count(1)
    calls: list[tuple[float, str]] = []

    async def send_template_message(
        to: str, template_name: str, language: str = "en", components: list[dict[str, Any]] | None = None
    ) -> str:
        """Send an approved template message to a phone number."""
        calls.append((time.time(), to))
        await asyncio.sleep(LATENCY_S)
        return json.dumps({"success": True, "message_id": f"wamid.{next(ids)}"})

    server = MCPServer("bench", version="1", log_level="ERROR")
    server.add_tool(send_template_message)
    app = server.streamable_http_app(streamable_http_path="/mcp", json_response=True, stateless_http=True)

    async def list_calls(request: Request) -> Response:
        since = float(request.query_params["since"])
        return JSONResponse([each for each in calls if each[0] >= since])

    app.add_route("/calls", list_calls)
    web = WebServer(app)
    web.when_ready = lambda: print(json.dumps({"url": web.url + "/mcp"}), flush=True)
    web.run()


if __name__ == "__main__":
    main()
