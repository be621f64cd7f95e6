"""The one door to PostgreSQL: connections, transactions, tenant scope, named queries, COPY.

SQL lives in `<area>/queries.sql`, one `-- name: verb_noun` each; `rows.one("lead_for_disparo", …)` runs it, so
one grep crosses both.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import Empty, LifoQueue
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
_MOST_IDLE = 8
"""Connections that are kept for the next transaction; a server has a hundred or so for all processes together."""
_ATTEMPTS = 5
"""Of one transaction; after the last one its failure is the caller's."""
# The statement, or its wait for a lock, took longer than it may.
_SLOW_STATES = frozenset({"57014", "55P03"})
# Connection failures and shutdowns by an administrator: the server is away, the statement is not wrong.
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
    """One open transaction, spoken to in named queries.

    It knows the tenant that it is for and passes it to every query as `tenant_id`; across tenants it knows none, and a
    query that needs one fails.
    """

    def __init__(self, exchange: Exchange, tenant_id: str | None = None) -> None:
        self._exchange = exchange
        self._tenant_id = tenant_id

    @property
    def tenant_id(self) -> str:
        """The tenant that this transaction is for.

        Raises:
            LookupError: it crosses tenants; a bug of ours.
        """
        if self._tenant_id is None:
            raise LookupError("this transaction crosses tenants")
        return self._tenant_id

    def of_tenant(self, tenant_id: str) -> Rows:
        """The same transaction, for one tenant of those that it crosses."""
        return Rows(self._exchange, tenant_id)

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
        """Run a statement without parameters that is no named query: DDL, a savepoint, a temporary table."""
        self._exchange.run_simple(sql)

    def set_local(self, **settings: str) -> None:
        """Set `app.<name>` for this transaction only; column defaults and row-level security read them."""
        self.configure({f"app.{name}": value for name, value in settings.items()})

    def configure(self, parameters: Mapping[str, str]) -> None:
        """Set parameters of the server, by their full names, for this transaction only: one round trip for all."""
        assignments = ", ".join(f"set_config('{name}', ${n}, true)" for n, name in enumerate(parameters, 1))
        self._exchange.run(f"SELECT {assignments}", tuple(parameters.values()))

    def commit_lazily(self) -> None:
        """Let COMMIT return before it is on disk: a crash of the server may undo it, whole, with all after it."""
        self.execute("SET LOCAL synchronous_commit TO off")

    def copy(self, table: str, columns: Sequence[str], messages: Iterable[bytes]) -> None:
        """COPY rows into a table; they are encoded in PostgreSQL's text format already.

        The server reads a message whole before it parses it: with many messages it parses one while the next arrives.
        """
        self._exchange.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN", messages)

    def _execute(self, query: str, params: Mapping[str, object]) -> Context:
        statement = named_queries()[query]
        scope = {} if self._tenant_id is None else {"tenant_id": self._tenant_id}
        return self._exchange.run(statement.text, statement.arranged({**scope, **params}))


