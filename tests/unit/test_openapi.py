"""The contract describes every route of `app.py`: what it takes and what it answers, as valid OpenAPI 3.1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.app import Chalice
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import validate
from pydantic import BaseModel

from chalicelib.api import openapi
from chalicelib.api.answers.channels import StatusCounts
from chalicelib.api.contract.sections import section_of
from chalicelib.api.handlers import SELECTION, Operation, operation_of
from chalicelib.api.http import problem
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import FieldError, Invalid
from chalicelib.ingestion.options import IngestOptions
from chalicelib.leads.requests import LeadQuery
from chalicelib.messages import PORTUGUESE
from chalicelib.subscriptions.kinds import EventKind
from tests.creating_posts import CREATING, OTHERS

# Providers may add parameters of their own to the calls of a webhook.
LENIENT = {"ChallengeQuery", "WebhookQuery"}
SCHEMAS = "#/components/schemas/"


def operations(app: Chalice) -> dict[tuple[str, str], Operation]:
    """The operations of the app by path and method."""
    return {(each.path, each.method): operation_of(each.view) for each in openapi.operations_of(app)}


def operations_in(contract: Any) -> list[Any]:
    return [each for methods in contract["paths"].values() for each in methods.values()]


def events_in(contract: Any) -> list[Any]:
    return [each for methods in contract["webhooks"].values() for each in methods.values()]


def handler_of(operation: Any) -> str:
    """The name of the handler: `list_leads` is `listLeads` in the contract."""
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", operation["operationId"])


def test_contract_is_valid_openapi(contract: Any) -> None:
    validate(contract)


def test_every_route_of_the_app_is_in_the_contract(app: Chalice, contract: Any) -> None:
    described = {(path, method) for path, methods in contract["paths"].items() for method in methods}
    assert described == set(operations(app))
    assert ("/openapi.json", "get") in described


def test_only_routes_that_authenticate_otherwise_take_no_token(contract: Any) -> None:
    free = {path for path, methods in contract["paths"].items() for each in methods.values() if not each["security"]}
    assert free == {
        "/saude",
        "/docs",
        "/openapi.json",
        "/descadastro/{token}",
        "/webhooks/{canal}",
        "/agenda/{token}.ics",
        "/convite/{token}",
    }


def test_operation_is_for_people_and_keys_and_says_the_least_group(contract: Any) -> None:
    people: Any = {"cognito": []}
    machines: Any = {"chave": []}
    assert set(contract["components"]["securitySchemes"]) == {"cognito", "chave"}
    leads, keys = contract["paths"]["/leads"], contract["paths"]["/chaves"]
    assert (leads["get"]["security"], leads["get"]["x-grupo"]) == ([people, machines], "leitor")
    assert leads["post"]["x-grupo"] == "operador"
    assert (keys["post"]["security"], keys["post"]["x-grupo"]) == ([people], "admin")
    assert "x-grupo" not in contract["paths"]["/saude"]["get"]


def test_every_operation_is_named_after_its_handler_and_has_a_sentence_that_begins_with_a_verb(
    app: Chalice, contract: Any
) -> None:
    found = operations_in(contract)
    assert [each["summary"] for each in found if not re.fullmatch(r"[A-Z][a-z]+s .*\.", each["summary"])] == []
    assert {handler_of(each) for each in found} == {each.view.__name__ for each in openapi.operations_of(app)}


def test_every_operation_and_event_has_an_ascii_name_in_camel_case_of_its_own(contract: Any) -> None:
    names = [each["operationId"] for each in [*operations_in(contract), *events_in(contract)]]
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)] == []
    assert len(set(names)) == len(names) == len({name.lower() for name in names})


def test_every_operation_and_event_has_a_section_that_is_described(contract: Any) -> None:
    described = {each["name"] for each in contract["tags"] if each["description"].endswith(".")}
    assert len(described) == len(contract["tags"])
    assert [name for name in described if not name.isascii()] == []
    used = [each["tags"] for each in [*operations_in(contract), *events_in(contract)]]
    assert {len(tags) for tags in used} == {1}
    assert {tag for tags in used for tag in tags} == described


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/leads/{lead_id}/notas", "leads"),
        ("/leads/{lead_id}/disparos", "disparos"),
        ("/leads/{lead_id}/agendamentos", "agenda"),
        ("/agenda/{token}", "agenda"),
    ],
)
def test_section_is_the_one_that_names_most_of_the_path(path: str, section: str) -> None:
    assert section_of(path) == section


def test_path_without_a_section_is_noticed() -> None:
    with pytest.raises(ValueError, match="empty"):
        section_of("/novidades")


def test_every_operation_and_event_says_more_than_its_summary(contract: Any) -> None:
    found = [*operations_in(contract), *events_in(contract)]
    assert [
        each["operationId"] for each in found if not re.fullmatch(r"(?s).{40,}\.", each.get("description", ""))
    ] == []
    described = contract["paths"]["/chaves"]["post"]["description"]
    assert "the group `admin`" in described
    assert "not for keys" in described
    assert "`Idempotency-Key`" in described


def test_every_operation_describes_a_4xx_of_its_own(contract: Any) -> None:
    found = operations_in(contract)
    assert [each["operationId"] for each in found if not any(s.startswith("4") for s in each["responses"])] == []


def test_contract_says_where_it_is_served(contract: Any) -> None:
    # Relative to the document, so that a stage of API Gateway and a domain of one's own have the same.
    assert [each["url"] for each in contract["servers"]] == ["."]
    assert contract["info"]["license"]["identifier"] == "Apache-2.0"


# What is taken


def test_handlers_take_only_parts_of_the_path_that_their_routes_have(app: Chalice) -> None:
    for (path, _), operation in operations(app).items():
        assert set(operation.takes.path) == set(re.findall(r"\{(\w+)\}", path)), path


def _parameters(contract: Any, path: str, method: str) -> dict[tuple[str, str], Any]:
    found = contract["paths"][path][method].get("parameters", [])
    return {(each["in"], each["name"]): each["schema"] for each in found}


def test_list_describes_its_filters(contract: Any) -> None:
    found = _parameters(contract, "/leads", "get")
    assert {name for where, name in found if where == "query"} == set(LeadQuery.model_fields)
    assert found["query", "criado_de"] == {"type": "string", "format": "date-time"}
    assert found["query", "status"] == {"$ref": SCHEMAS + "LeadStatus"}
    assert found["query", "limit"]["maximum"] == 500


def test_fields_of_a_list_are_those_of_its_items_and_have_an_answer_of_their_own(contract: Any) -> None:
    chosen = _parameters(contract, "/chaves", "get")["query", "fields"]
    page = contract["components"]["schemas"]["KeyPage"]["properties"]["itens"]["items"]["$ref"]
    names = contract["components"]["schemas"][page.removeprefix(SCHEMAS)]["properties"]
    assert set(chosen["items"]["enum"]) == names.keys()
    content = contract["paths"]["/chaves"]["get"]["responses"]["200"]["content"]
    assert content[SELECTION]["schema"] == {"$ref": SCHEMAS + "Selection"}
    assert ("query", "fields") not in _parameters(contract, "/leads.csv", "get")


def test_parameters_have_the_names_that_a_client_sends(contract: Any) -> None:
    assert ("query", "hub.challenge") in _parameters(contract, "/webhooks/{canal}", "get")


def test_ids_in_a_path_are_uuids_and_names_are_text(contract: Any) -> None:
    assert _parameters(contract, "/leads/{lead_id}", "get")["path", "lead_id"]["format"] == "uuid"
    assert _parameters(contract, "/templates/{nome}", "get")["path", "nome"] == {"type": "string"}


def test_every_part_of_a_path_and_of_a_page_is_described(contract: Any) -> None:
    pages = {"limit", "cursor", "offset", "fields", "Idempotency-Key"}
    found = [
        (each["operationId"], parameter["name"], parameter.get("description", ""))
        for each in operations_in(contract)
        for parameter in each.get("parameters", ())
        if parameter["in"] == "path" or parameter["name"] in pages
    ]
    assert [each for each in found if not each[2].endswith(".")] == []
    assert {name for _, name, _ in found} >= pages


def test_text_below_a_field_of_a_request_is_its_description(contract: Any) -> None:
    filters = contract["paths"]["/leads"]["get"]["parameters"]
    [name] = [each for each in filters if each["name"] == "q"]
    assert name["description"].startswith("Part of the name")
    assert contract["components"]["schemas"]["NewAgendamento"]["properties"]["local"]["description"]


def test_every_post_is_one_that_creates_or_one_of_the_others(contract: Any) -> None:
    posts = {handler_of(methods["post"]) for methods in contract["paths"].values() if "post" in methods}
    assert posts == CREATING | OTHERS.keys()
    assert not CREATING & OTHERS.keys()


def test_operations_that_create_take_an_idempotency_key(contract: Any) -> None:
    taking = {
        handler_of(each): each
        for each in operations_in(contract)
        if any(parameter["name"] == "Idempotency-Key" for parameter in each.get("parameters", ()))
    }
    assert taking.keys() == CREATING
    for each in taking.values():
        [success] = [answer for status, answer in each["responses"].items() if status.startswith("2")]
        assert success["headers"].keys() == {"Idempotency-Replayed"}
        assert each["responses"]["409"]["headers"].keys() == {"Retry-After"}
        assert "422" in each["responses"]


def test_every_refusal_for_the_moment_says_when_to_come_back(contract: Any) -> None:
    refusals = [
        answer
        for each in operations_in(contract)
        for status, answer in each["responses"].items()
        if status in {"429", "503"}
    ]
    assert len(refusals) > 100
    assert all(answer["headers"].keys() == {"Retry-After"} for answer in refusals)


def test_json_body_is_described_by_the_model_of_the_handler(contract: Any) -> None:
    content = contract["paths"]["/leads/{lead_id}/disparos"]["post"]["requestBody"]["content"]
    assert content.keys() == {"application/json"}
    assert content["application/json"]["schema"] == {"$ref": SCHEMAS + "NewDisparo"}


def test_upload_is_a_form_or_one_of_two_documents(contract: Any) -> None:
    content = contract["paths"]["/ingest/leads/xlsx"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert content["application/json"]["schema"]["oneOf"] == [
        {"$ref": SCHEMAS + "ReferenceRequest"},
        {"$ref": SCHEMAS + "UploadRequest"},
    ]
    form = content["multipart/form-data"]["schema"]
    assert (form["required"], set(form["properties"])) == (["arquivo"], {"arquivo", *IngestOptions.model_fields})


def test_configuration_is_replaced_as_a_whole_and_changed_in_parts(contract: Any) -> None:
    schemas = contract["components"]["schemas"]
    whole, patch = schemas["TenantConfig"], schemas["ConfigPatch"]
    assert set(whole["required"]) == set(whole["properties"]) == set(patch["properties"])
    assert "required" not in patch
    janela = [{"$ref": SCHEMAS + "SendWindow"}, {"type": "null"}]
    assert patch["properties"]["janela"] == {"anyOf": janela}


def test_body_of_a_reason_may_be_left_out_and_every_other_one_may_not(contract: Any) -> None:
    optional = {
        path
        for path, methods in contract["paths"].items()
        for each in methods.values()
        if "requestBody" in each and not each["requestBody"]["required"]
    }
    assert optional == {
        "/canais/{canal}/pausar", "/canais/{canal}/retomar", "/disparos/{disparo_id}/cancelar",
        "/agendamentos/{agendamento_id}/cancelar", "/campanhas/{campanha_id}/pausar",
        "/campanhas/{campanha_id}/retomar", "/campanhas/{campanha_id}/cancelar",
    }  # fmt: skip


def test_unknown_fields_of_a_body_are_refused(contract: Any) -> None:
    assert contract["components"]["schemas"]["NewAgendamento"]["additionalProperties"] is False


def test_no_operation_ignores_unknown_fields(app: Chalice) -> None:
    taken = {each for operation in operations(app).values() for each in (operation.takes.query, operation.takes.body)}
    models = {each for each in taken if each is not None and issubclass(each, BaseModel)}
    assert len(models) > 10
    assert {each.__name__ for each in models if each.model_config.get("extra") != "forbid"} == LENIENT


# What is answered


def test_every_operation_describes_its_refusal(contract: Any) -> None:
    for methods in contract["paths"].values():
        for each in methods.values():
            problem = {"application/problem+json": {"schema": {"$ref": SCHEMAS + "Problem"}}}
            page: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
            refusal = each["responses"]["default"]["content"]
            is_page = "text/html" in each["responses"]["200"]["content"] if "200" in each["responses"] else False
            assert refusal == ({**page, **problem} if is_page else problem)


@pytest.mark.parametrize(
    ("path", "method", "status", "model"),
    [
        ("/leads", "get", "200", "LeadPage"),
        ("/leads/{lead_id}/disparos", "post", "201", "DisparoDetail"),
        ("/leads/{lead_id}/agendamentos", "post", "201", "AgendamentoDetail"),
        ("/ingest/leads/jobs/{job_id}/desfazer", "post", "202", "JobAnswer"),
        ("/tenant/config", "get", "200", "TenantConfig"),
        ("/tenant/config", "patch", "200", "SavedConfig"),
        ("/saude", "get", "200", "HealthAnswer"),
    ],
)
def test_success_has_the_status_and_the_model_of_the_handler(
    contract: Any, path: str, method: str, status: str, model: str
) -> None:
    success = contract["paths"][path][method]["responses"][status]
    assert success["content"].keys() - {SELECTION} == {"application/json"}
    assert success["content"]["application/json"]["schema"] == {"$ref": SCHEMAS + model}


def test_upload_answers_with_the_job_and_its_form_or_with_the_job(contract: Any) -> None:
    # A generated client takes the first that fits: a job with its form is a job, too, but one without it is no other.
    success = contract["paths"]["/ingest/leads/xlsx"]["post"]["responses"]["202"]
    assert success["content"]["application/json"]["schema"]["oneOf"] == [
        {"$ref": SCHEMAS + "AnnouncedJobAnswer"},
        {"$ref": SCHEMAS + "JobAnswer"},
    ]


def test_every_content_has_a_schema_by_which_a_generated_client_keeps_it(contract: Any) -> None:
    without = {
        (each["operationId"], status, kind)
        for each in operations_in(contract)
        for status, answer in each["responses"].items()
        for kind, media in answer.get("content", {}).items()
        if not media.get("schema")
    }
    assert without == set()


def test_field_that_may_be_missing_has_no_constant_but_a_text(contract: Any) -> None:
    # openapi-python-client 0.29.1 writes `!= Trueand not isinstance` for others, which is no Python.
    wrong = {
        name
        for schema in _schemas_in(contract)
        for name, field in schema.get("properties", {}).items()
        if name not in schema.get("required", ()) and not isinstance(field.get("const", ""), str)
    }
    assert wrong == set()


def test_every_json_answer_has_a_schema(contract: Any) -> None:
    for each in operations_in(contract):
        [(status, success)] = [found for found in each["responses"].items() if found[0].startswith("2")]
        if status == "204":
            assert "content" not in success, each["operationId"]
        elif "application/json" in success["content"]:
            assert success["content"]["application/json"]["schema"], each["operationId"]


def test_handlers_that_answer_204_return_none(app: Chalice) -> None:
    for key, operation in operations(app).items():
        assert (operation.status == 204) == (
            operation.handler.__annotations__["return"] == "None" and operation.media_type == "application/json"
        ), key


def test_pages_and_plain_text_are_described_as_such(contract: Any) -> None:
    kinds = [
        set(contract["paths"][path][method]["responses"]["200"]["content"])
        for path, method in (("/descadastro/{token}", "post"), ("/webhooks/{canal}", "get"), ("/saude", "get"))
    ]
    assert kinds == [{"text/html"}, {"text/plain"}, {"application/json"}]


def test_answers_have_no_fields_beside_those_described(contract: Any) -> None:
    answered = _reachable(contract, [each["responses"] for each in operations_in(contract)]) - {"Problem", "Selection"}
    schemas = contract["components"]["schemas"]
    objects = {name for name in answered if schemas[name]["type"] == "object"}
    assert {name for name in objects if schemas[name].get("additionalProperties") is not False} == set()
    assert objects >= {"LeadDetail", "LeadPhone", "JobAnswer", "PresignedForm", "HistoryStepAnswer"}


def _reachable(contract: Any, start: object) -> set[str]:
    """The names of all schemas that a part of the contract refers to, over any number of references."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        names = set(re.findall(SCHEMAS + r"(\w+)", json.dumps(waiting.pop()))) - found
        found |= names
        waiting += [contract["components"]["schemas"][name] for name in names]
    return found


