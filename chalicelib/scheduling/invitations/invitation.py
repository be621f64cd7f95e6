"""What the page of a link shows of an agendamento."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.scheduling.invitations.requests import LeadDecisionKind
from chalicelib.scheduling.rules.meeting_words import words_of_meeting


class InvitationState(StrEnum):
    """How an agendamento stands for its lead; the page says so in words."""

    A_CONFIRMAR = "a_confirmar"
    CONFIRMADO = "confirmado"
    PASSOU = "passou"
    CANCELADO = "cancelado"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the page shows of a meeting; times are those of `zone`, where the lead is.

    `decisions` are those that this link allows now, `offers` the times that it may move to, and `challenge` is what the
    script of the page answers. A link for an earlier version (`is_outdated`) allows none. `moved_by_lead` says that the
    lead chose the present time by a link.
    """

    state: InvitationState
    meeting: Mapping[str, Any]
    zone: ZoneInfo
    tenant_zone: ZoneInfo
    moved_by_lead: bool
    decisions: frozenset[LeadDecisionKind]
    offers: Sequence[datetime]
    challenge: str
    is_outdated: bool

    @property
    def begins(self) -> datetime:
        """When they meet, where the lead is."""
        begins: datetime = self.meeting["data_agendada"]
        return begins.astimezone(self.zone)

    def words(self, language: str) -> Mapping[str, Any]:
        """When, how and where they meet, in the language of the page."""
        return words_of_meeting(self.meeting, here=self.zone, tenant_zone=self.tenant_zone, language=language)
