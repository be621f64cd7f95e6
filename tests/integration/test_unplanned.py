"""Agendamentos of before get their reminders, and no invitation."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.scheduling.reminders.unplanned import UnplannedAgendamentos
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, an_agendamento, ask
from tests.conftest import StoppedClock


def test_live_agendamento_of_before_is_reminded_of(services: Services, clock: StoppedClock) -> None:
    owner = services.owner_database
    lead_id = a_lead(owner)
    begins = clock() + timedelta(days=2, hours=6)
    made = an_agendamento(owner, lead_id, at=begins)
    an_agendamento(owner, lead_id, at=begins + timedelta(days=1), status="cancelado")
    an_agendamento(owner, lead_id, at=clock() - timedelta(days=1))
    an_agendamento(owner, a_lead(owner, tenant_id="outra"), at=begins, tenant_id="outra")
    unplanned = UnplannedAgendamentos(database=owner, clock=clock)
    assert [unplanned.plan() for _ in range(2)] == [2, 0]
    shown = services.agendamentos.get(TENANT, made)["mensagens"]
    assert [each["tipo"] for each in shown] == ["lembrete_1440", "lembrete_60"]
    clock.now = begins - timedelta(minutes=50)
    services.sweep.run()
    woken = ask(owner, "SELECT count(*) FROM agendamento_avisos WHERE acordado_em IS NOT NULL")
    assert woken == [[4]]
