"""Logs (JSON), metrics (CloudWatch EMF) and traces. None of them carries personal data.

Call sites log ids and codes only. As a second guard, everything that looks like an e-mail, a phone or a document is
logged as `***`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

SERVICE = "disparo-agenda"
NAMESPACE = "Alquimista/DisparoAgenda"

_PERSONAL = re.compile(
    r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"  # e-mail
    r"|(?<![\w-])\+?\d{10,15}(?![\w-])"  # phone, CPF, numeric CNPJ; the digits of a UUID have neighbours
    r"|\d{3}\.\d{3}\.\d{3}-\d{2}"  # CPF as written
    r"|[\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}/[\dA-Z]{4}-\d{2}"  # CNPJ as written
    r"|\(\d{2}\)\s?\d{4,5}-?\d{4}"  # phone as written
)


class Metric(StrEnum):
    """The metrics of SPEC §6."""

    JOBS_COMPLETED = "IngestJobsCompleted"
    JOBS_FAILED = "IngestJobsFailed"
    LEADS_CREATED = "LeadsCreated"
    DISPAROS_SENT = "DisparosSent"
    DISPAROS_FAILED = "DisparosFailed"
    DISPAROS_UNCERTAIN = "DisparosUncertain"
    CHANNEL_DOWN = "ChannelDown"
    RATE_LIMIT_HITS = "RateLimitHits"
    DELIVERIES_UNMATCHED = "DeliveriesUnmatched"
    REPLIES_UNASSIGNED = "RepliesUnassigned"
    AGENDAMENTOS_CREATED = "AgendamentosCriados"


def masked(text: str) -> str:
    """The text with `***` in place of everything that looks like personal data."""
    return _PERSONAL.sub("***", text)


def _serialised(record: dict[str, Any]) -> str:
    return masked(json.dumps(record, default=str, ensure_ascii=False))


logger = Logger(service=SERVICE, json_serializer=_serialised, use_rfc3339=True)


_total = {"service": SERVICE, "stage": "dev"}


def measure_stage(stage: str) -> None:
    """Say which stage this process counts for: several may share an account."""
    _total["stage"] = stage


def count(metric: Metric, value: float, *, tenant_id: str) -> None:
    """Write one EMF line to standard output, which CloudWatch turns into two metrics; a value of 0 writes no line.

    One is the tenant's. The other is the total of the stage, which alarms look at.
    """
    if not value:
        return
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    metrics.add_dimension(name="tenant", value=tenant_id)
    metrics.add_dimensions(**_total)
    metrics.add_metric(name=metric.value, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()


class Tracer:
    """X-Ray subsegments where tracing is enabled; does nothing where it is not.

    The import of the SDK takes half a second, so it happens only where tracing is enabled.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    @contextmanager
    def segment(self, name: str, **annotations: str | int) -> Iterator[None]:
        """Record the body of the `with` as a subsegment; annotations are ids and counts."""
        if not self._enabled:
            yield
            return
        from aws_xray_sdk.core import xray_recorder  # noqa: PLC0415 - see the class

        with xray_recorder.in_subsegment(name) as subsegment:
            for key, value in annotations.items():
                subsegment.put_annotation(key, value)
            yield
