"""A subscription can ask for every event that the code records, and for no other."""

from __future__ import annotations

import ast

from chalicelib.campaigns.states import EVENTS as OF_CAMPAIGNS
from chalicelib.dispatch.states import EVENTS as OF_DISPAROS
from chalicelib.scheduling.booking.agendamentos import _EVENTS as OF_AGENDAMENTOS
from chalicelib.subscriptions.kinds import DESCRIPTIONS, EventKind
from tests.architecture import SOURCES


def recorded() -> set[str]:
    """The types of events that stand in the code, in a call of `events.record` or beside the statuses."""
    texts = {node.value for source in SOURCES.values() for node in ast.walk(source) if isinstance(node, ast.Constant)}
    calls = {
        str(text.value)
        for source in SOURCES.values()
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "events.record"
        for text in ast.walk(node.args[1])
        if isinstance(text, ast.Constant)
    }
    # Some calls hand the type on as an argument: these have to be in the catalogue, because they stand in the code.
    handed_on = {kind.value for kind in EventKind} & texts
    return calls | handed_on | set(OF_CAMPAIGNS.values()) | set(OF_DISPAROS.values()) | set(OF_AGENDAMENTOS.values())


def test_every_event_that_is_recorded_can_be_asked_for_and_no_other() -> None:
    assert recorded() == {kind.value for kind in EventKind}


def test_every_event_is_described() -> None:
    assert set(DESCRIPTIONS) == set(EventKind)
