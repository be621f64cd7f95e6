"""Paused channels: those that turned their messages away, and what happens when they are back.

A pause of ours ends when one message, the probe, gets through; one that a person made ends when a person says so. What
waits for a channel is let go by whoever ends the pause, as far as a transaction reaches, and by the sweep beyond that.
One of each tenant's is woken: whoever comes takes up what else is due, and arranges the next wake-up (`Claims`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.rules.policy import DisparoUpdate, StepKind
from chalicelib.dispatch.wakeups import IN_A_MOMENT, Wakeup, Wakeups, first_of

# What shows that a channel is back: the provider took a message, or had something to say about one alone.
_ALIVE = frozenset({StepKind.ENVIADO, StepKind.PERMANENTE})
_MOST_RELEASED = 1_000
_ROUNDS = 5


class PausedChannels:
    """The sweep's part of it; `database` is the owner's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock

    def tend(self) -> int:
        """Let go of what waits for channels that are back, and wake a probe for each that was not tried in time."""
        total = 0
        for _ in range(_ROUNDS):
            released = self._release()
            total += released
            if released < _MOST_RELEASED:
                break
        return total + self._probe()

    def _release(self) -> int:
        with self._database.across_tenants() as rows:
            found = _release(rows, self._clock())
        self._wakeups.arrange(first_of(found))
        return len(found)

    def _probe(self) -> int:
        with self._database.across_tenants() as rows:
            found = rows.all("wake_probes", agora=self._clock())
        self._wakeups.arrange(Wakeup(row["tenant_id"], row["disparo_id"], row["enviar_apos"]) for row in found)
        return len(found)


def follow_attempts(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> list[Wakeup]:
    """Pause the channels that turned their messages away; resume those whose probe got through, and wake who waited."""
    down: dict[tuple[str, str], tuple[str | None, datetime | None]] = {}
    alive: set[tuple[str, str]] = set()
    for each in recorded:
        channel = (each.disparo.tenant_id, each.disparo.canal)
        if each.passo.classe is StepKind.CANAL_FORA:
            down.setdefault(channel, (each.passo.codigo, each.enviar_apos))
        elif each.disparo.is_probe and each.passo.classe in _ALIVE:
            alive.add(channel)
    if down:
        codes, probes = zip(*down.values(), strict=True)
        rows.run("pause_canais", **_names(down), codigos=list(codes), sondas=list(probes), agora=now)
    if not alive:
        return []
    rows.run("resume_canais", **_names(sorted(alive)))
    return first_of(_release(rows, now))


def _release(rows: Rows, now: datetime) -> list[Row]:
    """Let go of what waited for channels that are no longer paused, up to a thousand."""
    return rows.all("release_disparos", agora=now, acordado_em=now + IN_A_MOMENT, limite=_MOST_RELEASED)


def _names(channels: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    pairs = list(channels)
    return {"tenant_ids": [tenant_id for tenant_id, _ in pairs], "canais": [canal for _, canal in pairs]}
