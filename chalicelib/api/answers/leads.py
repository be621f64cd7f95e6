"""Answers about leads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.contacts.telephones import PhoneKind
from chalicelib.leads.requests import ContactKinds
from chalicelib.leads.states import LeadStatus


class LeadAnswer(AnswerModel):
    """A lead in a list; `nome` and `contato` are cut after 200 characters, with `…` behind."""

    lead_id: UUID
    lead_id_externo: str
    """The lead's id in the file, or one made of the file's name and the row."""
    nome: str | None
    contato: str | None
    """The person to ask for."""
    documento: str | None
    """A CPF or a CNPJ, without punctuation."""
    status: LeadStatus
    tags: tuple[str, ...]
    origem_arquivo: str
    """The name of the file that the lead came from."""
    origem_aba: str | None
    """The sheet of that file; null for a file without sheets."""
    linha_planilha: int
    """The row of that file."""
    job_id: UUID
    """The job that created the lead."""
    criado_em: datetime
    atualizado_em: datetime


class LeadPage(PageModel):
    """A page of leads."""

    itens: tuple[LeadAnswer, ...]
    total: int
    """How many leads fit the filters, over all pages."""
    total_exato: bool
    """False if there are more than `total`."""


class ReadyLead(AnswerModel):
    """A lead that is ready to be contacted, with its best contact of each kind; `nome` is cut after 200."""

    lead_id: UUID
    nome: str | None
    status: LeadStatus
    tipo_contato: ContactKinds
    telefone_id: UUID | None
    telefone: str | None
    email_id: UUID | None
    email: str | None
    destino_repetido: bool
    """Whether another lead has this phone or this e-mail too: who sends to both reaches it twice."""


class ReadyLeadPage(PageModel):
    """A page of leads that are ready to be contacted."""

    itens: tuple[ReadyLead, ...]


class LeadPhone(AnswerModel):
    """A phone of a lead."""

    telefone_id: UUID
    telefone: str
    """E.164."""
    ordem: int
    """Its place among the lead's phones, from 1."""
    principal: bool
    tipo_origem: PhoneKind
    valido_para_disparo: bool


class LeadEmail(AnswerModel):
    """An e-mail of a lead."""

    email_id: UUID
    email: str
    ordem: int
    """Its place among the lead's e-mails, from 1."""
    principal: bool
    valido_para_disparo: bool


class TimelineEntry(AnswerModel):
    """Something that was created for a lead, with the status that it has now."""

    quando: datetime
    """When it was created."""
    tipo: Literal["lead", "disparo", "agendamento"]
    id: UUID
    """The id of the lead, the disparo or the agendamento."""
    status: str | None
    """Of the disparo or the agendamento; null for the lead itself."""
    canal: str | None
    """Of the disparo or the agendamento; null for the lead itself."""
    marcado_para: datetime | None
    """The time that was set for it."""


class LeadDetail(LeadAnswer):
    """A lead with its contacts and its timeline."""

    telefone_raw: str | None
    """The phones as the file had them."""
    email_raw: str | None
    """The e-mails as the file had them."""
    telefones: tuple[LeadPhone, ...]
    emails: tuple[LeadEmail, ...]
    linha_do_tempo: tuple[TimelineEntry, ...]
    """Newest first; the last hundred entries."""
