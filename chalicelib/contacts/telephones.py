"""Reads the phones of a cell as E.164 numbers: repaired if exactly one reading of the digits is valid, else refused.

The numbering plan is libphonenumber's. Repairs beyond it, and their reasons:

- **The ninth digit.** Mobiles had eight digits that began with 6 to 9. Between 2012 and 2016 all of them got a 9 in
  front (Anatel, Resolução 553/2010, art. 2). Trunked radio kept its eight digits (Anatel's communication of 6 February
  2013 in the ITU Operational Bulletin): Nextel's prefixes 70, 77, 78 and 79, switched off in March 2018. So numbers
  with 6, 71 to 76, 8 and 9 get their ninth digit. Those with 70, 77, 78 and 79 are ambiguous: each may be a mobile or a
  radio that no longer exists.
- **Ways of dialling.** A lost `+55`, or a `0055`; the trunk 0; `0xx71`, `0 41 71` (any carrier).
- **Number cells.** `71999999999.0`, `71999999999,00`, `5.571999999999E+12`.
- **Words around the number.** `Cel. (71) 99999-9999 (recado)`. An extension (`ramal 12`) is dropped: we do not dial it.

- **WhatsApp.** Links and ids (`links`). A link may lack the 55, so both readings count.
- **Two numbers in a piece.** They are read if each is written in full: `(71) 3333-4444 ou (71) 99999-9999`.

A number of another country is accepted only with its `+`, or in a link. These are not phones: a number in the shape of
a CPF, a number beside an @ or the name of a document, and bare digits that are also valid as a CNPJ.

A number without its DDD (area code) takes it from the number before a `/`: people write `(68) 98263-2426 / 3540-2088`
in one breath, while other separators may join the fields of a system. Else it takes the DDD that the caller knows from
another column. Without either it is refused (`telefone_sem_ddd`). The `8888` of `71 3333-4444 / 8888` is no number at
all: we do not guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from chalicelib.contacts.documents import is_cnpj
from chalicelib.contacts.links import LINKED, without_links
from chalicelib.contacts.pieces import (
    MAX_CONTACTS,
    SEPARATORS,
    RefusedPiece,
    as_lines,
    explode,
    normalised,
    refuse,
    without_exponent,
)


class PhoneKind(StrEnum):
    """The kind of line of a phone number."""

    MOVEL = "movel"
    FIXO = "fixo"
    INTERNACIONAL = "internacional"


class Phone(NamedTuple):
    """A valid phone: its E.164 number, its kind, and whether a message may be sent to it."""

    telefone: str
    tipo_origem: PhoneKind
    valido_para_disparo: bool


_MOVEL, _FIXO, _INTERNACIONAL = PhoneKind  # reading a member from the class is slow
_new_phone: Callable[[tuple[str, PhoneKind, bool]], Phone] = partial(tuple.__new__, Phone)  # in half the time
_LONGEST_PIECE = 100

# A comma does not separate inside a number cell of a Brazilian Excel: "5,57199E+12", "71999999999,00".
_SEPARATOR = re.compile(
    rf"[{SEPARATORS}]"
    rf"(?!(?<=,)(?:[0-9]+[eE]\+?[0-9]|(?<=[0-9]{{10}},)0{{1,2}}[ \t]*(?:[{SEPARATORS}]|\Z)))"
)
_ZERO_CENTS = re.compile(r"(?<=[0-9]{10})[.,]0{1,2}\Z")

# The shapes of nearly every phone. A test proves that `_by_library` accepts all that they accept, with the same result.
_DDD = "[14689][1-9]|2[12478]|3[1-578]|5[13-5]|7[13-579]"
_END = r"(?= \||\n)"
_NUMBER = (
    rf"(?![1-9][0-9]{{5}}0{{6,7}}(?:\.0)?{_END})(?:\+?55 ?)?\(?(?:{_DDD})\)? ?"
    rf"(?:9[0-9]{{4}}|[2-5689][0-9]{{3}}|7[1-6][0-9]{{2}})[- ]?[0-9]{{4}}(?:(?<=[0-9]{{10}})\.0)?{_END}"
)
_USUAL_LINE = re.compile(rf"(?:({_NUMBER}(?: \| {_NUMBER}){{0,{MAX_CONTACTS - 1}}}+)\n|.*+\n)")
_PUNCTUATION = b"+()- "
_FULL_LENGTHS = frozenset({11, 13})  # of a number with its ninth digit, without its 55 and with it

_LONGEST_LIST = 400  # characters of several numbers without a separator

# A number with its DDD, then numbers without one behind slashes.
_NATIONAL_TAIL = r"(?:9[ .-]?[0-9]{4}|[2-9][0-9]{3})[ .-]{0,3}[0-9]{4}"
_WITH_DDD = rf"(?:\+?55[ .-]?)?(?:\(0?(?:{_DDD})\)|0?(?:{_DDD}))[ .-]{{0,3}}{_NATIONAL_TAIL}"
_SHARED_DDD = re.compile(
    rf"(?<![0-9])(?:\+?55[ .-]?)?\(?0?({_DDD})\)?[ .-]{{0,3}}{_NATIONAL_TAIL}((?: ?/ ?{_NATIONAL_TAIL}(?![0-9]))+)"
)
_SLASH = re.compile(r"/ ?")
# Not a postal code (41820-020), and not a date (25.05.2026).
_LOCAL = re.compile(_NATIONAL_TAIL).fullmatch
# A number that is complete in itself, whatever stands beside it.
_COMPLETE = re.compile(rf"(?:(?<![0-9+(.-]){_WITH_DDD}|\((?:{_DDD})\)[ .-]{{0,3}}{_NATIONAL_TAIL})(?![0-9])")
_BETWEEN = re.compile(r"\s(?:e|ou|or|and|&)\s", re.IGNORECASE)
_FEWEST_DIGITS = 8  # of a number, and of a word between two of them on either side
# Numbers of companies that are dialled without a DDD in the whole country. With one they would be somebody else's.
_NATIONWIDE = ("3003", "4003", "4004", "4020", "4062")

_EXTENSION = re.compile(r"(?<![a-z])(?:ramal|ram|rml|r|ext|x)[\s.:]*[0-9]{1,6}\W*\Z", re.IGNORECASE)
_CARRIER_BLANK = re.compile(r"\b0\s*xx", re.IGNORECASE)
_AMONG_WORDS = re.compile(r"[^0-9+]*(\+*)[\s(]*\b([0-9](?:[0-9\s().-]*[0-9])?)\b[^0-9+]*")
_SOMETHING_ELSE = re.compile(r"[@$%]|\b(?:cpf|cnpj|rg|cep|pix)\b", re.IGNORECASE)
_CPF_SHAPED = re.compile(r"[0-9]{3}([. ])[0-9]{3}\1[0-9]{3}[-./ ][0-9]{2}|[0-9]{9}[-/][0-9]{2}")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_MORE_DIGITS = re.compile(r"[0-9+]")
_LINKED = re.compile(rf"{re.escape(LINKED)}([0-9]+)")

# The 55, and what may be dialled before it, in front of ten digits or more; in front of fewer digits 55 is the DDD.
_COUNTRY = re.compile(r"\A(?:00(?:[1-9][0-9])?)?55(?=[0-9]{10})")
# A Brazilian number without its 55: trunk 0, carrier, then DDD and subscriber; or 0800.
_NATIONAL = re.compile(r"(?:0(?:[1-9][0-9])?)?(?:([1-9][1-9])([0-9]{8,9})|(800[0-9]{6,7}))")
_RADIO = ("70", "77", "78", "79")
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")  # the library accepts longer numbers, E.164 does not
_KINDS = {
    PhoneNumberType.MOBILE: _MOVEL,
    PhoneNumberType.FIXED_LINE: _FIXO,
    PhoneNumberType.TOLL_FREE: _FIXO,
}


def read_phones(
    cell: str, *, landlines_valid: bool = False, ddd: str | None = None
) -> tuple[list[Phone], list[RefusedPiece]]:
    """Return the phones of a cell in their order without repeats, and the refusals.

    A mobile is valid for sending. So is a number of another country, because we cannot tell its lines apart. A landline
    or an 0800 is valid only if the tenant says that its messages reach them (`landlines_valid`). `ddd` completes the
    numbers that have none.

    Codes: `telefone_invalido`, `telefone_sem_ddd`, `telefone_ambiguo`, `contatos_demais`.
    """
    [usual] = usual_phones([cell], landlines_valid=landlines_valid)
    if usual:
        return list(usual), []
    cell = without_links(cell)
    if "/" in cell:
        cell = _SHARED_DDD.sub(_with_shared_ddd, cell)
    return explode(cell, _SEPARATOR, partial(_read, _Rule(landlines_valid, ddd)))


def _with_shared_ddd(match: re.Match[str]) -> str:
    """Return the numbers with the DDD of the first one in front of each other one."""
    begin = match.start(2) - match.start()
    return match[0][:begin] + _SLASH.sub(f"/ {match[1]} ", match[2])


class _Rule(NamedTuple):
    """How a cell is read: whether landlines are valid for sending, and the DDD of numbers that have none."""

    landlines_valid: bool
    ddd: str | None


def usual_phones(cells: Sequence[str], *, landlines_valid: bool = False) -> list[tuple[Phone, ...] | None]:
    """Return what `read_phones` finds in each cell; None for a cell with anything but phones of a usual shape."""
    # One search finds the usual cells, and their punctuation is removed together. None has a line break.
    found = "\n".join(_USUAL_LINE.findall(as_lines(cells)))
    digits = found.encode().translate(None, _PUNCTUATION).decode().replace(".0", "")
    return [
        None if not each else _several(each, landlines_valid) if "|" in each else (_phone(each, landlines_valid),)
        for each in digits.split("\n")
    ]


def _several(numbers: str, landlines_valid: bool) -> tuple[Phone, ...]:
    # The number says which phone it is, and a text is hashed faster than a phone.
    return tuple({(phone := _phone(each, landlines_valid))[0]: phone for each in numbers.split("|")}.values())


def _read(rule: _Rule, piece: str) -> list[Phone | RefusedPiece]:
    """Return what a piece is: one phone, several that are written in full, or one refusal."""
    alone = _one(rule, piece)
    if not isinstance(alone, RefusedPiece) or alone.code != "telefone_invalido" or len(piece) > _LONGEST_LIST:
        return [alone]
    return [_one(rule, each) for each in _numbers(normalised(piece))] or [alone]


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text that certainly holds several; none if it may be anything else."""
    parts = _BETWEEN.split(text)
    if len(parts) > 1 and all(len(_NOT_DIGITS.sub("", part)) >= _FEWEST_DIGITS for part in parts):
        return [number for part in parts for number in _numbers(part) or [part]]
    numbers = [match[0] for match in _COMPLETE.finditer(text)]
    rest = _COMPLETE.sub("", text)
    return numbers if len(numbers) > 1 and not _MORE_DIGITS.search(rest) and not _SOMETHING_ELSE.search(rest) else []


