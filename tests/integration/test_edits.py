"""People correct leads: their status, their data and their campos, over a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Conflict, Invalid, NotFound, OtherLead
from chalicelib.leads.edits.edits import LeadEdits
from chalicelib.leads.lists.service import Leads
from chalicelib.leads.requests import LeadChange
from chalicelib.leads.states import LeadStatus, may_move
from chalicelib.pages import PageQuery
from chalicelib.wiring import Services
from tests.builders import ANA, CREATED_AT, TENANT, a_lead, ask, insert, lead_status, run, wait_for_locks
from tests.conftest import StoppedClock


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def leads(services: Services) -> Leads:
    return services.leads


@pytest.fixture
def edits(services: Services) -> LeadEdits:
    return services.lead_edits


def changed(edits: LeadEdits, lead_id: UUID, **change: Any) -> dict[str, Any]:
    """The lead after a change that came as JSON."""
    return edits.change(ANA, lead_id, LeadChange.model_validate_json(json.dumps(change)))


def refusals(raised: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    """The pointers and codes of a refusal."""
    return [(each.pointer, each.code) for each in raised.value.errors]


def a_campo(owner: Database, campo: str, tipo: str) -> None:
    """A campo that a file of the tenant had."""
    insert(owner, "tenant_campos", tenant_id=TENANT, campo=campo, tipo=tipo, titulo=campo.title(), visto_em=CREATED_AT)


@pytest.mark.parametrize("origin", list(LeadStatus))
@pytest.mark.parametrize("destination", list(LeadStatus))
def test_person_moves_a_lead_only_as_the_states_allow(
    edits: LeadEdits, leads: Leads, owner: Database, clock: StoppedClock, origin: LeadStatus, destination: LeadStatus
) -> None:
    lead_id = a_lead(owner, status=origin.value)
    if origin == destination or may_move(origin, destination):
        changed = edits.change(ANA, lead_id, LeadChange(status=destination))
        assert (changed["status"], changed["atualizado_em"]) == (destination, clock())
    else:
        with pytest.raises(Conflict) as raised:
            edits.change(ANA, lead_id, LeadChange(status=destination))
        assert raised.value.params == {"de": origin.value, "para": destination.value}
        assert lead_status(owner, lead_id) == origin


def test_new_tags_replace_the_old_ones(edits: LeadEdits, leads: Leads, owner: Database) -> None:
    lead_id = a_lead(owner, tags=["velha"])
    change = LeadChange.model_validate_json(json.dumps({"tags": [" vip ", "vip", "São Paulo"]}))
    assert edits.change(ANA, lead_id, change)["tags"] == ["vip", "São Paulo"]
    assert edits.change(ANA, lead_id, LeadChange(tags=()))["tags"] == []


def test_refused_move_does_not_change_the_tags(edits: LeadEdits, leads: Leads, owner: Database) -> None:
    lead_id = a_lead(owner, tags=["velha"])
    with pytest.raises(Conflict):
        edits.change(ANA, lead_id, LeadChange(status=LeadStatus.CONCLUIDO, tags=("nova",)))
    assert leads.get(TENANT, lead_id)["tags"] == ["velha"]


def test_second_of_two_moves_at_once_starts_from_the_status_of_the_first(
    edits: LeadEdits, leads: Leads, owner: Database
) -> None:
    lead_id = a_lead(owner, status="sem_sucesso")
    with ThreadPoolExecutor(1) as pool:
        with owner.transaction(TENANT) as rows:
            rows.run(
                "move_leads", lead_ids=[lead_id], de=["sem_sucesso"], para="descartado", fato="x", agora=CREATED_AT
            )
            second = pool.submit(edits.change, ANA, lead_id, LeadChange(status=LeadStatus.EM_DISPARO))
            wait_for_locks(owner, 1, second)
        with pytest.raises(Conflict) as raised:
            second.result()
    assert raised.value.params == {"de": "descartado", "para": "em_disparo"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{}", "mudanca_vazia"),
        ('{"status":null,"tags":null}', "mudanca_vazia"),
        ('{"tags":["  "]}', "string_too_short"),
        (json.dumps({"tags": ["a" * 41]}), "string_too_long"),
        (json.dumps({"tags": [f"t{n}" for n in range(21)]}), "too_long"),
        ('{"tags":"vip"}', "tuple_type"),
        ('{"status":"feliz"}', "enum"),
        ('{"nome":""}', "string_too_short"),
        ('{"nome_do_meio":"Outro"}', "extra_forbidden"),
    ],
)
def test_invalid_change_is_refused(body: str, code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        LeadChange.model_validate_json(body)
    assert raised.value.errors()[0]["type"] == code


# Data


def test_person_corrects_the_data_of_a_lead_and_null_removes_a_text(edits: LeadEdits, owner: Database) -> None:
    lead_id = a_lead(owner, documento="52998224725", contato="Ana")
    shown = changed(edits, lead_id, nome=" Maria José ", documento="11.222.333/0001-81", contato=None)
    assert (shown["nome"], shown["documento"], shown["contato"]) == ("Maria José", "11222333000181", None)
    assert shown["status"] == "novo"
    assert changed(edits, lead_id, documento=None)["documento"] is None
    assert changed(edits, lead_id, tags=["x"])["nome"] == "Maria José"


def test_change_records_who_made_it_and_of_what(edits: LeadEdits, owner: Database) -> None:
    lead_id = a_lead(owner)
    changed(edits, lead_id, nome="Ana", campos={"cidade": "Salvador"})
    detail = {"lead_id": str(lead_id), "campos": ["campos", "nome"], "por": "ana"}
    assert ask(owner, "SELECT tipo, detalhe FROM eventos") == [["lead.changed", detail]]


def test_document_of_another_lead_is_refused_and_names_it(edits: LeadEdits, owner: Database) -> None:
    other = a_lead(owner, documento="52998224725")
    a_lead(owner, documento="11222333000181", tenant_id="outra")
    lead_id = a_lead(owner)
    with pytest.raises(OtherLead) as raised:
        changed(edits, lead_id, documento="529.982.247-25", nome="Outra")
    assert (raised.value.code, raised.value.lead_id) == ("documento_de_outro_lead", str(other))
    assert changed(edits, lead_id, documento="11222333000181")["nome"] == "Maria da Silva"


def test_lead_that_shares_its_document_already_can_still_be_corrected(edits: LeadEdits, owner: Database) -> None:
    lead_id, _ = (a_lead(owner, documento="52998224725") for _ in range(2))
    assert changed(edits, lead_id, documento="52998224725", nome="Ana")["nome"] == "Ana"


def test_lead_keeps_something_by_which_it_is_found(edits: LeadEdits, owner: Database) -> None:
    lead_id = a_lead(owner, documento="52998224725", telefones=(), emails=())
    with pytest.raises(Conflict, match="ultimo_contato"):
        changed(edits, lead_id, documento=None)


def test_wrong_texts_are_refused_before_anything_is_changed(edits: LeadEdits, owner: Database) -> None:
    lead_id = a_lead(owner, tags=["velha"])
    for change, refusal in (
        ({"nome": "-"}, ("/nome", "nome_vazio")),
        ({"contato": "n/a"}, ("/contato", "nome_vazio")),
        ({"documento": "111"}, ("/documento", "documento_invalido")),
        ({"campos": {"Valor": 1}}, ("/campos/Valor", "nome_de_campo_invalido")),
    ):
        with pytest.raises(Invalid) as raised:
            changed(edits, lead_id, tags=["nova"], **change)
        assert refusals(raised) == [refusal]
    assert ask(owner, "SELECT tags, campos FROM leads") == [[["velha"], {}]]


def test_lead_of_another_tenant_is_not_changed(edits: LeadEdits, owner: Database) -> None:
    lead_id = a_lead(owner, tenant_id="outra")
    with pytest.raises(NotFound):
        changed(edits, lead_id, tags=["a"])
    assert ask(owner, "SELECT tags FROM leads") == [[[]]]


# Campos


def test_campos_are_merged_and_null_removes_one(edits: LeadEdits, owner: Database) -> None:
    lead_id = a_lead(owner)
    run(owner, """UPDATE leads SET campos = '{"cidade": "Salvador", "valor": 12345678901234567.89, "obs": "x"}'""")
    shown = changed(edits, lead_id, campos={"cidade": "Recife", "obs": None, "nada": None, "pago": True})
    assert shown["campos"] | {"valor": 0} == {"cidade": "Recife", "valor": 0, "pago": True}
    assert ask(owner, "SELECT campos ->> 'valor' FROM leads") == [["12345678901234567.89"]]


def test_new_campo_of_a_person_is_listed_with_its_type(edits: LeadEdits, leads: Leads, owner: Database) -> None:
    a_campo(owner, "cidade", "texto")
    changed(edits, a_lead(owner), campos={"cidade": "Recife", "vencimento": "2026-12-05", "valor": 10.5})
    listed = leads.campos(TENANT, PageQuery())["itens"]
    assert [(each["campo"], each["tipo"], each["titulo"]) for each in listed] == [
        ("cidade", "texto", "Cidade"),
        ("valor", "numero", "valor"),
        ("vencimento", "data", "vencimento"),
    ]
    assert listed[0]["amostras"] == []


def test_value_of_another_type_than_its_campo_is_refused(edits: LeadEdits, owner: Database) -> None:
    a_campo(owner, "valor", "moeda")
    lead_id = a_lead(owner)
    with pytest.raises(Invalid) as raised:
        changed(edits, lead_id, campos={"valor": "muito"})
    assert refusals(raised) == [("/campos/valor", "valor_de_outro_tipo")]
    assert changed(edits, lead_id, campos={"valor": 99.9})["campos"] == {"valor": 99.9}


@pytest.mark.parametrize("body", ['{"campos":{"x":[1]}}', '{"campos":{"x":1e15}}', '{"campos":{"x":{}}}'])
def test_value_that_is_no_text_number_or_truth_is_refused(body: str) -> None:
    with pytest.raises(ValidationError) as raised:
        LeadChange.model_validate_json(body)
    assert raised.value.errors()[0]["type"] == "campo_invalido"


def test_pages_of_campos_hold_each_once(leads: Leads, owner: Database) -> None:
    for campo, tipo in (("b", "texto"), ("a", "texto"), ("a", "data"), ("c", "hora")):
        a_campo(owner, campo, tipo)
    found, cursor = [], None
    while True:
        page = leads.campos(TENANT, PageQuery(limit=2, cursor=cursor))
        found += [(each["campo"], each["tipo"]) for each in page["itens"]]
        if (cursor := page["proximo"]) is None:
            break
    assert found == [("a", "data"), ("a", "texto"), ("b", "texto"), ("c", "hora")]
