"""Where a Brazilian phone is at home: its DDD says the state, and with it the time zone.

The 67 DDDs and their states: Anatel, Plano Geral de Códigos Nacionais (Resolução 263/2001), as published in its list of
municipalities. Zones are those of the IANA database, which follows the Leis 11.662/2008, 12.876/2013 and the Decreto
9.772/2019 (no daylight saving time since).

A few DDDs are wider than what is said of them here:

- 97 is the west of Amazonas. What lies beyond the line from Tabatinga to Porto Acre (Tabatinga, Eirunepé, Boca do Acre)
  keeps an hour less than Manaus; most of its people, from Coari and Tefé to Humaitá, do not.
- 81 is also that of Fernando de Noronha, an hour ahead of Recife: 3,000 people beside 4 million.
- 61 is also that of Goiás around the capital: the same zone, but the holidays are those of the Distrito Federal.

A number keeps its DDD when its owner moves: nobody knows better where a person is.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Place(NamedTuple):
    """A state, by its two letters, and the IANA name of its zone."""

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


def place_of(telefone: str | None) -> Place | None:
    """Where a phone (E.164) is at home; None if it does not say: of another country, toll-free, no phone at all."""
    match = _BRAZILIAN(telefone or "")
    return PLACES.get(match[1]) if match else None
