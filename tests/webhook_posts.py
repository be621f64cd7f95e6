"""What providers post to a webhook, signed as they sign it."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any
from uuid import UUID
from zlib import crc32

from chalicelib.adapters.database import Database
from chalicelib.delivery.requests import WebhookQuery
from chalicelib.delivery.service import Webhooks
from chalicelib.identity import ADMIN, Identity
from tests.builders import TENANT, a_disparo, ask
from tests.conftest import STARTED_AT

APP_SECRET = "segredo-do-app"
SHARED = "segredo-combinado"
VERIFY_TOKEN = "token-de-verificacao"
WAMID = "wamid.HBgMNTU3MTk5OTk5MDAwMRUCABEYEjQ="
PREFIX = "/alquimista/dev/disparo-agenda"
PHONE = "+5571999990001"


def key_of(webhooks: Webhooks, canal: str = "whatsapp", tenant_id: str = TENANT) -> str:
    """The signed key in the URL of a webhook."""
    addresses = webhooks.addresses(Identity(tenant_id, "u", frozenset({ADMIN})))["itens"]
    [url] = [each["url"] for each in addresses if each["canal"] == canal]
    return str(url.partition("chave=")[2])


def signed(raw: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()}


def of_meta(**value: Any) -> bytes:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def status(reported: str, message_id: str = WAMID, **fields: Any) -> dict[str, Any]:
    failure = {"errors": [{"code": 131000}]} if reported == "failed" else {}
    return {"id": message_id, "status": reported, "timestamp": "1", "recipient_id": "557199990001", **failure, **fields}


def message(text: str, sender: str = "557199990001", **fields: Any) -> dict[str, Any]:
    """A message of a person; the same words of the same sender are the same message."""
    message_id = f"wamid.{crc32(f'{sender} {text}'.encode()):08x}"
    return {"from": sender, "id": message_id, "timestamp": "1", "type": "text", "text": {"body": text}, **fields}


def post_meta(webhooks: Webhooks, *, tenant_id: str = TENANT, **value: Any) -> dict[str, int]:
    """Post a notification as Meta does; the answer."""
    raw = of_meta(**value)
    query = WebhookQuery(chave=key_of(webhooks, tenant_id=tenant_id))
    return webhooks.receive("whatsapp", query, signed(raw), raw)


def post_simple(webhooks: Webhooks, canal: str = "email", **document: Any) -> dict[str, int]:
    """Post a document in our own shape; the answer."""
    raw = json.dumps(document).encode()
    return webhooks.receive(canal, WebhookQuery(chave=key_of(webhooks, canal)), {"x-webhook-secret": SHARED}, raw)


def a_sent_disparo(
    owner: Database, lead_id: UUID, *, tenant_id: str = TENANT, message_id: str = WAMID, **columns: object
) -> UUID:
    return a_disparo(
        owner, lead_id, tenant_id=tenant_id, status="enviado", criado_em=STARTED_AT, provider_message_id=message_id,
        **columns,
    )  # fmt: skip


def suppressed(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT canal, contato, motivo FROM supressoes ORDER BY 1, 2")
