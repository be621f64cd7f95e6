"""The pinned `tzdata` wins over the system's, wherever we run."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = (
    "from zoneinfo import ZoneInfo\nfrom datetime import datetime\n"
    "print(datetime(2026, 12, 15, 12, tzinfo=ZoneInfo('America/Vancouver')).utcoffset())\n"
)
# British Columbia stays on its summer time from 2026 on; files of before do not know that.
PINNED, OF_ANOTHER = "-1 day, 17:00:00", "9:00:00"


@pytest.fixture
def hostile(tmp_path: Path) -> dict[str, str]:
    """An environment whose system says that Vancouver is Tokyo."""
    (tmp_path / "America").mkdir()
    shutil.copyfile(str(files("tzdata") / "zoneinfo" / "Asia" / "Tokyo"), tmp_path / "America" / "Vancouver")
    return {**os.environ, "PYTHONTZPATH": str(tmp_path), "PYTHONPATH": str(ROOT)}


def said(code: str, environ: dict[str, str]) -> str:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_python_by_itself_believes_the_system(hostile: dict[str, str]) -> None:
    assert said(ASK, hostile) == OF_ANOTHER


@pytest.mark.parametrize(
    "door", ["import chalicelib.scheduling.rules.slots", "import chalicelib.tenants.config", "import local"]
)
def test_pinned_zones_win_wherever_our_code_is_imported(hostile: dict[str, str], door: str) -> None:
    assert said(f"{door}\n{ASK}", hostile) == PINNED


def test_zone_that_was_read_before_ours_came_is_forgotten(hostile: dict[str, str]) -> None:
    assert said(f"{ASK}import chalicelib\n{ASK}", hostile).splitlines() == [OF_ANOTHER, PINNED]


def test_app_has_the_pinned_zones(hostile: dict[str, str]) -> None:
    assert said(f"import app\n{ASK}", {**hostile, "AWS_DEFAULT_REGION": "us-east-1"}) == PINNED


def test_whoever_reads_zones_imports_our_code() -> None:
    """`chalicelib` pins the zones, and `local` imports it; each other module that uses zones imports one of them."""
    forgetful = []
    for folder in ("bench", "samples", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            imported = _imports(path)
            if "zoneinfo" in imported and not {"chalicelib", "local"} & imported:
                forgetful.append(str(path.relative_to(ROOT)))
    assert forgetful == []


def _imports(path: Path) -> set[str]:
    """The first names of what a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
