"""What the bucket holds of a person: uploads, error reports and exports.

A workbook holds a person among thousands, and may hold them where nothing of ours says so: as a row that was ignored.
So no upload can be told to be without them. It has done its work when its job has ended: what it held stands in the
leads. An erasure deletes every upload of the tenant that no job reads any more, and every exported file. The law asks
for that: data whose purpose is reached is deleted (Lei 13.709/2018, art. 15 I and art. 16). The tenant has the file
that it uploaded. An error report is written anew without the person's rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from chalicelib.adapters.storage import Storage

RewriteReport = Callable[[str, UUID], bool]
"""Writes the report of a tenant's job anew; whether it had one (`Reports.rewrite`)."""

UPLOADS, EXPORTS, REPORTS = "arquivos", "exportacoes", "relatorios"
# An object that no job names yet has just been dropped: its notification is on its way.
_NOTIFIED_WITHIN = timedelta(days=1)


class SubjectFiles:
    """The objects of tenants that may hold a person."""

    def __init__(self, *, storage: Storage, rewrite: RewriteReport) -> None:
        self._storage = storage
        self._rewrite = rewrite

    def delete_copies(self, tenant_id: str, jobs: Mapping[str, bool], now: datetime) -> Counter[str]:
        """Delete every upload that no job reads any more, and every export; how many of each.

        `jobs` says of each object that a job names whether the job still reads it.

        Raises:
            Unavailable: S3 does not answer; some may be deleted.
        """
        uploads = [
            each.key
            for each in self._storage.listed(f"leads/{tenant_id}/")
            if not jobs.get(each.key, each.written_at > now - _NOTIFIED_WITHIN)
        ]
        exports = [each.key for each in self._storage.listed(f"exportacoes/{tenant_id}/")]
        self._storage.delete([*uploads, *exports])
        return +Counter({UPLOADS: len(uploads), EXPORTS: len(exports)})

    def rewrite_reports(self, tenant_id: str, job_ids: Iterable[UUID]) -> int:
        """Write the reports of these jobs anew; how many there were.

        Raises:
            Unavailable: S3 or the database does not answer.
        """
        return sum(self._rewrite(tenant_id, job_id) for job_id in sorted(set(job_ids)))

    def delete_old(
        self, tenant_id: str, jobs: Mapping[str, bool], *, uploads_before: datetime, reports_before: datetime,
        exports_before: datetime,
    ) -> int:  # fmt: skip
        """Delete what was written before these times, uploads that a job still reads apart; how many objects.

        Raises:
            Unavailable: S3 does not answer; some may be deleted.
        """
        limits = {"leads": uploads_before, "erros": reports_before, "exportacoes": exports_before}
        old = [
            each.key
            for folder, before in limits.items()
            for each in self._storage.listed(f"{folder}/{tenant_id}/")
            if each.written_at < before and not jobs.get(each.key, False)
        ]
        self._storage.delete(old)
        return len(old)
