"""Messages and replies for the tests of the console: a tenant that may send, a provider that fails as it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Self
from zlib import crc32

import httpx2

from chalicelib.canal import Canal
from local.aws import ADMIN_GROUP
from local.rest import Rest
from local.webhook import ProviderWebhook
from tests.console.people import HOSTILE, Person

TEMPLATE = "aviso"
_PATIENCE_S = 60.0
_POLL_S = 0.2
_CONFIG = {"janela": {"ligada": False}, "limites": {"whatsapp": {"por_minuto": 6_000}}}


class Reached(NamedTuple):
    """A lead with a phone."""

    lead_id: str
    nome: str
    telefone: str


class Sender:
    """Sends by WhatsApp for a person's tenant, at any hour and without a limit that a test would feel."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._number = 0
        self.admin = Rest(person.stack.url("api"), person.stack.token(person.tenant, [ADMIN_GROUP]))

    def __enter__(self) -> Self:
        self.admin.__enter__()
        self.admin.ask("PATCH", "/tenant/config", json=_CONFIG)
        words = {"canal": "whatsapp", "idioma": "pt_BR", "texto": "Olá, {{nome}}! Podemos conversar?"}
        self.admin.ask("PUT", f"/templates/{TEMPLATE}", json=words)
        return self

    def __exit__(self, *_: object) -> None:
        self.admin.__exit__(None, None, None)

    def lead(self, nome: str) -> Reached:
        """Create a lead with a phone that no other tenant has."""
        self._number += 1
        phone = f"+557199{crc32(self._person.tenant.encode()) % 1_000:03d}{self._number:04d}"
        lead = self.admin.ask("POST", "/leads", json={"nome": nome, "telefones": [phone]})
        return Reached(lead["lead_id"], nome, phone)

    def send(self, lead: Reached, **more: Any) -> str:
        """Create a disparo to the lead; its id."""
        request = {"canal": "whatsapp", "template": TEMPLATE, **more}
        disparo_id: str = self.admin.ask("POST", f"/leads/{lead.lead_id}/disparos", json=request)["disparo_id"]
        return disparo_id

    def send_each_kind(self, second: str = HOSTILE) -> dict[str, Reached]:
        """Two messages that were sent, two that failed, two in doubt, two that wait for their time; by name."""
        names = ("Ana Souza", second, "Bruno Lima", "Carla Dias", "Duda", "Elisa")
        leads = {name: self.lead(name) for name in names}
        phones = {name: [lead.telefone] for name, lead in leads.items()}
        self.fails(
            [
                {"codigo": "131026", "destinos": phones["Bruno Lima"] + phones["Carla Dias"]},
                {"conexao": "depois", "destinos": phones["Duda"] + phones["Elisa"]},
            ]
        )
        for lead in leads.values():
            self.send(lead)
        later = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        for name in ("Ana Souza", "Bruno Lima"):
            self.send(leads[name], agendar_para=later)
        self.until(lambda: self.counts()["pendente"] == 2 and not self.counts()["enviando"])
        return leads

    def fails(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Have the provider fail so, and no other way; none of it is about other tenants' phones."""
        url = f"{self._person.stack.url('whatsapp')}/admin/falhas"
        httpx2.put(url, json={"falhas": list(faults)}).raise_for_status()

    def reply(self, phone: str, text: str) -> None:
        """Have somebody write from a phone."""
        hook = ProviderWebhook(self._person.stack, self._person.tenant, Canal.WHATSAPP)
        hook.reply(phone, text, quoted=None, user_id=None)

    def status(self, disparo_id: str) -> str:
        """How a disparo stands."""
        status: str = self.admin.ask("GET", f"/disparos/{disparo_id}")["status"]
        return status

    def counts(self) -> dict[str, int]:
        """How many disparos have each status."""
        counts: dict[str, int] = self.admin.ask("GET", "/disparo/overview")["por_status"]
        return counts

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for the workers.

        Raises:
            AssertionError: it does not come true.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, "the workers did not get there"
            time.sleep(_POLL_S)
