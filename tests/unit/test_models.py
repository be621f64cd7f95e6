"""Requests of disparos and templates are checked field by field."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo, NewTemplate, ResendRequest

LEAD_ID = UUID(int=1)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"agendar_para": "2026-11-24T12:00:00"}, "timezone_aware"),
        ({"canal": "fax"}, "enum"),
        ({"template": "../etc"}, "string_pattern_mismatch"),
        ({"template": "oi\n"}, "string_pattern_mismatch"),
        ({"telefone_id": "1"}, "uuid_parsing"),
        ({"payload": {"variaveis": {"nome": None}}}, "valor_nao_escalar"),
        ({"payload": {"variaveis": {"nome": [1]}}}, "valor_nao_escalar"),
        ({"payload": {"variaveis": {"nome": float("nan")}}}, "valor_nao_escalar"),
        ({"payload": {"outra": 1}}, "extra_forbidden"),
        ({"prioridade": 1}, "extra_forbidden"),
        ({"expira_em": "2026-11-25T12:00:00"}, "timezone_aware"),
        ({"ignorar_janela": "talvez"}, "bool_parsing"),
    ],
)
def test_request_of_another_shape_is_refused(changes: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NewDisparo.model_validate({"canal": "whatsapp", "template": "oi", **changes})
    assert [each["type"] for each in refused.value.errors()] == [kind]


@pytest.mark.parametrize("language", ["pt", "pt_BR", "pt-BR", "es_419", "zh_Hant_TW"])
def test_language_may_be_spelt_with_a_hyphen_or_as_meta_does(language: str) -> None:
    assert NewTemplate.model_validate({"canal": "whatsapp", "idioma": language, "texto": "oi"}).idioma == language


@pytest.mark.parametrize("language", ["", "português", "PT", "pt_", "p"])
def test_text_that_is_no_language_is_refused(language: str) -> None:
    with pytest.raises(ValidationError):
        NewTemplate.model_validate({"canal": "whatsapp", "idioma": language, "texto": "oi"})


def test_filters_of_the_list_are_checked() -> None:
    query = DisparoQuery.model_validate({"status": "incerto", "canal": "email", "lead_id": str(LEAD_ID), "limit": "5"})
    assert (query.status, query.canal, query.lead_id, query.limit) == ("incerto", "email", LEAD_ID, 5)
    with pytest.raises(ValidationError):
        DisparoQuery.model_validate({"status": "novo"})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "filtro_ausente"),
        ({"status": "erro", "limite": 10}, "filtro_ausente"),
        ({"status": "incerto", "canal": "email"}, "literal_error"),
        ({"canal": "email", "limite": 5_001}, "less_than_equal"),
        ({"canal": "email", "limite": 0}, "greater_than_equal"),
        ({"criado_de": "2026-11-24T12:00:00"}, "timezone_aware"),
        ({"lead": "x"}, "extra_forbidden"),
    ],
)
def test_resend_request_without_a_valid_filter_is_refused(body: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ResendRequest.model_validate(body)
    assert kind in [each["type"] for each in refused.value.errors()]
