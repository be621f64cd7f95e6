"""The pump calls the functions of any Chalice app as AWS would: here an app that records its calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from chalice.app import Chalice, Cron, Rate, ScheduleExpression
from moto.sqs.models import sqs_backends

from chalicelib.config import Settings
from local.aws import ACCOUNT_ID, Aws, create_queue_with_dead_letters
from local.pump import Pump, log_failure, source_names

QUEUE, BUCKET, BUS_SOURCE = "wake-ups", "uploads-of-a-test", "a-test"
SETTINGS = Settings(account_id=ACCOUNT_ID)
_PATIENCE_S = 60


class Ledger:
    """Records the calls of the app's functions and the reported failures; `fail` decides which functions raise."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.contexts: list[Any] = []
        self.failures: list[tuple[str, Exception]] = []
        self.fail: Callable[[str], bool] = lambda _name: False

    def write(self, name: str, event: Any) -> None:
        self.calls.append((name, event.to_dict()))
        self.contexts.append(event.context)
        if self.fail(name):
            raise LookupError("um texto com maria@exemplo.com")

    def report(self, name: str, error: Exception) -> None:
        self.failures.append((name, error))

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event for called, event in self.calls if called == name]

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for event in self.of("work") for record in event["Records"]]


def an_app(ledger: Ledger) -> Chalice:
    app = Chalice(app_name="a-test")

    @app.on_sqs_message(queue=QUEUE, batch_size=3)
    def work(event: Any) -> None:
        ledger.write("work", event)

    @app.on_s3_event(bucket=BUCKET, events=["s3:ObjectCreated:*"], prefix="leads/", suffix=".csv")
    def upload(event: Any) -> None:
        ledger.write("upload", event)

    @app.on_cw_event({"source": [BUS_SOURCE]})
    def heard(event: Any) -> None:
        ledger.write("heard", event)

    @app.schedule(Rate(5, unit=Rate.MINUTES))
    def tick(event: Any) -> None:
        ledger.write("tick", event)

    return app


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def cloud(aws: Aws, user_pool: str) -> Aws:
    """AWS with what the template makes (it comes with the user pool), a queue and a bucket."""
    create_queue_with_dead_letters(aws, QUEUE, f"{QUEUE}-dlq", max_receives=2)
    aws.client("s3").create_bucket(Bucket=BUCKET)
    return aws


@pytest.fixture
def pump(cloud: Aws, clock: Any, ledger: Ledger) -> Pump:
    return Pump(an_app(ledger), cloud, clock, on_failure=ledger.report)


def url_of(aws: Aws, queue: str = QUEUE) -> str:
    url: str = aws.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]
    return url


def send(aws: Aws, *bodies: str) -> None:
    for body in bodies:
        aws.client("sqs").send_message(QueueUrl=url_of(aws), MessageBody=body)


def waiting(aws: Aws, queue: str = QUEUE) -> dict[str, int]:
    """Count the visible messages of a queue, and the hidden ones."""
    names = {"visible": "ApproximateNumberOfMessages", "hidden": "ApproximateNumberOfMessagesNotVisible"}
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url_of(aws, queue), AttributeNames=["All"])["Attributes"]
    return {name: int(found[attribute]) for name, attribute in names.items()}


def show_again(aws: Aws, queue: str = QUEUE) -> None:
    """End the visibility timeout of every received message."""
    for message in sqs_backends[ACCOUNT_ID][aws.region].queues[queue]._messages:
        message.change_visibility(0)


