"""Each operation declares the problems that it can answer, and the page of the codes says which do."""

from __future__ import annotations

from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.api.contract.problems import BEFORE_ANY_ROUTE, OF_ITEMS, PROBLEMS
from chalicelib.api.contract.refusals import OWN
from local.project import ROOT
from tests.codes_page import page


def operations_in(contract: Any) -> list[Any]:
    return [each for methods in contract["paths"].values() for each in methods.values()]


def test_every_route_of_the_table_exists(app: Chalice) -> None:
    routes = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    assert OWN.keys() - routes == set()


def test_every_code_of_the_table_is_given_by_an_operation(contract: Any) -> None:
    given = {code for each in operations_in(contract) for code in each["x-codigos"]}
    assert given == PROBLEMS.keys() - BEFORE_ANY_ROUTE - OF_ITEMS


def test_operation_lists_its_codes_as_a_whole_and_by_status(contract: Any) -> None:
    for each in operations_in(contract):
        by_status = {
            (int(status), code) for status, answer in each["responses"].items() for code in answer.get("x-codigos", ())
        }
        assert sorted(code for _, code in by_status) == each["x-codigos"], each["operationId"]
        assert by_status == {(PROBLEMS[code].status, code) for code in each["x-codigos"]}, each["operationId"]


@pytest.mark.parametrize(
    ("path", "method", "codes"),
    [
        ("/saude", "get", {"banco_indisponivel", "requisicoes_demais"}),
        ("/leads", "get", {"nao_autenticado", "cursor_invalido", "requisicao_invalida", "campo_desconhecido"}),
        ("/leads/{lead_id}", "get", {"nao_encontrado"}),
        ("/leads", "post", {"grupo_exigido", "requisicao_em_andamento", "lead_existente", "tipo_nao_suportado"}),
        ("/chaves", "post", {"so_para_pessoas"}),
    ],
)
def test_signature_of_a_handler_says_what_is_refused_before_it(
    contract: Any, path: str, method: str, codes: set[str]
) -> None:
    assert set(contract["paths"][path][method]["x-codigos"]) >= codes


def test_what_an_operation_does_not_take_it_does_not_refuse(contract: Any) -> None:
    assert "nao_autenticado" not in contract["paths"]["/saude"]["get"]["x-codigos"]
    assert "nao_encontrado" not in contract["paths"]["/leads"]["get"]["x-codigos"]
    assert "so_para_pessoas" not in contract["paths"]["/leads"]["post"]["x-codigos"]
    assert "banco_indisponivel" not in contract["paths"]["/openapi.json"]["get"]["x-codigos"]
    assert "tipo_nao_suportado" not in contract["paths"]["/ingest/leads/xlsx"]["post"]["x-codigos"]


def test_page_of_the_codes_is_what_the_contract_says(contract: Any) -> None:
    written = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    assert written == page(contract), "run: python -m tests.codes_page > docs/codes.md"
