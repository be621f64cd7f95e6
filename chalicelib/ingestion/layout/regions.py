"""The DDD that the city and the state of a row give to its phones that lack one. Pure.

Only what is certain counts:

- A state with one DDD gives it (`AC`, `Paraíba`); one with several gives none by itself.
- A city with its state gives its DDD. A city alone does so if no other city of Brazil has its name.
- A text that is no state, such as `Exterior`, or a city of another state gives none.

The cities are in `cities.txt`, which tells its source. The file is read when the first phone needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from chalicelib.contacts.nothing import says_nothing
from chalicelib.contacts.pieces import EDGES
from chalicelib.contacts.places import PLACES
from chalicelib.ingestion.layout.words import plain_words

_UNCERTAIN = "--"

_STATES = {
    "AC": "do acre", "AL": "de alagoas", "AM": "do amazonas", "AP": "do amapa", "BA": "da bahia", "CE": "do ceara",
    "DF": "do distrito federal", "ES": "do espirito santo", "GO": "de goias", "MA": "do maranhao",
    "MG": "de minas gerais", "MS": "do mato grosso do sul", "MT": "do mato grosso", "PA": "do para",
    "PB": "da paraiba", "PE": "de pernambuco", "PI": "do piaui", "PR": "do parana", "RJ": "do rio de janeiro",
    "RN": "do rio grande do norte", "RO": "de rondonia", "RR": "de roraima", "RS": "do rio grande do sul",
    "SC": "de santa catarina", "SE": "de sergipe", "SP": "de sao paulo", "TO": "do tocantins",
}  # fmt: skip


def _spellings(uf: str, of_name: str) -> Iterator[str]:
    code, name = uf.lower(), of_name.partition(" ")[2]
    yield from (code, name, f"{code} {name}", f"{name} {code}", f"estado {of_name}", f"estado de {name}")


_UFS = {text: uf for uf, of_name in _STATES.items() for text in _spellings(uf, of_name)}
_DDDS = {uf: [ddd for ddd, place in PLACES.items() if place.uf == uf] for uf in _STATES}

_STATE_WORDS = frozenset({"uf", "estado", "state"})
_CITY_WORDS = frozenset({"cidade", "municipio", "city"})
# What may stand beside them in a title. `Estado civil` and `Cidade natal` are about something else.
_AROUND = frozenset(
    {"de", "do", "da", "dos", "das", "o", "a", "e", "ou", "sigla", "nome", "endereco", "residencia", "residencial"}
    | {"comercial", "principal", "cliente", "clientes", "lead", "contato", "pessoa", "empresa", "titular", "aluno"}
    | {"devedor", "paciente", "address", "region", "billing", "home", "customer", "person", "n", "1"}
)


class Region(NamedTuple):
    """The columns of a sheet with the state and the city; None for one that it has not."""

    state: int | None
    city: int | None

    def ddd(self, cells: Sequence[str]) -> str | None:
        """Return the DDD that a row is certain to have, else None."""
        state, city = ("" if place is None else cells[place] for place in self)
        return ddd_of(state, city)


def region_of(titles: Sequence[str]) -> Region | None:
    """Return where the state and the city stand; None if neither has a column."""
    words = [frozenset(plain_words(title).split()) for title in titles]
    cities = [place for place, each in enumerate(words) if _is_about(each, _CITY_WORDS)]
    states = [place for place, each in enumerate(words) if _is_about(each, _STATE_WORDS) and place not in cities]
    return Region(next(iter(states), None), next(iter(cities), None)) if states or cities else None


def _is_about(words: frozenset[str], subject: frozenset[str]) -> bool:
    return bool(words & subject) and words <= _STATE_WORDS | _CITY_WORDS | _AROUND


def ddd_of(state: str, city: str) -> str | None:
    """Return the DDD of a city and a state as people write them, either of which may be blank; None if not certain."""
    uf = _UFS.get(plain_words(state))
    if uf is None and not _is_blank(state):
        return None
    name = "" if _is_blank(city) else plain_words(city)
    own, _, last = name.rpartition(" ")
    if last.upper() in _STATES and own in _cities():  # `Ilhéus/BA`
        if uf not in (None, last.upper()):
            return None
        name, uf = own, last.upper()
    found = _cities().get(name)
    if found is None:
        ddds = _DDDS[uf] if uf else []
    elif uf:
        ddds = [found[uf]] if uf in found else []
    else:
        ddds = list({*found.values()})
    return ddds[0] if len(ddds) == 1 and ddds[0] != _UNCERTAIN else None


def _is_blank(text: str) -> bool:
    return says_nothing(text.strip(EDGES))


@lru_cache(maxsize=1)
def _cities() -> Mapping[str, Mapping[str, str]]:
    """The DDD of each city by its name and its state."""
    cities: dict[str, dict[str, str]] = {}
    for line in Path(__file__).with_name("cities.txt").read_text(encoding="utf-8").splitlines():
        ddd, uf, names = line.split(" ", 2)
        if ddd != "#":
            for name in names.split(", "):
                cities.setdefault(name, {})[uf] = ddd
    return cities
