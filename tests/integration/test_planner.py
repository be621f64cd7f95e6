"""Planning: who gets what and who does not, slice by slice, and the same whatever happens in between."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database, Rows
from chalicelib.campaigns.planning.audience import audience_of
from chalicelib.campaigns.planning.planner import Planner
from chalicelib.errors import ConstraintViolation, Unavailable
from chalicelib.ids import time_of
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import (
    CREATED_AT,
    TENANT,
    a_lead,
    a_message,
    a_scheduled_campaign,
    a_template,
    ask,
    insert,
    literal,
    one_step,
    run,
)
from tests.conftest import ROOT, STARTED_AT, StoppedClock
from tests.dispatching import Killed, MortalDatabase, Shift, Worker
from tests.sending_stage import opted_out

MakeServices = Callable[..., Services]
T = TypeVar("T")


@pytest.fixture
def owner(services: Services) -> Database:
    """The owner's login, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


_MILLISECONDS = count()


def lead(owner: Database, **columns: Any) -> UUID:
    """A lead that is later than the one before it, so that the ids are in this order."""
    return a_lead(owner, **{"criado_em": CREATED_AT + timedelta(milliseconds=next(_MILLISECONDS)), **columns})


def phone(number: int) -> str:
    return f"+5571999{number:06d}"


def plan(services: Services, campanha_id: UUID, *, tenant_id: str = TENANT, remaining_ms: int = 10**9) -> None:
    body = json.dumps({"tenant_id": tenant_id, "campanha_id": str(campanha_id)})
    services.planner.run({"Records": [{"messageId": "1", "body": body}]}, remaining_ms=lambda: remaining_ms)


def plan_with(services: Services, database: Database, campanha_id: UUID) -> None:
    """Plan with a planner whose database is this one."""
    planner = Planner(
        database=database, queues=services.queues, wake=lambda _: None, publish=lambda: 0, settings=services._settings,
        clock=services._clock,
    )  # fmt: skip
    body = json.dumps({"tenant_id": TENANT, "campanha_id": str(campanha_id)})
    planner.run({"Records": [{"messageId": "1", "body": body}]}, remaining_ms=lambda: 10**9)


def planned(database: Database, campanha_id: UUID, *columns: str) -> list[list[Any]]:
    return ask(
        database,
        f"SELECT {', '.join(columns)} FROM disparos WHERE campanha_id = {literal(campanha_id)} ORDER BY etapa, lead_id",
    )


def left_out(database: Database, campanha_id: UUID) -> dict[UUID, tuple[Any, ...]]:
    found = ask(
        database,
        "SELECT lead_id, etapa, motivo, detalhe FROM campanha_excluidos "
        f"WHERE campanha_id = {literal(campanha_id)} ORDER BY lead_id, etapa",
    )
    return {row[0]: tuple(row[1:]) for row in found}


def status(database: Database, campanha_id: UUID) -> str:
    return str(ask(database, f"SELECT status FROM campanhas WHERE campanha_id = {literal(campanha_id)}")[0][0])


@pytest.mark.straight_path
def test_each_recipient_gets_one_disparo_that_waits_for_its_turn(services: Services, owner: Database) -> None:
    lead_id = lead(owner, telefones=[phone(1), phone(2)], campos={"valor": 12.5, "outro": "x"})
    lead(owner, tenant_id="outra", telefones=[phone(3)])
    campanha_id = a_scheduled_campaign(owner, expira_em=STARTED_AT + timedelta(days=3))
    plan(services, campanha_id)
    [row] = planned(
        owner, campanha_id, "lead_id", "canal", "destino", "template", "variaveis", "status", "espera", "etapa",
        "variante", "enviar_apos", "expira_em", "piloto", "contato_id = contato_id(lead_id, destino)", "tenant_id",
    )  # fmt: skip
    assert row == [
        lead_id, "whatsapp", phone(1), "oi", {"nome": "Maria da Silva"}, "pendente", "campanha", 1, "a", STARTED_AT,
        STARTED_AT + timedelta(days=3), False, True, TENANT,
    ]  # fmt: skip
    assert status(owner, campanha_id) == "em_andamento"
    assert ask(owner, "SELECT tipo, detalhe FROM eventos") == [["campanha.iniciada", {"campanha_id": str(campanha_id)}]]
    assert ask(owner, "SELECT de, para, por FROM campanha_historico") == [["agendada", "em_andamento", None]]


