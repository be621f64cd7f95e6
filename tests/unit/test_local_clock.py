"""All processes of the local stack have one clock, which a person moves."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from chalicelib.adapters.clock import clock_of, system_clock
from local.cli import cli
from local.clock import ClockRefused, StackClock

NEAR = timedelta(seconds=30)


def test_clock_without_a_file_is_the_machines(tmp_path: Path) -> None:
    assert clock_of(None) is system_clock
    assert abs(clock_of(str(tmp_path / "clock"))() - datetime.now(UTC)) < NEAR


def test_every_reader_sees_a_move_at_once(tmp_path: Path) -> None:
    clock, other = StackClock(tmp_path), clock_of(str(tmp_path / "clock"))
    clock.move("+23h")
    clock.move("+2d")
    clock.move("-30min")
    wanted = timedelta(days=2, hours=22, minutes=30)
    assert clock.ahead == wanted
    assert abs(other() - datetime.now(UTC) - wanted) < NEAR
    clock.move("agora")
    assert clock.ahead == timedelta(0)


def test_clock_moves_to_a_time(tmp_path: Path) -> None:
    clock = StackClock(tmp_path)
    clock.move("2027-12-01T09:00:00-03:00")
    assert abs(clock.now() - datetime(2027, 12, 1, 12, tzinfo=UTC)) < NEAR


@pytest.mark.parametrize("text", ["23h", "+h", "2027-12-01T09:00:00", "ontem", "+9999d", "+1s"])
def test_other_texts_are_refused_and_move_nothing(tmp_path: Path, text: str) -> None:
    clock = StackClock(tmp_path)
    with pytest.raises(ClockRefused):
        clock.move(text)
    assert clock.ahead == timedelta(0)


def test_half_written_file_is_no_shift(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("")
    assert StackClock(tmp_path).ahead == timedelta(0)


@pytest.mark.skipif(os.name != "posix", reason="the local stack needs POSIX")
def test_command_moves_and_shows_it(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert "23:00:00 ahead" in run(cli, ["--state", str(tmp_path), "clock", "+23h"]).output
    assert "22:00:00 ahead" in run(cli, ["--state", str(tmp_path), "clock", "-1h"]).output
    refused = run(cli, ["--state", str(tmp_path), "clock", "ontem"])
    assert refused.exit_code == 1
    assert "write +23h" in refused.output
