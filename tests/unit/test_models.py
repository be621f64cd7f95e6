"""Requests of disparos and templates are checked field by field."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.dispatch.requests.models import DisparoBatch, DisparoQuery, NewDisparo, NewTemplate, ResendRequest

LEAD_ID = UUID(int=1)
ITEM: dict[str, Any] = {"lead_id": str(LEAD_ID), "canal": "whatsapp", "template": "oi"}


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


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "itens_ou_lead_ids"),
        ({"itens": [], "lead_ids": []}, "itens_ou_lead_ids"),
        ({"itens": [ITEM], "lead_ids": [str(LEAD_ID)]}, "itens_ou_lead_ids"),
        ({"itens": [ITEM], "template": "oi"}, "mensagem_fora_dos_itens"),
        ({"itens": [ITEM], "ignorar_janela": True}, "mensagem_fora_dos_itens"),
        ({"lead_ids": [str(LEAD_ID)], "canal": "email"}, "canal_e_template"),
        ({"lead_ids": [str(LEAD_ID)], "template": "oi"}, "canal_e_template"),
        ({"itens": [ITEM] * 1_001}, "too_long"),
        ({"lead_ids": [str(LEAD_ID)] * 1_001, "canal": "email", "template": "oi"}, "too_long"),
        ({"itens": [ITEM, {"lead_id": "x"}]}, "missing"),
        ({"itens": [ITEM | {"telefone": "x"}]}, "extra_forbidden"),
    ],
)
def test_batch_that_is_not_whole_is_refused(body: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DisparoBatch.model_validate_json(json.dumps(body))
    assert kind in [each["type"] for each in refused.value.errors()]


def test_one_message_for_leads_is_the_order_of_each() -> None:
    body = {"lead_ids": [str(LEAD_ID)] * 2, "canal": "email", "template": "oi", "variaveis": {"x": 1}}
    more = {"agendar_para": "2026-12-01T09:00:00Z", "expira_em": "2026-12-02T09:00:00Z", "ignorar_janela": True}
    batch = DisparoBatch.model_validate_json(json.dumps({**body, **more, "usar_alternativos": True}))
    single = {"canal": "email", "template": "oi", "payload": {"variaveis": {"x": 1}}, "usar_alternativos": True, **more}
    request = NewDisparo.model_validate_json(json.dumps(single))
    assert batch.orders() == [(LEAD_ID, request)] * 2


def test_batch_of_a_thousand_items_with_many_variables_is_not_too_large() -> None:
    item = {**ITEM, "payload": {"variaveis": {f"v{n}": "x" * 100 for n in range(30)}}}
    assert len(json.dumps({"itens": [item] * 1_000})) < DisparoBatch.max_bytes
