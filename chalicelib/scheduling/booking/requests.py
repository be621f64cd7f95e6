"""What the API may ask of the calendar."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.instants import Instant
from chalicelib.motivo import GivenReason
from chalicelib.pages import PageQuery
from chalicelib.scheduling.rules.names import ResponsavelName, visible
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.unseen import as_seen, without_directions


def _one_line(text: str) -> str:
    """With single blanks, without what nobody sees."""
    if not (line := " ".join(as_seen(text).split())):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return line


Duration = Annotated[int, Field(ge=5, le=480)]
Note = Annotated[str, Field(max_length=2000), AfterValidator(visible), AfterValidator(without_directions)]
Place = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(visible), AfterValidator(_one_line)]
Link = Annotated[str, Field(max_length=1000, pattern=r"^https?://[!-;=?-~]+$")]


class AgendamentoKind(StrEnum):
    """What kind of appointment it is."""

    CALLBACK = "callback"
    REUNIAO = "reuniao"


class AgendamentoCanal(StrEnum):
    """How the lead and the responsável meet."""

    TELEFONE = "telefone"
    WHATSAPP = "whatsapp"
    VIDEO = "video"
    PRESENCIAL = "presencial"


class NewAgendamento(BaseModel):
    """A callback or a meeting to be booked."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    tipo: AgendamentoKind
    canal: AgendamentoCanal
    data_agendada: Instant
    duracao_minutos: Duration = 60
    responsavel: ResponsavelName
    observacoes: Note | None = None
    local: Annotated[Place | None, Field(validate_default=True)] = None
    """Where they meet; only if `presencial`, which needs it."""
    link: Link | None = None
    """The address of the video call; only if `video`."""
    avisar_lead: bool = True
    """Whether the lead gets messages about it: the invitation, reminders, changes."""

    @field_validator("local")
    @classmethod
    def _where_they_meet(cls, local: str | None, info: ValidationInfo) -> str | None:
        is_presencial = info.data.get("canal") is AgendamentoCanal.PRESENCIAL
        if is_presencial and local is None:
            raise PydanticCustomError("local_obrigatorio", "presencial needs a place")
        if not is_presencial and local is not None and "canal" in info.data:
            raise PydanticCustomError("local_so_presencial", "only presencial has a place")
        return local

    @field_validator("link")
    @classmethod
    def _of_a_video(cls, link: str | None, info: ValidationInfo) -> str | None:
        if link is not None and info.data.get("canal", AgendamentoCanal.VIDEO) is not AgendamentoCanal.VIDEO:
            raise PydanticCustomError("link_so_de_video", "only video has a link")
        return link


class Rescheduling(GivenReason):
    """The new time of an agendamento; what is left out stays as it is."""

    data_agendada: Instant
    duracao_minutos: Duration | None = None
    local: Place | None = None
    """Where they meet now; only if it is `presencial`."""
    link: Link | None = None
    """The address of the video call now; only if it is `video`."""
    avisar_lead: bool | None = None
    """Whether the lead gets messages about it from now on."""


class Cancellation(GivenReason):
    """Why an agendamento is cancelled; the body may be left out."""

    avisar_lead: bool | None = None
    """Whether the lead is told; by default as it was asked for before."""


class EventResolution(StrEnum):
    """What a person found at the calendar."""

    EXISTE = "existe"
    NAO_EXISTE = "nao_existe"


class EventSettlement(BaseModel):
    """Whether an event in doubt is at the calendar; one that is there is named by its id at the calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resultado: EventResolution
    evento_id: Annotated[
        Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[!-~]+$")] | None, Field(validate_default=True)
    ] = None
    """Only to `existe`, which needs it: the event is moved and removed by it."""

    @field_validator("evento_id")
    @classmethod
    def _of_what_exists(cls, found: str | None, info: ValidationInfo) -> str | None:
        exists = info.data.get("resultado") is EventResolution.EXISTE
        if "resultado" in info.data and exists and found is None:
            raise PydanticKnownError("missing")
        if "resultado" in info.data and not exists and found is not None:
            raise PydanticKnownError("extra_forbidden")
        return found


class AgendamentoQuery(PageQuery):
    """A page of agendamentos; every filter that is given has to fit. `de` is included, `ate` is not."""

    quick_filters = frozenset({"lead_id"})

    status: AgendamentoStatus | None = None
    tipo: AgendamentoKind | None = None
    canal: AgendamentoCanal | None = None
    confirmacao_vencida: bool | None = None
    """Whether the lead has let the time to confirm pass."""
    responsavel: ResponsavelName | None = None
    lead_id: UUID | None = None
    de: Instant | None = None
    ate: Instant | None = None
