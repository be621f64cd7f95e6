"""`make deploy STAGE=dev`: each step by which a stage gets new code. Each can be run alone, and again without harm.

A database that is there is migrated *before* the new code takes traffic: the function `migrate` alone gets the new
code, and is invoked; then the stack is updated. So the old code runs on the new schema for some minutes, and after a
rollback for longer. CONTRIBUTING.md says what that asks of a migration. A first deployment has no database: the stack
comes first, and nobody knows its address yet.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import click
from aws_cli import AwsFailed, Stack, ask, find, find_stack, run, stack
from botocore.exceptions import BotoCoreError, ClientError
from pool import Pool
from preflight import preflight
from smoke import smoke

CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_SHOWN_EVENTS = 5


class Deployment:
    """One deployment of a stage; `given` are the parameters that it sets, others keep their values."""

    def __init__(self, stage: str, artifacts: str, given: Mapping[str, str], host: str) -> None:
        self.stage = stage
        self.name = f"disparo-agenda-{stage}"
        self.out = Path("build") / stage
        self.given = given
        self._artifacts = artifacts
        self._host = host

    @cached_property
    def artifacts(self) -> str:
        """The bucket for the code; without a name, the one of the account and region."""
        if self._artifacts:
            return self._artifacts
        account = ask("sts", "get-caller-identity")["Account"]
        return f"disparo-agenda-artifacts-{account}-{boto3.session.Session().region_name}"

    @property
    def packaged(self) -> Path:
        """The template that names the uploaded code."""
        return self.out / "packaged.json"

    @property
    def previous(self) -> str:
        """Where the template is kept that was deployed before."""
        return f"s3://{self.artifacts}/{self.name}/previous.json"

    def template(self, path: Path) -> dict[str, Any]:
        """A template that an earlier step has written.

        Raises:
            click.ClickException: there is none.
        """
        if not path.exists():
            raise click.ClickException(f"{path} is not there: make package upload STAGE={self.stage}")
        read: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return read

    def has_database(self, of_stage: Stack | None) -> bool:
        """Whether the stage has its logins, so that its database may be migrated first."""
        secret = f"/alquimista/{self.stage}/disparo-agenda/db-credentials"
        described = find("secretsmanager", "describe-secret", "--secret-id", secret) if of_stage else None
        return bool(described and described.get("VersionIdsToStages"))

    # The steps

    def preflight(self) -> None:
        """Look at what the stack needs, and change nothing."""
        template = self.template(self.out / "sam.json")
        preflight(self.name, self.artifacts, template, find_stack(self.name), self.given)

    def upload(self) -> None:
        """Put the code into the bucket. Code that is there already is not sent again."""
        self.template(self.out / "sam.json")
        run(
            "cloudformation", "package", "--template-file", str(self.out / "sam.json"), "--use-json",
            "--s3-bucket", self.artifacts, "--output-template-file", str(self.packaged),
        )  # fmt: skip

    def migrate(self) -> None:
        """Give `migrate` alone the uploaded code and let it prepare the cluster, or apply what is missing."""
        function = f"{self.name}-migrate"
        code, architectures = _code_of(self.template(self.packaged), function)
        bucket, key = code.removeprefix("s3://").split("/", 1)
        ask(
            "lambda", "update-function-code", "--function-name", function, "--s3-bucket", bucket, "--s3-key", key,
            "--architectures", *architectures,
        )  # fmt: skip
        run("lambda", "wait", "function-updated-v2", "--function-name", function)
        answered = self.out / "migrate.json"
        # It may take as long as a Lambda may, and to send it twice would only wait for the first one.
        said = ask(
            "lambda", "invoke", "--function-name", function, "--cli-read-timeout", "900",
            "--cli-binary-format", "raw-in-base64-out", "--payload", json.dumps(self._event()), str(answered),
        )  # fmt: skip
        answer = json.loads(answered.read_text("utf-8"))
        if "FunctionError" in said:
            raise click.ClickException(f"{answer.get('errorType')}: {answer.get('errorMessage')}")
        for what, names in answer.items():
            click.echo(f"{what:12} {', '.join(names) or '-'}")

    def update(self) -> None:
        """Create or update the stack; keep the template that it had, for `rollback`."""
        new = self.template(self.packaged)
        if find_stack(self.name) is not None:
            self._keep(new)
        self._deploy(self.packaged)

    def smoke(self) -> None:
        """Try what is deployed."""
        deployed = stack(self.name)
        with closing(Pool(deployed.parameters["UserPoolArn"])) as pool:
            smoke(deployed.outputs["EndpointURL"].rstrip("/"), pool)

    def rollback(self) -> None:
        """Deploy the template and the code that were there before the last deployment. The database stays."""
        path = self.out / "previous.json"
        self.out.mkdir(parents=True, exist_ok=True)
        run("s3", "cp", self.previous, str(path))
        if self.template(path) == self._deployed():
            raise click.ClickException("the version before is what is deployed; to go on, deploy a newer one")
        self._deploy(path)

    def _event(self) -> dict[str, Any]:
        """What `migrate` is told: to prepare the cluster, as long as the stack lets it read the master's secret."""
        secret = stack(self.name).parameters.get("MasterSecretArn", "")
        if not secret:
            return {}
        if self._host:
            return {"bootstrap": secret, "host": self._host}
        for each in ask("rds", "describe-db-clusters")["DBClusters"]:
            if each.get("MasterUserSecret", {}).get("SecretArn") == secret:
                return {"bootstrap": secret, "host": each["Endpoint"], "port": each["Port"]}
        return {"bootstrap": secret}

    def _deployed(self) -> Any:
        asked = ("--stack-name", self.name, "--template-stage", "Original")
        return ask("cloudformation", "get-template", *asked)["TemplateBody"]

    def _keep(self, new: dict[str, Any]) -> None:
        """Keep what is deployed, unless it is the same: to deploy twice must not forget the version before."""
        deployed = self._deployed()
        if deployed != new:
            path = self.out / "deployed.json"
            path.write_text(json.dumps(deployed), encoding="utf-8")
            run("s3", "cp", str(path), self.previous)

    def _deploy(self, template: Path) -> None:
        overrides = [f"{key}={value}" for key, value in self.given.items()]
        try:
            run(
                "cloudformation", "deploy", "--stack-name", self.name, "--template-file", str(template),
                "--s3-bucket", self.artifacts, "--capabilities", *CAPABILITIES, "--no-fail-on-empty-changeset",
                *(["--parameter-overrides", *overrides] if overrides else []),
            )  # fmt: skip
        except AwsFailed as error:
            raise click.ClickException("\n".join([error.message, *self._reasons()])) from None

    def _reasons(self) -> Iterator[str]:
        """The first resources that have failed, with CloudFormation's reasons: later ones only say "cancelled"."""
        found = find("cloudformation", "describe-stack-events", "--stack-name", self.name) or {}
        failed = [each for each in found.get("StackEvents", ()) if each["ResourceStatus"].endswith("_FAILED")]
        for each in failed[::-1][:_SHOWN_EVENTS]:
            yield f"  {each['LogicalResourceId']}: {each.get('ResourceStatusReason', each['ResourceStatus'])}"


