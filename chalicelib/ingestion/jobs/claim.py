"""A worker's claim on a job, to ingest its file or to undo it."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row


class JobClaim(NamedTuple):
    """A job that belongs to one worker until its lease lapses; `row` is the job as it was claimed."""

    tenant_id: str
    job_id: UUID
    worker: UUID
    row: Row

    @property
    def key(self) -> dict[str, Any]:
        """The parameters by which a query finds the job as long as this worker holds it."""
        return {"job_id": self.job_id, "worker": self.worker}
