"""Creates disparos, schedules them, and answers for them; sending is the executor's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo
from chalicelib.dispatch.requests.plans import Plan, plan
from chalicelib.dispatch.requests.shown import load_disparo, presented
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import Wakeup, Wakeups
from chalicelib.errors import Conflict, ConstraintViolation, FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey
from chalicelib.ids import first_id, last_id, new_id
from chalicelib.leads.states import CLOSED, LeadFact, LeadStatus, move_of
from chalicelib.pages import page_of

_SAME_KEY = "disparos_idempotency_key_key"


class Disparos:
    """The disparos of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, wakeups: Wakeups, clock: Clock, max_tentativas: int) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._max_tentativas = max_tentativas

    def create(self, tenant_id: str, lead_id: UUID, novo: NewDisparo, key: IdempotencyKey | None = None) -> Row:
        """The row first, then the wake-up, which may fail; the same key gets the same disparo.

        Raises:
            NotFound: the tenant has no such lead.
            Conflict: `lead_encerrado`, `sem_contato_valido`, or the key was used for another request.
            Invalid: the template, its variables, the contact or the time; `errors` point to it.
        """
        if (known := self._known(tenant_id, key)) is not None:
            return known
        try:
            made = retried(lambda: self._insert(tenant_id, lead_id, novo, key))
        except ConstraintViolation as violation:
            # The same request twice at once: the other one was first.
            known = self._known(tenant_id, key) if violation.constraint == _SAME_KEY else None
            if known is None:
                raise
            return known
        agendado = made["agendar_para"] is not None
        self._wakeups.arrange([Wakeup(tenant_id, made["disparo_id"], made["enviar_apos"], agendado=agendado)])
        return made

    def page(self, tenant_id: str, query: DisparoQuery) -> dict[str, Any]:
        """A page of disparos, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        with self._database.transaction(tenant_id) as rows:
            listed = rows.all(
                "list_disparos",
                tenant_id=tenant_id,
                antes=query.after(UUID),
                status=query.status and query.status.value,
                canal=query.canal and query.canal.value,
                lead_id=query.lead_id,
                erro_codigo=query.erro_codigo,
                espera=query.espera and query.espera.value,
                criado_de=query.criado_de,
                criado_ate=query.criado_ate,
                desde_id=query.criado_de and first_id(query.criado_de),
                ate_id=query.criado_ate and last_id(query.criado_ate),
                limite=query.limit + 1,
                pular=query.offset or 0,
            )
        return page_of([presented(row) for row in listed], query.limit, lambda row: row["disparo_id"])

    def get(self, tenant_id: str, disparo_id: UUID) -> Row:
        """One disparo with its history: when, why not yet, why not.

        Raises:
            NotFound: the tenant has no such disparo.
        """
        with self._database.transaction(tenant_id) as rows:
            return load_disparo(rows, tenant_id, disparo_id)

    def cancel(self, tenant_id: str, disparo_id: UUID) -> Row:
        """Call off what has not left; saying so again changes nothing.

        Raises:
            NotFound: the tenant has no such disparo.
            Conflict: `disparo_nao_cancelavel`; it is on its way, may have arrived, or has ended.
        """
        with self._database.transaction(tenant_id) as rows:
            cancelled = rows.run("cancel_disparo", tenant_id=tenant_id, disparo_id=disparo_id, agora=self._clock())
            disparo = load_disparo(rows, tenant_id, disparo_id)
        if disparo["status"] != DisparoStatus.CANCELADO:
            raise Conflict("disparo_nao_cancelavel", status=disparo["status"])
        if cancelled:
            self._wakeups.call_off(Wakeup(tenant_id, disparo_id, disparo["enviar_apos"], disparo["tentativas"]))
        return disparo

    def _known(self, tenant_id: str, key: IdempotencyKey | None) -> Row | None:
        """What this very request made before."""
        if key is None:
            return None
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("disparo_by_idempotency_key", tenant_id=tenant_id, idempotency_key=key.value)
            if row is None:
                return None
            key.check(row["idempotency_fingerprint"])
            return load_disparo(rows, tenant_id, row["disparo_id"])

    def _insert(self, tenant_id: str, lead_id: UUID, novo: NewDisparo, key: IdempotencyKey | None) -> Row:
        now = self._clock()
        disparo_id = new_id(now)
        with self._database.transaction(tenant_id) as rows:
            _lock_open_lead(rows, tenant_id, lead_id)
            planned = _planned(rows, tenant_id, lead_id, novo, now)
            rows.run(
                "insert_disparo",
                tenant_id=tenant_id,
                disparo_id=disparo_id,
                lead_id=lead_id,
                **planned._asdict(),
                max_tentativas=self._max_tentativas,
                idempotency_key=key and key.value,
                idempotency_fingerprint=key and key.fingerprint,
                agora=now,
            )
            de, para = move_of(LeadFact.DISPARO_CRIADO)
            rows.run("move_leads", tenant_id=tenant_id, lead_ids=[lead_id], de=de, para=para, agora=now)
            return load_disparo(rows, tenant_id, disparo_id)


def _lock_open_lead(rows: Rows, tenant_id: str, lead_id: UUID) -> None:
    """Hold the lead, so that it is not closed while a disparo is made for it."""
    lead = rows.one("lock_lead", tenant_id=tenant_id, lead_id=lead_id)
    if lead is None:
        raise NotFound("nao_encontrado")
    if LeadStatus(lead["status"]) in CLOSED:
        raise Conflict("lead_encerrado")


def _planned(rows: Rows, tenant_id: str, lead_id: UUID, novo: NewDisparo, now: datetime) -> Plan:
    template = rows.one("find_template", tenant_id=tenant_id, nome=novo.template)
    if template is None:
        raise Invalid("template_desconhecido", (FieldError("/template", "template_desconhecido", novo.template),))
    destinos = rows.all("list_destinos", tenant_id=tenant_id, lead_id=lead_id, canal=novo.canal.value)
    return plan(novo, template, destinos, now)
