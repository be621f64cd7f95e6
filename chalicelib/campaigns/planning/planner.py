"""Plans campaigns, slice by slice, and starts them when their time has come.

A slice is one transaction: its disparos, its lines of those left out, and the checkpoint. A worker that is killed at
any instruction leaves whole slices, and the next one goes on with the same rows. A worker that runs out of time hands
the campaign over through the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import Message, Queues, WakeupTarget, wakeup_body, wakeup_targets
from chalicelib.campaigns import moves
from chalicelib.campaigns.planning.audience import audience_of, slice_params
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.config import Settings
from chalicelib.errors import LeaseLost, Unavailable
from chalicelib.telemetry import logger

ID_NAME = "campanha_id"
"""The key of the row in the body of a wake-up."""

Remaining = Callable[[], int]


class Planner:
    """The worker behind the queue of campaigns; `database` is the owner's login.

    `wake` has a worker woken for what a tenant's campaigns may send.
    """

    def __init__(
        self,
        *,
        database: Database,
        queues: Queues,
        wake: Callable[[str], None],
        publish: Callable[[], int],
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._queues = queues
        self._wake = wake
        self._publish = publish
        self._settings = settings
        self._clock = clock

    def run(self, event: Mapping[str, Any], *, remaining_ms: Remaining) -> None:
        """Plan the campaigns that the messages name, as long as there is time, and start those that are due.

        Raises:
            Unavailable: a service that we depend on does not answer. SQS delivers the message again.
        """
        for target in wakeup_targets(event, ID_NAME):
            self._plan(target, remaining_ms)
            if self.start(target.tenant_id, target.row_id):
                self._publish()
            else:
                # It was resumed, perhaps.
                self._wake(target.tenant_id)

    def start(self, tenant_id: str, campanha_id: UUID) -> bool:
        """Start a campaign that is planned and due; whether it has started now."""
        now = self._clock()

        def work(rows: Rows) -> bool:
            if rows.one("start_campanha", campanha_id=campanha_id, agora=now) is None:
                return False
            moves.record(rows, campanha_id, CampaignStatus.AGENDADA, CampaignStatus.EM_ANDAMENTO, now)
            return True

        has_started = self._database.run(tenant_id, work)
        if has_started:
            self._wake(tenant_id)
        return has_started

    def _plan(self, target: WakeupTarget, remaining_ms: Remaining) -> None:
        """Plan a campaign as far as there is time. One that another worker plans, or that is planned, is left."""
        worker, now = uuid4(), self._clock()
        params = {"campanha_id": target.row_id, "worker": worker, "agora": now, "lease_ate": now + self._lease}
        if self._database.run(target.tenant_id, lambda rows: rows.one("claim_planning", **params)) is None:
            return
        try:
            while not self._plan_slice(target, worker):
                if remaining_ms() < self._settings.plan_time_margin_s * 1000:
                    self._release(target, worker)
                    body = wakeup_body(target.tenant_id, ID_NAME, target.row_id)
                    self._queues.send(self._settings.campaign_queue, [Message(body)])
                    return
        except LeaseLost:
            logger.warning("lease_lost", extra={"campanha_id": str(target.row_id)})
        except BaseException:
            self._release(target, worker)
            raise

    def _plan_slice(self, target: WakeupTarget, worker: UUID) -> bool:
        """Plan one slice. Returns whether it was the last one.

        Raises:
            LeaseLost: another worker has the campaign, or it is cancelled.
        """
        return self._database.run(target.tenant_id, lambda rows: self._plan_in(rows, target.row_id, worker))

    def _plan_in(self, rows: Rows, campanha_id: UUID, worker: UUID) -> bool:
        campaign = rows.one("lock_planning", campanha_id=campanha_id, worker=worker)
        if campaign is None:
            raise LeaseLost
        most = self._settings.plan_slice_leads
        [planned] = rows.all(
            "plan_slice",
            **slice_params(campaign, audience_of(rows, campaign, campaign["publico_em"]), most),
            piloto_restam=self._pilots_left(rows, campaign),
            max_tentativas=self._settings.max_tentativas,
        )
        is_last = bool(planned["leads"] < most)
        now = self._clock()
        rows.run(
            "advance_planning",
            campanha_id=campanha_id,
            worker=worker,
            ultimo=planned["ultimo"],
            terminou=is_last,
            agora=now,
            lease_ate=now + self._lease,
        )
        return is_last

    def _pilots_left(self, rows: Rows, campaign: Row) -> int:
        """How many of the next recipients are of the pilot, where it has the first so many."""
        if campaign["piloto"] is None or campaign["piloto_percentual"]:
            return 0
        [pilots] = rows.all("count_pilot", campanha_id=campaign["campanha_id"])
        return int(campaign["piloto"] - pilots["quantos"])

    def _release(self, target: WakeupTarget, worker: UUID) -> None:
        """Give the campaign back. If the database is away, its lease lapses by itself."""
        try:
            self._database.run(
                target.tenant_id, lambda rows: rows.run("release_planning", campanha_id=target.row_id, worker=worker)
            )
        except Unavailable:
            logger.warning("campanha_not_released", extra={"campanha_id": str(target.row_id)})

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self._settings.plan_lease_s)
