"""What an attempt means for its delivery, and a run for the receiver."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.subscriptions.rules.outcomes import PostAttempt, ReceiverHealth, delivery_after, health_after
from chalicelib.subscriptions.rules.retries import MOST_ATTEMPTS
from chalicelib.subscriptions.states import DeliveryStatus, SwitchOffCode
from tests.conftest import STARTED_AT

ID = UUID(int=1)
ARRIVED, REFUSED, LOST, GONE = (
    PostAttempt(204, None, 1),
    PostAttempt(500, None, 1),
    PostAttempt(None, "tempo_esgotado", 1),
    PostAttempt(410, None, 1),
)


@given(st.integers(100, 599), st.integers(1, MOST_ATTEMPTS))
def test_only_a_success_is_delivered_and_everything_else_is_tried_again_until_the_end(status: int, number: int) -> None:
    update = delivery_after(ID, number, PostAttempt(status, None, 1), STARTED_AT, 0.5)
    if 200 <= status < 300:
        assert (update.status, update.proxima_em) == (DeliveryStatus.ENTREGUE, None)
    elif status == 410 or number == MOST_ATTEMPTS:
        assert (update.status, update.proxima_em) == (DeliveryStatus.FALHOU, None)
    else:
        assert update.status is DeliveryStatus.PENDENTE
        assert update.proxima_em is not None
        assert update.proxima_em > STARTED_AT


def test_without_an_answer_a_delivery_is_tried_again() -> None:
    assert delivery_after(ID, 1, LOST, STARTED_AT, 0.5).status is DeliveryStatus.PENDENTE


def test_one_that_arrives_shows_that_the_receiver_is_up() -> None:
    before = ReceiverHealth(3, STARTED_AT - timedelta(days=9))
    assert health_after(before, [REFUSED, ARRIVED], STARTED_AT, 0.5) == ReceiverHealth()


@pytest.mark.parametrize("attempts", [[REFUSED], [LOST, REFUSED]])
def test_receiver_that_takes_nothing_is_left_alone(attempts: list[PostAttempt]) -> None:
    health = health_after(ReceiverHealth(), attempts, STARTED_AT, 0.5)
    assert health == ReceiverHealth(1, STARTED_AT, STARTED_AT + timedelta(seconds=5))
    assert health.is_failing
    later = STARTED_AT + timedelta(seconds=6)
    again = health_after(health, attempts, later, 0.5)
    assert again == ReceiverHealth(2, STARTED_AT, later + timedelta(seconds=10))


def test_five_days_without_a_success_switch_a_subscription_off() -> None:
    since = STARTED_AT - timedelta(days=5)
    health = health_after(ReceiverHealth(9, since), [LOST], STARTED_AT, 0.5)
    assert health.switched_off is SwitchOffCode.FALHAS_SEGUIDAS
    assert health_after(ReceiverHealth(9, since + timedelta(seconds=1)), [LOST], STARTED_AT, 0.5).switched_off is None


def test_receiver_that_is_gone_switches_its_subscription_off_at_once() -> None:
    assert health_after(ReceiverHealth(), [ARRIVED, GONE], STARTED_AT, 0.5).switched_off is SwitchOffCode.HTTP_410
