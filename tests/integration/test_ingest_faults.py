"""Faults of an ingestion, each ending in exactly the rows, the counts and the report of a run that nothing disturbed.

Every run has a tenant of its own and reads the same object, so that many of them fit one database; what is compared is
everything that is left of a tenant, without ids and times.
"""

from __future__ import annotations

import errno
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
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
from chalicelib.errors import Conflict, NotFound, SerializationFailure, Unavailable
from chalicelib.ids import new_id
from chalicelib.ingestion.jobs.jobs import COUNTS, Jobs
from chalicelib.ingestion.jobs.reports import report_key
from chalicelib.ingestion.jobs.requests import AnnouncedUpload
from chalicelib.ingestion.jobs.worker import Ingestion
from chalicelib.ingestion.options import IngestMode, IngestOptions
from chalicelib.wiring import Services
from local.aws import Aws as LocalAws
from local.postgres import Postgres
from tests.builders import ask, insert, literal, run
from tests.conftest import DatabaseUrls, StoppedClock
from tests.fakes import queued

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
# Batches meet here: the second and the third change leads of the first, by their id and by their document.
MODO = IngestMode.ATUALIZAR
_PATIENCE_S = 30
SOCKET = ".s.PGSQL.5432"


def endless() -> int:
    """More time than any test takes."""
    return 900_000


class Job(NamedTuple):
    """A job of a tenant of its own."""

    tenant_id: str
    job_id: UUID

    @property
    def event(self) -> dict[str, Any]:
        return {"Records": [{"body": json.dumps({"tenant_id": self.tenant_id, "job_id": str(self.job_id)})}]}


class Stage:
    """One object in the bucket, jobs that read it, workers that work on them, and what is left in the end."""

    def __init__(self, services: Services, clock: StoppedClock) -> None:
        self.services = services
        self.database = services.owner_database
        self.settings = services._settings
        self.clock = clock
        self._numbers = count()
        self.objeto = self.put(SHEET)

    def put(self, content: bytes, key: str = "leads/shared/leads.csv") -> StoredObject:
        return self.services.storage.put(key, content, content_type="text/csv")

    def job(
        self,
        *,
        chave: str = "leads/shared/leads.csv",
        tenant_id: str | None = None,
        modo: IngestMode = MODO,
        by_documento: bool = True,
    ) -> Job:
        # Ids are of the time: the later one of two jobs is then behind the other.
        job = Job(tenant_id or f"t{next(self._numbers)}", new_id(self.clock.advance(milliseconds=1)))
        insert(
            self.database, "ingest_jobs", tenant_id=job.tenant_id, job_id=job.job_id, bucket=self.settings.bucket,
            chave=chave, nome_arquivo="leads.csv", modo=modo, deduplicar_por_documento=by_documento,
            criado_em=self.clock(), atualizado_em=self.clock(),
        )  # fmt: skip
        return job

    def worker(
        self, database: Database | None = None, *, rows: int = BATCH, clock: Clock | None = None, **parts: object
    ) -> Ingestion:
        """A worker of its own, over these parts."""
        services = Services(self.settings.model_copy(update={"ingest_batch_rows": rows}), clock=clock or self.clock)
        vars(services).update({
            "aws": self.services.aws,
            "owner_database": database or self.database,
            "storage": self.services.storage,
            **parts,
        })  # fmt: skip
        return services.ingestion

    def work(self, job: Job, worker: Ingestion | None = None, remaining_ms: Callable[[], int] = endless) -> Any:
        """Deliver the job's message to a worker; the job afterwards."""
        (worker or self.worker()).run(job.event, remaining_ms=remaining_ms)
        return self.state(job)

    def state(self, job: Job) -> Any:
        return self.services.jobs.get(job.tenant_id, job.job_id)

    def finish(self, job: Job) -> None:
        """Deliver the message at once, and again whenever a lease has lapsed, as SQS and the sweep do."""
        for _ in range(4):
            self.work(job)
            if self.is_over(job):
                return
            self.clock.advance(seconds=LEASE_S + 1)

    def is_over(self, job: Job) -> bool:
        """Whether a job has ended and the world was told."""
        [[is_over]] = ask(
            self.database,
            f"""SELECT concluido_em IS NOT NULL AND NOT EXISTS (
                       SELECT FROM eventos e WHERE e.tenant_id = j.tenant_id AND publicado_em IS NULL)
                  FROM ingest_jobs j WHERE job_id = {literal(job.job_id)}""",
        )
        return bool(is_over)

    def undisturbed(self) -> Any:
        job = self.job()
        self.work(job)
        left = self.left_of(job)
        assert left["jobs"][0][0] == "concluido"
        return left

    def left_of(self, job: Job) -> Any:
        """Everything of the tenant, without ids and times."""
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
        left: dict[str, Any] = {name: ask(self.database, sql) for name, sql in tables.items()}
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
# What is there before, and the file: each changes whose a document is.
BORDERS = {
    "given another document": ("", f"A;a;{ONE};a@x.com;\nA;a;{OTHER};;\nB;b;{ONE};b@x.com;\n"),
    "given one that another has": ("", f"A;a;{ONE};a@x.com;\nC;c;;c@x.com;\nC;c;{ONE};;\nD;d;{ONE};d@x.com;\n"),
    "given one that a later one has": (
        "",
        f"A;a;;a@x.com;\nC;c;{ONE};c@x.com;\nA;a;{ONE};;\nD;d;{ONE};d@x.com;\n",
    ),
    "two have it and the older is given another": (
        f"A;a;{ONE};a@x.com;\nB;b;{ONE};b@x.com;\n",
        f"A;;{OTHER};;\nC;c;{ONE};c@x.com;\n",
    ),
    "two have it and both are given another": (
        f"A;a;{ONE};a@x.com;\nB;b;{ONE};b@x.com;\nA;;{ONE};;\n",
        f"B;;{OTHER};;\nA;;{OTHER};;\nC;c;{ONE};c@x.com;\nD;d;{OTHER};d@x.com;\n",
    ),
}


