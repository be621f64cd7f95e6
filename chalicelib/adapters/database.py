"""The one door to PostgreSQL: connections, transactions, tenant scope, named queries, COPY.

SQL lives in `<area>/queries.sql`, one `-- name: verb_noun` each; `rows.one("lead_for_disparo", …)` runs it, so
one grep crosses both.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import LifoQueue
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from pg8000.core import Context
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection, to_statement

from chalicelib.errors import ConstraintViolation, SerializationFailure, Unavailable

Row = dict[str, Any]
T = TypeVar("T")

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_RETRY_STATES = frozenset({"40001", "40P01"})
_CONSTRAINT_CLASS = "23"
# Connection failures and administrator shutdowns: the server is away, not the statement wrong.
_AWAY_CLASSES = ("08", "57P", "53")


class Statement(NamedTuple):
    """SQL with `$n` placeholders, and what puts named parameters in their order."""

    text: str
    arranged: Callable[[Mapping[str, object]], tuple[object, ...]]


@cache
def named_queries() -> Mapping[str, Statement]:
    """Every query of every area, by name; rewritten once, for the driver would do it character by character each time.

    Raises:
        ValueError: two areas gave a query the same name.
    """
    found: dict[str, Statement] = {}
    for path in sorted(Path(__file__).parent.parent.rglob("queries.sql")):
        parts = _NAME.split(path.read_text(encoding="utf-8"))[1:]
        for name, sql in zip(parts[::2], parts[1::2], strict=True):
            if name in found:
                raise ValueError(f"query {name} is defined twice")
            found[name] = Statement(*to_statement(_COMMENT.sub("", sql).strip().rstrip(";")))
    return found


class Rows:
    """One open transaction, spoken to in named queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_in_step = True
        """Whether the server has been heard out: what the driver breaks off leaves answers that the next would take."""

    def all(self, query: str, **params: object) -> list[Row]:
        """Every row of a named query, each as a dict by column name."""
        context = self._execute(query, params)
        columns = [column["name"] for column in context.columns or ()]
        return [dict(zip(columns, values, strict=True)) for values in context.rows or ()]

    def one(self, query: str, **params: object) -> Row | None:
        """The first row of a named query, or None."""
        found = self.all(query, **params)
        return found[0] if found else None

    def run(self, query: str, **params: object) -> int:
        """Run a named query; how many rows it touched."""
        return int(self._execute(query, params).row_count)

    def execute(self, sql: str) -> None:
        """Run a statement without parameters that is no query of an area: DDL, COMMIT, a temporary table."""
        with self._speaking():
            self._connection.execute_simple(sql)

    def set_local(self, **settings: str) -> None:
        """Set `app.<name>` for this transaction only; defaults and row-level security read them."""
        assignments = ", ".join(f"set_config('app.{name}', ${n}, true)" for n, name in enumerate(settings, 1))
        with self._speaking():
            self._connection.execute_unnamed(f"SELECT {assignments}", tuple(settings.values()))

    def commit_lazily(self) -> None:
        """Let COMMIT return before it is on disk: if the server crashes this may be undone, whole, and all after it."""
        self.execute("SET LOCAL synchronous_commit TO off")

    def copy(self, table: str, columns: Sequence[str], messages: Iterable[bytes]) -> None:
        """COPY rows, already encoded in PostgreSQL's text format, into a table.

        The server reads a message whole before it looks at it: with many it works on one while the next one comes.
        """
        with self._speaking():
            self._connection.execute_unnamed(f"COPY {table} ({', '.join(columns)}) FROM STDIN", stream=messages)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """One exchange with the server, heard out when it answered, be it with an error."""
        self.is_in_step = False
        with _translated():
            try:
                yield
            except DatabaseError:
                self.is_in_step = True
                raise
        self.is_in_step = True

    def _execute(self, query: str, params: Mapping[str, object]) -> Context:
        statement = named_queries()[query]
        with self._speaking():
            return self._connection.execute_unnamed(statement.text, statement.arranged(params))


