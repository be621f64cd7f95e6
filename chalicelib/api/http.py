"""What stands between Chalice and a service: identity, parsing, problem documents, JSON.

A handler gets what it needs as arguments and returns the thing itself; every error becomes a problem document
(RFC 9457) with a stable code, and an unexpected one a 500 that says nothing of its inside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import unquote
from uuid import UUID

from chalice.app import Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib import messages
from chalicelib.errors import DomainError, FieldError, Invalid, NotFound, TooLarge, UnsupportedMedia, escape_pointer
from chalicelib.idempotency import IdempotencyKey
from chalicelib.identity import Identity, identify
from chalicelib.telemetry import logger

PROBLEM = "application/problem+json"
MAX_JSON_BYTES = 256 * 1024
SUCCESS_STATUS = "success_status"
"""The attribute of a view that says with what status it answers when all is well; the contract reads it."""
_PROBLEM_TYPE = "urn:disparo-agenda:problema:"
_NUL = "\0"

M = TypeVar("M", bound=BaseModel)


class AnonymousCall:
    """One request of whoever sent it, with the parts of it that a handler may want."""

    def __init__(self, request: Request) -> None:
        self.request = request

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; case does not matter."""
        headers: Mapping[str, str] = self.request.headers
        return headers

    @property
    def raw_body(self) -> bytes:
        """The body as it came."""
        raw = self.request.raw_body
        return raw if isinstance(raw, bytes) else raw.encode()

    @property
    def content_type(self) -> str:
        """The media type with its parameters."""
        return str(self.request.headers.get("content-type", ""))

    def body(self, model: type[M]) -> M:
        """The JSON body, checked against a model.

        Raises:
            Invalid: not JSON, fields that do not fit, text with a NUL; a pointer to each.
            TooLarge: longer than 256 KiB.
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
        """The query string, checked against a model; a name given twice counts once, the last.

        Raises:
            Invalid: a parameter is unknown or does not fit.
        """
        given = dict(self.request.query_params or {})
        _refuse_nul(given, "?")
        try:
            return model.model_validate(given)
        except ValidationError as error:
            raise invalid(error, "?") from None

    def path_uuid(self, name: str) -> UUID:
        """An id in the path; what is no id names nothing.

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
            NotFound: it holds a NUL, which no name does.
        """
        part = unquote((self.request.uri_params or {})[name])
        if _NUL in part:
            raise NotFound("nao_encontrado")
        return part


class Call(AnonymousCall):
    """One authenticated request."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.identity: Identity = identify(request.context)

    @property
    def tenant_id(self) -> str:
        """The tenant of the token."""
        return self.identity.tenant_id

    @property
    def idempotency_key(self) -> IdempotencyKey | None:
        """The `Idempotency-Key` header, with the fingerprint of this request.

        Raises:
            Invalid: it is empty, longer than 255 characters, or holds what nobody can see.
        """
        key: str | None = self.request.headers.get("idempotency-key")
        if key is None:
            return None
        if not 0 < len(key) <= 255 or not key.isprintable():
            raise Invalid("chave_de_idempotencia_invalida")
        return IdempotencyKey(key, self._fingerprint())

    def _fingerprint(self) -> str:
        """Method, path and body; the boundary of a multipart body is drawn anew for each try and does not count.

        Chalice's `path` is the pattern of the route: what stands in its place makes it the path of this request.
        """
        boundary = self.content_type.partition("boundary=")[2].partition(";")[0].strip('" ')
        body = self.raw_body.replace(boundary.encode(), b"") if boundary else self.raw_body
        named = json.dumps(self.request.uri_params or {}, sort_keys=True)
        return sha256(f"{self.request.method} {self.request.path} {named}\n".encode() + body).hexdigest()


def endpoint(app: Any, status: int = 200) -> Callable[[Callable[[Call], object]], Callable[..., Response]]:
    """Make a function of a Call into a Chalice view that answers JSON or a problem document."""

    def decorate(handler: Callable[[Call], object]) -> Callable[..., Response]:
        @wraps(handler)
        def view(**_path: str) -> Response:
            return answered(lambda: handler(Call(app.current_request)), status, language(app.current_request))

        setattr(view, SUCCESS_STATUS, status)
        return view

    return decorate


