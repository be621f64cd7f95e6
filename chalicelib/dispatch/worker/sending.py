"""The ledger of a batch that is being sent: each portion is marked before it leaves and recorded when it ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import Attempt, ChannelDown
from chalicelib.dispatch.rules.limiter import RateGrant
from chalicelib.dispatch.rules.policy import ClaimedDisparo, DisparoUpdate
from chalicelib.dispatch.rules.turns import ReadyDisparo
from chalicelib.dispatch.states import LEAD_FACTS
from chalicelib.dispatch.worker.claims import Claim, Claims, Recorded
from chalicelib.dispatch.worker.limits import Limits, Tried
from chalicelib.telemetry import Metric, count, logger

Conclude = Callable[[ClaimedDisparo, Attempt, datetime | None], DisparoUpdate]
"""What an attempt makes of a disparo; the time is until when its channel rests."""


class SendingLedger:
    """What a sender does with the disparos of one channel (`channels.senders.Ledger`); places are those of `going`.

    `follow` does what follows from a commit. `concluded` counts the disparos that were recorded here or taken over by
    another worker; `has_ends` says whether one ended without reaching its lead.
    """

    def __init__(
        self,
        *,
        canal: Canal,
        claim: Claim,
        going: Sequence[ReadyDisparo],
        grants: Mapping[str, RateGrant],
        asked_at: datetime,
        claims: Claims,
        limits: Limits,
        conclude: Conclude,
        follow: Callable[[Recorded, int], None],
    ) -> None:
        self._canal = canal
        self._claim = claim
        self._going = going
        self._grants = grants
        self._asked_at = asked_at
        self._claims = claims
        self._limits = limits
        self._conclude = conclude
        self._follow = follow
        self.concluded = 0
        self.has_ends = False

    def advance(self, ended: Mapping[int, Attempt], begin: Sequence[int]) -> Collection[int]:
        """Record the attempts that ended, and mark the next portion as begun; which of that may be sent.

        A disparo that may not be sent was taken over by another worker, or its campaign or channel has been paused.

        Raises:
            Unavailable: the database does not answer; then nothing more may be sent.
        """
        tried = [(self._going[place].disparo, attempt) for place, attempt in ended.items()]
        updates = self._concluded(tried)
        recorded = self._claims.record(self._claim, updates, [self._going[place].disparo for place in begin])
        begun = [place for place in begin if self._key(place) in recorded.begun]
        if len(begun) < len(begin):
            unbegun = [self._going[place].disparo for place in set(begin) - set(begun)]
            self._claims.give_back(self._claim, unbegun)
            self._limits.give_back(self._canal, unbegun, self._claim.configs, self._asked_at)
        self.concluded += len(updates) + len(begin) - len(begun)
        self.has_ends = self.has_ends or any(each.status in LEAD_FACTS for each in updates)
        self._follow(recorded, len(updates))
        return begun

    def _concluded(self, tried: Sequence[Tried]) -> list[DisparoUpdate]:
        if not tried:
            return []
        _report_down(self._canal, tried)
        rests = self._limits.settle(self._canal, tried, self._claim.configs, self._grants, self._asked_at)
        return [self._conclude(disparo, attempt, rests.get(disparo.tenant_id)) for disparo, attempt in tried]

    def _key(self, place: int) -> tuple[str, object]:
        disparo = self._going[place].disparo
        return disparo.tenant_id, disparo.disparo_id


def _report_down(canal: Canal, tried: Iterable[Tried]) -> None:
    """An alarm for each tenant whose channel turned its messages away."""
    down = {
        (disparo.tenant_id, attempt.outcome.code)
        for disparo, attempt in tried
        if isinstance(attempt.outcome, ChannelDown)
    }
    for tenant_id, code in sorted(down):
        logger.error("channel_down", extra={"canal": canal.value, "tenant": tenant_id, "codigo": code})
        count(Metric.CHANNEL_DOWN, 1, tenant_id=tenant_id)