class Exchange:
    """One connection in a transaction; it knows whether every answer of the server was read."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_in_step = True
        """False once the driver broke off: the next request would take the unread answers for its own."""

    def run(self, sql: str, params: tuple[object, ...]) -> Context:
        """One statement with `$n` parameters."""
        with self._speaking():
            return self.connection.execute_unnamed(sql, params)

    def run_simple(self, sql: str) -> None:
        """Statements without parameters."""
        with self._speaking():
            self.connection.execute_simple(sql)

    def copy(self, sql: str, messages: Iterable[bytes]) -> None:
        """One COPY FROM STDIN, fed with these messages."""
        with self._speaking():
            self.connection.execute_unnamed(sql, stream=messages)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """One request and its answer, which is read to its end if it is an error of the server, too."""
        self.is_in_step = False
        with _translated():
            try:
                yield
            except DatabaseError:
                self.is_in_step = True
                raise
        self.is_in_step = True


class Database:
    """A small pool of connections to one database as one login; connects when first asked.

    `url` is called at the first connection, so that building a Database costs no secret look-up. The server cancels a
    statement of `run` after `statement_timeout_s`: who waits for it gives up after `timeout_s`, but it would run on.
    """

    def __init__(
        self, url: Callable[[], str], *, timeout_s: float | None = None, statement_timeout_s: float | None = None
    ) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._limits = (
            {} if statement_timeout_s is None else {"statement_timeout": str(round(statement_timeout_s * 1000))}
        )
        self._idle: LifoQueue[Connection] = LifoQueue()

    def run(self, tenant_id: str, work: Callable[[Rows], T]) -> T:
        """What `work` returns, in a transaction that sees and makes rows of one tenant.

        A deadlock or a serialization failure runs `work` again from its beginning, so it must keep nothing from an
        attempt that failed.

        Raises:
            Unavailable: the database does not answer, or not in time (`consulta_demorada`).
        """

        def attempt() -> T:
            with self.transaction(tenant_id) as rows:
                return work(rows)

        return _retried(attempt)

    def run_across_tenants(self, work: Callable[[Rows], T]) -> T:
        """As `run`, for a worker whose queries name each row's tenant themselves."""

        def attempt() -> T:
            with self.across_tenants() as rows:
                return work(rows)

        return _retried(attempt)

    def run_statement(self, query: str, **params: object) -> list[Row]:
        """One named query across tenants, in a transaction of its own: one round trip, without BEGIN and COMMIT.

        The query must be safe to run twice: it runs again when an idle connection turns out to be dead, and nobody
        knows whether the first one was still carried out.

        Raises:
            Unavailable: the database does not answer.
        """

        def attempt() -> list[Row]:
            if (idle := self._idle_one()) is not None:
                with suppress(Unavailable):
                    return self._state(idle, query, params)
            return self._state(self._opened(), query, params)

        return _retried(attempt)

    def _state(self, connection: Connection, query: str, params: Mapping[str, object]) -> list[Row]:
        exchange = Exchange(connection)
        try:
            return Rows(exchange).all(query, **params)
        finally:
            if exchange.is_in_step:
                self._keep(connection)
            else:
                _close_quietly(connection)

    @contextmanager
    def transaction(self, tenant_id: str) -> Iterator[Rows]:
        """One attempt of `run`. Services call `run`; tests hold a transaction open with this."""
        with self._transaction(tenant_id) as rows:
            rows.configure({"app.tenant_id": tenant_id, **self._limits})
            yield rows

    @contextmanager
    def across_tenants(self) -> Iterator[Rows]:
        """One attempt of `run_across_tenants`; as `transaction`, for tests."""
        with self._transaction(None) as rows:
            yield rows

    def close(self) -> None:
        """Close the idle connections."""
        while (connection := self._idle_one()) is not None:
            connection.close()

    @contextmanager
    def _transaction(self, tenant_id: str | None) -> Iterator[Rows]:
        connection = self._connection()
        exchange = Exchange(connection)
        try:
            yield Rows(exchange, tenant_id)
            # COMMIT of a transaction in error answers ROLLBACK without complaint, but an error always left above.
            exchange.run_simple("COMMIT")
        except BaseException:
            if exchange.is_in_step:
                self._give_up(connection)
            else:
                _close_quietly(connection)
            raise
        self._keep(connection)

    def _give_up(self, connection: Connection) -> None:
        """Roll back; a connection that cannot even do that is thrown away."""
        try:
            connection.run("ROLLBACK")
        except (InterfaceError, DatabaseError, OSError):
            _close_quietly(connection)
        else:
            self._keep(connection)

    def _keep(self, connection: Connection) -> None:
        """Keep a connection for the next transaction; what a burst has opened beyond `_MOST_IDLE` is closed."""
        if self._idle.qsize() < _MOST_IDLE:
            self._idle.put(connection)
        else:
            _close_quietly(connection)

    def _connection(self) -> Connection:
        """An idle connection that still answers BEGIN, else a new one."""
        while (connection := self._idle_one()) is not None:
            try:
                connection.run("BEGIN")
            except (InterfaceError, DatabaseError, OSError):
                # It died while it was idle. Nothing was under way, so another one takes its place.
                _close_quietly(connection)
            else:
                return connection
        connection = self._opened()
        with _translated():
            connection.run("BEGIN")
        return connection

    def _idle_one(self) -> Connection | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None

    def _opened(self) -> Connection:
        with _translated():
            return connect(self._url(), timeout_s=self._timeout_s)


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


def _retried(attempt: Callable[[], T]) -> T:
    """Run a whole transaction again when the database asks for it (SQLSTATE 40001, 40P01)."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except SerializationFailure:
            continue
    return attempt()


@contextmanager
def _translated() -> Iterator[None]:
    """Driver errors as ours. The text of the driver's error may quote a row, so it is not carried over."""
    try:
        yield
    except DatabaseError as error:
        raise _domain_error(error) from None
    except (InterfaceError, OSError) as error:
        raise Unavailable("banco_indisponivel", reason=type(error).__name__) from None


def _domain_error(error: DatabaseError) -> Exception:
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    state, constraint = fields.get("C", ""), fields.get("n", "")
    if state in _RETRY_STATES:
        return SerializationFailure(state)
    if state.startswith(_CONSTRAINT_CLASS) and constraint:
        return ConstraintViolation(constraint)
    if state in _SLOW_STATES:
        return Unavailable("consulta_demorada", reason=state)
    if state.startswith(_AWAY_CLASSES):
        return Unavailable("banco_indisponivel", reason=state)
    return StatementFailed(state, fields.get("M", "") if state.startswith("42") else "")


class StatementFailed(Exception):
    """PostgreSQL refused a statement: a bug of ours. Carries the SQLSTATE; the text only where it cannot hold data."""


def _close_quietly(connection: Connection) -> None:
    try:
        connection.close()
    except (InterfaceError, DatabaseError, OSError):
        return
