"""The home of a Brazilian phone: its DDD gives the state, and the state gives the time zone.

The 67 DDDs and their states come from Anatel's list of municipalities (Plano Geral de Códigos Nacionais, Resolução
263/2001). Zones are those of the IANA database, which follows the Leis 11.662/2008, 12.876/2013 and the Decreto
9.772/2019 (no daylight saving time since).

Three DDDs cover more than the one place that this table gives them:

- 97 is the west of Amazonas. West of the line from Tabatinga to Porto Acre (Tabatinga, Eirunepé, Boca do Acre) the time
  is one hour behind Manaus. Most of its people live east of it, from Coari and Tefé to Humaitá.
- 81 also covers Fernando de Noronha, one hour ahead of Recife: 3,000 people beside 4 million.
- 61 also covers the part of Goiás around the capital. Its zone is the same; its holidays are taken to be those of the
  Distrito Federal.

A number keeps its DDD when its owner moves. We have no better source for where a person is.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Place(NamedTuple):
    """A state's two letters and an IANA time zone."""

    uf: str
    zone: str


_SAO_PAULO, _BAHIA, _FORTALEZA = "America/Sao_Paulo", "America/Bahia", "America/Fortaleza"
_RECIFE, _MACEIO, _BELEM, _MANAUS = "America/Recife", "America/Maceio", "America/Belem", "America/Manaus"

_PLACES = {
    Place("SP", _SAO_PAULO): (11, 12, 13, 14, 15, 16, 17, 18, 19),
    Place("RJ", _SAO_PAULO): (21, 22, 24),
    Place("ES", _SAO_PAULO): (27, 28),
    Place("MG", _SAO_PAULO): (31, 32, 33, 34, 35, 37, 38),
    Place("PR", _SAO_PAULO): (41, 42, 43, 44, 45, 46),
    Place("SC", _SAO_PAULO): (47, 48, 49),
    Place("RS", _SAO_PAULO): (51, 53, 54, 55),
    Place("DF", _SAO_PAULO): (61,),
    Place("GO", _SAO_PAULO): (62, 64),
    Place("TO", "America/Araguaina"): (63,),
    Place("MT", "America/Cuiaba"): (65, 66),
    Place("MS", "America/Campo_Grande"): (67,),
    Place("AC", "America/Rio_Branco"): (68,),
    Place("RO", "America/Porto_Velho"): (69,),
    Place("BA", _BAHIA): (71, 73, 74, 75, 77),
    Place("SE", _MACEIO): (79,),
    Place("PE", _RECIFE): (81, 87),
    Place("AL", _MACEIO): (82,),
    Place("PB", _FORTALEZA): (83,),
    Place("RN", _FORTALEZA): (84,),
    Place("CE", _FORTALEZA): (85, 88),
    Place("PI", _FORTALEZA): (86, 89),
    Place("PA", _BELEM): (91, 94),
    Place("PA", "America/Santarem"): (93,),
    Place("AM", _MANAUS): (92, 97),
    Place("RR", "America/Boa_Vista"): (95,),
    Place("AP", _BELEM): (96,),
    Place("MA", _FORTALEZA): (98, 99),
}
PLACES = {str(ddd): place for place, ddds in _PLACES.items() for ddd in ddds}
"""The place of every DDD."""

_BRAZILIAN = re.compile(r"\+55([1-9][0-9])[2-9][0-9]{7,8}").fullmatch


def place_of(phone: str | None) -> Place | None:
    """The home of a phone (E.164); None for a foreign number, a toll-free number, or text that is no phone."""
    match = _BRAZILIAN(phone or "")
    return PLACES.get(match[1]) if match else None
