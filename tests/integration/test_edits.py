"""People correct leads: their status, their data and their campos, over a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Conflict, Invalid
from chalicelib.leads.edits import LeadEdits
from chalicelib.leads.requests import LeadChange
from chalicelib.leads.service import Leads
from chalicelib.leads.states import LeadStatus, may_move
from chalicelib.wiring import Services
from tests.builders import ANA, CREATED_AT, TENANT, a_lead, insert, lead_status, wait_for_locks
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
            rows.run("move_leads", lead_ids=[lead_id], de=["sem_sucesso"], para="descartado", agora=CREATED_AT)
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