def test_every_model_of_an_answer_is_described(contract: Any) -> None:
    answered = _reachable(contract, [each["responses"] for each in operations_in(contract)])
    assert {name for name in answered if not contract["components"]["schemas"][name].get("description")} == set()


def test_descriptions_of_fields_are_in_the_contract(contract: Any) -> None:
    properties = contract["components"]["schemas"]["DisparoDetail"]["properties"]
    assert properties["expira_em"]["description"] == "It does not leave from this time on."


def test_overview_counts_every_status() -> None:
    assert set(StatusCounts.model_fields) == {each.value for each in DisparoStatus}


def test_every_event_is_described_as_a_webhook(contract: Any) -> None:
    webhooks = contract["webhooks"]
    assert set(webhooks) == {kind.value for kind in EventKind}
    for kind, methods in webhooks.items():
        payload = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert payload["properties"]["type"] == {"const": kind}


# Examples


def _validator(contract: Any, schema: Any) -> OAS31Validator:
    whole = {**schema, "components": contract["components"]}
    return OAS31Validator(whole, format_checker=oas31_format_checker)


def _with_schemas(operation: Any) -> Iterator[tuple[str, Any]]:
    """The bodies, the successful answers and the parameters of an operation, which may have an example."""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"body {kind}", media
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from ((f"{status} {kind}", media) for kind, media in answer.get("content", {}).items())
    for parameter in operation.get("parameters", ()):
        yield f"parameter {parameter['name']}", parameter


