"""Creates, lists, shows and cancels disparos; the executor sends them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.requests.creation import make
from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo, Order
from chalicelib.dispatch.requests.shown import load_disparo, presented
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import Wakeup, Wakeups
from chalicelib.errors import Conflict, ConstraintViolation, DomainError
from chalicelib.idempotency import IdempotencyKey
from chalicelib.ids import first_id, last_id
from chalicelib.pages import page_of
from chalicelib.searches import take_seat
from chalicelib.tenants.config import config_of

_SAME_KEY = "disparos_idempotency_key_key"


class Disparos:
    """The disparos of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock, max_tentativas: int) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._max_tentativas = max_tentativas

    def create(self, tenant_id: str, lead_id: UUID, request: NewDisparo, key: IdempotencyKey | None = None) -> Row:
        """Create a disparo: the row first, then the wake-up, which may fail. The same key gets the same disparo.

        Its `avisos` say what its creator should know: that the contact is suppressed or the channel paused, when the
        message may leave, or that the person gets the same template twice within a day.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `lead_encerrado`, `sem_contato_valido`, or the key was used for another request.
            Invalid: the template, its variables, the contact or the time; `errors` point to it.
        """
        if (known := self._known(tenant_id, key)) is not None:
            return known
        try:
            made = self._database.run(tenant_id, lambda rows: self._insert(rows, lead_id, request, key))
        except ConstraintViolation as violation:
            # The same request came twice at once: the other one was first.
            known = self._known(tenant_id, key) if violation.constraint == _SAME_KEY else None
            if known is None:
                raise
            return known
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
            "criado_de": query.criado_de,
            "criado_ate": query.criado_ate,
            "desde_id": query.criado_de and first_id(query.criado_de),
            "ate_id": query.criado_ate and last_id(query.criado_ate),
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            if query.reads_much():
                take_seat(rows)
            language = config_of(rows).idioma
            return [presented(row, language) for row in rows.all("list_disparos", **params)]

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

    def _known(self, tenant_id: str, key: IdempotencyKey | None) -> Row | None:
        """The disparo that this very request made before."""
        if key is None:
            return None
        return self._database.run(tenant_id, lambda rows: _made_under(rows, key))

    def _insert(self, rows: Rows, lead_id: UUID, request: NewDisparo, key: IdempotencyKey | None) -> Row:
        orders = [Order(lead_id, request)]
        [made] = make(rows, orders, self._clock(), max_tentativas=self._max_tentativas, key=key)
        if isinstance(made, DomainError):
            raise made
        return load_disparo(rows, made.disparo_id)


def _made_under(rows: Rows, key: IdempotencyKey) -> Row | None:
    row = rows.one("disparo_by_idempotency_key", idempotency_key=key.value)
    if row is None:
        return None
    key.check(row["idempotency_fingerprint"])
    return load_disparo(rows, row["disparo_id"])
