"""Phone cells: which are repaired and which are refused; libphonenumber is the oracle."""

from __future__ import annotations

from itertools import product

import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType
from validate_docbr import CNPJ

from chalicelib.contacts import telephones as module
from chalicelib.contacts.pieces import RefusedPiece
from chalicelib.contacts.telephones import Phone, PhoneKind, read_phones

DDDS = (
    *range(11, 20), 21, 22, 24, 27, 28, *range(31, 36), 37, 38, *range(41, 50), 51, 53, 54, 55, *range(61, 70),
    71, 73, 74, 75, 77, 79, *range(81, 90), *range(91, 100),
)  # fmt: skip
MASKS = (
    "{ddd}{front}{back}",
    "55{ddd}{front}{back}",
    "+55{ddd}{front}{back}",
    "({ddd}) {front}-{back}",
    "{ddd} {front}-{back}",
    "{ddd} {front} {back}",
    "{ddd}{front}-{back}",
    "({ddd}){front}{back}",
    "+55 ({ddd}) {front}-{back}",
    "+55 {ddd} {front} {back}",
    "{ddd}{front}{back}.0",
    "55{ddd}{front}{back}.0",
)
KINDS = {PhoneNumberType.MOBILE: "movel", PhoneNumberType.FIXED_LINE: "fixo", PhoneNumberType.TOLL_FREE: "fixo"}
FREE = st.text("0123456789()+-. ", max_size=22)
NATIONAL = st.builds("{}{}".format, st.integers(0, 99), st.from_regex("[0-9]{8,9}", fullmatch=True))

THOROUGH = settings(max_examples=4 * settings().max_examples)


def only_phone(cell: str) -> str:
    """The only phone of a cell in which nothing is refused."""
    (phone,), refused = read_phones(cell)
    assert refused == []
    return phone.telefone


def only_code(cell: str) -> str:
    """The code of the only refusal of a cell without a phone."""
    values, (refused,) = read_phones(cell)
    assert values == []
    assert refused.value == cell[:200]
    return refused.code


def kind_by_the_library(phone: str) -> str | None:
    """The kind of a Brazilian E.164 number, as the library alone has it."""
    number = phonenumbers.parse(phone)
    if not phonenumbers.is_valid_number(number) or number.country_code != 55:
        return None
    return KINDS.get(phonenumbers.number_type(number))


def expected(ddd: str, subscriber: str) -> tuple[str, str] | str:
    """The phone and kind, or the code, of a DDD and eight or nine digits: our rule in its simplest form."""
    if len(subscriber) == 8 and subscriber[:2] in {"70", "77", "78", "79"} and int(ddd) in DDDS:
        return "telefone_ambiguo"
    if len(subscriber) == 8 and subscriber[0] in "6789":
        subscriber = "9" + subscriber
    kind = kind_by_the_library(f"+55{ddd}{subscriber}")
    return (f"+55{ddd}{subscriber}", kind) if kind else "telefone_invalido"


def test_every_ddd_and_prefix_agrees_with_the_numbering_plan() -> None:
    for ddd, front, tail in product(range(10, 100), range(100), ("123456", "1234567")):
        cell = f"({ddd}) {front:02}{tail}"
        values, refused = read_phones(cell)
        found = (values[0].telefone, values[0].tipo_origem) if values else refused[0].code
        assert found == expected(str(ddd), f"{front:02}{tail}"), cell


def test_ddds_are_the_sixty_seven_of_the_numbering_plan() -> None:
    assert [ddd for ddd in range(100) if read_phones(f"{ddd:02}33334444")[0]] == list(DDDS)
    assert len(DDDS) == 67


@given(st.integers(11, 99).map(str), st.from_regex("[0-9]{8,9}", fullmatch=True), st.sampled_from(MASKS), st.booleans())
@example("11", "990000000", "55{ddd}{front}{back}", False)
@example("11", "30000000", "55{ddd}{front}{back}.0", False)
@THOROUGH
def test_usual_shape_is_read_as_the_library_reads_it(
    ddd: str, subscriber: str, mask: str, landlines_valid: bool
) -> None:
    cell = mask.format(ddd=ddd, front=subscriber[:-4], back=subscriber[-4:])
    usual = module._usual(landlines_valid, cell)
    assert usual is None or usual == module._by_library(cell, landlines_valid)
    assert usual or "0" in ddd or not read_phones(cell)[0]


