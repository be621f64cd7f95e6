"""The contract: an OpenAPI 3.1 document, made of the routes of the app and of the signatures of their handlers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from chalice.app import Chalice, RouteEntry
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib import messages
from chalicelib.api.calendars import CALENDAR, views_of
from chalicelib.api.contract.descriptions import PARTS, describe
from chalicelib.api.contract.schemas import used, with_type_arrays
from chalicelib.api.contract.sections import EVENTS, SECTIONS, section_of
from chalicelib.api.every_answer import PREFLIGHT
from chalicelib.api.form import FILE_FIELDS, MULTIPART
from chalicelib.api.handlers import JSON, SELECTION, Operation, Takes, View, operation_of
from chalicelib.api.http import PROBLEM, REPLAYED
from chalicelib.api.text import HTML
from chalicelib.errors import MAX_LISTED
from chalicelib.idempotency import HEADER, PATTERN
from chalicelib.motivo import GivenReason
from chalicelib.permissions import FOR_PEOPLE_ALONE, least
from chalicelib.subscriptions.kinds import DESCRIPTIONS, EventKind
from chalicelib.versions import HEADER as IF_MATCH
from chalicelib.versions import IF_NONE_MATCH

_REF = "#/components/schemas/"
_INFO = {
    "title": "Disparo & Agenda",
    "version": "1.0.0",
    "description": "Leads of a tenant, messages to them, and meetings with them. Times are ISO 8601 with an offset.",
    "contact": {"name": "Disparo & Agenda"},
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_SCHEMES: Mapping[str, dict[str, str]] = {
    "cognito": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A person: the ID token of Cognito.",
    },
    "chave": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "da_live_…",
        "description": "A machine: an API key of POST /chaves. It may do what its group may, and what its rotas name.",
    },
}

Document = dict[str, Any]
Mode = Literal["validation", "serialization"]
"""pydantic's name for a model as it is taken, and as it is answered."""

_PROBLEM_SCHEMA: Document = {
    "type": "object",
    "description": "What went wrong (RFC 9457), with a stable code.",
    "examples": [
        {
            "type": "urn:disparo-agenda:problema:requisicao_invalida",
            "title": "Dados inválidos",
            "status": 422,
            "detail": "A requisição tem campos inválidos.",
            "code": "requisicao_invalida",
            "errors": [{"pointer": "/nome", "code": "missing", "detail": "campo obrigatório"}],
        }
    ],
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
            "maxItems": MAX_LISTED,
        },
        "mais_erros": {"type": "boolean", "description": "True if there are more errors than `errors` lists."},
        "request_id": {
            "type": "string",
            "description": "Of a failure of ours: the id of the request, also in X-Request-Id.",
        },
        "lead_id": {"type": "string", "format": "uuid", "description": "The other lead of a conflict with one."},
        "ocupado": {
            "type": ["object", "null"],
            "description": "The agendamento that is there already.",
            "required": ["agendamento_id", "data_agendada", "duracao_minutos"],
            "properties": {
                "agendamento_id": {"type": "string", "format": "uuid"},
                "data_agendada": {"type": "string", "format": "date-time"},
                "duracao_minutos": {"type": "integer"},
            },
        },
        "horarios_livres": {
            "type": "array",
            "items": {"type": "string", "format": "date-time"},
            "description": "The nearest free times of the responsável.",
        },
    },
}
_SELECTION_SCHEMA: Document = {
    "type": "object",
    "description": "A page of which each item has the fields that `fields` names, as they are in the whole page.",
    "examples": [{"itens": [{"nome": "Ana"}], "proximo": None}],
    "required": ["itens", "proximo"],
    "properties": {
        "itens": {"type": "array", "items": {"type": "object"}},
        "proximo": {"type": ["string", "null"], "description": "The `cursor` of the next page; null on the last page."},
    },
}
# Without a schema, generated clients drop what they get.
_TEXT: Document = {"schema": {"type": "string"}}
_KEY_PARAMETER: Document = {
    "name": HEADER,
    "in": "header",
    "description": "For 24 hours, a repeated request with the same key takes no effect and gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": PATTERN},
}
_REPLAYED_HEADER: Document = {
    "description": "`true` if the request was carried out before, and this is its first answer.",
    "schema": {"type": "string", "enum": ["true"]},
}
_FIELDS = "fields"
_FIELDS_PARAMETER: Document = {
    "name": _FIELDS,
    "in": "query",
    "description": f"The only fields that the items are to have, separated by commas; the answer is `{SELECTION}`.",
    "style": "form",
    "explode": False,
}
_VERSION_PARAMETER: Document = {
    "name": IF_MATCH,
    "in": "header",
    "description": "The `ETag` of what is to be changed: if it is another one by now, nothing is changed (412).",
    "schema": {"type": "string"},
}
_KNOWN_PARAMETER: Document = {
    "name": IF_NONE_MATCH,
    "in": "header",
    "description": "The `ETag` of the answer that the client has: if it would be the same, it is not sent again (304).",
    "schema": {"type": "string"},
}
_VERSION_HEADER: Document = {
    "description": "The version of what is shown, for `If-Match` of a change and `If-None-Match` of a reading.",
    "schema": {"type": "string", "pattern": r'^"[0-9a-f]+(\.[0-9a-f]+)?"$'},
}
_TAG_HEADER: Document = {
    "description": "Another one if anything in the answer is different, for `If-None-Match`.",
    "schema": {"type": "string", "pattern": r'^(W/)?"[0-9a-f.]+"$'},
}
_UNCHANGED: Document = {
    "description": "The client has it already: `If-None-Match` names this `ETag`.",
    "headers": {"ETag": _TAG_HEADER},
}
_RETRY_HEADER: Document = {
    "description": "Seconds after which to repeat the request.",
    "schema": {"type": "string", "pattern": "^[0-9]+$"},
}
# A 429 and a 503 always say when to come back, those of the gateway too; a 409 does if the same request is under way.
_SAY_WHEN = frozenset({429, 503})
_UNDER_WAY = "requisicao_em_andamento"

