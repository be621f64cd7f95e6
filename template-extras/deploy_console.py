"""`make console STAGE=dev` puts the console behind CloudFront, with the addresses of a stage.

The stack of the stage says where its API and its user pool are. The page may ask these, the bucket of uploads, and
nothing else: its policy is made here, because a stack cannot compute the digest of the import map. `config.json` names
the addresses to the page. The AWS CLI does the rest, with its own credentials and region.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aws_cli
import click

from chalicelib.adapters.aws import Aws
from local.console import FOLDER, policy
from local.project import ROOT

TEMPLATE = ROOT / "template-extras" / "console" / "stack.yaml"
# What the types are checked with, and no page asks for.
_NOT_SERVED = frozenset({"types", "tsconfig.json"})
# Each file is asked for again at each load, and is a 304 while it is the same.
_FRESH = ("--cache-control", "no-cache")
_MODULES = "*.mjs"


class Stage(NamedTuple):
    """Where the parts of a deployed stage are."""

    name: str
    api: str
    """The base address of the API, without its last slash."""
    bucket: str
    pool_id: str
    region: str
    account: str

    @classmethod
    def of(cls, name: str) -> Stage:
        """The stage, as its stack says.

        Raises:
            click.ClickException: there is no such stack, or it lacks something.
        """
        found = aws_cli.stack(f"disparo-agenda-{name}")
        try:
            arn = found.parameters["UserPoolArn"].split(":")
            bucket, api = found.outputs["BucketName"], found.outputs["EndpointURL"].rstrip("/")
        except KeyError as missing:
            raise click.ClickException(f"the stack disparo-agenda-{name} has no {missing.args[0]}") from None
        return cls(name, api, bucket, arn[5].removeprefix("userpool/"), arn[3], arn[4])

    @property
    def issuer(self) -> str:
        """Who issues the ID tokens."""
        return f"https://cognito-idp.{self.region}.amazonaws.com/{self.pool_id}"


class SignIn(NamedTuple):
    """The pages of Cognito at which a person signs in."""

    address: str
    made_here: str
    """The prefix of the address if the stack of the console makes it; "" if the pool had one before."""

    @classmethod
    def of(cls, stage: Stage) -> SignIn:
        """Those that the pool has, or those that the stack is to make: a pool has one such address."""
        pool = aws_cli.ask("cognito-idp", "describe-user-pool", "--user-pool-id", stage.pool_id)["UserPool"]
        if custom := pool.get("CustomDomain"):
            return cls(f"https://{custom}", "")
        ours = f"disparo-agenda-{stage.name}-{stage.account}"
        prefix = pool.get("Domain") or ours
        return cls(f"https://{prefix}.auth.{stage.region}.amazoncognito.com", ours if prefix == ours else "")


@click.command()
@click.option("--stage", "name", default="dev", show_default=True, help="A stage that is deployed.")
@click.option("--domain", default="", help="A domain of your own for the console.")
@click.option("--certificate", default="", help="The ARN of its certificate, in us-east-1.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the files are gathered.")
def main(name: str, domain: str, certificate: str, out: Path) -> None:
    """Deploy the stack of the console of a stage, and put the files there."""
    if bool(domain) != bool(certificate):
        raise click.UsageError("a domain needs a certificate, and a certificate a domain")
    stage = Stage.of(name)
    sign_in = SignIn.of(stage)
    parameters = {
        "Stage": stage.name,
        "UserPoolId": stage.pool_id,
        "SignInDomain": sign_in.made_here,
        "ContentSecurityPolicy": policy(FOLDER, connect=tuple(asked_by_the_page(stage, sign_in))),
        "Domain": domain,
        **({"CertificateArn": certificate} if certificate else {}),
    }
    stack = f"disparo-agenda-{name}-console"
    aws_cli.run(
        "cloudformation", "deploy", "--stack-name", stack, "--template-file", str(TEMPLATE),
        "--no-fail-on-empty-changeset",
        "--parameter-overrides", *(f"{key}={value}" for key, value in parameters.items()),
    )  # fmt: skip
    outputs = aws_cli.stack(stack).outputs
    gather(out, configuration(stage, sign_in, outputs["ClientId"]))
    bucket = f"s3://{outputs['BucketName']}"
    # The CLI guesses types, and not every system knows this one: a browser runs no module of another type.
    aws_cli.run("s3", "sync", str(out), bucket, "--delete", "--exclude", _MODULES, *_FRESH)
    aws_cli.run(
        "s3", "sync", str(out), bucket, "--delete", "--exclude", "*", "--include", _MODULES,
        "--content-type", "text/javascript", *_FRESH,
    )  # fmt: skip
    click.echo(f"the console is at {outputs['Origin']}")
    click.echo(
        f'let it call the API, if it may not yet: make deploy … PARAMETERS="… AllowedOrigins={outputs["Origin"]}"'
    )
    if domain:
        click.echo(f"{domain} has to point at {outputs['DistributionDomain']}")


def asked_by_the_page(stage: Stage, sign_in: SignIn) -> Iterator[str]:
    """The addresses that the page sends requests to: the API, the sign-in, and the bucket where it uploads."""
    api = urlsplit(stage.api)
    yield f"{api.scheme}://{api.netloc}"
    yield sign_in.address
    # As the API addresses it: a form is posted to the bucket itself, a report is read below it.
    bucket = f"{Aws(stage.region).client('s3').meta.endpoint_url}/{stage.bucket}"
    yield from (bucket, f"{bucket}/")


def configuration(stage: Stage, sign_in: SignIn, client: str) -> Mapping[str, str]:
    """What `config.json` says (`console/js/config.js`)."""
    return {
        "api": stage.api,
        "issuer": stage.issuer,
        "client": client,
        "authorize": f"{sign_in.address}/oauth2/authorize",
        "token": f"{sign_in.address}/oauth2/token",
        "logout": f"{sign_in.address}/logout",
    }


def gather(out: Path, config: Mapping[str, str]) -> None:
    """Put the files that are served into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(
        FOLDER, out, ignore=lambda folder, names: _NOT_SERVED & {*names} if Path(folder) == FOLDER else set()
    )
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
