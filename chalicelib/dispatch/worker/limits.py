"""Asks the limiter for a batch, and tells it what the attempts say of a channel: the database's side of `limiter`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeGuard
from zoneinfo import ZoneInfo

from chalicelib.adapters.calls import OUT_OF_TIME
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, retried
from chalicelib.dispatch.outcomes import Attempt, ChannelDown, Outcome, Permanent, Sent, Transient
from chalicelib.dispatch.rules.limiter import STALE_AFTER, RateGrant, columns_of, microseconds, rate_request
from chalicelib.dispatch.rules.policy import Backoff, ClaimedDisparo
from chalicelib.dispatch.rules.turns import ReadyDisparo
from chalicelib.tenants.config import TenantConfig

Tried = tuple[ClaimedDisparo, Attempt]

_NOT_SENT = (Transient, Permanent, ChannelDown)


class Limits:
    """`database` is the owner's login; `backoff` is how a channel is left in peace that does not answer."""

    def __init__(self, *, database: Database, clock: Clock, backoff: Backoff) -> None:
        self._database = database
        self._clock = clock
        self._backoff = backoff

    def ask(
        self,
        canal: str,
        prontos: Mapping[str, Sequence[ReadyDisparo]],
        configs: Mapping[str, TenantConfig],
        now: datetime,
    ) -> Mapping[str, RateGrant]:
        """How many of each tenant go now, and the places of the others."""
        pedidos = [
            {"tenant_id": tenant_id, "canal": canal, **_asked(canal, found, configs[tenant_id], now)}
            for tenant_id, found in sorted(prontos.items())
        ]
        return retried(lambda: self._ask(pedidos, now)) if pedidos else {}

    def settle(
        self,
        canal: str,
        tried: Iterable[Tried],
        configs: Mapping[str, TenantConfig],
        answers: Mapping[str, RateGrant],
        asked_at: datetime,
    ) -> Mapping[str, datetime]:
        """Until when the channel of each tenant rests that asked for it; what was not sent goes back to the budget of
        the day on which it was asked for, which may be over."""
        now = self._clock()
        contas = []
        rests: dict[str, datetime] = {}
        for tenant_id, found in groupby(sorted(tried, key=_tenant), key=_tenant):
            outcomes = [attempt.outcome for _, attempt in found]
            limite, falhas = configs[tenant_id].limites.of(canal), answers[tenant_id].falhas
            slow = [each for each in outcomes if _asks_for_rest(each)]
            if slow:
                rests[tenant_id] = now + self._backoff.after(falhas + 1, max(each.retry_after or 0.0 for each in slow))
            devolvidos = sum(isinstance(each, _NOT_SENT) for each in outcomes) if limite.por_dia else 0
            is_back = falhas > 0 and any(isinstance(each, Sent) for each in outcomes)
            if slow or devolvidos or is_back:
                contas.append(
                    {
                        "tenant_id": tenant_id,
                        "canal": canal,
                        "nao_antes": microseconds(rests[tenant_id]) if slow else 0,
                        "enviou": any(isinstance(each, Sent) for each in outcomes),
                        "devolvidos": devolvidos,
                        "dia": asked_at.astimezone(ZoneInfo(configs[tenant_id].fuso)).date().isoformat(),
                    }
                )
        if contas:
            retried(lambda: self._settle(contas))
        return rests

    def _ask(self, pedidos: Sequence[Row], now: datetime) -> Mapping[str, RateGrant]:
        with self._database.across_tenants() as rows:
            params = {"pedidos": json.dumps(pedidos), "agora": microseconds(now), "velha_apos": STALE_AFTER}
            found = rows.all("ask_canal_limites", **params)
            missing = {each["tenant_id"] for each in pedidos} - {row["tenant_id"] for row in found}
            if missing:
                new = [each for each in pedidos if each["tenant_id"] in missing]
                names = {"tenant_ids": [e["tenant_id"] for e in new], "canais": [e["canal"] for e in new]}
                rows.run("insert_canal_limites", **names)
                found += rows.all("ask_canal_limites", **{**params, "pedidos": json.dumps(new)})
        return {row["tenant_id"]: RateGrant(**{name: row[name] for name in RateGrant._fields}) for row in found}

    def _settle(self, contas: Sequence[Row]) -> None:
        with self._database.across_tenants() as rows:
            rows.run("settle_canal_limites", contas=json.dumps(contas))


def _asked(canal: str, prontos: Sequence[ReadyDisparo], config: TenantConfig, now: datetime) -> Mapping[str, object]:
    marcados = sum(each.has_place for each in prontos)
    limite = config.limites.of(canal)
    return columns_of(rate_request(limite, config.fuso, now, marcados=marcados, novos=len(prontos) - marcados))


def _tenant(tried: Tried) -> str:
    return tried[0].tenant_id


def _asks_for_rest(outcome: Outcome) -> TypeGuard[Transient]:
    """Whether it was too much for the whole channel, and not our own time that was over."""
    return isinstance(outcome, Transient) and outcome.escopo == "canal" and outcome.codigo != OUT_OF_TIME
