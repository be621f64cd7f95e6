"""`make deploy`: the order of its steps, what each asks of AWS, and what a failed one says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack
from tests.deploy.conftest import PROJECT
from tests.deploy.fake_aws import FakeAws, deploy

NAME = "disparo-agenda-dev"
FUNCTION = f"{NAME}-migrate"
MASTER = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!cluster-1"
SAM: dict[str, Any] = {"Parameters": {}, "Resources": {}}
PACKAGED = {
    "Resources": {
        "Migrate": {
            "Properties": {"FunctionName": FUNCTION, "CodeUri": "s3://code/abc123", "Architectures": ["x86_64"]}
        },
        "Queue": {},
    }
}
OLDER: dict[str, Any] = {"Resources": {"Queue": {}}}
INVOKE = f"lambda invoke --function-name {FUNCTION}"
CHANGING = ("cloudformation package", "lambda update-function-code", "lambda wait", "lambda invoke", "s3 cp",
            "cloudformation deploy")  # fmt: skip
Ran = tuple[int, str, list[list[str]]]


class Stage:
    """A folder with a package, and an account that an `aws` on the PATH answers for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aws = FakeAws(folder)
        self.build = folder / "build" / "dev"
        self.build.mkdir(parents=True)
        (self.build / "sam.json").write_text(json.dumps(SAM))
        self.aws.table = {
            "sts get-caller-identity": {"Account": "123456789012"},
            "cloudformation package": {"_writes": PACKAGED},
            "cloudformation deploy": {},
            "lambda update-function-code": {"LastUpdateStatus": "InProgress"},
            "lambda wait": {},
            INVOKE: {"_writes": {"aplicadas": ["078_x"]}, "StatusCode": 200},
            "s3 cp": {},
            "rds describe-db-clusters": {"DBClusters": []},
        }

    def is_deployed(self, *, url: str = "http://127.0.0.1:9", template: Any = OLDER, **parameters: str) -> Stage:
        """The stack is there, with a database."""
        self.aws.table |= {
            "cloudformation describe-stacks": self.described(url, **parameters),
            "cloudformation get-template": {"TemplateBody": template},
            "secretsmanager describe-secret": {"Name": "db-credentials", "VersionIdsToStages": {"v": ["AWSCURRENT"]}},
        }
        return self

    @staticmethod
    def described(url: str, **parameters: str) -> dict[str, Any]:
        """The answer about the stack."""
        given = {"UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_none", **parameters}
        return {
            "Stacks": [
                {
                    "StackStatus": "UPDATE_COMPLETE",
                    "Outputs": [{"OutputKey": "EndpointURL", "OutputValue": f"{url}/"}],
                    "Parameters": [{"ParameterKey": key, "ParameterValue": each} for key, each in given.items()],
                }
            ]
        }

    def run(self, *arguments: str, **environment: str) -> Ran:
        """The exit status, what was said, and what was asked of AWS."""
        done = deploy(self.aws, self.folder, *arguments, **environment)
        return done.exit_code, done.output, self.aws.asked()


def changes(asked: list[list[str]]) -> list[str]:
    """The commands that change something, in their order."""
    return [" ".join(each[:2]) for each in asked if " ".join(each[:2]) in CHANGING]


def asked_for(asked: list[list[str]], command: str) -> list[str]:
    """The arguments of the one command of this name."""
    [found] = [each[2:] for each in asked if " ".join(each[:2]) == command]
    return found


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


# The order


def planned(*arguments: str) -> list[str]:
    """The commands with our programs that make would run."""
    done = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/.installed", *arguments],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [each for each in done.stdout.replace("\\\n", " ").splitlines() if "template-extras/" in each]


def test_make_deploy_looks_first_and_then_packages_and_then_deploys() -> None:
    lines = planned("deploy", "STAGE=prod", "PARAMETERS=A=1 B=2", "ARTIFACTS=mine", "DATABASE_HOST=db")
    assert ["--template-only" in each for each in lines] == [True, False, False, False]
    assert [each.split()[-1] for each in (lines[1], lines[3])] == ["preflight", "all"]
    assert "package.py" in lines[2]
    for each in (lines[1], lines[3]):
        for option in ("--stage prod", '--artifacts "mine"', '--parameters "A=1 B=2"', '--host "db"'):
            assert option in each


@pytest.mark.parametrize(
    ("target", "step"),
    [("preflight", "preflight"), ("upload", "upload"), ("migrate-stage", "migrate"), ("deploy-stack", "stack"),
     ("smoke", "smoke"), ("rollback", "rollback smoke")],
)  # fmt: skip
def test_each_step_is_a_command_of_its_own(target: str, step: str) -> None:
    [line] = [each for each in planned(target, "STAGE=prod") if "deploy.py" in each]
    assert "PYTHONPATH=. " in line
    assert " ".join(line.split()).endswith(f"deploy.py --stage prod {step}")


