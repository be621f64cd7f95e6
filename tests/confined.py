"""Reads a file in a process of its own that may take no more than a worker has: 512 MB of memory, and little time.

The limits are the kernel's: whoever passes one gets a `MemoryError` or is killed, and the test fails. `READER` reads
every row the way the ingestion does, down to its contacts, and says what came of it.
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
_NOISE = 2  # how much slower the processor is when all the other tests run beside this one

READER = """
import json, sys
from pathlib import Path
from chalicelib.errors import ArquivoInvalido
from chalicelib.ingestion.rows.one_by_one import LeitorDeLinhas
from chalicelib.ingestion.reading.workbook import open_workbook

code, rows, refused = None, 0, 0
try:
    with open_workbook(Path(sys.argv[1])) as planilha:
        leitor = LeitorDeLinhas(planilha.cabecalho, "leads.xlsx")
        for numero, cells in planilha.linhas():
            linha = leitor.read(numero, cells)
            rows += 1
            refused += linha.dados is None
except ArquivoInvalido as error:
    code = error.code
print(json.dumps([code, rows, refused]))
"""


class Outcome(NamedTuple):
    """What reading a file came to: the code that it was refused with, rows read, and those of them refused."""

    code: str | None
    rows: int
    refused: int


def read_confined(path: Path) -> Outcome:
    """Reads every row of a file within the limits."""
    return Outcome(*run_confined(READER, path))


def run_confined(program: str, *arguments: object, seconds: int = _NOISE * SECONDS) -> Any:
    """What a Python program prints as JSON, run within the limits."""
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
    """Sets the limits of the process that calls it."""

    def confine() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    return confine
