"""The contract: an OpenAPI 3.1 document made of the routes of the app and the models of what they take.

Routes, methods, authorizers and sentences are read from the app. Which models a route takes stands in `TAKES`, because
its handler says so only when it is called; a test reads `app.py` and holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from chalice.app import Chalice
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api import requests
from chalicelib.api.form import FILE_FIELDS, MULTIPART
from chalicelib.api.http import PROBLEM, SUCCESS_STATUS
from chalicelib.api.text import HTML, SUCCESS_TYPE
from chalicelib.ingestion.jobs.requests import ReferenceRequest, UploadRequest
from chalicelib.ingestion.options import IngestOptions

_REF = "#/components/schemas/"
_JSON = "application/json"
_TITLE = "Disparo & Agenda"
_VERSION = "1.0.0"
_SCHEME = "cognito"

Document = dict[str, Any]


class Takes(NamedTuple):
    """What a handler takes: one of the JSON bodies, or a form with a file; a query; an `Idempotency-Key`."""

    body: tuple[type[BaseModel], ...] = ()
    query: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    key: bool = False


TAKES: dict[str, Takes] = {
    "create_ingest_job": Takes(body=(ReferenceRequest, UploadRequest), form=IngestOptions, key=True),
    "list_ingest_jobs": Takes(query=requests.Page),
    "list_leads": Takes(query=requests.LeadQuery),
    "list_leads_ready": Takes(query=requests.ReadyQuery),
    "change_lead": Takes(body=(requests.LeadChange,)),
    "create_disparo": Takes(body=(requests.NewDisparo,), key=True),
    "list_disparos": Takes(query=requests.DisparoQuery),
    "resend_disparos": Takes(body=(requests.ResendRequest,), key=True),
    "resolve_disparo": Takes(body=(requests.ResolutionRequest,)),
    "create_agendamento": Takes(body=(requests.NewAgendamento,), key=True),
    "list_agendamentos": Takes(query=requests.AgendamentoQuery),
    "put_template": Takes(body=(requests.NewTemplate,)),
    "add_supressao": Takes(body=(requests.NewSuppression,)),
    "list_supressoes": Takes(query=requests.SuppressionQuery),
    "remove_supressao": Takes(query=requests.SuppressionRemoval),
    "verify_webhook": Takes(query=requests.ChallengeQuery),
    "receive_webhook": Takes(query=requests.WebhookQuery),
    "put_tenant_config": Takes(body=(requests.TenantConfig,)),
}
"""By the name of the handler."""

_PROBLEM_SCHEMA: Document = {
    "type": "object",
    "description": "What went wrong (RFC 9457), with a stable code.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
_KEY_PARAMETER: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request again under the same key gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


@cache
def document(app: Chalice) -> Document:
    """The whole contract of an app."""
    schemas = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "version": _VERSION, "description": "Times are ISO 8601 with an offset."},
        "paths": {
            path: {method.lower(): _operation(path, route, schemas) for method, route in routes.items()}
            for path, routes in sorted(app.routes.items())
        },
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {_SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas() -> Document:
    """Every model that a route takes, and what they are made of, by name."""
    models = {model for takes in TAKES.values() for model in (*takes.body, takes.query, takes.form) if model}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, defined = models_json_schema([(model, "validation") for model in ordered], ref_template=_REF + "{model}")
    return dict(defined["$defs"])


def _operation(path: str, route: Any, schemas: Document) -> Document:
    view = route.view_function
    takes = TAKES.get(view.__name__, Takes())
    operation: Document = {
        "operationId": view.__name__,
        "summary": (view.__doc__ or "").partition("\n")[0],
        "responses": {
            **_success(getattr(view, SUCCESS_STATUS), getattr(view, SUCCESS_TYPE, _JSON)),
            "default": {"description": "Refused.", "content": _refusal(getattr(view, SUCCESS_TYPE, _JSON))},
        },
        "security": [{_SCHEME: []}] if route.authorizer else [],
    }
    if parameters := [*_of_path(path), *_of_query(takes, schemas), *([_KEY_PARAMETER] if takes.key else [])]:
        operation["parameters"] = parameters
    if content := _content(takes, schemas):
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _success(status: int, media_type: str) -> Document:
    answer: Document = {"description": "Done."}
    return {str(status): answer if status == 204 else {**answer, "content": {media_type: {}}}}


def _refusal(media_type: str) -> Document:
    """Who reads a page is refused with one."""
    return {HTML: {}} if media_type == HTML else {PROBLEM: {"schema": _ref("Problem")}}


def _of_path(path: str) -> Iterator[Document]:
    for name in re.findall(r"\{(\w+)\}", path):
        schema = {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _of_query(takes: Takes, schemas: Document) -> Iterator[Document]:
    if takes.query is not None:
        for name, schema in schemas[takes.query.__name__]["properties"].items():
            yield {"name": name, "in": "query", "schema": _given(schema)}


def _given(schema: Document) -> Document:
    """The schema of a parameter that is given: None means that it is not, and has no form in a query string."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _content(takes: Takes, schemas: Document) -> Document:
    """The kinds of body that a route takes, by media type."""
    content: Document = {}
    if takes.body:
        kinds = [_ref(model.__name__) for model in takes.body]
        content[_JSON] = {"schema": kinds[0] if len(kinds) == 1 else {"oneOf": kinds}}
    if takes.form is not None:
        file = {FILE_FIELDS[0]: {"type": "string", "format": "binary"}}
        form = schemas[takes.form.__name__]
        properties = {**file, **form["properties"]}
        content[MULTIPART] = {"schema": {**form, "required": list(file), "properties": properties}}
    return content


def _ref(name: str) -> Document:
    return {"$ref": _REF + name}
