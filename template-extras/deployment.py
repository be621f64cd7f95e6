"""The zip that runs in Lambda: Chalice's packager, then a proof that the zip is whole.

Chalice takes a missing wheel for a warning and exits with 0; here it is an error, and the app is imported from the
zip before anybody deploys it.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from chalice.config import Config
from chalice.deploy.packager import DependencyBuilder, LambdaDeploymentPackager, MissingDependencyError
from chalice.utils import UI, OSUtils
from errors import PackagingError

# Lambda quotas: a zip that is uploaded directly, and what it unzips to.
MAX_ZIP = 50 * 1024 * 1024
MAX_UNZIPPED = 250 * 1024 * 1024

_PROBE = Path(__file__).with_name("probe.py")


class Proof(NamedTuple):
    """What was found out about a zip: its size and what it unzips to, in bytes, and what the probe said."""

    zipped: int
    unzipped: int
    probe: str


def build(config: Config, target: Path) -> None:
    """Make the zip of the app, its wheels and its migrations.

    Raises:
        PackagingError: a requirement has no wheel that runs in Lambda.
    """
    target.unlink(missing_ok=True)
    osutils = _CleanOSUtils()
    architecture = config.lambda_architecture
    packager = _FreshPackager(
        target,
        osutils=osutils,
        dependency_builder=_StrictDependencyBuilder(osutils, architecture=architecture),
        ui=UI(),
        architecture=architecture,
    )
    packager.create_deployment_package(config.project_dir, config.lambda_python_version)


def proven(package: Path, project: Path, environment: dict[str, str]) -> Proof:
    """Check a zip's size and contents and import the app from it, as Lambda would.

    Raises:
        PackagingError: it is too large, lacks a migration, or does not import.
    """
    with zipfile.ZipFile(package) as archive:
        unzipped = sum(each.file_size for each in archive.infolist())
        names = set(archive.namelist())
    zipped = package.stat().st_size
    if zipped > MAX_ZIP or unzipped > MAX_UNZIPPED:
        raise PackagingError(f"too large for Lambda: {zipped} bytes zipped, {unzipped} unzipped")
    absent = {f"migrations/{each.name}" for each in project.glob("migrations/*.sql")} - names
    if absent:
        raise PackagingError(f"not in the zip (is vendor/migrations a symlink?): {', '.join(sorted(absent))}")
    return Proof(zipped, unzipped, _probed(package, environment))


def _probed(package: Path, environment: dict[str, str]) -> str:
    """Unzip, for compiled wheels do not import out of a zip, and run the probe with nothing else in sight."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise PackagingError("the wheels in the zip are for Linux on x86_64: only there can they be proven")
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(package, folder, "zip")
        probe = subprocess.run(  # noqa: S603 - our own file, run by our own interpreter
            [sys.executable, "-I", "-S", str(_PROBE), folder],
            env={"PATH": os.defpath, "AWS_REGION": "us-east-1", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    if probe.returncode:
        raise PackagingError(f"the app does not import from the zip:\n{probe.stderr}")
    return probe.stdout.strip()


class _FreshPackager(LambdaDeploymentPackager):
    """Writes where it is told, each time anew: Chalice would reuse a zip that an interrupted build left unfinished."""

    def __init__(self, target: Path, **collaborators: Any) -> None:
        super().__init__(**collaborators)
        self._target = target

    def deployment_package_filename(self, project_dir: str, python_version: str) -> str:
        return str(self._target)


class _StrictDependencyBuilder(DependencyBuilder):
    def build_site_packages(self, abi: str, requirements_filepath: str, target_directory: str) -> None:
        try:
            super().build_site_packages(abi, requirements_filepath, target_directory)
        except MissingDependencyError as error:
            names = ", ".join(sorted(each.identifier for each in error.missing))
            raise PackagingError(f"no wheel for Lambda's {abi} on {self._machine}: {names}") from error


class _CleanOSUtils(OSUtils):
    """Leaves this machine's bytecode out of the zip and out of the hash that names it."""

    def walk(self, path: str, followlinks: bool = False) -> Iterator[tuple[Any, list[str], list[str]]]:
        for root, folders, files in super().walk(path, followlinks=followlinks):
            folders[:] = [each for each in folders if each != "__pycache__"]
            yield root, folders, files
