"""Hours of ordinary work in minutes, and what each process holds on to: `python -m tests.chaos.soak MINUTES`.

Files come, messages leave, lists are read, without a pause. Memory, descriptors and connections of each process are
taken every few seconds. After a warm-up they must stay flat: the last third of the time is compared with the second.
Exit status 1 says that something grew.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import psutil

from local.project import ROOT
from tests.chaos.accounts import Account
from tests.chaos.machine import Machine, until
from tests.chaos.scenarios import emails, ended, sent

FOLDER = ROOT / ".local" / "soak"
PARTS = ("api", "ingest", "workers", "postgres")
_EVERY_S = 5.0
_ROWS = 2_000
# How much more may be held at the end: a share, and a slack for what comes in blocks.
_SHARE = 1.10
_SLACK: Mapping[str, float] = {"memória, MB": 24, "descritores": 8, "conexões": 3}

Samples = dict[tuple[str, str], list[float]]


def main(minutes: float) -> int:
    """Work for so long, print what each process held, and return 1 if something grew."""
    machine = Machine(FOLDER)
    machine.down()
    shutil.rmtree(FOLDER, ignore_errors=True)
    machine.up()
    try:
        samples, account = _worked(machine, minutes * 60)
    finally:
        machine.down()
    for (part, figure), values in sorted(samples.items()):
        after_warm_up, at_the_end = _levels(values)
        grown = at_the_end > after_warm_up * _SHARE + _SLACK[figure]
        account.expect(f"{figure} of {part} grew", holds=not grown)
        print(f"  {part:9} {figure:12} {after_warm_up:8.0f} → {at_the_end:8.0f}{'   NO' if grown else ''}")
    for name, value in account.figures.items():
        print(f"  {name}: {value}")
    for sentence in account.wrong:
        print(f"  NO: {sentence}")
    return int(bool(account.wrong))


def _worked(machine: Machine, seconds: float) -> tuple[Samples, Account]:
    """Work without a pause, with samples on the way; the account is made when all has ended."""
    samples: Samples = defaultdict(list)
    stop = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        works = [pool.submit(_repeat, stop, each(machine)) for each in (_files, _messages, _readers)]
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline and not any(each.done() for each in works):
                for key, value in _taken(machine):
                    samples[key].append(value)
                stop.wait(_EVERY_S)
        finally:
            # Who interrupts this waits for one round, not for ever.
            stop.set()
        rounds = [each.result() for each in works]
    account = Account(figures={"arquivos, lotes, leituras": rounds})
    account.of_jobs(machine, "soak", rounds[0] * _ROWS)
    until(lambda: machine.count("SELECT count(*) FROM eventos WHERE publicado_em IS NULL") == 0, "the last event")
    return samples, account


def _repeat(stop: threading.Event, work: Iterator[object]) -> int:
    times = 0
    while not stop.is_set():
        next(work)
        times += 1
    return times


def _files(machine: Machine) -> Iterator[object]:
    while True:
        job_id = machine.upload("soak", _ROWS)
        ended(machine, "soak", [job_id])
        yield job_id


def _messages(machine: Machine) -> Iterator[object]:
    number = 0
    while True:
        tenant = f"soak-{number}"
        number += 1
        machine.messages(tenant, 500)
        yield sent(machine, tenant)
        people = f"{tenant}-email"  # the leads above have no e-mail
        ended(machine, people, [machine.upload(people, 20)])
        emails(machine, people)
        yield sent(machine, people)


def _readers(machine: Machine) -> Iterator[object]:
    paths = ("/leads", "/disparos", "/disparo/overview", "/leads/para-disparo", "/ingest/leads/jobs", "/saude")
    while True:
        with machine.rest("soak") as rest:
            for path in paths:
                yield rest.ask("GET", path)


def _taken(machine: Machine) -> Iterator[tuple[tuple[str, str], float]]:
    for part in PARTS:
        processes = machine.processes(part)
        yield (part, "memória, MB"), _sum(processes, lambda each: each.memory_full_info().uss / 2**20)
        yield (part, "descritores"), _sum(processes, _descriptors)
    backends = _sum(machine.processes("postgres"), lambda each: "disparo_" in " ".join(each.cmdline()))
    yield ("postgres", "conexões"), backends


def _descriptors(process: psutil.Process) -> int:
    """How many it holds, but for files of tables: each process of PostgreSQL keeps those open that it has met."""
    return int(process.num_fds()) - sum("/base/" in each.path for each in process.open_files())


def _sum(processes: Sequence[psutil.Process], figure: Callable[[psutil.Process], float]) -> float:
    total = 0.0
    for process in processes:
        try:
            total += figure(process)
        except psutil.Error:
            continue  # a backend that ended meanwhile
    return total


def _levels(values: Sequence[float]) -> tuple[float, float]:
    """The median of the middle third, after the warm-up, and that of the last third."""
    third = max(1, len(values) // 3)
    return statistics.median(values[third : 2 * third] or values), statistics.median(values[-third:])


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 15))
