"""`make user` and `make token`: the first person of a tenant, and an ID token for the command line.

A password is asked for without an echo and goes to Cognito from this process: no argument, no file and no history has
it. A token is all that is written to the standard output: `TOKEN=$(make -s token STAGE=dev)`.
"""

from __future__ import annotations

from contextlib import closing

import click
from aws_cli import stack
from pool import Pool
from terminal import check_terminal, hidden

from chalicelib.identity import ADMIN, TENANT_ID, Group


@click.group()
def main() -> None:
    """Who signs in to a stage."""


@main.command()
@click.option("--stage", default="dev", show_default=True, help="A stage that is deployed.")
@click.option("--tenant", default="", help="Lower-case letters, digits and hyphens, at most 63; asked for without it.")
@click.option("--email", default="", help="Where Cognito sends the invitation; asked for without it.")
@click.option("--group", type=click.Choice([each.value for each in Group]), default=ADMIN.value, show_default=True)
def user(stage: str, tenant: str, email: str, group: str) -> None:
    """Make the first administrator of a tenant; they invite the others. Again, it only puts them into the group."""
    tenant = tenant or click.prompt("Tenant", err=True)
    if not TENANT_ID.fullmatch(tenant):
        raise click.BadParameter("lower-case letters, digits and hyphens, at most 63", param_hint="--tenant")
    email = email or click.prompt("E-mail", err=True)
    with closing(_pool(stage)) as pool:
        is_new = pool.put(email, tenant, Group(group), DesiredDeliveryMediums=["EMAIL"])
    click.echo(f"{'invited' if is_new else 'was there already'}: {group} of {tenant}")


@main.command()
@click.option("--stage", default="dev", show_default=True, help="A stage that is deployed.")
@click.option("--email", default="", help="Whose token; asked for without it.")
def token(stage: str, email: str) -> None:
    """Print an ID token, valid for an hour. Whoever signs in for the first time chooses a password."""
    check_terminal()
    email = email or click.prompt("E-mail", err=True)
    with closing(_pool(stage)) as pool:
        answer = pool.sign_in(email, hidden("Password"))
        if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            answer = pool.renew(email, hidden("A password of your own", twice=True), answer)
    if "AuthenticationResult" not in answer:
        raise click.ClickException(f"Cognito asks for {answer.get('ChallengeName')}, and this command cannot answer it")
    click.echo(answer["AuthenticationResult"]["IdToken"])


def _pool(stage: str) -> Pool:
    return Pool(stack(f"disparo-agenda-{stage}").parameters["UserPoolArn"])


if __name__ == "__main__":
    main()
