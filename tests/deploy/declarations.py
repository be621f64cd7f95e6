"""`python declarations.py STAGE` prints what `app.py` declares for a stage as JSON, read from the app object.

It runs in a process of its own, so that the app has the settings of that stage and not those of the first test that
imported it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from chalice.app import (
    BaseEventSourceConfig,
    Chalice,
    S3EventConfig,
    ScheduledEventConfig,
    ScheduleExpression,
    SQSEventConfig,
)
from chalice.cli.factory import CLIFactory

PROJECT = Path(__file__).parents[2]


def declarations(app: Chalice, environment: dict[str, str]) -> dict[str, Any]:
    """Return the Lambdas by name with their handlers, the event sources by kind of trigger, and the routes."""
    lambdas = {each.name: each.handler_string for each in app.pure_lambda_functions}
    lambdas |= {each.name: each.handler_string for each in app.event_sources}
    lambdas |= {each.name: each.handler_string for each in app.builtin_auth_handlers}
    sources: dict[str, list[dict[str, Any]]] = {"uploads": [], "queues": [], "clocks": []}
    for source in app.event_sources:
        kind, trigger = _trigger(source)
        sources[kind].append({"lambda": source.name, **trigger})
    routes = {
        path: {method: view.authorizer is not None for method, view in views.items()}
        for path, views in app.routes.items()
    }
    return {"lambdas": {**lambdas, "api_handler": "app.app"}, **sources, "routes": routes, "environment": environment}


def _trigger(source: BaseEventSourceConfig) -> tuple[str, dict[str, Any]]:
    match source:
        case S3EventConfig():
            return "uploads", {name: getattr(source, name) for name in ("bucket", "events", "prefix", "suffix")}
        case SQSEventConfig():
            return "queues", {name: getattr(source, name) for name in ("queue", "batch_size", "maximum_concurrency")}
        case ScheduledEventConfig(schedule_expression=ScheduleExpression() as expression):
            return "clocks", {"expression": expression.to_string()}
        case ScheduledEventConfig(schedule_expression=str() as expression):
            return "clocks", {"expression": expression}
    raise TypeError(f"the deploy tests do not support {type(source).__name__} yet")


if __name__ == "__main__":
    config = CLIFactory(str(PROJECT), environ=os.environ).create_config_obj(sys.argv[1])
    json.dump(declarations(config.chalice_app, config.environment_variables), sys.stdout)
