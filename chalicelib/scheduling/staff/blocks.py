"""Keeps the bloqueios of a tenant: time of responsáveis that is not offered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import ConstraintViolation, FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.pages import page_of
from chalicelib.scheduling.staff.requests import BlockQuery, NewBlock
from chalicelib.tenants.config import Weekday

_UNKNOWN = "responsavel_desconhecido"
_OF_NOBODY = "bloqueios_responsavel_fkey"
_WEEKDAYS = tuple(Weekday)


class Blocks:
    """The bloqueios of a tenant; `database` is the API's login. Operators make them, too.

    What was booked before stays booked: a bloqueio keeps times from being offered, and cancels nothing.
    """

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, identity: Identity, request: NewBlock, key: IdempotencyKey | None = None) -> Row:
        """Block time of one responsável or of all.

        Raises:
            Invalid: `responsavel_desconhecido`.
        """
        now = self._clock()
        bloqueio_id = new_id(now)

        def work(rows: Rows) -> Row:
            rows.run(
                "insert_bloqueio",
                bloqueio_id=bloqueio_id,
                responsavel_id=request.responsavel_id,
                motivo=request.motivo,
                **_columns(request),
                agora=now,
                por=identity.subject,
            )
            return _found(rows, bloqueio_id)

        try:
            return self._database.run(identity.tenant_id, once(key, now, work))
        except ConstraintViolation as violation:
            if violation.constraint == _OF_NOBODY:
                raise Invalid(_UNKNOWN, (FieldError("/responsavel_id", _UNKNOWN, "responsavel_id"),)) from None
            raise

    def page(self, tenant_id: str, query: BlockQuery) -> dict[str, Any]:
        """A page of bloqueios, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {
            "depois": query.after(UUID),
            "responsavel_id": query.responsavel_id,
            "de": query.de,
            "ate": query.ate,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }
        found = self._database.run(tenant_id, lambda rows: rows.all("list_bloqueios", **params))
        return page_of([_shown(row) for row in found], query.limit, lambda row: row["bloqueio_id"])

    def delete(self, identity: Identity, bloqueio_id: UUID) -> None:
        """Delete a bloqueio: its time is offered again.

        Raises:
            NotFound: the tenant has no such bloqueio.
        """
        if not self._database.run(
            identity.tenant_id, lambda rows: rows.run("delete_bloqueio", bloqueio_id=bloqueio_id)
        ):
            raise NotFound("nao_encontrado")


def _columns(request: NewBlock) -> dict[str, Any]:
    """The columns of both kinds; those of the other kind are empty."""
    weekly, once = request.semanal, request.periodo
    return {
        "inicio": once and once.inicio,
        "fim": once and once.fim,
        "dia_semana": weekly and _WEEKDAYS.index(weekly.dia) + 1,
        "hora_inicio": weekly and weekly.inicio,
        "hora_fim": weekly and weekly.fim,
        "valido_de": weekly and weekly.valido_de,
        "valido_ate": weekly and weekly.valido_ate,
    }


def _found(rows: Rows, bloqueio_id: UUID) -> Row:
    [row] = rows.all("bloqueio_by_id", bloqueio_id=bloqueio_id)
    return _shown(row)


def _shown(row: Row) -> Row:
    """A bloqueio as a request has it."""
    once = None if row["inicio"] is None else {"inicio": row["inicio"], "fim": row["fim"]}
    weekly = None
    if once is None:
        weekly = {
            "dia": _WEEKDAYS[row["dia_semana"] - 1],
            "inicio": row["hora_inicio"],
            "fim": row["hora_fim"],
            "valido_de": row["valido_de"],
            "valido_ate": row["valido_ate"],
        }
    kept = ("bloqueio_id", "responsavel_id", "responsavel", "motivo", "criado_em", "criado_por")
    return {**{name: row[name] for name in kept}, "periodo": once, "semanal": weekly}
