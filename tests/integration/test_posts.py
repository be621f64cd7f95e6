"""What a receiver can do to us: nothing but take its own time, and that is bounded."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable

import httpx2
import pytest

from chalicelib.adapters.addresses import AddressOf, NotPublic, public_address
from chalicelib.adapters.calls import CONNECTION_LOST, NO_CONNECTION, TIMED_OUT
from chalicelib.adapters.web import posts
from chalicelib.adapters.web.posts import NOT_PUBLIC, Post, Posted, Poster, pinned
from tests.conftest import STARTED_AT
from tests.receivers import (
    Received,
    Reply,
    a_raw_receiver,
    a_receiver,
    drips,
    hangs,
    hangs_up,
    never_ends,
    stalls_in_its_body,
)

POST = Post({"content-type": "application/json", "webhook-id": "1"}, b'{"a":1}')


def a_poster(address_of: AddressOf | None = None, timeout_s: float = 5.0) -> Poster:
    return Poster(address_of=address_of, timeout_s=timeout_s, now=lambda: STARTED_AT)


def outcome(posted: Posted) -> int | str | None:
    return posted.reason or posted.status


def test_every_post_is_sent_and_its_status_is_in_its_place() -> None:
    def answer(got: Received) -> Reply:
        return Reply(200, body=b"ok") if got.body == b"0" else Reply(500)

    with a_receiver(answer) as receiver:
        found = a_poster().post(receiver.url, [Post({}, str(number).encode()) for number in (1, 0, 1)])
    assert list(map(outcome, found)) == [500, 200, 500]
    assert {each.path for each in receiver.received} == {"/eventos"}


def test_a_redirect_is_not_followed() -> None:
    with a_receiver() as inner, a_receiver(lambda _: Reply(307, {"Location": inner.url})) as receiver:
        assert outcome(a_poster().post(receiver.url, [POST])[0]) == 307
    assert (len(receiver.received), inner.received) == (1, [])


@pytest.mark.parametrize("speak", [hangs, drips])
def test_receiver_that_does_not_finish_its_answer_is_cut_off(
    speak: Callable[[socket.socket, threading.Event], None],
) -> None:
    with a_raw_receiver(speak) as url:
        [posted] = a_poster(timeout_s=0.3).post(url, [POST])
    assert outcome(posted) == TIMED_OUT


@pytest.mark.parametrize("speak", [never_ends, stalls_in_its_body])
def test_body_of_an_answer_does_not_matter(speak: Callable[[socket.socket, threading.Event], None]) -> None:
    with a_raw_receiver(speak) as url:
        assert outcome(a_poster().post(url, [POST])[0]) == 200


def test_connection_that_breaks_in_the_body_does_not_matter_either() -> None:
    def breaks(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")

    with a_raw_receiver(breaks) as url:
        assert outcome(a_poster().post(url, [POST])[0]) == 200


def test_receiver_that_hangs_up_is_a_lost_connection() -> None:
    with a_raw_receiver(hangs_up) as url:
        assert outcome(a_poster().post(url, [POST])[0]) == CONNECTION_LOST


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert outcome(a_poster().post(f"http://127.0.0.1:{port}/", [POST])[0]) == NO_CONNECTION


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(NotPublic(), NOT_PUBLIC), (OSError(), NO_CONNECTION), (TimeoutError(), TIMED_OUT)],
)
def test_host_without_a_public_address_gets_nothing(raised: Exception, expected: str) -> None:
    def address_of(host: str, port: int) -> str:
        raise raised

    with a_receiver() as receiver:
        found = a_poster(address_of).post(receiver.url, [POST, POST])
    assert list(map(outcome, found)) == [expected, expected]
    assert receiver.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1"])
def test_addresses_of_our_own_network_are_not_public(host: str) -> None:
    assert outcome(a_poster(public_address).post(f"https://{host}/", [POST])[0]) == NOT_PUBLIC


def test_name_that_is_looked_up_again_leads_nowhere_else() -> None:
    asked: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> str:
        asked.append((host, port))
        return "127.0.0.1" if len(asked) == 1 else "127.0.0.2"

    with a_receiver() as receiver:
        port = int(receiver.url.rpartition(":")[2].partition("/")[0])
        url = receiver.url.replace("127.0.0.1", "receptor.example")
        found = a_poster(rebinding).post(url, [POST] * 4)
    assert list(map(outcome, found)) == [204] * 4
    assert asked == [("receptor.example", port)]
    assert {each.headers["host"] for each in receiver.received} == {f"receptor.example:{port}"}


def test_look_up_that_hangs_is_cut_off() -> None:
    is_over = threading.Event()

    def slow(host: str, port: int) -> str:
        is_over.wait()
        return "127.0.0.1"

    try:
        assert outcome(a_poster(slow, timeout_s=0.1).post("http://receptor.example/", [POST])[0]) == TIMED_OUT
    finally:
        is_over.set()


def test_pinned_request_keeps_the_name_for_tls_and_for_the_server() -> None:
    request = pinned(httpx2.Request("POST", "https://receptor.example/x", content=b"1"), "203.0.114.1")
    assert (request.url.host, request.headers["host"]) == ("203.0.114.1", "receptor.example")
    assert request.extensions["sni_hostname"] == "receptor.example"


def test_certificates_are_verified() -> None:
    context = posts.ssl_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_wait_that_a_receiver_asks_for_is_told() -> None:
    with a_receiver(lambda _: Reply(429, {"Retry-After": "7"})) as receiver:
        assert a_poster().post(receiver.url, [POST])[0].retry_after_s == 7.0
