"""A campaign as the API shows it: its document, its counters, and in words what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib import messages
from chalicelib.adapters.database import Row, Rows
from chalicelib.campaigns.rules.counters import CountedRow, counters
from chalicelib.campaigns.states import CampaignStatus, PauseCode
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.reasons import sentence
from chalicelib.dispatch.rules.limiter import instant_of
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.errors import NotFound
from chalicelib.tenants.config import TenantConfig, config_of

_STEPS = 100
_PAUSES: Mapping[str, str] = {
    PauseCode.PESSOA: "campanha_pausada_por_pessoa",
    PauseCode.PILOTO_REPROVADO: "campanha_piloto_reprovado",
    PauseCode.PILOTO_CONCLUIDO: "campanha_piloto_concluido",
}
_EXCLUSIONS: Mapping[str, str] = {
    "suprimido": "excluido_suprimido",
    "sem_contato": "excluido_sem_contato",
    "variavel_ausente": "excluido_variavel_ausente",
    "lead_encerrado": "excluido_lead_encerrado",
    "destino_repetido": "excluido_destino_repetido",
}
_NOT_SENT = frozenset({"excluido", DisparoStatus.ERRO, DisparoStatus.CANCELADO, DisparoStatus.SUPRIMIDO})


def found_campaign(rows: Rows, campanha_id: UUID) -> Row:
    """The row of a campaign.

    Raises:
        NotFound: the tenant has no such campaign.
    """
    row = rows.one("campanha_by_id", campanha_id=campanha_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def load_campaign(rows: Rows, campanha_id: UUID, now: datetime) -> dict[str, Any]:
    """One campaign with its counters, its history, and what it waits for.

    Raises:
        NotFound: the tenant has no such campaign.
    """
    row = found_campaign(rows, campanha_id)
    config = config_of(rows)
    counted = rows.all("sum_campanha_contagens", campanha_id=campanha_id)
    steps = rows.all("list_campanha_steps", campanha_id=campanha_id, limite=_STEPS)
    status = CampaignStatus(row["status"])
    return {
        **document_of(row),
        **{name: row[name] for name in _SHOWN},
        **_totals(counted, status),
        "por_variante": list(_by_variant(counted, status)),
        "motivos": list(_reasons(counted, config)),
        "espera": list(_waits(rows, row, steps, config, now)),
        "historico": [{**each, "mensagem": pause_sentence(each["codigo"], config)} for each in steps],
    }


def list_campaigns(rows: Rows, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The campaigns of a page (`list_campanhas`), each with its counters."""
    found = rows.all("list_campanhas", **params)
    counted: dict[UUID, list[Row]] = {each["campanha_id"]: [] for each in found}
    for row in rows.all("sum_contagens_of_campanhas", campanhas=list(counted)):
        counted[row["campanha_id"]].append(row)
    return [{**each, **_totals(counted[each["campanha_id"]], CampaignStatus(each["status"]))} for each in found]


def _totals(counted: Sequence[Row], status: CampaignStatus) -> dict[str, Any]:
    """How many people a campaign has, who are the recipients of its first step, and the counters of all steps."""
    first = counters((_counted(row) for row in counted if row["etapa"] == 1), status)
    return {"pessoas": first["planejados"], "contadores": counters(map(_counted, counted), status)}


_SHOWN = (
    "campanha_id", "status", "piloto_liberado", "publico_em", "planejada_em", "pausa_codigo", "pausa_motivo",
    "de_novo_de", "criado_por", "criado_em", "atualizado_em", "iniciada_em", "encerrada_em",
)  # fmt: skip


def document_of(row: Row) -> dict[str, Any]:
    """The fields of a campaign as a request gives them."""
    size = "percentual" if row["piloto_percentual"] else "primeiros"
    pilot = None if row["piloto"] is None else {size: row["piloto"], "decisao": row["piloto_decisao"]}
    return {
        **{name: row[name] for name in ("nome", "segmento_id", "filtro", "etapas", "iniciar_em", "expira_em")},
        "piloto": pilot,
    }


def pause_sentence(code: str | None, config: TenantConfig) -> str | None:
    """Why a campaign is paused, in words: a code of this room, of the worker, or of a provider."""
    if code is not None and code in _PAUSES:
        return messages.text(_PAUSES[code], config.idioma)
    return sentence(code, None, config.idioma)


