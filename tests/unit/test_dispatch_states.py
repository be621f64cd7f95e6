"""The drawing in docs/states.md is what the code allows."""

from __future__ import annotations

import re
from pathlib import Path

from chalicelib.dispatch.states import MOVES, StatusDisparo

ROOT = Path(__file__).parents[2]
_ARROW = re.compile(r"^\s*(\w+) --> (\w+)", re.MULTILINE)


def drawn_moves() -> set[tuple[str, str]]:
    section = (ROOT / "docs" / "states.md").read_text(encoding="utf-8").partition("\n## Disparo\n")[2]
    return set(_ARROW.findall(section.partition("```mermaid")[2].partition("```")[0]))


def test_every_move_is_drawn_and_every_drawn_move_exists() -> None:
    assert drawn_moves() == {(de.value, para.value) for de, onward in MOVES.items() for para in onward}


def test_every_status_has_its_moves_named() -> None:
    assert set(MOVES) == set(StatusDisparo)


def test_no_disparo_is_stuck_on_its_way() -> None:
    ends = {status for status, onward in MOVES.items() if not onward}
    assert ends == set(StatusDisparo) - {StatusDisparo.PENDENTE, StatusDisparo.ENVIANDO}
