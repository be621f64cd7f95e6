"""A message names the time where its lead is, and the zone only where it differs from the tenant's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.scheduling.rules.meeting_words import message_of, words_of_meeting, zone_of_lead

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def words(
    zone: str, tenant: ZoneInfo = SAO_PAULO, page: str | None = None, language: str = "pt-BR", **changes: Any
) -> dict[str, Any]:
    agendamento = {
        "data_agendada": datetime(2026, 12, 2, 2, 30, tzinfo=UTC),
        "duracao_minutos": 45,
        "responsavel": "Ana",
        "canal": "telefone",
        "local": None,
        "link": None,
        **changes,
    }
    return words_of_meeting(
        agendamento, here=ZoneInfo(zone), tenant_zone=tenant, link_da_agenda=page, language=language
    )


@pytest.mark.parametrize(
    ("zone", "data", "hora"),
    [
        ("America/Sao_Paulo", "2026-12-01", "23:30"),
        ("America/Bahia", "2026-12-01", "23:30"),
        ("America/Rio_Branco", "2026-12-01", "21:30 (horário de Rio Branco (Acre))"),
        ("America/Manaus", "2026-12-01", "22:30 (horário de Manaus)"),
        ("America/Noronha", "2026-12-02", "00:30 (horário de Fernando de Noronha)"),
        ("America/New_York", "2026-12-01", "21:30 (horário de Nova York)"),
        ("America/Porto_Velho", "2026-12-01", "22:30 (horário de Porto Velho)"),
    ],
)
def test_time_is_that_of_the_lead(zone: str, data: str, hora: str) -> None:
    assert words(zone) == {
        "data": data, "hora": hora, "duracao": 45, "responsavel": "Ana", "canal": "por telefone",
        "onde": "por telefone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "canal", "hora", "onde"),
    [
        ("America/New_York", "telefone", "21:30 (New York time)", "by phone"),
        ("America/Noronha", "whatsapp", "00:30 (Fernando de Noronha time)", "on WhatsApp"),
        ("America/Sao_Paulo", "video", "23:30", "by video: https://x.example/1"),
        ("America/Sao_Paulo", "presencial", "23:30", "in person: Rua A, 1"),
    ],
)
def test_words_are_in_the_language_of_who_reads_them(zone: str, canal: str, hora: str, onde: str) -> None:
    place: dict[str, Any] = {"video": {"link": "https://x.example/1"}, "presencial": {"local": "Rua A, 1"}}.get(
        canal, {}
    )
    found = words(zone, language="en", canal=canal, **place)
    assert (found["hora"], found["onde"]) == (hora, onde)


def test_tenant_of_manaus_names_the_zone_of_a_lead_in_sao_paulo() -> None:
    assert words("America/Sao_Paulo", ZoneInfo("America/Manaus"))["hora"] == "23:30 (horário de Brasília)"


@pytest.mark.parametrize(
    ("changes", "onde"),
    [
        ({"canal": "presencial", "local": "Rua A, 1"}, "presencialmente: Rua A, 1"),
        ({"canal": "video", "link": "https://x.example/1"}, "por vídeo: https://x.example/1"),
        ({"canal": "video"}, "por vídeo"),
        ({"canal": "whatsapp"}, "pelo WhatsApp"),
    ],
)
def test_place_and_link_stand_with_how_they_meet(changes: dict[str, Any], onde: str) -> None:
    found = words("America/Sao_Paulo", page="https://a.example/t", **changes)
    assert found["onde"] == onde
    assert found["link_da_agenda"] == "https://a.example/t"
    assert ("local" in found, "link" in found) == ("local" in changes, "link" in changes)


def test_zone_follows_from_the_phone_or_is_the_tenants() -> None:
    assert zone_of_lead("+5568999990000", "America/Sao_Paulo").key == "America/Rio_Branco"
    assert zone_of_lead(None, "America/Manaus").key == "America/Manaus"


@pytest.mark.parametrize(
    ("tipo", "message"),
    [
        ("convite", "agenda_convite"),
        ("lembrete_1440", "agenda_lembrete"),
        ("mudou", "agenda_mudou"),
        ("cancelado", "agenda_cancelado"),
        ("responsavel", "agenda_responsavel"),
    ],
)
def test_each_notice_has_its_template(tipo: str, message: str) -> None:
    assert message_of(tipo) == message
