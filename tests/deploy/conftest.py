"""What the deploy tests look at: the declarations of `app.py`, the packaged template, a copy of the project."""

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
SHIPPED = ("app.py", "requirements.txt", "chalicelib", "migrations", "vendor", "template-extras", ".chalice")

Document = dict[str, Any]


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """One of our programs by this interpreter, in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300, **options
    )


def project_copy(folder: Path) -> Path:
    """What is shipped and what packages it, in a folder where it may be changed and built."""
    copy = folder / "project"
    copy.mkdir()
    for name in SHIPPED:
        source = PROJECT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
            shutil.copytree(source, copy / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    return copy


class Packaged(NamedTuple):
    """The template of one stage, and what `app.py` declares in it."""

    stage: str
    template: Document
    declared: Document

    def of_type(self, kind: str) -> Document:
        """The resources of a type, by logical id."""
        return {name: each for name, each in self.template["Resources"].items() if each["Type"] == kind}

    def functions(self) -> Document:
        """The properties of every function, by its name in `app.py`."""
        named = {
            each["Properties"]["FunctionName"]: each["Properties"]
            for each in self.of_type("AWS::Serverless::Function").values()
        }
        prefix = f"disparo-agenda-{self.stage}"
        return {name.removeprefix(prefix).removeprefix("-") or "api_handler": each for name, each in named.items()}

    def events(self, function: str, kind: str) -> list[Document]:
        """The properties of a function's events of one kind."""
        events = self.functions()[function].get("Events", {}).values()
        return [each["Properties"] for each in events if each["Type"] == kind]

    def statements(self, function: str) -> list[Document]:
        """What a function's role allows."""
        role = self.template["Resources"][self.functions()[function]["Role"]["Fn::GetAtt"][0]]
        [policy] = role["Properties"]["Policies"]
        statements: list[Document] = policy["PolicyDocument"]["Statement"]
        return statements


@pytest.fixture(scope="session")
def declared_by_stage() -> Callable[[str], Document]:
    """What `app.py` declares in a stage."""

    def declared(stage: str) -> Document:
        child = run(Path(__file__).with_name("declarations.py"), stage)
        assert child.returncode == 0, child.stderr
        document: Document = json.loads(child.stdout)
        return document

    return declared


@pytest.fixture(scope="session", params=["dev", "prod"])
def packaged(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    declared_by_stage: Callable[[str], Document],
) -> Packaged:
    """Each stage packaged without its code, which takes a second instead of half a minute."""
    out = tmp_path_factory.mktemp("package")
    child = run(PROJECT / "template-extras/package.py", "--stage", request.param, "--out", out, "--template-only")
    assert child.returncode == 0, child.stderr
    return Packaged(request.param, json.loads((out / "sam.json").read_text()), declared_by_stage(request.param))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project for one test; a built one weighs too much to be kept."""
    copy = project_copy(tmp_path)
    yield copy
    shutil.rmtree(copy)
