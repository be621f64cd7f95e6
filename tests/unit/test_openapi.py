"""The contract says every route of `app.py` and every model that a handler takes, and is valid OpenAPI 3.1."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from chalicelib.api import openapi, requests
from chalicelib.api.openapi import TAKES, Takes
from chalicelib.ingestion.jobs.requests import ReferenceRequest, UploadRequest
from chalicelib.ingestion.options import IngestOptions
from local.project import load_app

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """The app as it is deployed; importing it connects to nothing."""
    kept = dict(os.environ)
    yield load_app()
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(scope="module")
def contract(app: Any) -> Any:
    """As a client gets it."""
    return json.loads(json.dumps(openapi.document(app)))


def _handlers() -> dict[str, ast.FunctionDef]:
    """The handlers of the REST section of `app.py`, by name."""
    tree = ast.parse((PROJECT / "app.py").read_text(encoding="utf-8"))
    return {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Call) and ast.unparse(d.func) == "app.route" for d in node.decorator_list)
    }


def _taken(handler: ast.FunctionDef) -> Takes:
    """What the code of a handler takes of its call."""
    body: tuple[Any, ...] = ()
    query = form = None
    for node in ast.walk(handler):
        match node:
            case ast.Call(func=ast.Attribute(attr="body"), args=[ast.Attribute(attr=name)]):
                body = (getattr(requests, name),)
            case ast.Call(func=ast.Attribute(attr="query"), args=[ast.Attribute(attr=name)]):
                query = getattr(requests, name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="requests"), attr="upload")):
                body, form = (ReferenceRequest, UploadRequest), IngestOptions
    key = any(isinstance(node, ast.Attribute) and node.attr == "idempotency_key" for node in ast.walk(handler))
    return Takes(body=body, query=query, form=form, key=key)


@pytest.mark.parametrize("name", _handlers())
def test_the_contract_knows_what_the_handler_takes(name: str) -> None:
    assert TAKES.get(name, Takes()) == _taken(_handlers()[name])


def test_the_contract_speaks_of_no_handler_that_is_gone() -> None:
    assert set(TAKES) - set(_handlers()) == set()


def test_what_the_contract_says_is_openapi(contract: Any) -> None:
    validate(contract)


def test_every_route_of_the_app_is_in_the_contract(app: Any, contract: Any) -> None:
    routes = {(path, method.lower()) for path, methods in app.routes.items() for method in methods}
    assert {(path, method) for path, methods in contract["paths"].items() for method in methods} == routes
    assert ("/openapi.json", "get") in routes


def test_only_what_shows_who_asks_by_other_means_asks_for_no_token(contract: Any) -> None:
    free = {path for path, methods in contract["paths"].items() for each in methods.values() if not each["security"]}
    assert free == {"/saude", "/openapi.json", "/descadastro/{token}", "/webhooks/{canal}"}


def test_every_operation_has_its_sentence_and_a_name_of_its_own(contract: Any) -> None:
    operations = [each for methods in contract["paths"].values() for each in methods.values()]
    assert all(each["summary"].endswith(".") for each in operations)
    assert len({each["operationId"] for each in operations}) == len(operations)


def test_every_operation_says_how_it_refuses(contract: Any) -> None:
    for path, methods in contract["paths"].items():
        for each in methods.values():
            problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
            page = {"text/html": {}}
            refusal = each["responses"]["default"]["content"]
            assert refusal == (page if path == "/descadastro/{token}" else problem)


def test_pages_and_bare_words_are_said_to_be_such(contract: Any) -> None:
    kinds = {
        (path, method): set(contract["paths"][path][method]["responses"]["200"]["content"])
        for path, method in (("/descadastro/{token}", "post"), ("/webhooks/{canal}", "get"), ("/leads", "get"))
    }
    assert list(kinds.values()) == [{"text/html"}, {"text/plain"}, {"application/json"}]
    assert ("query", "hub.challenge") in _parameters(contract, "/webhooks/{canal}", "get")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/leads", "get", "200"),
        ("/ingest/leads/xlsx", "post", "202"),
        ("/leads/{lead_id}/disparos", "post", "201"),
        ("/leads/{lead_id}/agendamentos", "post", "201"),
        ("/saude", "get", "200"),
        ("/templates/{nome}", "delete", "204"),
    ],
)
def test_an_operation_answers_with_the_status_of_its_handler(
    contract: Any, path: str, method: str, status: str
) -> None:
    assert status in contract["paths"][path][method]["responses"]


def _parameters(contract: Any, path: str, method: str) -> dict[tuple[str, str], Any]:
    found = contract["paths"][path][method].get("parameters", [])
    return {(each["in"], each["name"]): each["schema"] for each in found}


def test_a_list_says_its_filters_and_what_they_look_like(contract: Any) -> None:
    found = _parameters(contract, "/leads", "get")
    assert {name for where, name in found if where == "query"} == set(requests.LeadQuery.model_fields)
    assert found["query", "criado_de"] == {"type": "string", "format": "date-time"}
    assert found["query", "status"] == {"$ref": "#/components/schemas/LeadStatus"}
    assert found["query", "limit"]["maximum"] == 500


def test_ids_in_a_path_are_uuids_and_names_are_text(contract: Any) -> None:
    assert _parameters(contract, "/leads/{lead_id}", "get")["path", "lead_id"]["format"] == "uuid"
    assert _parameters(contract, "/templates/{nome}", "get")["path", "nome"] == {"type": "string"}


def test_creating_takes_an_idempotency_key(contract: Any) -> None:
    assert ("header", "Idempotency-Key") in _parameters(contract, "/leads/{lead_id}/agendamentos", "post")
    assert ("header", "Idempotency-Key") not in _parameters(contract, "/leads/{lead_id}", "patch")


def test_an_upload_is_a_form_or_one_of_two_documents(contract: Any) -> None:
    content = contract["paths"]["/ingest/leads/xlsx"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert len(content["application/json"]["schema"]["oneOf"]) == 2
    form = content["multipart/form-data"]["schema"]
    assert (form["required"], set(form["properties"])) == (["arquivo"], {"arquivo", *IngestOptions.model_fields})


def test_unknown_fields_are_said_to_be_refused(contract: Any) -> None:
    assert contract["components"]["schemas"]["NewAgendamento"]["additionalProperties"] is False
