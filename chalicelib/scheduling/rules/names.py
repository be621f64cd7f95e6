"""How the name of a responsável is written: in an agendamento and in the list of responsáveis alike. Pure."""

from __future__ import annotations

import re
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.unseen import as_seen

# Control characters, except the tab and the line breaks of a note. A name has its blanks made single below.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def visible(text: str) -> str:
    """The text, if it has no character that cannot be seen, the tab and line breaks apart.

    Raises:
        PydanticCustomError: `caractere_invalido`.
    """
    if _CONTROLS.search(text):
        raise PydanticCustomError("caractere_invalido", "a character that cannot be seen")
    return text


def _one_spelling(text: str) -> str:
    """One spelling of a name: composed (NFC), with single blanks, without what nobody sees.

    The database compares names without regard to case: two of the same look must not book the same hour.
    """
    if not (name := " ".join(normalize("NFC", as_seen(text)).split())):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return name


ResponsavelName = Annotated[
    str, Field(min_length=1, max_length=120), AfterValidator(visible), AfterValidator(_one_spelling)
]
