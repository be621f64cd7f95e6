"""A contact has one form per channel, however it was written."""

from __future__ import annotations

import pytest

from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical


@pytest.mark.parametrize(
    ("canal", "written", "contact"),
    [
        (Canal.WHATSAPP, "(71) 99999-0001", "+5571999990001"),
        (Canal.WHATSAPP, "+55 71 99999-0001", "+5571999990001"),
        (Canal.EMAIL, " Maria@Example.COM ", "maria@example.com"),
        (Canal.EMAIL, "Maria <maria@example.com>", "maria@example.com"),
    ],
)
def test_contact_is_read_into_the_form_of_destino(canal: Canal, written: str, contact: str) -> None:
    assert canonical(canal, written) == contact


@pytest.mark.parametrize(
    ("canal", "written"),
    [
        (Canal.WHATSAPP, ""),
        (Canal.WHATSAPP, "99999-0001"),
        (Canal.WHATSAPP, "maria@example.com"),
        (Canal.WHATSAPP, "+5571999990001; +5571999990002"),
        (Canal.EMAIL, "maria@"),
        (Canal.EMAIL, "+5571999990001"),
        (Canal.EMAIL, "maria@example.com, ana@example.com"),
        (Canal.EMAIL, "maria@example.com; nada"),
    ],
)
def test_text_that_is_not_exactly_one_contact_of_the_channel_gives_none(canal: Canal, written: str) -> None:
    assert canonical(canal, written) is None
