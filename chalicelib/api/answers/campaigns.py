"""Answers about segments and campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel, RefusedItem
from chalicelib.campaigns.results.sections import RecipientState
from chalicelib.campaigns.rules.forecast import BindingLimit
from chalicelib.campaigns.states import CampaignStatus, PilotDecision
from chalicelib.canal import Canal
from chalicelib.delivery.requests import ReplyDecision
from chalicelib.leads.states import LeadStatus
from chalicelib.suppression.optout import OptOutWish


class SegmentAnswer(AnswerModel):
    """A saved filter over leads."""

    segmento_id: UUID
    nome: str
    filtro: dict[str, Any]
    """As it was sent: `SegmentFilter` describes it."""
    criado_em: datetime
    criado_por: str
    """The user who made it."""
    atualizado_em: datetime
    atualizado_por: str


class SegmentPage(PageModel):
    """A page of segments."""

    itens: tuple[SegmentAnswer, ...]


class ReachCounts(AnswerModel):
    """By which channels leads can be reached: they have a contact that is fit for sending."""

    whatsapp: int
    """By WhatsApp, those of `ambos` included."""
    email: int
    """By e-mail, those of `ambos` included."""
    ambos: int
    nenhum: int


class SampledLead(AnswerModel):
    """One of the leads that were found."""

    lead_id: UUID
    nome: str | None
    status: LeadStatus
    campos: dict[str, Any]


class SegmentCountAnswer(AnswerModel):
    """How many leads a filter finds."""

    total: int
    por_canal: ReachCounts
    amostra: tuple[SampledLead, ...]
    """The newest of them."""


class PilotAnswer(AnswerModel):
    """The pilot of a campaign: the first so many recipients, or so many of a hundred."""

    primeiros: int | None = None
    percentual: int | None = None
    decisao: PilotDecision


class CampaignCounters(AnswerModel):
    """Where the recipients of a campaign are. Each step of a recipient is in exactly one of the first eleven."""

    planejados: int
    """The sum of the eleven below."""
    aguardando: int
    em_voo: int
    """Claimed by a worker, or handed to a provider."""
    enviados: int
    falhas: int
    """Without those that went on by another contact."""
    incertos: int
    suprimidos: int
    cancelados: int
    expirados: int
    simulados: int
    excluidos: int
    """Left out when it was planned."""
    entregues: int
    """Of `enviados`; never goes back, as the two below."""
    lidos: int
    respondidos: int


class VariantCounters(CampaignCounters):
    """The counters of one step and variant."""

    etapa: int
    variante: str


class CampaignReason(AnswerModel):
    """Why recipients got nothing, and how many."""

    status: str
    """`excluido`, or the status of the disparos."""
    motivo: str
    quantos: int
    mensagem: str


class CampaignWait(AnswerModel):
    """What a campaign waits for."""

    codigo: str
    mensagem: str
    """In words, with the time in the tenant's zone."""
    canal: Canal | None
    """The channel that waits; null for all of the campaign."""
    ate: datetime | None
    por: str | None
    """Who paused it; null where the product did."""
    em: datetime | None
    motivo: str | None
    """Why, in that person's words."""


class CampaignMove(AnswerModel):
    """A step of the history of a campaign."""

    em: datetime
    de: CampaignStatus
    para: CampaignStatus
    por: str | None
    """Who did it; null where the product did."""
    codigo: str | None
    """Why the product did it."""
    mensagem: str | None
    """The sentence of `codigo`."""
    motivo: str | None
    """Why, in a person's words."""


class CampaignInList(AnswerModel):
    """A campaign in a list."""

    campanha_id: UUID
    nome: str
    status: CampaignStatus
    iniciar_em: datetime | None
    expira_em: datetime | None
    publico_em: datetime | None
    """When the audience was frozen."""
    planejada_em: datetime | None
    pausa_codigo: str | None
    criado_por: str
    criado_em: datetime
    atualizado_em: datetime
    iniciada_em: datetime | None
    encerrada_em: datetime | None
    pessoas: int
    """Who was planned: the recipients of its first step."""
    contadores: CampaignCounters


class CampaignPage(PageModel):
    """A page of campaigns."""

    itens: tuple[CampaignInList, ...]


class CampaignAnswer(CampaignInList):
    """A campaign with its counters, its history, and what it waits for."""

    segmento_id: UUID | None
    filtro: dict[str, Any]
    """Whom it is for: the filter, or that of the segment when it was chosen."""
    etapas: tuple[dict[str, Any], ...]
    """As they were sent: `CampaignStep` describes them."""
    piloto: PilotAnswer | None
    piloto_liberado: bool
    """False while only the pilot may leave."""
    pausa_motivo: str | None
    de_novo_de: UUID | None
    """The campaign whose recipients this one is for again."""
    por_variante: tuple[VariantCounters, ...]
    motivos: tuple[CampaignReason, ...]
    espera: tuple[CampaignWait, ...]
    historico: tuple[CampaignMove, ...]
    """Newest first."""


class StoppedCampaign(CampaignAnswer):
    """A campaign that was just paused or cancelled."""

    em_voo: int
    """How many messages a provider had been handed. Nothing more is handed to one."""


class StopAnswer(AnswerModel):
    """What became of one campaign that was to be paused."""

    campanha_id: UUID
    nome: str | None
    """Null if it was not paused."""
    status: CampaignStatus | None
    """Null if there is no such campaign."""
    em_voo: int
    """How many messages a provider had been handed."""
    erro: RefusedItem | None


class StoppedCampaigns(AnswerModel):
    """Campaigns that were to be paused."""

    pausadas: int
    """How many of them are paused now."""
    em_voo: int
    """How many messages of all of them a provider had been handed. Nothing more is handed to one."""
    ha_mais: bool
    """Whether more campaigns are to be paused."""
    itens: tuple[StopAnswer, ...]


