"""Moves campaigns at a person's wish: schedules, pauses, resumes and cancels them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import Message, Queues, wakeup_body
from chalicelib.adapters.schedules import Schedules
from chalicelib.campaigns import moves
from chalicelib.campaigns.planning.audience import NOBODY, Audience, audience_of
from chalicelib.campaigns.planning.planner import ID_NAME
from chalicelib.campaigns.requests.drafts import lock_campaign, lock_draft
from chalicelib.campaigns.requests.models import CampaignStart, NewStart
from chalicelib.campaigns.requests.shown import load_campaign
from chalicelib.campaigns.states import MOVES, RESCHEDULED, CampaignStatus, PauseCode
from chalicelib.errors import Conflict, FieldError, Invalid, Unavailable
from chalicelib.identity import Identity
from chalicelib.motivo import GivenReason
from chalicelib.searches import take_seat
from chalicelib.telemetry import logger

_NO_REASON = GivenReason()
_OF_THE_PILOT = [PauseCode.PILOTO_CONCLUIDO.value, PauseCode.PILOTO_REPROVADO.value]
_NOT_BEGUN = frozenset({CampaignStatus.AGENDADA, CampaignStatus.PAUSADA})
# Clocks differ, and people take a moment to press the button.
_LATE = timedelta(minutes=5)
_FARTHEST = timedelta(days=366)


class CampaignControl:
    """`database` is the API's login; a worker is woken through `queue`, at a set time by a schedule."""

    def __init__(self, *, database: Database, queues: Queues, schedules: Schedules, queue: str, clock: Clock) -> None:
        self._database = database
        self._queues = queues
        self._schedules = schedules
        self._queue = queue
        self._clock = clock

    def schedule(self, identity: Identity, campanha_id: UUID, request: CampaignStart) -> Row:
        """Freeze the audience of a draft, have it planned, and start it at its time.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_e_rascunho`, or `campanha_sem_publico`: no lead fits its filter.
            Invalid: a time, the filter, or a template; `errors` point to it.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            draft = lock_draft(rows, campanha_id)
            start = _start(request.iniciar_em or draft["iniciar_em"], draft["expira_em"], now)
            audience = audience_of(rows, {**draft, "iniciar_em": start}, now)
            _check_audience(rows, audience)
            newest = rows.one("newest_lead")
            rows.run("insert_campanha_mensagens", campanha_id=campanha_id, mensagens=_messages(audience))
            rows.run(
                "schedule_campanha",
                campanha_id=campanha_id,
                iniciar_em=start,
                publico_ate=newest["lead_id"] if newest else NOBODY,
                agora=now,
            )
            _record(rows, campanha_id, draft, CampaignStatus.AGENDADA, now, identity)
            return load_campaign(rows, campanha_id, now)

        campaign = self._database.run(identity.tenant_id, work)
        self._wake(identity.tenant_id, campanha_id)
        if campaign["iniciar_em"] is not None:
            self._wake_at(identity.tenant_id, campanha_id, campaign["iniciar_em"])
        return campaign

    def reschedule(self, identity: Identity, campanha_id: UUID, request: NewStart) -> Row:
        """Start a campaign that has not begun at another time; a time just past is now.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_ja_comecou`, or `campanha_nao_muda`: it is a draft, or has ended.
            Invalid: the time is past or too far ahead, or comes after the campaign has expired.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            campaign = lock_campaign(rows, campanha_id)
            if campaign["iniciada_em"] is not None:
                raise Conflict("campanha_ja_comecou")
            if campaign["status"] not in _NOT_BEGUN:
                raise Conflict("campanha_nao_muda", status=campaign["status"])
            start = _start(request.iniciar_em, campaign["expira_em"], now)
            rows.run("reschedule_campanha", campanha_id=campanha_id, iniciar_em=start, agora=now)
            stays = CampaignStatus(campaign["status"])
            _record(rows, campanha_id, campaign, stays, now, identity, request, codigo=RESCHEDULED)
            return load_campaign(rows, campanha_id, now)

        campaign = self._database.run(identity.tenant_id, work)
        self._call_off(campanha_id)
        if campaign["iniciar_em"] is None:
            self._wake(identity.tenant_id, campanha_id)
        else:
            self._wake_at(identity.tenant_id, campanha_id, campaign["iniciar_em"])
        return campaign

    def pause(self, identity: Identity, campanha_id: UUID, reason: GivenReason = _NO_REASON) -> Row:
        """Pause a campaign: once this has answered, nothing more of it is handed to a provider.

        `em_voo` says how many messages were handed to one and have not come back. A second time changes nothing.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_muda`, its status does not allow it.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            campaign = lock_campaign(rows, campanha_id)
            if campaign["status"] != CampaignStatus.PAUSADA:
                _check_move(campaign, CampaignStatus.PAUSADA)
                code = PauseCode.PESSOA.value
                rows.run("pause_campanha", campanha_id=campanha_id, codigo=code, motivo=reason.motivo, agora=now)
                rows.run("return_claimed_disparos", campanha_id=campanha_id, agora=now)
                rows.all("lock_queues")
                rows.run("end_queues", agora=now)
                _record(rows, campanha_id, campaign, CampaignStatus.PAUSADA, now, identity, reason, codigo=code)
            return _with_those_in_flight(rows, campanha_id, now)

        return self._database.run(identity.tenant_id, work)

    def resume(self, identity: Identity, campanha_id: UUID, reason: GivenReason = _NO_REASON) -> Row:
        """Resume a paused campaign; nothing is sent a second time. After the pilot, this lets the others go.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_muda`, it is not paused.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            campaign = lock_campaign(rows, campanha_id)
            resumed = rows.one("resume_campanha", campanha_id=campanha_id, do_piloto=_OF_THE_PILOT, agora=now)
            if resumed is None:
                raise Conflict("campanha_nao_muda", status=campaign["status"])
            # Before the rows, as the sweep that dates a queue anew locks them.
            rows.all("lock_queues")
            rows.run("return_places", campanha_id=campanha_id, agora=now)
            rows.run("end_queues", agora=now)
            _record(rows, campanha_id, campaign, CampaignStatus(resumed["status"]), now, identity, reason)
            return load_campaign(rows, campanha_id, now)

        campaign = self._database.run(identity.tenant_id, work)
        self._wake(identity.tenant_id, campanha_id)
        return campaign

    def cancel(self, identity: Identity, campanha_id: UUID, reason: GivenReason = _NO_REASON) -> Row:
        """Cancel a campaign: as `pause`, for good. A second time changes nothing.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_nao_muda`, it has ended.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            campaign = lock_campaign(rows, campanha_id)
            if campaign["status"] != CampaignStatus.CANCELADA:
                _check_move(campaign, CampaignStatus.CANCELADA)
                rows.run("cancel_campanha", campanha_id=campanha_id, agora=now)
                rows.run("return_claimed_disparos", campanha_id=campanha_id, agora=now)
                rows.all("lock_queues")
                rows.run("end_queues", agora=now)
                _record(rows, campanha_id, campaign, CampaignStatus.CANCELADA, now, identity, reason)
            return _with_those_in_flight(rows, campanha_id, now)

        campaign = self._database.run(identity.tenant_id, work)
        self._call_off(campanha_id)
        return campaign

    def _wake(self, tenant_id: str, campanha_id: UUID) -> None:
        """Have the campaign looked at now. If the queue does not take the message, the sweep does it."""
        try:
            self._queues.send(self._queue, [Message(wakeup_body(tenant_id, ID_NAME, campanha_id))])
        except Unavailable as error:
            logger.warning("wakeup_not_sent", extra={"campanha_id": str(campanha_id), "reason": error.reason})

    def _wake_at(self, tenant_id: str, campanha_id: UUID, at: datetime) -> None:
        try:
            self._schedules.create(_name(campanha_id), at, self._queue, wakeup_body(tenant_id, ID_NAME, campanha_id))
        except Unavailable as error:
            logger.warning("schedule_not_created", extra={"campanha_id": str(campanha_id), "reason": error.reason})

    def _call_off(self, campanha_id: UUID) -> None:
        try:
            self._schedules.delete(_name(campanha_id))
        except Unavailable as error:
            logger.warning("schedule_not_deleted", extra={"campanha_id": str(campanha_id), "reason": error.reason})


def _name(campanha_id: UUID) -> str:
    return f"campanha-{campanha_id}"


def _start(iniciar_em: datetime | None, expira_em: datetime | None, now: datetime) -> datetime | None:
    """When it starts; None for as soon as it is planned, which a time just past means too."""
    if iniciar_em is not None and iniciar_em < now - _LATE:
        raise _invalid("inicio_no_passado", "iniciar_em")
    if iniciar_em is not None and iniciar_em > now + _FARTHEST:
        raise _invalid("inicio_distante", "iniciar_em")
    if expira_em is not None and expira_em <= max(iniciar_em or now, now):
        raise _invalid("expira_antes_do_envio", "expira_em")
    return iniciar_em if iniciar_em is not None and iniciar_em > now else None


def _check_audience(rows: Rows, audience: Audience) -> None:
    take_seat(rows)
    [found] = rows.all("has_audience", filtro=audience.params["filtro"])
    if not found["ha"]:
        raise Conflict("campanha_sem_publico")


def _messages(audience: Audience) -> str:
    columns = [
        {
            "etapa": each.line.etapa,
            "variante": each.line.variante,
            "ordem": each.line.ordem,
            "canal": each.line.canal.value,
            "template": each.line.template,
            "versao": each.version,
            "variaveis": each.line.constants,
            "de": each.line.de,
            "ate": each.line.ate,
            "apos_dias_uteis": each.line.apos_dias_uteis,
        }
        for each in audience.script
    ]
    return json.dumps(columns)


def _check_move(campaign: Row, destination: CampaignStatus) -> None:
    if destination not in MOVES[CampaignStatus(campaign["status"])]:
        raise Conflict("campanha_nao_muda", status=campaign["status"])


def _record(
    rows: Rows,
    campanha_id: UUID,
    before: Row,
    destination: CampaignStatus,
    now: datetime,
    identity: Identity,
    reason: GivenReason = _NO_REASON,
    *,
    codigo: str | None = None,
) -> None:
    moves.record(rows, campanha_id, before["status"], destination, now, **reason.of(identity), codigo=codigo)


def _with_those_in_flight(rows: Rows, campanha_id: UUID, now: datetime) -> dict[str, Any]:
    [flying] = rows.all("count_in_flight", campanha_id=campanha_id)
    return {**load_campaign(rows, campanha_id, now), "em_voo": flying["quantos"]}


def _invalid(code: str, field: str) -> Invalid:
    return Invalid(code, (FieldError(f"/{field}", code, field),))
