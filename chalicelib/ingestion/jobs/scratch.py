"""A folder on disk for as long as a worker needs it, and the end of those that killed workers have left.

A Lambda that was killed begins again on the same disk: a file of 500 MB that nobody deleted would leave no room for
another one. A lock tells the living from the dead, for the kernel lets go of it when its holder dies, however that was.
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
    """An empty folder of the caller's own, gone afterwards."""
    remove_abandoned()
    # Its name says what it is only once it is locked: else another worker might take it for abandoned just before.
    unlocked = Path(tempfile.mkdtemp(prefix=_UNLOCKED))
    with _opened(unlocked) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        folder = unlocked.rename(unlocked.with_name(PREFIX + unlocked.name.removeprefix(_UNLOCKED)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def remove_abandoned() -> None:
    """Delete the folders whose worker is no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with _opened(folder) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            # Somebody works in it, has just deleted it, or it is another user's.
            continue


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
