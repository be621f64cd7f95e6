"""The zip that runs in Lambda: wheels for its Python and its processor, the app, bytecode; then a proof of all that.

Everything in it is decided by `Target`, not by the Python or the machine that packages. Requirements have the versions
of `constraints.txt`. A requirement without a wheel is an error. What Chalice's command line needs stays out: of Chalice
itself, only the part that runs in Lambda is packaged.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import chalice.app
from errors import PackagingError
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from probe import imported_names, named_services

MAX_ZIP = 45 * 1024 * 1024
"""In bytes. Lambda's quota for a direct upload is 50 MB; the rest is room for the next version of a library."""
MAX_UNZIPPED = 250 * 1024 * 1024
"""Lambda's quota, in bytes."""

# The SDK of X-Ray makes a client of it on import, to ask the daemon what to sample.
_SERVICES_OF_LIBRARIES = frozenset({"xray"})
_PROBE = Path(__file__).with_name("probe.py")
_OLDEST_GLIBC = 5
_OLD_PLATFORMS = ("manylinux2014", "manylinux2010", "manylinux1")
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_ELF_MACHINES = {"x86_64": 62, "arm64": 183}


class Target:
    """What Lambda runs: `runtime` is its name for a Python, `architecture` its name for a processor.

    `python` is a Python of that version on this machine, if it cannot be found by its name.
    """

    def __init__(self, runtime: str, architecture: str, python: str | None = None) -> None:
        self.runtime = runtime
        self.architecture = architecture
        self.version = runtime.removeprefix("python")
        self._python = python

    def __str__(self) -> str:
        """Return `python3.13 arm64`, for messages."""
        return f"{self.runtime} {self.architecture}"

    @cached_property
    def tags(self) -> frozenset[Tag]:
        """The tags of the wheels that run there."""
        version = (3, int(self.version.removeprefix("3.")))
        return frozenset(
            [
                *cpython_tags(version, [self.abi], self.platforms),
                *compatible_tags(version, f"cp3{version[1]}", self.platforms),
            ]
        )

    @property
    def abi(self) -> str:
        """The name of its CPython in wheels."""
        return f"cp{self.version.replace('.', '')}"

    @property
    def platforms(self) -> list[str]:
        """The platforms of wheels that run there, newest first. Python 3.12 and newer run on Amazon Linux 2023."""
        newest = 26 if self.abi in {"cp310", "cp311"} else 34
        machine = _MACHINES[self.architecture]
        new = (f"manylinux_2_{minor}" for minor in range(newest, _OLDEST_GLIBC - 1, -1))
        return [f"{each}_{machine}" for each in (*new, *_OLD_PLATFORMS)]

    @cached_property
    def compiler(self) -> str | None:
        """A Python of this version on this machine, or None: no other one writes its bytecode.

        Raises:
            PackagingError: the given one is none.
        """
        if self._python is not None and not self._is_ours(self._python):
            raise PackagingError(f"{self._python} is no {self.runtime}")
        candidates = (self._python, sys.executable, self.runtime)
        return next((each for each in candidates if each is not None and self._is_ours(each)), None)

    def _is_ours(self, python: str) -> bool:
        """Whether a program runs and is a Python of this version; one that stands in the PATH may be an empty shim."""
        found = shutil.which(python)
        if found is None:
            return False
        asked = "import sys; print('python%d.%d' % sys.version_info[:2])"
        answer = subprocess.run([found, "-I", "-c", asked], capture_output=True, text=True, check=False)  # noqa: S603
        return answer.stdout.strip() == self.runtime

    @property
    def interpreter(self) -> str | None:
        """A Python that imports what is packaged: the `compiler`, if the processor is ours too."""
        is_ours = (sys.platform, platform.machine()) == ("linux", _MACHINES[self.architecture])
        return self.compiler if is_ours else None

    @property
    def elf_machine(self) -> int:
        """The number of its processor in the head of a compiled module."""
        return _ELF_MACHINES[self.architecture]


class Proof(NamedTuple):
    """The result of checking a zip: its size and its unzipped size in bytes, and what was found in it."""

    zipped: int
    unzipped: int
    found: list[str]


def build(project: Path, target: Target, package: Path) -> None:
    """Build the zip of the app, its wheels and its migrations.

    Raises:
        PackagingError: a requirement has no wheel that runs in Lambda.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _install(project, target, folder)
        _add_app(project, folder)
        _forget_services(folder)
        if target.compiler is not None:
            _compile(target.compiler, folder)
        _zip(folder, package)


def proven(package: Path, project: Path, target: Target, environment: dict[str, str]) -> Proof:
    """Check the size and the content of a zip, and import the app from it as Lambda would, if this machine can.

    Raises:
        PackagingError: the zip is too large, lacks something, has something for another processor, or does not import.
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
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(package, folder, "zip")
        found = [_wheels_fit(Path(folder), target), _bytecode(names, target)]
        if target.interpreter is None:
            found.append(_all_is_there(Path(folder), target))
        else:
            found.append(_imports(Path(folder), target.interpreter, environment))
    return Proof(zipped, unzipped, found)


