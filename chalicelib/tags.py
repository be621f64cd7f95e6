"""Tags of leads: short words that a person gives them."""

from __future__ import annotations

from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, Field
from pydantic_core import PydanticKnownError

from chalicelib.unseen import as_seen

MOST_TAGS = 20
"""Of one lead."""


def _one_spelling(tag: str) -> str:
    """Composed, and without what nobody sees: two tags of the same look are one."""
    if not (seen := normalize("NFC", as_seen(tag)).strip()):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return seen


Tag = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_one_spelling)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS), AfterValidator(lambda tags: tuple(dict.fromkeys(tags)))]
