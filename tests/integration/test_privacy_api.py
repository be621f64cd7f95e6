"""A person's rights as an administrator exercises them: over HTTP, each answer held to the contract."""

from __future__ import annotations

import json
from typing import Any

from chalicelib.identity import ADMIN
from tests.builders import TENANT
from tests.integration.conftest import ContractClient


def asked(api: ContractClient, method: str, path: str, group: str = ADMIN, key: str = "", **body: Any) -> Any:
    """The status and the answer of a request."""
    headers = {"Idempotency_Key": key} if key else {}
    raw = json.dumps(body).encode() if body else None
    token = api.token(TENANT, group)
    return api.ask(method, path, token=token, body=raw, Content_Type="application/json", **headers)[:2]


def test_person_is_exported_erased_and_comes_back_suppressed(api: ContractClient) -> None:
    ana: dict[str, Any] = {
        "nome": "Ana Lima",
        "telefones": ["71 98765-4321"],
        "emails": ["ana@example.com"],
        "documento": "52998224725",
    }
    status, made = asked(api, "POST", "/leads", **ana)
    assert status == 201
    lead = f"/leads/{made['lead_id']}"
    status, exported = asked(api, "GET", f"{lead}/exportar")
    assert (status, exported["leads"][0]["nome"], exported["texto"]) == (200, "Ana Lima", None)
    _, readable = asked(api, "GET", f"{lead}/exportar?formato=markdown")
    assert "Ana Lima" in readable["texto"]
    who: dict[str, Any] = {"telefones": ["(71) 8765-4321"]}
    assert asked(api, "POST", "/titulares/exportar?limit=1", **who)[1]["leads"][0]["documento"] == "52998224725"
    assert asked(api, "POST", "/titulares/apagar", group="operador", **who)[0] == 403
    status, erased = asked(api, "POST", "/titulares/apagar", key="pedido-1", **who)
    assert (status, erased["leads"], erased["concluido"], erased["encontrado"]) == (200, 1, True, True)
    assert asked(api, "POST", "/titulares/apagar", key="pedido-1", **who) == (200, erased)
    assert not asked(api, "POST", "/titulares/apagar", **who)[1]["encontrado"]
    _, shown = asked(api, "GET", lead)
    assert (shown["nome"], shown["telefones"], shown["status"]) == (None, [], "descartado")
    assert asked(api, "PATCH", lead, nome="Ana Lima") == (409, {**asked(api, "PATCH", lead, nome="Ana")[1]})
    assert asked(api, "PATCH", lead, nome="Ana")[1]["code"] == "lead_apagado"
    _, again = asked(api, "POST", "/leads", **ana)
    assert {each["supressao"]["motivo"] for each in (*again["telefones"], *again["emails"])} == {"apagamento"}
    tipos = [each["tipo"] for each in asked(api, "GET", "/titulares/pedidos")[1]["itens"]]
    assert tipos == ["apagamento", "apagamento", "exportacao", "exportacao", "exportacao"]


def test_request_that_names_nobody_or_no_contact_is_refused(api: ContractClient) -> None:
    status, problem = asked(api, "POST", "/titulares/apagar", documentos=[])
    assert (status, problem["errors"][0]["code"]) == (422, "titular_sem_identificador")
    status, problem = asked(api, "POST", "/titulares/apagar", emails=["x"])
    assert (status, problem["errors"][0]["pointer"]) == (422, "/emails/0")


def test_retention_is_configured_within_bounds(api: ContractClient) -> None:
    status, saved = asked(api, "PATCH", "/tenant/config", retencao={"textos_dias": 30})
    assert (status, saved["retencao"]["textos_dias"], saved["retencao"]["recusas_dias"]) == (200, 30, 90)
    assert asked(api, "PATCH", "/tenant/config", retencao={"textos_dias": 1})[0] == 422
