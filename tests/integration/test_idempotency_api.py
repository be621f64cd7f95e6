"""Idempotency keys over HTTP: every creating operation, twins that come at once, and the answers in their headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.identity import ADMIN
from tests.builders import ask, run, wait_for_locks
from tests.conftest import DatabaseUrls
from tests.creating_posts import CREATING, SECRET
from tests.integration.conftest import JSON, ContractClient
from tests.integration.test_api_isolation import MINE, REFUSED, THEIRS, Route, fitting, routes, seeded
from tests.integration.test_local_api import forged

# What the rows of `seeded` do not allow: an operation that is refused keeps nothing.
NEEDS: dict[str, str] = {
    "resend_disparo": "UPDATE disparos SET status = 'enviando', lease_ate = now(), lease_dono = gen_random_uuid();"
    "UPDATE disparos SET status = 'erro', erro_codigo = 'x', lease_ate = NULL, lease_dono = NULL",
    # The one that was just made takes the time that it would move to.
    "reschedule_agendamento": "UPDATE agendamentos SET status = 'cancelado' "
    "WHERE data_agendada > now() + interval '45 days'",
    # A file that is still being read leaves an erasure unfinished.
    "erase_titular": "DELETE FROM ingest_erros; DELETE FROM ingest_previas; DELETE FROM ingest_mesclas; "
    "DELETE FROM ingest_jobs",
}
# What makes each body another one that fits as well.
CHANGES: dict[str, dict[str, Any]] = {
    "create_ingest_job": {"tamanho": 11},
    "create_lead": {"nome": "Outra"},
    "add_lead_note": {"texto": "Outra"},
    "add_lead_phone": {"principal": True},
    "add_lead_email": {"principal": True},
    "create_disparo": {"ignorar_janela": True},
    "create_disparos": {"lead_ids": [str(UUID(int=2))]},
    "resend_disparos": {"erro_codigo": "131047"},
    "create_agendamento": {"duracao_minutos": 45},
    "reschedule_agendamento": {"motivo": "Outra"},
    "create_agenda": {"responsavel": "Outra"},
    "create_responsavel": {"nome": "Outra"},
    "create_bloqueio": {"motivo": "Outra"},
    "create_segmento": {"nome": "Outra"},
    "create_campanha": {"nome": "Outra"},
    "create_chave": {"nome": "Outra"},
    "invite_usuario": {"grupo": "operador"},
    "create_assinatura": {"descricao": "Outra"},
    "test_campanha": {"contatos": [{"canal": "whatsapp", "contato": "71 98888-0002"}]},
    "add_supressao": {"nota": "Outra"},
    "suppress_lead": {"nota": "Outra"},
    "erase_titular": {"emails": []},
}

EFFECTS = "SELECT (SELECT count(*) FROM eventos), (SELECT count(*) FROM auditoria)"


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


def creating(api: ContractClient) -> list[Route]:
    return [each for each in routes(api) if each.handler in CREATING]


def post(api: ContractClient, route: Route, ids: dict[str, str], token: str, key: str, body: Any = ...) -> Any:
    document = fitting(route.handler) if body is ... else body
    raw = None if document is None else json.dumps(document).encode()
    return api.ask(route.method, route.to(ids), token=token, body=raw, Content_Type=JSON, Idempotency_Key=key)


def test_every_creating_operation_has_one_effect_and_one_answer(api: ContractClient, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    answered, refused = set(), {}
    for route in creating(api):
        run(owner, NEEDS.get(route.handler, "SELECT 1"))
        body = fitting(route.handler)
        status, first, headers = post(api, route, ids, token, "k", body)
        assert headers["Idempotency-Replayed"] is None
        if status >= 400:
            refused[route.handler] = first["code"]
            continue
        before = ask(owner, EFFECTS)
        again, second, headers = post(api, route, ids, token, "k", body)
        if route.handler in SECRET:
            assert (again, second["code"]) == (409, "resposta_nao_guardada")
        else:
            assert (again, second, headers["Idempotency-Replayed"]) == (status, first, "true"), route.handler
        assert ask(owner, EFFECTS) == before
        if body:
            other, problem, _ = post(api, route, ids, token, "k", {**body, **CHANGES[route.handler]})
            assert (other, problem["code"]) == (422, "chave_de_idempotencia_reutilizada"), (route.handler, problem)
            assert [each["pointer"] for each in problem["errors"]] == ["header/Idempotency-Key"]
        answered.add(route.handler)
    assert set(refused.values()) <= REFUSED
    assert answered | refused.keys() == CREATING
    assert refused.keys() == {"repeat_campanha"}


def test_twin_that_comes_too_early_is_told_when_to_come_again(api: ContractClient, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    [route] = [each for each in creating(api) if each.handler == "add_lead_note"]
    with ThreadPoolExecutor(1) as pool:
        with owner.across_tenants() as rows:
            rows.one("lock_lead", tenant_id=MINE, lead_id=UUID(ids["lead_id"]))
            first = pool.submit(post, api, route, ids, token, "k")
            wait_for_locks(owner, 1, first)
            status, problem, headers = post(api, route, ids, token, "k")
        assert (status, problem["code"]) == (409, "requisicao_em_andamento")
        assert int(headers["Retry-After"]) >= 1
        made, note, _ = first.result()
    assert made == 201
    again, same, headers = post(api, route, ids, token, "k")
    assert (again, same, headers["Idempotency-Replayed"]) == (201, note, "true")
    assert ask(owner, "SELECT count(*) FROM lead_notas WHERE texto LIKE 'Prefere%'") == [[1]]


def test_many_at_once_have_one_effect(api: ContractClient, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    [route] = [each for each in creating(api) if each.handler == "create_lead"]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: post(api, route, ids, token, "k"), range(16)))
    made = [document for status, document, _ in replies if status == 201]
    assert {status for status, _, _ in replies} <= {201, 409}
    assert made == [made[0]] * len(made)
    assert sum(headers["Idempotency-Replayed"] is None for status, _, headers in replies if status == 201) == 1
    assert ask(owner, "SELECT count(*) FROM leads_manuais WHERE por <> 'x'") == [[1]]


def test_request_that_is_wrong_leaves_its_key_free(api: ContractClient, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    [route] = [each for each in creating(api) if each.handler == "add_lead_note"]
    assert post(api, route, ids, token, "k", {"texto": ""})[0] == 422
    assert post(api, route, ids | {"lead_id": str(UUID(int=404))}, token, "k")[0] == 404
    assert post(api, route, ids, token, "k")[0] == 201


def test_malformed_key_is_a_problem_document(api: ContractClient, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    for route in creating(api):
        for key in ("", "duas palavras", "a" * 256):
            status, problem, headers = post(api, route, ids, token, key)
            assert (status, problem["code"]) == (422, "chave_de_idempotencia_invalida"), route.handler
            assert headers["Content-Type"] == "application/problem+json"


def test_key_of_another_tenant_or_user_is_another_key(api: ContractClient, owner: Database) -> None:
    mine, theirs = seeded(owner, MINE), seeded(owner, THEIRS)
    [route] = [each for each in creating(api) if each.handler == "add_lead_note"]
    for ids, tenant_id in ((mine, MINE), (theirs, THEIRS)):
        status, _, headers = post(api, route, ids, api.token(tenant_id, ADMIN), "k")
        assert (status, headers["Idempotency-Replayed"]) == (201, None)
    status, _, headers = post(api, route, mine, forged(api, sub="outra-pessoa"), "k")
    assert (status, headers["Idempotency-Replayed"]) == (201, None)


def test_answer_about_an_erased_person_is_gone_and_its_request_stays_done(api: ContractClient, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    kept = {each.handler: each for each in creating(api)}
    lead = post(api, kept["create_lead"], ids, token, "k")[1]["lead_id"]
    post(api, kept["add_lead_note"], ids | {"lead_id": lead}, token, "k")
    post(api, kept["add_supressao"], ids, token, "k", {"canal": "email", "contato": "ana@example.com"})
    post(api, kept["create_segmento"], ids, token, "k")
    assert post(api, kept["erase_titular"], ids, token, "k", {"documentos": ["529.982.247-25"]})[0] == 200
    for handler, body in (("create_lead", ...), ("add_supressao", {"canal": "email", "contato": "ana@example.com"})):
        status, problem, _ = post(api, kept[handler], ids, token, "k", body)
        assert (status, problem["code"]) == (409, "resposta_nao_guardada"), handler
    status, problem, _ = post(api, kept["add_lead_note"], ids | {"lead_id": lead}, token, "k")
    assert (status, problem["code"]) == (409, "resposta_nao_guardada")
    assert post(api, kept["create_segmento"], ids, token, "k")[2]["Idempotency-Replayed"] == "true"
    assert ask(owner, "SELECT count(*) FROM chaves_de_idempotencia WHERE corpo ILIKE '%ana@example.com%'") == [[0]]