class Database:
    """A small pool of connections to one database as one login; connects when first asked.

    `url` is called at the first connection, so that building a Database costs no secret look-up.
    """

    def __init__(self, url: Callable[[], str], *, timeout_s: float | None = None) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._idle: LifoQueue[Connection] = LifoQueue()

    @contextmanager
    def transaction(self, tenant_id: str) -> Iterator[Rows]:
        """A transaction that sees and makes rows of one tenant."""
        with self._transaction() as rows:
            rows.set_local(tenant_id=tenant_id)
            yield rows

    @contextmanager
    def across_tenants(self) -> Iterator[Rows]:
        """A transaction of a worker whose query names every row's tenant itself; says so by its name."""
        with self._transaction() as rows:
            yield rows

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            self._idle.get().close()

    @contextmanager
    def _transaction(self) -> Iterator[Rows]:
        connection = self._connection()
        rows = Rows(connection)
        try:
            yield rows
            # COMMIT of a transaction in error answers ROLLBACK without complaint, but an error always left above.
            rows.execute("COMMIT")
        except BaseException:
            if rows.is_in_step:
                self._give_up(connection)
            else:
                _close_quietly(connection)
            raise
        self._idle.put(connection)

    def _give_up(self, connection: Connection) -> None:
        """Roll back; a connection that cannot even do that is thrown away."""
        try:
            connection.run("ROLLBACK")
        except (InterfaceError, DatabaseError, OSError):
            _close_quietly(connection)
        else:
            self._idle.put(connection)

    def _connection(self) -> Connection:
        """An idle connection that still answers BEGIN, else a new one."""
        while not self._idle.empty():
            connection = self._idle.get()
            try:
                connection.run("BEGIN")
            except (InterfaceError, DatabaseError, OSError):
                # It died while it lay idle: nothing was under way, so a new one takes its place.
                _close_quietly(connection)
            else:
                return connection
        with _translated():
            connection = connect(self._url(), timeout_s=self._timeout_s)
            connection.run("BEGIN")
        return connection


def connect(url: str, *, timeout_s: float | None = None) -> Connection:
    """A connection from a `postgresql://user:password@host:port/name?sslmode=…` URL.

    `?host=/path` names the folder of a unix socket, as libpq has it. Anything but `sslmode=disable` on a
    network host is encrypted and verified, the only sane default for Aurora.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    folder = options.get("host", "")
    port = parts.port or int(options.get("port", "5432"))
    plain = bool(folder) or options.get("sslmode") == "disable"
    return Connection(
        unquote(parts.username or "postgres"),
        password=unquote(parts.password) if parts.password else None,
        database=unquote(parts.path.lstrip("/")) or None,
        host=parts.hostname or "localhost",
        port=port,
        unix_sock=f"{folder}/.s.PGSQL.{port}" if folder else None,
        ssl_context=False if plain else ssl.create_default_context(),
        timeout=timeout_s,
        tcp_keepalive=True,
        application_name="disparo-agenda",
    )


def retried(work: Callable[[], T], *, attempts: int = 5) -> T:
    """Run a whole transaction again when the database asks for it (deadlock, serialization failure)."""
    for _ in range(attempts - 1):
        try:
            return work()
        except SerializationFailure:
            continue
    return work()


@contextmanager
def _translated() -> Iterator[None]:
    """Driver errors as ours. The text of the driver's error may quote a row, so it is not carried over."""
    try:
        yield
    except DatabaseError as error:
        raise _domain_error(error) from None
    except (InterfaceError, OSError) as error:
        raise Unavailable("banco_indisponivel", motivo=type(error).__name__) from None


def _domain_error(error: DatabaseError) -> Exception:
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    state, constraint = fields.get("C", ""), fields.get("n", "")
    if state in _RETRY_STATES:
        return SerializationFailure(state)
    if state.startswith(_CONSTRAINT_CLASS) and constraint:
        return ConstraintViolation(constraint)
    if state.startswith(_AWAY_CLASSES):
        return Unavailable("banco_indisponivel", motivo=state)
    return StatementFailed(state, fields.get("M", "") if state.startswith("42") else "")


class StatementFailed(Exception):
    """PostgreSQL refused a statement: a bug of ours. Carries the SQLSTATE; the text only where it cannot hold data."""


def _close_quietly(connection: Connection) -> None:
    try:
        connection.close()
    except (InterfaceError, DatabaseError, OSError):
        return
