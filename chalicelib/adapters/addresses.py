"""Which addresses are anybody's, and which are the inside of a network: where a stranger's URL may not lead us."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

AddressOf = Callable[[str, int], str]
"""The address to connect to for a host and a port; raises OSError if there is none, NotPublic if it may not be."""

# Of IPv6 only what the registries hand out (RFC 4291 §2.4): all else is local, multicast, or a way back into IPv4
# (NAT64, 6to4, Teredo), where an address can name anything, the metadata of the cloud included.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


class NotPublic(Exception):
    """A host leads into a network that is not everybody's; what it resolved to stays unsaid."""


def is_public(address: str) -> bool:
    """Whether an IP address can be reached from everywhere, and so is nothing of ours."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    return ip.is_global and ip in _GLOBAL_UNICAST and ip.sixtofour is None and ip.teredo is None


def public_address(host: str, port: int, *, resolve: Callable[[str, int], Sequence[str]] | None = None) -> str:
    """An address of a host all of whose addresses are public, IPv4 if it has one.

    To be looked up and judged once and then connected to as it is: a name may mean something else a second later.

    Raises:
        NotPublic: one of them is not.
        OSError: there is no such host.
    """
    found = (resolve or _resolve)(host, port)
    if not found:
        raise OSError("no address")
    if not all(map(is_public, found)):
        raise NotPublic
    return min(found, key=lambda address: ":" in address)


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a name that DNS cannot spell
        raise OSError("no such host") from error
    return [str(address[0]) for *_, address in found]
