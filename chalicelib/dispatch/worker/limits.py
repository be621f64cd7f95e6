"""Asks the limiter for a batch, and tells it what the attempts say about a channel: the SQL side of `rules.limiter`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import TypeGuard
from zoneinfo import ZoneInfo

from chalicelib.adapters.calls import OUT_OF_TIME
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import Attempt, ChannelDown, Outcome, Permanent, Sent, Transient
from chalicelib.dispatch.rules.limiter import STALE_AFTER, RateGrant, columns_of, microseconds, rate_request
from chalicelib.dispatch.rules.policy import Backoff, ClaimedDisparo
from chalicelib.dispatch.rules.turns import ReadyDisparo
from chalicelib.tenants.config import TenantConfig

Tried = tuple[ClaimedDisparo, Attempt]

_NOT_SENT = (Transient, Permanent, ChannelDown)


class Limits:
    """`database` is the owner's login; `backoff` says how long a channel that does not answer is left alone."""

    def __init__(self, *, database: Database, clock: Clock, backoff: Backoff) -> None:
        self._database = database
        self._clock = clock
        self._backoff = backoff

    def ask(
        self,
        canal: Canal,
        ready: Mapping[str, Sequence[ReadyDisparo]],
        configs: Mapping[str, TenantConfig],
        now: datetime,
    ) -> Mapping[str, RateGrant]:
        """How many disparos of each tenant may leave now, and the places of the others."""
        requests = [
            {"tenant_id": tenant_id, "canal": canal.value, **_requested(canal, found, configs[tenant_id], now)}
            for tenant_id, found in sorted(ready.items())
        ]
        if not requests:
            return {}
        return self._database.run_across_tenants(lambda rows: _granted(rows, requests, now))

    def settle(
        self,
        canal: Canal,
        tried: Iterable[Tried],
        configs: Mapping[str, TenantConfig],
        grants: Mapping[str, RateGrant],
        asked_at: datetime,
    ) -> Mapping[str, datetime]:
        """Until when the channel of each tenant rests, for those whose provider asked for it.

        What was not sent goes back to the budget of the day on which it was asked for, which may be over by now.
        """
        now = self._clock()
        settlements: list[Row] = []
        rests: dict[str, datetime] = {}
        for tenant_id, found in groupby(sorted(tried, key=_tenant), key=_tenant):
            outcomes = [attempt.outcome for _, attempt in found]
            limit, failures = configs[tenant_id].limites.of(canal), grants[tenant_id].falhas
            slow = [each for each in outcomes if _asks_for_rest(each)]
            if slow:
                longest = max(each.retry_after or 0.0 for each in slow)
                rests[tenant_id] = now + self._backoff.after(failures + 1, longest)
            returned = sum(isinstance(each, _NOT_SENT) for each in outcomes) if limit.por_dia else 0
            has_sent = any(isinstance(each, Sent) for each in outcomes)
            if slow or returned or (failures > 0 and has_sent):
                rest = microseconds(rests[tenant_id]) if slow else 0
                day = _day(configs[tenant_id], asked_at)
                settlements.append(_settlement(tenant_id, canal, day, returned, nao_antes=rest, enviou=has_sent))
        self._settle(settlements)
        return rests

    def give_back(
        self,
        canal: Canal,
        unbegun: Iterable[ClaimedDisparo],
        configs: Mapping[str, TenantConfig],
        asked_at: datetime,
    ) -> None:
        """Give what was let through and not begun back to the budget of the day on which it was asked for."""
        unsent = Counter(each.tenant_id for each in unbegun)
        self._settle(
            [
                _settlement(tenant_id, canal, _day(configs[tenant_id], asked_at), count)
                for tenant_id, count in sorted(unsent.items())
                if configs[tenant_id].limites.of(canal).por_dia
            ]
        )

    def _settle(self, settlements: Sequence[Row]) -> None:
        if settlements:
            document = json.dumps(settlements)
            self._database.run_across_tenants(lambda rows: rows.run("settle_canal_limites", contas=document))


def _settlement(
    tenant_id: str, canal: Canal, day: date, returned: int, *, nao_antes: int = 0, enviou: bool = False
) -> Row:
    return {
        "tenant_id": tenant_id,
        "canal": canal.value,
        "nao_antes": nao_antes,
        "enviou": enviou,
        "devolvidos": returned,
        "dia": day.isoformat(),
    }


def _day(config: TenantConfig, instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(config.fuso)).date()


def _granted(rows: Rows, requests: Sequence[Row], now: datetime) -> Mapping[str, RateGrant]:
    params = {"agora": microseconds(now), "velha_apos": STALE_AFTER}
    found = rows.all("ask_canal_limites", pedidos=json.dumps(requests), **params)
    missing = {each["tenant_id"] for each in requests} - {row["tenant_id"] for row in found}
    if missing:
        new = [each for each in requests if each["tenant_id"] in missing]
        names = {"tenant_ids": [each["tenant_id"] for each in new], "canais": [each["canal"] for each in new]}
        rows.run("insert_canal_limites", **names)
        found += rows.all("ask_canal_limites", pedidos=json.dumps(new), **params)
    return {row["tenant_id"]: RateGrant(**{name: row[name] for name in RateGrant._fields}) for row in found}


def _requested(
    canal: Canal, ready: Sequence[ReadyDisparo], config: TenantConfig, now: datetime
) -> Mapping[str, object]:
    with_place = sum(each.has_place for each in ready)
    limit = config.limites.of(canal)
    return columns_of(rate_request(limit, config.fuso, now, marcados=with_place, novos=len(ready) - with_place))


def _tenant(tried: Tried) -> str:
    return tried[0].tenant_id


def _asks_for_rest(outcome: Outcome) -> TypeGuard[Transient]:
    """Whether the whole channel was too busy; running out of our own time says nothing about it."""
    return isinstance(outcome, Transient) and outcome.scope == "canal" and outcome.code != OUT_OF_TIME
