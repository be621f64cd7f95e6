"""Characters that nobody sees: with them two names that look the same differ, or a text reads backwards."""

from __future__ import annotations

import re

# Marks and overrides of the direction of writing (Unicode UAX 9).
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# The other format characters (category Cf), and those that are shown as a blank or as nothing: fillers of Hangul and
# Khmer, the blank of Braille, joiners of accents, selectors of variants.
_OTHERS = (
    "\xad\u034f\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_TURNING = re.compile(f"[{_DIRECTIONS}]")
_UNSEEN = re.compile(f"[{_DIRECTIONS}{_OTHERS}]")


def has_directions(text: str) -> bool:
    """Whether the text holds a character that changes the direction of writing."""
    return _TURNING.search(text) is not None


def without_directions(text: str) -> str:
    """The text without the characters that change the direction of writing; emoji keep what joins them."""
    return _TURNING.sub("", text)


def as_seen(text: str) -> str:
    """The text without the characters that nobody sees; what is left may be empty."""
    return _UNSEEN.sub("", text)
