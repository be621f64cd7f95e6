"""Faults of an ingestion: each one ends in exactly the rows, the counts and the report of an undisturbed run.

Every run has a tenant of its own and reads the same object, so that one database is enough for many of them. We compare
everything that a run leaves of its tenant, without ids and times.
"""

from __future__ import annotations

import errno
import re
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection

from chalicelib.adapters.aws import Aws
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, connect
from chalicelib.adapters.queues import Queues
from chalicelib.adapters.storage import Storage, StoredObject
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.ids import new_id
from chalicelib.ingestion.jobs.jobs import COUNTS, Jobs
from chalicelib.ingestion.jobs.reports import report_key
from chalicelib.ingestion.jobs.requests import AnnouncedUpload
from chalicelib.ingestion.jobs.worker import Ingestion
from chalicelib.ingestion.options import IngestMode, IngestOptions
from chalicelib.ingestion.reading.limits import MAX_CELL
from chalicelib.wiring import Services
from local.aws import Aws as LocalAws
from local.postgres import Postgres
from tests.aws_contents import queued
from tests.builders import ask, insert, literal, run
from tests.conftest import DatabaseUrls, StoppedClock
from tests.ingesting import Job as ShownJob
from tests.ingesting import enough, nothing_left, wakeup_event

BATCH = 5
LEASE_S = 120
SHEET = """\
ID;Nome;CNPJ/CPF;Email;Telefone
1;Maria;529.982.247-25;m@x.com | bad;71 99999-0001
2;José;;j@x.com;
3;Ana;;;não tem
;Caio;;c@x.com;11 98765-0001
5;Lia;;l@x.com;71 3333-4444
1;Maria Silva;;m2@x.com;71 99999-0002
6;Rui;;r@x.com;
2;José;;j@x.com;
7;Eva;529.982.247-25;e@x.com;
8;;;;
5;;;;71 99999-0005
9;Zé;;z@x.com;bad
9;Zé;;z2@x.com;
10;Bia;;b@x.com;21 98888-0001
""".encode()
ROWS, BATCHES = 14, 3
# The batches depend on each other: the second and the third change leads of the first, by their ID and their document.
MODE = IngestMode.ATUALIZAR
SHEET_KEY = "leads/shared/leads.csv"
_PATIENCE_S = 120
SOCKET = ".s.PGSQL.5432"

Left = dict[str, Any]
"""What is left of a tenant: the rows of each table, and the `report` as bytes, if there is one."""


class StagedJob(NamedTuple):
    """A job and its tenant."""

    tenant_id: str
    job_id: UUID

    @property
    def event(self) -> dict[str, Any]:
        """The SQS event of its wake-up."""
        return wakeup_event(self.tenant_id, self.job_id)


class Stage:
    """One object in the bucket, jobs that read it, workers for them, and what they leave in the end."""

    def __init__(self, services: Services, clock: StoppedClock) -> None:
        self.services = services
        self.database = services.owner_database
        self.settings = services._settings
        self.clock = clock
        self._numbers = count()
        self.put(SHEET)

    def put(self, content: bytes, key: str = SHEET_KEY) -> StoredObject:
        return self.services.storage.put(key, content, content_type="text/csv")

    def job(
        self,
        *,
        key: str = SHEET_KEY,
        tenant_id: str | None = None,
        mode: IngestMode = MODE,
        keys_count: bool = True,
        is_dry_run: bool = False,
    ) -> StagedJob:
        # Ids begin with their time, so a job that is made later has a higher id.
        job = StagedJob(tenant_id or f"t{next(self._numbers)}", new_id(self.clock.advance(milliseconds=1)))
        insert(
            self.database, "ingest_jobs", tenant_id=job.tenant_id, job_id=job.job_id, bucket=self.settings.bucket,
            chave=key, nome_arquivo="leads.csv", modo=mode, deduplicar_por_documento=keys_count,
            deduplicar_por_contato=keys_count,
            validar_apenas=is_dry_run, criado_em=self.clock(), atualizado_em=self.clock(),
        )  # fmt: skip
        return job

    def worker(
        self, database: Database | None = None, *, rows: int = BATCH, clock: Clock | None = None, **parts: object
    ) -> Ingestion:
        """A worker with its own settings and clock; `parts` replace its collaborators by name."""
        services = Services(self.settings.model_copy(update={"ingest_batch_rows": rows}), clock=clock or self.clock)
        vars(services).update({
            "aws": self.services.aws,
            "owner_database": database or self.database,
            "storage": self.services.storage,
            **parts,
        })  # fmt: skip
        return services.ingestion

    def work(
        self, job: StagedJob, worker: Ingestion | None = None, remaining_ms: Callable[[], int] = enough
    ) -> ShownJob:
        """Deliver the job's wake-up to a worker. Returns the job afterwards."""
        (worker or self.worker()).run(job.event, remaining_ms=remaining_ms)
        return self.state(job)

    def state(self, job: StagedJob) -> ShownJob:
        return self.services.jobs.get(job.tenant_id, job.job_id)

    def finish(self, job: StagedJob) -> None:
        """Deliver the wake-up, and again after the lease has lapsed, as SQS and the sweep do."""
        for _ in range(4):
            self.work(job)
            if self.is_over(job):
                return
            self.clock.advance(seconds=LEASE_S + 1)

    def is_over(self, job: StagedJob) -> bool:
        """Whether a job has ended and all events of its tenant were published."""
        [[is_over]] = ask(
            self.database,
            f"""SELECT concluido_em IS NOT NULL AND NOT EXISTS (
                       SELECT FROM eventos e WHERE e.tenant_id = j.tenant_id AND publicado_em IS NULL)
                  FROM ingest_jobs j WHERE job_id = {literal(job.job_id)}""",
        )
        return bool(is_over)

    def undisturbed(self, *, is_dry_run: bool = False) -> Left:
        """What a run without a fault leaves."""
        job = self.job(is_dry_run=is_dry_run)
        self.work(job)
        left = self.left_of(job)
        assert left["jobs"][0][0] == "concluido"
        return left

    def left_of(self, job: StagedJob) -> Left:
        """Everything that is stored of the tenant, without ids and times."""
        tenant = literal(job.tenant_id)
        tables = {
            "jobs": f"""
                SELECT status, erro_codigo, mensagem_erro, cancelamento_pedido, ultima_linha, aba, colunas,
                       linhas_estimadas, lease_dono, {", ".join(COUNTS)}
                  FROM ingest_jobs WHERE tenant_id = {tenant} ORDER BY job_id""",
            "leads": f"""
                SELECT lead_id_externo, nome, contato, documento, telefone_raw, email_raw, status, origem_arquivo,
                       origem_aba, linha_planilha
                  FROM leads WHERE tenant_id = {tenant} ORDER BY 1""",
            "telefones": f"""
                SELECT lead_id_externo, telefone, ordem, principal, tipo_origem, valido_para_disparo
                  FROM lead_telefones LEFT JOIN leads USING (tenant_id, lead_id)
                 WHERE tenant_id = {tenant} ORDER BY 1, 3""",
            "emails": f"""
                SELECT lead_id_externo, email, ordem, principal
                  FROM lead_emails LEFT JOIN leads USING (tenant_id, lead_id)
                 WHERE tenant_id = {tenant} ORDER BY 1, 3""",
            "erros": f"""
                SELECT linha, ordem, alcance, lead_id_externo, coluna, codigo, valor, celulas
                  FROM ingest_erros WHERE tenant_id = {tenant} ORDER BY job_id, linha, ordem""",
            "eventos": f"""
                SELECT tipo, detalhe - 'job_id', publicado_em IS NOT NULL
                  FROM eventos WHERE tenant_id = {tenant} ORDER BY tipo, (detalhe - 'job_id')::text""",
        }
        left: Left = {name: ask(self.database, sql) for name, sql in tables.items()}
        key = report_key(job.tenant_id, job.job_id)
        if self.services.storage.find(key):
            s3 = self.services.aws.client("s3")
            left["report"] = s3.get_object(Bucket=self.settings.bucket, Key=key)["Body"].read()
        return left


