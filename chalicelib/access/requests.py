"""What the API may ask about keys, and about the audit."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.identity import Group, Identity
from chalicelib.instants import Instant
from chalicelib.pages import CursorQuery
from chalicelib.permissions import FOR_PEOPLE_ALONE, LEAST
from chalicelib.scheduling.rules.names import ResponsavelName

MOST_ROUTES = 50
"""Of one key: API Gateway carries them with each request."""


def _known(route: str) -> str:
    if route not in LEAST or route in FOR_PEOPLE_ALONE:
        raise PydanticCustomError("rota_desconhecida", "no route that a key may use")
    return route


Route = Annotated[str, Field(max_length=200), AfterValidator(_known)]
"""A method and a path of the contract, such as `GET /leads/{lead_id}`."""


class NewKey(BaseModel):
    """A key that a machine is to call the API with."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True)

    nome: ResponsavelName
    """What it is for."""
    grupo: Group
    """What it may do, as a person of this group."""
    rotas: Annotated[tuple[Route, ...], Field(min_length=1, max_length=MOST_ROUTES)] | None = None
    """The only routes that it is for; without this field, all that its group may use."""
    expira_em: Instant | None = None
    """When it ends, at most two years from now; a year from now without this field."""

    @field_validator("rotas")
    @classmethod
    def _check_group(cls, routes: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        """A key for a route that its group may not use would never work."""
        group = info.data.get("grupo")
        if group is not None:
            holder = Identity("", "", frozenset({group}))
            if any(not holder.includes(LEAST[route]) for route in routes or ()):
                raise PydanticCustomError("rota_de_outro_grupo", "a route that the group may not use")
        return routes


class PeopleQuery(CursorQuery):
    """A page of the people of a tenant."""

    limit: Annotated[int, Field(ge=1, le=60)] = 20
    cursor: Annotated[str, Field(max_length=4_000)] | None = None


class NewPerson(BaseModel):
    """A person who is to sign in."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True)

    email: Annotated[str, Field(min_length=3, max_length=254)]
    """With it they sign in; the invitation is sent to it."""
    grupo: Group
    """What they may do."""


class PersonChange(BaseModel):
    """What a person may do from now on; a field that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    grupo: Group | None = None
    ativo: bool | None = None
    """Whether they may sign in."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.grupo is None and self.ativo is None:
            raise PydanticCustomError("mudanca_vazia", "nothing to change")
        return self


class AuditedKind(StrEnum):
    """The kinds of objects whose changes are written down; triggers name them (migration 066)."""

    AGENDA = "agenda"
    AGENDAMENTO = "agendamento"
    ASSINATURA = "assinatura"
    BLOQUEIO = "bloqueio"
    CAMPANHA = "campanha"
    CHAVE = "chave"
    CONFIGURACAO = "configuracao"
    DISPARO = "disparo"
    ENTREGA = "entrega"
    EVENTO_DE_CALENDARIO = "evento_de_calendario"
    JOB = "job"
    LEAD = "lead"
    NOTA = "nota"
    PAUSA_DE_CANAL = "pausa_de_canal"
    PEDIDO_DE_TITULAR = "pedido_de_titular"
    RESPONSAVEL = "responsavel"
    RESPOSTA = "resposta"
    SEGMENTO = "segmento"
    SUPRESSAO = "supressao"
    SUPRESSAO_DE_LEAD = "supressao_de_lead"
    TEMPLATE = "template"
    USUARIO = "usuario"


class AuditedAction(StrEnum):
    """What was done to an object."""

    CRIACAO = "criacao"
    MUDANCA = "mudanca"
    REMOCAO = "remocao"


ShortText = Annotated[str, Field(min_length=1, max_length=200)]


class AuditQuery(CursorQuery):
    """A page of the audit; every filter that is given has to fit."""

    quem: ShortText | None = None
    """The subject of a person's login, `chave:` and the id of a key, `lead`, or `sistema` and a function."""
    rota: ShortText | None = None
    """A method and a path of the contract, such as `PATCH /leads/{lead_id}`."""
    objeto: AuditedKind | None = None
    objeto_id: ShortText | None = None
    """The id of the object; the name of a template or of a channel."""
    de: Instant | None = None
    """From this instant on, to the millisecond."""
    ate: Instant | None = None
    """Up to this instant."""
