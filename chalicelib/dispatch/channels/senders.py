"""Sends messages by the MCP server of a channel, and returns the outcome of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.adapters.addresses import AddressOf
from chalicelib.adapters.calls import Answer, CallResult, Ledger
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.secrets import Secrets
from chalicelib.canal import Canal
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.dispatch.channels.inquiries import ask
from chalicelib.dispatch.channels.own import OwnChannels
from chalicelib.dispatch.outcomes import Attempt, ChannelDown, DeliveryFinding, InquiryReply, OutgoingMessage
from chalicelib.errors import FieldError, Invalid, Unavailable
from chalicelib.telemetry import logger

if TYPE_CHECKING:
    from chalicelib.adapters.mcp import McpServer

NOT_CONFIGURED = "canal_nao_configurado"
BADLY_CONFIGURED = "canal_invalido"
SECRET_OUT_OF_REACH = "segredo_inacessivel"  # noqa: S105 - a code


class Sender(Protocol):
    """One channel that is ready to send."""

    @property
    def is_idempotent(self) -> bool:
        """Whether a message in doubt may be sent again with the same idempotency key."""
        ...

    @property
    def asks_after(self) -> timedelta | None:
        """How long after an attempt the provider can be asked about the message; None if it cannot be asked."""
        ...

    @property
    def carries_calendars(self) -> bool:
        """Whether an invitation leaves with its message."""
        ...

    def send(self, messages: Sequence[OutgoingMessage], ledger: Ledger[Attempt]) -> None:
        """Send these messages; the ledger records each portion before it is sent, and the outcome of every message.

        Raises:
            Exception: what the ledger raises; never for what a server or the network does.
        """
        ...

    def ask(self, messages: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        """What the provider says about each message in doubt, in the same order; raises as little as `send`."""
        ...


class Senders:
    """Opens a sender for each channel; `secret_of` returns the full name of a channel's secret.

    `lease_s`: every batch ends before the leases of its disparos expire, whatever the servers do. No call begins after
    the first third of the lease, and no call may take longer than another third.
    """

    def __init__(
        self,
        *,
        secrets: Secrets,
        secret_of: Callable[[Canal], str],
        own_channels: OwnChannels,
        in_flight: int,
        lease_s: float,
        clock: Clock,
    ) -> None:
        self._secrets = secrets
        self._secret_of = secret_of
        self._own_channels = own_channels
        self._in_flight = in_flight
        self._third_s = lease_s / 3
        self._clock = clock
        self._loaded: dict[Canal, tuple[Mapping[str, Any], Sender]] = {}

    def open(self, canal: Canal) -> Sender:
        """The sender of the deployment's channel, as its secret describes it; a `ClosedSender` if it cannot be used."""
        secret = self._secret_of(canal)
        try:
            document = self._secrets.find(secret)
        except Unavailable as error:
            logger.warning("secret_out_of_reach", extra={"canal": canal.value, "reason": error.reason})
            return ClosedSender(SECRET_OUT_OF_REACH)
        if document is None:
            return ClosedSender(NOT_CONFIGURED)
        loaded = self._loaded.get(canal)
        if loaded is None or loaded[0] != document:
            self._loaded[canal] = loaded = (document, self._load(canal, document))
        return loaded[1]

    def own(self, tenant_id: str, canal: Canal, document: Mapping[str, Any]) -> Sender:
        """The sender of a tenant's own channel; it never falls back to the deployment's channel."""
        try:
            channel = self._own_channels.load(tenant_id, canal, document)
        except Unavailable as error:
            logger.warning("secret_out_of_reach", extra={"canal": canal.value, "reason": error.reason})
            return ClosedSender(SECRET_OUT_OF_REACH)
        except Invalid as error:
            return _closed(canal, error, tenant_id=tenant_id)
        return self._sender(channel, self._own_channels.address_of)

    def _load(self, canal: Canal, document: Mapping[str, Any]) -> Sender:
        try:
            channel = load_channel(document)
            if channel.canal is not canal:
                raise Invalid("canal_invalido", (FieldError("/canal", "outro_canal", channel.canal.value),))
        except Invalid as error:
            return _closed(canal, error)
        return self._sender(channel, None)

    def _sender(self, channel: Channel, address_of: AddressOf | None) -> Sender:
        return ChannelSender(
            channel,
            in_flight=min(channel.in_flight, self._in_flight),
            patience_s=self._third_s,
            clock=self._clock,
            address_of=address_of,
        )


