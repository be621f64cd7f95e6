"""Books agendamentos as the API does: `book(services, lead_id, at)`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.idempotency import IdempotencyKey
from chalicelib.scheduling.booking.requests import NewAgendamento
from chalicelib.wiring import Services
from tests.builders import TENANT


def a_booking(at: datetime, **changes: Any) -> NewAgendamento:
    """The request for a meeting by video with Ana, as JSON brings it."""
    body = {"tipo": "reuniao", "canal": "video", "data_agendada": at.isoformat(), "responsavel": "Ana", **changes}
    return NewAgendamento.model_validate_json(json.dumps(body))


def book(services: Services, lead_id: UUID, at: datetime, key: IdempotencyKey | None = None, **changes: Any) -> Any:
    """The agendamento that the service makes of such a request."""
    return services.agendamentos.create(TENANT, lead_id, a_booking(at, **changes), key)
