"""`docs/aws.md`, step by step as it is written, against PostgreSQL with a master that is no superuser, and moto."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.access.requests import PeopleQuery
from chalicelib.adapters.database import Database
from chalicelib.config import Settings
from chalicelib.maintenance.migrations import Migrations
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.conftest import ROOT
from tests.database_servers import MASTER, MASTER_PASSWORD, Server
from tests.documented_steps import blocks, commands, options_of, run_aws

PAGE = ROOT / "docs/aws.md"
SHELL = blocks(PAGE, "sh")
SECRETS = "/alquimista/dev/disparo-agenda"
VARIABLES = {
    name: f"<{name}>"
    for name in (
        "POOL", "POOL_ARN", "VPC", "SUBNET_A", "SUBNET_B", "DB_GROUP", "MASTER_SECRET", "CLUSTER_ENDPOINT", "ARTIFACTS",
        "PUBLIC_URL",
    )
} | {"TENANT": "acme", "EMAIL": "chefe@example.com"}  # fmt: skip


def script_with(text: str) -> str:
    """The one script of the page that has this text."""
    [script] = [each for each in SHELL if text in each]
    return script


@pytest.fixture
def documented(tmp_path: Path) -> Callable[[str], list[list[str]]]:
    """The commands of the script that has a text."""
    return lambda text: commands(script_with(text), VARIABLES, tmp_path)


def test_user_pool_and_event_bus_of_step_1_are_made(aws: Aws, documented: Callable[[str], list[list[str]]]) -> None:
    answers: dict[str, Any] = {}
    for program, service, operation, *arguments in documented("create-user-pool "):
        assert program == "aws"
        known = [answers["create-user-pool"]["UserPool"]["Id"] if each == "<POOL>" else each for each in arguments]
        answers[operation] = run_aws(aws.client(service), operation, known)
    pool = aws.client("cognito-idp").describe_user_pool(UserPoolId=answers["create-user-pool"]["UserPool"]["Id"])
    [attribute] = [each for each in pool["UserPool"]["SchemaAttributes"] if each["Name"] == "custom:tenant_id"]
    assert attribute["Mutable"] is False
    assert pool["UserPool"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    client = answers["create-user-pool-client"]["UserPoolClient"]
    assert "custom:tenant_id" in client["ReadAttributes"]
    assert "custom:tenant_id" not in client["WriteAttributes"]
    assert answers["create-event-bus"]["EventBusArn"].endswith("/fibonacci-bus-dev")


def test_first_administrator_of_step_1_is_one_of_the_people_of_the_tenant(
    aws: Aws, services: Services, documented: Callable[[str], list[list[str]]]
) -> None:
    cognito, pool_id = aws.client("cognito-idp"), services._settings.user_pool_id
    for _, _, operation, *arguments in documented("cognito-idp admin-create-user"):
        run_aws(cognito, operation, [pool_id if each == "<POOL>" else each for each in arguments])
    [shown] = services.people.page("acme", PeopleQuery())["itens"]
    assert (shown["email"], shown["grupo"], shown["ativo"]) == ("chefe@example.com", "admin", True)


def test_steps_by_hand_are_at_most_five_and_make_a_stage(documented: Callable[[str], list[list[str]]]) -> None:
    section = re.search(r"^## In this order$(.*?)^## ", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert section is not None
    steps = re.findall(r"^(\d+)\. ", section[1], re.MULTILINE)
    assert steps == [str(number) for number in range(1, len(steps) + 1)]
    assert len(steps) <= 5
    by_hand = [
        documented(text)[0] for text in ("UserPoolArn=$POOL_ARN VpcId", "make user", "make secrets", "DisparoEn")
    ]
    assert [each[:3] for each in by_hand] == [
        ["make", target, "STAGE=dev"] for target in ("deploy", "user", "secrets", "deploy")
    ]
    given = dict(each.split("=", 1) for each in by_hand[0][3].removeprefix("PARAMETERS=").split())
    parameters = template_parameters()
    assert {name for name, each in parameters.items() if "Default" not in each} - {"EventBusName"} <= given.keys()
    changed = dict(each.split("=", 1) for each in by_hand[3][3].removeprefix("PARAMETERS=").split())
    assert given.keys() | changed.keys() <= parameters.keys()


def template_parameters() -> dict[str, Any]:
    """The parameters of the stack; the packager gives `EventBusName` the default of the stage."""
    from chalice.package import YAMLTemplateSerializer  # noqa: PLC0415

    path = ROOT / "template-extras/parameters.yaml"
    read: dict[str, Any] = YAMLTemplateSerializer().load_template(path.read_text("utf-8"), path.name)["Parameters"]
    return read


def test_parameters_of_a_stack_by_hand_are_those_of_the_template(documented: Callable[[str], list[list[str]]]) -> None:
    parameters = template_parameters()
    made, packaged, deployed = documented("cloudformation deploy")
    assert made == ["make", "package", "STAGE=dev"]
    given = {each.partition("=")[0] for each in options_of(deployed[3:])["parameter-overrides"]}
    assert given <= parameters.keys()
    assert {name for name, each in parameters.items() if "Default" not in each} - given == set()
    output = options_of(packaged[3:])["output-template-file"]
    assert options_of(deployed[3:])["template-file"] == output


def test_database_by_hand_makes_a_stage_that_answers(
    aws: Aws, new_cluster: Server, documented: Callable[[str], list[list[str]]]
) -> None:
    aws.client("secretsmanager").create_secret(Name=f"{SECRETS}/db-credentials")
    put_secret(aws, "<MASTER_SECRET>", {"username": MASTER, "password": MASTER_PASSWORD})
    services = Services(Settings(stage="dev"))
    [[*invoked, _]] = documented('"bootstrap"')
    assert invoked[:3] == ["aws", "lambda", "invoke"]
    options = options_of(invoked[3:])
    assert options["function-name"] == ["disparo-agenda-dev-migrate"]
    event = json.loads(options["payload"][0])
    assert event == {"bootstrap": "<MASTER_SECRET>", "host": "<CLUSTER_ENDPOINT>"}
    # What differs here: the test's server is not at the port of PostgreSQL, and speaks no TLS.
    here = {"host": "127.0.0.1", "port": new_cluster.port, "options": "sslmode=disable"}
    answer = services.bootstrap.run({**event, **here})
    assert answer["preparados"][-1] == f"{SECRETS}/db-credentials"

    # Of a later deployment.
    [[*again, _]] = documented("dev-migrate /dev/stdout")
    assert options_of(again[3:]) == {"function-name": ["disparo-agenda-dev-migrate"]}
    assert services.bootstrap.run({}) == {"aplicadas": []}

    # What the URL with `saude` at its end answers.
    assert 'saude"' in script_with("EndpointURL")
    assert services.health.check()
    services.close()


def test_secret_by_hand_is_stored(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, documented: Callable[[str], list[list[str]]]
) -> None:
    aws.client("secretsmanager").create_secret(Name=f"{SECRETS}/webhook-whatsapp")
    [content] = [each for each in blocks(PAGE, "json") if "app_secret" in each]
    (tmp_path / "webhook.json").write_text(content)
    monkeypatch.chdir(tmp_path)
    [[_, service, operation, *arguments]] = documented("put-secret-value")
    run_aws(aws.client(service), operation, arguments)
    stored = aws.client("secretsmanager").get_secret_value(SecretId=f"{SECRETS}/webhook-whatsapp")
    assert json.loads(stored["SecretString"]).keys() == {"app_secret", "verify_token"}


def test_sql_for_hands_does_what_migrate_does(new_cluster: Server) -> None:
    [script] = blocks(PAGE, "sql")
    for statement in script.replace("'…'", "'by-hand'").split(";"):
        if statement.strip():
            new_cluster.run_as_master(statement)
    [document] = [each for each in blocks(PAGE, "json") if "database_owner_url" in each]
    place = f"127.0.0.1:{new_cluster.port}"
    urls = json.loads(document.replace("…", "by-hand").replace("CLUSTER-ENDPOINT:5432", place))
    owner = Database(lambda: f"{urls['database_owner_url']}?sslmode=disable")
    api = Database(lambda: f"{urls['database_url']}?sslmode=disable")
    assert Migrations(owner, ROOT / "migrations").apply()["aplicadas"]
    with api.transaction("acme") as rows:
        assert rows.one("ping") == {"um": 1}
    owner.close()
    api.close()