@given(FREE)
@THOROUGH
def test_usual_shape_accepts_only_what_the_library_accepts(cell: str) -> None:
    usual = module._usual(True, cell)
    assert usual is None or usual == module._by_library(cell, True)


@given(
    FREE
    | st.builds("{}{}{}".format, st.sampled_from(["", "0", "+55 ", "55", "015", "0041", "+", "00"]), NATIONAL, FREE)
)
@THOROUGH
def test_every_accepted_phone_is_valid_and_has_its_kind_by_the_library(cell: str) -> None:
    for phone in read_phones(cell, landlines_valid=False)[0]:
        number = phonenumbers.parse(phone.telefone)
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == phone.telefone
        if number.country_code == 55:
            assert phone.tipo_origem == kind_by_the_library(phone.telefone)
            assert phone.valido_para_disparo == (phone.tipo_origem == "movel")
        else:
            assert phone.tipo_origem == "internacional"


@given(NATIONAL, st.sampled_from(["", "+55 ", "0", "55", "015", "021 "]), st.integers(0, 4))
@THOROUGH
def test_phone_that_the_library_accepts_is_read_as_the_same_phone(national: str, before: str, cut: int) -> None:
    cell = f"{before}{national[:cut]} {national[cut:]}" if cut else before + national
    try:
        number = phonenumbers.parse(cell, "BR")
    except phonenumbers.NumberParseException:
        return
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    mobile_of_eight_digits = len(phone) == 13 and phone[5] in "67"
    assume(
        kind_by_the_library(phone)
        and not mobile_of_eight_digits
        and read_phones(cell)[1] != [RefusedPiece("telefone_ambiguo", cell)]
    )
    assert only_phone(cell) == phone


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS - {"BR"})), st.sampled_from([*range(11)]), st.data())
@THOROUGH
def test_phone_of_another_country_is_read_in_both_formats(region: str, kind: int, data: st.DataObject) -> None:
    number = phonenumbers.example_number_for_type(region, kind)
    assume(number and phonenumbers.is_valid_number(number))
    assert number is not None
    style = data.draw(st.sampled_from([0, 1]))  # E.164 and international
    text = phonenumbers.format_number(number, style)
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assume(len(phone) <= 16 and "/" not in text)
    assert read_phones(text) == ([Phone(phone, PhoneKind.INTERNACIONAL, True)], [])


@given(st.sampled_from(DDDS), st.integers(90_000_0000, 99_999_9999), st.data())
@THOROUGH
def test_number_cell_is_repaired_if_no_digit_is_lost(ddd: int, subscriber: int, data: st.DataObject) -> None:
    digits = data.draw(st.sampled_from(["", "55"])) + f"{ddd}{subscriber}"
    exponent = len(digits) - 1
    assume(len(digits.rstrip("0")) > 6)
    for cell in (digits, f"{digits}.0", f"{digits},00", f"{digits[0]}.{digits[1:]}E+{exponent}"):
        assert only_phone(cell) == f"+55{ddd}{subscriber}"
    for shown in range(1, exponent):
        assert only_code(f"{digits[0]}.{digits[1:][:shown]}E+{exponent}") == "telefone_ambiguo"
        assert only_code(f"{digits[0]},{digits[1:][:shown]}E+{exponent}") == "telefone_ambiguo"


