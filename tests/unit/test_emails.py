"""E-mail cells: lower case, ASCII domain, exactly the addresses that email-validator accepts."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.contacts import emails as module
from chalicelib.contacts.domains import likely_address
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
    assume(address.strip("`*.?!-") == address and ".." not in address)  # signs around it; it is cut short
    expected = by_the_library(address)
    assume(not likely_address(expected or ""))
    assert read_emails(address) == (
        ([expected], []) if expected else ([], [RefusedPiece("email_invalido", address[:200])])
    )


@given(st.builds("{}@{}.com.br".format, st.text("abc", min_size=1), st.text("açãoéüñßжд", min_size=1, max_size=20)))
def test_domain_with_accents_is_stored_in_ascii(address: str) -> None:
    found, refused = read_emails(address)
    assume("dominio_suspeito" not in [each.code for each in refused])
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
        ("ma\u200bria@exam\xadple.com\u2060", "maria@example.com"),
        ("\ufeffmaria@example.com\ufe0f", "maria@example.com"),
        ("ana\u2011maria@example.com", "ana-maria@example.com"),
        ("“maria@example.com”", "maria@example.com"),
        ("‘maria@example.com’", "maria@example.com"),
        ("«maria@example.com»", "maria@example.com"),
        ("'maria@example.com", "maria@example.com"),
        ("maria@example.com'", "maria@example.com"),
        ("<<maria@example.com>>", "maria@example.com"),
        ("Maria <maria@example.com", "maria@example.com"),
        ("maria@example.com.", "maria@example.com"),
        ("maria@example.com ;", "maria@example.com"),
        ("maria@example.com,", "maria@example.com"),
        ("maria@example.com!", "maria@example.com"),
        ("maria@example.com\ufffd\ufffd", "maria@example.com"),
        ("- maria@example.com", "maria@example.com"),
        ("• maria@example.com", "maria@example.com"),
        ("(maria@example.com)", "maria@example.com"),
        ("[maria@example.com]", "maria@example.com"),
        ("maria@example.com (financeiro)", "maria@example.com"),
        ("maria@example.com(pessoal)", "maria@example.com"),
        ("maria@example.com (Rui, do financeiro)", "maria@example.com"),
        ("maria@example.com [falar com Rui]", "maria@example.com"),
        ("(trabalho) maria@example.com", "maria@example.com"),
        ("maria@example.com - particular", "maria@example.com"),
        ("maria@example.com – falar com Rui", "maria@example.com"),
        ("maria@example.com: financeiro", "maria@example.com"),
        ("maria@example.com financeiro", "maria@example.com"),
        ("maria@example.com e-mail do cônjuge", "maria@example.com"),
        ("Comercial: maria@example.com", "maria@example.com"),
        ("E-mail:maria@example.com", "maria@example.com"),
        ("email principal: maria@example.com", "maria@example.com"),
        ("e-mail maria@example.com", "maria@example.com"),
        ("Maria - maria@example.com", "maria@example.com"),
        ("Maria (maria@example.com)", "maria@example.com"),
        ("e-mail: mailto:maria%40example.com", "maria@example.com"),
        ("mailto:maria@example.com?subject=Oi, tudo bem; Maria", "maria@example.com"),
        ("<mailto:maria@example.com?subject=Oi%20Ana>", "maria@example.com"),
        ('"Souza, Maria" <maria@example.com>', "maria@example.com"),
        ('"Souza; Maria | SP" <maria@example.com>', "maria@example.com"),
        ("Souza, Maria <maria@example.com>", "maria@example.com"),
        ("Compras/Financeiro <maria@example.com>", "maria@example.com"),
        ("Maria <maria@example.com> (casa)", "maria@example.com"),
    ],
)
def test_address_is_read_as_people_write_it(cell: str, address: str) -> None:
    assert read_emails(cell) == ([address], [])


@pytest.mark.parametrize(
    "cell",
    [
        "a@x.com e b@x.com",
        "a@x.com E b@x.com",
        "a@x.com ou b@x.com",
        "a@x.com e/ou b@x.com",
        "a@x.com & b@x.com",
        "a@x.com b@x.com",
        "a@x.com\tb@x.com",
        "a@x.com<br>b@x.com",
        "a@x.com<BR/>b@x.com",
        "a@x.com\xa0 b@x.com",
        "a@x.com, b@x.com.",
        "a@x.com (casa) b@x.com (trabalho)",
        "casa: a@x.com trabalho: b@x.com",
        "E-mail: a@x.com e-mail: b@x.com",
        "<a@x.com> <b@x.com>",
        "<a@x.com><b@x.com>",
        '"Souza, Ana" <a@x.com>; "Melo; Eva" <b@x.com>',
        "Lima, Rui <a@x.com>; Melo, Eva <b@x.com>",
        "Lima, Rui <a@x.com>, Melo, Eva <b@x.com>",
        "a@x.com, Melo, Eva <b@x.com>",
        "a@x.com / Eva/Rui <b@x.com>",
        "mailto:a@x.com?subject=x;mailto:b@x.com?subject=y",
    ],
)
def test_two_addresses_are_read_as_people_write_them(cell: str) -> None:
    assert read_emails(cell) == (["a@x.com", "b@x.com"], [])


def test_valid_address_is_kept_beside_a_refused_one() -> None:
    assert read_emails("a@x.com e b@") == (["a@x.com"], [RefusedPiece("email_invalido", "b@")])
    assert read_emails("talvez; Lima, Rui <a@x.com>") == (["a@x.com"], [RefusedPiece("email_invalido", "talvez")])


@pytest.mark.parametrize(
    ("address", "likely"),
    [
        ("ana@gmail.con", "ana@gmail.com"),
        ("Ana@Hotmial.com", "ana@hotmail.com"),
        ("ana@x.com | ana@gmail.co", "ana@gmail.com"),
        ("E-mail: ana@gmial.com.", "ana@gmail.com"),
        ("ana@empresa.con.br", "ana@empresa.com.br"),
    ],
)
def test_misspelt_domain_is_refused_and_only_its_address_is_quoted(address: str, likely: str) -> None:
    _, (refused,) = read_emails(address)
    assert refused.code == "dominio_suspeito"
    assert likely_address(refused.value) == likely
    assert read_emails(address, any_domain=True)[0][-1] == refused.value


@pytest.mark.parametrize(
    "cell",
    [
        "maria",
        "maria@",
        "@example.com",
        "maria@example",
        "maria @example.com",
        "maria@@example.com",
        "maria..silva@example.com",
        "joão@example.com",
        "maria@[127.0.0.1]",
        '"maria silva"@example.com',
        "maria@y.com <joao@example.com>",
        "maria@x.test",
        "℀@example.com",  # becomes a/c@example.com, and "/" separates
        "ma\x00ria@example.com",
        "maria\ud800@example.com",
        "(71) 99999-9999",
        "maria silva@example.com",
        "maria e silva@example.com x",
        "contato maria@example.com",
        "maria- silva@example.com",
        "maria -silva@example.com",
        "maria. silva@example.com",
        "maria@example.com br",
        "maria@example.com. br",
        "maria@example.com .br",
        "maria@example.com (.br)",
        "maria@example.co(m)",
        "maria@example .com",
        "maria@example,com",
        "maria@example.com,br",
        "maria@example.co m",
        "maria@example.co…",
        "maria@example.co...",
        "maria(at)example.com",
        "@maria",
        "Instagram: @maria",
        "maria@example.com Rui joao@example.com",
        "maria@example.com joao silva@example.com",
        "a@x.comb@x.com",
        "\ufffdlvaro@example.com",
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
