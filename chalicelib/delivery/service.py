"""Receives what providers post: checks the sender, reads the body, and applies it.

A webhook has no login. Its URL carries a key that we signed, which names the tenant; everything is then done in that
tenant's scope, as the login that row-level security binds. The signature over the body proves that the provider wrote
it: under the tenant's own secret if there is one, else under the secret of the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.adapters.secrets import Secrets
from chalicelib.canal import Canal
from chalicelib.delivery.providers.notices import DeliveryReport, ProviderNotice, ReportedStatus
from chalicelib.delivery.providers.post import ProviderPost
from chalicelib.delivery.providers.recognition import author_of, is_configured
from chalicelib.delivery.providers.signatures import is_shared
from chalicelib.delivery.replies import TakenReplies, remember_users, take_replies
from chalicelib.delivery.requests import ChallengeQuery, WebhookQuery
from chalicelib.delivery.settling import SettledReports, account_for, keep, settle
from chalicelib.errors import Forbidden, NotFound, TooLarge, Unauthenticated
from chalicelib.identity import Identity
from chalicelib.telemetry import Metric, count, logger
from chalicelib.tokens import Signer

MAX_BYTES = 3 * 1024 * 1024
"""The largest notification that Meta sends (Graph API, webhooks)."""
MAX_ITEMS = 1_000
"""The most reports and replies of one notification; Meta sends at most as many updates in one (the same source)."""


class _Admitted(NamedTuple):
    """The tenant of a webhook, and the secret by which its provider proves itself."""

    tenant_id: str
    secret: Mapping[str, Any]


class _Applied(NamedTuple):
    """What came of one request: what moved, how many reports are kept for later, and the replies."""

    settled: SettledReports
    kept: int
    taken: TakenReplies


class Webhooks:
    """The webhooks of all tenants; `database` is the API's login, `secret_of` gives a secret's full name."""

    def __init__(
        self,
        *,
        database: Database,
        secrets: Secrets,
        secret_of: Callable[[str], str],
        signer: Signer,
        public_url: str | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._secret_of = secret_of
        self._signer = signer
        self._public_url = public_url or ""
        self._clock = clock

    def addresses(self, identity: Identity) -> dict[str, Any]:
        """The URL of each channel's webhook, to be entered at the provider; a bare path if `public_url` is not set.

        Raises:
            Unavailable: there is no key to sign with.
        """
        tenant = identity.tenant_id.encode()
        return {
            "itens": [
                {
                    "canal": canal.value,
                    "url": self._url(canal, self._signer.sign(_purpose(canal), tenant)),
                }
                for canal in Canal
            ]
        }

    def verify(self, canal: str, query: ChallengeQuery) -> str:
        """The challenge of the request, if it carries the token that was agreed with Meta.

        Raises:
            NotFound: there is no such channel.
            Unauthenticated: the key is not one of ours.
            Forbidden: `desafio_recusado`.
        """
        token = self._admitted(_canal(canal), query).secret.get("verify_token")
        is_agreed = isinstance(token, str) and token and is_shared(token, query.verify_token)
        if query.mode != "subscribe" or not is_agreed:
            raise Forbidden("desafio_recusado")
        return query.challenge

    def receive(self, canal: str, query: WebhookQuery, headers: Mapping[str, str], raw: bytes) -> dict[str, int]:
        """Apply the body: how many disparos moved, how many reports are kept for later, how many replies it held.

        `sem_lead` counts the replies that are new and belong to no lead.

        Raises:
            NotFound: there is no such channel.
            TooLarge: the body is longer than `MAX_BYTES`, or holds more than `MAX_ITEMS` reports and replies.
            Unauthenticated: the key is not one of ours, or the body is not signed.
            Unreadable: the body is not in the format of the provider that signed it.
        """
        if len(raw) > MAX_BYTES:
            raise TooLarge("corpo_grande_demais", maximo=MAX_BYTES)
        known = _canal(canal)
        admitted = self._admitted(known, query)
        now = self._clock()
        notice = _read(admitted, ProviderPost(self._url(known, query.chave), headers, raw, now))
        if len(notice.reports) + len(notice.replies) > MAX_ITEMS:
            raise TooLarge("avisos_demais", maximo=MAX_ITEMS)
        done = self._database.run(admitted.tenant_id, lambda rows: _apply(rows, known, notice, now))
        account_for(admitted.tenant_id, done.settled.moves)
        count(Metric.DELIVERIES_UNMATCHED, done.kept, tenant_id=admitted.tenant_id)
        count(Metric.REPLIES_UNASSIGNED, done.taken.unassigned, tenant_id=admitted.tenant_id)
        return {
            "aplicados": len(done.settled.moves),
            "guardados": done.kept,
            "respostas": len(notice.replies),
            "sem_lead": done.taken.unassigned,
        }

    def _url(self, canal: Canal, chave: str) -> str:
        return f"{self._public_url}/webhooks/{canal}?chave={chave}"

    def _admitted(self, canal: Canal, query: WebhookQuery) -> _Admitted:
        """The tenant of the key, with the secret that its provider must know."""
        content = self._signer.read(_purpose(canal), query.chave)
        if content is None:
            raise Unauthenticated("chave_de_webhook_invalida")
        tenant_id = content.decode()
        own = self._secrets.find(self._secret_of(f"webhook-{canal}/{tenant_id}"))
        return _Admitted(tenant_id, own or self._secrets.find(self._secret_of(f"webhook-{canal}")) or {})


def _read(admitted: _Admitted, posted: ProviderPost) -> ProviderNotice:
    """What the request says, in the words of the provider that proves to have written it."""
    author = author_of(posted, admitted.secret)
    if author is None:
        if not is_configured(admitted.secret):
            logger.warning("webhook_not_configured", extra={"tenant_id": admitted.tenant_id})
        raise Unauthenticated("assinatura_invalida")
    return author.read(posted)


def _apply(rows: Rows, canal: Canal, notice: ProviderNotice, now: datetime) -> _Applied:
    """Apply the reports and replies of one request."""
    # Whoever quotes a message has received it.
    quoted = [DeliveryReport(each.quoted_id, ReportedStatus.ENTREGUE) for each in notice.replies if each.quoted_id]
    settled = settle(rows, canal, [*notice.reports, *quoted], now)
    kept = keep(rows, canal, settled.unmatched, now)
    remember_users(rows, canal, notice.users, now)
    return _Applied(settled, kept, take_replies(rows, canal, notice.replies, now))


def _canal(name: str) -> Canal:
    try:
        return Canal(name)
    except ValueError:
        raise NotFound("nao_encontrado") from None


def _purpose(canal: Canal) -> str:
    return f"webhook/{canal}"
