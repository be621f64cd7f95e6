"""Why a person pauses or calls something off, in their own words; a body that may be left out."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from chalicelib.identity import Identity

_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _visible(text: str) -> str:
    if _INVISIBLE.search(text):
        raise PydanticCustomError("caractere_invalido", "a character that cannot be seen")
    return text


ReasonText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible)]
"""A reason, on one line."""


class GivenReason(BaseModel):
    """Why it is done, on one line; shown with who did it. Without a reason, the body may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    motivo: ReasonText | None = None

    def of(self, identity: Identity) -> dict[str, str | None]:
        """The columns of who did it, and why."""
        return {"por": identity.subject, "motivo": self.motivo}
