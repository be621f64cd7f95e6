"""One click unsubscribes (RFC 8058): GET changes nothing, POST unsubscribes, and only our own links work."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.dispatch.channels.document import load_channel
from chalicelib.dispatch.channels.senders import ChannelSender
from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.tokens import Signer
from local.email import EmailServer
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask
from tests.conftest import STARTED_AT, DatabaseUrls
from tests.fakes import CollectedAttempts
from tests.integration.conftest import SIGNING_KEY
from tests.integration.test_local_api import Client

FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"
links = UnsubscribeLinks(public_url="https://api.example.com/dev", signer=Signer(lambda: [SIGNING_KEY]))


class Page(NamedTuple):
    status: int
    text: str
    headers: http.client.HTTPMessage


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


@pytest.fixture
def token(owner: Database) -> str:
    """The token of the link in an e-mail to Maria."""
    a_template(owner, canal="email")
    return links.token(TENANT, a_disparo(owner, a_lead(owner), canal="email", destino="maria@example.com"))


def visit(api: Client, method: str, token: str, body: bytes | None = None, **headers: str) -> Page:
    connection = http.client.HTTPConnection(api.host, api.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, f"/descadastro/{token}", body=body, headers=named)
        answer = connection.getresponse()
        return Page(answer.status, answer.read().decode(), answer.headers)
    finally:
        connection.close()


def suppressed(owner: Database) -> list[list[object]]:
    return ask(owner, "SELECT tenant_id, canal, contato, motivo FROM supressoes ORDER BY contato")


def test_get_shows_a_button_and_changes_nothing(api: Client, owner: Database, token: str) -> None:
    page = visit(api, "GET", token)
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<html lang="pt-BR">' in page.text
    assert '<form method="post"><button type="submit">' in page.text
    assert suppressed(owner) == []


def test_page_reveals_neither_its_address_nor_the_person(api: Client, token: str) -> None:
    page = visit(api, "GET", token)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert token not in page.text
    assert "maria" not in page.text.lower()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (ONE_CLICK, {"Content_Type": FORM}),
        (b"", {"Content_Type": FORM}),
        (None, {}),
        (
            b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            {"Content_Type": "multipart/form-data; boundary=b"},
        ),
        (b"\xff\x00", {"Content_Type": "x/y", "Accept": "text/html"}),
    ],
)
def test_post_unsubscribes_whatever_its_body_holds(
    api: Client, owner: Database, token: str, body: bytes | None, headers: dict[str, str]
) -> None:
    page = visit(api, "POST", token, body, **headers)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<form" not in page.text
    assert suppressed(owner) == [[TENANT, "email", "maria@example.com", "descadastro"]]


def test_unsubscribing_again_changes_nothing(api: Client, owner: Database, token: str) -> None:
    first, again = (visit(api, "POST", token, ONE_CLICK, Content_Type=FORM) for _ in range(2))
    assert (first.status, first.text) == (again.status, again.text)
    assert len(suppressed(owner)) == 1


def test_page_is_in_english_for_who_accepts_english(api: Client, token: str) -> None:
    page = visit(api, "GET", token, Accept_Language="en-GB")
    assert '<html lang="en">' in page.text
    assert "Stop the messages." in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_link_that_is_forged_or_damaged_is_a_page_with_404(
    api: Client, owner: Database, token: str, method: str
) -> None:
    forged = UnsubscribeLinks(public_url=None, signer=Signer(lambda: ["outra"])).token(TENANT, UUID(int=1))
    middle = "A" if token[9] != "A" else "B"
    for bad in (
        token[:-1], token[1:], token + "A", token + "=", token[:9] + middle + token[10:], forged, "x", "%00", "%FF%FE",
        "A" * 3_000, "%22%3E%3Cscript%3E",
    ):  # fmt: skip
        page = visit(api, method, bad)
        assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8"), bad
        assert "<script" not in page.text
        assert "<form" not in page.text
    assert suppressed(owner) == []


def test_link_to_a_disparo_that_does_not_exist_is_not_found(api: Client) -> None:
    assert visit(api, "POST", links.token(TENANT, UUID(int=1))).status == 404


def test_link_unsubscribes_for_its_own_tenant_only(api: Client, owner: Database, token: str) -> None:
    [[disparo_id]] = ask(owner, "SELECT disparo_id FROM disparos")
    assert visit(api, "POST", links.token("outra", disparo_id)).status == 404
    assert suppressed(owner) == []


def test_email_carries_the_headers_for_one_click_unsubscribing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = links.url(TENANT, UUID(int=7))
    with EmailServer(tmp_path_factory.mktemp("mail") / "box") as server:
        channel = load_channel({"perfil": "resend-mcp", "url": server.url})
        sender = ChannelSender(channel, in_flight=2, patience_s=10, clock=lambda: STARTED_AT)
        message = OutgoingMessage(
            disparo_id=str(UUID(int=7)), tentativa=1, destino="maria@example.com", assunto="Oi", texto="Oi",
            descadastro_url=url,
        )  # fmt: skip
        sender.send([message], CollectedAttempts())
        [(_, received)] = server._mailbox.messages()
    assert received["List-Unsubscribe"].replace("\n", "").replace(" ", "") == f"<{url}>"
    assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
