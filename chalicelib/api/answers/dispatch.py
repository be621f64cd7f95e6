"""Answers about disparos and templates."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.canal import Canal
from chalicelib.dispatch.states import DisparoStatus, WaitReason


class DisparoAnswer(AnswerModel):
    """A disparo in a list: one message to one destination of a lead."""

    disparo_id: UUID
    lead_id: UUID
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


class DisparoDetail(DisparoAnswer):
    """A disparo with its history."""

    historico: tuple[HistoryStepAnswer, ...]
    """The last 200 steps, in their order."""


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
    criado_em: datetime


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


class TemplateList(PageModel):
    """A page of the templates in use."""

    itens: tuple[TemplateSummary, ...]
