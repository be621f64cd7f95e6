"""A cursor is valid for the list that gave it, with its filters, and for no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.adapters.database import Database
from chalicelib.api import answers
from chalicelib.api.handlers import SELECTION
from chalicelib.api.http import PROBLEM
from chalicelib.pages import CursorQuery
from tests.builders import CREATED_AT, a_lead, ask
from tests.conftest import DatabaseUrls
from tests.integration.conftest import ContractClient
from tests.integration.test_api_isolation import MINE, THEIRS, Route, routes, seeded
from tests.people import a_person

ADMIN = "admin"
SUBJECT = b'{"documentos": ["52998224725"]}'


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The owner's login to a fresh database, with nothing of a tenant in it."""
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


def first_page(api: ContractClient, token: str, path: str) -> tuple[str, str | None]:
    """The cursor of a page, and its header `Link`."""
    status, document, headers = api.ask("GET", path, token=token)
    assert status == 200, document
    return document["proximo"], headers["Link"]


def refusal(api: ContractClient, token: str, method: str, path: str) -> tuple[int, Any, list[str]]:
    body = SUBJECT if method == "POST" else None
    status, document, _ = api.ask(method, path, token=token, body=body, Content_Type="application/json")
    return status, document.get("code"), [each["pointer"] for each in document.get("errors", ())]


def test_cursor_of_one_list_is_refused_by_every_other_list(api: ContractClient, owner: Database) -> None:
    ids = seeded(owner, MINE)
    a_lead(owner, tenant_id=MINE)
    token = api.token(MINE, ADMIN)
    cursor, _ = first_page(api, token, "/leads?limit=1")
    found = lists(api)
    assert len(found) > 20
    for route in found:
        if route.path != "/leads":
            answer = refusal(api, token, route.method, f"{route.to(ids)}?cursor={cursor}")
            assert answer == (422, "cursor_de_outra_lista", ["?/cursor"]), route
            assert refusal(api, token, route.method, f"{route.to(ids)}?cursor=WzEsMl0")[1] == "cursor_invalido", route


def test_cursor_is_refused_with_other_filters_and_for_another_tenant(api: ContractClient, owner: Database) -> None:
    for tenant in (MINE, THEIRS):
        for _ in range(3):
            a_lead(owner, tenant_id=tenant)
    token = api.token(MINE)
    cursor, _ = first_page(api, token, "/leads?limit=1&status=novo")
    for path in ("/leads?", "/leads?status=concluido", "/leads?status=novo&q=maria", "/leads.csv?status=novo"):
        assert refusal(api, token, "GET", f"{path}&cursor={cursor}")[:2] == (422, "cursor_de_outra_lista"), path
    theirs = api.token(THEIRS)
    assert refusal(api, theirs, "GET", f"/leads?status=novo&cursor={cursor}")[1] == "cursor_de_outra_lista"
    for path in (f"/leads?status=novo&cursor={cursor}", f"/leads?cursor={cursor}&limit=7&status=novo"):
        assert api.ask("GET", path, token=token)[0] == 200


def test_link_leads_from_page_to_page_with_the_same_filters(api: ContractClient, owner: Database) -> None:
    made = [
        str(a_lead(owner, tenant_id=MINE, nome="Ana & Bia", criado_em=CREATED_AT + timedelta(seconds=number)))
        for number in range(3)
    ]
    a_lead(owner, tenant_id=MINE, nome="Outra")
    token, path, found = api.token(MINE), "/leads?q=ana+%26+b&limit=1", []
    for _ in made:
        status, document, headers = api.ask("GET", path, token=token)
        assert status == 200
        found += [each["lead_id"] for each in document["itens"]]
        if document["proximo"] is None:
            assert headers["Link"] is None
            break
        reference = re.fullmatch(r'<(\?[^>]+)>; rel="next"', headers["Link"])
        assert reference is not None
        assert dict(parse_qsl(urlsplit(reference[1]).query)) == {
            "q": "ana & b", "limit": "1", "cursor": document["proximo"],
        }  # fmt: skip
        path = f"/leads{reference[1]}"
    assert found == made[::-1]


def test_answer_that_is_no_page_has_no_link(api: ContractClient, owner: Database) -> None:
    ids = seeded(owner, MINE)
    token = api.token(MINE, ADMIN)
    for method, path in (("GET", f"/leads/{ids['lead_id']}"), ("GET", "/leads?limit=0"), ("GET", "/leads")):
        assert api.ask(method, path, token=token)[2]["Link"] is None


def lists(api: ContractClient) -> list[Route]:
    """Every route whose pages have cursors."""
    return [each for each in routes(api) if each.takes.query and issubclass(each.takes.query, CursorQuery)]


def test_fields_choose_what_the_items_of_every_list_have(api: ContractClient, owner: Database) -> None:
    ids = seeded(owner, MINE)
    a_person(api.aws, MINE)
    token = api.token(MINE, ADMIN)
    chosen = 0
    for route in lists(api):
        names = sorted(route.operation.item_fields(answers=answers))
        path = f"{route.to(ids)}?fields={','.join(names[:2]) or 'nome'}"
        if not names:
            assert refusal(api, token, route.method, path) == (422, "requisicao_invalida", ["?/fields"]), route
            continue
        _, whole, _ = api.ask(route.method, route.to(ids), token=token)
        status, some, headers = api.ask(route.method, path, token=token)
        assert (status, headers["Content-Type"]) == (200, SELECTION), route
        assert some == {**whole, "itens": [{name: each[name] for name in names[:2]} for each in whole["itens"]]}, route
        chosen += len(some["itens"]) > 0
    assert chosen > 15


def test_field_that_the_items_lack_is_refused_before_anything_is_done(api: ContractClient, owner: Database) -> None:
    token = api.token(MINE, ADMIN)
    status, document, headers = api.ask("GET", "/leads?fields=nome,cor", token=token)
    assert (status, headers["Content-Type"]) == (422, PROBLEM)
    assert [(each["pointer"], each["code"]) for each in document["errors"]] == [
        ("?/fields", "campo_de_item_desconhecido")
    ]
    assert refusal(api, token, "GET", "/leads?fields=")[1:] == ("requisicao_invalida", ["?/fields"])
    assert refusal(api, token, "POST", "/titulares/exportar?fields=nome")[1:] == ("requisicao_invalida", ["?/fields"])
    assert ask(owner, "SELECT count(*) FROM titular_pedidos") == [[0]]


def test_fields_may_change_from_page_to_page(api: ContractClient, owner: Database) -> None:
    for _ in range(2):
        a_lead(owner, tenant_id=MINE)
    token = api.token(MINE)
    cursor, link = first_page(api, token, "/leads?limit=1&fields=nome")
    assert link == f'<?limit=1&fields=nome&cursor={cursor}>; rel="next"'
    status, document, _ = api.ask("GET", f"/leads?limit=1&fields=tags&cursor={cursor}", token=token)
    assert (status, document["itens"], document["proximo"]) == (200, [{"tags": []}], None)
