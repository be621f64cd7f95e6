"""Paused channels: pausing those that turn messages away, trying them again, and releasing what waited for them.

A pause of ours ends when one message, the probe, gets through. A pause that a person made ends when a person says so.
The transaction that ends a pause releases a thousand waiting disparos; the sweep releases the rest. One disparo of each
tenant is woken: the worker claims what else is due and arranges the next wake-up (`claims`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.rules.policy import NOT_BEGUN, ClaimedDisparo, DisparoUpdate, StepKind
from chalicelib.dispatch.wakeups import IN_A_MOMENT, Wakeup, Wakeups, first_of

# Proof that a channel works again: the provider accepted the message, or refused that one message alone.
_ALIVE = frozenset({StepKind.ENVIADO, StepKind.PERMANENTE})
_MOST_RELEASED = 1_000
_ROUNDS = 5

_Channel = tuple[str, str]


class PausedChannels:
    """The sweep's part of pauses; `database` is the owner's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock

    def tend(self) -> int:
        """Release what waits for channels that are back, and wake a probe for each that is due; how many disparos."""
        total = 0
        for _ in range(_ROUNDS):
            released = self._release()
            total += released
            if released < _MOST_RELEASED:
                break
        return total + self._probe()

    def _release(self) -> int:
        now = self._clock()
        found = self._database.run_across_tenants(lambda rows: _release(rows, now))
        self._wakeups.arrange(first_of(found))
        return len(found)

    def _probe(self) -> int:
        now = self._clock()
        found = self._database.run_across_tenants(lambda rows: rows.all("wake_probes", agora=now))
        self._wakeups.arrange(Wakeup(row["tenant_id"], row["disparo_id"], row["enviar_apos"]) for row in found)
        return len(found)


class UnbegunDisparos:
    """The sweep's part of claims: what a dead worker had claimed and not begun. `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def release(self) -> int:
        """Put those back to `pendente` whose lease lapsed; how many."""
        params = {"agora": self._clock(), "limite": _MOST_RELEASED, "nao_iniciado": NOT_BEGUN}
        return self._database.run_across_tenants(lambda rows: rows.run("release_unbegun_disparos", **params))


def follow_attempts(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> list[Wakeup]:
    """Pause the channels that turned messages away; resume those whose probe got through, and release what waited."""
    updates = list(recorded)
    down = channels_down(updates)
    alive = {channel_of(each.disparo) for each in updates if each.disparo.is_probe and each.step.kind in _ALIVE}
    if down:
        codes, probes = zip(*down.values(), strict=True)
        rows.run("pause_canais", **_names(down), codigos=list(codes), sondas=list(probes), agora=now)
    if not alive:
        return []
    rows.run("resume_canais", **_names(sorted(alive)))
    return first_of(_release(rows, now))


def channels_down(updates: Iterable[DisparoUpdate]) -> dict[_Channel, tuple[str | None, datetime | None]]:
    """The channels that turned these messages away: the code of the first one, and when to try the channel again."""
    down: dict[_Channel, tuple[str | None, datetime | None]] = {}
    for each in updates:
        if each.step.kind is StepKind.CANAL_FORA:
            down.setdefault(channel_of(each.disparo), (each.step.code, each.enviar_apos))
    return down


def channel_of(disparo: ClaimedDisparo) -> _Channel:
    """The tenant and the channel of a disparo."""
    return disparo.tenant_id, disparo.canal.value


def _release(rows: Rows, now: datetime) -> list[Row]:
    """Release what waited for channels that are no longer paused, up to a thousand disparos."""
    return rows.all("release_disparos", agora=now, acordado_em=now + IN_A_MOMENT, limite=_MOST_RELEASED)


def _names(channels: Iterable[_Channel]) -> dict[str, list[str]]:
    pairs = list(channels)
    return {"tenant_ids": [tenant_id for tenant_id, _ in pairs], "canais": [canal for _, canal in pairs]}
