"""Undoes a job: takes back its merges into older leads, and removes its own leads. States: docs/states.md.

What somebody has touched since stays, and is counted. The API only takes the request, because its login may remove
nothing. A worker does it, batch by batch: first the merges, then the leads. Each batch is one transaction, with its
counts and its checkpoint. If the worker is killed, another one goes on, as with any job.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import Queues
from chalicelib.config import Settings
from chalicelib.errors import Conflict, LeaseLost, NotFound, Unavailable
from chalicelib.ids import first_id
from chalicelib.ingestion.jobs.claim import JobClaim
from chalicelib.ingestion.jobs.jobs import FINAL, described, wake, wakeup_message
from chalicelib.telemetry import logger

# The ids of a job's leads begin with the time of its workers' clocks, which differ by no more than this.
_SLACK = timedelta(days=1)
_UNTOUCHED = ""

Remaining = Callable[[], int]


class Undo:
    """Takes requests to undo jobs; `database` is the API's login."""

    def __init__(self, *, database: Database, queues: Queues, queue: str, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._queue = queue
        self._clock = clock

    def request(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """The job, with how far its undoing is. A request cannot be taken back; a second one changes nothing.

        Raises:
            NotFound: the tenant has no such job.
            Conflict: `job_nao_terminou`; `nada_a_desfazer`, for a dry run.
        """
        now = self._clock()

        def ask(rows: Rows) -> Row | None:
            return rows.one("request_undo", job_id=job_id, agora=now) or rows.one("job_by_id", job_id=job_id)

        row = self._database.run(tenant_id, ask)
        if row is None:
            raise NotFound("nao_encontrado")
        if row["validar_apenas"]:
            raise Conflict("nada_a_desfazer")
        if row["status"] not in FINAL:
            raise Conflict("job_nao_terminou", status=row["status"])
        if row["desfeito_em"] is None:
            wake(self._queues, self._queue, tenant_id, job_id)
        return described(row, now)


class Undoing:
    """Undoes jobs; `database` is the login that owns the lead tables."""

    def __init__(self, *, database: Database, queues: Queues, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._settings = settings
        self._clock = clock

    def run(self, tenant_id: str, job_id: UUID, *, remaining_ms: Remaining) -> None:
        """Undo a job as far as there is time. A job that nobody asked to undo, or that another worker has, is left.

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

    def _claim(self, tenant_id: str, job_id: UUID) -> JobClaim | None:
        now, worker = self._clock(), uuid4()
        params = {"job_id": job_id, "worker": worker, "agora": now, "lease_ate": now + self._settings.ingest_lease}
        row = self._database.run(tenant_id, lambda rows: rows.one("claim_undo", **params))
        return None if row is None else JobClaim(tenant_id, job_id, worker, row)

    def _remove(self, claim: JobClaim) -> bool:
        """Remove one batch of leads. Returns whether it was the last one.

        Raises:
            LeaseLost: another worker has the job.
        """
        return self._database.run(claim.tenant_id, lambda rows: self._remove_in(rows, claim))

    def _remove_in(self, rows: Rows, claim: JobClaim) -> bool:
        job = rows.one("lock_claimed_undo", **claim.key)
        if job is None:
            raise LeaseLost
        rows.run("lock_tenant_for_ingestion")
        most = self._settings.ingest_batch_rows
        # A statement of its own: the next one then sees what the former holders of these locks have committed.
        [merges] = rows.all("lock_merges_to_undo", job_id=claim.job_id, limite=most)
        if merges["mesclas"]:
            merged = _by_reason(rows.all("undo_merges", job_id=claim.job_id, ultimo=merges["ultimo"]))
            self._advance(rows, claim, job, job["desfazer_depois"], merged=merged)
            return False
        after = job["desfazer_depois"] or first_id(claim.row["criado_em"] - _SLACK)
        until = first_id(claim.row["concluido_em"] + _SLACK)
        place = {"job_id": claim.job_id, "depois": after}
        [locked] = rows.all("lock_leads_to_undo", **place, ate=until, limite=most)
        last = locked["ultimo"] or after
        created = _by_reason(rows.all("remove_untouched_leads", **place, ultimo=last))
        is_last = bool(locked["leads"] < most)
        self._advance(rows, claim, job, last, created=created, is_last=is_last)
        return is_last

    def _advance(
        self,
        rows: Rows,
        claim: JobClaim,
        job: Row,
        last: UUID | None,
        *,
        created: Counter[str] | None = None,
        merged: Counter[str] | None = None,
        is_last: bool = False,
    ) -> None:
        """Record a batch: its created leads or its merges by the reason to keep them. `last` is the id of the last lead
        that was created.
        """
        now = self._clock()
        created, merged = created or Counter(), merged or Counter()
        undone = rows.all(
            "advance_undo",
            **claim.key,
            ultimo=last,
            removidos=created.pop(_UNTOUCHED, 0),
            mantidos=json.dumps(Counter(job["leads_mantidos"]) + created),
            desfeitas=merged.pop(_UNTOUCHED, 0),
            mesclas_mantidas=json.dumps(Counter(job["mesclas_mantidas"]) + merged),
            terminou=is_last,
            agora=now,
            lease_ate=now + self._settings.ingest_lease,
        )
        if is_last:
            [row] = undone
            events.record(rows, "ingest.job_undone", now, job_id=claim.job_id, **row)

    def _hand_over(self, claim: JobClaim) -> None:
        self._release(claim)
        self._queues.send(self._settings.ingest_queue, [wakeup_message(claim.tenant_id, claim.job_id)])

    def _release(self, claim: JobClaim) -> None:
        """Give the job back. If the database is away, its lease lapses by itself."""
        now = self._clock()
        try:
            self._database.run(claim.tenant_id, lambda rows: rows.run("release_undo", **claim.key, agora=now))
        except Unavailable:
            logger.warning("job_not_released", extra={"job_id": str(claim.job_id)})


def _by_reason(found: Iterable[Row]) -> Counter[str]:
    return Counter({row["motivo"]: row["leads"] for row in found})
