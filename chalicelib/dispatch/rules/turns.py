"""Whose turn it is among those that could be sent: probes of paused channels, room between messages to one person, and
the places that limits give. Pure; the limiter's answers are asked for between `turns_of` and `admit`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import NamedTuple, TypeVar

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.dispatch.rules.limiter import RateGrant, instant_of
from chalicelib.dispatch.rules.policy import ClaimedDisparo, DisparoUpdate, delayed, paused
from chalicelib.dispatch.states import WaitReason

T = TypeVar("T")

PAIR_SPACING: Mapping[str, timedelta] = {Canal.WHATSAPP: timedelta(seconds=6)}
"""Between two messages to one person (Meta's pair rate limit, 131056: one in six seconds)."""

_WITH_A_PLACE = frozenset({WaitReason.LIMITE, WaitReason.CANAL_LENTO})


class ReadyDisparo(NamedTuple):
    """A disparo that could be sent now, and the message."""

    disparo: ClaimedDisparo
    mensagem: OutgoingMessage

    @property
    def has_place(self) -> bool:
        """Whether it comes at the place in the queue that the limiter gave it."""
        return self.disparo.espera in _WITH_A_PLACE


class Turns(NamedTuple):
    """Who stands for the limiter, by tenant, those with a place first; and who has to wait whatever it says."""

    prontos: Mapping[str, list[ReadyDisparo]]
    waiting: list[DisparoUpdate]


def turns_of(prontos: Iterable[ReadyDisparo], now: datetime) -> Turns:
    """One probe for a paused channel, one message for a person, and all others for the limiter; of one channel."""
    by_tenant: defaultdict[str, list[ReadyDisparo]] = defaultdict(list)
    waiting: list[DisparoUpdate] = []
    ahead: dict[tuple[str, str], int] = {}
    for each in sorted(prontos, key=_precedence):
        disparo = each.disparo
        if disparo.pausa is not None and disparo.tenant_id in by_tenant:
            waiting.append(paused(disparo, now))
            continue
        person = (disparo.tenant_id, disparo.destino)
        before = ahead[person] = ahead.get(person, -1) + 1
        spacing = PAIR_SPACING.get(disparo.canal)
        if before and spacing:
            waiting.append(delayed(disparo, WaitReason.DESTINO, now + before * spacing))
        else:
            by_tenant[disparo.tenant_id].append(each)
    return Turns(by_tenant, waiting)


def admit(prontos: Sequence[ReadyDisparo], resposta: RateGrant) -> tuple[list[ReadyDisparo], list[DisparoUpdate]]:
    """Of one tenant, in their order: who goes now, and the others with a place each."""
    marcados = [each for each in prontos if each.has_place]
    novos = [each for each in prontos if not each.has_place]
    going = marcados[: resposta.marcados] + novos[: resposta.novos]
    staying = marcados[resposta.marcados :] + novos[resposta.novos :]
    espera = _reason(resposta)
    places = (instant_of(resposta.vaga + number * resposta.intervalo) for number in range(len(staying)))
    return going, [delayed(each.disparo, espera, place) for each, place in zip(staying, places, strict=True)]


def round_robin(queues: Iterable[Sequence[T]]) -> list[T]:
    """One of each queue, then the next of each: nobody waits for a long queue to end."""
    rounds = zip_longest(*([(each,) for each in queue] for queue in queues), fillvalue=())
    return list(chain.from_iterable(chain.from_iterable(rounds)))


def _precedence(pronto: ReadyDisparo) -> tuple[bool, datetime | None, object]:
    """Those with a place in the order of their places, then the others in the order in which they were created."""
    disparo = pronto.disparo
    return (not pronto.has_place, disparo.esperou_ate if pronto.has_place else None, disparo.disparo_id)


def _reason(resposta: RateGrant) -> WaitReason:
    if resposta.sem_orcamento:
        return WaitReason.ORCAMENTO
    return WaitReason.CANAL_LENTO if resposta.falhas else WaitReason.LIMITE