_DELIVERY_HEADERS = {
    "webhook-id": "The id of the event, the same in every attempt: drop what you have seen before.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970.",
    "webhook-signature": "One `v1,` signature or several, separated by blanks: one for each valid secret.",
}


_EVENT: Document = {
    "timestamp": "2026-11-30T12:00:00+00:00",
    "data": {"tenant_id": "acme", "evento_id": "019aa5b1-7a3f-7c11-8000-000000000001"},
}


class _Schemas(NamedTuple):
    """The schemas of all models by their names in the contract, and the reference to each model in each mode."""

    defined: Document
    references: Mapping[tuple[type[BaseModel], Mode], Document]

    def of(self, model: type[BaseModel]) -> Document:
        """The schema of a model that is taken."""
        name = self.references[model, "validation"]["$ref"].removeprefix(_REF)
        schema: Document = self.defined[name]
        return schema

    def one_of(self, models: tuple[type[BaseModel], ...], mode: Mode) -> Document:
        """A reference to the only model, or to one of several.

        A model comes before those that it extends: generated clients take the first one that fits.
        """
        narrowest_first = sorted(models, key=lambda model: -len(model.__mro__))
        references = [self.references[model, mode] for model in narrowest_first]
        return references[0] if len(references) == 1 else {"oneOf": references}


@cache
def document(app: Chalice) -> Document:
    """The whole contract of an app."""
    schemas = _schemas(app)
    paths = _paths(app, schemas)
    webhooks = {kind.value: _delivered(kind, sentence) for kind, sentence in DESCRIPTIONS.items()}
    defined = used({**schemas.defined, "Problem": _PROBLEM_SCHEMA, "Selection": _SELECTION_SCHEMA}, paths, webhooks)
    described = {
        "openapi": "3.1.0",
        "info": _INFO,
        # Relative to the contract itself: the same document serves each stage and each domain.
        "servers": [{"url": ".", "description": "Where this document comes from."}],
        "tags": [{"name": each.name, "description": each.description} for each in (*SECTIONS, EVENTS)],
        "paths": paths,
        "webhooks": webhooks,
        "components": {"schemas": defined, "securitySchemes": dict(_SCHEMES)},
    }
    changed: Document = with_type_arrays(described)
    return changed


def _delivered(kind: EventKind, sentence: str) -> Document:
    """What a subscription gets for an event of this type (Standard Webhooks 1.0)."""
    text = {"type": "string"}
    headers = [
        {"name": name, "in": "header", "required": True, "description": meaning, "schema": text}
        for name, meaning in _DELIVERY_HEADERS.items()
    ]
    ids = {"tenant_id": text, "evento_id": {"type": "string", "format": "uuid"}}
    payload = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": kind.value},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": {
                "type": "object",
                "description": "Ids, numbers and codes; never personal data.",
                "required": list(ids),
                "properties": ids,
            },
        },
    }
    answers = {"2XX": "The event was taken.", "410": "Never again: the subscription is switched off."}
    described = {
        "operationId": _camel("on_" + kind.value.replace(".", "_")),
        "tags": [EVENTS.name],
        "summary": sentence,
        "description": f"{sentence} Every answer of your server but a 2XX and a 410 has it delivered again.",
        "parameters": headers,
        "requestBody": {"required": True, "content": {JSON: {"schema": payload, "example": _EVENT | {"type": kind}}}},
        "responses": {
            **{status: {"description": meaning} for status, meaning in answers.items()},
            "default": {"description": "It is delivered again."},
        },
        "security": [],
    }
    return {"post": described}


