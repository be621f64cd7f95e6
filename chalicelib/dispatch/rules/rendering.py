"""Message bodies with named variables `{{nome}}`, and nothing else that could be called a language.

Values are put in once and never read again for variables. What is wrong with the words is said when a template is
saved (`check`); a missing value is said before anything is sent (`render`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import NamedTuple

from chalicelib.errors import FieldError, Invalid, InvalidTemplate, MissingVariable

# RFC 5322 §2.1.1 ends a line at 998; people stop reading long before.
_LONGEST = {"assunto": 255, "texto": 65_536, "html": 262_144}
_LONGEST_VALUE = 4_096
_LONGEST_MESSAGE = 524_288

# A brace before it makes it another language's (`{{{nome}}}` is Mustache for "do not escape").
_VARIABLE = re.compile(r"(?<!\{)\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}")
_BRACES = re.compile(r"\{\{.{0,40}", re.DOTALL)
# Of the control characters only tab and line breaks mean anything in a message; PostgreSQL takes no NUL at all, and
# no encoding takes half of a surrogate pair.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class RenderedText(NamedTuple):
    """The words of one message, variables filled in."""

    assunto: str | None
    texto: str
    html: str | None


def check(*, assunto: str | None, texto: str, html: str | None) -> tuple[str, ...]:
    """The names of all variables of a template, in the order in which they first appear in subject, text and HTML.

    Raises:
        TemplateInvalido: `template_longo`, `template_vazio`, `chaves_desequilibradas`, `variavel_invalida`,
            `caractere_invalido` or `assunto_de_uma_linha`, naming the field.
    """
    fields = {"assunto": assunto, "texto": texto, "html": html}
    names: dict[str, None] = {}
    for campo, text in fields.items():
        if text is not None:
            _check_words(campo, text)
            names.update(dict.fromkeys(variables(text, campo)))
    return tuple(names)


def variables(text: str, campo: str = "texto") -> tuple[str, ...]:
    """The names of the variables of one text, each once, in order.

    Raises:
        TemplateInvalido: braces that are no variable: unclosed, or of another template language.
    """
    # Taking the variables out leaves a NUL, so that what stood around one cannot come together as another.
    rest = _VARIABLE.sub("\0", text)
    if (foreign := _BRACES.search(rest)) is not None:
        code = "variavel_invalida" if "}}" in foreign[0] else "chaves_desequilibradas"
        raise InvalidTemplate(code, campo, trecho=foreign[0].replace("\0", "…"))
    # Minified style sheets end in `}}`; in words it is half of a variable.
    if "{%" in rest or ("}}" in rest and campo != "html"):
        raise InvalidTemplate("chaves_desequilibradas", campo, trecho="{%" if "{%" in rest else "}}")
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with each variable's value in its place.

    Raises:
        VariavelAusente: naming every variable without a value.
        Invalid: `mensagem_longa`; the whole would be longer than any message.
    """
    return _render(text, values, _plain)


def render_html(text: str, values: Mapping[str, str]) -> str:
    """As `render`; values are words, so what is markup in them is escaped."""
    return _render(text, values, _escaped)


def render_subject(text: str, values: Mapping[str, str]) -> str:
    """As `render`, on one line whatever the values hold: a line break in a header would begin another header."""
    return on_one_line(_render(text, values, _plain))


def render_all(*, assunto: str | None, texto: str, html: str | None, values: Mapping[str, str]) -> RenderedText:
    """Subject, text and HTML with their variables filled in; one `MissingVariable` names what is missing in any."""
    _demand((name for text in (assunto, texto, html) if text for name in _VARIABLE.findall(text)), values)
    return RenderedText(
        assunto=None if assunto is None else render_subject(assunto, values),
        texto=render(texto, values),
        html=None if html is None else render_html(html, values),
    )


def on_one_line(value: str) -> str:
    """The value with every run of white space and control characters as one space.

    WhatsApp refuses a template parameter with line breaks, tabs or more than four spaces in a row, so its ordered
    variables go through here too.
    """
    return " ".join(_CONTROLS.sub(" ", value).split())


def _render(text: str, values: Mapping[str, str], prepare: Callable[[str], str]) -> str:
    # Words and names of variables take turns.
    words, names = (parts := _VARIABLE.split(text))[::2], parts[1::2]
    _demand(names, values)
    ready = {name: prepare(values[name]) for name in dict.fromkeys(names)}
    if sum(map(len, words)) + sum(len(ready[name]) for name in names) > _LONGEST_MESSAGE:
        raise Invalid("mensagem_longa", maximo=_LONGEST_MESSAGE)
    parts[1::2] = [ready[name] for name in names]
    return "".join(parts)


def _demand(names: Iterable[str], values: Mapping[str, str]) -> None:
    """Every name has a value, and one of a decent length."""
    wanted = dict.fromkeys(names)
    if missing := tuple(name for name in wanted if name not in values):
        raise MissingVariable(missing)
    if long := tuple(name for name in wanted if len(values[name]) > _LONGEST_VALUE):
        errors = tuple(FieldError(f"/payload/variaveis/{name}", "valor_longo", name) for name in long)
        raise Invalid("valor_longo", errors, nomes=", ".join(long), maximo=_LONGEST_VALUE)


def _plain(value: str) -> str:
    return _CONTROLS.sub("", value)


def _escaped(value: str) -> str:
    return escape(_plain(value), quote=True)


def _check_words(campo: str, text: str) -> None:
    if not text.strip():
        raise InvalidTemplate("template_vazio", campo)
    if len(text) > (longest := _LONGEST[campo]):
        raise InvalidTemplate("template_longo", campo, maximo=longest)
    if campo == "assunto" and len(text.splitlines()) > 1:
        raise InvalidTemplate("assunto_de_uma_linha", campo)
    if _CONTROLS.search(text) is not None:
        raise InvalidTemplate("caractere_invalido", campo)
