"""Posts to URLs that tenants choose: to the address that was checked, without redirects, and within limits."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from time import perf_counter
from typing import NamedTuple, cast

import anyio
import httpx2

from chalicelib.adapters.addresses import AddressOf, NotPublic
from chalicelib.adapters.calls import (
    CONNECTION_LOST,
    NO_CONNECTION,
    TIMED_OUT,
    parse_http_date,
    parse_retry_after,
)

NOT_PUBLIC = "endereco_interno"
"""The host has an address that is not public, so nothing was sent."""

# Nobody looks at the body of an answer. It is read so far that the connection can serve the next request.
_MOST_READ = 64 * 1024
_READ_S = 1.0

# The logs of these packages quote addresses.
for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Post(NamedTuple):
    """One request: its headers and its body."""

    headers: Mapping[str, str]
    body: bytes


class Posted(NamedTuple):
    """What came of a request: the status of the answer, or a code (`reason`) if there was none."""

    status: int | None
    reason: str | None
    duration_s: float
    retry_after_s: float | None = None


def pinned(request: httpx2.Request, address: str) -> httpx2.Request:
    """The same request to this address; TLS and `Host` keep the name."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


class Poster:
    """Posts to one server at a time, many requests at once; none takes longer than `timeout_s`, the answer included.

    `address_of` gives the address to connect to; None: every address is allowed, and the system looks names up.
    """

    def __init__(self, *, address_of: AddressOf | None, timeout_s: float, now: Callable[[], datetime]) -> None:
        self._address_of = address_of
        self._timeout_s = timeout_s
        self._now = now

    def post(self, url: str, posts: Sequence[Post]) -> list[Posted]:
        """Send every request at the same time; what came of each, in their order. Never raises for the server."""
        return anyio.run(self._post, url, posts)

    async def _post(self, url: str, posts: Sequence[Post]) -> list[Posted]:
        began = perf_counter()
        try:
            address = await self._address(httpx2.URL(url))
        except NotPublic:
            return [Posted(None, NOT_PUBLIC, perf_counter() - began)] * len(posts)
        except TimeoutError:
            return [Posted(None, TIMED_OUT, perf_counter() - began)] * len(posts)
        except (OSError, httpx2.InvalidURL):
            return [Posted(None, NO_CONNECTION, perf_counter() - began)] * len(posts)
        found: dict[int, Posted] = {}

        async def one(place: int, post: Post) -> None:
            request = httpx2.Request("POST", url, headers=dict(post.headers), content=post.body)
            request.extensions["timeout"] = httpx2.Timeout(self._timeout_s).as_dict()
            found[place] = await self._sent(wire, request if address is None else pinned(request, address))

        async with httpx2.AsyncHTTPTransport(verify=ssl_context()) as wire, anyio.create_task_group() as tasks:
            for place, post in enumerate(posts):
                tasks.start_soon(one, place, post)
        return [found[place] for place in range(len(posts))]

    async def _address(self, url: httpx2.URL) -> str | None:
        """The address to connect to; None if the system may look it up."""
        if self._address_of is None:
            return None
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        with anyio.fail_after(self._timeout_s):
            return await anyio.to_thread.run_sync(self._address_of, url.host, port, abandon_on_cancel=True)

    async def _sent(self, wire: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> Posted:
        began = perf_counter()
        try:
            with anyio.fail_after(self._timeout_s):
                response = await wire.handle_async_request(request)
        except httpx2.ConnectTimeout:
            reason = TIMED_OUT
        except (httpx2.ConnectError, httpx2.UnsupportedProtocol):
            reason = NO_CONNECTION
        except (TimeoutError, httpx2.TimeoutException):
            reason = TIMED_OUT
        except httpx2.RequestError:
            reason = CONNECTION_LOST
        else:
            took = perf_counter() - began
            await _drained(response)
            their_clock = parse_http_date(response.headers.get("date", ""))
            wait = parse_retry_after(response.headers.get("retry-after"), their_clock or self._now())
            return Posted(response.status_code, None, took, wait)
        return Posted(None, reason, perf_counter() - began)


async def _drained(response: httpx2.Response) -> None:
    """Read a short answer to its end, and close the connection of a long or slow one."""
    seen = 0
    with anyio.move_on_after(_READ_S):
        try:
            async for chunk in cast("httpx2.AsyncByteStream", response.stream):
                seen += len(chunk)
                if seen > _MOST_READ:
                    break
        except httpx2.RequestError:
            pass
    with anyio.CancelScope(shield=True):
        await response.aclose()


@cache
def ssl_context() -> ssl.SSLContext:
    """One context for the whole process, because to make one takes 42 ms."""
    return httpx2.create_ssl_context()
