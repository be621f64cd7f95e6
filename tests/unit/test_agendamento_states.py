"""Where an agendamento may go, pair by pair (SPEC §3)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from chalicelib.scheduling.states import LIVE, MOVES, AgendamentoStatus, may_move

ALLOWED = {
    ("pendente", "confirmado"),
    # A meeting may take place, or not, unconfirmed.
    ("pendente", "realizado"),
    ("pendente", "cancelado"),
    ("pendente", "nao_compareceu"),
    ("confirmado", "realizado"),
    ("confirmado", "cancelado"),
    ("confirmado", "nao_compareceu"),
}


@pytest.mark.parametrize(("de", "para"), list(product(AgendamentoStatus, AgendamentoStatus)))
def test_an_agendamento_moves_as_drawn_and_in_no_other_way(de: AgendamentoStatus, para: AgendamentoStatus) -> None:
    assert may_move(de, para) == ((de.value, para.value) in ALLOWED)


def test_what_is_drawn_is_what_the_code_allows() -> None:
    text = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
    drawing = text.partition("\n## Agendamento\n")[2].partition("```mermaid")[2].partition("```")[0]
    assert set(re.findall(r"^ +(\w+) --> (\w+)", drawing, re.MULTILINE)) == ALLOWED


def test_every_status_has_its_moves_said() -> None:
    assert set(MOVES) == set(AgendamentoStatus)


def test_a_live_agendamento_is_one_that_holds_its_time() -> None:
    assert {status.value for status in LIVE} == {"pendente", "confirmado"}
