"""Finds the refused rows of files that are about a person: no index does, so all are read, stretch by stretch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Database, Rows
from chalicelib.privacy.subjects import SubjectSlice

STRETCH = 20_000
"""Refused rows that are read in one transaction."""
_Place = tuple[UUID, int, int]
_START: _Place = (UUID(int=0), 0, 0)


class RefusedRows(NamedTuple):
    """Refused rows of a person: the jobs and rows of the sheets as JSON, and the jobs alone."""

    as_json: str
    job_ids: frozenset[UUID]


def refused_rows(database: Database, tenant_id: str, person: SubjectSlice, *, stretch: int = STRETCH) -> RefusedRows:
    """The refused rows that mention a person, or that are of a row that became one of the person's leads."""
    found: dict[tuple[str, int], None] = {}
    params = {"mencao": person.mention, "lead_ids": list(person.lead_ids), "limite": stretch}
    place: _Place | None = _START
    while place is not None:
        place = database.run(tenant_id, _stretch(params, place, found))
    as_json = json.dumps([{"job_id": job_id, "linha": line} for job_id, line in found])
    return RefusedRows(as_json, frozenset(UUID(job_id) for job_id, _ in found))


def _stretch(
    params: dict[str, Any], place: _Place, found: dict[tuple[str, int], None]
) -> Callable[[Rows], _Place | None]:
    """Read one stretch, and note the rows of the person; the place of the next one."""
    job_id, line, position = place

    def work(rows: Rows) -> _Place | None:
        row = rows.one("scan_titular_erros", job_id=job_id, linha=line, ordem=position, **params)
        if row is None:
            return None
        found.update(dict.fromkeys((job, number) for job, number in row["deles"]))
        return (row["job_id"], row["linha"], row["ordem"]) if row["lidos"] == params["limite"] else None

    return work
