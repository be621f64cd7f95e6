"""Turns of the worker: what is due is delivered at least once, and no receiver holds up another one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from chalicelib.adapters.web.posts import Post, Posted
from chalicelib.config import Settings
from chalicelib.errors import Unavailable
from chalicelib.subscriptions.requests.models import NewSubscription, SubscriptionChange
from chalicelib.subscriptions.worker.delivery import PORTION, DeliveriesFailed, Delivering
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import delayed, queued
from tests.builders import TENANT, ask, run
from tests.conftest import StoppedClock
from tests.receivers import Received, Reply, a_raw_receiver, a_receiver, hangs
from tests.subscribing import ANA, FakePoster, a_subscription, a_worker, deliveries, happen, wake_up

ARRIVED, REFUSED, LOST, GONE = (
    Posted(204, None, 0.01),
    Posted(500, None, 0.01),
    Posted(None, "tempo_esgotado", 10.0),
    Posted(410, None, 0.01),
)


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """As in the local stack, where every address is allowed."""
    return make_services(internal_channels=True, subscription_timeout_s=0.5)


def subscription(services: Services, columns: str) -> list[object]:
    [row] = ask(services.owner_database, f"SELECT {columns} FROM assinaturas ORDER BY assinatura_id LIMIT 1")
    return row


@pytest.mark.straight_path
def test_receiver_verifies_what_it_gets_with_each_of_two_secrets(services: Services, clock: StoppedClock) -> None:
    clock.now = datetime.now(UTC)
    with a_receiver() as receiver:
        made = services.subscriptions.create(ANA, NewSubscription(url=receiver.url))
        second = services.subscriptions.rotate_secret(ANA, made["assinatura_id"])["segredo"]
        [evento_id] = happen(services, clock, kind="disparo.failed")
        services.delivering.run(wake_up(made["assinatura_id"]))
    [got] = receiver.received
    for segredo in (made["segredo"], second):
        document = Webhook(segredo).verify(got.body, dict(got.headers))
        assert (document["type"], document["data"]["evento_id"]) == ("disparo.failed", str(evento_id))
    assert got.headers["webhook-id"] == str(evento_id)
    assert got.headers["content-type"] == "application/json"
    assert deliveries(services, "status, tentativas, http_status, codigo") == [["entregue", 1, 204, None]]
    assert subscription(services, "falhas, lease_dono, lease_ate") == [0, None, None]


def test_all_that_is_due_is_delivered_in_portions(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock, 2 * PORTION + 3)
    poster = FakePoster()
    a_worker(services, poster, clock).run(wake_up(assinatura_id, assinatura_id))
    assert list(map(len, poster.portions)) == [PORTION, PORTION, 3]
    assert deliveries(services) == [["entregue", 1]] * (2 * PORTION + 3)


def test_turn_ends_after_its_time_and_the_next_one_goes_on(
    services: Services, clock: StoppedClock, aws: Aws, app_settings: Settings
) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock, 2 * PORTION + 1)
    queued(aws, app_settings.subscription_queue)
    poster = FakePoster()

    def slow(_: Post) -> Posted:
        clock.advance(seconds=1)
        return ARRIVED

    poster.answer = slow
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert len(poster.portions) == 2
    [message] = queued(aws, app_settings.subscription_queue)
    assert message["body"]["assinatura_id"] == str(assinatura_id)
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert deliveries(services) == [["entregue", 1]] * (2 * PORTION + 1)


def test_failing_receiver_gets_one_request_at_a_time_until_one_arrives(
    services: Services, clock: StoppedClock, aws: Aws, app_settings: Settings
) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock, PORTION + 2)
    queued(aws, app_settings.subscription_queue)
    poster = FakePoster(lambda _: LOST)
    worker = a_worker(services, poster, clock)
    worker.run(wake_up(assinatura_id))
    assert list(map(len, poster.portions)) == [PORTION]
    assert subscription(services, "falhas, falhando_desde, espera_ate") == [
        1, clock(), clock() + timedelta(seconds=5)
    ]  # fmt: skip
    assert delayed(aws, app_settings.subscription_queue) == 1
    worker.run(wake_up(assinatura_id))
    assert len(poster.portions) == 1
    clock.advance(seconds=5)
    worker.run(wake_up(assinatura_id))
    assert list(map(len, poster.portions)) == [PORTION, 1]
    poster.answer = lambda _: ARRIVED
    clock.advance(seconds=10)
    worker.run(wake_up(assinatura_id))
    assert list(map(len, poster.portions)) == [PORTION, 1, 1, PORTION, 1]
    assert subscription(services, "falhas, falhando_desde, espera_ate") == [0, None, None]
    assert {status for status, _ in deliveries(services)} == {"entregue"}


def test_event_that_a_receiver_refuses_holds_up_no_other_event(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    [refused, *others] = happen(services, clock, 4)
    poster = FakePoster(lambda post: REFUSED if post.headers["webhook-id"] == str(refused) else ARRIVED)
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    found = deliveries(services, "evento_id, status, http_status, proxima_em")
    assert found[0] == [refused, "pendente", 500, clock() + timedelta(seconds=5)]
    assert {status for _, status, *_ in found[1:]} == {"entregue"}
    assert len(found) == len(others) + 1


def test_delivery_fails_after_its_last_attempt(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock)
    began = clock()
    worker = a_worker(services, FakePoster(lambda _: REFUSED), clock)
    for _ in range(20):
        worker.run(wake_up(assinatura_id))
        [[due]] = deliveries(services, "proxima_em")
        if due is None:
            break
        [held] = subscription(services, "espera_ate")
        clock.now = max(due, held)
    assert deliveries(services, "status, tentativas, http_status") == [["falhou", 10, 500]]
    assert timedelta(hours=75) < clock() - began < timedelta(hours=77)
    worker.run(wake_up(assinatura_id))
    assert subscription(services, "status") == ["ativa"]


def test_wait_that_the_receiver_asks_for_is_kept(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock)
    a_worker(services, FakePoster(lambda _: Posted(429, None, 0.01, 3_600.0)), clock).run(wake_up(assinatura_id))
    assert deliveries(services, "proxima_em") == [[clock() + timedelta(hours=1)]]


def test_receiver_that_is_gone_is_told_nothing_more(services: Services, clock: StoppedClock) -> None:
    assinatura_id, other = a_subscription(services), a_subscription(services, "assinatura.desligada")
    happen(services, clock, 2)
    poster = FakePoster(lambda _: GONE)
    clock.advance(seconds=1)
    happen(services, clock, PORTION)
    worker = a_worker(services, poster, clock)
    worker.run(wake_up(assinatura_id))
    assert len(poster.portions) == 1
    assert subscription(services, "status, codigo, desligada_em") == ["desligada", "http_410", clock()]
    states = [status for [status] in deliveries(services, "status")]
    assert (states.count("falhou"), states.count("cancelada")) == (PORTION, 2)
    services.outbox.publish()
    poster.answer = lambda _: ARRIVED
    worker.run(wake_up(other))
    assert b'"assinatura.desligada"' in poster.posted[-1].body
    assert b'"codigo":"http_410"' in poster.posted[-1].body


def test_five_days_without_a_success_switch_a_subscription_off(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    worker = a_worker(services, FakePoster(lambda _: LOST), clock)
    happen(services, clock)
    worker.run(wake_up(assinatura_id))
    clock.advance(days=4, hours=23)
    worker.run(wake_up(assinatura_id))
    assert subscription(services, "status") == ["ativa"]
    clock.advance(hours=1)
    worker.run(wake_up(assinatura_id))
    assert subscription(services, "status, codigo") == ["desligada", "falhas_seguidas"]
    assert deliveries(services, "status, codigo") == [["cancelada", "tempo_esgotado"]]
    told = "SELECT detalhe FROM eventos WHERE tipo = 'assinatura.desligada'"
    expected = {"assinatura_id": str(assinatura_id), "codigo": "falhas_seguidas"}
    assert ask(services.owner_database, told) == [[expected]]


def test_person_who_switches_it_off_meanwhile_ends_the_turn(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock, PORTION + 1)

    def switching_off(_: Post) -> Posted:
        services.subscriptions.change(ANA, assinatura_id, SubscriptionChange(ativa=False))
        return GONE

    poster = FakePoster(switching_off)
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert len(poster.portions) == 1
    assert subscription(services, "status, codigo") == ["desligada", None]
    assert {status for status, _ in deliveries(services)} == {"cancelada"}


def test_new_address_is_used_from_the_next_portion_on(services: Services, clock: StoppedClock) -> None:
    assinatura_id = a_subscription(services, url="http://127.0.0.1:9/old")
    happen(services, clock, PORTION + 1)

    def moving(_: Post) -> Posted:
        services.subscriptions.change(ANA, assinatura_id, SubscriptionChange(url="http://127.0.0.1:9/new"))
        return ARRIVED

    poster = FakePoster(moving)
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert poster.urls == ["http://127.0.0.1:9/old", "http://127.0.0.1:9/new"]


def test_worker_without_the_lease_records_nothing_and_the_event_goes_out_again(
    services: Services, clock: StoppedClock
) -> None:
    assinatura_id = a_subscription(services)
    [evento_id] = happen(services, clock)
    owner = services.owner_database

    def losing(_: Post) -> Posted:
        run(owner, "UPDATE assinaturas SET lease_dono = gen_random_uuid()")
        return ARRIVED

    poster = FakePoster(losing)
    worker = a_worker(services, poster, clock)
    worker.run(wake_up(assinatura_id))
    assert deliveries(services) == [["pendente", 0]]
    worker.run(wake_up(assinatura_id))
    assert len(poster.posted) == 1
    clock.advance(seconds=91)
    poster.answer = lambda _: ARRIVED
    worker.run(wake_up(assinatura_id))
    assert [post.headers["webhook-id"] for post in poster.posted] == [str(evento_id)] * 2
    assert deliveries(services) == [["entregue", 1]]


def test_secret_that_is_gone_is_a_failed_attempt(
    services: Services, clock: StoppedClock, app_settings: Settings
) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock)
    services.secrets.delete(app_settings.subscription_secret(TENANT, assinatura_id))
    poster = FakePoster()
    a_worker(services, poster, clock).run(wake_up(assinatura_id))
    assert poster.portions == []
    assert deliveries(services, "status, codigo") == [["pendente", "segredo_ausente"]]


def test_turn_that_fails_stops_no_other_and_gives_its_lease_back(
    services: Services, clock: StoppedClock, app_settings: Settings
) -> None:
    broken, whole = a_subscription(services, url="http://127.0.0.1:9/broken"), a_subscription(services)
    happen(services, clock)

    class Breaking(FakePoster):
        def post(self, url: str, posts: object) -> list[Posted]:
            if url.endswith("broken"):
                raise Unavailable("aws_indisponivel", servico="x")
            return super().post(url, posts)  # type: ignore[arg-type]

    with pytest.raises(DeliveriesFailed, match="1"):
        a_worker(services, Breaking(), clock).run(wake_up(broken, whole))
    states = dict(deliveries(services, "assinatura_id, status"))
    assert states == {broken: "pendente", whole: "entregue"}
    assert ask(services.owner_database, "SELECT count(*) FROM assinaturas WHERE lease_dono IS NOT NULL") == [[0]]


def test_turns_of_one_batch_are_taken_at_the_same_time(services: Services, clock: StoppedClock) -> None:
    """Each receiver answers only when the other one has been asked: one after the other would never end."""
    meeting = threading.Barrier(2, timeout=60)

    def meets(_: Received) -> Reply:
        meeting.wait()
        return Reply()

    with ExitStack() as receivers:
        first, second = (receivers.enter_context(a_receiver(meets)) for _ in range(2))
        ids = [a_subscription(services, url=each.url) for each in (first, second)]
        happen(services, clock)
        _patient(services).run(wake_up(*ids))
    assert deliveries(services) == [["entregue", 1]] * 2


def _patient(services: Services) -> Delivering:
    services._settings = services._settings.model_copy(update={"subscription_timeout_s": 60.0})
    return services.delivering


def test_receiver_that_hangs_or_redirects_gets_one_attempt_and_others_get_theirs(
    services: Services, clock: StoppedClock
) -> None:
    connections: list[socket.socket] = []

    def counted(connection: socket.socket, is_over: threading.Event) -> None:
        connections.append(connection)
        hangs(connection, is_over)

    with ExitStack() as receivers:
        fine = receivers.enter_context(a_receiver())
        hanging = receivers.enter_context(a_raw_receiver(counted))
        elsewhere = Reply(302, {"Location": fine.url + "?redirected"})
        redirecting = receivers.enter_context(a_receiver(lambda _: elsewhere))
        ids = [a_subscription(services, url=url) for url in (hanging, redirecting.url, fine.url)]
        happen(services, clock)
        services.delivering.run(wake_up(*ids))
    assert (len(connections), len(redirecting.received)) == (1, 1)
    assert [got.path for got in fine.received] == ["/eventos"]
    found = deliveries(services, "assinatura_id, status, http_status, codigo")
    assert {each[0]: tuple(each[1:]) for each in found} == {
        ids[0]: ("pendente", None, "tempo_esgotado"),
        ids[1]: ("pendente", 302, None),
        ids[2]: ("entregue", 204, None),
    }


def test_idle_turn_sends_no_wake_up_for_later(
    services: Services, clock: StoppedClock, aws: Aws, app_settings: Settings
) -> None:
    assinatura_id = a_subscription(services)
    happen(services, clock)
    queued(aws, app_settings.subscription_queue)
    run(services.owner_database, "UPDATE assinatura_entregas SET proxima_em = proxima_em + interval '1 minute'")
    worker = a_worker(services, FakePoster(), clock)
    worker.run(wake_up(assinatura_id))
    assert delayed(aws, app_settings.subscription_queue) == 0
    clock.advance(minutes=1)
    worker.run(wake_up(assinatura_id, UUID(int=5)))
    assert deliveries(services) == [["entregue", 1]]
