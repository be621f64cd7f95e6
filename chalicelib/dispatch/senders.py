"""Hands messages to the MCP server of a channel, which a secret describes, and says what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.secrets import Secrets
from chalicelib.dispatch.arguments import Mensagem
from chalicelib.dispatch.channels import Channel, load_channel
from chalicelib.dispatch.outcomes import ChannelDown, Outcome
from chalicelib.errors import Invalid, Unavailable
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

    def send(self, mensagens: Sequence[Mensagem]) -> list[Outcome]:
        """What became of each message, in their order; never raises for what a server or the network does."""
        ...


class Senders:
    """A sender for each channel; `secret_of` gives the name of a channel's secret."""

    def __init__(self, *, secrets: Secrets, secret_of: Callable[[str], str], in_flight: int, clock: Clock) -> None:
        self._secrets = secrets
        self._secret_of = secret_of
        self._in_flight = in_flight
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

    def _load(self, canal: str, document: Mapping[str, Any]) -> Sender:
        try:
            channel = load_channel(document)
        except Invalid as error:
            # Pointers into the document and codes; its values are secrets.
            wrong = [f"{each.pointer}: {each.code}" for each in error.errors]
            logger.error("channel_invalid", extra={"canal": canal, "errors": wrong})
            return ClosedSender(BADLY_CONFIGURED)
        if channel.canal != canal:
            logger.error("channel_invalid", extra={"canal": canal, "errors": [f"/canal: {channel.canal}"]})
            return ClosedSender(BADLY_CONFIGURED)
        return ChannelSender(channel, in_flight=min(channel.in_flight, self._in_flight), clock=self._clock)


class ClosedSender:
    """A channel that nothing can leave by for now.

    Whether it could repeat what is in doubt, only its configuration knows: until that is back, what is in doubt waits.
    """

    is_idempotent = True

    def __init__(self, codigo: str) -> None:
        self._codigo = codigo

    def send(self, mensagens: Sequence[Mensagem]) -> list[Outcome]:
        """Turn every message away, unsent."""
        return [ChannelDown(self._codigo) for _ in mensagens]


class ChannelSender:
    """A channel's MCP server: one session a batch, many calls in flight."""

    def __init__(self, channel: Channel, *, in_flight: int, clock: Clock) -> None:
        self._channel = channel
        self._in_flight = in_flight
        self._clock = clock

    @property
    def is_idempotent(self) -> bool:
        """Whether the tool takes an idempotency key."""
        return self._channel.is_idempotent

    def send(self, mensagens: Sequence[Mensagem]) -> list[Outcome]:
        """Call the tool with each message."""
        from chalicelib.adapters.mcp import McpServer  # noqa: PLC0415 - a second of import, for those who send

        channel = self._channel
        server = McpServer(
            channel.url,
            headers=channel.header_values(),
            connect_timeout_s=channel.connect_timeout_s,
            timeout_s=channel.timeout_s,
            now=self._clock,
        )
        calls = [channel.arguments_for(each) for each in mensagens]
        return [channel.verdict(result) for result in server.call_all(channel.tool, calls, in_flight=self._in_flight)]
