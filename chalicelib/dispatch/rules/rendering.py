"""Renders messages: the values of a disparo, in the formats of its template's expressions (`expressions`).

A value is inserted once and never searched for variables. Errors in the text are reported when a template is saved
(`check`). A missing value is reported before anything is sent (`render_message`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple, assert_never

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.expressions import Expression, check_literals, parsed
from chalicelib.dispatch.rules.formats import Scalar, ValueKind, first_word, has_something_to_see, raw_length
from chalicelib.errors import FieldError, Invalid, InvalidTemplate, MissingVariable, escape_pointer, named
from chalicelib.unseen import has_directions, without_directions

# RFC 5322 §2.1.1 limits a line to 998 characters; a readable subject is much shorter.
_LONGEST = {"assunto": 255, "texto": 65_536, "html": 262_144}
# Meta's limit for the body of a template.
_LONGEST_BODY = 1_024
_LONGEST_VALUE = 4_096
_LONGEST_MESSAGE = 524_288
_MAX_VARIABLES = 100
# How much longer a value may get: `&` becomes `&amp;` and `'` becomes `&#x27;`; of letters, `ΐ` in capitals grows most.
_GROWTH_IN_HTML, _GROWTH = 6, 3
_LONGEST_FORMAT = 25

# Of the control characters, only tab and line breaks have a meaning in a message. PostgreSQL stores no NUL, and no
# encoding can write half of a surrogate pair.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

OLD_RULES, NEW_RULES = 1, 2
"""`templates.regras`: versions of before migration 030 show every text as it is; later ones show ISO dates as in a
sheet."""

FIRST_NAME, NAME = "primeiro_nome", "nome"


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """The words of one version of a template. `ordem` are its variables in the order in which a provider numbers them.

    `regras` is `OLD_RULES` or `NEW_RULES`.
    """

    canal: Canal
    assunto: str | None
    texto: str
    html: str | None = None
    ordem: tuple[str, ...] = ()
    regras: int = NEW_RULES


def words_of(version: Mapping[str, Any]) -> TemplateWords:
    """The words of a row of `templates`."""
    return TemplateWords(
        canal=Canal(version["canal"]),
        assunto=version["assunto"],
        texto=version["texto"],
        html=version["html"],
        ordem=tuple(version["variaveis"]),
        regras=version["regras"],
    )


class RenderedMessage(NamedTuple):
    """One message with its variables filled in; `parametros` are pairs of key and text, in the provider's order."""

    assunto: str | None
    texto: str
    html: str | None
    parametros: tuple[tuple[str, str], ...]


def check(*, assunto: str | None, texto: str, html: str | None) -> tuple[str, ...]:
    """The names of all variables of a template, in the order in which they first appear in subject, text and HTML.

    Numbers are in their own order, which is that of the provider.

    Raises:
        InvalidTemplate: `template_longo`, `template_vazio`, `variaveis_demais`, `caractere_invalido`,
            `assunto_de_uma_linha`, or as `parsed` and `check_literals`; it names the field.
            `variaveis_misturadas`: names beside numbers. `variaveis_com_falhas`: the numbers do not go from 1 on.
    """
    found: dict[Expression, None] = {}
    for field, text in (("assunto", assunto), ("texto", texto), ("html", html)):
        if text is not None:
            _check_text(field, text)
            literals, expressions = parsed(text, field)
            check_literals(literals, field)
            found.update(dict.fromkeys(expressions))
            if len(found) > _MAX_VARIABLES:
                raise InvalidTemplate("variaveis_demais", field, maximo=_MAX_VARIABLES)
            if _share(text, _GROWTH_IN_HTML) < 1:
                raise InvalidTemplate("template_longo", field, maximo=_LONGEST[field])
    return _numbered(tuple(dict.fromkeys(each.name for each in found)))


def check_for_whatsapp(texto: str) -> None:
    """Check what Meta demands of a template that `check` accepts.

    Raises:
        InvalidTemplate: `template_longo`; `padrao_em_branco`, because Meta refuses a blank parameter.
    """
    if len(texto) > _LONGEST_BODY:
        raise InvalidTemplate("template_longo", "texto", maximo=_LONGEST_BODY)
    for each in parsed(texto).expressions:
        if each.default is not None and not has_something_to_see(each.default):
            raise InvalidTemplate("padrao_em_branco", "texto", nomes=each.name)


