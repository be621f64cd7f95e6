"""Least privilege: what the roles of the packaged functions allow."""

from __future__ import annotations

import re

from tests.deploy.conftest import Packaged

# IAM has no narrower resource for these: X-Ray has no resources, and a network interface has no name before it exists.
UNNAMED = re.compile(r"xray:\w+|ec2:(Create|Describe|Delete)(NetworkInterfaces?|Subnets)|ec2:\w+PrivateIpAddresses")


# The API makes the secrets of subscriptions, and changes no other one.
KEEPS_SECRETS = "KeepSecretsOfSubscriptions"
THE_USER_POOL = {"Ref": "UserPoolArn"}


def test_every_function_has_a_role_of_its_own(packaged: Packaged) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in packaged.functions().values()]
    assert len(set(roles)) == len(packaged.declared["lambdas"])


def test_every_function_may_log_trace_use_the_vpc_and_read_its_database_login(packaged: Packaged) -> None:
    for name in packaged.declared["lambdas"]:
        actions = {action for statement in packaged.statements(name) for action in statement["Action"]}
        needed = {
            "logs:PutLogEvents", "xray:PutTraceSegments", "ec2:CreateNetworkInterface", "secretsmanager:GetSecretValue",
        }  # fmt: skip
        assert needed <= actions, name


def test_policies_allow_named_actions_on_resources_of_this_account_region_and_stage_only(packaged: Packaged) -> None:
    for name in packaged.declared["lambdas"]:
        for statement in packaged.statements(name):
            assert not any("*" in action for action in statement["Action"]), statement["Sid"]
            if statement["Resource"] == ["*"]:
                assert all(UNNAMED.fullmatch(action) for action in statement["Action"]), statement["Sid"]
                continue
            for resource in statement["Resource"]:
                if resource != THE_USER_POOL:
                    _assert_narrow(resource["Fn::Sub"])


def _assert_narrow(arn: str) -> None:
    _, partition, service, region, account, name = arn.replace("AWS::", "").split(":", 5)
    assert partition == "${Partition}"
    assert region == ("" if service in {"s3", "iam"} else "${Region}")
    assert account == ("" if service == "s3" else "${AccountId}")
    assert "${Stage}" in name or name.endswith("/${EventBusName}")
    # Allowed wildcards: the keys of a folder, the schedules of our group, the streams of a log, a secret's suffix.
    assert re.fullmatch(r"[^*?]+(/\*|:\*|-\?{6})?", name)


def test_authorizer_reads_the_login_of_its_database_and_nothing_else(packaged: Packaged) -> None:
    reads = {
        (action, resource["Fn::Sub"].partition(":secret:")[2])
        for statement in packaged.statements("authorizer")
        if not any(UNNAMED.fullmatch(action) for action in statement["Action"])
        for action in statement["Action"]
        for resource in statement["Resource"]
        if not action.startswith("logs:")
    }
    assert reads == {("secretsmanager:GetSecretValue", "/alquimista/${Stage}/disparo-agenda/db-credentials-??????")}


def test_every_consumer_may_consume_its_own_queue(packaged: Packaged) -> None:
    for queue in packaged.declared["queues"]:
        [statement] = [each for each in packaged.statements(queue["lambda"]) if "sqs:ReceiveMessage" in each["Action"]]
        [arn] = statement["Resource"]
        assert arn["Fn::Sub"].rpartition(":")[2].replace("${Stage}", packaged.stage) == queue["queue"]
        assert {"sqs:DeleteMessage", "sqs:GetQueueAttributes"} <= set(statement["Action"])


def test_only_migrate_may_store_logins_and_read_the_master_login_while_the_stack_names_it(packaged: Packaged) -> None:
    writers = {
        name
        for name in packaged.declared["lambdas"]
        for statement in packaged.statements(name)
        if "secretsmanager:PutSecretValue" in statement["Action"] and statement["Sid"] != KEEPS_SECRETS
    }
    assert writers == {"migrate"}
    [policy] = packaged.of_type("AWS::IAM::Policy").values()
    assert policy["Condition"] == "HasMasterSecret"
    assert policy["Properties"]["Roles"] == [{"Ref": packaged.functions()["migrate"]["Role"]["Fn::GetAtt"][0]}]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    assert statement["Resource"] == {"Ref": "MasterSecretArn"}


def test_api_makes_and_deletes_secrets_of_subscriptions_only(packaged: Packaged) -> None:
    [statement] = [each for each in packaged.statements("api_handler") if each["Sid"] == KEEPS_SECRETS]
    [resource] = statement["Resource"]
    assert resource["Fn::Sub"].endswith(":secret:/alquimista/${Stage}/disparo-agenda/assinaturas/*")
    makers = {
        name
        for name in packaged.declared["lambdas"]
        for each in packaged.statements(name)
        if {"secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"} & set(each["Action"])
    }
    assert makers == {"api_handler"}


def test_api_alone_keeps_people_and_in_the_given_pool_alone(packaged: Packaged) -> None:
    of_cognito = {
        (name, statement["Sid"], str(statement["Resource"]))
        for name in packaged.declared["lambdas"]
        for statement in packaged.statements(name)
        if any(action.startswith("cognito-idp:") for action in statement["Action"])
    }
    assert of_cognito == {("api_handler", "KeepPeople", str([THE_USER_POOL]))}
