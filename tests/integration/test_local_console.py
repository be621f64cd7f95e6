"""The console of the local stack: its files, its policy, and the sign-in by authorization code and PKCE."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from local.console import AUTHORIZE, CLIENT, LOGOUT, TOKEN, Answer, LocalConsole, policy

HOST = "127.0.0.1:8000"
HERE = f"http://{HOST}/"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": CLIENT, "response_type": "code", "redirect_uri": HERE, "state": "abc",
    "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip


@pytest.fixture
def console() -> LocalConsole:
    return LocalConsole(lambda tenant, group: f"token of {tenant} {group}", ("http://127.0.0.1:9000",))


def ask(
    console: LocalConsole, method: str, target: str, form: Mapping[str, str] | None = None, **headers: str
) -> Answer:
    assert console.has(method, target)
    return console.answer(method, target, {"host": HOST, **headers}, urlencode(form).encode() if form else None)


def sign_in(console: LocalConsole, tenant: str = "acme", group: str = "operador") -> tuple[str, str]:
    """The code that the page of the console gets, and the cookie."""
    answer = ask(console, "POST", AUTHORIZE, {**ASKED, "tenant": tenant, "grupo": group})
    assert answer.status == 303
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == HERE
    query = parse_qs(back.query)
    assert query["state"] == ["abc"]
    return query["code"][0], answer.headers["Set-Cookie"]


def redeem(console: LocalConsole, code: str, **changes: str) -> Answer:
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": HERE, "code_verifier": VERIFIER}
    return ask(console, "POST", TOKEN, {**given, **changes})


def test_a_code_gives_a_token_of_the_choice_once(console: LocalConsole) -> None:
    code, _ = sign_in(console)
    given = json.loads(redeem(console, code).body)
    assert given["id_token"] == "token of acme operador"
    assert redeem(console, code).status == 400
    renewed = ask(console, "POST", TOKEN, {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]})
    assert json.loads(renewed.body)["id_token"] == "token of acme operador"
    again = ask(console, "POST", TOKEN, {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]})
    assert again.status == 400


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "x" * 43}, {"redirect_uri": "http://127.0.0.1:1/"}, {"code": "x"}]
)
def test_a_code_is_of_use_only_to_the_page_that_asked(console: LocalConsole, changes: dict[str, str]) -> None:
    code, _ = sign_in(console)
    assert redeem(console, **{"code": code, **changes}).status == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://elsewhere.example/"},
        {"redirect_uri": f"http://{HOST}.elsewhere.example/"},
        {"redirect_uri": f"https://{HOST}/"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"client_id": "another"},
        {"response_type": "token"},
    ],
)
def test_a_code_goes_to_the_console_alone(console: LocalConsole, changes: dict[str, str]) -> None:
    asked = {**ASKED, **changes}
    assert ask(console, "GET", f"{AUTHORIZE}?{urlencode(asked)}").status == 400
    assert ask(console, "POST", AUTHORIZE, {**asked, "tenant": "acme", "grupo": "admin"}).status == 400


@pytest.mark.parametrize(("tenant", "group"), [("", "admin"), ("ACME", "admin"), ("a b", "admin"), ("acme", "root")])
def test_a_choice_that_is_none_is_refused(console: LocalConsole, tenant: str, group: str) -> None:
    assert ask(console, "POST", AUTHORIZE, {**ASKED, "tenant": tenant, "grupo": group}).status == 400


def test_the_choice_is_remembered_until_one_signs_out(console: LocalConsole) -> None:
    page = ask(console, "GET", f"{AUTHORIZE}?{urlencode(ASKED)}")
    assert (page.status, b'name="tenant"' in page.body) == (200, True)
    _, cookie = sign_in(console, "outra", "leitor")
    again = ask(console, "GET", f"{AUTHORIZE}?{urlencode(ASKED)}", cookie=cookie.partition(";")[0])
    code = parse_qs(urlsplit(again.headers["Location"]).query)["code"][0]
    assert json.loads(redeem(console, code).body)["id_token"] == "token of outra leitor"
    out = ask(console, "GET", LOGOUT)
    assert (out.status, "Max-Age=0" in out.headers["Set-Cookie"]) == (303, True)
    assert "HttpOnly; SameSite=Strict" in cookie


def test_what_is_sent_back_into_the_form_is_no_markup(console: LocalConsole) -> None:
    hostile = urlencode({**ASKED, "state": '"><script>'})
    page = ask(console, "GET", f"{AUTHORIZE}?{hostile}")
    assert b"<script>" not in page.body


def test_files_of_the_console_are_served_and_nothing_beside_them(console: LocalConsole) -> None:
    page = ask(console, "GET", "/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert ask(console, "GET", "/js/main.js").headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert ask(console, "GET", "/vendor/preact.mjs").headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert json.loads(ask(console, "GET", "/config.json").body)["client"] == CLIENT
    for target in ("/../README.md", "/js/../../app.py", "/types/api.d.ts", "/leads", "/tsconfig.json"):
        assert not console.has("GET", target)
    assert not console.has("POST", "/js/main.js")


def test_the_policy_lets_run_the_files_and_the_import_map_alone(console: LocalConsole, tmp_path: Path) -> None:
    rule = ask(console, "GET", "/").headers["Content-Security-Policy"]
    assert "connect-src 'self' http://127.0.0.1:9000;" in rule
    assert "unsafe" not in rule
    (tmp_path / "index.html").write_text('<script type="importmap">{}</script>', encoding="utf-8")
    digest = "'sha256-RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o='"
    assert f"script-src 'self' {digest}; " in policy(tmp_path)
