"""Logs, metrics and traces: no personal data in any of them, nothing imported where tracing is off."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.segment import Segment
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.telemetry import NAMESPACE, Metric, Tracer, count, logger, masked

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
def test_what_looks_like_personal_data_is_masked(personal: str) -> None:
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
def test_ids_times_and_counts_stay_readable(harmless: str) -> None:
    assert masked(harmless) == harmless


@given(st.uuids())
def test_no_id_is_taken_for_a_phone(id_: object) -> None:
    assert masked(f"job {id_} done") == f"job {id_} done"


@given(st.from_regex(r"[a-z]{1,10}@[a-z]{1,10}\.com", fullmatch=True))
def test_no_address_leaves_the_process(address: str) -> None:
    assert address not in masked(json.dumps({"a": [address, f"<{address}>"]}))


def test_a_log_line_is_json_and_masked_wherever_the_data_stands(capsys: pytest.CaptureFixture[str]) -> None:
    stream, handler = sys.stdout, logger.registered_handler
    try:
        handler.setStream(sys.stdout)
        logger.warning("refused maria@example.com", extra={"lead_id": "l-1", "detail": {"to": "+5571999990001"}})
    finally:
        handler.setStream(stream)
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"], line["lead_id"]) == ("WARNING", "refused ***", "l-1")
    assert line["detail"] == {"to": "***"}
    assert logging.getLogger("disparo-agenda")


def test_a_metric_is_one_line_that_cloudwatch_understands(capsys: pytest.CaptureFixture[str]) -> None:
    count(Metric.LEADS_CREATED, 12, tenant_id="acme")
    [line] = capsys.readouterr().out.strip().splitlines()
    metric = json.loads(line)
    [declared] = metric["_aws"]["CloudWatchMetrics"]
    assert declared["Namespace"] == NAMESPACE
    assert declared["Metrics"] == [{"Name": "LeadsCreated", "Unit": "Count"}]
    assert (metric["tenant"], metric["LeadsCreated"]) == ("acme", [12.0])


def test_nothing_counted_is_nothing_written(capsys: pytest.CaptureFixture[str]) -> None:
    count(Metric.LEADS_CREATED, 0, tenant_id="acme")
    assert capsys.readouterr().out == ""


def test_what_is_timed_runs_with_tracing_and_without() -> None:
    done = []
    with Tracer(enabled=False).segment("batch", rows=10):
        done.append("off")
    with xray_recorder.in_segment("test") as segment, Tracer(enabled=True).segment("batch", rows=10, job_id="j-1"):
        done.append("on")
    assert done == ["off", "on"]
    assert isinstance(segment, Segment)


def test_a_failure_inside_of_what_is_timed_comes_out() -> None:
    def failing() -> None:
        with xray_recorder.in_segment("test"), Tracer(enabled=True).segment("batch"):
            raise KeyError("x")

    with pytest.raises(KeyError):
        failing()


def test_the_tracing_sdk_costs_nothing_where_it_is_off() -> None:
    program = (
        "import sys; from chalicelib.telemetry import Tracer\n"
        "with Tracer(enabled=False).segment('x'): pass\n"
        "sys.exit('aws_xray_sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False, timeout=60).returncode == 0
