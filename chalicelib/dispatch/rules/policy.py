"""What is done with a claimed disparo, and what an attempt makes of it: decisions only, no doors.

Three facts rule here. A message that may have arrived is sent again only under the same idempotency key. Doubt is
never forgotten: once an attempt may have arrived, whatever later ones come to, the end is `enviado` or `incerto`,
unless a provider that can be asked says that it has no such message; where it can, it is asked and not sent to. And
what is not the message's fault (a window, a limit, a channel that is down or slow) is delay and costs it no attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
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
from chalicelib.dispatch.rules.rendering import on_one_line, render_all
from chalicelib.dispatch.rules.windows import WindowRules, next_allowed
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.errors import Invalid

EXHAUSTED = "tentativas_esgotadas"
NOT_RENDERED = "mensagem_nao_montada"
SENDING_IS_OFF = "envio_desligado"
LEASE_LAPSED = "lease_vencida"

SUPPRESSED = "contato_suprimido"
TOO_LATE = "prazo_expirado"

CHANNEL_PAUSE = timedelta(minutes=5)
"""How long a channel that a person must look after is left alone before one message tries it again."""
PAUSED_PATIENCE = timedelta(days=1)
"""How long a disparo waits for a paused channel; resuming it lets all of them go."""
RATE_WAIT = timedelta(hours=1)
"""A person's own limit of more than this is no matter of speed (Meta's marketing cap, 131049): the attempt counts."""


class StepKind(StrEnum):
    """What a step of a disparo's history was (`disparo_tentativas.classe`)."""

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


@dataclass(frozen=True, slots=True)
class ClaimedDisparo:
    """A disparo that this worker has claimed, with everything that is needed to decide about it and to send it.

    `tentativas` counts this attempt; it does so no more where they were exhausted before. `espera` is what it waited
    for until `esperou_ate`. `ordem` are the names of the template's variables as a provider numbers them. `pausa` is
    why its channel is paused, `is_probe` whether somebody of its channel may try it all the same. `entregas_falhas` is
    how many times its provider had taken it and could not deliver it.
    """

    tenant_id: str
    disparo_id: UUID
    lead_id: UUID
    canal: str
    destino: str
    variaveis: Mapping[str, str]
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
    ordem: Sequence[str]
    espera: str | None = None
    esperou_ate: datetime | None = None
    expira_em: datetime | None = None
    ignorar_janela: bool = False
    usar_alternativos: bool = False
    is_suppressed: bool = False
    pausa: str | None = None
    is_probe: bool = False
    telefone_principal: str | None = None
    entregas_falhas: int = 0


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """What the claim leaves in the history; `latencia_s` in seconds, `tentou` whether it was sent."""

    classe: StepKind
    codigo: str | None = None
    tentou: bool = False
    latencia_s: float | None = None


@dataclass(frozen=True, slots=True)
class DisparoUpdate:
    """What a claimed disparo becomes.

    `suprimir`: its contact asked for no more messages. `tentar_alternativo`: the lead's next contact is to be tried.
    """

    disparo: ClaimedDisparo
    status: DisparoStatus
    tentativas: int
    passo: HistoryStep
    em_duvida: bool = False
    enviar_apos: datetime | None = None
    espera: WaitReason | None = None
    provider_message_id: str | None = None
    ultimo_codigo: str | None = None
    erro_codigo: str | None = None
    suprimir: bool = False
    tentar_alternativo: bool = False


class AskProvider(NamedTuple):
    """A message that may have arrived, for its provider to say whether it has."""

    mensagem: OutgoingMessage


class Backoff(NamedTuple):
    """Exponential, with full jitter; `random` draws from 0 up to 1."""

    base_s: float
    cap_s: float
    random: Callable[[], float]

    def after(self, tentativa: int, retry_after: float | None) -> timedelta:
        """How long to wait after so many attempts; what the provider asks for is the least."""
        ceiling = min(self.cap_s, self.base_s * 2 ** (tentativa - 1))
        return timedelta(seconds=max(retry_after or 0.0, self.random() * ceiling))


