"""A lead that a person makes: read as a row of a file would be, and refused if it is there already."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Invalid, OtherLead
from chalicelib.leads.edits.registration import Registrations
from chalicelib.leads.lists import service
from chalicelib.leads.requests import LeadQuery, NewLead
from chalicelib.wiring import Services
from tests.builders import ANA, TENANT, a_lead, ask, insert, run, wait_for_locks
from tests.conftest import StoppedClock
from tests.ingesting import Office, as_csv, counts
from tests.keys import a_key, as_answered, replayed

KEY = a_key()


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def registrations(services: Services) -> Registrations:
    return services.registrations


def new(**fields: Any) -> NewLead:
    """A request that came as JSON."""
    return NewLead.model_validate_json(json.dumps(fields))


def test_lead_is_made_as_a_row_of_a_file_would_be(
    registrations: Registrations, owner: Database, clock: StoppedClock
) -> None:
    shown = registrations.create(
        ANA,
        new(
            nome=" Maria ", contato="Ana", documento="529.982.247-25", telefones=["71 3333-4444", "(71) 99999-0001"],
            emails=["M@Example.com", "m@example.com"], campos={"cidade": "Salvador", "valor": 10}, tags=["vip"],
            lead_id_externo="7", origem=" CRM ",
        ),
    )  # fmt: skip
    wanted = {
        "nome": "Maria", "contato": "Ana", "documento": "52998224725", "status": "novo", "tags": ["vip"],
        "campos": {"cidade": "Salvador", "valor": 10}, "lead_id_externo": "7", "origem": "crm",
        "telefone_raw": "71 3333-4444 | (71) 99999-0001", "email_raw": "M@Example.com",
        "origem_arquivo": "manual", "origem_aba": None, "linha_planilha": None, "job_id": None, "criado_em": clock(),
        "atualizado_em": clock(),
    }  # fmt: skip
    assert {name: shown[name] for name in wanted} == wanted
    assert [(each["telefone"], each["principal"]) for each in shown["telefones"]] == [
        ("+557133334444", False),
        ("+5571999990001", True),
    ]
    assert [each["email"] for each in shown["emails"]] == ["m@example.com"]
    assert ask(owner, "SELECT campo, tipo FROM tenant_campos ORDER BY 1") == [["cidade", "texto"], ["valor", "numero"]]
    assert ask(owner, "SELECT por FROM leads_manuais") == [["ana"]]
    detail = {"lead_id": str(shown["lead_id"]), "por": "ana"}
    assert ask(owner, "SELECT tipo, detalhe FROM eventos") == [["lead.created", detail]]


def test_lead_without_an_id_gets_one_of_its_own(registrations: Registrations) -> None:
    shown = registrations.create(ANA, new(nome="Ana", telefones=["71 99999-0001"]))
    assert shown["lead_id_externo"] == f"manual:{shown['lead_id'].hex}"


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        ({"documento": "529.982.247-25", "nome": "Outra"}, "documento"),
        ({"lead_id_externo": "7", "origem": "crm", "nome": "Maria", "emails": ["x@example.com"]}, "id"),
        ({"nome": "MARIA da silva", "telefones": ["71 99999-0001"]}, "contato"),
        ({"emails": ["maria@example.com"]}, "contato"),
    ],
)
def test_lead_that_is_there_already_is_refused_and_named(
    registrations: Registrations, owner: Database, fields: dict[str, Any], by: str
) -> None:
    lead_id = a_lead(owner, documento="52998224725", lead_id_externo="7", origem="crm")
    a_lead(owner, tenant_id="outra", documento="52998224725")
    with pytest.raises(OtherLead) as raised:
        registrations.create(ANA, new(**fields))
    assert raised.value.code == "lead_existente"
    assert raised.value.params == {"lead_id": str(lead_id), "por": by}
    assert ask(owner, "SELECT count(*) FROM leads") == [[2]]


@pytest.mark.parametrize(
    "fields",
    [
        {"documento": "11.222.333/0001-81", "nome": "Maria da Silva"},
        {"nome": "João", "emails": ["joao@example.com"]},
    ],
)
def test_id_of_another_lead_is_refused_and_names_it(
    registrations: Registrations, owner: Database, fields: dict[str, Any]
) -> None:
    lead_id = a_lead(owner, documento="52998224725", lead_id_externo="7")
    with pytest.raises(OtherLead) as raised:
        registrations.create(ANA, new(lead_id_externo="7", **fields))
    assert (raised.value.code, raised.value.lead_id) == ("id_de_outro_lead", str(lead_id))


def test_id_of_another_system_and_contact_of_another_person_are_no_reason_to_refuse(
    registrations: Registrations, owner: Database
) -> None:
    a_lead(owner, lead_id_externo="7", origem="crm")
    registrations.create(ANA, new(lead_id_externo="7", nome="João", telefones=["71 99999-0001"]))
    assert ask(owner, "SELECT count(*) FROM leads") == [[2]]


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"nome": "Ana"}, ("", "lead_sem_contato")),
        ({"nome": "-", "emails": ["a@example.com"]}, ("/nome", "nome_vazio")),
        ({"emails": ["a@example.com", "b"]}, ("/emails/1", "email_invalido")),
        ({"telefones": ["71 99999-0001", "1"]}, ("/telefones/1", "telefone_invalido")),
        ({"documento": "111"}, ("/documento", "documento_invalido")),
        ({"lead_id_externo": "-", "emails": ["a@example.com"]}, ("/lead_id_externo", "id_invalido")),
        ({"emails": ["a@example.com"], "campos": {"nome": "x"}}, ("/campos/nome", "nome_de_campo_invalido")),
    ],
)
def test_wrong_request_is_refused_with_a_pointer(
    registrations: Registrations, owner: Database, fields: dict[str, Any], refusal: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as raised:
        registrations.create(ANA, new(**fields))
    assert [(each.pointer, each.code) for each in raised.value.errors] == [refusal]
    assert ask(owner, "SELECT count(*) FROM leads") == [[0]]


@pytest.mark.parametrize("fields", [{"telefones": ["1"] * 51}, {"nome": ""}, {"status": "novo"}, {"emails": "a@x.com"}])
def test_request_of_another_form_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        new(**fields)


# Idempotency


def test_same_key_gets_the_same_lead(registrations: Registrations, owner: Database) -> None:
    request = new(nome="Ana", emails=["a@example.com"])
    first = registrations.create(ANA, request, KEY)
    assert replayed(registrations.create, ANA, request, KEY) == as_answered(first)
    assert ask(owner, "SELECT count(*) FROM leads") == [[1]]


def test_same_person_twice_at_once_is_made_once(registrations: Registrations, owner: Database) -> None:
    request = new(nome="Ana", emails=["a@example.com"])
    with ThreadPoolExecutor(2) as pool:
        with owner.transaction(TENANT) as rows:
            rows.run("lock_tenant_for_ingestion")
            both = [pool.submit(registrations.create, ANA, request) for _ in range(2)]
            wait_for_locks(owner, 2, *both)
        outcomes = sorted(type(each.exception()) is OtherLead for each in both)
    assert outcomes == [False, True]
    assert ask(owner, "SELECT count(*) FROM leads") == [[1]]


# With ingestion


def test_total_counts_leads_that_a_person_made(
    registrations: Registrations, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    Office(services).ingest(as_csv(("1", "Ana", "", "a@example.com", ""), ("2", "Bia", "", "b@example.com", "")))
    registrations.create(ANA, new(nome="Zé", emails=["ze@example.com"]))
    monkeypatch.setattr(service, "COUNTED", 1)
    page = services.leads.page(TENANT, LeadQuery(limit=1))
    assert (page["total"], page["total_exato"]) == (3, True)


def test_file_finds_a_lead_that_a_person_made_and_undoing_it_takes_its_changes_back(
    registrations: Registrations, services: Services, owner: Database
) -> None:
    made = registrations.create(ANA, new(nome="Ana", emails=["ana@example.com"], lead_id_externo="7"))
    office = Office(services)
    job = office.ingest(as_csv(("7", "Ana Maria", "", "ana@example.com", "71 99999-0001")), modo="atualizar")
    assert (counts(job)["leads_atualizados"], counts(job)["leads_criados"]) == (1, 0)
    assert services.leads.get(TENANT, made["lead_id"])["nome"] == "Ana Maria"
    office.undone(job)
    assert services.leads.get(TENANT, made["lead_id"]) == made


def test_lead_of_a_person_is_of_no_job_even_if_one_has_no_id(services: Services, owner: Database) -> None:
    lead_id: UUID = services.registrations.create(ANA, new(emails=["a@example.com"]))["lead_id"]
    insert(
        owner, "ingest_jobs", tenant_id=TENANT, job_id=UUID(int=1), bucket="b", chave="k", nome_arquivo="f",
        status="concluido", criado_em="2026-11-24", atualizado_em="2026-11-24", concluido_em="2026-12-24",
    )  # fmt: skip
    run(owner, "UPDATE leads SET atualizado_em = criado_em")
    services.undo.request(TENANT, UUID(int=1))
    Office(services).wake(UUID(int=1))
    assert ask(owner, "SELECT lead_id FROM leads") == [[lead_id]]


def test_lead_found_by_contact_and_by_document_is_named(registrations: Registrations, owner: Database) -> None:
    lead_id = a_lead(owner, documento="52998224725")
    with pytest.raises(OtherLead) as raised:
        registrations.create(ANA, new(documento="529.982.247-25", emails=["maria@example.com"]))
    assert raised.value.lead_id == str(lead_id)
