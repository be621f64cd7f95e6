"""A worker's claim on a job, to ingest its file or to undo it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row


class Checkpoint(NamedTuple):
    """How far a job has come: the spreadsheet row of the last committed one, and how many rows were committed."""

    ultima_linha: int
    linhas_processadas: int

    @classmethod
    def of(cls, job: Row) -> Checkpoint:
        """The checkpoint of a job as the database has it."""
        return cls(job["ultima_linha"], job["linhas_processadas"])

    def after(self, last_row: int, row_count: int) -> Checkpoint:
        """The checkpoint after `row_count` more rows, of which `last_row` is the last."""
        return Checkpoint(last_row, self.linhas_processadas + row_count)


@dataclass(slots=True)
class JobClaim:
    """A job that belongs to one worker until its lease lapses; `row` is the job as it was claimed.

    `checkpoint` is what this worker knows to be committed; it moves with each batch.
    """

    tenant_id: str
    job_id: UUID
    worker: UUID
    row: Row
    checkpoint: Checkpoint = field(init=False)

    def __post_init__(self) -> None:
        self.checkpoint = Checkpoint.of(self.row)

    @property
    def key(self) -> dict[str, Any]:
        """The parameters by which a query finds the job as long as this worker holds it."""
        return {"job_id": self.job_id, "worker": self.worker}
