"""Keeps the responsáveis of a tenant: whom leads meet, and when these people work."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import Conflict, ConstraintViolation, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.leads.edits.written import read_email
from chalicelib.pages import PageQuery, page_of
from chalicelib.scheduling.staff.requests import NewResponsavel

_REFUSALS = {
    "responsaveis_nome_key": "nome_de_responsavel_repetido",
    # Two people who become one may not be in two places at once.
    "agendamentos_sem_sobreposicao": "agendas_sobrepostas",
}


class Responsaveis:
    """The responsáveis of a tenant; `database` is the API's login. Everybody reads them, administrators change them."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, identity: Identity, request: NewResponsavel, key: IdempotencyKey | None = None) -> Row:
        """Add a responsável: agendamentos with this name are this person's.

        Raises:
            Invalid: the e-mail is none.
            Conflict: `nome_de_responsavel_repetido`.
        """
        columns = self._columns(identity, request)
        responsavel_id = new_id(columns["agora"])

        def work(rows: Rows) -> Row:
            rows.run("insert_responsavel", responsavel_id=responsavel_id, **columns)
            return _found(rows, responsavel_id)

        try:
            return self._database.run(identity.tenant_id, once(key, columns["agora"], work))
        except ConstraintViolation as violation:
            raise _refusal(violation) from None

    def page(self, tenant_id: str, query: PageQuery) -> dict[str, Any]:
        """A page of responsáveis, by name.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {"depois": query.after(str), "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_responsaveis", **params))
        page = page_of(found, query.limit, lambda row: row["ordem"])
        for row in found:
            del row["ordem"]
        return page

    def get(self, tenant_id: str, responsavel_id: UUID) -> Row:
        """One responsável.

        Raises:
            NotFound: the tenant has no such responsável.
        """
        return self._database.run(tenant_id, lambda rows: _found(rows, responsavel_id))

    def replace(self, identity: Identity, responsavel_id: UUID, request: NewResponsavel) -> Row:
        """Change a responsável. A new name is the new name in all agendamentos of this person, in one transaction.

        Raises:
            NotFound: the tenant has no such responsável.
            Invalid: the e-mail is none.
            Conflict: `nome_de_responsavel_repetido`; `agendas_sobrepostas`, some of the new name are at the same times.
        """
        columns = self._columns(identity, request)

        def work(rows: Rows) -> Row:
            before = rows.one("lock_responsavel", responsavel_id=responsavel_id)
            if before is None:
                raise NotFound("nao_encontrado")
            rows.run("update_responsavel", responsavel_id=responsavel_id, **columns)
            if before["nome"] != request.nome:
                rows.run("rename_in_agendamentos", antigo=before["nome"], nome=request.nome)
            return _found(rows, responsavel_id)

        try:
            return self._database.run(identity.tenant_id, work)
        except ConstraintViolation as violation:
            raise _refusal(violation) from None

    def delete(self, identity: Identity, responsavel_id: UUID) -> None:
        """Delete a responsável and the bloqueios of this person; past agendamentos keep the name.

        Raises:
            NotFound: the tenant has no such responsável.
            Conflict: `responsavel_com_agendamentos`, some are still to take place.
        """

        def work(rows: Rows) -> None:
            row = rows.one("lock_responsavel", responsavel_id=responsavel_id)
            if row is None:
                raise NotFound("nao_encontrado")
            [live] = rows.all("count_live_agendamentos_of", nome=row["nome"])
            if live["total"]:
                raise Conflict("responsavel_com_agendamentos", total=live["total"])
            rows.run("delete_responsavel", responsavel_id=responsavel_id)

        self._database.run(identity.tenant_id, work)

    def _columns(self, identity: Identity, request: NewResponsavel) -> dict[str, Any]:
        return {
            **request.model_dump(exclude={"expediente", "email"}),
            "email": None if request.email is None else read_email(request.email, "/email"),
            "expediente": request.expediente.model_dump_json(),
            "por": identity.subject,
            "agora": self._clock(),
        }


def _found(rows: Rows, responsavel_id: UUID) -> Row:
    row = rows.one("responsavel_by_id", responsavel_id=responsavel_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _refusal(violation: ConstraintViolation) -> Exception:
    code = _REFUSALS.get(violation.constraint)
    return violation if code is None else Conflict(code)
