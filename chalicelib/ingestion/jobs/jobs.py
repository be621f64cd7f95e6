"""Asynchronous ingestions of one file each, as the API shows and steers them. States: docs/states.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import Message, Queues, wakeup_body
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.ingestion.jobs.account import complete
from chalicelib.ingestion.options import DedupKey, IngestMode
from chalicelib.pages import PageQuery, page_of
from chalicelib.telemetry import logger

FINAL = frozenset({"concluido", "erro", "cancelado"})
RESUMABLE = frozenset({"erro", "cancelado"})

COUNTS = (
    "linhas_processadas",
    "leads_criados",
    "leads_atualizados",
    "duplicados",
    "linhas_rejeitadas",
    "telefones_criados",
    "emails_criados",
    "telefones_validos",
    "emails_validos",
)
_SHOWN = (
    "job_id", "status", "nome_arquivo", "tamanho_bytes", "aba", "modo", "origem", "validar_apenas", "aba_pedida",
    "ignorar_ocultas", "adivinhar", "codificacao_pedida", "separador_pedido", "mapeamento",
    "mapeamento_lembrado", "tags", "linhas_estimadas", *COUNTS,
    "duplicados_por", "cancelamento_pedido", "erro_codigo", "mensagem_erro", "criado_por", "criado_em", "iniciado_em",
    "retomado_em", "atualizado_em", "concluido_em", "desfazer_pedido_em", "leads_removidos", "leads_mantidos",
    "mesclas_desfeitas", "mesclas_mantidas", "desfeito_em",
)  # fmt: skip

_STILL_AFTER = timedelta(minutes=1)


class Jobs:
    """A tenant's jobs; `database` is the API's login."""

    def __init__(self, *, database: Database, queues: Queues, queue: str, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._queue = queue
        self._clock = clock

    def page(self, tenant_id: str, query: PageQuery) -> dict[str, Any]:
        """A page of the tenant's jobs, newest first."""
        params = {"antes_de": query.after(UUID), "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_jobs", **params))
        now = self._clock()
        return page_of([described(row, now) for row in found], query.limit, lambda row: row["job_id"])

    def get(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """One job, and how its file was read (`leitura`).

        Raises:
            NotFound: the tenant has no such job.
        """
        row = self._database.run(tenant_id, lambda rows: rows.one("job_by_id", job_id=job_id))
        if row is None:
            raise NotFound("nao_encontrado")
        return {**described(row, self._clock()), "leitura": complete(row["leitura"])}

    def cancel(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """End a job: at once if nobody works on it, else at its next batch. What it committed stays.

        Raises:
            NotFound: the tenant has no such job.
            Conflict: `job_encerrado`; the job ended as `concluido` or `erro`.
        """
        now = self._clock()

        def request(rows: Rows) -> Row | None:
            row = rows.one("request_job_cancellation", job_id=job_id, agora=now)
            if row is not None and row["status"] == "cancelado":
                ended = {name: row[name] for name in ("job_id", "status", *COUNTS)}
                events.record(rows, "ingest.job_completed", now, **ended)
            return row

        row = self._database.run(tenant_id, request)
        if row is not None:
            return described(row, now)
        job = self.get(tenant_id, job_id)
        del job["leitura"]
        if job["status"] != "cancelado":
            raise Conflict("job_encerrado", status=job["status"])
        return job

    def resume(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """Let a job that ended as `erro` or `cancelado` go on where it stopped. What it committed stays, and counts.

        Raises:
            NotFound: the tenant has no such job.
            Conflict: `job_nao_retomavel`, the job is done or has not ended; `upload_nao_recebido`, its file never came;
                `job_desfeito`, its leads are being removed, or were removed.
        """
        now = self._clock()
        row = self._database.run(tenant_id, lambda rows: rows.one("resume_job", job_id=job_id, agora=now))
        if row is None:
            raise self._not_resumable(tenant_id, job_id)
        wake(self._queues, self._queue, tenant_id, job_id)
        return described(row, now)

    def _not_resumable(self, tenant_id: str, job_id: UUID) -> Conflict:
        job = self.get(tenant_id, job_id)
        status = job["status"]
        if job["desfazer_pedido_em"] is not None:
            return Conflict("job_desfeito")
        if status in RESUMABLE:
            return Conflict("upload_nao_recebido")
        return Conflict("job_nao_retomavel", status=status)


def wake(queues: Queues, queue: str, tenant_id: str, job_id: UUID) -> None:
    """Send a wake-up for a job. If the queue does not take it, the sweep sends it later."""
    try:
        queues.send(queue, [wakeup_message(tenant_id, job_id)])
    except Unavailable as error:
        logger.warning("wake_up_not_sent", extra={"job_id": str(job_id), "reason": error.reason})


def wakeup_message(tenant_id: str, job_id: UUID) -> Message:
    """The wake-up for a job."""
    return Message(wakeup_body(tenant_id, "job_id", job_id))


def described(row: Row, now: datetime) -> dict[str, Any]:
    """A job's row as the API shows it, with its rate (rows a second), the seconds left, and whether it stands still."""
    job = {name: row[name] for name in _SHOWN}
    rate = _rate(row)
    left = max(0, (row["linhas_estimadas"] or 0) - row["linhas_processadas"])
    running = row["status"] == "processando"
    undoing = row["desfazer_pedido_em"] is not None and row["desfeito_em"] is None
    ignored = row["correcao"] and row["modo"] == IngestMode.IGNORAR
    return {
        **job,
        "deduplicar_por": [key for key in DedupKey if row[f"deduplicar_por_{key}"]],
        "correcoes_ignoradas": row["duplicados"] if ignored else 0,
        "linhas_por_segundo": rate,
        "segundos_restantes": round(left / rate, 1) if running and rate and row["linhas_estimadas"] else None,
        "parado": (running or undoing) and now - row["atualizado_em"] > _STILL_AFTER,
    }


def _rate(row: Row) -> float | None:
    """Rows a second since the job began or was last resumed."""
    read = row["linhas_processadas"] - row["linhas_ao_retomar"]
    if row["iniciado_em"] is None or not read:
        return None
    since = max(row["iniciado_em"], row["retomado_em"] or row["iniciado_em"])
    seconds = ((row["concluido_em"] or row["atualizado_em"]) - since).total_seconds()
    return round(read / seconds, 1) if seconds > 0 else None
