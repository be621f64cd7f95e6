"""People tag many leads at once, over a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Invalid
from chalicelib.identity import Identity
from chalicelib.leads.edits.tagging import retagged
from chalicelib.leads.requests import MOST_TAGGED, LeadQuery, LeadTagging
from chalicelib.wiring import Services
from tests.builders import ANA, TENANT, a_lead, ask, run, wait_for_locks
from tests.conftest import StoppedClock
from tests.integration.conftest import ContractClient

NOBODY = UUID(int=1)
TAGS = st.lists(st.sampled_from("abcdef"), unique=True)


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


def tag(services: Services, *lead_ids: UUID, identity: Identity = ANA, **change: list[str]) -> dict[str, Any]:
    document = {"lead_ids": [str(each) for each in lead_ids], **change}
    return services.lead_tags.change(identity, LeadTagging.model_validate_json(json.dumps(document)))


def tags_of(owner: Database, lead_id: UUID) -> list[str]:
    [[tags]] = ask(owner, f"SELECT tags FROM leads WHERE lead_id = '{lead_id}'")
    return list(tags)


def test_tags_are_added_behind_those_that_stay(services: Services, owner: Database, clock: StoppedClock) -> None:
    first, second = a_lead(owner, tags=["frio", "vip"]), a_lead(owner)
    clock.advance(hours=1)
    assert tag(services, first, second, adicionar=[" norte", "vip"], retirar=["frio"]) == {
        "alterados": 2, "desconhecidos": [],
    }  # fmt: skip
    assert (tags_of(owner, first), tags_of(owner, second)) == (["vip", "norte"], ["norte", "vip"])
    assert services.leads.get(TENANT, first)["atualizado_em"] == clock()


def test_what_changes_nothing_leaves_no_trace(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, tags=["vip"])
    assert tag(services, lead_id, adicionar=["vip"], retirar=["frio"])["alterados"] == 0
    assert ask(owner, "SELECT count(*) FROM lead_eventos") == [[0]]
    assert tag(services, lead_id, lead_id, adicionar=["norte"])["alterados"] == 1
    assert tag(services, lead_id, adicionar=["norte"])["alterados"] == 0
    assert ask(owner, "SELECT count(*) FROM eventos WHERE tipo = 'lead.changed'") == [[1]]
    assert ask(owner, "SELECT count(*) FROM auditoria WHERE objeto = 'lead' AND acao = 'mudanca'") == [[1]]


def test_each_lead_tells_who_changed_what(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_ids = [a_lead(owner, tags=["frio"]) for _ in range(2)]
    tag(services, *lead_ids, adicionar=["norte"], retirar=["frio"])
    told = "SELECT lead_id, em, tipo, por, mudancas FROM lead_eventos ORDER BY lead_id"
    change = [{"campo": "tags", "de": ["frio"], "para": ["norte"]}]
    assert ask(owner, told) == [[each, clock(), "dados", ANA.subject, change] for each in sorted(lead_ids)]
    published = "SELECT detalhe, criado_em FROM eventos WHERE tipo = 'lead.changed' ORDER BY detalhe ->> 'lead_id'"
    assert ask(owner, published) == [
        [{"lead_id": str(each), "campos": ["tags"], "por": ANA.subject}, clock()] for each in sorted(lead_ids)
    ]
    audited = "SELECT objeto_id, mudancas FROM auditoria WHERE objeto = 'lead' ORDER BY objeto_id"
    hidden = [{"campo": "tags", "de": None, "para": None, "oculto": True}]
    assert ask(owner, audited) == [[str(each), hidden] for each in sorted(lead_ids)]


def an_erased_lead(owner: Database) -> UUID:
    lead_id = a_lead(owner)
    blank = (
        "nome = NULL, contato = NULL, documento = NULL, telefone_raw = NULL, email_raw = NULL, status = 'descartado'"
    )
    external = "lead_id_externo = 'apagado:' || lead_id"
    run(owner, f"UPDATE leads SET apagado_em = now(), {blank}, {external} WHERE lead_id = '{lead_id}'")
    return lead_id


def test_ids_of_nobody_of_another_tenant_and_of_the_erased_are_unknown(services: Services, owner: Database) -> None:
    mine, theirs = a_lead(owner), a_lead(owner, tenant_id="outra", tags=["frio"])
    erased = an_erased_lead(owner)
    done = tag(services, NOBODY, theirs, mine, erased, NOBODY, adicionar=["vip"], retirar=["frio"])
    assert done == {"alterados": 1, "desconhecidos": [NOBODY, theirs, erased]}
    assert tags_of(owner, theirs) == ["frio"]
    assert tags_of(owner, erased) == []


def test_lead_that_would_have_too_many_tags_refuses_all(services: Services, owner: Database) -> None:
    fits, full = a_lead(owner), a_lead(owner, tags=[f"t{number}" for number in range(20)])
    with pytest.raises(Invalid) as raised:
        tag(services, fits, full, adicionar=["vip"])
    assert (raised.value.code, raised.value.params) == ("tags_no_limite", {"maximo": 20})
    assert [(each.pointer, each.code) for each in raised.value.errors] == [("/lead_ids/1", "tags_no_limite")]
    assert tags_of(owner, fits) == []
    assert tag(services, fits, full, adicionar=["vip"], retirar=["t0"])["alterados"] == 2


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"lead_ids": [str(NOBODY)]}, "mudanca_vazia"),
        ({"lead_ids": [str(NOBODY)], "adicionar": [], "retirar": []}, "mudanca_vazia"),
        ({"lead_ids": [str(NOBODY)], "adicionar": ["vip", "norte"], "retirar": ["norte\u200b"]}, "tag_nos_dois"),
        ({"lead_ids": [], "adicionar": ["vip"]}, "too_short"),
        ({"lead_ids": [str(NOBODY)] * (MOST_TAGGED + 1), "adicionar": ["vip"]}, "too_long"),
        ({"lead_ids": ["x", str(NOBODY)], "adicionar": ["vip"]}, "uuid_parsing"),
        ({"lead_ids": [str(NOBODY)], "adicionar": [" "]}, "string_too_short"),
        ({"lead_ids": [str(NOBODY)], "adicionar": ["x" * 41]}, "string_too_long"),
        ({"lead_ids": [str(NOBODY)], "retirar": [f"t{number}" for number in range(21)]}, "too_long"),
        ({"adicionar": ["vip"]}, "missing"),
        ({"lead_ids": [str(NOBODY)], "adicionar": ["vip"], "tags": []}, "extra_forbidden"),
    ],
)
def test_request_that_says_nothing_or_too_much_is_refused(document: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        LeadTagging.model_validate_json(json.dumps(document), strict=True)
    assert [each["type"] for each in raised.value.errors()] == [code]


def test_a_thousand_leads_are_tagged_and_found_by_the_tag(services: Services, owner: Database) -> None:
    columns = "tenant_id, lead_id, lead_id_externo, origem_arquivo, origem_aba, linha_planilha, job_id"
    values = f"'{TENANT}', novo_id(), n::text, 'a.csv', 'a', n, '{uuid4()}', now(), now()"
    run(
        owner,
        f"INSERT INTO leads ({columns}, criado_em, atualizado_em) SELECT {values} FROM generate_series(2, 1001) n",
    )
    lead_ids = [row[0] for row in ask(owner, "SELECT lead_id FROM leads")]
    assert tag(services, *lead_ids, adicionar=["vip"])["alterados"] == MOST_TAGGED
    assert services.leads.page(TENANT, LeadQuery(tag="vip"))["total"] == MOST_TAGGED


def test_two_who_tag_the_same_leads_lose_nothing(services: Services, owner: Database) -> None:
    lead_ids = [a_lead(owner) for _ in range(3)]
    with ThreadPoolExecutor(1) as pool, owner.transaction(TENANT) as rows:
        rows.all("lock_leads_to_tag", lead_ids=lead_ids)
        second = pool.submit(tag, services, *reversed(lead_ids), adicionar=["norte"])
        wait_for_locks(owner, 1, second)
        change = [{"campo": "tags", "de": [], "para": ["vip"]}]
        leads = [
            {"lead_id": str(each), "tags": ["vip"], "mudancas": change, "evento_id": str(uuid4())} for each in lead_ids
        ]
        rows.run("tag_leads", leads=json.dumps(leads), por="rui", agora="2026-11-30T12:00:00Z")
    assert second.result()["alterados"] == 3
    assert [tags_of(owner, each) for each in lead_ids] == [["vip", "norte"]] * 3


@given(TAGS, TAGS, TAGS)
def test_change_of_tags_is_one_that_may_be_repeated(tags: list[str], added: list[str], removed: list[str]) -> None:
    removed = [each for each in removed if each not in added]
    once = retagged(tags, added, removed)
    assert retagged(once, added, removed) == once
    assert set(once) == (set(tags) - set(removed)) | set(added)
    assert len(once) == len(set(once))
    assert [each for each in once if each in tags] == [each for each in tags if each in once]


def test_readers_tag_nobody(api: ContractClient, owner: Database) -> None:
    lead_id = a_lead(owner)
    body = json.dumps({"lead_ids": [str(lead_id)], "adicionar": ["vip"]}).encode()
    asked = {
        group: api.ask(
            "POST", "/leads/tags", token=api.token(TENANT, group), body=body, Content_Type="application/json"
        )[:2]
        for group in ("leitor", "operador")
    }
    assert (asked["leitor"][0], asked["leitor"][1]["code"]) == (403, "grupo_exigido")
    assert asked["operador"] == (200, {"alterados": 1, "desconhecidos": []})
