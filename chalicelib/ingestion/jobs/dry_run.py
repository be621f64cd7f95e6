"""A dry run: every batch loaded as by any job, but into tables of the job's own, so that its counts are the real ones.

The tables (`open_ensaio`, migration 013) stand before the real ones in the search path of the transaction. Before each
batch the leads that it may meet are borrowed from the real ones; what the batches before it made or changed is there
already. At the end they are dropped: what stays are the counts, the report, and the preview of the first rows.
"""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Database, Rows
from chalicelib.errors import NotFound
from chalicelib.ids import time_of
from chalicelib.ingestion.loading.batch import Batch, Candidates, prepared
from chalicelib.ingestion.loading.loader import BatchCounts, load
from chalicelib.ingestion.options import IngestMode
from chalicelib.ingestion.rows.one_by_one import ReadRow, ReadRows

PREVIEW_ROWS = 50
"""Rows that a preview shows."""
_MOST_CLOSED = 20  # by one sweep


class DryRunTables(NamedTuple):
    """The tables of one dry run."""

    tenant_id: str
    job_id: UUID

    def open(self, rows: Rows) -> None:
        """Make the tables, and let the job begin at its first row, for what it had loaded before is gone."""
        for query in ("open_ensaio", "restart_dry_run", "forget_erros", "forget_previas"):
            rows.run(query, **self._key)

    def load(self, rows: Rows, lote: Batch, *, modo: IngestMode, by_documento: bool) -> BatchCounts:
        """As `loader.load`, with the same batch and the same counts; the first rows are shown in the preview."""
        rows.run("enter_ensaio", job_id=self.job_id)
        rows.run("lock_tenant_for_ingestion", tenant_id=self.tenant_id)
        rows.run(
            "borrow_leads",
            tenant_id=self.tenant_id,
            externos=lote.externos,
            documentos=lote.documentos if by_documento else "[]",
        )
        [shown] = rows.all("count_previas", **self._key)
        free = PREVIEW_ROWS - shown["linhas"]
        first = self._one_by_one(rows, lote.candidatos, free, modo, by_documento=by_documento) if free else []
        found = load(rows, self.tenant_id, lote, modo=modo, by_documento=by_documento)
        if free:
            rows.run("insert_previas", **self._key, candidatos=json.dumps(first), vagas=free)
            rows.run("describe_previas", **self._key)
        return found

    def close(self, rows: Rows) -> None:
        """Show the leads of the preview as they are in the end, and drop the tables."""
        rows.run("enter_ensaio", job_id=self.job_id)
        rows.run("describe_previas", **self._key)
        rows.run("close_ensaio", **self._key)
        rows.run("mark_ensaio_closed", **self._key)

    def _one_by_one(
        self, rows: Rows, candidatos: Candidates, most: int, modo: IngestMode, *, by_documento: bool
    ) -> list[dict[str, Any]]:
        """What becomes of each of the first rows, which the counts of a batch do not tell; nothing of it stays."""
        shown = []
        rows.execute("SAVEPOINT previa")
        for place, each in enumerate(islice(iter(candidatos), most)):
            # The loader's temporary tables are emptied by COMMIT, and this is none.
            rows.execute("DISCARD TEMP")
            linha = ReadRow(each.numero, each.lead_id_externo, each.dados, (), ())
            alone = prepared(ReadRows.of([linha]), time_of(UUID(each.lead_id)) + timedelta(milliseconds=place))
            found = load(rows, self.tenant_id, alone, modo=modo, by_documento=by_documento)
            shown.append(
                {
                    "linha": each.numero,
                    "resultado": _resultado(found),
                    "externo": each.lead_id_externo,
                    "documento": each.dados.documento if by_documento else None,
                }
            )
        rows.execute("ROLLBACK TO SAVEPOINT previa")
        return shown

    @property
    def _key(self) -> dict[str, Any]:
        return {"tenant_id": self.tenant_id, "job_id": self.job_id}


def _resultado(found: BatchCounts) -> str:
    """What became of the only row of a batch."""
    if found.leads_criados:
        return "criado"
    return "atualizado" if found.leads_atualizados else "duplicado"


class Previews:
    """Shows the previews of dry runs; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def of(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """The first rows of a dry run as far as it has come: `resultado`, `lead` as it would be stored, `erros`.

        A lead that would be created has no `lead_id`; a row that would be refused has no lead.

        Raises:
            NotFound: the tenant has no such job, or `sem_previa`: the job does more than validate.
        """
        with self._database.transaction(tenant_id) as rows:
            job = rows.one("job_by_id", tenant_id=tenant_id, job_id=job_id)
            if job is None:
                raise NotFound("nao_encontrado")
            if not job["validar_apenas"]:
                raise NotFound("sem_previa")
            shown = rows.all("list_previas", tenant_id=tenant_id, job_id=job_id)
        return {"itens": [{**row, "erros": [_explained(erro) for erro in row["erros"]]} for row in shown]}


def _explained(erro: dict[str, str]) -> dict[str, str]:
    codigo = erro["codigo"]
    return {"coluna": erro["coluna"], "codigo": codigo, "mensagem": messages.text(codigo, valor=erro["valor"])}


class AbandonedDryRuns:
    """Drops the tables of dry runs that ended without their worker; `database` is the owner's: every tenant's."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def close(self) -> int:
        """Drop some of them; how many."""
        with self._database.across_tenants() as rows:
            ended = rows.all("lock_ended_dry_runs", limite=_MOST_CLOSED)
            for job in ended:
                DryRunTables(job["tenant_id"], job["job_id"]).close(rows)
        return len(ended)
