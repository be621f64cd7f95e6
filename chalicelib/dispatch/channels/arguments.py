"""Turns our message into a tool's arguments: a JSON template with `{{placeholders}}` and three forms, nothing more.

* A string that is exactly one placeholder keeps the JSON type of its value; inside other text the value becomes text.
* An absent value (`{{html}}` of a message without HTML) is left out of its object or list.
* `{"$para_cada": "{{variaveis}}", "item": X}` is a list with one X for each element; `{{item}}` in X is the element.
* `{"$se": "{{html}}", "entao": X, "senao": Y}` is X if the placeholder is not empty, else Y (or left out).
* `{"$json": X}` is X as a JSON string, for tools that take JSON in a string.

A value that contains a placeholder stays as it is: values are never expanded again.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.errors import escape_pointer

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_ITEM = "item"
_MAX_DEPTH = 20
_ABSENT = object()
S = TypeVar("S")


class BadTemplate(Exception):
    """The argument template is invalid at `pointer` (RFC 6901); `code` says why, `detail` names the invalid part."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(pointer, code, detail)
        self.pointer = pointer
        self.code = code
        self.detail = detail


class PlaceholderScope(NamedTuple):
    """What placeholders take their values from: the subject, and inside a loop the current element."""

    subject: Any
    item: object


Build = Callable[[PlaceholderScope], Any]


@dataclass(frozen=True, slots=True)
class Vocabulary(Generic[S]):
    """The placeholders about one kind of subject, such as a message: for single values, lists of texts, and objects."""

    scalars: Mapping[str, Callable[[S], object]]
    lists: Mapping[str, Callable[[S], list[str]]] = field(default_factory=dict)
    objects: Mapping[str, Callable[[S], object]] = field(default_factory=dict)

    def field_of(self, name: str) -> Callable[[S], object] | None:
        """What finds the value of a placeholder; None for an unknown one."""
        return self.scalars.get(name) or self.lists.get(name) or self.objects.get(name)


_SCALARS: Mapping[str, Callable[[OutgoingMessage], object]] = {
    "disparo_id": lambda m: m.disparo_id,
    "chave": lambda m: m.idempotency_key,
    "tentativa": lambda m: m.tentativa,
    "destino": lambda m: m.destino,
    "destino.digitos": lambda m: re.sub(r"\D", "", m.destino),
    "assunto": lambda m: m.assunto,
    "texto": lambda m: m.texto,
    "html": lambda m: m.html,
    "template.nome": lambda m: m.template_nome,
    "template.idioma": lambda m: m.template_idioma,
    "descadastro_url": lambda m: m.descadastro_url,
    "calendario": lambda m: m.calendario and m.calendario.texto,
    "calendario.base64": lambda m: m.calendario and b64encode(m.calendario.texto.encode()).decode(),
    "calendario.metodo": lambda m: m.calendario and m.calendario.metodo,
}
_LISTS: Mapping[str, Callable[[OutgoingMessage], list[str]]] = {
    "variaveis": lambda m: [value for _, value in m.variaveis],
}
_OBJECTS: Mapping[str, Callable[[OutgoingMessage], object]] = {
    "variaveis.numeradas": lambda m: {str(number): value for number, (_, value) in enumerate(m.variaveis, 1)},
    "variaveis.por_nome": lambda m: dict(m.variaveis),
    "cabecalhos": lambda m: {**_unsubscribe_headers(m.descadastro_url), **m.cabecalhos},
}
MESSAGE = Vocabulary(_SCALARS, _LISTS, _OBJECTS)
"""The placeholders about a message."""


def _unsubscribe_headers(url: str | None) -> dict[str, str]:
    """The two headers for one-click unsubscribe (RFC 8058)."""
    if url is None:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def compile_arguments(template: Mapping[str, object], root: str = "") -> Callable[[OutgoingMessage], dict[str, Any]]:
    """A function that builds the arguments for a message; raises as `compile_with`."""
    return compile_with(MESSAGE, template, root)


def compile_with(words: Vocabulary[S], template: Mapping[str, object], root: str = "") -> Callable[[S], dict[str, Any]]:
    """A function that builds the arguments for a subject; `root` is the pointer to the template in its document.

    Raises:
        BadTemplate: an unknown placeholder or form, or a placeholder in a place where its value does not fit.
    """
    compiler = _Compiler(words)
    try:
        builders = {
            name: compiler.compile(node, f"/{escape_pointer(name)}", in_loop=False) for name, node in template.items()
        }
    except BadTemplate as error:
        raise BadTemplate(root + error.pointer, error.code, error.detail) from None

    def build(subject: S) -> dict[str, Any]:
        return _present(builders, PlaceholderScope(subject, _ABSENT))

    return build