def test_database_is_migrated_by_the_new_code_before_that_takes_traffic(stage: Stage) -> None:
    _, said, asked = stage.is_deployed().run("all", "--artifacts", "code", "--parameters", "PublicUrl=https://x A=1,2")
    assert changes(asked) == [
        "cloudformation package", "lambda update-function-code", "lambda wait", "lambda invoke", "s3 cp",
        "cloudformation deploy",
    ]  # fmt: skip
    build = "build/dev"
    assert asked_for(asked, "cloudformation package") == [
        "--template-file", f"{build}/sam.json", "--use-json", "--s3-bucket", "code",
        "--output-template-file", f"{build}/packaged.json",
    ]  # fmt: skip
    assert asked_for(asked, "lambda update-function-code")[:8] == [
        "--function-name", FUNCTION, "--s3-bucket", "code", "--s3-key", "abc123", "--architectures", "x86_64",
    ]  # fmt: skip
    assert asked_for(asked, "lambda wait") == ["function-updated-v2", "--function-name", FUNCTION]
    assert "--payload {} build/dev/migrate.json" in " ".join(asked_for(asked, "lambda invoke"))
    assert asked_for(asked, "cloudformation deploy") == [
        "--stack-name", NAME, "--template-file", f"{build}/packaged.json", "--s3-bucket", "code",
        "--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset",
        "--parameter-overrides", "PublicUrl=https://x", "A=1,2",
    ]  # fmt: skip
    assert "aplicadas    078_x" in said


def test_first_deployment_makes_the_stack_and_then_prepares_the_cluster(stage: Stage) -> None:
    url = "http://127.0.0.1:9"
    stage.aws.table |= {
        "cloudformation deploy": {
            "_then": {"cloudformation describe-stacks": Stage.described(url, MasterSecretArn=MASTER)}
        },
        "rds describe-db-clusters": {
            "DBClusters": [
                {"Endpoint": "other", "Port": 1},
                {"Endpoint": "db.example.com", "Port": 5433, "MasterUserSecret": {"SecretArn": MASTER}},
            ]
        },
    }  # fmt: skip
    _, _, asked = stage.run("all", AWS_DEFAULT_REGION="sa-east-1")
    assert changes(asked) == [
        "cloudformation package", "cloudformation deploy", "lambda update-function-code", "lambda wait",
        "lambda invoke",
    ]  # fmt: skip
    event = json.loads(options(asked_for(asked, "lambda invoke"))["--payload"])
    assert event == {"bootstrap": MASTER, "host": "db.example.com", "port": 5433}
    assert options(asked_for(asked, "cloudformation package"))["--s3-bucket"] == (
        "disparo-agenda-artifacts-123456789012-sa-east-1"
    )


def options(arguments: list[str]) -> dict[str, str]:
    return {name: value for name, value in pairwise(arguments) if name.startswith("--")}


def test_cluster_that_rds_does_not_name_is_named_by_hand(stage: Stage) -> None:
    stage.is_deployed(MasterSecretArn=MASTER).run("upload", "--artifacts", "code")
    status, said, asked = stage.run("migrate", "--host", "db.example.com")
    assert (status, changes(asked)[0]) == (0, "lambda update-function-code"), said
    event = json.loads(options(asked_for(asked, "lambda invoke"))["--payload"])
    assert event == {"bootstrap": MASTER, "host": "db.example.com"}


def test_stack_without_logins_is_updated_before_it_is_migrated(stage: Stage) -> None:
    """Its first `migrate` has failed, for instance because it was not allowed to read the master's secret."""
    stage.is_deployed().aws.table["secretsmanager describe-secret"] = {"Name": "db-credentials"}
    _, _, asked = stage.run("all", "--artifacts", "code")
    assert changes(asked).index("cloudformation deploy") < changes(asked).index("lambda invoke")


# Failures


def test_failed_migration_stops_before_the_new_code_and_says_how_to_go_on(stage: Stage) -> None:
    stage.is_deployed().aws.table[INVOKE] = {
        "_writes": {"errorType": "Conflict", "errorMessage": "migracao_alterada"}, "FunctionError": "Unhandled",
    }  # fmt: skip
    status, said, asked = stage.run("all", "--artifacts", "code")
    assert (status, changes(asked)[-1]) == (1, "lambda invoke")
    assert "the step migrate has failed: Conflict: migracao_alterada" in said
    assert "To go on: the code that takes traffic is as it was" in said
    assert f"aws logs tail /aws/lambda/{FUNCTION}" in said
    assert "make deploy STAGE=dev" in said


def test_failed_stack_is_explained_by_its_first_events(stage: Stage) -> None:
    stage.is_deployed().aws.table |= {
        "cloudformation deploy": {"_fails": "Failed to create/update the stack"},
        "cloudformation describe-stack-events": {
            "StackEvents": [
                {"LogicalResourceId": "Sweep", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "cancelled"},
                {"LogicalResourceId": "Bucket", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "taken"},
                {"LogicalResourceId": "Queue", "ResourceStatus": "CREATE_COMPLETE"},
            ]
        },
    }
    status, said, _ = stage.run("all", "--artifacts", "code")
    assert status == 1
    assert (
        "the step stack has failed: aws cloudformation deploy has failed\n  Bucket: taken\n  Sweep: cancelled" in said
    )