@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        ("71999999999", "+5571999999999"),
        ("5571999999999.0", "+5571999999999"),
        ("5.571999999999E+12", "+5571999999999"),
        ("5,571999999999E+12", "+5571999999999"),
        ("(71) 9 9999-9999", "+5571999999999"),
        ("71-99999-9999", "+5571999999999"),
        ("71.99999.9999", "+5571999999999"),
        ("071 99999-9999", "+5571999999999"),
        ("(071) 99999-9999", "+5571999999999"),
        ("0xx71 99999-9999", "+5571999999999"),
        ("(0xx71) 9999-9999", "+5571999999999"),
        ("0 XX 71 3333-4444", "+557133334444"),
        ("0 41 71 99999-9999", "+5571999999999"),
        ("0287199999-9999", "+5571999999999"),
        ("+55 (0xx71) 99999-9999", "+5571999999999"),
        ("+55 071 99999-9999", "+5571999999999"),
        ("55 71 9999-9999", "+5571999999999"),
        ("0055 71 99999-9999", "+5571999999999"),
        ("0055 79 99999-8888", "+5579999998888"),
        ("0015 55 71 99999-9999", "+5571999999999"),
        ("71 8765-4321", "+5571987654321"),
        ("71 6765-4321", "+5571967654321"),
        ("71 7165-4321", "+5571971654321"),
        ("55 9999-9999", "+5555999999999"),
        ("55 55 9999-9999", "+5555999999999"),
        ("Tel.: (71) 3333-4444", "+557133334444"),
        ("Maria 71 99999-9999 (recado)", "+5571999999999"),
        ("'71999999999", "+5571999999999"),
        ('="71999999999"', "+5571999999999"),
        ("tel:+5571999999999", "+5571999999999"),
        ("(11) 3333-3333 ramal 12", "+551133333333"),
        ("(11) 3333-3333 R: 1234", "+551133333333"),
        ("(11) 3333-3333x12", "+551133333333"),
        ("0800 123 4567", "+558001234567"),
        ("0800 123456", "+55800123456"),
        ("\u202a+55 71 99999\u20119999\u202c", "+5571999999999"),
        ("+55\xa071\xa099999–9999", "+5571999999999"),
        ("７１ ９９９９９－９９９９", "+5571999999999"),
        ("٧١٩٩٩٩٩٩٩٩٩", "+5571999999999"),
        ("+1 202 555 0123", "+12025550123"),
        ("+39 06 698 1234", "+39066981234"),
        ("+5571990000000", "+5571990000000"),
        ("https://wa.me/5571999999999", "+5571999999999"),
        ("http://wa.me/+5571999999999", "+5571999999999"),
        ("wa.me/5571999999999/", "+5571999999999"),
        ("wa.me/71999999999", "+5571999999999"),
        ("wa.me/557199999999", "+5571999999999"),
        ("wa.me/55(71)99999-9999", "+5571999999999"),
        ("wa.me/12025550123", "+12025550123"),
        ("https://wa.me/c/5571999999999", "+5571999999999"),
        ("https://wa.me/5571999999999?text=Oi,%20pedido%2011988887777", "+5571999999999"),
        ("https://wa.me/5571999999999?text=Oi, tudo bem", "+5571999999999"),
        ("WhatsApp: https://wa.me/5571999999999 (Ana)", "+5571999999999"),
        ("https://api.whatsapp.com/send?phone=5571999999999&text=Oi/tudo", "+5571999999999"),
        ("https://api.whatsapp.com/send/?phone=%2B55%2071999999999&text&app_absent=0", "+5571999999999"),
        ("https://api.whatsapp.com/send?l=pt_br&phone=5571999999999", "+5571999999999"),
        ("https://web.whatsapp.com/send?text=Oi%2C%20Ana&phone=5571999999999", "+5571999999999"),
        ("whatsapp://send?phone=5571999999999", "+5571999999999"),
        ("whatsapp://send/?phone=+5571999999999&text=a,b", "+5571999999999"),
        ("5571999999999@c.us", "+5571999999999"),
        ("557199999999@c.us", "+5571999999999"),
        ("12025550123@c.us", "+12025550123"),
        ("5571999999999@s.whatsapp.net", "+5571999999999"),
        ("5571999999999:12@s.whatsapp.net", "+5571999999999"),
        ("whatsapp:+5571999999999", "+5571999999999"),
        ("p:+5571999999999", "+5571999999999"),
        ("tel:+55-71-99999-9999", "+5571999999999"),
        ("tel://5571999999999", "+5571999999999"),
        ("tel:+557133334444;ext=12", "+557133334444"),
        ("tel:7133334444;phone-context=+55", "+557133334444"),
        ("skype:+5571999999999?call", "+5571999999999"),
    ],
)
def test_phone_is_repaired_if_only_one_reading_is_valid(cell: str, phone: str) -> None:
    assert only_phone(cell) == phone


@pytest.mark.parametrize(
    "cell",
    [
        "5.57199E+12",
        "5,57199E+12",
        "5.57199999999E+12",
        "5571990000000",
        "557133000000.0",
        "11 7812-3456",
        "+55 11 7712-3456",
        "1170123456",
    ],
)
def test_lost_or_ambiguous_digits_are_not_guessed(cell: str) -> None:
    assert only_code(cell) == "telefone_ambiguo"


def test_bare_digits_that_are_valid_as_a_cnpj_are_ambiguous() -> None:
    for pair in range(100):
        cell = f"067119000001{pair:02}"
        if CNPJ().validate(cell):
            assert only_code(cell) == "telefone_ambiguo"
        else:
            assert only_phone(cell) == f"+55119000001{pair:02}"


