"""Decides what happens to a claimed disparo, and what it becomes after an attempt. Pure: no database, no network.

Three rules hold:

* A message that may have arrived is sent again only under the same idempotency key.
* Doubt is never forgotten. Once an attempt may have arrived, the disparo ends as `enviado` or `incerto`, whatever the
  outcome of later attempts. The only exception: a provider that can be asked says that it has no such message. Where
  the provider can be asked, it is asked before anything is sent again.
* A delay that is not the message's fault costs no attempt: a window, a limit, a channel that is down or slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never
from uuid import UUID

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import (
    Attempt,
    ChannelDown,
    DeliveryFinding,
    InquiryReply,
    Outcome,
    OutgoingMessage,
    Permanent,
    Sent,
    Transient,
    Unknown,
)
from chalicelib.dispatch.rules.formats import Scalar
from chalicelib.dispatch.rules.rendering import NEW_RULES, TemplateWords, render_message
from chalicelib.dispatch.rules.windows import WindowRules, next_allowed
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.errors import Invalid

EXHAUSTED = "tentativas_esgotadas"
NOT_RENDERED = "mensagem_nao_montada"
SENDING_IS_OFF = "envio_desligado"
LEASE_LAPSED = "lease_vencida"
NOT_BEGUN = "nao_iniciado"
GIVEN_UP = "envio_desistiu"

SUPPRESSED = "contato_suprimido"
TOO_LATE = "prazo_expirado"

CHANNEL_PAUSE = timedelta(minutes=5)
"""How long a channel that a person must fix stays paused before one message tries it again."""
PAUSED_PATIENCE = timedelta(days=1)
"""How long a disparo waits for a paused channel; when the channel resumes, all of its disparos are released."""
REVIEW_PATIENCE = timedelta(days=1)
"""How long a disparo waits for a person to look at a reply of its contact; looking releases it."""
RATE_WAIT = timedelta(hours=1)
"""The longest wait that counts as speed. After a longer one (Meta's marketing cap, 131049), the attempt counts."""
CAMPAIGN_PATIENCE = timedelta(minutes=15)
"""How long a message in doubt of a paused campaign waits before a worker looks at it again."""
_RUNNING_CAMPAIGN = "em_andamento"
"""The status of a campaign whose messages may leave."""
MOST_ABANDONED = 10
"""Workers that may die with a disparo before it is begun; one that kills every worker would come back for ever."""


class StepKind(StrEnum):
    """The kind of a step in a disparo's history (`disparo_tentativas.classe`)."""

    ENVIADO = "enviado"
    TRANSITORIO = "transitorio"
    PERMANENTE = "permanente"
    INCERTO = "incerto"
    CANAL_FORA = "canal_fora"
    # The provider was asked about an earlier attempt.
    CONSULTA_ENVIADO = "consulta_enviado"
    CONSULTA_NAO_ENVIADO = "consulta_nao_enviado"
    CONSULTA_DESCONHECIDO = "consulta_desconhecido"
    # Nothing was tried.
    ADIADO = "adiado"
    SUPRIMIDO = "suprimido"
    EXPIRADO = "expirado"
    SIMULADO = "simulado"
    NAO_MONTADO = "nao_montado"
    SEM_CHAVE = "sem_chave"
    LEASE_VENCIDA = "lease_vencida"
    NAO_INICIADO = "nao_iniciado"
    DESISTIU = "desistiu"
    # Its lead does not need it any more: a step of a campaign, or a message about an agendamento that has changed.
    DISPENSADO = "dispensado"


class Recipient(NamedTuple):
    """What has happened to the recipient of a campaign's message (`rules.recipients`).

    `anterior` is the status of the step before, `anterior_em` when that left or is to leave, and `apos_dias_uteis` is
    after how many working days this one is due; all three are None for the first step.
    """

    lead_status: str
    apos_dias_uteis: int | None = None
    anterior: str | None = None
    anterior_em: datetime | None = None
    has_answered: bool = False
    is_booked: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedDisparo:
    """A disparo that this worker has claimed, with everything that is needed to decide about it and to send it.

    `tentativas` includes this attempt, unless the attempts were exhausted before. `espera` is what it waited for until
    `esperou_ate`. `variaveis` are raw values. `ordem` names the template's variables in the order in which a provider
    numbers them; `regras` are those of its version. `pausa` is why its channel is paused; `is_probe` says whether one
    message may try that channel now. `entregas_falhas` counts how many times the provider accepted the message and
    could not deliver it, `abandonos` how many workers in a row died before they began to send it. `is_under_review`: a
    person has yet to look at a reply that may be an opt-out.
    `campanha` is the status of its campaign. `moves_no_lead`: it means nothing for the lead's status, because it is a
    test, or about an agendamento. `is_for_staff`: it goes to the responsável. `agendamento_fim`: why nobody wants
    a message about that agendamento any more, empty while it is true.
    """

    tenant_id: str
    disparo_id: UUID
    lead_id: UUID
    canal: Canal
    destino: str
    variaveis: Mapping[str, Scalar]
    tentativas: int
    tentativas_antes: int
    max_tentativas: int
    em_duvida: bool
    ultimo_codigo: str | None
    template: str
    idioma: str
    assunto: str | None
    texto: str
    html: str | None
    ordem: tuple[str, ...]
    regras: int = NEW_RULES
    espera: str | None = None
    esperou_ate: datetime | None = None
    expira_em: datetime | None = None
    ignorar_janela: bool = False
    usar_alternativos: bool = False
    is_suppressed: bool = False
    is_under_review: bool = False
    pausa: str | None = None
    is_probe: bool = False
    telefone_principal: str | None = None
    entregas_falhas: int = 0
    abandonos: int = 0
    campanha_id: UUID | None = None
    campanha: str | None = None
    etapa: int | None = None
    moves_no_lead: bool = False
    agendamento_id: UUID | None = None
    agendamento_fim: str = ""
    is_for_staff: bool = False
    recipient: Recipient | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether nothing of its campaign may leave."""
        return self.campanha_id is not None and self.campanha != _RUNNING_CAMPAIGN


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """The step that this claim adds to the history.

    `was_sent` says whether the message was handed to the provider, `latency_s` in how many seconds it answered.
    """

    kind: StepKind
    code: str | None = None
    was_sent: bool = False
    latency_s: float | None = None


@dataclass(frozen=True, slots=True)
class DisparoUpdate:
    """What a claimed disparo becomes.

    `suppresses`: its contact asked for no more messages. `tries_alternative`: the lead's next contact is tried.
    `has_bad_address`: the provider refused its address, not the message.
    """

    disparo: ClaimedDisparo
    status: DisparoStatus
    tentativas: int
    step: HistoryStep
    em_duvida: bool = False
    enviar_apos: datetime | None = None
    espera: WaitReason | None = None
    provider_message_id: str | None = None
    ultimo_codigo: str | None = None
    erro_codigo: str | None = None
    suppresses: bool = False
    tries_alternative: bool = False
    has_bad_address: bool = False


class AskProvider(NamedTuple):
    """Ask the provider whether it has this message, which may have arrived."""

    message: OutgoingMessage


class Backoff(NamedTuple):
    """Exponential backoff with full jitter; `random` draws from 0 up to 1."""

    base_s: float
    cap_s: float
    random: Callable[[], float]

    def after(self, attempts: int, retry_after: float | None) -> timedelta:
        """How long to wait after so many attempts; at least the `retry_after` seconds that the provider asked for."""
        ceiling = min(self.cap_s, self.base_s * 2 ** (attempts - 1))
        return timedelta(seconds=max(retry_after or 0.0, self.random() * ceiling))


class Terms(NamedTuple):
    """On what terms a channel's messages may be repeated or asked about.

    `is_idempotent`: the provider sends a message once per key, so a message in doubt may be sent again. `asks_after` is
    how long after an attempt the provider can be asked about it, None where it cannot. `backoff` spaces the attempts.
    """

    is_idempotent: bool
    asks_after: timedelta | None
    backoff: Backoff


def decide(
    claimed: ClaimedDisparo, terms: Terms, *, window: WindowRules | None, is_enabled: bool, now: datetime
) -> OutgoingMessage | AskProvider | DisparoUpdate:
    """The message that may be sent now, the question to ask about it, or what the disparo becomes without either.

    `window` says when messages to its destination may leave. The order and the limits are decided in `turns`.
    """
    if claimed.abandonos >= MOST_ABANDONED:
        return _unwanted(claimed, now) or closed(claimed, DisparoStatus.ERRO, StepKind.DESISTIU, GIVEN_UP)
    if claimed.em_duvida and claimed.campanha in _HELD_CAMPAIGN:
        return delayed(claimed, WaitReason.CAMPANHA, now + CAMPAIGN_PATIENCE)
    if claimed.em_duvida and is_enabled and terms.asks_after is not None:
        return _too_soon_to_ask(claimed, terms.asks_after, now) or _rendered(claimed, asks=True)
    has_attempt = claimed.tentativas > claimed.tentativas_antes
    may_repeat = is_enabled and terms.is_idempotent and has_attempt and not claimed.is_stopped
    if claimed.em_duvida and not may_repeat:
        return _in_doubt(claimed, claimed.ultimo_codigo or LEASE_LAPSED)
    if (held := _unwanted(claimed, now) or _untimely(claimed, window, now)) is not None:
        return held
    return _rendered(claimed)


def _too_soon_to_ask(claimed: ClaimedDisparo, asks_after: timedelta, now: datetime) -> DisparoUpdate | None:
    """The delay of a question, if it must wait.

    It waits while the channel is paused. It also waits after a lease has just lapsed: its worker may only now have sent
    the message.
    """
    if claimed.pausa is not None and not claimed.is_probe:
        return paused(claimed, now)
    return delayed(claimed, WaitReason.TENTATIVA, now + asks_after) if claimed.espera is None else None


def _rendered(claimed: ClaimedDisparo, *, asks: bool = False) -> OutgoingMessage | AskProvider | DisparoUpdate:
    try:
        message = _message_of(claimed)
        return AskProvider(message) if asks else message
    except Invalid as error:
        return closed(claimed, DisparoStatus.ERRO, StepKind.NAO_MONTADO, NOT_RENDERED, error.code)


def _unwanted(claimed: ClaimedDisparo, now: datetime) -> DisparoUpdate | None:
    """The end of a disparo that nobody wants any more. An opt-out always wins, whoever asked for the message."""
    if claimed.is_suppressed:
        return closed(claimed, DisparoStatus.SUPRIMIDO, StepKind.SUPRIMIDO, SUPPRESSED)
    if claimed.agendamento_fim:
        return closed(claimed, DisparoStatus.CANCELADO, StepKind.DISPENSADO, claimed.agendamento_fim)
    if claimed.expira_em is not None and claimed.expira_em <= now:
        return closed(claimed, DisparoStatus.EXPIRADO, StepKind.EXPIRADO, TOO_LATE)
    return None


def _untimely(claimed: ClaimedDisparo, window: WindowRules | None, now: datetime) -> DisparoUpdate | None:
    """The delay of a message that may not leave now."""
    if claimed.is_under_review:
        return delayed(claimed, WaitReason.REVISAO, now + REVIEW_PATIENCE)
    if claimed.pausa is not None and not claimed.is_probe:
        return paused(claimed, now)
    if not claimed.ignorar_janela and (opens := next_allowed(now, window)) > now:
        # A million that wait for the same morning are a campaign's queue, not the window's.
        reason = WaitReason.JANELA if claimed.campanha_id is None else WaitReason.CAMPANHA
        return delayed(claimed, reason, opens, code=WaitReason.JANELA.value)
    return None


def simulated(claimed: ClaimedDisparo) -> DisparoUpdate:
    """The end of a disparo when sending is switched off: everything was done except the send."""
    return closed(claimed, DisparoStatus.SIMULADO, StepKind.SIMULADO, SENDING_IS_OFF, claimed.ultimo_codigo)


def delayed(claimed: ClaimedDisparo, reason: WaitReason, until: datetime, *, code: str | None = None) -> DisparoUpdate:
    """Back to the queue without an attempt; the attempt is given back. `code` is why, if `reason` does not say it."""
    step = HistoryStep(StepKind.ADIADO, code or reason.value)
    return _waiting(claimed, step, claimed.ultimo_codigo, reason, until, counts=False)


def paused(claimed: ClaimedDisparo, now: datetime) -> DisparoUpdate:
    """Back to the queue until the channel resumes."""
    step = HistoryStep(StepKind.ADIADO, claimed.pausa)
    until = now + PAUSED_PATIENCE
    return _waiting(claimed, step, claimed.ultimo_codigo, WaitReason.CANAL_PAUSADO, until, counts=False)


def conclude(
    claimed: ClaimedDisparo, attempt: Attempt, terms: Terms, *, now: datetime, rest: datetime | None = None
) -> DisparoUpdate:
    """What the disparo becomes after an attempt; `rest` is until when its channel rests, None where it does not."""
    outcome, attempts = attempt.outcome, claimed.tentativas
    step = HistoryStep(_KINDS[type(outcome)], _code_of(outcome), was_sent=True, latency_s=attempt.latency_s)
    may_repeat = attempts < claimed.max_tentativas
    match outcome:
        case Sent(message_id):
            return DisparoUpdate(claimed, DisparoStatus.ENVIADO, attempts, step, provider_message_id=message_id)
        case Permanent():
            return _refused(claimed, step, outcome)
        case Unknown(code):
            if terms.asks_after is None and not (may_repeat and terms.is_idempotent):
                return _uncertain(claimed, attempts, step, code)
            again = now + (terms.backoff.after(attempts, None) if terms.asks_after is None else terms.asks_after)
            return _waiting(claimed, step, code, WaitReason.TENTATIVA, again, in_doubt=True)
        case Transient():
            again = now + terms.backoff.after(attempts, outcome.retry_after)
            return _put_off(claimed, step, outcome, again, max(again, rest or again))
        case ChannelDown(code):
            until = now + CHANNEL_PAUSE
            return _waiting(claimed, step, code, WaitReason.CANAL_PAUSADO, until, counts=False)
        case _:
            assert_never(outcome)


def answered(claimed: ClaimedDisparo, reply: InquiryReply, terms: Terms, *, now: datetime) -> DisparoUpdate:
    """What the disparo becomes after its provider was asked about an earlier attempt.

    A question counts as an attempt, so that asking ends.
    """
    attempts, code = claimed.tentativas, claimed.ultimo_codigo or LEASE_LAPSED
    step = HistoryStep(_INQUIRY_KINDS[reply.finding], reply.code)
    may_go_on = attempts < claimed.max_tentativas
    if reply.finding is DeliveryFinding.ENVIADO:
        return DisparoUpdate(claimed, DisparoStatus.ENVIADO, attempts, step, provider_message_id=reply.message_id)
    if reply.finding is DeliveryFinding.NAO_ENVIADO:
        known = replace(claimed, em_duvida=False)
        if may_go_on:
            again = now + terms.backoff.after(attempts, None)
            return _waiting(known, step, code, WaitReason.TENTATIVA, again)
        return _failed(known, attempts, step, EXHAUSTED, code)
    if may_go_on:
        least_s = None if terms.asks_after is None else terms.asks_after.total_seconds()
        again = now + terms.backoff.after(attempts, least_s)
        return _waiting(claimed, step, code, WaitReason.TENTATIVA, again)
    return _uncertain(claimed, attempts, step, code)


_HELD_CAMPAIGN = frozenset({"agendada", "pausada"})

_INQUIRY_KINDS: Mapping[DeliveryFinding, StepKind] = {
    DeliveryFinding.ENVIADO: StepKind.CONSULTA_ENVIADO,
    DeliveryFinding.NAO_ENVIADO: StepKind.CONSULTA_NAO_ENVIADO,
    DeliveryFinding.DESCONHECIDO: StepKind.CONSULTA_DESCONHECIDO,
}


def _put_off(
    claimed: ClaimedDisparo, step: HistoryStep, refusal: Transient, again: datetime, rested: datetime
) -> DisparoUpdate:
    """Refused for now: it waits until `again`, or until `rested` where the whole channel was too busy."""
    code = refusal.code
    if refusal.scope == "canal":
        return _waiting(claimed, step, code, WaitReason.CANAL_LENTO, rested, counts=False)
    if _is_about_speed(refusal):
        return _waiting(claimed, step, code, WaitReason.DESTINO, again, counts=False)
    if claimed.tentativas < claimed.max_tentativas:
        return _waiting(claimed, step, code, WaitReason.TENTATIVA, again)
    return _failed(claimed, claimed.tentativas, step, EXHAUSTED, code)


_KINDS: Mapping[type[Outcome], StepKind] = {
    Sent: StepKind.ENVIADO,
    Transient: StepKind.TRANSITORIO,
    Permanent: StepKind.PERMANENTE,
    Unknown: StepKind.INCERTO,
    ChannelDown: StepKind.CANAL_FORA,
}


def _code_of(outcome: Outcome) -> str | None:
    return None if isinstance(outcome, Sent) else outcome.code


def _is_about_speed(refusal: Transient) -> bool:
    """Whether the only fault was that the message came too soon for this person."""
    return refusal.scope == "destino" and (refusal.retry_after or 0.0) <= RATE_WAIT.total_seconds()


def _waiting(
    claimed: ClaimedDisparo,
    step: HistoryStep,
    code: str | None,
    reason: WaitReason,
    until: datetime,
    *,
    in_doubt: bool = False,
    counts: bool = True,
) -> DisparoUpdate:
    """Back to the queue. An attempt that does not count is given back; the last one is too, to leave room for a
    question about it."""
    return DisparoUpdate(
        claimed,
        DisparoStatus.PENDENTE,
        min(claimed.tentativas if counts else claimed.tentativas_antes, claimed.max_tentativas - 1),
        step,
        em_duvida=claimed.em_duvida or in_doubt,
        enviar_apos=until,
        espera=reason,
        ultimo_codigo=code,
    )


def _refused(claimed: ClaimedDisparo, step: HistoryStep, refusal: Permanent) -> DisparoUpdate:
    """Refused for good. The next contact is tried if this one is at fault, but never while the first message may have
    arrived."""
    failed = _failed(claimed, claimed.tentativas, step, refusal.code, refusal.code)
    goes_on = claimed.usar_alternativos and refusal.tries_alternative and failed.status is DisparoStatus.ERRO
    return replace(
        failed,
        suppresses=refusal.suppresses,
        tries_alternative=goes_on,
        has_bad_address=refusal.tries_alternative,
    )


def _failed(
    claimed: ClaimedDisparo, attempts: int, step: HistoryStep, error_code: str, last_code: str
) -> DisparoUpdate:
    """Ended, certainly not sent by this attempt; `incerto` if an earlier attempt is in doubt."""
    return DisparoUpdate(
        claimed,
        DisparoStatus.INCERTO if claimed.em_duvida else DisparoStatus.ERRO,
        attempts,
        step,
        em_duvida=claimed.em_duvida,
        ultimo_codigo=last_code,
        erro_codigo=error_code,
    )


def closed(
    claimed: ClaimedDisparo, status: DisparoStatus, kind: StepKind, code: str, last_code: str | None = None
) -> DisparoUpdate:
    """Ended without an attempt, which is given back; an earlier attempt that was in doubt stays in doubt."""
    step = HistoryStep(kind, last_code if kind is StepKind.NAO_MONTADO else code)
    if claimed.em_duvida:
        return _uncertain(claimed, claimed.tentativas_antes, step, code)
    last_code = last_code or claimed.ultimo_codigo
    return DisparoUpdate(claimed, status, claimed.tentativas_antes, step, ultimo_codigo=last_code, erro_codigo=code)


def _in_doubt(claimed: ClaimedDisparo, code: str) -> DisparoUpdate:
    """An earlier attempt may have arrived, and it may not be repeated."""
    return _uncertain(claimed, claimed.tentativas_antes, HistoryStep(StepKind.SEM_CHAVE, code), code)


def _uncertain(claimed: ClaimedDisparo, attempts: int, step: HistoryStep, code: str) -> DisparoUpdate:
    return DisparoUpdate(
        claimed, DisparoStatus.INCERTO, attempts, step, em_duvida=True, ultimo_codigo=code, erro_codigo=code
    )


def _message_of(claimed: ClaimedDisparo) -> OutgoingMessage:
    """The message, rendered from the template version of the disparo.

    Raises:
        Invalid: a variable is missing, too long, blank or not of its format, or the whole message is too long.
    """
    words = TemplateWords(claimed.canal, claimed.assunto, claimed.texto, claimed.html, claimed.ordem, claimed.regras)
    rendered = render_message(words, claimed.variaveis)
    return OutgoingMessage(
        disparo_id=str(claimed.disparo_id),
        tentativa=claimed.tentativas,
        destino=claimed.destino,
        assunto=rendered.assunto,
        texto=rendered.texto,
        html=rendered.html,
        template_nome=claimed.template,
        template_idioma=claimed.idioma,
        variaveis=rendered.parametros,
        entregas_falhas=claimed.entregas_falhas,
    )
