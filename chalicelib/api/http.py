"""The boundary between Chalice and the services: views made of handlers, problem documents, JSON.

A handler returns what is answered. Every error becomes a problem document (RFC 9457) with a stable code; an unexpected
error becomes a 500 without details.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial, wraps

from chalice.app import Chalice, Request, Response

from chalicelib import messages
from chalicelib.api.calls import AnonymousCall, Call, current_request
from chalicelib.api.handlers import JSON, SELECTION, Handler, Operation, View
from chalicelib.encoding import to_json
from chalicelib.errors import (
    DomainError,
    HeadersTooLarge,
    Invalid,
    MethodNotAllowed,
    OtherLead,
    TimeTaken,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnderWay,
    UnknownMethod,
    Unreadable,
    UnsupportedMedia,
    UriTooLong,
)
from chalicelib.idempotency import Replayed
from chalicelib.markdown import CONTENT_TYPE, Markdown
from chalicelib.pages import Selection
from chalicelib.telemetry import logger
from chalicelib.versions import Versioned

PROBLEM = "application/problem+json"
REPLAYED = "Idempotency-Replayed"
"""The header of an answer that was given before."""
_PROBLEM_TYPE = "urn:disparo-agenda:problema:"
_LONGEST_TEXT = 1_000
# Lambda answers with 6 MB at most; the headers and the frame of the answer take little of it.
_LONGEST_ANSWER = 6_000_000
_MOST_BYTES = 4
"""Of one character; an escaped quote or backslash has as many."""


def endpoint(app: Chalice, status: int = 200) -> Callable[[Handler], View]:
    """Turn a handler into a view of authenticated requests: it answers JSON with this status, or a problem document."""
    return partial(_view, app, Call, status)


def public(app: Chalice) -> Callable[[Handler], View]:
    """As `endpoint`, for requests without a token; a signature or a key in the URL may authenticate them instead."""
    return partial(_view, app, AnonymousCall, 200)


def _view(app: Chalice, call_type: type[AnonymousCall], status: int, handler: Handler) -> View:
    operation = Operation(handler, call_type, status=status)

    @wraps(handler)
    def view(**_path: str) -> Response:
        request = current_request(app)
        return answered(lambda: operation.run(call_type(request)), status, language_of(request))

    return operation.carried_by(view)


def localize_415(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """The middleware of all routes: makes a problem document of Chalice's own 415.

    Chalice refuses a media type that the route does not take before it calls the view. A 415 of a view is a problem
    document already, with its own reason: the kind of a file.
    """
    response = get_response(request)
    if response.status_code != UnsupportedMedia.status or response.headers.get("Content-Type") == PROBLEM:
        return response
    return problem(UnsupportedMedia("tipo_nao_suportado"), language_of(request))


def answered(work: Callable[[], object], status: int, language: str) -> Response:
    """The response for what `work` returns, or the problem document for what it raises."""
    try:
        return _expected(work, status, language)
    except Exception as error:  # noqa: BLE001 - the boundary of the process: no detail may reach a client
        # Only the class of the error is logged: its text may quote a row.
        logger.error("unexpected_error", extra={"kind": type(error).__name__, "where": _where(error)})
        return problem(_Unexpected("erro_interno"), language)


def _expected(work: Callable[[], object], status: int, language: str) -> Response:
    """The response for what `work` returns, or for an error of ours."""
    try:
        result = work()
        if isinstance(result, Markdown):
            return Response(body=result, headers={"Content-Type": CONTENT_TYPE})
        return result if isinstance(result, Response) else json_response(result, status)
    except Replayed as first:
        return _replay(first)
    except DomainError as error:
        return problem(error, language)


def json_response(body: object, status: int = 200) -> Response:
    """A JSON response, 204 for None; Chalice's own encoder knows neither UUID nor datetime.

    Raises:
        Invalid: `resposta_grande_demais`; Lambda would answer with a bare 502.
    """
    if body is None:
        return Response(body="", status_code=204)
    response = _of_text(to_json(body), status)
    if isinstance(body, Versioned):
        response.headers["ETag"] = body.etag
    if isinstance(body, Selection):
        response.headers["Content-Type"] = SELECTION
    return response


def _replay(first: Replayed) -> Response:
    """The first answer, with a header that says so."""
    response = _of_text(first.body, first.status)
    response.headers[REPLAYED] = "true"
    return response


def _of_text(text: str, status: int) -> Response:
    if len(text) > _LONGEST_ANSWER // _MOST_BYTES and _bytes_in_a_text(text) > _LONGEST_ANSWER:
        raise Invalid("resposta_grande_demais")
    return Response(body=text, status_code=status, headers={"Content-Type": JSON})


def _bytes_in_a_text(text: str) -> int:
    """The bytes of an answer in Lambda's own JSON, of which it is a text: each of its quotes is escaped once more."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def problem(error: DomainError, language: str) -> Response:
    """The problem document (RFC 9457) of an error."""
    errors = error.errors if isinstance(error, Invalid) else ()
    document: dict[str, object] = {
        "type": _PROBLEM_TYPE + error.code,
        "title": messages.title(error.status, language),
        "status": error.status,
        "detail": messages.text(error.code, language, **error.params),
        "code": error.code,
    }
    if errors:
        document["errors"] = [
            {
                "pointer": _cut(each.pointer),
                "code": each.code,
                "detail": _cut(messages.field_text(each, language, **error.params)),
            }
            for each in errors
        ]
    if isinstance(error, Invalid) and error.has_more:
        document["mais_erros"] = True
    if isinstance(error, OtherLead):
        document["lead_id"] = error.lead_id
    if isinstance(error, TimeTaken):
        document["ocupado"] = error.other
        document["horarios_livres"] = list(error.free)
    # RFC 9110, sections 11.6.1 and 10.2.1, and RFC 6585: a 401 says how to authenticate, a 405 which methods there are,
    # a 429 or a 503 when to come back. So does the 409 of a request that is under way.
    headers: dict[str, str | list[str]] = {"Content-Type": PROBLEM}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyRequests | UnderWay | Unavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = error.metodos
    return Response(body=to_json(document), status_code=error.status, headers=headers)


def of_status(status: int) -> DomainError:
    """The error for a request that a server refuses before it knows the route."""
    match status:
        case 414:
            return UriTooLong("endereco_longo")
        case 431:
            return HeadersTooLarge("cabecalhos_longos")
        case 501:
            return UnknownMethod("metodo_desconhecido")
        case _:
            return Unreadable("requisicao_malformada")


def language_of(request: Request) -> str:
    """The language of an answer: pt-BR unless `Accept-Language` begins with English."""
    wanted = request.headers.get("accept-language", "")
    return messages.ENGLISH if wanted.strip().lower().startswith("en") else messages.PORTUGUESE


def _cut(text: str) -> str:
    """The text at a bounded length: names of fields are the client's, and a pointer may repeat one in each error."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


class _Unexpected(DomainError):
    status = 500


def _where(error: Exception) -> str:
    """file:line of the innermost frame."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"
