"""Answers about the configuration, the API keys, the people and the audit of a tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from chalicelib.access.requests import AuditedAction, AuditedKind
from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.identity import Group
from chalicelib.tenants.config import Language, TenantConfig


class OwnIdentity(AnswerModel):
    """The caller of this request, and the tenant that it is of."""

    tenant_id: str
    id: str
    """The subject of a person's login; `chave:` and the id of a key. The audit names it as `quem`."""
    tipo: Literal["pessoa", "chave"]
    grupo: Group
    """What the caller may do; a key of some routes only may do no more than these."""
    fuso: str
    """The time zone of the tenant, by its IANA name."""
    idioma: Language
    """The language that the tenant's people read."""
    agora: datetime
    """The time by the clock of the API, which decides what is due."""


class SavedConfig(TenantConfig):
    """The configuration that is stored now, and whom the change concerns."""

    disparos_a_redatar: int
    """How many disparos wait for a window, a limit or a budget that has changed; they get their new times within a
    minute."""
    agendamentos_a_redatar: int
    """How many agendamentos are still to come, if the window or `agenda` has changed; their reminders get their new
    times within a minute."""


class KeyAnswer(AnswerModel):
    """A key, without itself."""

    chave_id: UUID
    nome: str
    grupo: Group
    """What it may do, as a person of this group."""
    rotas: tuple[str, ...] | None
    """The only routes that it is for; null: all that its group may use."""
    final: str
    """Its last four characters, by which it is recognised."""
    criada_em: datetime
    criada_por: str
    """The id of the person's login."""
    expira_em: datetime
    usada_em: datetime | None
    """When it was last used, to the hour; null: never."""
    revogada_em: datetime | None
    """When it was revoked; null: it was not."""
    revogada_por: str | None


class NewKeyAnswer(KeyAnswer):
    """A key that has just been made."""

    chave: str
    """The key itself, which is shown this once. Send it as `Authorization: Bearer da_live_…`."""


class KeyPage(PageModel):
    """A page of keys."""

    itens: tuple[KeyAnswer, ...]


class PersonAnswer(AnswerModel):
    """A person who may sign in."""

    usuario_id: UUID
    """The subject of their login, which the audit names as `quem`."""
    email: str | None
    grupo: Group | None
    """What they may do; null: nothing."""
    ativo: bool
    """Whether they may sign in."""
    entrou: bool
    """Whether they have signed in once; until then they are only invited."""
    criado_em: datetime


class PersonPage(PageModel):
    """A page of people; it may have fewer than `limit` although there is a next one."""

    itens: tuple[PersonAnswer, ...]


class ActorName(AnswerModel):
    """Whom an id stands for that an answer has as `criado_por`, `por` or `quem`."""

    id: str
    """The subject of a person's login; `chave:` and the id of a key."""
    tipo: Literal["pessoa", "chave"]
    nome: str
    """The e-mail address of the person; what the key is for."""


class ActorNameList(AnswerModel):
    """The people and the keys of the tenant, those who are blocked or revoked too: at most 1,000 of each."""

    itens: tuple[ActorName, ...]


class AuditedField(AnswerModel):
    """A field of an object that has changed."""

    campo: str
    de: Any
    """What it was; null: nothing, or `oculto`."""
    para: Any
    """What it is now; null: nothing, or `oculto`."""
    oculto: bool
    """Whether it may hold personal data or a secret: then its values are not kept here."""


class AuditEntry(AnswerModel):
    """Who did what to an object."""

    registro_id: UUID
    em: datetime
    quem: str
    """The subject of a person's login; `chave:` and the id of a key; `lead`, by a link that was sent to one; `sistema`,
    the product itself, with the name of its function behind a colon."""
    rota: str | None
    """The method and the path of the request; null where none was made."""
    requisicao: str | None
    """The `X-Request-Id` of the answer; null where no request was made."""
    acao: AuditedAction
    objeto: AuditedKind
    objeto_id: str | None
    """The id of the object, or the name of a template or a channel. Null for the configuration, and where one entry
    stands for many objects."""
    quantos: int
    """How many objects changed in this way at once."""
    mudancas: tuple[AuditedField, ...]


class AuditPage(PageModel):
    """A page of the audit."""

    itens: tuple[AuditEntry, ...]
