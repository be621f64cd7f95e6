"""What the API may ask of the calendar."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chalicelib.instants import Instant
from chalicelib.pages import PageQuery
from chalicelib.scheduling.rules.names import ResponsavelName, visible
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.unseen import without_directions

Note = Annotated[str, Field(max_length=2000), AfterValidator(visible), AfterValidator(without_directions)]


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
        Annotated[str, Field(max_length=2000), AfterValidator(visible), AfterValidator(without_directions)] | None
    ) = None


class AgendamentoQuery(PageQuery):
    """A page of agendamentos; every filter that is given has to fit. `de` is included, `ate` is not."""

    quick_filters = frozenset({"lead_id"})

    status: AgendamentoStatus | None = None
    responsavel: ResponsavelName | None = None
    lead_id: UUID | None = None
    de: Instant | None = None
    ate: Instant | None = None
