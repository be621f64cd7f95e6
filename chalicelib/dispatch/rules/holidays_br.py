"""The holidays of Brazil and of its states, by the laws in force since 2024.

Three kinds count. National holidays (Leis 662/1949, 6.802/1980, 9.093/1995, 14.759/2023). State holidays (Lei
9.093/1995, art. 1, and the states' own laws). And the *pontos facultativos* that the federal government announces every
year: Carnaval to Ash Wednesday, Corpus Christi, 28 October, 24 and 31 December. No law makes them holidays, but nobody
works at Carnaval and Corpus Christi. City holidays are left out, because a DDD does not say the city.

The calendar equals that of the library `holidays`: a test compares them state by state up to 2100. The library is not
shipped, because importing it reads the calendars of all countries: 0.8 s and 40 MB in every new Lambda.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
_FRIDAY, _SUNDAY = 4, 6

_NATIONAL = ("01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25")
_OPTIONAL = ("10-28", "12-24", "12-31")
_FROM_EASTER = (-48, -47, -46, -2, 60)
"""Carnaval, Carnaval, Ash Wednesday, Good Friday, Corpus Christi, in days from Easter."""

_BY_STATE: dict[str | None, tuple[str, ...]] = {
    "AC": ("06-15",),
    "AL": ("06-24", "06-29", "09-16", "11-30"),
    "AM": ("09-05",),
    "AP": ("03-19", "07-25", "09-13"),
    "BA": ("07-02",),
    "CE": ("03-19", "03-25", "08-15"),
    "DF": ("11-30",),
    "GO": ("07-26", "10-24"),
    "MA": ("07-28",),
    "MS": ("10-11",),
    "PA": ("08-15",),
    "PB": ("08-05",),
    "PE": ("03-06",),
    "PI": ("10-19",),
    "RJ": ("04-23",),
    "RN": ("08-07", "10-03"),
    "RO": ("01-04", "06-18"),
    "RR": ("10-05",),
    "RS": ("09-20",),
    "SE": ("07-08",),
    "SP": ("07-09",),
    "TO": ("03-18", "09-08", "10-05"),
}
"""State holidays on a fixed date. Movable ones are below; Mato Grosso, Minas Gerais and Paraná have neither kind."""
_ACRE_MOVES = ("01-23", "03-08", "09-05", "11-17")
"""Moved to Friday if they fall on Tuesday to Thursday."""
_SANTA_CATARINA_MOVES = ("08-11", "11-25")
"""Moved to the next Sunday, unless they fall on one."""
_PENHA = 8
"""Nossa Senhora da Penha, Espírito Santo, in days from Easter."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """The days off of one place, as a container: `day in holidays`.

    `uf` is the state's two letters; None means that only national holidays count. `observes_calendar` says whether the
    calendar's holidays are days off. `extras` are always days off.
    """

    uf: str | None
    observes_calendar: bool = True
    extras: frozenset[date] = frozenset()

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        return day in self.extras or (self.observes_calendar and day in holidays_of(day.year, self.uf))


@lru_cache(maxsize=256)
def holidays_of(year: int, uf: str | None) -> frozenset[date]:
    """The national holidays of a year, and those of the state if one is given."""
    fixed = (*_NATIONAL, *_OPTIONAL, *_BY_STATE.get(uf, ()))
    easter = _easter(year)
    return frozenset(
        [_on(year, each) for each in fixed] + [easter + days * _DAY for days in _FROM_EASTER] + [*_movable(easter, uf)]
    )


def _movable(easter: date, uf: str | None) -> Iterator[date]:
    """The state holidays whose date changes from year to year."""
    match uf:
        case "ES":
            yield easter + _PENHA * _DAY
        case "AC":
            for day in (_on(easter.year, each) for each in _ACRE_MOVES):
                yield _next(day, _FRIDAY) if day.weekday() in {1, 2, 3} else day
        case "SC":
            yield from (_next(_on(easter.year, each), _SUNDAY) for each in _SANTA_CATARINA_MOVES)


def _on(year: int, month_and_day: str) -> date:
    return date.fromisoformat(f"{year:04}-{month_and_day}")


def _next(day: date, weekday: int) -> date:
    """The first date from `day` on that falls on this day of the week; Monday is 0."""
    return day + (weekday - day.weekday()) % 7 * _DAY


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar: the algorithm of Meeus, Jones and Butcher."""
    golden, (century, of_century) = year % 19, divmod(year, 100)
    leap_centuries, rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    to_sunday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