def _closed(canal: Canal, error: Invalid, **names: str) -> Sender:
    """Log the errors of a document as pointers and codes, without its values, which may be secrets."""
    errors = [f"{each.pointer}: {each.code}" for each in error.errors]
    logger.error("channel_invalid", extra={"canal": canal.value, "errors": errors, **names})
    return ClosedSender(BADLY_CONFIGURED)


class ClosedSender:
    """A channel that can send nothing for now; `code` says why.

    Only its configuration could tell whether the channel is idempotent. `is_idempotent` is True, so that a message in
    doubt waits until the configuration is back.
    """

    is_idempotent = True
    asks_after = None
    carries_calendars = False

    def __init__(self, code: str) -> None:
        self._code = code

    def send(self, messages: Sequence[OutgoingMessage], ledger: Ledger[Attempt]) -> None:
        """Refuse every message; none of them begins."""
        ledger.advance({place: Attempt(ChannelDown(self._code)) for place in range(len(messages))}, ())

    def ask(self, messages: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        """`DESCONHECIDO` for every message."""
        return [InquiryReply(DeliveryFinding.DESCONHECIDO) for _ in messages]


class ChannelSender:
    """Sends by a channel's MCP server: one session for each batch, many calls in flight.

    No call begins after `patience_s`, and no call may take longer than that. `address_of`, if given, returns the
    address to connect to.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        in_flight: int,
        patience_s: float,
        clock: Clock,
        address_of: AddressOf | None = None,
    ) -> None:
        self._channel = channel
        self._address_of = address_of
        self._in_flight = in_flight
        self._patience_s = patience_s
        self._clock = clock

    @property
    def is_idempotent(self) -> bool:
        """Whether the tool takes an idempotency key."""
        return self._channel.is_idempotent

    @property
    def asks_after(self) -> timedelta | None:
        """The wait that the channel configures for its status tool; None if it names no such tool."""
        inquiry = self._channel.consulta
        return None if inquiry is None else timedelta(seconds=inquiry.espera_s)

    @property
    def carries_calendars(self) -> bool:
        """Whether the channel's arguments name an invitation."""
        return self._channel.carries_calendars

    def send(self, messages: Sequence[OutgoingMessage], ledger: Ledger[Attempt]) -> None:
        """Call the channel's tool once for each message."""
        channel = self._channel
        calls = [channel.arguments_for(each) for each in messages]
        self._server(self._patience_s).call_with(
            _Verdicts(channel, ledger), channel.tool, calls, in_flight=self._in_flight, begin_within_s=self._patience_s
        )

    def ask(self, messages: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        """Call the status tool about each message, with half the patience: sending uses the same lease before it."""
        inquiry = self._channel.consulta
        if inquiry is None:
            return [InquiryReply(DeliveryFinding.DESCONHECIDO) for _ in messages]
        return ask(inquiry, messages, partial(self._call_all, self._patience_s / 2))

    def _call_all(self, patience_s: float, tool: str, calls: Sequence[Mapping[str, object]]) -> list[CallResult]:
        server = self._server(patience_s)
        return server.call_all(tool, calls, in_flight=self._in_flight, begin_within_s=patience_s)

    def _server(self, patience_s: float) -> McpServer:
        from chalicelib.adapters.mcp import McpServer  # noqa: PLC0415 - the import takes one second

        channel = self._channel
        return McpServer(
            channel.url,
            headers=channel.header_values(),
            connect_timeout_s=min(channel.connect_timeout_s, patience_s / 4),
            timeout_s=min(channel.timeout_s, patience_s * 3 / 4),
            address_of=self._address_of,
            now=self._clock,
        )


class _Verdicts:
    """A ledger of calls that passes their verdicts on to a ledger of attempts."""

    def __init__(self, channel: Channel, ledger: Ledger[Attempt]) -> None:
        self._channel = channel
        self._ledger = ledger

    def advance(self, ended: Mapping[int, CallResult], begin: Sequence[int]) -> Collection[int]:
        return self._ledger.advance({place: self._attempt(result) for place, result in ended.items()}, begin)

    def _attempt(self, result: CallResult) -> Attempt:
        latency_s = result.latency_s if isinstance(result, Answer) else None
        return Attempt(self._channel.verdict(result), latency_s)
