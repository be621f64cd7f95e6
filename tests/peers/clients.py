"""The clients that others generate from our contract: they compile, and do the README's tour at the local stack."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from local.aws import ADMIN_GROUP
from local.stack import Stack
from samples.generate import DEFAULT_OUT as SAMPLE
from samples.generate import generate_carteira
from tests.peers.environments import node, python
from tests.peers.trials import Result
from tests.peers.webhooks import LIBRARY as WEBHOOKS

PYTHON_GENERATOR = ("openapi-python-client==0.29.1", "mypy==2.4.1")
TYPESCRIPT_GENERATOR = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3")
_TOURS = Path(__file__).with_name("tours")
_PACKAGE = "disparo_agenda_client"
_COMPILE = ["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--outDir", "compiled"]
_DEBTORS = 300
_MOST_S = 600


class _Step(NamedTuple):
    """A program, and what it is run for; each line that a tour prints is a trial of its own."""

    name: str
    command: Sequence[str]
    is_tour: bool = False


def generated_clients(folder: Path) -> Iterator[Result]:
    """Generate, compile and use a client in Python and one in TypeScript, each as a tenant of its own."""
    tools = python("python-client", *PYTHON_GENERATOR)
    runtime, modules = node("typescript-client", *TYPESCRIPT_GENERATOR, WEBHOOKS, "@types/node@22.20.7")
    generate_carteira(folder / "carteira.xlsx", _DEBTORS, 2)
    stack = Stack(folder / "stack", report=lambda _: None)
    stack.up()
    try:
        yield from _steps("python", folder / "python", tools, _python_steps(stack, tools, folder))
        yield from _steps(
            "typescript", folder / "typescript", runtime, _typescript_steps(stack, runtime, modules, folder)
        )
    finally:
        stack.down()


def _python_steps(stack: Stack, tools: Path, folder: Path) -> list[_Step]:
    here = folder / "python"
    here.mkdir()
    shutil.copy(_TOURS / "tour.py", here)
    # Its own formatting is not what is tested.
    here.joinpath("config.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    generate = ["generate", "--url", _contract(stack), "--meta", "none", "--output-path", _PACKAGE]
    return [
        _Step("openapi-python-client", [
            str(tools / "openapi-python-client"), *generate, "--config", "config.yaml", "--fail-on-warning",
        ]),
        _Step("mypy --strict", [str(tools / "mypy"), "--strict", _PACKAGE, "tour.py"]),
        _Step("tour.py", [str(tools / "python"), "tour.py", *_arguments(stack, "acme", folder)], is_tour=True),
    ]  # fmt: skip


def _typescript_steps(stack: Stack, runtime: Path, modules: Path, folder: Path) -> list[_Step]:
    here = folder / "typescript"
    here.mkdir()
    shutil.copy(_TOURS / "tour.ts", here)
    here.joinpath("node_modules").symlink_to(modules)
    here.joinpath("package.json").write_text('{"type": "module"}\n', encoding="utf-8")
    run = str(runtime / "node")
    # Fields with a default need not be sent.
    options = ["--default-non-nullable=false", "--output", "schema.d.ts"]
    return [
        _Step("openapi-typescript", [
            run, str(modules / "openapi-typescript" / "bin" / "cli.js"), _contract(stack), *options,
        ]),
        _Step("tsc --strict", [run, str(modules / "typescript" / "bin" / "tsc"), *_COMPILE, "tour.ts", "schema.d.ts"]),
        _Step("tour.ts", [run, "compiled/tour.js", *_arguments(stack, "outra", folder)], is_tour=True),
    ]  # fmt: skip


def _contract(stack: Stack) -> str:
    return f"{stack.url('api')}/openapi.json"


def _arguments(stack: Stack, tenant: str, folder: Path) -> list[str]:
    """What both tours are told: the API, who calls, two workbooks, and where the provider takes its faults."""
    token = stack.token(tenant, [ADMIN_GROUP])
    return [stack.url("api"), token, str(SAMPLE), str(folder / "carteira.xlsx"), stack.url("whatsapp")]


def _steps(language: str, folder: Path, path: Path, steps: Sequence[_Step]) -> Iterator[Result]:
    """The results of the steps, up to the first one that fails."""
    environ = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}"}
    for step in steps:
        done = subprocess.run(
            step.command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=_MOST_S
        )
        if step.is_tour:
            for line in done.stdout.splitlines():
                asked, _, answer = line.partition("\t")
                yield Result(language, asked, answer, "", "")
        said = "\n".join((done.stdout * (not step.is_tour) + done.stderr).strip().splitlines()[-10:])
        yield Result(language, step.name, f"exit status {done.returncode}", "", said if done.returncode else "")
        if done.returncode:
            return
