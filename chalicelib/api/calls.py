"""One request, with the parts of it that a handler may take; each part is checked when it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from types import MappingProxyType, UnionType
from typing import Annotated, TypeVar, Union, cast, get_args, get_origin
from urllib.parse import unquote
from uuid import UUID

from chalice.app import Chalice, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.errors import MAX_LISTED, FieldError, Invalid, NotFound, TooLarge, escape_pointer
from chalicelib.idempotency import IdempotencyKey
from chalicelib.identity import Identity, identify
from chalicelib.permissions import check
from chalicelib.validation import invalid
from chalicelib.versions import HEADER, ExpectedVersion

MAX_JSON_BYTES = 256 * 1024
_NUL = "\0"
_NO_WORDS = "nenhum"
_DIGITS = re.compile(r"-?[0-9]{1,18}")

NO_LISTS: Mapping[str, Sequence[str]] = MappingProxyType({})

M = TypeVar("M", bound=BaseModel)


class _Nothing(BaseModel):
    """The query or the body of a route that takes none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnonymousCall:
    """One request without an identity."""

    def __init__(self, request: Request) -> None:
        self.request = request

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; their names are case-insensitive."""
        headers: Mapping[str, str] = self.request.headers
        return headers

    @property
    def raw_body(self) -> bytes:
        """The body as it was sent."""
        raw: str | bytes = self.request.raw_body
        return raw if isinstance(raw, bytes) else raw.encode()

    @property
    def content_type(self) -> str:
        """The media type of the body, with its parameters; "" without one."""
        return self.headers.get("content-type", "")

    @property
    def accept(self) -> str:
        """The media types that the client takes, as it says; "" if it does not."""
        return self.headers.get("accept", "")

    def body(self, model: type[M]) -> M:
        """The JSON body, checked against a model; an empty body counts as `{}`.

        The check is strict: no text or number counts as a value of another type.

        Raises:
            Invalid: the body is not JSON, a field does not fit, or a text holds a NUL; with a pointer to each.
            TooLarge: it is longer than 256 KiB, or than the `max_bytes` of the model.
        """
        raw = self.raw_body
        maximum = getattr(model, "max_bytes", MAX_JSON_BYTES)
        if len(raw) > maximum:
            raise TooLarge("corpo_grande_demais", maximo=maximum)
        try:
            checked = model.model_validate_json(raw or b"{}", strict=True)
        except ValidationError as error:
            raise invalid(error, "") from None
        if b"\\u0000" in raw:
            _refuse_nul(json.loads(raw), "")
        return checked

    def query(self, model: type[M]) -> M:
        """The query string, checked against a model.

        A field that is a list takes every value of its parameter. Of any other that is repeated the last value counts.

        Raises:
            Invalid: a parameter is unknown, does not fit, or holds a NUL.
        """
        given = self.request.query_params
        if given is None:
            return read_texts(model, {}, "?")
        return read_texts(
            model, dict(given), "?", {name: given.getlist(name) for name in _lists_of(model) & given.keys()}
        )

    def refuse_query(self) -> None:
        """Check that there is no query string, for a route that takes none.

        Raises:
            Invalid: it names each parameter.
        """
        self.query(_Nothing)

    def refuse_body(self) -> None:
        """Check that the body is empty or `{}`, for a route that takes none.

        Raises:
            Invalid: it names each field.
        """
        self.body(_Nothing)

    def path_uuid(self, name: str) -> UUID:
        """An id in the path.

        Raises:
            NotFound: it is not a UUID.
        """
        try:
            return UUID(self.path(name))
        except ValueError:
            raise NotFound("nao_encontrado") from None

    def path(self, name: str) -> str:
        """A part of the path, percent-decoded.

        Raises:
            NotFound: it holds a NUL, which no name has.
        """
        part = unquote((self.request.uri_params or {})[name])
        if _NUL in part:
            raise NotFound("nao_encontrado")
        return part


class Call(AnonymousCall):
    """One authenticated request, of a caller who may use its route.

    Raises:
        Unauthenticated: no authorizer has told who calls.
        Forbidden: the caller's group, or key, is not for this route.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.identity: Identity = identify(request.context)
        # Chalice's `path` is the pattern of the route.
        check(self.identity, f"{request.method} {request.path}")

    @property
    def tenant_id(self) -> str:
        """The tenant of the token or the key."""
        return self.identity.tenant_id

    def idempotency_key(self, status: int) -> IdempotencyKey | None:
        """The `Idempotency-Key` of this request, which is answered with `status`; None without the header.

        A client draws a new multipart boundary for each try, so the boundary is left out. Chalice's `path` is the
        pattern of the route.

        Raises:
            Invalid: `chave_de_idempotencia_invalida`.
        """
        key = self.headers.get("idempotency-key")
        if key is None:
            return None
        boundary = self.content_type.partition("boundary=")[2].partition(";")[0].strip('" ')
        body = self.raw_body.replace(boundary.encode(), b"") if boundary else self.raw_body
        return IdempotencyKey.of(
            key,
            operation=f"{self.request.method} {self.request.path}",
            subject=self.identity.subject,
            parameters=self.request.uri_params or {},
            body=body,
            status=status,
        )

    @property
    def expected_version(self) -> ExpectedVersion | None:
        """What the header `If-Match` expects to change; None without the header.

        Raises:
            Invalid: `if_match_invalido`.
        """
        header = self.headers.get(HEADER.lower())
        return None if header is None else ExpectedVersion.of(header)


