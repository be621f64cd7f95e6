"""Fixtures of the deploy tests: the declarations of `app.py`, the packaged template, a copy of the project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGED = ("app.py", "requirements.txt", "constraints.txt", "chalicelib", "migrations", "vendor", "template-extras")

Document = dict[str, Any]


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run one of our programs with this interpreter, in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300, **options
    )


def project_copy(folder: Path) -> Path:
    """Copy what is shipped, and the packager, to a folder where a test may change and build it."""
    copy = folder / "project"
    copy.mkdir()
    for name in (*PACKAGED, ".chalice"):
        source = PROJECT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
            shutil.copytree(source, copy / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    return copy


class Packaged(NamedTuple):
    """The template of one stage, and what `app.py` declares for it."""

    stage: str
    template: Document
    declared: Document

    def of_type(self, kind: str) -> Document:
        """Return the resources of a type by logical id."""
        return {name: each for name, each in self.template["Resources"].items() if each["Type"] == kind}

    def functions(self) -> Document:
        """Return the properties of every function by its name in `app.py`."""
        by_name = {
            each["Properties"]["FunctionName"]: each["Properties"]
            for each in self.of_type("AWS::Serverless::Function").values()
        }
        prefix = f"disparo-agenda-{self.stage}"
        return {name.removeprefix(prefix).removeprefix("-") or "api_handler": each for name, each in by_name.items()}

    def events(self, function: str, kind: str) -> list[Document]:
        """Return the properties of a function's events of one kind."""
        events = self.functions()[function].get("Events", {}).values()
        return [each["Properties"] for each in events if each["Type"] == kind]

    def statements(self, function: str) -> list[Document]:
        """Return the policy statements of a function's role."""
        role = self.template["Resources"][self.functions()[function]["Role"]["Fn::GetAtt"][0]]
        [policy] = role["Properties"]["Policies"]
        statements: list[Document] = policy["PolicyDocument"]["Statement"]
        return statements


@pytest.fixture(scope="session")
def declared_by_stage() -> Callable[[str], Document]:
    """Return a function that reads what `app.py` declares for a stage."""

    def declarations_of(stage: str) -> Document:
        child = run(Path(__file__).with_name("declarations.py"), stage)
        assert child.returncode == 0, child.stderr
        document: Document = json.loads(child.stdout)
        return document

    return declarations_of


@pytest.fixture(scope="session", params=["dev", "prod"])
def packaged(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    declared_by_stage: Callable[[str], Document],
) -> Packaged:
    """Each stage, packaged without its code: that takes a second instead of half a minute."""
    out = tmp_path_factory.mktemp("package")
    child = run(PROJECT / "template-extras/package.py", "--stage", request.param, "--out", out, "--template-only")
    assert child.returncode == 0, child.stderr
    return Packaged(request.param, json.loads((out / "sam.json").read_text()), declared_by_stage(request.param))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project for one test. It is removed afterwards, because a built one is large."""
    copy = project_copy(tmp_path)
    yield copy
    shutil.rmtree(copy)
