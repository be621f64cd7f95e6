"""A socket to PostgreSQL: how long it waits, how it notices that the other end is gone, and whom TLS trusts."""

from __future__ import annotations

import socket
import ssl
from functools import cache
from pathlib import Path
from typing import NamedTuple

CONNECT_S = 5.0
"""The longest wait for one answer until the login is complete; `connect_timeout` in a URL says otherwise."""
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""The values of `sslmode` that libpq knows; see `Host.is_encrypted`."""

_RDS_CA = Path(__file__).with_name("rds-ca.pem")
_SSL_REQUEST = (8).to_bytes(4) + (80_877_103).to_bytes(4)  # the message SSLRequest: its length, its number

_IDLE_S, _INTERVAL_S, _PROBES = 30, 10, 3
# A peer that vanished is noticed after a minute, whether we wait for its answer or it does not confirm our bytes.
# macOS lacks some of these options.
OPTIONS = {
    name: (getattr(socket, name), value)
    for name, value in {
        "TCP_NODELAY": 1,
        "TCP_KEEPIDLE": _IDLE_S,
        "TCP_KEEPINTVL": _INTERVAL_S,
        "TCP_KEEPCNT": _PROBES,
        "TCP_USER_TIMEOUT": (_IDLE_S + _PROBES * _INTERVAL_S) * 1000,
    }.items()
    if hasattr(socket, name)
}


class Host(NamedTuple):
    """Where PostgreSQL listens on the network, and how to speak to it."""

    name: str
    port: int
    sslmode: str = "verify-full"
    root_certificates: str | None = None
    """A file with the only authorities that are trusted; without it these are the system's and those of Amazon RDS."""

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken, and then certificate and host name are verified; all but `disable` mean that."""
        return self.sslmode != "disable"


def socket_to_folder(folder: str, port: int, connect_s: float = CONNECT_S) -> socket.socket:
    """A connected unix socket; the folder is the server's.

    Raises:
        OSError: nobody listens there.
    """
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.settimeout(connect_s)
        opened.connect(f"{folder}/.s.PGSQL.{port}")
    except BaseException:
        opened.close()
        raise
    return opened


def socket_to_host(host: Host, connect_s: float = CONNECT_S) -> socket.socket:
    """A connected TCP socket, encrypted and verified unless the host says otherwise.

    Raises:
        OSError: nobody answers in time, the server speaks no TLS, or its certificate is not to be trusted.
    """
    opened = socket.create_connection((host.name, host.port), connect_s)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in OPTIONS.values():
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
        return _encrypted(opened, host) if host.is_encrypted else opened
    except BaseException:
        opened.close()
        raise


def _encrypted(opened: socket.socket, host: Host) -> ssl.SSLSocket:
    opened.sendall(_SSL_REQUEST)
    if opened.recv(1) != b"S":
        raise ConnectionRefusedError("the server speaks no TLS")
    return trusting(host.root_certificates).wrap_socket(opened, server_hostname=host.name)


@cache
def trusting(root_certificates: str | None) -> ssl.SSLContext:
    """The context that verifies chain and host name. It is made once, because to read the authorities takes 60 ms."""
    context = ssl.create_default_context(cafile=root_certificates)
    # Python 3.13 also refuses chains for their form, such as a missing key identifier. That protects nobody here, and
    # nobody can choose the form of the certificates that a database presents.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if root_certificates is None:
        context.load_verify_locations(cafile=_RDS_CA)
    return context
