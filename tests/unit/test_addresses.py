"""Which addresses a tenant's URL may lead to: public ones only, in whatever form an address is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.addresses import NotPublic, is_public, public_address

PRIVATE = (
    "127.0.0.1", "0.0.0.0", "10.0.0.8", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "5f00::1",
)  # fmt: skip
# The address of the cloud's metadata service (IPv4), embedded in IPv6 addresses of each kind.
EMBEDDED = (
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "::a9fe:a9fe",
)


@pytest.mark.parametrize("address", PRIVATE + EMBEDDED)
def test_private_address_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(NotPublic):
        public_address("example.com", 443, resolve=lambda *_: ["8.8.8.8", address])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "3.5.140.2", "200.160.2.3", "2606:4700::1111", "2804:14d::1", "::ffff:8.8.8.8"]
)
def test_public_address_is_accepted(address: str) -> None:
    assert is_public(address)
    assert public_address("example.com", 443, resolve=lambda *_: [address]) == address


def test_ipv4_is_preferred_when_a_host_has_both() -> None:
    assert public_address("example.com", 443, resolve=lambda *_: ["2606:4700::1111", "8.8.8.8"]) == "8.8.8.8"


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=4))
def test_address_is_one_of_the_hosts_and_all_of_them_are_public(found: list[str]) -> None:
    try:
        address = public_address("example.com", 443, resolve=lambda *_: found)
    except NotPublic:
        assert not all(map(is_public, found))
        return
    assert address in found
    assert all(map(is_public, found))


@given(st.integers(0, 2**32 - 1))
def test_ipv4_address_mapped_into_ipv6_is_judged_as_ipv4(number: int) -> None:
    assert is_public(str(IPv6Address((0xFFFF << 32) + number))) == is_public(str(IPv4Address(number)))


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**80 - 1))
def test_ipv6_address_that_tunnels_to_ipv4_is_not_public(inner: int, rest: int) -> None:
    assert not is_public(str(IPv6Address((0x2002 << 112) + (inner << 80) + rest)))
    assert not is_public(str(IPv6Address((0x64FF9B << 96) + inner)))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "fe80::1%lo", "::1", "2130706433", "0x7f.1", "127.1"])
def test_every_spelling_of_the_loopback_address_is_refused(host: str) -> None:
    with pytest.raises((NotPublic, OSError)):
        public_address(host, 443)


@pytest.mark.parametrize("host", ["nenhum.invalid", "a" * 64 + ".com", "\ud800.com"])
def test_host_that_does_not_exist_is_an_os_error(host: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the message is the resolver's
        public_address(host, 443)


def test_host_without_addresses_is_an_os_error() -> None:
    with pytest.raises(OSError, match="no address"):
        public_address("example.com", 443, resolve=lambda *_: [])
