"""The body of a wake-up names one row; a message that is no wake-up is dropped and does not hold up the others."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.queues import WakeupTarget, wakeup_body, wakeup_targets

FIRST, SECOND = UUID(int=5), UUID(int=6)


def event_of(*bodies: object) -> dict[str, Any]:
    """An SQS event whose messages have these bodies."""
    return {"Records": [{"messageId": f"m-{number}", "body": body} for number, body in enumerate(bodies)]}


def a_body(row_id: UUID, tenant_id: str = "acme") -> str:
    return json.dumps(wakeup_body(tenant_id, "job_id", row_id))


@given(st.lists(st.tuples(st.sampled_from(["acme", "outra-1", "0"]), st.sampled_from([FIRST, SECOND]))))
def test_each_row_is_named_once_in_the_order_of_the_messages(names: list[tuple[str, UUID]]) -> None:
    found = wakeup_targets(event_of(*(a_body(row_id, tenant_id) for tenant_id, row_id in names)), "job_id")
    assert found == list(dict.fromkeys(WakeupTarget(tenant_id, row_id) for tenant_id, row_id in names))


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "not JSON",
        "null",
        "7",
        '"x"',
        "[]",
        "{}",
        f'["{FIRST}"]',
        json.dumps([{"tenant_id": "acme", "job_id": str(FIRST)}]),
        json.dumps({"tenant_id": "acme"}),
        json.dumps({"job_id": str(FIRST)}),
        json.dumps({"tenant_id": "acme", "disparo_id": str(FIRST)}),
        json.dumps({"tenant_id": "acme", "job_id": 7}),
        json.dumps({"tenant_id": "acme", "job_id": "7"}),
        json.dumps({"tenant_id": "acme", "job_id": None}),
        json.dumps({"tenant_id": "acme", "job_id": [str(FIRST)]}),
        json.dumps({"tenant_id": None, "job_id": str(FIRST)}),
        json.dumps({"tenant_id": 7, "job_id": str(FIRST)}),
        json.dumps({"tenant_id": ["acme"], "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "", "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "-acme", "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "a" * 64, "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "A C", "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "acme\n", "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "a\0", "job_id": str(FIRST)}),
        json.dumps({"tenant_id": "maria@example.com", "job_id": str(FIRST)}),
        "[" * 100_000,
        '{"tenant_id":' * 100_000,
    ],
    ids=lambda body: str(body)[:60],
)
def test_malformed_message_is_dropped_and_the_others_are_kept(
    body: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    found = wakeup_targets(event_of(a_body(FIRST), body, a_body(SECOND)), "job_id")
    assert found == [WakeupTarget("acme", FIRST), WakeupTarget("acme", SECOND)]
    [record] = caplog.records
    assert (record.getMessage(), vars(record)["message_id"]) == ("wakeup_malformed", "m-1")
    assert "maria" not in str(vars(record))


@given(st.text(max_size=40) | st.recursive(st.none() | st.integers() | st.text(max_size=10), st.lists).map(json.dumps))
def test_no_body_raises(body: str) -> None:
    assert wakeup_targets(event_of(body, a_body(FIRST)), "job_id") == [WakeupTarget("acme", FIRST)]


def test_record_without_a_body_is_dropped() -> None:
    assert wakeup_targets({"Records": [{"messageId": "m-1"}, {}]}, "job_id") == []


@pytest.mark.parametrize("event", [{}, {"Records": []}])
def test_event_without_records_names_no_row(event: dict[str, Any]) -> None:
    assert wakeup_targets(event, "job_id") == []