def _numbered(names: tuple[str, ...]) -> tuple[str, ...]:
    """The variables in the order of their numbers, if they are numbers; named ones as they are."""
    numbers = sorted(int(name) for name in names if name.isdecimal())
    if not numbers:
        return names
    if len(numbers) < len(names):
        raise InvalidTemplate("variaveis_misturadas", "texto")
    if numbers != [*range(1, len(numbers) + 1)]:
        raise InvalidTemplate("variaveis_com_falhas", "texto", nomes=", ".join(map(str, numbers)))
    return tuple(map(str, numbers))


def expressions_of(words: TemplateWords) -> tuple[Expression, ...]:
    """The distinct expressions of a template, in the order of their first appearance."""
    return _compiled(words).expressions


def render_message(words: TemplateWords, values: Mapping[str, Scalar]) -> RenderedMessage:
    """Subject, text and HTML with their variables filled in, and the parameters of the provider.

    `primeiro_nome` without a value is the first word of `nome`.

    Raises:
        MissingVariable: names all missing variables.
        Invalid: `valor_longo`, a value is too long; `valor_fora_do_formato`, a format does not read its value;
            `valor_vazio`, nothing is left of a value for WhatsApp, which refuses a blank parameter (131008, 100);
            `mensagem_longa`, a whole text would be too long.
    """
    compiled = _compiled(words)
    ready = _filled(compiled.expressions, values, shows_dates=words.regras != OLD_RULES)
    if words.canal is Canal.WHATSAPP:
        _refuse("valor_vazio", [each.name for each, text in ready.items() if not has_something_to_see(text)])
    subject = _joined(words.assunto, ready, _plain)
    return RenderedMessage(
        # Always on one line: a line break in a header would begin another header.
        assunto=None if subject is None else on_one_line(subject),
        texto=_joined(words.texto, ready, _plain) or "",
        html=_joined(words.html, ready, _escaped),
        parametros=tuple((key, _parameter(ready[each], words.canal)) for key, each in compiled.parameters),
    )


def on_one_line(value: str) -> str:
    """The value, with one space in place of every run of white space and control characters, and always forwards.

    Subjects need it, and so do the parameters of a WhatsApp template: WhatsApp refuses line breaks, tabs and more than
    four spaces in a row. With a character that turns the direction of writing, `gpj.exe` reads as `exe.jpg`.
    """
    return " ".join(_CONTROLS.sub(" ", without_directions(value)).split())


class _Compiled(NamedTuple):
    """What all messages of a version have in common: its distinct expressions, and its parameters with their keys."""

    expressions: tuple[Expression, ...]
    parameters: tuple[tuple[str, Expression], ...]


@lru_cache(maxsize=256)
def _compiled(words: TemplateWords) -> _Compiled:
    found = (each for text in (words.assunto, words.texto, words.html) if text for each in parsed(text).expressions)
    expressions = in_order = tuple(dict.fromkeys(found))
    # In another order than that of the text, all expressions of a variable stand together.
    if words.ordem != tuple(dict.fromkeys(each.name for each in expressions)):
        places = {name: place for place, name in enumerate(words.ordem)}
        in_order = tuple(sorted(expressions, key=lambda each: places.get(each.name, len(places))))
    return _Compiled(expressions, _with_keys(in_order))


def longest_value(words: TemplateWords) -> int:
    """So many characters may each value have without the message becoming too long, whatever is in it."""
    texts = ((words.assunto, _GROWTH), (words.texto, _GROWTH), (words.html, _GROWTH_IN_HTML))
    return min(_share(text, growth) for text, growth in texts if text is not None)


