"""Answers about webhooks, those of providers and those of tenants, and about replies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chalicelib.api.answers.model import AnswerModel, PageModel
from chalicelib.canal import Canal
from chalicelib.delivery.requests import ReplyDecision
from chalicelib.subscriptions.states import DeliveryStatus, SubscriptionStatus
from chalicelib.suppression.optout import OptOutWish


class WebhookAddress(AnswerModel):
    """The webhook of a channel."""

    canal: Canal
    url: str
    """To be entered at the provider; it carries the tenant's key."""


class WebhookAddressList(AnswerModel):
    """The webhooks of all channels."""

    itens: tuple[WebhookAddress, ...]


class WebhookReceipt(AnswerModel):
    """What a provider's notification came to."""

    aplicados: int
    """How many disparos changed."""
    guardados: int
    """How many reports are kept, because their disparo is not known yet."""
    respostas: int
    """How many replies of people it held."""
    sem_lead: int
    """How many of them are new and belong to no lead: they wait under /respostas."""


class ReplyAnswer(AnswerModel):
    """What a person wrote back."""

    resposta_id: UUID
    canal: Canal
    remetente: str
    """The sender as the provider names it."""
    usuario: str | None
    """The provider's id of the person."""
    contato: str | None
    """The phone (E.164) or the e-mail that it came from, as far as we can tell."""
    em_resposta_a: str | None
    """The provider's id of the message that it quotes."""
    disparo_id: UUID | None
    """The disparo that it answers: the one that it quotes, else the last one that was sent to the contact."""
    campanha_id: UUID | None
    """The campaign of that disparo."""
    lead_id: UUID | None
    """Null if it is nobody's whom we know, or one of several leads' with that contact."""
    texto: str | None
    """Null if nothing was written, as with a picture."""
    texto_cortado: bool
    """Whether there is more of it: a list shows the first 500 characters."""
    enviada_em: datetime | None
    """When it was written, as the provider says."""
    recebida_em: datetime
    pedido: OptOutWish | None
    """What its words ask for: no more messages (`descadastro`), or perhaps that (`duvida`)."""
    revisar: bool
    """Whether a person has to look; until then nothing is sent to the contact."""
    atribuida_em: datetime | None
    atribuida_por: str | None
    """The user who said whose it is; null where we knew."""
    decisao: ReplyDecision | None
    resolvida_em: datetime | None
    resolvida_por: str | None


class ReplyPage(PageModel):
    """A page of replies."""

    itens: tuple[ReplyAnswer, ...]
    total_sem_lead: int
    """How many replies of all wait for a person to say whose they are."""
    total_a_revisar: int
    """How many replies of all wait for a person to decide."""


class SubscriptionAnswer(AnswerModel):
    """An address that events are posted to. Its secret was shown when it was made."""

    assinatura_id: UUID
    url: str
    eventos: tuple[str, ...]
    """The types of events that it gets; empty: all of them."""
    descricao: str | None
    status: SubscriptionStatus
    codigo: str | None
    """Why the product switched it off; null if it is on, or if a person did."""
    desligada_em: datetime | None
    falhando_desde: datetime | None
    """Since when nothing has arrived; null if the last attempts arrived. After five days it is switched off."""
    criado_em: datetime
    criado_por: str
    """The id of the person who made it."""
    atualizado_em: datetime
    atualizado_por: str


class NewSubscriptionAnswer(SubscriptionAnswer):
    """A subscription with its new secret."""

    segredo: str
    """What deliveries are signed with (Standard Webhooks, `whsec_…`). Shown this once."""


class SubscriptionPage(PageModel):
    """A page of subscriptions, newest first."""

    itens: tuple[SubscriptionAnswer, ...]


class DeliveryAnswer(AnswerModel):
    """The delivery of one event to a subscription, with what came of its last attempt."""

    evento_id: UUID
    """The `webhook-id` of every attempt."""
    tipo: str
    """The type of the event."""
    evento_em: datetime
    status: DeliveryStatus
    tentativas: int
    proxima_em: datetime | None
    """When it is to be tried next; null unless it is `pendente`."""
    http_status: int | None
    """The status of the receiver's answer; null if there was none."""
    codigo: str | None
    """Why there was no answer: `sem_conexao`, `tempo_esgotado`, `conexao_perdida`, `endereco_interno`,
    `segredo_ausente`."""
    duracao_ms: int | None
    tentada_em: datetime | None
    criado_em: datetime


class DeliveryPage(PageModel):
    """A page of deliveries, the newest events first."""

    itens: tuple[DeliveryAnswer, ...]


class ReplayAnswer(AnswerModel):
    """What a replay of a span of time has begun."""

    reenviadas: int
    """How many events are delivered now; at most a thousand in one request, the oldest first."""
    continuar_de: datetime | None
    """The `de` of the next request; null if this one has reached all."""
