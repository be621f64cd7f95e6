"""Commands of the AWS CLI, with its own credentials and region. No argument is ever a secret: others can read it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any, NamedTuple

import click

_NOT_THERE = re.compile(r"NotFound|NoSuch|\(404\)|does not exist")


class AwsFailed(click.ClickException):
    """A command of the AWS CLI has failed; `said` is what it said, or "" if it has said that to the terminal itself."""

    def __init__(self, arguments: tuple[str, ...], said: str = "") -> None:
        super().__init__(f"aws {' '.join(arguments[:2])} has failed" + (f": {said}" if said else ""))
        self.said = said


class Stack(NamedTuple):
    """What CloudFormation knows of a stack; outputs and parameters by name."""

    status: str
    outputs: dict[str, str]
    parameters: dict[str, str]


def run(*arguments: str) -> None:
    """Run a command whose words go to the terminal.

    Raises:
        AwsFailed: it fails.
    """
    if subprocess.run([_program(), *arguments], check=False).returncode != 0:  # noqa: S603 - our own words
        raise AwsFailed(arguments)


def ask(*arguments: str) -> Any:
    """What a command answers, read from its JSON; None if it answers nothing.

    Raises:
        AwsFailed: it fails.
    """
    command = [_program(), *arguments, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise AwsFailed(arguments, done.stderr.strip())
    return json.loads(done.stdout) if done.stdout.strip() else None


def find(*arguments: str) -> Any:
    """What a command answers; None if AWS has no such thing.

    Raises:
        AwsFailed: it fails for another reason.
    """
    try:
        return ask(*arguments) or {}
    except AwsFailed as error:
        if _NOT_THERE.search(error.said):
            return None
        raise


def find_stack(name: str) -> Stack | None:
    """The stack of this name; None if there is none, or only a change set that would create it.

    Raises:
        AwsFailed: CloudFormation cannot be asked.
    """
    found = find("cloudformation", "describe-stacks", "--stack-name", name)
    if found is None:
        return None
    [known] = found["Stacks"]
    if known.get("StackStatus") == "REVIEW_IN_PROGRESS":
        return None
    return Stack(
        known.get("StackStatus", ""),
        {each["OutputKey"]: each["OutputValue"] for each in known.get("Outputs", ())},
        {each["ParameterKey"]: each["ParameterValue"] for each in known.get("Parameters", ())},
    )


def stack(name: str) -> Stack:
    """The stack of this name.

    Raises:
        click.ClickException: there is none.
    """
    found = find_stack(name)
    if found is None:
        raise click.ClickException(f"there is no stack {name}")
    return found


def _program() -> str:
    program = shutil.which("aws")
    if program is None:
        raise click.ClickException("the AWS CLI is not installed")
    return program
