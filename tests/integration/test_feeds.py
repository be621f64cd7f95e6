"""A feed shows what a responsável has, to whoever has its address, until the address is revoked or made anew."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import icalendar
import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import NotFound
from chalicelib.identity import ADMIN, OPERATOR, Identity
from chalicelib.scheduling.invitations.feeds import Feeds
from chalicelib.scheduling.invitations.requests import NewFeed
from chalicelib.wiring import Services
from tests.builders import CREATED_AT, TENANT, a_lead, an_agendamento, ask, explain, insert, literal, run
from tests.conftest import StoppedClock

BIA = Identity(TENANT, "bia", frozenset({OPERATOR}))
THEIRS = Identity("outra", "rui", frozenset({ADMIN}))
DAY = timedelta(days=1)


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def feeds(services: Services) -> Feeds:
    return services.feeds


def published(feeds: Feeds, responsavel: str = "Ana", identity: Identity = BIA) -> str:
    """The token of a new feed."""
    url: str = feeds.publish(identity, NewFeed(responsavel=responsavel))["url"]
    return url.rpartition("/")[2].removesuffix(".ics")


def a_responsavel(owner: Database, nome: str = "Ana", **columns: Any) -> UUID:
    given = {
        "tenant_id": TENANT, "responsavel_id": UUID(int=1), "nome": nome, "expediente": {}, "folga_antes_minutos": 0,
        "antecedencia_minutos": 0, "granularidade_minutos": 30, "respeita_feriados": True, "criado_em": CREATED_AT,
        "criado_por": "x", "atualizado_em": CREATED_AT, "atualizado_por": "x",
    }  # fmt: skip
    insert(owner, "responsaveis", **(given | columns))
    return UUID(int=1)


def shown(feeds: Feeds, token: str) -> list[Any]:
    """The appointments that a feed shows, in its order."""
    return list(icalendar.Calendar.from_ical(feeds.file(token).text).walk("VEVENT"))


def ids(events: list[Any]) -> list[UUID]:
    return [UUID(event["UID"].partition("@")[0]) for event in events]


@pytest.mark.straight_path
def test_feed_shows_the_agendamentos_of_one_responsavel_however_the_name_is_written(
    feeds: Feeds, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    mine = an_agendamento(owner, lead_id, at=clock() + DAY, responsavel="ANA", observacoes="Quer desconto")
    an_agendamento(owner, lead_id, at=clock() + DAY, responsavel="Bia")
    a_foreign = a_lead(owner, tenant_id="outra")
    an_agendamento(owner, a_foreign, tenant_id="outra", at=clock() + DAY)
    [event] = shown(feeds, published(feeds))
    assert ids([event]) == [mine]
    assert event["SUMMARY"] == "Retorno para o lead Maria da Silva"
    assert event["DESCRIPTION"] == "+5571999990001\nmaria@example.com\n\nQuer desconto"
    assert event["CONFERENCE"] == "tel:+5571999990001"


def test_feed_keeps_thirty_days_of_what_was_and_of_what_was_cancelled(
    feeds: Feeds, owner: Database, clock: StoppedClock
) -> None:
    lead_id, now = a_lead(owner), clock()

    def booked(at: datetime, status: str = "pendente", changed: datetime = now) -> UUID:
        return an_agendamento(owner, lead_id, at=at, status=status, atualizado_em=changed)

    booked(now - 31 * DAY, "realizado")
    booked(now + 3 * DAY, "cancelado", changed=now - 31 * DAY)
    past = booked(now - 29 * DAY, "realizado")
    missed = booked(now - 28 * DAY, "nao_compareceu")
    live = booked(now + DAY, "confirmado")
    cancelled = booked(now + 2 * DAY, "cancelado", changed=now - 29 * DAY)
    events = shown(feeds, published(feeds))
    assert ids(events) == [past, missed, live, cancelled]
    assert [each["STATUS"] for each in events] == ["CONFIRMED"] * 3 + ["CANCELLED"]


def test_zone_and_address_of_the_responsavel_are_those_of_the_feed(
    feeds: Feeds, owner: Database, clock: StoppedClock
) -> None:
    a_responsavel(owner, email="ana@example.com", fuso="America/Rio_Branco")
    an_agendamento(owner, a_lead(owner), at=clock() + DAY)
    [event] = shown(feeds, published(feeds, "ana"))
    assert event["ORGANIZER"] == "mailto:ana@example.com"
    assert event["DTSTART"].params["TZID"] == "America/Rio_Branco"
    assert event.decoded("DTSTART") == clock() + DAY


def test_empty_feed_is_a_calendar(feeds: Feeds) -> None:
    assert shown(feeds, published(feeds)) == []


def test_new_address_ends_the_one_before(feeds: Feeds) -> None:
    first = published(feeds, "Ana")
    second = published(feeds, "ANA")
    assert first != second
    assert feeds.file(second)
    with pytest.raises(NotFound):
        feeds.file(first)
    [feed] = feeds.all(TENANT)["itens"]
    assert (feed["responsavel"], feed["criado_por"]) == ("ANA", "bia")


def test_revoked_address_is_unknown(feeds: Feeds) -> None:
    token = published(feeds)
    [feed] = feeds.all(TENANT)["itens"]
    with pytest.raises(NotFound):
        feeds.revoke(THEIRS, feed["agenda_id"])
    assert feeds.file(token)
    feeds.revoke(BIA, feed["agenda_id"])
    for again in (lambda: feeds.file(token), lambda: feeds.revoke(BIA, feed["agenda_id"])):
        with pytest.raises(NotFound):
            again()
    assert feeds.all(TENANT) == {"itens": []}


def test_address_is_random_and_only_its_hash_is_stored(feeds: Feeds, owner: Database) -> None:
    tokens = {published(feeds) for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(each) >= 32 for each in tokens)
    stored = str(ask(owner, "SELECT to_jsonb(g) FROM agendas g"))
    assert not [each for each in tokens if each in stored]


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", "a" * 10_000, "=", "YWNtZQ", urlsafe_b64encode(bytes(24) + b"acme").decode().rstrip("="),
     urlsafe_b64encode(bytes(24) + b"../../acme").decode(), urlsafe_b64encode(bytes(24) + b"\xff").decode()],
)  # fmt: skip
def test_address_that_nobody_made_is_unknown(feeds: Feeds, token: str) -> None:
    with pytest.raises(NotFound):
        feeds.file(token)


def test_address_is_one_of_its_tenant_alone(feeds: Feeds) -> None:
    mine, theirs = published(feeds), published(feeds, identity=THEIRS)
    forged = mine[:32] + urlsafe_b64encode(b"outra").decode().rstrip("=")
    assert feeds.file(theirs)
    with pytest.raises(NotFound):
        feeds.file(forged)


def test_feed_goes_with_its_responsavel(feeds: Feeds, owner: Database, services: Services) -> None:
    def change(sql: str) -> None:
        # The API renames and deletes them, with its own rights.
        with services.database.transaction(TENANT) as rows:
            rows.execute(sql)

    responsavel_id = a_responsavel(owner)
    other = published(feeds, "Ana Maria")
    token = published(feeds)
    row = f"WHERE responsavel_id = {literal(responsavel_id)}"
    change(f"UPDATE responsaveis SET nome = 'ANA' {row}")
    assert feeds.file(token)
    change(f"UPDATE responsaveis SET nome = 'Ana Maria' {row}")
    assert [each["responsavel"] for each in feeds.all(TENANT)["itens"]] == ["Ana Maria"]
    assert feeds.file(token)
    with pytest.raises(NotFound):
        feeds.file(other)
    change(f"DELETE FROM responsaveis {row}")
    with pytest.raises(NotFound):
        feeds.file(token)


def test_url_is_that_of_the_api_if_it_knows_its_own(make_services: Any) -> None:
    feeds: Feeds = make_services(public_url="https://api.example.com").feeds
    made = feeds.publish(BIA, NewFeed(responsavel="Ana"))
    assert made["url"].startswith("https://api.example.com/agenda/")


def test_feed_is_read_by_its_indexes(owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    run(owner, f"""
        INSERT INTO agendamentos (tenant_id, agendamento_id, lead_id, tipo, canal, data_agendada, ocupado_de,
                                  ocupado_ate, responsavel, status, criado_em, atualizado_em)
        SELECT 'acme', gen_random_uuid(), '{lead_id}', 'reuniao', 'video', at, at, at + interval '1 hour',
               'Pessoa ' || n % 50, CASE WHEN n % 2 = 0 THEN 'realizado' ELSE 'cancelado' END, now(), now()
          FROM generate_series(1, 5000) n, LATERAL (SELECT '2026-01-01'::timestamptz + n * interval '2 hours') t (at)
    """)  # fmt: skip
    run(owner, "ANALYZE agendamentos")
    plan = explain(owner, TENANT, "meetings_of_feed", responsavel="Pessoa 1", desde=clock(), limite=1000)
    assert "agendamentos_encerrados_idx" in plan
    assert "Seq Scan on agendamentos" not in plan
