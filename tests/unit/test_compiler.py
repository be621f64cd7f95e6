"""A filter of a segment is checked as a whole, with a pointer to each error, and compiled to fragments that exist."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.adapters.database import named_fragments
from chalicelib.campaigns.segments import compiler
from chalicelib.campaigns.segments.compiler import (
    MOST_CONDITIONS,
    MOST_DEPTH,
    SegmentContext,
    compile_segment,
    for_counting,
)
from chalicelib.campaigns.segments.model import MOST_VALUES, SegmentFilter
from chalicelib.campos import CampoType
from chalicelib.canal import Canal
from chalicelib.conditions import AllOf, AnyOf, Condition, Fragment, Not
from chalicelib.errors import FieldError, Invalid
from chalicelib.validation import invalid
from tests.filters import CAMPOS, filters

# 23:30 of the day before in São Paulo.
NOW = datetime(2026, 12, 6, 2, 30, tzinfo=UTC)
CONTEXT = SegmentContext(NOW, ZoneInfo("America/Sao_Paulo"), CAMPOS)
ANY = {"tem": "email"}


def read(document: Any) -> SegmentFilter:
    return SegmentFilter.model_validate_json(json.dumps(document), strict=True)


def compiled(document: Any) -> Condition:
    return compile_segment(read(document), CONTEXT)


def campo(nome: str, op: str, valor: object = None) -> dict[str, Any]:
    return {"campo": {"nome": nome, "op": op} if valor is None else {"nome": nome, "op": op, "valor": valor}}


def errors_of(document: Any) -> list[tuple[str, str]]:
    """Pointer and code of each error."""
    try:
        compiled(document)
    except ValidationError as error:
        refused = invalid(error, "/filtro")
    except Invalid as error:
        refused = error
    else:
        return []
    return [(each.pointer, each.code) for each in refused.errors]


def fragments(condition: Condition) -> list[Fragment]:
    match condition:
        case Fragment():
            return [condition]
        case AllOf(parts) | AnyOf(parts):
            return [each for part in parts for each in fragments(part)]
        case Not(part):
            return fragments(part)


def within(depth: int) -> dict[str, Any]:
    return ANY if depth == 0 else {"todos": [within(depth - 1)]}


def test_every_key_of_a_filter_has_a_condition() -> None:
    assert set(compiler._CONDITIONS) == set(SegmentFilter.model_fields)


@given(filters())
def test_filter_names_fragments_that_exist_with_their_parameters(document: dict[str, Any]) -> None:
    for each in fragments(compiled(document)):
        named_fragments()[each.name].filled({"tenant_id": "acme", **each.values})


@given(filters())
def test_filter_is_the_same_after_it_was_saved(document: dict[str, Any]) -> None:
    saved = read(document).model_dump_json(exclude_unset=True)
    assert SegmentFilter.model_validate_json(saved) == read(document)
    assert compiled(json.loads(saved)) == compiled(document)


def test_parts_are_joined_as_their_keys_say() -> None:
    email, whatsapp = Fragment("lead_has_email"), Fragment("lead_has_whatsapp")
    document = {"todos": [{"algum": [ANY, {"tem": "whatsapp"}]}, {"nao": ANY}, {"todos": []}]}
    assert compiled(document) == AllOf((AnyOf((email, whatsapp)), Not(email), AllOf(())))


def test_numbers_are_compared_as_written() -> None:
    values = {"campo": "valor", "op": "<=", "valor": "0.1"}
    assert compiled(campo("valor", "<=", 0.1)) == Fragment("lead_campo_numero", values)


@pytest.mark.parametrize(
    ("op", "begin", "end", "is_outside"),
    [
        ("=", "2026-12-31", "2027-01-01", False),
        ("!=", "2026-12-31", "2027-01-01", True),
        ("<", "", "2026-12-31", False),
        ("<=", "", "2027-01-01", False),
        (">", "2027-01-01", ":", False),
        (">=", "2026-12-31", ":", False),
    ],
)
def test_comparison_with_a_day_is_a_range_of_days(op: str, begin: str, end: str, is_outside: bool) -> None:
    values = {"campo": "vencimento", "de": begin, "ate": end, "fora": is_outside, "tem_textos": False}
    assert compiled(campo("vencimento", op, "2026-12-31")) == Fragment("lead_campo_data", values)


def test_days_are_told_from_other_texts_where_the_campo_has_both() -> None:
    [fragment] = fragments(compiled(campo("misto", "=", "2026-12-05")))
    assert fragment.values["tem_textos"] is True


@given(filters())
def test_condition_for_counting_has_the_same_shape_and_fragments_that_exist(document: dict[str, Any]) -> None:
    condition = compiled(document)
    counted = fragments(for_counting(condition))
    assert [each.values for each in counted] == [each.values for each in fragments(condition)]
    for each in counted:
        named_fragments()[each.name].filled({"tenant_id": "acme", **each.values})


@pytest.mark.parametrize(
    ("text", "day"),
    [("hoje", "2026-12-05"), ("hoje-5", "2026-11-30"), ("hoje+30", "2027-01-04"), ("2026-12-25", "2026-12-25")],
)
def test_today_is_the_day_of_the_tenants_clock(text: str, day: str) -> None:
    [fragment] = fragments(compiled(campo("vencimento", "<", text)))
    assert (fragment.name, fragment.values["ate"]) == ("lead_campo_data", day)
    assert CONTEXT.since(text).astimezone(CONTEXT.zone) == datetime.combine(
        date.fromisoformat(day), datetime.min.time(), CONTEXT.zone
    )


@pytest.mark.parametrize(
    ("nome", "valor", "name"),
    [
        ("valor", 100, "lead_campo_numero"),
        ("ativo", False, "lead_campo_logico"),
        ("cidade", "Salvador", "lead_campo_texto"),
        ("cidade", "2026-12-05", "lead_campo_texto"),
        ("cidade", "hoje", "lead_campo_texto"),
        ("visita", "2026-12-05", "lead_campo_data"),
        ("hora", "14:30", "lead_campo_hora"),
        ("misto", "2026-12-05", "lead_campo_data"),
        ("misto", "sem data", "lead_campo_texto"),
    ],
)
def test_value_is_compared_as_the_type_of_the_campo_that_it_can_be(nome: str, valor: object, name: str) -> None:
    assert [each.name for each in fragments(compiled(campo(nome, "=", valor)))] == [name]


def test_part_of_a_text_is_looked_for_as_a_text() -> None:
    assert compiled(campo("misto", "contem", "2026-12-05")) == Fragment(
        "lead_campo_contains", {"campo": "misto", "valor": "2026-12-05"}
    )


def test_last_day_of_a_period_counts_whole_and_an_instant_does_not() -> None:
    days = compiled({"criado_em": {"de": "2026-12-01", "ate": "2026-12-02"}})
    assert days == Fragment(
        "lead_created_between",
        {"de": datetime(2026, 12, 1, 3, tzinfo=UTC), "ate": datetime(2026, 12, 3, 3, tzinfo=UTC)},
    )
    [until] = fragments(compiled({"criado_em": {"ate": "2026-12-02T10:00:00-03:00"}}))
    assert until.values["ate"] == datetime(2026, 12, 2, 13, tzinfo=UTC)


def test_hour_of_a_campo_is_compared_with_its_seconds() -> None:
    [fragment] = fragments(compiled(campo("hora", ">=", "09:05")))
    assert fragment.values["valor"] == "09:05:00"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, ("/filtro", "condicao_unica")),
        ({"status": ["novo"], "tem": "email"}, ("/filtro", "condicao_unica")),
        ({"status": None}, ("/filtro", "condicao_unica")),
        ({"estado": ["BA"]}, ("/filtro/estado", "extra_forbidden")),
        ({"todos": [ANY, {"nao": {"status": ["velho"]}}]}, ("/filtro/todos/1/nao/status/0", "enum")),
        ({"algum": []}, ("/filtro/algum", "too_short")),
        ({"status": []}, ("/filtro/status", "too_short")),
        ({"ddd": ["71"] * (MOST_VALUES + 1)}, ("/filtro/ddd", "too_long")),
        ({"tags": {"algum": ["a"], "nenhum": ["b"]}}, ("/filtro/tags", "condicao_unica")),
        ({"uf": ["BA", "XX"]}, ("/filtro/uf/1", "uf_desconhecida")),
        ({"ddd": ["00"]}, ("/filtro/ddd/0", "ddd_desconhecido")),
        ({"nome": "  "}, ("/filtro/nome", "string_too_short")),
        ({"criado_em": {}}, ("/filtro/criado_em", "periodo_vazio")),
        ({"criado_em": {"de": "2026-12-05T10:00:00"}}, ("/filtro/criado_em/de", "momento_de_filtro_invalido")),
        ({"respondeu": {"desde": "ontem"}}, ("/filtro/respondeu/desde", "dia_de_filtro_invalido")),
        ({"respondeu": {"desde": "hoje-99999"}}, ("/filtro/respondeu/desde", "dia_de_filtro_invalido")),
        ({"respondeu": {"desde": "2026-02-30"}}, ("/filtro/respondeu/desde", "dia_de_filtro_invalido")),
        ({"respondeu": {"desde": "9999-12-31"}}, ("/filtro/respondeu/desde", "dia_de_filtro_invalido")),
        ({"ultimo_disparo": {"nunca": False}}, ("/filtro/ultimo_disparo/nunca", "literal_error")),
        (campo("valor", "maior", 1), ("/filtro/campo/op", "enum")),
        (campo("valor", "="), ("/filtro/campo", "valor_de_operador")),
        (campo("valor", "vazio", 1), ("/filtro/campo", "valor_de_operador")),
        (campo("valor", "=", [1]), ("/filtro/campo/valor", "valor_de_filtro_invalido")),
        (campo("valor", "=", 1e300), ("/filtro/campo/valor", "numero_de_filtro_invalido")),
        (campo("cidade", "=", " "), ("/filtro/campo/valor", "string_too_short")),
        (campo("cidade", "=", "a" * 1_001), ("/filtro/campo/valor", "string_too_long")),
        (campo("valor", "=", "100"), ("/filtro/campo/valor", "valor_de_outro_tipo")),
        (campo("vencimento", "=", 100), ("/filtro/campo/valor", "valor_de_outro_tipo")),
        (campo("cidade", "=", True), ("/filtro/campo/valor", "valor_de_outro_tipo")),
        (campo("hora", "=", "24:00"), ("/filtro/campo/valor", "valor_de_outro_tipo")),
        (campo("vencimento", "contem", "2026"), ("/filtro/campo/valor", "valor_de_outro_tipo")),
        (campo("cidade", "<", "B"), ("/filtro/campo/op", "operador_de_outro_tipo")),
        (campo("ativo", ">", True), ("/filtro/campo/op", "operador_de_outro_tipo")),
        (campo("valor", "contem", 1), ("/filtro/campo/op", "operador_de_outro_tipo")),
        ({"nao": campo("valores", "=", 1)}, ("/filtro/nao/campo/nome", "campo_do_filtro_desconhecido")),
        (within(MOST_DEPTH + 1), ("/filtro" + "/todos/0" * (MOST_DEPTH + 1), "filtro_profundo")),
        ({"nao": {"algum": [ANY] * MOST_CONDITIONS}}, None),
        (within(MOST_DEPTH), None),
        (
            {"todos": [{"todos": [ANY] * 30}, {"algum": [ANY] * 21}]},
            ("/filtro/todos/1/algum/20", "filtro_longo"),
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_error_points_to_what_is_wrong(document: Any, expected: tuple[str, str] | None) -> None:
    assert errors_of(document) == ([expected] if expected else [])


def test_every_unknown_campo_is_told_with_the_names_that_are_near() -> None:
    document = {"algum": [campo("vencimeto", "<", "hoje"), ANY, campo("xyz", "=", 1)]}
    with pytest.raises(Invalid) as raised:
        compiled(document)
    assert raised.value.errors == (
        FieldError("/filtro/algum/0/campo/nome", "campo_do_filtro_desconhecido", "vencimento"),
        FieldError("/filtro/algum/2/campo/nome", "campo_do_filtro_desconhecido", ", ".join(sorted(CAMPOS))),
    )


def test_tenant_without_campos_is_told_so() -> None:
    nothing = SegmentContext(NOW, ZoneInfo("UTC"), {})
    with pytest.raises(Invalid) as raised:
        compile_segment(read(campo("valor", "=", 1)), nothing, root="")
    assert raised.value.errors == (FieldError("/campo/nome", "campo_do_filtro_desconhecido", "-"),)


@given(st.sampled_from([*CampoType]), st.text(max_size=20).filter(str.strip))
def test_any_text_is_compiled_or_refused(kind: CampoType, text: str) -> None:
    context = SegmentContext(NOW, ZoneInfo("Asia/Tokyo"), {"c": frozenset({kind})})
    for op in ("=", "<", "contem"):
        try:
            compile_segment(read(campo("c", op, text)), context)
        except Invalid as error:
            assert error.errors[0].pointer in {"/filtro/campo/valor", "/filtro/campo/op"}  # noqa: PT017


def test_every_channel_can_be_asked_for() -> None:
    assert [compiled({"tem": each.value}) for each in Canal]


def test_value_of_another_type_than_the_campos_is_refused() -> None:
    number = next(name for name, types in CAMPOS.items() if types <= {CampoType.NUMERO, CampoType.MOEDA})
    assert errors_of(campo(number, "=", "cem")) == [("/filtro/campo/valor", "valor_de_outro_tipo")]


def test_blank_campo_is_found_and_so_is_its_contrary() -> None:
    name = next(iter(CAMPOS))
    blank = compiled(campo(name, "vazio"))
    assert blank == Fragment("lead_campo_is_blank", {"campo": name})
    assert compiled(campo(name, "nao_vazio")) == Not(blank)


@pytest.mark.parametrize(
    ("resultado", "name"),
    [
        ("excluido", "lead_left_out_of_campanha"),
        ("falhou", "lead_failed_in_campanha"),
        ("nao_alcancado", "lead_not_reached_by_campanha"),
    ],
)
def test_result_of_a_campaign_has_its_condition(resultado: str, name: str) -> None:
    campaign = "01a2280a-eefc-76d4-8cc3-5a118fe5cc7c"
    [found] = fragments(compiled({"campanha": {"campanha_id": campaign, "resultado": resultado}}))
    assert found.name == name
