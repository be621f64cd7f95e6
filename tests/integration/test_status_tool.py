"""A channel's status tool settles messages in doubt, over a real MCP server and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from mcp_types import CallToolResult, TextContent, Tool

from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.dispatch.channels.document import load_channel
from chalicelib.dispatch.channels.senders import ChannelSender, ClosedSender
from chalicelib.dispatch.outcomes import DeliveryFinding, InquiryReply, Outcome, OutgoingMessage
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import a_disparo, a_lead, a_template, ask, disparo, event_of, literal
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeSender, FakeSenders
from tests.integration.test_mcp import a_server
from tests.sending_stage import MakeExecutor

CHANNEL = {
    "canal": "whatsapp",
    "tool": "send",
    "arguments": {"id": "{{disparo_id}}", "to": "{{destino}}"},
    "consulta": {
        "tool": "find",
        "arguments": {"reference": "{{disparo_id}}"},
        "resposta": [{"campo": "status"}],
        "valores": {"absent": "nao_enviado", "sent": "enviado"},
        "message_id": {"campo": "id"},
        "espera_s": 60,
    },
}


class StatusProvider:
    """A provider with a status tool.

    `fates` has a pair for each message to come: whether it arrives, and whether the answer says so. `is_mute`: the
    status tool gives no usable answer.
    """

    def __init__(self) -> None:
        self.fates: list[tuple[bool, bool]] = []
        self.is_mute = False
        self.received: list[str] = []
        self.calls: list[str] = []

    async def call(self, arguments: dict[str, Any]) -> CallToolResult:
        if "reference" in arguments:
            return self._find(arguments["reference"])
        self.calls.append("send")
        arrives, is_confirmed = self.fates.pop(0) if self.fates else (True, True)
        if arrives:
            self.received.append(arguments["id"])
        return a_result(f"m-{len(self.received)}" if is_confirmed else "?", is_error=not is_confirmed)

    def _find(self, reference: str) -> CallToolResult:
        self.calls.append("find")
        if self.is_mute:
            return a_result("?", is_error=True)
        has_message = reference in self.received
        return a_result(json.dumps({"status": "sent", "id": "m-1"} if has_message else {"status": "absent"}))


def a_result(text: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


class Stage(NamedTuple):
    services: Services
    database: Database
    provider: StatusProvider
    clock: StoppedClock

    def run(self, disparo_id: UUID) -> list[Any]:
        self.services.executor.run(event_of(disparo_id))
        return disparo(self.database, disparo_id, "status", "em_duvida", "tentativas")

    def history(self, disparo_id: UUID) -> list[Any]:
        query = f"SELECT classe, codigo FROM disparo_tentativas WHERE disparo_id = {literal(disparo_id)} ORDER BY passo"
        return [tuple(row) for row in ask(self.database, query)]


@pytest.fixture
def stage(services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock) -> Iterator[Stage]:
    provider = StatusProvider()
    anything = {"type": "object"}
    tools = [Tool(name=name, input_schema=anything) for name in ("send", "find")]
    with a_server(provider.call, tools=tools) as url:
        put_secret(aws, app_settings.secret("mcp-whatsapp"), {**CHANNEL, "url": url})
        a_template(services.owner_database)
        yield Stage(services, services.owner_database, provider, clock)


def test_message_that_the_provider_has_ends_as_sent_and_is_not_sent_again(stage: Stage) -> None:
    stage.provider.fates = [(True, False)]
    disparo_id = a_disparo(stage.database, a_lead(stage.database))
    assert stage.run(disparo_id) == ["pendente", True, 1]
    waits = stage.clock() + timedelta(seconds=60)
    assert disparo(stage.database, disparo_id, "espera", "enviar_apos") == ["tentativa", waits]
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id) == ["enviado", False, 2]
    assert disparo(stage.database, disparo_id, "provider_message_id") == ["m-1"]
    assert stage.provider.calls == ["send", "find"]
    assert [classe for classe, _ in stage.history(disparo_id)] == ["incerto", "consulta_enviado"]


def test_message_that_the_provider_does_not_have_is_sent_again(stage: Stage) -> None:
    stage.provider.fates = [(False, False)]
    disparo_id = a_disparo(stage.database, a_lead(stage.database))
    stage.run(disparo_id)
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id) == ["pendente", False, 2]
    stage.clock.advance(minutes=5)
    assert stage.run(disparo_id) == ["enviado", False, 3]
    assert stage.provider.calls == ["send", "find", "send"]
    assert len(stage.provider.received) == 1
    assert stage.history(disparo_id)[1] == ("consulta_nao_enviado", "absent")


def test_provider_that_does_not_know_is_asked_until_the_attempts_are_used_up(stage: Stage) -> None:
    stage.provider.fates, stage.provider.is_mute = [(True, False)], True
    disparo_id = a_disparo(stage.database, a_lead(stage.database))
    states = []
    for _ in range(4):
        states.append(stage.run(disparo_id))
        stage.clock.advance(minutes=5)
    assert states == [["pendente", True, 1], ["pendente", True, 2], ["incerto", True, 3], ["incerto", True, 3]]
    assert stage.provider.calls == ["send", "find", "find"]
    found = stage.services.disparos.get("acme", disparo_id)["historico"][1]
    assert found["mensagem"].startswith("Consultado, o provedor não soube dizer")


@pytest.mark.parametrize("tentativas", [1, 3])
def test_expired_lease_is_asked_about_after_the_wait_of_the_channel(stage: Stage, tentativas: int) -> None:
    disparo_id = a_disparo(
        stage.database, a_lead(stage.database), status="enviando", lease_ate=STARTED_AT, iniciado_em=STARTED_AT,
        tentativas=tentativas, passos=1,
    )  # fmt: skip
    stage.provider.received = [str(disparo_id)]
    assert stage.run(disparo_id)[:2] == ["pendente", True]
    assert stage.provider.calls == []
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id)[:2] == ["enviado", False]
    assert stage.provider.calls == ["find"]
    assert [classe for classe, _ in stage.history(disparo_id)] == ["lease_vencida", "adiado", "consulta_enviado"]


def test_last_attempt_that_never_arrived_ends_as_an_error(stage: Stage) -> None:
    stage.provider.fates = [(False, False)]
    disparo_id = a_disparo(stage.database, a_lead(stage.database), tentativas=2)
    assert stage.run(disparo_id) == ["pendente", True, 2]
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id) == ["erro", False, 3]
    assert disparo(stage.database, disparo_id, "erro_codigo") == ["tentativas_esgotadas"]


def refuse_to_send(message: OutgoingMessage) -> Outcome:
    raise AssertionError(f"{message.disparo_id} was sent in doubt")


class BrokenInquirer(FakeSender):
    """A sender whose `ask` crashes."""

    def __init__(self) -> None:
        super().__init__(refuse_to_send)
        self.asks_after = timedelta(seconds=60)

    def ask(self, messages: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        raise RuntimeError


def test_inquiry_that_crashes_leaves_the_doubt(stage: Stage, make_executor: MakeExecutor) -> None:
    doubt: dict[str, Any] = {"em_duvida": True, "ultimo_codigo": "x", "tentativas": 1, "espera": "tentativa"}
    disparo_id = a_disparo(stage.database, a_lead(stage.database), **doubt)
    make_executor(senders=FakeSenders(whatsapp=BrokenInquirer())).run(event_of(disparo_id))
    assert disparo(stage.database, disparo_id, "status", "em_duvida", "tentativas") == ["pendente", True, 2]


def test_channel_without_a_status_tool_leaves_every_doubt() -> None:
    without = {name: value for name, value in CHANNEL.items() if name != "consulta"}
    channel = load_channel({**without, "url": "http://127.0.0.1:1/mcp"})
    sender = ChannelSender(channel, in_flight=2, patience_s=10, clock=lambda: STARTED_AT)
    messages = [OutgoingMessage("1", 1, "+5571999990001", "")]
    for each in (sender, ClosedSender("x")):
        assert each.asks_after is None
        assert each.ask(messages) == [InquiryReply(DeliveryFinding.DESCONHECIDO)]
