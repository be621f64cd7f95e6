"""What the contenders share: one PostgreSQL with a database for each run, server processes, the table of results."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from rich.console import Console
from rich.table import Table

from chalicelib.adapters.database import Database
from chalicelib.maintenance.migrations import Migrations
from local.postgres import Postgres
from local.project import ROOT

OUT = ROOT / ".local" / "bench"
TENANT = "bench"
MIGRATED = "migrated"
"""The database that the others are copies of."""

Result = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


class Ground:
    """Makes databases on one server, all copied from a migrated one."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        postgres.create_database(MIGRATED)
        database = Database(lambda: postgres.owner_url(MIGRATED))
        Migrations(database, ROOT / "migrations").apply()
        database.close()

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a migrated and empty database; yields its owner's URL."""
        self._postgres.create_database("bench", template=MIGRATED)
        try:
            yield self._postgres.owner_url("bench")
        finally:
            self._postgres.drop_database("bench")


@contextmanager
def server(module: str, *arguments: str) -> Iterator[str]:
    """Run a module that serves in a process of its own and prints its `url` in one JSON line; yields the URL."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def apart(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run a module-level function in a fresh process and return its result."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=silence) as process:
        return process.submit(work, *arguments, **named).result()


def silence() -> None:
    """Discard the standard output: metrics are lines there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def publish(name: str, title: str, result: Mapping[str, Any]) -> None:
    """Print the table, and write it as `.local/bench/NAME.json`."""
    table = Table(name, title)
    for key, value in result.items():
        table.add_row(key, _shown(value))
    Console().print(table)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _shown(value: object) -> str:
    match value:
        case Mapping():
            return ", ".join(f"{name} {each}" for name, each in value.items())
        case list():
            return "\n".join(map(str, value))
        case _:
            return str(value)
