"""What Schemathesis loads into its own process: real ids in most requests, and the checks of tenants and groups.

`FUZZ_API` is a JSON document: the ids of the caller's tenant (`ours`), those of another one (`theirs`), the mark that
every text of the other one has, and the caller's `group`, null for nobody.
"""

from __future__ import annotations

import json
import os
from typing import Any
from zlib import crc32

import schemathesis

_GIVEN = json.loads(os.environ["FUZZ_API"])
_OURS, _THEIRS, _MARK, _GROUP = (_GIVEN[name] for name in ("ours", "theirs", "mark", "group"))
_GROUPS = ("leitor", "operador", "admin")
_THEIRS_IDS = {name for name in _THEIRS if name.endswith("_id")}
_SECRET_HEADER = "X-Webhook-Secret"
_PROBLEM = "application/problem+json"
_BEFORE_ANY_ROUTE = {405, 414, 431, 501}


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(_context: Any, case: Any, **_kwargs: Any) -> None:
    """Put an id of ours into three requests of five, and one of the other tenant into another."""
    draw = crc32(f"{case.operation.label} {case.path_parameters} {case.query} {case.body!r}".encode(errors="replace"))
    for name in case.path_parameters or ():
        known = _THEIRS if draw % 5 == 3 and name in _THEIRS_IDS else _OURS
        if draw % 5 < 4 and (ids := known.get(f"{case.path.split('/')[1]}.{name}", known.get(name))):
            case.path_parameters[name] = ids[draw // 5 % len(ids)]
    if isinstance(case.body, dict) and draw % 5 < 4:
        case.body = {**case.body, **_that_exists(case.body, draw // 5)}
    if case.path.startswith("/webhooks/") and case.path_parameters.get("canal") == "email" and draw % 5 < 4:
        case.query = {**(case.query or {}), "chave": _OURS["chave"][0]}
        case.headers[_SECRET_HEADER] = _OURS["segredo"][0]


def _that_exists(body: dict[str, Any], draw: int) -> dict[str, Any]:
    """Of what a document names, what there is."""
    message = {"canal": "email", "template": "oi-email"}
    known = {name: _OURS[name][draw % len(_OURS[name])] for name in body if name in _OURS and name.endswith("_id")}
    if "template" in body:
        known |= {**message, "payload": {"variaveis": {"nome": "Ana"}}}
    if "etapas" in body:
        known["etapas"] = [{"variantes": [{"mensagens": [message]}]}]
    return known


@schemathesis.check  # type: ignore[untyped-decorator]
def tenants_stay_apart(_context: Any, response: Any, case: Any) -> None:
    """No answer has a text of the other tenant, and no request with an id of it gets to what it names."""
    assert _MARK not in response.text, "an answer has a text of another tenant"
    for name, value in (case.path_parameters or {}).items():
        if name in _THEIRS_IDS and value in _THEIRS[name]:
            assert response.status_code >= 400, "an id of another tenant is known"
            is_our_key = "requisicao_em_andamento" in response.text
            assert response.status_code != 409 or is_our_key, "the state of another tenant's row is told"


@schemathesis.check  # type: ignore[untyped-decorator]
def group_decides(_context: Any, response: Any, case: Any) -> None:
    """Who has not said who they are gets 401, and who is of a lesser group than the operation's gets 403."""
    least = case.operation.definition.raw.get("x-grupo")
    if least is None:
        return
    if _GROUP is None:
        assert response.status_code == 401, "an operation answers nobody"
    elif _GROUPS.index(_GROUP) < _GROUPS.index(least):
        assert response.status_code == 403, "an operation answers a lesser group"


@schemathesis.check  # type: ignore[untyped-decorator]
def codes_are_declared(_context: Any, response: Any, case: Any) -> None:
    """A refusal has a code that the operation declares under this status; one before any route is of no operation."""
    if response.status_code in _BEFORE_ANY_ROUTE or _PROBLEM not in response.headers.get("content-type", [""])[0]:
        return
    declared = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("x-codigos", ())
    code = response.json()["code"]
    assert code in declared, f"{response.status_code} {code} is not declared"
