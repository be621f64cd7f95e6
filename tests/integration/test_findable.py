"""Leads are copied for searches behind the load, and found before that and after it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.leads.lists.findable import FindableLeads
from chalicelib.leads.lists.service import Leads
from chalicelib.leads.requests import LeadQuery, ReadyQuery
from chalicelib.wiring import Services
from tests.builders import CREATED_AT, TENANT, a_job, a_lead, ask, run, wait_for_locks
from tests.conftest import StoppedClock

ROWS = "SELECT lead_id, texto, numeros, tem_telefone, tem_email FROM lead_buscas ORDER BY lead_id"


@pytest.fixture
def leads(services: Services) -> Leads:
    return services.leads


@pytest.fixture
def findable(owner: Database, clock: StoppedClock) -> FindableLeads:
    """Copies two leads at a time, so that a few are several slices."""
    return FindableLeads(database=owner, clock=clock, slice_size=2)


def found(leads: Leads, **query: object) -> list[UUID]:
    page = leads.page(TENANT, LeadQuery.model_validate(query))
    ids = [UUID(each["lead_id"]) for each in page["itens"]]
    assert page["total"] == len(ids)
    return ids


def of_a_job(owner: Database, count: int, **columns: Any) -> list[UUID]:
    """Leads that a job has made and nobody has copied, newest first."""
    job_id = a_job(owner, "leads.xlsx", leads_criados=count, linhas_processadas=count, **columns)
    made = [a_lead(owner, nome=f"Zé Número {number}", job_id=job_id) for number in range(count)]
    run(owner, "DELETE FROM buscas_a_refazer")
    return made[::-1]


def test_lead_is_found_by_its_name_before_it_is_copied_and_after(
    leads: Leads, owner: Database, findable: FindableLeads
) -> None:
    made = of_a_job(owner, 5)
    a_lead(owner, tenant_id="outra", nome="Zé Número 9")
    assert found(leads, q="ze num") == made
    assert findable.copy() == 6
    assert [len(ask(owner, f"SELECT FROM {table}")) for table in ("lead_buscas", "buscas_a_refazer")] == [6, 0]
    assert found(leads, q="ze num") == made
    assert found(leads, q="mero 3") == [made[1]]
    assert findable.copy() == 0


def test_copy_has_folded_texts_every_number_and_the_kinds_of_contact(owner: Database, findable: FindableLeads) -> None:
    whole = a_lead(
        owner, nome="João ÁVILA", contato="Dra. Conceição", documento="52998224725",
        telefones=["+5571999990001", "+5571999990002"],
    )  # fmt: skip
    bare = a_lead(owner, nome=None, telefones=(), emails=())
    run(owner, f"UPDATE lead_emails SET valido_para_disparo = false WHERE lead_id = '{whole}'")
    findable.copy()
    assert ask(owner, ROWS) == [
        [whole, "joao avila\ndra. conceicao", "5571999990001 5571999990002 52998224725 ", True, False],
        [bare, "", "", False, False],
    ]


def test_lead_that_changed_is_found_by_what_it_is_now(leads: Leads, owner: Database, findable: FindableLeads) -> None:
    [lead_id] = of_a_job(owner, 1)
    findable.copy()
    run(owner, f"UPDATE leads SET nome = 'Outro Nome' WHERE lead_id = '{lead_id}'")
    for _ in range(2):
        assert (found(leads, q="outro nome"), found(leads, q="zé número")) == ([lead_id], [])
        findable.copy()
    assert ask(owner, "SELECT texto FROM lead_buscas") == [["outro nome"]]


def test_lead_that_was_moved_need_not_be_copied_again(owner: Database, findable: FindableLeads) -> None:
    of_a_job(owner, 1)
    findable.copy()
    run(owner, "UPDATE leads SET status = 'concluido'")
    assert findable.copy() == 0


def test_lead_is_found_by_its_tag_before_it_is_copied_and_after(
    leads: Leads, owner: Database, findable: FindableLeads
) -> None:
    made = of_a_job(owner, 4)
    a_lead(owner, tenant_id="outra")
    run(owner, f"UPDATE leads SET tags = '{{vip,bom}}' WHERE lead_id = '{made[1]}' OR tenant_id = 'outra'")
    run(owner, "DELETE FROM buscas_a_refazer")
    for _ in range(2):
        assert (found(leads, tag="vip"), found(leads, tag="bom"), found(leads, tag="vi")) == ([made[1]], [made[1]], [])
        findable.copy()
    run(owner, f"UPDATE leads SET tags = CASE lead_id WHEN '{made[2]}' THEN '{{vip}}' ELSE '{{}}' END::text[]")
    for _ in range(2):
        assert (found(leads, tag="vip"), found(leads, tag="bom")) == ([made[2]], [])
        findable.copy()
    assert found(leads, tag="vip", status="concluido") == []
    assert found(leads, tag="vip", status="novo") == [made[2]]


def test_nothing_of_an_erased_lead_is_kept(leads: Leads, owner: Database, findable: FindableLeads) -> None:
    of_a_job(owner, 1)
    findable.copy()
    run(
        owner,
        "UPDATE leads SET lead_id_externo = 'apagado:' || lead_id, nome = NULL, telefone_raw = NULL, email_raw = NULL,"
        " status = 'descartado', apagado_em = now()",
    )
    assert ask(owner, ROWS) == []
    assert (findable.copy(), ask(owner, ROWS), found(leads, q="zé número")) == (1, [], [])


def test_copy_that_was_written_while_a_lead_was_erased_goes_with_the_next_sweep(
    owner: Database, findable: FindableLeads
) -> None:
    [lead_id] = of_a_job(owner, 1)
    run(
        owner,
        "UPDATE leads SET lead_id_externo = 'apagado:' || lead_id, nome = NULL, telefone_raw = NULL, email_raw = NULL,"
        " status = 'descartado', apagado_em = now()",
    )
    run(owner, f"INSERT INTO lead_buscas VALUES ('{TENANT}', '{lead_id}', 'ze numero 0', '', true, true)")
    findable.copy()
    assert ask(owner, ROWS) == []


def test_removed_lead_takes_its_copy_along(owner: Database, findable: FindableLeads) -> None:
    of_a_job(owner, 2)
    findable.copy()
    run(owner, "DELETE FROM leads")
    assert ask(owner, ROWS) == []


def test_leads_of_a_job_that_is_under_way_wait_for_its_end(
    leads: Leads, owner: Database, findable: FindableLeads
) -> None:
    made = of_a_job(owner, 3, ended=None)
    assert (findable.copy(), found(leads, q="zé número")) == (0, made)
    run(owner, f"UPDATE ingest_jobs SET status = 'concluido', concluido_em = '{CREATED_AT}'")
    assert (findable.copy(), found(leads, q="zé número")) == (3, made)


def test_job_that_was_resumed_is_copied_again(leads: Leads, owner: Database, findable: FindableLeads) -> None:
    [first] = of_a_job(owner, 1)
    findable.copy()
    [[job_id]] = ask(owner, "SELECT job_id FROM ingest_jobs")
    second = a_lead(owner, nome="Zé Número 2", job_id=job_id)
    run(owner, "DELETE FROM buscas_a_refazer")
    run(owner, "UPDATE ingest_jobs SET leads_criados = 2, linhas_processadas = 2")
    assert found(leads, q="zé número") == [second, first]
    assert (findable.copy(), findable.copy()) == (2, 0)
    assert found(leads, q="zé número") == [second, first]


def test_dry_run_has_no_leads_to_copy(owner: Database, findable: FindableLeads) -> None:
    a_job(owner, "ensaio.xlsx", validar_apenas=True)
    assert findable.copy() == 0


def test_copy_that_lasts_longer_than_a_sweep_has_time_goes_on_in_the_next_one(
    owner: Database, leads: Leads, clock: StoppedClock
) -> None:
    made = of_a_job(owner, 5)
    copied: list[int] = []
    late = FindableLeads(database=owner, clock=lambda: clock() + timedelta(seconds=15 * len(copied)), slice_size=2)
    ticking = iter(range(100))
    hurried = FindableLeads(database=owner, clock=lambda: clock() + timedelta(seconds=11 * next(ticking)), slice_size=2)
    assert hurried.copy() == 2
    assert ask(owner, "SELECT leads_buscaveis, buscas_ate FROM ingest_jobs") == [[0, made[3]]]
    assert found(leads, q="zé número") == made
    assert late.copy() == 3
    assert ask(owner, "SELECT leads_buscaveis, buscas_ate FROM ingest_jobs") == [[5, None]]


def test_leads_of_one_kind_of_contact_are_ready_before_and_after_they_are_copied(
    leads: Leads, owner: Database, findable: FindableLeads
) -> None:
    job_id = a_job(owner, "leads.xlsx", leads_criados=9, linhas_processadas=9)
    phones = [a_lead(owner, emails=(), job_id=job_id) for _ in range(3)][::-1]
    emails = [a_lead(owner, telefones=(), job_id=job_id) for _ in range(3)][::-1]
    for _ in range(3):
        a_lead(owner, job_id=job_id)
    for _ in range(2):
        for kind, made in (("telefone", phones), ("email", emails)):
            ready = leads.ready(TENANT, ReadyQuery.model_validate({"tipo_contato": kind}))
            assert [each["lead_id"] for each in ready["itens"]] == made
            ready = leads.ready(TENANT, ReadyQuery.model_validate({"tipo_contato": kind, "limit": 1, "offset": 1}))
            assert [each["lead_id"] for each in ready["itens"]] == made[1:2]
        findable.copy()


def test_page_of_ready_leads_ends_after_so_many_candidates(
    leads: Leads, owner: Database, findable: FindableLeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.leads.lists.service.LOOKED_AT", 2)
    monkeypatch.setattr("chalicelib.leads.lists.lead_search._FEW", 2)
    monkeypatch.setattr("chalicelib.leads.lists.lead_search._GROWTH", 1)
    made = [a_lead(owner, emails=(), status="novo" if number < 2 else "concluido") for number in range(7)][::-1]
    findable.copy()

    def page(**query: object) -> tuple[list[UUID], str | None]:
        answer = leads.ready(TENANT, ReadyQuery.model_validate({"tipo_contato": "telefone", "limit": 1, **query}))
        return [each["lead_id"] for each in answer["itens"]], answer["proximo"]

    pages, cursor = [], None
    while True:
        found, cursor = page(**({"cursor": cursor} if cursor else {}))
        pages.append(found)
        if cursor is None:
            break
    assert pages == [[], [], [made[5]], [made[6]]]
    assert page(offset=1)[0] == [made[6]]


def test_lead_that_is_being_changed_is_copied_as_it_is_after_that(
    leads: Leads, owner: Database, findable: FindableLeads
) -> None:
    lead_id = a_lead(owner, nome="Antes")
    with ThreadPoolExecutor(1) as pool:
        with owner.transaction(TENANT) as rows:
            rows.execute(f"UPDATE leads SET nome = 'Depois' WHERE lead_id = '{lead_id}'")
            copying = pool.submit(findable.copy)
            wait_for_locks(owner, 1, copying)
        assert copying.result() == 1
    assert ask(owner, "SELECT texto FROM lead_buscas") == [["depois"]]
    assert findable.copy() == 0
    assert found(leads, q="depois") == [lead_id]
