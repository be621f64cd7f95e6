"""A temporary folder for a worker, and the removal of folders that killed workers have left.

A Lambda that was killed starts again on the same disk: a file of 500 MB that nobody deleted would leave no room for
another one. Each worker holds a lock on its folder. The kernel releases the lock when the worker ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "disparo-agenda-ingest-"
_UNLOCKED = "disparo-agenda-new-"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder for the caller alone, deleted afterwards."""
    remove_abandoned()
    # It gets its real name only after it is locked. Before that, another worker could take it for abandoned.
    unlocked = Path(tempfile.mkdtemp(prefix=_UNLOCKED))
    with _opened(unlocked) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        folder = unlocked.rename(unlocked.with_name(PREFIX + unlocked.name.removeprefix(_UNLOCKED)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def remove_abandoned() -> None:
    """Delete the folders whose worker has ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with _opened(folder) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # A worker uses it or has just deleted it, or it belongs to another user.
            continue


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
