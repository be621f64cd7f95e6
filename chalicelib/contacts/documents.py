"""Reads the CPF or CNPJ of a document cell: check digits are valid, without punctuation, in upper case.

The CNPJ is alphanumeric since July 2026 (Instrução Normativa RFB 2.229/2024): twelve characters `[0-9A-Z]` and two
check digits. The value of a character is its ASCII code minus 48, so the old, numeric CNPJ is a special case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import compress, product
from operator import eq, mul
from string import ascii_uppercase, digits
from typing import NamedTuple

from chalicelib.contacts.nothing import says_nothing
from chalicelib.contacts.pieces import EDGES, RefusedPiece, as_lines, normalised, refuse, without_exponent

_LONGEST_PIECE = 60  # a document with its mask, a label and blanks

# Parts may be separated only where the official masks separate them: "71 99999-9999" is not a CPF.
_DOCUMENT = (
    r"[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[-./ ]?[0-9]{2}"
    r"|[0-9A-Za-z]{2}[. ]?[0-9A-Za-z]{3}[. ]?[0-9A-Za-z]{3}[/ ]?[0-9A-Za-z]{4}[-./ ]?[0-9]{2}"
)
_WRITTEN = re.compile(_DOCUMENT).fullmatch
_WRITTEN_LINE = re.compile(rf"(?:({_DOCUMENT})\n|.*+\n)")
_PUNCTUATION = b".-/ "
_LABEL = re.compile(
    r"\A(?:C\.?P\.?F|C\.?N\.?P\.?J|documento|doc)\b(?:\s*[/:.-]?\s*(?:CPF|CNPJ|MF)\b)?[\s:.=-]*|\s(?:CPF|CNPJ)\Z",
    re.IGNORECASE,
)
_AROUND = EDGES + "'‘’`´\"“”«»=.,:;\ufffd"  # quotes, the `=` of `="…"`, signs of a sentence, and what was a NUL
_WIDE_SIGN = re.compile(r"\s*([-./])\s*")
_NUMBER_SIGN = re.compile(r"\An[oº°]?[\s:.]+", re.IGNORECASE)  # after a label: "CPF nº …"
_NUMBER_CELL = re.compile(r"([0-9]{1,14})(?:[.,]0{1,2})?")


class _Weights(NamedTuple):
    """What each character before a check digit counts. The second digit counts the first one too.

    Our weights rise where those of the law fall: then the check digit is the remainder itself, with 10 read as 0.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]


