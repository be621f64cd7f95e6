"""What the page of a link shows of an agendamento."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.scheduling.invitations.requests import LeadDecisionKind


class InvitationState(StrEnum):
    """How an agendamento stands for its lead; the page says so in words."""

    A_CONFIRMAR = "a_confirmar"
    CONFIRMADO = "confirmado"
    PASSOU = "passou"
    CANCELADO = "cancelado"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the page shows; times are where the lead is.

    `decisions` are those that this link allows now, `offers` the times that it may move to, and `challenge` is what the
    script of the page answers. A link for an earlier version (`is_outdated`) allows none.
    """

    state: InvitationState
    begins: datetime
    words: Mapping[str, Any]
    zone: ZoneInfo
    decisions: frozenset[LeadDecisionKind]
    offers: Sequence[datetime]
    challenge: str
    is_outdated: bool
