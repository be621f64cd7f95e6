"""What a deployment needs beside its stack. Nothing is changed; what is missing is named with the way to make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import click
from aws_cli import Stack, ask, find

GROUPS = ("leitor", "operador", "admin")
# Lambda takes an address of a subnet for each 1:1 network interface; a few are enough, because functions share them.
_ADDRESSES = 8
_QUOTA = "L-B99A9384"
_BROKEN = {
    "ROLLBACK_COMPLETE": "its first creation has failed: aws cloudformation delete-stack --stack-name {name}",
    "ROLLBACK_FAILED": "its first creation has failed: aws cloudformation delete-stack --stack-name {name}",
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {name}",
}


class Finding(NamedTuple):
    """What was found of one thing; without a remedy it is as it should be, or only worth knowing if `is_warning`."""

    what: str
    saw: str
    remedy: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        """Return one line for a terminal."""
        state = "ok" if not self.remedy else "warning" if self.is_warning else "missing"
        return f"{state:8} {self.what:14} {self.saw}" + (f"\n{'':24}{self.remedy}" if self.remedy else "")


def preflight(
    name: str, artifacts: str, template: Mapping[str, Any], stack: Stack | None, given: Mapping[str, str]
) -> None:
    """Print what was found for the stack of this name; `given` are the parameters of this deployment.

    Raises:
        click.ClickException: something is missing.
        AwsFailed: AWS cannot be asked.
    """
    missing = 0
    for finding in _findings(name, artifacts, template, stack, given):
        click.echo(str(finding))
        missing += bool(finding.remedy) and not finding.is_warning
    if missing:
        raise click.ClickException(f"{missing} missing; nothing was changed")


def _findings(
    name: str, artifacts: str, template: Mapping[str, Any], stack: Stack | None, given: Mapping[str, str]
) -> Iterator[Finding]:
    yield _stack(name, stack)
    defaults = {key: each["Default"] for key, each in template["Parameters"].items() if "Default" in each}
    values = {**defaults, **(stack.parameters if stack else {}), **given}
    if unknown := sorted(given.keys() - template["Parameters"].keys()):
        yield Finding("parameters", f"the template has no {', '.join(unknown)}", "see template-extras/parameters.yaml")
    lacking = sorted(template["Parameters"].keys() - values.keys())
    if lacking:
        wanted = " ".join(f"{each}=…" for each in lacking)
        yield Finding("parameters", f"no value for {', '.join(lacking)}", f'make deploy … PARAMETERS="{wanted}"')
    yield _executions(template)
    yield _artifacts(artifacts)
    if bus := values.get("EventBusName"):
        yield _bus(bus)
    if pool := values.get("UserPoolArn"):
        yield _user_pool(pool)
    if {"VpcId", "SubnetIds", "DatabaseSecurityGroupId"} <= values.keys():
        yield from _network(values["VpcId"], values["SubnetIds"].split(","), values["DatabaseSecurityGroupId"])


def _stack(name: str, stack: Stack | None) -> Finding:
    if stack is None:
        return Finding("stack", f"{name} is not there yet")
    if stack.status in _BROKEN:
        return Finding("stack", f"{name} is {stack.status}", _BROKEN[stack.status].format(name=name))
    if stack.status.endswith("_IN_PROGRESS"):
        return Finding("stack", f"{name} is {stack.status}", "wait until this deployment has ended")
    return Finding("stack", f"{name} is {stack.status}")


def _executions(template: Mapping[str, Any]) -> Finding:
    """Whether the workers at their most leave executions for the API; too few make it slow, and break nothing."""
    wanted = 1 + sum(
        event["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency", 0)
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
        for event in each["Properties"].get("Events", {}).values()
    )
    quota = ask("lambda", "get-account-settings")["AccountLimit"]["ConcurrentExecutions"]
    saw = f"{quota} concurrent executions in the account; the workers of a stage may take {wanted - 1}"
    if quota >= wanted:
        return Finding("executions", saw)
    return Finding(
        "executions", saw,
        f"aws service-quotas request-service-quota-increase --service-code lambda --quota-code {_QUOTA} "
        "--desired-value 1000",
        is_warning=True,
    )  # fmt: skip


def _artifacts(bucket: str) -> Finding:
    if find("s3api", "head-bucket", "--bucket", bucket) is None:
        return Finding("artifacts", f"there is no bucket {bucket}", f"aws s3 mb s3://{bucket}")
    return Finding("artifacts", f"the bucket {bucket}")


def _bus(name: str) -> Finding:
    if find("events", "describe-event-bus", "--name", name) is None:
        return Finding("event bus", f"there is no {name}", f"aws events create-event-bus --name {name}")
    return Finding("event bus", name)


def _user_pool(arn: str) -> Finding:
    pool_id = arn.rpartition("/")[2]
    found = find("cognito-idp", "describe-user-pool", "--user-pool-id", pool_id)
    by_hand = 'docs/aws.md, "What is there before", makes one'
    if found is None:
        return Finding("user pool", f"there is no {pool_id}", by_hand)
    pool = found["UserPool"]
    tenant = next((each for each in pool.get("SchemaAttributes", ()) if each["Name"] == "custom:tenant_id"), None)
    if tenant is None or tenant.get("Mutable", True):
        return Finding("user pool", f"{pool_id} has no custom:tenant_id that cannot be changed", by_hand)
    if not pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly"):
        return Finding("user pool", f"whoever wants to may sign up in {pool_id}", by_hand)
    groups = ask("cognito-idp", "list-groups", "--user-pool-id", pool_id)["Groups"]
    lacking = [each for each in GROUPS if each not in {group["GroupName"] for group in groups}]
    if lacking:
        made = "; ".join(
            f"aws cognito-idp create-group --user-pool-id {pool_id} --group-name {each}" for each in lacking
        )
        return Finding("user pool", f"{pool_id} has no group {', '.join(lacking)}", made)
    return Finding("user pool", pool_id)


def _network(vpc: str, subnet_ids: list[str], group_id: str) -> Iterator[Finding]:
    found = find("ec2", "describe-subnets", "--subnet-ids", *subnet_ids)
    if found is None:
        yield Finding("subnets", f"not all of {', '.join(subnet_ids)} are there", "name private subnets in SubnetIds")
        return
    for subnet in found["Subnets"]:
        yield _subnet(subnet, vpc)
    zones = {each["AvailabilityZone"] for each in found["Subnets"]}
    if len(zones) < 2:
        yield Finding("subnets", f"all are in {', '.join(zones)}", "name subnets of two zones", is_warning=True)
    groups = find("ec2", "describe-security-groups", "--group-ids", group_id)
    if groups is None or groups["SecurityGroups"][0]["VpcId"] != vpc:
        yield Finding(
            "database", f"the VPC {vpc} has no security group {group_id}", "name that of the cluster, and its VPC"
        )
    else:
        yield Finding("database", f"the security group {group_id}")


def _subnet(subnet: Mapping[str, Any], vpc: str) -> Finding:
    name, free = subnet["SubnetId"], subnet["AvailableIpAddressCount"]
    if subnet["VpcId"] != vpc:
        return Finding("subnets", f"{name} is in {subnet['VpcId']}, not in {vpc}", "name subnets of the cluster's VPC")
    if free < _ADDRESSES:
        return Finding("subnets", f"{name} has {free} free addresses", f"make room for {_ADDRESSES}, or name another")
    way = _way_out(name, vpc)
    if way is None or way.startswith("igw-"):
        saw = f"{name} has no route to a NAT gateway" if way is None else f"{name} is public ({way})"
        return Finding(
            "subnets", f"{saw}: functions there reach nothing outside",
            "route 0.0.0.0/0 to a NAT gateway in a public subnet (aws ec2 create-nat-gateway, create-route)",
        )  # fmt: skip
    return Finding("subnets", f"{name}, {free} free addresses, out by {way}")


def _way_out(subnet: str, vpc: str) -> str | None:
    """Where the default route of a subnet leads; one without a table of its own has that of the VPC."""
    for field, value in (("association.subnet-id", subnet), ("association.main", "true")):
        filters = [f"Name={field},Values={value}", f"Name=vpc-id,Values={vpc}"]
        tables = ask("ec2", "describe-route-tables", "--filters", *filters)["RouteTables"]
        if tables:
            break
    targets = ("NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "GatewayId")
    ways = (
        route[each]
        for table in tables
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State") != "blackhole"
        for each in targets
        if each in route
    )
    return next(ways, None)
