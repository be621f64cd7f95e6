"""Keeps the segments of a tenant, and counts the leads that a filter finds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.segments.compiler import for_counting
from chalicelib.campaigns.segments.context import compiled, stored_filter
from chalicelib.campaigns.segments.model import SegmentFilter
from chalicelib.campaigns.segments.requests import NewSegment, SegmentCount
from chalicelib.errors import Conflict, ConstraintViolation, FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.pages import PageQuery, page_of
from chalicelib.searches import take_seat

_SAMPLE = 5
_SAME_NAME = "segmentos_nome_key"


class Segments:
    """The segments of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, identity: Identity, request: NewSegment, key: IdempotencyKey | None = None) -> Row:
        """Save a filter under a name.

        Raises:
            Invalid: the filter cannot be used.
            Conflict: `nome_de_segmento_repetido`.
        """
        now = self._clock()
        try:
            return self._database.run(
                identity.tenant_id, once(key, now, lambda rows: self._insert(rows, identity, request))
            )
        except ConstraintViolation as violation:
            raise _refusal(violation) from None

    def page(self, tenant_id: str, query: PageQuery) -> dict[str, Any]:
        """A page of segments, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {"depois": query.after(UUID), "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_segmentos", **params))
        return page_of(found, query.limit, lambda row: row["segmento_id"])

    def get(self, tenant_id: str, segmento_id: UUID) -> Row:
        """One segment.

        Raises:
            NotFound: the tenant has no such segment.
        """
        return self._database.run(tenant_id, lambda rows: _found(rows, segmento_id))

    def replace(self, identity: Identity, segmento_id: UUID, request: NewSegment) -> Row:
        """Give a segment another name and filter. Campaigns that are planned keep the leads that they have.

        Raises:
            NotFound: the tenant has no such segment.
            Invalid: the filter cannot be used.
            Conflict: `nome_de_segmento_repetido`.
        """

        def work(rows: Rows) -> Row:
            rows.run("update_segmento", segmento_id=segmento_id, **self._columns(rows, identity, request))
            return _found(rows, segmento_id)

        try:
            return self._database.run(identity.tenant_id, work)
        except ConstraintViolation as violation:
            raise _refusal(violation) from None

    def delete(self, tenant_id: str, segmento_id: UUID) -> None:
        """Delete a segment; campaigns keep the filter that they were planned with.

        Raises:
            NotFound: the tenant has no such segment.
        """
        if not self._database.run(tenant_id, lambda rows: rows.run("delete_segmento", segmento_id=segmento_id)):
            raise NotFound("nao_encontrado")

    def count(self, tenant_id: str, request: SegmentCount) -> dict[str, Any]:
        """How many leads a filter finds, by which channels they can be reached, and the newest of them.

        Raises:
            Invalid: the filter cannot be used.
            NotFound: the tenant has no such segment.
            TooManyRequests: `buscas_demais`.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, Any]:
            condition = compiled(rows, _filter_of(rows, request), now)
            take_seat(rows)
            [counts] = rows.all("count_segment", filtro=for_counting(condition), limite=_SAMPLE)
            sample = rows.all("leads_of_sample", lead_ids=counts.pop("amostra"))
            return {"total": counts.pop("total"), "por_canal": counts, "amostra": sample}

        return self._database.run(tenant_id, work)

    def newest(self, rows: Rows, segmento_id: UUID, most: int) -> list[UUID]:
        """The newest leads of a segment, in a transaction that another service has opened.

        Raises:
            Invalid: `segmento_desconhecido`, or the filter cannot be used any more.
            TooManyRequests: `buscas_demais`.
        """
        segment = rows.one("segmento_by_id", segmento_id=segmento_id)
        if segment is None:
            detail = str(segmento_id)
            raise Invalid("segmento_desconhecido", (FieldError("/segmento_id", "segmento_desconhecido", detail),))
        condition = compiled(rows, stored_filter(segment["filtro"]), self._clock())
        take_seat(rows)
        return [row["lead_id"] for row in rows.all("sample_segment", filtro=condition, limite=most)]

    def _insert(self, rows: Rows, identity: Identity, request: NewSegment) -> Row:
        columns = self._columns(rows, identity, request)
        segmento_id = new_id(columns["agora"])
        rows.run("insert_segmento", segmento_id=segmento_id, **columns)
        return _found(rows, segmento_id)

    def _columns(self, rows: Rows, identity: Identity, request: NewSegment) -> dict[str, Any]:
        """What is saved, once the filter is known to be usable."""
        now = self._clock()
        compiled(rows, request.filtro, now)
        filtro = request.filtro.model_dump_json(exclude_unset=True)
        return {"nome": request.nome, "filtro": filtro, "por": identity.subject, "agora": now}


def _filter_of(rows: Rows, request: SegmentCount) -> SegmentFilter:
    if request.filtro is not None:
        return request.filtro
    return stored_filter(_found(rows, request.segmento_id)["filtro"])


def _found(rows: Rows, segmento_id: UUID | None) -> Row:
    row = rows.one("segmento_by_id", segmento_id=segmento_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _refusal(violation: ConstraintViolation) -> Exception:
    return Conflict("nome_de_segmento_repetido") if violation.constraint == _SAME_NAME else violation
