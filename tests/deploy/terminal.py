"""A person at a terminal: a program under a pseudo-terminal of its own, its questions, and what is typed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.deploy.conftest import PROJECT

_PATIENCE_S = 60
"""Far longer than any question takes; a program that asks nothing more must not hang the tests."""


class Session(NamedTuple):
    """How the program ended, all that the terminal showed, and what went to the standard output."""

    status: int
    shown: str
    output: str


def at_terminal(program: str, arguments: Sequence[str], typed: Sequence[tuple[str, str]], **options: Any) -> Session:
    """Run a file of `template-extras`; at the end of each question, type its answer. `options` are those of Popen.

    A question ends with a space that is written after the echo was turned off: so nothing is typed too early.
    """
    ours, theirs = pty.openpty()
    command = [sys.executable, str(PROJECT / "template-extras" / program), *arguments]
    with subprocess.Popen(
        command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, start_new_session=True,
        preexec_fn=_take_terminal, **options,  # noqa: PLW1509 - nothing but an ioctl
    ) as child:  # fmt: skip
        os.close(theirs)
        shown = ""
        for question, answer in typed:
            part = _read_until(ours, question + " ")
            if question not in part:
                child.kill()
                raise AssertionError(f"{question!r} was not asked: {part!r}")
            shown += part
            os.write(ours, f"{answer}\n".encode())
        shown += _read_until(ours, None)
        assert child.stdout is not None
        output = child.stdout.read().decode()
        status = child.wait(60)
    os.close(ours)
    return Session(status, shown, output)


def history_of(home: Path) -> list[str]:
    """The names of the files that a program has left at home."""
    return [each.name for each in home.rglob("*") if each.is_file()]


def _take_terminal() -> None:
    """Make the pseudo-terminal `/dev/tty` of the new session, where passwords are asked for."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(terminal: int, end: str | None) -> str:
    """What the terminal shows until these words, or until nobody holds it any more."""
    shown = b""
    while end is None or end.encode() not in shown:
        readable, _, _ = select.select([terminal], [], [], _PATIENCE_S)
        if not readable:
            break
        try:
            part = os.read(terminal, 1024)
        except OSError:  # EIO: the program has ended
            break
        if not part:
            break
        shown += part
    return shown.decode()
