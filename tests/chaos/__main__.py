"""Breaks the stack in many ways and prints an account after each: `python -m tests.chaos [SCENARIO…]`.

It takes a quarter of an hour. The exit status is 1 if an account does not balance. The logs are in `.local/chaos`.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence

from local.project import ROOT
from tests.chaos.accounts import Account
from tests.chaos.machine import Machine, TooSlow
from tests.chaos.scenarios import SCENARIOS

FOLDER = ROOT / ".local" / "chaos"


def main(names: Sequence[str]) -> int:
    """Run these scenarios, or all; returns how many accounts do not balance."""
    known = {each.__name__: each for each in SCENARIOS}
    if unknown := set(names) - set(known):
        print(f"no such scenario: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
        return 1
    machine = Machine(FOLDER)
    machine.down()
    shutil.rmtree(FOLDER, ignore_errors=True)
    try:
        return sum(not _balances(machine, each) for each in names or known)
    finally:
        machine.down()


def _balances(machine: Machine, name: str) -> bool:
    [scenario] = [each for each in SCENARIOS if each.__name__ == name]
    began = time.monotonic()
    print(f"\n{name.replace('_', ' ')}\n  {scenario.__doc__}", flush=True)
    try:
        machine.up()
        machine.reset_providers()
        account = scenario(machine)
    except TooSlow as error:
        account = Account(wrong=[str(error)])
    except Exception as error:  # noqa: BLE001 - the next scenario is played after any error
        account = Account(wrong=[f"{type(error).__name__}: {error}"])
    for figure, value in account.figures.items():
        print(f"  {figure}: {value}")
    for sentence in account.wrong[:10]:
        print(f"  NO: {sentence}")
    print(f"  {'ok' if not account.wrong else 'NO'}, {time.monotonic() - began:.0f} s", flush=True)
    return not account.wrong


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