_CPF_WEIGHTS = _Weights((1, 2, 3, 4, 5, 6, 7, 8, 9), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
_CNPJ_WEIGHTS = _Weights((6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9), (5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9))


def _sums(weights: _Weights, characters: str, size: int) -> tuple[dict[str, int], ...]:
    """Return a table for each group of `size` characters: what a group adds to the sums of both check digits.

    The sum of the first digit is in the high bits. The value of a character is its code minus 48.
    """
    return tuple(
        {
            "".join(group): sum(
                (ord(character) - 48) * (weights.first[at + place] << 16 | weights.second[at + place])
                for place, character in enumerate(group)
            )
            for group in product(characters, repeat=size)
        }
        for at in range(0, len(weights.first), size)
    )


# The check digit of each sum of the codes of characters, by the sum of the weights: the value of a character is its
# code minus 48.
_DIGITS = {
    total: "".join([digits[(codes - 48 * total) % 11 % 10] for codes in range(ord("Z") * total + 1)])
    for total in (sum(each) for weights in (_CPF_WEIGHTS, _CNPJ_WEIGHTS) for each in weights)
}
_ALL_THE_SAME = {digit * size for digit in digits for size in (11, 14)}

# About sixteen thousand sums, computed in a few milliseconds. Without them a document takes three times as long.
_CPF = _sums(_CPF_WEIGHTS, digits, 3)
_CNPJ = _sums(_CNPJ_WEIGHTS, digits + ascii_uppercase, 2)
_PAIRS = tuple(tuple(f"{first}{second}" for second in digits) for first in digits)


def read_document(cell: str) -> tuple[str | None, RefusedPiece | None]:
    """Return the document of a cell, or its refusal; both are None for a blank cell (`nothing`).

    Quotes and a label (`CPF: …`) around it are accepted. A remark is not: it may say that the document is another's.
    The leading zeros that a number cell loses are restored if the check digits are then valid. `191` is valid as a CPF
    and as a CNPJ, so it is ambiguous. Eleven digits that are valid as a CPF are a CPF: they have lost no zeros.

    Codes: `documento_invalido`, `documento_ambiguo`.
    """
    if document := _as_written(cell):
        return document, None
    piece = cell.strip(EDGES)
    if not piece or says_nothing(piece):
        return None, None
    found = _read(piece)
    return (None, found) if isinstance(found, RefusedPiece) else (found, None)


def usual_documents(cells: Sequence[str]) -> list[str | None]:
    """Return the document of each cell that is written with every character; None for any other cell."""
    # One search finds those of all cells, and their punctuation is removed together. None has a line break.
    found = "\n".join(_WRITTEN_LINE.findall(as_lines(cells)))
    bare = found.upper().encode().translate(None, _PUNCTUATION).decode().split("\n")
    valid = _valid(bare, _CPF_WEIGHTS) | _valid(bare, _CNPJ_WEIGHTS)
    return [each if each in valid else None for each in bare]


def _valid(texts: Iterable[str], weights: _Weights) -> set[str]:
    """Return those of these ASCII texts that are documents with these weights, as `is_cpf` and `is_cnpj` say.

    All of them are summed up at once. The first characters of all documents are one long integer with two bytes for
    each document, and so are the second ones. No sum reaches the bytes of its neighbour.
    """
    size = len(weights.second) + 1
    documents = [text for text in texts if len(text) == size]
    together = "".join(documents)
    columns = [together[place::size] for place in range(size)]
    lanes = list(map(_lanes, columns[:-2]))
    first = _check_digits(lanes, weights.first, len(documents))
    second = _check_digits([*lanes, _lanes(first)], weights.second, len(documents))
    fitting = map(eq, zip(first, second, strict=True), zip(*columns[-2:], strict=True))
    return set(compress(documents, fitting)) - _ALL_THE_SAME


def _lanes(characters: str) -> int:
    return int.from_bytes(characters.encode("utf-16-le"), "little")


def _check_digits(lanes: Iterable[int], weights: Iterable[int], count: int) -> str:
    """Return the check digit of each of `count` documents."""
    sums: int = sum(map(mul, lanes, weights))
    return sums.to_bytes(2 * count, "little").decode("utf-16-le").translate(_DIGITS[sum(weights)])


def is_cpf(text: str) -> bool:
    """Whether a text is a CPF: eleven digits, valid check digits, not all the same."""
    if len(text) != 11:
        return False
    first, second, third = _CPF
    try:
        return _fits(text, first[text[:3]] + second[text[3:6]] + third[text[6:9]])
    except KeyError:  # not only digits
        return False


def is_cnpj(text: str) -> bool:
    """Whether a text is a CNPJ: twelve characters `[0-9A-Z]` and two valid check digits, not all the same."""
    if len(text) != 14:
        return False
    a, b, c, d, e, f = _CNPJ
    try:
        return _fits(text, a[text[:2]] + b[text[2:4]] + c[text[4:6]] + d[text[6:8]] + e[text[8:10]] + f[text[10:12]])
    except KeyError:  # another character
        return False


def _read(piece: str) -> str | RefusedPiece:
    if len(piece) > _LONGEST_PIECE:
        return refuse("documento_invalido", piece)
    text, labels = _LABEL.subn("", normalised(piece).strip(_AROUND), count=1)
    text = _WIDE_SIGN.sub(r"\1", text.strip(_AROUND))
    # Before exponent and number sign are removed, because a CNPJ may contain an `E` and may begin with `NO.`.
    if document := _as_written(text):
        return document
    if labels and (document := _as_written(text := _NUMBER_SIGN.sub("", text))):
        return document
    number = without_exponent(text)
    if number is None:
        return refuse("documento_ambiguo", piece)
    readings = _restored(number)
    if len(readings) != 1:
        return refuse("documento_ambiguo" if readings else "documento_invalido", piece)
    return readings[0]


def _as_written(text: str) -> str | None:
    """Return the document if it is written with every character."""
    if not _WRITTEN(text):
        return None
    document = _bare(text)
    return document if (is_cpf if len(document) == 11 else is_cnpj)(document) else None


def _bare(text: str) -> str:
    return text.replace(".", "").replace("-", "").replace("/", "").replace(" ", "").upper()


def _restored(text: str) -> list[str]:
    """Return every document that a number cell may have been before it lost its leading zeros."""
    number = _NUMBER_CELL.fullmatch(text)
    if not number:
        return []
    cpf, cnpj = number[1].zfill(11), number[1].zfill(14)
    if is_cpf(cpf):
        complete = cpf == number[1]
        return [cpf] if complete or not is_cnpj(cnpj) else [cpf, cnpj]
    return [cnpj] if is_cnpj(cnpj) else []


def _fits(document: str, sums: int) -> bool:
    first = (sums >> 16) % 11 % 10
    second = ((sums & 0xFFFF) + 9 * first) % 11 % 10
    return document[-2:] == _PAIRS[first][second] and document.count(document[0]) < len(document)
