"""Recognises texts by which people and programs say that a cell is empty: `-`, `nan`, `n/a`, `não tem`, `#N/D`, `0`.

Such a text is not a mistake of anybody, so it is read as a blank cell and not refused. Only whole texts count, and only
those of this list. `########` is not one of them: it is a number that a spreadsheet had no room to show.
"""

from __future__ import annotations

import string
import unicodedata

_LONGEST = 40
# A text that consists of these says nothing, and they may stand around any of the words. A `#` is part of an error.
_AROUND = string.whitespace + "!\"'*+,-./:;<=>?[]^_`{|}~()" + "0–—−•·…“”‘’´«»"

_KINDS = (
    "", "email", "e-mail", "mail", "telefone", "tel", "fone", "celular", "cel", "whatsapp", "whats", "zap", "contato",
    "cpf", "cnpj", "documento", "doc", "número", "dado", "dados", "informação", "cadastro", "registro", "nome",
)  # fmt: skip
_ABSENT = ("sem", "não tem", "não possui", "não há", "não existe", "não usa", "não informou", "nenhum", "nenhuma")
_NEGATED = (
    "", "informado", "informada", "consta", "se aplica", "aplicável", "disponível", "cadastrado", "cadastrada",
    "preenchido", "preenchida", "encontrado", "localizado", "fornecido", "declarado", "identificado", "sabe", "sei",
)  # fmt: skip
_WORDS = (
    "", "nan", "none", "null", "nulo", "na", "nd", "nc", "ni", "sn", "n/a", "n/d", "n/c", "n/i", "n/t",
    "n.a", "n.d", "n.c", "n.i", "s/n", "s.n", "vazio", "vazia", "em branco", "undefined", "unknown", "indefinido",
    "indefinida", "desconhecido", "desconhecida", "ignorado", "ignorada", "false", "falso", "xxx", "xxxx",
    "xxxxx", "not available", "not applicable", "not provided", "no email", "no e-mail", "no phone", "#n/d", "#n/a",
    "#ref", "#valor", "#value", "#nome", "#name", "#div", "#nulo", "#null", "#núm", "#num", "#calc", "#cálc", "#spill",
    "#despejar", "#campo", "#field",
)  # fmt: skip


def _spellings(text: str) -> set[str]:
    """Return a text with its accents and without."""
    bare = "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return {text, bare}


_NOTHING = frozenset(
    spelling.strip(_AROUND)
    for text in (
        *_WORDS,
        *(f"{absent} {kind}" for absent in _ABSENT for kind in _KINDS),
        *(f"s/{blank}{kind}" for kind in filter(None, _KINDS) for blank in ("", " ")),
        *(f"não {negated}" for negated in _NEGATED),
    )
    for spelling in _spellings(text)
)
_BEGINNINGS = frozenset(_AROUND) | {word[:1] for word in _NOTHING} | {word[:1].upper() for word in _NOTHING}
NO_NAME_BEGINNINGS = frozenset(_AROUND) | frozenset(("", "#", "N", "n", "S", "s", "X", "x"))
"""What a name that is empty begins with. Few names begin so, and only these are looked at."""
_NO_KEYS = frozenset({"nan", "none", "null", "nulo", "undefined"})


def says_nothing(text: str) -> bool:
    """Whether a cell or a piece of contacts with this text, stripped of its blanks, is empty."""
    if text[:1] not in _BEGINNINGS or len(text) > _LONGEST:
        return False
    return " ".join(text.lower().strip(_AROUND).split()) in _NOTHING


def is_no_name(text: str) -> bool:
    """Whether a name with this text is empty; one or two letters may be somebody's name or initials."""
    return text[:1] in NO_NAME_BEGINNINGS and says_nothing(text) and not (text.isalpha() and len(text) <= 2)


def is_no_key(text: str) -> bool:
    """Whether an ID with this text is empty; `0`, a word or a short code may be somebody's ID."""
    return is_no_name(text) and (not text.isalnum() or text.lower() in _NO_KEYS)
