"""The audience of a campaign as the query `classify_recipients` takes it: the script, the windows, the limits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib.adapters.database import Row, Rows
from chalicelib.campaigns.rules.script import (
    ScriptLine,
    ScriptMessage,
    beginning_of_ids,
    demands_of,
    lines_of,
    mask_of_ids,
)
from chalicelib.campaigns.segments.context import compiled, stored_filter
from chalicelib.canal import Canal
from chalicelib.contacts.places import PLACES
from chalicelib.dispatch.rules.rendering import words_of
from chalicelib.dispatch.rules.windows import after_working_days, calendar_for, openings
from chalicelib.errors import FieldError, Invalid
from chalicelib.leads.states import CLOSED
from chalicelib.tenants.config import TenantConfig, config_of

NOBODY = UUID(int=0)
EVERYBODY = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Audience:
    """A campaign at one instant: whom it is for and what they get, and the parameters of the queries about them.

    `starts` says when each step begins, if nobody answers.
    """

    script: tuple[ScriptMessage, ...]
    config: TenantConfig
    starts: Mapping[int, datetime]
    params: Mapping[str, Any]


def audience_of(rows: Rows, campaign: Row, now: datetime) -> Audience:
    """The audience of a row of `campanhas` whose filter is read at `now`.

    Raises:
        Invalid: the filter cannot be used any more, or a template is missing or does not fit; `errors` point to it.
    """
    config = config_of(rows)
    script = script_of(rows, campaign)
    starts = _starts((each.line for each in script), config, campaign["iniciar_em"] or now)
    channels = {each.line.canal for each in script}
    params = {
        "campanha_id": campaign["campanha_id"],
        "filtro": compiled(rows, stored_filter(campaign["filtro"]), now),
        "mensagens": json.dumps(list(_columns(script, campaign["campanha_id"], now))),
        "aberturas": json.dumps(list(_openings(config, starts))),
        "fechados": sorted(each.value for each in CLOSED),
        "usa_whatsapp": Canal.WHATSAPP in channels,
        "usa_email": Canal.EMAIL in channels,
        "por_dia": config.limite_por_pessoa.por_dia,
        "por_semana": config.limite_por_pessoa.por_semana,
        "depois": NOBODY,
        "ate": campaign["publico_ate"] or EVERYBODY,
        "limite": None,
    }
    return Audience(script, config, starts, params)


def script_of(rows: Rows, campaign: Row) -> tuple[ScriptMessage, ...]:
    """The script with the words of its templates: those in use, or once it is scheduled, the versions of then.

    Raises:
        Invalid: `template_desconhecido`, `template_de_outro_canal`, or constants that a template does not show.
    """
    lines = list(lines_of(campaign["etapas"]))
    versions = {
        (row["etapa"], row["variante"], row["ordem"]): row["template_versao"]
        for row in rows.all("list_campanha_mensagens", campanha_id=campaign["campanha_id"])
    }
    found = [_resolved(rows, each, versions.get((each.etapa, each.variante, each.ordem))) for each in lines]
    if errors := tuple(each for each in found if isinstance(each, FieldError)):
        raise Invalid("requisicao_invalida", errors)
    return tuple(each for each in found if isinstance(each, ScriptMessage))


def _resolved(rows: Rows, line: ScriptLine, version: int | None) -> ScriptMessage | FieldError:
    """The line with its template, or what is wrong with it."""
    if version is None:
        row = rows.one("find_template", nome=line.template)
    else:
        row = rows.one("find_template_version", nome=line.template, versao=version)
    if row is None:
        return FieldError(f"{line.path}/template", "template_desconhecido", line.template)
    if row["canal"] != line.canal:
        return FieldError(f"{line.path}/template", "template_de_outro_canal", line.template)
    message = ScriptMessage(line, row["versao"], words_of(row))
    if unfit := message.unfit_constants:
        return FieldError(f"{line.path}/variaveis/{unfit[0]}", "valor_fora_do_formato", unfit[0])
    return message


def _starts(lines: Iterable[ScriptLine], config: TenantConfig, start: datetime) -> Mapping[int, datetime]:
    """When each step begins: so many of the tenant's working days after the step before. The worker looks again."""
    calendar = calendar_for("", Canal.WHATSAPP, config)
    starts: dict[int, datetime] = {}
    for each in lines:
        if each.etapa not in starts:
            before = starts.get(each.etapa - 1, start)
            starts[each.etapa] = after_working_days(before, each.apos_dias_uteis or 0, calendar)
    return starts


def _columns(script: Sequence[ScriptMessage], campanha_id: UUID, publico_em: datetime) -> Iterator[Mapping[str, Any]]:
    for each in script:
        line = each.line
        channels = [
            other.line.canal.value
            for other in script
            if (other.line.etapa, other.line.variante) == (line.etapa, line.variante)
        ]
        yield {
            "etapa": line.etapa,
            "variante": line.variante,
            "ordem": line.ordem,
            "canal": line.canal.value,
            "canais": channels,
            "canais_antes": channels[: line.ordem - 1],
            "template": line.template,
            "versao": each.version,
            "constantes": line.constants,
            "demandas": [
                {"nome": name, "tipo": kind.value, "tem_padrao": has_default, "maior": longest}
                for name, kind, has_default, longest in demands_of(each, script)
            ],
            "de": line.de,
            "ate": line.ate,
            "inicio_do_id": beginning_of_ids(campanha_id, line.etapa, publico_em),
        }


def openings_of(rows: Rows, campaign: Row, now: datetime) -> str:
    """When the window of each step of a scheduled campaign opens where, as the queries take it; not before `now`."""
    config = config_of(rows)
    starts = _starts(lines_of(campaign["etapas"]), config, campaign["iniciar_em"] or campaign["publico_em"])
    return json.dumps(list(_openings(config, {step: max(at, now) for step, at in starts.items()})))


def _openings(config: TenantConfig, starts: Mapping[int, datetime]) -> Iterator[Mapping[str, Any]]:
    """When the window of each step opens where, and the day and week of it there."""
    for etapa, start in starts.items():
        known = openings(config, start)
        for ddd in ("", *map(str, range(11, 100))):
            opening = known.get(ddd, known[""])
            day = _local_day(config, ddd, opening)
            yield {
                "etapa": etapa,
                "ddd": ddd,
                "abre": opening.isoformat(),
                "dia": day.isoformat(),
                "semana": (day - timedelta(days=day.weekday())).isoformat(),
                "espera_janela": opening > start,
            }


def _local_day(config: TenantConfig, ddd: str, instant: datetime) -> date:
    place = PLACES.get(ddd)
    return instant.astimezone(ZoneInfo(place.zone if place else config.fuso)).date()


def slice_params(campaign: Row, audience: Audience, most: int) -> dict[str, Any]:
    """What `plan_slice` needs to plan so many leads from the checkpoint on, but for the settings."""
    share = campaign["piloto"] if campaign["piloto_percentual"] else 0
    return {
        **audience.params,
        "depois": campaign["planejado_ate"] or NOBODY,
        "limite": most,
        "mascara": mask_of_ids(campaign["campanha_id"]),
        "publico_em": campaign["publico_em"],
        "expira_em": campaign["expira_em"],
        "piloto_por_cento": share,
    }
