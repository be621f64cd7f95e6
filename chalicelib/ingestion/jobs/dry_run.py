"""A dry run: a job that loads each batch into tables of its own, so that its counts are those of a real run.

In the search path of the transaction these tables (`open_ensaio`, migration 013) come before the real ones. Before each
batch the real leads that it may meet are copied into them; what earlier batches made or changed is there already. The
tables are dropped at the end. What stays are the counts, the report, and the preview of the first rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.contacts.refusals import refusal_sentence
from chalicelib.errors import NotFound
from chalicelib.ingestion.jobs.account import complete, place_of
from chalicelib.ingestion.loading.batch import Batch
from chalicelib.ingestion.loading.loader import BatchCounts, Deduplication, Loaded, RowOutcome, load
from chalicelib.ingestion.loading.matching import MOST_LEADS
from chalicelib.tenants.config import Language, config_of

PREVIEW_ROWS = 50
"""Rows that a preview shows."""
_MOST_CLOSED = 20  # by one sweep


@dataclass(frozen=True, slots=True)
class DryRunTables:
    """The tables of one dry run."""

    job_id: UUID

    def open(self, rows: Rows) -> None:
        """Make the tables. The job begins at its first row again, because what it had loaded before is gone."""
        for query in ("open_ensaio", "restart_dry_run", "forget_erros", "forget_previas"):
            rows.run(query, job_id=self.job_id)

    def load(self, rows: Rows, batch: Batch, how: Deduplication) -> BatchCounts:
        """As `loader.load`, with the same batch and the same counts. The preview shows the first rows."""
        rows.run("enter_ensaio", job_id=self.job_id)
        rows.run("lock_tenant_for_ingestion")
        rows.run(
            "borrow_leads",
            externos=batch.external_ids,
            origem=how.origem,
            documentos=batch.documents,
            telefones=batch.telefones,
            emails=batch.emails,
            mais=MOST_LEADS,
        )
        [shown] = rows.all("count_previas", job_id=self.job_id)
        free = PREVIEW_ROWS - shown["linhas"]
        loaded = load(rows, batch, how)
        if free:
            rows.run(
                "insert_previas", job_id=self.job_id, candidatos=json.dumps(_first(batch, loaded, free)), vagas=free
            )
            rows.run("describe_previas", job_id=self.job_id)
        return loaded.counts

    def close(self, rows: Rows) -> None:
        """Show the leads of the preview as they are in the end, and drop the tables."""
        rows.run("enter_ensaio", job_id=self.job_id)
        rows.run("describe_previas", job_id=self.job_id)
        rows.run("close_ensaio", job_id=self.job_id)
        rows.run("mark_ensaio_closed", job_id=self.job_id)


def _first(batch: Batch, loaded: Loaded, most: int) -> list[dict[str, Any]]:
    """What became of each of the first candidates, but for those that were refused: the report has them."""
    first = islice(zip(batch.candidates.row_numbers, batch.candidates.lead_ids, strict=True), most)
    outcomes = (
        (number, *loaded.outcomes.get(place, (RowOutcome.CRIADO, lead_id)))
        for place, (number, lead_id) in enumerate(first)
    )
    return [
        {"linha": number, "resultado": outcome, "lead_id": lead_id}
        for number, outcome, lead_id in outcomes
        if outcome is not RowOutcome.REJEITADO
    ]


class Previews:
    """Shows the previews of dry runs; `database` is the API's login."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def of(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """How the file was read (`leitura`), and the first rows: `resultado`, `lead` as it would be stored, `erros`.

        A lead that would be created has no `lead_id`. A row that would be refused has no lead. The sentences of the
        errors are in the tenant's language.

        Raises:
            NotFound: the tenant has no such job, or `sem_previa`: the job does more than validate.
        """

        def read(rows: Rows) -> tuple[Row, list[Row], Language]:
            job = rows.one("job_by_id", job_id=job_id)
            if job is None:
                raise NotFound("nao_encontrado")
            if not job["validar_apenas"]:
                raise NotFound("sem_previa")
            return job, rows.all("list_previas", job_id=job_id), config_of(rows).idioma

        job, shown, language = self._database.run(tenant_id, read)
        rows = [_shown(row, job["leitura"], language) for row in shown]
        return {"leitura": complete(job["leitura"]), "itens": rows}


def _shown(row: Row, account: dict[str, Any] | None, language: Language) -> dict[str, Any]:
    sheet, number = place_of(row["linha"], account)
    errors = [_explained(error, language) for error in row["erros"]]
    return {**row, "linha": number, "aba": sheet, "erros": errors}


def _explained(error: dict[str, str], language: Language) -> dict[str, str]:
    code = error["codigo"]
    return {
        "coluna": error["coluna"],
        "codigo": code,
        "mensagem": refusal_sentence(code, error["valor"], language),
    }


class AbandonedDryRuns:
    """Drops the tables of dry runs that ended without their worker; `database` is the owner's: it sees every tenant."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def close(self) -> int:
        """Drop the tables of some dry runs. Returns of how many."""
        return self._database.run_across_tenants(_close_some)


def _close_some(rows: Rows) -> int:
    ended = rows.all("lock_ended_dry_runs", limite=_MOST_CLOSED)
    for job in ended:
        DryRunTables(job["job_id"]).close(rows.of_tenant(job["tenant_id"]))
    return len(ended)
