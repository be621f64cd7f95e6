"""Which moves of an agendamento are allowed, pair by pair (SPEC §3)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from chalicelib.scheduling.states import LIVE, MOVES, AgendamentoStatus, may_move

ALLOWED = {
    ("pendente", "confirmado"),
    # A new time has to be confirmed anew.
    ("pendente", "pendente"),
    ("confirmado", "pendente"),
    # A meeting may take place or be missed without having been confirmed.
    ("pendente", "realizado"),
    ("pendente", "cancelado"),
    ("pendente", "nao_compareceu"),
    ("confirmado", "realizado"),
    ("confirmado", "cancelado"),
    ("confirmado", "nao_compareceu"),
}


@pytest.mark.parametrize(("origin", "destination"), list(product(AgendamentoStatus, AgendamentoStatus)))
def test_agendamento_makes_the_allowed_moves_and_no_others(
    origin: AgendamentoStatus, destination: AgendamentoStatus
) -> None:
    assert may_move(origin, destination) == ((origin.value, destination.value) in ALLOWED)


def test_drawing_shows_what_the_code_allows() -> None:
    text = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
    drawing = text.partition("\n## Agendamento\n")[2].partition("```mermaid")[2].partition("```")[0]
    assert set(re.findall(r"^ +(\w+) --> (\w+)", drawing, re.MULTILINE)) == ALLOWED


def test_every_status_lists_its_moves() -> None:
    assert set(MOVES) == set(AgendamentoStatus)


def test_live_statuses_are_those_that_occupy_their_time() -> None:
    assert {status.value for status in LIVE} == {"pendente", "confirmado"}