def test_started_campaign_wakes_one_worker(services: Services, owner: Database, aws: Aws) -> None:
    for number in range(3):
        lead(owner, telefones=[phone(number)], emails=[])
        lead(owner, telefones=[], emails=[f"a{number}@example.com"])
    campanha_id = a_scheduled_campaign(owner, one_step(a_message(), a_message("email", "oi-email")))
    plan(services, campanha_id)
    assert len(queued(aws, services._settings.dispatch_queue)) == 1


def test_whoever_is_left_out_has_a_reason(services: Services, owner: Database) -> None:
    opted_out(owner, phone(2))
    reasons = {
        lead(owner, telefones=[phone(1)], status="descartado"): (1, "lead_encerrado", None),
        lead(owner, telefones=[phone(2)]): (1, "suprimido", None),
        lead(owner, telefones=[]): (1, "sem_contato", None),
        lead(owner, telefones=[phone(3)], nome=None): (1, "variavel_ausente", "nome"),
        (person := lead(owner, telefones=[phone(4)])): (1, "suprimido", None),
    }
    lead(owner, telefones=[phone(5)])
    reasons[lead(owner, telefones=[phone(5)])] = (1, "destino_repetido", None)
    insert(owner, "leads_suprimidos", tenant_id=TENANT, lead_id=person, por="u-1", criado_em=STARTED_AT)
    campanha_id = a_scheduled_campaign(owner)
    plan(services, campanha_id)
    assert left_out(owner, campanha_id) == reasons
    assert [row[0] for row in planned(owner, campanha_id, "destino")] == [phone(5)]
    assert counted(owner, campanha_id) == Counter(pendente=1, excluido=6)


def counted(database: Database, campanha_id: UUID) -> Counter[str]:
    """The counters of a campaign by status."""
    found = ask(
        database,
        "SELECT status, sum(quantos)::int FROM campanha_contagens"
        f" WHERE campanha_id = {literal(campanha_id)} GROUP BY 1",
    )
    return Counter({name: number for name, number in found if number})


def test_first_contact_that_is_not_suppressed_is_taken(services: Services, owner: Database) -> None:
    opted_out(owner, phone(1))
    lead(owner, telefones=[phone(1), phone(2), phone(3)])
    campanha_id = a_scheduled_campaign(owner)
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "destino") == [[phone(2)]]


def test_lead_without_the_first_channel_gets_it_by_the_next_one(services: Services, owner: Database) -> None:
    both = lead(owner, telefones=[phone(1)], emails=["a@example.com"])
    mail = lead(owner, telefones=[], emails=["b@example.com"])
    opted_out(owner, phone(3))
    suppressed = lead(owner, telefones=[phone(3)], emails=["c@example.com"])
    neither = lead(owner, telefones=[], emails=[])
    campanha_id = a_scheduled_campaign(owner, one_step(a_message(), a_message("email", "oi-email")))
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "lead_id", "canal", "destino", "template") == [
        [both, "whatsapp", phone(1), "oi"],
        [mail, "email", "b@example.com", "oi-email"],
        [suppressed, "email", "c@example.com", "oi-email"],
    ]
    assert left_out(owner, campanha_id) == {neither: (1, "sem_contato", None)}


def test_constants_win_and_values_of_the_next_channel_are_kept_as_well(services: Services, owner: Database) -> None:
    words = {"canal": "email", "idioma": "pt_BR", "assunto": "{{valor|moeda}}", "texto": "{{prazo}} {{nome}}"}
    insert(owner, "templates", tenant_id=TENANT, nome="cobra", versao=1, variaveis=["valor", "prazo", "nome"],
           criado_em=STARTED_AT, **words)  # fmt: skip
    lead(owner, campos={"valor": 10.5, "prazo": "hoje", "outro": 1})
    message = a_message(variaveis={"nome": "cliente"})
    campanha_id = a_scheduled_campaign(owner, one_step(message, a_message("email", "cobra")))
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "variaveis") == [[{"nome": "cliente", "valor": 10.5, "prazo": "hoje"}]]


