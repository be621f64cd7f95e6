"""The order in which disparos leave: one probe for a paused channel, space between messages to one person, and places.

Pure. The caller asks the limiter between `turns_of` and `admit`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import NamedTuple, TypeVar, assert_never
from uuid import UUID

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.dispatch.rules.limiter import RateGrant, instant_of
from chalicelib.dispatch.rules.policy import ClaimedDisparo, DisparoUpdate, delayed, paused
from chalicelib.dispatch.states import WaitReason

T = TypeVar("T")

_WHATSAPP_PAIR_SPACING = timedelta(seconds=6)
_WITH_A_PLACE = frozenset({WaitReason.LIMITE, WaitReason.CANAL_LENTO})


class ReadyDisparo(NamedTuple):
    """A disparo that may be sent now, and its message."""

    disparo: ClaimedDisparo
    message: OutgoingMessage

    @property
    def has_place(self) -> bool:
        """Whether it comes at the place in the queue that the limiter gave it."""
        return self.disparo.espera in _WITH_A_PLACE


class Turns(NamedTuple):
    """The disparos that ask the limiter, by tenant, those with a place first; and those that must wait anyway."""

    ready: Mapping[str, list[ReadyDisparo]]
    waiting: list[DisparoUpdate]


def pair_spacing(canal: Canal) -> timedelta | None:
    """The least time between two messages to one person; None where the channel has no such limit.

    WhatsApp: one message in six seconds (Meta's pair rate limit, 131056).
    """
    match canal:
        case Canal.WHATSAPP:
            return _WHATSAPP_PAIR_SPACING
        case Canal.EMAIL:
            return None
        case _:
            assert_never(canal)


def turns_of(ready: Iterable[ReadyDisparo], now: datetime) -> Turns:
    """Let one probe of a paused channel and one message per person through to the limiter; all are of one channel."""
    by_tenant: defaultdict[str, list[ReadyDisparo]] = defaultdict(list)
    waiting: list[DisparoUpdate] = []
    ahead: dict[tuple[str, str], int] = {}
    for each in sorted(ready, key=_precedence):
        disparo = each.disparo
        if disparo.pausa is not None and disparo.tenant_id in by_tenant:
            waiting.append(paused(disparo, now))
            continue
        person = (disparo.tenant_id, disparo.destino)
        before = ahead[person] = ahead.get(person, -1) + 1
        spacing = pair_spacing(disparo.canal)
        if before and spacing:
            waiting.append(delayed(disparo, WaitReason.DESTINO, now + before * spacing))
        else:
            by_tenant[disparo.tenant_id].append(each)
    return Turns(by_tenant, waiting)


def admit(ready: Sequence[ReadyDisparo], grant: RateGrant) -> tuple[list[ReadyDisparo], list[DisparoUpdate]]:
    """Split the disparos of one tenant, in their order: those that leave now, and the others, each with its place."""
    with_place = [each for each in ready if each.has_place]
    without_place = [each for each in ready if not each.has_place]
    going = with_place[: grant.marcados] + without_place[: grant.novos]
    staying = with_place[grant.marcados :] + without_place[grant.novos :]
    reason = _reason(grant)
    places = (instant_of(grant.vaga + number * grant.intervalo) for number in range(len(staying)))
    return going, [delayed(each.disparo, reason, place) for each, place in zip(staying, places, strict=True)]


def round_robin(queues: Iterable[Sequence[T]]) -> list[T]:
    """The first of each queue, then the second of each, and so on: no queue waits for the end of a longer one."""
    rounds = zip_longest(*([(each,) for each in queue] for queue in queues), fillvalue=())
    return list(chain.from_iterable(chain.from_iterable(rounds)))


def _precedence(ready: ReadyDisparo) -> tuple[bool, datetime | None, UUID]:
    """Sorts those with a place by their places, then the others by when they were created (ids are UUIDv7)."""
    disparo = ready.disparo
    return (not ready.has_place, disparo.esperou_ate if ready.has_place else None, disparo.disparo_id)


def _reason(grant: RateGrant) -> WaitReason:
    if grant.sem_orcamento:
        return WaitReason.ORCAMENTO
    return WaitReason.CANAL_LENTO if grant.falhas else WaitReason.LIMITE
