"""Which IP addresses are public: a URL that a tenant configures must never lead into a private network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

AddressOf = Callable[[str, int], str]
"""The address to connect to for a host and a port; raises OSError if there is none, NotPublic if it is not public."""

# The only range of IPv6 that the registries hand out (RFC 4291 §2.4). All else is local, multicast, or embeds an IPv4
# address (NAT64, 6to4, Teredo), which can be any address, that of the cloud's metadata service included.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


MOST_URL = 2_000
"""The longest URL that a tenant may configure, in characters."""


class NotPublic(Exception):
    """A host has an address that is not public; the error does not say which address."""


def is_public(address: str) -> bool:
    """Whether an IP address can be reached from the whole internet, so that it is not inside any private network."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    return ip.is_global and ip in _GLOBAL_UNICAST and ip.sixtofour is None and ip.teredo is None


def public_address(host: str, port: int, *, resolve: Callable[[str, int], Sequence[str]] | None = None) -> str:
    """One address of a host, IPv4 if it has one; all of its addresses must be public.

    Connect to this address and do not look the name up again: a second look-up may give another address.

    Raises:
        NotPublic: an address of the host is not public.
        OSError: the host does not exist or has no address.
    """
    found = (resolve or _resolve)(host, port)
    if not found:
        raise OSError("no address")
    if not all(map(is_public, found)):
        raise NotPublic
    return min(found, key=lambda address: ":" in address)


def checked_url(url: str) -> str:
    """The URL, if it is one of http or https that we can connect to.

    Raises:
        PydanticCustomError: `url_invalida`, or `url_com_senha` for credentials in it.
    """
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not url.isascii() or not url.isprintable() or " " in url:
        raise PydanticCustomError("url_invalida", "not an http or https URL")
    if parts.username or parts.password:
        raise PydanticCustomError("url_com_senha", "credentials belong in headers")
    return url


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # the name cannot be encoded for DNS
        raise OSError("no such host") from error
    return [str(address[0]) for *_, address in found]
