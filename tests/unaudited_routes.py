"""Which routes that are no GET leave no entry in the audit when the test of the contract runs, each with the reason."""

from __future__ import annotations

UNAUDITED = {
    **dict.fromkeys(
        ("POST /templates/{nome}/previa", "POST /segmentos/contar", "POST /campanhas/{campanha_id}/conferir"),
        "it changes nothing",
    ),
    "POST /webhooks/{canal}": "reports come by the million, and the history of each disparo and the replies tell them",
    "POST /descadastro/{token}": "it leaves one, but the test of the contract does not call it: it answers a page",
}
"""By method and path. Every other one is called by the test of the contract, and leaves an entry."""
