"""The one door to PostgreSQL: connections, transactions, tenant scope, named queries, COPY.

SQL lives in `<area>/queries.sql`, one `-- name: verb_noun` each; `rows.one("lead_for_disparo", …)` runs it, so
one grep crosses both. A query may have a hole for a condition that a user put together: `/*{filtro}*/ true`. What is
written there comes from the fragments in `<area>/fragments.sql` alone (`chalicelib/conditions.py`). A query may contain
another one: `(/*= classify_recipients */)`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from queue import Empty, LifoQueue
from socket import socket
from struct import pack
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, assert_never
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pg8000.converters import TIMESTAMPTZ, array_out, make_params, timestamptz_in
from pg8000.core import (
    BIND,
    COPY_DATA,
    COPY_DONE,
    DESCRIBE,
    EXECUTE,
    NULL_BYTE,
    PARSE,
    PORTAL,
    SYNC,
    Context,
)
from pg8000.exceptions import DatabaseError, InterfaceError
from pg8000.native import Connection, literal, to_statement

from chalicelib.acting import actor
from chalicelib.adapters.sockets import CONNECT_S, SSL_MODES, Host, socket_to_folder, socket_to_host
from chalicelib.conditions import AllOf, AnyOf, Condition, Fragment, Not
from chalicelib.errors import Conflict, ConstraintViolation, SerializationFailure, Unavailable

Row = dict[str, Any]
T = TypeVar("T")
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n", re.MULTILINE)
_INCLUDED = re.compile(r"/\*= (\w+) \*/")
_HOLE = re.compile(r"/\*\{(\w+)\}\*/ true\b")
_PLACEHOLDER = re.compile(r"\$([0-9]+)")
# PostgreSQL takes a tenant that is not in its statistics yet for one row. Then every index that begins with `tenant_id`
# looks equally good, and the wrong one reads all leads of the tenant for each key. What a sub-query yields is not known
# when the plan is made: so each tenant counts as an average one, and the key decides.
_KNOWN_TENANT = re.compile(r"\btenant_id = :tenant_id\b")
_HIDDEN_TENANT = "tenant_id = (SELECT CAST(:tenant_id AS text))"
_AS_JSON = "SELECT coalesce(json_agg(r), '[]') FROM ({}) r"
_RETRY_STATES = frozenset({"40001", "40P01"})
_CONSTRAINT_CLASS = "23"
# Whatever somebody wants to write into a lead whose person had it erased: the answer is the same.
_LEAD_STAYS_ERASED = "leads_apagado_check"
_MOST_IDLE = 8
"""Connections that are kept for the next transaction; a server has a hundred or so for all processes together."""
_ATTEMPTS = 5
"""Of one transaction; after the last one its failure is the caller's."""
# The statement, or its wait for a lock, took longer than it may.
_SLOW_STATES = frozenset({"57014", "55P03"})
# Connection failures, shutdowns by an administrator, and transactions that the server ended because we were
# silent in them: the server is away, the statement is not wrong.
_AWAY_CLASSES = ("08", "57", "53", "25P03")
# What we connected to is not what the secret names now: a failover made it read-only, or a rotation changed the login.
_OUTDATED_STATES = frozenset({"25006", "28000", "28P01"})
_IDLE_IN_TRANSACTION_S = 60.0
"""How long the server keeps the locks of a transaction in which we say nothing."""
_ANSWER_MARGIN_S = 2.0
"""How much longer we wait for an answer than the server may work on it."""


