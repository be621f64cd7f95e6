"""Room in memory for what tests throw away, where the system has it: `/dev/shm` of Linux.

A database is made for each test and thrown away after it: four hundred files, for which a disk takes ten times as long.
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
ENOUGH = 2 << 30  # bytes: for two workers
PREFIX = "disparo-agenda-tests-"


@contextmanager
def in_memory() -> Iterator[Path | None]:
    """An empty folder in memory, gone afterwards; None where there is no room."""
    if not (os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH):
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
    """Servers and folders of test runs that were killed: memory is not to be kept for the dead."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(PREFIX))):
            Postgres(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)
