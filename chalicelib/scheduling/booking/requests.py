"""What the API may ask of the calendar."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated
from unicodedata import normalize
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.instants import Instant
from chalicelib.pages import PageQuery
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.unseen import as_seen, without_directions

# Control characters, except the tab and the line breaks of a note. A name has its blanks made single below.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def _visible(text: str) -> str:
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
    str, Field(min_length=1, max_length=120), AfterValidator(_visible), AfterValidator(_one_spelling)
]

Note = Annotated[str, Field(max_length=2000), AfterValidator(_visible), AfterValidator(without_directions)]


class AgendamentoKind(StrEnum):
    """What kind of appointment it is."""

    CALLBACK = "callback"
    REUNIAO = "reuniao"


class AgendamentoCanal(StrEnum):
    """How the lead and the responsável meet."""

    TELEFONE = "telefone"
    WHATSAPP = "whatsapp"
    VIDEO = "video"


class NewAgendamento(BaseModel):
    """A callback or a meeting to be booked."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    tipo: AgendamentoKind
    canal: AgendamentoCanal
    data_agendada: Instant
    duracao_minutos: Annotated[int, Field(ge=5, le=480)] = 60
    responsavel: ResponsavelName
    observacoes: (
        Annotated[str, Field(max_length=2000), AfterValidator(_visible), AfterValidator(without_directions)] | None
    ) = None


class AgendamentoQuery(PageQuery):
    """A page of agendamentos; every filter that is given has to fit. `de` is included, `ate` is not."""

    quick_filters = frozenset({"lead_id"})

    status: AgendamentoStatus | None = None
    responsavel: ResponsavelName | None = None
    lead_id: UUID | None = None
    de: Instant | None = None
    ate: Instant | None = None
