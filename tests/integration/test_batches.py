"""A thousand disparos with one request: each is made or refused by itself, once, in a handful of statements."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database, Exchange
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.config import Settings
from chalicelib.dispatch.requests.batches import DisparoBatches
from chalicelib.dispatch.requests.models import DisparoBatch, NewDisparo
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.claims import Claims
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued, schedules
from tests.builders import TENANT, a_lead, a_template, ask, insert, lead_status, run
from tests.conftest import STARTED_AT, StoppedClock
from tests.fakes import FakeQueues, FakeSchedules
from tests.keys import a_key, as_answered, replayed
from tests.sending_stage import opted_out

KEY = a_key("lote-1")
SHARED: dict[str, Any] = {"canal": "whatsapp", "template": "oi", "variaveis": {"nome": "Maria"}}


@pytest.fixture
def database(services: Services) -> Database:
    """As the owner, with a template for each channel."""
    a_template(services.owner_database)
    a_template(services.owner_database, nome="oi-email", canal="email")
    return services.owner_database


def an_item(lead_id: UUID, **changes: Any) -> dict[str, Any]:
    item = {"lead_id": str(lead_id), "canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Ana"}}}
    return item | changes


def create(services: Services, key: Any = None, tenant_id: str = TENANT, **body: Any) -> dict[str, Any]:
    """The answer to a batch; the body goes through JSON, as a client's does."""
    batch = DisparoBatch.model_validate_json(json.dumps(body, default=str))
    return services.disparo_batches.create(tenant_id, batch, key)


def to_leads(services: Services, *lead_ids: UUID, key: Any = None, **changes: Any) -> dict[str, Any]:
    return create(services, key, **SHARED | {"lead_ids": lead_ids} | changes)


def stored(database: Database) -> list[list[Any]]:
    return ask(database, "SELECT disparo_id, lead_id FROM disparos ORDER BY disparo_id")


def refusals(answer: dict[str, Any]) -> list[tuple[str, str] | None]:
    return [each["erro"] and (each["erro"]["code"], each["erro"]["pointer"]) for each in answer["itens"]]


def test_one_message_is_made_for_each_lead(services: Services, database: Database) -> None:
    leads = [a_lead(database, telefones=[f"+557199999000{n}"]) for n in range(3)]
    answer = to_leads(services, *leads)
    assert (answer["criados"], answer["recusados"]) == (3, 0)
    ids = [each["disparo_id"] for each in answer["itens"]]
    assert [[str(value) for value in row] for row in stored(database)] == [
        list(map(str, each)) for each in zip(ids, leads, strict=True)
    ]
    assert ask(database, "SELECT DISTINCT variaveis, status, template_versao FROM disparos") == [
        [{"nome": "Maria"}, "pendente", 1]
    ]
    assert {lead_status(database, each) for each in leads} == {"em_disparo"}


def test_item_of_a_batch_makes_what_a_request_of_its_own_makes(services: Services, database: Database) -> None:
    lead_id, other = (a_lead(database, telefones=[f"+557199999000{n}"]) for n in range(2))
    insert(database, "lead_emails", tenant_id=TENANT, lead_id=lead_id, email="b@example.com", ordem=9, principal=False)
    ((email_id,),) = ask(database, f"SELECT contato_id('{lead_id}', 'b@example.com')")
    at = STARTED_AT + timedelta(days=2)
    item = an_item(
        lead_id, canal="email", template="oi-email", email_id=email_id, agendar_para=at,
        expira_em=at + timedelta(days=1), ignorar_janela=True, usar_alternativos=True,
    )  # fmt: skip
    made = create(services, itens=[an_item(other), item])["itens"][1]
    shown = services.disparos.get(TENANT, UUID(made["disparo_id"]))
    alone = create_alone(services, lead_id, {**item, "agendar_para": at + timedelta(days=5), "expira_em": None})
    expected = {
        "disparo_id", "agendar_para", "enviar_apos", "expira_em",
    }  # fmt: skip
    assert {name for name in shown if shown[name] != alone[name]} == expected
    assert shown["agendar_para"] == shown["enviar_apos"] == at


def create_alone(services: Services, lead_id: UUID, item: dict[str, Any]) -> dict[str, Any]:
    body = {name: value for name, value in item.items() if name != "lead_id"}
    request = NewDisparo.model_validate_json(json.dumps(body, default=str))
    return services.disparos.create(TENANT, lead_id, request)


