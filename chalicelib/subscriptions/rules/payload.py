"""The body of a delivery: the type of the event, its time, and ids. Who wants more asks the API for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID


def payload_of(tenant_id: str, evento_id: UUID, kind: str, at: datetime, detail: Mapping[str, Any]) -> bytes:
    """The JSON of an event, the same for every attempt; `detail` holds ids, numbers and codes only."""
    document = {
        "type": kind,
        "timestamp": at.isoformat(),
        "data": {"tenant_id": tenant_id, "evento_id": str(evento_id), **detail},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
