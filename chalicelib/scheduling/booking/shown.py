"""How agendamentos are shown, to whoever asked for them or changed them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from chalicelib import avisos
from chalicelib.adapters.database import Row, Rows
from chalicelib.encoding import to_json
from chalicelib.errors import NotFound
from chalicelib.scheduling.states import AgendamentoStatus
from chalicelib.tenants.config import TenantConfig, config_of


def described(rows: Rows, agendamento_id: UUID, now: datetime) -> Row:
    """One agendamento with the times that it had, what was said of it, and its event at the calendar.

    Raises:
        NotFound: the tenant has no such agendamento.
    """
    row, config = known(rows.one("agendamento_by_id", agendamento_id=agendamento_id)), config_of(rows)
    zone = ZoneInfo(config.fuso)
    times = rows.all("horarios_of_agendamento", agendamento_id=agendamento_id)
    return {
        **_presented(row, config, now),
        "horarios": [{**each, "data_local": _local(each["data_agendada"], zone)} for each in times],
        "mensagens": rows.all("mensagens_of_agendamento", agendamento_id=agendamento_id),
        "calendario": rows.one("evento_of_agendamento", agendamento_id=agendamento_id),
    }


class Listed(NamedTuple):
    """An agendamento of a list: the JSON that shows it, and its place."""

    json: str
    data_agendada: str
    agendamento_id: str


def listed(rows: Rows, **params: object) -> list[Listed]:
    """What `list_agendamentos` finds, with the time where the tenant is, and the warnings in words."""
    config = config_of(rows)
    zone = ZoneInfo(config.fuso)
    [found] = rows.all("list_agendamentos", **params)
    # JSON holds no line break; no row is one empty line.
    lines = filter(None, found["linhas"].split("\n"))
    return [
        Listed(_completed(text, _local(datetime.fromisoformat(begins), zone), warnings, config), begins, agendamento_id)
        for text, (begins, agendamento_id, warnings) in zip(lines, found["lidos"], strict=True)
    ]


def _completed(text: str, local: str, warnings: Sequence[avisos.StoredWarning] | None, config: TenantConfig) -> str:
    """The JSON object with two more members. Few have warnings; a local time holds nothing that has to be escaped."""
    in_words = to_json(avisos.in_words(warnings, config.idioma, config.fuso)) if warnings else "[]"
    return f'{text[:-1]},"data_local":"{local}","avisos":{in_words}}}'


def known(row: Row | None) -> Row:
    """The row, which there must be.

    Raises:
        NotFound: there is none.
    """
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _presented(row: Row, config: TenantConfig, now: datetime) -> Row:
    """With its warnings in words, its time where the tenant is, and whether its confirmation is late."""
    until = row["confirmar_ate"]
    is_awaited = row["status"] == AgendamentoStatus.PENDENTE and until is not None
    return {
        **row,
        "data_local": _local(row["data_agendada"], ZoneInfo(config.fuso)),
        "confirmacao_vencida": is_awaited and until <= now,
        "avisos": avisos.in_words(row["avisos"], config.idioma, config.fuso),
    }


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
