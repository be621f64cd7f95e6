"""Reads a file in a process of its own with the limits of a worker: 512 MB of memory, and little time.

The kernel enforces the limits: a process that exceeds one gets a `MemoryError` or is killed, and the test fails.
`READER` reads every row as the ingestion does, down to its contacts, and prints the result.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

MEMORY = 512 << 20  # bytes
SECONDS = 20
_NOISE = 2  # factor: the processor is slower while all the other tests run at the same time

READER = """
import json, sys
from pathlib import Path
from chalicelib.errors import InvalidFile
from chalicelib.ingestion.rows.one_by_one import RowReader
from chalicelib.ingestion.reading.workbook import open_workbook

code, rows, refused = None, 0, 0
try:
    with open_workbook(Path(sys.argv[1])) as table:
        reader = RowReader(table.header, "leads.xlsx")
        for number, cells in table.rows():
            row = reader.read(number, cells)
            rows += 1
            refused += row.data is None
except InvalidFile as error:
    code = error.code
print(json.dumps([code, rows, refused]))
"""


class Outcome(NamedTuple):
    """The result of reading a file: the code of its refusal (None if it was read), and its rows read and refused."""

    code: str | None
    rows: int
    refused: int


def read_confined(path: Path) -> Outcome:
    """Read every row of a file within the limits."""
    return Outcome(*run_confined(READER, path))


def run_confined(program: str, *arguments: object, seconds: int = _NOISE * SECONDS) -> Any:
    """Run a Python program within the limits and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=_limits(seconds),
        cwd=Path(__file__).resolve().parent.parent,
    )
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}"
    return json.loads(done.stdout)


def _limits(seconds: int) -> Callable[[], None]:
    """Return a function that sets the limits of the process that calls it."""

    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    return confine