class _Compiler:
    """Compiles a template whose placeholders are of one vocabulary."""

    def __init__(self, words: Vocabulary[Any]) -> None:
        self._words = words

    def compile(self, node: object, pointer: str, *, in_loop: bool) -> Build:
        if pointer.count("/") > _MAX_DEPTH:
            raise BadTemplate(pointer, "argumentos_profundos", str(_MAX_DEPTH))
        match node:
            case str():
                return self._text(node, pointer, in_loop=in_loop)
            case dict() if any(str(name).startswith("$") for name in node):
                return self._form(node, pointer, in_loop=in_loop)
            case dict():
                builders = {
                    k: self.compile(v, f"{pointer}/{escape_pointer(k)}", in_loop=in_loop) for k, v in node.items()
                }
                return lambda scope: _present(builders, scope)
            case list():
                items = [self.compile(value, f"{pointer}/{n}", in_loop=in_loop) for n, value in enumerate(node)]
                return lambda scope: [v for v in (item(scope) for item in items) if v is not _ABSENT]
            case _:
                return lambda _: node

    def _text(self, text: str, pointer: str, *, in_loop: bool) -> Build:
        # Literal text at even indexes, names of placeholders at odd ones.
        parts = _PLACEHOLDER.split(text)
        if any("{{" in literal or "}}" in literal for literal in parts[::2]):
            raise BadTemplate(pointer, "chaves_desequilibradas", text)
        if len(parts) == 1:
            return lambda _: text
        if len(parts) == 3 and not parts[0] and not parts[2]:
            return self._lookup(parts[1], pointer, in_loop=in_loop)
        for name in parts[1::2]:
            if name in self._words.lists or name in self._words.objects:
                raise BadTemplate(pointer, "marcador_nao_e_texto", name)
        pieces = [
            self._lookup(part, pointer, in_loop=in_loop) if is_name else _constant(part)
            for part, is_name in zip(parts, [False, True] * len(parts), strict=False)
        ]
        return lambda scope: "".join("" if value is _ABSENT else str(value) for value in (p(scope) for p in pieces))

    def _lookup(self, name: str, pointer: str, *, in_loop: bool) -> Build:
        if name == _ITEM and in_loop:
            return lambda scope: scope.item
        field_of = self._words.field_of(name)
        if field_of is None:
            raise BadTemplate(pointer, "marcador_desconhecido", name)

        def look_up(scope: PlaceholderScope) -> object:
            value = field_of(scope.subject)
            return _ABSENT if value is None else value

        return look_up

    def _form(self, node: Mapping[str, object], pointer: str, *, in_loop: bool) -> Build:
        match node:
            case {"$para_cada": str(source), "item": item, **rest} if not rest and not in_loop:
                return self._loop(source, item, pointer)
            case {"$se": str(condition), "entao": then, **rest} if not rest.keys() - {"senao"}:
                test = self._text(condition, f"{pointer}/$se", in_loop=in_loop)
                yes = self.compile(then, f"{pointer}/entao", in_loop=in_loop)
                no = self.compile(rest["senao"], f"{pointer}/senao", in_loop=in_loop) if rest else _constant(_ABSENT)
                return lambda scope: yes(scope) if test(scope) not in (_ABSENT, "", [], {}) else no(scope)
            case {"$json": value, **rest} if not rest:
                inner = self.compile(value, f"{pointer}/$json", in_loop=in_loop)
                return lambda scope: _as_json(inner(scope))
            case _:
                raise BadTemplate(pointer, "forma_desconhecida", ", ".join(sorted(map(str, node))))

    def _loop(self, source: str, item: object, pointer: str) -> Build:
        placeholder = _PLACEHOLDER.fullmatch(source)
        if placeholder is None or placeholder[1] not in self._words.lists:
            raise BadTemplate(f"{pointer}/$para_cada", "marcador_nao_e_lista", source)
        elements = self._words.lists[placeholder[1]]
        body = self.compile(item, f"{pointer}/item", in_loop=True)
        return lambda scope: [body(PlaceholderScope(scope.subject, element)) for element in elements(scope.subject)]


def _as_json(value: object) -> object:
    return value if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def _constant(value: object) -> Build:
    return lambda _: value


def _present(builders: Mapping[str, Build], scope: PlaceholderScope) -> dict[str, Any]:
    built = ((name, build(scope)) for name, build in builders.items())
    return {name: value for name, value in built if value is not _ABSENT}
