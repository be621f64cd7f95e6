"""Takes a job back: removes the leads that it created and that nobody has touched since. States: docs/states.md.

The API asks for it and cannot do it: its login may remove nothing. A worker does it, batch by batch, each in one
transaction with its counts and its checkpoint; one that is killed is followed by another, as with any job.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.adapters.queues import Queues
from chalicelib.config import Settings
from chalicelib.errors import Conflict, LeaseLost, NotFound, Unavailable
from chalicelib.ids import first_id
from chalicelib.ingestion.jobs.jobs import FINAL, described, wake, wake_up
from chalicelib.telemetry import logger

# The ids of a job's leads begin with the times of its workers' clocks; these are no further apart than that.
_SLACK = timedelta(days=1)
_UNTOUCHED = ""

Remaining = Callable[[], int]


class Undo:
    """Asks for jobs to be undone; `database` is the API's login."""

    def __init__(self, *, database: Database, queues: Queues, queue: str, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._queue = queue
        self._clock = clock

    def request(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """The job with how far its undoing is: once asked for it stays so, and asking again only answers.

        Raises:
            NotFound: the tenant has no such job.
            Conflict: `job_nao_terminou`; `nada_a_desfazer`, for a dry run.
        """
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("request_undo", tenant_id=tenant_id, job_id=job_id, agora=now)
            row = row or rows.one("job_by_id", tenant_id=tenant_id, job_id=job_id)
        if row is None:
            raise NotFound("nao_encontrado")
        if row["validar_apenas"]:
            raise Conflict("nada_a_desfazer")
        if row["status"] not in FINAL:
            raise Conflict("job_nao_terminou", status=row["status"])
        if row["desfeito_em"] is None:
            wake(self._queues, self._queue, tenant_id, job_id)
        return described(row, now)


class _Claim(NamedTuple):
    """The undoing of a job, ours for as long as our lease lasts."""

    tenant_id: str
    job_id: UUID
    worker: UUID
    row: Row

    @property
    def key(self) -> dict[str, Any]:
        """The parameters by which a query finds it as ours."""
        return {"tenant_id": self.tenant_id, "job_id": self.job_id, "worker": self.worker}


class Undoing:
    """Undoes jobs; `database` is the login that owns the lead tables."""

    def __init__(self, *, database: Database, queues: Queues, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._settings = settings
        self._clock = clock

    def run(self, tenant_id: str, job_id: UUID, *, remaining_ms: Remaining) -> None:
        """Undo a job as far as there is time; one that is not to be undone, or not to be had, is left.

        Raises:
            Unavailable: the database or the queue does not answer.
        """
        if (claim := self._claim(tenant_id, job_id)) is None:
            return
        try:
            while not self._remove(claim):
                if remaining_ms() < self._settings.ingest_time_margin_s * 1000:
                    self._hand_over(claim)
                    return
        except LeaseLost:
            logger.warning("lease_lost", extra={"job_id": str(job_id)})
        except BaseException:
            self._release(claim)
            raise

    def _claim(self, tenant_id: str, job_id: UUID) -> _Claim | None:
        now, worker = self._clock(), uuid4()
        claim = _Claim(tenant_id, job_id, worker, {})
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("claim_undo", **claim.key, agora=now, lease_ate=now + self._settings.ingest_lease)
        return None if row is None else claim._replace(row=row)

    def _remove(self, claim: _Claim) -> bool:
        """One batch; whether it was the last.

        Raises:
            LeaseLost: another worker has the job.
        """

        def work() -> bool:
            with self._database.transaction(claim.tenant_id) as rows:
                return self._remove_in(rows, claim)

        return retried(work)

    def _remove_in(self, rows: Rows, claim: _Claim) -> bool:
        job = rows.one("lock_claimed_undo", **claim.key)
        if job is None:
            raise LeaseLost
        rows.run("lock_tenant_for_ingestion", tenant_id=claim.tenant_id)
        most = self._settings.ingest_batch_rows
        depois = job["desfazer_depois"] or first_id(claim.row["criado_em"] - _SLACK)
        ate = first_id(claim.row["concluido_em"] + _SLACK)
        place = {"tenant_id": claim.tenant_id, "job_id": claim.job_id, "depois": depois}
        # In a statement of its own: what the next one sees is what those left behind who held these leads before us.
        [locked] = rows.all("lock_leads_to_undo", **place, ate=ate, limite=most)
        ultimo = locked["ultimo"] or depois
        found = {row["motivo"]: row["leads"] for row in rows.all("remove_untouched_leads", **place, ultimo=ultimo)}
        is_last = bool(locked["leads"] < most)
        self._advance(rows, claim, job, found, ultimo, is_last=is_last)
        return is_last

    def _advance(
        self, rows: Rows, claim: _Claim, job: Row, found: dict[str, int], ultimo: UUID, *, is_last: bool
    ) -> None:
        now = self._clock()
        removidos = found.pop(_UNTOUCHED, 0)
        mantidos = Counter(job["leads_mantidos"]) + Counter(found)
        undone = rows.all(
            "advance_undo",
            **claim.key,
            ultimo=ultimo,
            removidos=removidos,
            mantidos=json.dumps(mantidos),
            terminou=is_last,
            agora=now,
            lease_ate=now + self._settings.ingest_lease,
        )
        if is_last:
            [row] = undone
            detail = {"leads_removidos": row["leads_removidos"], "leads_mantidos": row["leads_mantidos"]}
            events.record(rows, claim.tenant_id, "ingest.job_undone", now, job_id=claim.job_id, **detail)

    def _hand_over(self, claim: _Claim) -> None:
        self._release(claim)
        self._queues.send(self._settings.ingest_queue, [wake_up(claim.tenant_id, claim.job_id)])

    def _release(self, claim: _Claim) -> None:
        """Let go of it, else its lease lapses by itself."""
        try:
            with self._database.transaction(claim.tenant_id) as rows:
                rows.run("release_undo", **claim.key, agora=self._clock())
        except Unavailable:
            logger.warning("job_not_released", extra={"job_id": str(claim.job_id)})
