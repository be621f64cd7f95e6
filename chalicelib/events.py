"""How a service tells what happened: a row of the outbox, in the transaction that made it happen."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from chalicelib.ids import new_id


class Runs(Protocol):
    """An open transaction of one tenant."""

    def run(self, query: str, **params: object) -> int:
        """Run a named query."""
        ...


def record(rows: Runs, kind: str, now: datetime, **detail: Any) -> UUID:
    """Leave an event such as `disparo.completed`, to be published after the commit; returns its id.

    `detail` holds ids and codes, never personal data.
    """
    evento_id = new_id(now)
    rows.run(
        "insert_evento",
        evento_id=evento_id,
        tipo=kind,
        detalhe=json.dumps(detail, default=str),
        criado_em=now,
    )
    return evento_id
