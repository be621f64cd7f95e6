"""The types of events that a subscription may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class EventKind(StrEnum):
    """The `type` of an event."""

    DISPARO_COMPLETED = "disparo.completed"
    DISPARO_FAILED = "disparo.failed"
    AGENDAMENTO_CREATED = "agendamento.created"
    AGENDAMENTO_CONFIRMED = "agendamento.confirmed"
    AGENDAMENTO_RESCHEDULED = "agendamento.rescheduled"
    AGENDAMENTO_DUE = "agendamento.due"
    AGENDAMENTO_DONE = "agendamento.done"
    AGENDAMENTO_CANCELLED = "agendamento.cancelled"
    CAMPANHA_INICIADA = "campanha.iniciada"
    CAMPANHA_PAUSADA = "campanha.pausada"
    CAMPANHA_CONCLUIDA = "campanha.concluida"
    CAMPANHA_CANCELADA = "campanha.cancelada"
    INGEST_JOB_CREATED = "ingest.job_created"
    INGEST_JOB_COMPLETED = "ingest.job_completed"
    INGEST_JOB_FAILED = "ingest.job_failed"
    INGEST_JOB_UNDONE = "ingest.job_undone"
    LEAD_CREATED = "lead.created"
    LEAD_CHANGED = "lead.changed"
    LEAD_SUPPRESSED = "lead.suppressed"
    LEAD_SUPPRESSION_REMOVED = "lead.suppression_removed"
    SUPRESSAO_REMOVED = "supressao.removed"
    RESPOSTA_RESOLVED = "resposta.resolved"
    ASSINATURA_DESLIGADA = "assinatura.desligada"
    ASSINATURA_TESTE = "assinatura.teste"


DESCRIPTIONS: Mapping[EventKind, str] = {
    EventKind.DISPARO_COMPLETED: "A disparo was sent, simulated or confirmed; `status` says which.",
    EventKind.DISPARO_FAILED: "A disparo was not sent, or nobody knows whether it was; `status` says which.",
    EventKind.AGENDAMENTO_CREATED: "An agendamento was booked.",
    EventKind.AGENDAMENTO_CONFIRMED: "The lead has confirmed an agendamento.",
    EventKind.AGENDAMENTO_RESCHEDULED: "An agendamento was moved to another time.",
    EventKind.AGENDAMENTO_DUE: "The time of an agendamento has come.",
    EventKind.AGENDAMENTO_DONE: "An agendamento took place, or the lead did not come; `status` says which.",
    EventKind.AGENDAMENTO_CANCELLED: "An agendamento was cancelled.",
    EventKind.CAMPANHA_INICIADA: "A campaign began or goes on.",
    EventKind.CAMPANHA_PAUSADA: "A campaign was paused; `codigo` says why if no person did.",
    EventKind.CAMPANHA_CONCLUIDA: "A campaign has ended.",
    EventKind.CAMPANHA_CANCELADA: "A campaign was cancelled.",
    EventKind.INGEST_JOB_CREATED: "An ingestion job was created.",
    EventKind.INGEST_JOB_COMPLETED: "An ingestion job ended, or was cancelled; `status` says which.",
    EventKind.INGEST_JOB_FAILED: "An ingestion job failed; `codigo` says why.",
    EventKind.INGEST_JOB_UNDONE: "The leads of an ingestion job were removed again.",
    EventKind.LEAD_CREATED: "A person has created a lead.",
    EventKind.LEAD_CHANGED: "A person has changed a lead; `campos` names what.",
    EventKind.LEAD_SUPPRESSED: "No message goes to a lead any more.",
    EventKind.LEAD_SUPPRESSION_REMOVED: "Messages may go to a lead again.",
    EventKind.SUPRESSAO_REMOVED: "Messages may go to a contact again.",
    EventKind.RESPOSTA_RESOLVED: "A person has decided whether a reply asks for no more messages.",
    EventKind.ASSINATURA_DESLIGADA: "A subscription was switched off by the product; `codigo` says why.",
    EventKind.ASSINATURA_TESTE: "A test that a person has asked for; it goes to one subscription only.",
}
