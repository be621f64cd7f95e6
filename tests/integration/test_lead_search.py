"""Searches narrow down what they look through: by spans of ids, by look-ups, and by both."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError

from chalicelib.adapters.database import Database, Rows
from chalicelib.leads.lists import lead_search
from chalicelib.leads.lists.findable import FindableLeads
from chalicelib.leads.lists.lead_search import IdSpan, LeadSearch
from chalicelib.leads.lists.service import Leads
from chalicelib.leads.requests import LeadQuery
from chalicelib.wiring import Services
from tests.builders import CREATED_AT, TENANT, a_job, a_lead, explain, insert, run, vacuum
from tests.conftest import StoppedClock
from tests.integration.test_api_isolation import read
from tests.integration.test_leads import all_pages

DAY = timedelta(days=1)


@pytest.fixture
def leads(services: Services) -> Leads:
    return services.leads


def of_a_file(owner: Database, file: str, began: datetime, count: int = 1, **columns: Any) -> list[UUID]:
    """Leads of a file, newest first."""
    job_id = a_job(owner, file, began=began, ended=began + timedelta(minutes=1))
    times = [began + timedelta(seconds=number) for number in range(count)]
    return [a_lead(owner, origem_arquivo=file, job_id=job_id, criado_em=at, **columns) for at in times][::-1]


def page(leads: Leads, **query: Any) -> dict[str, Any]:
    return leads.page(TENANT, LeadQuery.model_validate(query))


def ids(leads: Leads, **query: Any) -> list[UUID]:
    return [UUID(each["lead_id"]) for each in page(leads, **query)["itens"]]


def test_leads_of_a_file_are_found_in_all_of_its_jobs(leads: Leads, owner: Database) -> None:
    old = of_a_file(owner, "a.xlsx", CREATED_AT, 3)
    of_a_file(owner, "b.xlsx", CREATED_AT + DAY, 3)
    new = of_a_file(owner, "a.xlsx", CREATED_AT + 2 * DAY, 3)
    assert page(leads, origem_arquivo="a.xlsx")["total"] == 6
    assert ids(leads, origem_arquivo="a.xlsx") == [*new, *old]
    assert ids(leads, origem_arquivo="a.xlsx", limit=2, offset=2) == [new[2], old[0]]
    paged = all_pages(lambda query: page(leads, origem_arquivo="a.xlsx", **query), 2)
    assert [UUID(each["lead_id"]) for each in paged] == [*new, *old]
    assert ids(leads, origem_arquivo="a.xlsx", criado_ate=(CREATED_AT + DAY).isoformat()) == old


def test_file_that_made_no_lead_is_looked_for_nowhere(services: Services, leads: Leads, owner: Database) -> None:
    a_lead(owner, origem_arquivo="a.xlsx")
    a_job(owner, "a.xlsx", leads_criados=0, linhas_rejeitadas=1)
    a_job(owner, "a.xlsx", validar_apenas=True)
    a_job(owner, "a.xlsx", tenant_id="outra")
    with services.database.transaction(TENANT) as rows:
        assert LeadSearch(rows, LeadQuery(origem_arquivo="a.xlsx")).spans == []
    assert page(leads, origem_arquivo="a.xlsx", q="maria") == page(leads, origem_arquivo="a.xlsx")
    assert page(leads, origem_arquivo="a.xlsx")["total"] == 0


def test_leads_that_a_person_made_are_found_by_the_name_of_their_origin(
    services: Services, leads: Leads, owner: Database
) -> None:
    a_lead(owner)
    with services.database.transaction(TENANT) as rows:
        [made] = [a_lead(owner, origem_arquivo="manual")]
        rows.run("insert_lead_manual", lead_id=made, por="ana", agora=CREATED_AT)
    assert ids(leads, origem_arquivo="manual") == [made]
    assert page(leads, origem_arquivo="manual")["total"] == 1


def test_spans_that_touch_are_one_and_many_of_them_are_few(
    services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (0, 0, 2, 4, 6):
        of_a_file(owner, "a.xlsx", CREATED_AT + day * DAY)

    def spans() -> list[IdSpan]:
        with services.database.transaction(TENANT) as rows:
            return list(LeadSearch(rows, LeadQuery(origem_arquivo="a.xlsx")).spans)

    apart = spans()
    assert len(apart) == 4
    assert all(older.last < newer.first for newer, older in pairwise(apart))
    monkeypatch.setattr(lead_search, "_MOST_SPANS", 2)
    assert spans() == [apart[0], IdSpan(apart[3].first, apart[1].last)]


def test_lead_whose_time_trails_its_id_is_found_by_it(leads: Leads, owner: Database) -> None:
    late = a_lead(owner)
    early = a_lead(owner, criado_em=CREATED_AT + timedelta(seconds=30))
    run(owner, f"UPDATE leads SET criado_em = criado_em + interval '40 seconds' WHERE lead_id = '{late}'")
    run(owner, f"UPDATE leads SET criado_em = criado_em - interval '30 seconds' WHERE lead_id = '{early}'")
    at = CREATED_AT + timedelta(seconds=20)
    assert ids(leads, criado_de=at.isoformat()) == [late]
    assert ids(leads, criado_ate=at.isoformat()) == [early]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_time_at_the_edge_of_the_calendar_is_a_bound_like_any_other(leads: Leads, owner: Database, at: str) -> None:
    lead_id = a_lead(owner)
    expected = ([lead_id], []) if at.startswith("0") else ([], [lead_id])
    assert (ids(leads, criado_de=at), ids(leads, criado_ate=at)) == expected


@pytest.mark.parametrize("is_copied", [True, False])
def test_text_that_many_leads_have_is_read_by_the_other_filters(
    leads: Leads, owner: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch, is_copied: bool
) -> None:
    made = [a_lead(owner, nome="Ana Lima", status=status) for status in ("novo", "concluido", "novo", "concluido")]
    a_lead(owner, nome="Outra", status="concluido")
    if is_copied:
        FindableLeads(database=owner, clock=clock).copy()
    for most in (4, 3):
        monkeypatch.setattr(lead_search, "_MOST_WITH_FILTERS", most)
        found = page(leads, q="lima", status="concluido", limit=1)
        assert ([each["lead_id"] for each in found["itens"]], found["total"]) == ([str(made[3])], 2)
        assert ids(leads, q="lima", status="concluido", offset=1) == [made[1]]
        assert ids(leads, q="lima", status="concluido", cursor=found["proximo"]) == [made[1]]


@pytest.mark.parametrize("is_copied", [True, False])
def test_tag_of_many_and_tag_of_few_give_the_same_pages(
    leads: Leads, owner: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch, is_copied: bool
) -> None:
    made = [a_lead(owner, tags=["vip"] if number % 2 else ["bom"]) for number in range(9)]
    if is_copied:
        FindableLeads(database=owner, clock=clock).copy()
    monkeypatch.setattr(lead_search, "_SAMPLE", 8)
    for looked_up_below in (1, 8):
        monkeypatch.setattr(lead_search, "_COMMON", looked_up_below)
        paged = all_pages(lambda query: page(leads, tag="vip", **query), 2)
        assert [UUID(each["lead_id"]) for each in paged] == made[7::-2]
        assert page(leads, tag="vip", limit=2)["total"] == 4
        assert ids(leads, tag="vip", offset=3) == made[1:2]


@pytest.mark.parametrize("is_copied", [True, False])
def test_pages_of_a_text_hold_every_lead_once(
    leads: Leads, owner: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch, is_copied: bool
) -> None:
    monkeypatch.setattr(lead_search, "_FEW", 2)
    monkeypatch.setattr(lead_search, "_GROWTH", 1)
    made: list[UUID] = []
    for number in range(9):
        status = "concluido" if number % 3 == 0 else "novo"
        at = CREATED_AT + timedelta(seconds=number)
        made.insert(0, a_lead(owner, nome="Ana Lima", status=status, criado_em=at))
        a_lead(owner, nome="Outra", criado_em=at)
    if is_copied:
        FindableLeads(database=owner, clock=clock).copy()
    assert ids(leads, q="lima") == made
    assert ids(leads, q="lima", status="concluido") == made[2::3]
    assert page(leads, q="lima", status="concluido", limit=1)["total"] == 3
    assert ids(leads, q="lima", limit=2, offset=3) == made[3:5]
    paged = all_pages(lambda query: page(leads, q="lima", **query), 2)
    assert [UUID(each["lead_id"]) for each in paged] == made


def test_text_that_more_leads_have_than_are_counted_has_a_lower_bound(
    leads: Leads, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.leads.lists.service.COUNTED", 2)
    for _ in range(4):
        a_lead(owner, nome="Ana Lima")
    for query in ({"q": "lima"}, {"q": "lima", "status": "novo"}):
        found = page(leads, **query, limit=1)
        assert (found["total"], found["total_exato"]) == (2, False)


def test_leads_of_a_campo_are_counted_up_to_a_bound_of_their_own(
    leads: Leads, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.leads.lists.service.COUNTED_BY_CAMPOS", 2)
    insert(owner, "tenant_campos", tenant_id=TENANT, campo="cidade", tipo="texto", titulo="Cidade", visto_em=CREATED_AT)
    for _ in range(4):
        a_lead(owner, campos={"cidade": "Salvador"})
    found = page(leads, campo={"cidade": "Salvador"}, limit=1)
    assert (found["total"], found["total_exato"]) == (2, False)
    assert page(leads, limit=1)["total"] == 4


def test_text_is_found_in_the_name_and_in_the_contact(leads: Leads, owner: Database, clock: StoppedClock) -> None:
    by_contact = a_lead(owner, nome="Padaria Central", contato="Conceição Souza")
    a_lead(owner, nome="Outra", contato=None)
    for _ in range(2):
        assert ids(leads, q="CONCEICAO s") == ids(leads, q="padaria") == [by_contact]
        FindableLeads(database=owner, clock=clock).copy()


def test_common_text_is_found_among_the_newest_leads_and_a_rare_one_behind_them(
    leads: Leads, owner: Database, clock: StoppedClock
) -> None:
    """More leads than the look-up takes in order (migration 070)."""
    rare = a_lead(owner, nome="Zulmira", criado_em=CREATED_AT - DAY)
    with owner.transaction(TENANT) as rows:
        rows.execute(
            f"""INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, origem_arquivo, origem_aba,
                                   linha_planilha, job_id)
                SELECT '{TENANT}', id_de('{CREATED_AT}'::timestamptz + n * interval '1 second'), 'f:' || n, 'Ana ' || n,
                       'f', NULL, 2, lpad('', 32, '0')::uuid FROM generate_series(1, 2500) AS n;
                INSERT INTO buscas_a_refazer SELECT tenant_id, lead_id FROM leads ON CONFLICT DO NOTHING"""
        )
    FindableLeads(database=owner, clock=clock).copy()
    assert ids(leads, q="zulmira") == [rare]
    common = page(leads, q="ana ", limit=3)
    assert ([each["nome"] for each in common["itens"]], common["total"]) == (["Ana 2500", "Ana 2499", "Ana 2498"], 2500)
    assert [each["nome"] for each in page(leads, q="ana 25")["itens"]][-1] == "Ana 25"


LOOK_UPS = (
    "leads_com_texto('maria', NULL, 10)",
    "leads_com_final('0001', NULL, 10)",
    "leads_com_tag('vip', NULL, 10)",
    "leads_de_um_contato(true, NULL, 10)",
)


@pytest.mark.parametrize("is_copied", [True, False])
def test_look_up_finds_leads_of_the_tenant_of_the_transaction_alone(
    services: Services, owner: Database, clock: StoppedClock, is_copied: bool
) -> None:
    mine = a_lead(owner, emails=(), tags=["vip"])
    a_lead(owner, tenant_id="outra", emails=(), tags=["vip"])
    of_job = a_job(owner, "leads.xlsx", tenant_id="outra")
    a_lead(owner, tenant_id="outra", emails=(), job_id=of_job, tags=["vip"])
    if is_copied:
        FindableLeads(database=owner, clock=clock).copy()
    for look_up in LOOK_UPS:
        with services.database.transaction(TENANT) as rows:
            assert asked(rows, f"SELECT lead_id FROM {look_up} AS c (lead_id)") == [str(mine)]
        with services.database.across_tenants() as rows:
            assert asked(rows, f"SELECT lead_id FROM {look_up} AS c (lead_id)") == []
    for tenant_id, count in ((TENANT, "1"), ("ninguem", "0")):
        with services.database.transaction(tenant_id) as rows:
            assert asked(rows, "SELECT contar_leads_com_texto('maria', 10)") == [count]


@pytest.mark.parametrize(
    "part",
    [
        "leads_fora_das_buscas(NULL)",
        "buscas_pelo_indice('%maria%', NULL, 10)",
        "buscas_com_final('0001', NULL, 10)",
        "buscas_com_tag('vip', NULL, 10)",
        "buscas_pela_ordem('%maria%', NULL, 10, 10)",
        "contar_buscas('%maria%', 10)",
        "contar_buscas_pelo_indice('%maria%', 10)",
    ],
)
def test_parts_of_a_look_up_are_closed_to_the_login_of_the_api(services: Services, part: str) -> None:
    with pytest.raises(DatabaseError, match="42501"), services.database.transaction(TENANT) as rows:
        asked(rows, f"SELECT {part}")


@pytest.mark.parametrize(("look_up", "text"), [("leads_com_texto", "m%a"), ("leads_com_final", "%")])
def test_look_up_that_no_index_answers_finds_nothing(
    services: Services, owner: Database, look_up: str, text: str
) -> None:
    a_lead(owner)
    with services.database.transaction(TENANT) as rows:
        assert asked(rows, f"SELECT {look_up}('{text}', NULL, 10)") == []
        assert asked(rows, f"SELECT contar_leads_com_texto('{text}', 10)") == ["0"]


@pytest.mark.parametrize("is_copied", [True, False])
def test_end_of_a_number_is_found_at_any_length(
    leads: Leads, owner: Database, clock: StoppedClock, is_copied: bool
) -> None:
    phone = a_lead(owner, telefones=["+5571999990001", "+557133334444"], documento=None)
    document = a_lead(owner, telefones=["+5571912345678"], documento="52998224725")
    letters = a_lead(owner, telefones=[], documento="12ABC34501DE35")
    if is_copied:
        FindableLeads(database=owner, clock=clock).copy()
    for end in ("0001", "90001", "990001", "99990001", "4444", "33334444"):
        assert ids(leads, telefone=end) == [phone], end
    assert ids(leads, telefone="5678") == ids(leads, documento="4725") == ids(leads, documento="224725") == [document]
    # It ends neither another number, nor in the middle of one, nor a number of another kind.
    assert ids(leads, telefone="9999") == ids(leads, telefone="4725") == ids(leads, documento="5678") == []
    assert ids(leads, documento="12ABC34501DE35") == [letters]


def test_end_of_a_number_is_looked_up_by_its_last_four_digits(owner: Database, clock: StoppedClock) -> None:
    with owner.transaction(TENANT) as rows:
        rows.execute(
            f"""INSERT INTO leads (tenant_id, lead_id, lead_id_externo, origem_arquivo, origem_aba, linha_planilha,
                                   job_id, documento)
                SELECT '{TENANT}', id_de('{CREATED_AT}'::timestamptz + n * interval '1 second'), 'f:' || n, 'f', NULL,
                       2, lpad('', 32, '0')::uuid, lpad(n::text, 11, '0') FROM generate_series(1, 5000) AS n;
                INSERT INTO buscas_a_refazer SELECT tenant_id, lead_id FROM leads"""
        )
    FindableLeads(database=owner, clock=clock).copy()
    vacuum(owner, "lead_buscas")
    with owner.transaction(TENANT) as rows:
        rows.execute("SET LOCAL enable_seqscan TO off; SET LOCAL enable_indexscan TO off")
        plan = asked(
            rows,
            "EXPLAIN ANALYZE SELECT lead_id FROM lead_buscas"
            " WHERE tenant_id = (SELECT current_setting('app.tenant_id')) AND finais(numeros) @> ARRAY['0042']",
        )
    assert any("lead_buscas_finais_idx" in line and "rows=1" in line for line in plan), plan


def test_leads_of_a_tag_are_counted_in_the_index_alone(owner: Database) -> None:
    with owner.transaction(TENANT) as rows:
        rows.execute(
            f"""INSERT INTO leads (tenant_id, lead_id, lead_id_externo, origem_arquivo, origem_aba, linha_planilha,
                                   job_id, tags)
                SELECT '{TENANT}', id_de('{CREATED_AT}'::timestamptz + n * interval '1 second'), 'f:' || n, 'f', NULL,
                       2, lpad('', 32, '0')::uuid, '{{vip}}' FROM generate_series(1, 5000) AS n"""
        )
    vacuum(owner, "leads")
    names = (
        "lead_ids", "a_mao", "status", "documento", "fim_de_documento", "fim_de_telefone", "email", "telefones",
        "origem_arquivo", "origem", "criado_de", "criado_ate", "q", "campos", "textos", "caminhos",
    )  # fmt: skip
    span = {"desde_id": UUID(int=0), "ate_id": UUID(int=(1 << 128) - 1)}
    plan = explain(owner, TENANT, "count_leads", **dict.fromkeys(names), **span, tag="vip", teto=10_001)
    assert "Index Only Scan using leads_com_tags_idx" in plan


def test_rare_tag_is_read_from_the_index_of_the_copies(owner: Database, clock: StoppedClock) -> None:
    with owner.transaction(TENANT) as rows:
        rows.execute(
            f"""INSERT INTO leads (tenant_id, lead_id, lead_id_externo, origem_arquivo, origem_aba, linha_planilha,
                                   job_id, tags)
                SELECT '{TENANT}', id_de('{CREATED_AT}'::timestamptz + n * interval '1 second'), 'f:' || n, 'f', NULL,
                       2, lpad('', 32, '0')::uuid, ARRAY['t' || n % 1000] FROM generate_series(1, 5000) AS n;
                INSERT INTO buscas_a_refazer SELECT tenant_id, lead_id FROM leads"""
        )
    FindableLeads(database=owner, clock=clock).copy()
    vacuum(owner, "lead_buscas")
    with owner.transaction(TENANT) as rows:
        rows.execute("SET LOCAL enable_seqscan TO off; SET LOCAL enable_indexscan TO off")
        plan = asked(
            rows,
            "EXPLAIN SELECT lead_id FROM lead_buscas WHERE tenant_id = (SELECT current_setting('app.tenant_id'))"
            " AND tags <> '{}' AND tags @> ARRAY['t7'] ORDER BY lead_id DESC LIMIT 200",
        )
    assert any("lead_buscas_tags_idx" in line for line in plan), plan


def asked(rows: Rows, sql: str) -> list[str]:
    """The first column of what a statement without a name finds, as text."""
    return [str(value) for [value] in read(rows, sql)]
