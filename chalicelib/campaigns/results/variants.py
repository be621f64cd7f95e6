"""The variants of a campaign side by side, so that a person can pick one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.campaigns.requests.shown import load_campaign


class Variants:
    """The variants of a tenant's campaigns; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def compare(self, tenant_id: str, campanha_id: UUID) -> dict[str, Any]:
        """The variants of each step: their share, their messages, their counters, and their rates.

        Raises:
            NotFound: the tenant has no such campaign.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            return {"itens": list(_variants(load_campaign(rows, campanha_id, now)))}

        return self._database.run(tenant_id, work)


def _variants(campaign: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    counted = {(each["etapa"], each["variante"]): each for each in campaign["por_variante"]}
    nothing = dict.fromkeys(campaign["contadores"], 0)
    for etapa, step in enumerate(campaign["etapas"], 1):
        for variant in step["variantes"]:
            counters = counted.get((etapa, variant["nome"]), nothing)
            yield {
                **counters,
                "etapa": etapa,
                "variante": variant["nome"],
                "peso": variant["peso"],
                "mensagens": [{name: each[name] for name in ("canal", "template")} for each in variant["mensagens"]],
                **rates(counters),
            }


def rates(counters: Mapping[str, int]) -> dict[str, float | None]:
    """What share of the messages came how far; None while there is nothing that it could be a share of.

    Delivered, read and answered are shares of what was sent; failed is a share of what was sent or failed.
    """
    sent, failed = counters["enviados"], counters["falhas"]
    return {
        "taxa_de_entrega": _share(counters["entregues"], sent),
        "taxa_de_leitura": _share(counters["lidos"], sent),
        "taxa_de_resposta": _share(counters["respondidos"], sent),
        "taxa_de_falha": _share(failed, sent + failed),
    }


def _share(part: int, whole: int) -> float | None:
    return round(min(1.0, part / whole), 4) if whole else None