def _share(text: str, growth: int) -> int:
    """The longest value for which a text has room in each of its expressions."""
    literals, expressions = parsed(text)
    defaults = sum(_GROWTH_IN_HTML * len(each.default or "") for each in expressions)
    room = _LONGEST_MESSAGE - sum(map(len, literals)) - defaults - _LONGEST_FORMAT * len(expressions)
    return min(_LONGEST_VALUE, room // (growth * len(expressions))) if expressions else _LONGEST_VALUE


def _with_keys(expressions: tuple[Expression, ...]) -> tuple[tuple[str, Expression], ...]:
    """Each expression with a key of its own: its name, for another one of the same name `nome_2`, then `nome_3`."""
    names = {each.name for each in expressions}
    keys: dict[str, Expression] = {}
    for each in expressions:
        key, times = each.name, 1
        while key in keys or (times > 1 and key in names):
            times += 1
            key = f"{each.name}_{times}"
        keys[key] = each
    return tuple(keys.items())


def _value_of(expression: Expression, values: Mapping[str, Scalar]) -> Scalar | None:
    """The value of a variable, None without one. A format that reads a number or a date reads all of the name."""
    name = expression.name
    if name == FIRST_NAME and name not in values and (whole := values.get(NAME)) is not None:
        return first_word(whole) if isinstance(whole, str) and expression.kind is ValueKind.TEXTO else whole
    return values.get(name)


def _filled(
    expressions: Iterable[Expression], values: Mapping[str, Scalar], *, shows_dates: bool
) -> dict[Expression, str]:
    """The text of each expression, before it is fit into subject, text or HTML."""
    ready: dict[Expression, str] = {}
    missing, long, unread = list[str](), list[str](), list[str]()
    for each in expressions:
        value = _value_of(each, values)
        if value is None or (_must_be_visible(each) and not has_something_to_see(value)):
            if each.default is None:
                missing.append(each.name)
            else:
                ready[each] = each.default
        elif raw_length(value) > _LONGEST_VALUE:
            long.append(each.name)
        elif (text := each.shown(value, shows_dates=shows_dates)) is None:
            unread.append(each.name)
        else:
            ready[each] = text
    if missing:
        raise MissingVariable(tuple(dict.fromkeys(missing)))
    _refuse("valor_longo", long, maximo=_LONGEST_VALUE)
    _refuse("valor_fora_do_formato", unread)
    return ready


def _must_be_visible(expression: Expression) -> bool:
    """Whether a blank value counts as missing; without a format and a default, an e-mail may have one."""
    return expression.default is not None or expression.kind is not ValueKind.TEXTO


def _refuse(code: str, names: Iterable[str], **params: object) -> None:
    """Raise if there are names of values that break a rule."""
    if wrong := tuple(dict.fromkeys(names)):
        errors = tuple(FieldError(f"/payload/variaveis/{escape_pointer(name)}", code, name) for name in wrong)
        raise Invalid(code, errors, nomes=named(wrong), **params)


def _joined(text: str | None, ready: Mapping[Expression, str], prepare: Callable[[str], str]) -> str | None:
    if text is None:
        return None
    literals, expressions = parsed(text)
    prepared = {each: prepare(ready[each]) for each in dict.fromkeys(expressions)}
    if sum(map(len, literals)) + sum(len(prepared[each]) for each in expressions) > _LONGEST_MESSAGE:
        raise Invalid("mensagem_longa", maximo=_LONGEST_MESSAGE)
    return literals[0] + "".join(
        prepared[each] + literal for each, literal in zip(expressions, literals[1:], strict=True)
    )


def _plain(value: str) -> str:
    return _CONTROLS.sub("", value)


def _escaped(value: str) -> str:
    return escape(_plain(value), quote=True)


def _parameter(text: str, canal: Canal) -> str:
    """A template's parameter in the form that the channel's provider accepts."""
    match canal:
        case Canal.WHATSAPP:
            return on_one_line(text)
        case Canal.EMAIL:
            return text
        case _:
            assert_never(canal)


def _check_text(field: str, text: str) -> None:
    if not text.strip():
        raise InvalidTemplate("template_vazio", field)
    if len(text) > (longest := _LONGEST[field]):
        raise InvalidTemplate("template_longo", field, maximo=longest)
    if field == "assunto" and len(text.splitlines()) > 1:
        raise InvalidTemplate("assunto_de_uma_linha", field)
    if _CONTROLS.search(text) is not None or (field == "assunto" and has_directions(text)):
        raise InvalidTemplate("caractere_invalido", field)
