"""The lead decides by a link: confirms an agendamento, moves it to an offered time, or cancels it.

Opening the link changes nothing, because programs open links too. A decision needs what only the script of the page has
(`proofs`), and it counts for the version that the link is for. An outdated link shows how things stand now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import Conflict, NotFound
from chalicelib.scheduling.booking.agendamentos import Agendamentos, Wanted
from chalicelib.scheduling.booking.requests import Rescheduling
from chalicelib.scheduling.invitations.invitation import Invitation, InvitationState
from chalicelib.scheduling.invitations.links import LeadLinks, LinkedMeeting
from chalicelib.scheduling.invitations.proofs import Proofs
from chalicelib.scheduling.invitations.requests import LeadDecision, LeadDecisionKind
from chalicelib.scheduling.rules.meeting_words import zone_of_lead
from chalicelib.scheduling.states import LIVE, AgendamentoStatus
from chalicelib.tenants.config import config_of

BY_LEAD = "lead"
"""Who moved or cancelled it, in the history."""
# What becomes so while the lead decides, in words for a lead.
_TOLD_TO_LEADS = {
    "horario_ocupado": "convite_horario_indisponivel",
    "reagendamentos_esgotados": "convite_nao_permite",
    "transicao_de_agendamento_invalida": "convite_nao_permite",
}
Offers = Callable[[Rows, Wanted, datetime], Sequence[datetime]]
"""Free times of the responsável, for a meeting that would move there."""
IsFree = Callable[[Rows, Wanted, datetime], bool]
"""Whether a meeting may move to that time of the responsável."""


class LeadDecisions:
    """`database` is the API's login; `bookings` carries out what the lead decides.

    `offers` are free times, and `is_free` says of one whether it still is.
    """

    def __init__(
        self,
        *,
        database: Database,
        links: LeadLinks,
        proofs: Proofs,
        bookings: Agendamentos,
        offers: Offers,
        is_free: IsFree,
        clock: Clock,
    ) -> None:
        self._database = database
        self._links = links
        self._proofs = proofs
        self._bookings = bookings
        self._offers = offers
        self._is_free = is_free
        self._clock = clock

    def look(self, token: str) -> Invitation:
        """How the agendamento of a link stands, and what its lead may decide. Nothing changes.

        Raises:
            NotFound: `convite_desconhecido`.
        """
        linked, now = self._links.read(token), self._clock()
        challenge = self._proofs.challenge(token, now)
        return self._database.run(linked.tenant_id, lambda rows: self._invitation(rows, linked, challenge, now))

    def decide(self, token: str, decision: LeadDecision) -> dict[str, Any]:
        """Carry out what the lead decided on the page; the same again changes nothing.

        Raises:
            NotFound: `convite_desconhecido`.
            Forbidden: `convite_sem_prova`.
            Conflict: `convite_pagina_antiga`; `agendamento_desatualizado`, it has another time since the link was sent;
                `convite_nao_permite`, this cannot be decided any more; `convite_horario_indisponivel`.
        """
        linked, now = self._links.read(token), self._clock()
        self._proofs.check(token, decision.desafio, decision.prova, decision.acao, now)
        invitation = self._database.run(
            linked.tenant_id, lambda rows: self._invitation(rows, linked, decision.desafio, now)
        )
        if _has_happened(invitation, decision):
            return self._answer(linked, invitation)
        if invitation.is_outdated:
            raise Conflict("agendamento_desatualizado")
        if decision.acao not in invitation.decisions:
            raise Conflict("convite_nao_permite")
        try:
            self._carry_out(linked, decision, now)
        except Conflict as error:
            raise Conflict(_TOLD_TO_LEADS.get(error.code, error.code)) from None
        return self._answer(linked, self.look(token))

    def _answer(self, linked: LinkedMeeting, invitation: Invitation) -> dict[str, Any]:
        """How it stands now, and the link by which this lead goes on: after a move, the one before is outdated."""
        token = self._links.token(linked.tenant_id, linked.agendamento_id, invitation.meeting["versao"])
        begins = invitation.begins
        return {
            "situacao": invitation.state,
            "data": begins.date().isoformat(),
            "hora": f"{begins:%H:%M}",
            "fuso": invitation.zone.key,
            "convite": token,
        }

    def _carry_out(self, linked: LinkedMeeting, decision: LeadDecision, now: datetime) -> None:
        tenant_id, agendamento_id, seen = linked
        match decision.acao:
            case LeadDecisionKind.CONFIRMAR:
                self._bookings.confirm(tenant_id, agendamento_id, versao=seen)
            case LeadDecisionKind.CANCELAR:
                self._bookings.cancel(tenant_id, agendamento_id, por=BY_LEAD, versao=seen)
            case LeadDecisionKind.REAGENDAR:
                wanted = self._database.run(tenant_id, lambda rows: self._wanted(rows, linked, decision, now))
                request = Rescheduling(data_agendada=wanted.begins)
                self._bookings.reschedule(tenant_id, agendamento_id, request, por=BY_LEAD, versao=seen)
            case _:
                assert_never(decision.acao)

    def _wanted(self, rows: Rows, linked: LinkedMeeting, decision: LeadDecision, now: datetime) -> Wanted:
        """The time that the lead chose, if it is offered."""
        [row] = rows.all("meeting_of_invitation", agendamento_id=linked.agendamento_id)
        wanted = _wanted(row, decision.data_agendada or row["data_agendada"])
        if not self._is_free(rows, wanted, now):
            raise Conflict("convite_horario_indisponivel")
        return wanted

    def _invitation(self, rows: Rows, linked: LinkedMeeting, challenge: str, now: datetime) -> Invitation:
        row = rows.one("meeting_of_invitation", agendamento_id=linked.agendamento_id)
        if row is None:
            raise NotFound("convite_desconhecido")
        config = config_of(rows)
        zone = zone_of_lead(row["telefone"], config.fuso)
        state = _state(row, now)
        # A cancellation is a version of its own, and says all that there is to say.
        is_outdated = row["versao"] != linked.versao and state is not InvitationState.CANCELADO
        decisions = (
            frozenset[LeadDecisionKind]()
            if is_outdated
            else _decisions(state, row["reagendamentos"] < config.agenda.max_reagendamentos)
        )
        offers: Sequence[datetime] = ()
        if LeadDecisionKind.REAGENDAR in decisions:
            offers = self._offers(rows, _wanted(row, row["data_agendada"]), now)
        by_lead = row["movido_por"] == BY_LEAD
        return Invitation(state, row, zone, ZoneInfo(config.fuso), by_lead, decisions, offers, challenge, is_outdated)


def _wanted(row: Row, begins: datetime) -> Wanted:
    return Wanted(row["responsavel"], begins, row["duracao_minutos"], row["agendamento_id"])


def _state(row: Row, now: datetime) -> InvitationState:
    status = AgendamentoStatus(row["status"])
    if status is AgendamentoStatus.CANCELADO:
        return InvitationState.CANCELADO
    if status not in LIVE or row["data_agendada"] <= now:
        return InvitationState.PASSOU
    return InvitationState.CONFIRMADO if status is AgendamentoStatus.CONFIRMADO else InvitationState.A_CONFIRMAR


def _decisions(state: InvitationState, may_move: bool) -> frozenset[LeadDecisionKind]:
    if state not in {InvitationState.A_CONFIRMAR, InvitationState.CONFIRMADO}:
        return frozenset()
    found = {LeadDecisionKind.CANCELAR}
    if state is InvitationState.A_CONFIRMAR:
        found.add(LeadDecisionKind.CONFIRMAR)
    if may_move:
        found.add(LeadDecisionKind.REAGENDAR)
    return frozenset(found)


def _has_happened(invitation: Invitation, decision: LeadDecision) -> bool:
    """Whether a decision was carried out before: its button was pressed twice."""
    match decision.acao:
        case LeadDecisionKind.CONFIRMAR:
            return invitation.state is InvitationState.CONFIRMADO and not invitation.is_outdated
        case LeadDecisionKind.CANCELAR:
            return invitation.state is InvitationState.CANCELADO
        case LeadDecisionKind.REAGENDAR:
            is_theirs = invitation.is_outdated and invitation.moved_by_lead
            return is_theirs and invitation.begins == decision.data_agendada
        case _:
            assert_never(decision.acao)
