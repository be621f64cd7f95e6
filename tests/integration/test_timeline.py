"""The life of a lead is told from every source, newest first, page by page; over a real database."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import ConstraintViolation, Invalid, NotFound
from chalicelib.ids import new_id
from chalicelib.leads import moves
from chalicelib.leads.requests import ContactRemoval, LeadChange, NewEmail, NewLead, NewNote, NewPhone, TimelineQuery
from chalicelib.leads.states import LeadFact, LeadStatus
from chalicelib.scheduling.booking.requests import Rescheduling
from chalicelib.wiring import Services
from tests.booking import book
from tests.builders import (
    ANA,
    CREATED_AT,
    TENANT,
    a_campaign,
    a_disparo,
    a_lead,
    a_recipient,
    a_template,
    an_agendamento,
    an_answer,
    ask,
    explain,
    insert,
    literal,
    run,
    vacuum,
)  # fmt: skip
from tests.conftest import STARTED_AT, StoppedClock


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


def life(services: Services, lead_id: UUID, limit: int = 500) -> list[dict[str, Any]]:
    """Everything that happened to a lead, by pages of this size."""
    entries, cursor = list[dict[str, Any]](), None
    while True:
        page = services.timelines.page(TENANT, lead_id, TimelineQuery(limit=limit, cursor=cursor))
        entries += page["itens"]
        cursor = page["proximo"]
        if cursor is None:
            return entries


def told(services: Services, lead_id: UUID, *names: str) -> list[list[Any]]:
    """Some fields of the entries of a lead, newest first; without the one that says where it came from."""
    return [[each[name] for name in names] for each in life(services, lead_id)[:-1]]


def a_step(owner: Database, disparo_id: UUID, classe: str, passo: int = 1, **columns: object) -> None:
    given = {"em": STARTED_AT + timedelta(minutes=passo), **columns}
    insert(owner, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=passo, classe=classe, **given)


# Where it came from


def test_lead_of_a_file_names_the_file_and_its_row(services: Services, owner: Database) -> None:
    [entry] = life(services, a_lead(owner))
    assert (entry["tipo"], entry["em"], entry["arquivo"], entry["linha"]) == ("ingestao", CREATED_AT, "leads.xlsx", 2)
    assert entry["mensagem"] == "Criado a partir de um arquivo."


def test_lead_that_a_person_made_names_the_person(services: Services, clock: StoppedClock) -> None:
    made = services.registrations.create(ANA, NewLead(nome="Bia", emails=("bia@example.com",)))
    [entry] = life(services, made["lead_id"])
    assert (entry["tipo"], entry["por"], entry["em"], entry["arquivo"]) == ("cadastro", "ana", clock(), None)


def test_file_that_updated_a_lead_is_told(services: Services, owner: Database) -> None:
    lead_id, job_id = a_lead(owner), new_id(STARTED_AT)
    insert(
        owner, "ingest_jobs", tenant_id=TENANT, job_id=job_id, bucket="b", chave="k", nome_arquivo="dezembro.xlsx",
        criado_em=CREATED_AT, atualizado_em=STARTED_AT, leads_atualizados=1, linhas_processadas=1,
    )  # fmt: skip
    insert(
        owner, "ingest_mesclas", tenant_id=TENANT, job_id=job_id, lead_id=lead_id, antes={}, telefones=[], emails=[],
        mesclado_em=STARTED_AT,
    )  # fmt: skip
    assert told(services, lead_id, "tipo", "arquivo", "job_id") == [
        ["ingestao_atualizou", "dezembro.xlsx", str(job_id)]
    ]


# What happened to it


def test_disparo_is_told_with_what_came_of_it(services: Services, owner: Database) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    disparo_id = a_disparo(owner, lead_id, status="confirmado", lido_em=STARTED_AT + timedelta(hours=1))
    for passo, classe in enumerate(("adiado", "transitorio", "enviado", "entregue"), 1):
        a_step(owner, disparo_id, classe, passo)
    entries = told(services, lead_id, "tipo", "disparo_id", "canal", "template")
    assert entries == [
        [kind, str(disparo_id), "whatsapp", "oi"]
        for kind in ("disparo_lido", "disparo_entregue", "disparo_enviado", "disparo")
    ]


def test_failed_disparo_says_why(services: Services, owner: Database) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    a_step(owner, a_disparo(owner, lead_id, status="erro"), "permanente", codigo="131026")
    failed, created = life(services, lead_id)[:-1]
    assert (failed["tipo"], failed["codigo"]) == ("disparo_falhou", "131026")
    assert failed["mensagem"].startswith("A mensagem não chegou. Código do provedor: 131026")
    assert (created["tipo"], created["situacao"]) == ("disparo", "erro")


def test_cancelled_disparo_says_who_and_why(services: Services, owner: Database) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    services.disparos.cancel(TENANT, a_disparo(owner, lead_id), por="ana", motivo="Texto errado")
    assert told(services, lead_id, "tipo", "por", "motivo")[0] == ["disparo_cancelado", "ana", "Texto errado"]


def test_test_of_a_campaign_is_not_told(services: Services, owner: Database) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    campanha_id = a_campaign(owner)
    a_recipient(owner, campanha_id, lead_id, status="enviado")
    test = a_disparo(owner, lead_id, status="enviado", teste_de=campanha_id, lido_em=STARTED_AT)
    a_step(owner, test, "enviado")
    assert told(services, lead_id, "tipo", "campanha_id") == [["disparo", str(campanha_id)]]


def test_replies_are_told_also_those_that_nobody_has_assigned(services: Services, owner: Database) -> None:
    a_template(owner)
    lead_id, other = a_lead(owner), a_lead(owner, telefones=["+5571999990002"])
    disparo_id = a_disparo(owner, lead_id, status="enviado")
    an_answer(owner, disparo_id, lead_id, texto="Quero sim")
    an_answer(owner, disparo_id, None, contato="+5571999990001", texto="Quem é?", at=STARTED_AT + timedelta(minutes=1))
    an_answer(owner, disparo_id, None, contato="+5571999990002")
    assert told(services, lead_id, "tipo", "texto")[:2] == [["resposta", "Quem é?"], ["resposta", "Quero sim"]]
    assert [each["tipo"] for each in life(services, other)] == ["resposta", "ingestao"]


def test_agendamento_is_told_with_its_end(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    at = clock() + timedelta(days=1)
    agendamento_id = book(services, lead_id, at)["agendamento_id"]
    clock.advance(minutes=1)
    services.agendamentos.cancel(TENANT, agendamento_id, por="ana", motivo="Ele pediu")
    assert told(services, lead_id, "tipo", "por", "motivo", "de", "para", "fato") == [
        ["status", None, None, "agendado", "novo", "agendamento_cancelado"],
        ["agendamento_cancelado", "ana", "Ele pediu", None, None, None],
        ["status", None, None, "novo", "agendado", "agendamento_criado"],
        ["agendamento", None, None, None, None, None],
    ]


def test_agendamento_that_moved_is_told(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    agendamento_id = book(services, lead_id, clock() + timedelta(days=1))["agendamento_id"]
    later = clock() + timedelta(days=2)
    clock.advance(minutes=1)
    request = Rescheduling.model_validate_json(json.dumps({"data_agendada": later.isoformat(), "motivo": "Viagem"}))
    services.agendamentos.reschedule(TENANT, agendamento_id, request, por="ana")
    [moved] = [each for each in life(services, lead_id) if each["tipo"] == "agendamento_reagendado"]
    assert (moved["por"], moved["motivo"], moved["agendamento_id"]) == ("ana", "Viagem", str(agendamento_id))
    assert datetime.fromisoformat(moved["marcado_para"]) == later


def test_suppressions_are_told(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    insert(
        owner, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571999990001", supressao_id=UUID(int=9),
        motivo="manual", por="ana", nota="Pediu por telefone", criado_em=STARTED_AT,
    )  # fmt: skip
    insert(
        owner, "leads_suprimidos", tenant_id=TENANT, lead_id=lead_id, por="bia", nota="Falecido", criado_em=STARTED_AT
    )
    assert told(services, lead_id, "tipo", "por", "texto", "situacao") == [
        ["supressao_da_pessoa", "bia", "Falecido", None],
        ["supressao", "ana", "Pediu por telefone", "manual"],
    ]


# Moves


@pytest.mark.parametrize(
    ("fact", "origin", "destination"),
    [
        (LeadFact.DISPARO_CRIADO, "sem_sucesso", "em_disparo"),
        (LeadFact.DISPARO_CONFIRMADO, "em_disparo", "contato_efetuado"),
        (LeadFact.DISPARO_ESGOTADO, "em_disparo", "sem_sucesso"),
        (LeadFact.AGENDAMENTO_CRIADO, "novo", "agendado"),
        (LeadFact.AGENDAMENTO_REALIZADO, "agendado", "contato_efetuado"),
        (LeadFact.AGENDAMENTO_PERDIDO, "agendado", "sem_sucesso"),
    ],
)
def test_fact_that_moves_a_lead_is_told_once(
    services: Services, owner: Database, clock: StoppedClock, fact: LeadFact, origin: str, destination: str
) -> None:
    lead_id, closed = a_lead(owner, status=origin), a_lead(owner, status="concluido")
    for _ in range(2):
        services.database.run(TENANT, lambda rows: moves.apply(rows, [lead_id, closed], fact, clock()))
    assert told(services, lead_id, "tipo", "em", "por", "de", "para", "fato") == [
        ["status", clock(), None, origin, destination, fact.value]
    ]
    assert told(services, closed, "tipo") == []


def test_fact_about_no_lead_moves_none(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    services.database.run(TENANT, lambda rows: moves.apply(rows, [], LeadFact.DISPARO_CRIADO, clock()))
    assert told(services, lead_id, "tipo") == []


def test_two_moves_at_one_instant_are_told_in_their_order(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    with services.database.transaction(TENANT) as rows:
        for fact in (LeadFact.DISPARO_CRIADO, LeadFact.DISPARO_CONFIRMADO, LeadFact.AGENDAMENTO_CRIADO):
            moves.apply(rows, [lead_id], fact, clock())
    assert told(services, lead_id, "para") == [["agendado"], ["contato_efetuado"], ["em_disparo"]]
    last, *_ = life(services, lead_id)
    assert last["mensagem"] == "Passou de contato_efetuado para agendado. Um agendamento foi criado."


def test_reason_of_a_change_is_told_whatever_changes(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    for change in (LeadChange(nome="Novo"), LeadChange(tags=("vip",)), LeadChange(campos={"cidade": "Salvador"})):
        services.lead_edits.change(ANA, lead_id, change.model_copy(update={"motivo": "Ligou"}))
        assert told(services, lead_id, "tipo", "motivo")[0] == ["dados", "Ligou"]


def test_move_by_a_person_says_who_and_why(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner, status="sem_sucesso")
    services.lead_edits.change(ANA, lead_id, LeadChange(status=LeadStatus.DESCARTADO, motivo="Mudou de cidade"))
    services.lead_edits.change(ANA, lead_id, LeadChange(status=LeadStatus.DESCARTADO, motivo="De novo"))
    assert told(services, lead_id, "tipo", "em", "por", "motivo", "de", "para", "fato") == [
        ["status", clock(), "ana", "Mudou de cidade", "sem_sucesso", "descartado", None]
    ]
    assert ask(owner, "SELECT detalhe -> 'campos' FROM eventos ORDER BY evento_id LIMIT 1") == [[["status"]]]


# Corrections


def test_corrected_data_is_told_with_what_it_was(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, nome="Maria", tags=["velha"], campos={"cidade": "Salvador", "valor": 10})
    services.lead_edits.change(
        ANA, lead_id,
        LeadChange(nome="x" * 300, contato=None, tags=("vip",), campos={"cidade": None, "valor": 10, "novo": True}),
    )  # fmt: skip
    [entry] = life(services, lead_id)[:-1]
    assert (entry["tipo"], entry["por"]) == ("dados", "ana")
    assert entry["mudancas"] == [
        {"campo": "nome", "de": "Maria", "para": "x" * 200 + "…"},
        {"campo": "tags", "de": ["velha"], "para": ["vip"]},
        {"campo": "campos.cidade", "de": "Salvador", "para": None},
        {"campo": "campos.novo", "de": None, "para": True},
    ]
    assert entry["mensagem"] == "Dados corrigidos: nome, tags, campos.cidade, campos.novo."


def test_change_that_changes_nothing_is_not_told(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, nome="Maria")
    services.lead_edits.change(ANA, lead_id, LeadChange(nome="Maria"))
    assert told(services, lead_id, "tipo") == []


def test_contacts_that_came_and_went_are_told(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    lead = services.lead_contacts.add_phone(ANA, lead_id, NewPhone(telefone="71 99999-0002", principal=True))
    clock.advance(minutes=1)
    services.lead_contacts.remove_phone(ANA, lead_id, lead["telefones"][1]["telefone_id"], ContactRemoval())
    clock.advance(minutes=1)
    lead = services.lead_contacts.add_email(ANA, lead_id, NewEmail(email="segundo@example.com"))
    clock.advance(minutes=1)
    services.lead_contacts.prefer_email(ANA, lead_id, lead["emails"][1]["email_id"])
    assert told(services, lead_id, "tipo", "por", "mudancas") == [
        ["contato_principal", "ana", [{"campo": "email", "de": "maria@example.com", "para": "segundo@example.com"}]],
        ["contato_incluido", "ana", [{"campo": "email", "de": None, "para": "segundo@example.com"}]],
        ["contato_removido", "ana", [{"campo": "telefone", "de": "+5571999990001", "para": None}]],
        ["contato_principal", "ana", [{"campo": "telefone", "de": "+5571999990001", "para": "+5571999990002"}]],
        ["contato_incluido", "ana", [{"campo": "telefone", "de": None, "para": "+5571999990002"}]],
    ]


def test_only_contact_that_is_removed_leaves_no_principal(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    [email] = services.leads.get(TENANT, lead_id)["emails"]
    services.lead_contacts.remove_email(ANA, lead_id, email["email_id"], ContactRemoval())
    assert told(services, lead_id, "tipo", "mudancas") == [
        ["contato_principal", [{"campo": "email", "de": "maria@example.com", "para": None}]],
        ["contato_removido", [{"campo": "email", "de": "maria@example.com", "para": None}]],
    ]


# Pages


def a_full_life(services: Services, owner: Database, clock: StoppedClock) -> UUID:
    """A lead with several entries of each source, many of them at one instant."""
    a_template(owner)
    lead_id = a_lead(owner)
    for number in range(4):
        disparo_id = a_disparo(owner, lead_id, status="enviado", lido_em=STARTED_AT)
        a_step(owner, disparo_id, "enviado", em=STARTED_AT)
        an_answer(owner, disparo_id, lead_id)
        an_answer(owner, disparo_id, None, contato="maria@example.com", canal="email")
        an_agendamento(owner, lead_id, status="realizado", at=STARTED_AT + timedelta(hours=number))
        services.notes.create(ANA, lead_id, NewNote(texto=f"Nota {number}"), None)
        services.lead_edits.change(ANA, lead_id, LeadChange(nome=f"Maria {number}"))
    return lead_id


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_of_any_size_tell_the_same_life(
    services: Services, owner: Database, clock: StoppedClock, limit: int
) -> None:
    lead_id = a_full_life(services, owner, clock)
    whole = life(services, lead_id)
    assert life(services, lead_id, limit) == whole
    assert len(whole) == 4 * 9 + 1
    assert [each["em"] for each in whole] == sorted((each["em"] for each in whole), reverse=True)


def test_what_happens_meanwhile_does_not_shift_the_next_page(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_full_life(services, owner, clock)
    first = services.timelines.page(TENANT, lead_id, TimelineQuery(limit=5))
    whole = life(services, lead_id)
    clock.advance(minutes=1)
    services.notes.create(ANA, lead_id, NewNote(texto="Mais uma"), None)
    second = services.timelines.page(TENANT, lead_id, TimelineQuery(limit=5, cursor=first["proximo"]))
    assert first["itens"] + second["itens"] == whole[:10]


def test_disparo_whose_id_is_older_or_younger_than_itself_is_in_its_place(services: Services, owner: Database) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    for number in range(12):
        made = STARTED_AT + timedelta(seconds=20 * number)
        drift = timedelta(minutes=(-4, 0, 0.5)[number % 3])
        a_disparo(owner, lead_id, disparo_id=new_id(made + drift), criado_em=made)
    times = [each["em"] for each in life(services, lead_id, limit=2)[:-1]]
    assert times == [STARTED_AT + timedelta(seconds=20 * number) for number in reversed(range(12))]


def test_words_are_in_the_language_of_the_tenant(services: Services, owner: Database) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"idioma": "en"})
    assert [each["mensagem"] for each in life(services, a_lead(owner))] == ["Created from a file."]


def test_life_of_an_unknown_lead_is_not_found(services: Services, owner: Database) -> None:
    theirs = a_lead(owner, tenant_id="outra")
    for lead_id in (theirs, UUID(int=1)):
        with pytest.raises(NotFound):
            services.timelines.page(TENANT, lead_id, TimelineQuery())


@pytest.mark.parametrize("place", ['["2026-11-24T12:00:00Z",100,""]', '["2026-11-24T12:00:00Z",1,"\\u0000"]', "[]"])
def test_cursor_that_is_none_of_ours_is_refused(services: Services, owner: Database, place: str) -> None:
    cursor = urlsafe_b64encode(place.encode()).decode()
    with pytest.raises(Invalid) as raised:
        services.timelines.page(TENANT, a_lead(owner), TimelineQuery(cursor=cursor))
    assert raised.value.code == "cursor_invalido"


def test_events_and_notes_of_a_lead_are_read_from_their_keys(owner: Database, clock: StoppedClock) -> None:
    plan = explain(
        owner, TENANT, "life_of_lead", lead_id=UUID(int=1), antes_em=clock(), antes_fonte=13, antes_chave="1",
        classes=["enviado"], limite=51,
    )  # fmt: skip
    assert "Index Scan Backward using lead_eventos_pkey" in plan
    assert "Index Scan Backward using lead_notas_pkey" in plan


def test_disparos_and_their_steps_are_read_for_a_page_alone(owner: Database) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    run(
        owner,
        "INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, "
        "variaveis, enviar_apos, criado_em, atualizado_em, status, enviado_em, lido_em) "
        f"SELECT '{TENANT}', id_de(em), {literal(lead_id)}, 'whatsapp', {literal(lead_id)}, '+5571999990001', 'oi', 1, "
        "'{}', em, em, em, 'enviado', em, em "
        f"FROM (SELECT CAST('{STARTED_AT}' AS timestamptz) - n * interval '1 hour' AS em "
        "FROM generate_series(1, 5000) n) d",
    )
    run(
        owner,
        "INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe) "
        "SELECT tenant_id, disparo_id, 1, criado_em, 'enviado' FROM disparos",
    )
    vacuum(owner, "disparos", "disparo_tentativas")
    for em in (None, STARTED_AT - timedelta(days=100)):
        plan = explain(
            owner, TENANT, "life_of_lead", lead_id=lead_id, antes_em=em, antes_fonte=13, antes_chave="1",
            classes=["enviado"], limite=51,
        )  # fmt: skip
        scanned = [line for line in plan.splitlines() if " on disparo" in line]
        assert [line.split(" using ")[-1].split("  (")[0] for line in scanned] == [
            "disparos_do_lead_idx on disparos disparos_2",
            "disparos_do_lead_idx on disparos",
            "disparo_tentativas_do_lead_idx on disparo_tentativas t",
            "disparos_pkey on disparos d",
            "disparos_lidos_do_lead_idx on disparos disparos_1",
        ]
        assert len([line for line in plan.splitlines() if "Index Cond" in line and "disparo_id >= " in line]) == 1


# The database


@pytest.mark.parametrize(
    "columns",
    [
        {"tipo": "status", "de": "novo", "por": "x"},
        {"tipo": "status", "de": "novo", "para": "agendado"},
        {"tipo": "dados", "por": "x"},
        {"tipo": "nota_removida", "por": "x"},
        {"tipo": "outro", "por": "x"},
    ],
)
def test_database_refuses_an_event_that_says_nothing(owner: Database, columns: dict[str, Any]) -> None:
    with pytest.raises(ConstraintViolation):
        insert(owner, "lead_eventos", tenant_id=TENANT, lead_id=a_lead(owner), em=STARTED_AT, **columns)


def test_removed_lead_takes_its_notes_with_it(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[], emails=[])
    services.notes.create(ANA, lead_id, NewNote(texto="Oi"), None)
    run(owner, f"DELETE FROM leads WHERE lead_id = {literal(lead_id)}")
    assert ask(owner, "SELECT count(*) FROM lead_notas") == [[0]]