def _install(project: Path, target: Target, folder: Path) -> None:
    """Unpack the wheels of every requirement but Chalice, as pip resolves them for the target."""
    wanted = [line for line in (project / "requirements.txt").read_text().splitlines() if _name(line) != "chalice"]
    if not wanted:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write("\n".join(wanted))
        requirements.flush()
        pip = subprocess.run(  # noqa: S603 - this interpreter's pip with our own files
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
                "--target", folder, "--only-binary", ":all:", "--implementation", "cp", "--abi", target.abi,
                "--python-version", target.version, *(f"--platform={each}" for each in target.platforms),
                "-r", requirements.name, "-c", project / "constraints.txt",
            ],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    if pip.returncode:
        reasons = re.findall(r"^ERROR: (.*)", pip.stderr, re.MULTILINE)
        raise PackagingError(f"no wheel for {target}: {'; '.join(reasons) or pip.stderr}")
    shutil.rmtree(folder / "bin", ignore_errors=True)  # commands, with a path of this machine in them


def _name(requirement: str) -> str:
    """Return the name at the start of a line of requirements, in lower case; empty for a comment."""
    found = re.match(r"[\w.-]+", requirement)
    return found[0].lower() if found else ""


def _add_app(project: Path, folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copy(project / "app.py", folder)
    shutil.copytree(project / "chalicelib", folder / "chalicelib", ignore=ignored)
    shutil.copytree(project / "vendor", folder, ignore=ignored, dirs_exist_ok=True)  # follows symlinks
    (folder / "chalice").mkdir()
    source = Path(chalice.app.__file__)
    for name in ("__init__.py", "app.py"):
        shutil.copy(source.with_name(name), folder / "chalice")


def _forget_services(folder: Path) -> None:
    """Remove what the SDK knows of services that the app asks no client of, which is more than a third of the zip."""
    services = _SERVICES_OF_LIBRARIES.union(*map(named_services, _sources(folder)))
    for known in folder.glob("botocore/data/*/"):
        if known.name not in services:
            shutil.rmtree(known)


def _sources(folder: Path) -> Iterator[str]:
    """The source of each module of the app."""
    return (each.read_text("utf-8") for each in (folder / "app.py", *folder.glob("chalicelib/**/*.py")))


def _compile(compiler: str, folder: Path) -> None:
    """Write bytecode that is used without a look at its source, because the code in Lambda never changes."""
    compiled = subprocess.run(  # noqa: S603 - a Python of this machine
        [
            compiler, "-I", "-m", "compileall", "-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash",
            "-s", folder, "-p", "/var/task", folder,
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if compiled.returncode:
        raise PackagingError(f"{compiler} does not compile the code: {compiled.stdout}{compiled.stderr}")


def _zip(folder: Path, package: Path) -> None:
    """Write the zip. The same files make the same zip, and Lambda may read them whatever the umask here is."""
    package.unlink(missing_ok=True)
    unfinished = package.with_suffix(".unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    unfinished.rename(package)


def _wheels_fit(folder: Path, target: Target) -> str:
    """Check the tags of every wheel, and the processor of every compiled module."""
    wheels = list(folder.glob("*.dist-info/WHEEL"))
    for wheel in wheels:
        tags = re.findall(r"^Tag: (\S+)$", wheel.read_text("utf-8"), re.MULTILINE)
        if not any(target.tags & parse_tag(tag) for tag in tags):
            raise PackagingError(f"{wheel.parent.name} is for {', '.join(tags)}, not for {target}")
    modules = list(_compiled_modules(folder))
    for module in modules:
        head = module.read_bytes()[:20]
        if head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") != target.elf_machine:
            raise PackagingError(f"{module.relative_to(folder)} is for another processor than {target}")
    return f"{len(wheels)} wheels and {len(modules)} compiled modules for {target}"


def _compiled_modules(folder: Path) -> Iterator[Path]:
    return (each for each in folder.rglob("*") if re.search(r"\.so(\.\d+)*$", each.name))


def _bytecode(names: set[str], target: Target) -> str:
    """Say whether every module has its bytecode."""
    if target.compiler is None:
        return f"no bytecode: {target.runtime} is not on this machine, so every cold start compiles (docs/aws.md)"
    sources = {each for each in names if each.endswith(".py")}
    compiled = {_bytecode_of(each, target) for each in sources}
    if compiled - names:
        raise PackagingError(f"without bytecode: {', '.join(sorted(compiled - names))}")
    return f"{len(sources)} modules with bytecode of {target.runtime}"


def _bytecode_of(source: str, target: Target) -> str:
    folder, _, name = source.rpartition("/")
    tag = f"cpython-{target.version.replace('.', '')}"
    return f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc".removeprefix("/")


def _imports(folder: Path, interpreter: str, environment: dict[str, str]) -> str:
    """Run the probe on the unzipped code and nothing else, and return its output."""
    probe = subprocess.run(  # noqa: S603 - our own file
        [interpreter, "-I", "-S", _PROBE, folder],
        env={"PATH": "", "AWS_REGION": "us-east-1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if probe.returncode:
        raise PackagingError(f"the app does not import from the zip:\n{probe.stderr}")
    return probe.stdout.strip()


def _all_is_there(folder: Path, target: Target) -> str:
    """Look for every module that our code names, where nothing can be imported."""
    named = set[str]().union(*map(imported_names, _sources(folder)))
    named = {each for each in named if each.partition(".")[0] not in sys.stdlib_module_names}
    missing = sorted(each for each in named if not _is_module(folder, each))
    if missing:
        raise PackagingError(f"not in the zip: {', '.join(missing)}")
    return f"the {len(named)} modules that the app names are there; {target} is not on this machine to import them"


def _is_module(folder: Path, name: str) -> bool:
    place = folder.joinpath(*name.split("."))
    return place.is_dir() or any(place.parent.glob(f"{place.name}.*"))
