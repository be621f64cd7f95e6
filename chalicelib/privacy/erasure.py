"""Erases a person everywhere: tables, uploads, reports and exports. Counts and hashed suppressions stay.

A request works in slices of leads, each in one transaction, as long as there is time. What is left is said
(`pendencias`): the same request goes on, because what is erased is not found again. A lead whose message is just being
sent is left for the next time, and so is a person who may stand in a file that is still being read.

A row that counters are made of stays, with its personal columns blanked and `apagado_em` set. The contacts stay as
keyed digests (`chalicelib/erased.py`). A slice holds the lock of ingestion, so that no batch brings a contact back
unseen.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.canal import Canal
from chalicelib.erased import Contact, ErasedContacts
from chalicelib.idempotency import IdempotencyKey, begin, begun, once
from chalicelib.identity import Identity
from chalicelib.privacy import records
from chalicelib.privacy.bucket import REPORTS, SubjectFiles
from chalicelib.privacy.records import SubjectRecords
from chalicelib.privacy.refused import RefusedRows, refused_rows
from chalicelib.privacy.requests import RequestKind, SubjectRequest
from chalicelib.privacy.subjects import Subject, SubjectSlice, leads_of, person_of, read_subject

SLICE = 100
"""Leads that are erased in one transaction."""
_TIME = timedelta(seconds=15)
"""After which a request begins no further slice; API Gateway waits 29 s."""
_COUNTED = 20_000
ERASED = "apagamento"
"""Why a digest gets no messages, if its contact was on no list."""
_BEING_SENT, _OPEN_JOBS, _MORE = "titular_em_envio", "titular_em_arquivo_aberto", "titular_com_mais_leads"
_AT_THE_CALENDAR = "titular_em_calendario"


class Erasures:
    """Erasing for the API; `database` is its login, which row-level security binds to the tenant."""

    def __init__(
        self,
        *,
        database: Database,
        files: SubjectFiles,
        erased: ErasedContacts,
        subject_records: SubjectRecords,
        clock: Clock,
        slice_leads: int = SLICE,
    ) -> None:
        self._database = database
        self._files = files
        self._erased = erased
        self._records = subject_records
        self._clock = clock
        self._most = slice_leads

    def erase(self, identity: Identity, request: SubjectRequest, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Erase every lead of a person with all that is known of it. The same key goes on with the same request.

        Raises:
            Invalid: a text is no document, phone or e-mail.
            Unavailable: there is no key for the digests, or S3 does not answer; what was erased so far is noted.
        """
        subject = read_subject(request)
        tenant_id, began = identity.tenant_id, self._clock()
        pedido_id = self._database.run(tenant_id, lambda rows: self._begin(rows, identity, subject, key, began))
        pending = self._work(identity, subject, pedido_id, began)
        now = self._clock()

        def end(rows: Rows) -> dict[str, Any]:
            records.end(rows, pedido_id, pending, now)
            return records.described(rows, pedido_id)

        # What is left to do keeps the key open.
        last = None if pending else key
        return self._database.run(tenant_id, once(last, now, end))

    def _begin(
        self, rows: Rows, identity: Identity, subject: Subject, key: IdempotencyKey | None, now: datetime
    ) -> UUID:
        """A new request, or the one that goes on under its key."""
        if (known := begun(rows, key, now)) is not None:
            return known
        pedido_id = self._records.begin(rows, identity, RequestKind.APAGAMENTO, subject, now, concluido=False)
        begin(rows, key, now, pedido_id)
        return pedido_id

    def _work(self, identity: Identity, subject: Subject, pedido_id: UUID, began: datetime) -> Counter[str]:
        """Erase slice by slice; what is left to do, by its code."""
        pending: Counter[str] = Counter()
        place: UUID | None = None
        while True:
            lead_ids = self._next(identity, subject, place, self._most)
            pending[_BEING_SENT] += self._erase_slice(identity, subject, lead_ids, pedido_id)
            if len(lead_ids) < self._most:
                break
            place = lead_ids[-1]
            if self._clock() - began >= _TIME:
                pending[_MORE] += len(self._next(identity, subject, place, _COUNTED))
                break
        [open_jobs] = self._database.run(identity.tenant_id, lambda rows: rows.all("count_open_titular_jobs"))
        pending[_OPEN_JOBS] += open_jobs["quantos"]
        names = {"pedido_id": pedido_id}
        [events] = self._database.run(identity.tenant_id, lambda rows: rows.all("count_titular_eventos", **names))
        pending[_AT_THE_CALENDAR] += events["quantos"]
        return +pending

    def _next(self, identity: Identity, subject: Subject, place: UUID | None, most: int) -> list[UUID]:
        return self._database.run(identity.tenant_id, partial(leads_of, subject=subject, after=place, most=most))

    def _erase_slice(self, identity: Identity, subject: Subject, lead_ids: list[UUID], pedido_id: UUID) -> int:
        """Erase some leads, with what is the person's without a lead; how many have a message that is being sent."""
        tenant_id = identity.tenant_id
        person = self._database.run(tenant_id, partial(person_of, subject=subject, lead_ids=lead_ids))
        refused = refused_rows(self._database, tenant_id, person)

        def work(rows: Rows) -> int:
            now = self._clock()
            # From here on nobody writes contacts of the tenant, and what waits is neither claimed nor sent.
            rows.run("lock_tenant_for_ingestion")
            locked = rows.all("lock_titular_disparos", lead_ids=lead_ids, agora=now)
            busy = {row["lead_id"] for row in locked if row["em_envio"]}
            stopped = stop_disparos(rows, lead_ids, person.contatos, identity.subject, now)
            own = person_of(rows, subject, [each for each in lead_ids if each not in busy])
            counts = Counter(disparos_cancelados=stopped) + self._erase(rows, identity, own, refused, now)
            if counts:
                jobs = {row["chave"]: row["aberto"] for row in rows.all("list_uploads")}
                counts += self._files.delete_copies(tenant_id, jobs, now)
                left = rows.all("list_titular_eventos", lead_ids=list(own.lead_ids))
                events = [row["agendamento_id"] for row in left]
                records.add(rows, pedido_id, counts["leads"], counts, now, eventos=events)
            return len(busy)

        being_sent = self._database.run(tenant_id, work)
        if rewritten := self._files.rewrite_reports(tenant_id, refused.job_ids):
            counts = {REPORTS: rewritten}
            self._database.run(tenant_id, lambda rows: records.add(rows, pedido_id, 0, counts, self._clock()))
        return being_sent

    def _erase(
        self, rows: Rows, identity: Identity, person: SubjectSlice, refused: RefusedRows, now: datetime
    ) -> Counter[str]:
        """Blank and delete what is known of a person; how many rows, by table."""
        lead_ids, contacts = list(person.lead_ids), person.contatos
        of_leads: dict[str, object] = {"lead_ids": lead_ids}
        users = [row["usuario"] for row in rows.all("list_titular_usuarios", **of_leads, contatos=contacts)]
        counts: Counter[str] = Counter()
        counts["ingest_erros"] = rows.run("delete_titular_erros", deles=refused.as_json)
        counts["ingest_previas"] = rows.run(
            "delete_titular_previas", **of_leads, mencao=person.mention, deles=refused.as_json
        )
        counts["respostas"] = rows.run(
            "erase_titular_respostas",
            **of_leads,
            contatos=contacts,
            remetentes=person.senders,
            usuarios=users,
            agora=now,
        )
        counts["provedor_usuarios"] = rows.run("delete_titular_usuarios", **of_leads, contatos=contacts, usuarios=users)
        counts["consentimentos"] = rows.run("delete_titular_consentimentos", contatos=contacts)
        people = [*map(str, lead_ids), *contacts, *person.documentos]
        counts["chaves_de_idempotencia"] = rows.run("erase_titular_chaves", pessoas=people)
        counts["disparos"] = rows.run("erase_titular_destinos", **of_leads, contatos=contacts, agora=now)
        counts += erase_leads(rows, lead_ids, identity.subject, now)
        counts["supressoes"] = self._hash(rows, person, now)
        if +counts:
            counts["tenant_campos"] = rows.run("erase_titular_amostras")
        return +counts

    def _hash(self, rows: Rows, person: SubjectSlice, now: datetime) -> int:
        """Keep the person's contacts as digests; how many entries of the suppression list went."""
        listed = rows.all("delete_titular_supressoes", contatos=person.contatos)
        reasons = {Contact(Canal(row["canal"]), row["contato"]): row["motivo"] for row in listed}
        # An entry may stand for a contact in either channel.
        every = dict.fromkeys([*person.contacts, *reasons])
        self._erased.keep(rows, [(each, _kept(reasons.get(each))) for each in every], now)
        return len(listed)