def decide(
    tomado: ClaimedDisparo,
    *,
    janela: WindowRules | None,
    is_enabled: bool,
    is_idempotent: bool,
    now: datetime,
    asks_after: timedelta | None = None,
) -> OutgoingMessage | AskProvider | DisparoUpdate:
    """The message that could be sent now, or asked about; or what the disparo becomes without either.

    `janela` is when messages to its destination may leave. Whose turn it is, limits decide (`turns`). `asks_after` is
    how long after an attempt its channel can ask what became of it, None where it cannot.
    """
    if tomado.em_duvida and is_enabled and asks_after is not None:
        return _too_soon_to_ask(tomado, asks_after, now) or _rendered(tomado, asks=True)
    has_attempt = tomado.tentativas > tomado.tentativas_antes
    if tomado.em_duvida and not (is_enabled and is_idempotent and has_attempt):
        return _in_doubt(tomado, tomado.ultimo_codigo or LEASE_LAPSED)
    if (held := _unwanted(tomado, now) or _untimely(tomado, janela, now)) is not None:
        return held
    return _rendered(tomado)


def _too_soon_to_ask(tomado: ClaimedDisparo, asks_after: timedelta, now: datetime) -> DisparoUpdate | None:
    """The delay of a question: its channel is paused, or a worker was only now given up, who may just have sent it."""
    if tomado.pausa is not None and not tomado.is_probe:
        return paused(tomado, now)
    return delayed(tomado, WaitReason.TENTATIVA, now + asks_after) if tomado.espera is None else None


def _rendered(tomado: ClaimedDisparo, *, asks: bool = False) -> OutgoingMessage | AskProvider | DisparoUpdate:
    try:
        mensagem = _message_of(tomado)
        return AskProvider(mensagem) if asks else mensagem
    except Invalid as error:
        return _closed(tomado, DisparoStatus.ERRO, StepKind.NAO_MONTADO, NOT_RENDERED, error.code)


def _unwanted(tomado: ClaimedDisparo, now: datetime) -> DisparoUpdate | None:
    """The end of what nobody wants any more; opt-out is never passed over, whoever asks for the message."""
    if tomado.is_suppressed:
        return _closed(tomado, DisparoStatus.SUPRIMIDO, StepKind.SUPRIMIDO, SUPPRESSED)
    if tomado.expira_em is not None and tomado.expira_em <= now:
        return _closed(tomado, DisparoStatus.EXPIRADO, StepKind.EXPIRADO, TOO_LATE)
    return None


def _untimely(tomado: ClaimedDisparo, janela: WindowRules | None, now: datetime) -> DisparoUpdate | None:
    """The delay of what may not leave now."""
    if tomado.pausa is not None and not tomado.is_probe:
        return paused(tomado, now)
    if not tomado.ignorar_janela and (opens := next_allowed(now, janela)) > now:
        return delayed(tomado, WaitReason.JANELA, opens)
    return None


def simulated(tomado: ClaimedDisparo) -> DisparoUpdate:
    """Everything was done but the last step: sending is switched off."""
    return _closed(tomado, DisparoStatus.SIMULADO, StepKind.SIMULADO, SENDING_IS_OFF, tomado.ultimo_codigo)


def delayed(tomado: ClaimedDisparo, espera: WaitReason, until: datetime) -> DisparoUpdate:
    """Back to the queue, untried; the attempt is given back."""
    passo = HistoryStep(StepKind.ADIADO, espera.value)
    return _waiting(tomado, passo, tomado.ultimo_codigo, espera, until, counts=False)


def paused(tomado: ClaimedDisparo, now: datetime) -> DisparoUpdate:
    """Waits for its channel to be resumed."""
    passo = HistoryStep(StepKind.ADIADO, tomado.pausa)
    until = now + PAUSED_PATIENCE
    return _waiting(tomado, passo, tomado.ultimo_codigo, WaitReason.CANAL_PAUSADO, until, counts=False)


