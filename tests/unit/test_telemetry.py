"""Logs, metrics and traces: none of them has personal data, and the tracing SDK is imported only where it is on."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.telemetry import NAMESPACE, Metric, Tracer, count, logger, masked, measure_stage

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "personal",
    [
        "maria@example.com",
        "maria.da-silva+leads@sub.example.com.br",
        "+5571999990001",
        "5571999990001",
        "71999990001",
        "(71) 99999-0001",
        "(71)3333-0001",
        "52998224725",
        "529.982.247-25",
        "11222333000181",
        "11.222.333/0001-81",
        "12.ABC.345/01DE-35",
    ],
)
def test_personal_data_is_masked(personal: str) -> None:
    assert masked(f"lead {personal} falhou") == "lead *** falhou"


@pytest.mark.parametrize(
    "harmless",
    [
        "019aa5b1-7a3f-7c11-8000-0123456789ab",
        "12345678-1234-7234-8234-123456789012",
        "2026-11-25T12:00:00.123456+00:00",
        "batch of 10000 rows in 9.5 s",
        "disparo-agenda-dev-dispatch",
        "file.py:123",
    ],
)
def test_ids_times_and_counts_are_not_masked(harmless: str) -> None:
    assert masked(harmless) == harmless


@given(st.uuids())
def test_uuid_is_not_mistaken_for_a_phone(id_: UUID) -> None:
    assert masked(f"job {id_} done") == f"job {id_} done"


@given(st.from_regex(r"[a-z]{1,10}@[a-z]{1,10}\.com", fullmatch=True))
def test_email_address_inside_json_is_masked(address: str) -> None:
    assert address not in masked(json.dumps({"a": [address, f"<{address}>"]}))


def test_log_line_is_json_and_masked_in_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    stream, handler = sys.stdout, logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    try:
        handler.setStream(sys.stdout)
        logger.warning("refused maria@example.com", extra={"lead_id": "l-1", "detail": {"to": "+5571999990001"}})
    finally:
        handler.setStream(stream)
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"], line["lead_id"]) == ("WARNING", "refused ***", "l-1")
    assert line["detail"] == {"to": "***"}
    assert logging.getLogger("disparo-agenda")


@pytest.fixture
def stage() -> Iterator[str]:
    measure_stage("prod")
    yield "prod"
    measure_stage("dev")


def test_metric_is_one_line_in_the_format_of_cloudwatch(capsys: pytest.CaptureFixture[str], stage: str) -> None:
    count(Metric.LEADS_CREATED, 12, tenant_id="acme")
    [line] = capsys.readouterr().out.strip().splitlines()
    metric = json.loads(line)
    [declared] = metric["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == NAMESPACE
    assert declared["Metrics"] == [{"Name": "LeadsCreated", "Unit": "Count"}]
    assert (metric["tenant"], metric["LeadsCreated"]) == ("acme", [12.0])
    of_the_tenant, of_the_stage = declared["Dimensions"]
    assert (sorted(of_the_tenant), of_the_stage) == (["service", "tenant"], ["service", "stage"])
    assert (metric["service"], metric["stage"]) == ("disparo-agenda", stage)


def test_metric_of_zero_writes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    count(Metric.LEADS_CREATED, 0, tenant_id="acme")
    assert capsys.readouterr().out == ""


@pytest.fixture
def recorder() -> Iterator[Any]:
    """The recorder of the SDK. Its import opens a socket that the SDK never closes."""
    from aws_xray_sdk.core import xray_recorder  # noqa: PLC0415 - see above
    from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter  # noqa: PLC0415 - see above

    opened, xray_recorder.emitter = xray_recorder.emitter, UDPEmitter()
    opened._socket.close()
    yield xray_recorder
    xray_recorder.emitter._socket.close()


def test_body_of_a_segment_runs_with_tracing_and_without(recorder: Any) -> None:
    done = []
    with Tracer(enabled=False).segment("batch", rows=10):
        done.append("off")
    with recorder.in_segment("test") as segment, Tracer(enabled=True).segment("batch", rows=10, job_id="j-1"):
        done.append("on")
        inside = recorder.current_subsegment()
    assert done == ["off", "on"]
    assert (inside.name, inside.parent_segment) == ("batch", segment)
    assert inside.annotations == {"rows": 10, "job_id": "j-1"}


def test_error_inside_a_segment_is_raised(recorder: Any) -> None:
    def failing() -> None:
        with recorder.in_segment("test"), Tracer(enabled=True).segment("batch"):
            raise KeyError("x")

    with pytest.raises(KeyError):
        failing()


def test_tracing_sdk_is_not_imported_where_tracing_is_off() -> None:
    program = (
        "import sys; from chalicelib.telemetry import Tracer\n"
        "with Tracer(enabled=False).segment('x'): pass\n"
        "sys.exit('aws_xray_sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False, timeout=300).returncode == 0