def public(app: Any) -> Callable[[Callable[[], object]], Callable[[], Response]]:
    """As `endpoint`, for the routes that ask nobody who they are."""

    def decorate(handler: Callable[[], object]) -> Callable[[], Response]:
        @wraps(handler)
        def view() -> Response:
            return answered(handler, 200, language(app.current_request))

        setattr(view, SUCCESS_STATUS, 200)
        return view

    return decorate


def unauthenticated(app: Any) -> Callable[[Callable[[AnonymousCall], object]], Callable[..., Response]]:
    """As `endpoint`, for those who show who they are otherwise: by a signature, or by a token in the URL."""

    def decorate(handler: Callable[[AnonymousCall], object]) -> Callable[..., Response]:
        @wraps(handler)
        def view(**_path: str) -> Response:
            return answered(lambda: handler(AnonymousCall(app.current_request)), 200, language(app.current_request))

        setattr(view, SUCCESS_STATUS, 200)
        return view

    return decorate


def localize_415(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """The middleware of all routes: a type of body that a route does not take is refused by Chalice itself, before any
    view, and with a problem document all the same."""
    response = get_response(request)
    if response.status_code != UnsupportedMedia.status:
        return response
    return problem(UnsupportedMedia("tipo_nao_suportado"), language(request))


def answered(work: Callable[[], object], status: int, idioma: str) -> Response:
    """What the work returned as a response; what it raised as a problem document."""
    try:
        result = work()
        return result if isinstance(result, Response) else json_response(result, status)
    except DomainError as error:
        return problem(error, idioma)
    except Exception as error:  # noqa: BLE001 - the boundary of the process: nothing of the inside may reach a client
        # Only the kind of the error: its text may quote a row.
        logger.error("unexpected_error", extra={"kind": type(error).__name__, "where": _where(error)})
        return problem(_Unexpected("erro_interno"), idioma)


def json_response(body: object, status: int = 200) -> Response:
    """A JSON response; Chalice's own encoder knows neither UUID nor datetime."""
    if body is None:
        return Response(body="", status_code=204)
    return Response(body=to_json(body), status_code=status, headers={"Content-Type": "application/json"})


def to_json(body: object) -> str:
    """JSON text with ISO 8601 times, models and dataclasses as objects."""
    return json.dumps(body, default=_encoded, ensure_ascii=False, separators=(",", ":"))


def problem(error: DomainError, idioma: str) -> Response:
    """A problem document (RFC 9457) for an error."""
    errors = error.errors if isinstance(error, Invalid) else ()
    document: dict[str, object] = {
        "type": _PROBLEM_TYPE + error.code,
        "title": messages.title(error.status, idioma),
        "status": error.status,
        "detail": messages.text(error.code, idioma, **error.params),
        "code": error.code,
    }
    if errors:
        document["errors"] = [
            {
                "pointer": each.pointer,
                "code": each.code,
                "detail": messages.field_text(each, idioma, **error.params),
            }
            for each in errors
        ]
    return Response(body=to_json(document), status_code=error.status, headers={"Content-Type": PROBLEM})


def language(request: Request | None) -> str:
    """pt-BR unless the caller asks for English first."""
    wanted = request.headers.get("accept-language", "") if request is not None else ""
    return messages.ENGLISH if wanted.strip().lower().startswith("en") else messages.PORTUGUESE


class _Unexpected(DomainError):
    status = 500


def invalid(error: ValidationError, root: str) -> Invalid:
    """pydantic's complaints as pointers (RFC 6901) and codes, without the values they complain about."""
    return Invalid(
        "requisicao_invalida",
        tuple(
            FieldError(root + "".join(f"/{escape_pointer(part)}" for part in each["loc"]), each["type"], each["msg"])
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ),
    )


def _refuse_nul(document: object, root: str) -> None:
    """PostgreSQL takes no NUL in a text; better said here, once, than by each field of each model."""
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


def _where(error: Exception) -> str:
    """file:line of the innermost frame."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"


def _encoded(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
