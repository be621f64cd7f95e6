"""Over HTTP: a change that expects an older version changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.adapters.database import Database
from chalicelib.api.handlers import operation_of
from tests.builders import a_disparo, a_lead
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
    assert before[2]["ETag"] == after[2]["ETag"]


def test_every_patch_takes_an_expected_version_and_is_tried_here(api: ContractClient) -> None:
    patched = [methods["PATCH"] for methods in api.app.routes.values() if "PATCH" in methods]
    assert len(patched) == len(_KINDS)
    assert all(operation_of(each.view_function).takes.expected for each in patched)
