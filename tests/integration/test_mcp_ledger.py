"""The ledger of a batch of MCP calls: what has begun is recorded before it is written, and every end once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import anyio
import pytest
from mcp_types import CallToolResult

from chalicelib.adapters.calls import (
    BAD_ARGUMENTS,
    CONNECTION_LOST,
    NO_CONNECTION,
    OUT_OF_TIME,
    TOOL_MISSING,
    Answer,
    CallResult,
    Lost,
    NotWritten,
)
from chalicelib.adapters.mcp import McpServer
from tests.integration.test_mcp import a_closed_port, a_result, a_server, a_tool, dropping


class RecordingLedger:
    """Keeps what it is told, in order; `allows` says which calls may be made, `before` may raise."""

    def __init__(
        self,
        allows: Callable[[int], bool] = lambda _: True,
        before: Callable[[RecordingLedger], None] = lambda _: None,
    ) -> None:
        self.portions: list[list[int]] = []
        self.results: dict[int, CallResult] = {}
        self.under_way: set[int] = set()
        self.most_under_way = 0
        self._allows = allows
        self._before = before

    def advance(self, ended: Mapping[int, CallResult], begin: Sequence[int]) -> Collection[int]:
        self._before(self)
        assert not ended.keys() & self.results.keys(), "an end was recorded twice"
        self.results.update(ended)
        self.under_way -= ended.keys()
        begun = [place for place in begin if self._allows(place)]
        self.under_way.update(begun)
        self.most_under_way = max(self.most_under_way, len(self.under_way))
        if begin:
            self.portions.append(list(begin))
        return begun


def call(url: str, ledger: RecordingLedger, count: int, *, in_flight: int = 6, **options: Any) -> None:
    calls: list[dict[str, object]] = [{"n": n} for n in range(count)]
    McpServer(url).call_with(ledger, "send", calls, in_flight=in_flight, **options)


def kinds(ledger: RecordingLedger) -> Counter[type[CallResult]]:
    return Counter(map(type, ledger.results.values()))


def test_calls_begun_without_a_recorded_end_never_exceed_the_calls_in_flight() -> None:
    ledger = RecordingLedger()
    with a_server() as url:
        call(url, ledger, 60)
    assert ledger.most_under_way <= 6
    assert kinds(ledger) == {Answer: 60}
    assert sorted(place for portion in ledger.portions for place in portion) == list(range(60))


def test_call_is_recorded_as_begun_before_it_is_written() -> None:
    unrecorded: list[int] = []
    ledger = RecordingLedger()

    async def check(arguments: dict[str, Any]) -> CallToolResult:
        if arguments["n"] not in ledger.under_way:
            unrecorded.append(arguments["n"])
        return a_result()

    with a_server(check) as url:
        call(url, ledger, 30)
    assert unrecorded == []


def test_slow_call_holds_up_only_its_own_place() -> None:
    others_ended = anyio.Event()
    seen = 0

    async def one_waits(arguments: dict[str, Any]) -> CallToolResult:
        nonlocal seen
        if arguments["n"] == 0:
            await others_ended.wait()
        seen += 1
        if seen == 29:
            others_ended.set()
        return a_result()

    ledger = RecordingLedger()
    with a_server(one_waits) as url:
        call(url, ledger, 30)
    assert kinds(ledger) == {Answer: 30}


def test_call_that_the_ledger_does_not_allow_is_neither_made_nor_recorded() -> None:
    made: set[int] = set()

    async def remember(arguments: dict[str, Any]) -> CallToolResult:
        made.add(arguments["n"])
        return a_result()

    ledger = RecordingLedger(allows=lambda place: place % 2 == 0)
    with a_server(remember) as url:
        call(url, ledger, 20)
    assert made == ledger.results.keys() == set(range(0, 20, 2))


def test_failure_of_the_ledger_is_raised_and_no_other_call_begins() -> None:
    class StorageFailed(Exception):
        pass

    def fails_at_the_second_portion(ledger: RecordingLedger) -> None:
        if ledger.portions:
            raise StorageFailed

    made: set[int] = set()

    async def remember(arguments: dict[str, Any]) -> CallToolResult:
        made.add(arguments["n"])
        return a_result()

    ledger = RecordingLedger(before=fails_at_the_second_portion)
    with a_server(remember) as url, pytest.raises(StorageFailed):
        call(url, ledger, 20)
    assert made <= set(ledger.portions[0])
    assert ledger.results == {}


def test_each_dropped_connection_is_one_recorded_doubt() -> None:
    ledger = RecordingLedger()
    with a_server(handlers={"tools/call": dropping}) as url:
        call(url, ledger, 10)
    assert ledger.results == dict.fromkeys(range(10), Lost(CONNECTION_LOST))


def test_calls_that_never_begin_end_without_a_portion() -> None:
    unreachable, without_tool, late = RecordingLedger(), RecordingLedger(), RecordingLedger()
    call(f"http://127.0.0.1:{a_closed_port()}/mcp", unreachable, 10)
    with a_server(tools=[a_tool("other")]) as url:
        call(url, without_tool, 10)
    with a_server() as url:
        call(url, late, 10, begin_within_s=-1.0)
    assert unreachable.results == dict.fromkeys(range(10), NotWritten(NO_CONNECTION))
    assert without_tool.results == dict.fromkeys(range(10), NotWritten(TOOL_MISSING))
    assert late.results == dict.fromkeys(range(10), NotWritten(OUT_OF_TIME))
    assert (unreachable.portions, without_tool.portions, late.portions) == ([], [], [])


def test_call_whose_arguments_are_not_json_never_begins() -> None:
    ledger = RecordingLedger()
    with a_server() as url:
        McpServer(url).call_with(ledger, "send", [{"n": 0}, {"n": float("nan")}, {"n": 2}])
    assert ledger.portions == [[0, 2]]
    assert ledger.results[1] == NotWritten(BAD_ARGUMENTS)
    assert kinds(ledger) == {Answer: 2, NotWritten: 1}
