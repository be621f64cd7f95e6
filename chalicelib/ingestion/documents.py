"""A document cell into a CPF or a CNPJ whose check digits fit, without punctuation, in upper case.

The CNPJ is alphanumeric since July 2026 (Instrução Normativa RFB 2.229/2024): twelve characters `[0-9A-Z]` and two
check digits. The value of a character is its ASCII code less 48, so the old, numeric CNPJ is a special case.
"""

from __future__ import annotations

import re
from operator import mul

from chalicelib.ingestion.pieces import EDGES, Recusado, refuse, typed, written_out

_LONGEST_PIECE = 60  # a mask, a label and blanks

# Each part may stand apart, but only where the official masks part them: "71 99999-9999" is no CPF.
_WRITTEN = re.compile(
    r"[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[-./ ]?[0-9]{2}"
    r"|[0-9A-Za-z]{2}[. ]?[0-9A-Za-z]{3}[. ]?[0-9A-Za-z]{3}[/ ]?[0-9A-Za-z]{4}[-./ ]?[0-9]{2}"
).fullmatch
_LABEL = re.compile(r"(?:CPF|CNPJ)\b[\s:.]*(?:n[oº°]?[\s:.]+)?", re.IGNORECASE)
_NUMBER_CELL = re.compile(r"([0-9]{1,14})(?:[.,]0{1,2})?")

_VALUES = bytes((code - 48) % 256 for code in range(256))

# Weights that rise where the law's fall give the check digit itself as the remainder, with 10 read as 0.
_CPF_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
_CNPJ_WEIGHTS = ((6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9), (5, 6, 7, 8, 9, 2, 3, 4, 5, 6, 7, 8, 9))


def documento(cell: str) -> tuple[str | None, Recusado | None]:
    """The document of a cell; what was refused; or neither, for a blank cell.

    The leading zeros that a number cell loses are restored if the check digits then fit. `191` fits as a CPF and as
    a CNPJ, and is ambiguous; eleven digits that fit as a CPF are one, for they have lost nothing.

    Codes: `documento_invalido`, `documento_ambiguo`.
    """
    if document := _as_written(cell):
        return document, None
    piece = cell.strip(EDGES)
    if not piece:
        return None, None
    found = _read(piece)
    return (None, found) if isinstance(found, Recusado) else (found, None)


def is_cpf(text: str) -> bool:
    """Whether eleven digits are a CPF: check digits fit, not all the same."""
    return _fits(text, _CPF_WEIGHTS)


def is_cnpj(text: str) -> bool:
    """Whether fourteen characters `[0-9A-Z]{12}[0-9]{2}` are a CNPJ: check digits fit, not all the same."""
    return _fits(text, _CNPJ_WEIGHTS)


def _read(piece: str) -> str | Recusado:
    if len(piece) > _LONGEST_PIECE:
        return refuse("documento_invalido", piece)
    text = _LABEL.sub("", typed(piece), count=1).strip(EDGES)
    if document := _as_written(text):  # before the exponent: `E` is also a character of a CNPJ
        return document
    number = written_out(text)
    if number is None:
        return refuse("documento_ambiguo", piece)
    readings = _restored(number)
    if len(readings) != 1:
        return refuse("documento_ambiguo" if readings else "documento_invalido", piece)
    return readings[0]


def _as_written(text: str) -> str | None:
    """The document, if every character of it is there."""
    if not _WRITTEN(text):
        return None
    document = text.replace(".", "").replace("-", "").replace("/", "").replace(" ", "").upper()
    return document if (is_cpf if len(document) == 11 else is_cnpj)(document) else None


def _restored(text: str) -> list[str]:
    """Every document that a number cell may have been before it lost its leading zeros."""
    number = _NUMBER_CELL.fullmatch(text)
    if not number:
        return []
    cpf, cnpj = number[1].zfill(11), number[1].zfill(14)
    if is_cpf(cpf):
        complete = cpf == number[1]
        return [cpf] if complete or not is_cnpj(cnpj) else [cpf, cnpj]
    return [cnpj] if is_cnpj(cnpj) else []


def _fits(document: str, weights: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    values = document.encode().translate(_VALUES)
    first, second = weights
    return (
        len(values) == len(second) + 1
        and sum(map(mul, values, first)) % 11 % 10 == values[-2]
        and sum(map(mul, values, second)) % 11 % 10 == values[-1]
        and document.count(document[0]) < len(document)
    )
