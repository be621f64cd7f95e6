"""Creates disparos, one or many at once: each is planned by itself, and those that can be made are written together.

However many there are, they take the same few statements. What its creator should know about a disparo is stored with
it: that it will not leave, when it will, or whom it may reach besides.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row, Rows
from chalicelib.avisos import StoredWarning
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import Order
from chalicelib.dispatch.requests.plans import Plan, plan
from chalicelib.dispatch.rules.demands import lead_values
from chalicelib.dispatch.rules.windows import next_allowed, rules_for
from chalicelib.errors import Conflict, DomainError, FieldError, Invalid, NotFound
from chalicelib.ids import new_ids
from chalicelib.leads import moves
from chalicelib.leads.states import CLOSED, LeadFact, LeadStatus
from chalicelib.tenants.config import TenantConfig, config_of

_DAY = timedelta(days=1)


class MadeDisparo(NamedTuple):
    """One disparo that was written, with the warnings that are stored with it."""

    disparo_id: UUID
    lead_id: UUID
    plan: Plan
    warnings: list[StoredWarning]


def make(rows: Rows, orders: Sequence[Order], now: datetime, *, max_tentativas: int) -> list[MadeDisparo | DomainError]:
    """What became of each order, in their order; nothing is written of one that is refused.

    A refusal is `NotFound` (the tenant has no such lead), `Conflict` (`lead_encerrado`, `sem_contato_valido`) or
    `Invalid`, whose pointers are those of the order. The leads stay locked.
    """
    known = _known_about(rows, orders)
    disparo_ids = new_ids(now, len(orders))
    planned: list[MadeDisparo | DomainError] = []
    for disparo_id, order in zip(disparo_ids, orders, strict=True):
        try:
            planned.append(MadeDisparo(disparo_id, order.lead_id, known.plan(order, now), []))
        except DomainError as error:
            planned.append(error)
    warned = {each.disparo_id: each for each in _warned(rows, made_of(planned))}
    made = [warned[each.disparo_id] if isinstance(each, MadeDisparo) else each for each in planned]
    _insert(rows, list(warned.values()), now, max_tentativas)
    return made


def made_of(outcomes: Iterable[MadeDisparo | DomainError]) -> list[MadeDisparo]:
    """Those that were made."""
    return [each for each in outcomes if isinstance(each, MadeDisparo)]


class _Known(NamedTuple):
    """What the database knows about some orders."""

    leads: Mapping[UUID, Row]
    templates: Mapping[str, Row]
    contacts: Mapping[tuple[UUID, str], Sequence[Row]]
    """Those of a lead by channel, the preferred ones first."""

    def plan(self, order: Order, now: datetime) -> Plan:
        """The columns of the disparo; raises the refusals of `make`."""
        lead = self.leads.get(order.lead_id)
        if lead is None:
            raise NotFound("nao_encontrado")
        if LeadStatus(lead["status"]) in CLOSED:
            raise Conflict("lead_encerrado")
        name = order.request.template
        if name not in self.templates:
            raise Invalid("template_desconhecido", (FieldError("/template", "template_desconhecido", name),))
        contacts = self.contacts.get((order.lead_id, order.request.canal.value), ())
        return plan(order.request, self.templates[name], lead_values(lead), contacts, now)


def _known_about(rows: Rows, orders: Sequence[Order]) -> _Known:
    """The leads are locked, so that nobody closes one while a disparo is made for it."""
    lead_ids = sorted({each.lead_id for each in orders})
    leads = rows.all("lock_leads_to_write_to", lead_ids=lead_ids)
    names = sorted({each.request.template for each in orders})
    contacts: defaultdict[tuple[UUID, str], list[Row]] = defaultdict(list)
    channels = sorted({each.request.canal.value for each in orders})
    for row in rows.all("list_destinos", lead_ids=lead_ids, canais=channels):
        contacts[row["lead_id"], row["canal"]].append(row)
    templates = rows.all("find_templates", nomes=names)
    return _Known({row["lead_id"]: row for row in leads}, {row["nome"]: row for row in templates}, contacts)


def _insert(rows: Rows, made: Sequence[MadeDisparo], now: datetime, max_tentativas: int) -> None:
    if not made:
        return
    columns = [
        {**each.plan._asdict(), "disparo_id": each.disparo_id, "lead_id": each.lead_id, "avisos": each.warnings or None}
        for each in made
    ]
    rows.run(
        "insert_disparos",
        disparos=json.dumps(columns, default=str),
        max_tentativas=max_tentativas,
        agora=now,
    )
    moves.apply(rows, {each.lead_id for each in made}, LeadFact.DISPARO_CRIADO, now)


def _warned(rows: Rows, made: Sequence[MadeDisparo]) -> list[MadeDisparo]:
    """The same disparos, with their warnings."""
    if not made:
        return []
    columns = [
        {
            "disparo_id": each.disparo_id,
            "lead_id": each.lead_id,
            "canal": each.plan.canal,
            "destino": each.plan.destino,
            "template": each.plan.template,
            "de": each.plan.enviar_apos - _DAY,
            "ate": each.plan.enviar_apos + _DAY,
        }
        for each in made
    ]
    found = rows.all("surroundings_of_disparos", planos=json.dumps(columns, default=str))
    surroundings = {row["disparo_id"]: row for row in found}
    config = config_of(rows)
    # What is made together is not in the database yet.
    beside = _beside_each_other(made)
    return [
        each._replace(warnings=_warnings(surroundings[each.disparo_id], beside.get(each.disparo_id), each.plan, config))
        for each in made
    ]


def _beside_each_other(made: Sequence[MadeDisparo]) -> dict[UUID, UUID]:
    """The last one before each that has the same template for the same lead, within a day of it."""
    earlier: defaultdict[tuple[UUID, str, str], list[MadeDisparo]] = defaultdict(list)
    found: dict[UUID, UUID] = {}
    for each in made:
        same = earlier[each.lead_id, each.plan.canal, each.plan.template]
        at = each.plan.enviar_apos
        if near := [other for other in same if abs(other.plan.enviar_apos - at) <= _DAY]:
            found[each.disparo_id] = near[-1].disparo_id
        same.append(each)
    return found


def _warnings(known: Row, beside: UUID | None, plan: Plan, config: TenantConfig) -> list[StoredWarning]:
    found: list[StoredWarning] = []
    if known["suprimido"]:
        found.append({"codigo": "contato_suprimido"})
    if known["pausado"]:
        found.append({"codigo": "canal_pausado"})
    window = rules_for(plan.destino, Canal(plan.canal), config, main_phone=known["telefone_principal"])
    opens = next_allowed(plan.enviar_apos, window)
    if opens > plan.enviar_apos and not plan.ignorar_janela:
        found.append({"codigo": "fora_da_janela", "previsto_para": opens.isoformat()})
    if (before := beside or known["anterior"]) is not None:
        found.append({"codigo": "template_repetido", "disparo_id": str(before)})
    if known["repetido"]:
        found.append({"codigo": "destino_repetido"})
    return found
