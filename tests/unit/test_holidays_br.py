"""The holidays of Brazil and of each of its states."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from holidays.countries.brazil import Brazil
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.places import PLACES
from chalicelib.dispatch.rules.holidays_br import Holidays, holidays_of

STATES = sorted({place.uf for place in PLACES.values()})
EASTERS = [date(2024, 3, 31), date(2026, 4, 5), date(2027, 3, 28), date(2035, 3, 25), date(2038, 4, 25)]


@pytest.mark.parametrize("uf", [None, *STATES])
def test_calendar_equals_that_of_the_library(uf: str | None) -> None:
    years = range(2024, 2101)
    expected = Brazil(years=years, subdiv=uf, categories=("public", "optional"))
    assert {day for year in years for day in holidays_of(year, uf)} == expected.keys()


@pytest.mark.parametrize("easter", EASTERS, ids=str)
@pytest.mark.parametrize("days", [-48, -47, -46, -2, 60])
def test_carnaval_good_friday_and_corpus_christi_move_with_easter(easter: date, days: int) -> None:
    assert easter + timedelta(days=days) in holidays_of(easter.year, None)


@pytest.mark.parametrize(
    ("uf", "day"),
    [
        ("BA", "2026-07-02"), ("SP", "2026-07-09"), ("RJ", "2026-04-23"), ("RS", "2026-09-20"), ("ES", "2026-04-13"),
        ("AC", "2027-01-23"), ("AC", "2025-01-24"), ("SC", "2026-08-16"),
    ],
)  # fmt: skip
def test_state_has_its_own_holidays(uf: str, day: str) -> None:
    assert date.fromisoformat(day) in holidays_of(int(day[:4]), uf) - holidays_of(int(day[:4]), None)


def test_holiday_that_moves_to_friday_leaves_its_own_date() -> None:
    assert date(2025, 1, 23) not in holidays_of(2025, "AC")


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)), st.sampled_from([None, *STATES]), st.booleans(), st.booleans())
def test_day_is_off_by_the_calendar_or_by_the_tenant(
    day: date, uf: str | None, observes_calendar: bool, is_extra: bool
) -> None:
    holidays = Holidays(uf, observes_calendar, frozenset({day} if is_extra else ()))
    assert (day in holidays) is (is_extra or (observes_calendar and day in holidays_of(day.year, uf)))


def test_text_is_never_a_day_off() -> None:
    assert "2026-12-25" not in Holidays(None)
