"""Sends odd requests that our own contract makes to every route: `python -m tests.fuzz_api ST [--examples N]`.

`ST` is the program of Schemathesis. The stack is started in `.local/fuzz-api`, filled with two tenants, and stopped
again. The exit status is 1 if an answer is a 5xx, differs from the contract, or tells of the other tenant, or if a row
of the other tenant changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from chalicelib.adapters.database import connect
from local.project import ROOT
from local.stack import Stack
from tests.fuzz_api.contents import TenantContents

FOLDER = ROOT / ".local" / "fuzz-api"
_OURS, _THEIRS, _MARK = "acme", "outra", "Zyxoutra"
_CHECKS = (
    "not_a_server_error,content_type_conformance,response_schema_conformance,tenants_stay_apart,codes_are_declared"
)
_MOST_S = 1_200
_SHOWN = 10

# The worker publishes events on its own, so their rows change.
_TABLES = """
SELECT table_name::text FROM information_schema.columns
 WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_name <> 'eventos' ORDER BY 1"""


def main() -> int:
    """Fuzz and print the account; the exit status."""
    parser = argparse.ArgumentParser(description="Fuzz the local API")
    parser.add_argument("st", type=Path, help="the program of Schemathesis")
    parser.add_argument("--examples", type=int, default=60, help="random requests of each operation, at most")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    stack = Stack(FOLDER, report=lambda _: None)
    stack.down()
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        stack.up()
        wrong = list(_fuzzed(stack, given.st.absolute(), given.examples, given.seed))
    finally:
        stack.down()
    for sentence in wrong[:_SHOWN]:
        print(f"NO: {sentence}")
    if wrong:
        print(f"{len(wrong)} in all; the requests are in {FOLDER / 'st.log'}")
    return 1 if wrong else 0


def _fuzzed(stack: Stack, st: Path, examples: int, seed: int) -> list[str]:
    """Print what was asked; a sentence for each thing that is wrong."""
    began = time.monotonic()
    ours, theirs = (TenantContents(stack, *each, FOLDER) for each in ((_OURS, "Nossa"), (_THEIRS, _MARK)))
    ids = {"ours": ours.made(), "theirs": theirs.made(), "mark": _MARK}
    before = _rows_of_theirs(stack)
    report = FOLDER / "report.json"
    command = [
        str(st), "run", f"{stack.url('api')}/openapi.json", "--phases", "coverage,fuzzing", "--checks", _CHECKS,
        "--max-examples", str(examples), "--workers", "2", "--seed", str(seed), "--continue-on-failure", "--no-shrink",
        "--no-color", "--generation-database", "none", "--header", f"Authorization: Bearer {ours.token}",
        "--report", "json", "--report-json-path", str(report),
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": str(Path(__file__).with_name("hooks.py")), "FUZZ_API": json.dumps(ids)}
    with (FOLDER / "st.log").open("wb") as log:
        try:
            ended = subprocess.run(
                command, env={**os.environ, **hooks}, cwd=FOLDER, stdout=log, stderr=log, check=False, timeout=_MOST_S
            )
        except subprocess.TimeoutExpired:
            return [f"Schemathesis did not end within {_MOST_S} s"]
    if ended.returncode not in {0, 1}:
        return [f"Schemathesis ended with {ended.returncode}: see {FOLDER / 'st.log'}"]
    told = json.loads(report.read_text(encoding="utf-8"))
    _print(told, time.monotonic() - began)
    changed = [table for table, rows in _rows_of_theirs(stack).items() if rows != before[table]]
    return [
        *(f"{each['title']}: {', '.join(each['operations'])}" for each in told["failures"]),
        *(f"Schemathesis: {each['title']}, {each['count']} times" for each in told["errors"]),
        *(f"rows of the other tenant changed: {table}" for table in changed),
    ]


def _print(told: dict[str, Any], seconds: float) -> None:
    rates = told["valid_rates"]
    never = [name for name, phases in rates.items() if not any(phase["accepted"] for phase in phases.values())]
    sums = {
        kind: sum(phase[kind] for phases in rates.values() for phase in phases.values())
        for kind in ("accepted", "rejected", "conflicts", "unreachable")
    }
    print(f"requests    {told['test_cases']['generated']}, seed {told['seed']}, {seconds:.0f} s")
    print(f"operations  {len(rates)}, of which {len(never)} accepted no request: {', '.join(sorted(never)) or 'none'}")
    print(f"valid ones  {', '.join(f'{number} {kind}' for kind, number in sums.items())}")


def _rows_of_theirs(stack: Stack) -> dict[str, str]:
    """A digest of all rows of the other tenant, by table."""
    connection = connect(stack.owner_url())
    try:
        tables = [str(name) for [name] in connection.run(_TABLES) or []]
        digest = (
            "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t WHERE tenant_id = :theirs"
        )
        return {table: str((connection.run(digest.format(table), theirs=_THEIRS) or [[""]])[0][0]) for table in tables}
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
