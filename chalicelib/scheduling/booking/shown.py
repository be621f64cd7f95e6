"""How agendamentos are shown, to whoever asked for them or changed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib import avisos
from chalicelib.adapters.database import Row, Rows
from chalicelib.errors import NotFound
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.tenants.config import TenantConfig, config_of


def described(rows: Rows, agendamento_id: UUID, now: datetime) -> Row:
    """One agendamento with the times that it had, what was said of it, and its event at the calendar.

    Raises:
        NotFound: the tenant has no such agendamento.
    """
    [shown] = presented(rows, [known(rows.one("agendamento_by_id", agendamento_id=agendamento_id))], now)
    zone = ZoneInfo(config_of(rows).fuso)
    times = rows.all("horarios_of_agendamento", agendamento_id=agendamento_id)
    return {
        **shown,
        "horarios": [{**each, "data_local": _local(each["data_agendada"], zone)} for each in times],
        "mensagens": rows.all("mensagens_of_agendamento", agendamento_id=agendamento_id),
        "calendario": rows.one("evento_of_agendamento", agendamento_id=agendamento_id),
    }


def presented(rows: Rows, found: Iterable[Row], now: datetime) -> list[Row]:
    """Rows with their warnings in words, their times where the tenant is, and whether their confirmation is late.

    Those of `Rows.shown` are presented as those of `Rows.all`.
    """
    config = config_of(rows)
    zone = ZoneInfo(config.fuso)
    return [_presented(row, config, zone, now) for row in found]


def known(row: Row | None) -> Row:
    """The row, which there must be.

    Raises:
        NotFound: there is none.
    """
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _presented(row: Row, config: TenantConfig, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    until = row["confirmar_ate"]
    is_awaited = row["status"] == AgendamentoStatus.PENDENTE and until is not None
    return {
        **row,
        "data_local": _local(row["data_agendada"], zone),
        "confirmacao_vencida": is_awaited and _moment(until) <= now,
        "avisos": avisos.in_words(row["avisos"], config.idioma, config.fuso),
    }


def _local(instant: datetime | str, zone: ZoneInfo) -> str:
    return _moment(instant).astimezone(zone).isoformat()


def _moment(instant: datetime | str) -> datetime:
    return datetime.fromisoformat(instant) if isinstance(instant, str) else instant