def test_each_variant_gets_its_share_of_the_leads_by_their_hash(services: Services, owner: Database) -> None:
    for number in range(60):
        lead(owner, telefones=[phone(number)], emails=[f"p{number}@example.com"])
    halves = [
        {"nome": "a", "peso": 40, "mensagens": [a_message()]},
        {"nome": "b", "peso": 60, "mensagens": [a_message("email", "oi-email")]},
    ]
    campanha_id = a_scheduled_campaign(owner, {"variantes": halves})
    plan(services, campanha_id)
    found = Counter((variant, canal) for variant, canal in planned(owner, campanha_id, "variante", "canal"))
    assert found.keys() == {("a", "whatsapp"), ("b", "email")}
    assert 10 <= found["a", "whatsapp"] <= 40


def test_all_steps_are_planned_each_so_many_business_days_later(services: Services, owner: Database) -> None:
    lead_id = lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, one_step(), one_step(a_message("email", "oi-email"), apos_dias_uteis=4))
    plan(services, campanha_id)
    # From Tuesday: Wednesday, Thursday, Friday, Monday.
    assert planned(owner, campanha_id, "lead_id", "etapa", "canal", "enviar_apos") == [
        [lead_id, 1, "whatsapp", STARTED_AT],
        [lead_id, 2, "email", STARTED_AT + timedelta(days=6)],
    ]


def test_whoever_is_left_out_of_the_first_step_holds_no_contact_in_the_next(
    services: Services, owner: Database
) -> None:
    first = lead(owner, telefones=[phone(1)], emails=["a@example.com"])
    shadow = lead(owner, telefones=[phone(1)], emails=["b@example.com"])
    other = lead(owner, telefones=[phone(2)], emails=["b@example.com"])
    again = lead(owner, telefones=[phone(3)], emails=["b@example.com"])
    campanha_id = a_scheduled_campaign(owner, one_step(), one_step(a_message("email", "oi-email"), apos_dias_uteis=1))
    plan(services, campanha_id)
    assert left_out(owner, campanha_id) == {
        shadow: (1, "destino_repetido", None),
        again: (2, "destino_repetido", None),
    }
    assert [row for row in planned(owner, campanha_id, "lead_id", "destino", "etapa") if row[2] == 2] == [
        [first, "a@example.com", 2],
        [other, "b@example.com", 2],
    ]


def test_recipients_outside_of_their_window_wait_for_its_opening(services: Services, owner: Database) -> None:
    """07:30 in Salvador is too early; in Noronha's DDD it is as well, and without a DDD the tenant's zone counts."""
    for number, telefone in enumerate(("+5571999990001", "+5568999990001", "+14155550100")):
        lead(owner, telefones=[telefone], emails=[f"a{number}@example.com"])
    start = datetime(2026, 11, 25, 11, 30, tzinfo=UTC)
    campanha_id = a_scheduled_campaign(owner, iniciar_em=start)
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "destino", "enviar_apos") == [
        ["+5571999990001", start],
        ["+5568999990001", datetime(2026, 11, 25, 13, 0, tzinfo=UTC)],
        ["+14155550100", start],
    ]
    assert status(owner, campanha_id) == "agendada"


def test_mail_keeps_to_the_window_of_the_principal_phone(services: Services, owner: Database) -> None:
    lead(owner, telefones=["+5568999990001"])
    campanha_id = a_scheduled_campaign(
        owner, one_step(a_message("email", "oi-email")), iniciar_em=datetime(2026, 11, 25, 11, 30, tzinfo=UTC)
    )
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "enviar_apos") == [[datetime(2026, 11, 25, 13, 0, tzinfo=UTC)]]


@pytest.mark.parametrize(("columns", "pilots"), [
    ({"piloto": 3}, {3}), ({"piloto": 30, "piloto_percentual": True}, set(range(1, 20))), ({}, {0}),
])  # fmt: skip
def test_pilot_is_the_first_so_many_or_a_share_of_the_first_step(
    make_services: MakeServices, columns: dict[str, Any], pilots: set[int]
) -> None:
    services = make_services(plan_slice_leads=2)
    owner = services.owner_database
    a_template(owner)
    for number in range(20):
        lead(owner, telefones=[phone(number)])
    more: dict[str, Any] = {"piloto_decisao": "pessoa", "piloto_liberado": False} if columns else {}
    campanha_id = a_scheduled_campaign(owner, one_step(), one_step(apos_dias_uteis=1), **columns, **more)
    plan(services, campanha_id)
    found = Counter(etapa for etapa, piloto in planned(owner, campanha_id, "etapa", "piloto") if piloto)
    assert found[1] in pilots
    assert found[2] == 0


