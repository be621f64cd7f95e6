"""What one may ask of disparos and templates."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from chalicelib.dispatch.states import StatusDisparo
from chalicelib.pages import PageQuery

# What Meta, Twilio (ContentSid) and people call templates, and what stands in a path as it is.
NOME_DE_TEMPLATE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"


class Canal(StrEnum):
    """By what means a message goes out."""

    WHATSAPP = "whatsapp"
    EMAIL = "email"


class _Request(BaseModel):
    # Words are taken as they were written, blanks and all.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Payload(_Request):
    """What a template's variables stand for in this message."""

    variaveis: dict[str, str] = {}


class NovoDisparo(_Request):
    """One message to one destination of a lead; without an id of a contact, to the principal valid one."""

    canal: Canal
    telefone_id: UUID | None = None
    email_id: UUID | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)]
    payload: Payload = Payload()
    agendar_para: AwareDatetime | None = None


class NovoTemplate(_Request):
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

    status: StatusDisparo | None = None
    canal: Canal | None = None
    lead_id: UUID | None = None
