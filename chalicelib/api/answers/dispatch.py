"""Answers about disparos and templates."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, RefusedItem, WarningAnswer
from chalicelib.canal import Canal
from chalicelib.dispatch.states import DisparoStatus, WaitReason


class DisparoAnswer(AnswerModel):
    """A disparo in a list: one message to one destination of a lead."""

    disparo_id: UUID
    lead_id: UUID
    nome: str | None
    """The name of the lead, cut after 120 characters."""
    canal: Canal
    contato_id: UUID
    """The `telefone_id` or `email_id` that it goes to."""
    destino: str
    """The phone (E.164) or the e-mail that it goes to."""
    template: str
    template_versao: int
    status: DisparoStatus
    agendar_para: datetime | None
    """The time that was asked for; null for at once."""
    enviar_apos: datetime
    """It does not leave before this time."""
    espera: WaitReason | None
    """What a disparo that is `pendente` waits for; null if only for a worker."""
    mensagem_espera: str | None
    """The sentence of `espera`."""
    expira_em: datetime | None
    """It does not leave from this time on."""
    ignorar_janela: bool
    """Whether it may leave at any hour."""
    usar_alternativos: bool
    """Whether the lead's next contact gets the message if this one fails for good."""
    alternativa_de: UUID | None
    """The disparo to another contact whose failure created this one."""
    tentativas: int
    """The attempts so far that count."""
    max_tentativas: int
    provider_message_id: str | None
    ultimo_codigo: str | None
    """The code of the last attempt that failed: the provider's, or ours."""
    erro_codigo: str | None
    """Why it ended as it did."""
    mensagem_erro: str | None
    """The sentence of `erro_codigo`, and of `ultimo_codigo` where that says more."""
    campanha_id: UUID | None
    """The campaign that it is part of."""
    etapa: int | None
    """The step of the campaign."""
    variante: str | None
    """The variant of the step."""
    criado_em: datetime
    atualizado_em: datetime
    enviado_em: datetime | None
    """When the provider accepted it."""
    confirmado_em: datetime | None
    """When it was reported that the lead has it."""


class DisparoPage(PageModel):
    """A page of disparos."""

    itens: tuple[DisparoAnswer, ...]


class HistoryStepAnswer(AnswerModel):
    """One step of a disparo: something that was tried, decided or reported."""

    passo: int
    """The number of the step, from 1."""
    em: datetime
    """When it happened."""
    tentativa: int | None
    """The number of the attempt; null if nothing was tried."""
    classe: str
    """What kind of step it was."""
    codigo: str | None
    """The provider's code or ours."""
    mensagem: str | None
    """The sentences of `classe` and `codigo`."""
    ate: datetime | None
    """Until when the disparo waits after the step."""
    latencia_ms: int | None
    """How long the provider took to answer."""
    provider_message_id: str | None
    por: str | None
    """The id of the person who took the step; null if nobody did, or nobody noted it."""
    motivo: str | None
    """Why, in that person's words."""


class MessageParameter(AnswerModel):
    """One parameter of a WhatsApp template."""

    nome: str
    valor: str


class MessageAnswer(AnswerModel):
    """A message with its variables filled in."""

    assunto: str | None
    """The subject of an e-mail; null for WhatsApp."""
    texto: str
    html: str | None
    """The HTML of an e-mail; null without one, and for WhatsApp."""
    parametros: tuple[MessageParameter, ...]
    """The parameters of a WhatsApp template, in the order in which the provider numbers them; none for an e-mail."""
    cortada: bool
    """Whether a text was cut after 65,536 characters, or a parameter after 1,024."""


class DisparoDetail(DisparoAnswer):
    """A disparo with its message and its history."""

    mensagem: MessageAnswer | None
    """The very text that was sent or is to be sent; null if its variables do not make one."""

    historico: tuple[HistoryStepAnswer, ...]
    """The last 200 steps, in their order."""
    avisos: tuple[WarningAnswer, ...]
    """What was to be known when it was created."""


