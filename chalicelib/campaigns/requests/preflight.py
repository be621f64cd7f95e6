"""Says before a campaign starts who will get it, who will not and why, how long it takes, and what it costs.

It asks what planning asks (`classify_recipients`) and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib import messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.planning.audience import Audience, audience_of
from chalicelib.campaigns.requests.drafts import lock_draft
from chalicelib.campaigns.requests.shown import reason_sentence
from chalicelib.campaigns.rules.forecast import BindingLimit, cost_of, forecast
from chalicelib.canal import Canal
from chalicelib.dispatch.rules.demands import scalars_of
from chalicelib.dispatch.rules.rendering import render_message
from chalicelib.dispatch.rules.windows import rules_for
from chalicelib.searches import take_seat

_LIMITS: Mapping[BindingLimit, str] = {
    BindingLimit.TAXA: "previsao_taxa",
    BindingLimit.ORCAMENTO: "previsao_orcamento",
    BindingLimit.JANELA: "previsao_janela",
}
_SAMPLES = 3
# Samples are looked for among the first leads of the audience.
_SAMPLED_LEADS = 200


class Preflight:
    """`database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def check(self, tenant_id: str, campanha_id: UUID) -> dict[str, Any]:
        """What planning this draft now would come to.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_e_rascunho`.
            Invalid: the filter cannot be used any more, or a template does not fit.
            TooManyRequests: `buscas_demais`.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            audience = audience_of(rows, lock_draft(rows, campanha_id), now)
            take_seat(rows)
            found = rows.all("count_recipients", **audience.params)
            sampled = rows.all("sample_recipients", **sampling(audience), quantos=_SAMPLES)
            return _described(audience, found, sampled, now)

        return self._database.run(tenant_id, work)


def sampling(audience: Audience) -> dict[str, Any]:
    """The parameters for the first leads of an audience."""
    return {**audience.params, "limite": _SAMPLED_LEADS}


def _described(audience: Audience, found: Sequence[Row], sampled: Iterable[Row], now: datetime) -> dict[str, Any]:
    planned = [row for row in found if row["motivo"] is None]
    left_out = [row for row in found if row["motivo"] is not None]
    first = audience.starts[1]
    return {
        "publico": sum(row["quantos"] for row in found if row["etapa"] == 1),
        "elegiveis": sum(row["quantos"] for row in planned if row["etapa"] == 1),
        "por_mensagem": [_without_reason(row) for row in planned],
        "excluidos": [
            {**_reason(row), "mensagem": reason_sentence(row["motivo"], audience.config)} for row in left_out
        ],
        "previsao": _forecast(audience, planned, first),
        "custo": list(_costs(audience, planned)),
        "amostras": [_sample(audience, row) for row in sampled],
    }


def _without_reason(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in {"motivo", "detalhe"}}


def _reason(row: Row) -> Row:
    return {name: row[name] for name in ("etapa", "variante", "motivo", "detalhe", "quantos")}


def _forecast(audience: Audience, planned: Iterable[Row], start: datetime) -> dict[str, Any]:
    """When the first step ends, by the channel that takes longest; later steps begin by their days."""
    config = audience.config
    window, zone = rules_for("", Canal.WHATSAPP, config), ZoneInfo(config.fuso)
    first = [row for row in planned if row["etapa"] == 1]
    by_channel = [
        {"canal": canal, **forecast(count, start, config.limites.of(Canal(canal)), window, zone)._asdict()}
        for canal, count in _by_channel(first).items()
    ]
    longest = max(by_channel, key=_end, default=None)
    return {
        "inicia_em": start,
        "termina_em": longest and longest["termina_em"],
        "limite": longest and longest["limite"],
        "mensagem": longest and messages.text(_LIMITS[longest["limite"]], config.idioma),
        "por_canal": by_channel,
    }


def _end(found: dict[str, Any]) -> datetime:
    end: datetime | None = found["termina_em"]
    return datetime.max.replace(tzinfo=ZoneInfo("UTC")) if end is None else end


def _costs(audience: Audience, planned: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """What all steps cost if nobody answers, at the tariffs of the day on which each begins."""
    config = audience.config
    for etapa, start in audience.starts.items():
        day = start.astimezone(ZoneInfo(config.fuso)).date()
        for canal, count in _by_channel(row for row in planned if row["etapa"] == etapa).items():
            yield {"etapa": etapa, **cost_of(count, Canal(canal), day, config.tarifas)._asdict()}


def _by_channel(planned: Iterable[Row]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in planned:
        found[row["canal"]] += row["quantos"]
    return found


def _sample(audience: Audience, row: Row) -> dict[str, Any]:
    """The very text that a recipient would get."""
    [message] = [
        each
        for each in audience.script
        if (each.line.etapa, each.line.variante, each.line.canal) == (row["etapa"], row["variante"], row["canal"])
    ]
    text = render_message(message.words, scalars_of(row["valores"]))
    shown = {name: row[name] for name in ("lead_id", "variante", "canal", "destino", "template")}
    return {**shown, "assunto": text.assunto, "texto": text.texto}
