"""What campaigns need every minute: their start, the verdict over a pilot, their end, the rest of cancelled ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.campaigns import moves
from chalicelib.campaigns.rules.pilot import verdict
from chalicelib.campaigns.states import CANCELLED, CampaignStatus, PilotDecision

_CAMPAIGNS = 1_000
_SLICE = 5_000
# A sweep has other work, and the next one goes on.
_PATIENCE = timedelta(seconds=20)


class Tending:
    """The sweep's part of it; `database` is the owner's login, `start` starts a campaign that is due."""

    def __init__(
        self, *, database: Database, start: Callable[[str, UUID], bool], clock: Clock, slice_size: int = _SLICE
    ) -> None:
        self._database = database
        self._start = start
        self._clock = clock
        self._slice_size = slice_size

    def tend(self) -> int:
        """Look after every campaign that is not at rest; how many of them moved."""
        found = self._database.run_across_tenants(lambda rows: rows.all("list_campanhas_to_tend", limite=_CAMPAIGNS))
        return sum(self._tended(row["tenant_id"], row["campanha_id"], row["status"]) for row in found)

    def _tended(self, tenant_id: str, campanha_id: UUID, status: str) -> bool:
        match CampaignStatus(status):
            case CampaignStatus.AGENDADA:
                return self._start(tenant_id, campanha_id)
            case CampaignStatus.EM_ANDAMENTO:
                return self._database.run(
                    tenant_id, lambda rows: self._judge(rows, campanha_id) or self._end(rows, campanha_id)
                )
            case _:
                return self._clear(tenant_id, campanha_id)

    def _judge(self, rows: Rows, campanha_id: UUID) -> bool:
        """Say what becomes of the others once the pilot has ended; whether the campaign moved."""
        campaign = rows.one("lock_ended_pilot", campanha_id=campanha_id)
        if campaign is None:
            return False
        [outcome] = rows.all("count_pilot_outcomes", campanha_id=campanha_id)
        code = verdict(PilotDecision(campaign["piloto_decisao"]), **outcome)
        now = self._clock()
        if code is None:
            rows.run("release_pilot", campanha_id=campanha_id, agora=now)
            return True
        rows.run("pause_campanha", campanha_id=campanha_id, codigo=code.value, motivo=None, agora=now)
        moves.record(rows, campanha_id, CampaignStatus.EM_ANDAMENTO, CampaignStatus.PAUSADA, now, codigo=code.value)
        return True

    def _end(self, rows: Rows, campanha_id: UUID) -> bool:
        """End a campaign of which nothing waits and nothing is on its way.

        It is locked first: what a late report or a person adds meanwhile is seen by the next statement.
        """
        now = self._clock()
        rows.one("lock_campanha_to_end", campanha_id=campanha_id)
        if rows.one("end_campanha", campanha_id=campanha_id, agora=now) is None:
            return False
        moves.record(rows, campanha_id, CampaignStatus.EM_ANDAMENTO, CampaignStatus.CONCLUIDA, now)
        return True

    def _clear(self, tenant_id: str, campanha_id: UUID) -> bool:
        """Cancel the disparos of a cancelled campaign, slice by slice; what is on its way is looked at again."""
        began = self._clock()
        while self._database.run(tenant_id, lambda rows: self._cancel_slice(rows, campanha_id)):
            if self._clock() - began > _PATIENCE:
                return True
        now = self._clock()
        return bool(
            self._database.run(tenant_id, lambda rows: rows.run("end_cancelling", campanha_id=campanha_id, agora=now))
        )

    def _cancel_slice(self, rows: Rows, campanha_id: UUID) -> int:
        params = {"campanha_id": campanha_id, "codigo": CANCELLED, "agora": self._clock(), "limite": self._slice_size}
        return rows.run("cancel_campanha_disparos", **params)


class CampaignCounterFolding:
    """Keeps the counters of campaigns short; `database` is the owner's login."""

    def __init__(self, *, database: Database, many: int = 500) -> None:
        self._database = database
        self._many = many

    def fold(self) -> int:
        """Replace the counter rows of some campaigns by their sums; how many sums there are then."""
        params = {"ao_menos": self._many, "limite": _CAMPAIGNS}
        return self._database.run_across_tenants(lambda rows: rows.run("fold_campanha_contagens", **params))