@pytest.fixture
def stage(make_services: Callable[..., Services], clock: StoppedClock) -> Stage:
    return Stage(make_services(ingest_batch_rows=BATCH, ingest_lease_s=LEASE_S), clock)


# Where a batch ends

TITLES = "ID;Nome;CNPJ/CPF;Email;Telefone\n"
ONE, OTHER = "529.982.247-25", "111.444.777-35"
# The file of known leads, and the file that is ingested: each changes which lead a later row is.
BORDERS = {
    "asks for another document": ("", f"A;a;{ONE};a@x.com;\nA;a;{OTHER};;\nB;b;{ONE};b@x.com;\n"),
    "asks for one that another has": ("", f"A;a;{ONE};a@x.com;\nC;c;;c@x.com;\nC;c;{ONE};;\nD;d;{ONE};d@x.com;\n"),
    "asks for one that a later one has": (
        "",
        f"A;a;;a@x.com;\nC;c;{ONE};c@x.com;\nA;a;{ONE};;\nD;d;{ONE};d@x.com;\n",
    ),
    "gets a document that a later row has": ("A;a;;a@x.com;\n", f"A;;{ONE};;\nC;c;{ONE};c@x.com;\n"),
    "two have it and the ID chooses": (
        f"A;a;{ONE};a@x.com;\nB;b;{ONE};b@x.com;\n",
        f"B;;{ONE};b2@x.com;\nC;c;{ONE};c@x.com;\n",
    ),
    "gets a contact that a later row has": (
        "A;a;;a@x.com;\n",
        f"A;;{ONE};b@x.com;\n;á;;b@x.com | c@x.com;\n;A;;c@x.com;\n;b;;c@x.com;\n;;;c@x.com;\n",
    ),
    "gets a name that a later row has": (
        ";a;;a@x.com;\n;b;;b@x.com;\nC;c;;c@x.com;\n",
        "C;b;;;71 99999-0001\n;b;;b@x.com | c@x.com;\n;;;a@x.com;\n;c;;c@x.com;\n",
    ),
    "father and son": (
        f"A;a;{ONE};a@x.com;\nB;a;{OTHER};a@x.com;\n",
        ";a;;a@x.com;\n;a;;a@x.com | b@x.com;\n;;;a@x.com;\n;;;b@x.com;\n",
    ),
}


def left_by(stage: Stage, before: str, sheet: str, mode: IngestMode, rows: int) -> Left:
    """What two files leave of a tenant; the second one is read in batches of so many rows."""

    def clock() -> datetime:
        return stage.clock.advance(milliseconds=1)  # ids begin with their time: each batch has another one

    for key, content in (("before", before), ("after", sheet)):
        stage.put((TITLES + content).encode(), f"leads/shared/{key}.csv")
    earlier = stage.job(key="leads/shared/before.csv", keys_count=False)
    stage.work(earlier, stage.worker(clock=clock))
    job = stage.job(key="leads/shared/after.csv", tenant_id=earlier.tenant_id, mode=mode)
    stage.work(job, stage.worker(rows=rows, clock=clock))
    return stage.left_of(job)


@pytest.mark.parametrize("mode", list(IngestMode))
@pytest.mark.parametrize("name", BORDERS)
def test_it_makes_no_difference_where_a_batch_ends(stage: Stage, name: str, mode: IngestMode) -> None:
    expected = left_by(stage, *BORDERS[name], mode, rows=100)
    assert [left_by(stage, *BORDERS[name], mode, rows=rows) for rows in (1, 2, 3)] == [expected] * 3


