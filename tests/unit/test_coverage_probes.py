"""The marks of `tests/coverage_probes.py` find the same lines and branches as the tracer of coverage.py."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.coverage_probes import Source, write

PROJECT = Path(__file__).parents[2]

SAMPLE = '''"""All kinds of statements that decide something."""

from __future__ import annotations

import contextlib


def decided(number):
    """Has all arms of an `if`."""
    if number > 10:
        word = "many"
    elif (
        number > 5
        and number < 8
    ):
        word = "some"
    else:
        word = "few"
    if number == 7:
        word += "!"
    return word if number else None


def looped(numbers):
    for number in numbers:
        if number < 0:
            break
        if number == 3:
            continue
        number += 1
    else:
        numbers = list(
            numbers
        )
    while numbers:
        numbers = numbers[1:]
        if numbers == [8]:
            break
    else:
        numbers = [1]
    while True:
        if not numbers:
            break
        numbers = []
    for _ in "ab":
        pass


def matched(value):
    match value:
        case int() if value > 5:
            value = "large"
        case (
            [first, *_]
        ):
            value = first
        case str() | None:
            pass
    match value:
        case "large":
            return 1
        case _:
            value = 2 if value is None else value
    match value:
        case 2:
            return 3
        case 1:
            return 4


def caught(error):
    try:
        if error:
            raise error
    except ValueError:
        error = None
    except (KeyError, TypeError) as other:
        raise RuntimeError from other
    else:
        error = 1
    finally:
        if error:
            error = 2
    with contextlib.suppress(Exception):
        with contextlib.nullcontext():
            if error == 2:
                raise ValueError
        error = 3
    return error


def left(numbers):
    for number in numbers:
        with contextlib.nullcontext():
            if number:
                continue
        try:
            if number is None:
                return number
        finally:
            numbers = None
    if numbers is None:
        raise LookupError


class Outer:
    """Has a body that runs at once."""

    size: int = 3
    if size > 2:
        limit = 4

    @staticmethod
    @contextlib.contextmanager
    def opened(number):
        if number:
            @staticmethod
            def inner():
                str("x")

            inner()
        yield [each for each in range(number) if each]
        if number > 2:
            del number


async def awaited(number):
    if number:
        return await awaited(number - 1)


def given(numbers):
    later = lambda: (
        1
    )
    if numbers:
        return sum(
            later()
            for _ in numbers
        )
'''

CALLS = [
    *(("decided", number) for number in (0, 7, 6, 11)),
    *(("looped", numbers) for numbers in ([], [1], [3, -1], [1, 8])),
    *(("matched", value) for value in (1, 9, [1], [[2]], None, "large", 5.5)),
    *(("caught", error) for error in (None, ValueError(), KeyError())),
    *(("left", numbers) for numbers in ([], [1], [0], [None])),
    *(("opened", number) for number in (0, 1, 3)),
    *(("awaited", number) for number in (0, 1)),
    *(("given", numbers) for numbers in ([], [1])),
]


def run(namespace: dict[str, Any], calls: Collection[int]) -> None:
    """Make these calls of the sample."""
    for number in sorted(calls):
        name, argument = CALLS[number]
        with contextlib.suppress(Exception):
            match name:
                case "opened":
                    with namespace["Outer"].opened(argument):
                        pass
                case "awaited":
                    asyncio.run(namespace[name](argument))
                case _:
                    namespace[name](argument)


def missing(coverage: Coverage, path: Path) -> tuple[list[int], list[list[int]]]:
    """Return the lines and branches of a file that coverage.py reports as missing."""
    report = path.with_suffix(".json")
    coverage.json_report(outfile=str(report), morfs=[str(path)])
    (file,) = json.loads(report.read_text("utf-8"))["files"].values()
    return file["missing_lines"], file["missing_branches"]


def with_marks(path: Path, calls: Collection[int]) -> tuple[list[int], list[list[int]]]:
    """What is missing after these calls, by our marks."""
    source = Source(str(path))
    namespace: dict[str, Any] = {"__name__": "sample"}
    source.run(namespace)
    run(namespace, calls)
    coverage = Coverage(data_file=str(path.with_suffix(".coverage")), config_file=False)
    write([source], coverage.config.data_file)
    coverage.load()
    return missing(coverage, path)


def with_tracer(path: Path, code: CodeType, calls: Collection[int]) -> tuple[list[int], list[list[int]]]:
    """What is missing after these calls, by coverage.py."""
    coverage = Coverage(data_file=None, branch=True, include=[str(path)], config_file=False)
    with coverage.collect():
        namespace: dict[str, Any] = {"__name__": "sample"}
        exec(code, namespace)
        run(namespace, calls)
    return missing(coverage, path)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the sample."""
    path = tmp_path_factory.mktemp("sample") / "sample.py"
    path.write_text(SAMPLE, "utf-8")
    return path


@given(st.sets(st.integers(0, len(CALLS) - 1)))
@settings(max_examples=15)
def test_marks_find_the_same_missing_lines_and_branches_as_the_tracer(sample: Path, calls: set[int]) -> None:
    """Whatever is called; but for an `except` that is tried and catches nothing, which the sample has not."""
    assert with_marks(sample, calls) == with_tracer(sample, compile(SAMPLE, sample, "exec", dont_inherit=True), calls)


def test_whole_sample_is_reached(sample: Path) -> None:
    lines, branches = with_marks(sample, range(len(CALLS)))
    assert lines == []
    assert [SAMPLE.splitlines()[start - 1].strip() for start, _ in branches] == ["if size > 2:"]  # it always is


def test_module_keeps_its_docstring_and_the_lines_of_its_errors(sample: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "sample"}
    Source(str(sample)).run(namespace)
    assert namespace["__doc__"] == "All kinds of statements that decide something."
    assert namespace["decided"].__doc__ == "Has all arms of an `if`."
    with pytest.raises(LookupError) as raised:
        namespace["left"]([0])
    line = raised.traceback[-1].lineno + 1
    assert SAMPLE.splitlines()[line - 1].strip() == "raise LookupError"


PROJECT_FILES = {
    "pyproject.toml": '[tool.coverage.run]\nbranch = true\nsource = ["ours", "alone"]\n',
    "ours/__init__.py": "",
    "ours/never.py": "NUMBER = 1\n",
    "ours/rooms.py": "def one(number):\n    if number:\n        return 'a'\n    return 'b'\n\n\n"
    "def two():\n    return 2\n",
    "alone.py": "def three(number):\n    if number:\n        number = 3\n    return number\n",
    "tests/test_a.py": "import threading\n\nfrom ours.rooms import one\n\n\n"
    "def test_a():\n    thread = threading.Thread(target=one, args=[1])\n    thread.start()\n    thread.join()\n",
    "tests/test_b.py": "from alone import three\nfrom ours.rooms import one\n\n\n"
    "def test_b():\n    assert one(0) == 'b'\n    assert three(1) == 3\n",
}


def test_what_no_worker_reaches_is_reported(tmp_path: Path) -> None:
    for name, text in PROJECT_FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")

    def python(*arguments: str) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}
        environ["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(PROJECT)])
        ended = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        return f"{ended.returncode}\n{ended.stdout}{ended.stderr}"

    assert "2 passed" in python("pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "tests.coverage_probes")
    report = python("coverage", "report", "--show-missing", "--fail-under=100")
    assert report.startswith("2\n")
    columns = {line.split()[0]: " ".join(line.split()[6:]) for line in report.splitlines() if ".py" in line}
    assert columns == {"ours/never.py": "1", "ours/rooms.py": "8", "alone.py": "2->4", "ours/__init__.py": ""}
