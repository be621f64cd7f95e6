"""Which routes that are no GET leave no row in the audit when they succeed, each with the reason."""

from __future__ import annotations

UNAUDITED = {
    **dict.fromkeys(
        ("POST /templates/{nome}/previa", "POST /segmentos/contar", "POST /campanhas/{campanha_id}/conferir"),
        "it changes nothing",
    ),
    "POST /webhooks/{canal}": "reports come by the million, and the history of each disparo and the replies tell them",
    "POST /descadastro/{token}": "tested apart: the contract does not call it, because it answers a page",
}
"""By method and path. Every other one is called by the test of the contract, and leaves a row."""