# Pages for people, and the contract itself, which cannot contain itself.
WITHOUT_EXAMPLE = {("contract", "200 application/json")}


def test_every_body_and_every_answer_has_an_example(contract: Any) -> None:
    without = {
        (each["operationId"], where)
        for each in [*operations_in(contract), *events_in(contract)]
        for where, found in _with_schemas(each)
        if "example" not in found and not where.startswith("parameter") and not where.endswith(("text/html", SELECTION))
    }
    assert without == WITHOUT_EXAMPLE


# A page for people, which its own test calls.
OF_PAGES = {"/descadastro/{token}"}


def test_every_part_of_a_path_has_an_example(contract: Any) -> None:
    without = {
        path
        for path, methods in contract["paths"].items()
        for each in methods.values()
        for parameter in each.get("parameters", ())
        if parameter["in"] == "path" and "example" not in parameter
    }
    assert without == OF_PAGES


def test_every_example_fits_its_schema(contract: Any) -> None:
    wrong = {
        (each["operationId"], where): [error.message for error in errors]
        for each in [*operations_in(contract), *events_in(contract)]
        for where, found in _with_schemas(each)
        if "example" in found
        if (errors := list(_validator(contract, found.get("schema", {})).iter_errors(found["example"])))
    }
    assert wrong == {}


