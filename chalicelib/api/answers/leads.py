"""Answers about leads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.campos import CampoType
from chalicelib.contacts.telephones import PhoneKind
from chalicelib.leads.history.entries import LifeKind
from chalicelib.leads.requests import CampoValue, ContactKinds
from chalicelib.leads.states import LeadFact, LeadStatus
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.suppression.requests import SuppressionReason


class LeadAnswer(AnswerModel):
    """A lead in a list; `nome` and `contato` are cut after 200 characters, with `…` behind.

    Where the campos of a lead have more than 2,000 bytes, their texts are cut after 100 characters.
    """

    lead_id: UUID
    lead_id_externo: str
    """The lead's id in the file, or one made of the file's content and the row."""
    origem: str
    """The system that the id comes from, as the upload named it; "" where it named none."""
    nome: str | None
    contato: str | None
    """The person to ask for."""
    documento: str | None
    """A CPF or a CNPJ, without punctuation."""
    status: LeadStatus
    tags: tuple[str, ...]
    campos: dict[str, CampoValue]
    """The other columns of the file: texts, numbers, truth values; dates and times as texts in ISO 8601."""
    origem_arquivo: str
    """The name of the file that the lead came from; `manual` for one that a person made."""
    origem_aba: str | None
    """The sheet of that file; null for a file without sheets."""
    linha_planilha: int | None
    """The row of that file; null for a lead that a person made."""
    job_id: UUID | None
    """The job that created the lead; null for a lead that a person made."""
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


class ContactSuppression(AnswerModel):
    """Why no message goes to a contact."""

    supressao_id: UUID
    motivo: SuppressionReason
    por: str | None
    """The user who added it; null where the person or the provider did."""
    nota: str | None
    criado_em: datetime


class LeadSuppression(AnswerModel):
    """Why no message goes to a lead, by whatever contact."""

    nota: str | None
    por: str
    """The user who did it."""
    criado_em: datetime


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
    supressao: ContactSuppression | None
    """Null if messages may go to it by WhatsApp."""


class LeadEmail(AnswerModel):
    """An e-mail of a lead."""

    email_id: UUID
    email: str
    ordem: int
    """Its place among the lead's e-mails, from 1."""
    principal: bool
    valido_para_disparo: bool
    supressao: ContactSuppression | None
    """Null if messages may go to it."""


class TimelineEntry(AnswerModel):
    """Something that was created for a lead, with the status that it has now; or a reply of the lead."""

    quando: datetime
    """When it was created."""
    tipo: Literal["lead", "disparo", "agendamento", "resposta"]
    id: UUID
    """The id of the lead, the disparo, the agendamento or the reply."""
    status: str | None
    """Of the disparo or the agendamento, or the `pedido` of the reply; null for the lead itself."""
    canal: str | None
    """Of the disparo, the agendamento or the reply; null for the lead itself."""
    marcado_para: datetime | None
    """The time that was set for it."""
    texto: str | None
    """The first 500 characters of a reply."""


class LifeChange(AnswerModel):
    """A field that a person changed."""

    campo: str
    """`nome`, `contato`, `documento`, `tags`, `telefone`, `email`, or `campos.` and the name of a campo."""
    de: CampoValue | tuple[str, ...] | None
    """What it was; null if there was nothing. A text is cut after 200 characters."""
    para: CampoValue | tuple[str, ...] | None
    """What it is now; null if it was removed."""


class LifeEntry(AnswerModel):
    """Something that happened to a lead. What a kind does not have is null."""

    em: datetime
    tipo: LifeKind
    por: str | None
    """The id of the person who did it; null where nobody of the team did."""
    mensagem: str
    """What happened, in the language of the tenant."""
    de: str | None
    """The status before a move."""
    para: str | None
    """The status after a move."""
    fato: LeadFact | None
    """What moved the lead; null where a person did."""
    motivo: str | None
    """Why, in the words of the person who did it."""
    canal: str | None
    template: str | None
    situacao: str | None
    """The status that a disparo or an agendamento has now, the `pedido` of a reply, or the reason of a suppression."""
    codigo: str | None
    """Why a disparo ended as it did."""
    marcado_para: datetime | None
    """The time that was set."""
    texto: str | None
    """The text of a note; the first 500 characters of a reply, or of the note of a suppression."""
    mudancas: tuple[LifeChange, ...] | None
    arquivo: str | None
    """The name of the file."""
    linha: int | None
    """The row of the file."""
    job_id: UUID | None
    disparo_id: UUID | None
    campanha_id: UUID | None
    resposta_id: UUID | None
    agendamento_id: UUID | None
    nota_id: UUID | None
    supressao_id: UUID | None


class LifePage(PageModel):
    """A page of what happened to a lead, newest first."""

    itens: tuple[LifeEntry, ...]


class NoteAnswer(AnswerModel):
    """A note about a lead."""

    nota_id: UUID
    texto: str
    por: str
    """The id of its author."""
    criado_em: datetime