@pytest.mark.parametrize("rows", [7, 1_000])
def test_leads_that_are_too_heavy_to_be_read_together_are_merged_like_any_others(stage: Stage, rows: int) -> None:
    """Each lead has some 400 KB. The batch itself is light, and has two rows for each of them.

    25 of the leads do not fit into the memory for those that are read together. They are read one by one, and written
    twice in between, because ten of them fill the memory for them.
    """
    many, heavy = 64, "ção" * 43_000
    before = "".join(f"{n};{n} {heavy};;a{n}@x.com;1 {heavy}\n" for n in range(many))
    sheet = "".join(f"{n % many};;;b{n}@x.com;71 9{n:08}\n" for n in range(2 * many))
    left = left_by(stage, before, sheet, IngestMode.ATUALIZAR, rows=rows)
    counted = dict(zip(COUNTS, left["jobs"][1][-len(COUNTS) :], strict=True))
    assert (counted["leads_atualizados"], counted["leads_criados"], counted["duplicados"]) == (2 * many, 0, 0)
    assert (counted["emails_criados"], counted["telefones_criados"], counted["telefones_validos"]) == (2 * many,) * 3
    assert {(lead[0], lead[1]) for lead in left["leads"]} == {(f"{n}", f"{n} {heavy}") for n in range(many)}
    assert {(lead[0], lead[4]) for lead in left["leads"]} == {(f"{n}", f"71 9{n + many:08}") for n in range(many)}
    assert {(email[0], email[1], email[2]) for email in left["emails"]} == {
        (f"{n}", address, position)
        for n in range(many)
        for position, address in enumerate((f"a{n}@x.com", f"b{n}@x.com", f"b{n + many}@x.com"), 1)
    }


# Faults at a statement


class Killed(BaseException):
    """The worker was killed. No code of the worker may handle this."""