@pytest.mark.parametrize(
    "cell",
    [
        "+55 99999-9999",
        "4004-1234",
        "190",
        "0900 123 4567",
        "20 99999-9999",
        "71 89999-9999",
        "71 1999-9999",
        "71 999999-9999",
        "12025550123",
        "001 202 555 0123",
        "0015 1 202 555 0123",
        "(00) 43123-4567",
        "11111111111",
        "+55",
        "+999 123 456",
        "+" + "1" * 40,
        "+55 71 99999-9999 +55",
        "123.456.789-09",
        "119.876.543-21",
        "119 876 543 21",
        "119876543-21",
        "CPF 11987654321",
        "Pix: 11987654321",
        "R$ 1133334444",
        "joao71999999999@example.com",
        "joao71999999999",
        "71999999999abc",
        "1800FLOWERS",
        "ligar after das 18h",
        "2026-11-24 12:00",
        "71 99999-9999" + " " * 100 + "x",
        "1E5",
        "71\x0099999\x009999",
        "\ud800",
        "½ 71 99999-9999",
        "71 99999-9999 99999-8888",
        "71 99999-9999 71 98888-8888 2026",
        "71 99999-9999 71 98888-8888 R$ 10",
        "529.982.247-25 71 99999-9999",
        "7199999999971988888888",
        "71 99999-9999 e 2",
        "120363041234567890@g.us",
        "5571999999999@x.com",
        "5571999999999@lid",
        "http:",
    ],
)
def test_cell_without_a_certain_phone_is_refused_and_quoted(cell: str) -> None:
    assert only_code(cell) == "telefone_invalido"


def test_masked_document_is_not_read_as_a_phone() -> None:
    for cell in ("12.345.678/0001-95", "30.035.678/0001-95", "12.ABC.345/01DE-35", "40041234/0001-95"):
        values, refused = read_phones(cell)
        assert values == []
        assert [each.code for each in refused] == ["telefone_invalido"] * 2


@pytest.mark.parametrize("code", ["33", "41", "44", "49"])
def test_link_whose_number_is_valid_in_two_countries_is_ambiguous(code: str) -> None:
    links = [f"wa.me/{code}9{number}" for number in range(81234567, 99999999, 1_000_003)]
    read = [read_phones(link) for link in links]
    for link, (values, refused) in zip(links, read, strict=True):
        abroad = phonenumbers.is_valid_number(phonenumbers.parse("+" + link.removeprefix("wa.me/")))
        assert [each.code for each in refused] == (["telefone_ambiguo"] if abroad else [])
        assert bool(values) != abroad


@pytest.mark.parametrize(
    "cell",
    [
        "(71) 99999-0001 ou (11) 98888-0002",
        "(71) 99999-0001 OU 11988880002",
        "71 99999-0001 e 11 98888-0002",
        "71 99999-0001 e/ou 11 98888-0002",
        "(71) 99999-0001 & (11) 98888-0002",
        "(71) 99999-0001 (11) 98888-0002",
        "(71)99999-0001(11)98888-0002",
        "71 99999-0001 11 98888-0002",
        "71999990001 11988880002",
        "71999990001  -  11988880002",
        "+5571999990001 +5511988880002",
        "(71) 99999-0001 - (11) 98888-0002",
        "71 9999-0001 11 8888-0002",
        "71999990001\t11988880002",
        "Ana: 71 99999-0001 recado: 11 98888-0002",
        "https://wa.me/5571999990001 https://wa.me/5511988880002",
        "https://wa.me/5571999990001,https://wa.me/5511988880002",
        "wa.me/5571999990001?text=a,wa.me/5511988880002?text=b",
        "5571999990001@c.us, 5511988880002@c.us",
        "(71) 99999-0001<br>(11) 98888-0002",
    ],
)
def test_two_numbers_are_read_if_each_is_written_in_full(cell: str) -> None:
    phones, refused = read_phones(cell)
    assert ([phone.telefone for phone in phones], refused) == (["+5571999990001", "+5511988880002"], [])


@pytest.mark.parametrize("cell", ["9999-9999", "99999-9999", "9 9999 9999", "33334444", "cel: 98888-7777 (Ana)"])
def test_number_without_a_ddd_is_refused_as_such(cell: str) -> None:
    assert only_code(cell) == "telefone_sem_ddd"


def test_number_in_full_is_kept_beside_one_without_a_ddd() -> None:
    phones, refused = read_phones("(71) 99999-0001 e 99999-0002")
    assert [phone.telefone for phone in phones] == ["+5571999990001"]
    assert refused == [RefusedPiece("telefone_sem_ddd", "99999-0002")]