def conclude(
    tomado: ClaimedDisparo,
    attempt: Attempt,
    *,
    is_idempotent: bool,
    now: datetime,
    backoff: Backoff,
    rest: datetime | None = None,
    asks_after: timedelta | None = None,
) -> DisparoUpdate:
    """What an attempt makes of the disparo; `rest` is until when its channel wants to be left in peace, `asks_after` as
    `decide` has it."""
    outcome, tentativas = attempt.outcome, tomado.tentativas
    passo = HistoryStep(_CLASSES[type(outcome)], _code_of(outcome), tentou=True, latencia_s=attempt.latencia_s)
    may_repeat = tentativas < tomado.max_tentativas
    match outcome:
        case Sent(message_id):
            return DisparoUpdate(tomado, DisparoStatus.ENVIADO, tentativas, passo, provider_message_id=message_id)
        case Permanent():
            return _refused(tomado, passo, outcome)
        case Unknown(codigo):
            if asks_after is None and not (may_repeat and is_idempotent):
                return _uncertain(tomado, tentativas, passo, codigo)
            again = now + (backoff.after(tentativas, None) if asks_after is None else asks_after)
            return _waiting(tomado, passo, codigo, WaitReason.TENTATIVA, again, in_doubt=True)
        case Transient():
            again = now + backoff.after(tentativas, outcome.retry_after)
            return _put_off(tomado, passo, outcome, again, max(again, rest or again))
    return _waiting(tomado, passo, outcome.codigo, WaitReason.CANAL_PAUSADO, now + CHANNEL_PAUSE, counts=False)


def answered(
    tomado: ClaimedDisparo, parecer: InquiryReply, *, asks_after: timedelta, now: datetime, backoff: Backoff
) -> DisparoUpdate:
    """What a provider's word on an earlier attempt makes of the disparo; asking counts as an attempt, so it ends."""
    tentativas, codigo = tomado.tentativas, tomado.ultimo_codigo or LEASE_LAPSED
    passo = HistoryStep(_FINDINGS[parecer.paradeiro], parecer.codigo)
    may_go_on = tentativas < tomado.max_tentativas
    if parecer.paradeiro is DeliveryFinding.ENVIADO:
        return DisparoUpdate(tomado, DisparoStatus.ENVIADO, tentativas, passo, provider_message_id=parecer.message_id)
    if parecer.paradeiro is DeliveryFinding.NAO_ENVIADO:
        known = replace(tomado, em_duvida=False)
        if may_go_on:
            return _waiting(known, passo, codigo, WaitReason.TENTATIVA, now + backoff.after(tentativas, None))
        return _failed(known, tentativas, passo, EXHAUSTED, codigo)
    if may_go_on:
        again = now + backoff.after(tentativas, asks_after.total_seconds())
        return _waiting(tomado, passo, codigo, WaitReason.TENTATIVA, again)
    return _uncertain(tomado, tentativas, passo, codigo)


_FINDINGS: Mapping[DeliveryFinding, StepKind] = {
    DeliveryFinding.ENVIADO: StepKind.CONSULTA_ENVIADO,
    DeliveryFinding.NAO_ENVIADO: StepKind.CONSULTA_NAO_ENVIADO,
    DeliveryFinding.DESCONHECIDO: StepKind.CONSULTA_DESCONHECIDO,
}


def _put_off(
    tomado: ClaimedDisparo, passo: HistoryStep, refusal: Transient, again: datetime, rested: datetime
) -> DisparoUpdate:
    """Refused for now: until `again`, or until the channel is `rested` where it was the channel that was too busy."""
    codigo = refusal.codigo
    if refusal.escopo == "canal":
        return _waiting(tomado, passo, codigo, WaitReason.CANAL_LENTO, rested, counts=False)
    if _is_matter_of_speed(refusal):
        return _waiting(tomado, passo, codigo, WaitReason.DESTINO, again, counts=False)
    if tomado.tentativas < tomado.max_tentativas:
        return _waiting(tomado, passo, codigo, WaitReason.TENTATIVA, again)
    return _failed(tomado, tomado.tentativas, passo, EXHAUSTED, codigo)


_CLASSES: Mapping[type[Outcome], StepKind] = {
    Sent: StepKind.ENVIADO,
    Transient: StepKind.TRANSITORIO,
    Permanent: StepKind.PERMANENTE,
    Unknown: StepKind.INCERTO,
    ChannelDown: StepKind.CANAL_FORA,
}


def _code_of(outcome: Outcome) -> str | None:
    return None if isinstance(outcome, Sent) else outcome.codigo


def _is_matter_of_speed(refusal: Transient) -> bool:
    """Whether it was only one message too soon for this person."""
    return refusal.escopo == "destino" and (refusal.retry_after or 0.0) <= RATE_WAIT.total_seconds()