def told(stage: Stage, before: str, sheet: str, modo: IngestMode, rows: int) -> Any:
    """What is left of a tenant by two files, the second of them read in batches of so many rows."""

    def clock() -> datetime:
        return stage.clock.advance(milliseconds=1)  # ids are of the time: no batch is as old as another

    for key, content in (("before", before), ("after", sheet)):
        stage.put((TITLES + content).encode(), f"leads/shared/{key}.csv")
    earlier = stage.job(chave="leads/shared/before.csv", by_documento=False)
    stage.work(earlier, stage.worker(clock=clock))
    job = stage.job(chave="leads/shared/after.csv", tenant_id=earlier.tenant_id, modo=modo)
    stage.work(job, stage.worker(rows=rows, clock=clock))
    return stage.left_of(job)


@pytest.mark.parametrize("modo", list(IngestMode))
@pytest.mark.parametrize("name", BORDERS)
def test_it_makes_no_difference_where_a_batch_ends(stage: Stage, name: str, modo: IngestMode) -> None:
    expected = told(stage, *BORDERS[name], modo, rows=100)
    assert [told(stage, *BORDERS[name], modo, rows=rows) for rows in (1, 2, 3)] == [expected] * 3


@pytest.mark.parametrize("rows", [1, 100])
def test_a_document_that_two_leads_have_belongs_to_the_other_once_the_older_has_another(
    stage: Stage, rows: int
) -> None:
    left = told(stage, *BORDERS["two have it and the older is given another"], IngestMode.ATUALIZAR, rows=rows)
    assert [(lead[0], lead[1], lead[3]) for lead in left["leads"]] == [
        ("A", "a", "11144477735"),
        ("B", "c", "52998224725"),
    ]
    assert [tuple(email[:3]) for email in left["emails"]] == [
        ("A", "a@x.com", 1),
        ("B", "b@x.com", 1),
        ("B", "c@x.com", 2),
    ]