def test_problem_of_the_contract_is_one_that_the_app_answers(contract: Any) -> None:
    wrong = Invalid("requisicao_invalida", (FieldError("/nome", "missing", "Field required"),))
    [example] = contract["components"]["schemas"]["Problem"]["examples"]
    assert example == json.loads(problem(wrong, PORTUGUESE).body)


# Schemas


def _schemas_in(part: Any) -> Iterator[Any]:
    """Every object in a part of the contract, examples apart."""
    if isinstance(part, list):
        for each in part:
            yield from _schemas_in(each)
    elif isinstance(part, dict):
        yield part
        for name, each in part.items():
            if name != "example":
                yield from _schemas_in(each)


def test_null_is_one_of_the_types_wherever_a_value_has_one(contract: Any) -> None:
    for each in _schemas_in(contract):
        choices = each.get("anyOf", [])
        if isinstance(choices, list) and {"type": "null"} in choices:
            others = [choice for choice in choices if choice != {"type": "null"}]
            assert len(others) > 1 or "type" not in others[0] or others[0].get("const") is True, each
    assert "nullable" not in {name for each in _schemas_in(contract) for name in each}


def test_every_schema_is_used(contract: Any) -> None:
    parts = [contract["paths"], contract["webhooks"]]
    assert _reachable(contract, parts) == set(contract["components"]["schemas"])