def _one(rule: _Rule, piece: str) -> Phone | RefusedPiece:
    return _usual(rule.landlines_valid, piece) or _by_library(piece, rule.landlines_valid, rule.ddd)


def _usual(landlines_valid: bool, piece: str) -> Phone | None:
    """Return the phone if it has a usual shape: the same result as `_by_library`, in a small part of its time."""
    [found] = usual_phones([piece], landlines_valid=landlines_valid)
    return found[0] if found and len(found) == 1 else None


def _phone(digits: str, landlines_valid: bool) -> Phone:
    """Return the phone of the digits of a usual number, with its 55 or without."""
    if len(digits) in _FULL_LENGTHS:
        return _new_phone((f"+55{digits[-11:]}", _MOVEL, True))
    if digits[-8] in "2345":
        return _new_phone((f"+55{digits[-10:]}", _FIXO, landlines_valid))
    return _new_phone((f"+55{digits[-10:-8]}9{digits[-8:]}", _MOVEL, True))


def _by_library(piece: str, landlines_valid: bool, ddd: str | None = None) -> Phone | RefusedPiece:
    """Return the phone if exactly one reading of the piece is valid in the numbering plan of libphonenumber."""
    if len(piece) > _LONGEST_PIECE:
        return refuse("telefone_invalido", piece)
    number = without_exponent(normalised(piece))
    if number is None:
        return refuse("telefone_ambiguo", piece)
    written = _written(number)
    lacking = ddd if written is not None and _is_local(written) else ""
    if lacking is None:
        return refuse("telefone_sem_ddd", piece)
    phones = list(_phones(written, landlines_valid, lacking)) if written else []
    if len(phones) == 1 and not (number.isdecimal() and is_cnpj(number)):
        return phones[0]
    return refuse("telefone_ambiguo" if phones else "telefone_invalido", piece)


