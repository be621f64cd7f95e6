"""A command is interrupted once, and never while it does what must not be left half done."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from local.interrupts import heard_once, held


@pytest.fixture(autouse=True)
def as_before(hears_ctrl_c: None) -> Iterator[None]:
    """The process of the tests hears the signals as in a terminal, and afterwards as before: `nohup` ignores SIGHUP."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_only_the_first_request_to_end_interrupts(number: signal.Signals) -> None:
    steps: list[str] = []

    def command() -> None:
        with heard_once():
            try:
                signal.raise_signal(number)
            finally:
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(number)
                steps.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        command()
    signal.raise_signal(number)
    assert steps == ["cleaned up"]


def test_request_to_end_waits_for_the_end_of_a_held_block() -> None:
    steps: list[str] = []

    def command() -> None:
        with heard_once():
            with held():
                signal.raise_signal(signal.SIGINT)
                steps.append("noted")
            steps.append("went on")

    with pytest.raises(KeyboardInterrupt):
        command()
    assert steps == ["noted"]


def test_held_block_without_a_request_changes_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    with held():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_signal_that_this_process_was_told_to_ignore_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard_once():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
