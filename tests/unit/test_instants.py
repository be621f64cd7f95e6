"""Instants from outside: whatever the offset, they are kept in UTC, and what UTC has no year for is refused by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from chalicelib.api.openapi import TAKES
from chalicelib.errors import FieldError, Invalid
from chalicelib.instants import Instant
from chalicelib.messages import ENGLISH, PORTUGUESE, field_text
from chalicelib.pages import PageQuery, page_of

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
BEYOND = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00")
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MODELS = {
    model.__name__: model for takes in TAKES.values() for model in (*takes.body, takes.query, takes.form) if model
}


def fields_of(model: type[BaseModel]) -> list[str]:
    """The fields of a request that are instants, as its schema says."""
    schema = model.model_json_schema()
    assert "date-time" not in json.dumps(schema.get("$defs", {})), "an instant in a nested model: not looked at here"
    return [name for name, field in schema["properties"].items() if "date-time" in json.dumps(field)]


FIELDS = [(name, field) for name, model in sorted(MODELS.items()) for field in fields_of(model)]


@given(st.datetimes(timezones=OFFSETS))
@example(datetime.fromisoformat(BEYOND[0]))
@example(datetime.fromisoformat(BEYOND[1]))
def test_an_instant_is_kept_in_utc_or_refused_where_utc_has_no_year_for_it(moment: datetime) -> None:
    is_in_the_calendar = FIRST <= moment <= LAST
    try:
        kept = INSTANT.validate_python(moment.isoformat())
    except ValidationError as error:
        assert [each["type"] for each in error.errors()] == ["instante_fora_do_calendario"]  # noqa: PT017 - or it is kept
        assert not is_in_the_calendar
    else:
        assert is_in_the_calendar
        assert (kept, kept.utcoffset()) == (moment, timedelta(0))


def test_the_requests_take_the_instants_that_they_are_known_to_take() -> None:
    assert set(FIELDS) >= {
        ("LeadQuery", "criado_de"), ("LeadQuery", "criado_ate"), ("DisparoQuery", "criado_de"),
        ("DisparoQuery", "criado_ate"), ("ResendRequest", "criado_de"), ("ResendRequest", "criado_ate"),
        ("NewDisparo", "agendar_para"), ("NewDisparo", "expira_em"), ("NewAgendamento", "data_agendada"),
        ("AgendamentoQuery", "de"), ("AgendamentoQuery", "ate"),
    }  # fmt: skip


@pytest.mark.parametrize(("model", "field"), FIELDS)
@pytest.mark.parametrize("text", BEYOND)
def test_no_request_takes_an_instant_from_beyond_the_calendar(model: str, field: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MODELS[model].model_validate({field: text})
    assert ((field,), "instante_fora_do_calendario") in [(each["loc"], each["type"]) for each in refused.value.errors()]


@pytest.mark.parametrize("text", BEYOND)
def test_no_cursor_leads_beyond_the_calendar(text: str) -> None:
    cursor = page_of([{"quando": text}] * 2, 1, lambda row: row["quando"])["proximo"]
    with pytest.raises(Invalid) as refused:
        PageQuery(cursor=cursor).after(Instant)
    assert refused.value.code == "cursor_invalido"


def test_who_names_such_an_instant_is_told_so_in_both_languages() -> None:
    error = FieldError("?/criado_de", "instante_fora_do_calendario", "criado_de")
    assert {field_text(error, idioma) for idioma in (PORTUGUESE, ENGLISH)} == {
        "Em UTC, a data fica fora dos anos 1 a 9999.",
        "In UTC, the time lies outside the years 1 to 9999.",
    }
