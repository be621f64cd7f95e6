"""Who acts is known where a transaction begins, also in the threads that carry it there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.acting import Actor, acting, actor, as_system, carried


def test_nobody_acts_until_somebody_says_so() -> None:
    assert actor() is None
    with acting(Actor("ana", "POST /leads", "r-1")):
        with acting(Actor("rui")):
            assert actor() == ("rui", "", "")
        assert actor() == ("ana", "POST /leads", "r-1")
    assert actor() is None


def test_who_acted_is_forgotten_after_a_failure() -> None:
    with pytest.raises(ZeroDivisionError), acting(Actor("ana")):
        raise ZeroDivisionError
    assert actor() is None


def test_function_of_ours_acts_under_its_name_each_time() -> None:
    @as_system("varredura")
    def sweep() -> Actor | None:
        """Finds."""
        return actor()

    assert sweep.__name__ == "sweep"
    assert [sweep(), sweep()] == [("sistema:varredura", "", "")] * 2


def test_threads_of_a_pool_act_for_whom_the_work_is_carried() -> None:
    def who(_: int) -> Actor | None:
        return actor()

    with ThreadPoolExecutor(2) as pool:
        with as_system("disparos"):
            carrying = carried(who)
            assert list(pool.map(who, range(4))) == [None] * 4
            assert list(pool.map(carrying, range(4))) == [Actor("sistema:disparos")] * 4
        assert list(pool.map(who, range(4))) == [None] * 4
