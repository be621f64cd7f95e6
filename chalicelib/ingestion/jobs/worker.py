"""Works on a job: reads its file, batch by batch, and commits each with its counts and its checkpoint.

A job killed at any instruction resumes at its last checkpoint. A worker that runs out of time hands over through the
queue; one that has died is found by the sweep once its lease has lapsed.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from chalicelib import events, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.adapters.queues import Queues
from chalicelib.adapters.storage import Storage, StoredObject
from chalicelib.config import Settings
from chalicelib.errors import InvalidFile, LeaseLost, Unavailable
from chalicelib.ingestion.jobs.dry_run import DryRunTables
from chalicelib.ingestion.jobs.jobs import COUNTS, wake_up
from chalicelib.ingestion.jobs.read_ahead import ahead, hurried
from chalicelib.ingestion.jobs.reports import CONTENT_TYPE, read_back, report_key, write_report
from chalicelib.ingestion.jobs.scratch import scratch
from chalicelib.ingestion.jobs.undo import Undoing
from chalicelib.ingestion.loading.batch import Batch, prepared
from chalicelib.ingestion.loading.loader import BatchCounts, load
from chalicelib.ingestion.options import IngestMode
from chalicelib.ingestion.reading.workbook import LeadsTable, RowBlock, open_workbook
from chalicelib.ingestion.rows.one_by_one import ReadRows, RowReader
from chalicelib.telemetry import Metric, Tracer, count, logger

# A file that kills its worker each time is given up after so many claims without a batch.
_MOST_CLAIMS = 5
# The disk is full, or a quota or a limit of the process says so.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

# The first batches are small, each half as large again as the one before: the next one has been read by then.
_FIRST_ROWS = 1_000
# What a batch may take in memory beside its number of rows, in characters of cells; a few batches are held at a time,
# each in several forms. A row of an ordinary sheet weighs some two hundred.
_MOST_WEIGHT = 4 << 20
_WEIGHT_OF_AN_ERROR = 256
# Rows that are read together; what they are refused for is weighed only afterwards.
_TOGETHER = 500

Remaining = Callable[[], int]


class _Claim(NamedTuple):
    """A job that is ours for as long as our lease lasts."""

    tenant_id: str
    job_id: UUID
    worker: UUID
    row: Row

    @property
    def key(self) -> dict[str, Any]:
        """The parameters by which a query finds the job as ours."""
        return {"tenant_id": self.tenant_id, "job_id": self.job_id, "worker": self.worker}


class _Cancelled(Exception):
    """Somebody asked for the job to end."""


class _OutOfTime(Exception):
    """The platform will end this worker soon."""


class Ingestion:
    """Works on jobs; `database` is the login that owns the lead tables."""

    def __init__(
        self,
        *,
        database: Database,
        storage: Storage,
        queues: Queues,
        publish: Callable[[], int],
        undoing: Undoing,
        tracer: Tracer,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queues = queues
        self._publish = publish
        self._undoing = undoing
        self._tracer = tracer
        self._settings = settings
        self._clock = clock

    def run(self, event: Mapping[str, Any], *, remaining_ms: Remaining) -> None:
        """Work on the jobs that the messages name, as long as there is time; a job that is not to be had is left.

        Raises:
            Unavailable: something that we depend on does not answer; the message comes again.
        """
        for record in event["Records"]:
            wanted = _job_in(record["body"])
            claim = self._claim(*wanted) if wanted else None
            if claim is not None:
                with hurried(), self._tracer.segment("ingest", tenant=claim.tenant_id, job=str(claim.job_id)):
                    self._work(claim, remaining_ms)
            elif wanted:
                self._undoing.run(*wanted, remaining_ms=remaining_ms)
        self._publish()

    def _claim(self, tenant_id: str, job_id: UUID) -> _Claim | None:
        now, worker = self._clock(), uuid4()
        with self._database.transaction(tenant_id) as rows:
            row = rows.one(
                "claim_job",
                tenant_id=tenant_id,
                job_id=job_id,
                worker=worker,
                agora=now,
                lease_ate=now + self._settings.ingest_lease,
            )
        return None if row is None else _Claim(tenant_id, job_id, worker, row)

    def _work(self, claim: _Claim, remaining_ms: Remaining) -> None:
        """Go on with a job until it ends or is handed over; after a failure it is let go of, for the next claim."""
        try:
            self._finish(claim, *self._outcome(claim, remaining_ms))
        except _OutOfTime:
            self._release(claim, innocent=True)
            self._queues.send(self._settings.ingest_queue, [wake_up(claim.tenant_id, claim.job_id)])
        except LeaseLost:
            logger.warning("lease_lost", extra={"job_id": str(claim.job_id)})
        except BaseException as error:
            # The next claim may begin at once instead of waiting for the lease to lapse.
            self._release(claim, innocent=isinstance(error, Unavailable))
            raise

    def _outcome(self, claim: _Claim, remaining_ms: Remaining) -> tuple[str, InvalidFile | None]:
        """Read the job to its end: the status that it ends with, and the reason of an `erro`.

        A worker without room on its disk leaves the job to another one; a file for which none has room ends as `erro`.
        """
        try:
            if claim.row["tentativas"] > _MOST_CLAIMS:
                raise InvalidFile("ingestao_desistiu")
            with scratch() as folder:
                self._read(claim, folder, remaining_ms)
        except InvalidFile as error:
            return "erro", error
        except _Cancelled:
            return "cancelado", None
        except OSError as error:
            if error.errno not in _NO_ROOM or claim.row["tentativas"] < _MOST_CLAIMS:
                raise
            return "erro", InvalidFile("disco_cheio")
        return "concluido", None

    def _read(self, claim: _Claim, folder: Path, remaining_ms: Remaining) -> None:
        path = folder / "planilha"
        objeto = self._downloaded(claim, path)
        with open_workbook(path) as planilha:
            self._describe(claim, planilha, objeto)
            claim = self._rehearsing(claim)
            leitor = RowReader(
                planilha.cabecalho, claim.row["nome_arquivo"], fixo_valido=self._fixo_valido(claim.tenant_id)
            )
            room = self._settings.ingest_max_recusas - self._recusas(claim)
            with ahead(self._lotes(planilha, leitor, claim.row["ultima_linha"], room)) as lotes:
                for lote in lotes:
                    self._commit(claim, planilha, lote)
                    if remaining_ms() < self._settings.ingest_time_margin_s * 1000:
                        raise _OutOfTime

    def _downloaded(self, claim: _Claim, path: Path) -> StoredObject:
        """The very file that the job began with, on disk."""
        objeto = self._storage.find(claim.row["chave"])
        if objeto is None:
            raise InvalidFile("arquivo_ausente")
        if objeto.tamanho_bytes > (maximo := self._settings.upload_max_bytes):
            raise InvalidFile("arquivo_grande_demais", maximo=maximo)
        self._storage.download(claim.row["chave"], path, etag=claim.row["etag"] or objeto.etag)
        return objeto

    def _describe(self, claim: _Claim, planilha: LeadsTable, objeto: StoredObject) -> None:
        now = self._clock()
        with self._database.transaction(claim.tenant_id) as rows:
            still_ours = rows.run(
                "describe_job",
                **claim.key,
                aba=planilha.aba,
                colunas=list(planilha.cabecalho.colunas),
                linhas_estimadas=planilha.linhas_estimadas,
                etag=objeto.etag,
                tamanho_bytes=objeto.tamanho_bytes,
                agora=now,
                lease_ate=now + self._settings.ingest_lease,
            )
        if not still_ours:
            raise LeaseLost

    def _fixo_valido(self, tenant_id: str) -> bool:
        with self._database.transaction(tenant_id) as rows:
            found = rows.one("tenant_config", tenant_id=tenant_id)
        return bool(found and found["config"].get("fixo_valido_para_whatsapp"))

    def _rehearsing(self, claim: _Claim) -> _Claim:
        """A dry run has its tables before its first batch; where they are gone, it begins again."""
        row = claim.row
        if not row["validar_apenas"] or row["ensaio_aberto"]:
            return claim
        with self._database.transaction(claim.tenant_id) as rows:
            self._fence(rows, claim)
            DryRunTables(claim.tenant_id, claim.job_id).open(rows)
            [row] = rows.all("job_by_id", tenant_id=claim.tenant_id, job_id=claim.job_id)
        return claim._replace(row=row)

    def _recusas(self, claim: _Claim) -> int:
        """How many refusals the job has already."""
        if not claim.row["ultima_linha"]:
            return 0
        with self._database.transaction(claim.tenant_id) as rows:
            [found] = rows.all("count_erros", tenant_id=claim.tenant_id, job_id=claim.job_id)
        return int(found["erros"])

    def _lotes(self, planilha: LeadsTable, leitor: RowReader, depois: int, room: int) -> Iterator[Batch]:
        """The batches after a checkpoint, the first of them small; `room` is there for so many refusals.

        Raises:
            ArquivoInvalido: before the batch that has more of them, or that cannot be read.
        """
        most, rows = self._settings.ingest_batch_rows, _FIRST_ROWS
        fatias = _read_back(planilha, planilha.fatias(depois, min(most, _TOGETHER)))
        while batch := _portion(fatias, leitor, min(most, rows)):
            room -= _recusas_of(batch)
            if room < 0:
                raise InvalidFile("recusas_demais", maximo=self._settings.ingest_max_recusas)
            yield prepared(batch, self._clock())
            rows += rows // 2

    def _commit(self, claim: _Claim, planilha: LeadsTable, lote: Batch) -> None:
        """Leads, contacts, errors, counters and checkpoint of one batch, in one transaction.

        Raises:
            LeaseLost: another worker has the job.
            _Cancelled: the job is to end.
        """
        row = claim.row
        scope = {
            "job_id": str(claim.job_id),
            "origem_arquivo": row["nome_arquivo"],
            "origem_aba": planilha.aba or "",
        }

        def work() -> int:
            with self._database.transaction(claim.tenant_id) as rows:
                self._fence(rows, claim)
                # What a crash of the server took back, its checkpoint with it, is read again; the end of the job waits
                # for the disk, and so for every batch before it.
                rows.commit_lazily()
                rows.set_local(**scope)
                found = _loaded(rows, claim, lote)
                now = self._clock()
                rows.run(
                    "advance_job",
                    tenant_id=claim.tenant_id,
                    job_id=claim.job_id,
                    ultima_linha=lote.ultima_linha,
                    linhas=lote.linhas,
                    **found._asdict(),
                    agora=now,
                    lease_ate=now + self._settings.ingest_lease,
                )
            return 0 if row["validar_apenas"] else found.leads_criados

        count(Metric.LEADS_CREATED, retried(work), tenant_id=claim.tenant_id)

    @staticmethod
    def _fence(rows: Rows, claim: _Claim) -> None:
        locked = rows.one("lock_claimed_job", **claim.key)
        if locked is None:
            raise LeaseLost
        if locked["cancelamento_pedido"]:
            raise _Cancelled

    def _finish(self, claim: _Claim, status: str, error: InvalidFile | None = None) -> None:
        """Write the report, then the end of the job with its event."""
        self._report_if_possible(claim)
        now = self._clock()
        with self._database.transaction(claim.tenant_id) as rows:
            job = rows.one(
                "finish_job",
                **claim.key,
                status=status,
                erro_codigo=error.code if error else None,
                mensagem_erro=messages.text(error.code, messages.PORTUGUESE, **error.params) if error else None,
                agora=now,
            )
            if job is None:
                return
            if job["ensaio_aberto"]:
                DryRunTables(claim.tenant_id, claim.job_id).close(rows)
            detail = {name: job[name] for name in ("validar_apenas", *COUNTS)}
            event = "ingest.job_failed" if error else "ingest.job_completed"
            events.record(
                rows,
                claim.tenant_id,
                event,
                now,
                job_id=claim.job_id,
                status=status,
                codigo=job["erro_codigo"],
                **detail,
            )
        metric = Metric.JOBS_FAILED if error else Metric.JOBS_COMPLETED
        count(metric, 1, tenant_id=claim.tenant_id)
        logger.info("job_ended", extra={"job_id": str(claim.job_id), "tenant": claim.tenant_id, "status": status})

    def _report_if_possible(self, claim: _Claim) -> None:
        """The report comes before the end; without it only a job ends that is given up, and could never write it."""
        try:
            self._report(claim)
        except Exception as error:
            if isinstance(error, Unavailable) or claim.row["tentativas"] <= _MOST_CLAIMS:
                raise
            logger.error("report_not_written", extra={"job_id": str(claim.job_id), "kind": type(error).__name__})

    def _report(self, claim: _Claim) -> None:
        """The error report, where a file was read far enough to have columns."""
        with self._database.transaction(claim.tenant_id) as rows:
            job = rows.one("job_by_id", tenant_id=claim.tenant_id, job_id=claim.job_id)
        if job is None or job["colunas"] is None:
            return
        with scratch() as folder:
            path = folder / "erros.csv"
            write_report(path, self._database, claim.tenant_id, claim.job_id, job["colunas"])
            self._storage.upload(report_key(claim.tenant_id, claim.job_id), path, content_type=CONTENT_TYPE)

    def _release(self, claim: _Claim, *, innocent: bool) -> None:
        """Let go of the job, else its lease lapses by itself; `innocent` says that its file is not to blame."""
        try:
            with self._database.transaction(claim.tenant_id) as rows:
                rows.run("release_job", **claim.key, devolvidas=int(innocent), agora=self._clock())
        except Unavailable:
            logger.warning("job_not_released", extra={"job_id": str(claim.job_id)})


def _loaded(rows: Rows, claim: _Claim, lote: Batch) -> BatchCounts:
    """The batch in the tables that it belongs into: the real ones, or those of a dry run."""
    modo, by_documento = IngestMode(claim.row["modo"]), claim.row["deduplicar_por_documento"]
    if claim.row["validar_apenas"]:
        return DryRunTables(claim.tenant_id, claim.job_id).load(rows, lote, modo=modo, by_documento=by_documento)
    return load(rows, claim.tenant_id, lote, modo=modo, by_documento=by_documento)


def _portion(fatias: Iterator[RowBlock], leitor: RowReader, most: int) -> ReadRows | None:
    """The next rows: so many of them, or fewer where they are heavy; None after the last."""
    portion: ReadRows | None = None
    room = _MOST_WEIGHT
    while room > 0 and most > 0 and (fatia := next(fatias, None)):
        lidas = leitor.read_all(fatia.rows)
        room -= fatia.weight + _WEIGHT_OF_AN_ERROR * _recusas_of(lidas)
        most -= len(fatia.rows)
        if portion:
            portion.extend(lidas)
        else:
            portion = lidas
    return portion


def _read_back(planilha: LeadsTable, fatias: Iterator[RowBlock]) -> Iterator[RowBlock]:
    for fatia in fatias:
        if rows := list(read_back(planilha.cabecalho.colunas, fatia.rows)):
            yield fatia._replace(rows=rows)


def _recusas_of(lidas: ReadRows) -> int:
    return sum([len(linha.erros) for linha in lidas.com_erros])


def _job_in(body: str) -> tuple[str, UUID] | None:
    """The tenant and the job that a message names; None if it is none of ours."""
    try:
        message = json.loads(body)
        return str(message["tenant_id"]), UUID(message["job_id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        logger.error("message_not_understood")
        return None