class PlannedMessages(AnswerModel):
    """How many would get a message of a step and variant by a channel."""

    etapa: int
    variante: str
    canal: Canal
    quantos: int
    limitados: int
    """Of these, those who have had enough messages for now: they wait."""
    fora_da_janela: int
    """Of these, those whose window is closed when the step begins: they wait."""
    sob_revisao: int
    """Of these, those with a reply that a person has to look at first: they wait."""


class ExcludedRecipients(AnswerModel):
    """How many would be left out, and why."""

    etapa: int
    variante: str
    motivo: str
    detalhe: str | None
    """The names of the missing variables."""
    quantos: int
    mensagem: str


class ChannelForecast(AnswerModel):
    """When the last message of the first step leaves by a channel, and what holds it up most."""

    canal: Canal
    termina_em: datetime | None
    """Null if that is more than ten years away."""
    limite: BindingLimit


class CampaignForecast(AnswerModel):
    """How long the first step takes, if nothing else is sent."""

    inicia_em: datetime
    termina_em: datetime | None
    limite: BindingLimit | None
    mensagem: str | None
    """The sentence of `limite`."""
    por_canal: tuple[ChannelForecast, ...]


class CampaignCost(AnswerModel):
    """What the messages of a step cost by a channel, if nobody answers before."""

    etapa: int
    canal: Canal
    quantos: int
    moeda: str | None
    valor_unitario: float | None
    """Of the tariff that counts on that day; null without one."""
    total: float | None


class SampleMessage(AnswerModel):
    """The very text that one of the recipients would get."""

    lead_id: UUID
    variante: str
    canal: Canal
    destino: str
    template: str
    assunto: str | None
    texto: str


class PreflightAnswer(AnswerModel):
    """What planning a draft now would come to."""

    publico: int
    """The leads that the filter finds."""
    elegiveis: int
    """Of these, those who get the first step."""
    por_mensagem: tuple[PlannedMessages, ...]
    excluidos: tuple[ExcludedRecipients, ...]
    previsao: CampaignForecast
    custo: tuple[CampaignCost, ...]
    amostras: tuple[SampleMessage, ...]


class TrialDisparo(AnswerModel):
    """A test that is on its way."""

    disparo_id: UUID
    lead_id: UUID
    """Whose values it shows."""
    canal: Canal
    destino: str
    template: str


class TrialList(AnswerModel):
    """The tests that were made."""

    itens: tuple[TrialDisparo, ...]


class FailedContact(AnswerModel):
    """A failure from which it went on by another contact."""

    disparo_id: UUID
    canal: Canal
    destino: str
    motivo: str | None
    mensagem: str | None
    enviado_em: datetime | None
    atualizado_em: datetime
    """When it failed."""


class RecipientAnswer(AnswerModel):
    """A recipient of one step of a campaign, or a lead that was left out of it."""

    lead_id: UUID
    nome: str | None
    documento: str | None
    disparo_id: UUID | None
    """The last one, if it went on by other contacts; null for whoever was left out."""
    etapa: int
    variante: str
    canal: Canal | None
    destino: str | None
    situacao: RecipientState
    """How far it came: of those that it reached, `enviado`, `entregue`, `lido` or `respondido`."""
    motivo: str | None
    """Why it waits, ended, or was left out: a code."""
    mensagem: str | None
    """The sentence of `motivo`."""
    detalhe: str | None
    """The names of the variables that are missing."""
    enviar_apos: datetime | None
    """Until when it waits at least."""
    enviado_em: datetime | None
    entregue_em: datetime | None
    lido_em: datetime | None
    respondido_em: datetime | None
    atualizado_em: datetime | None
    resposta: str | None
    """The first 200 characters of the last answer."""
    caminho: tuple[FailedContact, ...]
    """The contacts that were tried before, in their order."""


class RecipientPage(PageModel):
    """A page of the recipients of a campaign."""

    itens: tuple[RecipientAnswer, ...]


class RecipientExportLink(AnswerModel):
    """Where the results of a campaign can be downloaded."""

    url: str
    expira_em_s: int
    destinatarios: int
    """How many lines the file has."""
    proximo: str | None
    """The `cursor` of the next file; null if there are no more recipients."""


class CampaignReply(AnswerModel):
    """What somebody wrote back to a campaign."""

    resposta_id: UUID
    lead_id: UUID | None
    nome: str | None
    disparo_id: UUID
    etapa: int
    variante: str
    canal: Canal
    contato: str | None
    texto: str | None
    """Null if nothing was written, as with a picture."""
    texto_cortado: bool
    """Whether there is more of it: a list shows the first 500 characters."""
    recebida_em: datetime
    pedido: OptOutWish | None
    revisar: bool
    """Whether a person has to look at it."""
    decisao: ReplyDecision | None
    descadastro: bool
    """Whether the person wants no more messages: so says who decided about it, else the words."""


class CampaignReplyPage(PageModel):
    """A page of the replies to a campaign."""

    itens: tuple[CampaignReply, ...]


class VariantMessage(AnswerModel):
    """A message of a variant."""

    canal: Canal
    template: str


class VariantComparison(VariantCounters):
    """A variant of a step beside the others. A rate is null while there is nothing that it could be a share of."""

    peso: int
    """So many of a hundred leads."""
    mensagens: tuple[VariantMessage, ...]
    taxa_de_entrega: float | None
    """Of `enviados`, as the two below."""
    taxa_de_leitura: float | None
    taxa_de_resposta: float | None
    taxa_de_falha: float | None
    """Of those that were sent or failed."""


class VariantList(AnswerModel):
    """The variants of a campaign, step by step."""

    itens: tuple[VariantComparison, ...]
