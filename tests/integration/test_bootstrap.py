"""The first deployment's database: a master login without superuser makes all of it, on every PostgreSQL at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database, StatementFailed
from chalicelib.config import Settings
from chalicelib.errors import Conflict, Invalid, Unavailable
from chalicelib.maintenance.bootstrap import API_ROLE
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import a_lead
from tests.conftest import ROOT
from tests.database_servers import MASTER, MASTER_PASSWORD, Server

SECRET = "/alquimista/dev/disparo-agenda/db-credentials"
MASTER_SECRET = "rds!cluster-1"
DATABASE = "disparo_agenda_dev"
OWNER, REST = f"{DATABASE}_owner", f"{DATABASE}_rest"
MIGRATIONS = [each.name for each in sorted((ROOT / "migrations").glob("*.sql"))]

MakeServices = Callable[..., Services]


@pytest.fixture
def new_cluster(cluster: Server) -> Iterator[Server]:
    """A cluster with nothing of ours in it."""
    yield cluster
    for (name,) in cluster.run("SELECT datname FROM pg_database WHERE datname LIKE 'disparo%'"):
        cluster.run(f'DROP DATABASE "{name}" WITH (FORCE)')
    for (name,) in cluster.run("SELECT rolname FROM pg_roles WHERE rolname LIKE 'disparo%' ORDER BY rolname DESC"):
        cluster.run(f'DROP ROLE "{name}"')


@pytest.fixture
def stored(aws: Aws, new_cluster: Server) -> Callable[[], dict[str, str]]:
    """The stack's empty secret and the master's, as RDS makes it; what the first one holds now."""
    aws.client("secretsmanager").create_secret(Name=SECRET)
    put_secret(aws, MASTER_SECRET, {"username": MASTER, "password": MASTER_PASSWORD})

    def read() -> dict[str, str]:
        value: dict[str, str] = json.loads(
            aws.client("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"]
        )
        return value

    return read


@pytest.fixture
def event(new_cluster: Server) -> dict[str, Any]:
    """What the documentation tells an administrator to send."""
    return {"bootstrap": MASTER_SECRET, "host": "127.0.0.1", "port": new_cluster.port, "options": "sslmode=disable"}


@pytest.fixture
def deployed(aws_endpoint: str) -> Iterator[Callable[[str], Services]]:
    """Makes the services of a stage that has just been deployed: they know no database but by the secret."""
    made: list[Services] = []

    def make(stage: str = "dev") -> Services:
        made.append(Services(Settings(stage=stage)))
        return made[-1]

    yield make
    for services in made:
        services.close()


Deployed = Callable[[str], Services]
Stored = Callable[[], dict[str, str]]


def password_of(url: str) -> str:
    return urlsplit(url).password or ""


def test_new_cluster_is_ready_after_one_call(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed
) -> None:
    services = deployed("dev")
    answer = services.bootstrap.run(event)
    assert answer == {"preparados": [API_ROLE, OWNER, REST, DATABASE, SECRET], "aplicadas": MIGRATIONS}
    urls = stored()
    assert urls == {
        "database_owner_url": new_cluster.url(OWNER, password_of(urls["database_owner_url"]), DATABASE),
        "database_url": new_cluster.url(REST, password_of(urls["database_url"]), DATABASE),
    }
    lead_id = a_lead(services.owner_database, tenant_id="acme")
    with services.database.transaction("acme") as rows:
        assert rows.one("lead_by_id", lead_id=lead_id)
    with services.database.transaction("outra") as rows:
        assert rows.one("lead_by_id", lead_id=lead_id) is None


def test_no_login_that_is_made_has_more_rights_than_it_needs(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed
) -> None:
    deployed("dev").bootstrap.run(event)
    rights = "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles"
    assert new_cluster.run(f"{rights} WHERE rolname LIKE 'disparo%' ORDER BY 1") == [
        [API_ROLE, False, False], [OWNER, True, False], [REST, True, False]
    ]  # fmt: skip
    passwords = [password_of(url) for url in stored().values()]
    assert len(set(passwords)) == 2
    assert all(re.fullmatch(r"[\w-]{43}", each) for each in passwords)


def test_second_call_changes_nothing(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed
) -> None:
    deployed("dev").bootstrap.run(event)
    before = stored()
    assert deployed("dev").bootstrap.run(event) == {"preparados": [], "aplicadas": []}
    assert stored() == before


def test_event_without_bootstrap_only_migrates(stored: Stored, event: dict[str, Any], deployed: Deployed) -> None:
    deployed("dev").bootstrap.run(event)
    for nothing in (None, dict[str, Any]()):
        assert deployed("dev").bootstrap.run(nothing) == {"aplicadas": []}


def test_logins_whose_secret_was_lost_get_new_passwords_and_running_workers_go_on(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed, aws: Aws
) -> None:
    running = deployed("dev")
    running.bootstrap.run(event)
    before = stored()
    put_secret(aws, SECRET, {})
    assert deployed("dev").bootstrap.run(event) == {"preparados": [SECRET], "aplicadas": []}
    assert {password_of(url) for url in stored().values()}.isdisjoint(map(password_of, before.values()))
    new_cluster.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('{OWNER}', '{REST}')")
    for database in (running.database, running.owner_database):
        assert database.run_statement("ping") == [{"um": 1}]


def test_login_whose_password_was_changed_by_hand_gets_a_new_one_and_the_other_keeps_its_own(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed
) -> None:
    deployed("dev").bootstrap.run(event)
    before = stored()
    new_cluster.run(f"ALTER ROLE {REST} PASSWORD 'another'")
    assert deployed("dev").bootstrap.run(event) == {"preparados": [SECRET], "aplicadas": []}
    assert stored()["database_owner_url"] == before["database_owner_url"]
    assert stored()["database_url"] != before["database_url"]


def test_call_that_failed_half_way_is_completed_by_the_next_one(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed, aws: Aws
) -> None:
    aws.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    with pytest.raises(Unavailable):
        deployed("dev").bootstrap.run(event)
    aws.client("secretsmanager").create_secret(Name=SECRET)
    assert deployed("dev").bootstrap.run(event) == {"preparados": [SECRET], "aplicadas": MIGRATIONS}


def test_stages_share_a_cluster_and_cannot_reach_each_other_s_database(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed, aws: Aws
) -> None:
    aws.client("secretsmanager").create_secret(Name=SECRET.replace("dev", "prod-2"))
    for stage in ("dev", "prod-2"):
        deployed(stage).bootstrap.run(event)
    names = new_cluster.run("SELECT datname FROM pg_database WHERE datname LIKE 'disparo%' ORDER BY 1")
    assert names == [[DATABASE], ["disparo_agenda_prod_2"]]
    password = password_of(stored()["database_url"])
    stranger = Database(lambda: new_cluster.url(REST, password, "disparo_agenda_prod_2"))
    with pytest.raises(StatementFailed, match="42501"):
        stranger.run_statement("ping")


def test_master_secret_that_names_its_host_needs_no_other(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed, aws: Aws
) -> None:
    place = {"host": "127.0.0.1", "port": new_cluster.port, "engine": "postgres"}
    put_secret(aws, MASTER_SECRET, {"username": MASTER, "password": MASTER_PASSWORD, **place})
    answer = deployed("dev").bootstrap.run({"bootstrap": MASTER_SECRET, "options": "sslmode=disable"})
    assert answer["preparados"] == [API_ROLE, OWNER, REST, DATABASE, SECRET]


def test_database_of_another_owner_is_left_alone(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed
) -> None:
    new_cluster.run(f"CREATE DATABASE {DATABASE}")
    with pytest.raises(Conflict) as refused:
        deployed("dev").bootstrap.run(event)
    assert refused.value.params == {"nome": DATABASE, "dono": "cluster"}


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"bootstrap": "rds!another"}, Unavailable, "segredo_ausente"),
        ({"host": None}, Invalid, "endereco_do_banco_ausente"),
        ({"bootsrap": "x"}, ValidationError, "bootsrap"),
        ({"port": 0}, ValidationError, "port"),
    ],
)
def test_event_that_cannot_be_carried_out_is_refused(
    stored: Stored, event: dict[str, Any], deployed: Deployed, change: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        deployed("dev").bootstrap.run({**event, **change})


def test_master_without_the_right_to_make_roles_is_told_so(
    new_cluster: Server, stored: Stored, event: dict[str, Any], deployed: Deployed, aws: Aws
) -> None:
    new_cluster.run("CREATE ROLE disparo_weak LOGIN CREATEDB PASSWORD 'x'")
    put_secret(aws, MASTER_SECRET, {"username": "disparo_weak", "password": "x"})
    with pytest.raises(StatementFailed, match="permission denied to create role"):
        deployed("dev").bootstrap.run(event)
