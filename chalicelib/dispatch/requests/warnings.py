"""What the creator of a disparo should know: that it will not leave, when it will, or whom it may reach besides."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from chalicelib.adapters.database import Row, Rows
from chalicelib.avisos import StoredWarning
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.plans import Plan
from chalicelib.dispatch.rules.windows import next_allowed, rules_for
from chalicelib.tenants.config import TenantConfig, config_of

_DAY = timedelta(days=1)


def warnings_of(rows: Rows, lead_id: UUID, plan: Plan) -> list[StoredWarning]:
    """The warnings about a planned disparo, as they are stored with it."""
    at = plan.enviar_apos
    known = rows.one(
        "surroundings_of_disparo", lead_id=lead_id, canal=plan.canal, destino=plan.destino, template=plan.template,
        de=at - _DAY, ate=at + _DAY,
    )  # fmt: skip
    return [] if known is None else _warnings(known, plan, config_of(rows))


def _warnings(known: Row, plan: Plan, config: TenantConfig) -> list[StoredWarning]:
    found: list[StoredWarning] = []
    if known["suprimido"]:
        found.append({"codigo": "contato_suprimido"})
    if known["pausado"]:
        found.append({"codigo": "canal_pausado"})
    window = rules_for(plan.destino, Canal(plan.canal), config, main_phone=known["telefone_principal"])
    opens = next_allowed(plan.enviar_apos, window)
    if opens > plan.enviar_apos and not plan.ignorar_janela:
        found.append({"codigo": "fora_da_janela", "previsto_para": opens.isoformat()})
    if known["anterior"] is not None:
        found.append({"codigo": "template_repetido", "disparo_id": str(known["anterior"])})
    if known["repetido"]:
        found.append({"codigo": "destino_repetido"})
    return found