class NotePage(PageModel):
    """A page of notes about a lead, newest first."""

    itens: tuple[NoteAnswer, ...]


class LeadDetail(LeadAnswer):
    """A lead with its contacts and its timeline."""

    telefone_raw: str | None
    """The phones as the file had them; once a person has changed them, those that the lead has."""
    email_raw: str | None
    """The e-mails as the file had them; once a person has changed them, those that the lead has."""
    telefones: tuple[LeadPhone, ...]
    emails: tuple[LeadEmail, ...]
    supressao: LeadSuppression | None
    """Null if the person has not been suppressed as a whole."""
    linha_do_tempo: tuple[TimelineEntry, ...]
    """Newest first; the last hundred entries."""


class CampoAnswer(AnswerModel):
    """A campo of the tenant's leads; one that two files gave two types stands in the list twice."""

    campo: str
    tipo: CampoType
    titulo: str
    """The title of the column that it was read from last."""
    amostras: tuple[CampoValue, ...]
    """Some of its values."""
    visto_em: datetime
    """When it was last read from a file, or first given by a person."""


class CampoPage(PageModel):
    """A page of campos, in the order of their names."""

    itens: tuple[CampoAnswer, ...]


class ExportLink(AnswerModel):
    """Where an exported file can be downloaded."""

    url: str
    expira_em_s: int
    leads: int
    """How many leads the file has."""
    origens: tuple[str, ...]
    """The systems that their IDs come from, the first hundred; "" for those without. An upload has one `origem`."""
    proximo: str | None
    """The `cursor` of the next file; null if there are no more leads."""


class BriefedAgendamento(AnswerModel):
    """The agendamento that a briefing is for."""

    agendamento_id: UUID
    lead_id: UUID
    tipo: str
    canal: str
    data_agendada: datetime
    duracao_minutos: int
    responsavel: str
    observacoes: str | None
    status: AgendamentoStatus
    confirmar_ate: datetime | None
    """Until when the lead should have confirmed; null if nobody asked."""


class BriefedLead(AnswerModel):
    """The lead of a briefing."""

    lead_id: UUID
    nome: str | None
    contato: str | None
    """The person to ask for."""
    documento: str | None
    status: LeadStatus
    tags: tuple[str, ...]


class BriefedCampo(AnswerModel):
    """A campo of the lead."""

    campo: str
    titulo: str
    """The title of the column that it was read from last."""
    tipo: CampoType
    valor: CampoValue
    texto: str
    """The value as a person reads it: `R$ 1.234,56`, `5 de dezembro de 2026`."""


class BriefedDisparo(AnswerModel):
    """A message to the lead."""

    disparo_id: UUID
    campanha_id: UUID | None
    canal: str
    template: str
    status: str
    criado_em: datetime
    enviado_em: datetime | None
    confirmado_em: datetime | None
    lido_em: datetime | None
    respondido_em: datetime | None
    erro_codigo: str | None


class BriefedReply(AnswerModel):
    """A reply of the lead, or of a contact of the lead that nobody has assigned."""

    resposta_id: UUID
    disparo_id: UUID | None
    canal: str
    texto: str | None
    """The first 500 characters."""
    pedido: str | None
    revisar: bool
    """Whether it waits for a person."""
    recebida_em: datetime


class OtherAgendamento(AnswerModel):
    """Another agendamento of the lead."""

    agendamento_id: UUID
    tipo: str
    canal: str
    data_agendada: datetime
    duracao_minutos: int
    responsavel: str
    observacoes: str | None
    """The first 500 characters."""
    status: AgendamentoStatus
    motivo_cancelamento: str | None


class OpenPoint(AnswerModel):
    """What somebody should look at before the agendamento."""

    codigo: str
    mensagem: str
    """The sentence of `codigo`, in the language of the tenant."""
    resposta_id: UUID | None
    disparo_id: UUID | None
    agendamento_id: UUID | None
    supressao_id: UUID | None


class Briefing(AnswerModel):
    """What a person should know before an agendamento begins."""

    agendamento: BriefedAgendamento
    lead: BriefedLead
    telefones: tuple[LeadPhone, ...]
    emails: tuple[LeadEmail, ...]
    supressao: LeadSuppression | None
    """Null if the person has not been suppressed as a whole."""
    campos: tuple[BriefedCampo, ...]
    mensagens: tuple[BriefedDisparo, ...]
    """The last ten, newest first."""
    respostas: tuple[BriefedReply, ...]
    """Ten; those that wait for a person first, then the newest."""
    outros_agendamentos: tuple[OtherAgendamento, ...]
    """The last ten others of the lead, the latest first."""
    notas: tuple[NoteAnswer, ...]
    """The last twenty, newest first."""
    pontos: tuple[OpenPoint, ...]
    """What is open, only from what is stored."""


class TaggedLeads(AnswerModel):
    """What a change of the tags of many leads came to."""

    alterados: int
    """How many leads have other tags than before."""
    desconhecidos: tuple[UUID, ...]
    """The ids that no lead has, or only one that was erased."""
