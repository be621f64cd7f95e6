"""A sender is known under every form that its contact may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.delivery.senders import ReplySender, sender_of

MOBILE = ("+5571999990001", "+557199990001")


def forms(written: str, canal: Canal = Canal.WHATSAPP) -> tuple[str, ...]:
    return sender_of(canal, written, None).forms


@pytest.mark.parametrize(
    "written",
    [
        "5571999990001", "557199990001", "+5571999990001", "71999990001", "7199990001", "whatsapp:+5571999990001",
        "5571999990001@c.us", "557199990001@s.whatsapp.net", "557199990001:12@s.whatsapp.net", " 5571999990001 ",
        "(71) 99999-0001", "+55 71 9999-0001",
    ],
)  # fmt: skip
def test_number_is_known_with_and_without_its_ninth_digit_and_its_country(written: str) -> None:
    assert forms(written) == MOBILE


@given(
    ddd=st.sampled_from(["11", "21", "31", "47", "55", "61", "68", "71", "85", "92", "99"]),
    subscriber=st.from_regex(r"[1-9][0-9]{7}", fullmatch=True),
)
def test_every_range_of_every_ddd_is_known_in_both_forms(ddd: str, subscriber: str) -> None:
    both = {f"+55{ddd}9{subscriber}", f"+55{ddd}{subscriber}"}
    for written in (f"55{ddd}{subscriber}", f"55{ddd}9{subscriber}"):
        assert both <= set(forms(written))


def test_range_that_may_be_a_radio_is_not_lost() -> None:
    """Seven or eight after the DDD: ingestion refuses eight digits that may be a radio."""
    sender = sender_of(Canal.WHATSAPP, "557178123456", None)
    assert sender.forms == ("+5571978123456", "+557178123456")
    assert sender.readable(Canal.WHATSAPP) == ("+5571978123456",)


def test_eight_digits_that_may_be_a_landline_are_a_newer_mobile_too() -> None:
    sender = sender_of(Canal.WHATSAPP, "557133334444", None)
    assert sender.forms == ("+557133334444", "+5571933334444")
    assert sender.readable(Canal.WHATSAPP) == sender.forms


def test_number_of_another_country_has_one_form() -> None:
    assert forms("14155552671") == ("+14155552671",)
    assert forms("+351912345678") == ("+351912345678",)


@pytest.mark.parametrize("written", ["", "nada", "BR", "123", "9" * 40, "@c.us", "maria@example.com", "+"])
def test_text_that_is_no_number_has_no_form(written: str) -> None:
    assert sender_of(Canal.WHATSAPP, written, None) == ReplySender((), None)


def test_address_has_one_form() -> None:
    assert forms("Maria <MARIA@example.com>", Canal.EMAIL) == ("maria@example.com",)
    assert forms("maria@", Canal.EMAIL) == ()


@pytest.mark.parametrize("written", ["BR.13491208655302741918", "US.ENT.11815799212886844830", "123456789012345@lid"])
def test_id_of_the_provider_in_the_place_of_a_number_is_taken_as_one(written: str) -> None:
    assert sender_of(Canal.WHATSAPP, written, None) == ReplySender((), written)


def test_id_beside_a_number_is_kept() -> None:
    assert sender_of(Canal.WHATSAPP, "5571999990001", "BR.1") == ReplySender(MOBILE, "BR.1")


@given(st.text(max_size=60))
def test_any_text_is_read(written: str) -> None:
    for canal in Canal:
        assert len(sender_of(canal, written, None).forms) <= 3
