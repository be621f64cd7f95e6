"""What requests carry: the models and parsers that `app.py` names, each kept by the room that it belongs to."""

from __future__ import annotations

from chalicelib.api.form import upload
from chalicelib.delivery.requests import ChallengeQuery, WebhookQuery
from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo, NewTemplate, ResendRequest, ResolutionRequest
from chalicelib.leads.requests import LeadChange, LeadQuery, ReadyQuery
from chalicelib.pages import PageQuery as Page
from chalicelib.scheduling.requests import AgendamentoQuery, NewAgendamento
from chalicelib.suppression.requests import NewSuppression, SuppressionQuery, SuppressionRemoval
from chalicelib.tenants.config import TenantConfig

__all__ = [
    "AgendamentoQuery",
    "ChallengeQuery",
    "DisparoQuery",
    "LeadChange",
    "LeadQuery",
    "NewAgendamento",
    "NewDisparo",
    "NewSuppression",
    "NewTemplate",
    "Page",
    "ReadyQuery",
    "ResendRequest",
    "ResolutionRequest",
    "SuppressionQuery",
    "SuppressionRemoval",
    "TenantConfig",
    "WebhookQuery",
    "upload",
]
