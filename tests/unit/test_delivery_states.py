"""The moves of a delivery are those drawn in docs/states.md."""

from __future__ import annotations

import re
from pathlib import Path

from chalicelib.subscriptions.states import MOVES, DeliveryStatus

ROOT = Path(__file__).parents[2]
_ARROW = re.compile(r"^\s*(\w+) --> (\w+)", re.MULTILINE)


def test_every_move_is_drawn_and_every_drawn_move_exists() -> None:
    section = (ROOT / "docs" / "states.md").read_text(encoding="utf-8").partition("\n## Delivery of an event\n")[2]
    drawn = set(_ARROW.findall(section.partition("```mermaid")[2].partition("```")[0]))
    stays = {(DeliveryStatus.PENDENTE.value, DeliveryStatus.PENDENTE.value)}
    assert drawn == {(old.value, new.value) for old, following in MOVES.items() for new in following} | stays


def test_every_status_names_its_moves() -> None:
    assert set(MOVES) == set(DeliveryStatus)


def test_a_person_can_have_everything_delivered_again() -> None:
    ended = set(DeliveryStatus) - {DeliveryStatus.PENDENTE}
    assert all(MOVES[status] == {DeliveryStatus.PENDENTE} for status in ended)
