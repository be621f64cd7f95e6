"""What the `migrate` Lambda does: it prepares a new cluster, if it is told who may, and applies the migrations.

It needs no superuser, because AWS gives nobody one: a master login with CREATEROLE and CREATEDB is enough. To run it
again changes nothing that is as it should be. What a failed run left half done, the next one completes.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from secrets import token_bytes, token_urlsafe
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.adapters.database import Rows, StatementFailed, session
from chalicelib.adapters.secrets import Secrets
from chalicelib.errors import Conflict, Invalid, Unavailable
from chalicelib.maintenance.migrations import Migrations

API_ROLE = "disparo_agenda_api"
"""The role that migrations grant the API's rights to; the logins of all stages of a cluster share it."""
_ITERATIONS = 4096  # as PostgreSQL itself; the passwords are random, so that more would protect nothing


class MigrateEvent(BaseModel):
    """The event that the `migrate` Lambda is invoked with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap: str | None = Field(default=None, min_length=1)
    """The name or ARN of the master login's secret. It has `username` and `password`, and maybe `host` and `port`."""
    host: str | None = Field(default=None, min_length=1)
    """The cluster's endpoint for writing. A secret that RDS manages does not name it."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    options: str = ""
    """What follows `?` in the URLs of the logins, such as `sslrootcert=/var/task/ca.pem`."""


class Server(NamedTuple):
    """Where the cluster is."""

    host: str
    port: int
    options: str

    def url(self, login: str, password: str, database: str) -> str:
        """The URL of a login to one of its databases."""
        user = f"{quote(login, safe='')}:{quote(password, safe='')}"
        options = f"?{self.options}" if self.options else ""
        return f"postgresql://{user}@{self.host}:{self.port}/{database}{options}"


class Bootstrap:
    """Makes what one stage needs in a cluster; `secret` is where the URLs of its logins are stored.

    `stage` is part of every name, so that several stages may share a cluster.
    """

    def __init__(self, *, secrets: Secrets, secret: str, stage: str, migrations: Migrations) -> None:
        self._secrets = secrets
        self._secret = secret
        self._database = f"disparo_agenda_{stage.replace('-', '_')}"
        self._owner = f"{self._database}_owner"
        self._rest = f"{self._database}_rest"
        self._migrations = migrations

    def run(self, event: object) -> dict[str, list[str]]:
        """Prepare the cluster if the event says so (`preparados` names what was made or renewed), then migrate.

        Raises:
            pydantic.ValidationError: the event has a field that we do not know.
            Unavailable: `segredo_ausente`, or the cluster does not answer.
            Invalid: `endereco_do_banco_ausente`; neither the event nor the secret names the host.
            Conflict: `banco_de_outro_dono`; the name of our database is taken.
            StatementFailed: the master login lacks a right.
        """
        request = MigrateEvent.model_validate(event or {})
        if request.bootstrap is None:
            return self._migrations.apply()
        return {"preparados": self._prepared(request.bootstrap, request), **self._migrations.apply()}

    def _prepared(self, secret: str, request: MigrateEvent) -> list[str]:
        master = self._secrets.find(secret, fresh=True) or {}
        if not {"username", "password"} <= master.keys():
            raise Unavailable("segredo_ausente", nome=secret)
        host = request.host or master.get("host")
        if not host:
            raise Invalid("endereco_do_banco_ausente")
        server = Server(host, request.port or int(master.get("port", 5432)), request.options)
        stored = self._secrets.find(self._secret, fresh=True) or {}
        urls = {
            key: server.url(login, token_urlsafe(32), self._database)
            for key, login in (("database_owner_url", self._owner), ("database_url", self._rest))
            if not _is_login(stored.get(key), server.url(login, "", self._database))
        }
        with session(server.url(master["username"], master["password"], "postgres")) as rows:
            made = [*self._make_roles(rows, urls.values()), *self._make_database(rows)]
        if urls:
            self._secrets.put(self._secret, {**stored, **urls})
            made.append(self._secret)
        return made

    def _make_roles(self, rows: Rows, urls: Iterable[str]) -> Iterator[str]:
        """Make the roles that are missing, and give each login of `urls` its password."""
        existing = {row["nome"] for row in rows.all("list_roles", nomes=[API_ROLE, self._owner, self._rest])}
        for role, kind in ((API_ROLE, "NOLOGIN"), (self._owner, "LOGIN"), (self._rest, "LOGIN")):
            if role not in existing:
                rows.execute(f'CREATE ROLE "{role}" {kind}')
                yield role
        for url in urls:
            parts = urlsplit(url)
            rows.execute(f"""ALTER ROLE "{parts.username}" PASSWORD '{_verifier(parts.password or "")}'""")
        rows.execute(f'GRANT "{API_ROLE}" TO "{self._rest}"')
        # Whoever gives a database to a role must be a member of it. From version 16 on, who made it is none yet.
        rows.execute(f'GRANT "{self._owner}" TO CURRENT_USER')

    def _make_database(self, rows: Rows) -> Iterator[str]:
        database = rows.one("find_database", nome=self._database)
        if database is None:
            rows.execute(f'CREATE DATABASE "{self._database}" OWNER "{self._owner}"')
            yield self._database
        elif database["dono"] != self._owner:
            raise Conflict("banco_de_outro_dono", nome=self._database, dono=database["dono"])
        # The API's logins of all stages share a role, so they must not reach each other's databases.
        rows.execute(f'REVOKE CONNECT ON DATABASE "{self._database}" FROM PUBLIC')
        rows.execute(f'GRANT CONNECT ON DATABASE "{self._database}" TO "{self._rest}"')


def _is_login(stored: object, wanted: str) -> bool:
    """Whether a stored URL is the wanted one but for its password, and lets us in."""
    if not isinstance(stored, str) or _without_password(stored) != _without_password(wanted):
        return False
    try:
        with session(stored) as rows:
            return rows.one("ping") is not None
    except (Unavailable, StatementFailed):
        return False


def _without_password(url: str) -> tuple[object, ...]:
    parts = urlsplit(url)
    return parts.username, parts.hostname, parts.port, parts.path, parts.query


def _verifier(password: str) -> str:
    """What PostgreSQL stores for a password (RFC 5803); made here, so that no log of the server has the password."""
    salt = token_bytes(16)
    salted = pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (b64encode(each).decode() for each in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"
