"""Brings what a provider says of messages to the disparos that it is about, at once or when they are known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.delivery.moves import after, comes_too_early
from chalicelib.delivery.statuses import DeliveryReport, ReportedStatus
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.ids import new_id, new_ids
from chalicelib.leads.states import LeadFact, move_of
from chalicelib.suppression.requests import SuppressionReason
from chalicelib.telemetry import Metric, count

_BATCH = 1_000
_MOST_BATCHES = 100
_KEPT = timedelta(days=7)
"""How long a provider may know a message that we do not: Meta itself repeats a notification for as long."""

_EVENTS = {
    DisparoStatus.ENVIADO: "disparo.completed",
    DisparoStatus.CONFIRMADO: "disparo.completed",
    DisparoStatus.ERRO: "disparo.failed",
}


class ReportedMove(NamedTuple):
    """A disparo that is not what it was: its row as it was found, what it becomes, and what was said of it."""

    disparo: Row
    status: DisparoStatus
    entrega: DeliveryReport


class SettledReports(NamedTuple):
    """What came of a provider's words: disparos that moved, and what belongs to no disparo yet."""

    movimentos: list[ReportedMove]
    sobras: list[DeliveryReport]


def settle(rows: Rows, tenant_id: str, canal: str, entregas: Sequence[DeliveryReport], now: datetime) -> SettledReports:
    """Move the disparos of one tenant and channel, with all that follows for their leads and contacts."""
    if not entregas:
        return SettledReports([], [])
    found = rows.all(
        "lock_disparos_of_entregas",
        tenant_id=tenant_id,
        canal=canal,
        message_ids=[each.message_id for each in entregas],
        disparo_ids=[each.disparo_id for each in entregas if each.disparo_id is not None],
    )
    acerto, opted_out = _matched(found, entregas)
    if acerto.movimentos:
        _move(rows, tenant_id, acerto.movimentos, now)
    if opted_out:
        rows.run(
            "insert_supressoes_of_disparos",
            tenant_ids=[tenant_id] * len(opted_out),
            disparo_ids=opted_out,
            supressao_ids=new_ids(now, len(opted_out)),
            motivo=SuppressionReason.PROVEDOR.value,
            agora=now,
        )
    return acerto


def account_for(tenant_id: str, movimentos: Iterable[ReportedMove]) -> None:
    """The numbers of what a commit has made true."""
    failed = [each for each in movimentos if each.status is DisparoStatus.ERRO]
    count(Metric.DISPAROS_FAILED, len(failed), tenant_id=tenant_id)


class LateReports:
    """The sweep's part: what was said before we knew the message. `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def settle(self) -> int:
        """Look once more for the disparos that are spoken of; how many notices found theirs. Old ones are forgotten."""
        total = 0
        for _ in range(_MOST_BATCHES):
            looked_at, settled = retried(self._batch)
            total += settled
            if looked_at < _BATCH:
                break
        return total

    def _batch(self) -> tuple[int, int]:
        now = self._clock()
        moved: list[tuple[str, list[ReportedMove]]] = []
        settled = 0
        with self._database.across_tenants() as rows:
            due = rows.all("lock_due_avisos", agora=now, limite=_BATCH)
            due.sort(key=_owner)
            for (tenant_id, canal), of_owner in groupby(due, key=_owner):
                avisos = list(of_owner)
                acerto = settle(rows, tenant_id, canal, [_entrega(each) for each in avisos], now)
                moved.append((tenant_id, acerto.movimentos))
                settled += len(avisos) - len(acerto.sobras)
                _put_away(rows, avisos, acerto.sobras, now)
        for tenant_id, movimentos in moved:
            account_for(tenant_id, movimentos)
        return len(due), settled


def keep(rows: Rows, tenant_id: str, canal: str, sobras: Iterable[DeliveryReport], now: datetime) -> int:
    """Put by what speaks of no disparo yet; how much.

    That a message was taken says nothing that its id does not, once we have it: it is kept only with our reference.
    """
    kept = {
        (each.message_id, each.situacao): each
        for each in sobras
        if each.situacao is not ReportedStatus.ACEITO or each.disparo_id is not None
    }
    if kept:
        document = json.dumps([each._asdict() for each in kept.values()], default=str)
        rows.run("insert_avisos", tenant_id=tenant_id, canal=canal, avisos=document, agora=now)
    return len(kept)


def _matched(found: Sequence[Row], entregas: Iterable[DeliveryReport]) -> tuple[SettledReports, list[UUID]]:
    """Each thing said beside its disparo; and the disparos whose person wants no more."""
    by_message = {row["provider_message_id"]: row for row in found if row["provider_message_id"] is not None}
    by_reference = {row["disparo_id"]: row for row in found if row["provider_message_id"] is None}
    movimentos: dict[UUID, ReportedMove] = {}
    sobras: list[DeliveryReport] = []
    opted_out: dict[UUID, None] = {}
    for entrega in entregas:
        row = by_message.get(entrega.message_id) or by_reference.get(entrega.disparo_id)
        if row is None or comes_too_early(DisparoStatus(row["status"])):
            sobras.append(entrega)
            continue
        if entrega.suprimir:
            opted_out[row["disparo_id"]] = None
        known = movimentos.get(row["disparo_id"])
        status = known.status if known else DisparoStatus(row["status"])
        was_taken = known is not None or row["enviado_em"] is not None
        if (then := after(status, entrega.situacao, was_taken=was_taken)) is not status:
            movimentos[row["disparo_id"]] = ReportedMove(row, then, entrega)
    return SettledReports(list(movimentos.values()), sobras), list(opted_out)


def _move(rows: Rows, tenant_id: str, movimentos: Sequence[ReportedMove], now: datetime) -> None:
    document = json.dumps([_columns(each) for each in movimentos], default=str)
    rows.run("move_disparos_by_entregas", tenant_id=tenant_id, movimentos=document, agora=now)
    for each in movimentos:
        events.record(
            rows, tenant_id, _EVENTS[each.status], now, disparo_id=each.disparo["disparo_id"],
            lead_id=each.disparo["lead_id"], canal=each.disparo["canal"], status=each.status.value,
            erro_codigo=each.entrega.codigo, ultimo_codigo=each.entrega.codigo,
        )  # fmt: skip
    _go_on(rows, tenant_id, movimentos, now)
    _move_leads(rows, tenant_id, movimentos, now)


def _go_on(rows: Rows, tenant_id: str, movimentos: Iterable[ReportedMove], now: datetime) -> None:
    """Make the next contact's disparo where the address was at fault; the sweep wakes it up."""
    failed = [
        {"tenant_id": tenant_id, "disparo_id": str(each.disparo["disparo_id"]), "novo_id": str(new_id(now))}
        for each in movimentos
        if each.status is DisparoStatus.ERRO and each.entrega.alternativo and each.disparo["usar_alternativos"]
    ]
    if failed:
        rows.all("insert_alternatives", falhos=json.dumps(failed), agora=now)


