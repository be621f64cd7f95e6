"""E-mail cells: lower case, ASCII domain, exactly the addresses that email-validator accepts."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.contacts import emails as module
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.pieces import SEPARATORS, RefusedPiece

LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?"
TOP = "(com|com.br|net|org|br|test|local|localhost|invalid|onion|arpa|c|c0m|COM|Test|x--y|xn--p1ai)"
ADDRESSES = (
    st.from_regex(rf"[a-zA-Z0-9_.+-]{{1,20}}@({LABEL}\.){{0,3}}{TOP}", fullmatch=True)
    | st.from_regex(rf"[a-z0-9.!#$%&'*+=?^_`{{}}~-]{{1,12}}@({LABEL}\.){{1,2}}{TOP}", fullmatch=True)
    | st.from_regex(r"[a-z.]{1,5}@[a-z0-9.-]{1,12}", fullmatch=True)
    | st.builds("{}@{}.com".format, st.text("abc", min_size=1, max_size=70), st.text("abc-", min_size=1, max_size=70))
    | st.emails()
)

THOROUGH = settings(max_examples=4 * settings().max_examples)


def by_the_library(address: str) -> str | None:
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return str(valid.ascii_email).lower()


@given(ADDRESSES)
@THOROUGH
def test_usual_shape_gives_the_same_result_as_the_library(address: str) -> None:
    usual = module._usual(address)
    assert usual is None or usual == by_the_library(address) == module._by_library(address)


@given(ADDRESSES)
@THOROUGH
@example("maria@" + "a" * 64 + ".com")
@example("maria@" + ".".join(["a" * 60] * 4) + ".com")
@example("a@ab--cd.com")
@example("a@xn--ls8h.la")
@example("a@x.test")
@example("a@testes.com.br")
def test_address_is_accepted_exactly_if_the_library_accepts_it(address: str) -> None:
    assume(not set(address) & set(SEPARATORS + "\"'"))
    expected = by_the_library(address)
    assert read_emails(address) == (
        ([expected], []) if expected else ([], [RefusedPiece("email_invalido", address[:200])])
    )


@given(st.builds("{}@{}.com.br".format, st.text("abc", min_size=1), st.text("açãoéüñßжд", min_size=1, max_size=20)))
def test_domain_with_accents_is_stored_in_ascii(address: str) -> None:
    found, _ = read_emails(address)
    assert found == [expected for expected in [by_the_library(address)] if expected]
    assert all(each.isascii() for each in found)


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("Maria@Example.COM", "maria@example.com"),
        ("  maria@example.com\u200b", "maria@example.com"),
        ("Maria da Silva <maria@example.com>", "maria@example.com"),
        ('"Maria" < maria@example.com >', "maria@example.com"),
        ("maria@example.com <Maria@example.com>", "maria@example.com"),
        ("'maria@example.com' <maria@example.com>", "maria@example.com"),
        ("<maria@example.com>", "maria@example.com"),
        ("mailto:maria@example.com", "maria@example.com"),
        ("MAILTO:maria@example.com?subject=Oi", "maria@example.com"),
        ("'maria@example.com'", "maria@example.com"),
        ('"maria@example.com"', "maria@example.com"),
        ("ｍaria＠example．com", "maria@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("maria@açaí.com.br", "maria@xn--aa-4iaz.com.br"),
        ("maria+leads@sub.example.com", "maria+leads@sub.example.com"),
    ],
)
def test_address_is_read_as_people_write_it(cell: str, address: str) -> None:
    assert read_emails(cell) == ([address], [])


@pytest.mark.parametrize(
    "cell",
    [
        "maria",
        "maria@",
        "@example.com",
        "maria@example",
        "maria @example.com",
        "maria@@example.com",
        "maria@example.com.",
        "maria..silva@example.com",
        "maria@example.com joao@example.com",
        "joão@example.com",
        "maria@[127.0.0.1]",
        '"maria silva"@example.com',
        "maria@y.com <joao@example.com>",
        "Maria <maria@example.com",
        "<<maria@example.com>>",
        "maria@x.test",
        "℀@example.com",  # becomes a/c@example.com, and "/" separates
        "ma\u200bria@example.com",
        "ma\x00ria@example.com",
        "maria\ud800@example.com",
        "(71) 99999-9999",
        "não tem",
        "x" * 401,
        "a@" + "b" * 250 + ".com",
        "Maria " * 70 + "<maria@example.com>",
    ],
)
def test_cell_without_a_certain_address_is_refused_and_quoted(cell: str) -> None:
    assert read_emails(cell) == ([], [RefusedPiece("email_invalido", cell[:200])])


@pytest.mark.parametrize("separator", ["/", "|"])
def test_separator_inside_an_address_separates(separator: str) -> None:
    assert read_emails(f"maria{separator}joao@example.com") == (
        ["joao@example.com"],
        [RefusedPiece("email_invalido", "maria")],
    )
