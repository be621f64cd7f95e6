"""The account at the end of a scenario: what the database says, what the providers have, and where they disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from chalicelib.dispatch.channels.document import Channel
from tests.chaos.machine import Machine


@dataclass(slots=True)
class Account:
    """Figures by name, and a sentence for each contradiction among them."""

    # Calls of a channel that are in flight at most, by default: so many a fault may leave in doubt.
    IN_FLIGHT: ClassVar[int] = Channel.model_fields["in_flight"].default

    figures: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def expect(self, sentence: str, *, holds: bool) -> None:
        """Note a contradiction unless it holds."""
        if not holds:
            self.wrong.append(sentence)

    def of_jobs(self, machine: Machine, tenant: str, expected_rows: int) -> None:
        """The jobs of a tenant have read every row of its files, and each row is a lead or counted elsewhere."""
        jobs = machine.rows(f"SELECT * FROM ingest_jobs WHERE tenant_id = '{tenant}'")
        read = sum(job["linhas_processadas"] for job in jobs)
        leads = machine.count(f"SELECT count(*) FROM leads WHERE tenant_id = '{tenant}'")
        created = sum(job["leads_criados"] for job in jobs)
        self.figures |= {"jobs": dict(Counter(job["status"] for job in jobs)), "linhas": read, "leads": leads}
        self.expect(f"{expected_rows} rows were uploaded but {read} were read", holds=read == expected_rows)
        self.expect(f"{created} leads were created but {leads} are there", holds=created == leads)
        self.expect("a lead has no contact", holds=not machine.count(_LEADS_WITHOUT_CONTACTS.format(tenant=tenant)))
        for job in jobs:
            parts = sum(job[name] for name in ("leads_criados", "leads_atualizados", "duplicados", "linhas_rejeitadas"))
            self.expect(f"a job read {job['linhas_processadas']} rows and accounts for {parts}",
                        holds=parts == job["linhas_processadas"])  # fmt: skip

    def of_messages(self, machine: Machine, tenant: str, channel: str, *, most_in_doubt: int) -> None:
        """Nothing is open, nothing arrived twice, and at most so many are in doubt."""
        rows = machine.rows(
            f"SELECT disparo_id, destino, status FROM disparos WHERE tenant_id = '{tenant}' AND canal = '{channel}'"
        )
        targets = {row["destino"] for row in rows}
        arrived = Counter(filter(targets.__contains__, map(_destination, machine.delivered(channel))))
        states = Counter(row["status"] for row in rows)
        self.figures[channel] = {**states, "arrived": arrived.total()}
        self.wrong += disagreements(rows, arrived)
        doubt = states["incerto"]
        self.expect(f"{doubt} are in doubt, more than {most_in_doubt}", holds=doubt <= most_in_doubt)


def _destination(delivery: dict[str, Any]) -> str:
    """Where a message went; an e-mail has a list of addresses."""
    to = delivery["para"]
    return to if isinstance(to, str) else to[0]


def disagreements(rows: Sequence[dict[str, Any]], arrived: Counter[str]) -> Iterator[str]:
    """A sentence for each message that arrived though it should not, or did not though it should, or twice."""
    allowed = {"enviado": {1}, "confirmado": {1}, "erro": {0}, "cancelado": {0}, "incerto": {0, 1}}
    for row in rows:
        times = arrived[row["destino"]]
        if times not in allowed.get(row["status"], ()):
            yield f"{row['disparo_id']} is {row['status']} and arrived {times} times"


_LEADS_WITHOUT_CONTACTS = """
SELECT count(*) FROM leads l
 WHERE tenant_id = '{tenant}'
   AND NOT EXISTS (SELECT FROM lead_telefones t WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id)"""
