"""The record of requests: who asked, when, for what, and what was done. Persons stand in it by keyed digests only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib import messages
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.erased import ErasedContacts
from chalicelib.errors import NotFound
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.pages import page_of
from chalicelib.privacy.requests import RequestKind, SubjectRequestQuery
from chalicelib.privacy.subjects import Subject
from chalicelib.searches import take_seat
from chalicelib.tenants.config import Language, config_of


class SubjectRecords:
    """The requests of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, erased: ErasedContacts) -> None:
        self._database = database
        self._erased = erased

    def page(self, identity: Identity, query: SubjectRequestQuery) -> dict[str, Any]:
        """A page of the requests, newest first.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        params = {
            "antes": query.after(UUID),
            "tipo": query.tipo and query.tipo.value,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            if query.reads_much():
                take_seat(rows)
            language = config_of(rows).idioma
            return [shown(row, language) for row in rows.all("list_titular_pedidos", **params)]

        return page_of(self._database.run(identity.tenant_id, work), query.limit, lambda row: row["pedido_id"])

    def begin(
        self, rows: Rows, identity: Identity, kind: RequestKind, subject: Subject, now: datetime, **more: Any
    ) -> UUID:
        """Note a request in the transaction that answers it; its id.

        Raises:
            Unavailable: there is no key to digest with.
        """
        pedido_id = new_id(now)
        digests = [self._erased.digest(rows.tenant_id, *each).hex() for each in subject.identifiers()]
        columns = {
            "lead_id": None,
            "leads": 0,
            "concluido": True,
        }
        rows.run(
            "insert_titular_pedido", pedido_id=pedido_id, tipo=kind.value, por=identity.subject,
            titular_resumos=digests, agora=now, **(columns | more),
        )  # fmt: skip
        return pedido_id


def add(
    rows: Rows,
    pedido_id: UUID,
    leads: int,
    counts: Mapping[str, int],
    now: datetime,
    *,
    eventos: Sequence[UUID] = (),
) -> None:
    """Add to a request what was erased, in the transaction that erased it.

    `eventos` are the agendamentos whose events are still to be taken from the calendar.
    """
    rows.run(
        "count_on_titular_pedido", pedido_id=pedido_id, leads=leads, contagens=json.dumps(dict(counts)),
        eventos=list(eventos), agora=now,
    )  # fmt: skip


def end(rows: Rows, pedido_id: UUID, pending: Mapping[str, int], now: datetime) -> None:
    """Note what is left to do of a request; with nothing left, it has ended."""
    rows.run("end_titular_pedido", pedido_id=pedido_id, pendencias=json.dumps(dict(pending)), agora=now)


def described(rows: Rows, pedido_id: UUID) -> dict[str, Any]:
    """A request as the API shows it.

    Raises:
        NotFound: the tenant has no such request.
    """
    row = rows.one("titular_pedido_by_id", pedido_id=pedido_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return shown(row, config_of(rows).idioma)


def shown(row: Row, language: Language) -> dict[str, Any]:
    """A row with its sentences."""
    pending = [
        {"codigo": code, "mensagem": messages.text(code, language, quantos=count), "quantos": count}
        for code, count in sorted(row["pendencias"].items())
    ]
    return {**row, "pendencias": pending, "encontrado": row["leads"] > 0 or any(row["contagens"].values())}
