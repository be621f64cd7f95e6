"""The suppression list: kept by hand, and by the unsubscribe links that e-mails carry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_id
from chalicelib.pages import page_of
from chalicelib.searches import take_seat
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.suppression.requests import NewSuppression, SuppressionQuery, SuppressionReason, SuppressionRemoval


class Suppressions:
    """The list of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, tenant_id: str, request: NewSuppression) -> Row:
        """Put a contact on the list; one that is there already keeps its reason.

        One exception: a `manual` entry takes the new reason if the person asks for it now.

        Raises:
            Invalid: the text is not one valid contact of the channel.
        """
        contato = canonical(request.canal, request.contato)
        if contato is None:
            error = FieldError("/contato", "contato_de_supressao_invalido", request.canal.value)
            raise Invalid("requisicao_invalida", (error,))
        now = self._clock()
        contact = {"canal": request.canal.value, "contato": contato}
        entry = {"supressao_id": new_id(now), "motivo": request.motivo.value, "agora": now}

        def work(rows: Rows) -> Row:
            rows.run("insert_supressao", **contact, **entry)
            return _known(rows.one("supressao_by_contato", **contact))

        return self._database.run(tenant_id, work)

    def page(self, tenant_id: str, query: SuppressionQuery) -> dict[str, Any]:
        """A page of the list, newest first.

        Raises:
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        params = {
            "antes": query.after(UUID),
            "canal": query.canal and query.canal.value,
            "motivo": query.motivo and query.motivo.value,
            "contatos": _meant(query),
            "limite": query.limit + 1,
            "pular": query.offset or 0,
        }

        def work(rows: Rows) -> list[Row]:
            if query.reads_much():
                take_seat(rows)
            return rows.all("list_supressoes", **params)

        return page_of(self._database.run(tenant_id, work), query.limit, lambda row: row["supressao_id"])

    def remove(self, identity: Identity, supressao_id: UUID, removal: SuppressionRemoval) -> None:
        """Take a contact off the list and record an event that says who did it.

        A person who opted out gets messages again only after a new consent (LGPD, Lei 13.709/2018, art. 8 § 5 and
        art. 18 IX). The administrator states that there is one.

        Raises:
            Forbidden: the caller is not an administrator.
            NotFound: the tenant has no such entry.
            Conflict: `consentimento_exigido`; the person asked for it, and no new consent is stated.
        """
        identity.require(ADMIN)

        def work(rows: Rows) -> None:
            reason = _known(rows.one("lock_supressao", supressao_id=supressao_id))["motivo"]
            if reason != SuppressionReason.MANUAL and not removal.novo_consentimento:
                raise Conflict("consentimento_exigido")
            rows.run("delete_supressao", supressao_id=supressao_id)
            events.record(
                rows, "supressao.removed", self._clock(), supressao_id=supressao_id, motivo=reason,
                novo_consentimento=removal.novo_consentimento, por=identity.subject,
            )  # fmt: skip

        self._database.run(identity.tenant_id, work)


class Unsubscribes:
    """Unsubscribing by the link of a message: no login, a signed token. `database` is the API's login."""

    def __init__(self, *, database: Database, links: UnsubscribeLinks, clock: Clock) -> None:
        self._database = database
        self._links = links
        self._clock = clock

    def look(self, token: str) -> None:
        """Check that the link is one of ours. Nothing changes, because programs follow links too (RFC 8058, section 1).

        Raises:
            NotFound: `descadastro_desconhecido`.
        """
        self._links.read(token)

    def confirm(self, token: str) -> None:
        """Put the contact that the message went to on the list; a second time changes nothing.

        Raises:
            NotFound: `descadastro_desconhecido`.
        """
        linked = self._links.read(token)
        now = self._clock()
        params = {
            "tenant_ids": [linked.tenant_id],
            "disparo_ids": [linked.disparo_id],
            "supressao_ids": [new_id(now)],
            "motivo": SuppressionReason.DESCADASTRO.value,
            "agora": now,
        }

        def work(rows: Rows) -> None:
            if rows.one("disparo_by_id", disparo_id=linked.disparo_id) is None:
                raise NotFound("descadastro_desconhecido")
            rows.run("insert_supressoes_of_disparos", **params)

        self._database.run(linked.tenant_id, work)


def _meant(query: SuppressionQuery) -> list[str] | None:
    """The contacts that the filter may mean, on every channel that it does not rule out."""
    if query.contato is None:
        return None
    canais = [query.canal] if query.canal else list(Canal)
    return [contato for canal in canais if (contato := canonical(canal, query.contato)) is not None]


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound("nao_encontrado")
    return row
