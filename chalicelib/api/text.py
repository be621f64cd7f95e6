"""Answers that are not JSON: a page for a person, or plain text for a program."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from html import escape
from typing import NamedTuple

from chalice.app import Chalice, Response

from chalicelib import messages
from chalicelib.api.calls import AnonymousCall, current_request
from chalicelib.api.handlers import Handler, Operation, View
from chalicelib.api.http import answered, language_of
from chalicelib.errors import DomainError

HTML = "text/html"
TEXT = "text/plain"
# The address is a key: as every answer it is not stored and not passed on, and no script or frame can use the button.
PAGE_HEADERS = {
    "Content-Type": f"{HTML}; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Robots-Tag": "noindex",
}
"""The headers of our pages."""
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;text-align:center}"
    "button{font:inherit;padding:.7rem 1.4rem;cursor:pointer}"
)


class Page(NamedTuple):
    """A sentence, and a button that posts to the page's own address; both are codes of the catalogue."""

    sentence: str
    button: str | None = None


UNSUBSCRIBE = Page("descadastro_pergunta", "descadastro_botao")
UNSUBSCRIBED = Page("descadastro_feito")


def page(app: Chalice, shown: Page) -> Callable[[Handler], View]:
    """Turn a handler into a view that shows this page; an error of the domain is shown as a page, too."""

    def decorate(handler: Handler) -> View:
        operation = Operation(handler, AnonymousCall, media_type=HTML)

        @wraps(handler)
        def view(**_path: str) -> Response:
            request = current_request(app)
            language = language_of(request)

            def answer() -> Response:
                try:
                    operation.run(AnonymousCall(request))
                except DomainError as error:
                    sentence = messages.text(error.code, language, **error.params)
                    return _html(sentence, "", error.status, language)
                form = _form(messages.text(shown.button, language)) if shown.button else ""
                return _html(messages.text(shown.sentence, language), form, 200, language)

            return answered(answer, 200, language)

        return operation.carried_by(view)

    return decorate


def words(app: Chalice) -> Callable[[Callable[..., str]], View]:
    """Turn a handler into a view that answers the text that it returns, or a problem document."""

    def decorate(handler: Callable[..., str]) -> View:
        operation = Operation(handler, AnonymousCall, media_type=TEXT)

        @wraps(handler)
        def view(**_path: str) -> Response:
            request = current_request(app)

            def answer() -> Response:
                text = operation.run(AnonymousCall(request))
                return Response(body=text, headers={"Content-Type": TEXT})

            return answered(answer, 200, language_of(request))

        return operation.carried_by(view)

    return decorate


def _form(label: str) -> str:
    return f'<form method="post"><button type="submit">{escape(label)}</button></form>'


def _html(sentence: str, form: str, status: int, language: str) -> Response:
    title = escape(sentence)
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><p>{title}</p>{form}</body></html>"
    )
    return Response(body=body, status_code=status, headers=dict(PAGE_HEADERS))
