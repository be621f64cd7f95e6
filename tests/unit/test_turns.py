"""The order in which disparos leave: probes, space between messages to one person, places, and tenants in turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.dispatch.rules.limiter import RateGrant, instant_of, microseconds
from chalicelib.dispatch.rules.policy import PAUSED_PATIENCE
from chalicelib.dispatch.rules.turns import ReadyDisparo, admit, round_robin, turns_of
from tests.unit.test_policy import a_claimed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST_PLACE = microseconds(NOW) + 5
GRANT = RateGrant(marcados=0, novos=0, vaga=FIRST_PLACE, intervalo=10, sem_orcamento=False, falhas=0)


def a_ready(number: int, **changes: Any) -> ReadyDisparo:
    claimed = a_claimed(**{"disparo_id": UUID(int=number), "destino": f"+55719999{number:05}", **changes})
    return ReadyDisparo(claimed, OutgoingMessage(str(claimed.disparo_id), 1, claimed.destino, "Olá"))


def numbers(ready: Iterable[ReadyDisparo]) -> list[int]:
    return [each.disparo.disparo_id.int for each in ready]


def test_one_probe_tries_a_paused_channel_and_the_others_keep_waiting() -> None:
    turns = turns_of([a_ready(n, pausa="190", is_probe=True) for n in (3, 1, 2)], NOW)
    assert numbers(turns.ready["acme"]) == [1]
    assert {each.espera for each in turns.waiting} == {"canal_pausado"}
    assert {each.enviar_apos for each in turns.waiting} == {NOW + PAUSED_PATIENCE}


def test_one_person_gets_one_whatsapp_message_in_six_seconds() -> None:
    same = {"destino": "+5571999990001"}
    turns = turns_of([a_ready(1, **same), a_ready(2), a_ready(3, **same), a_ready(4, **same)], NOW)
    assert numbers(turns.ready["acme"]) == [1, 2]
    waits = {each.disparo.disparo_id.int: (each.espera, each.enviar_apos) for each in turns.waiting}
    assert waits == {
        3: ("destino", NOW + timedelta(seconds=6)),
        4: ("destino", NOW + timedelta(seconds=12)),
    }


def test_messages_of_two_tenants_or_by_email_need_no_space_between_them() -> None:
    same = {"destino": "+5571999990001"}
    turns = turns_of([a_ready(1, **same), a_ready(2, tenant_id="outra", **same)], NOW)
    assert turns.waiting == []
    by_email: dict[str, Any] = {"destino": "maria@example.com", "canal": Canal.EMAIL}
    assert turns_of([a_ready(1, **by_email), a_ready(2, **by_email)], NOW).waiting == []


def test_disparos_with_a_place_come_first_in_the_order_of_their_places() -> None:
    ready = [
        a_ready(1),
        a_ready(2, espera="limite", esperou_ate=NOW),
        a_ready(3, espera="tentativa", esperou_ate=NOW - timedelta(days=1)),
        a_ready(4, espera="canal_lento", esperou_ate=NOW - timedelta(seconds=1)),
    ]
    assert numbers(turns_of(ready, NOW).ready["acme"]) == [4, 2, 1, 3]


def test_disparos_that_are_not_admitted_get_a_place_each_and_the_reason() -> None:
    ready = [
        a_ready(1, espera="limite", esperou_ate=NOW),
        a_ready(2, espera="limite", esperou_ate=NOW),
        a_ready(3),
        a_ready(4),
    ]
    going, staying = admit(ready, GRANT._replace(marcados=1, novos=1))
    assert numbers(going) == [1, 3]
    places = [(each.disparo.disparo_id.int, each.enviar_apos) for each in staying]
    assert places == [(2, instant_of(FIRST_PLACE)), (4, instant_of(FIRST_PLACE + 10))]
    assert {each.espera for each in staying} == {"limite"}
    assert {each.espera for each in admit(ready, GRANT._replace(sem_orcamento=True))[1]} == {"orcamento_diario"}
    assert {each.espera for each in admit(ready, GRANT._replace(falhas=1))[1]} == {"canal_lento"}


@given(st.lists(st.lists(st.integers(), max_size=8), max_size=6))
def test_tenants_take_turns_and_keep_their_own_order(queued: list[list[int]]) -> None:
    queues = [[(tenant, place) for place in range(len(queue))] for tenant, queue in enumerate(queued)]
    mixed = round_robin(queues)
    assert Counter(mixed) == Counter(each for queue in queues for each in queue)
    assert [place for _, place in mixed] == sorted(place for _, place in mixed)
