"""Reads the expressions in the text of a template: `{{nome}}`, `{{valor|moeda}}`, `{{nome|titulo|padrao:"cliente"}}`.

`{{campos.cidade}}` is the same as `{{cidade}}`. Numbered variables are those of Meta, `{{1}}`, and have no formats.
Nothing executes: a format is a name of the closed list in `formats`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from chalicelib.campos import OUR_NAMES
from chalicelib.dispatch.rules.formats import (
    DEFAULT,
    NAMES,
    READING,
    REWRITING,
    Scalar,
    ValueKind,
    is_readable,
    plain,
)
from chalicelib.errors import InvalidTemplate

LONGEST_DEFAULT = 200
_MOST_FORMATS = 5

# With a third brace it belongs to another language (`{{{nome}}}` is Mustache for "do not escape").
_BETWEEN_BRACES = re.compile(r"(?<!\{)\{\{([^{}]*)\}\}")
_NAME = "[A-Za-z_][A-Za-z0-9_]{0,63}"
# Word turns quotes into curly ones.
_ARGUMENT = r':\s*["“”]([^"“”]*)["“”]'
_FORMAT = re.compile(rf"\|\s*([A-Za-z_]\w*)\s*(?:{_ARGUMENT}\s*)?")
_EXPRESSION = re.compile(rf"\s*(campos\.)?({_NAME}|[1-9][0-9]?)\s*((?:\|\s*[A-Za-z_]\w*\s*(?:{_ARGUMENT}\s*)?)*)")
_BRACES = re.compile(r"\{\{.{0,40}", re.DOTALL)
_SINGLE_BRACES = re.compile(rf"\{{\s*(?:campos\.)?(?:{_NAME}|[1-9][0-9]?)\s*(?:\|[^{{}}]{{0,40}})?\}}")


class Expression(NamedTuple):
    """A variable with its formats, in their order; `default` is the text of `padrao`, None without it."""

    name: str
    formats: tuple[str, ...] = ()
    default: str | None = None

    @property
    def kind(self) -> ValueKind:
        """What the value must be for the first format."""
        return READING[self.formats[0]][0] if self.formats and self.formats[0] in READING else ValueKind.TEXTO

    def shown(self, value: Scalar, *, shows_dates: bool = True) -> str | None:
        """The value in these formats; None if the first one does not read it."""
        if not is_readable(value, self.kind):
            return None
        if self.kind is ValueKind.TEXTO:
            text, rest = plain(value, shows_dates=shows_dates), self.formats
        else:
            text, rest = READING[self.formats[0]][1](value), self.formats[1:]
        for name in rest:
            text = REWRITING[name](text)
        return text


class ParsedText(NamedTuple):
    """A text taken apart: literal, expression, literal, …; there is one literal more than there are expressions."""

    literals: tuple[str, ...]
    expressions: tuple[Expression, ...]


@lru_cache(maxsize=256)
def parsed(text: str, field: str = "texto") -> ParsedText:
    """The text taken apart, once for all messages of a version; `field` is what an error names.

    Raises:
        InvalidTemplate: `variavel_invalida`, `campo_reservado` (`{{campos.nome}}`), `formato_desconhecido`,
            `formato_fora_de_ordem`, `padrao_invalido`.
    """
    # The parts alternate: literal text, what stands between braces, literal text, …
    parts = _BETWEEN_BRACES.split(text)
    return ParsedText(tuple(parts[::2]), tuple(_expression(inner, field) for inner in parts[1::2]))


def check_literals(literals: Iterable[str], field: str) -> None:
    """Check that no braces are left between the expressions.

    Raises:
        InvalidTemplate: `chaves_desequilibradas`, `variavel_invalida`: unclosed, or of another template language.
            `chaves_simples`: `{nome}`.
    """
    # A NUL stands for each variable, so that the text around it cannot join into another variable.
    rest = "\0".join(literals)
    if (foreign := _BRACES.search(rest)) is not None:
        code = "variavel_invalida" if "}}" in foreign[0] else "chaves_desequilibradas"
        raise InvalidTemplate(code, field, trecho=foreign[0].replace("\0", "…"))
    # In HTML, `}}` may end a minified style sheet; in other text it is half of a variable.
    if "{%" in rest or ("}}" in rest and field != "html"):
        raise InvalidTemplate("chaves_desequilibradas", field, trecho="{%" if "{%" in rest else "}}")
    if field != "html" and (single := _SINGLE_BRACES.search(rest)) is not None:
        raise InvalidTemplate("chaves_simples", field, trecho=single[0])


def _expression(inner: str, field: str) -> Expression:
    excerpt = f"{{{{{inner[:40]}}}}}"
    found = _EXPRESSION.fullmatch(inner)
    if found is None or (found[2].isdecimal() and (found[1] or found[3])):
        raise InvalidTemplate("variavel_invalida", field, trecho=excerpt)
    if found[1] and found[2] in OUR_NAMES:
        raise InvalidTemplate("campo_reservado", field, trecho=excerpt, nomes=found[2])
    chain = [(each[1], each[2]) for each in _FORMAT.finditer(found[3])]
    if unknown := [name for name, _ in chain if name not in NAMES]:
        raise InvalidTemplate("formato_desconhecido", field, trecho=unknown[0], conhecidos=", ".join(NAMES))
    if any((name == DEFAULT) is (text is None) or len(text or "") > LONGEST_DEFAULT for name, text in chain):
        raise InvalidTemplate("padrao_invalido", field, trecho=excerpt, maximo=LONGEST_DEFAULT)
    default = chain.pop()[1] if chain and chain[-1][0] == DEFAULT else None
    names = tuple(name for name, _ in chain)
    if DEFAULT in names or any(name in READING for name in names[1:]) or len(names) > _MOST_FORMATS:
        raise InvalidTemplate("formato_fora_de_ordem", field, trecho=excerpt)
    return Expression(found[2], names, default)
