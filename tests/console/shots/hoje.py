"""Today: of a new tenant, and of a day with something to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.console.people import Person
from tests.console.sending import TEMPLATE, Sender


def shots(person: Person) -> Iterator[str]:
    """The first steps; then what needs somebody, appointments and the day."""
    page = person.go("hoje")
    yield "hoje-vazio"
    with Sender(person) as sender:
        leads = sender.send_each_kind("Paulo Prado")
        sender.reply("+5511987654321", "Quem fala?")
        sender.admin.ask("POST", "/canais/email/pausar", json={"motivo": "Troca do provedor"})
        tomorrow = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=1)
        for day, lead in enumerate(leads.values()):
            at = (tomorrow + timedelta(days=day)).isoformat()
            booking = {"tipo": "callback", "canal": "telefone", "data_agendada": at, "duracao_minutos": 30}
            more = {"responsavel": "Paula Reis", "avisar_lead": False}
            sender.admin.ask("POST", f"/leads/{lead.lead_id}/agendamentos", json={**booking, **more})
        messages = [{"canal": "whatsapp", "template": TEMPLATE}]
        steps = [{"variantes": [{"mensagens": messages}]}]
        campaign = {"nome": "Cobrança de novembro", "filtro": {"todos": []}, "etapas": steps}
        campanha_id = sender.admin.ask("POST", "/campanhas", json=campaign)["campanha_id"]
        start = {"iniciar_em": (tomorrow + timedelta(days=1)).isoformat()}
        sender.admin.ask("POST", f"/campanhas/{campanha_id}/agendar", json=start)
        sender.admin.ask("POST", f"/campanhas/{campanha_id}/pausar", json={"motivo": "Preço errado no texto"})
    person.go("mensagens")
    person.go("hoje")
    expect(page.locator(".series canvas")).to_be_visible()
    yield "hoje"
