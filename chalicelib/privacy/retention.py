"""The clock of retention: blanks and deletes personal data that a tenant has kept as long as it may.

Each tenant says how long (`retencao` in its configuration). Work is done in slices, each in a short transaction that
skips what somebody holds. Tenants take turns, so that a large one holds up no other. What time leaves over is done an
hour later: what is done is not found again, so nothing has to be remembered.

A disparo keeps its row, its state and its times; its text goes. It finishes erasures, too: what came to a lead while it
was being erased.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.ids import first_id
from chalicelib.privacy.bucket import SubjectFiles
from chalicelib.privacy.erasure import erase_leads, stop_disparos
from chalicelib.telemetry import logger
from chalicelib.tenants.config import RetentionPeriods, config_of

SLICE = 1_000
"""Rows of one transaction."""
_EXPORTS_KEPT = timedelta(days=1)
_AUDIT_KEPT = timedelta(days=2 * 365)
"""The same for every tenant: none may shorten the memory of what was done."""
_TIME = timedelta(minutes=4)
"""After which no slice begins: the function has five minutes."""

Part = Callable[[Rows, datetime, RetentionPeriods, int], int]
"""A slice of one kind of data: how many rows it took; fewer than it may take if there are no more."""


class RetentionFailed(Exception):
    """Parts failed, the others were done. Its text names the failed parts."""


class Retention:
    """Retention of every tenant; `database` is the owner's login."""

    def __init__(self, *, database: Database, files: SubjectFiles, clock: Clock, slice_rows: int = SLICE) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._most = slice_rows

    def run(self) -> dict[str, int]:
        """Take what was kept too long; how many rows and objects, by part.

        Raises:
            RetentionFailed: a part failed. The platform counts an error, and the next hour tries again.
        """
        began, done, failed = self._clock(), Counter[str](), set[str]()
        found = self._database.run_across_tenants(lambda rows: rows.all("list_tenants_to_retain"))
        waiting = [(row["tenant_id"], name) for row in found for name in _PARTS]
        waiting += [(row["tenant_id"], _FILES) for row in found]
        while waiting and self._clock() - began < _TIME:
            unfinished = []
            for tenant_id, name in waiting:
                try:
                    taken = self._take(tenant_id, name)
                except Exception as error:  # noqa: BLE001 - one part of one tenant must not stop the others
                    logger.error("retention_failed", extra={"part": name, "kind": type(error).__name__})
                    failed.add(name)
                    continue
                done[name] += taken
                if name in _PARTS and taken >= self._most:
                    unfinished.append((tenant_id, name))
            waiting = unfinished
        if failed:
            raise RetentionFailed(", ".join(sorted(failed)))
        return dict(+done)

    def _take(self, tenant_id: str, name: str) -> int:
        now = self._clock()
        if name == _FILES:
            return self._take_files(tenant_id, now)
        part = _PARTS[name]
        return self._database.run(tenant_id, lambda rows: part(rows, now, config_of(rows).retencao, self._most))

    def _take_files(self, tenant_id: str, now: datetime) -> int:
        def known(rows: Rows) -> tuple[RetentionPeriods, dict[str, bool]]:
            return config_of(rows).retencao, {row["chave"]: row["aberto"] for row in rows.all("list_uploads")}

        periods, jobs = self._database.run(tenant_id, known)
        return self._files.delete_old(
            tenant_id, jobs, uploads_before=now - timedelta(periods.arquivos_dias),
            reports_before=now - timedelta(periods.recusas_dias), exports_before=now - _EXPORTS_KEPT,
        )  # fmt: skip


def _disparos(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.textos_dias)
    return rows.run("retain_disparos", ate=first_id(before), antes=before, agora=now, limite=most)


def _respostas(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.textos_dias)
    return rows.run("retain_respostas", ate=first_id(before), agora=now, limite=most)


def _erros(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.recusas_dias)
    return rows.run("retain_erros", antes=before, limite=most)


def _previas(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.recusas_dias)
    return rows.run("retain_previas", antes=before, limite=most)


def _mesclas(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.recusas_dias)
    return rows.run("retain_mesclas", antes=before, limite=most)


def _agendamentos(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.agendamentos_dias)
    return rows.run("retain_agendamentos", antes=before, agora=now, limite=most)


def _eventos(rows: Rows, now: datetime, periods: RetentionPeriods, most: int) -> int:
    before = now - timedelta(periods.eventos_dias)
    return rows.run("retain_eventos", ate=first_id(before), limite=most)


def _auditoria(rows: Rows, now: datetime, _: RetentionPeriods, most: int) -> int:
    return rows.run("retain_auditoria", ate=first_id(now - _AUDIT_KEPT), limite=most)


def _restos(rows: Rows, now: datetime, _: RetentionPeriods, most: int) -> int:
    """Finish erasures; of how many leads. One that has a live disparo or agendamento loses it."""
    # As an erasure: nobody writes contacts meanwhile.
    rows.run("lock_tenant_for_ingestion")
    lead_ids = [row["lead_id"] for row in rows.all("list_titular_restos", agora=now, limite=most)]
    if lead_ids:
        rows.all("lock_titular_disparos", lead_ids=lead_ids, agora=now)
        stop_disparos(rows, lead_ids, [], None, now)
        erase_leads(rows, lead_ids, None, now)
        rows.run("erase_titular_respostas", lead_ids=lead_ids, contatos=[], remetentes=[], usuarios=[], agora=now)
    return len(lead_ids)


_PARTS: Mapping[str, Part] = {
    "disparos": _disparos,
    "respostas": _respostas,
    "ingest_erros": _erros,
    "ingest_previas": _previas,
    "ingest_mesclas": _mesclas,
    "agendamentos": _agendamentos,
    "eventos": _eventos,
    "auditoria": _auditoria,
    "apagados": _restos,
}
_FILES = "arquivos"
