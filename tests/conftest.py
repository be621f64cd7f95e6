"""The real parts under the tests: one PostgreSQL and one moto a worker, a fresh database and empty AWS a test.

Everything is started by the first test that asks for it, so that unit tests start nothing.
"""

# ruff: noqa: PLC0415 - the imports stand where they are needed: unit tests pay for none of this

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.request import Request, urlopen

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from chalicelib.config import Settings
    from chalicelib.wiring import Services
    from local.aws import Aws
    from local.postgres import Databases, Postgres
    from tests.moto_state import MotoState

ROOT = Path(__file__).resolve().parent.parent
_NUMBERS = count(1)
STARTED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

# `ci` draws the same examples every time, so that a failure is due to the change and not to chance.
# `quick` is `ci` with fewer examples, for `make test-fast`. `fuzz` draws new examples each time.
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=_QUIET
)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)
settings.register_profile("fuzz", max_examples=5_000, deadline=None, print_blob=True, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage neither while eleven thousand tests are made nor, later, among them: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


class DatabaseUrls(NamedTuple):
    """The two logins to one database."""

    owner: str
    api: str


class StoppedClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now: datetime = STARTED_AT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> datetime:
        """Move it forward: `advance(minutes=1)`; the new time."""
        self.now += timedelta(**duration)
        return self.now


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """Ctrl-C as in a terminal, also where a shell runs the tests in the background and tells them to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def clock() -> StoppedClock:
    """A clock at a fixed time on a working day."""
    return StoppedClock()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server without durability, one for every pytest worker."""
    from local.postgres import THROWAWAY, Postgres
    from tests.memory import in_memory

    # A gigabyte is enough for it, as it may have to be memory.
    few = {**THROWAWAY, "max_wal_size": "256MB"}
    with (
        in_memory() as memory,
        Postgres(memory or tmp_path_factory.mktemp("postgres"), settings=few) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def template_database(postgres: Postgres) -> str:
    """The name of a migrated database that nobody is connected to, to be copied."""
    from chalicelib.adapters.database import Database
    from chalicelib.maintenance.migrations import Migrations

    name = "migrated"
    postgres.create_database(name)
    database = Database(lambda: postgres.owner_url(name))
    try:
        Migrations(database, ROOT / "migrations").apply()
    finally:
        database.close()
    return name


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Iterator[Databases]:
    """Makes and drops a database for each test. A connection for each of these takes as long as the dropping."""
    with postgres.databases() as databases:
        yield databases


@pytest.fixture
def database_urls(postgres: Postgres, databases: Databases, template_database: str) -> DatabaseUrls:
    """A fresh, migrated database. The one of the test before goes now: who was just connected to it has left by now."""
    number = next(_NUMBERS)
    databases.drop(f"test_{number - 1}")
    databases.create(name := f"test_{number}", template=template_database)
    return DatabaseUrls(postgres.owner_url(name), postgres.api_url(name))


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    """The URL of a moto server, which boto3 finds in the environment like the one of the local stack."""
    from local.aws import ACCESS_KEYS, moto_server

    with moto_server() as url, pytest.MonkeyPatch.context() as environ:
        for name, value in {**ACCESS_KEYS, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}.items():
            environ.setenv(name, value)
        environ.delenv("AWS_PROFILE", raising=False)
        yield url


@pytest.fixture(scope="session")
def aws_clients(aws_endpoint: str) -> Iterator[Aws]:
    """Clients of that server; making one costs more than a test's calls."""
    from local.aws import Aws

    clients = Aws(aws_endpoint)
    yield clients
    clients.close()


@pytest.fixture
def aws(aws_clients: Aws) -> Aws:
    """Empty AWS."""
    _empty(aws_clients)
    return aws_clients


def _empty(aws: Aws) -> None:
    with urlopen(Request(f"{aws.endpoint}/moto-api/reset", method="POST")):
        pass


@pytest.fixture(scope="session")
def provisioned_aws(aws_clients: Aws) -> tuple[str, MotoState]:
    """The ARN of the user pool in AWS with everything that the template makes there; and that AWS, to be put back."""
    from chalicelib.config import Settings
    from local.aws import ACCOUNT_ID, provision
    from tests.moto_state import MotoState

    _empty(aws_clients)
    return provision(aws_clients, Settings(account_id=ACCOUNT_ID), {}), MotoState.copied()


@pytest.fixture
def user_pool(provisioned_aws: tuple[str, MotoState], aws: Aws) -> str:
    """AWS with everything that the template makes there; the ARN of the user pool in it."""
    arn, state = provisioned_aws
    state.restore()
    return arn


@pytest.fixture
def environ(database_urls: DatabaseUrls, user_pool: str, aws_clients: Aws) -> dict[str, str]:
    """The environment of an app over a fresh database and AWS with everything that the template makes there."""
    from local.aws import ACCOUNT_ID
    from local.tokens import jwks_url

    return {
        "ACCOUNT_ID": ACCOUNT_ID,
        "DATABASE_URL": database_urls.api,
        "DATABASE_OWNER_URL": database_urls.owner,
        "MICRO_AGENT_DISPARO_ENABLED": "true",
        "LOG_LEVEL": "ERROR",
        "COGNITO_USER_POOL_ARN": user_pool,
        "COGNITO_JWKS_URL": jwks_url(aws_clients, user_pool),
    }


@pytest.fixture
def app_settings(environ: dict[str, str]) -> Settings:
    """The settings in that environment."""
    from chalicelib.config import Settings

    return Settings.from_environment(environ)


@pytest.fixture
def make_services(app_settings: Settings, clock: StoppedClock) -> Iterator[Callable[..., Services]]:
    """Builds wired services on the test's clock, `make_services(ingest_batch_rows=10)`, each closed at the end."""
    from chalicelib.wiring import Services

    made: list[Services] = []

    def make(**changes: object) -> Services:
        made.append(Services(app_settings.model_copy(update=changes), clock=clock))
        return made[-1]

    yield make
    for services in made:
        services.close()


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """The real collaborators over the fresh parts."""
    return make_services()
