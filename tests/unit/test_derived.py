"""Columns that are made of others: the names, the phones, and what one column of both holds."""

from __future__ import annotations

import pytest

from chalicelib.ingestion.layout.derived import (
    Derived,
    full_name,
    only_email,
    only_phone,
    separated,
    with_ddd,
    with_derived,
)


@pytest.mark.parametrize(
    ("cells", "phone"),
    [
        (["71", "99941-2201"], "(71) 99941-2201"),
        (["021", "2533-4403"], "(21) 2533-4403"),
        (["(51)", "991234504"], "(51) 991234504"),
        (["71", "99999-0001 / 3333-4444"], "(71) 99999-0001/(71) 3333-4444"),
        (["71", "(11) 99999-0001"], "(11) 99999-0001"),
        (["71", "+1 202 555 0143"], "+1 202 555 0143"),
        (["71", "+35 5555 555"], "+35 5555 555"),
        (["", "99999-0001"], "99999-0001"),
        (["Bahia", "99999-0001"], "99999-0001"),
        (["71", " "], ""),
        (["71", ""], ""),
        (["55", "71", "99999-0001"], "(71) 99999-0001"),
        (["", "71", "99999-0001"], "(71) 99999-0001"),
        (["+351", "21", "123 4567"], "+351211234567"),
        (["351", "", "+351 21 123 4567"], "+351 21 123 4567"),
    ],
)
def test_number_gets_the_ddd_that_it_lacks(cells: list[str], phone: str) -> None:
    assert with_ddd(cells) == phone


def test_parts_of_a_name_are_joined() -> None:
    assert full_name([" Ana ", "", "  ", "Souza"]) == "Ana Souza"
    assert full_name(["", ""]) == ""


def test_column_of_phones_and_emails_is_split() -> None:
    assert [(only_phone([cell]), only_email([cell])) for cell in ("71 99999-0001", "a@x.com", "")] == [
        ("71 99999-0001", ""),
        ("", "a@x.com"),
        ("", ""),
    ]


def test_values_of_google_are_separated() -> None:
    assert [separated([cell]) for cell in ("a ::: b ::: c", "a")] == ["a | b | c", "a"]


def test_columns_that_are_made_stand_behind_those_of_the_sheet() -> None:
    name = Derived("Sobrenome", (0, 2), full_name)
    assert with_derived(["Ana"], 3, [name]) == ["Ana", "", "", "Ana"]
    assert with_derived(["Ana", "x", "Reis", "y"], 3, [name]) == ["Ana", "x", "Reis", "Ana Reis"]
