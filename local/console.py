"""The console on the API's port: its files, its configuration, and the sign-in that Cognito's hosted pages do in AWS.

The sign-in speaks what the console speaks to Cognito: the authorization code flow with PKCE (RFC 6749, RFC 7636). It
asks for a tenant and a group instead of a password, so it answers on the loopback alone. A cookie remembers the choice,
as Cognito's own does: a page that is loaded again is signed in at once.
"""

from __future__ import annotations

import json
import mimetypes
import re
import secrets
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import sha256
from html import escape
from http import cookies
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from chalicelib.api.every_answer import PRIVACY
from local.aws import GROUPS
from local.project import ROOT

FOLDER = ROOT / "console"
CLIENT = "console"
AUTHORIZE, TOKEN, LOGOUT = "/oauth2/authorize", "/oauth2/token", "/logout"
_COOKIE = "local_sign_in"
_CODE_S = 300.0
_IMPORT_MAP = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)
# A tenant's name as `make token` takes it; what else is refused by the API, with its own words.
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
mimetypes.add_type("text/javascript", ".mjs")


class Answer(NamedTuple):
    """What the browser gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Choice(NamedTuple):
    """Who a person at this machine wants to be."""

    tenant: str
    group: str


class _Grant(NamedTuple):
    """What a code stands for until it is taken."""

    choice: Choice
    challenge: str
    redirect_uri: str
    until: float


class LocalConsole:
    """Answers the console's own addresses; every other address is the API's.

    `issue` makes an ID token of a tenant and a group. `elsewhere` are the origins that a page may send requests to
    beside its own: the bucket's.
    """

    def __init__(self, issue: Callable[[str, str], str], elsewhere: tuple[str, ...], folder: Path = FOLDER) -> None:
        self._issue = issue
        self._elsewhere = elsewhere
        self._folder = folder
        self._codes: dict[str, _Grant] = {}
        self._refreshes: dict[str, Choice] = {}

    def has(self, method: str, target: str) -> bool:
        """Whether the address is the console's, not the API's."""
        path = urlsplit(target).path
        if path in {AUTHORIZE, TOKEN, LOGOUT}:
            return True
        return method in {"GET", "HEAD"} and (path in {"/", "/config.json"} or path.removeprefix("/") in self._files)

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """The answer to a request that is the console's."""
        address = urlsplit(target)
        given = {name: values[0] for name, values in parse_qs(address.query).items()}
        form = {name: values[0] for name, values in parse_qs((body or b"").decode("utf-8", "replace")).items()}
        host = headers.get("host", "")
        if (method, address.path) == ("GET", AUTHORIZE):
            return self._authorize(given, _remembered(headers.get("cookie", "")), host)
        if (method, address.path) == ("POST", AUTHORIZE):
            return self._chosen(form, host)
        if (method, address.path) == ("POST", TOKEN):
            return self._token(form)
        if (method, address.path) == ("GET", LOGOUT):
            return _redirect("/", {"Set-Cookie": f"{_COOKIE}=; Path={AUTHORIZE}; Max-Age=0; HttpOnly; SameSite=Strict"})
        return self._file(address.path)

    def _file(self, path: str) -> Answer:
        if path == "/config.json":
            return _json(200, self.config)
        file = self._files.get("index.html" if path == "/" else path.removeprefix("/"))
        if file is None:
            return _page(404, "Não encontrado", "<p></p>")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        named = kind if not kind.startswith("text/") else f"{kind}; charset=utf-8"
        policy = {"Content-Security-Policy": self.policy} if kind == "text/html" else {}
        # Whoever changes a file sees it at the next load.
        headers = {**PRIVACY, "Cache-Control": "no-cache", "Content-Type": named, **policy}
        return Answer(200, headers, file.read_bytes())

    @cached_property
    def _files(self) -> Mapping[str, Path]:
        return {
            file.relative_to(self._folder).as_posix(): file
            for file in self._folder.rglob("*")
            if file.is_file() and file.relative_to(self._folder).parts[0] not in {"types", "tsconfig.json"}
        }

    @cached_property
    def policy(self) -> str:
        """The Content Security Policy of the page: scripts are files of this origin, and its import map."""
        return policy(self._folder, connect=self._elsewhere)

    @property
    def config(self) -> Mapping[str, str]:
        """What `config.json` says; the addresses are relative to the page."""
        return {
            "api": "", "issuer": "local", "client": CLIENT,
            "authorize": AUTHORIZE, "token": TOKEN, "logout": LOGOUT,
        }  # fmt: skip

    def _authorize(self, query: Mapping[str, str], remembered: Choice | None, host: str) -> Answer:
        if not _is_request(query, host):
            return _page(400, "Pedido de entrada inválido", "<p>Volte ao console e tente de novo.</p>")
        if remembered is not None:
            return self._back(remembered, query)
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in query.items()
        )
        groups = " &ensp; ".join(
            f'<label><input type="radio" name="grupo" value="{each}"{checked}> {each}</label>'
            for each, checked in zip(GROUPS, (" checked", "", ""), strict=True)
        )
        return _page(
            200,
            "Entrar no console local",
            f'<form method="post" action="{AUTHORIZE}">{hidden}'
            '<p><label for="tenant">Empresa (tenant)</label><br>'
            r'<input id="tenant" name="tenant" value="acme" required pattern="[a-z0-9][a-z0-9_\-]*" autofocus></p>'
            f"<fieldset><legend>Grupo</legend>{groups}</fieldset>"
            '<p><button type="submit">Entrar</button></p></form>'
            "<p><small>Nesta máquina não há senha: os dados são só de teste. Em produção, aqui está o Cognito."
            "</small></p>",
        )

    def _chosen(self, form: Mapping[str, str], host: str) -> Answer:
        choice = _choice(form.get("tenant", "").strip(), form.get("grupo", ""))
        if choice is None or not _is_request(form, host):
            return _page(400, "Não foi possível entrar", "<p>O tenant tem letras minúsculas, números, - e _.</p>")
        kept = f"{_COOKIE}={choice.tenant}:{choice.group}; Path={AUTHORIZE}; HttpOnly; SameSite=Strict"
        return self._back(choice, form, {"Set-Cookie": kept})

    def _back(self, choice: Choice, asked: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Answer:
        """Send the browser back to the console with a code."""
        now = time.monotonic()
        self._codes = {code: grant for code, grant in self._codes.items() if grant.until > now}
        code = secrets.token_urlsafe()
        self._codes[code] = _Grant(choice, asked["code_challenge"], asked["redirect_uri"], now + _CODE_S)
        query = urlencode({"code": code, "state": asked.get("state", "")})
        return _redirect(f"{asked['redirect_uri']}?{query}", headers)

    def _token(self, form: Mapping[str, str]) -> Answer:
        choice = self._granted(form)
        if choice is None:
            return _json(400, {"error": "invalid_grant"})
        refresh = secrets.token_urlsafe()
        self._refreshes[refresh] = choice
        token = self._issue(choice.tenant, choice.group)
        given = {"token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh}
        return _json(200, {**given, "id_token": token, "access_token": token})

    def _granted(self, form: Mapping[str, str]) -> Choice | None:
        """Who a code or a refresh token stands for. Each is taken once."""
        if form.get("grant_type") == "refresh_token":
            return self._refreshes.pop(form.get("refresh_token", ""), None)
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.until <= time.monotonic() or grant.redirect_uri != form.get("redirect_uri"):
            return None
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        is_same = secrets.compare_digest(urlsafe_b64encode(digest).rstrip(b"=").decode(), grant.challenge)
        return grant.choice if is_same else None


def policy(folder: Path, *, connect: tuple[str, ...] = (), form: tuple[str, ...] = ()) -> str:
    """The Content Security Policy for the page in `folder`.

    `connect` are other origins that it may ask: the API's, the bucket's, the issuer's.
    """
    found = _IMPORT_MAP.search((folder / "index.html").read_text(encoding="utf-8"))
    assert found is not None, "index.html has an import map"
    digest = b64encode(sha256(found.group(1).encode()).digest()).decode()
    asks, sends = " ".join(("'self'", *connect)), " ".join(("'self'", *form))
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; img-src 'self' data: blob:; "
        f"font-src 'self'; connect-src {asks}; "
        f"form-action {sends}; base-uri 'none'; frame-ancestors 'none'"
    )


def _is_request(asked: Mapping[str, str], host: str) -> bool:
    """Whether the console asks, for itself: a code goes back to the page that asked and nowhere else."""
    back = urlsplit(asked.get("redirect_uri", ""))
    return (
        asked.get("client_id") == CLIENT
        and asked.get("response_type") == "code"
        and asked.get("code_challenge_method") == "S256"
        and bool(asked.get("code_challenge"))
        and (back.scheme, back.netloc, back.path, back.query) == ("http", host, "/", "")
    )


def _choice(tenant: str, group: str) -> Choice | None:
    return Choice(tenant, group) if _TENANT.fullmatch(tenant) and group in GROUPS else None


def _remembered(header: str) -> Choice | None:
    found = cookies.SimpleCookie(header).get(_COOKIE)
    tenant, _, group = found.value.partition(":") if found else ("", "", "")
    return _choice(tenant, group)


def _json(status: int, content: Mapping[str, object]) -> Answer:
    return Answer(status, {**PRIVACY, "Content-Type": "application/json"}, json.dumps(content).encode())


def _redirect(address: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(303, {**PRIVACY, "Location": address, **(headers or {})}, b"")


def _page(status: int, title: str, content: str) -> Answer:
    document = (
        f'<!doctype html><html lang="pt-BR"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{title}</title><link rel="stylesheet" href="/app.css"></head>'
        f'<body><main class="alone"><h1>{title}</h1>{content}</main></body></html>'
    )
    rule = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    headers = {**PRIVACY, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": rule}
    return Answer(status, headers, document.encode())
