"""The counters of a campaign: every planned recipient is in exactly one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chalicelib.campaigns.states import CampaignStatus
from chalicelib.dispatch.states import DisparoStatus

EXCLUDED, CONTINUED = "excluido", "continuado"
_PLACES: Mapping[str, str] = {
    DisparoStatus.PENDENTE: "aguardando",
    DisparoStatus.ENVIANDO: "em_voo",
    DisparoStatus.ENVIADO: "enviados",
    DisparoStatus.CONFIRMADO: "enviados",
    DisparoStatus.ERRO: "falhas",
    DisparoStatus.INCERTO: "incertos",
    DisparoStatus.SUPRIMIDO: "suprimidos",
    DisparoStatus.CANCELADO: "cancelados",
    DisparoStatus.EXPIRADO: "expirados",
    DisparoStatus.SIMULADO: "simulados",
    EXCLUDED: "excluidos",
}
_FACTS: Mapping[str, str] = {"entregue": "entregues", "lido": "lidos", "respondido": "respondidos"}
PLACES = tuple(dict.fromkeys(_PLACES.values()))
"""Where a recipient can be; together they are `planejados`."""
FACTS = tuple(_FACTS.values())
"""What is counted beside them, and never goes back."""


class CountedRow(NamedTuple):
    """A sum of `campanha_contagens`."""

    status: str
    quantos: int


def counters(rows: Iterable[CountedRow], status: CampaignStatus) -> dict[str, int]:
    """The counters by name. A failure that went on by another contact is not a failure of its recipient.

    What still waits when a campaign is cancelled counts as cancelled from that moment on.
    """
    found: Counter[str] = Counter()
    for row in rows:
        if row.status == CONTINUED:
            found["falhas"] -= row.quantos
        else:
            found[_PLACES.get(row.status) or _FACTS[row.status]] += row.quantos
    if status is CampaignStatus.CANCELADA:
        found["cancelados"] += found.pop("aguardando", 0)
    return {
        "planejados": sum(found[name] for name in PLACES),
        **{name: found[name] for name in (*PLACES, *FACTS)},
    }
