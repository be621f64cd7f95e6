"""What is answered as something other than JSON: a page that a person reads, or bare words that a program waits for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from html import escape
from typing import Any, NamedTuple

from chalice.app import Response

from chalicelib import messages
from chalicelib.api.http import SUCCESS_STATUS, AnonymousCall, answered, language
from chalicelib.errors import DomainError

SUCCESS_TYPE = "success_type"
"""The attribute of a view that says as what media type it answers when all is well; the contract reads it."""
HTML = "text/html"
TEXT = "text/plain"
# The address is a key: it is not kept, not handed on, and no script or frame gets near the button.
_HEADERS = {
    "Content-Type": f"{HTML}; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;text-align:center}"
    "button{font:inherit;padding:.7rem 1.4rem;cursor:pointer}"
)


class Page(NamedTuple):
    """A sentence, and a button that posts to the page's own address; both are codes of the catalogue."""

    said: str
    button: str | None = None


UNSUBSCRIBE = Page("descadastro_pergunta", "descadastro_botao")
UNSUBSCRIBED = Page("descadastro_feito")

Handler = Callable[[AnonymousCall], object]
View = Callable[..., Response]


def page(app: Any, shown: Page) -> Callable[[Handler], View]:
    """Make a function of a Visit into a view that shows a page when all is well, and what went wrong as one too."""

    def decorate(handler: Handler) -> View:
        @wraps(handler)
        def view(**_path: str) -> Response:
            idioma = language(app.current_request)

            def answer() -> Response:
                try:
                    handler(AnonymousCall(app.current_request))
                except DomainError as error:
                    sentence = messages.text(error.code, idioma, **error.params)
                    return _html(sentence, "", error.status, idioma)
                form = _form(messages.text(shown.button, idioma)) if shown.button else ""
                return _html(messages.text(shown.said, idioma), form, 200, idioma)

            return answered(answer, 200, idioma)

        setattr(view, SUCCESS_STATUS, 200)
        setattr(view, SUCCESS_TYPE, HTML)
        return view

    return decorate


def words(app: Any) -> Callable[[Callable[[AnonymousCall], str]], View]:
    """Make a function of a Visit into a view that answers the text that it returns, or a problem document."""

    def decorate(handler: Callable[[AnonymousCall], str]) -> View:
        @wraps(handler)
        def view(**_path: str) -> Response:
            def answer() -> Response:
                said = handler(AnonymousCall(app.current_request))
                return Response(body=said, headers={"Content-Type": TEXT, "X-Content-Type-Options": "nosniff"})

            return answered(answer, 200, language(app.current_request))

        setattr(view, SUCCESS_STATUS, 200)
        setattr(view, SUCCESS_TYPE, TEXT)
        return view

    return decorate


def _form(label: str) -> str:
    return f'<form method="post"><button type="submit">{escape(label)}</button></form>'


def _html(sentence: str, form: str, status: int, idioma: str) -> Response:
    title = escape(sentence)
    body = (
        f'<!doctype html><html lang="{idioma}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><p>{title}</p>{form}</body></html>"
    )
    return Response(body=body, status_code=status, headers=dict(_HEADERS))
