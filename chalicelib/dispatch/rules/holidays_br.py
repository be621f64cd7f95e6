"""The days on which Brazil does not work, as the law stands since 2024.

National holidays (Leis 662/1949, 6.802/1980, 9.093/1995, 14.759/2023), those of each state (Lei 9.093/1995, art. 1, and
the states' own laws), and the *pontos facultativos* that the federal government announces every year. These are
holidays of no law, but Carnaval and Corpus Christi, when nobody is at work, are among them; so all of them count:
Carnaval to Ash Wednesday, Corpus Christi, 28 October, 24 and 31 December. Those of a city are not known: a DDD does not
say it.

The calendar is that of the library `holidays`, and a test holds them equal, state by state to 2100. It is not shipped:
importing it reads the calendars of all countries, 0.8 s and 40 MB of every new Lambda.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
_FRIDAY, _SUNDAY = 4, 6

_NATIONAL = ("01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "11-20", "12-25")
_FACULTATIVE = ("10-28", "12-24", "12-31")
_FROM_EASTER = (-48, -47, -46, -2, 60)
"""Carnaval, Carnaval, Ash Wednesday, Good Friday, Corpus Christi, in days from Easter."""

_OF_STATES: dict[str | None, tuple[str, ...]] = {
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
"""What is not a holiday of the nation or movable; Mato Grosso, Minas Gerais and Paraná have nothing else."""
_ACRE_MOVES = ("01-23", "03-08", "09-05", "11-17")
"""Kept on the Friday when they fall on Tuesday to Thursday."""
_SANTA_CATARINA_MOVES = ("08-11", "11-25")
"""Kept on the Sunday that they fall on or that follows."""
_PENHA = 8
"""Nossa Senhora da Penha, Espírito Santo, in days from Easter."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Says of a date whether it is a day off: `date in feriados`.

    `uf` is a state's two letters, None where only national holidays are known to count. `extras` are days off even if
    `respeita` says that holidays are none.
    """

    uf: str | None
    respeita: bool = True
    extras: frozenset[date] = frozenset()

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        return day in self.extras or (self.respeita and day in holidays_of(day.year, self.uf))


@lru_cache(maxsize=256)
def holidays_of(year: int, uf: str | None) -> frozenset[date]:
    """The holidays of a year: national, and of a state if one is given."""
    fixed = (*_NATIONAL, *_FACULTATIVE, *_OF_STATES.get(uf, ()))
    easter = _easter(year)
    return frozenset(
        [_on(year, each) for each in fixed] + [easter + days * _DAY for days in _FROM_EASTER] + [*_movable(easter, uf)]
    )


def _movable(easter: date, uf: str | None) -> Iterator[date]:
    """The holidays of a state that are not on the same date every year."""
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
    """The first such day of the week from this date on."""
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