def test_later_leads_are_not_of_the_audience(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner)
    lead(owner, telefones=[phone(2)], criado_em=clock.advance(minutes=1))
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "destino") == [[phone(1)]]


def test_relative_days_of_the_filter_are_those_of_the_frozen_audience(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    insert(
        owner,
        "tenant_campos",
        tenant_id=TENANT,
        campo="vencimento",
        tipo="data",
        titulo="Vencimento",
        visto_em=STARTED_AT,
    )
    lead(owner, telefones=[phone(1)], campos={"vencimento": "2026-11-23"})
    lead(owner, telefones=[phone(2)], campos={"vencimento": "2026-11-24"})
    due = {"campo": {"nome": "vencimento", "op": "<", "valor": "hoje"}}
    campanha_id = a_scheduled_campaign(owner, filtro=due)
    clock.advance(days=5)
    plan(services, campanha_id)
    assert planned(owner, campanha_id, "destino") == [[phone(1)]]


def test_ids_are_in_the_order_of_the_leads_and_of_the_time_of_the_audience(services: Services, owner: Database) -> None:
    for number in range(5):
        lead(owner, telefones=[phone(number)])
    campanhas = [a_scheduled_campaign(owner), a_scheduled_campaign(owner)]
    for each in campanhas:
        plan(services, each)
    ids = [row[0] for each in campanhas for row in planned(owner, each, "disparo_id")]
    assert len(set(ids)) == 10
    assert {time_of(each) for each in ids} == {STARTED_AT}
    assert {(each.version, each.variant) for each in ids} == {(7, ids[0].variant)}


def a_population(owner: Database, random: Random, size: int) -> None:
    """Leads of every kind: closed, suppressed, without contacts or values, with contacts of others."""
    for number in range(4):
        opted_out(owner, phone(number))
        opted_out(owner, f"p{number}@example.com", canal="email")
    for _ in range(size):
        lead_id = lead(
            owner,
            nome=random.choice(["Ana Lima", "Rui", None, " "]),
            telefones=sorted({phone(random.randrange(size)) for _ in range(random.randrange(3))}),
            emails=sorted({f"p{random.randrange(size)}@example.com" for _ in range(random.randrange(3))}),
            status=random.choice(["novo", "novo", "em_disparo", "descartado"]),
            campos=random.choice([{}, {"valor": 1.5}, {"valor": "R$ 3,00"}, {"valor": "caro"}]),
        )
        if random.random() < 0.1:
            insert(owner, "leads_suprimidos", tenant_id=TENANT, lead_id=lead_id, por="u-1", criado_em=STARTED_AT)


def a_cobra(owner: Database) -> None:
    """A template that needs an amount."""
    insert(owner, "templates", tenant_id=TENANT, nome="cobra", versao=1, canal="email", idioma="pt_BR", assunto="Oi",
           texto="{{nome}}: {{valor|moeda}}", variaveis=["nome", "valor"], criado_em=STARTED_AT)  # fmt: skip


def some_steps(random: Random) -> list[dict[str, Any]]:
    messages = [[a_message()], [a_message("email", "cobra")], [a_message(), a_message("email", "oi-email")],
                [a_message("email", "cobra"), a_message()]]  # fmt: skip

    def variants() -> list[dict[str, Any]]:
        share = random.randrange(1, 100)
        return [
            {"nome": "a", "peso": share, "mensagens": random.choice(messages)},
            {"nome": "b", "peso": 100 - share, "mensagens": random.choice(messages)},
        ]

    return [{"variantes": variants(), "apos_dias_uteis": None if n == 0 else n} for n in range(random.randrange(1, 4))]


@pytest.mark.parametrize("seed", range(8))
def test_preflight_says_what_planning_does(services: Services, owner: Database, seed: int) -> None:
    random = Random(seed)
    a_cobra(owner)
    a_population(owner, random, 60)
    campanha_id = a_scheduled_campaign(owner, *some_steps(random))
    make = services._settings.model_copy(update={"plan_slice_leads": random.choice([1, 7, 100])})
    services._settings = make
    with owner.transaction(TENANT) as rows:
        campaign = rows.one("campanha_by_id", campanha_id=campanha_id)
        assert campaign is not None
        expected = rows.all("count_recipients", **audience_of(rows, campaign, STARTED_AT).params)
    foreseen: Counter[tuple[Any, ...]] = Counter()
    for row in expected:
        key = (row["etapa"], row["variante"], row["motivo"], row["detalhe"], row["motivo"] is None and row["canal"])
        foreseen[key] += row["quantos"]
    plan(services, campanha_id)
    made = planned(owner, campanha_id, "etapa", "variante", "NULL", "NULL", "canal")
    out = ask(
        owner,
        "SELECT etapa, variante, motivo, detalhe, false FROM campanha_excluidos"
        f" WHERE campanha_id = {literal(campanha_id)}",
    )
    assert Counter(map(tuple, made + out)) == foreseen
    assert len({key[2] for key in foreseen}) > 3


def ledger(owner: Database, campanha_id: UUID) -> list[list[Any]]:
    """All that planning made, but for the ids of the campaign."""
    columns = "lead_id, etapa, variante, canal, destino, template, variaveis::text, enviar_apos, piloto"
    out = ask(owner, f"SELECT lead_id, etapa, variante, motivo, detalhe FROM campanha_excluidos "
                     f"WHERE campanha_id = {literal(campanha_id)} ORDER BY lead_id, etapa")  # fmt: skip
    return planned(owner, campanha_id, "disparo_id", *columns.split(", ")) + out


@pytest.mark.parametrize("dies_at", range(2, 11))
def test_worker_that_dies_before_or_after_any_commit_leaves_the_same_rows(
    make_services: MakeServices, clock: StoppedClock, dies_at: int
) -> None:
    services = make_services(plan_slice_leads=4)
    owner = services.owner_database
    for nome, canal in (("oi", "whatsapp"), ("oi-email", "email")):
        a_template(owner, nome=nome, canal=canal)
    a_population(owner, Random(dies_at // 2), 18)
    steps = [one_step(a_message(), a_message("email", "oi-email")), one_step(apos_dias_uteis=2)]
    pilot: dict[str, Any] = {"piloto": 5, "piloto_decisao": "pessoa", "piloto_liberado": False}
    campanha_id = a_scheduled_campaign(owner, *steps, **pilot)
    # Steps 0 and 1 are those of the claim; five slices follow.
    dying: Any = MortalDatabase(owner, Worker(Shift(dies_at=dies_at)))
    with pytest.raises(Killed):
        plan_with(services, dying, campanha_id)
    plan(services, campanha_id)
    assert status(owner, campanha_id) == "agendada"
    clock.advance(seconds=services._settings.plan_lease_s + 1)
    plan(services, campanha_id)
    assert status(owner, campanha_id) == "em_andamento"
    made = ledger(owner, campanha_id)
    run(owner, "DELETE FROM disparos; DELETE FROM campanha_excluidos; UPDATE campanhas SET planejado_ate = NULL, "
               "planejada_em = NULL, status = 'pausada', pausa_codigo = 'pessoa'")  # fmt: skip
    plan(make_services(plan_slice_leads=1_000), campanha_id)
    assert ledger(owner, campanha_id) == made
    assert len(made) > 10


def test_killed_process_leaves_the_same_rows(services: Services, owner: Database, app_settings: Any) -> None:
    """SIGKILL in the middle of a slice: the kernel closes the connection, and the server rolls back."""
    for number in range(12):
        lead(owner, telefones=[phone(number)])
    campanha_id = a_scheduled_campaign(owner)
    program = (
        "import json, os, signal, sys\n"
        "from chalicelib.config import Settings\n"
        "from chalicelib.wiring import Services\n"
        "planner = Services(Settings.model_validate_json(sys.argv[1])).planner\n"
        "plan_in, seen = planner._plan_in, []\n"
        "def die(*given):\n"
        "    is_last = plan_in(*given)\n"
        "    seen.append(1)\n"
        "    len(seen) == 3 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return is_last\n"
        "planner._plan_in = die\n"
        "planner.run(json.loads(sys.argv[2]), remaining_ms=lambda: 10**9)\n"
    )
    body = json.dumps({"tenant_id": TENANT, "campanha_id": str(campanha_id)})
    event = json.dumps({"Records": [{"messageId": "1", "body": body}]})
    small = app_settings.model_copy(update={"plan_slice_leads": 3}).model_dump_json()
    child = subprocess.run([sys.executable, "-c", program, small, event], cwd=ROOT, check=False)
    assert child.returncode == -signal.SIGKILL
    assert len(planned(owner, campanha_id, "lead_id")) == 6
    run(owner, "UPDATE campanhas SET lease_ate = '2026-01-01T00:00:00Z'")
    plan(services, campanha_id)
    assert [row[0] for row in planned(owner, campanha_id, "destino")] == [phone(number) for number in range(12)]


def test_worker_without_time_hands_the_campaign_over(make_services: MakeServices, aws: Aws) -> None:
    services = make_services(plan_slice_leads=2)
    owner = services.owner_database
    a_template(owner)
    for number in range(3):
        lead(owner, telefones=[phone(number)])
    campanha_id = a_scheduled_campaign(owner)
    plan(services, campanha_id, remaining_ms=1)
    assert len(planned(owner, campanha_id, "lead_id")) == 2
    [message] = queued(aws, services._settings.campaign_queue)
    assert message["body"] == {"tenant_id": TENANT, "campanha_id": str(campanha_id)}
    plan(services, campanha_id, remaining_ms=1)
    assert status(owner, campanha_id) == "em_andamento"


def test_failed_slice_gives_the_campaign_back(services: Services, owner: Database) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner)
    raising = "BEGIN RAISE integrity_constraint_violation USING CONSTRAINT = 'no'; END"
    run(owner, f"CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$")
    run(owner, "CREATE TRIGGER no BEFORE INSERT ON disparos FOR EACH ROW EXECUTE FUNCTION no()")
    with pytest.raises(ConstraintViolation):
        plan(services, campanha_id)
    assert ask(owner, "SELECT lease_dono, planejado_ate FROM campanhas") == [[None, None]]
    run(owner, "DROP TRIGGER no ON disparos")
    plan(services, campanha_id)
    assert len(planned(owner, campanha_id, "lead_id")) == 1


class _AwayAfter:
    """A database that does not answer any more after some transactions."""

    def __init__(self, database: Database, transactions: int) -> None:
        self._database = database
        self._left = transactions

    def run(self, tenant_id: str, work: Callable[[Rows], T]) -> T:
        self._left -= 1
        if self._left < 0:
            raise Unavailable("banco_indisponivel")
        return self._database.run(tenant_id, work)


def test_campaign_that_cannot_be_given_back_is_left_to_its_lease(services: Services, owner: Database) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner)
    away: Any = _AwayAfter(owner, 1)
    with pytest.raises(Unavailable):
        plan_with(services, away, campanha_id)
    assert ask(owner, "SELECT lease_dono IS NOT NULL, planejado_ate FROM campanhas") == [[True, None]]


def test_cancelled_campaign_is_not_planned_any_further(make_services: MakeServices, clock: StoppedClock) -> None:
    services = make_services(plan_slice_leads=2)
    owner = services.owner_database
    a_template(owner)
    for number in range(5):
        lead(owner, telefones=[phone(number)])
    campanha_id = a_scheduled_campaign(owner)

    def remaining() -> int:
        run(owner, "UPDATE campanhas SET status = 'cancelada', encerrada_em = now()")
        return 10**9

    body = json.dumps({"tenant_id": TENANT, "campanha_id": str(campanha_id)})
    services.planner.run({"Records": [{"messageId": "1", "body": body}]}, remaining_ms=remaining)
    assert len(planned(owner, campanha_id, "lead_id")) == 2
    assert status(owner, campanha_id) == "cancelada"


def test_paused_campaign_is_planned_and_not_started(services: Services, owner: Database) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, status="pausada", pausa_codigo="pessoa")
    plan(services, campanha_id)
    assert len(planned(owner, campanha_id, "lead_id")) == 1
    assert status(owner, campanha_id) == "pausada"


def test_campaign_of_nobody_is_planned(services: Services, owner: Database) -> None:
    campanha_id = a_scheduled_campaign(owner)
    plan(services, campanha_id)
    assert (status(owner, campanha_id), counted(owner, campanha_id)) == ("em_andamento", Counter())


def test_scheduled_campaign_starts_at_its_time(services: Services, owner: Database, clock: StoppedClock) -> None:
    lead(owner, telefones=[phone(1)])
    campanha_id = a_scheduled_campaign(owner, iniciar_em=STARTED_AT + timedelta(hours=1))
    plan(services, campanha_id)
    assert status(owner, campanha_id) == "agendada"
    clock.advance(hours=1)
    plan(services, campanha_id)
    assert status(owner, campanha_id) == "em_andamento"
    assert ask(owner, "SELECT iniciada_em FROM campanhas") == [[clock()]]
