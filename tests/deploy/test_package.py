"""The SAM template of `make package`: it contains what `app.py` declares, and AWS would accept it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint
from samtranslator.translator.transform import transform

from chalicelib.api.authorizing import TTL_S
from chalicelib.config import Settings
from chalicelib.ingestion.jobs.reports import MAX_REPORT
from chalicelib.ingestion.reading.limits import MAX_FILE
from chalicelib.tokens import keys_in
from tests.deploy.conftest import Document, Packaged

REGION = "us-east-1"


@pytest.fixture(scope="module")
def cloudformation(packaged: Packaged) -> Document:
    """The CloudFormation template that SAM makes. The code is in S3, where `aws cloudformation package` puts it."""
    template = copy.deepcopy(packaged.template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/deployment.zip"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        translated: Document = transform(template, {}, _NoManagedPolicies())
    return translated


class _NoManagedPolicies:
    """An empty list: the template names no managed policy that SAM would have to look up in an account."""

    def load(self) -> dict[str, str]:
        return {}


def test_every_declared_lambda_is_in_the_template_with_its_handler(packaged: Packaged) -> None:
    assert {name: each["Handler"] for name, each in packaged.functions().items()} == packaged.declared["lambdas"]


def test_template_makes_every_declared_queue_and_lets_it_invoke_its_lambda(packaged: Packaged) -> None:
    for queue in packaged.declared["queues"]:
        [event] = packaged.events(queue["lambda"], "SQS")
        made = packaged.template["Resources"][event["Queue"]["Fn::GetAtt"][0]]["Properties"]
        assert made["QueueName"]["Fn::Sub"].replace("${Stage}", packaged.stage) == queue["queue"]
        assert event["BatchSize"] == queue["batch_size"]
        assert event.get("ScalingConfig", {}).get("MaximumConcurrency") == queue["maximum_concurrency"]
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_declared_schedule_is_in_the_template(packaged: Packaged) -> None:
    for clock in packaged.declared["clocks"]:
        assert [each["Schedule"] for each in packaged.events(clock["lambda"], "Schedule")] == [clock["expression"]]


def test_template_s_bucket_notifies_the_lambda_of_every_declared_upload(
    packaged: Packaged, cloudformation: Document
) -> None:
    bucket = cloudformation["Resources"]["Bucket"]["Properties"]
    notifications = bucket["NotificationConfiguration"]["LambdaConfigurations"]
    found = {
        (each["Function"]["Fn::GetAtt"][0], each["Event"], rule["Name"], rule["Value"])
        for each in notifications
        for rule in each["Filter"]["S3Key"]["Rules"]
    }
    ids = {each["Properties"]["Handler"]: name for name, each in packaged.of_type("AWS::Serverless::Function").items()}
    assert found == {
        (ids[packaged.declared["lambdas"][upload["lambda"]]], event, name, upload[name])
        for upload in packaged.declared["uploads"]
        for event in upload["events"]
        for name in ("prefix", "suffix")
        if upload[name]
    }


def test_every_declared_route_is_in_the_api_with_its_authorizer(packaged: Packaged) -> None:
    paths = packaged.template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    found = {
        path: {method.upper(): each.get("security") == [{"authorizer": []}] for method, each in methods.items()}
        for path, methods in paths.items()
    }
    assert found == packaged.declared["routes"]


def test_api_asks_the_authorizer_function_and_keeps_its_answer_for_a_minute(packaged: Packaged) -> None:
    body = packaged.template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    [scheme] = body["securityDefinitions"].values()
    assert (scheme["in"], scheme["name"]) == ("header", "Authorization")
    assert scheme["x-amazon-apigateway-authorizer"] == {
        "type": "token",
        "authorizerUri": {
            "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
            "${Authorizer.Arn}/invocations"
        },
        "authorizerResultTtlInSeconds": TTL_S,
    }
    assert TTL_S <= 60, "so long a revoked key works on (docs/integrations.md)"


def test_only_this_api_may_invoke_the_authorizer(packaged: Packaged) -> None:
    invokers = [
        each["Properties"]
        for each in packaged.of_type("AWS::Lambda::Permission").values()
        if "Authorizer" in json.dumps(each["Properties"]["FunctionName"])
    ]
    [permission] = invokers
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert "${RestAPIId}/*" in permission["SourceArn"]["Fn::Sub"][0]


def test_functions_accept_tokens_of_the_deployment_s_user_pool_only(packaged: Packaged) -> None:
    for function in packaged.functions().values():
        variables = function["Environment"]["Variables"]
        assert variables["COGNITO_USER_POOL_ARN"] == {"Ref": "UserPoolArn"}
        assert "COGNITO_JWKS_URL" not in variables


def test_every_path_answers_preflights_without_the_authorizer(packaged: Packaged) -> None:
    paths = packaged.template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert [path for path, methods in paths.items() if "security" in methods["options"]] == []


def test_api_and_bucket_are_shared_with_the_origins_of_the_deployment(packaged: Packaged) -> None:
    variables = packaged.functions()["api_handler"]["Environment"]["Variables"]
    assert variables["ALLOWED_ORIGINS"] == {"Ref": "AllowedOrigins"}
    [bucket] = packaged.of_type("AWS::S3::Bucket").values()
    condition, shared, otherwise = bucket["Properties"]["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasAllowedOrigins", {"Ref": "AWS::NoValue"})
    [rule] = shared["CorsRules"]
    assert rule["AllowedOrigins"] == {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}
    assert rule["AllowedMethods"] == ["GET", "POST"]
    allowed = re.compile(packaged.template["Parameters"]["AllowedOrigins"]["AllowedPattern"])
    for text in ("", "*", "https://a.example.com", "https://a.example.com,http://localhost:5173"):
        assert allowed.fullmatch(text), text
        Settings.from_environment({"ALLOWED_ORIGINS": text})
    for text in ("https://a.example.com/", "a", "https://a.example.com,", "*,https://a.example.com"):
        assert not allowed.fullmatch(text), text


def test_gateway_s_own_errors_are_problem_documents(packaged: Packaged) -> None:
    body = packaged.template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    responses = body["x-amazon-apigateway-gateway-responses"]
    # Every type that changes its status with the kind of failure has an entry; these two are for types yet unknown.
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= responses.keys()
    for response in responses.values():
        parameters = response["responseParameters"]
        assert parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        how = {"401": "'Bearer'"}.get(response["statusCode"])
        assert parameters.get("gatewayresponse.header.WWW-Authenticate") == how
        document = json.loads(response["responseTemplates"]["application/json"])
        assert str(document["status"]) == response["statusCode"]
        assert {"type", "title", "status", "detail", "code"} <= document.keys()
        assert parameters["gatewayresponse.header.X-Request-Id"] == "context.requestId"
        assert parameters["gatewayresponse.header.Cache-Control"] == "'no-store'"
        assert parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
        fixed = [value for value in parameters.values() if value != "context.requestId"]
        assert [value for value in fixed if "'" in value[1:-1]] == []
        is_ours = document["status"] >= 500
        assert document.get("request_id") == ("$context.requestId" if is_ours else None)


def test_runtime_is_pinned_whatever_python_packages(packaged: Packaged) -> None:
    for name, function in packaged.functions().items():
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["x86_64"]), name


def test_api_has_its_stage_and_no_other(packaged: Packaged, cloudformation: Document) -> None:
    stages = [each for each in cloudformation["Resources"].values() if each["Type"] == "AWS::ApiGateway::Stage"]
    assert [each["Properties"]["StageName"] for each in stages] == [packaged.stage]


def test_sam_and_cloudformation_templates_pass_cfn_lint(packaged: Packaged, cloudformation: Document) -> None:
    for template in (packaged.template, cloudformation):
        found = lint(json.dumps(template), config=ManualArgs(regions=[REGION]))
        assert [f"{each.rule.id} {each.path}: {each.message}" for each in found] == []


def test_resources_do_not_depend_on_each_other_in_a_cycle(cloudformation: Document) -> None:
    """The cycle to avoid is bucket, function, role, bucket; `prepare` raises on any."""
    resources = cloudformation["Resources"]
    graph = {name: resources.keys() & set(_references(resource)) for name, resource in resources.items()}
    TopologicalSorter(graph).prepare()


def test_every_function_has_the_settings_of_the_config(packaged: Packaged) -> None:
    for name, function in packaged.functions().items():
        variables = function["Environment"]["Variables"]
        assert {each.lower() for each in variables} <= Settings.model_fields.keys(), name
        assert packaged.declared["environment"].keys() <= variables.keys(), name
        assert variables["STAGE"] == packaged.stage


def test_names_of_the_stack_s_resources_are_set_by_the_stack(packaged: Packaged) -> None:
    for function in packaged.functions().values():
        variables = function["Environment"]["Variables"]
        bucket = packaged.template["Resources"]["Bucket"]["Properties"]["BucketName"]
        assert variables["BUCKET_NAME"] == bucket
        assert variables["EVENT_BUS_NAME"] == {"Ref": "EventBusName"}
        assert variables["SCHEDULER_ROLE_ARN"] == {"Fn::GetAtt": ["SchedulerRole", "Arn"]}
        assert variables["ACCOUNT_ID"] == {"Ref": "AWS::AccountId"}


def test_sending_is_off_unless_the_deployment_turns_it_on(packaged: Packaged) -> None:
    assert packaged.template["Parameters"]["DisparoEnabled"]["Default"] == "false"
    for function in packaged.functions().values():
        assert function["Environment"]["Variables"]["MICRO_AGENT_DISPARO_ENABLED"] == {"Ref": "DisparoEnabled"}


def test_visibility_timeout_is_six_times_the_timeout_of_the_function(packaged: Packaged) -> None:
    for queue in packaged.declared["queues"]:
        [event] = packaged.events(queue["lambda"], "SQS")
        made = packaged.template["Resources"][event["Queue"]["Fn::GetAtt"][0]]["Properties"]
        assert made["VisibilityTimeout"] >= 6 * packaged.functions()[queue["lambda"]]["Timeout"]


def test_every_queue_has_dead_letters_with_longer_retention_and_an_alarm(packaged: Packaged) -> None:
    queues_with_alarm = {
        each["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for each in packaged.of_type("AWS::CloudWatch::Alarm").values()
        if each["Properties"].get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    queues = packaged.of_type("AWS::SQS::Queue")
    for name, queue in queues.items():
        redrive = queue["Properties"].get("RedrivePolicy")
        if redrive is None:
            assert name in queues_with_alarm
            continue
        dead_letters = queues[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]
        own_name = queue["Properties"]["QueueName"]["Fn::Sub"].replace("${Stage}", packaged.stage)
        dead_name = dead_letters["QueueName"]["Fn::Sub"].replace("${Stage}", packaged.stage)
        settings = Settings.from_environment(packaged.declared["environment"])
        assert dead_name == settings.dead_letters_of(own_name)
        assert dead_letters["MessageRetentionPeriod"] > queue["Properties"]["MessageRetentionPeriod"]


def test_timeout_of_the_sender_is_shorter_than_its_lease(packaged: Packaged) -> None:
    settings = Settings.from_environment(packaged.declared["environment"])
    assert packaged.functions()["send_disparos"]["Timeout"] < settings.dispatch_lease_s


def test_ingestion_has_disk_space_for_its_own_files_and_those_of_a_killed_worker(packaged: Packaged) -> None:
    space = packaged.functions()["ingest_leads"]["EphemeralStorage"]["Size"]
    assert space << 20 >= 2 * (MAX_FILE + MAX_REPORT)
    assert all("EphemeralStorage" not in each for name, each in packaged.functions().items() if name != "ingest_leads")


def test_schedule_group_secrets_and_scheduler_role_have_the_names_that_the_app_uses(packaged: Packaged) -> None:
    settings = Settings.from_environment(packaged.declared["environment"])
    resources = packaged.template["Resources"]

    def name(resource: str, key: str) -> str:
        sub: str = resources[resource]["Properties"][key]["Fn::Sub"]
        return sub.replace("${Stage}", packaged.stage)

    assert name("ScheduleGroup", "Name") == settings.schedule_group
    assert settings.scheduler_role.endswith(f"role/{name('SchedulerRole', 'RoleName')}")
    secrets = {name(each, "Name") for each in packaged.of_type("AWS::SecretsManager::Secret")}
    assert secrets == {
        settings.secret(each)
        for each in ("db-credentials", "mcp-whatsapp", "mcp-email", "assinatura", "webhook-whatsapp", "webhook-email")
    }


def test_bucket_is_private_encrypted_and_kept_when_the_stack_is_deleted(packaged: Packaged) -> None:
    bucket = packaged.template["Resources"]["Bucket"]
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["Properties"]["BucketEncryption"]
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    [statement] = packaged.template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_is_kept_is_not_kept_after_a_first_creation_that_failed(packaged: Packaged) -> None:
    kept = {name: each for name, each in packaged.template["Resources"].items() if "DeletionPolicy" in each}
    assert {each["DeletionPolicy"] for each in kept.values()} == {"RetainExceptOnCreate"}
    assert {each["Type"] for each in kept.values()} == {"AWS::S3::Bucket", "AWS::SecretsManager::Secret"}
    stateful = {*packaged.of_type("AWS::S3::Bucket"), *packaged.of_type("AWS::SecretsManager::Secret")}
    assert kept.keys() == stateful


def test_template_contains_no_account_id_and_no_secret(packaged: Packaged) -> None:
    text = json.dumps(packaged.template)
    assert not re.search(r"(?<!\d)\d{12}(?!\d)", text)
    for secret in packaged.of_type("AWS::SecretsManager::Secret").values():
        assert secret["Properties"].keys() - {"GenerateSecretString"} == {"Name", "Description"}


def test_aws_generates_the_signing_key_in_the_form_that_the_app_reads(packaged: Packaged) -> None:
    generated = packaged.template["Resources"]["SigningKey"]["Properties"]["GenerateSecretString"]
    key = {generated["GenerateStringKey"]: "x" * generated["PasswordLength"]}
    secret = json.loads(generated["SecretStringTemplate"]) | key
    assert keys_in(secret, "assinatura") == ["x" * 64]


def test_only_who_digests_contacts_or_signs_links_may_read_the_signing_key(packaged: Packaged) -> None:
    readers = {
        name
        for name in packaged.declared["lambdas"]
        for statement in packaged.statements(name)
        if "/assinatura-" in json.dumps(statement["Resource"])
    }
    assert readers == {"api_handler", "ingest_leads", "send_disparos"}


def test_template_is_for_one_stage(packaged: Packaged) -> None:
    assert packaged.template["Parameters"]["Stage"]["AllowedValues"] == [packaged.stage]


def _references(value: Any) -> Iterator[str]:
    """Yield every logical id or parameter that a part of a template refers to."""
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            match key, each:
                case "Ref", str():
                    yield each
                case "DependsOn", _:
                    yield from [each] if isinstance(each, str) else each
                case "Fn::GetAtt", _:
                    yield each[0] if isinstance(each, list) else each.partition(".")[0]
                case "Fn::Sub", _:
                    yield from re.findall(r"\$\{([A-Za-z0-9]+)", each if isinstance(each, str) else each[0])
                    yield from _references(each)
                case _:
                    yield from _references(each)