@pytest.mark.parametrize(
    ("cell", "phones"),
    [
        ("(68) 98263-2426 / 3540-2088", ["+5568982632426", "+556835402088"]),
        ("+55 68 98263-2426/3540-2088", ["+5568982632426", "+556835402088"]),
        ("68982632426 / 35402088", ["+5568982632426", "+556835402088"]),
        ("(68) 3540-2088 / 98263-2426 / 3540-2089", ["+556835402088", "+5568982632426", "+556835402089"]),
        ("(68) 3540-2088 / (11) 3333-4444 / 98263-2426", ["+556835402088", "+551133334444", "+5511982632426"]),
        ("(68) 3540-2088 / 8263-2426", ["+556835402088", "+5568982632426"]),
    ],
)
def test_number_behind_a_slash_takes_the_ddd_of_the_one_before_it(cell: str, phones: list[str]) -> None:
    found, refused = read_phones(cell)
    assert ([phone.telefone for phone in found], refused) == (phones, [])


@pytest.mark.parametrize("separator", [",", ";", "|", "\n"])
def test_no_other_separator_passes_the_ddd_on(separator: str) -> None:
    phones, refused = read_phones(f"(68) 98263-2426{separator} 3540-2088")
    assert [phone.telefone for phone in phones] == ["+5568982632426"]
    assert refused == [RefusedPiece("telefone_sem_ddd", "3540-2088")]


@pytest.mark.parametrize(
    ("cell", "phones"),
    [
        ("99999-0001", ["+5571999990001"]),
        ("9999-0001", ["+5571999990001"]),
        ("3333-4444", ["+557133334444"]),
        ("Cel. 99999-0001 (recado) | 3333-4444", ["+5571999990001", "+557133334444"]),
        ("(11) 99999-0001 / 3333-4444", ["+5511999990001", "+551133334444"]),
        ("(11) 99999-0001 | 3333-4444", ["+5511999990001", "+557133334444"]),
        ("+55 11 99999-0001", ["+5511999990001"]),
        ("0800 123 4567", ["+558001234567"]),
    ],
)
def test_ddd_of_another_column_completes_only_numbers_without_one(cell: str, phones: list[str]) -> None:
    found, refused = read_phones(cell, ddd="71")
    assert ([phone.telefone for phone in found], refused) == (phones, [])


@pytest.mark.parametrize(
    "cell",
    [
        "4004-1234", "7812-3456", "123", "190", "+99999-0001", "1199-9900", "41820-020", "25.05.2026", "40 000 000",
        "wa.me/33334444",
    ],
)  # fmt: skip
def test_ddd_of_another_column_makes_no_phone_of_anything_else(cell: str) -> None:
    assert read_phones(cell, ddd="71")[0] == []


def test_second_ending_after_a_slash_is_refused() -> None:
    values, refused = read_phones("71 3333-4444 / 8888")
    assert [phone.telefone for phone in values] == ["+557133334444"]
    assert refused == [RefusedPiece("telefone_invalido", "8888")]


def test_comma_separates_phones_but_not_the_decimals_of_a_number_cell() -> None:
    phones, refused = read_phones("71999999999,00, 71 98888-7777,5,571977776666E+12,7133334444,0")
    assert [phone.telefone for phone in phones] == [
        "+5571999999999",
        "+5571988887777",
        "+5571977776666",
        "+557133334444",
    ]
    assert refused == []


def test_landline_is_valid_for_sending_only_if_the_tenant_says_so() -> None:
    for cell, kind in (("7133334444", "fixo"), ("0800 123 4567", "fixo"), ("71999999999", "movel")):
        for landlines_valid in (False, True):
            (phone,), _ = read_phones(cell, landlines_valid=landlines_valid)
            assert (phone.tipo_origem, phone.valido_para_disparo) == (kind, kind == "movel" or landlines_valid)
    for landlines_valid in (False, True):
        assert read_phones("+12025550123", landlines_valid=landlines_valid)[0][0].valido_para_disparo


def test_number_longer_than_e164_is_refused() -> None:
    longest = "+49" + "30" + "1" * 11
    assert only_code(longest + "1") == "telefone_invalido"


def test_accepted_phone_is_read_as_itself_again() -> None:
    for phone in ("+52 1 55 1234 5678", "+7 8 800 555 35 35", "+375 8 29 123 45 67"):
        values, _ = read_phones(phone)
        assert all(read_phones(value.telefone)[0] == [value] for value in values)