def test_refused_items_say_why_and_write_nothing(services: Services, database: Database) -> None:
    good = a_lead(database)
    closed, mute = a_lead(database, status="descartado"), a_lead(database, telefones=[])
    answer = create(
        services,
        itens=[
            an_item(uuid4()), an_item(closed), an_item(good), an_item(mute), an_item(good, template="novo"),
            an_item(good, payload={"variaveis": {"nome": "x", "b/c": 1}}),
            an_item(good, agendar_para=STARTED_AT - timedelta(days=1)), an_item(good),
        ],
    )  # fmt: skip
    assert refusals(answer) == [
        ("nao_encontrado", "/itens/0"),
        ("lead_encerrado", "/itens/1"),
        None,
        ("sem_contato_valido", "/itens/3"),
        ("template_desconhecido", "/itens/4/template"),
        ("item_repetido", "/itens/5"),
        ("agendar_para_no_passado", "/itens/6/agendar_para"),
        ("item_repetido", "/itens/7"),
    ]
    assert [str(row[0]) for row in stored(database)] == [answer["itens"][2]["disparo_id"]]
    assert answer["itens"][1]["erro"]["detail"]
    assert (answer["criados"], answer["recusados"]) == (1, 7)
    assert lead_status(database, mute) == "novo"


def test_pointer_of_a_shared_message_is_that_of_the_request(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    answer = to_leads(services, lead_id, uuid4(), lead_id, variaveis={"b/c": 1, "nome": "Ana"})
    assert refusals(answer) == [
        ("variavel_desconhecida", "/variaveis/b~1c"), ("nao_encontrado", "/lead_ids/1"),
        ("item_repetido", "/lead_ids/2"),
    ]  # fmt: skip
    assert stored(database) == []


def test_long_name_of_a_variable_is_cut_in_the_answer(services: Services, database: Database) -> None:
    answer = to_leads(services, a_lead(database), variaveis={"x" * 5_000: 1, "nome": "Ana"})
    [erro] = [each["erro"] for each in answer["itens"]]
    assert len(erro["pointer"]) == 201
    assert len(erro["detail"]) < 200


@given(plan=st.lists(st.sampled_from(["bom", "encerrado", "sumido", "mudo"]), min_size=1, max_size=12), data=st.data())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_item_is_made_once_or_refused(services: Services, plan: list[str], data: st.DataObject) -> None:
    owner = services.owner_database
    for table in ("disparos", "lead_telefones", "leads", "templates"):
        run(owner, f"DELETE FROM {table}")
    a_template(owner)
    kinds: dict[str, Callable[[int], UUID]] = {
        "bom": lambda n: a_lead(owner, telefones=[f"+5571999990{n:03d}"]),
        "encerrado": lambda _: a_lead(owner, status="descartado", telefones=["+5571988880000"]),
        "sumido": lambda _: uuid4(),
        "mudo": lambda _: a_lead(owner, telefones=[], emails=[]),
    }
    leads = [(kind, kinds[kind](n)) for n, kind in enumerate(plan)]
    asked = data.draw(st.lists(st.sampled_from(leads), min_size=1, max_size=20))
    answer = to_leads(services, *(lead_id for _, lead_id in asked))
    made = Counter(str(row[1]) for row in stored(owner))
    assert made == Counter({str(lead_id) for kind, lead_id in asked if kind == "bom"})
    results = zip(asked, answer["itens"], strict=True)
    assert all(kind == "bom" for (kind, _), item in results if item["resultado"] == "criado")
    assert answer["criados"] == made.total()
    assert answer["criados"] + answer["recusados"] == len(asked)


# Warnings


def test_warnings_of_each_item_are_told_and_stored(services: Services, database: Database) -> None:
    opted_out(database, "+5571999990001")
    lead_id, other = a_lead(database), a_lead(database, telefones=["+5571999990002"])
    answer = to_leads(services, lead_id, other, ignorar_janela=True)
    assert [[each["codigo"] for each in item["avisos"]] for item in answer["itens"]] == [["contato_suprimido"], []]
    shown = services.disparos.get(TENANT, UUID(answer["itens"][0]["disparo_id"]))
    assert shown["avisos"] == answer["itens"][0]["avisos"]


def test_same_template_twice_within_a_day_is_a_warning_inside_of_a_batch(
    services: Services, database: Database
) -> None:
    lead_id = a_lead(database)
    times = [STARTED_AT + timedelta(days=days) for days in (1, 3, 3.5)]
    items = [an_item(lead_id, agendar_para=at, ignorar_janela=True) for at in times]
    first, second, third = create(services, itens=items)["itens"]
    assert (first["avisos"], second["avisos"]) == ([], [])
    [warning] = third["avisos"]
    assert (warning["codigo"], warning["disparo_id"]) == ("template_repetido", second["disparo_id"])


# Wake-ups


def test_worker_that_one_message_wakes_takes_the_whole_batch(
    services: Services, database: Database, clock: StoppedClock
) -> None:
    queues: Any = FakeQueues()
    schedules: Any = FakeSchedules()
    wakeups = Wakeups(queues=queues, schedules=schedules, queue="q", clock=clock)
    batches = DisparoBatches(database=services.database, wakeups=wakeups, clock=clock, max_tentativas=5)
    leads = [a_lead(database, telefones=[f"+55719999900{n:02d}"]) for n in range(20)]
    batch = DisparoBatch.model_validate({**SHARED, "lead_ids": tuple(leads)})
    made = batches.create(TENANT, batch)["itens"]
    [message] = queues.take("q")
    assert message.body == {"tenant_id": TENANT, "disparo_id": made[0]["disparo_id"]}
    clock.advance(seconds=message.delay_s)
    claims = Claims(database=services.owner_database, clock=clock, lease_s=60)
    claimed = claims.take([WakeupTarget(TENANT, UUID(made[0]["disparo_id"]))]).disparos
    assert {str(each.disparo_id) for each in claimed} == {each["disparo_id"] for each in made}


def test_items_of_one_time_share_a_schedule(
    services: Services, database: Database, aws: Aws, app_settings: Settings
) -> None:
    leads = [a_lead(database, telefones=[f"+557199999000{n}"]) for n in range(4)]
    times = [STARTED_AT + timedelta(days=days) for days in (2, 1, 1, 2)]
    answer = create(services, itens=[an_item(lead, agendar_para=at) for lead, at in zip(leads, times, strict=True)])
    ids = [each["disparo_id"] for each in answer["itens"]]
    assert {name.removeprefix("disparo-") for name in schedules(aws, app_settings.schedule_group)} == {ids[0], ids[1]}
    assert queued(aws, app_settings.dispatch_queue) == []


# The same key


def test_same_key_gets_the_same_answer_and_makes_nothing(services: Services, database: Database) -> None:
    lead_id = a_lead(database)
    first = to_leads(services, lead_id, uuid4(), key=KEY)
    run(database, "UPDATE leads SET status = 'descartado'")
    assert replayed(to_leads, services, lead_id, key=KEY) == as_answered(first)
    assert len(stored(database)) == 1


class _Dying(Exception):
    """The process dies."""


def test_repeat_after_a_death_in_the_middle_makes_all_of_it_once(
    services: Services, database: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = [a_lead(database, telefones=[f"+557199999000{n}"]) for n in range(3)]
    statements = count_statements(monkeypatch)
    to_leads(services, *leads)
    run(database, "DELETE FROM disparos")
    total = statements["all"]
    for number in range(1, total + 1):
        statements["all"], statements["last"] = 0, number
        with pytest.raises(_Dying):
            to_leads(services, *leads, key=KEY)
        statements["last"] = 0
        assert stored(database) == []
    assert to_leads(services, *leads, key=KEY)["criados"] == 3
    assert len(stored(database)) == 3


def count_statements(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many named statements were run; the one with the number `last` dies."""
    counted = {"all": 0, "last": 0}
    original = Exchange.run

    def run_counted(self: Exchange, sql: str, params: tuple[object, ...]) -> Any:
        counted["all"] += 1
        if counted["all"] == counted["last"]:
            raise _Dying
        return original(self, sql, params)

    monkeypatch.setattr(Exchange, "run", run_counted)
    return counted


def test_thousand_disparos_take_as_many_statements_as_one(
    services: Services, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(
        database,
        "INSERT INTO leads (tenant_id, lead_id, lead_id_externo, origem_arquivo, origem_aba, linha_planilha, job_id, "
        "criado_em, atualizado_em) "
        f"SELECT '{TENANT}', gen_random_uuid(), n, 'a.csv', 'a', n, gen_random_uuid(), now(), now() "
        "FROM generate_series(1, 1000) n",
    )
    run(
        database,
        "INSERT INTO lead_telefones (tenant_id, lead_id, telefone, ordem, principal, tipo_origem, valido_para_disparo) "
        "SELECT tenant_id, lead_id, '+557199' || lpad(lead_id_externo, 7, '0'), 1, true, 'movel', true FROM leads",
    )
    leads = [UUID(str(lead_id)) for (lead_id,) in ask(database, "SELECT lead_id FROM leads")]
    statements = count_statements(monkeypatch)
    assert to_leads(services, leads[0], key=KEY)["criados"] == 1
    alone, statements["all"] = statements["all"], 0
    assert to_leads(services, *leads, key=a_key("lote-2"))["criados"] == 1_000
    assert statements["all"] == alone < 20


def test_batches_of_another_tenant_find_no_lead_of_ours(services: Services, database: Database) -> None:
    a_template(database, tenant_id="outra")
    lead_id = a_lead(database)
    answer = create(services, None, "outra", **SHARED, lead_ids=[lead_id])
    assert refusals(answer) == [("nao_encontrado", "/lead_ids/0")]
    assert stored(database) == []
