"""A folder in memory for the tests' databases, where the system has one: `/dev/shm` on Linux.

Each test gets a new database of four hundred files. A disk takes ten times as long for them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from local.postgres import Postgres

MEMORY = Path("/dev/shm")
NEEDED = 3 << 30  # bytes, for three workers
PREFIX = "disparo-agenda-tests-"


@contextmanager
def in_memory() -> Iterator[Path | None]:
    """Make an empty folder in memory and remove it afterwards; yields None where there is not enough memory."""
    if not (os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= NEEDED):
        yield None
        return
    _end_abandoned()
    folder = MEMORY / f"{PREFIX}{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _end_abandoned() -> None:
    """Stop the servers and remove the folders of test runs that were killed, to free their memory."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(PREFIX))):
            Postgres(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)
