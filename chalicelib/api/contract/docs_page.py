"""The page `/docs`: Swagger UI over this contract, in one document that loads nothing from any other origin.

The files are those of a pinned package (`swagger_ui/README.md`). The policy of the page lets run exactly their scripts,
and lets them ask only this API.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import cache, wraps
from hashlib import sha256
from pathlib import Path

from chalice.app import Chalice, Response

from chalicelib.api.calls import AnonymousCall, current_request
from chalicelib.api.handlers import Operation, View
from chalicelib.api.http import answered, language_of
from chalicelib.api.text import HTML, PAGE_HEADERS

FILES = Path(__file__).with_name("swagger_ui")
VERSION = "5.35.0"
DIGESTS = {
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
}
"""SHA-256 of each file that the package ships; a test compares them."""
# The address is relative, because a stage of API Gateway stands before it. No validator of others is asked.
_START = (
    "SwaggerUIBundle({url:'openapi.json',dom_id:'#swagger-ui',deepLinking:true,docExpansion:'none',"
    "defaultModelsExpandDepth:0,validatorUrl:null})"
)
# It names nobody, and changes with a release only.
_FOR_AN_HOUR = {"Cache-Control": "public, max-age=3600"}


def docs_page(app: Chalice) -> Callable[[Callable[..., str]], View]:
    """Turn a handler into a view that shows the document that it returns, under the policy of Swagger UI."""

    def decorate(handler: Callable[..., str]) -> View:
        operation = Operation(handler, AnonymousCall, media_type=HTML)

        @wraps(handler)
        def view(**_path: str) -> Response:
            request = current_request(app)

            def answer() -> Response:
                return Response(body=operation.run(AnonymousCall(request)), headers=dict(_headers()))

            return answered(answer, 200, language_of(request))

        return operation.carried_by(view)

    return decorate


@cache
def swagger_ui() -> str:
    """The whole document."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Disparo &amp; Agenda: API</title>'
        f'<style>{_read("swagger-ui.css")}</style></head><body><div id="swagger-ui"></div>'
        f"<script>{_bundle()}</script><script>{_START}</script></body></html>"
    )


@cache
def _headers() -> dict[str, str]:
    scripts = " ".join(f"'sha256-{_digest(each)}'" for each in (_bundle(), _START))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {**PAGE_HEADERS, **_FOR_AN_HOUR, "Content-Security-Policy": policy}


@cache
def _bundle() -> str:
    """The script as it may stand in a page: in HTML, `<!--` and `<script` would hide where it ends."""
    return _read("swagger-ui-bundle.js").replace("<!--", r"\x3C!--").replace("<script", r"\x3Cscript")


def _read(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
