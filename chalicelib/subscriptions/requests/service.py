"""Keeps the subscriptions of a tenant: where events go, which ones, and the secrets that deliveries are signed with."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from chalicelib.adapters.addresses import AddressOf, NotPublic
from chalicelib.adapters.calls import NO_CONNECTION
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import Identity
from chalicelib.ids import new_id
from chalicelib.pages import PageQuery, page_of
from chalicelib.subscriptions.keys import SigningSecrets
from chalicelib.subscriptions.requests.models import NewSubscription, SubscriptionChange
from chalicelib.subscriptions.states import SubscriptionStatus
from chalicelib.versions import ExpectedVersion

MOST_SUBSCRIPTIONS = 20
"""Of one tenant: each event is written once for each of them."""


class Subscriptions:
    """The subscriptions of a tenant; `database` is the API's login.

    `address_of` returns the public address of a host; None: every address is allowed, with or without TLS.
    """

    def __init__(
        self, *, database: Database, signing: SigningSecrets, address_of: AddressOf | None, clock: Clock
    ) -> None:
        self._database = database
        self._signing = signing
        self._address_of = address_of
        self._clock = clock

    def create(self, identity: Identity, request: NewSubscription, key: IdempotencyKey | None = None) -> Row:
        """Create a subscription, with its secret in the answer: nobody can look that up later, the same key included.

        Raises:
            Invalid: `receptor_invalido`, the URL cannot be used.
            Conflict: `assinaturas_demais`.
            Unavailable: Secrets Manager does not answer.
        """
        self._check_url(request.url)
        now, tenant_id = self._clock(), identity.tenant_id
        self._database.run(tenant_id, _check_room)
        assinatura_id = new_id(now)
        segredo = self._signing.rotate(tenant_id, assinatura_id, 1)

        def work(rows: Rows) -> Row:
            _check_room(rows)
            rows.run(
                "insert_assinatura",
                assinatura_id=assinatura_id,
                url=request.url,
                eventos=[each.value for each in request.eventos],
                descricao=request.descricao,
                agora=now,
                por=identity.subject,
            )
            return _found(rows, assinatura_id)

        try:
            made = self._database.run(tenant_id, once(key, now, work, is_secret=True))
        except Exception:
            self._signing.forget(tenant_id, assinatura_id)
            raise
        return {**made, "segredo": segredo}

    def page(self, identity: Identity, query: PageQuery) -> dict[str, Any]:
        """A page of subscriptions, newest first.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {"depois": query.after(UUID), "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(identity.tenant_id, lambda rows: rows.all("list_assinaturas", **params))
        return page_of(found, query.limit, lambda row: row["assinatura_id"])

    def get(self, identity: Identity, assinatura_id: UUID) -> Row:
        """One subscription.

        Raises:
            NotFound: the tenant has no such subscription.
        """
        return self._database.run(identity.tenant_id, lambda rows: _found(rows, assinatura_id))

    def change(
        self,
        identity: Identity,
        assinatura_id: UUID,
        request: SubscriptionChange,
        expected: ExpectedVersion | None = None,
    ) -> Row:
        """Change some fields. Switching off cancels what waits; switching on forgets earlier failures.

        Raises:
            NotFound: the tenant has no such subscription.
            Invalid: `receptor_invalido`, the URL cannot be used.
            PreconditionFailed: `versao_mudou`, the subscription is not as expected any more.
        """
        if request.url is not None:
            self._check_url(request.url)
        now = self._clock()

        def work(rows: Rows) -> Row:
            before = rows.one("lock_assinatura", assinatura_id=assinatura_id)
            if before is None:
                raise NotFound("nao_encontrado")
            if expected is not None:
                expected.check(_found(rows, assinatura_id))
            given = request.model_fields_set
            rows.run(
                "update_assinatura",
                assinatura_id=assinatura_id,
                url=request.url if request.url is not None else before["url"],
                eventos=[each.value for each in request.eventos] if request.eventos is not None else before["eventos"],
                descricao=request.descricao if "descricao" in given else before["descricao"],
                agora=now,
                por=identity.subject,
            )
            if request.ativa is True and before["status"] != SubscriptionStatus.ATIVA:
                rows.run("switch_assinatura_on", assinatura_id=assinatura_id)
            if request.ativa is False and before["status"] == SubscriptionStatus.ATIVA:
                rows.run("switch_assinatura_off", assinatura_id=assinatura_id, codigo=None, agora=now)
                rows.run("cancel_entregas", assinatura_id=assinatura_id)
            return _found(rows, assinatura_id)

        return self._database.run(identity.tenant_id, work)

    def delete(self, identity: Identity, assinatura_id: UUID) -> None:
        """Delete a subscription with its deliveries and its secret.

        Raises:
            NotFound: the tenant has no such subscription.
            Unavailable: Secrets Manager does not answer; the subscription is still there.
        """
        self.get(identity, assinatura_id)
        self._signing.forget(identity.tenant_id, assinatura_id)
        self._database.run(identity.tenant_id, lambda rows: rows.run("delete_assinatura", assinatura_id=assinatura_id))

    def rotate_secret(self, identity: Identity, assinatura_id: UUID, key: IdempotencyKey | None = None) -> Row:
        """Make a new secret and show it this once. For 24 hours deliveries are signed with the one before, too.

        Raises:
            NotFound: the tenant has no such subscription.
            Unavailable: Secrets Manager does not answer.
        """
        now, tenant_id = self._clock(), identity.tenant_id

        def work(rows: Rows) -> Row:
            # Two rotations at once take turns: neither drops the value of the other.
            before = rows.one("lock_assinatura", assinatura_id=assinatura_id)
            if before is None:
                raise NotFound("nao_encontrado")
            versao = before["segredo_versao"] + 1
            segredo = self._signing.rotate(tenant_id, assinatura_id, versao)
            rows.run(
                "mark_segredo_rotated", assinatura_id=assinatura_id, versao=versao, agora=now, por=identity.subject
            )
            return {**_found(rows, assinatura_id), "segredo": segredo}

        return self._database.run(tenant_id, once(key, now, work, is_secret=True))

    def _check_url(self, url: str) -> None:
        """Refuse a URL that deliveries could not go to: without TLS, or not at a public address."""
        if self._address_of is None:
            return
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise _invalid("url_sem_tls", "https")
        try:
            self._address_of(str(parts.hostname), parts.port or 443)
        except NotPublic:
            raise _invalid("endereco_interno", str(parts.hostname)) from None
        except OSError:
            raise _invalid("receptor_inacessivel", NO_CONNECTION) from None


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid("receptor_invalido", (FieldError("/url", code, detail),))


def _check_room(rows: Rows) -> None:
    counted = rows.one("count_assinaturas") or {}
    if counted["total"] >= MOST_SUBSCRIPTIONS:
        raise Conflict("assinaturas_demais", maximo=MOST_SUBSCRIPTIONS)


def _found(rows: Rows, assinatura_id: UUID) -> Row:
    row = rows.one("assinatura_by_id", assinatura_id=assinatura_id)
    if row is None:
        raise NotFound("nao_encontrado")
    return row
