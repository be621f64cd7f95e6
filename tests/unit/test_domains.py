"""Misspelt domains are found; a domain that only resembles a well-known one is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.domains import likely_address, likely_domain


@pytest.mark.parametrize(
    ("domain", "likely"),
    [
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("gmail.comm", "gmail.com"),
        ("gmail.cim", "gmail.com"),
        ("gmail.vom", "gmail.com"),
        ("gmail.com.br", "gmail.com"),
        ("gmail.com.bt", "gmail.com"),
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("mgail.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.con.br", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmaul.com.br", "gmail.com"),
        ("gmial.con", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmal.com", "hotmail.com"),
        ("hormail.com", "hotmail.com"),
        ("homtail.com", "hotmail.com"),
        ("ohtmail.com", "hotmail.com"),
        ("hotmail.com.bt", "hotmail.com.br"),
        ("hotmail.con.br", "hotmail.com.br"),
        ("hotmail.combr", "hotmail.com.br"),
        ("hotmail.br", "hotmail.com.br"),
        ("hotmial.com.br", "hotmail.com.br"),
        ("outlok.com", "outlook.com"),
        ("outloook.com", "outlook.com"),
        ("outlook.cmo", "outlook.com"),
        ("yaho.com", "yahoo.com"),
        ("yahho.com.br", "yahoo.com.br"),
        ("yahoo.com.vr", "yahoo.com.br"),
        ("yahoo.om.br", "yahoo.com.br"),
        ("iclod.com", "icloud.com"),
        ("icould.com", "icloud.com"),
        ("icloud.com.br", "icloud.com"),
        ("uol.con.br", "uol.com.br"),
        ("uol.combr", "uol.com.br"),
        ("empresa.con", "empresa.com"),
        ("empresa.con.br", "empresa.com.br"),
        ("filial.empresa.cmo.br", "filial.empresa.com.br"),
        ("empresa.com.brr", "empresa.com.br"),
        ("empresa.ogr.br", "empresa.ogr.br"),
        ("empresa.ogr", "empresa.org"),
        ("empresa.nte", "empresa.net"),
    ],
)
def test_misspelt_domain_gives_the_likely_one(domain: str, likely: str) -> None:
    assert likely_domain(domain) == (likely if likely != domain else None)
    assert likely_domain(likely) is None
    assert likely_address(f"ana@{domain}") == (f"ana@{likely}" if likely != domain else None)


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "googlemail.com", "hotmail.com", "hotmail.com.br", "hotmail.com.ar", "hotmail.com.tr",
        "hotmail.fr", "hotmail.it", "hotmail.co.uk", "outlook.com", "outlook.com.br", "outlook.com.ar", "outlook.pt",
        "outlook.es", "live.com", "msn.com", "yahoo.com", "yahoo.com.br", "yahoo.com.ar", "yahoo.co.uk", "yahoo.ca",
        "ymail.com", "rocketmail.com", "icloud.com", "icloud.com.cn", "me.com", "mac.com", "mail.com", "email.com",
        "fmail.com", "cloud.com", "aol.com", "love.com", "uol.com.br", "uol.com", "bol.com.br", "bol.com",
        "ig.com.br", "terra.com.br", "serra.com.br", "globo.com", "globomail.com", "r7.com", "oi.com.br",
        "zipmail.com.br", "proton.me", "gmx.com", "gmx.de", "zoho.com", "grail.com", "gmail.empresa.com.br",
        "gmal.net", "empresa.co", "empresa.cm", "empresa.om", "empresa.coop.br", "empresa.eco.br", "empresa.adv.br",
        "ufba.br", "puc-rio.br", "con.com.br", "x.com.bt", "comb.br", "", "localhost", "gmail", ".com",
    ],
)  # fmt: skip
def test_domain_that_may_be_right_is_left_alone(domain: str) -> None:
    assert likely_domain(domain) is None


@given(st.text("gmailhotcnbr.", max_size=14) | st.text(max_size=30))
def test_likely_domain_is_never_suspect_itself(domain: str) -> None:
    likely = likely_domain(domain)
    assert likely is None or likely_domain(likely) is None
