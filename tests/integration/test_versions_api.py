"""Over HTTP: a change that expects an older version changes nothing, and what is known already is not sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.api.handlers import operation_of
from tests.builders import a_disparo, a_lead, a_recipient
from tests.integration.conftest import ContractClient
from tests.people import a_person

ADMIN = "admin"
_CAMPAIGN = {"nome": "Nova", "filtro": {"todos": []}, "mensagem": {"canal": "whatsapp", "template": "oi"}}


def made(api: ContractClient, token: str, path: str, document: dict[str, Any], name: str) -> str:
    """The path of what a request has made."""
    body = json.dumps(document).encode()
    status, answer, _ = api.ask("POST", path, token=token, body=body, Content_Type="application/json")
    assert status == 201, answer
    return f"{path}/{answer[name]}"


def changed(
    api: ContractClient, token: str, path: str, change: dict[str, Any], **headers: str
) -> tuple[int, str | None, str | None]:
    """The status, the code of a refusal, and the version."""
    body = json.dumps(change).encode()
    status, document, received = api.ask(
        "PATCH", path, token=token, body=body, Content_Type="application/json", **headers
    )
    return status, document.get("code"), received["ETag"]


_KINDS: Mapping[str, Callable[[ContractClient, Database, str], tuple[str, list[dict[str, Any]]]]] = {
    "lead": lambda _api, owner, _token: (f"/leads/{a_lead(owner)}", [{"nome": "Ana"}, {"nome": "Bia"}]),
    "campanha": lambda api, _owner, token: (
        made(api, token, "/campanhas", _CAMPAIGN, "campanha_id"), [{"nome": "Primeira"}, {"nome": "Segunda"}],
    ),
    "assinatura": lambda api, _owner, token: (
        made(api, token, "/assinaturas", {"url": "https://93.184.215.14/eventos"}, "assinatura_id"),
        [{"descricao": "um"}, {"descricao": "dois"}],
    ),
    "usuario": lambda api, _owner, _token: (
        f"/usuarios/{a_person(api.aws, 'acme', email='bia@example.com')}",
        [{"grupo": "operador"}, {"ativo": False, "grupo": "leitor"}],
    ),
    "config": lambda _api, _owner, _token: ("/tenant/config", [{"idioma": "en"}, {"fuso": "America/Manaus"}]),
}  # fmt: skip


@pytest.mark.parametrize("kind", _KINDS)
def test_change_that_expects_an_older_version_is_refused(api: ContractClient, owner: Database, kind: str) -> None:
    token = api.token("acme", ADMIN)
    path, changes = _KINDS[kind](api, owner, token)

    def version() -> str:
        status, document, headers = api.ask("GET", path, token=token)
        assert status == 200, document
        return headers["ETag"]

    seen = version()
    assert seen == version()
    status, _, after = changed(api, token, path, changes[0], If_Match=seen)
    assert (status, after) == (200, version())
    assert after != seen
    assert changed(api, token, path, changes[1], If_Match=seen)[:2] == (412, "versao_mudou")
    assert version() == after
    assert changed(api, token, path, changes[1], If_Match="ana")[:2] == (422, "if_match_invalido")
    assert changed(api, token, path, changes[1], If_Match=f"{seen}, {after}")[0] == 200
    assert changed(api, token, path, changes[0], If_Match="*")[0] == 200
    assert changed(api, token, path, changes[1])[0] == 200


def test_entry_of_its_timeline_is_no_change_of_a_lead(api: ContractClient, owner: Database) -> None:
    token, lead_id = api.token(), a_lead(owner)
    before = api.ask("GET", f"/leads/{lead_id}", token=token)
    a_disparo(owner, lead_id)
    after = api.ask("GET", f"/leads/{lead_id}", token=token)
    assert before[1]["linha_do_tempo"] != after[1]["linha_do_tempo"]
    seen = before[2]["ETag"]
    assert changed(api, api.token("acme", ADMIN), f"/leads/{lead_id}", {"nome": "Bia"}, If_Match=seen)[0] == 200


def test_what_comes_beside_a_version_is_not_hidden_from_who_asks_again(api: ContractClient, owner: Database) -> None:
    token, lead_id = api.token(), a_lead(owner)
    path = f"/leads/{lead_id}"
    seen = api.ask("GET", path, token=token)[2]["ETag"]
    assert api.read(path, token=token, If_None_Match=seen)[:2] == (304, "")
    a_disparo(owner, lead_id)
    status, document, headers = api.ask("GET", path, token=token, If_None_Match=seen)
    assert (status, document["linha_do_tempo"][0]["tipo"]) == (200, "disparo")
    assert api.read(path, token=token, If_None_Match=headers["ETag"])[0] == 304


def test_page_that_polls_a_campaign_sees_its_counters_move(api: ContractClient, owner: Database) -> None:
    token, lead_id = api.token("acme", ADMIN), a_lead(owner)
    path = made(api, token, "/campanhas", _CAMPAIGN, "campanha_id")
    seen = api.ask("GET", path, token=token)[2]["ETag"]
    assert api.read(path, token=token, If_None_Match=seen)[:2] == (304, "")
    a_recipient(owner, UUID(path.rpartition("/")[2]), lead_id, status="enviado")
    status, document, _ = api.ask("GET", path, token=token, If_None_Match=seen)
    assert (status, document["contadores"]["enviados"]) == (200, 1)


@pytest.mark.parametrize("query", ["", "?limit=1", "?fields=nome,tags&limit=1", "?q=maria"])
def test_list_that_has_not_changed_is_sent_once(api: ContractClient, owner: Database, query: str) -> None:
    token = api.token()
    for _ in range(2):
        a_lead(owner, nome="Maria")
    _, page, headers = api.ask("GET", f"/leads{query}", token=token)
    assert headers["ETag"].startswith('W/"')
    status, text, again = api.read(f"/leads{query}", token=token, If_None_Match=headers["ETag"])
    assert (status, text, again["ETag"], again["Cache-Control"]) == (304, "", headers["ETag"], "no-store")
    assert again["X-Request-Id"]
    assert again["RateLimit"]
    a_lead(owner, nome="Maria da Silva")
    status, changed, _ = api.ask("GET", f"/leads{query}", token=token, If_None_Match=headers["ETag"])
    assert (status, changed != page) == (200, True)


def test_answer_of_another_tenant_is_another_one(api: ContractClient, owner: Database) -> None:
    a_lead(owner)
    seen = api.ask("GET", "/leads", token=api.token())[2]["ETag"]
    assert api.ask("GET", "/leads", token=api.token("outra"), If_None_Match=seen)[:2] != (304, {})


def test_contract_is_sent_once(api: ContractClient) -> None:
    _, _, headers = api.ask("GET", "/openapi.json")
    assert api.read("/openapi.json", If_None_Match=headers["ETag"])[:2] == (304, "")


def test_only_what_was_read_has_a_tag(api: ContractClient, owner: Database) -> None:
    token, lead_id = api.token(), a_lead(owner)
    assert api.read("/docs", If_None_Match="*")[0] == 200
    for path, status in ((f"/leads/{UUID(int=1)}", 404), ("/leads?limit=0", 422)):
        assert api.ask("GET", path, token=token, If_None_Match="*")[0] == status
    body = b'{"texto":"Oi"}'
    path = f"/leads/{lead_id}/notas"
    status, _, headers = api.ask(
        "POST", path, token=token, body=body, Content_Type="application/json", If_None_Match="*"
    )
    assert (status, headers["ETag"]) == (201, None)


def test_every_patch_takes_an_expected_version_and_is_tried_here(api: ContractClient) -> None:
    patched = [methods["PATCH"] for methods in api.app.routes.values() if "PATCH" in methods]
    assert len(patched) == len(_KINDS)
    assert all(operation_of(each.view_function).takes.expected for each in patched)
