"""The replies that were kept: listed, assigned to a lead, and settled by a person."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from chalicelib.delivery.requests import ReplyAssignment, ReplyDecision, ReplyQuery, ReplySettlement
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.identity import Identity
from chalicelib.ids import new_ids
from chalicelib.leads import moves
from chalicelib.leads.states import LeadFact
from chalicelib.pages import page_of
from chalicelib.suppression.optout import OptOutWish
from chalicelib.suppression.requests import SuppressionReason

_SHOWN = 500
"""Characters of a text in a list; one reply is shown with all of it."""


class Inbox:
    """The replies of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, tenant_id: str, query: ReplyQuery) -> dict[str, Any]:
        """A page of replies, newest first; and how many of all wait for a lead or for a decision.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {
            "antes": query.after(UUID),
            "canal": query.canal and query.canal.value,
            "lead_id": query.lead_id,
            "disparo_id": query.disparo_id,
            "campanha_id": query.campanha_id,
            "contatos": _meant(query),
            "pedido": query.pedido and query.pedido.value,
            "sem_lead": query.sem_lead,
            "revisar": query.revisar,
            "resolvida": query.resolvida,
            "tamanho": _SHOWN,
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> dict[str, Any]:
            found = rows.all("list_respostas", **params)
            return {
                **page_of(found, query.limit, lambda row: row["resposta_id"]),
                **(rows.one("count_respostas") or {}),
            }

        return self._database.run(tenant_id, work)

    def get(self, tenant_id: str, resposta_id: UUID) -> Row:
        """One reply with all of its text.

        Raises:
            NotFound: the tenant has no such reply.
        """
        return self._database.run(tenant_id, lambda rows: _shown(rows, resposta_id))

    def assign(self, identity: Identity, resposta_id: UUID, request: ReplyAssignment) -> Row:
        """Say whose reply it is. The lead was reached; the provider's id of the sender is that lead's from now on.

        An opt-out of somebody who was not known is carried out now: for every contact that the lead has on the channel,
        because nobody knows which one it was.

        Raises:
            NotFound: the tenant has no such reply.
            Invalid: `lead_desconhecido`.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            reply = _locked(rows, resposta_id)
            if rows.one("lock_lead", lead_id=request.lead_id) is None:
                raise Invalid("requisicao_invalida", (FieldError("/lead_id", "lead_desconhecido", "lead_id"),))
            of_lead = {"canal": reply["canal"], "lead_id": request.lead_id}
            written = rows.one("contato_of_lead", **of_lead)
            contato = reply["contato"] or (written and written["contato"])
            rows.run(
                "assign_resposta", resposta_id=resposta_id, lead_id=request.lead_id, contato=contato,
                por=identity.subject, agora=now,
            )  # fmt: skip
            if reply["usuario"] is not None and contato is not None:
                seen = [{"usuario": reply["usuario"], "contato": contato, "lead_id": str(request.lead_id)}]
                rows.run("upsert_usuarios", canal=reply["canal"], vistos=json.dumps(seen), agora=now)
            moves.apply(rows, [request.lead_id], LeadFact.DISPARO_CONFIRMADO, now)
            is_open = reply["revisar"] and reply["pedido"] == OptOutWish.DESCADASTRO
            if is_open and contato is not None:
                _settle(rows, identity, {**reply, "lead_id": request.lead_id}, ReplyDecision.DESCADASTRO, now)
            return _shown(rows, resposta_id)

        return self._database.run(identity.tenant_id, work)

    def settle(self, identity: Identity, resposta_id: UUID, request: ReplySettlement) -> Row:
        """Decide whether a reply asks for no more messages. What waited for that may leave, or will be suppressed.

        Raises:
            NotFound: the tenant has no such reply.
            Conflict: `resposta_sem_contato`; an opt-out of nobody that is known. `resposta_resolvida`; it is an opt-out
                already, which only the suppression list undoes.
        """
        now = self._clock()

        def work(rows: Rows) -> Row:
            reply = _locked(rows, resposta_id)
            if reply["decisao"] == request.decisao:
                return _shown(rows, resposta_id)
            if reply["decisao"] == ReplyDecision.DESCADASTRO:
                raise Conflict("resposta_resolvida", decisao=reply["decisao"])
            _settle(rows, identity, reply, request.decisao, now)
            return _shown(rows, resposta_id)

        return self._database.run(identity.tenant_id, work)


def _settle(rows: Rows, identity: Identity, reply: Row, decision: ReplyDecision, now: datetime) -> None:
    if decision is ReplyDecision.DESCADASTRO:
        _suppress(rows, reply, now)
    resposta_id = reply["resposta_id"]
    rows.run("settle_resposta", resposta_id=resposta_id, decisao=decision.value, por=identity.subject, agora=now)
    # The sweep wakes them up.
    rows.run("release_reviewed_disparos", canal=reply["canal"], contato=reply["contato"], agora=now)
    events.record(rows, "resposta.resolved", now, resposta_id=resposta_id, decisao=decision.value, por=identity.subject)


def _suppress(rows: Rows, reply: Row, now: datetime) -> None:
    """The contact of the reply; without one, every contact of its lead on the channel: nobody knows which it was."""
    canal = reply["canal"]
    contacts = [reply["contato"]] if reply["contato"] is not None else []
    if not contacts and reply["lead_id"] is not None:
        of_lead = rows.all("list_contatos_of_lead", lead_id=reply["lead_id"])
        contacts = [each["contato"] for each in of_lead if each["canal"] == canal]
    if not contacts:
        raise Conflict("resposta_sem_contato")
    entries = [
        {"canal": canal, "contato": contato, "supressao_id": supressao_id, "disparo_id": reply["disparo_id"]}
        for contato, supressao_id in zip(contacts, new_ids(now, len(contacts)), strict=True)
    ]
    rows.run(
        "insert_supressoes", contatos=json.dumps(entries, default=str), motivo=SuppressionReason.RESPOSTA.value,
        por=None, nota=None, agora=now,
    )  # fmt: skip


def _locked(rows: Rows, resposta_id: UUID) -> Row:
    return _known(rows.one("lock_resposta", resposta_id=resposta_id))


def _shown(rows: Rows, resposta_id: UUID) -> Row:
    return _known(rows.one("resposta_by_id", resposta_id=resposta_id))


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound("nao_encontrado")
    return row


def _meant(query: ReplyQuery) -> list[str] | None:
    """The contacts that the filter may mean, on every channel that it does not rule out."""
    if query.contato is None:
        return None
    canais = [query.canal] if query.canal else list(Canal)
    return [contato for canal in canais if (contato := canonical(canal, query.contato)) is not None]