class Described(NamedTuple):
    """One operation of the contract: its address, its method, its view, and the route that it is of."""

    path: str
    method: str
    view: View
    route: RouteEntry


def operations_of(app: Chalice) -> Iterator[Described]:
    """Every operation of an app; a route has two where a calendar file stands beside the JSON. Preflights are none."""
    for path, routes in sorted(app.routes.items()):
        for method, route in routes.items():
            for view in () if method == PREFLIGHT else views_of(route.view_function):
                yield Described(path + operation_of(view).suffix, method.lower(), view, route)


def _paths(app: Chalice, schemas: _Schemas) -> Document:
    paths: Document = {}
    for each in operations_of(app):
        paths.setdefault(each.path, {})[each.method] = _described(each.view, each.route, schemas)
    return paths


def _schemas(app: Chalice) -> _Schemas:
    """Every model that a route takes or answers, with those that it is made of."""
    models: set[tuple[type[BaseModel], Mode]] = set()
    for operation in (operation_of(each.view) for each in operations_of(app)):
        takes = operation.takes
        models |= {(each, "validation") for each in (*takes.documents, takes.query, takes.form) if each is not None}
        models |= {(each, "serialization") for each in _answers(operation)}
    ordered = sorted(models, key=lambda each: (each[0].__name__, each[1]))
    references, defined = models_json_schema(ordered, ref_template=_REF + "{model}")
    describe(defined["$defs"])
    return _Schemas(defined["$defs"], {each: references[each] for each in models})


def _answers(operation: Operation) -> tuple[type[BaseModel], ...]:
    return operation.answers(answers=_models())


def _item_fields(operation: Operation) -> frozenset[str]:
    return operation.item_fields(answers=_models())


def _models() -> object:
    from chalicelib.api import answers  # noqa: PLC0415 - fifty models: no cold start pays for them

    return answers


def _described(view: View, route: RouteEntry, schemas: _Schemas) -> Document:
    operation = operation_of(view)
    refused = _refusals(view, route)
    described: Document = {
        "operationId": _camel(view.__name__),
        "tags": [section_of(route.uri_pattern)],
        "summary": (view.__doc__ or "").partition("\n")[0],
        "description": " ".join(_sentences(view, route)),
        "responses": {
            str(operation.status): _success(route, operation, schemas),
            **({"304": _UNCHANGED} if _is_told_apart(route, operation) else {}),
            **{str(status): _refused(status, codes, operation) for status, codes in refused.items()},
            "default": {"description": "Refused.", "content": _refusal(operation.media_type)},
        },
        "x-codigos": sorted(code for codes in refused.values() for code in codes),
        "security": [],
    }
    if route.authorizer:
        name = f"{route.method} {route.uri_pattern}"
        schemes = ("cognito",) if name in FOR_PEOPLE_ALONE else _SCHEMES
        described |= {"security": [{scheme: []} for scheme in schemes], "x-grupo": least(name)}
    if parameters := list(_parameters(route, operation, schemas)):
        described["parameters"] = parameters
    if content := _content(operation.takes, schemas):
        described["requestBody"] = {"required": not _may_be_left_out(operation.takes.body), "content": content}
    _illustrate(described)
    return described


def _camel(name: str) -> str:
    """`list_leads` as `listLeads`, as generated clients name their functions."""
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)


def _sentences(view: View, route: RouteEntry) -> Iterator[str]:
    """What an operation does, who may call it, and how it is repeated or gone on with."""
    takes, name = operation_of(view).takes, f"{route.method} {route.uri_pattern}"
    yield (view.__doc__ or "").strip()
    if route.authorizer:
        yield f"For the group `{least(name)}` and those above it{', not for keys' * (name in FOR_PEOPLE_ALONE)}."
    else:
        yield "It takes no token."
    if takes.key:
        yield f"With an `{HEADER}`, a repeated request takes no effect and gets the first answer."
    if takes.query is not None and "cursor" in takes.query.model_fields:
        yield "`proximo` of the answer is the `cursor` of the next page."


def _illustrate(described: Document) -> None:
    from chalicelib.api.contract.examples import illustrate  # noqa: PLC0415 - a large file: see above

    illustrate(described)


def _may_be_left_out(body: type | None) -> bool:
    """A reason, with or without what else may be said, need not be given."""
    return (
        body is not None
        and issubclass(body, GivenReason)
        and not any(each.is_required() for each in body.model_fields.values())
    )


