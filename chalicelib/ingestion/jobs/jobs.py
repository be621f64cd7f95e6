"""One asynchronous ingestion of one file, as those who ask about it see it. States: docs/states.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row
from chalicelib.adapters.queues import Message, Queues
from chalicelib.errors import Conflict, NotFound, Unavailable
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
    "job_id", "status", "nome_arquivo", "tamanho_bytes", "aba", "modo", "deduplicar_por_documento", "validar_apenas",
    "linhas_estimadas", *COUNTS, "cancelamento_pedido", "erro_codigo", "mensagem_erro", "criado_em", "iniciado_em",
    "retomado_em", "atualizado_em", "concluido_em", "desfazer_pedido_em", "leads_removidos", "leads_mantidos",
    "desfeito_em",
)  # fmt: skip

_STILL_AFTER = timedelta(minutes=1)


class Jobs:
    """Answers for a tenant's jobs."""

    def __init__(self, *, database: Database, queues: Queues, queue: str, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._queue = queue
        self._clock = clock

    def page(self, tenant_id: str, query: PageQuery) -> dict[str, Any]:
        """The tenant's jobs, newest first."""
        before = query.after(UUID)
        with self._database.transaction(tenant_id) as rows:
            found = rows.all(
                "list_jobs", tenant_id=tenant_id, antes_de=before, limite=query.limit + 1, pular=query.offset or 0
            )
        now = self._clock()
        return page_of([described(row, now) for row in found], query.limit, lambda row: row["job_id"])

    def get(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """One job.

        Raises:
            NotFound: the tenant has no such job.
        """
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("job_by_id", tenant_id=tenant_id, job_id=job_id)
        if row is None:
            raise NotFound("nao_encontrado")
        return described(row, self._clock())

    def cancel(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """Let a job end: at once if nobody works on it, else at its next batch. What it committed stays.

        Raises:
            NotFound: the tenant has no such job.
            Conflict: `job_encerrado`; it has ended otherwise.
        """
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("request_job_cancellation", tenant_id=tenant_id, job_id=job_id, agora=now)
            if row is not None and row["status"] == "cancelado":
                ended = {name: row[name] for name in ("job_id", "status", *COUNTS)}
                events.record(rows, tenant_id, "ingest.job_completed", now, **ended)
        if row is not None:
            return described(row, now)
        job = self.get(tenant_id, job_id)
        if job["status"] != "cancelado":
            raise Conflict("job_encerrado", status=job["status"])
        return job

    def resume(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        """Let a job that ended as `erro` or `cancelado` go on where it stopped. What it committed stays, and counts.

        Raises:
            NotFound: the tenant has no such job.
            Conflict: `job_nao_retomavel`, it is done or has not ended; `upload_nao_recebido`, its file never came;
                `job_desfeito`, its leads are being removed, or were.
        """
        now = self._clock()
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("resume_job", tenant_id=tenant_id, job_id=job_id, agora=now)
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
    """Wake a worker up for a job; what cannot be sent is left to the sweep."""
    try:
        queues.send(queue, [wake_up(tenant_id, job_id)])
    except Unavailable as error:
        logger.warning("wake_up_not_sent", extra={"job_id": str(job_id), "reason": error.params.get("motivo")})


def wake_up(tenant_id: str, job_id: UUID) -> Message:
    """The message that says "look at this job"."""
    return Message({"tenant_id": tenant_id, "job_id": str(job_id)})


def described(row: Row, now: datetime) -> dict[str, Any]:
    """A job's row as the API shows it, with its rate (rows a second), the seconds left, and whether it stands still."""
    job = {name: row[name] for name in _SHOWN}
    rate = _rate(row)
    left = max(0, (row["linhas_estimadas"] or 0) - row["linhas_processadas"])
    running = row["status"] == "processando"
    undoing = row["desfazer_pedido_em"] is not None and row["desfeito_em"] is None
    return {
        **job,
        "linhas_por_segundo": rate,
        "segundos_restantes": round(left / rate, 1) if running and rate and row["linhas_estimadas"] else None,
        "parado": (running or undoing) and now - row["atualizado_em"] > _STILL_AFTER,
    }


def _rate(row: Row) -> float | None:
    """Rows a second since it began, or was last resumed."""
    read = row["linhas_processadas"] - row["linhas_ao_retomar"]
    if row["iniciado_em"] is None or not read:
        return None
    since = max(row["iniciado_em"], row["retomado_em"] or row["iniciado_em"])
    seconds = ((row["concluido_em"] or row["atualizado_em"]) - since).total_seconds()
    return round(read / seconds, 1) if seconds > 0 else None
