"""What is done with a claimed disparo, and what an attempt makes of it: decisions only, no doors.

Two facts rule here. A message that may have arrived is sent again only under the same idempotency key. And doubt is
never forgotten: once an attempt may have arrived, whatever later ones come to, the end is `enviado` or `incerto`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chalicelib.dispatch.arguments import Mensagem
from chalicelib.dispatch.outcomes import Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.dispatch.requests import Canal
from chalicelib.dispatch.states import StatusDisparo
from chalicelib.dispatch.templates import on_one_line, render_all
from chalicelib.errors import Invalid

EXHAUSTED = "tentativas_esgotadas"
NOT_RENDERED = "mensagem_nao_montada"
SENDING_IS_OFF = "envio_desligado"
LEASE_LAPSED = "lease_vencida"

CHANNEL_PAUSE = timedelta(minutes=5)
"""How long a disparo waits for a channel that a person must look after."""


@dataclass(frozen=True, slots=True)
class Tomado:
    """A disparo that this worker has claimed, with everything that is needed to send it.

    `tentativas` counts this attempt; it does so no more where they were exhausted before. `ordem` are the names of the
    template's variables as a provider numbers them.
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


@dataclass(frozen=True, slots=True)
class Registro:
    """What a claimed disparo becomes."""

    disparo: Tomado
    status: StatusDisparo
    tentativas: int
    em_duvida: bool = False
    enviar_apos: datetime | None = None
    provider_message_id: str | None = None
    ultimo_codigo: str | None = None
    erro_codigo: str | None = None


class Backoff(NamedTuple):
    """Exponential, with full jitter; `random` draws from 0 up to 1."""

    base_s: float
    cap_s: float
    random: Callable[[], float]

    def after(self, tentativa: int, retry_after: float | None) -> timedelta:
        """How long to wait after so many attempts; what the provider asks for is the least."""
        ceiling = min(self.cap_s, self.base_s * 2 ** (tentativa - 1))
        return timedelta(seconds=max(retry_after or 0.0, self.random() * ceiling))


def decide(tomado: Tomado, *, is_enabled: bool, is_idempotent: bool) -> Mensagem | Registro:
    """The message to send, or what the disparo becomes without one."""
    has_attempt = tomado.tentativas > tomado.tentativas_antes
    if tomado.em_duvida and not (is_enabled and is_idempotent and has_attempt):
        return _uncertain(tomado, tomado.tentativas_antes, tomado.ultimo_codigo or LEASE_LAPSED)
    try:
        mensagem = _message_of(tomado)
    except Invalid as error:
        return _failed(tomado, tomado.tentativas_antes, NOT_RENDERED, error.code)
    if not is_enabled:
        return Registro(
            tomado, StatusDisparo.SIMULADO, tomado.tentativas_antes,
            ultimo_codigo=tomado.ultimo_codigo, erro_codigo=SENDING_IS_OFF,
        )  # fmt: skip
    return mensagem


def conclude(tomado: Tomado, outcome: Outcome, *, is_idempotent: bool, now: datetime, backoff: Backoff) -> Registro:
    """What an attempt makes of the disparo."""
    tentativas = tomado.tentativas
    may_repeat = tentativas < tomado.max_tentativas
    match outcome:
        case Sent(message_id):
            return Registro(tomado, StatusDisparo.ENVIADO, tentativas, provider_message_id=message_id)
        case Permanent(codigo):
            return _failed(tomado, tentativas, codigo, codigo)
        case Unknown(codigo):
            if not (may_repeat and is_idempotent):
                return _uncertain(tomado, tentativas, codigo)
            return _waiting(tomado, codigo, now + backoff.after(tentativas, None), in_doubt=True)
        case Transient(codigo, retry_after):
            again = now + backoff.after(tentativas, retry_after)
            return _waiting(tomado, codigo, again) if may_repeat else _failed(tomado, tentativas, EXHAUSTED, codigo)
    return _waiting(tomado, outcome.codigo, now + CHANNEL_PAUSE, counts=False)


def _waiting(
    tomado: Tomado, codigo: str, enviar_apos: datetime, *, in_doubt: bool = False, counts: bool = True
) -> Registro:
    """Back to the queue; an attempt that does not count is given back."""
    return Registro(
        tomado,
        StatusDisparo.PENDENTE,
        tomado.tentativas if counts else tomado.tentativas_antes,
        em_duvida=tomado.em_duvida or in_doubt,
        enviar_apos=enviar_apos,
        ultimo_codigo=codigo,
    )


def _failed(tomado: Tomado, tentativas: int, codigo: str, ultimo_codigo: str) -> Registro:
    """Certainly not sent, unless an earlier attempt was in doubt."""
    return Registro(
        tomado,
        StatusDisparo.INCERTO if tomado.em_duvida else StatusDisparo.ERRO,
        tentativas,
        em_duvida=tomado.em_duvida,
        ultimo_codigo=ultimo_codigo,
        erro_codigo=codigo,
    )


def _uncertain(tomado: Tomado, tentativas: int, codigo: str) -> Registro:
    return Registro(tomado, StatusDisparo.INCERTO, tentativas, em_duvida=True, ultimo_codigo=codigo, erro_codigo=codigo)


def _message_of(tomado: Tomado) -> Mensagem:
    """The message in the words of the template's version.

    Raises:
        Invalid: a variable is missing, or the whole is too long.
    """
    corpo = render_all(assunto=tomado.assunto, texto=tomado.texto, html=tomado.html, values=tomado.variaveis)
    return Mensagem(
        disparo_id=str(tomado.disparo_id),
        tentativa=tomado.tentativas,
        destino=tomado.destino,
        assunto=corpo.assunto,
        texto=corpo.texto,
        html=corpo.html,
        template_nome=tomado.template,
        template_idioma=tomado.idioma,
        variaveis=tuple((name, _parameter(tomado.variaveis[name], tomado.canal)) for name in tomado.ordem),
    )


def _parameter(value: str, canal: str) -> str:
    """A template's parameter as the provider of the channel takes it."""
    return on_one_line(value) if canal == Canal.WHATSAPP else value
