"""Each worker has a folder of its own, and the folder of a killed worker is removed by the next one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib.ingestion.jobs.scratch import PREFIX, remove_abandoned, scratch
from tests.conftest import ROOT

# A worker that uses its folder until it is killed.
WORKER = """
import sys
from chalicelib.ingestion.jobs.scratch import scratch
with scratch() as folder:
    (folder / "workbook").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_is_empty_at_first_and_deleted_afterwards(disk: Path) -> None:
    with scratch() as folder:
        assert (folder.parent, list(folder.iterdir())) == (disk, [])
        (folder / "workbook").write_text("x")
    assert list(disk.iterdir()) == []


def test_the_folders_of_running_workers_are_not_removed() -> None:
    with scratch() as first, scratch() as second:
        remove_abandoned()
        assert first.exists()
        assert second.exists()
        assert first != second


def test_a_folder_that_is_being_made_is_not_taken_for_abandoned(disk: Path) -> None:
    def work(_number: int) -> None:
        with scratch() as folder:
            (folder / "workbook").write_text("x")

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(1_000)))
    assert list(disk.iterdir()) == []


def test_the_folder_of_a_killed_worker_is_removed_by_the_next_one(disk: Path) -> None:
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        left = Path(worker.stdout.readline().strip())
        with scratch():
            assert (left / "workbook").exists(), "its worker is alive"
        worker.kill()
    assert left.parent == disk
    assert (left / "workbook").exists()
    with scratch() as folder:
        assert list(disk.iterdir()) == [folder]


def test_other_files_and_folders_stay(disk: Path) -> None:
    (disk / f"{PREFIX}notes").write_text("not a folder")
    (disk / "another").mkdir()
    with scratch():
        pass
    assert sorted(path.name for path in disk.iterdir()) == ["another", f"{PREFIX}notes"]
