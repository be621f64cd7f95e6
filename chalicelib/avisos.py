"""What a creation is answered with beside its row: what its creator should know, as stored codes and as sentences.

A warning refuses nothing. It is stored with the row, so that a repeated request gets the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib import messages

StoredWarning = Mapping[str, Any]
"""A `codigo` and its values."""

_SENTENCES = {
    "contato_suprimido": "aviso_contato_suprimido",
    "canal_pausado": "aviso_canal_pausado",
    "fora_da_janela": "aviso_fora_da_janela",
    "template_repetido": "aviso_template_repetido",
    "destino_repetido": "aviso_destino_repetido",
    "lead_ocupado": "aviso_lead_ocupado",
    "hora_incomum": "aviso_hora_incomum",
    "feriado": "aviso_feriado",
    # The hours of whom the lead meets: a person may book outside of them.
    "horario_antecedencia_minima": "horario_antecedencia_minima",
    "horario_horizonte": "horario_horizonte",
    "horario_feriado": "horario_feriado",
    "horario_intervalo": "horario_intervalo",
    "horario_fora_do_expediente": "horario_fora_do_expediente",
    "horario_bloqueado": "horario_bloqueado",
    "horario_limite_do_dia": "horario_limite_do_dia",
}


def in_words(stored: Iterable[StoredWarning] | None, language: str, zone: str) -> list[dict[str, Any]]:
    """The stored warnings with their sentences; a time is shown in the tenant's zone."""
    return [_in_words(each, language, zone) for each in stored or ()]


def _in_words(stored: StoredWarning, language: str, zone: str) -> dict[str, Any]:
    expected = stored.get("previsto_para")
    at = "" if expected is None else f"{datetime.fromisoformat(expected).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return {
        "codigo": stored["codigo"],
        "mensagem": messages.text(_SENTENCES[stored["codigo"]], language, quando=at),
        "previsto_para": expected,
        "disparo_id": stored.get("disparo_id"),
        "agendamento_id": stored.get("agendamento_id"),
    }