def _waiting(
    tomado: ClaimedDisparo,
    passo: HistoryStep,
    codigo: str | None,
    espera: WaitReason,
    enviar_apos: datetime,
    *,
    in_doubt: bool = False,
    counts: bool = True,
) -> DisparoUpdate:
    """Back to the queue; an attempt that does not count is given back, and after the last one, one to ask about it."""
    return DisparoUpdate(
        tomado,
        DisparoStatus.PENDENTE,
        min(tomado.tentativas if counts else tomado.tentativas_antes, tomado.max_tentativas - 1),
        passo,
        em_duvida=tomado.em_duvida or in_doubt,
        enviar_apos=enviar_apos,
        espera=espera,
        ultimo_codigo=codigo,
    )


def _refused(tomado: ClaimedDisparo, passo: HistoryStep, refusal: Permanent) -> DisparoUpdate:
    """For good; where the contact is at fault, and not a message that may be there already, the next one is tried."""
    failed = _failed(tomado, tomado.tentativas, passo, refusal.codigo, refusal.codigo)
    goes_on = tomado.usar_alternativos and refusal.tentar_alternativo and failed.status is DisparoStatus.ERRO
    return replace(failed, suprimir=refusal.suprimir, tentar_alternativo=goes_on)


def _failed(
    tomado: ClaimedDisparo, tentativas: int, passo: HistoryStep, codigo: str, ultimo_codigo: str
) -> DisparoUpdate:
    """Certainly not sent, unless an earlier attempt was in doubt."""
    return DisparoUpdate(
        tomado,
        DisparoStatus.INCERTO if tomado.em_duvida else DisparoStatus.ERRO,
        tentativas,
        passo,
        em_duvida=tomado.em_duvida,
        ultimo_codigo=ultimo_codigo,
        erro_codigo=codigo,
    )


def _closed(
    tomado: ClaimedDisparo, status: DisparoStatus, classe: StepKind, codigo: str, ultimo_codigo: str | None = None
) -> DisparoUpdate:
    """Ended untried, and the attempt is given back; what an earlier attempt left in doubt stays in doubt."""
    passo = HistoryStep(classe, ultimo_codigo if classe is StepKind.NAO_MONTADO else codigo)
    if tomado.em_duvida:
        return _uncertain(tomado, tomado.tentativas_antes, passo, codigo)
    ultimo_codigo = ultimo_codigo or tomado.ultimo_codigo
    return DisparoUpdate(
        tomado, status, tomado.tentativas_antes, passo, ultimo_codigo=ultimo_codigo, erro_codigo=codigo
    )


def _in_doubt(tomado: ClaimedDisparo, codigo: str) -> DisparoUpdate:
    """An earlier attempt may have arrived, and no key allows another one."""
    return _uncertain(tomado, tomado.tentativas_antes, HistoryStep(StepKind.SEM_CHAVE, codigo), codigo)


def _uncertain(tomado: ClaimedDisparo, tentativas: int, passo: HistoryStep, codigo: str) -> DisparoUpdate:
    return DisparoUpdate(
        tomado, DisparoStatus.INCERTO, tentativas, passo, em_duvida=True, ultimo_codigo=codigo, erro_codigo=codigo
    )


def _message_of(tomado: ClaimedDisparo) -> OutgoingMessage:
    """The message in the words of the template's version.

    Raises:
        Invalid: a variable is missing, or the whole is too long.
    """
    corpo = render_all(assunto=tomado.assunto, texto=tomado.texto, html=tomado.html, values=tomado.variaveis)
    return OutgoingMessage(
        disparo_id=str(tomado.disparo_id),
        tentativa=tomado.tentativas,
        destino=tomado.destino,
        assunto=corpo.assunto,
        texto=corpo.texto,
        html=corpo.html,
        template_nome=tomado.template,
        template_idioma=tomado.idioma,
        variaveis=tuple((name, _parameter(tomado.variaveis[name], tomado.canal)) for name in tomado.ordem),
        entregas_falhas=tomado.entregas_falhas,
    )


def _parameter(value: str, canal: str) -> str:
    """A template's parameter as the provider of the channel takes it."""
    return on_one_line(value) if canal == Canal.WHATSAPP else value
