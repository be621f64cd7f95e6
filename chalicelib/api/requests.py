"""What requests carry: the models and parsers that `app.py` names, each kept by the room that it belongs to."""

from __future__ import annotations

from chalicelib.api.form import upload
from chalicelib.delivery.requests import DesafioQuery, WebhookQuery
from chalicelib.dispatch.requests.models import DisparoQuery, NovoDisparo, NovoTemplate, Reenvio, Resolucao
from chalicelib.leads.requests import LeadChange, LeadQuery, ReadyQuery
from chalicelib.pages import PageQuery as Page
from chalicelib.scheduling.requests import AgendamentoQuery, NovoAgendamento
from chalicelib.suppression.requests import NovaSupressao, Remocao, SupressaoQuery
from chalicelib.tenants.config import TenantConfig

__all__ = [
    "AgendamentoQuery",
    "DesafioQuery",
    "DisparoQuery",
    "LeadChange",
    "LeadQuery",
    "NovaSupressao",
    "NovoAgendamento",
    "NovoDisparo",
    "NovoTemplate",
    "Page",
    "ReadyQuery",
    "Reenvio",
    "Remocao",
    "Resolucao",
    "SupressaoQuery",
    "TenantConfig",
    "WebhookQuery",
    "upload",
]
