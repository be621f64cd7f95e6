"""Values of campos are read as a person writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from chalicelib.campos import CampoType
from chalicelib.leads.briefing.values import day_in_words, in_words, moment_in_words, type_of
from chalicelib.messages import ENGLISH, PORTUGUESE


@pytest.mark.parametrize(
    ("value", "types", "kind", "portuguese", "english"),
    [
        (True, ["texto"], "logico", "sim", "yes"),
        (False, [], "logico", "não", "no"),
        (1234.5, ["texto", "moeda"], "moeda", "R$ 1.234,50", "R$ 1.234,50"),
        (-0.5, ["moeda"], "moeda", "-R$ 0,50", "-R$ 0,50"),
        (0.125, ["percentual"], "percentual", "12,5%", "12,5%"),
        (10, ["texto"], "numero", "10", "10"),
        (10.25, ["numero"], "numero", "10,25", "10,25"),
        ("2026-12-01", ["data"], "data", "1º de dezembro de 2026", "1 December 2026"),
        ("2026-12-05T14:30:00", ["data_hora"], "data_hora", "5 de dezembro de 2026, 14:30", "5 December 2026, 14:30"),
        ("14:30:00", ["hora"], "hora", "14:30", "14:30"),
        ("2026-12-05", ["texto"], "texto", "2026-12-05", "2026-12-05"),
        ("a combinar", ["data"], "texto", "a combinar", "a combinar"),
        ("2026-02-30", ["data"], "texto", "2026-02-30", "2026-02-30"),
        ("2026-13-05T14:30:00", ["data_hora"], "texto", "2026-13-05T14:30:00", "2026-13-05T14:30:00"),
        ("25:00:00", ["hora"], "texto", "25:00:00", "25:00:00"),
    ],
)
def test_value_is_in_words(value: Any, types: list[str], kind: str, portuguese: str, english: str) -> None:
    found = type_of(value, [CampoType(each) for each in types])
    assert found == kind
    assert (in_words(value, found, PORTUGUESE), in_words(value, found, ENGLISH)) == (portuguese, english)


def test_moment_is_in_the_time_zone_of_the_tenant() -> None:
    moment = datetime(2026, 12, 6, 1, 30, tzinfo=UTC)
    assert moment_in_words(moment, "America/Sao_Paulo", PORTUGUESE) == "5 de dezembro de 2026, 22:30"
    assert day_in_words(date(2026, 3, 2), ENGLISH) == "2 March 2026"
