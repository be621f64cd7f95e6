"""Calls the tools of a tenant's calendar, one at a time; the import of the MCP library waits for the first call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.adapters.addresses import AddressOf
from chalicelib.adapters.calls import CallResult
from chalicelib.adapters.clock import Clock
from chalicelib.dispatch.channels.calendar_document import (
    BusyQuestion,
    BusySpan,
    CalendarChannel,
    CalendarEvent,
)
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Transient
from chalicelib.errors import Invalid, Unavailable
from chalicelib.telemetry import logger

if TYPE_CHECKING:
    from chalicelib.adapters.mcp import McpServer

NOBODYS = "responsavel_sem_calendario"
"""The document names a calendar by something that this responsável has not, such as an e-mail."""
BADLY_CONFIGURED = "canal_invalido"
OUT_OF_REACH = "segredo_inacessivel"
UNREADABLE = "resposta_ilegivel"
# A reading must not hold up the others of a sweep.
_READING_S = 5.0


class CalendarUnread(Exception):
    """A calendar did not say what is taken; its text is a code."""


class Calendar(Protocol):
    """A calendar that keeps events."""

    @property
    def is_idempotent(self) -> bool:
        """Whether an event may be made again with the same key, when nobody knows whether it was made."""
        ...

    @property
    def channel(self) -> CalendarChannel | None:
        """What its document says; None if it cannot be used."""
        ...

    def do(self, step: str, event: CalendarEvent) -> Outcome:
        """Make, move or remove an event; never raises for what a server or the network does."""
        ...


class McpCalendar:
    """A calendar behind an MCP server."""

    def __init__(self, channel: CalendarChannel, *, address_of: AddressOf | None, clock: Clock) -> None:
        self.channel = channel
        self._address_of = address_of
        self._clock = clock

    @property
    def is_idempotent(self) -> bool:
        """As its document says."""
        return self.channel.idempotente

    def do(self, step: str, event: CalendarEvent) -> Outcome:
        """One call of the tool for that step."""
        if self.channel.calendar_of(event) is None:
            return Permanent(NOBODYS)
        arguments = self.channel.arguments_for(step, event)
        return self.channel.verdict(step, self._call(self.channel.tool_of(step).tool, arguments))

    def taken(self, question: BusyQuestion) -> list[BusySpan]:
        """The spans that are taken.

        Raises:
            CalendarUnread: the calendar did not answer, or nothing that can be read.
        """
        tool = self.channel.ocupados
        if tool is None or self.channel.calendar_of(question) is None:
            raise CalendarUnread(NOBODYS)
        return _listed(self.channel, self._call(tool.tool, self.channel.question_for(question), most_s=_READING_S))

    def _call(self, tool: str, arguments: Mapping[str, Any], *, most_s: float = 60.0) -> CallResult:
        return self._server(most_s).call_all(tool, [arguments], in_flight=1)[0]

    def _server(self, most_s: float) -> McpServer:
        from chalicelib.adapters.mcp import McpServer  # noqa: PLC0415 - the import takes one second

        channel = self.channel
        return McpServer(
            channel.url,
            headers=channel.header_values(),
            connect_timeout_s=min(channel.connect_timeout_s, most_s),
            timeout_s=min(channel.timeout_s, most_s),
            address_of=self._address_of,
            now=self._clock,
        )


def _listed(channel: CalendarChannel, result: CallResult) -> list[BusySpan]:
    spans = channel.busy_in(result)
    if spans is None:
        raise CalendarUnread(getattr(result, "reason", UNREADABLE))
    return spans


class ClosedCalendar:
    """A calendar that cannot be used for now. `is_idempotent` is True: a doubt waits until it is back."""

    is_idempotent = True
    channel = None

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def do(self, step: str, event: CalendarEvent) -> Outcome:
        """Why nothing is done."""
        return self._outcome


class CalendarDoor:
    """Opens the calendars that tenants have configured; `load` reads a document, and the secrets that it names."""

    def __init__(
        self,
        *,
        load: Callable[[str, Mapping[str, Any]], CalendarChannel],
        address_of: AddressOf | None,
        clock: Clock,
    ) -> None:
        self._load = load
        self._address_of = address_of
        self._clock = clock

    def open(self, tenant_id: str, document: Mapping[str, Any]) -> McpCalendar | ClosedCalendar:
        """The calendar of a tenant's document."""
        try:
            channel = self._load(tenant_id, document)
        except Unavailable as error:
            logger.warning("secret_out_of_reach", extra={"canal": "calendario", "reason": error.reason})
            return ClosedCalendar(Transient(OUT_OF_REACH))
        except Invalid as error:
            errors = [f"{each.pointer}: {each.code}" for each in error.errors]
            logger.error("channel_invalid", extra={"canal": "calendario", "errors": errors, "tenant_id": tenant_id})
            return ClosedCalendar(ChannelDown(BADLY_CONFIGURED))
        return McpCalendar(channel, address_of=self._address_of, clock=self._clock)
