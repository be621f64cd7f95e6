"""Leads are listed by every filter, page by page, and changed only as the rules allow, over a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Invalid, NotFound
from chalicelib.leads.lists.lead_search import LeadSearch
from chalicelib.leads.lists.service import Leads
from chalicelib.leads.requests import LeadQuery, ReadyQuery
from chalicelib.leads.states import LeadStatus
from chalicelib.wiring import Services
from tests.booking import book
from tests.builders import (
    CREATED_AT,
    TENANT,
    a_disparo,
    a_job,
    a_lead,
    a_template,
    ask,
    explain,
    explained,
    insert,
    run,
    vacuum,
)
from tests.conftest import StoppedClock


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def leads(services: Services) -> Leads:
    return services.leads


def some_leads(owner: Database, count: int, **columns: Any) -> list[UUID]:
    """Leads that were created one second after another, oldest first."""
    return [
        a_lead(owner, telefones=(), emails=(), criado_em=CREATED_AT + timedelta(seconds=number), **columns)
        for number in range(count)
    ]


def listed_ids(leads: Leads, **query: Any) -> list[UUID]:
    """The leads on the first page of that query."""
    return [UUID(each["lead_id"]) for each in leads.page(TENANT, LeadQuery.model_validate(query))["itens"]]


def all_pages(page: Callable[[dict[str, Any]], dict[str, Any]], limit: int) -> Iterator[dict[str, Any]]:
    query: dict[str, Any] = {"limit": limit}
    while True:
        answer = page(query)
        yield from answer["itens"]
        if answer["proximo"] is None:
            return
        query["cursor"] = answer["proximo"]


# Lists


def test_tenant_without_leads_has_an_empty_page(leads: Leads) -> None:
    assert leads.page(TENANT, LeadQuery()) == {"itens": [], "proximo": None, "total": 0, "total_exato": True}


@pytest.mark.straight_path
def test_pages_hold_every_lead_once_newest_first(leads: Leads, owner: Database) -> None:
    made = some_leads(owner, 7)
    paged = [UUID(each["lead_id"]) for each in all_pages(lambda q: leads.page(TENANT, LeadQuery.model_validate(q)), 3)]
    assert paged == made[::-1]


def test_pages_by_offset_are_in_the_same_order(leads: Leads, owner: Database) -> None:
    made = some_leads(owner, 5)[::-1]
    assert [listed_ids(leads, limit=2, offset=offset) for offset in (0, 2, 4, 6)] == [
        made[0:2],
        made[2:4],
        made[4:5],
        [],
    ]


def test_new_lead_does_not_shift_the_following_pages(leads: Leads, owner: Database) -> None:
    made = some_leads(owner, 4)[::-1]
    first = leads.page(TENANT, LeadQuery(limit=2))
    a_lead(owner, criado_em=CREATED_AT + timedelta(hours=1))
    second = leads.page(TENANT, LeadQuery(limit=2, cursor=first["proximo"]))
    assert [UUID(each["lead_id"]) for each in first["itens"] + second["itens"]] == made


@pytest.mark.parametrize("query", [{}, {"limit": 1}, {"limit": 2, "offset": 2}, {"limit": 500, "offset": 100}])
def test_total_is_that_of_all_pages(leads: Leads, owner: Database, query: dict[str, int]) -> None:
    some_leads(owner, 3)
    page = leads.page(TENANT, LeadQuery.model_validate(query))
    assert (page["total"], page["total_exato"]) == (3, True)


def test_total_of_a_later_page_counts_the_earlier_ones(leads: Leads, owner: Database) -> None:
    some_leads(owner, 3)
    first = leads.page(TENANT, LeadQuery(limit=2))
    assert leads.page(TENANT, LeadQuery(limit=2, cursor=first["proximo"]))["total"] == 3


def test_total_beyond_the_bound_is_summed_from_the_jobs(
    leads: Leads, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.leads.lists.service.COUNTED", 2)
    some_leads(owner, 5, status="em_disparo")
    a_lead(owner, tenant_id="outra")
    for number, created in enumerate((3, 2)):
        insert(
            owner, "ingest_jobs", tenant_id=TENANT, job_id=UUID(int=number), bucket="b", chave="k", nome_arquivo="f",
            status="concluido", linhas_processadas=created, leads_criados=created, criado_em=CREATED_AT,
            atualizado_em=CREATED_AT, concluido_em=CREATED_AT,
        )  # fmt: skip
    page = leads.page(TENANT, LeadQuery(limit=1))
    assert (page["total"], page["total_exato"]) == (5, True)
    filtered = leads.page(TENANT, LeadQuery(limit=1, status=LeadStatus.EM_DISPARO))
    assert (filtered["total"], filtered["total_exato"]) == (2, False)


def test_long_names_are_cut_in_lists_and_whole_in_the_lead(leads: Leads, owner: Database) -> None:
    name = "Maria " * 20_000
    lead_id = a_lead(owner, nome=name, contato=name)
    [listed] = leads.page(TENANT, LeadQuery())["itens"]
    [waiting] = leads.ready(TENANT, ReadyQuery())["itens"]
    assert listed["nome"] == listed["contato"] == waiting["nome"] == name[:200] + "…"
    whole = leads.get(TENANT, lead_id)
    assert whole["nome"] == whole["contato"] == name


@pytest.mark.parametrize("name", [None, "", "a" * 200])
def test_short_names_are_as_they_are_in_lists(leads: Leads, owner: Database, name: str | None) -> None:
    a_lead(owner, nome=name, contato=name)
    [listed] = leads.page(TENANT, LeadQuery())["itens"]
    assert (listed["nome"], listed["contato"]) == (name, name)


def test_cursor_of_another_list_is_refused(leads: Leads) -> None:
    with pytest.raises(Invalid) as raised:
        leads.page(TENANT, LeadQuery(cursor="WzEsMl0"))
    assert raised.value.code == "cursor_invalido"


def test_each_filter_finds_its_lead_and_no_other(leads: Leads, owner: Database) -> None:
    a_lead(owner, nome="Outra Pessoa", telefones=["+5511988887777"], emails=["outra@example.com"])
    wanted = a_lead(
        owner, nome="João D'Ávila 100%", documento="52998224725", status="sem_sucesso", tags=["vip", "sp"],
        telefones=["+5571999990001", "+5571999990002"], emails=["a@example.com", "joao@example.com"],
        origem_arquivo="abril.xlsx", criado_em=CREATED_AT + timedelta(minutes=5),
    )  # fmt: skip
    a_lead(owner, tenant_id="outra", documento="52998224725", emails=["joao@example.com"])
    a_job(owner, "abril.xlsx", ended=CREATED_AT + timedelta(minutes=5))
    for query in (
        {"documento": "529.982.247-25"},
        {"documento": "52998224725"},
        {"status": "sem_sucesso"},
        {"q": "joao"},
        {"q": "JOÃO d'avi"},
        {"q": "Joa\u0303o"},
        {"q": "100%"},
        {"email": "JOAO@example.com"},
        {"telefone": "+5571999990002"},
        {"telefone": "5571999990002"},
        {"telefone": " 5571999990002"},  # a `+` that was not encoded in the query string
        {"telefone": "(71) 99999-0002"},
        {"telefone": "(71) 9999-0002"},  # as it was before the ninth digit
        {"telefone": "557199990002"},  # a `wa_id`
        {"telefone": "+557199990002"},
        {"tag": "vip"},
        {"tag": " sp "},
        {"telefone": "00 55 71 99999-0002"},
        {"telefone": "tel:+55-71-99999-0002"},
        {"email": "João <joao@EXAMPLE.com>"},
        {"email": "mailto:joao@example.com"},
        {"telefone": "99999-0002"},
        {"telefone": "0002"},
        {"telefone": "9999\u20110002"},
        {"documento": "247-25"},
        {"origem_arquivo": "abril.xlsx"},
        {"criado_de": "2026-11-24T08:05:00-03:00"},
        {"criado_de": "2026-11-24T11:05:00Z", "criado_ate": "2026-11-24T11:05:01Z"},
        {"q": "joão", "status": "sem_sucesso", "tag": "vip", "email": "a@example.com"},
    ):
        assert listed_ids(leads, **query) == [wanted], query


FOUND_BY_CAMPO = [
    {"cidade": "salvador"},
    {"cidade": "SA\u0301LVADOR"},
    {"valor": "100.50"},
    {"valor_min": "100.5", "valor_max": "100.5"},
    {"valor_min": "-5"},
    {"vencimento": "2026-12-05"},
    {"vencimento_min": "2026-12-05", "vencimento_max": "2026-12-05"},
    {"visita": "2026-12-05"},
    {"visita": "2026-12-05T14:30"},
    {"visita_min": "2026-12-05", "visita_max": "2026-12-05"},
    {"hora_max": "14:30"},
    {"vip": "true"},
    {"taxa_min": "0.125"},
    {"x_min": "baixo"},
    {"codigo": "7"},
    {"codigo": "a7"},
    {"cidade": "Salvador", "valor_min": "100", "vip": "true"},
]
NOT_FOUND_BY_CAMPO = [
    {"cidade": "Salvado"},
    {"cidade": "Salvador", "valor_max": "100"},
    {"valor_min": "100.51"},
    {"vencimento_min": "2026-12-06"},
    {"vencimento_max": "2026-12-04"},
    {"visita_max": "2026-12-05T14:29"},
    {"vip": "false"},
    {"x_min": "alto"},
]


def with_campos(owner: Database) -> UUID:
    """A lead with a campo of each type, and others that have them not, or otherwise."""
    types = {
        "cidade": "texto", "valor": "moeda", "vencimento": "data", "visita": "data_hora", "hora": "hora",
        "vip": "logico", "taxa": "percentual", "x_min": "texto", "x": "numero", "codigo": "numero",
    }  # fmt: skip
    for campo, tipo in (*types.items(), ("codigo", "texto"), ("vencimento", "texto")):
        insert(owner, "tenant_campos", tenant_id=TENANT, campo=campo, tipo=tipo, titulo=campo, visto_em=CREATED_AT)
    campos = {
        "cidade": "Salvádor", "valor": 100.5, "vencimento": "2026-12-05", "visita": "2026-12-05T14:30:00",
        "hora": "14:30:00", "vip": True, "taxa": 0.125, "x_min": "Baixo",
    }  # fmt: skip
    a_lead(owner, campos={"vencimento": "a combinar", "cidade": "Salvador do Sul"}, criado_em=CREATED_AT)
    a_lead(owner, tenant_id="outra", campos=campos)
    return a_lead(owner, campos=campos, criado_em=CREATED_AT + timedelta(seconds=1))


def test_lead_is_found_by_its_campos(leads: Leads, owner: Database) -> None:
    wanted = with_campos(owner)
    for number, codigo in enumerate((7, "A7")):
        a_lead(owner, campos={"codigo": codigo}, criado_em=CREATED_AT + timedelta(days=number))
    for campo in FOUND_BY_CAMPO:
        page = leads.page(TENANT, LeadQuery.model_validate({"campo": campo}))
        assert page["total"] == 1, campo
        assert "codigo" in campo or page["itens"][0]["lead_id"] == str(wanted)
    for campo in NOT_FOUND_BY_CAMPO:
        assert leads.page(TENANT, LeadQuery.model_validate({"campo": campo}))["total"] == 0, campo


def test_filters_by_campo_and_others_all_have_to_fit(leads: Leads, owner: Database) -> None:
    wanted = with_campos(owner)
    assert listed_ids(leads, campo={"cidade": "salvador"}, q="maria", email="maria@example.com") == [wanted]
    assert listed_ids(leads, campo={"cidade": "salvador"}, q="joana") == []


def test_leads_are_found_by_the_system_of_their_ids(leads: Leads, owner: Database) -> None:
    wanted = a_lead(owner, origem="crm")
    a_lead(owner, origem="erp")
    assert listed_ids(leads, origem=" CRM ") == [wanted]


def test_unknown_campo_is_refused(leads: Leads, owner: Database) -> None:
    with_campos(owner)
    with pytest.raises(Invalid) as raised:
        leads.page(TENANT, LeadQuery.model_validate({"campo": {"cidad": "x"}}))
    assert raised.value.code == "campo_desconhecido"
    assert "cidade" in str(raised.value.params["proximos"])


def test_eleven_filters_by_campo_are_refused() -> None:
    with pytest.raises(ValidationError):
        LeadQuery.model_validate({"campo": {f"c{number}": "x" for number in range(11)}})


def test_long_texts_of_campos_are_cut_in_lists_where_a_lead_has_much_of_them(leads: Leads, owner: Database) -> None:
    long, short = "ação " * 200, {"obs": "a" * 1_000, "valor": 1.5}
    campos = {"obs": long, "valor": 1.5, "mais": "b" * 1_000}
    lead_id = a_lead(owner, campos=campos)
    other_id = a_lead(owner, campos=short)
    listed = {UUID(each["lead_id"]): each["campos"] for each in leads.page(TENANT, LeadQuery())["itens"]}
    assert (listed[lead_id], listed[other_id]) == (
        {"obs": long[:100] + "…", "valor": 1.5, "mais": "b" * 100 + "…"},
        short,
    )
    assert leads.get(TENANT, lead_id)["campos"] == campos


@pytest.mark.parametrize(
    "query",
    [
        {"q": "%%%ria"},
        {"q": "mar_a"},
        {"q": "\\maria"},
        {"q": "joana"},
        {"email": "example.com"},
        {"telefone": "71999990009"},
        {"tag": "vi"},
        {"documento": "11222333000181"},
        {"status": "descartado"},
        {"origem_arquivo": "LEADS.XLSX"},
        {"criado_ate": "2026-11-24T11:00:00Z"},
        {"criado_de": "2026-11-24T11:00:01Z"},
        {"q": "maria", "status": "descartado"},
    ],
)
def test_filter_that_no_lead_fits_finds_none(leads: Leads, owner: Database, query: dict[str, str]) -> None:
    a_lead(owner, nome="Maria da Silva", tags=["vip"])
    page = leads.page(TENANT, LeadQuery.model_validate(query))
    assert (page["itens"], page["total"]) == ([], 0)


def test_lead_without_a_name_is_not_found_by_name(leads: Leads, owner: Database) -> None:
    a_lead(owner, nome=None)
    assert listed_ids(leads, q="null") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"status": "nada"}, "enum"),
        ({"documento": "123"}, "documento_de_busca_invalido"),
        ({"documento": ""}, "documento_de_busca_invalido"),
        ({"telefone": "abc"}, "telefone_de_busca_invalido"),
        ({"telefone": "+"}, "telefone_de_busca_invalido"),
        ({"telefone": "234"}, "telefone_de_busca_invalido"),
        ({"q": "ab"}, "busca_curta"),
        ({"q": "a - b"}, "busca_curta"),
        ({"offset": 10_001}, "offset_longe"),
        ({"q": "  "}, "string_too_short"),
        ({"q": "a" * 101}, "string_too_long"),
        ({"criado_de": "2026-11-24T11:00:00"}, "timezone_aware"),
        ({"criado_ate": "ontem"}, "datetime_from_date_parsing"),
        ({"nome": "maria"}, "extra_forbidden"),
    ],
)
def test_invalid_filter_is_refused(query: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        LeadQuery.model_validate(query)
    assert raised.value.errors()[0]["type"] == code


# One lead


def test_lead_is_shown_with_its_contacts_in_order(leads: Leads, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=["+5571999990002", "+5571999990001"], emails=["b@example.com", "a@example.com"])
    shown = leads.get(TENANT, lead_id)
    assert [(each["telefone"], each["principal"], each["ordem"]) for each in shown["telefones"]] == [
        ("+5571999990002", True, 1),
        ("+5571999990001", False, 2),
    ]
    assert [each["email"] for each in shown["emails"]] == ["b@example.com", "a@example.com"]
    [[telefone_id, email_id]] = ask(
        owner, f"SELECT contato_id('{lead_id}', '+5571999990002'), contato_id('{lead_id}', 'b@example.com')"
    )
    assert (shown["telefones"][0]["telefone_id"], shown["emails"][0]["email_id"]) == (telefone_id, email_id)
    assert shown["telefones"][0]["tipo_origem"] == "movel"
    assert shown["telefones"][0]["valido_para_disparo"]


def test_timeline_of_a_lead_is_newest_first(
    leads: Leads, owner: Database, services: Services, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    a_template(owner)
    disparo_id = a_disparo(owner, lead_id, status="enviado", criado_em=CREATED_AT + timedelta(minutes=1))
    booked = book(services, lead_id, clock() + timedelta(days=1))
    timeline = [(each["tipo"], each["id"], each["status"]) for each in leads.get(TENANT, lead_id)["linha_do_tempo"]]
    assert timeline == [
        ("agendamento", booked["agendamento_id"], "pendente"),
        ("disparo", disparo_id, "enviado"),
        ("lead", lead_id, None),
    ]


def test_timeline_shows_the_newest_hundred_entries(leads: Leads, owner: Database) -> None:
    lead_id = a_lead(owner)
    a_template(owner)
    for number in range(1, 102):
        a_disparo(owner, lead_id, status="enviado", criado_em=CREATED_AT + timedelta(seconds=number))
    timeline = leads.get(TENANT, lead_id)["linha_do_tempo"]
    assert len(timeline) == 100
    assert timeline[0]["quando"] == CREATED_AT + timedelta(seconds=101)
    assert {each["tipo"] for each in timeline} == {"disparo"}


def test_lead_of_another_tenant_is_not_found(leads: Leads, owner: Database) -> None:
    lead_id = a_lead(owner, tenant_id="outra")
    with pytest.raises(NotFound):
        leads.get(TENANT, lead_id)


# Ready


def ready(leads: Leads, **query: Any) -> list[UUID]:
    """The ready leads on the first page of that query."""
    return [each["lead_id"] for each in leads.ready(TENANT, ReadyQuery.model_validate(query))["itens"]]


@pytest.mark.parametrize("status", list(LeadStatus))
def test_lead_is_ready_in_the_statuses_that_a_disparo_would_change(
    leads: Leads, owner: Database, status: LeadStatus
) -> None:
    lead_id = a_lead(owner, status=status.value)
    assert ready(leads) == ([lead_id] if status in {"novo", "em_disparo", "sem_sucesso"} else [])


@pytest.mark.parametrize(
    ("status", "of_disparo", "is_ready"),
    [
        ("novo", "pendente", False),
        ("novo", "enviando", False),
        ("sem_sucesso", "pendente", False),
        ("sem_sucesso", "enviado", True),
        ("sem_sucesso", "erro", True),
        ("em_disparo", "pendente", False),
        ("em_disparo", "enviando", False),
        ("em_disparo", "enviado", False),
        ("em_disparo", "confirmado", False),
        ("em_disparo", "incerto", False),
        ("em_disparo", "cancelado", True),
        ("em_disparo", "simulado", True),
        ("em_disparo", "expirado", True),
        ("em_disparo", "suprimido", True),
        ("em_disparo", "erro", True),
    ],
)
def test_lead_with_a_disparo_that_may_still_reach_it_is_not_ready(
    leads: Leads, owner: Database, status: str, of_disparo: str, is_ready: bool
) -> None:
    a_template(owner)
    lead_id = a_lead(owner, status=status)
    a_disparo(owner, lead_id, status=of_disparo)
    assert (ready(leads) == [lead_id]) is is_ready


def test_ready_lead_is_shown_with_its_best_contacts(leads: Leads, owner: Database) -> None:
    both = a_lead(owner, telefones=["+5571999990001", "+5571999990002"], emails=["a@example.com", "b@example.com"])
    run(owner, "UPDATE lead_telefones SET valido_para_disparo = false WHERE telefone = '+5571999990001'")
    run(owner, "UPDATE lead_emails SET principal = (email = 'b@example.com')")
    [shown] = leads.ready(TENANT, ReadyQuery())["itens"]
    contacts = leads.get(TENANT, both)
    assert shown == {
        "lead_id": both,
        "nome": "Maria da Silva",
        "status": "novo",
        "tipo_contato": "ambos",
        "telefone_id": contacts["telefones"][1]["telefone_id"],
        "telefone": "+5571999990002",
        "email_id": contacts["emails"][1]["email_id"],
        "email": "b@example.com",
        "destino_repetido": False,
    }


def test_ready_lead_says_whether_another_one_has_its_phone_or_email(leads: Leads, owner: Database) -> None:
    kept = {
        a_lead(owner, telefones=[phone], emails=[email]): is_repeated
        for phone, email, is_repeated in (
            ("+5571999990001", "a@example.com", True),
            ("+5571999990001", "b@example.com", True),
            ("+5571999990002", "b@example.com", True),
            ("+5571999990003", "c@example.com", False),
        )
    }
    a_lead(owner, tenant_id="other", telefones=["+5571999990003"], emails=["c@example.com"])
    shown = leads.ready(TENANT, ReadyQuery())["itens"]
    assert {each["lead_id"]: each["destino_repetido"] for each in shown} == kept


def test_ready_leads_are_filtered_by_the_kinds_of_their_contacts(leads: Leads, owner: Database) -> None:
    both = a_lead(owner, criado_em=CREATED_AT)
    phone = a_lead(owner, emails=(), criado_em=CREATED_AT + timedelta(seconds=1))
    email = a_lead(owner, telefones=(), criado_em=CREATED_AT + timedelta(seconds=2))
    a_lead(owner, telefones=(), emails=())
    a_lead(owner, tenant_id="outra")
    assert ready(leads) == [email, phone, both]
    assert [ready(leads, tipo_contato=kind) for kind in ("ambos", "telefone", "email")] == [[both], [phone], [email]]
    shown = {each["lead_id"]: each for each in leads.ready(TENANT, ReadyQuery())["itens"]}
    assert (shown[phone]["email"], shown[phone]["email_id"]) == (None, None)
    assert (shown[email]["telefone"], shown[email]["telefone_id"]) == (None, None)


def test_lead_without_a_valid_contact_is_not_ready(leads: Leads, owner: Database) -> None:
    a_lead(owner, emails=())
    run(owner, "UPDATE lead_telefones SET valido_para_disparo = false")
    assert ready(leads) == []


def test_pages_of_ready_leads_hold_every_lead_once(leads: Leads, owner: Database) -> None:
    made = [a_lead(owner, criado_em=CREATED_AT + timedelta(seconds=number)) for number in range(5)][::-1]
    paged = [each["lead_id"] for each in all_pages(lambda q: leads.ready(TENANT, ReadyQuery.model_validate(q)), 2)]
    assert paged == made
    assert ready(leads, limit=2, offset=3) == made[3:]


# Plans


def plan_of_page(services: Services, query: dict[str, str]) -> str:
    """How PostgreSQL finds the first rows of such a page."""
    wanted = LeadQuery.model_validate(query)
    params = {"depois": wanted.after(UUID), "limite": 51, "pular": 0}
    with services.database.transaction(TENANT) as rows:
        search = LeadSearch(rows, wanted)
        [span] = search.spans
        return explained(rows, "list_leads", **params, **search.params, **span.bounds)


SEARCHES = [
    ({}, "leads_pkey"),
    ({"cursor": "IjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMWZmZiI"}, "leads_pkey"),
    ({"documento": "52998224725"}, "leads_documento_idx"),
    ({"email": "p77@example.com"}, "lead_emails_email_idx"),
    ({"telefone": "+5571900000077"}, "lead_telefones_telefone_idx"),
    ({"status": "concluido"}, "leads_status_idx"),
    ({"tag": "vip"}, "leads_com_tags_idx"),
]


@pytest.mark.parametrize(("query", "index"), SEARCHES)
def test_search_with_an_index_uses_it(services: Services, owner: Database, query: dict[str, str], index: str) -> None:
    # Of fewer, the planner may read all e-mails of an average tenant: a two-hundredth of the table.
    many_leads(owner, 40_000)
    vacuum(owner, "leads", "lead_emails", "lead_telefones")
    used = plan_of_page(services, query)
    assert index in used, used
    assert "Seq Scan" not in used


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"documento": "52998224725"}, "leads_documento_idx"),
        ({"email": "p77@example.com"}, "lead_emails_email_idx"),
        ({"telefone": "+5571900000077"}, "lead_telefones_telefone_idx"),
    ],
)
def test_look_up_uses_its_index_before_the_first_analyze(
    services: Services, owner: Database, query: dict[str, str], index: str
) -> None:
    many_leads(owner, 20_000)
    used = plan_of_page(services, query)
    assert index in used, used
    assert "Seq Scan" not in used


def test_tenant_that_the_statistics_do_not_know_is_searched_like_any_other(services: Services, owner: Database) -> None:
    many_leads(owner, 20_000, tenant_id="grande")
    vacuum(owner, "leads", "lead_emails", "lead_telefones")
    for query, index in SEARCHES:
        used = plan_of_page(services, query)
        assert index in used, used
        assert "Seq Scan" not in used


@pytest.mark.parametrize("is_analyzed", [True, False])
def test_ready_leads_are_looked_into_one_by_one_in_their_order(
    services: Services, owner: Database, is_analyzed: bool
) -> None:
    many_leads(owner, 5_000, tenant_id="grande")
    many_disparos(owner, tenant_id="grande")
    if is_analyzed:
        vacuum(owner, "leads", "lead_emails", "lead_telefones", "disparos")
    for kind in (None, "ambos", "email", "telefone"):
        with services.database.transaction(TENANT) as rows:
            rows.avoid_sorting()
            used = explained(
                rows, "list_leads_ready", depois=None, limite=51, pular=0, tipo_contato=kind, lead_ids=None
            )
        assert "Index Scan Backward using leads_pkey" in used
        assert "using disparos_do_lead_idx" in used
        assert "Sort Key: l.lead_id" not in used


def test_timeline_of_a_tenant_that_the_statistics_do_not_know_is_read_by_the_lead(
    services: Services, owner: Database
) -> None:
    many_leads(owner, 20_000, tenant_id="grande")
    many_disparos(owner, tenant_id="grande")
    vacuum(owner, "leads", "lead_emails", "lead_telefones", "disparos")
    used = explain(services.database, TENANT, "timeline_of_lead", lead_id=UUID(int=1), limite=100)
    assert {"lead_telefones_pkey", "lead_emails_pkey", "disparos_do_lead_idx"} < set(used.split())
    assert "Seq Scan" not in used


def many_disparos(owner: Database, *, tenant_id: str) -> None:
    """A disparo for each lead, inserted by one statement."""
    a_template(owner, tenant_id=tenant_id)
    run(
        owner,
        f"""INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao,
                                  enviar_apos, criado_em, atualizado_em)
            SELECT tenant_id, lead_id, lead_id, 'whatsapp', lead_id, '+5571999990001', 'oi', 1, now(), now(), now()
              FROM leads WHERE tenant_id = '{tenant_id}'""",
    )


def many_leads(owner: Database, count: int, *, tenant_id: str = TENANT) -> None:
    """Thousands of leads, inserted by one statement."""
    at = datetime(2026, 11, 24, tzinfo=UTC).isoformat()
    with owner.across_tenants() as rows:
        rows.execute(
            f"""INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, documento, status, tags, origem_arquivo,
                                   origem_aba, linha_planilha, job_id, criado_em, atualizado_em)
                SELECT '{tenant_id}', lpad(to_hex(g), 32, '0')::uuid, 'f:' || g, 'Nome ' || g, lpad(g::text, 11, '0'),
                       CASE WHEN g % 1000 = 0 THEN 'concluido' ELSE 'novo' END,
                       CASE WHEN g % 1000 = 1 THEN ARRAY['vip'] ELSE '{{}}' END, 'f', NULL, 2, lpad('', 32, '0')::uuid,
                       '{at}', '{at}'
                  FROM generate_series(1, {count}) g;
                INSERT INTO lead_telefones
                SELECT '{tenant_id}', lpad(to_hex(g), 32, '0')::uuid, '+5571' || (900000000 + g), 1, true, 'movel', true
                  FROM generate_series(1, {count}) g;
                INSERT INTO lead_emails
                SELECT '{tenant_id}', lpad(to_hex(g), 32, '0')::uuid, 'p' || g || '@example.com', 1, true, true
                  FROM generate_series(1, {count}) g"""
        )
