"""One real request of each operation and its answer, for the contract.

`examples.json` is written by the test of the contract, which sends each request and gets each answer
(`tests/recorded_examples.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

PLACE = Path(__file__).with_name("examples.json")


def illustrate(operation: dict[str, Any]) -> None:
    """Add to an operation of the contract its example: parameters, and bodies and answers by media type."""
    example = _kept().get(operation["operationId"], {})
    for parameter in operation.get("parameters", ()):
        values = example.get(parameter["in"], {})
        if parameter["name"] in values:
            parameter["example"] = values[parameter["name"]]
    _show(operation.get("requestBody", {}), example.get("bodies", {}))
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            _show(answer, example.get("answers", {}))


def _show(part: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    for media_type, content in part.get("content", {}).items():
        if media_type in values:
            content["example"] = values[media_type]


@cache
def _kept() -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(PLACE.read_text(encoding="utf-8"))
    return found