def _written(text: str) -> re.Match[str] | None:
    """Find the plus and the number of a text; None if there is no number, or one of something else."""
    text = _ZERO_CENTS.sub("", _CARRIER_BLANK.sub("", _EXTENSION.sub("", text)))
    match = _AMONG_WORDS.fullmatch(text)
    return None if not match or _SOMETHING_ELSE.search(text) or _CPF_SHAPED.fullmatch(match[2]) else match


def _is_local(written: re.Match[str]) -> bool:
    """Whether a number has no DDD, and needs one."""
    plus, number = written.groups()
    is_whole = plus or number.startswith(_NATIONWIDE) or _LINKED.search(written.string)
    return not is_whole and _LOCAL(number) is not None


def _phones(written: re.Match[str], landlines_valid: bool, ddd: str) -> Iterable[Phone]:
    """Return every valid phone that a text can mean."""
    digits = ddd + _NOT_DIGITS.sub("", written[2])
    if _LINKED.search(written.string) and not digits.startswith("55"):
        return (*_brazilian(digits, landlines_valid), *_foreign(digits))
    if not written[1]:
        return _brazilian(_COUNTRY.sub("", digits), landlines_valid)
    return _brazilian(digits[2:], landlines_valid) if digits.startswith("55") else _foreign(digits)


def _brazilian(national: str, landlines_valid: bool) -> Iterator[Phone]:
    """Yield the valid phones that a number without its 55 can be: none, one, or two where it may be a radio."""
    match = _NATIONAL.fullmatch(national)
    if not match:
        return
    ddd, subscriber, toll_free = match.groups()
    for number in [toll_free] if toll_free else [ddd + each for each in _subscribers(subscriber)]:
        plan = PhoneNumber(country_code=55, national_number=int(number))
        if kind := _KINDS.get(phonenumbers.number_type(plan)):
            yield Phone(f"+55{number}", kind, kind is _MOVEL or landlines_valid)


def _subscribers(subscriber: str) -> list[str]:
    """Return the current forms of eight or nine digits without a DDD: a mobile of eight digits gets its ninth digit."""
    if len(subscriber) == 9 or subscriber[0] not in "6789":
        return [subscriber]
    return [subscriber, f"9{subscriber}"] if subscriber.startswith(_RADIO) else [f"9{subscriber}"]


def _foreign(digits: str) -> Iterator[Phone]:
    """Yield the phone of another country if it is valid and its E.164 form is read as the same phone again."""
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