@pytest.mark.parametrize("rows", [7, 1_000])
def test_leads_too_heavy_to_be_held_together_are_merged_like_any_others(stage: Stage, rows: int) -> None:
    """Each is some 400 KB; the batch that they are met by is light, and comes to each of them twice."""
    many, heavy = 80, "ção" * 43_000
    before = "".join(f"{n};{n} {heavy};;a{n}@x.com;1 {heavy}\n" for n in range(many))
    sheet = "".join(f"{n % many};;;b{n}@x.com;71 9{n:08}\n" for n in range(2 * many))
    left = told(stage, before, sheet, IngestMode.ATUALIZAR, rows=rows)
    counted = dict(zip(COUNTS, left["jobs"][1][-len(COUNTS) :], strict=True))
    assert (counted["leads_atualizados"], counted["leads_criados"], counted["duplicados"]) == (2 * many, 0, 0)
    assert (counted["emails_criados"], counted["telefones_criados"], counted["telefones_validos"]) == (2 * many,) * 3
    assert {(lead[0], lead[1]) for lead in left["leads"]} == {(f"{n}", f"{n} {heavy}") for n in range(many)}
    assert {(lead[0], lead[4]) for lead in left["leads"]} == {(f"{n}", f"71 9{n + many:08}") for n in range(many)}
    assert {(email[0], email[1], email[2]) for email in left["emails"]} == {
        (f"{n}", address, ordem)
        for n in range(many)
        for ordem, address in enumerate((f"a{n}@x.com", f"b{n}@x.com", f"b{n + many}@x.com"), 1)
    }


# What goes wrong at a statement


class Killed(BaseException):
    """The worker is no more; nothing of it may act on this."""


class Watched:
    """A connection whose statements are watched."""

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

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


Moment = Callable[[int, str, Connection], None]


def nothing(_number: int, _sql: str, _connection: Connection) -> None:
    """Let it happen."""


class WatchedDatabase(Database):
    """A database that does something before and after each statement: its number from 1, its text, its connection."""

    def __init__(self, url: str, *, before: Moment = nothing, after: Moment = nothing) -> None:
        super().__init__(lambda: url)
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
        """As if by SIGKILL: the kernel closes the connection, and nothing more is done."""
        self.is_dead = True
        connection._usock.shutdown(socket.SHUT_RDWR)
        with suppress(InterfaceError, OSError):
            connection.close()
        raise Killed

    def _connection(self) -> Any:
        if self.is_dead:
            raise Killed
        connection = super()._connection()
        return connection if isinstance(connection, Watched) else Watched(connection, self)


@pytest.fixture
def watched(stage: Stage) -> Iterator[Callable[..., WatchedDatabase]]:
    """Opens watched databases, whose idle connections are closed before the next one: a walk opens a hundred."""
    with ExitStack() as opened:

        def make(**moments: Moment) -> WatchedDatabase:
            opened.close()
            database = WatchedDatabase(str(stage.settings.database_owner_url), **moments)
            opened.callback(database.close)
            return database

        yield make


class Walk(NamedTuple):
    """How far a walk came, and what was left otherwise than by an undisturbed run, by the place of the fault."""

    places: int
    wrong: dict[int, Any]


# A walk goes to every second place, and there are two of them: one alone would take too long.
HALVES = pytest.mark.parametrize("half", [1, 2])


