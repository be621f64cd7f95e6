"""Fills named variables `{{nome}}` into message bodies. The template language has nothing else.

A value is inserted once and never searched for variables. Errors in the text are reported when a template is saved
(`check`). A missing value is reported before anything is sent (`render`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import NamedTuple

from chalicelib.errors import FieldError, Invalid, InvalidTemplate, MissingVariable, named
from chalicelib.unseen import has_directions, without_directions

# RFC 5322 §2.1.1 limits a line to 998 characters; a readable subject is much shorter.
_LONGEST = {"assunto": 255, "texto": 65_536, "html": 262_144}
_LONGEST_VALUE = 4_096
_MAX_VARIABLES = 100
_LONGEST_MESSAGE = 524_288

# With a third brace it belongs to another language (`{{{nome}}}` is Mustache for "do not escape").
_VARIABLE = re.compile(r"(?<!\{)\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")
_BRACES = re.compile(r"\{\{.{0,40}", re.DOTALL)
# Of the control characters, only tab and line breaks have a meaning in a message. PostgreSQL stores no NUL, and no
# encoding can write half of a surrogate pair.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class RenderedText(NamedTuple):
    """The texts of one message, with their variables filled in."""

    assunto: str | None
    texto: str
    html: str | None


def check(*, assunto: str | None, texto: str, html: str | None) -> tuple[str, ...]:
    """The names of all variables of a template, in the order in which they first appear in subject, text and HTML.

    Raises:
        InvalidTemplate: `template_longo`, `template_vazio`, `chaves_desequilibradas`, `variavel_invalida`,
            `variaveis_demais`, `caractere_invalido` or `assunto_de_uma_linha`; it names the field.
    """
    fields = {"assunto": assunto, "texto": texto, "html": html}
    names: dict[str, None] = {}
    for field, text in fields.items():
        if text is not None:
            _check_text(field, text)
            names.update(dict.fromkeys(variables(text, field)))
            if len(names) > _MAX_VARIABLES:
                raise InvalidTemplate("variaveis_demais", field, maximo=_MAX_VARIABLES)
    return tuple(names)


def variables(text: str, field: str = "texto") -> tuple[str, ...]:
    """The names of the variables in one text, each once, in order; `field` is what an error names.

    Raises:
        InvalidTemplate: braces that are not a variable: unclosed, or of another template language.
    """
    # A NUL replaces each variable, so that the text around it cannot join into another variable.
    rest = _VARIABLE.sub("\0", text)
    if (foreign := _BRACES.search(rest)) is not None:
        code = "variavel_invalida" if "}}" in foreign[0] else "chaves_desequilibradas"
        raise InvalidTemplate(code, field, trecho=foreign[0].replace("\0", "…"))
    # In HTML, `}}` may end a minified style sheet; in other text it is half of a variable.
    if "{%" in rest or ("}}" in rest and field != "html"):
        raise InvalidTemplate("chaves_desequilibradas", field, trecho="{%" if "{%" in rest else "}}")
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with each variable's value in its place.

    Raises:
        MissingVariable: names every variable without a value.
        Invalid: `valor_longo`, a value is too long; `mensagem_longa`, the whole text would be.
    """
    return _render(text, values, _plain)


def render_html(text: str, values: Mapping[str, str]) -> str:
    """As `render`; values are plain text, so markup in them is escaped."""
    return _render(text, values, _escaped)


def render_subject(text: str, values: Mapping[str, str]) -> str:
    """As `render`, always on one line: a line break in a header would begin another header."""
    return on_one_line(_render(text, values, _plain))


def render_all(*, assunto: str | None, texto: str, html: str | None, values: Mapping[str, str]) -> RenderedText:
    """Subject, text and HTML with their variables filled in.

    Raises:
        MissingVariable: names the missing variables of all three together.
        Invalid: as `render`.
    """
    _demand((name for text in (assunto, texto, html) if text for name in _VARIABLE.findall(text)), values)
    return RenderedText(
        assunto=None if assunto is None else render_subject(assunto, values),
        texto=render(texto, values),
        html=None if html is None else render_html(html, values),
    )


def on_one_line(value: str) -> str:
    """The value, with one space in place of every run of white space and control characters, and always forwards.

    Subjects need it, and so do the parameters of a WhatsApp template: WhatsApp refuses line breaks, tabs and more than
    four spaces in a row. With a character that turns the direction of writing, `gpj.exe` reads as `exe.jpg`.
    """
    return " ".join(_CONTROLS.sub(" ", without_directions(value)).split())


def _render(text: str, values: Mapping[str, str], prepare: Callable[[str], str]) -> str:
    # The parts alternate: literal text, the name of a variable, literal text, …
    literals, names = (parts := _VARIABLE.split(text))[::2], parts[1::2]
    _demand(names, values)
    ready = {name: prepare(values[name]) for name in dict.fromkeys(names)}
    if sum(map(len, literals)) + sum(len(ready[name]) for name in names) > _LONGEST_MESSAGE:
        raise Invalid("mensagem_longa", maximo=_LONGEST_MESSAGE)
    parts[1::2] = [ready[name] for name in names]
    return "".join(parts)


def _demand(names: Iterable[str], values: Mapping[str, str]) -> None:
    """Raise unless every name has a value of a permitted length."""
    wanted = dict.fromkeys(names)
    if missing := tuple(name for name in wanted if name not in values):
        raise MissingVariable(missing)
    if long := tuple(name for name in wanted if len(values[name]) > _LONGEST_VALUE):
        errors = tuple(FieldError(f"/payload/variaveis/{name}", "valor_longo", name) for name in long)
        raise Invalid("valor_longo", errors, nomes=named(long), maximo=_LONGEST_VALUE)


def _plain(value: str) -> str:
    return _CONTROLS.sub("", value)


def _escaped(value: str) -> str:
    return escape(_plain(value), quote=True)


def _check_text(field: str, text: str) -> None:
    if not text.strip():
        raise InvalidTemplate("template_vazio", field)
    if len(text) > (longest := _LONGEST[field]):
        raise InvalidTemplate("template_longo", field, maximo=longest)
    if field == "assunto" and len(text.splitlines()) > 1:
        raise InvalidTemplate("assunto_de_uma_linha", field)
    if _CONTROLS.search(text) is not None or (field == "assunto" and has_directions(text)):
        raise InvalidTemplate("caractere_invalido", field)
