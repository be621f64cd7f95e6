"""A phone cell into E.164 numbers: repaired where only one reading of the digits is a valid phone, else refused.

The numbering plan is libphonenumber's. What is repaired on top of it, and why:

- **The ninth digit.** Mobiles had eight digits that began with 6 to 9; all of them got a 9 in front between 2012 and
  2016 (Anatel, Resolução 553/2010, art. 2). Trunked radio was left out and kept its eight (Anatel's communication of
  6 February 2013 in the ITU Operational Bulletin): Nextel's prefixes 70, 77, 78 and 79, switched off in March 2018.
  So 6, 71 to 76, 8 and 9 get their ninth digit; with 70, 77, 78 and 79 nobody can tell a radio that is gone from a
  mobile, and they are ambiguous.
- **Ways of dialling.** A lost `+55`, or a `0055`; the trunk 0; `0xx71`, `0 41 71` (any carrier).
- **Number cells.** `71999999999.0`, `71999999999,00`, `5.571999999999E+12`.
- **Words around it.** `Cel. (71) 99999-9999 (recado)`. An extension (`ramal 12`) is dropped: nothing here dials it.

Another country is only believed with its `+`. Not a phone: what lacks its DDD, has the shape of a CPF, stands beside
an @ or the name of a document, or is bare digits that also fit as a CNPJ. `/` always separates: the `8888` of
`71 3333-4444 / 8888` is refused, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from chalicelib.contacts.documents import is_cnpj
from chalicelib.contacts.pieces import MAX_CONTACTS, SEPARATORS, RefusedPiece, explode, refuse, typed, written_out


class PhoneKind(StrEnum):
    """What kind of line a number is."""

    MOVEL = "movel"
    FIXO = "fixo"
    INTERNACIONAL = "internacional"


class Phone(NamedTuple):
    """A valid phone: E.164, its kind, and whether a message may be sent to it."""

    telefone: str
    tipo_origem: PhoneKind
    valido_para_disparo: bool


_MOVEL, _FIXO, _INTERNACIONAL = PhoneKind  # a class attribute of an enum is slow to read
_LONGEST_PIECE = 100

# A comma is no separator inside a number cell of a Brazilian Excel: "5,57199E+12", "71999999999,00".
_SEPARATOR = re.compile(
    rf"[{SEPARATORS}]"
    rf"(?!(?<=,)(?:[0-9]+[eE]\+?[0-9]|(?<=[0-9]{{10}},)0{{1,2}}[ \t]*(?:[{SEPARATORS}]|\Z)))"
)
_ZERO_CENTS = re.compile(r"(?<=[0-9]{10})[.,]0{1,2}\Z")

# The shapes of nearly every phone; what they accept is, by a test, what the readings below accept.
_DDD = "[14689][1-9]|2[12478]|3[1-578]|5[13-5]|7[13-579]"
_USUAL = re.compile(
    rf"(?![1-9][0-9]{{5}}0{{6,7}}(?:\.0)?\Z)(?:\+?55 ?)?\(?({_DDD})\)? ?"
    r"(?:(9[0-9]{4})|([2-5][0-9]{3})|([689][0-9]{3}|7[1-6][0-9]{2}))[- ]?([0-9]{4})(?:(?<=[0-9]{10})\.0)?"
).fullmatch

_EXTENSION = re.compile(r"(?<![a-z])(?:ramal|ram|rml|r|ext|x)[\s.:]*[0-9]{1,6}\W*\Z", re.IGNORECASE)
_CARRIER_BLANK = re.compile(r"\b0\s*xx", re.IGNORECASE)
_AMONG_WORDS = re.compile(r"[^0-9+]*(\+*)[\s(]*\b([0-9](?:[0-9\s().-]*[0-9])?)\b[^0-9+]*")
_SOMETHING_ELSE = re.compile(r"[@$%]|\b(?:cpf|cnpj|rg|cep|pix)\b", re.IGNORECASE)
_CPF_SHAPED = re.compile(r"[0-9]{3}([. ])[0-9]{3}\1[0-9]{3}[-./ ][0-9]{2}|[0-9]{9}[-/][0-9]{2}")
_NOT_DIGITS = re.compile(r"[^0-9]+")

# A Brazilian number of ten digits or more behind its 55 and what may be dialled before that; fewer are the DDD 55.
_COUNTRY = re.compile(r"\A(?:00(?:[1-9][0-9])?)?55(?=[0-9]{10})")
# What remains of a Brazilian number without its 55: trunk 0, carrier, then DDD and subscriber, or 0800.
_NATIONAL = re.compile(r"(?:0(?:[1-9][0-9])?)?(?:([1-9][1-9])([0-9]{8,9})|(800[0-9]{6,7}))")
_RADIO = ("70", "77", "78", "79")
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")  # the library knows of longer ones, E.164 does not
_KINDS = {
    PhoneNumberType.MOBILE: _MOVEL,
    PhoneNumberType.FIXED_LINE: _FIXO,
    PhoneNumberType.TOLL_FREE: _FIXO,
}


def read_phones(cell: str, *, fixo_valido: bool = False) -> tuple[list[Phone], list[RefusedPiece]]:
    """The phones of a cell, in order and once each; and what was refused.

    A mobile is valid for sending, and so is a number of another country, whose lines we cannot tell apart. A
    landline or an 0800 is only if the tenant says that its messages reach them (`fixo_valido`).

    Codes: `telefone_invalido`, `telefone_ambiguo`, `contatos_demais`.
    """
    [usual] = usual_phones([cell], fixo_valido=fixo_valido)
    return (list(usual), []) if usual else explode(cell, _SEPARATOR, partial(_read, fixo_valido))


def usual_phones(cells: Sequence[str], *, fixo_valido: bool = False) -> list[tuple[Phone, ...] | None]:
    """Of each cell what `telefones` finds in it, if nothing but phones of a usual shape is there, else None."""
    return [
        (_meant(match, fixo_valido),) if match else _several(cell, fixo_valido) if " | " in cell else None
        for cell, match in zip(cells, map(_USUAL, cells), strict=True)
    ]


def _several(cell: str, fixo_valido: bool) -> tuple[Phone, ...] | None:
    matches = list(map(_USUAL, cell.split(" | ", MAX_CONTACTS - 1)))
    return tuple(dict.fromkeys([_meant(match, fixo_valido) for match in matches if match])) if all(matches) else None


def _read(fixo_valido: bool, piece: str) -> Phone | RefusedPiece:
    return _usual(fixo_valido, piece) or _by_library(piece, fixo_valido)


def _usual(fixo_valido: bool, piece: str) -> Phone | None:
    """The phone, if it has a usual shape: exactly what `_by_library` would say, in a small part of its time."""
    match = _USUAL(piece)
    return _meant(match, fixo_valido) if match else None


def _meant(match: re.Match[str], fixo_valido: bool) -> Phone:
    ddd, mobile, landline, old_mobile, last = match.groups()
    if mobile:
        return Phone(f"+55{ddd}{mobile}{last}", _MOVEL, True)
    if landline:
        return Phone(f"+55{ddd}{landline}{last}", _FIXO, fixo_valido)
    return Phone(f"+55{ddd}9{old_mobile}{last}", _MOVEL, True)


def _by_library(piece: str, fixo_valido: bool) -> Phone | RefusedPiece:
    """The phone by the numbering plan of libphonenumber, if exactly one reading of the piece is in it."""
    if len(piece) > _LONGEST_PIECE:
        return refuse("telefone_invalido", piece)
    number = written_out(typed(piece))
    if number is None:
        return refuse("telefone_ambiguo", piece)
    phones = list(_phones(number, fixo_valido))
    if len(phones) == 1 and not (number.isdecimal() and is_cnpj(number)):
        return phones[0]
    return refuse("telefone_ambiguo" if phones else "telefone_invalido", piece)


def _phones(text: str, fixo_valido: bool) -> Iterable[Phone]:
    """Every valid phone that a text can mean."""
    text = _ZERO_CENTS.sub("", _CARRIER_BLANK.sub("", _EXTENSION.sub("", text)))
    match = _AMONG_WORDS.fullmatch(text)
    if not match or _SOMETHING_ELSE.search(text) or _CPF_SHAPED.fullmatch(match[2]):
        return ()
    digits = _NOT_DIGITS.sub("", match[2])
    if not match[1]:
        return _brazilian(_COUNTRY.sub("", digits), fixo_valido)
    return _brazilian(digits[2:], fixo_valido) if digits.startswith("55") else _foreign(digits)


def _brazilian(national: str, fixo_valido: bool) -> Iterator[Phone]:
    """The valid phones that a number can be, without its 55: one, or two where it may be a radio, or none."""
    match = _NATIONAL.fullmatch(national)
    if not match:
        return
    ddd, subscriber, toll_free = match.groups()
    for number in [toll_free] if toll_free else [ddd + each for each in _subscribers(subscriber)]:
        plan = PhoneNumber(country_code=55, national_number=int(number))
        if kind := _KINDS.get(phonenumbers.number_type(plan)):
            yield Phone(f"+55{number}", kind, kind is _MOVEL or fixo_valido)


def _subscribers(subscriber: str) -> list[str]:
    """What eight or nine digits without a DDD are today: mobiles of eight digits have a ninth."""
    if len(subscriber) == 9 or subscriber[0] not in "6789":
        return [subscriber]
    return [subscriber, f"9{subscriber}"] if subscriber.startswith(_RADIO) else [f"9{subscriber}"]


def _foreign(digits: str) -> Iterator[Phone]:
    """The phone of another country, if it is valid and reads the same once it has been normalised."""
    phone = _e164(f"+{digits}")
    if phone and phone == _e164(phone):
        yield Phone(phone, _INTERNACIONAL, True)


def _e164(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return phone if phonenumbers.is_valid_number(number) and _E164.fullmatch(phone) else None
