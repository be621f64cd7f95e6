"""Answers about the person whose data it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.privacy.requests import RequestKind

KnownRow = dict[str, Any]
"""A row of what is known, by the names of its columns."""


class ExportedLead(AnswerModel):
    """All that is known of one lead."""

    lead_id: UUID
    lead_id_externo: str
    origem: str
    """The system that its ID comes from."""
    nome: str | None
    contato: str | None
    documento: str | None
    telefone_raw: str | None
    email_raw: str | None
    status: str
    tags: tuple[str, ...]
    campos: dict[str, Any]
    origem_arquivo: str
    """Where its data comes from: the file."""
    origem_aba: str | None
    linha_planilha: int
    job_id: UUID
    criado_em: datetime
    atualizado_em: datetime
    apagado_em: datetime | None
    telefones: tuple[KnownRow, ...]
    emails: tuple[KnownRow, ...]
    disparos: tuple[KnownRow, ...]
    """Messages, with the words of their templates and the values of their variables."""
    passos: tuple[KnownRow, ...]
    """What was tried, and what people did to the messages."""
    respostas: tuple[KnownRow, ...]
    agendamentos: tuple[KnownRow, ...]
    horarios: tuple[KnownRow, ...]
    """Every time that its agendamentos had."""
    eventos: tuple[KnownRow, ...]
    """Its moves, and what people corrected."""
    notas: tuple[KnownRow, ...]
    """What people wrote about it."""
    mesclas: tuple[KnownRow, ...]
    """What the lead was before a file changed it."""
    exclusoes: tuple[KnownRow, ...]
    """Campaigns that left it out, and why."""
    supressao: tuple[KnownRow, ...]
    """Whether nobody writes to the person, and who said so."""


class SubjectExport(AnswerModel):
    """All that is known of a person."""

    pedido_id: UUID
    """Under which the request is recorded."""
    gerado_em: datetime
    leads: tuple[ExportedLead, ...]
    respostas_sem_lead: tuple[KnownRow, ...]
    """Replies from the person's contacts that nobody has assigned."""
    supressoes: tuple[KnownRow, ...]
    consentimentos: tuple[KnownRow, ...]
    usuarios: tuple[KnownRow, ...]
    """What providers call the person."""
    linhas_recusadas: tuple[KnownRow, ...]
    """Rows of files that were refused, as they stood there."""
    incompletos: tuple[str, ...]
    """The parts of which there is more than an answer holds: a thousand rows each."""
    texto: str | None
    """With `formato=markdown`: the same as a document to read. The lists are empty then."""
    proximo: str | None
    """The `cursor` of the next leads; null with the last ones."""


class PendingErasure(AnswerModel):
    """What is left to do of an erasure; the same request goes on with it."""

    codigo: str
    mensagem: str
    """The sentence of `codigo`."""
    quantos: int


class EventAtTheCalendar(AnswerModel):
    """The event of an erased person that may still be at the tenant's calendar."""

    agendamento_id: UUID
    evento_id: str | None
    """Its id at the calendar, where it is known."""
    status: str
    """`pendente`: it is being taken away. `recusado`, `incerto`: somebody has to look at the calendar."""
    codigo: str | None
    """Why the last call failed."""


class SubjectRecord(AnswerModel):
    """A request of a person, as it is recorded: who asked, when, for whom, and what was done."""

    pedido_id: UUID
    tipo: RequestKind
    por: str
    """The user who asked."""
    titular_resumos: tuple[str, ...]
    """A keyed digest of each document, phone and e-mail of the request: never the contact itself."""
    lead_id: UUID | None
    """The lead that an export names."""
    leads: int
    """How many leads were exported or erased."""
    encontrado: bool
    """Whether anything was found."""
    contagens: dict[str, int]
    """What was erased: how many rows, by table, and how many objects of the bucket."""
    pendencias: tuple[PendingErasure, ...]
    concluido: bool
    """Whether nothing is left to do."""
    eventos_no_calendario: tuple[EventAtTheCalendar, ...]
    """The events of the person that may still be at the calendar now."""
    criado_em: datetime
    atualizado_em: datetime


class SubjectRecordPage(PageModel):
    """A page of requests."""

    itens: tuple[SubjectRecord, ...]
