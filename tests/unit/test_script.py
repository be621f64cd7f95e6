"""The script of a campaign: lines, demands, ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns.rules.script import (
    ScriptMessage,
    beginning_of_ids,
    demands_of,
    lines_of,
    mask_of_ids,
)
from chalicelib.canal import Canal
from chalicelib.dispatch.rules.formats import ValueKind
from chalicelib.dispatch.rules.rendering import TemplateWords
from chalicelib.ids import time_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def message(canal: str, template: str = "t", **more: object) -> dict[str, object]:
    return {"canal": canal, "template": template, **more}


STEPS: list[dict[str, Any]] = [
    {
        "variantes": [
            {"nome": "a", "peso": 30, "mensagens": [message("whatsapp", variaveis={"x": 1}), message("email")]},
            {"nome": "b", "peso": 70, "mensagens": [message("email")]},
        ]
    },
    {"variantes": [{"nome": "a", "peso": 100, "mensagens": [message("email")]}], "apos_dias_uteis": 3},
]


def test_lines_divide_the_leads_among_the_variants_and_try_channels_in_order() -> None:
    found = [(each.etapa, each.variante, each.ordem, each.canal, each.de, each.ate) for each in lines_of(STEPS)]
    assert found == [
        (1, "a", 1, "whatsapp", 0, 30), (1, "a", 2, "email", 0, 30), (1, "b", 1, "email", 30, 100),
        (2, "a", 1, "email", 0, 100),
    ]  # fmt: skip
    assert [each.apos_dias_uteis for each in lines_of(STEPS)] == [None, None, None, 3]
    assert [each.path for each in lines_of(STEPS)][1] == "/etapas/0/variantes/0/mensagens/1"


def script(*texts: str) -> list[ScriptMessage]:
    lines = list(lines_of(STEPS))
    return [
        ScriptMessage(line, 1, TemplateWords(line.canal, None, text)) for line, text in zip(lines, texts, strict=False)
    ]


def test_message_demands_its_own_values_and_keeps_those_of_the_next_one() -> None:
    first, second, other = script("{{x}} {{valor|moeda}}", "{{nome}} {{valor}} {{prazo}}", "{{outro}}")
    found = [(each.name, each.kind, each.has_default) for each in demands_of(first, [first, second, other])]
    assert found == [
        ("valor", ValueKind.NUMERO, False),
        ("nome", ValueKind.TEXTO, True),
        ("prazo", ValueKind.TEXTO, True),
    ]


def test_constant_that_the_template_cannot_show_is_named() -> None:
    [fits] = script("{{x|moeda}}")
    [unfit] = script("{{x|data}}")
    assert (fits.unfit_constants, unfit.unfit_constants) == ((), ("x",))
    assert fits.line.canal is Canal.WHATSAPP


@given(st.uuids(version=4), st.uuids(version=4), st.integers(1, 5), st.integers(0, (1 << 62) - 1))
def test_ids_have_the_time_the_version_and_the_order_of_the_leads(
    campanha_id: UUID, other: UUID, etapa: int, lead: int
) -> None:
    def id_of(campaign: UUID, step: int, counter: int) -> UUID:
        low = ((2 << 62) | counter) ^ mask_of_ids(campaign)
        return UUID(beginning_of_ids(campaign, step, NOW) + f"{low:016x}")

    made = id_of(campanha_id, etapa, lead)
    assert (made.version, time_of(made)) == (7, NOW)
    assert made.int >> 62 & 0b11 == 0b10
    assert made != id_of(campanha_id, etapa % 5 + 1, lead)
    if mask_of_ids(campanha_id) != mask_of_ids(other):
        assert made != id_of(other, etapa, lead)
    following = lead ^ 1
    assert (made < id_of(campanha_id, etapa, following)) == (lead < following)
