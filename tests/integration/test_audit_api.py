"""The audit over HTTP: who stands in it, by which request, and what leaves nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.identity import ADMIN, OPERATOR
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask
from tests.conftest import DatabaseUrls
from tests.integration.conftest import JSON, ContractClient
from tests.integration.test_unsubscribes import FORM, ONE_CLICK, links, visit

THEIRS = "outra"
SEGMENT = {"nome": "Todos", "filtro": {"todos": []}}


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


def post(api: ContractClient, path: str, token: str, body: dict[str, Any], **headers: str) -> Any:
    return api.ask("POST", path, token=token, body=json.dumps(body).encode(), Content_Type=JSON, **headers)


def audit(api: ContractClient, tenant: str = TENANT, query: str = "") -> list[dict[str, Any]]:
    """What an administrator of a tenant is shown, newest first."""
    status, document, _ = api.ask("GET", f"/auditoria{query}", token=api.token(tenant, ADMIN))
    assert status == 200, document
    return list(document["itens"])


def test_person_stands_in_it_with_the_id_of_the_answer(api: ContractClient) -> None:
    status, made, headers = post(api, "/segmentos", api.token(TENANT, OPERATOR), SEGMENT)
    assert status == 201
    [entry] = audit(api)
    assert (entry["quem"], entry["rota"]) == (made["criado_por"], "POST /segmentos")
    assert entry["requisicao"] == headers["X-Request-Id"]
    assert (entry["acao"], entry["objeto"], entry["objeto_id"]) == ("criacao", "segmento", made["segmento_id"])


def test_key_stands_in_it_by_its_id(api: ContractClient) -> None:
    _, made, _ = post(api, "/chaves", api.token(TENANT, ADMIN), {"nome": "x", "grupo": "operador"})
    assert post(api, "/segmentos", made["chave"], SEGMENT)[0] == 201
    assert audit(api)[0]["quem"] == f"chave:{made['chave_id']}"


def test_lead_who_unsubscribes_stands_in_it_without_a_name(api: ContractClient, owner: Database) -> None:
    a_template(owner, canal="email")
    lead_id = a_lead(owner)
    disparo_id = a_disparo(owner, lead_id, canal="email", destino="maria@example.com")
    assert visit(api, "POST", links.token(TENANT, disparo_id), ONE_CLICK, Content_Type=FORM).status == 200
    [entry] = audit(api, query="?objeto=supressao")
    assert (entry["quem"], entry["rota"]) == ("lead", "POST /descadastro/{token}")
    assert {each["campo"]: each["para"] for each in entry["mudancas"]} == {
        "canal": "email", "motivo": "descadastro", "disparo_id": str(disparo_id),
    }  # fmt: skip
    assert "maria" not in json.dumps(entry)


def test_repeated_request_is_one_change(api: ContractClient) -> None:
    token = api.token(TENANT, OPERATOR)
    answers = [post(api, "/segmentos", token, SEGMENT, Idempotency_Key="k")[:2] for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(audit(api)) == 1


def test_refused_request_leaves_nothing(api: ContractClient, owner: Database) -> None:
    token = api.token(TENANT, OPERATOR)
    assert post(api, "/segmentos", token, {"nome": "x"})[0] == 422
    assert post(api, f"/leads/{UUID(int=1)}/notas", token, {"texto": "x"})[0] == 404
    assert post(api, "/chaves", token, {"nome": "x", "grupo": "leitor"})[0] == 403
    assert post(api, "/segmentos", "nada", SEGMENT)[0] == 401
    assert ask(owner, "SELECT count(*) FROM auditoria") == [[0]]


def test_each_tenant_reads_its_own_and_only_its_administrators_do(api: ContractClient) -> None:
    for tenant in (TENANT, THEIRS):
        assert post(api, "/segmentos", api.token(tenant, OPERATOR), SEGMENT)[0] == 201
    [mine], [theirs] = audit(api), audit(api, THEIRS)
    assert mine["objeto_id"] != theirs["objeto_id"]
    assert audit(api, query=f"?objeto_id={theirs['objeto_id']}") == []
    status, document, _ = api.ask("GET", "/auditoria", token=api.token(TENANT, OPERATOR))
    assert (status, document["code"]) == (403, "grupo_exigido")


@pytest.mark.parametrize("query", ["objeto=nada", "de=ontem", "cursor=nada", "limit=0", "offset=1", "quem="])
def test_query_that_nobody_understands_is_refused(api: ContractClient, query: str) -> None:
    status, document, _ = api.ask("GET", f"/auditoria?{query}", token=api.token(TENANT, ADMIN))
    assert (status, document["errors"][0]["pointer"]) == (422, f"?/{query.partition('=')[0]}")
