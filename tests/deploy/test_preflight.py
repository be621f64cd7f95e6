"""`make preflight` names what a deployment would lack and how to make it, and asks AWS for nothing but descriptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import Packaged
from tests.deploy.fake_aws import FakeAws, deploy

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Abc"
GIVEN = {
    "UserPoolArn": POOL, "VpcId": "vpc-1", "SubnetIds": "subnet-a,subnet-b", "DatabaseSecurityGroupId": "sg-1",
}  # fmt: skip
Table = dict[str, Any]


def subnet(name: str, **changes: Any) -> Table:
    return {"SubnetId": name, "VpcId": "vpc-1", "AvailabilityZone": f"zone-{name}", "AvailableIpAddressCount": 200,
            **changes}  # fmt: skip


def routes(**target: str) -> Table:
    return {"RouteTables": [{"Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **target}]}]}


def ready() -> Table:
    """The answers of an account that lacks nothing."""
    pool = {
        "SchemaAttributes": [{"Name": "custom:tenant_id", "Mutable": False}],
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    }
    return {
        "lambda get-account-settings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
        "s3api head-bucket --bucket code": {},
        "events describe-event-bus --name fibonacci-bus": {"Name": "fibonacci-bus"},
        "cognito-idp describe-user-pool --user-pool-id us-east-1_Abc": {"UserPool": pool},
        "cognito-idp list-groups": {"Groups": [{"GroupName": each} for each in ("admin", "operador", "leitor")]},
        "ec2 describe-subnets --subnet-ids subnet-a subnet-b": {"Subnets": [subnet("subnet-a"), subnet("subnet-b")]},
        "ec2 describe-route-tables": routes(NatGatewayId="nat-1"),
        "ec2 describe-security-groups --group-ids sg-1": {"SecurityGroups": [{"VpcId": "vpc-1"}]},
    }


class Account:
    """A packaged stage, and an account to look at."""

    def __init__(self, folder: Path, packaged: Packaged) -> None:
        self.stage = packaged.stage
        self._folder = folder
        self.aws = FakeAws(folder)
        self.aws.table = ready()
        build = folder / "build" / packaged.stage
        build.mkdir(parents=True)
        (build / "sam.json").write_text(json.dumps(packaged.template))

    def preflight(self, **given: str) -> tuple[int, list[str], str]:
        """The exit status, the lines that do not say "ok", and all that was said."""
        parameters = " ".join(f"{name}={each}" for name, each in {**GIVEN, **given}.items() if each)
        options = ("--stage", self.stage, "--artifacts", "code", "--parameters", parameters)
        done = deploy(self.aws, self._folder, "preflight", *options)
        lines = [each for each in done.stdout.splitlines() if each.startswith(("missing", "warning"))]
        return done.exit_code, [" ".join(each.split()) for each in lines], done.output


@pytest.fixture
def account(tmp_path: Path, packaged: Packaged) -> Account:
    return Account(tmp_path, packaged)


def test_account_that_lacks_nothing_is_only_described(account: Account) -> None:
    status, wrong, said = account.preflight()
    assert (status, wrong) == (0, []), said
    reading = ("describe-", "list-", "get-", "head-")
    assert [each for each in account.aws.asked() if not each[1].startswith(reading)] == []


WITHOUT: list[tuple[str, Any, str, str]] = [
    ("s3api head-bucket", None, "missing artifacts there is no bucket code", "aws s3 mb s3://code"),
    (
        "events describe-event-bus", None, "missing event bus there is no fibonacci-bus-",
        "aws events create-event-bus --name fibonacci-bus-",
    ),
    (
        "cognito-idp describe-user-pool", None, "missing user pool there is no us-east-1_Abc", "docs/aws.md",
    ),
    (
        "cognito-idp describe-user-pool", {"UserPool": {"SchemaAttributes": [{"Name": "custom:tenant_id"}]}},
        "missing user pool us-east-1_Abc has no custom:tenant_id that cannot be changed", "docs/aws.md",
    ),
    (
        "cognito-idp describe-user-pool",
        {"UserPool": {"SchemaAttributes": [{"Name": "custom:tenant_id", "Mutable": False}]}},
        "missing user pool whoever wants to may sign up in us-east-1_Abc", "docs/aws.md",
    ),
    (
        "cognito-idp list-groups", {"Groups": [{"GroupName": "admin"}, {"GroupName": "operador"}]},
        "missing user pool us-east-1_Abc has no group leitor",
        "aws cognito-idp create-group --user-pool-id us-east-1_Abc --group-name leitor",
    ),
    ("ec2 describe-subnets", None, "missing subnets not all of subnet-a, subnet-b are there", "SubnetIds"),
    (
        "ec2 describe-subnets", {"Subnets": [subnet("subnet-a", VpcId="vpc-2"), subnet("subnet-b")]},
        "missing subnets subnet-a is in vpc-2, not in vpc-1", "the cluster's VPC",
    ),
    (
        "ec2 describe-subnets", {"Subnets": [subnet("subnet-a", AvailableIpAddressCount=3), subnet("subnet-b")]},
        "missing subnets subnet-a has 3 free addresses", "make room for 8",
    ),
    (
        "ec2 describe-route-tables", {"RouteTables": [{"Routes": []}]},
        "missing subnets subnet-a has no route to a NAT gateway: functions there reach nothing outside",
        "aws ec2 create-nat-gateway",
    ),
    (
        "ec2 describe-route-tables", routes(GatewayId="igw-1"),
        "missing subnets subnet-a is public (igw-1): functions there reach nothing outside", "create-nat-gateway",
    ),
    (
        "ec2 describe-security-groups", {"SecurityGroups": [{"VpcId": "vpc-2"}]},
        "missing database the VPC vpc-1 has no security group sg-1", "that of the cluster",
    ),
]  # fmt: skip


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
@pytest.mark.parametrize(("command", "answer", "saw", "remedy"), WITHOUT, ids=[each[2] for each in WITHOUT])
def test_what_is_missing_is_named_with_the_way_to_make_it(
    account: Account, command: str, answer: Any, saw: str, remedy: str
) -> None:
    [key] = [each for each in account.aws.table if each.startswith(command)]
    del account.aws.table[key]
    if answer is not None:
        account.aws.table[command] = answer
    status, wrong, said = account.preflight()
    assert (status, wrong[0].startswith(saw)) == (1, True), said
    assert remedy in said
    assert "nothing was changed" in said


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
def test_subnet_without_a_table_of_its_own_has_the_routes_of_the_vpc(account: Account) -> None:
    own = "ec2 describe-route-tables --filters Name=association.subnet-id"
    account.aws.table |= {
        own: {"RouteTables": []},
        "ec2 describe-route-tables --filters Name=association.main": routes(GatewayId="igw-1"),
    }
    status, wrong, _ = account.preflight()
    assert (status, len(wrong)) == (1, 2)
    assert "public (igw-1)" in wrong[0]


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
def test_parameters_without_a_value_are_all_named_at_once(account: Account) -> None:
    status, wrong, said = account.preflight(UserPoolArn="", SubnetIds="", Nothing="1")
    assert (status, wrong) == (
        1,
        ["missing parameters the template has no Nothing", "missing parameters no value for SubnetIds, UserPoolArn"],
    )
    assert 'PARAMETERS="SubnetIds=… UserPoolArn=…"' in said


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
def test_later_deployment_takes_its_parameters_from_the_stack(account: Account) -> None:
    account.aws.table["cloudformation describe-stacks"] = {
        "Stacks": [
            {
                "StackStatus": "UPDATE_COMPLETE",
                "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in GIVEN.items()],
            }
        ]
    }
    status, wrong, said = account.preflight(**dict.fromkeys(GIVEN, ""))
    assert (status, wrong) == (0, []), said


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name disparo-agenda-dev"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name disparo-agenda-dev"),
        ("UPDATE_IN_PROGRESS", "wait until this deployment has ended"),
    ],
)
def test_stack_that_cannot_be_updated_is_said(account: Account, status: str, remedy: str) -> None:
    account.aws.table["cloudformation describe-stacks"] = {"Stacks": [{"StackStatus": status}]}
    _, wrong, said = account.preflight()
    assert wrong == [f"missing stack disparo-agenda-dev is {status}"]
    assert remedy in said


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
def test_new_account_with_ten_executions_is_warned_and_may_deploy(account: Account) -> None:
    account.aws.table["lambda get-account-settings"] = {"AccountLimit": {"ConcurrentExecutions": 10}}
    status, [warning], said = account.preflight()
    assert status == 0
    assert warning.startswith("warning executions 10 concurrent executions in the account; the workers of a stage may ")
    assert "request-service-quota-increase --service-code lambda --quota-code L-B99A9384" in said


@pytest.mark.parametrize("packaged", ["dev"], indirect=True)
def test_refused_question_is_a_failure_and_not_a_missing_thing(account: Account) -> None:
    account.aws.table["s3api head-bucket --bucket code"] = {"_fails": "An error occurred (403): Forbidden"}
    status, _, said = account.preflight()
    assert status == 1
    assert "the step preflight has failed: aws s3api head-bucket has failed: An error occurred (403)" in said
