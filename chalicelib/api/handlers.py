"""What a handler of `app.py` takes and answers, read from its signature once, at decoration.

The parameters of a handler are filled by name and annotation:

- `call`, a `Call` or an `AnonymousCall`: the request itself;
- `query`, a model: the query string, checked against it;
- `body`, a model: the JSON body, checked against it; or a `RequestBody`, which the handler reads by itself;
- `key`, an `IdempotencyKey | None`: the `Idempotency-Key` header;
- `expected`, an `ExpectedVersion | None`: the `If-Match` header;
- any other name, a `UUID` or a `str`: the part of the path that has this name in the route.

They are read in the order path, query, body, key, version: the first part that is wrong is the one that is reported. A
handler of an authenticated request that takes no query or no body refuses one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter, methodcaller
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypeVar, cast, get_args, get_type_hints
from uuid import UUID

from chalice.app import Response
from pydantic import BaseModel

from chalicelib.api.calls import AnonymousCall, Call
from chalicelib.errors import FieldError, Invalid
from chalicelib.idempotency import IdempotencyKey
from chalicelib.markdown import Markdown
from chalicelib.pages import CursorQuery, Selection
from chalicelib.versions import ExpectedVersion

JSON = "application/json"
SELECTION = "application/vnd.disparo-agenda.campos+json"
"""A page of which each item has the fields that were asked for: another type, so that JSON keeps its one form."""
M = TypeVar("M", bound=BaseModel)

Json: TypeAlias = M | Mapping[str, object]
"""A JSON answer of the form of a model: the model itself, or a mapping with its fields, which is cheaper to make."""
Handler = Callable[..., object]
View = Callable[..., Response]


class RequestBody:
    """A body that is not always one JSON document; the handler reads it, with limits that only the handler knows."""

    documents: ClassVar[tuple[type[BaseModel], ...]]
    """The JSON documents that it may be, for the contract."""
    form: ClassVar[type[BaseModel]]
    """The fields beside the file of a multipart form, for the contract."""

    def __init__(self, call: AnonymousCall) -> None:
        self._call = call


class Takes(NamedTuple):
    """What a handler takes of a request."""

    path: Mapping[str, type[UUID] | type[str]]
    """The parts of the path, by name."""
    query: type[BaseModel] | None
    body: type[BaseModel] | type[RequestBody] | None
    key: bool
    """Whether it takes an `Idempotency-Key`."""
    expected: bool
    """Whether it takes an `If-Match`."""
    call: bool

    @property
    def documents(self) -> tuple[type[BaseModel], ...]:
        """The models of the JSON body; a body fits one of them."""
        if self.body is None:
            return ()
        return self.body.documents if issubclass(self.body, RequestBody) else (self.body,)

    @property
    def form(self) -> type[BaseModel] | None:
        """The model of the fields of a multipart body, beside its file."""
        return self.body.form if self.body is not None and issubclass(self.body, RequestBody) else None


class Operation:
    """A handler, with what the contract says about it.

    Raises:
        TypeError: a parameter has an annotation that nothing of such a request can fill.
    """

    def __init__(
        self,
        handler: Handler,
        call_type: type[AnonymousCall],
        *,
        status: int = 200,
        media_type: str = JSON,
        suffix: str = "",
    ) -> None:
        self.handler = handler
        self.takes = _takes(handler, call_type)
        self.status = status
        """Of a successful answer."""
        self.media_type = media_type
        self.suffix = suffix
        """What a client writes behind the last part of the path."""
        self._readers = tuple(_readers(self.takes, status))
        # An open address is used by programs that add to it: links with tracking parameters, forms of mail programs.
        self._refusals = tuple(_refusals(self.takes)) if issubclass(call_type, Call) else ()

    def run(self, call: AnonymousCall) -> object:
        """What the handler returns for a request.

        Raises:
            DomainError: a part of the request is wrong, or the handler refuses it.
        """
        given = {name: read(call) for name, read in self._readers}
        for refuse in self._refusals:
            refuse(call)
        query = given.get("query")
        if not isinstance(query, CursorQuery) or query.fields is None:
            return self.handler(**given)
        self._check_fields(query.fields)
        return Selection.of(cast(Mapping[str, Any], self.handler(**given)), query.fields)

    def answers(self, **names: object) -> tuple[type[BaseModel], ...]:
        """The models that the handler says it answers with; none for an answer that is not JSON.

        `names` are those of the annotation that are imported for type checkers only.
        """
        return tuple(each for each in self._answered(names) if _is_model(each))

    def item_fields(self, **names: object) -> frozenset[str]:
        """The names of the fields of the items, if it answers a page of a list; `names` as for `answers`."""
        query = self.takes.query
        if query is None or not issubclass(query, CursorQuery) or self.media_type != JSON:
            return frozenset()
        pages = [each.model_fields["itens"] for each in self.answers(**names) if "itens" in each.model_fields]
        return frozenset(name for page in pages for name in get_args(page.annotation)[0].model_fields)

    def _check_fields(self, fields: frozenset[str]) -> None:
        """Check that the items have them, before anything is done.

        Raises:
            Invalid: it names each field that they do not have.
        """
        from chalicelib.api import answers  # noqa: PLC0415 - many models: only who chooses fields pays for them

        if unknown := sorted(fields - self.item_fields(answers=answers)):
            errors = tuple(FieldError("?/fields", "campo_de_item_desconhecido", name) for name in unknown)
            raise Invalid("requisicao_invalida", errors)

    def is_also_markdown(self, **names: object) -> bool:
        """Whether it answers Markdown too, if the request wants that."""
        return Markdown in self._answered(names)

    def _answered(self, names: dict[str, object]) -> tuple[Any, ...]:
        hint = get_type_hints(self.handler, localns=names)["return"]
        answered: tuple[Any, ...] = getattr(hint, "__args__", ())
        return answered

    def carried_by(self, view: View) -> View:
        """The view, from which `operation_of` reads this operation."""
        setattr(view, _OPERATION, self)
        return view


_OPERATION = "operation"


def operation_of(view: View) -> Operation:
    """The operation behind a view of the app."""
    operation: Operation = getattr(view, _OPERATION)
    return operation


def _takes(handler: Handler, call_type: type[AnonymousCall]) -> Takes:
    hints = _hints(handler)
    call, query, body, key, expected = (hints.pop(name, None) for name in ("call", "query", "body", "key", "expected"))
    fits = {
        "call": call in {None, call_type},
        "query": query is None or _is_model(query),
        "body": body is None or _is_model(body) or _is(body, RequestBody),
        "key": key is None or (key == IdempotencyKey | None and issubclass(call_type, Call)),
        "expected": expected is None or (expected == ExpectedVersion | None and issubclass(call_type, Call)),
        **{name: hint in {UUID, str} for name, hint in hints.items()},
    }
    if wrong := [name for name, fit in fits.items() if not fit]:
        raise TypeError(f"{handler.__qualname__} takes what no {call_type.__name__} has: {', '.join(wrong)}")
    return Takes(hints, query, body, key is not None, expected is not None, call is not None)


def _hints(handler: Handler) -> dict[str, Any]:
    """The annotations of the parameters, by name; that of the answer may need models that are not imported yet."""
    parameters = inspect.signature(handler).parameters
    texts = {name: each.annotation for name, each in parameters.items()}
    return get_type_hints(SimpleNamespace(__annotations__=texts), globalns=inspect.unwrap(handler).__globals__)


def _readers(takes: Takes, status: int) -> Iterator[tuple[str, Callable[[Any], object]]]:
    """How each parameter is read from the call, in the order in which they are."""
    for name, kind in takes.path.items():
        yield name, methodcaller("path_uuid" if kind is UUID else "path", name)
    if takes.query is not None:
        yield "query", methodcaller("query", takes.query)
    if takes.body is not None:
        is_read_by_handler = issubclass(takes.body, RequestBody)
        yield "body", takes.body if is_read_by_handler else methodcaller("body", takes.body)
    if takes.key:
        yield "key", methodcaller("idempotency_key", status)
    if takes.expected:
        yield "expected", attrgetter("expected_version")
    if takes.call:
        yield "call", lambda call: call


def _refusals(takes: Takes) -> Iterator[Callable[[Any], None]]:
    """The checks that what the handler does not take was not sent: it would be ignored in silence."""
    if takes.query is None:
        yield methodcaller("refuse_query")
    if takes.body is None:
        yield methodcaller("refuse_body")


def _is_model(hint: object) -> bool:
    return _is(hint, BaseModel)


def _is(hint: object, base: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, base)
