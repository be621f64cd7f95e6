"""What a template demands of a lead is exactly what rendering needs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.demands import (
    Demand,
    as_json,
    check_given,
    demands,
    frozen,
    lead_values,
    missing,
    scalars_of,
)
from chalicelib.dispatch.rules.formats import READING, REWRITING, Scalar, ValueKind, has_something_to_see
from chalicelib.dispatch.rules.rendering import TemplateWords, check, render_message
from chalicelib.errors import Invalid
from tests.variables import VALUES

TEXTO, NUMERO, DATA = ValueKind.TEXTO, ValueKind.NUMERO, ValueKind.DATA


def words(texto: str, *, canal: Canal = Canal.WHATSAPP, html: str | None = None) -> TemplateWords:
    names = check(assunto=None, texto=texto, html=html)
    return TemplateWords(canal, "Oi" if canal is Canal.EMAIL else None, texto, html, names)


@st.composite
def templates(draw: st.DrawFn) -> TemplateWords:
    """Words with some expressions of a few variables, many of them more than once."""
    names = st.sampled_from(["nome", "primeiro_nome", "campos.valor", "valor", "vence"])
    formats = st.sampled_from(["", *(f"|{name}" for name in (*READING, *REWRITING))])
    endings = st.sampled_from(["", "", '|padrao:"-"'])
    expressions = st.builds("{{{{{}{}{}}}}}".format, names, formats, endings)
    texts = st.lists(expressions, max_size=4).map(" e ".join).map("Oi {}".format)
    canal = draw(st.sampled_from(Canal))
    return words(draw(texts), canal=canal, html=draw(texts | st.none()) if canal is Canal.EMAIL else None)


LEADS = st.dictionaries(st.sampled_from(["valor", "vence", "cidade"]), VALUES, max_size=3).flatmap(
    lambda campos: st.fixed_dictionaries(
        {"nome": st.none() | VALUES.filter(lambda each: isinstance(each, str))}
    ).map(lambda columns: {**columns, "contato": None, "documento": None, "campos": as_json(campos)})
)  # fmt: skip


def renders(template: TemplateWords, values: dict[str, Scalar]) -> bool:
    try:
        render_message(template, values)
    except Invalid:
        return False
    return True


@given(templates(), LEADS)
@example(
    words("{{primeiro_nome|moeda}}"), {"nome": "R$ 5,00", "contato": None, "documento": None, "campos": as_json({})}
)
def test_nothing_is_missing_exactly_when_the_message_can_be_rendered(
    template: TemplateWords, lead: dict[str, Any]
) -> None:
    values = lead_values(lead)
    assert (missing(demands(template), values) == ()) is renders(template, frozen(template, values, {}))


@given(templates(), LEADS, VALUES.filter(has_something_to_see))
def test_what_is_given_is_not_demanded_of_the_lead(
    template: TemplateWords, lead: dict[str, Any], value: Scalar
) -> None:
    values, given_values = lead_values(lead), {"valor": value}
    of_lead = missing(demands(template, given_values), values)
    of_request = missing([each for each in demands(template) if each.name == "valor"], given_values)
    assert (of_lead + of_request == ()) is renders(template, frozen(template, values, given_values))


def test_demands_name_the_values_with_their_kinds() -> None:
    text = '{{primeiro_nome}} {{valor|moeda}} {{vence|data|padrao:"-"}} {{vence|padrao:"-"}} {{nome|padrao:"x"}}'
    assert demands(words(text)) == (
        Demand("nome", TEXTO, has_default=False, longest=4_096),
        Demand("valor", NUMERO, has_default=False, longest=4_096),
        Demand("vence", DATA, has_default=True, longest=4_096),
        Demand("vence", TEXTO, has_default=True, longest=4_096),
    )
    assert [each.name for each in demands(words(text), {"primeiro_nome", "valor"})] == ["vence", "vence", "nome"]
    assert [each.name for each in demands(words(text), {"nome", "vence"})] == ["valor"]


def test_value_that_certainly_fits_makes_no_message_too_long() -> None:
    template = words("Oi", canal=Canal.EMAIL, html="{{a|maiusculas}}" * 1_000)
    [demand] = demands(template)
    for value in ("'" * demand.longest, "ΐ" * demand.longest, "9" * demand.longest):
        assert renders(template, {"a": value})
    assert missing([demand], {"a": "'" * (demand.longest + 1)}) == ("a",)
    assert not renders(template, {"a": "'" * 4_096})


def test_only_what_the_template_uses_is_frozen_and_what_is_given_wins() -> None:
    lead: dict[str, Scalar] = {"nome": "MARIA SOUZA", "valor": Decimal("1.10"), "cidade": "Salvador"}
    template = words("{{primeiro_nome}} {{valor}} {{vence}}")
    assert frozen(template, lead, {}) == {"nome": "MARIA SOUZA", "valor": Decimal("1.10")}
    assert frozen(template, lead, {"primeiro_nome": "Mari", "valor": ""}) == {"primeiro_nome": "Mari", "valor": ""}
    assert frozen(template, lead, {"nome": "Ana"}) == {"nome": "Ana", "valor": Decimal("1.10")}


def test_given_values_are_those_of_the_template_or_what_they_are_made_from() -> None:
    check_given(words("{{primeiro_nome}}"), ["nome", "primeiro_nome"])
    with pytest.raises(Invalid, match="variavel_desconhecida"):
        check_given(words("{{nome}}"), ["primeiro_nome"])


def test_values_of_a_lead_are_its_columns_and_campos_without_what_is_blank() -> None:
    campos = '{"valor": 0.1, "vazio": "\\u200b", "nada": null, "pago": false}'
    lead = {"nome": "Ana", "contato": " ", "documento": None, "campos": campos, "lead_id": 7}
    assert lead_values(lead) == {"nome": "Ana", "valor": Decimal("0.1"), "pago": False}


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4))
def test_no_number_loses_a_digit_on_its_way_through_json(values: dict[str, Scalar]) -> None:
    assert scalars_of(as_json(values)) == values
    json.loads(as_json(values))
