"""The real `chalice deploy` against moto over HTTP: it deploys what `app.py` declares, and our step adds the rest."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from chalicelib.config import Settings
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, moto_server, provision
from tests.deploy.conftest import PROJECT, Document, project_copy, run

REGION = "us-east-1"
PREFIX = "disparo-agenda-dev"


class Deployed(NamedTuple):
    """An account in moto with the deployed dev stage, and what `app.py` declares for it."""

    aws: Aws
    declared: Document
    project: Path

    def client(self, service: str) -> Any:
        """Return the client of one AWS service."""
        return self.aws.client(service)

    def functions(self) -> dict[str, Document]:
        """Return the configuration of every Lambda by its name in `app.py`."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        found = {each["FunctionName"]: each for page in pages for each in page["Functions"]}
        return {name: found[aws_name(name)] for name in self.declared["lambdas"] if aws_name(name) in found}

    def name_of(self, arn: str) -> str:
        """Return the name in `app.py` of the Lambda with an ARN."""
        return next(name for name, each in self.functions().items() if each["FunctionArn"] == arn)


def aws_name(function: str) -> str:
    """Return the name that Chalice gives a Lambda; the API's is the bare prefix."""
    return PREFIX if function == "api_handler" else f"{PREFIX}-{function}"


@pytest.fixture(scope="module")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, declared_by_stage: Callable[[str], Document]
) -> Iterator[Deployed]:
    """The dev stage, deployed once without the wheels: moto stores code and never runs it."""
    project = project_copy(tmp_path_factory.mktemp("deploy"))
    (project / "requirements.txt").write_text("")
    declared = declared_by_stage("dev")
    with moto_server() as url:
        aws = Aws(url, region=REGION)
        provision(aws, Settings.from_environment(declared["environment"]), secrets={})
        environment = {**os.environ, **ACCESS_KEYS, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION}
        aws.client("s3").create_bucket(Bucket="artifacts")
        aws.client("sqs").create_queue(QueueName=f"{PREFIX}-upload-dlq")
        child = run(project / "template-extras/chalice_deploy.py", "--bucket", "artifacts", env=environment)
        assert child.returncode == 0, child.stderr or child.stdout
        yield Deployed(aws, declared, project)
        aws.close()


def test_every_declared_lambda_is_deployed_with_its_handler(deployed: Deployed) -> None:
    handlers = {name: each["Handler"] for name, each in deployed.functions().items()}
    assert handlers == deployed.declared["lambdas"]


def test_nothing_but_the_declared_lambdas_is_deployed(deployed: Deployed) -> None:
    found = deployed.client("lambda").list_functions()["Functions"]
    assert {each["FunctionName"] for each in found} == set(map(aws_name, deployed.declared["lambdas"]))


def test_every_lambda_knows_its_stage(deployed: Deployed) -> None:
    for name, each in deployed.functions().items():
        assert each["Environment"]["Variables"] == deployed.declared["environment"], name


def test_every_lambda_has_a_role_of_its_own_with_the_policy_of_its_kind(deployed: Deployed) -> None:
    iam = deployed.client("iam")
    configured = json.loads((PROJECT / ".chalice/config.json").read_text())["lambda_functions"]
    for name, each in deployed.functions().items():
        role = each["Role"].rpartition("/")[2]
        policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
        assert role == f"{PREFIX}-{name}"
        assert len(policies) == 1
        document = iam.get_role_policy(RoleName=role, PolicyName=policies[0])["PolicyDocument"]
        assert document == json.loads((PROJECT / ".chalice" / configured[name]["iam_policy_file"]).read_text())


def test_every_queue_invokes_its_declared_lambda(deployed: Deployed) -> None:
    mappings = deployed.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    found = sorted(
        (deployed.name_of(each["FunctionArn"]), each["EventSourceArn"].rpartition(":")[2], each["BatchSize"])
        for each in mappings
    )
    assert found == sorted((each["lambda"], each["queue"], each["batch_size"]) for each in deployed.declared["queues"])


def test_every_schedule_invokes_its_declared_lambda(deployed: Deployed) -> None:
    events = deployed.client("events")
    rules = {each["Name"]: each["ScheduleExpression"] for each in events.list_rules()["Rules"]}
    found = sorted(
        (deployed.name_of(target["Arn"]), expression)
        for rule, expression in rules.items()
        for target in events.list_targets_by_rule(Rule=rule)["Targets"]
    )
    assert found == sorted((each["lambda"], each["expression"]) for each in deployed.declared["clocks"])


