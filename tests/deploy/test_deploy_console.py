"""`make console` deploys the stack of the console and puts its files there, with the addresses of the stage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint
from cfnlint.decode.cfn_yaml import loads

from local.console import FOLDER, policy
from tests.deploy.conftest import PROJECT, Document, run
from tests.deploy.fake_aws import FakeAws

TEMPLATE = PROJECT / "template-extras" / "console" / "stack.yaml"
POOL = "sa-east-1_Abc123"
STAGE_STACK = {
    "Outputs": [
        {"OutputKey": "EndpointURL", "OutputValue": "https://abc.execute-api.sa-east-1.amazonaws.com/api/"},
        {"OutputKey": "BucketName", "OutputValue": "disparo-agenda-dev-123456789012-sa-east-1"},
    ],
    "Parameters": [
        {
            "ParameterKey": "UserPoolArn",
            "ParameterValue": f"arn:aws:cognito-idp:sa-east-1:123456789012:userpool/{POOL}",
        },
    ],
}
CONSOLE_STACK = {
    "Outputs": [
        {"OutputKey": name, "OutputValue": value}
        for name, value in {
            "BucketName": "files", "Origin": "https://d1.cloudfront.net", "ClientId": "client-1",
            "DistributionDomain": "d1.cloudfront.net",
        }.items()
    ]
}  # fmt: skip
SIGN_IN = "https://disparo-agenda-dev-123456789012.auth.sa-east-1.amazoncognito.com"
Deploy = Callable[..., tuple[int, str, list[list[str]]]]


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    """Runs the program with an `aws` that notes its arguments: the exit status, what it says, and what it asked."""
    aws = FakeAws(tmp_path)

    def deployed(*arguments: str, pool: Document | None = None, **stacks: Any) -> tuple[int, str, list[list[str]]]:
        described = {
            "disparo-agenda-dev": STAGE_STACK, "disparo-agenda-dev-console": CONSOLE_STACK, **stacks.get("stacks", {}),
        }  # fmt: skip
        aws.table = {"cloudformation deploy": {}, "s3 sync": {}} | {
            f"cloudformation describe-stacks --stack-name {name} ": {"Stacks": [stack]}
            for name, stack in described.items()
            if stack is not None
        }
        aws.table[f"cognito-idp describe-user-pool --user-pool-id {POOL}"] = {"UserPool": pool or {}}
        done = run(
            PROJECT / "template-extras" / "deploy_console.py", "--out", tmp_path / "out", *arguments,
            env=aws.environment(PYTHONPATH=str(PROJECT), AWS_ENDPOINT_URL=""), cwd=PROJECT,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr, aws.asked()

    return deployed


def overrides(asked: list[list[str]]) -> dict[str, str]:
    """The parameters that the stack of the console was deployed with."""
    [command] = [each for each in asked if each[:2] == ["cloudformation", "deploy"]]
    assert command[2:7] == [
        "--stack-name", "disparo-agenda-dev-console", "--template-file", str(TEMPLATE), "--no-fail-on-empty-changeset",
    ]  # fmt: skip
    assert command[7] == "--parameter-overrides"
    return dict(each.split("=", 1) for each in command[8:])


def test_stack_gets_the_addresses_of_the_stage_and_the_policy_of_the_page(deploy: Deploy) -> None:
    status, said, asked = deploy()
    assert status == 0, said
    given = overrides(asked)
    s3 = "https://s3.sa-east-1.amazonaws.com/disparo-agenda-dev-123456789012-sa-east-1"
    allowed = ("https://abc.execute-api.sa-east-1.amazonaws.com", SIGN_IN, s3, f"{s3}/")
    assert given == {
        "Stage": "dev", "UserPoolId": POOL, "SignInDomain": "disparo-agenda-dev-123456789012",
        "ContentSecurityPolicy": policy(FOLDER, connect=allowed), "Domain": "",
    }  # fmt: skip
    assert "unsafe" not in given["ContentSecurityPolicy"]


def test_files_are_put_there_with_the_configuration_of_the_stage(deploy: Deploy, tmp_path: Path) -> None:
    _, said, asked = deploy()
    out, fresh = str(tmp_path / "out"), ["--cache-control", "no-cache"]
    assert [each for each in asked if each[0] == "s3"] == [
        ["s3", "sync", out, "s3://files", "--delete", "--exclude", "*.mjs", *fresh],
        ["s3", "sync", out, "s3://files", "--delete", "--exclude", "*", "--include", "*.mjs",
         "--content-type", "text/javascript", *fresh],
    ]  # fmt: skip
    assert json.loads((tmp_path / "out" / "config.json").read_text()) == {
        "api": "https://abc.execute-api.sa-east-1.amazonaws.com/api",
        "issuer": f"https://cognito-idp.sa-east-1.amazonaws.com/{POOL}",
        "client": "client-1",
        "authorize": f"{SIGN_IN}/oauth2/authorize",
        "token": f"{SIGN_IN}/oauth2/token",
        "logout": f"{SIGN_IN}/logout",
    }
    put = {each.relative_to(out).as_posix() for each in Path(out).rglob("*") if each.is_file()}
    assert put >= {"index.html", "app.css", "js/main.js", "vendor/preact.mjs", "config.json"}
    assert [name for name in put if name.startswith("types") or name == "tsconfig.json"] == []
    assert "AllowedOrigins=https://d1.cloudfront.net" in said


def test_what_was_gathered_before_is_not_put_there_again(deploy: Deploy, tmp_path: Path) -> None:
    old = tmp_path / "out" / "js" / "old.js"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    assert deploy()[0] == 0
    assert not old.exists()


@pytest.mark.parametrize(
    ("pool", "address", "made_here"),
    [
        ({}, SIGN_IN, "disparo-agenda-dev-123456789012"),
        ({"Domain": "disparo-agenda-dev-123456789012"}, SIGN_IN, "disparo-agenda-dev-123456789012"),
        ({"Domain": "acme"}, "https://acme.auth.sa-east-1.amazoncognito.com", ""),
        ({"Domain": "acme", "CustomDomain": "entrar.example.com"}, "https://entrar.example.com", ""),
    ],
)
def test_sign_in_of_the_pool_is_taken_or_made(
    deploy: Deploy, tmp_path: Path, pool: Document, address: str, made_here: str
) -> None:
    _, _, asked = deploy(pool=pool)
    assert overrides(asked)["SignInDomain"] == made_here
    assert json.loads((tmp_path / "out" / "config.json").read_text())["token"] == f"{address}/oauth2/token"


def test_domain_of_your_own_needs_its_certificate(deploy: Deploy) -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    status, said, asked = deploy("--domain", "console.example.com", "--certificate", certificate)
    assert (status, overrides(asked)["CertificateArn"]) == (0, certificate)
    assert "console.example.com has to point at d1.cloudfront.net" in said
    assert deploy("--domain", "console.example.com")[0] == 2


def test_stage_that_is_not_deployed_is_named_and_nothing_is_done(deploy: Deploy) -> None:
    status, said, asked = deploy(stacks={"disparo-agenda-dev": None})
    assert (status, len(asked)) == (1, 1)
    assert "there is no stack disparo-agenda-dev" in said
    status, said, asked = deploy(
        stacks={"disparo-agenda-dev": {"Outputs": [], "Parameters": STAGE_STACK["Parameters"]}}
    )
    assert status == 1
    assert "the stack disparo-agenda-dev has no BucketName" in said


@pytest.fixture(scope="module")
def template() -> Document:
    document: Document = loads(TEMPLATE.read_text())
    return document


def test_template_passes_cfn_lint() -> None:
    found = lint(TEMPLATE.read_text(), config=ManualArgs(regions=["us-east-1", "sa-east-1"]))
    assert [f"{each.rule.id} {each.path}: {each.message}" for each in found] == []


def test_bucket_is_private_and_read_by_the_distribution_alone(template: Document) -> None:
    bucket, rules = (template["Resources"][name]["Properties"] for name in ("Bucket", "BucketPolicy"))
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    [allowed] = [each for each in rules["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    assert "distribution/${Distribution}" in json.dumps(allowed["Condition"])
    distribution = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    assert distribution["Origins"][0]["OriginAccessControlId"] == {"Fn::GetAtt": ["AccessControl", "Id"]}
    assert distribution["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert distribution["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": "ResponseHeaders"}


def test_client_has_no_secret_and_may_not_choose_a_tenant(template: Document) -> None:
    client = template["Resources"]["Client"]["Properties"]
    assert (client["GenerateSecret"], client["AllowedOAuthFlows"]) == (False, ["code"])
    assert client["WriteAttributes"] == ["email"]
    assert "custom:tenant_id" in client["ReadAttributes"]