def current_request(app: Chalice) -> Request:
    """The request that a view is called for; Chalice sets it before the call."""
    return cast(Request, app.current_request)


def read_texts(model: type[M], texts: Mapping[str, str], root: str, lists: Mapping[str, Sequence[str]] = NO_LISTS) -> M:
    """The fields of a query string or a form, checked as strictly as a JSON body; `root` begins their pointers.

    A whole number is written in digits alone and a truth value as `true` or `false`: Python and pydantic also read
    `1_0`, `on`, or ` 7`. A field that is a mapping takes all texts whose names begin with its own and a dot.
    `lists` has the texts of the fields that are lists.

    Raises:
        Invalid: a field is unknown, does not fit, or holds a NUL.
    """
    _refuse_nul({**texts, **lists}, root)
    readers, families = _readers_of(model), _families_of(model)
    document: dict[str, object] = {family: members for family in families if (members := _members(family, texts))}
    for name, text in texts.items():
        if name.partition(".")[0] not in families or name in families:
            document[name] = readers[name](text) if name in readers else text
    document.update(lists)
    try:
        return model.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        raise invalid(error, root) from None


@cache
def _readers_of(model: type[BaseModel]) -> Mapping[str, Callable[[str], object]]:
    """How the text of each field that is no text is read; what cannot be read stays a text, and is refused as one."""
    kinds = {name: set(_kinds(field.annotation)) for name, field in model.model_fields.items()}
    return {name: _READERS[kind] for name, each in kinds.items() for kind in each if kind in _READERS}


@cache
def _families_of(model: type[BaseModel]) -> frozenset[str]:
    """The fields that are mappings: a query string has their entries as `campo.cidade=…`."""
    return frozenset(name for name, field in model.model_fields.items() if dict in _kinds(field.annotation))


@cache
def _lists_of(model: type[BaseModel]) -> frozenset[str]:
    """The fields that are lists: a query string repeats their names."""
    return frozenset(name for name, field in model.model_fields.items() if list in _kinds(field.annotation))


@cache
def words_of(model: type[BaseModel]) -> frozenset[str]:
    """The fields that hold several words: a form has them in one text, or repeats their names."""
    return frozenset(
        name for name, field in model.model_fields.items() if {frozenset, tuple} & {*_kinds(field.annotation)}
    )


def _members(family: str, texts: Mapping[str, str]) -> dict[str, str]:
    beginning = f"{family}."
    return {name.removeprefix(beginning): text for name, text in texts.items() if name.startswith(beginning)}


def _kinds(hint: object) -> Iterator[object]:
    """The types of an annotation such as `Annotated[int, …] | None`."""
    if get_origin(hint) in {Annotated, Union, UnionType}:
        for each in get_args(hint):
            yield from _kinds(each)
    elif isinstance(kind := get_origin(hint) or hint, type):
        yield kind


def _whole_number(text: str) -> object:
    return int(text) if _DIGITS.fullmatch(text) else text


def _truth(text: str) -> object:
    return {"true": True, "false": False}.get(text.lower(), text)


def _listed(text: str) -> object:
    """The words of a list such as `documento, id`. An empty field may be an oversight, so no word is `nenhum`."""
    return [] if text.strip() == _NO_WORDS else [each.strip() for each in text.split(",")]


def _written_as_json(text: str) -> object:
    """An object or a list in JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _tuple(text: str) -> object:
    """A list in JSON, or words with commas between them."""
    return _written_as_json(text) if text.startswith("[") else _listed(text)


_READERS: Mapping[object, Callable[[str], object]] = {
    int: _whole_number, bool: _truth, frozenset: _listed, tuple: _tuple, dict: _written_as_json,
}  # fmt: skip


def _refuse_nul(document: object, root: str) -> None:
    """PostgreSQL stores no NUL in a text: it is refused here, once for all models."""
    # One more than is listed, so that it is known that there are more. A long key would be repeated in each pointer.
    if pointers := tuple(islice(_nuls(document, root), MAX_LISTED + 1)):
        errors = tuple(FieldError(pointer, "caractere_nulo", "NUL") for pointer in pointers)
        raise Invalid("requisicao_invalida", errors)


def _nuls(value: object, pointer: str) -> Iterator[str]:
    """Pointers to every text that holds a NUL, keys included."""
    if isinstance(value, str) and _NUL in value:
        yield pointer
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nuls(each, f"{pointer}/{number}")
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from (pointer,) if _NUL in key else _nuls(each, f"{pointer}/{escape_pointer(key)}")