def schedule_at(aws: Aws, at: datetime, body: str, **options: Any) -> None:
    target = {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:{QUEUE}", "RoleArn": SETTINGS.scheduler_role, "Input": body}
    aws.client("scheduler").create_schedule(
        **{
            "Name": f"schedule-{body}",
            "GroupName": SETTINGS.schedule_group,
            "ScheduleExpression": f"at({at:%Y-%m-%dT%H:%M:%S})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
            "ActionAfterCompletion": "DELETE",
            **options,
        }
    )


def schedules(aws: Aws) -> list[str]:
    return [each["Name"] for each in aws.client("scheduler").list_schedules()["Schedules"]]


def test_messages_arrive_in_batches_and_are_deleted_when_the_function_returns(
    pump: Pump, cloud: Aws, ledger: Ledger
) -> None:
    pump.drain()  # the test event that S3 sends when a notification is configured
    send(cloud, *"abcdefg")
    assert pump.drain() == 7
    assert pump.drain() == 0
    assert ledger.bodies == list("abcdefg")
    assert [len(event["Records"]) for event in ledger.of("work")] == [3, 3, 1]
    assert waiting(cloud) == {"visible": 0, "hidden": 0}


def test_record_has_the_shape_that_lambda_gives_it(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    attribute = {"motivo": {"DataType": "String", "StringValue": "esgotado"}}
    cloud.client("sqs").send_message(QueueUrl=url_of(cloud), MessageBody="a", MessageAttributes=attribute)
    send(cloud, "b")
    pump.drain()
    first, second = ledger.of("work")[0]["Records"]
    assert first["messageId"] != second["messageId"]
    assert first["messageAttributes"] == {"motivo": {"dataType": "String", "stringValue": "esgotado"}}
    assert first["attributes"]["ApproximateReceiveCount"] == "1"
    assert (first["eventSource"], first["awsRegion"]) == ("aws:sqs", "us-east-1")
    assert first["eventSourceARN"] == f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:{QUEUE}"


def test_context_counts_down_from_the_function_s_time_limit(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    send(cloud, "a")
    pump.drain()
    assert 0 < ledger.contexts[0].get_remaining_time_in_millis() <= 60_000
    assert ledger.contexts[0].function_name == "work"


def test_failed_batch_is_delivered_again_after_its_visibility_timeout(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    ledger.fail = lambda _name: True
    send(cloud, "a")
    pump.drain()
    assert [(name, type(error)) for name, error in ledger.failures] == [("work", LookupError)]
    assert waiting(cloud) == {"visible": 0, "hidden": 1}
    ledger.fail = lambda _name: False
    show_again(cloud)
    pump.drain()
    assert ledger.bodies == ["a", "a"]
    assert ledger.of("work")[1]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert waiting(cloud) == {"visible": 0, "hidden": 0}


def test_message_that_fails_too_often_moves_to_the_dead_letters(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    ledger.fail = lambda _name: True
    send(cloud, "a")
    for _ in range(3):
        pump.drain()
        show_again(cloud)
    assert len(ledger.of("work")) == 2
    assert waiting(cloud) == {"visible": 0, "hidden": 0}
    assert waiting(cloud, f"{QUEUE}-dlq") == {"visible": 1, "hidden": 0}


def test_message_that_a_function_sends_is_delivered_in_the_same_drain(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    def follow(name: str) -> bool:
        if name == "upload":
            send(cloud, "because of the upload")
        return False

    ledger.fail = follow
    cloud.client("s3").put_object(Bucket=BUCKET, Key="leads/acme/a.csv", Body=b"Nome\n")
    pump.drain()
    assert ledger.bodies == ["because of the upload"]


def test_upload_with_the_prefix_and_the_suffix_calls_the_function(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    for key in ("leads/acme/ação 1.csv", "leads/acme/a.txt", "elsewhere/a.csv"):
        cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"Nome\n")
    pump.drain()
    (event,) = ledger.of("upload")
    (record,) = event["Records"]
    assert record["s3"]["bucket"]["name"] == BUCKET
    assert record["s3"]["object"]["key"] == "leads%2Facme%2Fa%C3%A7%C3%A3o+1.csv"
    assert record["eventName"] == "ObjectCreated:Put"


def test_failed_upload_is_retried_twice_with_the_same_sequencer(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    ledger.fail = lambda _name: True
    cloud.client("s3").put_object(Bucket=BUCKET, Key="leads/acme/a.csv", Body=b"Nome\n")
    for _ in range(4):
        pump.drain()
        show_again(cloud, "upload-events")
    assert len(ledger.of("upload")) == 3
    assert len({event["Records"][0]["s3"]["object"]["sequencer"] for event in ledger.of("upload")}) == 1
    assert waiting(cloud, "upload-events-dlq") == {"visible": 1, "hidden": 0}


def test_sequencers_of_one_key_are_in_the_order_of_its_versions(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    for body in (b"Nome\n", b"Nome\nAna\n"):
        cloud.client("s3").put_object(Bucket=BUCKET, Key="leads/acme/a.csv", Body=body)
    pump.drain()
    first, second = (event["Records"][0]["s3"]["object"]["sequencer"] for event in ledger.of("upload"))
    assert first != second
    assert first[:16] <= second[:16]


def test_event_that_matches_a_rule_calls_its_function(pump: Pump, cloud: Aws, ledger: Ledger) -> None:
    entries = [{"Source": source, "DetailType": "t", "Detail": '{"n":1}'} for source in (BUS_SOURCE, "another")]
    cloud.client("events").put_events(Entries=entries)
    pump.drain()
    (event,) = ledger.of("heard")
    assert (event["source"], event["detail-type"], event["detail"]) == (BUS_SOURCE, "t", {"n": 1})


def test_clock_strikes_once_however_far_it_is_overdue(pump: Pump, clock: Any, ledger: Ledger) -> None:
    pump.drain()
    clock.advance(minutes=5, seconds=-1)
    pump.drain()
    assert ledger.of("tick") == []
    clock.advance(seconds=1)
    pump.drain()
    assert len(ledger.of("tick")) == 1
    clock.advance(hours=3)
    pump.drain()
    assert [event["time"] for event in ledger.of("tick")] == ["2026-11-24T12:05:00Z", "2026-11-24T15:05:00Z"]


def test_clock_that_is_moved_back_strikes_within_its_rate(pump: Pump, clock: Any, ledger: Ledger) -> None:
    clock.advance(hours=-3)
    pump.drain()
    assert ledger.of("tick") == []
    clock.advance(minutes=5)
    pump.drain()
    assert [event["time"] for event in ledger.of("tick")] == ["2026-11-24T09:05:00Z"]


def test_clock_strikes_again_after_its_function_raised(pump: Pump, clock: Any, ledger: Ledger) -> None:
    ledger.fail = lambda _name: True
    for _ in range(2):
        clock.advance(minutes=5)
        pump.drain()
    assert [name for name, _ in ledger.failures] == ["tick", "tick"]


def test_one_time_schedule_fires_at_its_time_and_is_deleted(pump: Pump, cloud: Aws, clock: Any, ledger: Ledger) -> None:
    schedule_at(cloud, clock() + timedelta(minutes=2), "later")
    schedule_at(cloud, clock() + timedelta(minutes=1), "sooner")
    pump.drain()
    assert ledger.bodies == []
    clock.advance(minutes=2)
    pump.drain()
    assert ledger.bodies == ["sooner", "later"]
    assert schedules(cloud) == []


def test_schedule_is_due_in_its_own_timezone(pump: Pump, cloud: Aws, clock: Any, ledger: Ledger) -> None:
    # 12:00 UTC is 09:00 in São Paulo.
    at_nine = clock().replace(hour=9)
    schedule_at(cloud, at_nine, "nine", ScheduleExpressionTimezone="America/Sao_Paulo")
    schedule_at(
        cloud,
        at_nine + timedelta(seconds=1),
        "a second later",
        Name="b",
        ScheduleExpressionTimezone="America/Sao_Paulo",
    )
    pump.drain()
    assert ledger.bodies == ["nine"]


def test_schedule_that_is_not_deleted_fires_once(pump: Pump, cloud: Aws, clock: Any, ledger: Ledger) -> None:
    schedule_at(cloud, clock(), "stays", ActionAfterCompletion="NONE")
    pump.drain()
    clock.advance(minutes=1)
    pump.drain()
    assert ledger.bodies == ["stays"]
    assert schedules(cloud) == ["schedule-stays"]


def test_moved_schedule_fires_at_its_new_time_only(pump: Pump, cloud: Aws, clock: Any, ledger: Ledger) -> None:
    schedule_at(cloud, clock() + timedelta(minutes=1), "moved")
    pump.drain()
    cloud.client("scheduler").delete_schedule(GroupName=SETTINGS.schedule_group, Name="schedule-moved")
    schedule_at(cloud, clock() + timedelta(minutes=3), "moved")
    clock.advance(minutes=2)
    pump.drain()
    assert ledger.bodies == []
    clock.advance(minutes=1)
    pump.drain()
    assert ledger.bodies == ["moved"]


def test_disabled_and_recurring_schedules_do_not_fire(pump: Pump, cloud: Aws, clock: Any, ledger: Ledger) -> None:
    schedule_at(cloud, clock(), "disabled", State="DISABLED")
    schedule_at(cloud, clock(), "recurring", ScheduleExpression="rate(1 minute)")
    pump.drain()
    assert ledger.bodies == []


def test_schedule_whose_queue_is_gone_is_reported_and_the_others_still_fire(
    pump: Pump, cloud: Aws, clock: Any, ledger: Ledger
) -> None:
    nowhere = {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT_ID}:gone", "RoleArn": SETTINGS.scheduler_role, "Input": "x"}
    schedule_at(cloud, clock(), "lost", Target=nowhere)
    schedule_at(cloud, clock(), "found")
    pump.drain()
    assert ledger.bodies == ["found"]
    assert [name for name, _ in ledger.failures] == ["scheduler:schedule-lost"]


def test_schedules_of_every_page_fire(pump: Pump, cloud: Aws, clock: Any, ledger: Ledger) -> None:
    wanted = [f"{number:03}" for number in range(101)]  # a page has a hundred
    for body in wanted:
        schedule_at(cloud, clock(), body)
    pump.drain()
    assert sorted(ledger.bodies) == wanted


def test_pump_serves_only_the_named_functions(cloud: Aws, clock: Any, ledger: Ledger) -> None:
    app = an_app(ledger)
    assert source_names(app) == {"work", "upload", "heard", "tick", "scheduler"}
    pump = Pump(app, cloud, clock, names={"upload"}, on_failure=ledger.report)
    send(cloud, "a")
    clock.advance(hours=1)
    assert pump.drain() == 1  # the test event that S3 sends when a notification is configured
    assert ledger.calls == []
    with pytest.raises(ValueError, match="no such source: nobody; there are heard, scheduler"):
        Pump(app, cloud, clock, names={"nobody"})


@pytest.mark.parametrize("expression", [Cron(0, 18, "?", "*", "MON-FRI", "*"), "rate(1 fortnight)"])
def test_unsupported_clock_is_refused_at_the_start(cloud: Aws, expression: str | ScheduleExpression) -> None:
    app = Chalice(app_name="a-test")
    app.schedule(expression)(lambda _event: None)
    with pytest.raises(ValueError, match="the local clock supports rate"):
        Pump(app, cloud)


def test_unsupported_event_source_is_refused_at_the_start(cloud: Aws) -> None:
    app = Chalice(app_name="a-test")
    app.on_sns_message(topic="t")(lambda _event: None)
    with pytest.raises(ValueError, match="no source for SNSEventConfig"):
        Pump(app, cloud)


def test_failure_is_logged_by_kind_and_place_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    nothing: dict[str, str] = {}
    with pytest.raises(LookupError) as caught:
        nothing["maria@exemplo.com"]
    log_failure("work", caught.value)
    (record,) = caplog.records
    logged = vars(record)
    assert (record.getMessage(), logged["function"], logged["kind"]) == ("function_failed", "work", "KeyError")
    assert logged["where"].startswith("test_local_pump.py:")
    assert "maria" not in str(logged)


def test_running_pump_finishes_its_calls_before_it_stops(cloud: Aws, ledger: Ledger) -> None:
    begun, released, stop = threading.Event(), threading.Event(), threading.Event()

    def hold(name: str) -> bool:
        if name == "work":
            begun.set()
            released.wait(_PATIENCE_S)
        return False

    ledger.fail = hold
    pump = Pump(an_app(ledger), cloud, on_failure=ledger.report)
    running = threading.Thread(target=pump.run, args=(stop,))
    running.start()
    send(cloud, "a")
    assert begun.wait(_PATIENCE_S)
    stop.set()
    released.set()
    running.join(_PATIENCE_S)
    assert not running.is_alive()
    assert waiting(cloud) == {"visible": 0, "hidden": 0}
    # The clock struck at once: work that was missed while the stack was down does not wait.
    assert len(ledger.of("tick")) == 1


def test_running_pump_resumes_after_an_outage_of_aws(cloud: Aws, ledger: Ledger) -> None:
    is_away, is_done, stop = threading.Event(), threading.Event(), threading.Event()

    def report(_name: str, _error: Exception) -> None:
        is_away.set()

    def finish(name: str) -> bool:
        if name == "work":
            is_done.set()
        return False

    ledger.fail = finish
    pump = Pump(an_app(ledger), cloud, names={"work"}, on_failure=report)
    cloud.client("sqs").delete_queue(QueueUrl=url_of(cloud))
    running = threading.Thread(target=pump.run, args=(stop,))
    running.start()
    assert is_away.wait(_PATIENCE_S)
    create_queue_with_dead_letters(cloud, QUEUE, f"{QUEUE}-dlq", max_receives=2)
    send(cloud, "a")
    assert is_done.wait(_PATIENCE_S)
    stop.set()
    running.join(_PATIENCE_S)
    assert not running.is_alive()
