"""What a filter's meaning depends on beside the filter: read in the transaction that uses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.adapters.database import Rows
from chalicelib.campaigns.segments.compiler import SegmentContext, compile_segment
from chalicelib.campaigns.segments.model import SegmentFilter
from chalicelib.campos import CampoType
from chalicelib.conditions import Condition
from chalicelib.tenants.config import config_of


def context_of(rows: Rows, now: datetime) -> SegmentContext:
    """The context of the transaction's tenant."""
    campos = {
        row["campo"]: frozenset(CampoType(each) for each in row["tipos"]) for row in rows.all("list_types_of_campos")
    }
    return SegmentContext(now, ZoneInfo(config_of(rows).fuso), campos)


def stored_filter(document: Mapping[str, Any]) -> SegmentFilter:
    """A filter as the database keeps it."""
    return SegmentFilter.model_validate_json(json.dumps(document))


def compiled(rows: Rows, document: SegmentFilter, now: datetime) -> Condition:
    """The condition of a filter for the transaction's tenant, for the hole of a query over a lead `l`.

    Raises:
        Invalid: the filter cannot be used.
    """
    return compile_segment(document, context_of(rows, now))