def stop_disparos(rows: Rows, lead_ids: list[UUID], contacts: list[str], by: str | None, now: datetime) -> int:
    """Cancel what certainly has not left, for these leads and to these contacts; how many disparos.

    What may have left and waits ends as `incerto`, unless a worker has it just now. The caller has locked them.
    """
    cancelled = rows.run("cancel_titular_disparos", lead_ids=lead_ids, contatos=contacts, por=by, agora=now)
    rows.run("take_doubtful_titular_disparos", lead_ids=lead_ids, agora=now)
    rows.run("end_doubtful_titular_disparos", lead_ids=lead_ids, agora=now)
    return cancelled


def erase_leads(rows: Rows, lead_ids: list[UUID], by: str | None, now: datetime) -> Counter[str]:
    """Blank leads and what hangs on them, their live disparos apart; how many rows, by table.

    The same again for a lead that is erased takes what came to it since.
    """
    of_leads: dict[str, object] = {"lead_ids": lead_ids}
    counts: Counter[str] = Counter()
    [cancelled] = rows.all("cancel_titular_agendamentos", **of_leads, por=by, agora=now)
    counts["agendamentos_cancelados"] = cancelled["quantos"]
    # Before the ids of the messages are gone.
    counts["avisos_de_entrega"] = rows.run("erase_titular_avisos", **of_leads)
    counts["disparo_tentativas"] = rows.run("erase_titular_tentativas", **of_leads)
    counts["disparos"] = rows.run("erase_titular_disparos", **of_leads, agora=now)
    counts["agendamentos"] = rows.run("erase_titular_agendamentos", **of_leads, agora=now)
    counts["agendamento_horarios"] = rows.run("erase_titular_horarios", **of_leads)
    counts["lead_eventos"] = rows.run("erase_titular_eventos", **of_leads)
    counts["lead_notas"] = rows.run("delete_titular_notas", **of_leads)
    counts["ingest_mesclas"] = rows.run("delete_titular_mesclas", **of_leads)
    counts["leads_suprimidos"] = rows.run("delete_titular_suprimidos", **of_leads)
    counts["lead_telefones"] = rows.run("delete_titular_telefones", **of_leads)
    counts["lead_emails"] = rows.run("delete_titular_emails", **of_leads)
    counts["leads"] = rows.run("erase_titular_leads", **of_leads, agora=now)
    return counts


def _kept(reason: str | None) -> str:
    """Why a digest gets no messages: an erasure outweighs a user's own entry, and not the person's."""
    return ERASED if reason in {None, "manual"} else str(reason)
