"""Whose turn it is: probes, room between messages to one person, places, and tenants in turn."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.outcomes import OutgoingMessage
from chalicelib.dispatch.rules.limiter import RateGrant, instant_of, microseconds
from chalicelib.dispatch.rules.policy import PAUSED_PATIENCE
from chalicelib.dispatch.rules.turns import ReadyDisparo, admit, round_robin, turns_of
from tests.unit.test_policy import a_claimed

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def ready(number: int, **changes: Any) -> ReadyDisparo:
    tomado = a_claimed(**{"disparo_id": UUID(int=number), "destino": f"+55719999{number:05}"} | changes)
    return ReadyDisparo(tomado, OutgoingMessage(str(tomado.disparo_id), 1, tomado.destino, "Olá"))


def ids(prontos: list[ReadyDisparo]) -> list[int]:
    return [each.disparo.disparo_id.int for each in prontos]


def said(**changes: Any) -> RateGrant:
    fields = {"marcados": 0, "novos": 0, "vaga": microseconds(NOW) + 5, "intervalo": 10, "sem_orcamento": False}
    return RateGrant(**{**fields, "falhas": 0, **changes})


def test_one_message_tries_a_paused_channel_and_the_others_go_on_waiting() -> None:
    turns = turns_of([ready(n, pausa="190", is_probe=True) for n in (3, 1, 2)], NOW)
    assert ids(turns.prontos["acme"]) == [1]
    assert {each.espera for each in turns.waiting} == {"canal_pausado"}
    assert {each.enviar_apos for each in turns.waiting} == {NOW + PAUSED_PATIENCE}


def test_one_person_gets_one_message_in_six_seconds_by_whatsapp() -> None:
    same = {"destino": "+5571999990001"}
    turns = turns_of([ready(1, **same), ready(2), ready(3, **same), ready(4, **same)], NOW)
    assert ids(turns.prontos["acme"]) == [1, 2]
    waits = {each.disparo.disparo_id.int: (each.espera, each.enviar_apos) for each in turns.waiting}
    assert waits == {
        3: ("destino", NOW + timedelta(seconds=6)),
        4: ("destino", NOW + timedelta(seconds=12)),
    }


def test_same_person_of_two_tenants_and_any_person_by_email_needs_no_room() -> None:
    same = {"destino": "+5571999990001"}
    turns = turns_of([ready(1, **same), ready(2, tenant_id="outra", **same)], NOW)
    assert turns.waiting == []
    mail = {"destino": "maria@example.com", "canal": "email"}
    assert turns_of([ready(1, **mail), ready(2, **mail)], NOW).waiting == []


def test_those_with_a_place_stand_in_the_order_of_their_places_before_all_others() -> None:
    prontos = [
        ready(1),
        ready(2, espera="limite", esperou_ate=NOW),
        ready(3, espera="tentativa", esperou_ate=NOW - timedelta(days=1)),
        ready(4, espera="canal_lento", esperou_ate=NOW - timedelta(seconds=1)),
    ]
    assert ids(turns_of(prontos, NOW).prontos["acme"]) == [4, 2, 1, 3]


def test_who_does_not_go_gets_a_place_each_and_the_reason() -> None:
    prontos = [
        ready(1, espera="limite", esperou_ate=NOW),
        ready(2, espera="limite", esperou_ate=NOW),
        ready(3),
        ready(4),
    ]
    going, staying = admit(prontos, said(marcados=1, novos=1))
    assert ids(going) == [1, 3]
    places = [(each.disparo.disparo_id.int, each.enviar_apos) for each in staying]
    first = microseconds(NOW) + 5
    assert places == [(2, instant_of(first)), (4, instant_of(first + 10))]
    assert {each.espera for each in staying} == {"limite"}
    assert {each.espera for each in admit(prontos, said(sem_orcamento=True))[1]} == {"orcamento_diario"}
    assert {each.espera for each in admit(prontos, said(falhas=1))[1]} == {"canal_lento"}


@given(st.lists(st.lists(st.integers(), max_size=8), max_size=6))
def test_tenants_take_turns_and_keep_their_own_order(sizes: list[list[int]]) -> None:
    queues = [[(tenant, place) for place in range(len(queue))] for tenant, queue in enumerate(sizes)]
    mixed = round_robin(queues)
    assert Counter(mixed) == Counter(each for queue in queues for each in queue)
    assert [place for _, place in mixed] == sorted(place for _, place in mixed)
