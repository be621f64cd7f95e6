"""A saved configuration reaches the reminders that wait: their new times, none lost and none twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from chalicelib.adapters.queues import WakeupTarget
from chalicelib.identity import ADMIN, Identity
from chalicelib.scheduling.booking.requests import Rescheduling
from chalicelib.scheduling.reminders.redating import ReminderRedating
from chalicelib.tenants.config import ConfigPatch
from chalicelib.wiring import Services
from tests.booking import book
from tests.builders import TENANT, a_lead, an_agendamento, ask, run
from tests.conftest import STARTED_AT, StoppedClock

ADMINISTRATOR = Identity(TENANT, "ana", frozenset({ADMIN}))
HERE = ZoneInfo("America/Sao_Paulo")
# STARTED_AT is a Tuesday at 9:00 in São Paulo; the meeting is on Thursday at 19:30.
MEETING = STARTED_AT + timedelta(days=2, hours=10, minutes=30)


def save(services: Services, **changes: object) -> int:
    """Save these changes; how many agendamentos they concern."""
    saved = services.tenants.change(ADMINISTRATOR, ConfigPatch.model_validate(changes))
    return int(saved["agendamentos_a_redatar"])


def redate(services: Services, **sizes: int) -> int:
    return ReminderRedating(database=services.owner_database, clock=services._clock, **sizes).redate()


def booked(services: Services, at: datetime = MEETING, phone: str = "+5511999990001", **changes: Any) -> UUID:
    lead_id = a_lead(services.owner_database, telefones=[phone])
    agendamento_id: UUID = book(services, lead_id, at, **changes)["agendamento_id"]
    return agendamento_id


def messages(services: Services, agendamento_id: UUID) -> list[tuple[str, str, str, str | None]]:
    """The reminders and the notice to the responsável: what, when in São Paulo, status and why not."""
    shown = services.agendamentos.get(TENANT, agendamento_id)["mensagens"]
    return [
        (each["tipo"], f"{each['quando'].astimezone(HERE):%d %H:%M}", each["status"], each["motivo"])
        for each in shown
        if each["tipo"] not in {"convite", "mudou"}
    ]


def marked(services: Services) -> bool:
    return ask(services.owner_database, "SELECT count(*) FROM tenants WHERE lembretes_redatar_desde IS NOT NULL") != [
        [0]
    ]


@pytest.mark.straight_path
def test_waiting_reminders_follow_the_changed_list(services: Services, clock: StoppedClock) -> None:
    agendamento_id = booked(services)
    assert messages(services, agendamento_id) == [
        ("lembrete_1440", "25 17:45", "pendente", None), ("lembrete_60", "26 17:45", "pendente", None),
    ]  # fmt: skip
    clock.advance(minutes=1)
    assert save(services, agenda={"lembretes_minutos": [240, 60], "aviso_ao_responsavel": True}) == 1
    assert redate(services) == 1
    wanted = [
        ("lembrete_240", "26 15:30", "pendente", None), ("lembrete_60", "26 17:45", "pendente", None),
        ("responsavel", "26 19:30", "pendente", None),
    ]  # fmt: skip
    assert messages(services, agendamento_id) == wanted
    save(services, agenda={"lembretes_minutos": [], "aviso_ao_responsavel": False})
    redate(services)
    assert messages(services, agendamento_id) == []


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # Open until 20:00: the reminder is at its time.
        ({"fim": "20:00"}, [("lembrete_1440", "25 19:30", None), ("lembrete_60", "26 18:30", None)]),
        # Closed from noon on: both leave earlier.
        ({"fim": "12:00"}, [("lembrete_1440", "25 11:45", None), ("lembrete_60", "26 11:45", None)]),
        # No Thursday any more: of two that would leave at one moment, the first one does.
        (
            {"feriados_extras": ["2026-11-26"]},
            [("lembrete_1440", "25 17:45", None), ("lembrete_60", "25 17:45", "junto_de_outro")],
        ),
        # A week off: no moment is left for either, and none leaves at night or behind the meeting.
        (
            {"feriados_extras": ["2026-11-24", "2026-11-25", "2026-11-26"]},
            [("lembrete_1440", "25 19:30", "sem_tempo"), ("lembrete_60", "26 18:30", "sem_tempo")],
        ),
        ({"ligada": False}, [("lembrete_1440", "25 19:30", None), ("lembrete_60", "26 18:30", None)]),
    ],
)
def test_waiting_reminders_follow_the_changed_window(
    services: Services, clock: StoppedClock, window: dict[str, Any], expected: list[tuple[str, str, str | None]]
) -> None:
    agendamento_id = booked(services)
    clock.advance(minutes=1)
    save(services, janela=window)
    redate(services)
    found = [(tipo, at, reason) for tipo, at, _, reason in messages(services, agendamento_id)]
    assert found == expected
    # And back: what had no time has one again.
    clock.advance(minutes=1)
    save(services, janela=None)
    redate(services)
    assert [each[1:] for each in messages(services, agendamento_id)] == [
        ("25 17:45", "pendente", None), ("26 17:45", "pendente", None),
    ]  # fmt: skip


def test_reminder_that_left_is_not_said_again(services: Services, clock: StoppedClock) -> None:
    agendamento_id = booked(services)
    clock.now = STARTED_AT.astimezone(HERE).replace(day=25, hour=17, minute=50)
    services.reminders._announce(WakeupTarget(TENANT, agendamento_id))
    said = messages(services, agendamento_id)[0]
    assert said[:3] == ("lembrete_1440", "25 17:45", "disparado")
    save(services, janela={"ligada": False})
    redate(services)
    assert messages(services, agendamento_id) == [said, ("lembrete_60", "26 18:30", "pendente", None)]
    save(services, agenda={"lembretes_minutos": [30]})
    redate(services)
    assert messages(services, agendamento_id) == [said, ("lembrete_30", "26 19:00", "pendente", None)]


def test_reminder_that_is_due_leaves_unless_it_has_a_later_time(services: Services, clock: StoppedClock) -> None:
    agendamento_id = booked(services)
    clock.now = STARTED_AT.astimezone(HERE).replace(day=26, hour=17, minute=46)
    save(services, janela={"fim": "17:00"})
    redate(services)
    assert messages(services, agendamento_id)[1] == ("lembrete_60", "26 17:45", "pendente", None)
    save(services, janela={"fim": "20:00"})
    redate(services)
    assert messages(services, agendamento_id)[1] == ("lembrete_60", "26 18:30", "pendente", None)


def test_only_what_is_live_and_to_come_of_the_tenant_is_dated_anew(services: Services, clock: StoppedClock) -> None:
    owner = services.owner_database
    ended, moved, silent = booked(services), booked(services, responsavel="Bia"), booked(services, responsavel="Cy")
    services.agendamentos.cancel(TENANT, ended)
    services.agendamentos.reschedule(TENANT, moved, Rescheduling(data_agendada=MEETING + timedelta(days=1)))
    run(owner, f"UPDATE agendamentos SET avisar_lead = false WHERE agendamento_id = '{silent}'")
    run(owner, f"DELETE FROM agendamento_avisos WHERE agendamento_id = '{silent}'")
    an_agendamento(owner, a_lead(owner, tenant_id="outra"), at=MEETING, tenant_id="outra")
    before = ask(owner, "SELECT * FROM agendamento_avisos WHERE versao = 0 ORDER BY 2, 4")
    clock.advance(minutes=1)
    assert save(services, agenda={"lembretes_minutos": [120]}) == 2
    assert redate(services) == 1
    assert [each[:2] for each in messages(services, moved) if each[2] == "pendente"] == [("lembrete_120", "27 17:30")]
    assert messages(services, silent) == []
    assert ask(owner, "SELECT * FROM agendamento_avisos WHERE versao = 0 ORDER BY 2, 4") == before


def test_work_is_done_in_slices_and_ends_when_nothing_is_dated_by_the_configuration_of_before(
    services: Services, clock: StoppedClock
) -> None:
    made = [booked(services, MEETING, responsavel=f"Ana {n}") for n in range(5)]
    clock.advance(minutes=1)
    assert save(services, agenda={"lembretes_minutos": [120]}) == 5
    assert redate(services, slice_size=2) == 5
    assert marked(services)
    # Somebody who was booking meanwhile had read the old configuration.
    run(
        services.owner_database,
        f"UPDATE agendamento_avisos SET tipo = 'lembrete_90' "
        f"WHERE tipo = 'lembrete_120' AND agendamento_id = '{made[0]}'",
    )
    clock.advance(minutes=1)
    assert redate(services, slice_size=2) == 1
    assert not marked(services)
    assert [each[0] for each in messages(services, made[0])] == ["lembrete_120"]


def test_agendamento_that_is_locked_is_left_to_the_next_sweep(services: Services, clock: StoppedClock) -> None:
    agendamento_id = booked(services)
    clock.advance(minutes=1)
    save(services, agenda={"lembretes_minutos": [120]})
    clock.advance(minutes=1)
    with services.owner_database.across_tenants() as rows:
        rows.execute(f"SELECT FROM agendamentos WHERE agendamento_id = '{agendamento_id}' FOR UPDATE")
        assert redate(services) == 0
    assert marked(services)
    assert services.sweep.run()["datas_de_lembretes"] == 1
    assert not marked(services)


def test_sweep_that_has_no_time_left_goes_on_in_the_next_one(services: Services, clock: StoppedClock) -> None:
    for number in range(3):
        booked(services, responsavel=f"Ana {number}")
    clock.advance(minutes=1)
    save(services, agenda={"lembretes_minutos": [120]})

    def hurried() -> datetime:
        clock.advance(seconds=8)
        return clock()

    part = ReminderRedating(database=services.owner_database, clock=hurried, slice_size=1)
    assert part.redate() < 3
    assert marked(services)
    redate(services)
    clock.advance(minutes=1)
    redate(services)
    assert not marked(services)
    names = ask(services.owner_database, "SELECT DISTINCT tipo FROM agendamento_avisos WHERE tipo LIKE 'lembrete%'")
    assert names == [["lembrete_120"]]


@pytest.mark.parametrize("change", [{"limites": {"email": {"por_minuto": 5}}}, {"agenda": {"convite": False}}])
def test_change_of_something_else_asks_for_nothing(services: Services, change: dict[str, Any]) -> None:
    booked(services)
    assert save(services, **change) == 0
    assert not marked(services)
