"""Migrations, the outbox and the sweeps, over a real database and real HTTP to moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chalicelib import events
from chalicelib.adapters.database import Database, StatementFailed
from chalicelib.config import Settings
from chalicelib.errors import Unavailable
from chalicelib.maintenance.migrations import MigrationChanged, Migrations
from chalicelib.maintenance.sweep import Sweep, SweepFailed
from chalicelib.wiring import Services
from local.aws import Aws
from local.postgres import Postgres
from tests.builders import CREATED_AT, TENANT, a_lead, ask, insert
from tests.conftest import ROOT, StoppedClock


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[Database]:
    """A database that no migration has touched."""
    postgres.create_database("empty")
    database = Database(lambda: postgres.owner_url("empty"))
    yield database
    database.close()
    postgres.drop_database("empty")


def heard_by(aws: Aws, bus: str) -> Callable[[], list[dict[str, Any]]]:
    """A queue that listens to everything on the bus; what it has heard."""
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["disparo-agenda"]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])

    def heard() -> list[dict[str, Any]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return heard


def queued(aws: Aws, queue: str) -> list[dict[str, Any]]:
    """The bodies of the messages that wait in a queue."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def test_migrations_apply_once_and_say_which(empty_database: Database) -> None:
    migrations = Migrations(empty_database, ROOT / "migrations")
    applied = migrations.apply()["aplicadas"]
    assert applied[:6] == [
        "001_create_leads_table.sql",
        "002_create_lead_telefones_table.sql",
        "003_create_lead_emails_table.sql",
        "004_create_disparos_table.sql",
        "005_create_agendamentos_table.sql",
        "006_create_ingest_jobs_table.sql",
    ]
    assert migrations.apply() == {"aplicadas": []}


def test_a_migration_that_was_changed_after_it_was_applied_is_an_error(
    empty_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "001_first.sql"
    file.write_text("CREATE TABLE first (id int)")
    Migrations(empty_database, tmp_path).apply()
    file.write_text("CREATE TABLE first (id bigint)")
    with pytest.raises(MigrationChanged) as changed:
        Migrations(empty_database, tmp_path).apply()
    assert changed.value.params == {"nome": "001_first.sql"}


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: Database, tmp_path: Path) -> None:
    (tmp_path / "001_first.sql").write_text("CREATE TABLE first (id int)")
    (tmp_path / "002_second.sql").write_text("CREATE TABLE first (id int)")
    with pytest.raises(Exception, match="42P07"):
        Migrations(empty_database, tmp_path).apply()
    assert ask(empty_database, "SELECT to_regclass('first')::text, to_regclass('schema_migrations')::text") == [
        [None, None]
    ]


