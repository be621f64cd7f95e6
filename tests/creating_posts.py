"""Which POSTs create something, and take an `Idempotency-Key`; and why a repeated one of the others needs none."""

from __future__ import annotations

CREATING = frozenset(
    {
        "create_ingest_job",
        "create_lead",
        "add_lead_note",
        "add_lead_phone",
        "add_lead_email",
        "create_disparo",
        "create_disparos",
        "resend_disparo",
        "resend_disparos",
        "create_agendamento",
        "reschedule_agendamento",
        "create_agenda",
        "create_responsavel",
        "create_bloqueio",
        "create_segmento",
        "create_campanha",
        "create_chave",
        "invite_usuario",
        "create_assinatura",
        "rotate_segredo",
        "test_assinatura",
        "repeat_campanha",
        "test_campanha",
        "add_supressao",
        "suppress_lead",
        "erase_titular",
    }
)
"""Operations of which a repeated request would have a second effect."""
SECRET = frozenset({"create_agenda", "create_chave", "create_assinatura", "rotate_segredo"})
"""Of these, the ones whose answer is shown once: it is not kept, so a repeated request is refused."""

_STATE = "the state that it leads to stays as it is, or refuses a second time"
_READS = "it changes nothing"
_OPEN = "its sender is no client of ours"
OTHERS = {
    **dict.fromkeys(
        (
            "cancel_ingest_job",
            "resume_ingest_job",
            "undo_ingest_job",
            "tag_leads",
            "prefer_lead_phone",
            "prefer_lead_email",
            "cancel_disparo",
            "cancel_disparos",
            "resolve_disparo",
            "confirm_disparo",
            "pause_canal",
            "resume_canal",
            "confirm_agendamento",
            "complete_agendamento",
            "cancel_agendamento",
            "miss_agendamento",
            "resolve_event",
            "schedule_campanha",
            "reschedule_campanha",
            "pause_campanha",
            "pause_campanhas",
            "resume_campanha",
            "cancel_campanha",
            "assign_resposta",
            "settle_resposta",
        ),
        _STATE,
    ),
    **dict.fromkeys(("preview_template", "count_segmento", "check_campanha"), _READS),
    "export_titular": "each time that a person's data is read is recorded, and no copy of it is kept",
    **dict.fromkeys(("replay_entrega", "replay_entregas"), "receivers know a repeated event by its id"),
    **dict.fromkeys(("unsubscribe", "answer_invitation", "receive_webhook"), _OPEN),
}
"""The other POSTs, each with the reason."""
