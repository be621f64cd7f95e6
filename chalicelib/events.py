"""How a service says what happened: a row of the outbox, in the transaction that made it happen."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Protocol

from chalicelib.ids import new_id


class Runs(Protocol):
    """An open transaction."""

    def run(self, query: str, **params: object) -> int:
        """Run a named query."""
        ...


def record(rows: Runs, tenant_id: str, tipo: str, now: datetime, **detalhe: Any) -> None:
    """Leave an event (`disparo.completed`) to be published after the commit; ids and codes, never personal data."""
    rows.run(
        "insert_evento",
        tenant_id=tenant_id,
        evento_id=new_id(now),
        tipo=tipo,
        detalhe=json.dumps(detalhe, default=str),
        criado_em=now,
    )
