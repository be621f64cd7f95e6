"""The moves of a campaign are those drawn in docs/states.md."""

from __future__ import annotations

import re
from pathlib import Path

from chalicelib.campaigns.states import EVENTS, MOVES, CampaignStatus

ROOT = Path(__file__).parents[2]
_ARROW = re.compile(r"^\s*(\w+) --> (\w+)", re.MULTILINE)


def test_every_move_is_drawn_and_every_drawn_move_exists() -> None:
    section = (ROOT / "docs" / "states.md").read_text(encoding="utf-8").partition("\n## Campaign\n")[2]
    drawn = set(_ARROW.findall(section.partition("```mermaid")[2].partition("```")[0]))
    assert drawn == {(old.value, new.value) for old, following in MOVES.items() for new in following}


def test_every_status_names_its_moves() -> None:
    assert set(MOVES) == set(CampaignStatus)


def test_only_a_cancelled_campaign_never_moves_again() -> None:
    assert {status for status, following in MOVES.items() if not following} == {CampaignStatus.CANCELADA}


def test_every_status_that_a_campaign_comes_to_by_itself_has_an_event() -> None:
    assert set(EVENTS) == set(CampaignStatus) - {CampaignStatus.RASCUNHO, CampaignStatus.AGENDADA}
