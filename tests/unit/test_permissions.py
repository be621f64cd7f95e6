"""One table says who may use which route, and it has every route."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID

import pytest
from chalice.app import Chalice

from chalicelib.errors import Forbidden
from chalicelib.identity import ADMIN, OPERATOR, READER, Group, Identity
from chalicelib.permissions import FOR_PEOPLE_ALONE, LEAST, check, least
from local.project import load_app


@pytest.fixture(scope="module")
def routes() -> Iterator[set[str]]:
    """The routes of the app that take a token, as the table writes them."""
    kept = dict(os.environ)
    app: Chalice = load_app()
    yield {
        f"{method} {path}"
        for path, methods in app.routes.items()
        for method, route in methods.items()
        if route.authorizer is not None
    }
    os.environ.clear()
    os.environ.update(kept)


def test_every_route_is_in_the_table(routes: set[str]) -> None:
    forgotten = sorted(routes - LEAST.keys())
    assert forgotten == [], (
        f"{forgotten}: add each as a line to chalicelib/permissions.py, to _READER if it only reads, to _OPERATOR if "
        "it uploads, sends or books, and to _ADMIN if it configures, undoes, erases or lifts a suppression"
    )


def test_table_names_no_route_that_there_is_not(routes: set[str]) -> None:
    assert sorted(LEAST.keys() - routes) == []
    assert LEAST.keys() >= FOR_PEOPLE_ALONE


def test_leitor_gets_no_route_that_changes_anything() -> None:
    changing = {route for route, group in LEAST.items() if group is READER and not route.startswith("GET ")}
    # They answer a question that does not fit into a query string, and write nothing.
    assert changing == {
        "POST /templates/{nome}/previa", "POST /segmentos/contar", "POST /campanhas/{campanha_id}/conferir",
    }  # fmt: skip


def test_what_is_decided_by_the_specification() -> None:
    assert {
        "POST /ingest/leads/xlsx": OPERATOR,
        "POST /leads/{lead_id}/disparos": OPERATOR,
        "POST /leads/{lead_id}/agendamentos": OPERATOR,
        "POST /ingest/leads/jobs/{job_id}/desfazer": ADMIN,
        "PUT /tenant/config": ADMIN,
        "POST /titulares/apagar": ADMIN,
        "DELETE /supressoes/{supressao_id}": ADMIN,
        "DELETE /leads/{lead_id}/supressao": ADMIN,
        "POST /chaves": ADMIN,
        "GET /chaves": ADMIN,
    }.items() <= LEAST.items()


def test_route_that_the_table_has_forgotten_is_for_administrators() -> None:
    assert least("POST /nova") is ADMIN


def a_key(group: Group = ADMIN, *routes: str) -> Identity:
    return Identity.of_key("acme", UUID(int=1), group, frozenset(routes) or None)


@pytest.mark.parametrize(
    ("identity", "route", "code"),
    [
        (Identity("acme", "u-1", frozenset()), "GET /leads", "grupo_exigido"),
        (Identity("acme", "u-1", frozenset({READER})), "POST /leads", "grupo_exigido"),
        (a_key(READER), "POST /leads", "grupo_exigido"),
        (a_key(READER, "GET /campos"), "GET /leads", "rota_fora_da_chave"),
        (a_key(READER, "POST /leads"), "POST /leads", "grupo_exigido"),
        (a_key(), "POST /chaves", "so_para_pessoas"),
    ],
)
def test_caller_who_may_not_is_told_why(identity: Identity, route: str, code: str) -> None:
    with pytest.raises(Forbidden) as raised:
        check(identity, route)
    assert raised.value.code == code


def test_refusal_names_the_least_group_that_is_needed() -> None:
    with pytest.raises(Forbidden) as raised:
        check(Identity("acme", "u-1", frozenset({READER})), "POST /leads")
    assert raised.value.params == {"grupo": "operador"}


def test_narrower_key_is_for_its_routes() -> None:
    check(a_key(READER, "GET /leads", "GET /campos"), "GET /leads")
    check(a_key(), "DELETE /chaves/{chave_id}")
