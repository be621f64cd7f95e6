"""Takes what providers post: proves whom it comes from, reads it, and has it settled.

A webhook has no login. Its URL carries a key that we signed, which says whose it is; everything is then done in that
tenant's scope, as the login that row-level security binds. That it was the provider who wrote the body, the signature
over it says: under a secret of the tenant's own where there is one, else under the one of the stage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows, retried
from chalicelib.adapters.secrets import Secrets
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from chalicelib.delivery.replies import is_opt_out
from chalicelib.delivery.requests import ChallengeQuery, WebhookQuery
from chalicelib.delivery.settling import SettledReports, account_for, keep, settle
from chalicelib.delivery.signatures import is_shared, is_signed_by_meta
from chalicelib.delivery.statuses import (
    DeliveryReport,
    InboundReply,
    ProviderNotice,
    ReportedStatus,
    read_meta,
    read_simple,
)
from chalicelib.errors import Forbidden, NotFound, TooLarge, Unauthenticated, Unreadable
from chalicelib.identity import ADMIN, Identity
from chalicelib.ids import new_id
from chalicelib.leads.states import LeadFact, move_of
from chalicelib.suppression.requests import SuppressionReason
from chalicelib.telemetry import Metric, count, logger
from chalicelib.tokens import Signer

MAX_BYTES = 3 * 1024 * 1024
"""The largest notification that Meta sends (Graph API, webhooks)."""
META_HEADER = "x-hub-signature-256"
SECRET_HEADER = "x-webhook-secret"  # noqa: S105 - the name of a header

Read = Callable[[Mapping[str, Any]], ProviderNotice]


class _Admitted(NamedTuple):
    """Whose webhook it is, and its secret: `app_secret` and `verify_token` are Meta's, `segredo` is for others."""

    tenant_id: str
    secret: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """One value of the secret; an empty one is none."""
        value = self.secret.get(name)
        return value if isinstance(value, str) and value else None


class Webhooks:
    """`database` is the API's login; `secret_of` gives the name of a secret by its short name."""

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
        """The URL of each channel's webhook, to be entered at its provider; a bare path if nobody said where we are.

        Raises:
            Forbidden: the caller is no administrator.
            Unavailable: there is no key to sign with.
        """
        identity.require(ADMIN)
        tenant = identity.tenant_id.encode()
        return {
            "itens": [
                {
                    "canal": canal.value,
                    "url": f"{self._public_url}/webhooks/{canal}?chave={self._signer.sign(_purpose(canal), tenant)}",
                }
                for canal in Canal
            ]
        }

    def verify(self, canal: str, query: ChallengeQuery) -> str:
        """The challenge back, if whoever asks knows the token that was agreed with Meta.

        Raises:
            NotFound: there is no such channel.
            Unauthenticated: the key is none.
            Forbidden: `desafio_recusado`.
        """
        token = self._admitted(_canal(canal), query).text("verify_token")
        if query.mode != "subscribe" or token is None or not is_shared(token, query.verify_token):
            raise Forbidden("desafio_recusado")
        return query.challenge

    def receive(self, canal: str, query: WebhookQuery, headers: Mapping[str, str], raw: bytes) -> dict[str, int]:
        """Do what the body says; how many disparos moved, how many statuses are kept for later, how many answers.

        Raises:
            NotFound: there is no such channel.
            TooLarge: the body is longer than `MAX_BYTES`.
            Unauthenticated: the key is none, or the body is not signed.
            Unreadable: the body is no JSON object.
        """
        if len(raw) > MAX_BYTES:
            raise TooLarge("corpo_grande_demais", maximo=MAX_BYTES)
        known = _canal(canal)
        admitted = self._admitted(known, query)
        read = _reader(admitted, headers, raw)
        aviso = read(_document(raw))
        acerto, kept = retried(lambda: self._settle(admitted.tenant_id, known, aviso))
        account_for(admitted.tenant_id, acerto.movimentos)
        count(Metric.DELIVERIES_UNMATCHED, kept, tenant_id=admitted.tenant_id)
        return {"aplicados": len(acerto.movimentos), "guardados": kept, "respostas": len(aviso.respostas)}

    def _settle(self, tenant_id: str, canal: Canal, aviso: ProviderNotice) -> tuple[SettledReports, int]:
        now = self._clock()
        quoted = [
            DeliveryReport(each.em_resposta_a, ReportedStatus.ENTREGUE)
            for each in aviso.respostas
            if each.em_resposta_a
        ]
        with self._database.transaction(tenant_id) as rows:
            acerto = settle(rows, tenant_id, canal.value, [*aviso.entregas, *quoted], now)
            kept = keep(rows, tenant_id, canal.value, acerto.sobras, now)
            for each in aviso.respostas:
                _answer(rows, tenant_id, canal, each, now)
        return acerto, kept

    def _admitted(self, canal: Canal, query: WebhookQuery) -> _Admitted:
        """Whose key it is, with the secret that its provider must know."""
        content = self._signer.read(_purpose(canal), query.chave)
        if content is None:
            raise Unauthenticated("chave_de_webhook_invalida")
        tenant_id = content.decode()
        own = self._secrets.find(self._secret_of(f"webhook-{canal}/{tenant_id}"))
        return _Admitted(tenant_id, own or self._secrets.find(self._secret_of(f"webhook-{canal}")) or {})


def _reader(admitted: _Admitted, headers: Mapping[str, str], raw: bytes) -> Read:
    """How to read the body, which is known by how it was signed."""
    app_secret, signature = admitted.text("app_secret"), headers.get(META_HEADER)
    if app_secret and signature and is_signed_by_meta(app_secret, raw, signature):
        return read_meta
    shared, given = admitted.text("segredo"), headers.get(SECRET_HEADER)
    if shared and given and is_shared(shared, given):
        return read_simple
    if not app_secret and not shared:
        logger.warning("webhook_not_configured", extra={"tenant_id": admitted.tenant_id})
    raise Unauthenticated("assinatura_invalida")


def _answer(rows: Rows, tenant_id: str, canal: Canal, resposta: InboundReply, now: datetime) -> None:
    """Whoever answers was reached; whoever asks for it is left in peace from now on, known to us as a lead or not."""
    contato = canonical(canal, _dialled(resposta.de))
    if contato is None:
        return
    place = {"tenant_id": tenant_id, "canal": canal.value, "contato": contato}
    lead_ids = [row["lead_id"] for row in rows.all("list_leads_of_contato", **place)]
    if lead_ids:
        de, para = move_of(LeadFact.DISPARO_CONFIRMADO)
        rows.all("lock_leads", tenant_id=tenant_id, lead_ids=lead_ids)
        rows.run("move_leads", tenant_id=tenant_id, lead_ids=lead_ids, de=de, para=para, agora=now)
    if is_opt_out(resposta.texto):
        rows.run(
            "insert_supressao", **place, supressao_id=new_id(now), motivo=SuppressionReason.RESPOSTA.value, agora=now
        )


def _dialled(de: str) -> str:
    """A `wa_id` is a number in full without its `+`; whether it has its ninth digit is `canonical`'s to see."""
    return f"+{de}" if de.isascii() and de.isdigit() else de


def _document(raw: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unreadable("corpo_nao_e_json") from None
    if not isinstance(document, dict):
        raise Unreadable("corpo_nao_e_json")
    return document


def _canal(name: str) -> Canal:
    try:
        return Canal(name)
    except ValueError:
        raise NotFound("nao_encontrado") from None


def _purpose(canal: Canal) -> str:
    return f"webhook/{canal}"