def _code_of(template: Mapping[str, Any], function: str) -> tuple[str, list[str]]:
    """Where the code of a function is, and its processors."""
    for each in template["Resources"].values():
        properties = each.get("Properties", {})
        if properties.get("FunctionName") == function:
            return properties["CodeUri"], properties["Architectures"]
    raise click.ClickException(f"the template has no function {function}")


STEPS: dict[str, tuple[Callable[[Deployment], None], str]] = {
    "preflight": (Deployment.preflight, "make what is missing, then: make deploy {stage}"),
    "upload": (Deployment.upload, "nothing is deployed yet; then: make deploy {stage}"),
    "migrate": (
        Deployment.migrate,
        "the code that takes traffic is as it was, and no migration is applied by half. Its log: "
        "aws logs tail /aws/lambda/disparo-agenda-{name}-migrate; then: make deploy {stage} (docs/aws.md, Database)",
    ),
    "stack": (
        Deployment.update,
        "CloudFormation goes back to what was deployed; a first creation has to be deleted "
        "(aws cloudformation delete-stack --stack-name disparo-agenda-{name}). Then: make deploy {stage}",
    ),
    "smoke": (
        Deployment.smoke,
        "the new code takes traffic: repair it, or make rollback {stage}; to try again: make smoke {stage}",
    ),
    "rollback": (Deployment.rollback, "what is deployed is as it was, if the lines above say nothing else"),
}


@click.command()
@click.argument("steps", nargs=-1, required=True, type=click.Choice(["all", *STEPS]))
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option("--artifacts", default="", help="The bucket for the code; by default that of the account and region.")
@click.option("--parameters", default="", help="Parameters of the stack to set: 'Name=value Other=value'.")
@click.option("--host", default="", help="The cluster's endpoint, if neither RDS nor the master's secret names it.")
def main(steps: tuple[str, ...], stage: str, artifacts: str, parameters: str, host: str) -> None:
    """Take steps of a deployment in the given order; `all` are those after `make package`, in theirs."""
    pairs = shlex.split(parameters)
    if wrong := [each for each in pairs if "=" not in each]:
        raise click.UsageError(f"{' '.join(wrong)}: parameters are written Name=value")
    deployment = Deployment(stage, artifacts, dict(each.split("=", 1) for each in pairs), host)
    for step in _all(deployment) if steps == ("all",) else steps:
        _take(step, deployment)
    if "all" in steps:
        _say_what_is_left(deployment)


def _all(deployment: Deployment) -> Iterator[str]:
    yield "upload"
    with _named("upload", deployment):
        has_database = deployment.has_database(find_stack(deployment.name))
    yield from ("migrate", "stack") if has_database else ("stack", "migrate")
    yield "smoke"


def _take(step: str, deployment: Deployment) -> None:
    click.echo(f"--- {step}")
    with _named(step, deployment):
        STEPS[step][0](deployment)


@contextmanager
def _named(step: str, deployment: Deployment) -> Iterator[None]:
    """Say of a failure in which step it was, and how to go on."""
    try:
        yield
    except (click.ClickException, ClientError, BotoCoreError) as error:
        go_on = STEPS[step][1].format(stage=f"STAGE={deployment.stage}", name=deployment.stage)
        raise click.ClickException(f"the step {step} has failed: {error}\nTo go on: {go_on}") from None


def _say_what_is_left(deployment: Deployment) -> None:
    deployed = stack(deployment.name)
    address = deployed.outputs["EndpointURL"].rstrip("/")
    click.echo(f"{deployment.name} is deployed: {address}")
    again = f"make deploy STAGE={deployment.stage} PARAMETERS"
    if deployed.parameters.get("MasterSecretArn"):
        click.echo(f"migrate may still read the master's secret, and needs it no more: {again}=MasterSecretArn=")
    if not deployed.parameters.get("PublicUrl"):
        click.echo(f"e-mails have no unsubscribe link until the address is a parameter: {again}=PublicUrl={address}")


if __name__ == "__main__":
    main()
