"""The HTTP of a batch of MCP calls: the transport that the SDK's client writes to, on aiohttp.

The transport of httpx2 takes nearly half of the processor's time for a call. aiohttp parses in C, and its pool does not
look at every connection for every request. What the client above sees is httpx2's: requests, responses, errors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from ssl import SSLContext

import aiohttp
import httpx2
from yarl import URL

# The bytes of one header of an answer, and of its status line.
_LONGEST_HEADER = 1 << 16
# httpx2 has made every header by then.
_OF_AIOHTTP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Wire(httpx2.AsyncBaseTransport):
    """Connections to any server, kept open between requests; it is made and used in one event loop.

    A request may name the host of its certificate (`sni_hostname`) and carries its own limits of time (`timeout`).
    Redirects are answers; compressed bodies stay compressed; cookies are not kept.
    """

    def __init__(self, ssl: SSLContext) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=ssl),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_OF_AIOHTTP,
            auto_decompress=False,
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request; the body of the answer is read by whoever reads the response.

        Raises:
            ConnectError, ConnectTimeout: there was no connection, so nothing was written.
            RequestError: any other failure.
        """
        limits = request.extensions["timeout"]
        with _as_of_httpx2():
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                data=await request.aread(),
                headers=request.headers.multi_items(),
                server_hostname=request.extensions.get("sni_hostname"),
                timeout=aiohttp.ClientTimeout(sock_connect=limits["connect"], sock_read=limits["read"]),
                allow_redirects=False,
            )
        return httpx2.Response(response.status, headers=response.raw_headers, stream=_Body(response))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_of_httpx2():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        """Give the connection back if the body was read, else close it."""
        self._response.release()


@contextmanager
def _as_of_httpx2() -> Iterator[None]:
    """Raise the error of httpx2 that says the same."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout("no connection in time") from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError("no connection") from error
    except TimeoutError as error:
        raise httpx2.ReadTimeout("no answer in time") from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError("connection lost") from error
