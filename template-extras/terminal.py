"""Questions to the person at the terminal. They go to the standard error, so that an answer alone can be piped."""

from __future__ import annotations

import sys

import click


def check_terminal() -> None:
    """Refuse to go on without a person: what is piped in would stand in a history or a log.

    Raises:
        click.ClickException: the standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise click.ClickException("this asks for secrets, at a terminal only")


def hidden(question: str, *, optional: bool = False, twice: bool = False) -> str:
    """An answer that is never shown, not even by its length; "" if it may be left out."""
    answer: str = click.prompt(
        question, hide_input=True, err=True, confirmation_prompt=twice,
        default="" if optional else None, show_default=False,
    )  # fmt: skip
    return answer
