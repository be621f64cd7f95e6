"""Answers that are calendar files: `text/calendar`, at an address that ends with `.ics`.

API Gateway takes no path such as `/agenda/{token}.ics`: a parameter is all of its step. So a view of such files takes
the step with its `.ics`, and the contract describes the address as clients write it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from chalice.app import Chalice, Request, Response

from chalicelib.api.calls import AnonymousCall, current_request
from chalicelib.api.handlers import Handler, Operation, View, operation_of
from chalicelib.api.http import answered, language_of
from chalicelib.errors import NotFound
from chalicelib.scheduling.rules.calendar_file import CalendarFile
from chalicelib.versions import tag_of

CALENDAR = "text/calendar"
SUFFIX = ".ics"
_ALSO = "calendar_view"


def calendar(app: Chalice, call_type: type[AnonymousCall]) -> Callable[[Callable[..., CalendarFile]], View]:
    """Turn a handler into a view that answers the file that it returns, or a problem."""

    def decorate(handler: Handler) -> View:
        operation = Operation(handler, call_type, media_type=CALENDAR, suffix=SUFFIX)

        @wraps(handler)
        def view(**_path: str) -> Response:
            request = current_request(app)

            def answer() -> Response:
                _take_suffix(request)
                file = operation.run(call_type(request))
                assert isinstance(file, CalendarFile)  # noqa: S101 - the type of the handler says so
                return _response(file)

            return answered(answer, 200, language_of(request))

        return operation.carried_by(view)

    return decorate


def or_calendar(calendar_view: View) -> Callable[[View], View]:
    """Turn two views of one route into one: with `.ics` at its end, the address is that of the calendar file."""

    def decorate(view: View) -> View:
        @wraps(view)
        def either(**path: str) -> Response:
            return (calendar_view if _last(path).endswith(SUFFIX) else view)(**path)

        setattr(either, _ALSO, calendar_view)
        return operation_of(view).carried_by(either)

    return decorate


def views_of(view: View) -> list[View]:
    """The views behind one method of a route."""
    also: View | None = getattr(view, _ALSO, None)
    return [view] if also is None else [view, also]


def _take_suffix(request: Request) -> None:
    """Take the `.ics` off the last parameter of the path.

    Raises:
        NotFound: it does not end so.
    """
    parameters = dict(request.uri_params or {})
    last = _last(parameters)
    if not last.endswith(SUFFIX):
        raise NotFound("nao_encontrado")
    name = list(parameters)[-1]
    request.uri_params = {**parameters, name: last.removesuffix(SUFFIX)}


def _last(parameters: dict[str, str]) -> str:
    return list(parameters.values())[-1]


def _response(file: CalendarFile) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"{CALENDAR}; charset=utf-8; method={file.method}",
        "Content-Disposition": f'attachment; filename="{file.name}"',
        # The address of a feed is a key: no shared cache keeps what it gives. A client asks each time, and pays little.
        "Cache-Control": "private, no-cache",
        "ETag": tag_of(file.text),
        "X-Robots-Tag": "noindex",
    }
    return Response(body=file.text, headers=headers)
