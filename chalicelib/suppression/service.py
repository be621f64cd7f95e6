"""Keeps the list of those who are not written to: by hand, and by the link that their messages carry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_id
from chalicelib.pages import page_of
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.suppression.requests import NewSuppression, SuppressionQuery, SuppressionReason, SuppressionRemoval


class Suppressions:
    """The list of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, tenant_id: str, nova: NewSuppression) -> Row:
        """Put a contact on the list; one that is there already stays as it is, its reason too.

        A user's decision becomes the person's own where that is what is said now.

        Raises:
            Invalid: the contact is not one of the channel's.
        """
        contato = canonical(nova.canal, nova.contato)
        if contato is None:
            wrong = FieldError("/contato", "contato_de_supressao_invalido", nova.canal.value)
            raise Invalid("requisicao_invalida", (wrong,))
        now = self._clock()
        place = {"tenant_id": tenant_id, "canal": nova.canal.value, "contato": contato}
        with self._database.transaction(tenant_id) as rows:
            rows.run("insert_supressao", **place, supressao_id=new_id(now), motivo=nova.motivo.value, agora=now)
            return _known(rows.one("supressao_by_contato", **place))

    def page(self, tenant_id: str, query: SuppressionQuery) -> dict[str, Any]:
        """A page of the list, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        with self._database.transaction(tenant_id) as rows:
            found = rows.all(
                "list_supressoes",
                tenant_id=tenant_id,
                antes=query.after(UUID),
                canal=query.canal and query.canal.value,
                motivo=query.motivo and query.motivo.value,
                contatos=_meant(query),
                limite=query.limit + 1,
                pular=query.offset or 0,
            )
        return page_of(found, query.limit, lambda row: row["supressao_id"])

    def remove(self, identity: Identity, supressao_id: UUID, remocao: SuppressionRemoval) -> None:
        """Take a contact off the list, which is for administrators, and leaves an event that says who did it.

        A person who opted out is written to again only after a new consent (LGPD, Lei 13.709/2018, art. 8 § 5 and
        art. 18 IX): the administrator says that there is one.

        Raises:
            Forbidden: the caller is no administrator.
            NotFound: the tenant has no such entry.
            Conflict: `consentimento_exigido`; it was the person's own wish, and no new consent is claimed.
        """
        identity.require(ADMIN)
        with self._database.transaction(identity.tenant_id) as rows:
            place = {"tenant_id": identity.tenant_id, "supressao_id": supressao_id}
            motivo = _known(rows.one("lock_supressao", **place))["motivo"]
            if motivo != SuppressionReason.MANUAL and not remocao.novo_consentimento:
                raise Conflict("consentimento_exigido")
            rows.run("delete_supressao", **place)
            events.record(
                rows, identity.tenant_id, "supressao.removed", self._clock(), supressao_id=supressao_id, motivo=motivo,
                novo_consentimento=remocao.novo_consentimento, por=identity.subject,
            )  # fmt: skip


class Unsubscribes:
    """What a person does who follows the link in a message: no login, a signed token; `database` is the API's."""

    def __init__(self, *, database: Database, links: UnsubscribeLinks, clock: Clock) -> None:
        self._database = database
        self._links = links
        self._clock = clock

    def look(self, token: str) -> None:
        """Whether the link is one of ours; nothing changes, for programs follow links too (RFC 8058, section 1).

        Raises:
            NotFound: `descadastro_desconhecido`.
        """
        self._links.read(token)

    def confirm(self, token: str) -> None:
        """Put the contact that the message went to on the list; doing so again changes nothing.

        Raises:
            NotFound: `descadastro_desconhecido`.
        """
        mensageiro = self._links.read(token)
        now = self._clock()
        with self._database.transaction(mensageiro.tenant_id) as rows:
            disparo = rows.one("disparo_by_id", **mensageiro._asdict())
            if disparo is None:
                raise NotFound("descadastro_desconhecido")
            rows.run(
                "insert_supressoes_of_disparos",
                tenant_ids=[mensageiro.tenant_id],
                disparo_ids=[mensageiro.disparo_id],
                supressao_ids=[new_id(now)],
                motivo=SuppressionReason.DESCADASTRO.value,
                agora=now,
            )


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
