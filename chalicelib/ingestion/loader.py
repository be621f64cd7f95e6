"""Puts one batch into the database: what is new is copied, what is known is left alone or merged.

One writer a tenant at a time (an advisory lock, held for the transaction), so what the look-up at its beginning says
stays true to its end: nobody else makes leads. That is what lets a batch be copied straight into its tables, and two
jobs with the same leads come out the same in any order of their batches.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.adapters.database import Row, Rows
from chalicelib.ingestion.batch import (
    EMAIL_COLUMNS,
    ERRO_COLUMNS,
    LEAD_COLUMNS,
    TELEFONE_COLUMNS,
    Candidato,
    Lote,
    candidato,
    email_lines,
    fields,
    telefone_lines,
)
from chalicelib.ingestion.contacts import Telefone, TipoOrigem
from chalicelib.ingestion.merge import Dados, merged, principal
from chalicelib.ingestion.requests import Modo


class BatchDoesNotAddUp(Exception):
    """What the batch left in the tables is not what it says: a lead or a contact is missing or has strayed."""


class Contagens(NamedTuple):
    """What became of the rows of a batch; the first four add up to its rows."""

    leads_criados: int
    leads_atualizados: int
    duplicados: int
    linhas_rejeitadas: int
    telefones_criados: int
    emails_criados: int
    telefones_validos: int
    emails_validos: int


@dataclass(slots=True)
class _Lead:
    """A lead that is in the database: as it was, and as it is to become."""

    lead_id: str
    was: Dados
    now: Dados


@dataclass(slots=True)
class _Plan:
    """What to do with each candidate."""

    create: list[Candidato] = field(default_factory=list)
    change: list[_Lead] = field(default_factory=list)
    atualizados: int = 0
    duplicados: int = 0


def load(rows: Rows, tenant_id: str, lote: Lote, *, modo: Modo, by_documento: bool) -> Contagens:
    """Write a batch in the transaction of `rows`, which has set `app.tenant_id`, `app.job_id`, `app.origem_arquivo`
    and `app.origem_aba`; the defaults of the tables read them.

    Raises:
        BatchDoesNotAddUp: a bug of ours; nothing may be committed.
    """
    rows.run("lock_tenant_for_ingestion", tenant_id=tenant_id)
    known = _look_up(rows, tenant_id, lote, by_documento=by_documento)
    plan = _planned(rows, tenant_id, lote, known, modo, by_documento=by_documento)
    _copy(rows, "leads", LEAD_COLUMNS, [each.lead for each in plan.create])
    contacts = _written_contacts(rows, plan)
    if plan.change:
        _change(rows, tenant_id, plan.change)
    _copy(rows, "ingest_erros", ERRO_COLUMNS, (lote.erros,))
    _prove(rows, tenant_id, lote, plan)
    return Contagens(len(plan.create), plan.atualizados, plan.duplicados, lote.rejeitadas, *contacts)


class _Known(NamedTuple):
    """The leads whose keys a batch has too, by either key."""

    by_externo: dict[str, str]
    by_documento: dict[str, str]


def _look_up(rows: Rows, tenant_id: str, lote: Lote, *, by_documento: bool) -> _Known:
    """Which of the candidates are there already, by document only where that counts."""
    externos = rows.all("find_leads_by_externo", tenant_id=tenant_id, externos=lote.externos)
    documentos = (
        rows.all("find_leads_by_documento", tenant_id=tenant_id, documentos=lote.documentos) if by_documento else []
    )
    return _Known(_ids(externos, "lead_id_externo"), _ids(documentos, "documento"))


def _ids(leads: Iterable[Row], key: str) -> dict[str, str]:
    """The id of a lead by its key; of the first, where several have it."""
    found: dict[str, str] = {}
    for lead in leads:
        found.setdefault(lead[key], lead["lead_id"].hex)
    return found


def _planned(rows: Rows, tenant_id: str, lote: Lote, known: _Known, modo: Modo, *, by_documento: bool) -> _Plan:
    """Whose row is whose; rows of a batch meet each other here just as they would meet in the database."""
    by_externo, by_document = known
    # Nearly all rows share no key with any other: nothing has to be decided about them.
    shared = by_externo.keys() | by_document.keys() | lote.repetidos
    involved = [each for each in lote.candidatos if each.lead_id_externo in shared or each.dados.documento in shared]
    plan = _Plan()
    fresh: dict[str, Candidato] = {}
    no_leads: set[str] = set()
    leads = _Leads(rows, tenant_id, {*by_externo.values(), *by_document.values()} if modo is Modo.ATUALIZAR else set())
    for each in involved:
        documento = each.dados.documento if by_documento else None
        lead_id = by_externo.get(each.lead_id_externo) or by_document.get(documento or "")
        if lead_id is None:
            by_externo[each.lead_id_externo] = each.lead_id
            if documento:
                by_document[documento] = each.lead_id
            fresh[each.lead_id] = each
            continue
        no_leads.add(each.lead_id)
        if modo is Modo.IGNORAR:
            plan.duplicados += 1
            continue
        changed = _merge_fresh(fresh, lead_id, each) if lead_id in fresh else leads.merge(lead_id, each.dados)
        plan.atualizados += changed
        plan.duplicados += not changed
        if documento:
            by_document.setdefault(documento, lead_id)
    plan.create = [fresh.get(each.lead_id, each) for each in lote.candidatos if each.lead_id not in no_leads]
    plan.change = list(leads.changed())
    return plan


def _merge_fresh(fresh: dict[str, Candidato], lead_id: str, row: Candidato) -> bool:
    """Merge a row into a lead of the same batch; whether that changed anything."""
    lead = fresh[lead_id]
    dados = merged(lead.dados, row.dados)
    fresh[lead_id] = candidato(lead.numero, lead_id, lead.lead_id_externo, dados)
    return dados != lead.dados


class _Leads:
    """The leads of the database that rows of this batch belong to, read once and merged here."""

    def __init__(self, rows: Rows, tenant_id: str, lead_ids: set[str]) -> None:
        self._known = _read_leads(rows, tenant_id, sorted(lead_ids)) if lead_ids else {}

    def merge(self, lead_id: str, dados: Dados) -> bool:
        """Merge a row into a lead; whether that changed anything."""
        lead = self._known[lead_id]
        after = merged(lead.now, dados)
        changed = after != lead.now
        lead.now = after
        return changed

    def changed(self) -> Iterable[_Lead]:
        """The leads that are no longer what they were."""
        return (lead for lead in self._known.values() if lead.now != lead.was)


def _read_leads(rows: Rows, tenant_id: str, lead_ids: Sequence[str]) -> dict[str, _Lead]:
    arguments = {"tenant_id": tenant_id, "lead_ids": json.dumps(lead_ids)}
    telefones: dict[str, list[Telefone]] = defaultdict(list)
    for row in rows.all("telefones_of_leads", **arguments):
        kind = TipoOrigem(row["tipo_origem"])
        telefones[row["lead_id"].hex].append(Telefone(row["telefone"], kind, row["valido_para_disparo"]))
    emails: dict[str, list[str]] = defaultdict(list)
    for row in rows.all("emails_of_leads", **arguments):
        emails[row["lead_id"].hex].append(row["email"])
    found = {}
    for row in rows.all("lock_leads_to_merge", **arguments):
        lead_id = row.pop("lead_id").hex
        dados = Dados(**row, telefones=tuple(telefones[lead_id]), emails=tuple(emails[lead_id]))
        found[lead_id] = _Lead(lead_id, dados, dados)
    return found


def _written_contacts(rows: Rows, plan: _Plan) -> tuple[int, int, int, int]:
    """Copy the contacts of new leads, and the new ones of known leads; how many phones and e-mails, and valid ones."""
    phones = [each.telefones for each in plan.create]
    addresses = [each.emails for each in plan.create]
    for lead in plan.change:
        there, written = len(lead.was.telefones), len(lead.was.emails)
        main = principal(lead.now.telefones)
        phones.append(telefone_lines(lead.lead_id, lead.now.telefones[there:], depois=there, main=main))
        addresses.append(email_lines(lead.lead_id, lead.now.emails[written:], depois=written))
    telefones = _copy(rows, "lead_telefones", TELEFONE_COLUMNS, phones)
    emails = _copy(rows, "lead_emails", EMAIL_COLUMNS, addresses).count("\n")
    # Whether it is fit for sending is the last field of a phone. An e-mail that was taken is valid by its syntax, which
    # is all that is asked of one.
    return telefones.count("\n"), emails, telefones.count("\tt\n"), emails


def _change(rows: Rows, tenant_id: str, leads: Sequence[_Lead]) -> None:
    rows.run("create_changed_leads")
    columns = ("lead_id", "nome", "contato", "documento", "telefone_raw", "email_raw", "principal")
    _copy(rows, "changed_leads", columns, map(_changed_line, leads))
    rows.run("update_changed_leads", tenant_id=tenant_id)
    rows.run("update_changed_principals", tenant_id=tenant_id)


def _changed_line(lead: _Lead) -> str:
    return "\t".join([lead.lead_id, *fields(*lead.now[:5], principal(lead.now.telefones))]) + "\n"


def _copy(rows: Rows, table: str, columns: Sequence[str], lines: Iterable[str]) -> str:
    """Copy the lines; all of them together."""
    if text := "".join(lines):
        rows.copy(table, columns, [text.encode("utf-8", "replace")])
    return text


def _prove(rows: Rows, tenant_id: str, lote: Lote, plan: _Plan) -> None:
    """No foreign key watches over contacts, and COPY goes by row-level security: this does, for the whole batch."""
    found = rows.one("count_batch", tenant_id=tenant_id, primeiro=lote.primeiro_id, ultimo=lote.ultimo_id)
    if found != {"leads": len(plan.create), "orfaos": 0}:
        raise BatchDoesNotAddUp(str(found))
