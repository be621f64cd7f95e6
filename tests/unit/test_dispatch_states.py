"""The moves that the code allows are those drawn in docs/states.md."""

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
    assert drawn_moves() == {(old.value, new.value) for old, following in MOVES.items() for new in following}


def test_every_status_names_its_moves() -> None:
    assert set(MOVES) == set(DisparoStatus)


def test_statuses_without_moves_are_the_ends() -> None:
    ends = {status for status, following in MOVES.items() if not following}
    assert ends == {"confirmado", "cancelado", "suprimido", "expirado", "simulado"}


def test_every_status_can_reach_an_end() -> None:
    reached = {status for status, following in MOVES.items() if not following}
    while more := {status for status, following in MOVES.items() if following & reached} - reached:
        reached |= more
    assert reached == set(DisparoStatus)


def test_only_a_claim_or_an_error_goes_back_to_pendente() -> None:
    """A sent message never starts again; `erro` may, because it was certainly not sent."""
    back = {(old, new) for old, following in MOVES.items() for new in following if new is DisparoStatus.PENDENTE}
    assert back == {(DisparoStatus.ENVIANDO, DisparoStatus.PENDENTE), (DisparoStatus.ERRO, DisparoStatus.PENDENTE)}


def test_database_checks_the_same_reasons_to_wait() -> None:
    check = "espera IS NULL OR (status = 'pendente' AND espera IN ("
    last = [sql for path in sorted(ROOT.glob("migrations/*.sql")) if check in (sql := path.read_text("utf-8"))][-1]
    listed = last.partition(check)[2].partition(")")[0]
    assert set(re.findall(r"'(\w+)'", listed)) == {each.value for each in WaitReason}
