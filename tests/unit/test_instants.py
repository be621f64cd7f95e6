"""Instants of requests are kept in UTC whatever their offset; one that UTC has no year for is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeGuard, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from chalicelib.api.handlers import operation_of
from chalicelib.api.openapi import operations_of
from chalicelib.errors import FieldError, Invalid
from chalicelib.instants import Instant
from chalicelib.messages import ENGLISH, PORTUGUESE, field_text
from chalicelib.pages import PageQuery, page_of
from local.project import load_app

INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
BEYOND = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00")
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.fixture(scope="module")
def models() -> dict[str, type[BaseModel]]:
    """Every model that a handler of the app takes, by name."""
    taken = [operation_of(each.view).takes for each in operations_of(load_app())]
    found = [model for takes in taken for model in (*takes.documents, takes.query, takes.form) if model is not None]
    known: dict[str, type[BaseModel]] = {}
    while found:
        model = found.pop()
        if known.setdefault(model.__name__, model) is model:
            found += [
                each
                for field in model.model_fields.values()
                for each in models_in(field.annotation)
                if each.__name__ not in known
            ]
    return known


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models in a type such as `list[Item] | None`."""
    if is_model(kind):
        yield kind
    for part in get_args(kind):
        yield from models_in(part)


def is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def instants_of(models: dict[str, type[BaseModel]]) -> list[tuple[str, str]]:
    """The fields that are instants, each with its model, as the schemas of the models say."""
    found = []
    for name, model in models.items():
        schema = model.model_json_schema()
        unseen = {title: each for title, each in schema.get("$defs", {}).items() if title not in models}
        assert "date-time" not in json.dumps(unseen), "a nested model has an instant: look there, too"
        found += [
            (name, field) for field, each in schema.get("properties", {}).items() if "date-time" in json.dumps(each)
        ]
    return found


@given(st.datetimes(timezones=OFFSETS))
@example(datetime.fromisoformat(BEYOND[0]))
@example(datetime.fromisoformat(BEYOND[1]))
def test_instant_is_kept_in_utc_or_refused_if_utc_has_no_year_for_it(moment: datetime) -> None:
    is_in_the_calendar = FIRST <= moment <= LAST
    try:
        kept = INSTANT.validate_python(moment.isoformat())
    except ValidationError as error:
        assert [each["type"] for each in error.errors()] == ["instante_fora_do_calendario"]  # noqa: PT017 - or it is kept
        assert not is_in_the_calendar
    else:
        assert is_in_the_calendar
        assert (kept, kept.utcoffset()) == (moment, timedelta(0))


def test_instants_of_all_requests_are_found(models: dict[str, type[BaseModel]]) -> None:
    assert set(instants_of(models)) >= {
        ("LeadQuery", "criado_de"), ("LeadQuery", "criado_ate"), ("DisparoQuery", "criado_de"),
        ("DisparoQuery", "criado_ate"), ("ResendRequest", "criado_de"), ("ResendRequest", "criado_ate"),
        ("NewDisparo", "agendar_para"), ("NewDisparo", "expira_em"), ("NewAgendamento", "data_agendada"),
        ("AgendamentoQuery", "de"), ("AgendamentoQuery", "ate"),
    }  # fmt: skip


@pytest.mark.parametrize("text", BEYOND)
def test_every_request_refuses_an_instant_outside_of_the_calendar(
    models: dict[str, type[BaseModel]], text: str
) -> None:
    for model, field in instants_of(models):
        with pytest.raises(ValidationError) as refused:
            models[model].model_validate({field: text})
        errors = [(each["loc"], each["type"]) for each in refused.value.errors()]
        assert ((field,), "instante_fora_do_calendario") in errors, (model, field)


@pytest.mark.parametrize("text", BEYOND)
def test_cursor_outside_of_the_calendar_is_refused(text: str) -> None:
    cursor = page_of([{"quando": text}] * 2, 1, lambda row: row["quando"])["proximo"]
    with pytest.raises(Invalid) as refused:
        PageQuery(cursor=cursor).after(Instant)
    assert refused.value.code == "cursor_invalido"


def test_refusal_of_such_an_instant_has_a_sentence_in_both_languages() -> None:
    error = FieldError("?/criado_de", "instante_fora_do_calendario", "criado_de")
    assert {field_text(error, language) for language in (PORTUGUESE, ENGLISH)} == {
        "Em UTC, a data fica fora dos anos 1 a 9999.",
        "In UTC, the time lies outside the years 1 to 9999.",
    }