class BatchItemAnswer(AnswerModel):
    """What became of one item of a batch."""

    lead_id: UUID
    resultado: Literal["criado", "recusado"]
    disparo_id: UUID | None
    avisos: tuple[WarningAnswer, ...]
    """What is to be known about the disparo."""
    erro: RefusedItem | None


class BatchAnswer(AnswerModel):
    """What became of a batch, item by item, in the order of the request."""

    criados: int
    recusados: int
    itens: tuple[BatchItemAnswer, ...]


class CancellationAnswer(AnswerModel):
    """How many disparos were cancelled."""

    cancelados: int
    em_voo: int
    """How many that fit the filter a provider has, or may have: they cannot be cancelled."""
    ha_mais: bool
    """Whether more of them fit the filter."""


class ResendAnswer(AnswerModel):
    """How many disparos were sent again."""

    reenviados: int
    ha_mais: bool
    """Whether more of them fit the filter."""


class TemplateAnswer(AnswerModel):
    """The version of a template that is in use."""

    nome: str
    versao: int
    canal: Canal
    idioma: str
    assunto: str | None
    """The subject of an e-mail; null for WhatsApp."""
    texto: str
    html: str | None
    """The HTML of an e-mail; null without one, and for WhatsApp."""
    variaveis: tuple[str, ...]
    """The names of the variables, in the order in which WhatsApp numbers them."""
    padrao: bool
    """Whether these are words that ship with the product."""
    criado_em: datetime | None
    """Null for words that ship with the product; their `versao` is 0."""


class TemplateVersion(TemplateAnswer):
    """One version of a template."""

    ativo: bool
    """Whether it is the version in use."""


class TemplateSummary(AnswerModel):
    """A template in a list."""

    nome: str
    versao: int
    canal: Canal
    idioma: str
    assunto: str | None
    """The subject of an e-mail; null for WhatsApp."""
    texto: str
    """The text, cut after 500 characters with `…` behind."""
    tem_html: bool
    """Whether the e-mail has an HTML body, which the template itself shows."""
    variaveis: tuple[str, ...]
    """The names of the variables, in the order in which WhatsApp numbers them."""
    criado_em: datetime


class DefaultTemplate(AnswerModel):
    """A template that every tenant has; `PUT /templates/{nome}` puts other words in its place."""

    nome: str
    canal: Canal
    idioma: str
    assunto: str | None
    """The subject of an e-mail; null for WhatsApp."""
    texto: str
    variaveis: tuple[str, ...]
    em_uso: bool
    """False where the tenant has words of its own."""


class FormatAnswer(AnswerModel):
    """A format that an expression in a template may have."""

    nome: str
    exemplo: str
    """An expression with it."""
    valor: str
    """A value of the variable."""
    resultado: str
    """What the expression shows then."""


class TemplateList(PageModel):
    """A page of the templates in use."""

    itens: tuple[TemplateSummary, ...]
    padroes: tuple[DefaultTemplate, ...]
    """What every tenant has: the words of messages about agendamentos."""
    formatos: tuple[FormatAnswer, ...]
    """All the formats there are."""


class TemplateVersionSummary(TemplateSummary):
    """A version of a template in a list."""

    ativo: bool
    """Whether it is the version in use."""


class TemplateVersionList(PageModel):
    """A page of the versions of a template, newest first."""

    itens: tuple[TemplateVersionSummary, ...]


class MessageError(AnswerModel):
    """What keeps a lead from a message."""

    codigo: str
    variavel: str | None
    """The variable that it is about; null if it is the whole message."""
    mensagem: str
    """The sentence of `codigo`."""


class LeadPreview(AnswerModel):
    """What one lead would get."""

    lead_id: UUID
    nome: str | None
    mensagem: MessageAnswer | None
    """The message; null if there are `erros`."""
    erros: tuple[MessageError, ...]


class TemplatePreview(AnswerModel):
    """A template as some leads would get it."""

    nome: str
    versao: int
    canal: Canal
    itens: tuple[LeadPreview, ...]
    """The lead that was asked for, or the three newest ones."""
