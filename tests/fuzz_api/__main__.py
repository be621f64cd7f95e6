"""Sends odd requests that our own contract makes to every route: `python -m tests.fuzz_api ST [--brief]`.

`ST` is the program of Schemathesis. The stack is started in `.local/fuzz-api`, filled with two tenants, and stopped
again. Its workers and clocks rest while every caller asks in turn: each group, an API key, nobody, and an administrator
of the other tenant. The exit status is 1 if an answer is a 5xx, differs from the contract, tells of another tenant, or
is given to a caller whose group does not suffice, or if any row of the other tenant changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from chalicelib.adapters.database import connect
from local.aws import GROUPS
from local.project import ROOT
from local.stack import Stack
from tests.fuzz_api.contents import TenantContents

FOLDER = ROOT / ".local" / "fuzz-api"
_OURS, _THEIRS = "acme", "outra"
_PHASES = "coverage,fuzzing"
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "tenants_stay_apart,group_decides,codes_are_declared"
)
_MOST_S = 2_400
_SHOWN = 10

_TABLES = """
SELECT table_name::text FROM information_schema.columns
 WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1"""


class Caller(NamedTuple):
    """Who asks: the token or key that says so, the group that this makes, and the contents of both tenants."""

    name: str
    token: str | None
    group: str | None
    own: TenantContents
    others: TenantContents


def main() -> int:
    """Fuzz and print the account; the exit status."""
    parser = argparse.ArgumentParser(description="Fuzz the local API")
    parser.add_argument("st", type=Path, help="the program of Schemathesis")
    parser.add_argument(
        "--examples", type=int, default=60, help="random requests of a caller for each operation, at most"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--brief", action="store_true", help="random requests alone, without those at every bound")
    given = parser.parse_args()
    stack = Stack(FOLDER, report=lambda _: None)
    stack.down()
    shutil.rmtree(FOLDER, ignore_errors=True)
    # Every request is to be answered for what it is.
    os.environ["REQUESTS_PER_MINUTE"] = "0"
    try:
        stack.up()
        run = _Run(stack, given.st.absolute(), given.examples, given.seed, "fuzzing" if given.brief else _PHASES)
        callers = _callers(stack)
        with _resting(stack):
            wrong = [sentence for caller in callers for sentence in run.asked_by(caller)]
    finally:
        stack.down()
    for sentence in wrong[:_SHOWN]:
        print(f"NO: {sentence}")
    if wrong:
        print(f"{len(wrong)} in all; the requests are in {FOLDER}, one log for each caller")
    return 1 if wrong else 0


def _callers(stack: Stack) -> list[Caller]:
    """Who asks, administrators last: they may take the rights of all others away."""
    ours, theirs = (TenantContents(stack, *each, FOLDER) for each in ((_OURS, "Zyxnossa"), (_THEIRS, "Zyxoutra")))
    for each in (ours, theirs):
        each.make()
    people = {group: Caller(group, stack.token(_OURS, [group]), group, ours, theirs) for group in GROUPS}
    return [
        people["leitor"],
        people["operador"],
        Caller("chave", ours.key("operador"), "operador", ours, theirs),
        Caller("ninguém", None, None, ours, theirs),
        Caller("outro tenant", theirs.token, "admin", theirs, ours),
        people["admin"],
    ]


@contextmanager
def _resting(stack: Stack) -> Iterator[None]:
    """Let workers and clocks stand still, so that only a request changes a row."""
    workers = [psutil.Process(stack.state.parts[name].pid) for name in ("ingest", "workers")]
    for each in workers:
        each.suspend()
    try:
        yield
    finally:
        for each in workers:
            each.resume()


class _Run(NamedTuple):
    """How all callers ask."""

    stack: Stack
    st: Path
    examples: int
    seed: int
    phases: str

    def asked_by(self, caller: Caller) -> list[str]:
        """Print what a caller asked; a sentence for each thing that is wrong."""
        began = time.monotonic()
        before = _rows_of(self.stack, caller.others.tenant)
        report, log_file = FOLDER / f"{caller.name}.json", FOLDER / f"{caller.name}.log"
        headers = ["--header", f"Authorization: Bearer {caller.token}"] if caller.token else []
        command = [
            str(self.st), "run", f"{self.stack.url('api')}/openapi.json", "--phases", self.phases, "--checks", _CHECKS,
            "--max-examples", str(self.examples), "--workers", "1", "--seed", str(self.seed), "--continue-on-failure",
            "--no-shrink", "--no-color", "--generation-database", "none", *headers,
            "--report", "json", "--report-json-path", str(report),
        ]  # fmt: skip
        known = {"ours": caller.own.ids, "theirs": caller.others.ids, "mark": caller.others.mark, "group": caller.group}
        hooks = {"SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("hooks.py")), "FUZZ_API": json.dumps(known)}
        with log_file.open("wb") as log:
            try:
                ended = subprocess.run(
                    command,
                    env={**os.environ, **hooks},
                    cwd=FOLDER,
                    stdout=log,
                    stderr=log,
                    check=False,
                    timeout=_MOST_S,
                )
            except subprocess.TimeoutExpired:
                return [f"{caller.name}: Schemathesis did not end within {_MOST_S} s"]
        if ended.returncode not in {0, 1}:
            return [f"{caller.name}: Schemathesis ended with {ended.returncode}: see {log_file}"]
        told = json.loads(report.read_text(encoding="utf-8"))
        _print(caller, told, time.monotonic() - began)
        changed = [table for table, rows in _rows_of(self.stack, caller.others.tenant).items() if rows != before[table]]
        return [
            *(f"{caller.name}: {each['title']}: {', '.join(each['operations'])}" for each in told["failures"]),
            *(f"{caller.name}: Schemathesis: {each['title']}, {each['count']} times" for each in told["errors"]),
            *(f"{caller.name}: rows of the other tenant changed: {table}" for table in changed),
        ]


def _print(caller: Caller, told: dict[str, Any], seconds: float) -> None:
    rates = told["valid_rates"]
    never = [name for name, phases in rates.items() if not any(phase["accepted"] for phase in phases.values())]
    sums = {
        kind: sum(phase[kind] for phases in rates.values() for phase in phases.values())
        for kind in ("accepted", "rejected", "conflicts", "unreachable")
    }
    print(f"{caller.name:12}  {told['test_cases']['generated']} requests, seed {told['seed']}, {seconds:.0f} s")
    print(f"  operations  {len(rates)}, of which {len(never)} accepted no request")
    print(f"  valid ones  {', '.join(f'{number} {kind}' for kind, number in sums.items())}", flush=True)


def _rows_of(stack: Stack, tenant: str) -> dict[str, str]:
    """A digest of all rows of a tenant, by table."""
    connection = connect(stack.owner_url())
    try:
        tables = [str(name) for [name] in connection.run(_TABLES) or []]
        digest = (
            "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t WHERE tenant_id = :tenant"
        )
        return {table: str((connection.run(digest.format(table), tenant=tenant) or [[""]])[0][0]) for table in tables}
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
