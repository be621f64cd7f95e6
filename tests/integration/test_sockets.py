"""Connections to PostgreSQL over a network: whom TLS trusts, and what happens when nobody answers."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from chalicelib.adapters import sockets
from chalicelib.adapters.database import Database, Rows, connect
from chalicelib.adapters.sockets import OPTIONS, Host, socket_to_host
from chalicelib.errors import Unavailable
from local.postgres import DATABASE, OWNER, Postgres
from tests.certificates import Authority, TlsFront
from tests.database_servers import Link

BUNDLE = Path(sockets.__file__).with_name("rds-ca.pem")


@pytest.fixture
def socket_path(postgres: Postgres) -> Path:
    """The unix socket of PostgreSQL: what a front or a link forwards to."""
    folder = re.search(r"host=([^&]+)", postgres.owner_url())
    assert folder is not None
    return Path(folder[1]) / ".s.PGSQL.5432"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A private certificate authority."""
    return Authority(tmp_path)


@pytest.fixture
def front(socket_path: Path, authority: Authority) -> Iterator[TlsFront]:
    """PostgreSQL with TLS and a certificate of the private authority for `localhost`."""
    with TlsFront(socket_path, authority.server_context("localhost"), is_asked_first=True) as front:
        yield front


def ping(url: str) -> list[dict[str, object]]:
    database = Database(lambda: url)
    try:
        return database.run_statement("ping")
    finally:
        database.close()


# Whom TLS trusts


def secure_url(front: TlsFront, host: str = "localhost", options: str = "") -> str:
    return f"postgresql://{OWNER}@{host}:{front.port}/{DATABASE}?{options}"


def test_server_of_a_private_authority_is_refused_unless_the_url_names_it(
    front: TlsFront, authority: Authority
) -> None:
    with pytest.raises(Unavailable) as refused:
        ping(secure_url(front))
    assert refused.value.reason == "SSLCertVerificationError"
    assert ping(secure_url(front, options=f"sslrootcert={authority.ca_file}")) == [{"um": 1}]


@pytest.mark.parametrize("mode", ["allow", "prefer", "require", "verify-ca", "verify-full"])
def test_host_name_is_verified_whatever_the_mode_of_encryption(
    front: TlsFront, authority: Authority, mode: str
) -> None:
    options = f"sslmode={mode}&sslrootcert={authority.ca_file}"
    assert ping(secure_url(front, options=options)) == [{"um": 1}]
    with pytest.raises(Unavailable) as refused:
        ping(secure_url(front, "127.0.0.1", options))
    assert refused.value.reason == "SSLCertVerificationError"


def test_server_without_encryption_is_refused_unless_the_url_allows_it(socket_path: Path) -> None:
    with Link(socket_path) as link:
        url = f"postgresql://{OWNER}@127.0.0.1:{link.port}/{DATABASE}"
        with pytest.raises(Unavailable) as refused:
            ping(url)
        assert refused.value.reason == "ConnectionRefusedError"
        assert ping(f"{url}?sslmode=disable") == [{"um": 1}]


def test_unknown_mode_of_encryption_is_refused_and_no_secret_is_quoted() -> None:
    with pytest.raises(ValueError, match="sslmode is none of disable, ") as refused:
        connect("postgresql://a:secret@db/x?sslmode=secret")
    assert "secret" not in str(refused.value)


def test_authorities_that_are_not_there_make_the_database_unavailable(front: TlsFront) -> None:
    with pytest.raises(Unavailable) as refused:
        ping(secure_url(front, options="sslrootcert=/nowhere.pem"))
    assert refused.value.reason == "FileNotFoundError"


def test_every_authority_of_the_bundle_is_a_valid_root_of_amazon_rds_with_its_fingerprint() -> None:
    text = BUNDLE.read_text("utf-8")
    roots = x509.load_pem_x509_certificates(text.encode())
    assert re.findall(r"^# SHA-256 ([0-9a-f]{64})$", text, re.MULTILINE) == [
        root.fingerprint(hashes.SHA256()).hex() for root in roots
    ]
    for root in roots:
        [name] = root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        assert re.fullmatch(r"Amazon RDS [a-z]+-[a-z]+-\d Root CA (RSA2048|RSA4096|ECC384) G1", str(name.value))
        assert root.not_valid_after_utc > datetime(2060, 1, 1, tzinfo=UTC)
        root.verify_directly_issued_by(root)


def test_authorities_of_amazon_rds_are_trusted_beside_those_of_the_system(tmp_path: Path) -> None:
    context = sockets.trusting(None)
    own = {each["serialNumber"] for each in context.get_ca_certs()}
    assert {each["serialNumber"] for each in ssl.create_default_context().get_ca_certs()} <= own
    roots = {f"{each.serial_number:X}" for each in x509.load_pem_x509_certificates(BUNDLE.read_bytes())}
    assert len(roots) == 81
    assert {str(each).lstrip("0") for each in own} >= roots
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    [only] = sockets.trusting(str(Authority(tmp_path).ca_file)).get_ca_certs()
    assert only["subject"] == ((("commonName", "tests"),),)


# When nobody answers


def test_socket_notices_within_a_minute_that_its_peer_has_vanished() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Host("127.0.0.1", listener.getsockname()[1], "disable")
        with closing(socket_to_host(host)) as opened:
            assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            options = {name: opened.getsockopt(socket.IPPROTO_TCP, number) for name, (number, _) in OPTIONS.items()}
            assert opened.gettimeout() == 5.0
    wanted = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}
    assert {name: options[name] for name in wanted.keys() & options.keys()} == wanted


def test_server_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for mode in ("disable", "require"):
            with pytest.raises(Unavailable):
                ping(f"postgresql://a@127.0.0.1:{port}/x?sslmode={mode}&connect_timeout=0.1")


@pytest.fixture
def link(socket_path: Path) -> Iterator[Link]:
    """A network between us and PostgreSQL."""
    with Link(socket_path) as link:
        yield link


@pytest.fixture
def distant(link: Link) -> Iterator[Database]:
    """The product's database behind that network."""
    url = f"postgresql://{OWNER}@127.0.0.1:{link.port}/{DATABASE}?sslmode=disable&connect_timeout=0.2"
    database = Database(lambda: url, timeout_s=0.2)
    yield database
    database.close()


def test_network_that_swallows_packets_in_a_transaction_fails_it_alone(distant: Database, link: Link) -> None:
    def lose(rows: Rows) -> None:
        link.swallow()
        rows.all("ping")

    with pytest.raises(Unavailable):
        distant.run_across_tenants(lose)
    link.deliver()
    assert distant.run_statement("ping") == [{"um": 1}]


def test_network_that_swallowed_packets_while_a_connection_was_idle_is_noticed(distant: Database, link: Link) -> None:
    assert distant.run_statement("ping") == [{"um": 1}]
    link.swallow()
    with pytest.raises(Unavailable):
        distant.run_statement("ping")
    link.deliver()
    assert distant.run_statement("ping") == [{"um": 1}]
