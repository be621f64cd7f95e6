"""What the cells of a column look like."""

from __future__ import annotations

import pytest

from chalicelib.ingestion.layout.looks import Looks, looks_of
from chalicelib.ingestion.layout.words import Role

PHONES = ["71 99999-0001", "(11) 3333-4444", "+351 912 345 678", "71999990002"]
EMAILS = ["a@x.com", "b@x.com; c@x.com"]
DOCUMENTS = ["529.982.247-25", "11.222.333/0001-81", "52998224725"]


@pytest.mark.parametrize(
    ("cells", "role"),
    [
        (PHONES, Role.TELEFONE),
        (EMAILS, Role.EMAIL),
        (DOCUMENTS, Role.DOCUMENTO),
        ([*PHONES[:2], *EMAILS], Role.MISTO),
        ([*PHONES, "", " ", "recado"], Role.TELEFONE),
        ([*PHONES[:2], "recado"], None),
        (["40000-000", "41820-020"], None),
        (["sim", "não"], None),
        (["191", "272"], None),
        (["ana@"], None),
        (["", " "], None),
        ([], None),
    ],
)
def test_kind_is_that_of_nearly_all_cells(cells: list[str], role: Role | None) -> None:
    assert looks_of(cells).kind() is role


def test_number_without_ddd_counts_where_the_title_promises_phones() -> None:
    assert looks_of(["99999-0001", "3333 4444"]).are(Role.TELEFONE)
    assert looks_of(["71", "(11)", "021"]) == Looks(filled=3, ddds=3)
    assert not looks_of([]).are(Role.TELEFONE)