def walked(stage: Stage, disturb: Callable[[Job, int], bool], *, first: int = 1, step: int = 1) -> Walk:
    """Disturb a run at its first place, another one a step further on, …, until a run has no such place any more."""
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
def test_a_worker_killed_at_any_statement_costs_and_doubles_nothing(
    stage: Stage, watched: Callable[..., WatchedDatabase], moment: str, half: int
) -> None:
    def killed(job: Job, place: int) -> bool:
        def kill(number: int, _sql: str, connection: Connection) -> None:
            if number == place:
                database.kill(connection)

        database = watched(**{moment: kill})
        with suppress(Killed):
            stage.worker(database).run(job.event, remaining_ms=endless)
        return database.is_dead

    walk = walked(stage, killed, first=half, step=2)
    assert walk.wrong == {}
    assert walk.places > 15 * BATCHES


@HALVES
def test_a_connection_that_the_server_ends_at_any_statement_costs_nothing(
    stage: Stage, watched: Callable[..., WatchedDatabase], half: int
) -> None:
    def ended(job: Job, place: int) -> bool:
        reached = False

        def end(number: int, _sql: str, connection: Connection) -> None:
            nonlocal reached
            if number == place:
                reached = True
                pid = connection.run("SELECT pg_backend_pid()")[0][0]
                run(stage.database, f"SELECT pg_terminate_backend({pid})")
                # What it has to say comes when it ends.
                connection._usock.recv(1, socket.MSG_PEEK)

        with suppress(Unavailable):
            stage.worker(watched(before=end)).run(job.event, remaining_ms=endless)
        return reached

    walk = walked(stage, ended, first=half, step=2)
    assert walk.wrong == {}
    assert walk.places > 15 * BATCHES


@HALVES
def test_a_transaction_that_the_server_gives_up_is_run_again(
    stage: Stage, watched: Callable[..., WatchedDatabase], half: int
) -> None:
    """The server itself says so, at any statement: its transaction is then really gone."""
    surfaced = 0

    def given_up(job: Job, place: int) -> bool:
        nonlocal surfaced
        reached = False

        def give_up(number: int, _sql: str, connection: Connection) -> None:
            nonlocal reached
            if number == place:
                reached = True
                connection.run("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40P01'; END $$")

        try:
            stage.worker(watched(before=give_up)).run(job.event, remaining_ms=endless)
        except SerializationFailure:
            surfaced += 1
        return reached

    walk = walked(stage, given_up, first=half, step=2)
    assert walk.wrong == {}
    assert walk.places > 15 * BATCHES
    assert 2 * surfaced < walk.places - 10 * BATCHES, "within a batch nobody notices"


# What goes wrong on the line


class Scissors(Protocol):
    """Decides when a line is cut."""

    is_cut: bool

    def passes(self, data: bytes, *, to_server: bool) -> bytes | None:
        """What of the data gets through; None if the line is cut with it, less than all if it is cut behind that."""


class AtByte:
    """Cuts behind a number of bytes in one direction, once."""

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
    """Cuts at a COMMIT, the first, the second, …: before the server has it, or after the server has done it."""

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
    """A listening socket that passes every byte on to another server, until the scissors close."""

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


def cut_off(stage: Stage, job: Job, scissors: Scissors) -> bool:
    """Work on a job over a line with these scissors; whether they cut."""
    with database_over(stage, scissors) as database, suppress(Unavailable):
        stage.worker(database).run(job.event, remaining_ms=endless)
    return scissors.is_cut


@pytest.mark.parametrize("is_done", [False, True], ids=["before-the-server-has-it", "after-the-server-has-done-it"])
def test_a_commit_whose_answer_is_lost_counts_once(stage: Stage, *, is_done: bool) -> None:
    walk = walked(stage, lambda job, place: cut_off(stage, job, AtCommit(place, is_done=is_done)))
    assert walk.wrong == {}
    assert walk.places > BATCHES


