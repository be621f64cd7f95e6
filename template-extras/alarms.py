"""The alarms of every function and every queue of a template, and the dashboard of the stage.

They are made from the template itself, so that a function or a queue that is new has them. What concerns the whole
stage stands in `alarms.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

Resource = dict[str, Any]

_MINUTES_5 = 300
# Workers hand their work over 60 seconds before their time is up (`Settings.ingest_time_margin_s`).
_NEAR_S = 30
# A message is as old as the work that it stands for, and twice its worker's whole time is too long.
_TIMES_TOO_LONG = 2
_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 3
NAMESPACE = "Alquimista/DisparoAgenda"
# The widgets of our own metrics: a title, and the metrics in it.
_OWN: Mapping[str, Sequence[str]] = {
    "Disparos": ("DisparosSent", "DisparosFailed", "DisparosUncertain"),
    "Ingestion": ("IngestJobsCompleted", "IngestJobsFailed", "LeadsCreated"),
    "Limits and channels": ("RateLimitHits", "ChannelDown"),
    "Deliveries and replies": ("DeliveriesUnmatched", "RepliesUnassigned", "AgendamentosCriados"),
}


def with_alarms(resources: Mapping[str, Resource], stage: str) -> dict[str, Resource]:
    """What is added to the resources of a template: alarms by logical id, and the dashboard."""
    functions = {name: each for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"}
    queues = {
        name: each
        for name, each in resources.items()
        if each["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in each["Properties"]
    }
    return {
        **{f"{name}FailsAlarm": _fails(name) for name in functions},
        **{
            f"{name}NearItsLimitAlarm": _near_its_limit(name, each["Properties"]["Timeout"])
            for name, each in functions.items()
            if _consumes(each)
        },
        **{f"{name}AgeAlarm": _too_old(name, each["Properties"]["VisibilityTimeout"]) for name, each in queues.items()},
        "Dashboard": _dashboard(functions, queues, stage),
    }


def _consumes(function: Resource) -> bool:
    return any(event["Type"] == "SQS" for event in function["Properties"].get("Events", {}).values())


def _fails(function: str) -> Resource:
    """One failure is retried by a queue or by the next minute; several are somebody's matter. So are throttles."""
    return _alarm(
        f"{function} has failed several times, or was not let run (Throttles)",
        Metrics=[
            {"Id": "trouble", "Expression": "FILL(errors, 0) + FILL(throttles, 0)", "Label": "Errors and throttles"},
            _of_function("errors", "Errors", function),
            _of_function("throttles", "Throttles", function),
        ],
        Threshold=2,
    )


def _of_function(id_: str, metric: str, function: str) -> Resource:
    measured = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": _dimension("FunctionName", function)}
    return {"Id": id_, "ReturnData": False, "MetricStat": {"Metric": measured, "Stat": "Sum", "Period": _MINUTES_5}}


def _near_its_limit(function: str, timeout_s: int) -> Resource:
    return _alarm(
        f"{function} came within {_NEAR_S} seconds of its time limit",
        Namespace="AWS/Lambda",
        MetricName="Duration",
        Dimensions=_dimension("FunctionName", function),
        Statistic="Maximum",
        Period=_MINUTES_5,
        Threshold=(timeout_s - _NEAR_S) * 1000,
    )


def _too_old(queue: str, visibility_s: int) -> Resource:
    """The visibility time-out is six times the time of the worker."""
    return _alarm(
        f"A message of {queue} waits for too long: docs/operations.md, 'A queue grows'",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}],
        Statistic="Maximum",
        Period=_MINUTES_5,
        Threshold=_TIMES_TOO_LONG * visibility_s // 6,
    )


def _dimension(name: str, logical_id: str) -> list[Resource]:
    return [{"Name": name, "Value": {"Ref": logical_id}}]


def _alarm(description: str, **properties: Any) -> Resource:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "TreatMissingData": "notBreaching",
            "AlarmActions": {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]},
            **properties,
        },
    }


def _dashboard(functions: Mapping[str, Resource], queues: Mapping[str, Resource], stage: str) -> Resource:
    widgets = [
        *(
            _widget(title, [[NAMESPACE, name, "service", "disparo-agenda", "stage", stage] for name in names], "Sum")
            for title, names in _OWN.items()
        ),
        *(
            _widget(name, [["AWS/Lambda", name, "FunctionName", f"${{{each}}}"] for each in functions], statistic)
            for name, statistic in (("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "Maximum"))
        ),
        _widget("Age of the oldest message", [
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", f"${{{each}.QueueName}}"] for each in queues
        ], "Maximum"),
        _widget("API", [
            ["AWS/ApiGateway", name, "ApiName", "disparo-agenda", "Stage", stage]
            for name in ("Count", "4XXError", "5XXError")
        ], "Sum"),
    ]  # fmt: skip
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Fn::Sub": "disparo-agenda-${Stage}"},
            "DashboardBody": {"Fn::Sub": json.dumps({"widgets": list(_placed(widgets))})},
        },
    }


def _widget(title: str, metrics: Sequence[Sequence[str]], statistic: str) -> Resource:
    return {
        "type": "metric",
        "width": _WIDTH,
        "height": _HEIGHT,
        "properties": {
            "title": title, "metrics": metrics, "stat": statistic, "period": _MINUTES_5, "region": "${AWS::Region}",
            "view": "timeSeries",
        },
    }  # fmt: skip


def _placed(widgets: Sequence[Resource]) -> Iterator[Resource]:
    for place, widget in zip(count(), widgets, strict=False):
        yield {**widget, "x": place % _COLUMNS * _WIDTH, "y": place // _COLUMNS * _HEIGHT}
