"""Applies a provider's reports to the disparos that they are about, at once or when the disparo is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.delivery.moves import after, comes_too_early
from chalicelib.delivery.providers.notices import DeliveryReport, ReportedStatus
from chalicelib.dispatch.states import EVENTS, LEAD_FACTS, DisparoStatus
from chalicelib.ids import new_id, new_ids
from chalicelib.leads import moves
from chalicelib.leads.states import LeadFact
from chalicelib.suppression.requests import SuppressionReason
from chalicelib.telemetry import Metric, count

_BATCH = 1_000
_MOST_BATCHES = 100
_KEPT = timedelta(days=7)
"""How long a report waits for its disparo. Meta repeats a notification for as long."""


class ReportedMove(NamedTuple):
    """A disparo that a report moves: its row before, the new status, and the report."""

    disparo: Row
    status: DisparoStatus
    report: DeliveryReport


class SettledReports(NamedTuple):
    """What came of some reports: the disparos that moved, and the reports that belong to no disparo yet."""

    moves: list[ReportedMove]
    unmatched: list[DeliveryReport]


def settle(rows: Rows, canal: Canal, reports: Sequence[DeliveryReport], now: datetime) -> SettledReports:
    """Move the disparos of one tenant and channel, with all that follows for their leads and contacts."""
    if not reports:
        return SettledReports([], [])
    found = rows.all(
        "lock_disparos_of_entregas",
        canal=canal.value,
        message_ids=[each.message_id for each in reports],
        disparo_ids=[each.disparo_id for each in reports if each.disparo_id is not None],
    )
    settled, opted_out, seen = _matched(found, reports)
    if settled.moves:
        _move(rows, settled.moves, now)
    if seen:
        rows.run("mark_disparos_read", disparo_ids=seen, agora=now)
    if opted_out:
        rows.run(
            "insert_supressoes_of_disparos",
            tenant_ids=[rows.tenant_id] * len(opted_out),
            disparo_ids=opted_out,
            supressao_ids=new_ids(now, len(opted_out)),
            motivo=SuppressionReason.PROVEDOR.value,
            agora_mesmo=False,
            agora=now,
        )
    return settled


def account_for(tenant_id: str, reported: Iterable[ReportedMove]) -> None:
    """Count what a commit has made true."""
    failed = [each for each in reported if each.status is DisparoStatus.ERRO]
    count(Metric.DISPAROS_FAILED, len(failed), tenant_id=tenant_id)


class LateReports:
    """The sweep's part: reports that came before their disparo was known. `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def settle(self) -> int:
        """Look again for the disparos of waiting reports, and forget old reports; how many found their disparo."""
        total = 0
        for _ in range(_MOST_BATCHES):
            looked_at, settled = self._batch()
            total += settled
            if looked_at < _BATCH:
                break
        return total

    def _batch(self) -> tuple[int, int]:
        now = self._clock()

        def work(rows: Rows) -> tuple[int, int, list[tuple[str, list[ReportedMove]]]]:
            due = sorted(rows.all("lock_due_avisos", agora=now, limite=_BATCH), key=_owner)
            moved: list[tuple[str, list[ReportedMove]]] = []
            settled = 0
            for (tenant_id, canal), of_owner in groupby(due, key=_owner):
                notices, of_tenant = list(of_owner), rows.of_tenant(tenant_id)
                found = settle(of_tenant, canal, [_report(each) for each in notices], now)
                moved.append((tenant_id, found.moves))
                settled += len(notices) - len(found.unmatched)
                _put_away(of_tenant, canal, notices, found.unmatched, now)
            return len(due), settled, moved

        looked_at, settled, moved = self._database.run_across_tenants(work)
        for tenant_id, reported in moved:
            account_for(tenant_id, reported)
        return looked_at, settled


def keep(rows: Rows, canal: Canal, unmatched: Iterable[DeliveryReport], now: datetime) -> int:
    """Store reports that belong to no disparo yet; how many.

    A report that a message was accepted says no more than its id, which we learn anyway. It is kept only if it carries
    our own reference.
    """
    kept = {
        (each.message_id, each.situacao): each
        for each in unmatched
        if each.situacao is not ReportedStatus.ACEITO or each.disparo_id is not None
    }
    if kept:
        document = json.dumps([each._asdict() for each in kept.values()], default=str)
        rows.run("insert_avisos", canal=canal.value, avisos=document, agora=now)
    return len(kept)


def _matched(found: Sequence[Row], reports: Iterable[DeliveryReport]) -> tuple[SettledReports, list[UUID], list[UUID]]:
    """Each report with its disparo; the disparos whose person wants no more messages; and those that were read."""
    by_message = {row["provider_message_id"]: row for row in found if row["provider_message_id"] is not None}
    by_reference = {row["disparo_id"]: row for row in found if row["provider_message_id"] is None}
    reported: dict[UUID, ReportedMove] = {}
    unmatched: list[DeliveryReport] = []
    opted_out: dict[UUID, None] = {}
    seen: dict[UUID, None] = {}
    for report in reports:
        row = by_message.get(report.message_id) or by_reference.get(report.disparo_id)
        if row is None or comes_too_early(DisparoStatus(row["status"])):
            unmatched.append(report)
            continue
        if report.suprimir:
            opted_out[row["disparo_id"]] = None
        if report.lido:
            seen[row["disparo_id"]] = None
        known = reported.get(row["disparo_id"])
        status = known.status if known else DisparoStatus(row["status"])
        was_taken = known is not None or row["enviado_em"] is not None
        if (then := after(status, report.situacao, was_taken=was_taken)) is not status:
            reported[row["disparo_id"]] = ReportedMove(row, then, report)
    return SettledReports(list(reported.values()), unmatched), list(opted_out), list(seen)


