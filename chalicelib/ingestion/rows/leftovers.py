"""Rows below a header that are no leads: help and examples right below it, totals, the header once more. Pure.

They are refused as a whole, each with a code of its own. An error report that is uploaded again leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from chalicelib.ingestion.layout.words import plain_words, read_title
from chalicelib.ingestion.rows.lead import LeadData

NOT_LEADS = frozenset(
    {"cabecalho_repetido", "linha_de_exemplo", "linha_de_instrucao", "linha_de_total", "linha_oculta"}
)
"""The codes of rows that a person did not mean to upload."""
NEAR = 3
"""Rows below the header that may be help or an example."""

_TOTAL = re.compile(
    r"(?:grand |sub ?)?tota(?:l|is)(?: geral| parcial| final)?"
    r"(?: (?:de |dos |das )?(?:leads?|clientes?|registros?|linhas?|contatos?|pessoas?|alunos?))?(?: [0-9][0-9 ]*)?"
    r"|soma(?:toria)?|quantidade|qtd"
)
TOTAL_BEGINNINGS = frozenset(
    first + second
    for small in ("to", "gr", "su", "so", "qu", "qt")
    for first, second in product(*((letter, letter.upper()) for letter in small))
)
"""What the name of a row of totals begins with. Few names begin so, and only these are looked at."""
_MARKED = re.compile(
    r"\W*(?:(?:exemplos?|example|modelo)(?:\s*[:)]|\W*\Z|\s+[-–]| de\b| of\b)|exs?(?:\s*\.?:|\.\s|\))|e\.g\.)",
    re.IGNORECASE,
)
_MARKED_INSIDE = re.compile(r"(?<![@.\w])(?:ex\s*\.?:|ex\.\s|(?:exemplo|example)\s*:)", re.IGNORECASE)
_MADE_UP = re.compile(
    r"(?:nome|seu\w*|your\w*|email|exemplo|example|usuario|user|fulano|teste?)@(?:\w+\.)?"
    r"(?:exemplo|example|email|empresa|dominio|provedor|servidor|mail|site|teste?)\..*"
    r"|fulano.*|nome (?:e )?sobrenome|seu nome.*|jo[aã]o da silva|john doe|jane doe",
    re.IGNORECASE,
)
_NOT_DIGITS = re.compile(r"[^0-9]+")
_BRACKETS = re.compile(r"\s*\(.*\)\W*", re.DOTALL)
_HELP = re.compile(
    r"\b(?:obrigatori[oa]|opcional|somente|apenas|so|digitos|numeros|formato|texto|preencha|informe|digite|maximo|max|"
    r"caracteres|mascara|required|optional|text|string|varchar|number|numerico|alfanumerico|ddd|ex|exemplo)\b"
)


def is_total(text: str) -> bool:
    """Whether a name is that of a row of totals: `TOTAL`, `Total de clientes: 12`."""
    return text[:2] in TOTAL_BEGINNINGS and _TOTAL.fullmatch(plain_words(text)) is not None


def leftover(cells: Sequence[str], titles: Sequence[str], data: LeadData | None, *, near: bool) -> str | None:
    """Return the code of a row that is no lead, else None.

    `cells` are those that feed a field, each with its title. `near` says that the row is right below the header.
    """
    filled = [(cell, title) for cell, title in zip(cells, titles, strict=True) if cell and not cell.isspace()]
    texts = [cell for cell, _ in filled]
    if near and is_example(texts):
        return "linha_de_exemplo"
    if any(map(is_total, texts)) and not (data and (data.telefones or data.emails)):
        return "linha_de_total"
    if data:
        return None
    if filled and all(plain_words(cell) == plain_words(title) for cell, title in filled):
        return "cabecalho_repetido"
    if near and 2 * sum(map(_is_help, texts)) > len(texts):
        return "linha_de_instrucao"
    named = sum(read_title(text).certain for text in texts)
    return "cabecalho_repetido" if named > 1 and 2 * named >= len(texts) else None


def is_example(texts: Iterable[str]) -> bool:
    """Whether a text says that it is an example, or at least two look made up: `00000-0000`, `nome@exemplo.com`."""
    made_up = 0
    for text in texts:
        if _MARKED.match(text) or _MARKED_INSIDE.search(text):
            return True
        digits = _NOT_DIGITS.sub("", text)
        is_one_digit = len(digits) > 7 and len({*digits[-8:]}) == 1
        made_up += is_one_digit or digits.startswith("12345678") or _MADE_UP.fullmatch(text.strip()) is not None
    return made_up > 1


def _is_help(text: str) -> bool:
    return _BRACKETS.fullmatch(text) is not None or _HELP.search(plain_words(text)) is not None
