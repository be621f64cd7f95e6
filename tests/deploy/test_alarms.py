"""What somebody is told when it goes wrong: every metric of an alarm or a widget exists, and nothing is without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.telemetry import NAMESPACE, SERVICE, Metric
from tests.deploy.conftest import Packaged

# What AWS measures by itself, with the dimensions by which it does.
OF_AWS = {
    "AWS/Lambda": ({"Invocations", "Errors", "Throttles", "Duration"}, {"FunctionName"}),
    "AWS/SQS": ({"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}, {"QueueName"}),
    "AWS/ApiGateway": ({"Count", "4XXError", "5XXError"}, {"ApiName", "Stage"}),
}
OUTSIDE_ALARMS = {
    # They fill the dashboard; nobody has to be woken for them.
    Metric.JOBS_COMPLETED, Metric.LEADS_CREATED, Metric.RATE_LIMIT_HITS, Metric.DELIVERIES_UNMATCHED,
    Metric.REPLIES_UNASSIGNED, Metric.AGENDAMENTOS_CREATED,
}  # fmt: skip
FAILS, NEAR, AGE = "FailsAlarm", "NearItsLimitAlarm", "AgeAlarm"


def alarms(packaged: Packaged) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in packaged.of_type("AWS::CloudWatch::Alarm").items()}


def metrics_of(alarm: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The namespace, the name and the dimensions of each metric that an alarm looks at."""
    for each in [alarm] if "MetricName" in alarm else [one["MetricStat"]["Metric"] for one in alarm["Metrics"][1:]]:
        yield each["Namespace"], each["MetricName"], {one["Name"]: one["Value"] for one in each["Dimensions"]}


def widgets(packaged: Packaged) -> list[dict[str, Any]]:
    body = packaged.template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def is_measured(namespace: str, name: str, dimensions: dict[str, Any], packaged: Packaged) -> bool:
    if namespace == NAMESPACE:
        stages = ({"Ref": "Stage"}, packaged.stage)
        return name in set(Metric) and dimensions["service"] == SERVICE and dimensions["stage"] in stages
    names, by = OF_AWS[namespace]
    return name in names and set(dimensions) == by


def test_every_metric_of_an_alarm_is_measured(packaged: Packaged) -> None:
    for name, alarm in alarms(packaged).items():
        for metric in metrics_of(alarm):
            assert is_measured(*metric, packaged), (name, metric)


def test_every_widget_shows_what_is_measured_and_every_metric_of_ours_is_shown(packaged: Packaged) -> None:
    shown = set()
    for widget in widgets(packaged):
        for namespace, name, *dimensions in widget["properties"]["metrics"]:
            given = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
            assert is_measured(namespace, name, given, packaged), (namespace, name)
            shown |= {name} if namespace == NAMESPACE else set()
    assert shown == set(Metric)


def test_every_metric_of_ours_wakes_somebody_or_is_said_not_to(packaged: Packaged) -> None:
    watched = {
        name
        for alarm in alarms(packaged).values()
        for namespace, name, _ in metrics_of(alarm)
        if namespace == NAMESPACE
    }
    assert watched | OUTSIDE_ALARMS == set(Metric)
    assert not watched & OUTSIDE_ALARMS


def test_every_function_has_an_alarm_and_every_worker_one_before_its_time_is_up(packaged: Packaged) -> None:
    functions = packaged.of_type("AWS::Serverless::Function")
    assert {name.removesuffix(FAILS) for name in alarms(packaged) if name.endswith(FAILS)} == set(functions)
    workers = {
        name: each["Properties"]["Timeout"]
        for name, each in functions.items()
        if any(event["Type"] == "SQS" for event in each["Properties"].get("Events", {}).values())
    }
    assert len(workers) == len(packaged.declared["queues"])
    for name, timeout_s in workers.items():
        assert 0 < alarms(packaged)[f"{name}{NEAR}"]["Threshold"] < timeout_s * 1000


def test_every_queue_that_wakes_a_worker_has_an_alarm_on_its_age(packaged: Packaged) -> None:
    for name, queue in packaged.of_type("AWS::SQS::Queue").items():
        if "RedrivePolicy" in queue["Properties"]:
            threshold = alarms(packaged)[f"{name}{AGE}"]["Threshold"]
            assert (
                queue["Properties"]["VisibilityTimeout"] / 6 < threshold < queue["Properties"]["MessageRetentionPeriod"]
            )


def test_every_alarm_goes_to_the_topic(packaged: Packaged) -> None:
    to_the_topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert all(alarm["AlarmActions"] == to_the_topic for alarm in alarms(packaged).values())


def test_names_of_the_dashboard_are_resources(packaged: Packaged) -> None:
    body = packaged.template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = {part.split("}")[0].split(".")[0] for part in body.split("${")[1:]}
    assert named - {"AWS::Region"} <= set(packaged.template["Resources"])
    assert named - {"AWS::Region"} >= set(packaged.of_type("AWS::Serverless::Function"))


def test_the_deadline_of_the_sweep_is_watched_by_what_succeeds(packaged: Packaged) -> None:
    alarm = alarms(packaged)["SweepSilentAlarm"]
    assert alarm["TreatMissingData"] == "breaching"
    assert {name for _, name, _ in metrics_of(alarm)} == {"Invocations", "Errors"}
