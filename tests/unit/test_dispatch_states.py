"""The drawing in docs/states.md is what the code allows."""

from __future__ import annotations

import re
from pathlib import Path

from chalicelib.dispatch.states import MOVES, DisparoStatus, WaitReason

ROOT = Path(__file__).parents[2]
_ARROW = re.compile(r"^\s*(\w+) --> (\w+)", re.MULTILINE)


def drawn_moves() -> set[tuple[str, str]]:
    section = (ROOT / "docs" / "states.md").read_text(encoding="utf-8").partition("\n## Disparo\n")[2]
    return set(_ARROW.findall(section.partition("```mermaid")[2].partition("```")[0]))


def test_every_move_is_drawn_and_every_drawn_move_exists() -> None:
    assert drawn_moves() == {(de.value, para.value) for de, onward in MOVES.items() for para in onward}


def test_every_status_has_its_moves_named() -> None:
    assert set(MOVES) == set(DisparoStatus)


def test_what_nothing_leads_away_from_is_an_end() -> None:
    ends = {status for status, onward in MOVES.items() if not onward}
    assert ends == {"confirmado", "cancelado", "suprimido", "expirado", "simulado"}


def test_no_disparo_is_stuck_on_its_way() -> None:
    """From every status an end can be reached."""
    reached = {status for status, onward in MOVES.items() if not onward}
    while more := {status for status, onward in MOVES.items() if onward & reached} - reached:
        reached |= more
    assert reached == set(DisparoStatus)


def test_status_never_goes_back_but_by_a_person_or_to_wait() -> None:
    """What was sent is never on its way again; only `erro`, which certainly was not sent, may begin anew."""
    back = {(de, para) for de, onward in MOVES.items() for para in onward if para is DisparoStatus.PENDENTE}
    assert back == {(DisparoStatus.ENVIANDO, DisparoStatus.PENDENTE), (DisparoStatus.ERRO, DisparoStatus.PENDENTE)}


def test_database_checks_the_waits_that_the_code_knows() -> None:
    sql = (ROOT / "migrations" / "014_extend_disparos.sql").read_text(encoding="utf-8")
    listed = sql.partition("espera IN (")[2].partition(")")[0]
    assert set(re.findall(r"'(\w+)'", listed)) == {each.value for each in WaitReason}
