"""Hands messages to the MCP server of a channel, which a secret describes, and says what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from chalicelib.adapters.addresses import AddressOf
from chalicelib.adapters.calls import Answer, CallResult
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.secrets import Secrets
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.dispatch.channels.inquiries import ask
from chalicelib.dispatch.channels.own import OwnChannels
from chalicelib.dispatch.outcomes import Attempt, ChannelDown, DeliveryFinding, InquiryReply, OutgoingMessage
from chalicelib.errors import FieldError, Invalid, Unavailable
from chalicelib.telemetry import logger

NOT_CONFIGURED = "canal_nao_configurado"
BADLY_CONFIGURED = "canal_invalido"
SECRET_OUT_OF_REACH = "segredo_inacessivel"  # noqa: S105 - a code


class Sender(Protocol):
    """One channel, ready to be given messages."""

    @property
    def is_idempotent(self) -> bool:
        """Whether what may have arrived can be sent again under the same key."""
        ...

    @property
    def asks_after(self) -> timedelta | None:
        """How long after an attempt its provider can be asked what became of it; None where it cannot."""
        ...

    def send(self, mensagens: Sequence[OutgoingMessage]) -> list[Attempt]:
        """What became of each message, in their order; never raises for what a server or the network does."""
        ...

    def ask(self, mensagens: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        """What the provider says of each of these, which may have arrived, in their order; raises as little."""
        ...


class Senders:
    """A sender for each channel; `secret_of` gives the name of a channel's secret, `own_channels` makes a tenant's own.

    `lease_s`: a batch is done, whatever servers do, before the leases of its disparos lapse. No call is begun after a
    third of it, and none is waited for longer than another third.
    """

    def __init__(
        self,
        *,
        secrets: Secrets,
        secret_of: Callable[[str], str],
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
        self._loaded: dict[str, tuple[Mapping[str, Any], Sender]] = {}

    def open(self, canal: str) -> Sender:
        """The sender of a channel as its secret describes it now; one that is not configured turns everything away."""
        secret = self._secret_of(canal)
        try:
            document = self._secrets.find(secret)
        except Unavailable as error:
            logger.warning("secret_out_of_reach", extra={"canal": canal, "reason": str(error.params.get("motivo"))})
            return ClosedSender(SECRET_OUT_OF_REACH)
        if document is None:
            return ClosedSender(NOT_CONFIGURED)
        known = self._loaded.get(canal)
        if known is None or known[0] != document:
            self._loaded[canal] = known = (document, self._load(canal, document))
        return known[1]

    def own(self, tenant_id: str, canal: str, document: Mapping[str, Any]) -> Sender:
        """The sender of a tenant's own channel; nothing of theirs ever leaves by the deployment's instead."""
        try:
            channel = self._own_channels.load(tenant_id, canal, document)
        except Unavailable as error:
            logger.warning("secret_out_of_reach", extra={"canal": canal, "reason": str(error.params.get("motivo"))})
            return ClosedSender(SECRET_OUT_OF_REACH)
        except Invalid as error:
            return _closed(canal, error, tenant_id=tenant_id)
        return self._sender(channel, self._own_channels.address_of)

    def _load(self, canal: str, document: Mapping[str, Any]) -> Sender:
        try:
            channel = load_channel(document)
            if channel.canal != canal:
                raise Invalid("canal_invalido", (FieldError("/canal", "outro_canal", channel.canal),))
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


def _closed(canal: str, error: Invalid, **names: str) -> Sender:
    """What is wrong is logged as pointers into the document and codes; its values are secrets."""
    wrong = [f"{each.pointer}: {each.code}" for each in error.errors]
    logger.error("channel_invalid", extra={"canal": canal, "errors": wrong, **names})
    return ClosedSender(BADLY_CONFIGURED)


class ClosedSender:
    """A channel that nothing can leave by for now.

    Whether it could repeat what is in doubt, only its configuration knows: until that is back, what is in doubt waits.
    """

    is_idempotent = True
    asks_after = None

    def __init__(self, codigo: str) -> None:
        self._codigo = codigo

    def send(self, mensagens: Sequence[OutgoingMessage]) -> list[Attempt]:
        """Turn every message away, unsent."""
        return [Attempt(ChannelDown(self._codigo)) for _ in mensagens]

    def ask(self, mensagens: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        """Nobody is there to say anything."""
        return [InquiryReply(DeliveryFinding.DESCONHECIDO) for _ in mensagens]


class ChannelSender:
    """A channel's MCP server: one session a batch, many calls in flight.

    `patience_s` is how long calls may be begun, and the longest that one is waited for; `address_of`, where given, says
    which address may be connected to.
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
        """What the channel says, if it names a status tool."""
        consulta = self._channel.consulta
        return None if consulta is None else timedelta(seconds=consulta.espera_s)

    def send(self, mensagens: Sequence[OutgoingMessage]) -> list[Attempt]:
        """Call the tool with each message."""
        channel = self._channel
        calls = [channel.arguments_for(each) for each in mensagens]
        results = self._call_all(self._patience_s, channel.tool, calls)
        return [
            Attempt(channel.verdict(each), each.latency_s if isinstance(each, Answer) else None) for each in results
        ]

    def ask(self, mensagens: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        """Call the status tool about each message; with half the patience, for it comes after sending in one lease."""
        consulta = self._channel.consulta
        if consulta is None:
            return [InquiryReply(DeliveryFinding.DESCONHECIDO) for _ in mensagens]
        return ask(consulta, mensagens, partial(self._call_all, self._patience_s / 2))

    def _call_all(self, patience_s: float, tool: str, calls: Sequence[Mapping[str, object]]) -> list[CallResult]:
        from chalicelib.adapters.mcp import McpServer  # noqa: PLC0415 - a second of import, for those who send

        channel = self._channel
        server = McpServer(
            channel.url,
            headers=channel.header_values(),
            connect_timeout_s=min(channel.connect_timeout_s, patience_s / 4),
            timeout_s=min(channel.timeout_s, patience_s * 3 / 4),
            address_of=self._address_of,
            now=self._clock,
        )
        return server.call_all(tool, calls, in_flight=self._in_flight, begin_within_s=patience_s)
