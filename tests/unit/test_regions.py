"""Cities and states give a DDD only where it is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.places import PLACES
from chalicelib.ingestion.layout import regions
from chalicelib.ingestion.layout.regions import Region, ddd_of, region_of

# Anatel, Plano Geral de Códigos Nacionais.
CAPITALS = {
    "Rio Branco AC": "68", "Maceió AL": "82", "Manaus AM": "92", "Macapá AP": "96", "Salvador BA": "71",
    "Fortaleza CE": "85", "Brasília DF": "61", "Vitória ES": "27", "Goiânia GO": "62", "São Luís MA": "98",
    "Belo Horizonte MG": "31", "Campo Grande MS": "67", "Cuiabá MT": "65", "Belém PA": "91", "João Pessoa PB": "83",
    "Recife PE": "81", "Teresina PI": "86", "Curitiba PR": "41", "Rio de Janeiro RJ": "21", "Natal RN": "84",
    "Porto Velho RO": "69", "Boa Vista RR": "95", "Porto Alegre RS": "51", "Florianópolis SC": "48", "Aracaju SE": "79",
    "São Paulo SP": "11", "Palmas TO": "63",
}  # fmt: skip
# Cities that have the DDD of the neighbouring state.
OVER_THE_BORDER = {("PA", "96"): {"afua", "chaves"}, ("SC", "42"): {"porto uniao"}}
STATES = {
    uf: {ddd for ddd, place in PLACES.items() if place.uf == uf} for uf in sorted({p.uf for p in PLACES.values()})
}
CITIES = [(name, uf, ddd) for name, found in regions._cities().items() for uf, ddd in found.items()]


def test_every_city_has_a_ddd_of_its_state() -> None:
    outside: dict[tuple[str, str], set[str]] = {}
    for name, uf, ddd in CITIES:
        if ddd not in STATES[uf] and ddd != "--" and (uf, ddd) != ("GO", "61"):  # the cities around Brasília
            outside.setdefault((uf, ddd), set()).add(name)
    assert outside == OVER_THE_BORDER
    assert {ddd for _, _, ddd in CITIES} == {*PLACES, "--"}
    assert len(CITIES) > 5_500


@pytest.mark.parametrize("capital", CAPITALS)
def test_capital_has_its_ddd_with_its_state_in_any_spelling(capital: str) -> None:
    city, uf = capital[:-3], capital[-2:]
    for spelt in (city, city.upper(), f" {city} - {uf}", f"{city}/{uf.lower()}", f"{city} ({uf})"):
        assert ddd_of(uf, spelt) == CAPITALS[capital]
    assert ddd_of("", f"{city}, {uf}") == CAPITALS[capital]


@pytest.mark.parametrize(
    ("city", "ddd"),
    [
        ("Campinas", "19"), ("Feira de Santana", "75"), ("Petrolina", "87"), ("Uberlândia", "34"),
        ("Londrina", "43"), ("Joinville", "47"), ("Niterói", "21"), ("Volta Redonda", "24"),
        ("Imperatriz", "99"), ("Campo Grande", None), ("Bom Jesus", None), ("Planaltina", "61"),
        ("Saubara", None), ("Lisboa", None), ("", None), ("-", None), ("x" * 10_000, None),
    ],
)  # fmt: skip
def test_city_alone_gives_a_ddd_if_no_other_city_has_its_name(city: str, ddd: str | None) -> None:
    assert ddd_of("", city) == ddd


@pytest.mark.parametrize("city", ["", "n/a", "Vila que ninguém conhece"])
@pytest.mark.parametrize("uf", STATES)
def test_state_alone_gives_a_ddd_if_it_has_but_one(uf: str, city: str) -> None:
    [*ddds] = STATES[uf]
    assert ddd_of(uf, city) == (ddds[0] if len(ddds) == 1 else None)


@pytest.mark.parametrize(
    "state", ["AC", "ac", " Acre ", "AC - Acre", "Acre (AC)", "Estado do Acre", "estado de acre", "ACRE/AC"]
)
def test_state_is_known_in_any_spelling(state: str) -> None:
    assert ddd_of(state, "") == "68"


@pytest.mark.parametrize("state", ["Exterior", "EX", "Portugal", "Ativo", "1"])
def test_text_that_is_no_state_gives_no_ddd(state: str) -> None:
    assert ddd_of(state, "Salvador") is None


@given(st.sampled_from(CITIES), st.sampled_from(sorted(STATES)))
def test_city_has_its_own_ddd_in_its_state_and_none_in_a_state_without_it(
    found: tuple[str, str, str], other: str
) -> None:
    name, uf, ddd = found
    assert ddd_of(uf, name) == (None if ddd == "--" else ddd)
    if other not in regions._cities()[name]:
        assert ddd_of(other, name) is None
        assert ddd_of(other, f"{name} - {uf}") is None


@given(st.text(), st.text())
def test_any_texts_give_a_ddd_that_exists_or_none(state: str, city: str) -> None:
    assert ddd_of(state, city) in {None, *PLACES}


@pytest.mark.parametrize(
    ("titles", "region"),
    [
        (("Nome", "UF", "Cidade"), Region(1, 2)),
        (("MUNICÍPIO", "Estado"), Region(1, 0)),
        (("Telefone", "Cidade/UF"), Region(None, 1)),
        (("Cidade do cliente", "Estado (UF)", "Cidade"), Region(1, 0)),
        (("City", "State/Region"), Region(1, 0)),
        (("Endereço - Cidade", "Sigla UF"), Region(1, 0)),
        (("Estado",), Region(0, None)),
        (("Nome", "Telefone", "Estado civil", "Cidade natal", "UF do RG", ""), None),
    ],
)
def test_titles_say_where_city_and_state_stand(titles: tuple[str, ...], region: Region | None) -> None:
    assert region_of(titles) == region
