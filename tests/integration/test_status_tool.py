"""What is in doubt is asked about, where its channel names a tool that knows: over a real MCP server and database."""

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
from chalicelib.dispatch.outcomes import DeliveryFinding, InquiryReply, OutgoingMessage, Sent
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import a_lead, a_template, ask, literal
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeSenders, a_disparo, disparo, event_of
from tests.integration.test_executor import Make, make_executor  # noqa: F401 - a fixture
from tests.integration.test_mcp import a_server

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


class Carrier:
    """A provider that knows what it has. `fates` says of each sending whether it arrives, and whether that is told;
    `is_mute`: it says nothing about what it has."""

    def __init__(self) -> None:
        self.fates: list[tuple[bool, bool]] = []
        self.is_mute = False
        self.has: list[str] = []
        self.calls: list[str] = []

    async def call(self, arguments: dict[str, Any]) -> CallToolResult:
        if "reference" in arguments:
            return self._find(arguments["reference"])
        self.calls.append("send")
        arrives, tells = self.fates.pop(0) if self.fates else (True, True)
        if arrives:
            self.has.append(arguments["id"])
        return said(f"m-{len(self.has)}" if tells else "?", is_error=not tells)

    def _find(self, reference: str) -> CallToolResult:
        self.calls.append("find")
        if self.is_mute:
            return said("?", is_error=True)
        is_there = reference in self.has
        return said(json.dumps({"status": "sent", "id": "m-1"} if is_there else {"status": "absent"}))


def said(text: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


class Stage(NamedTuple):
    services: Services
    database: Database
    carrier: Carrier
    clock: StoppedClock

    def run(self, disparo_id: UUID) -> list[Any]:
        self.services.executor.run(event_of(disparo_id))
        return disparo(self.database, disparo_id, "status", "em_duvida", "tentativas")

    def history(self, disparo_id: UUID) -> list[Any]:
        query = f"SELECT classe, codigo FROM disparo_tentativas WHERE disparo_id = {literal(disparo_id)} ORDER BY passo"
        return [tuple(row) for row in ask(self.database, query)]


@pytest.fixture
def stage(services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock) -> Iterator[Stage]:
    carrier = Carrier()
    anything = {"type": "object"}
    tools = [Tool(name=name, input_schema=anything) for name in ("send", "find")]
    with a_server(carrier.call, tools=tools) as url:
        put_secret(aws, app_settings.secret("mcp-whatsapp"), {**CHANNEL, "url": url})
        a_template(services.owner_database)
        yield Stage(services, services.owner_database, carrier, clock)


def test_doubt_ends_as_sent_when_the_provider_has_it_and_it_is_not_sent_again(stage: Stage) -> None:
    stage.carrier.fates = [(True, False)]
    disparo_id = a_disparo(stage.database, a_lead(stage.database))
    assert stage.run(disparo_id) == ["pendente", True, 1]
    waits = stage.clock() + timedelta(seconds=60)
    assert disparo(stage.database, disparo_id, "espera", "enviar_apos") == ["tentativa", waits]
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id) == ["enviado", False, 2]
    assert disparo(stage.database, disparo_id, "provider_message_id") == ["m-1"]
    assert stage.carrier.calls == ["send", "find"]
    assert [classe for classe, _ in stage.history(disparo_id)] == ["incerto", "consulta_enviado"]


def test_doubt_about_what_never_arrived_ends_and_it_is_sent_again(stage: Stage) -> None:
    stage.carrier.fates = [(False, False)]
    disparo_id = a_disparo(stage.database, a_lead(stage.database))
    stage.run(disparo_id)
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id) == ["pendente", False, 2]
    stage.clock.advance(minutes=5)
    assert stage.run(disparo_id) == ["enviado", False, 3]
    assert stage.carrier.calls == ["send", "find", "send"]
    assert len(stage.carrier.has) == 1
    assert stage.history(disparo_id)[1] == ("consulta_nao_enviado", "absent")


def test_provider_that_says_nothing_is_asked_until_the_attempts_are_over(stage: Stage) -> None:
    stage.carrier.fates, stage.carrier.is_mute = [(True, False)], True
    disparo_id = a_disparo(stage.database, a_lead(stage.database))
    ends = []
    for _ in range(4):
        ends.append(stage.run(disparo_id))
        stage.clock.advance(minutes=5)
    assert ends == [["pendente", True, 1], ["pendente", True, 2], ["incerto", True, 3], ["incerto", True, 3]]
    assert stage.carrier.calls == ["send", "find", "find"]
    found = stage.services.disparos.get("acme", disparo_id)["historico"][1]
    assert found["mensagem"].startswith("Consultado, o provedor não soube dizer")


@pytest.mark.parametrize("tentativas", [1, 3])
def test_lapsed_lease_is_asked_about_once_nothing_can_turn_up_any_more(stage: Stage, tentativas: int) -> None:
    disparo_id = a_disparo(
        stage.database, a_lead(stage.database), status="enviando", lease_ate=STARTED_AT, tentativas=tentativas, passos=1
    )
    stage.carrier.has = [str(disparo_id)]
    assert stage.run(disparo_id)[:2] == ["pendente", True]
    assert stage.carrier.calls == []
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id)[:2] == ["enviado", False]
    assert stage.carrier.calls == ["find"]
    assert [classe for classe, _ in stage.history(disparo_id)] == ["lease_vencida", "adiado", "consulta_enviado"]


def test_last_attempt_is_asked_about_and_an_error_if_it_never_arrived(stage: Stage) -> None:
    stage.carrier.fates = [(False, False)]
    disparo_id = a_disparo(stage.database, a_lead(stage.database), tentativas=2)
    assert stage.run(disparo_id) == ["pendente", True, 2]
    stage.clock.advance(seconds=60)
    assert stage.run(disparo_id) == ["erro", False, 3]
    assert disparo(stage.database, disparo_id, "erro_codigo") == ["tentativas_esgotadas"]


class Broken:
    """A sender whose asking crashes."""

    is_idempotent = False
    asks_after = timedelta(seconds=60)

    def send(self, _: Sequence[OutgoingMessage]) -> list[Sent]:
        raise AssertionError("sent in doubt")

    def ask(self, _: Sequence[OutgoingMessage]) -> list[InquiryReply]:
        raise RuntimeError


def test_asking_that_crashes_is_no_answer(stage: Stage, make_executor: Make) -> None:  # noqa: F811
    doubt = {"em_duvida": True, "ultimo_codigo": "x", "tentativas": 1, "espera": "tentativa"}
    disparo_id = a_disparo(stage.database, a_lead(stage.database), **doubt)
    make_executor(senders=FakeSenders(whatsapp=Broken())).run(event_of(disparo_id))
    assert disparo(stage.database, disparo_id, "status", "em_duvida", "tentativas") == ["pendente", True, 2]


def test_channel_without_a_status_tool_says_nothing() -> None:
    without = {name: value for name, value in CHANNEL.items() if name != "consulta"}
    channel = load_channel({**without, "url": "http://127.0.0.1:1/mcp"})
    sender = ChannelSender(channel, in_flight=2, patience_s=10, clock=lambda: STARTED_AT)
    mensagens = [OutgoingMessage("1", 1, "+5571999990001", "")]
    for each in (sender, ClosedSender("x")):
        assert each.asks_after is None
        assert each.ask(mensagens) == [InquiryReply(DeliveryFinding.DESCONHECIDO)]