def test_step_without_what_the_step_before_has_written_says_so(stage: Stage) -> None:
    for step in ("migrate", "stack"):
        status, said, asked = stage.is_deployed().run(step, "--artifacts", "code")
        assert (status, changes(asked)) == (1, [])
        assert "build/dev/packaged.json is not there: make package upload STAGE=dev" in said


def test_stage_that_does_not_answer_is_no_success(stage: Stage, user_pool: str) -> None:
    status, said, _ = stage.is_deployed(UserPoolArn=user_pool).run("smoke")
    assert status == 1
    assert "the step smoke has failed: http://127.0.0.1:9 does not answer: ConnectError" in said
    assert "make rollback STAGE=dev" in said


def test_refusal_of_aws_in_the_smoke_test_is_a_failed_step(stage: Stage, user_pool: str) -> None:
    status, said, _ = stage.is_deployed(UserPoolArn=f"{user_pool}x").run("smoke")
    assert status == 1
    assert "the step smoke has failed: An error occurred (ResourceNotFoundException)" in said


def test_change_set_that_was_never_executed_is_no_stack(stage: Stage) -> None:
    described = stage.is_deployed().aws.table["cloudformation describe-stacks"]
    described["Stacks"][0]["StackStatus"] = "REVIEW_IN_PROGRESS"
    _, _, asked = stage.run("all", "--artifacts", "code")
    assert changes(asked)[:2] == ["cloudformation package", "cloudformation deploy"]


def test_parameter_without_a_value_is_refused_before_anything(stage: Stage) -> None:
    status, said, asked = stage.run("all", "--parameters", "PublicUrl")
    assert (status, asked) == (2, [])
    assert "parameters are written Name=value" in said


# Back, and again


def test_what_was_deployed_is_kept_for_a_rollback_but_not_by_a_deployment_that_changes_nothing(stage: Stage) -> None:
    stage.is_deployed().run("upload", "--artifacts", "code")
    _, _, asked = stage.run("stack", "--artifacts", "code")
    assert asked_for(asked, "s3 cp")[:2] == ["build/dev/deployed.json", f"s3://code/{NAME}/previous.json"]
    assert json.loads((stage.build / "deployed.json").read_text()) == OLDER

    status, _, asked = stage.is_deployed(template=PACKAGED).run("stack", "--artifacts", "code")
    assert (status, changes(asked)) == (0, ["cloudformation deploy"])


def test_rollback_deploys_what_was_kept_and_touches_no_database(stage: Stage) -> None:
    stage.is_deployed(template=PACKAGED).aws.table["s3 cp"] = {"_writes": OLDER}
    status, said, asked = stage.run("rollback", "--artifacts", "code")
    assert (status, changes(asked)) == (0, ["s3 cp", "cloudformation deploy"]), said
    assert asked_for(asked, "s3 cp") == [f"s3://code/{NAME}/previous.json", "build/dev/previous.json"]
    assert options(asked_for(asked, "cloudformation deploy"))["--template-file"] == "build/dev/previous.json"

    status, said, asked = stage.is_deployed(template=OLDER).run("rollback", "--artifacts", "code")
    assert (status, changes(asked)) == (1, ["s3 cp"])
    assert "the version before is what is deployed" in said


# The whole way, with a real API, database and worker


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The local stack, up: what CloudFormation would have made."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        stack = Stack(tmp_path_factory.mktemp("deployed"), report=lambda _: None)
        stack.up()
        try:
            yield stack
        finally:
            stack.down()


@pytest.fixture
def deployed(stage: Stage, local: Stack) -> Callable[..., Ran]:
    """Takes steps of a deployment whose stack is the local one."""
    pool = local.settings().user_pool_arn
    environment = {
        name: value for name, value in local.state.environment.items() if name.startswith("AWS_")
    } | {"AWS_DEFAULT_REGION": local.settings().aws_region}  # fmt: skip

    def take(*steps: str, **parameters: str) -> Ran:
        stage.is_deployed(url=local.url("api"), UserPoolArn=pool, **parameters)
        return stage.run(*steps, "--artifacts", "code", **environment)

    return take


def test_deployment_ends_with_a_dry_run_through_the_worker_and_leaves_no_user(
    deployed: Callable[..., Ran], local: Stack
) -> None:
    for _ in range(2):
        status, said, _ = deployed("all", MasterSecretArn=MASTER)
        assert status == 0, said
    assert said.index("ok       /saude: ok") < said.index("ok       a token: verificacao, operador")
    assert "ok       an empty dry run: concluido" in said
    assert f"{NAME} is deployed: {local.url('api')}" in said
    assert "needs it no more: make deploy STAGE=dev PARAMETERS=MasterSecretArn=" in said
    pool = local.settings().user_pool_arn.rpartition("/")[2]
    aws = local.aws()
    users = aws.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    clients = aws.client("cognito-idp").list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    aws.close()
    assert [each for each in users if "verificacao" in json.dumps(each["Attributes"])] == []
    assert [each["ClientName"] for each in clients].count("disparo-agenda-tokens") == 1