class Watched:
    """A connection that reports each statement to its database, and waits for each, so that a fault meets every one."""

    def __init__(self, connection: Connection, database: WatchedDatabase) -> None:
        self._connection = connection
        self._database = database

    def run(self, sql: str) -> Any:
        return self._database.watch(self._connection, sql, lambda: self._connection.run(sql))

    def execute_simple(self, sql: str) -> Any:
        return self._database.watch(self._connection, sql, lambda: self._connection.execute_simple(sql))

    def execute_unnamed(self, sql: str, *args: Any, **options: Any) -> Any:
        return self._database.watch(
            self._connection, sql, lambda: self._connection.execute_unnamed(sql, *args, **options)
        )

    def send(self, sql: str, *args: Any) -> Any:
        sent = partial(self._connection.send, sql, *args)
        return self._database.watch(self._connection, sql, lambda: self._connection.answered(sent()))

    def send_copy(self, sql: str, messages: Any) -> Any:
        sent = partial(self._connection.send_copy, sql, messages)
        return self._database.watch(self._connection, sql, lambda: self._connection.answered(sent()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


Moment = Callable[[int, str, Connection], None]


def nothing(_number: int, _sql: str, _connection: Connection) -> None:
    """Do nothing."""


class WatchedDatabase(Database):
    """A database that calls `before` and `after` with each statement: its number from 1, its text, its connection."""

    def __init__(self, url: str, *, before: Moment = nothing, after: Moment = nothing) -> None:
        super().__init__(lambda: url)
        self._address = url
        self.statements: list[str] = []
        self.refusals: list[str] = []
        self.is_dead = False
        self._before = before
        self._after = after

    def watch(self, connection: Connection, sql: str, go: Callable[[], Any]) -> Any:
        if self.is_dead:
            raise Killed
        self.statements.append(sql)
        number = len(self.statements)
        self._before(number, sql, connection)
        try:
            answer = go()
        except DatabaseError as error:
            self.refusals.append(error.args[0]["C"])
            raise
        self._after(number, sql, connection)
        return answer

    def kill(self, connection: Connection) -> None:
        """As SIGKILL does: the kernel closes the connection, and the worker does nothing more.

        The next worker comes after the server has noticed. A busy machine takes its time for that, and what the dead
        transaction has locked is skipped until then.
        """
        self.is_dead = True
        pid = int.from_bytes(connection._backend_key_data[:4], "big")
        connection._usock.shutdown(socket.SHUT_RDWR)
        with suppress(InterfaceError, OSError):
            connection.close()
        with closing(connect(self._address)) as observer:
            while observer.run(f"SELECT FROM pg_stat_activity WHERE pid = {pid}"):
                pass
        raise Killed

    def _connection(self, begin: str) -> Any:
        if self.is_dead:
            raise Killed
        connection = super()._connection(begin)
        return connection if isinstance(connection, Watched) else Watched(connection, self)


@pytest.fixture
def watched(stage: Stage) -> Iterator[Callable[..., WatchedDatabase]]:
    """Opens watched databases. Each closes the connections of the one before it, because a walk opens a hundred."""
    with ExitStack() as opened:

        def make(**moments: Moment) -> WatchedDatabase:
            opened.close()
            database = WatchedDatabase(str(stage.settings.database_owner_url), **moments)
            opened.callback(database.close)
            return database

        yield make


class Walk(NamedTuple):
    """How many places a walk reached, and what differs from an undisturbed run, by the place of the fault."""

    places: int
    wrong: dict[int, Any]


# There are two walks, each to every second place, because one alone would take too long.
HALVES = pytest.mark.parametrize("half", [1, 2])


def walked(stage: Stage, disturb: Callable[[StagedJob, int], bool], *, first: int = 1, step: int = 1) -> Walk:
    """Disturb a run at its first place, the next run a step further on, and so on until a run has no such place."""
    expected = stage.undisturbed()
    wrong = {}
    for place in count(first, step):
        job = stage.job()
        reached = disturb(job, place)
        stage.finish(job)
        if (left := stage.left_of(job)) != expected:
            wrong[place] = {
                name: (left.get(name), expected[name]) for name in expected if left.get(name) != expected[name]
            }
        if not reached:
            return Walk(place - step, wrong)
    raise AssertionError


@HALVES
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_killed_at_any_statement_loses_and_doubles_nothing(
    stage: Stage, watched: Callable[..., WatchedDatabase], moment: str, half: int
) -> None:
    def killed(job: StagedJob, place: int) -> bool:
        def kill(number: int, _sql: str, connection: Connection) -> None:
            if number == place:
                database.kill(connection)

        database = watched(**{moment: kill})
        with suppress(Killed):
            stage.worker(database).run(job.event, remaining_ms=enough)
        return database.is_dead

    walk = walked(stage, killed, first=half, step=2)
    assert walk.wrong == {}
    assert walk.places > 15 * BATCHES


@HALVES
def test_a_connection_that_the_server_ends_at_any_statement_loses_nothing(
    stage: Stage, watched: Callable[..., WatchedDatabase], half: int
) -> None:
    def ended(job: StagedJob, place: int) -> bool:
        reached = False

        def end(number: int, _sql: str, connection: Connection) -> None:
            nonlocal reached
            if number == place:
                reached = True
                pid = connection.run("SELECT pg_backend_pid()")[0][0]
                run(stage.database, f"SELECT pg_terminate_backend({pid})")
                # The server's last message comes when it has ended.
                connection._usock.recv(1, socket.MSG_PEEK)

        with suppress(Unavailable):
            stage.worker(watched(before=end)).run(job.event, remaining_ms=enough)
        return reached

    walk = walked(stage, ended, first=half, step=2)
    assert walk.wrong == {}
    assert walk.places > 15 * BATCHES


@HALVES
def test_a_transaction_that_the_server_aborts_at_any_statement_is_run_again(
    stage: Stage, watched: Callable[..., WatchedDatabase], half: int
) -> None:
    """The error comes from the server itself, so its transaction is really gone."""

    def aborted(job: StagedJob, place: int) -> bool:
        reached = False

        def abort(number: int, _sql: str, connection: Connection) -> None:
            nonlocal reached
            if number == place:
                reached = True
                connection.run("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END $$")

        stage.worker(watched(before=abort)).run(job.event, remaining_ms=enough)
        assert stage.is_over(job), "the same worker goes on"
        return reached

    walk = walked(stage, aborted, first=half, step=2)
    assert walk.wrong == {}
    assert walk.places > 15 * BATCHES


# Faults of the network


class Scissors(Protocol):
    """Decides when a line is cut."""

    @property
    def is_cut(self) -> bool:
        """Whether it was cut."""
        ...

    def passes(self, data: bytes, *, to_server: bool) -> bytes | None:
        """The part of the data that gets through, after which the line is cut; None if nothing gets through."""


class AtByte:
    """Cuts once, after a number of bytes in one direction."""

    def __init__(self, place: int, *, to_server: bool) -> None:
        self.left = place
        self.to_server = to_server
        self.is_cut = False

    def passes(self, data: bytes, *, to_server: bool) -> bytes | None:
        if self.is_cut or to_server != self.to_server:
            return data
        allowed = data[: self.left]
        self.left -= len(allowed)
        self.is_cut = len(allowed) < len(data)
        return allowed


class AtCommit:
    """Cuts at a COMMIT, the first, the second, …: before the server gets it, or after the server has done it."""

    def __init__(self, place: int, *, is_done: bool) -> None:
        self.left = place
        self.is_done = is_done
        self.is_cut = False

    def passes(self, data: bytes, *, to_server: bool) -> bytes | None:
        if to_server and b"COMMIT\0" in data:
            self.left -= 1
            if self.left == 0 and not self.is_done:
                self.is_cut = True
                return None
        elif self.left == 0 and not to_server and not self.is_cut:
            self.is_cut = True
            return None
        return data


class AtText:
    """Cuts an answer in the middle of a text, so many times."""

    def __init__(self, text: bytes, *, times: int = 1) -> None:
        self.text = text
        self.times = times

    @property
    def is_cut(self) -> bool:
        return self.times == 0

    def passes(self, data: bytes, *, to_server: bool) -> bytes | None:
        place = data.find(self.text)
        if to_server or place < 0 or not self.times:
            return data
        self.times -= 1
        return data[: place + 1]


class Line:
    """A listening socket that passes every byte on to another server, until the scissors cut."""

    def __init__(self, listener: socket.socket, target: Callable[[], socket.socket], scissors: Scissors) -> None:
        self._listener = listener
        self._target = target
        self._scissors = scissors
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in self._open:
            _hang_up(each)
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        for each in self._open:
            each.close()

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, server = self._listener.accept()[0], self._target()
                self._open += (client, server)
                self._start(self._pump, client, server, True)
                self._start(self._pump, server, client, False)

    def _pump(self, source: socket.socket, sink: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    through = self._scissors.passes(data, to_server=to_server)
                sink.sendall(through or b"")
                if through is None or len(through) < len(data):
                    break
        _hang_up(source)
        _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def database_over(stage: Stage, scissors: Scissors) -> Iterator[Database]:
    """The database behind a line with these scissors."""
    url = urlsplit(str(stage.settings.database_owner_url))
    folder = dict(each.split("=") for each in url.query.split("&"))["host"]
    # The path of a socket has to be short.
    with TemporaryDirectory() as front, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{front}/{SOCKET}")
        listener.listen()
        line = Line(listener, lambda: _unix(f"{folder}/{SOCKET}"), scissors)
        database = Database(lambda: url._replace(query=f"host={front}").geturl())
        try:
            yield database
        finally:
            database.close()
            line.close()


def _unix(path: str) -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    return server


def cut_off(stage: Stage, job: StagedJob, scissors: Scissors) -> bool:
    """Work on a job over a line with these scissors. Returns whether they cut."""
    with database_over(stage, scissors) as database, suppress(Unavailable):
        stage.worker(database).run(job.event, remaining_ms=enough)
    return scissors.is_cut


@pytest.mark.parametrize("is_done", [False, True], ids=["before-the-server-gets-it", "after-the-server-has-done-it"])
def test_a_commit_whose_answer_is_lost_counts_once(stage: Stage, *, is_done: bool) -> None:
    walk = walked(stage, lambda job, place: cut_off(stage, job, AtCommit(place, is_done=is_done)))
    assert walk.wrong == {}
    assert walk.places > BATCHES


@pytest.mark.parametrize("to_server", [True, False], ids=["of-what-is-sent", "of-what-is-answered"])
def test_a_line_that_is_cut_at_any_byte_loses_nothing(stage: Stage, *, to_server: bool) -> None:
    """The steps fall into the middle of a COPY, of a COMMIT, of an answer."""
    everything = AtByte(1 << 40, to_server=to_server)
    assert not cut_off(stage, stage.job(), everything)
    step = (((1 << 40) - everything.left) // 30) | 1
    walk = walked(stage, lambda job, place: cut_off(stage, job, AtByte(place * step, to_server=to_server)))
    assert walk.wrong == {}
    assert walk.places > 25


# Concurrency


def until_a_lock_is_waited_for(watcher: Connection) -> None:
    """Return when some connection waits for a lock."""
    deadline = time.monotonic() + _PATIENCE_S
    while not watcher.run("SELECT count(*) FROM pg_locks WHERE NOT granted")[0][0]:
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def other(postgres: Postgres, database_urls: DatabaseUrls, threads: ThreadPoolExecutor) -> Iterator[Connection]:
    """A connection of a superuser. It is closed before the threads that may wait for its locks."""
    connection = connect(urlsplit(database_urls.owner)._replace(netloc="postgres@").geturl())
    # So it is the worker's connection that detects a deadlock.
    connection.run("SET deadlock_timeout = '1min'")
    yield connection
    connection.close()


def test_the_loser_of_a_deadlock_runs_its_transaction_again(
    stage: Stage, watched: Callable[..., WatchedDatabase], other: Connection, threads: ThreadPoolExecutor
) -> None:
    tenant_id = stage.job().tenant_id
    first, second = stage.job(tenant_id=tenant_id), stage.job(tenant_id=tenant_id)
    stage.work(first)
    database = watched()
    other.run("BEGIN")
    other.run(f"SELECT FROM leads WHERE tenant_id = '{tenant_id}' AND lead_id_externo = '1' FOR UPDATE")
    working = threads.submit(stage.worker(database).run, second.event, remaining_ms=enough)
    until_a_lock_is_waited_for(other)
    # The worker holds the job and waits for the lead. The other connection holds the lead, and now waits for the job.
    other.run(f"UPDATE ingest_jobs SET acordado_em = now() WHERE job_id = '{second.job_id}'")
    other.run("COMMIT")
    working.result(_PATIENCE_S)
    # Once; or twice, if the worker ran again before the other connection had gone on.
    assert set(database.refusals) == {"40P01"}
    # The same jobs, undisturbed.
    tenant_id = stage.job().tenant_id
    for again in (stage.job(tenant_id=tenant_id), stage.job(tenant_id=tenant_id)):
        stage.work(again)
    assert {**stage.left_of(second), "jobs": None} == {**stage.left_of(again), "jobs": None}
    assert counts(stage.state(second)) == counts(stage.state(again))


def test_a_real_serialization_failure_is_run_again(
    stage: Stage, watched: Callable[..., WatchedDatabase], other: Connection, database_urls: DatabaseUrls
) -> None:
    expected = stage.undisturbed()
    name = urlsplit(database_urls.owner).path.lstrip("/")
    run(stage.database, f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    job = stage.job()

    def change_the_job(_number: int, sql: str, _connection: Connection) -> None:
        """Change the job between the snapshot of a transaction and its first look at the job."""
        if "FOR UPDATE" in sql and "cancelamento_pedido" in sql and len(database.refusals) < BATCHES:
            other.run(f"UPDATE ingest_jobs SET acordado_em = now() WHERE job_id = '{job.job_id}'")

    database = watched(before=change_the_job)
    stage.work(job, stage.worker(database))
    assert database.refusals == ["40001"] * BATCHES
    assert stage.left_of(job) == expected


def test_a_message_that_is_delivered_twice_is_handled_once(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for _ in range(2):
        stage.work(job)
    assert stage.left_of(job) == expected


def test_a_message_that_two_workers_get_at_once_is_handled_once(stage: Stage, threads: ThreadPoolExecutor) -> None:
    expected = stage.undisturbed()
    for _ in range(5):
        job = stage.job()
        start = threading.Barrier(2, timeout=_PATIENCE_S)

        def work(database: Database, job: StagedJob = job, start: threading.Barrier = start) -> None:
            start.wait()
            stage.worker(database).run(job.event, remaining_ms=enough)

        with own_databases(stage, 2) as databases:
            list(threads.map(work, databases))
        assert stage.left_of(job) == expected


@contextmanager
def own_databases(stage: Stage, number: int) -> Iterator[list[Database]]:
    """A pool of connections for each of several workers."""
    databases = [Database(lambda: str(stage.settings.database_owner_url)) for _ in range(number)]
    try:
        yield databases
    finally:
        for each in databases:
            each.close()


@pytest.mark.parametrize("batches", range(1, BATCHES + 1))
def test_a_worker_whose_lease_lapsed_between_two_batches_writes_nothing_more(stage: Stage, batches: int) -> None:
    """Its successor begins, and ends the job, while it is between two batches."""
    expected = stage.undisturbed()
    job = stage.job()
    calls = count(1)

    def slow() -> int:
        if next(calls) == batches:
            stage.clock.advance(seconds=LEASE_S + 1)
            stage.work(job)
        return enough()

    stage.work(job, remaining_ms=slow)
    assert stage.left_of(job) == expected


def test_a_job_that_is_taken_over_during_a_commit_goes_on_after_that_batch(
    stage: Stage, watched: Callable[..., WatchedDatabase], other: Connection, threads: ThreadPoolExecutor
) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    successors: list[Future[ShownJob]] = []

    def take_over(_number: int, sql: str, _connection: Connection) -> None:
        if sql == "COMMIT" and any("SET ultima_linha" in each for each in database.statements) and not successors:
            stage.clock.advance(seconds=LEASE_S + 1)
            successors.append(threads.submit(stage.work, job))
            until_a_lock_is_waited_for(other)

    database = watched(before=take_over)
    stage.worker(database).run(job.event, remaining_ms=enough)
    successors[0].result(_PATIENCE_S)
    assert stage.left_of(job) == expected


def is_advance(sql: str) -> bool:
    return "SET ultima_linha" in sql


# Which of the three batches the crash takes back, counted from the first commit of a batch.
@pytest.mark.parametrize("lost", [{1}, {2}, {3}, {1, 2}, {2, 4}, {1, 3}], ids=str)
@pytest.mark.parametrize("is_dry_run", [False, True], ids=["real", "dry-run"])
def test_a_live_worker_goes_on_where_a_crash_of_the_server_has_put_the_job_back(
    stage: Stage, watched: Callable[..., WatchedDatabase], lost: set[int], *, is_dry_run: bool
) -> None:
    """Batches commit before they are on disk. The crash undoes them, and the worker finds a server that answers."""
    expected = stage.undisturbed(is_dry_run=is_dry_run)
    job = stage.job(is_dry_run=is_dry_run)
    commits = 0

    def take_back(_number: int, sql: str, connection: Connection) -> None:
        nonlocal commits
        if sql == "COMMIT" and is_advance(database.statements[-2]):
            commits += 1
            if commits in lost:
                connection.execute_simple("ROLLBACK")  # the COMMIT that follows is answered, and changes nothing

    database = watched(before=take_back)
    worker = stage.worker(database)
    for _ in range(2 * len(lost) + 1):
        worker.run(job.event, remaining_ms=enough)
    assert commits > BATCHES
    assert stage.left_of(job) == expected


def test_a_job_that_is_put_back_again_and_again_is_given_up(
    stage: Stage, watched: Callable[..., WatchedDatabase]
) -> None:
    def take_back(_number: int, sql: str, connection: Connection) -> None:
        if sql == "COMMIT" and is_advance(database.statements[-2]):
            connection.execute_simple("ROLLBACK")

    job = stage.job()
    database = watched(before=take_back)
    worker = stage.worker(database)
    for _ in range(7):
        worker.run(job.event, remaining_ms=enough)
    assert stage.state(job)["erro_codigo"] == "ingestao_desistiu"


OTHER_SHEET = """\
ID;Nome;CNPJ/CPF;Email;Telefone
10;Beatriz;;bia@x.com;
2;José Luís;;;71 99999-0022
11;Gil;529.982.247-25;g@x.com;
3;Ana;;ana@x.com;
12;Teo;;t@x.com;
1;;;m3@x.com;
9;;;;11 3333-2222
6;Ruy;;;11 98888-7777
13;;;bad;
14;Isa;111.444.777-35;i@x.com;
5;Lia Souza;;;
1;Maria S.;;m@x.com;
7;Eva;;;21 97777-0000
12;Téo;;t@x.com;
""".encode()


@pytest.mark.parametrize("modes", [("ignorar", "ignorar"), ("ignorar", "atualizar"), ("atualizar", "atualizar")])
def test_two_jobs_at_once_with_the_same_leads_are_like_one_after_the_other(
    stage: Stage, threads: ThreadPoolExecutor, modes: tuple[str, str]
) -> None:
    """They leave what their batches would leave one after the other, in the order of their commits."""
    stage.put(OTHER_SHEET, "leads/shared/other.csv")
    keys = (SHEET_KEY, "leads/shared/other.csv")

    def both() -> list[StagedJob]:
        tenant_id = stage.job().tenant_id
        run(stage.database, f"DELETE FROM ingest_jobs WHERE tenant_id = '{tenant_id}'")
        return [
            stage.job(key=key, tenant_id=tenant_id, mode=IngestMode(mode))
            for key, mode in zip(keys, modes, strict=True)
        ]

    jobs = both()
    order: list[int] = []
    together = threading.Barrier(2, timeout=_PATIENCE_S)

    def side_by_side() -> int:
        together.wait()
        return enough()

    def work(which: int) -> None:
        def note(_number: int, sql: str, _connection: Connection) -> None:
            if "SET ultima_linha" in sql:
                order.append(which)

        with closing(WatchedDatabase(str(stage.settings.database_owner_url), after=note)) as database:
            side_by_side()
            stage.worker(database).run(jobs[which].event, remaining_ms=side_by_side)

    list(threads.map(work, (0, 1)))
    replayed = both()
    for which in order:
        stage.work(replayed[which], remaining_ms=nothing_left)
    for job in replayed:
        stage.work(job)
    assert order.count(0) == order.count(1) == BATCHES
    for job, again in zip(jobs, replayed, strict=True):
        state = stage.state(job)
        assert state["status"] == "concluido"
        assert counts(state) == counts(stage.state(again))
        assert state["linhas_processadas"] == ROWS == sum(counts(state)[1:5])
    left = stage.left_of(jobs[0])
    assert left == stage.left_of(replayed[0])
    assert len(left["leads"]) == sum(stage.state(job)["leads_criados"] for job in jobs)


def counts(job: ShownJob) -> tuple[int, ...]:
    """The counts of a job, in the order of `COUNTS`."""
    return tuple(job[name] for name in COUNTS)


# The file


@pytest.mark.parametrize("times", [1, 3])
def test_a_download_that_breaks_off_is_started_again(
    stage: Stage, aws_endpoint: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    server = urlsplit(aws_endpoint)
    scissors = AtText(b"z2@x.com", times=times)
    with socket.create_server(("127.0.0.1", 0)) as listener, monkeypatch.context() as environ:
        line = Line(listener, lambda: socket.create_connection((server.hostname, server.port)), scissors)
        environ.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        aws = Aws(stage.settings.aws_region)
        worker = stage.worker(aws=aws, storage=Storage(aws, stage.settings.bucket))
        for _ in range(times):
            with pytest.raises(Unavailable):
                stage.work(job, worker)
        assert scissors.is_cut
        stage.work(job, worker)
        aws.close()
        line.close()
    assert stage.left_of(job) == expected


class MeddledStorage(Storage):
    """A bucket in which something happens after each look for an object."""

    def __init__(self, storage: Storage, meddle: Callable[[], object]) -> None:
        super().__init__(storage._aws, storage.bucket)
        self._meddle = meddle

    def find(self, key: str) -> StoredObject | None:
        found = super().find(key)
        self._meddle()
        return found


@pytest.mark.parametrize("moment", ["between-two-workers", "between-looking-and-reading"])
@pytest.mark.parametrize("code", ["arquivo_ausente", "arquivo_substituido"])
def test_a_job_whose_file_is_gone_or_replaced_ends_and_can_be_resumed_after_the_file_is_back(
    stage: Stage, code: str, moment: str
) -> None:
    expected = stage.undisturbed()
    key = "leads/shared/mine.csv"
    stage.put(SHEET, key)
    job = stage.job(key=key)
    stage.work(job, remaining_ms=nothing_left)

    def meddle() -> None:
        if code == "arquivo_ausente":
            stage.services.aws.client("s3").delete_object(Bucket=stage.settings.bucket, Key=key)
        else:
            stage.put(SHEET.replace(b"Bia", b"Bea"), key)

    if moment == "between-two-workers":
        meddle()
        ended = stage.work(job)
    else:
        ended = stage.work(job, stage.worker(storage=MeddledStorage(stage.services.storage, meddle)))
    assert (ended["status"], ended["erro_codigo"], ended["linhas_processadas"]) == ("erro", code, BATCH)
    stage.services.jobs.resume(*job)
    again = stage.work(job)
    assert (again["status"], again["erro_codigo"], counts(again)) == ("erro", code, counts(ended))
    stage.put(SHEET, key)
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def without_events(left: Left) -> Left:
    """What is left except the events: a job that ended twice has two of them."""
    return {name: found for name, found in left.items() if name != "eventos"}


@pytest.mark.parametrize("room", [0, 100])
def test_a_worker_without_disk_space_leaves_the_job_to_another_worker(stage: Stage, room: int) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for _ in range(4):
        with pytest.raises(OSError, match="File too large"):
            stage.work(job, stage.worker(storage=CrampedStorage(stage.services.storage, room)))
    assert stage.state(job)["status"] == "processando"
    stage.work(job)
    assert stage.left_of(job) == expected


def test_a_file_that_is_too_large_for_every_disk_ends_the_job_and_its_rows_count(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, remaining_ms=nothing_left)
    cramped = stage.worker(storage=CrampedStorage(stage.services.storage, 100))
    for _ in range(4):
        with pytest.raises(OSError, match="File too large"):
            stage.work(job, cramped)
    ended = stage.work(job, cramped)
    assert (ended["status"], ended["erro_codigo"], ended["linhas_processadas"]) == ("erro", "disco_cheio", BATCH)
    assert stage.left_of(job)["report"].count(b"email_invalido") == 1
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


class CrampedStorage(Storage):
    """A bucket whose downloads go to a disk of `room` bytes. The kernel itself refuses the next byte."""

    def __init__(self, storage: Storage, room: int) -> None:
        super().__init__(storage._aws, storage.bucket)
        self._room = room

    def download(self, key: str, target: Path, *, etag: str | None) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._room, hard))
        try:
            super().download(key, target, etag=etag)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_takes_too_much_memory_has_one_more_try(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    small = stage.worker(storage=GreedyStorage(stage.services.storage))
    with pytest.raises(MemoryError):
        stage.work(job, small)
    assert stage.state(job)["status"] == "processando"
    ended = stage.work(job, small)
    assert (ended["status"], ended["erro_codigo"]) == ("erro", "memoria_insuficiente")
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


class GreedyStorage(Storage):
    """A bucket whose downloads take more memory than there is."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(storage._aws, storage.bucket)

    def download(self, key: str, target: Path, *, etag: str | None) -> None:
        raise MemoryError


class ReportRefusingStorage(Storage):
    """A bucket that refuses every report."""

    def __init__(self, storage: Storage, error: Exception) -> None:
        super().__init__(storage._aws, storage.bucket)
        self._error = error

    def upload(self, key: str, path: Path, *, content_type: str) -> None:
        raise self._error


def test_a_job_whose_report_can_never_be_written_is_given_up(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    worker = stage.worker(
        storage=ReportRefusingStorage(stage.services.storage, OSError(errno.EIO, "the disk is broken"))
    )
    for _ in range(6):
        with pytest.raises(OSError, match="broken"):
            stage.work(job, worker)
    ended = stage.work(job, worker)
    assert (ended["status"], ended["erro_codigo"]) == ("erro", "ingestao_desistiu")
    assert counts(ended) == tuple(expected["jobs"][0][-len(COUNTS) :])
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def test_a_job_waits_for_the_bucket_to_take_its_report(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    away = stage.worker(
        storage=ReportRefusingStorage(stage.services.storage, Unavailable("aws_indisponivel", servico="s3"))
    )
    for _ in range(8):
        with pytest.raises(Unavailable):
            stage.work(job, away)
    stage.work(job)
    assert stage.left_of(job) == expected


def test_a_file_with_an_error_far_down_ends_the_job_and_its_committed_rows_count(stage: Stage) -> None:
    """The error stands below the rows in which the header is looked for."""
    key = "leads/shared/bad.csv"
    good_rows = SHEET + b"".join(b"x%d;;;x%d@x.com;bad\n" % (number, number) for number in range(196))
    stage.put(good_rows, key)
    good, worker = stage.job(key=key), stage.worker(rows=70)
    stage.work(good, worker)
    stage.put(good_rows + b"11;%s;;x@x.com;\n" % (b"x" * (MAX_CELL + 1)), key)
    job = stage.job(key=key)
    for _ in range(2):
        ended = stage.work(job, worker)
        assert (ended["status"], ended["erro_codigo"]) == ("erro", "celula_grande_demais")
        assert ended["linhas_processadas"] == 210
        assert counts(ended) == counts(stage.state(good))
        for name in ("leads", "telefones", "emails", "erros", "report"):
            left, wanted = (without_made_ids(stage.left_of(each)[name]) for each in (job, good))
            assert left == wanted
        stage.services.jobs.resume(*job)


def without_made_ids(left: Any) -> Any:
    """Rows, or a report, without the IDs that stand for the content of a file: the two files differ."""
    if isinstance(left, bytes):
        return re.sub(rb"[0-9a-f]{20}:", b"", left)
    return sorted([re.sub("[0-9a-f]{20}:", "", str(each)) for each in row] for row in left)


# Time


@pytest.mark.parametrize("last", range(1, BATCHES + 1))
def test_a_worker_may_run_out_of_time_after_any_batch(stage: Stage, aws: LocalAws, last: int) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    queued(aws, stage.settings.ingest_queue)
    calls = count(1)
    stage.work(job, remaining_ms=lambda: 0 if next(calls) == last else enough())
    assert [message["body"]["job_id"] for message in queued(aws, stage.settings.ingest_queue)] == [str(job.job_id)]
    stage.work(job)
    assert stage.left_of(job) == expected


def test_a_worker_may_run_out_of_time_after_every_row(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for read in range(1, ROWS + 1):
        assert stage.work(job, stage.worker(rows=1), nothing_left)["linhas_processadas"] == read
    stage.work(job)
    assert stage.left_of(job) == expected


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 13, 100])
def test_the_size_of_batches_makes_no_difference(stage: Stage, rows: int) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, stage.worker(rows=rows))
    assert stage.left_of(job) == expected


class RefusingQueues(Queues):
    """Queues that take no message."""

    def send(self, queue: str, messages: object) -> None:
        raise Unavailable("aws_indisponivel", servico="sqs", reason="away")


def test_a_handover_that_cannot_be_sent_leaves_the_job_to_the_sweep(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    with pytest.raises(Unavailable):
        stage.work(job, stage.worker(queues=RefusingQueues(stage.services.aws)), nothing_left)
    stage.clock.advance(minutes=2)
    assert stage.services.sweep.run()["jobs"] == 1
    stage.work(job)
    assert stage.left_of(job) == expected


# Resuming


def test_a_job_that_was_given_up_is_resumed_where_it_stopped(stage: Stage, aws: LocalAws) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, remaining_ms=nothing_left)
    run(stage.database, f"UPDATE ingest_jobs SET tentativas = 5 WHERE job_id = '{job.job_id}'")
    ended = stage.work(job)
    assert (ended["status"], ended["erro_codigo"]) == ("erro", "ingestao_desistiu")
    queued(aws, stage.settings.ingest_queue)
    resumed = stage.services.jobs.resume(*job)
    assert resumed["status"] == "aceito"
    assert [resumed[name] for name in ("erro_codigo", "mensagem_erro", "concluido_em")] == [None] * 3
    assert counts(resumed) == counts(ended)
    assert [message["body"]["job_id"] for message in queued(aws, stage.settings.ingest_queue)] == [str(job.job_id)]
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)
    events = [(kind, detail["status"]) for kind, detail, _ in stage.left_of(job)["eventos"]]
    assert events == [("ingest.job_completed", "concluido"), ("ingest.job_failed", "erro")]


def test_a_cancelled_job_is_resumed_where_it_stopped(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, remaining_ms=nothing_left)
    assert stage.services.jobs.cancel(*job)["status"] == "cancelado"
    assert not stage.services.jobs.resume(*job)["cancelamento_pedido"]
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def test_a_job_can_be_killed_and_resumed_several_times(stage: Stage, watched: Callable[..., WatchedDatabase]) -> None:
    expected = stage.undisturbed()
    job = stage.job()

    def killed_at(place: int) -> WatchedDatabase:
        def kill(number: int, _sql: str, connection: Connection) -> None:
            if number == place:
                database.kill(connection)

        database = watched(after=kill)
        return database

    for place in (20, 35, 50):
        with suppress(Killed):
            stage.work(job, stage.worker(killed_at(place)))
        stage.clock.advance(seconds=LEASE_S + 1)
        run(stage.database, f"UPDATE ingest_jobs SET tentativas = 5 WHERE job_id = '{job.job_id}'")
        if stage.work(job)["status"] == "erro":
            stage.services.jobs.resume(*job)
    stage.finish(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def test_a_wakeup_of_a_resumed_job_that_cannot_be_sent_is_sent_by_the_sweep(stage: Stage) -> None:
    job = stage.job()
    stage.services.jobs.cancel(*job)
    jobs = Jobs(
        database=stage.services.database, queues=RefusingQueues(stage.services.aws), queue="any", clock=stage.clock
    )
    assert jobs.resume(*job)["status"] == "aceito"
    stage.clock.advance(minutes=1)
    assert stage.services.sweep.run()["jobs"] == 1


def test_the_rate_of_a_resumed_job_counts_only_the_rows_since_then(stage: Stage) -> None:
    job = stage.job()
    stage.work(job, remaining_ms=nothing_left)
    stage.services.jobs.cancel(*job)
    stage.clock.advance(days=1)
    resumed = stage.services.jobs.resume(*job)
    assert (resumed["linhas_por_segundo"], resumed["retomado_em"]) == (None, stage.clock())

    def slow() -> int:
        stage.clock.advance(seconds=10)
        return enough()

    assert stage.work(job, remaining_ms=slow)["linhas_por_segundo"] == round((ROWS - BATCH) / 20, 1)


def test_a_job_that_is_done_or_has_not_ended_cannot_be_resumed(stage: Stage) -> None:
    jobs = stage.services.jobs
    job = stage.job()
    with pytest.raises(Conflict, match="job_nao_retomavel"):
        jobs.resume(*job)
    stage.work(job, remaining_ms=nothing_left)
    with pytest.raises(Conflict, match="job_nao_retomavel"):
        jobs.resume(*job)
    stage.work(job)
    with pytest.raises(Conflict, match="job_nao_retomavel") as refused:
        jobs.resume(*job)
    assert refused.value.params == {"status": "concluido"}
    with pytest.raises(NotFound):
        jobs.resume("another", job.job_id)
    assert stage.state(job)["status"] == "concluido"


def test_a_job_whose_file_never_came_cannot_be_resumed(stage: Stage) -> None:
    made = stage.services.uploads.receive("tx", AnnouncedUpload("leads.csv", 10, IngestOptions()), None)
    stage.clock.advance(hours=2)
    stage.services.sweep.run()
    assert stage.services.jobs.get("tx", made["job_id"])["erro_codigo"] == "upload_nao_recebido"
    with pytest.raises(Conflict, match="upload_nao_recebido"):
        stage.services.jobs.resume("tx", made["job_id"])
