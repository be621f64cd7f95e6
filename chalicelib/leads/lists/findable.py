"""Copies what searches need of leads into indexes of their own, behind the load: a part of the sweep.

The leads of a job are copied once it has ended, and a lead that has changed within a minute (migration 070). Until then
the look-ups find it in the lead itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows

_JOBS = 100
# Leads of one transaction: who changes one of them waits for its end.
_SLICE = 5_000
# A sweep has other work, and the next one goes on.
_PATIENCE = timedelta(seconds=20)


class FindableLeads:
    """Makes leads findable; `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock, slice_size: int = _SLICE) -> None:
        self._database = database
        self._clock = clock
        self._slice_size = slice_size

    def copy(self) -> int:
        """Copy the leads that changed, then those of jobs that have ended; how many leads these are."""
        until = self._clock() + _PATIENCE
        tenants = self._database.run_across_tenants(lambda rows: rows.all("list_tenants_to_copy"))
        jobs = self._database.run_across_tenants(lambda rows: rows.all("list_jobs_to_copy", limite=_JOBS))
        changed = sum(self._copy_changed(each["tenant_id"]) for each in tenants)
        return changed + sum(self._copy_job(job, until) for job in jobs)

    def _copy_changed(self, tenant_id: str) -> int:
        """Copy the leads that were changed until now."""

        def work(rows: Rows) -> int:
            rows.one("lock_buscas")
            found = [row["lead_id"] for row in rows.all("lock_leads_to_copy", limite=self._slice_size)]
            rows.run("take_leads_to_copy", lead_ids=json.dumps(found, default=str))
            return _write(rows, found)

        total = copied = self._database.run(tenant_id, work)
        while copied == self._slice_size:
            total += (copied := self._database.run(tenant_id, work))
        return total

    def _copy_job(self, job: Row, until: datetime) -> int:
        """Copy the leads of a job slice by slice, as long as there is time, and note how far that came."""
        place: UUID | None = job["buscas_ate"]
        total = 0
        while self._clock() <= until:
            found = self._database.run(job["tenant_id"], partial(self._copy_slice, job=job, after=place))
            total += len(found)
            if len(found) < self._slice_size:
                break
            place = found[-1]
        return total

    def _copy_slice(self, rows: Rows, *, job: Row, after: UUID | None) -> Sequence[UUID]:
        rows.one("lock_buscas")
        leads = rows.all("leads_of_job_to_copy", job_id=job["job_id"], depois=after, limite=self._slice_size)
        found = [row["lead_id"] for row in leads]
        _write(rows, found)
        is_last = len(found) < self._slice_size
        noted = {"copiados": job["leads_criados"], "ate": None} if is_last else {"copiados": None, "ate": found[-1]}
        rows.run("note_copy_of_job", job_id=job["job_id"], **noted)
        return found


def _write(rows: Rows, lead_ids: Sequence[UUID]) -> int:
    written = json.dumps(lead_ids, default=str)
    rows.run("write_buscas", lead_ids=written)
    rows.run("forget_erased_buscas", lead_ids=written)
    return len(lead_ids)
