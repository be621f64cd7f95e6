"""`python template-extras/destroy.py --stage dev` deletes the stack of a stage, and says before what that keeps.

Uploads, reports and secrets outlive the stack: they are people's data and other people's credentials. Their names stay
taken, so a new stack of the stage can be created only after they are gone, or by importing them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import boto3
import click

_KEEPING = {"Retain", "RetainExceptOnCreate"}


class Fate(NamedTuple):
    """What the deletion of a stack does: kept resources as (type, name), and how many others are deleted."""

    kept: list[tuple[str, str]]
    deleted: int


@click.command()
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def main(stage: str, *, yes: bool) -> None:
    """Delete the stack of a stage."""
    cloudformation = boto3.client("cloudformation")
    name = f"disparo-agenda-{stage}"
    try:
        _destroy(cloudformation, name, yes=yes)
    finally:
        cloudformation.close()


def _destroy(cloudformation: Any, name: str, *, yes: bool) -> None:
    fate = _fate_of(cloudformation, name)
    for kind, kept in fate.kept:
        click.echo(f"kept     {kind:28}  {kept}")
    click.echo("kept     database, logins, user pool, event bus: they are not part of the stack")
    click.echo(f"deleted  {fate.deleted} resources of the stack {name}")
    if not yes:
        click.confirm("Delete it?", abort=True)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 10})
    click.echo(f"the stack {name} is gone")


def _fate_of(cloudformation: Any, name: str) -> Fate:
    """Read which resources of a stack its template keeps.

    Raises:
        click.ClickException: there is no such stack.
    """
    try:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
        template = cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    except cloudformation.exceptions.ClientError as error:
        raise click.ClickException(f"there is no stack {name}: {error.response['Error']['Message']}") from None
    kept = [
        (each["ResourceType"], each["PhysicalResourceId"])
        for each in resources
        if template["Resources"].get(each["LogicalResourceId"], {}).get("DeletionPolicy") in _KEEPING
    ]
    return Fate(sorted(kept), len(resources) - len(kept))


if __name__ == "__main__":
    main()
