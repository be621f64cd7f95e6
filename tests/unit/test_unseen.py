"""Characters that nobody sees are taken out of names, and those that turn a text out of subjects."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from chalicelib.unseen import as_seen, has_directions, without_directions

FORMATS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf"]


def test_no_format_character_is_seen() -> None:
    assert as_seen("A" + "".join(FORMATS) + "na") == "Ana"


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\uffa0", "\u115f", "\u034f", "\ufe0f"])
def test_filler_that_looks_like_nothing_is_not_seen(blank: str) -> None:
    assert as_seen(f"A{blank}na") == "Ana"


def test_what_is_seen_stays() -> None:
    text = "Érica d'Ávila-Ção 😀 عمر 李"
    assert (as_seen(text), without_directions(text)) == (text, text)


def test_only_the_direction_is_taken_out_of_a_text_with_joined_emoji() -> None:
    family = "👨\u200d👩\u200d👧"
    assert has_directions(f"\u202e{family}")
    assert not has_directions(family)
    assert without_directions(f"\u2066{family}\u202e\u200f") == family
