"""How many requests a tenant may make in a minute, and each of its API keys.

PostgreSQL counts, because functions come and go. A function takes a share of what is left, a twentieth, and spends it
without asking again. So a request seldom costs a statement, all functions together never give more than there is, and
who has used a minute up is refused without one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.errors import TooManyRequests
from chalicelib.identity import Identity

if TYPE_CHECKING:
    # The middleware of all routes needs this module, and a cold start not yet the driver.
    from chalicelib.adapters.clock import Clock
    from chalicelib.adapters.database import Database

WINDOW = timedelta(minutes=1)
_TENANT = ""
"""The tenant itself, beside its keys."""


class Standing(NamedTuple):
    """How one budget stands."""

    policy: str
    """`tenant`, or `chave`."""
    quota: int
    """Requests of a minute."""
    rest: int
    """How many are left, as far as this function knows."""
    reset_s: int
    """Seconds to the next minute, at least one."""


class OverBudget(TooManyRequests):
    """The minute of a tenant or of a key is used up."""

    def __init__(self, standings: tuple[Standing, ...]) -> None:
        used_up = next(each for each in standings if not each.rest)
        super().__init__("limite_de_requisicoes", limite=used_up.quota, segundos=used_up.reset_s)
        self.standings = standings
        self.retry_after_s = used_up.reset_s


@dataclass(slots=True)
class _Share:
    """What this function may still spend of a minute, and what the others may still take."""

    minute: datetime
    quota: int = 0
    left: int = 0
    rest: int = 0

    @property
    def is_spent(self) -> bool:
        return not self.left

    def is_worth_a_statement(self, minute: datetime) -> bool:
        """Whether a statement would tell something new."""
        return self.minute < minute or (not self.left and self.rest > 0)


class Budgets:
    """Counts requests; `database` is the API's login. A limit of 0 is none, and then nothing is counted."""

    def __init__(self, *, database: Database, clock: Clock, per_tenant: int, per_key: int) -> None:
        self._database = database
        self._clock = clock
        self._per_tenant = per_tenant
        self._per_key = per_key
        self._shares: dict[tuple[str, str], _Share] = {}
        self._lock = Lock()

    def take(self, identity: Identity) -> tuple[Standing, ...]:
        """Count one request of a caller; how its budgets stand then.

        Raises:
            OverBudget: `limite_de_requisicoes`; the request is not counted.
            Unavailable: the database does not answer.
        """
        now = self._clock()
        minute = now.replace(second=0, microsecond=0)
        limits = {_TENANT: self._per_tenant, **({identity.subject: self._per_key} if identity.is_key else {})}
        wanted = {who: limit for who, limit in limits.items() if limit}
        with self._lock:
            short = {who: limit for who, limit in wanted.items() if self._is_short(identity.tenant_id, who, minute)}
        if short:
            self._take_shares(identity.tenant_id, short, minute)
        reset_s = max(1, math.ceil((minute + WINDOW - now).total_seconds()))
        with self._lock:
            shares = {who: self._shares[identity.tenant_id, who] for who in wanted}
            may = not any(share.is_spent for share in shares.values())
            for share in shares.values():
                share.left -= may
            standings = tuple(
                Standing("chave" if who else "tenant", share.quota, share.left + share.rest, reset_s)
                for who, share in shares.items()
            )
        if not may:
            raise OverBudget(standings)
        return standings

    def _is_short(self, tenant_id: str, who: str, minute: datetime) -> bool:
        share = self._shares.get((tenant_id, who))
        return share is None or share.is_worth_a_statement(minute)

    def _take_shares(self, tenant_id: str, limits: dict[str, int], minute: datetime) -> None:
        given = {"quem": list(limits), "limites": list(limits.values()), "minuto": minute}
        found = self._database.run(tenant_id, lambda rows: rows.all("take_orcamento", **given))
        with self._lock:
            for key in [key for key, share in self._shares.items() if share.minute < minute]:
                del self._shares[key]
            for row in found:
                share = self._shares.setdefault((tenant_id, row["quem"]), _Share(minute))
                share.quota = row["limite"]
                share.left += row["concedidas"]
                share.rest = max(0, row["limite"] - row["usadas"])
