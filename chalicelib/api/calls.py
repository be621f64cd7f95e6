"""One request, with the parts of it that a handler may take; each part is checked when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TypeVar, cast
from urllib.parse import unquote
from uuid import UUID

from chalice.app import Chalice, Request
from pydantic import BaseModel, ValidationError

from chalicelib.errors import FieldError, Invalid, NotFound, TooLarge, escape_pointer, invalid
from chalicelib.idempotency import IdempotencyKey
from chalicelib.identity import Identity, identify

MAX_JSON_BYTES = 256 * 1024
_NUL = "\0"

M = TypeVar("M", bound=BaseModel)


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

    def body(self, model: type[M]) -> M:
        """The JSON body, checked against a model; an empty body counts as `{}`.

        Raises:
            Invalid: the body is not JSON, a field does not fit, or a text holds a NUL; with a pointer to each.
            TooLarge: it is longer than 256 KiB.
        """
        raw = self.raw_body
        if len(raw) > MAX_JSON_BYTES:
            raise TooLarge("corpo_grande_demais", maximo=MAX_JSON_BYTES)
        try:
            checked = model.model_validate_json(raw or b"{}")
        except ValidationError as error:
            raise invalid(error, "") from None
        if b"\\u0000" in raw:
            _refuse_nul(json.loads(raw), "")
        return checked

    def query(self, model: type[M]) -> M:
        """The query string, checked against a model; of a repeated parameter the last value counts.

        Raises:
            Invalid: a parameter is unknown, does not fit, or holds a NUL.
        """
        given = dict(self.request.query_params or {})
        _refuse_nul(given, "?")
        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise invalid(error, "?") from None

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
    """One authenticated request.

    Raises:
        Unauthenticated: the request has no claims, or no usable tenant among them.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.identity: Identity = identify(request.context)

    @property
    def tenant_id(self) -> str:
        """The tenant of the token."""
        return self.identity.tenant_id

    @property
    def idempotency_key(self) -> IdempotencyKey | None:
        """The `Idempotency-Key` header, with the fingerprint of this request; None without the header.

        Raises:
            Invalid: the key is empty, longer than 255 characters, or holds a character that is not printable.
        """
        key = self.headers.get("idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= 255 or not key.isprintable():
            raise Invalid("chave_de_idempotencia_invalida")
        return IdempotencyKey(key, self._fingerprint())

    def _fingerprint(self) -> str:
        """SHA-256 of method, path and body.

        A client draws a new multipart boundary for each try, so the boundary is left out. Chalice's `path` is the
        pattern of the route: the parameters complete it.
        """
        boundary = self.content_type.partition("boundary=")[2].partition(";")[0].strip('" ')
        body = self.raw_body.replace(boundary.encode(), b"") if boundary else self.raw_body
        parameters = json.dumps(self.request.uri_params or {}, sort_keys=True)
        return sha256(f"{self.request.method} {self.request.path} {parameters}\n".encode() + body).hexdigest()


def current_request(app: Chalice) -> Request:
    """The request that a view is called for; Chalice sets it before the call."""
    return cast(Request, app.current_request)


def _refuse_nul(document: object, root: str) -> None:
    """PostgreSQL stores no NUL in a text: it is refused here, once for all models."""
    if pointers := tuple(_nuls(document, root)):
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