@pytest.mark.parametrize("to_server", [True, False], ids=["of-what-is-sent", "of-what-is-answered"])
def test_a_line_that_is_cut_at_any_byte_costs_nothing(stage: Stage, *, to_server: bool) -> None:
    """In the middle of a COPY, of a COMMIT, of an answer: wherever the steps fall."""
    everything = AtByte(1 << 40, to_server=to_server)
    assert not cut_off(stage, stage.job(), everything)
    step = (((1 << 40) - everything.left) // 30) | 1
    walk = walked(stage, lambda job, place: cut_off(stage, job, AtByte(place * step, to_server=to_server)))
    assert walk.wrong == {}
    assert walk.places > 25


# Others who are at it too


def until_somebody_waits(watcher: Connection) -> None:
    """Until somebody waits for a lock."""
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
    """A connection of somebody else's, who may do anything; it ends before the threads that may be waiting for it."""
    connection = connect(urlsplit(database_urls.owner)._replace(netloc="postgres@").geturl())
    # It is the other side that finds out about a deadlock.
    connection.run("SET deadlock_timeout = '1min'")
    yield connection
    connection.close()


def test_the_loser_of_a_deadlock_goes_again(
    stage: Stage, watched: Callable[..., WatchedDatabase], other: Connection, threads: ThreadPoolExecutor
) -> None:
    tenant_id = stage.job().tenant_id
    first, second = stage.job(tenant_id=tenant_id), stage.job(tenant_id=tenant_id)
    stage.work(first)
    database = watched()
    other.run("BEGIN")
    other.run(f"SELECT FROM leads WHERE tenant_id = '{tenant_id}' AND lead_id_externo = '1' FOR UPDATE")
    working = threads.submit(stage.worker(database).run, second.event, remaining_ms=endless)
    until_somebody_waits(other)
    # The worker has its job and waits for the lead; who has the lead now waits for the job.
    other.run(f"UPDATE ingest_jobs SET acordado_em = now() WHERE job_id = '{second.job_id}'")
    other.run("COMMIT")
    working.result(_PATIENCE_S)
    # Once, or once more where it was back before the other one had noticed.
    assert set(database.refusals) == {"40P01"}
    # The same without anybody in the way.
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
        """Between the snapshot of a transaction and its first look at the job."""
        if "FOR UPDATE" in sql and "cancelamento_pedido" in sql and len(database.refusals) < BATCHES:
            other.run(f"UPDATE ingest_jobs SET acordado_em = now() WHERE job_id = '{job.job_id}'")

    database = watched(before=change_the_job)
    stage.work(job, stage.worker(database))
    assert database.refusals == ["40001"] * BATCHES
    assert stage.left_of(job) == expected


def test_a_message_that_is_delivered_twice_is_done_once(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for _ in range(2):
        stage.work(job)
    assert stage.left_of(job) == expected


def test_a_message_that_is_delivered_twice_at_once_is_done_once(stage: Stage, threads: ThreadPoolExecutor) -> None:
    expected = stage.undisturbed()
    for _ in range(5):
        job = stage.job()
        start = threading.Barrier(2, timeout=_PATIENCE_S)

        def work(database: Database, job: Job = job, start: threading.Barrier = start) -> None:
            start.wait()
            stage.worker(database).run(job.event, remaining_ms=endless)

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
def test_a_worker_that_was_taken_for_dead_writes_nothing_more(stage: Stage, batches: int) -> None:
    """Its successor begins, and ends, while it is between two batches."""
    expected = stage.undisturbed()
    job = stage.job()
    calls = count(1)

    def slow() -> int:
        if next(calls) == batches:
            stage.clock.advance(seconds=LEASE_S + 1)
            stage.work(job)
        return endless()

    stage.work(job, remaining_ms=slow)
    assert stage.left_of(job) == expected


def test_a_job_that_is_taken_over_in_the_very_commit_goes_on_behind_it(
    stage: Stage, watched: Callable[..., WatchedDatabase], other: Connection, threads: ThreadPoolExecutor
) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    heirs: list[Any] = []

    def take_over(_number: int, sql: str, _connection: Connection) -> None:
        if sql == "COMMIT" and any("SET ultima_linha" in each for each in database.statements) and not heirs:
            stage.clock.advance(seconds=LEASE_S + 1)
            heirs.append(threads.submit(stage.work, job))
            until_somebody_waits(other)

    database = watched(before=take_over)
    stage.worker(database).run(job.event, remaining_ms=endless)
    heirs[0].result(_PATIENCE_S)
    assert stage.left_of(job) == expected


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


@pytest.mark.parametrize("modos", [("ignorar", "ignorar"), ("ignorar", "atualizar"), ("atualizar", "atualizar")])
def test_two_jobs_with_the_same_leads_at_once_are_two_in_some_order(
    stage: Stage, threads: ThreadPoolExecutor, modos: tuple[str, str]
) -> None:
    """They leave what their batches leave one by one, in the order in which they committed."""
    stage.put(OTHER_SHEET, "leads/shared/other.csv")
    chaves = ("leads/shared/leads.csv", "leads/shared/other.csv")

    def both() -> list[Job]:
        tenant_id = stage.job().tenant_id
        run(stage.database, f"DELETE FROM ingest_jobs WHERE tenant_id = '{tenant_id}'")
        return [
            stage.job(chave=chave, tenant_id=tenant_id, modo=IngestMode(modo))
            for chave, modo in zip(chaves, modos, strict=True)
        ]

    jobs = both()
    order: list[int] = []
    together = threading.Barrier(2, timeout=_PATIENCE_S)

    def side_by_side() -> int:
        together.wait()
        return endless()

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
        stage.work(replayed[which], remaining_ms=lambda: 0)
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


def counts(job: Any) -> tuple[int, ...]:
    return tuple(job[name] for name in COUNTS)


# The file


@pytest.mark.parametrize("times", [1, 3])
def test_a_download_that_breaks_off_is_begun_again(
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


class Meddled(Storage):
    """A bucket in which something happens whenever it was asked for an object."""

    def __init__(self, storage: Storage, meddle: Callable[[], object]) -> None:
        super().__init__(storage._aws, storage.bucket)
        self._meddle = meddle

    def find(self, key: str) -> StoredObject | None:
        found = super().find(key)
        self._meddle()
        return found


@pytest.mark.parametrize("moment", ["between-two-slices", "between-looking-and-reading"])
@pytest.mark.parametrize("code", ["arquivo_ausente", "arquivo_substituido"])
def test_a_file_that_is_gone_or_replaced_on_the_way_ends_the_job_which_can_be_resumed_once_it_is_back(
    stage: Stage, code: str, moment: str
) -> None:
    expected = stage.undisturbed()
    key = "leads/shared/mine.csv"
    stage.put(SHEET, key)
    job = stage.job(chave=key)
    stage.work(job, remaining_ms=lambda: 0)

    def meddle() -> None:
        if code == "arquivo_ausente":
            stage.services.aws.client("s3").delete_object(Bucket=stage.settings.bucket, Key=key)
        else:
            stage.put(SHEET.replace(b"Bia", b"Bea"), key)

    if moment == "between-two-slices":
        meddle()
        ended = stage.work(job)
    else:
        ended = stage.work(job, stage.worker(storage=Meddled(stage.services.storage, meddle)))
    assert (ended["status"], ended["erro_codigo"], ended["linhas_processadas"]) == ("erro", code, BATCH)
    stage.services.jobs.resume(*job)
    again = stage.work(job)
    assert (again["status"], again["erro_codigo"], counts(again)) == ("erro", code, counts(ended))
    stage.put(SHEET, key)
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def without_events(left: Any) -> Any:
    """What is left but for the events: a job that ended twice was told twice."""
    return {name: found for name, found in left.items() if name != "eventos"}


@pytest.mark.parametrize("room", [0, 100])
def test_a_worker_without_room_on_its_disk_leaves_the_job_to_one_with_room(stage: Stage, room: int) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for _ in range(4):
        with pytest.raises(OSError, match="File too large"):
            stage.work(job, stage.worker(storage=Cramped(stage.services.storage, room)))
    assert stage.state(job)["status"] == "processando"
    stage.work(job)
    assert stage.left_of(job) == expected


def test_a_file_that_no_disk_has_room_for_ends_the_job_and_its_rows_count(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, remaining_ms=lambda: 0)
    cramped = stage.worker(storage=Cramped(stage.services.storage, 100))
    for _ in range(4):
        with pytest.raises(OSError, match="File too large"):
            stage.work(job, cramped)
    ended = stage.work(job, cramped)
    assert (ended["status"], ended["erro_codigo"], ended["linhas_processadas"]) == ("erro", "disco_cheio", BATCH)
    assert stage.left_of(job)["report"].count(b"email_invalido") == 1
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


class Cramped(Storage):
    """A bucket that is read to a disk with room for so many bytes: the kernel itself refuses the next one."""

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


class Unreported(Storage):
    """A bucket that takes no report."""

    def __init__(self, storage: Storage, error: Exception) -> None:
        super().__init__(storage._aws, storage.bucket)
        self._error = error

    def upload(self, key: str, path: Path, *, content_type: str) -> None:
        raise self._error


def test_a_report_that_cannot_be_written_keeps_no_job_from_ending_for_ever(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    worker = stage.worker(storage=Unreported(stage.services.storage, OSError(errno.EIO, "the disk is broken")))
    for _ in range(6):
        with pytest.raises(OSError, match="broken"):
            stage.work(job, worker)
    ended = stage.work(job, worker)
    assert (ended["status"], ended["erro_codigo"]) == ("erro", "ingestao_desistiu")
    assert counts(ended) == tuple(expected["jobs"][0][-len(COUNTS) :])
    stage.services.jobs.resume(*job)
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def test_a_report_that_the_bucket_does_not_take_for_now_waits_for_it(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    away = stage.worker(storage=Unreported(stage.services.storage, Unavailable("aws_indisponivel", servico="s3")))
    for _ in range(8):
        with pytest.raises(Unavailable):
            stage.work(job, away)
    stage.work(job)
    assert stage.left_of(job) == expected


def test_a_file_that_turns_bad_on_the_way_ends_the_job_and_what_was_committed_counts(stage: Stage) -> None:
    """Too far down for whoever looks for the header."""
    key = "leads/shared/bad.csv"
    good_rows = SHEET + b"".join(b"x%d;;;x%d@x.com;bad\n" % (number, number) for number in range(196))
    stage.put(good_rows, key)
    good, worker = stage.job(chave=key), stage.worker(rows=70)
    stage.work(good, worker)
    stage.put(good_rows + b'11;"never closed;;x@x.com;\n', key)
    job = stage.job(chave=key)
    for _ in range(2):
        ended = stage.work(job, worker)
        assert (ended["status"], ended["erro_codigo"]) == ("erro", "aspas_abertas")
        assert ended["linhas_processadas"] == 210
        assert counts(ended) == counts(stage.state(good))
        for name in ("leads", "telefones", "emails", "erros", "report"):
            assert stage.left_of(job)[name] == stage.left_of(good)[name]
        stage.services.jobs.resume(*job)


# Time


@pytest.mark.parametrize("last", range(1, BATCHES + 1))
def test_time_may_run_out_at_any_batch(stage: Stage, aws: LocalAws, last: int) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    queued(aws, stage.settings.ingest_queue)
    calls = count(1)
    stage.work(job, remaining_ms=lambda: 0 if next(calls) == last else endless())
    assert [message["body"]["job_id"] for message in queued(aws, stage.settings.ingest_queue)] == [str(job.job_id)]
    stage.work(job)
    assert stage.left_of(job) == expected


def test_time_may_run_out_at_every_row(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for read in range(1, ROWS + 1):
        assert stage.work(job, stage.worker(rows=1), lambda: 0)["linhas_processadas"] == read
    stage.work(job)
    assert stage.left_of(job) == expected


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 13, 100])
def test_the_borders_of_batches_make_no_difference(stage: Stage, rows: int) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, stage.worker(rows=rows))
    assert stage.left_of(job) == expected


class Silent(Queues):
    """A queue that takes nothing."""

    def send(self, queue: str, messages: object) -> None:
        raise Unavailable("aws_indisponivel", servico="sqs", motivo="away")


def test_a_handover_that_cannot_be_sent_leaves_the_job_to_whoever_comes(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    with pytest.raises(Unavailable):
        stage.work(job, stage.worker(queues=Silent(stage.services.aws)), lambda: 0)
    stage.clock.advance(minutes=2)
    assert stage.services.sweep.run()["jobs"] == 1
    stage.work(job)
    assert stage.left_of(job) == expected


# Resuming


def test_a_job_that_was_given_up_is_resumed_where_it_stopped(stage: Stage, aws: LocalAws) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, remaining_ms=lambda: 0)
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
    told = [(kind, detail["status"]) for kind, detail, _ in stage.left_of(job)["eventos"]]
    assert told == [("ingest.job_completed", "concluido"), ("ingest.job_failed", "erro")]


def test_a_job_that_was_called_off_is_resumed_where_it_stopped(stage: Stage) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    stage.work(job, remaining_ms=lambda: 0)
    assert stage.services.jobs.cancel(*job)["status"] == "cancelado"
    assert not stage.services.jobs.resume(*job)["cancelamento_pedido"]
    stage.work(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def test_a_job_is_resumed_any_number_of_times_and_killed_in_between(
    stage: Stage, watched: Callable[..., WatchedDatabase]
) -> None:
    expected = stage.undisturbed()
    job = stage.job()
    for place in (20, 35, 50):
        database = watched(after=lambda number, _sql, connection: number == place and database.kill(connection))  # noqa: B023
        with suppress(Killed):
            stage.work(job, stage.worker(database))
        stage.clock.advance(seconds=LEASE_S + 1)
        run(stage.database, f"UPDATE ingest_jobs SET tentativas = 5 WHERE job_id = '{job.job_id}'")
        if stage.work(job)["status"] == "erro":
            stage.services.jobs.resume(*job)
    stage.finish(job)
    assert without_events(stage.left_of(job)) == without_events(expected)


def test_a_wake_up_of_a_resumed_job_that_cannot_be_sent_is_sent_by_the_sweep(stage: Stage) -> None:
    job = stage.job()
    stage.services.jobs.cancel(*job)
    jobs = Jobs(database=stage.services.database, queues=Silent(stage.services.aws), queue="any", clock=stage.clock)
    assert jobs.resume(*job)["status"] == "aceito"
    stage.clock.advance(minutes=1)
    assert stage.services.sweep.run()["jobs"] == 1


def test_the_rate_of_a_resumed_job_is_that_of_what_it_has_read_since(stage: Stage) -> None:
    job = stage.job()
    stage.work(job, remaining_ms=lambda: 0)
    stage.services.jobs.cancel(*job)
    stage.clock.advance(days=1)
    resumed = stage.services.jobs.resume(*job)
    assert (resumed["linhas_por_segundo"], resumed["retomado_em"]) == (None, stage.clock())

    def slow() -> int:
        stage.clock.advance(seconds=10)
        return endless()

    assert stage.work(job, remaining_ms=slow)["linhas_por_segundo"] == round((ROWS - BATCH) / 20, 1)


def test_only_a_job_that_ended_before_its_file_did_can_be_resumed(stage: Stage) -> None:
    jobs = stage.services.jobs
    job = stage.job()
    with pytest.raises(Conflict, match="job_nao_retomavel"):
        jobs.resume(*job)
    stage.work(job, remaining_ms=lambda: 0)
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