class Statement(NamedTuple):
    """SQL with `$n` placeholders, what puts named parameters in their order, and the names of its holes."""

    text: str
    arranged: Callable[[Mapping[str, object]], tuple[object, ...]]
    holes: frozenset[str]

    def filled(self, params: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
        """The text with a condition in each hole, and its values.

        Raises:
            LookupError: a hole without a condition would mean every row, and a condition without a hole nothing.
        """
        conditions = {name: each for name, each in params.items() if isinstance(each, Condition)}
        if self.holes != conditions.keys():
            raise LookupError(f"the query has the holes {sorted(self.holes)}, not {sorted(conditions)}")
        values = list(self.arranged(params))
        if not conditions:
            return self.text, tuple(values)
        text = _HOLE.sub(lambda hole: f"({_written(conditions[hole[1]], params, values)})", self.text)
        return text, tuple(values)


def _written(condition: Condition, scope: Mapping[str, object], values: list[object]) -> str:
    """The SQL of a condition; its values are added to those of the whole statement."""
    match condition:
        case Fragment(name, given):
            fragment, before = named_fragments()[name], len(values)
            values.extend(fragment.arranged({**scope, **given}))
            return _PLACEHOLDER.sub(lambda number: f"${before + int(number[1])}", fragment.text)
        case AllOf(parts):
            return " AND ".join(f"({_written(each, scope, values)})" for each in parts) or "true"
        case AnyOf(parts):
            return " OR ".join(f"({_written(each, scope, values)})" for each in parts) or "false"
        case Not(part):
            return f"NOT ({_written(part, scope, values)})"
        case _:
            assert_never(condition)


@cache
def named_queries() -> Mapping[str, Statement]:
    """Every query of every area, by name.

    Raises:
        ValueError: two areas gave a query the same name.
    """
    return _statements("queries.sql")


@cache
def named_fragments() -> Mapping[str, Statement]:
    """Every fragment of a condition, by name.

    Raises:
        ValueError: two areas gave a fragment the same name.
    """
    return _statements("fragments.sql")


def _statements(file: str) -> Mapping[str, Statement]:
    """What the files of this name hold. The planner is not told which tenant a query is for."""
    texts: dict[str, str] = {}
    for path in sorted(Path(__file__).parent.parent.rglob(file)):
        parts = _NAME.split(path.read_text(encoding="utf-8"))[1:]
        for name, sql in zip(parts[::2], parts[1::2], strict=True):
            if name in texts:
                raise ValueError(f"{name} is defined twice")
            texts[name] = _KNOWN_TENANT.sub(_HIDDEN_TENANT, _COMMENT.sub("", sql).strip().rstrip(";"))
    return _Statements(texts)


class _Statements(Mapping[str, Statement]):
    """Statements by name, each rewritten once, for the driver would do it character by character each time.

    It happens when a statement is first asked for: a process uses few of them, and all take a sixth of a second.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._rewritten: dict[str, Statement] = {}

    def __getitem__(self, name: str) -> Statement:
        if name not in self._rewritten:
            text, arranged = to_statement(_INCLUDED.sub(lambda part: self._texts[part[1]], self._texts[name]))
            self._rewritten[name] = Statement(text, arranged, frozenset(_HOLE.findall(text)))
        return self._rewritten[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


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
        return _rows(self._execute(query, params))

    def shown(self, query: str, **params: object) -> list[Row]:
        """As `all`, each value as JSON has it: an id, a date or an instant is a text, for an answer that shows it.

        PostgreSQL writes the rows as one value, and `json` reads it. The driver takes three times as long for a page,
        because it reads cell by cell.
        """
        sql, values = self._filled(query, params)
        answer = self._exchange.run(_AS_JSON.format(sql), values)
        [[found]] = answer.rows or [[[]]]
        return list(found)

    def one(self, query: str, **params: object) -> Row | None:
        """The first row of a named query, or None."""
        found = self.all(query, **params)
        return found[0] if found else None

    def run(self, query: str, **params: object) -> int:
        """Run a named query; how many rows it touched."""
        return int(self._execute(query, params).row_count)

    def ask(self, query: str, **params: object) -> Callable[[], list[Row]]:
        """Send a named query, and return what waits for its rows. Whatever is asked meanwhile needs no trip of its own.

        An error of the query is raised by whatever is waited for next, at the latest by the end of the transaction.
        """
        context = self._exchange.send(*self._filled(query, params))
        return lambda: _rows(self._exchange.answer(context))

    def post(self, query: str, **params: object) -> None:
        """Run a named query whose answer nobody needs, as `ask` does."""
        self._exchange.send(*self._filled(query, params))

    def execute(self, sql: str) -> None:
        """Run a statement without parameters that is no named query: DDL, a savepoint, a temporary table."""
        self._exchange.run_simple(sql)

    def set_local(self, **settings: str) -> None:
        """Set `app.<name>` for this transaction only; column defaults and row-level security read them. As `post`."""
        assignments = ", ".join(f"set_config('app.{name}', ${n}, true)" for n, name in enumerate(settings, 1))
        self._exchange.send(f"SELECT {assignments}", tuple(settings.values()))

    def commit_lazily(self) -> None:
        """Let COMMIT return before it is on disk: a crash of the server may undo it, whole, with all after it."""
        self._exchange.send("SET LOCAL synchronous_commit TO off", ())

    def avoid_sorting(self) -> None:
        """From here to the end of the transaction, let an index give the order: for pages that cost work a row.

        The planner may expect that few rows are left, and then looks into all of them before it sorts.
        """
        self.execute("SET LOCAL enable_sort TO off")

    def copy(self, table: str, columns: Sequence[str], messages: Iterable[bytes]) -> None:
        """COPY rows into a table, as `post`; they are encoded in PostgreSQL's text format already.

        The server reads a message whole before it parses it: with many messages it parses one while the next arrives.
        """
        self._exchange.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN", messages)

    def _execute(self, query: str, params: Mapping[str, object]) -> Context:
        return self._exchange.run(*self._filled(query, params))

    def _filled(self, query: str, params: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
        scope = {} if self._tenant_id is None else {"tenant_id": self._tenant_id}
        return named_queries()[query].filled({**scope, **params})


def _rows(context: Context) -> list[Row]:
    columns = [column["name"] for column in context.columns or ()]
    return [dict(zip(columns, values, strict=True)) for values in context.rows or ()]


class Exchange:
    """One connection in a transaction; it knows whether the connection may be used for another one."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_reusable = True
        """False once the driver broke off, because the next request would take the unread answers for its own; and once
        the server turned out to be the wrong one."""

    def run(self, sql: str, params: tuple[object, ...]) -> Context:
        """One statement with `$n` parameters."""
        with self._speaking():
            return self.connection.execute_unnamed(sql, params)

    def send(self, sql: str, params: tuple[object, ...]) -> Context:
        """As `run`, but without the answer: `answer` waits for it, and so does whatever is run next."""
        with self._speaking():
            return self.connection.send(sql, params)

    def answer(self, context: Context) -> Context:
        """Wait for a statement that was sent."""
        with self._speaking():
            return self.connection.answered(context)

    def run_simple(self, sql: str) -> None:
        """Statements without parameters."""
        with self._speaking():
            self.connection.execute_simple(sql)

    def copy(self, sql: str, messages: Iterable[bytes]) -> None:
        """One COPY FROM STDIN, fed with these messages; its end is not waited for, as in `send`."""
        with self._speaking():
            self.connection.send_copy(sql, messages)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """One request and its answer, which is read to its end if it is an error of the server, too."""
        self.is_reusable = False
        with _translated():
            try:
                yield
            except DatabaseError as error:
                self.is_reusable = _fields(error).get("C") not in _OUTDATED_STATES
                raise
        self.is_reusable = True


class Database:
    """A small pool of connections to one database as one login; connects when first asked.

    `url` is called at each connection, so that building a Database costs no secret look-up; `refresh` makes it read
    anew what it keeps. `timeout_s` is the most that one statement may take.
    """

    def __init__(
        self, url: Callable[[], str], *, refresh: Callable[[], object] | None = None, timeout_s: float | None = None
    ) -> None:
        self._url = url
        self._refresh = refresh
        self._timeout_s = timeout_s
        self._idle: LifoQueue[Connection] = LifoQueue()

    def run(self, tenant_id: str, work: Callable[[Rows], T]) -> T:
        """What `work` returns, in a transaction that sees and makes rows of one tenant.

        A deadlock or a serialization failure runs `work` again from its beginning, and so does a failover or a rotated
        password, once. So it must keep nothing from an attempt that failed.

        Raises:
            Unavailable: the database does not answer, or not in time (`consulta_demorada`).
        """

        def attempt() -> T:
            with self.transaction(tenant_id) as rows:
                return work(rows)

        return self._retried(attempt)

    def run_across_tenants(self, work: Callable[[Rows], T]) -> T:
        """As `run`, for a worker whose queries name each row's tenant themselves."""

        def attempt() -> T:
            with self.across_tenants() as rows:
                return work(rows)

        return self._retried(attempt)

    def run_statement(self, query: str, **params: object) -> list[Row]:
        """One named query across tenants, in a transaction of its own: one round trip, without BEGIN and COMMIT.

        The query must be safe to run twice: it runs again when an idle connection turns out to be dead, and nobody
        knows whether the first one was still carried out.

        Raises:
            Unavailable: the database does not answer.
        """

        def attempt() -> list[Row]:
            if (idle := self._idle_one()) is not None:
                try:
                    return self._state(idle, query, params)
                except Unavailable as error:
                    if error.reason in _SLOW_STATES:
                        raise
            return self._state(self._opened(), query, params)

        return self._retried(attempt)

    def _retried(self, attempt: Callable[[], T]) -> T:
        """Run an attempt again on a new connection if the server is no longer the one that the secret names."""
        try:
            return _serialized(attempt)
        except ConnectionOutdated:
            self.close()
            if self._refresh is not None:
                self._refresh()
            return _serialized(attempt)

    def _state(self, connection: Connection, query: str, params: Mapping[str, object]) -> list[Row]:
        exchange = Exchange(connection)
        try:
            return Rows(exchange).all(query, **params)
        finally:
            if exchange.is_reusable:
                self._keep(connection)
            else:
                _close_quietly(connection)

    @contextmanager
    def transaction(self, tenant_id: str) -> Iterator[Rows]:
        """One attempt of `run`. Services call `run`; tests hold a transaction open with this."""
        with self._transaction(tenant_id) as rows:
            rows.set_local(tenant_id=tenant_id, **_named_actor())
            yield rows

    @contextmanager
    def across_tenants(self) -> Iterator[Rows]:
        """One attempt of `run_across_tenants`; as `transaction`, for tests."""
        with self._transaction(None, _named_actor()) as rows:
            yield rows

    def close(self) -> None:
        """Close the idle connections."""
        while (connection := self._idle_one()) is not None:
            _close_quietly(connection)

    @contextmanager
    def _transaction(self, tenant_id: str | None, settings: Mapping[str, str] = _NO_SETTINGS) -> Iterator[Rows]:
        """A transaction that begins with these `app.<name>`, in the same round trip."""
        connection = self._connection(
            "; ".join(["BEGIN", *(f"SET LOCAL app.{name} TO {literal(value)}" for name, value in settings.items())])
        )
        exchange = Exchange(connection)
        try:
            yield Rows(exchange, tenant_id)
            # COMMIT of a transaction in error answers ROLLBACK without complaint, but an error always left above.
            exchange.run_simple("COMMIT")
        except BaseException:
            if exchange.is_reusable:
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

    def _connection(self, begin: str) -> Connection:
        """An idle connection that still answers BEGIN, else a new one."""
        while (connection := self._idle_one()) is not None:
            try:
                connection.run(begin)
            except (InterfaceError, DatabaseError, OSError):
                # It died while it was idle. Nothing was under way, so another one takes its place.
                _close_quietly(connection)
            else:
                return connection
        connection = self._opened()
        with _translated():
            connection.run(begin)
        return connection

    def _idle_one(self) -> Connection | None:
        try:
            return self._idle.get_nowait()
        except Empty:
            return None

    def _opened(self) -> Connection:
        with _translated():
            return connect(self._url(), timeout_s=self._timeout_s)


def _named_actor() -> dict[str, str]:
    """Who acts, as settings that the triggers of the audit read."""
    by = actor()
    return {} if by is None else {name: value for name, value in by._asdict().items() if value}


class OneTripConnection(Connection):  # type: ignore[misc] # the driver has no types
    """A connection that asks and is answered once for a statement, where the driver does so three times.

    It may also be asked several things before the first answer is read. The server takes them up one after the other,
    without a wait between them. The messages are those of the driver.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        self._unread: deque[Context] = deque()
        super().__init__(*args, **named)

    def execute_unnamed(
        self, statement: str, vals: Sequence[object] = (), oids: Sequence[int] = (), stream: Any = None
    ) -> Context:
        """Run a statement with `$n` parameters."""
        if stream is not None:
            return super().execute_unnamed(statement, vals, oids, stream)
        return self.answered(self.send(statement, vals))

    def execute_simple(self, statement: str) -> Context:
        """Run statements without parameters."""
        self.send_QUERY(statement)
        return self.answered(self._under_way(statement))

    def send(self, statement: str, vals: Sequence[object] = ()) -> Context:
        """Ask the server to run a statement with `$n` parameters."""
        encoding = self._client_encoding
        values = b"".join(_bound(value, encoding) for value in make_params(self.py_types, vals))
        self._send_message(PARSE, NULL_BYTE + statement.encode(encoding) + NULL_BYTE + pack("!H", 0))
        self._send_message(BIND, 2 * NULL_BYTE + pack("!HH", 0, len(vals)) + values + pack("!H", 0))
        self._send_message(DESCRIBE, PORTAL + NULL_BYTE)
        self._send_message(EXECUTE, NULL_BYTE + pack("!i", 0))
        self._send_message(SYNC, b"")
        return self._under_way(statement)

    def send_copy(self, statement: str, messages: Iterable[bytes]) -> Context:
        """Ask the server to COPY FROM STDIN, and send it all. A server that refuses passes over what it is sent."""
        self.send_QUERY(statement)
        for message in messages:
            self._send_message(COPY_DATA, message)
        self._send_message(COPY_DONE, b"")
        self._sock.flush()
        return self._under_way(statement)

    def answered(self, context: Context) -> Context:
        """Read the answers up to that of this statement.

        Raises:
            DatabaseError: the first of these statements that failed. It took all the others with it, so their answers
                are read too.
        """
        self._sock.flush()
        failure: Exception | None = None
        while self._unread and (failure or context in self._unread):
            answered = self._unread.popleft()
            try:
                self.handle_messages(answered)
            except (DatabaseError, InterfaceError):
                if answered.error is None:  # the connection broke off
                    raise
                failure = failure or answered.error
        if failure:
            raise failure
        return context

    def handle_COPY_IN_RESPONSE(self, data: bytes, context: Context) -> None:  # noqa: N802 - the driver's name
        """The server is ready for what `send_copy` has sent already."""
        if context.stream is not None:
            super().handle_COPY_IN_RESPONSE(data, context)

    def _under_way(self, statement: str) -> Context:
        context = Context(statement)
        self._unread.append(context)
        return context


def _bound(value: str | None, encoding: str) -> bytes:
    """A parameter, after its length; NULL has the length -1."""
    if value is None:
        return pack("!i", -1)
    text = value.encode(encoding)
    return pack("!i", len(text)) + text


def _array(values: list[object]) -> str:
    """A list as PostgreSQL reads it. The driver leaves a text without quotes, and so turns the tag "null" into NULL."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    match value:
        case list():
            return _array(value)
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return str(array_out(value))


def _instant(text: str) -> object:
    """A `timestamptz`. The driver would read it with `strptime`, which takes fifteen times as long."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # Beyond the years that Python knows.
        return timestamptz_in(text)


@contextmanager
def session(url: str) -> Iterator[Rows]:
    """A connection whose statements each commit by themselves; PostgreSQL makes no database within a transaction.

    Raises:
        Unavailable: the database does not answer.
    """
    with _translated():
        connection = connect(url)
    try:
        yield Rows(Exchange(connection))
    finally:
        _close_quietly(connection)


def connect(url: str, *, timeout_s: float | None = None) -> Connection:
    """A connection from a `postgresql://user:password@host:port/name?sslmode=…&sslrootcert=…` URL.

    `?host=/path` names the folder of a unix socket, as libpq has it. On a network host, anything but `sslmode=disable`
    is encrypted, and certificate and host name are verified. `timeout_s` is the most that one statement may take.

    Raises:
        ValueError: `sslmode` has a value that nobody knows.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    opened = _socket(parts, options)
    settings = {"idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION_S, "statement_timeout": timeout_s or 0}
    try:
        connection = OneTripConnection(
            unquote(parts.username or "postgres"),
            password=unquote(parts.password) if parts.password else None,
            database=unquote(parts.path.lstrip("/")) or None,
            sock=opened,
            ssl_context=False,
            application_name="disparo-agenda",
            # JSON has instants in the zone of the session.
            startup_params={
                "TimeZone": "UTC",
                **{name: str(round(seconds * 1000)) for name, seconds in settings.items()},
            },
        )
    except BaseException:
        opened.close()
        raise
    connection.register_in_adapter(TIMESTAMPTZ, _instant)
    connection.register_out_adapter(list, _array)
    opened.settimeout(None if timeout_s is None else timeout_s + _ANSWER_MARGIN_S)
    return connection


def _socket(parts: SplitResult, options: Mapping[str, str]) -> socket:
    port = parts.port or int(options.get("port", "5432"))
    connect_s = float(options.get("connect_timeout", CONNECT_S))
    if folder := options.get("host"):
        return socket_to_folder(folder, port, connect_s)
    mode = options.get("sslmode", "verify-full")
    if mode not in SSL_MODES:
        raise ValueError(f"sslmode is none of {', '.join(SSL_MODES)}")
    return socket_to_host(Host(parts.hostname or "localhost", port, mode, options.get("sslrootcert")), connect_s)


def _serialized(attempt: Callable[[], T]) -> T:
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


def _fields(error: DatabaseError) -> dict[str, str]:
    return error.args[0] if error.args and isinstance(error.args[0], dict) else {}


def _domain_error(error: DatabaseError) -> Exception:
    fields = _fields(error)
    state, constraint = fields.get("C", ""), fields.get("n", "")
    if state in _RETRY_STATES:
        return SerializationFailure(state)
    if state.startswith(_CONSTRAINT_CLASS) and constraint:
        return Conflict("lead_apagado") if constraint == _LEAD_STAYS_ERASED else ConstraintViolation(constraint)
    if state in _OUTDATED_STATES:
        return ConnectionOutdated("banco_indisponivel", reason=state)
    if state in _SLOW_STATES:
        return Unavailable("consulta_demorada", reason=state)
    if state.startswith(_AWAY_CLASSES):
        return Unavailable("banco_indisponivel", reason=state)
    return StatementFailed(state, fields.get("M", "") if state.startswith("42") else "")


class ConnectionOutdated(Unavailable):
    """The server is not the one that the secret names now: read-only after a failover, or with another password."""


class StatementFailed(Exception):
    """PostgreSQL refused a statement: a bug of ours. Carries the SQLSTATE; the text only where it cannot hold data."""


def _close_quietly(connection: Connection) -> None:
    try:
        connection.close()
    except (InterfaceError, DatabaseError, OSError):
        return