def test_events_are_told_in_their_order_and_once(
    services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    heard = heard_by(aws, app_settings.event_bus)
    with services.owner_database.transaction(TENANT) as rows:
        for number in range(25):
            events.record(rows, TENANT, "ingest.job_created", clock.advance(seconds=1), numero=number)
    assert services.outbox.publish() == 25
    assert services.outbox.publish() == 0
    told = heard()
    assert sorted(each["detail"]["numero"] for each in told) == list(range(25))
    assert {(each["source"], each["detail-type"]) for each in told} == {("disparo-agenda", "ingest.job_created")}
    assert {each["detail"]["tenant_id"] for each in told} == {TENANT}


def test_an_event_whose_transaction_failed_is_never_told(services: Services, clock: StoppedClock) -> None:
    def failing() -> None:
        with services.owner_database.transaction(TENANT) as rows:
            events.record(rows, TENANT, "ingest.job_created", clock())
            rows.execute("SELECT 1/0")

    with pytest.raises(StatementFailed, match="22012"):
        failing()
    assert services.outbox.publish() == 0


def test_events_wait_while_the_bus_is_away(
    make_services: Callable[..., Services], clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services()
    with services.owner_database.transaction(TENANT) as rows:
        events.record(rows, TENANT, "ingest.job_created", clock())
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        assert make_services().outbox.publish() == 0
    assert services.outbox.publish() == 1


def test_the_sweep_does_its_other_parts_when_one_fails(services: Services, clock: StoppedClock) -> None:
    with services.owner_database.transaction(TENANT) as rows:
        events.record(rows, TENANT, "ingest.job_created", clock())

    def fail() -> int:
        raise Unavailable("aws_indisponivel", servico="sqs")

    with pytest.raises(SweepFailed, match="first"):
        Sweep({"first": fail, "eventos": services.outbox.publish}).run()
    assert ask(services.owner_database, "SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == [[0]]


def test_health_says_when_the_database_is_away(services: Services, make_services: Callable[..., Services]) -> None:
    assert services.health.check() == {"status": "ok", "banco": "ok"}
    with pytest.raises(Unavailable):
        make_services(database_url="postgresql://nobody@127.0.0.1:1/nothing?sslmode=disable").health.check()


def test_without_a_url_the_login_comes_out_of_the_secret(
    services: Services, make_services: Callable[..., Services], aws: Aws, app_settings: Settings
) -> None:
    bare = make_services(database_url=None)
    with pytest.raises(Unavailable):
        bare.health.check()
    aws.client("secretsmanager").create_secret(
        Name=app_settings.secret("db-credentials"), SecretString=json.dumps({"database_url": app_settings.database_url})
    )
    assert make_services(database_url=None).health.check()["banco"] == "ok"


@pytest.mark.parametrize("minutes", [timedelta(seconds=30), timedelta(minutes=4)])
def test_an_empty_database_gives_the_sweep_nothing_to_do(services: Services, minutes: timedelta) -> None:
    assert set(services.sweep.run().values()) == {0}


# How much a sweep takes up at once

A_JOB = {"bucket": "b", "chave": "k", "nome_arquivo": "leads.xlsx", "chave_recebida": True}
LOST: dict[str, tuple[str, dict[str, object]]] = {
    "wake_lost_jobs": ("job", A_JOB),
    "wake_lost_undos": (
        "job", {**A_JOB, "status": "concluido", "concluido_em": CREATED_AT, "desfazer_pedido_em": CREATED_AT}
    ),
    "wake_lost_agendamentos": ("agendamento", {"tipo": "callback", "canal": "telefone"}),
}  # fmt: skip
# As PostgreSQL plans it today, and as it may one day: without these, a subquery of the WHERE is run again for each row.
PLANS = {"today": "", "another day": "hashjoin, hashagg, sort, material"}


def lost(owner: Database, query: str) -> list[UUID]:
    """Five rows that nobody came for, each due a minute after the one before."""
    kind, columns = LOST[query]
    ids = [UUID(int=number) for number in range(5)]
    for number, id_ in enumerate(ids):
        at = CREATED_AT + timedelta(minutes=number)
        given = {"tenant_id": TENANT, f"{kind}_id": id_, "criado_em": at, "atualizado_em": at, **columns}
        if kind == "agendamento":
            given |= {"lead_id": a_lead(owner), "responsavel": f"Ana {number}"}
            given |= {"data_agendada": at, "ocupado_ate": at + timedelta(hours=1)}
        insert(owner, {"job": "ingest_jobs", "agendamento": "agendamentos"}[kind], **given)
    return ids


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("query", LOST)
def test_a_sweep_takes_up_as_many_as_it_asked_for_however_its_query_is_planned(
    services: Services, clock: StoppedClock, query: str, plan: str
) -> None:
    owner, later = services.owner_database, clock.advance(hours=1)
    ids = lost(owner, query)
    times = {"vencido": later, "acordado_antes": later - timedelta(minutes=5), "adiante": later}

    def woken() -> list[UUID]:
        with owner.across_tenants() as rows:
            for each in filter(None, PLANS[plan].split(", ")):
                rows.execute(f"SET LOCAL enable_{each} = off")
            found = rows.all(query, agora=later, **times, limite=2)
        return sorted(row[f"{LOST[query][0]}_id"] for row in found)

    assert [woken() for _ in range(4)] == [ids[:2], ids[2:4], ids[4:], []]
