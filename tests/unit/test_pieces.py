"""The pieces of a cell of contacts: separators, values, refusals; for any text."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.contacts.documents import read_document
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.nothing import says_nothing
from chalicelib.contacts.pieces import (
    EDGES,
    EXCERPT,
    MAX_CONTACTS,
    MAX_PIECES,
    SEPARATORS,
    RefusedPiece,
    without_exponent,
)
from chalicelib.contacts.telephones import Phone, read_phones

DIGITS = tuple("0123456789")
Read = Callable[[str], tuple[list[str] | list[Phone], list[RefusedPiece]]]

KINDS = pytest.mark.parametrize("read", [read_emails, read_phones])
JOINTS = st.sampled_from([" | ", "|", ";", ",", "/", "\n", "\r\n", "; ", " / ", "\u2028", "；", "｜", " |  | "])
# Rubbish does not begin with a digit: after a comma it would be the decimals of the number before it.
RUBBISH = st.text(st.characters(exclude_characters=SEPARATORS), max_size=12).filter(lambda text: text[:1] not in DIGITS)
EMAILS = st.from_regex(r"[a-cA-C]{1,2}@[xX]\.(com|COM|test)", fullmatch=True)
PHONES = st.from_regex(r"(\+?55 ?)?(71|11|20) ?[2-9][0-9]{3,4}-?123[0-4]", fullmatch=True)
ANY_TEXT = st.text(st.characters(), max_size=60) | st.text(
    "0123456789+-() .,/;|@xXeE\n\x00\ud800\u200b٣½℀＠ﬁéabc<>\"'", max_size=40
)

THOROUGH = settings(max_examples=4 * settings().max_examples)


def many(first: int, last: int) -> list[str]:
    return [f"719{number:08}" for number in range(first, last)]


@KINDS
@given(data=st.data())
@THOROUGH
def test_every_piece_is_kept_once_or_reported_in_order(read: Read, data: st.DataObject) -> None:
    pieces = data.draw(st.lists(EMAILS | PHONES | RUBBISH, max_size=12))
    cell = "".join(piece + data.draw(JOINTS) for piece in pieces)
    one_by_one = [read(piece) for piece in pieces]
    assert read(cell) == (
        list(dict.fromkeys(value for values, _ in one_by_one for value in values)),
        [each for _, refused in one_by_one for each in refused],
    )


@KINDS
@given(ANY_TEXT)
@THOROUGH
def test_each_piece_says_nothing_or_gives_contacts_or_refusals_that_quote_it(read: Read, text: str) -> None:
    piece = re.sub(f"[{SEPARATORS}]", "", text).strip(EDGES)
    values, refused = read(piece)
    assert bool(values or refused) != says_nothing(piece)
    if len(refused) == 1 and not values:
        assert refused[0].value == piece


@KINDS
@pytest.mark.parametrize(
    "cell",
    [
        "-", "--", "—", ".", "...", "?", "*", "0", "000", "0,00", "0.0", "(00) 00000-0000", "000.000.000-00", "nan",
        "NaN", "None", "NULL", "<NA>", "(null)", "n/a", "N/A", "N / D", "n.d.", "#N/D", "#N/A", "#REF!", "#VALOR!",
        "#DIV/0!", "#NOME?", "não tem", "NAO TEM", "Não possui e-mail", "não informado", "Sem telefone", "s/ e-mail",
        "S/N", "s/ tel", "nenhum", "Vazio", "(vazio)", "em branco", "xxx", "não", "FALSO", "n/a | -",
        "não tem; não tem", "n/a, s/ contato",
    ],
)  # fmt: skip
def test_cell_that_says_that_there_is_nothing_is_blank(read: Read, cell: str) -> None:
    assert read(cell) == ([], [])


def test_piece_that_says_nothing_beside_a_contact_is_not_refused() -> None:
    assert read_emails("n/a; a@x.com / não tem") == (["a@x.com"], [])
    phones, refused = read_phones("71 99999-0001 / s/ tel | N/D")
    assert ([phone.telefone for phone in phones], refused) == (["+5571999990001"], [])


@KINDS
@pytest.mark.parametrize("text", ["########", "não sei de quem", "isento", "sem parar", "1", "nada consta aqui", "n/z"])
def test_other_text_is_refused(read: Read, text: str) -> None:
    assert read(text)[1]


@KINDS
@given(ANY_TEXT)
@THOROUGH
def test_kept_values_can_be_stored_and_are_read_as_themselves(read: Read, text: str) -> None:
    for value in read(text)[0]:
        stored = value if isinstance(value, str) else value.telefone
        assert "\x00" not in stored
        assert stored.encode().decode() == stored
        assert read(stored) == ([value], [])


@pytest.mark.parametrize("separator", [" | ", "|", ";", ",", "/", "\n", "\r\n", " ; ", "\n\n", " , ", "\x0b", "／"])
def test_every_separator_of_the_specification_separates_contacts(separator: str) -> None:
    assert read_emails(separator.join(["b@x.com", "a@x.com"])) == (["b@x.com", "a@x.com"], [])
    assert [phone.telefone for phone in read_phones(separator.join(["71999999999", "1133334444"]))[0]] == [
        "+5571999999999",
        "+551133334444",
    ]


@KINDS
@pytest.mark.parametrize("cell", ["", " ", "\t\n", "|", " | ; , / \r\n", "\u200b\ufeff\xa0", "\x00", "\u202a\u202c"])
def test_blank_cell_has_neither_contacts_nor_refusals(read: Read, cell: str) -> None:
    assert read(cell) == ([], [])


@KINDS
@pytest.mark.parametrize("text", ["a@x.com", "71 99999-9999"])
def test_invisible_characters_around_a_contact_are_ignored(read: Read, text: str) -> None:
    assert read(f"\ufeff\u200b\xa0 \u202a{text}\u202c\u2060\t\u3000") == read(text)


def test_repeated_contact_is_kept_once_at_its_first_place() -> None:
    assert read_emails("A@X.com | b@x.com | a@x.COM") == (["a@x.com", "b@x.com"], [])
    phones, refused = read_phones("(71) 9999-9999 | 1133334444 | +55 71 99999-9999 | 5571999999999")
    assert [phone.telefone for phone in phones] == ["+5571999999999", "+551133334444"]
    assert refused == []


def test_first_valid_contact_comes_first_after_refused_pieces() -> None:
    phones, refused = read_phones("9999-9999 | 71 98888-7777 | 71 99999-9999")
    assert phones[0].telefone == "+5571988887777"
    assert refused == [RefusedPiece("telefone_sem_ddd", "9999-9999")]


def test_fifty_contacts_are_kept_and_each_other_one_is_reported() -> None:
    phones, refused = read_phones(" | ".join(many(0, 5_000)))
    assert [phone.telefone for phone in phones] == [f"+55{number}" for number in many(0, MAX_CONTACTS)]
    assert refused == [RefusedPiece("contatos_demais", number) for number in many(MAX_CONTACTS, 5_000)]


def test_repeats_and_refused_pieces_do_not_count_towards_the_fifty() -> None:
    phones, refused = read_phones(" | ".join([*many(0, 49), *many(0, 49), "rubbish", *many(40, 50)]))
    assert len(phones) == MAX_CONTACTS
    assert refused == [RefusedPiece("telefone_invalido", "rubbish")]


@KINDS
def test_pieces_beyond_the_limit_are_one_refusal(read: Read) -> None:
    _, refused = read("x;" * (MAX_PIECES + 1_000))
    assert len(refused) == MAX_PIECES + 1
    assert refused[-1] == RefusedPiece("contatos_demais", "x;" * (EXCERPT // 2))


@KINDS
def test_blank_pieces_beyond_the_limit_are_not_reported(read: Read) -> None:
    assert read(";" * (MAX_PIECES + 1_000)) == ([], [])


HUGE = {
    "one letter": "a" * 33_000_000,
    "one digit": "7" * 33_000_000,
    "blanks": " " * 33_000_000,
    "separators": "," * 33_000_000,
    "commas and digits": "1," * 16_500_000,
    "an address without a domain": "a." * 16_500_000 + "@",
    "a domain without an end": "a@" + "b." * 16_500_000,
    "combining marks out of order": "a" + "\u0327\u0301" * 1_000_000,
    "zero cents": "7199999999,0 " * 1_000_000,
    "a mantissa": "1," + "7" * 1_000_000 + "E+",
    "brackets": "<" * 1_000_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_cell_gives_a_bounded_number_of_short_refusals(name: str) -> None:
    for read in (read_emails, read_phones):
        values, refused = read(HUGE[name])
        assert len(values) <= 1
        assert len(refused) <= MAX_PIECES + 1
        assert all(len(each.value) <= EXCERPT for each in refused)
    assert read_document(HUGE[name])[0] is None


@given(ANY_TEXT)
@example("1E+99")
@THOROUGH
def test_readers_never_raise(text: str) -> None:
    document, refused = read_document(text)
    assert (document is None) or (refused is None)
    assert bool(document or refused) != says_nothing(text.strip(EDGES))
    read_emails(text)
    read_phones(text)


@given(st.integers(1, 10**14 - 1), st.integers(0, 16), st.sampled_from(".,"), st.sampled_from(["E+", "e+", "E", "e"]))
@THOROUGH
def test_exponent_is_removed_only_if_no_digit_is_lost(number: int, shown: int, point: str, sign: str) -> None:
    digits = str(number)
    exponent = len(digits) - 1
    fraction = digits[1:].ljust(shown, "0")[:shown] or "0"
    whole = len(fraction) >= exponent
    value = Decimal(f"{digits[0]}.{fraction}").scaleb(exponent)
    assert without_exponent(f"{digits[0]}{point}{fraction}{sign}{exponent:02}") == (str(int(value)) if whole else None)


@pytest.mark.parametrize("text", ["123456000000", "5571990000000", "123456000000.0", "123456000000,00"])
def test_number_rounded_to_six_digits_is_rejected(text: str) -> None:
    assert without_exponent(text) is None


def test_exponent_that_leaves_a_fraction_is_rejected() -> None:
    assert without_exponent("5.5719999999991E+12") is None
    assert without_exponent("5.5719999999990E+12") == "5571999999999"


@pytest.mark.parametrize("text", ["12345600000", "5571990000001", "1E5", "12E10", "x", "", "1.5", "5.5E-12"])
def test_other_text_is_returned_unchanged(text: str) -> None:
    assert without_exponent(text) == text
