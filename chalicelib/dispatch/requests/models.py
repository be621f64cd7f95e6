"""What one may ask of disparos and templates."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.canal import Canal
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.instants import Instant
from chalicelib.pages import PageQuery

# What Meta, Twilio (ContentSid) and people call templates, and what stands in a path as it is.
NOME_DE_TEMPLATE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"

MAX_RESENT = 5_000
"""How many one request sends again at most: their wake-ups take four seconds, and a gateway waits for 29."""


class _Request(BaseModel):
    # Words are taken as they were written, blanks and all.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Payload(_Request):
    """What a template's variables stand for in this message."""

    variaveis: dict[str, str] = {}


class NewDisparo(_Request):
    """One message to one destination of a lead; without an id of a contact, to the principal valid one."""

    canal: Canal
    telefone_id: UUID | None = None
    email_id: UUID | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)]
    payload: Payload = Payload()
    agendar_para: Instant | None = None
    expira_em: Instant | None = None
    """Not sent any more from then on."""
    ignorar_janela: bool = False
    """Whether it may leave at any hour."""
    usar_alternativos: bool = False
    """Whether the lead's next contact gets it where this one fails for good."""


class NewTemplate(_Request):
    """The words of a template; `variaveis` is the order in which WhatsApp numbers them, else that of appearance."""

    canal: Canal
    # As Meta spells it (pt_BR) or as everybody else does (pt-BR).
    idioma: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$")]
    assunto: str | None = None
    texto: str
    html: str | None = None
    variaveis: tuple[str, ...] | None = None


class DisparoQuery(PageQuery):
    """A page of disparos, by filters that all have to fit."""

    status: DisparoStatus | None = None
    canal: Canal | None = None
    lead_id: UUID | None = None
    erro_codigo: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    espera: WaitReason | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None


class ResendRequest(_Request):
    """Which of those that failed are sent again, the oldest first; all filters have to fit, and one there must be."""

    status: Literal["erro"] = "erro"
    erro_codigo: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    canal: Canal | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)] | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None
    limite: Annotated[int, Field(ge=1, le=MAX_RESENT)] = 1_000

    @model_validator(mode="after")
    def _ask_for_something(self) -> ResendRequest:
        """All that ever failed is nobody's wish, but what an empty body would mean."""
        if not self.model_fields_set - {"status", "limite"}:
            raise PydanticCustomError("filtro_ausente", "no filter")
        return self


class Resolution(StrEnum):
    """What a person has found out about a disparo that nobody was sure of."""

    ENVIADO = "enviado"
    NAO_ENVIADO = "nao_enviado"


class ResolutionRequest(_Request):
    """What became of a disparo that is `incerto`."""

    resultado: Resolution
