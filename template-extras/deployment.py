"""The zip that runs in Lambda: built by Chalice's packager, then checked for completeness.

For Chalice a missing wheel is a warning, with exit code 0; here it is an error. The app is also imported from the zip,
so that a zip that does not work is never deployed. Transitive requirements have the versions of `constraints.txt`.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from chalice.config import Config
from chalice.deploy.packager import (
    DependencyBuilder,
    LambdaDeploymentPackager,
    MissingDependencyError,
    PipRunner,
    SubprocessPip,
)
from chalice.utils import UI, OSUtils
from errors import PackagingError

# Lambda's quotas in bytes: for a zip that is uploaded directly, and for its unzipped content.
MAX_ZIP = 50 * 1024 * 1024
MAX_UNZIPPED = 250 * 1024 * 1024

_PROBE = Path(__file__).with_name("probe.py")


class Proof(NamedTuple):
    """The result of checking a zip: its size and its unzipped size in bytes, and the output of the probe."""

    zipped: int
    unzipped: int
    probe: str


def build(config: Config, target: Path) -> None:
    """Build the zip of the app, its wheels and its migrations.

    Raises:
        PackagingError: a requirement has no wheel that runs in Lambda.
    """
    target.unlink(missing_ok=True)
    osutils = _CleanOSUtils()
    architecture = config.lambda_architecture
    packager = _FreshPackager(
        target,
        osutils=osutils,
        dependency_builder=_StrictDependencyBuilder(
            osutils,
            PipRunner(_ConstrainedPip(Path(config.project_dir) / "constraints.txt", osutils), osutils),
            architecture=architecture,
        ),
        ui=UI(),
        architecture=architecture,
    )
    packager.create_deployment_package(config.project_dir, config.lambda_python_version)


def proven(package: Path, project: Path, environment: dict[str, str]) -> Proof:
    """Check the size and the content of a zip, and import the app from it as Lambda would.

    Raises:
        PackagingError: the zip is too large or lacks a migration, or the app does not import from it.
    """
    with zipfile.ZipFile(package) as archive:
        unzipped = sum(each.file_size for each in archive.infolist())
        names = set(archive.namelist())
    zipped = package.stat().st_size
    if zipped > MAX_ZIP or unzipped > MAX_UNZIPPED:
        raise PackagingError(f"too large for Lambda: {zipped} bytes zipped, {unzipped} unzipped")
    missing = {f"migrations/{each.name}" for each in project.glob("migrations/*.sql")} - names
    if missing:
        raise PackagingError(f"not in the zip (is vendor/migrations a symlink?): {', '.join(sorted(missing))}")
    return Proof(zipped, unzipped, _probed(package, environment))


def _probed(package: Path, environment: dict[str, str]) -> str:
    """Unzip (compiled modules do not import from a zip), run the probe on nothing else, and return its output."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise PackagingError("the wheels in the zip are for Linux on x86_64: they can be tested there only")
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(package, folder, "zip")
        probe = subprocess.run(  # noqa: S603 - our own file, run by this interpreter
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
    """Writes a new zip to the given path. Chalice alone would reuse one that an interrupted build left unfinished."""

    def __init__(self, target: Path, **collaborators: Any) -> None:
        super().__init__(**collaborators)
        self._target = target

    def deployment_package_filename(self, project_dir: str, python_version: str) -> str:
        return str(self._target)


class _ConstrainedPip(SubprocessPip):
    """Resolves requirement files within `constraints.txt`, as `make` does for the virtual environment."""

    def __init__(self, constraints: Path, osutils: OSUtils) -> None:
        super().__init__(osutils)
        self._constraints = constraints

    def main(
        self, args: list[str], env_vars: MutableMapping[str, str] | None = None, shim: str | None = None
    ) -> tuple[int, bytes, bytes]:
        constrained = [*args, "-c", str(self._constraints)] if "-r" in args else args
        return super().main(constrained, env_vars, shim)


class _StrictDependencyBuilder(DependencyBuilder):
    """Raises when a wheel is missing, where Chalice only warns."""

    def build_site_packages(self, abi: str, requirements_filepath: str, target_directory: str) -> None:
        try:
            super().build_site_packages(abi, requirements_filepath, target_directory)
        except MissingDependencyError as error:
            names = ", ".join(sorted(each.identifier for each in error.missing))
            raise PackagingError(f"no wheel for Lambda's {abi} on {self._machine}: {names}") from error


class _CleanOSUtils(OSUtils):
    """Keeps this machine's bytecode out of the zip and out of the hash in its name."""

    def walk(self, path: str, followlinks: bool = False) -> Iterator[tuple[Any, list[str], list[str]]]:
        for root, folders, files in super().walk(path, followlinks=followlinks):
            folders[:] = [each for each in folders if each != "__pycache__"]
            yield root, folders, files
