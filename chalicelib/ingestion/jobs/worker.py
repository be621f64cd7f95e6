"""Works on a job: reads its file batch by batch, and commits each batch with its counts and its checkpoint.

A job that is killed at any instruction resumes at its last checkpoint. A worker that runs out of time hands the job
over through the queue. If a worker dies, the sweep finds its job once the lease has lapsed.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from chalicelib import events, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import Queues, wakeup_targets
from chalicelib.adapters.storage import Storage, StoredObject
from chalicelib.canal import Canal
from chalicelib.config import Settings
from chalicelib.erased import Contact, ErasedContacts
from chalicelib.errors import InvalidFile, LeaseLost, Unavailable
from chalicelib.ingestion.jobs.account import MOST_HIDDEN, account_of, notice
from chalicelib.ingestion.jobs.campo_plan import MOST_REFUSED, remember_campos, with_campos, without_refusals_over
from chalicelib.ingestion.jobs.claim import Checkpoint, JobClaim
from chalicelib.ingestion.jobs.dry_run import DryRunTables
from chalicelib.ingestion.jobs.jobs import COUNTS, wakeup_message
from chalicelib.ingestion.jobs.read_ahead import ahead
from chalicelib.ingestion.jobs.reports import origin_in, read_back, report_key, write_report
from chalicelib.ingestion.jobs.scratch import scratch
from chalicelib.ingestion.jobs.undo import Undoing
from chalicelib.ingestion.layout.mapping import Mappings, fingerprint, is_report
from chalicelib.ingestion.loading.batch import Batch, prepared
from chalicelib.ingestion.loading.loader import BatchCounts, Deduplication, load
from chalicelib.ingestion.options import DedupKey, IngestMode, Separator
from chalicelib.ingestion.reading.columns import column_name
from chalicelib.ingestion.reading.header import Header, LeadField
from chalicelib.ingestion.reading.limits import MAX_ROWS
from chalicelib.ingestion.reading.workbook import ALL_SHEETS, Choice, LeadsTable, RowBlock, open_workbook
from chalicelib.ingestion.rows.campo_cells import REFUSALS
from chalicelib.ingestion.rows.one_by_one import ReadRows, RowReader
from chalicelib.interpreter import hurried
from chalicelib.tables import CONTENT_TYPE
from chalicelib.telemetry import Metric, Tracer, count, logger
from chalicelib.tenants.config import Language, TenantConfig, config_of

# A file that kills its worker each time is given up after this many claims without a batch.
_MOST_CLAIMS = 5
# A file that takes more memory than there is has one more try: perhaps another file took the memory.
_MOST_WITHOUT_MEMORY = 1
# The disk is full, or a quota or a limit of the process says so.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

# The first batches are small, and each has half as many rows again as the one before it. So the next one has been read
# by the time the database has taken the last one.
_FIRST_ROWS = 1_000
# Nothing is read while the database takes the last batch. So the last batches are small, as far as the number of rows
# is known. Smaller ones than this cost more than they save.
_LAST_ROWS = 4_000
# A second limit of a batch: its memory, in characters of cells. A few batches are held at a time, each in several
# forms. A row of an ordinary sheet has some two hundred characters.
_MOST_WEIGHT = 4 << 20
_WEIGHT_OF_AN_ERROR = 256
# Of a digest that stands for a file: it is part of `lead_id_externo`, once per row.
_CONTENT_ID_BYTES = 10
# Rows of one `RowBlock`. Their refusals are weighed only after the block was read.
_TOGETHER = 500
# Mappings of a tenant that a file is compared with.
_MOST_MAPPINGS = 500

Remaining = Callable[[], int]


class _Cancelled(Exception):
    """A request of the API ends the job."""


class _OutOfTime(Exception):
    """The platform will end this worker soon."""


class _CheckpointMoved(Exception):
    """The database is not where this worker left it: a crash of the server took the last batches back."""


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
        erased: ErasedContacts,
        tracer: Tracer,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queues = queues
        self._publish = publish
        self._undoing = undoing
        self._erased = erased
        self._tracer = tracer
        self._settings = settings
        self._clock = clock

    def run(self, event: Mapping[str, Any], *, remaining_ms: Remaining) -> None:
        """Ingest or undo the jobs that the messages name, as long as there is time. A job without a claim is left.

        Raises:
            Unavailable: a service that we depend on does not answer. SQS delivers the message again.
        """
        for target in wakeup_targets(event, "job_id"):
            claim = self._claim(target.tenant_id, target.row_id)
            if claim is None:
                self._undoing.run(target.tenant_id, target.row_id, remaining_ms=remaining_ms)
                continue
            with hurried(), self._tracer.segment("ingest", tenant=claim.tenant_id, job=str(claim.job_id)):
                self._work(claim, remaining_ms)
        self._publish()

    def _claim(self, tenant_id: str, job_id: UUID) -> JobClaim | None:
        now, worker = self._clock(), uuid4()
        params = {"job_id": job_id, "worker": worker, "agora": now, "lease_ate": now + self._settings.ingest_lease}
        row = self._database.run(tenant_id, lambda rows: rows.one("claim_job", **params))
        return None if row is None else JobClaim(tenant_id, job_id, worker, row)

    def _work(self, claim: JobClaim, remaining_ms: Remaining) -> None:
        """Go on with a job until it ends or is handed over. After a failure it is released for the next claim."""
        try:
            self._finish(claim, *self._outcome(claim, remaining_ms))
        except _OutOfTime:
            self._hand_over(claim, attempt_counts=False)
        except _CheckpointMoved:
            logger.warning("checkpoint_moved", extra={"job_id": str(claim.job_id)})
            self._hand_over(claim, attempt_counts=True)
        except LeaseLost:
            logger.warning("lease_lost", extra={"job_id": str(claim.job_id)})
        except BaseException as error:
            # The next claim may begin at once instead of waiting for the lease to lapse.
            self._release(claim, attempt_counts=not isinstance(error, Unavailable))
            raise

    def _outcome(self, claim: JobClaim, remaining_ms: Remaining) -> tuple[str, InvalidFile | None]:
        """Read the job to its end. Returns the status that it ends with, and the reason of an `erro`.

        A worker without room on its disk or in memory leaves the job to another one. If no worker has room, the job
        ends as `erro`.
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
        except MemoryError:
            if claim.row["tentativas"] <= _MOST_WITHOUT_MEMORY:
                raise
            return "erro", InvalidFile("memoria_insuficiente")
        return "concluido", None

    def _read(self, claim: JobClaim, folder: Path, remaining_ms: Remaining) -> None:
        path = folder / "workbook"
        stored = self._download(claim, path)
        mappings = self._mappings(claim)
        with open_workbook(path, _choice(claim.row, mappings)) as opened:
            if claim.row["leitura"] is None and (missing := mappings.missing(opened.header.titles)):
                raise InvalidFile("titulos_ausentes", titulos=", ".join(missing))
            table = with_campos(opened)
            config = self._database.run(claim.tenant_id, config_of)
            self._describe(claim, table, stored, config.idioma, mappings)
            self._open_dry_run_tables(claim)
            content = _digest(path)
            for place, part in enumerate((table, *table.more)):
                how = _deduplication(claim.row, _content_id(content, part.sheet_name), part)
                self._read_part(claim, part, place * MAX_ROWS, how, config, remaining_ms)
            if not claim.checkpoint.linhas_processadas:
                self._tell(claim, notice("sem_linhas", config.idioma))

    def _read_part(
        self,
        claim: JobClaim,
        table: LeadsTable,
        before: int,
        how: Deduplication,
        config: TenantConfig,
        remaining_ms: Remaining,
    ) -> None:
        """Read a sheet, or the whole of a text file. `before` is added to the numbers of its rows."""
        done = max(0, claim.checkpoint.ultima_linha - before)
        if done >= MAX_ROWS:
            return
        reader = RowReader(
            _without_ids(table.header) if DedupKey.ID not in how.keys else table.header,
            how.file_id,
            landlines_valid=config.fixo_valido_para_whatsapp,
            skipped=table.hidden_rows if claim.row["ignorar_ocultas"] else (),
            campos=table.campos,
        )
        with ahead(self._batches(table, reader, done, self._room(claim), before, how)) as batches:
            for batch, notes in batches:
                self._commit(claim, table, batch, notes, how)
                claim.checkpoint = claim.checkpoint.after(batch.last_row, batch.row_count)
                if remaining_ms() < self._settings.ingest_time_margin_s * 1000:
                    raise _OutOfTime

    def _tell(self, claim: JobClaim, said: Mapping[str, str]) -> None:
        """Note what a person should know of a file that was read without an error."""

        def tell(rows: Rows) -> None:
            _fence(rows, claim)
            rows.run("note_avisos", job_id=claim.job_id, avisos=json.dumps([said]))

        self._database.run(claim.tenant_id, tell)

    def _download(self, claim: JobClaim, path: Path) -> StoredObject:
        """Download the job's file: the same content that the job began with.

        Raises:
            InvalidFile: `arquivo_ausente`, `arquivo_grande_demais` or `arquivo_substituido`.
        """
        stored = self._storage.find(claim.row["chave"])
        if stored is None:
            raise InvalidFile("arquivo_ausente")
        if stored.size_bytes > (most := self._settings.upload_max_bytes):
            raise InvalidFile("arquivo_grande_demais", maximo=most)
        self._storage.download(claim.row["chave"], path, etag=claim.row["etag"] or stored.etag)
        return stored

    def _mappings(self, claim: JobClaim) -> Mappings:
        """What the upload says about columns, else what earlier ones said. A job that is resumed keeps what it had."""
        row = claim.row
        if row["mapeamento"] is not None or row["leitura"] is not None or not row["lembrar_mapeamento"]:
            return Mappings(row["mapeamento"])
        found = self._database.run(claim.tenant_id, lambda rows: rows.all("list_mapeamentos", limite=_MOST_MAPPINGS))
        return Mappings(remembered={each["cabecalho"]: each["mapeamento"] for each in found})

    def _describe(
        self, claim: JobClaim, table: LeadsTable, stored: StoredObject, language: Language, mappings: Mappings
    ) -> None:
        """Note what the file turned out to be; the claim then has the job as it is now.

        What the upload says about columns is remembered, unless it only validates.
        """
        now = self._clock()
        titles = table.header.titles
        shape = fingerprint(titles)
        remembered = mappings.remembered.get(shape)
        params = {
            **claim.key,
            "aba": ALL_SHEETS if table.more else table.sheet_name,
            "colunas": list(titles),
            "linhas_estimadas": _estimated(table),
            "leitura": json.dumps(account_of(table, language)),
            "lembrado": None if remembered is None else json.dumps(remembered),
            "etag": stored.etag,
            "tamanho_bytes": stored.size_bytes,
            "correcao": is_report(titles),
            "origem": origin_in(titles, table.rows()),
            "agora": now,
            "lease_ate": now + self._settings.ingest_lease,
        }

        def describe(rows: Rows) -> Row | None:
            if mappings.asked is not None and claim.row["leitura"] is None and _remembers(claim.row):
                _remember(rows, shape, mappings.asked, now)
            return rows.one("describe_job", **params)

        row = self._database.run(claim.tenant_id, describe)
        if row is None:
            raise LeaseLost
        claim.row = row

    def _open_dry_run_tables(self, claim: JobClaim) -> None:
        """Make the tables of a dry run before its first batch. A dry run whose tables are gone begins again."""
        if not claim.row["validar_apenas"] or claim.row["ensaio_aberto"]:
            return

        def open_tables(rows: Rows) -> Checkpoint:
            _fence(rows, claim)
            DryRunTables(claim.job_id).open(rows)
            [reopened] = rows.all("job_by_id", job_id=claim.job_id)
            return Checkpoint.of(reopened)

        claim.checkpoint = self._database.run(claim.tenant_id, open_tables)

    def _room(self, claim: JobClaim) -> _Room:
        """How many more refusals the job may have after those of its earlier batches and sheets."""
        rows, campos = self._settings.ingest_max_recusas, MOST_REFUSED
        if not claim.checkpoint.ultima_linha:
            return _Room(rows, campos)
        params = {"job_id": claim.job_id, "de_campos": list(REFUSALS)}
        [found] = self._database.run(claim.tenant_id, lambda rows: rows.all("count_erros", **params))
        return _Room(rows - found["erros"], campos - found["de_campos"])

    def _batches(
        self, table: LeadsTable, reader: RowReader, after: int, room: _Room, before: int, how: Deduplication
    ) -> Iterator[tuple[Batch, _Notes]]:
        """The batches after a checkpoint, the first ones small, each with what is noted of its rows.

        Raises:
            InvalidFile: in place of a batch that cannot be read, or that has too many refusals.
        """
        most, row_count = self._settings.ingest_batch_rows, _FIRST_ROWS
        blocks = _read_back(table, table.blocks(after, min(most, _TOGETHER)))
        refusals, of_campos = room
        left = _left(table, after)
        while portion := _portion(blocks, reader, min(most, row_count, max(_LAST_ROWS, left // 2))):
            left = _left(table, portion.last)
            if table.campos:
                of_campos = without_refusals_over(portion, of_campos)
            refusals -= _refusals_of(portion)
            if refusals < 0:
                raise InvalidFile("recusas_demais", maximo=self._settings.ingest_max_recusas)
            notes = _Notes(_hidden(table, portion), portion.texts)
            rows = portion.shifted(before) if before else portion
            yield prepared(rows, self._clock(), how.keys, tags=how.tags), notes
            row_count += row_count // 2

    def _commit(self, claim: JobClaim, table: LeadsTable, batch: Batch, notes: _Notes, how: Deduplication) -> None:
        """Write leads, contacts, errors, counters and checkpoint of one batch, in one transaction.

        Raises:
            LeaseLost: another worker has the job.
            _CheckpointMoved: an earlier batch is not in the database any more.
            _Cancelled: the job is to end.
        """
        created = self._database.run(
            claim.tenant_id, lambda rows: self._commit_in(rows, claim, table, batch, notes, how)
        )
        count(Metric.LEADS_CREATED, created, tenant_id=claim.tenant_id)

    def _commit_in(
        self, rows: Rows, claim: JobClaim, table: LeadsTable, batch: Batch, notes: _Notes, how: Deduplication
    ) -> int:
        """As `_commit`. Returns how many leads were made, which is none in a dry run."""
        row = claim.row
        _fence(rows, claim)
        # A crash of the server may undo this commit, its checkpoint with it: then the next fence sends the job back to
        # the database's checkpoint. The end of the job waits for the disk, and so for every batch before it.
        rows.commit_lazily()
        rows.set_local(
            job_id=str(claim.job_id),
            origem=how.origem,
            origem_arquivo=row["nome_arquivo"],
            origem_aba=table.sheet_name or "",
        )
        counts = _loaded(rows, claim, batch, how)
        if notes.hidden:
            told = json.dumps(notes.hidden[:MOST_HIDDEN])
            rows.run("note_hidden_rows", job_id=claim.job_id, total=len(notes.hidden), linhas=told)
        if notes.texts:
            texts = {column_name(place): count for place, count in notes.texts.items()}
            rows.run("note_campo_texts", job_id=claim.job_id, textos=json.dumps(texts))
        now = self._clock()
        if not row["validar_apenas"]:
            self._erased.suppress_again(rows, _contacts_of(batch), now)
        if table.campos and not claim.checkpoint.ultima_linha and not row["validar_apenas"]:
            remember_campos(rows, table.campos, now)
        rows.post(
            "advance_job",
            job_id=claim.job_id,
            ultima_linha=batch.last_row,
            linhas=batch.row_count,
            **counts._asdict(),
            agora=now,
            lease_ate=now + self._settings.ingest_lease,
        )
        return 0 if row["validar_apenas"] else counts.leads_criados

    def _finish(self, claim: JobClaim, status: str, error: InvalidFile | None = None) -> None:
        """Write the report, then the end of the job with its event."""
        self._report_if_possible(claim)
        self._database.run(claim.tenant_id, lambda rows: self._finish_in(rows, claim, status, error))
        metric = Metric.JOBS_FAILED if error else Metric.JOBS_COMPLETED
        count(metric, 1, tenant_id=claim.tenant_id)
        logger.info("job_ended", extra={"job_id": str(claim.job_id), "tenant": claim.tenant_id, "status": status})

    def _finish_in(self, rows: Rows, claim: JobClaim, status: str, error: InvalidFile | None) -> None:
        """End the job with exactly the rows that this worker and those before it have read.

        Raises:
            LeaseLost: another worker has the job.
            _CheckpointMoved: a batch is not in the database any more.
        """
        _lock(rows, claim)
        now = self._clock()
        [job] = rows.all(
            "finish_job",
            **claim.key,
            status=status,
            erro_codigo=error.code if error else None,
            mensagem_erro=messages.text(error.code, config_of(rows).idioma, **error.params) if error else None,
            agora=now,
        )
        if job["ensaio_aberto"]:
            DryRunTables(claim.job_id).close(rows)
        detail = {name: job[name] for name in ("validar_apenas", *COUNTS)}
        kind = "ingest.job_failed" if error else "ingest.job_completed"
        events.record(rows, kind, now, job_id=claim.job_id, status=status, codigo=job["erro_codigo"], **detail)

    def _report_if_possible(self, claim: JobClaim) -> None:
        """Write the report before the job ends. Only a job that is given up may end without its report."""
        try:
            self._report(claim)
        except Exception as error:
            if isinstance(error, Unavailable) or claim.row["tentativas"] <= _MOST_CLAIMS:
                raise
            logger.error("report_not_written", extra={"job_id": str(claim.job_id), "kind": type(error).__name__})

    def _report(self, claim: JobClaim) -> None:
        """Write the error report, if the file was read far enough to have columns."""

        def read(rows: Rows) -> tuple[Row | None, Language]:
            return rows.one("job_by_id", job_id=claim.job_id), config_of(rows).idioma

        job, language = self._database.run(claim.tenant_id, read)
        if job is None or job["colunas"] is None:
            return
        with scratch() as folder:
            path = folder / "errors.csv"
            write_report(path, self._database, claim.tenant_id, job, language=language)
            self._storage.upload(report_key(claim.tenant_id, claim.job_id), path, content_type=CONTENT_TYPE)

    def _hand_over(self, claim: JobClaim, *, attempt_counts: bool) -> None:
        """Leave the job to the next worker, which begins at the database's checkpoint."""
        self._release(claim, attempt_counts=attempt_counts)
        self._queues.send(self._settings.ingest_queue, [wakeup_message(claim.tenant_id, claim.job_id)])

    def _release(self, claim: JobClaim, *, attempt_counts: bool) -> None:
        """Give the job back. If the database is away, its lease lapses by itself.

        The attempt counts if the file may be to blame for its end.
        """
        params = {**claim.key, "devolvidas": int(not attempt_counts), "agora": self._clock()}
        try:
            self._database.run(claim.tenant_id, lambda rows: rows.run("release_job", **params))
        except Unavailable:
            logger.warning("job_not_released", extra={"job_id": str(claim.job_id)})


class _Room(NamedTuple):
    """How many more refusals a job may have, and how many more of campos are reported one by one."""

    refusals: int
    of_campos: int


class _Notes(NamedTuple):
    """What a job notes of the rows of a batch: its hidden ones, and cells that do not read as their column does."""

    hidden: list[int]
    texts: Mapping[int, int]


def _remembers(job: Row) -> bool:
    return bool(job["lembrar_mapeamento"] and not job["validar_apenas"])


def _remember(rows: Rows, shape: str, mapping: Mapping[str, str], now: datetime) -> None:
    """Remember what columns of these titles are; an empty mapping forgets it."""
    if mapping:
        rows.run("remember_mapeamento", cabecalho=shape, mapeamento=json.dumps(mapping), agora=now)
    else:
        rows.run("forget_mapeamento", cabecalho=shape)


def _choice(job: Row, mappings: Mappings) -> Choice:
    """What the upload said about the reading of its file."""
    separator = job["separador_pedido"]
    return Choice(
        sheet=job["aba_pedida"],
        guess=job["adivinhar"],
        encoding=job["codificacao_pedida"],
        separator=Separator(separator).character if separator else None,
        mappings=mappings,
    )


def _fence(rows: Rows, claim: JobClaim) -> None:
    """Lock the job before anything of it is written: it is this worker's, stands where it left it, and goes on."""
    if _lock(rows, claim)["cancelamento_pedido"]:
        raise _Cancelled


def _lock(rows: Rows, claim: JobClaim) -> Row:
    locked = rows.one("lock_claimed_job", **claim.key)
    if locked is None:
        raise LeaseLost
    if Checkpoint.of(locked) != claim.checkpoint:
        raise _CheckpointMoved
    return locked


def _digest(path: Path) -> blake2b:
    digest = blake2b(digest_size=_CONTENT_ID_BYTES)
    with path.open("rb") as file:
        file_digest(file, lambda: digest)
    return digest


def _content_id(content: blake2b, sheet_name: str | None) -> str:
    """What stands for the content of a file, or of one of its sheets: the same bytes are the same rows."""
    digest = content.copy()
    digest.update((sheet_name or "").encode("utf-8", "replace"))
    return digest.hexdigest()


def _deduplication(job: Row, file_id: str, table: LeadsTable) -> Deduplication:
    keys = frozenset(key for key in DedupKey if job[f"deduplicar_por_{key}"])
    titles = {each.name: each.title for each in table.campos}
    return Deduplication(IngestMode(job["modo"]), keys, job["origem"], file_id, tuple(job["tags"]), titles)


def _without_ids(header: Header) -> Header:
    """The header of a file whose IDs do not count: its rows get those that are made from the content."""
    return replace(header, fields={field: places for field, places in header.fields.items() if field != LeadField.ID})


def _loaded(rows: Rows, claim: JobClaim, batch: Batch, how: Deduplication) -> BatchCounts:
    """Load the batch into the real tables, or into those of a dry run."""
    if claim.row["validar_apenas"]:
        return DryRunTables(claim.job_id).load(rows, batch, how)
    return load(rows, batch, how).counts


def _contacts_of(batch: Batch) -> Iterator[Contact]:
    """The contacts of all rows of a batch; made only if somebody asks for them."""
    columns = batch.candidates.columns
    for phones in columns.telefones:
        yield from (Contact(Canal.WHATSAPP, each.telefone) for each in phones)
    for emails in columns.emails:
        yield from (Contact(Canal.EMAIL, each) for each in emails)


def _portion(blocks: Iterator[RowBlock], reader: RowReader, most: int) -> ReadRows | None:
    """The next `most` rows, or fewer where they are heavy; None after the last one."""
    portion: ReadRows | None = None
    room = _MOST_WEIGHT
    while room > 0 and most > 0 and (block := next(blocks, None)):
        read_rows = reader.read_all(block.rows)
        room -= block.weight + _WEIGHT_OF_AN_ERROR * _refusals_of(read_rows)
        most -= len(block.rows)
        if portion:
            portion.extend(read_rows)
        else:
            portion = read_rows
    return portion


def _estimated(table: LeadsTable) -> int | None:
    """About how many rows there are in all tables that are read."""
    found = [each.estimated_rows for each in (table, *table.more)]
    return None if None in found else sum(filter(None, found))


def _left(table: LeadsTable, after: int) -> int:
    """About how many rows are below a row; very many if that is not known."""
    known = table.estimated_rows
    return MAX_ROWS if known is None else table.header.row + known - after


def _hidden(table: LeadsTable, portion: ReadRows) -> list[int]:
    """The hidden rows among those of a portion; they are taken out of the table, which has told of blank ones too."""
    if not table.hidden_rows:
        return []
    read = {*portion.numbers, *(row.number for row in portion.with_errors)}
    hidden = sorted(read & table.hidden_rows)
    table.hidden_rows.difference_update([number for number in table.hidden_rows if number <= portion.last])
    return hidden


def _read_back(table: LeadsTable, blocks: Iterator[RowBlock]) -> Iterator[RowBlock]:
    for block in blocks:
        if rows := list(read_back(table.header.titles, block.rows)):
            yield block._replace(rows=rows)


def _refusals_of(read_rows: ReadRows) -> int:
    return sum([len(row.errors) for row in read_rows.with_errors])
