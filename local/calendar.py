"""A calendar on one machine: an MCP server with the tools and answers of @cocal/google-calendar-mcp, events in a file.

It answers as that server does: a JSON text for what is done, and `isError` with a sentence for what is not. As at
Google, the id of an event that was deleted stays taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import click
from mcp.server import MCPServer
from mcp_types import CallToolResult, TextContent
from pydantic import Field

from local.provider import Behaviour, Provider

# What the server says for each code that a fault can give.
_SENTENCES: Mapping[str, str] = {
    "400": "Bad Request: Invalid request parameters",
    "401": "Authentication token is invalid or expired. Please re-run the authentication process.",
    "403": "Access denied: Insufficient permissions",
    "404": "Resource not found: Not Found",
    "410": "Google API error: Resource has been deleted",
    "429": "Rate limit exceeded. Please try again later. ",
    "500": "Google API server error: Backend Error",
}
_EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")
_CONFIRMED, _CANCELLED = "confirmed", "cancelled"


class CalendarProvider(Provider):
    """The calendars and their events. With `store`, a file keeps them for the next start."""

    def __init__(
        self,
        *,
        store: Path | None = None,
        port: int = 0,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        json_response: bool = True,
        stateless: bool = True,
    ) -> None:
        self._store = store
        # By calendar and id. A deleted one stays, as `cancelled`.
        self._events: dict[tuple[str, str], dict[str, Any]] = {}
        if store is not None and store.exists():
            for each in json.loads(store.read_text(encoding="utf-8")):
                self._events[each["calendario"], each["id"]] = each
        server = MCPServer("calendar-server", version="1", log_level="ERROR")
        for name, tool in (
            ("create-event", self.create_event),
            ("update-event", self.update_event),
            ("delete-event", self.delete_event),
            ("list-events", self.list_events),
        ):
            server.add_tool(tool, name=name, structured_output=False)
        super().__init__(server, port=port, behaviour=behaviour, json_response=json_response, stateless=stateless)

    async def create_event(
        self,
        calendarId: str,  # noqa: N803 - the names of the real server, here and below
        summary: str,
        start: str,
        end: str,
        eventId: str | None = None,  # noqa: N803
        description: str | None = None,
        location: str | None = None,
        timeZone: str | None = None,  # noqa: N803
        attendees: list[dict[str, Any]] | None = None,
        sendUpdates: str | None = None,  # noqa: N803
        allowDuplicates: bool | None = None,  # noqa: N803
    ) -> CallToolResult:
        """Create a new calendar event."""
        key = (calendarId, eventId or uuid4().hex)
        if (failed := await self._failure(key[1])) is not None:
            return failed
        if not _EVENT_ID.fullmatch(key[1]):
            return _error("Invalid event ID")
        if key in self._events:
            return _error(f"Event ID '{key[1]}' already exists. Please use a different ID.")
        is_double = any(_alike(each, calendarId, summary, start, end) for each in self.events())
        if is_double and not allowDuplicates:
            return _error("Duplicate event detected (100% similar). To create anyway, set allowDuplicates to true.")
        self._events[key] = {
            "calendario": calendarId,
            "id": key[1],
            "status": _CONFIRMED,
            "transparency": "opaque",
            "avisos": sendUpdates,
            "attendees": attendees or [],
            **_written(summary, description, location, start, end, timeZone),
        }
        return self._shown(key)

    async def update_event(
        self,
        calendarId: str,  # noqa: N803
        eventId: str,  # noqa: N803
        summary: str | None = None,
        description: str | None = None,
        location: str | None = None,
        start: str | None = None,
        end: str | None = None,
        timeZone: str | None = None,  # noqa: N803
        attendees: list[dict[str, Any]] | None = None,
        sendUpdates: str | None = None,  # noqa: N803
        checkConflicts: bool | None = None,  # noqa: N803
    ) -> CallToolResult:
        """Update an existing calendar event."""
        if (failed := await self._failure(eventId)) is not None:
            return failed
        key = (calendarId, eventId)
        if key not in self._events:
            return _error(_SENTENCES["404"])
        changes = {**_written(summary, description, location, start, end, timeZone), "attendees": attendees}
        self._events[key] |= {name: value for name, value in changes.items() if value is not None}
        self._events[key]["avisos"] = sendUpdates
        return self._shown(key)

    async def delete_event(
        self,
        calendarId: str,  # noqa: N803
        eventId: str,  # noqa: N803
        sendUpdates: str | None = None,  # noqa: N803
    ) -> CallToolResult:
        """Delete a calendar event."""
        if (failed := await self._failure(eventId)) is not None:
            return failed
        event = self._events.get((calendarId, eventId))
        if event is None:
            return _error(_SENTENCES["404"])
        if event["status"] == _CANCELLED:
            return _error(_SENTENCES["410"])
        event |= {"status": _CANCELLED, "avisos": sendUpdates}
        self._save()
        return _done({"success": True, "eventId": eventId, "calendarId": calendarId})

    async def list_events(
        self,
        calendarId: str,  # noqa: N803
        timeMin: Annotated[str | None, Field(description="ISO 8601")] = None,  # noqa: N803
        timeMax: Annotated[str | None, Field(description="ISO 8601")] = None,  # noqa: N803
        timeZone: str | None = None,  # noqa: N803
        fields: list[str] | None = None,
    ) -> CallToolResult:
        """List events from a calendar."""
        if (failed := await self._failure(calendarId)) is not None:
            return failed
        since, until = (None if each is None else _instant(each, timeZone) for each in (timeMin, timeMax))
        found = [
            each
            for each in self.events()
            if each["calendario"] == calendarId
            and (until is None or _instant(each["start"]["dateTime"], None) < until)
            and (since is None or _instant(each["end"]["dateTime"], None) > since)
        ]
        return _done({"events": found, "totalCount": len(found)})

    def events(self) -> list[dict[str, Any]]:
        """Return the events that are there, by their start."""
        there = (each for each in self._events.values() if each["status"] != _CANCELLED)
        return sorted(there, key=lambda each: (_instant(each["start"]["dateTime"], None), each["id"]))

    def deliveries(self) -> list[dict[str, Any]]:
        return [{"n": n, **each} for n, each in enumerate(self.events(), 1)]

    def total(self) -> int:
        return len(self.events())

    def forget(self) -> None:
        self._events.clear()
        self._save()

    def destination_of(self, arguments: Mapping[str, Any]) -> str:
        return str(arguments.get("eventId") or arguments.get("calendarId", ""))

    def put(self, calendar: str, event_id: str, start: str, end: str, **changes: Any) -> None:
        """Have an event in a calendar that nobody made through a tool."""
        written = _written("Particular", None, None, start, end, None)
        self._events[calendar, event_id] = {
            "calendario": calendar, "id": event_id, "status": _CONFIRMED, "transparency": "opaque", **written,
            **changes,
        }  # fmt: skip

    async def _failure(self, destination: str) -> CallToolResult | None:
        await self.wait()
        code = self.faults.error_code(destination)
        return None if code is None else _error(_SENTENCES.get(code, code))

    def _shown(self, key: tuple[str, str]) -> CallToolResult:
        self._save()
        return _done({"event": self._events[key]})

    def _save(self) -> None:
        if self._store is not None:
            part = self._store.with_suffix(".part")
            part.write_text(json.dumps(list(self._events.values()), ensure_ascii=False), encoding="utf-8")
            part.replace(self._store)


def _written(
    summary: str | None, description: str | None, location: str | None, start: str | None, end: str | None,
    zone: str | None,
) -> dict[str, Any]:  # fmt: skip
    times = {
        name: None if text is None else {"dateTime": _instant(text, zone).isoformat(), "timeZone": zone}
        for name, text in (("start", start), ("end", end))
    }
    return {"summary": summary, "description": description, "location": location, **times}


def _instant(text: str, zone: str | None) -> datetime:
    moment = datetime.fromisoformat(text)
    local = ZoneInfo(zone) if zone else UTC
    return moment.replace(tzinfo=local) if moment.tzinfo is None else moment


def _alike(event: Mapping[str, Any], calendar: str, summary: str, start: str, end: str) -> bool:
    times = event["start"]["dateTime"][:19], event["end"]["dateTime"][:19]
    return (event["calendario"], event["summary"], *times) == (calendar, summary, start[:19], end[:19])


def _done(document: Mapping[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=json.dumps(document, ensure_ascii=False))])


def _error(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)


@click.command()
@click.option("--port", default=0, help="0 takes a free port.")
@click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="A JSON file that keeps the events.")
def main(port: int, store: Path | None) -> None:
    """Serve until SIGTERM; prints {"url": …} when ready."""
    provider = CalendarProvider(store=store, port=port)
    provider.serve({"url": provider.url})


if __name__ == "__main__":
    main()
