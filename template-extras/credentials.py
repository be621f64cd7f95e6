"""`make secrets STAGE=dev`: what providers and MCP servers give us, asked for one by one and stored at once.

What is secret is never shown, and goes to Secrets Manager from this process: no argument, file or history has it.
An empty answer keeps what is stored, so that one key can be changed alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import click
from terminal import check_terminal, hidden

from chalicelib.canal import Canal
from chalicelib.delivery.providers.recognition import PROVIDERS
from chalicelib.dispatch.channels.document import load_channel, profiles
from chalicelib.errors import Invalid

# Meta asks for the second one when the webhook is entered.
_WEBHOOK_SETTINGS = (*(each.setting for each in PROVIDERS), "verify_token")
_HEADER = "Authorization"

Document = dict[str, Any]


@click.command()
@click.option("--stage", default="dev", show_default=True, help="A stage that is deployed.")
def main(stage: str) -> None:
    """Ask for the secrets of the providers and store those that are given."""
    check_terminal()
    with closing(boto3.client("secretsmanager")) as secrets:
        for canal in Canal:
            _offer(secrets, stage, f"webhook-{canal}", lambda stored: dict(_webhook(stored)))
            _offer(secrets, stage, f"mcp-{canal}", lambda stored, canal=canal: _channel(stored, canal))


def _offer(secrets: Any, stage: str, name: str, answered: Any) -> None:
    """Ask whether a secret shall change, and store what was answered if that is anything new."""
    secret = f"/alquimista/{stage}/disparo-agenda/{name}"
    stored = _stored(secrets, secret)
    if not click.confirm(f"{name} (has {', '.join(sorted(stored)) or 'nothing'}): change it?", default=False, err=True):
        return
    new = {**stored, **answered(stored)}
    if new == stored:
        click.echo(f"{name} stays as it is")
        return
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(new))
    click.echo(f"{name} has {', '.join(sorted(new))}")


def _stored(secrets: Any, secret: str) -> Document:
    """What a secret has, which is nothing at first.

    Raises:
        click.ClickException: the stage has no such secret.
    """
    try:
        has_value = "VersionIdsToStages" in secrets.describe_secret(SecretId=secret)
    except secrets.exceptions.ResourceNotFoundException:
        raise click.ClickException(f"there is no secret {secret}: deploy the stage first") from None
    if not has_value:
        return {}
    document = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"] or "{}")
    return document if isinstance(document, dict) else {}


def _webhook(stored: Document) -> Iterator[tuple[str, str]]:
    """What a provider proves itself with; docs/aws.md says which has which."""
    for setting in _WEBHOOK_SETTINGS:
        given = hidden(f"  {setting} ({'Enter keeps it' if setting in stored else 'Enter for none'})", optional=True)
        if given:
            yield setting, given


def _channel(stored: Document, canal: Canal) -> Document:
    """The server of a channel, asked for until it is one that the app would use."""
    known = [name for name, each in profiles().items() if each["canal"] == canal]
    perfil = click.prompt("  perfil", type=click.Choice(known), default=stored.get("perfil"), err=True)
    while True:
        url = click.prompt("  url", default=stored.get("url"), err=True)
        given = hidden(f"  {_HEADER} header, such as 'Bearer …' (Enter keeps or leaves it out)", optional=True)
        headers = {**stored.get("headers", {}), **({_HEADER: given} if given else {})}
        new = {"perfil": perfil, "url": url, **({"headers": headers} if headers else {})}
        try:
            load_channel({**stored, **new})
        except Invalid as error:
            # The errors of a channel quote no value.
            for each in error.errors:
                click.echo(f"  {each.pointer}: {each.code} {each.detail}", err=True)
        else:
            return new


if __name__ == "__main__":
    main()