def _move_leads(rows: Rows, tenant_id: str, movimentos: Sequence[ReportedMove], now: datetime) -> None:
    """A message that arrived is contact made; the last one that failed is none."""
    leads = {status: _leads(movimentos, status) for status in (DisparoStatus.CONFIRMADO, DisparoStatus.ERRO)}
    if not any(leads.values()):
        return
    rows.all("lock_leads", tenant_id=tenant_id, lead_ids=sorted({id_ for ids in leads.values() for id_ in ids}))
    exhausted = rows.all("list_exhausted_leads", tenant_id=tenant_id, lead_ids=leads[DisparoStatus.ERRO])
    for fato, lead_ids in (
        (LeadFact.DISPARO_CONFIRMADO, leads[DisparoStatus.CONFIRMADO]),
        (LeadFact.DISPARO_ESGOTADO, [row["lead_id"] for row in exhausted]),
    ):
        de, para = move_of(fato)
        rows.run("move_leads", tenant_id=tenant_id, lead_ids=lead_ids, de=de, para=para, agora=now)


def _leads(movimentos: Iterable[ReportedMove], status: DisparoStatus) -> list[UUID]:
    return [each.disparo["lead_id"] for each in movimentos if each.status is status]


def _columns(movimento: ReportedMove) -> dict[str, object]:
    return {
        "disparo_id": movimento.disparo["disparo_id"],
        "status": movimento.status.value,
        "message_id": movimento.entrega.message_id,
        "situacao": movimento.entrega.situacao.value,
        "codigo": movimento.entrega.codigo,
    }


def _put_away(rows: Rows, avisos: Iterable[Row], sobras: Iterable[DeliveryReport], now: datetime) -> None:
    """Of the notices of one tenant and channel: those that are settled or too old go, the others wait."""
    waiting = {(each.message_id, each.situacao) for each in sobras}
    stay: list[Row] = []
    go: list[Row] = []
    for each in avisos:
        is_waiting = (each["provider_message_id"], ReportedStatus(each["situacao"])) in waiting
        (stay if is_waiting and now - each["recebido_em"] < _KEPT else go).append(each)
    for query, rows_of_it, params in (("delete_avisos", go, {}), ("put_off_avisos", stay, {"agora": now})):
        if rows_of_it:
            tenant_id, canal = _owner(rows_of_it[0])
            names = [{"message_id": each["provider_message_id"], "situacao": each["situacao"]} for each in rows_of_it]
            rows.run(query, tenant_id=tenant_id, canal=canal, avisos=json.dumps(names), **params)


def _owner(aviso: Mapping[str, str]) -> tuple[str, str]:
    return aviso["tenant_id"], aviso["canal"]


def _entrega(aviso: Row) -> DeliveryReport:
    return DeliveryReport(
        aviso["provider_message_id"],
        ReportedStatus(aviso["situacao"]),
        aviso["disparo_id"],
        aviso["codigo"],
        suprimir=aviso["suprimir"],
        alternativo=aviso["alternativo"],
    )
