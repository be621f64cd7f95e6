"""Creates, lists, shows and cancels disparos; the executor sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.requests.creation import make
from chalicelib.dispatch.requests.models import BulkCancellation, DisparoQuery, NewDisparo, Order
from chalicelib.dispatch.requests.shown import load_disparo, presented
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import Wakeup, Wakeups
from chalicelib.errors import Conflict, DomainError
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import first_id, last_id
from chalicelib.pages import page_of
from chalicelib.searches import take_seat
from chalicelib.tenants.config import config_of

# The ids of a job's leads begin with the time of its workers' clocks.
_CLOCKS_DIFFER = timedelta(minutes=5)
_NO_ID = UUID(int=0)
# The worker that sends may have another clock than whoever created.
_SENT_EARLIER_MS = 60_000
_KINDS = frozenset({"canal", "template", "etapa"})
_TIMES = frozenset({"criado_de", "criado_ate"})


class Disparos:
    """The disparos of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock, max_tentativas: int) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._max_tentativas = max_tentativas

    def create(self, tenant_id: str, lead_id: UUID, request: NewDisparo, key: IdempotencyKey | None = None) -> Row:
        """Create a disparo: the row first, then the wake-up, which may fail.

        Its `avisos` say what its creator should know: that the contact is suppressed or the channel paused, when the
        message may leave, or that the person gets the same template twice within a day.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `lead_encerrado`, `sem_contato_valido`.
            Invalid: the template, its variables, the contact or the time; `errors` point to it.
        """
        now = self._clock()
        order = Order(lead_id, request)
        made = self._database.run(tenant_id, once(key, now, lambda rows: self._insert(rows, order, now)))
        is_scheduled = made["agendar_para"] is not None
        self._wakeups.arrange([Wakeup(tenant_id, made["disparo_id"], made["enviar_apos"], is_scheduled=is_scheduled)])
        return made

    def page(self, tenant_id: str, query: DisparoQuery) -> dict[str, Any]:
        """A page of disparos, newest first.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        params = {
            "antes": query.after(UUID),
            "status": query.status and query.status.value,
            "canal": query.canal and query.canal.value,
            "lead_id": query.lead_id,
            "erro_codigo": query.erro_codigo,
            "espera": query.espera and query.espera.value,
            **_created(query.criado_de, query.criado_ate),
            **_sent(query),
            "template": query.template,
            "campanha_id": query.campanha_id,
            "etapa": query.etapa,
            "destinos": query.destinos(),
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            if query.reads_much():
                take_seat(rows)
            language = config_of(rows).idioma
            job = _of_job(rows, query.job_id, self._clock())
            ids = _looked_up(rows, query.filters, params)
            found = (
                rows.shown("list_disparos", **params, **job)
                if ids is None
                else rows.shown("disparos_by_ids", disparo_ids=ids)
            )
            return [presented(row, language) for row in found]

        return page_of(self._database.run(tenant_id, work), query.limit, lambda row: row["disparo_id"])

    def get(self, tenant_id: str, disparo_id: UUID) -> Row:
        """One disparo with its history.

        Raises:
            NotFound: the tenant has no such disparo.
        """
        return self._database.run(tenant_id, lambda rows: load_disparo(rows, disparo_id))

    def cancel(self, tenant_id: str, disparo_id: UUID, *, por: str | None = None, motivo: str | None = None) -> Row:
        """Cancel a disparo that has not left; a second time changes nothing.

        Its history says who cancelled it, and why.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_cancelavel`; it is being sent, may have arrived, or has ended.
        """
        now = self._clock()

        def work(rows: Rows) -> tuple[int, Row]:
            cancelled = rows.run("cancel_disparo", disparo_id=disparo_id, por=por, motivo=motivo, agora=now)
            return cancelled, load_disparo(rows, disparo_id)

        cancelled, disparo = self._database.run(tenant_id, work)
        if disparo["status"] != DisparoStatus.CANCELADO:
            raise Conflict("disparo_nao_cancelavel", status=disparo["status"])
        if cancelled:
            self._wakeups.call_off(Wakeup(tenant_id, disparo_id, disparo["enviar_apos"], disparo["tentativas"]))
        return disparo

    def cancel_many(self, identity: Identity, request: BulkCancellation) -> dict[str, Any]:
        """Cancel what waits and fits a filter, the oldest first, up to `limite`; all of that or nothing.

        `em_voo` says how many that fit are with a provider, or may be: they cannot be cancelled. Schedules are left
        alone: a worker that wakes finds nothing to do.

        Raises:
            TooManyRequests: `buscas_demais`.
        """
        now = self._clock()
        asked = request.filtro

        def work(rows: Rows) -> dict[str, Any]:
            take_seat(rows)
            filters = {
                "canal": asked.canal and asked.canal.value,
                "template": asked.template,
                "campanha_id": asked.campanha_id,
                "espera": asked.espera and asked.espera.value,
                **_of_job(rows, asked.job_id, now),
                **_created(asked.criado_de, asked.criado_ate),
            }
            [done] = rows.all("cancel_disparos", **filters, **request.of(identity), limite=request.limite, agora=now)
            [flying] = rows.all("count_disparos_in_flight", **filters)
            return {**done, "em_voo": flying["quantos"]}

        return self._database.run(identity.tenant_id, work)

    def _insert(self, rows: Rows, order: Order, now: datetime) -> Row:
        [made] = make(rows, [order], now, max_tentativas=self._max_tentativas)
        if isinstance(made, DomainError):
            raise made
        return load_disparo(rows, made.disparo_id)


def _created(since: datetime | None, until: datetime | None) -> dict[str, object]:
    """The parameters of a filter by the time of creation, which is a place in the order of the ids."""
    return {
        "criado_de": since,
        "criado_ate": until,
        "desde_id": since and first_id(since),
        "ate_id": until and last_id(until),
    }


def _sent(query: DisparoQuery) -> dict[str, object]:
    """The parameters of a filter by the time of sending. What was sent before a time was created before it."""
    bounds = [last_id(query.criado_ate)] if query.criado_ate else []
    if query.enviado_ate:
        bounds.append(UUID(int=last_id(query.enviado_ate).int + (_SENT_EARLIER_MS << 80)))
    return {
        "enviado_de": query.enviado_de,
        "enviado_ate": query.enviado_ate,
        "ate_id": min(bounds, default=None),
    }


def _looked_up(rows: Rows, filters: frozenset[str], params: Mapping[str, object]) -> list[str] | None:
    """The ids of a page of what no index has in the order of the list; None where `list_disparos` finds it as well.

    That is a channel, a template or a step, which no index has, and a contact that tens of thousands may have gone to.
    Other filters beside these have indexes of their own, or leave the search to what is listed.
    """
    asked = filters - _TIMES
    if asked and asked <= _KINDS:
        rows.avoid_sorting()
        query, names = "disparos_of_kind", _KINDS
    elif asked == {"destino"}:
        query, names = "disparos_to_destination", frozenset({"destinos"})
    else:
        return None
    names |= {"antes", "criado_de", "criado_ate", "desde_id", "ate_id", "limite", "pular"}
    return [row["disparo_id"] for row in rows.shown(query, **{name: params[name] for name in names})]


def _of_job(rows: Rows, job_id: UUID | None, now: datetime) -> dict[str, object]:
    """The parameters of a filter by the ingestion that created the leads.

    No index has the leads of a job, but their ids are in the order of time. Nobody has the leads of an unknown job.
    """
    if job_id is None:
        return {"job_id": None, "do_lead": None, "ate_lead": None}
    times = rows.one("times_of_job", job_id=job_id)
    if times is None:
        return {"job_id": job_id, "do_lead": _NO_ID, "ate_lead": _NO_ID}
    until = times["concluido_em"] or now
    return {
        "job_id": job_id,
        "do_lead": first_id(times["criado_em"] - _CLOCKS_DIFFER),
        "ate_lead": last_id(until + _CLOCKS_DIFFER),
    }
