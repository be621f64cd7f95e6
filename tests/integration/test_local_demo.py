"""The demo names every disagreement between the sums of its report."""

from __future__ import annotations

from typing import Any

import pytest

from local.demo import COUNTS, disagreements

Report = dict[str, Any]


def a_report(**changes: Any) -> Report:
    """Return the report of a run over ten rows: six leads, one merged, one duplicate, two rejected."""
    first = dict(zip(COUNTS, (10, 6, 1, 1, 2, 7, 5), strict=True))
    again = dict(zip(COUNTS, (10, 0, 0, 8, 2, 0, 0), strict=True))
    return {
        **first,
        "de_novo": again,
        "leads": 6,
        "disparos_criados": 9,
        "disparos": {"enviado": 7, "erro": 1, "incerto": 1},
        "disparos_por_canal": {"whatsapp": {"enviado": 4, "incerto": 1}, "email": {"enviado": 3, "erro": 1}},
        "whatsapp_recebidos": 4,
        "emails_recebidos": 3,
        **changes,
    }


def test_report_whose_sums_agree_has_no_disagreement() -> None:
    assert list(disagreements(a_report())) == []


def test_message_of_unknown_outcome_may_have_arrived_or_not() -> None:
    assert list(disagreements(a_report(whatsapp_recebidos=5))) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"linhas_rejeitadas": 3}, "The first ingestion read 10 rows but accounts for 11."),
        ({"leads": 5}, "6 leads were created but 5 are there."),
        ({"disparos_criados": 10}, "10 disparos were created but 9 ended."),
        ({"whatsapp_recebidos": 6}, "4 disparos by whatsapp are sent but 6 arrived."),
        ({"whatsapp_recebidos": 3}, "4 disparos by whatsapp are sent but 3 arrived."),
        ({"emails_recebidos": 4}, "3 disparos by email are sent but 4 arrived."),
        (
            {"de_novo": dict(zip(COUNTS, (10, 1, 0, 7, 2, 0, 0), strict=True))},
            "The same file created 1 leads the second time.",
        ),
        (
            {"de_novo": dict(zip(COUNTS, (10, 0, 0, 7, 2, 0, 0), strict=True))},
            "The second ingestion read 10 rows but accounts for 9.",
        ),
    ],
)
def test_each_disagreement_is_one_sentence(changes: Report, sentence: str) -> None:
    assert list(disagreements(a_report(**changes))) == [sentence]