def _counted(row: Row) -> CountedRow:
    return CountedRow(row["status"], row["quantos"])


def _by_variant(counted: Sequence[Row], status: CampaignStatus) -> Iterator[dict[str, Any]]:
    """The counters of each step and variant, side by side."""
    for etapa, variante in sorted({(row["etapa"], row["variante"]) for row in counted}):
        ours = [_counted(row) for row in counted if (row["etapa"], row["variante"]) == (etapa, variante)]
        yield {"etapa": etapa, "variante": variante, **counters(ours, status)}


def _reasons(counted: Iterable[Row], config: TenantConfig) -> Iterator[dict[str, Any]]:
    """Why recipients got nothing, and how many."""
    found: dict[tuple[str, str], int] = {}
    for row in counted:
        if row["status"] in _NOT_SENT and row["motivo"]:
            key = row["status"], row["motivo"]
            found[key] = found.get(key, 0) + row["quantos"]
    for (status, motivo), quantos in sorted(found.items()):
        yield {"status": status, "motivo": motivo, "quantos": quantos, "mensagem": reason_sentence(motivo, config)}


def reason_sentence(reason: str, config: TenantConfig) -> str:
    """Why a recipient is left out or got nothing, in words."""
    if reason in _EXCLUSIONS:
        return messages.text(_EXCLUSIONS[reason], config.idioma)
    return sentence(reason, None, config.idioma) or reason


def _waits(rows: Rows, row: Row, steps: Sequence[Row], config: TenantConfig, now: datetime) -> Iterator[dict[str, Any]]:
    """What the campaign waits for, until when, and by which channel."""
    match CampaignStatus(row["status"]):
        case CampaignStatus.AGENDADA if row["planejada_em"] is None:
            yield _wait("campanha_em_planejamento", config)
        case CampaignStatus.AGENDADA:
            yield _wait("campanha_ate_o_inicio", config, row["iniciar_em"])
        case CampaignStatus.PAUSADA:
            paused = next((each for each in steps if each["de"] != each["para"] == CampaignStatus.PAUSADA), None)
            said = pause_sentence(row["pausa_codigo"], config)
            by = {"por": paused["por"], "em": paused["em"], "motivo": paused["motivo"]} if paused else {}
            yield {**_EMPTY, **by, "codigo": row["pausa_codigo"], "mensagem": said or ""}
        case CampaignStatus.EM_ANDAMENTO:
            yield from _waits_of_channels(rows, row, config, now)
        case _:
            return


def _waits_of_channels(rows: Rows, row: Row, config: TenantConfig, now: datetime) -> Iterator[dict[str, Any]]:
    if not row["piloto_liberado"]:
        yield _wait("campanha_so_o_piloto", config)
    pilots = [True, False] if row["piloto_liberado"] else [True]
    names = [each.value for each in Canal]
    for each in rows.all("waiting_of_campanha", campanha_id=row["campanha_id"], canais=names, pilotos=pilots):
        found = _wait_of_channel(each, config, now)
        if found is not None:
            yield {**found, "canal": each["canal"]}


def _wait_of_channel(row: Row, config: TenantConfig, now: datetime) -> dict[str, Any] | None:
    """The first that holds the next message of a channel back; None if it only waits for a worker."""
    if row["pausa"] is not None:
        return {**_EMPTY, "codigo": "canal_pausado", "mensagem": sentence(row["pausa"], None, config.idioma) or ""}
    if row["enviar_apos"] > now:
        return _wait("campanha_ate_a_janela", config, row["enviar_apos"])
    limits = (
        ("campanha_ate_o_orcamento", row["sem_orcamento_ate"]),
        ("campanha_canal_lento", row["nao_antes"]),
        ("campanha_limite_de_envio", row["fila"]),
    )
    for code, us in limits:
        if us and (until := instant_of(us)) > now:
            return _wait(code, config, until)
    return None


_EMPTY: Mapping[str, Any] = {"canal": None, "ate": None, "por": None, "em": None, "motivo": None}


def _wait(code: str, config: TenantConfig, until: datetime | None = None) -> dict[str, Any]:
    at = "" if until is None else f"{until.astimezone(ZoneInfo(config.fuso)):%d/%m %H:%M}"
    ate = None if until is None else until.astimezone(UTC)
    return {**_EMPTY, "codigo": code, "ate": ate, "mensagem": messages.text(code, config.idioma, quando=at)}