def test_bucket_notifies_the_lambda_of_every_declared_upload(deployed: Deployed) -> None:
    for upload in deployed.declared["uploads"]:
        bucket = deployed.client("s3").get_bucket_notification_configuration(Bucket=upload["bucket"])
        [notification] = bucket["LambdaFunctionConfigurations"]
        rules = {each["Name"].lower(): each["Value"] for each in notification["Filter"]["Key"]["FilterRules"]}
        assert deployed.name_of(notification["LambdaFunctionArn"]) == upload["lambda"]
        assert notification["Events"] == upload["events"]
        assert (rules.get("prefix"), rules.get("suffix")) == (upload["prefix"], upload["suffix"])


def test_every_declared_route_is_in_the_api(deployed: Deployed) -> None:
    gateway = deployed.client("apigateway")
    [api] = gateway.get_rest_apis()["items"]
    resources = gateway.get_resources(restApiId=api["id"], limit=500)["items"]
    found = {each["path"]: set(each["resourceMethods"]) for each in resources if each.get("resourceMethods")}
    assert found == {path: set(methods) for path, methods in deployed.declared["routes"].items()}


def test_api_may_invoke_its_authorizer(deployed: Deployed) -> None:
    policy = json.loads(deployed.client("lambda").get_policy(FunctionName=aws_name("authorizer"))["Policy"])
    [statement] = policy["Statement"]
    assert (statement["Principal"], statement["Action"]) == (
        {"Service": "apigateway.amazonaws.com"}, "lambda:InvokeFunction",
    )  # fmt: skip


def test_api_is_served_at_the_stage(deployed: Deployed) -> None:
    gateway = deployed.client("apigateway")
    [api] = gateway.get_rest_apis()["items"]
    assert [each["stageName"] for each in gateway.get_stages(restApiId=api["id"])["item"]] == ["dev"]


# What Chalice leaves out


@pytest.fixture
def chalice_deploy(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the project that was deployed, with its clients pointed at moto."""
    monkeypatch.syspath_prepend(deployed.project / "template-extras")
    for name, value in {**ACCESS_KEYS, "AWS_ENDPOINT_URL": deployed.aws.endpoint, "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module("chalice_deploy")


def test_failed_upload_event_goes_to_its_dead_letters(deployed: Deployed) -> None:
    config = deployed.client("lambda").get_function_event_invoke_config(FunctionName=aws_name("register_upload"))
    assert config["MaximumRetryAttempts"] == 2
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{PREFIX}-upload-dlq"
    sweep = deployed.client("lambda").get_function_event_invoke_config(FunctionName=aws_name("sweep"))
    assert (sweep["MaximumRetryAttempts"], sweep["MaximumEventAgeInSeconds"]) == (0, 60)


class RecordedFunctions:
    """A client of Lambda that records. moto accepts the size of the temporary folder and forgets it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Document]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_: object, **params: Any) -> RecordedFunctions:
            self.calls.append((name, params))
            return self

        return call


def test_ingestion_gets_the_disk_space_of_the_template(chalice_deploy: ModuleType) -> None:
    recorded = RecordedFunctions()
    for each in chalice_deploy.function_extras("dev"):
        chalice_deploy.settle(recorded, "dev", each)
    updates = [params for name, params in recorded.calls if name == "update_function_configuration"]
    assert updates == [{"FunctionName": aws_name("ingest_leads"), "EphemeralStorage": {"Size": 2048}}]


def test_state_of_chalice_is_in_the_bucket_and_another_machine_starts_from_it(
    deployed: Deployed, chalice_deploy: ModuleType
) -> None:
    record = deployed.project / ".chalice/deployed/dev.json"
    made = record.read_bytes()
    assert {each["name"] for each in json.loads(made)["resources"]} >= set(deployed.declared["lambdas"])
    record.unlink()
    state = chalice_deploy.State(deployed.client("s3"), "artifacts", "dev")
    assert state.fetch()
    assert record.read_bytes() == made


def test_state_that_another_deployment_has_stored_meanwhile_is_not_overwritten(
    deployed: Deployed, chalice_deploy: ModuleType
) -> None:
    mine, other = (chalice_deploy.State(deployed.client("s3"), "artifacts", "dev") for _ in range(2))
    mine.fetch()
    other.fetch()
    record = deployed.project / ".chalice/deployed/dev.json"
    record.write_bytes(record.read_bytes() + b" ")
    other.store()
    with pytest.raises(chalice_deploy.click.ClickException, match="another deployment has stored its state"):
        mine.store()


def test_first_deployment_finds_no_state_and_the_next_one_must_not_be_a_first_one_too(
    deployed: Deployed, chalice_deploy: ModuleType
) -> None:
    record = deployed.project / ".chalice/deployed/prod.json"
    record.write_text("{}")
    first, second = (chalice_deploy.State(deployed.client("s3"), "artifacts", "prod") for _ in range(2))
    assert not first.fetch()
    assert not second.fetch()
    first.store()
    with pytest.raises(chalice_deploy.click.ClickException, match="another deployment has stored its state"):
        second.store()
