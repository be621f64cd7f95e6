"""Every DDD has its state and its time zone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chalicelib.contacts.places import PLACES, Place, place_of
from chalicelib.contacts.telephones import read_phones

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
# How many DDDs each state has (Anatel), and its hours behind Greenwich.
STATES = {
    "AC": (1, 5), "AL": (1, 3), "AM": (2, 4), "AP": (1, 3), "BA": (5, 3), "CE": (2, 3), "DF": (1, 3), "ES": (2, 3),
    "GO": (2, 3), "MA": (2, 3), "MG": (7, 3), "MS": (1, 4), "MT": (2, 4), "PA": (3, 3), "PB": (1, 3), "PE": (2, 3),
    "PI": (2, 3), "PR": (6, 3), "RJ": (3, 3), "RN": (1, 3), "RO": (1, 4), "RR": (1, 4), "RS": (4, 3), "SC": (3, 3),
    "SE": (1, 3), "SP": (9, 3), "TO": (1, 3),
}  # fmt: skip


def test_table_has_the_ddds_that_ingestion_accepts() -> None:
    ingested = {str(ddd) for ddd in range(10, 100) if read_phones(f"+55 {ddd} 99999-9999")[0]}
    assert PLACES.keys() == ingested
    assert len(PLACES) == 67


def test_every_state_has_its_number_of_ddds() -> None:
    assert Counter(place.uf for place in PLACES.values()) == {uf: ddds for uf, (ddds, _) in STATES.items()}


@pytest.mark.parametrize("ddd", PLACES)
def test_zone_of_a_ddd_has_the_offset_of_its_state(ddd: str) -> None:
    offset = NOON.astimezone(ZoneInfo(PLACES[ddd].zone)).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == -3600 * STATES[PLACES[ddd].uf][1]


@pytest.mark.parametrize("ddd", PLACES)
def test_mobiles_and_landlines_have_the_place_of_their_ddd(ddd: str) -> None:
    assert place_of(f"+55{ddd}999990001") == place_of(f"+55{ddd}33330001") == PLACES[ddd]


@pytest.mark.parametrize(
    ("phone", "place"),
    [
        ("+5511999990001", Place("SP", "America/Sao_Paulo")),
        ("+5561999990001", Place("DF", "America/Sao_Paulo")),
        ("+5597999990001", Place("AM", "America/Manaus")),
        ("+5593999990001", Place("PA", "America/Santarem")),
        ("+5581999990001", Place("PE", "America/Recife")),
    ],
)
def test_phone_has_the_state_and_zone_of_its_ddd(phone: str, place: Place) -> None:
    assert place_of(phone) == place


@pytest.mark.parametrize(
    "phone",
    [None, "", "+558007771234", "+5520999990001", "+5510999990001", "+12025550123", "+351912345678", "+55", "a@b.com"],
)
def test_number_without_a_ddd_has_no_place(phone: str | None) -> None:
    assert place_of(phone) is None