def _move(rows: Rows, reported: Sequence[ReportedMove], now: datetime) -> None:
    document = json.dumps([_columns(each) for each in reported], default=str)
    rows.run("move_disparos_by_entregas", movimentos=document, agora=now)
    for each in reported:
        events.record(
            rows, EVENTS[each.status], now, disparo_id=each.disparo["disparo_id"], lead_id=each.disparo["lead_id"],
            canal=each.disparo["canal"], status=each.status.value, erro_codigo=each.report.codigo,
            ultimo_codigo=each.report.codigo,
        )  # fmt: skip
    _go_on(rows, reported, now)
    _tell_campaigns(rows, reported, now)
    _move_leads(rows, reported, now)


def _go_on(rows: Rows, reported: Iterable[ReportedMove], now: datetime) -> None:
    """Make the next contact's disparo where the address was at fault; the sweep wakes it up."""
    failed = [
        {"tenant_id": rows.tenant_id, "disparo_id": str(each.disparo["disparo_id"]), "novo_id": str(new_id(now))}
        for each in reported
        if each.status is DisparoStatus.ERRO and each.report.alternativo and each.disparo["usar_alternativos"]
    ]
    if failed:
        rows.all("insert_alternatives", falhos=json.dumps(failed), agora=now)


def _tell_campaigns(rows: Rows, reported: Iterable[ReportedMove], now: datetime) -> None:
    """What failed in a campaign goes on by its next channel where the address was at fault, else it counts against it.

    A worker that sends for the campaign, or the sweep, sees that it is refused too often.
    """
    failed = [
        each for each in reported if each.status is DisparoStatus.ERRO and each.disparo["campanha_id"] is not None
    ]
    wrong = [each for each in failed if each.report.alternativo]
    if wrong:
        rows.all("lock_campanhas_of_disparos", disparo_ids=[each.disparo["disparo_id"] for each in wrong])
        names = [
            {"tenant_id": rows.tenant_id, "disparo_id": each.disparo["disparo_id"], "novo_id": new_id(now)}
            for each in wrong
        ]
        rows.all("insert_next_channels", falhos=json.dumps(names, default=str), agora=now)
    refused = [
        {"tenant_id": rows.tenant_id, "campanha_id": each.disparo["campanha_id"], "desfecho": "1"}
        for each in failed
        if not (each.report.alternativo or each.report.suprimir)
    ]
    if refused:
        rows.run("append_desfechos", desfechos=json.dumps(refused, default=str))


def _move_leads(rows: Rows, reported: Sequence[ReportedMove], now: datetime) -> None:
    facts = {
        (LEAD_FACTS[each.status], each.disparo["lead_id"])
        for each in reported
        if each.status in LEAD_FACTS and not each.disparo["moves_no_lead"]
    }
    moves.lock(rows, {lead_id for _, lead_id in facts})
    # Contact that was made counts before contact that failed: the order in which the facts are declared.
    for fact in LeadFact:
        moves.apply(rows, {lead_id for each, lead_id in facts if each is fact}, fact, now)


def _columns(move: ReportedMove) -> dict[str, object]:
    return {
        "disparo_id": move.disparo["disparo_id"],
        "status": move.status.value,
        "message_id": move.report.message_id,
        "situacao": move.report.situacao.value,
        "codigo": move.report.codigo,
    }


def _put_away(
    rows: Rows, canal: Canal, notices: Iterable[Row], unmatched: Iterable[DeliveryReport], now: datetime
) -> None:
    """Delete the notices of one channel that are settled or too old, and put off the others."""
    waiting = {(each.message_id, each.situacao) for each in unmatched}
    stay: list[Row] = []
    go: list[Row] = []
    for each in notices:
        is_waiting = (each["provider_message_id"], ReportedStatus(each["situacao"])) in waiting
        (stay if is_waiting and now - each["recebido_em"] < _KEPT else go).append(each)
    if go:
        rows.run("delete_avisos", canal=canal.value, avisos=_notice_keys(go))
    if stay:
        rows.run("put_off_avisos", canal=canal.value, avisos=_notice_keys(stay), agora=now)


def _notice_keys(notices: Iterable[Row]) -> str:
    return json.dumps([{"message_id": each["provider_message_id"], "situacao": each["situacao"]} for each in notices])


def _owner(notice: Row) -> tuple[str, Canal]:
    return notice["tenant_id"], Canal(notice["canal"])


def _report(notice: Row) -> DeliveryReport:
    return DeliveryReport(
        notice["provider_message_id"],
        ReportedStatus(notice["situacao"]),
        notice["disparo_id"],
        notice["codigo"],
        suprimir=notice["suprimir"],
        alternativo=notice["alternativo"],
        lido=notice["lido"],
    )