def _refusals(view: View, route: RouteEntry) -> Mapping[int, Sequence[str]]:
    from chalicelib.api.contract.refusals import refusals  # noqa: PLC0415 - large tables: no cold start pays for them

    return refusals(route, operation_of(view))


def _refused(status: int, codes: Sequence[str], operation: Operation) -> Document:
    """The problems of one status; those of its `Idempotency-Key` are among them."""
    described: Document = {
        "description": f"{messages.title(status, messages.ENGLISH)}: {', '.join(f'`{code}`' for code in codes)}.",
        "content": _refusal(operation.media_type),
        "x-codigos": list(codes),
    }
    if status in _SAY_WHEN or _UNDER_WAY in codes:
        described["headers"] = {"Retry-After": _RETRY_HEADER}
    return described


def _success(route: RouteEntry, operation: Operation, schemas: _Schemas) -> Document:
    described: Document = {"description": "Done."}
    if operation.takes.key:
        described["headers"] = {REPLAYED: _REPLAYED_HEADER}
    if operation.takes.expected:
        described["headers"] = {"ETag": _VERSION_HEADER}
    if _is_told_apart(route, operation):
        described["headers"] = {"ETag": _TAG_HEADER}
    if operation.status != 204:
        models = _answers(operation)
        schema = {"schema": schemas.one_of(models, "serialization")} if models else {**_TEXT}
        described["content"] = {operation.media_type: schema}
        if _item_fields(operation):
            described["content"][SELECTION] = {"schema": {"$ref": _REF + "Selection"}}
        if operation.is_also_markdown(answers=_models()):
            described["content"]["text/markdown"] = {**_TEXT}
    return described


def _refusal(media_type: str) -> Document:
    """A route that answers with a page refuses with a page, too; not so what stands before it, such as the gateway."""
    problem: Document = {PROBLEM: {"schema": {"$ref": _REF + "Problem"}}}
    return {HTML: _TEXT, **problem} if media_type == HTML else problem


def _parameters(route: RouteEntry, operation: Operation, schemas: _Schemas) -> Iterator[Document]:
    yield from _of_path(route, operation.takes)
    yield from _of_query(operation, schemas)
    yield from _of_headers(route, operation)


def _of_path(route: RouteEntry, takes: Takes) -> Iterator[Document]:
    for name in route.view_args:
        is_id = takes.path[name] is UUID
        description = f"As answers have it in `{name}`." if is_id else PARTS[name]
        schema = {"type": "string", "format": "uuid"} if is_id else {"type": "string"}
        yield {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _of_query(operation: Operation, schemas: _Schemas) -> Iterator[Document]:
    """The parameters of the query string."""
    takes = operation.takes
    if takes.query is not None:
        for name, schema in schemas.of(takes.query)["properties"].items():
            text = {"description": schema["description"]} if "description" in schema else {}
            if name != _FIELDS:
                yield {"name": name, "in": "query", **text, **_family(name, schema)}
    if names := sorted(_item_fields(operation)):
        chosen = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": names}}
        yield {**_FIELDS_PARAMETER, "schema": chosen}


def _of_headers(route: RouteEntry, operation: Operation) -> Iterator[Document]:
    if operation.takes.key:
        yield _KEY_PARAMETER
    if operation.takes.expected:
        yield _VERSION_PARAMETER
    if _is_told_apart(route, operation):
        yield _KNOWN_PARAMETER


def _is_told_apart(route: RouteEntry, operation: Operation) -> bool:
    """Whether its answer has an `ETag` by which a client need not get it twice (`every_answer.told_apart`)."""
    return route.method == "GET" and operation.media_type in {JSON, CALENDAR}


def _family(name: str, schema: Document) -> Document:
    """What a query parameter is. A mapping stands for all parameters whose names begin with its name and a dot."""
    if "additionalProperties" not in schema:
        return {"schema": _given(schema)}
    return {"style": "form", "explode": True, "schema": {**schema, "propertyNames": {"pattern": rf"^{name}\."}}}


def _given(schema: Document) -> Document:
    """The schema of a parameter that is given: a query string cannot say null, it leaves the parameter out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else schema


def _content(takes: Takes, schemas: _Schemas) -> Document:
    """The bodies that a route takes, by media type."""
    content: Document = {}
    if takes.documents:
        content[JSON] = {"schema": schemas.one_of(takes.documents, "validation")}
    if takes.form is not None:
        file = {FILE_FIELDS[0]: {"type": "string", "format": "binary"}}
        form = schemas.of(takes.form)
        properties = {**file, **form["properties"]}
        content[MULTIPART] = {"schema": {**form, "required": list(file), "properties": properties}}
    return content
