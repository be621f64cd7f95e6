"""Plays a provider that posts to the local API: the reply of a person, or the receipt of a message, signed."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx2

from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical
from local.aws import ADMIN_GROUP
from local.rest import ApiError, Rest
from local.stack import Stack

RECEIPTS: Mapping[str, str] = {"sent": "enviado", "delivered": "entregue", "read": "lido", "failed": "falhou"}
"""What a provider reports of a message: Meta's word, and that of our own shape, which e-mail uses."""


class NothingReceived(Exception):
    """No message was sent by the channel yet, so there is none to report about."""


class ProviderWebhook:
    """The webhook of one channel of a tenant, as its provider uses it."""

    def __init__(self, stack: Stack, tenant: str, canal: Canal) -> None:
        self._stack = stack
        self._tenant = tenant
        self._canal = canal

    def reply(self, sender: str, text: str, *, quoted: str | None, user_id: str | None) -> Any:
        """Post that a person wrote; what the API answers. A `wa_id` has only digits; a phone may have any spelling."""
        now = datetime.now(UTC)
        if self._canal is Canal.EMAIL:
            answer = {"de": sender, "texto": text, "id": str(uuid4()), "em_resposta_a": quoted, "usuario": user_id}
            return self._post({"respostas": [{**answer, "quando": now.isoformat()}]})
        phone = None if sender.isdecimal() else canonical(self._canal, sender)
        said: dict[str, Any] = {
            "from": (phone or sender).removeprefix("+"),
            "id": f"wamid.{uuid4().hex}",
            "timestamp": str(int(now.timestamp())),
            "type": "text",
            "text": {"body": text},
        }
        if user_id:
            said["from_user_id"] = user_id
        if quoted:
            said["context"] = {"id": quoted}
        return self._post(_of_meta({"messages": [said]}))

    def receipt(self, status: str, message_id: str | None, *, code: str | None) -> Any:
        """Post what became of a message, the newest by default; what the API answers.

        Raises:
            NothingReceived: there is no message.
        """
        known = message_id or self._newest()
        if self._canal is Canal.EMAIL:
            report = {"message_id": known, "situacao": RECEIPTS[status], "codigo": code}
            return self._post({"entregas": [report]})
        failure = {"errors": [{"code": int(code) if code and code.isdecimal() else code or 131026}]}
        report = {"id": known, "status": status, "timestamp": str(int(datetime.now(UTC).timestamp()))}
        return self._post(_of_meta({"statuses": [report | (failure if status == "failed" else {})]}))

    def _newest(self) -> str:
        messages = httpx2.get(f"{self._stack.url(self._canal)}/admin/recebidas").raise_for_status().json()
        if not messages:
            raise NothingReceived(f"no message was sent by {self._canal} yet")
        return str(messages[-1]["message_id"])

    def _post(self, document: Mapping[str, object]) -> Any:
        raw = json.dumps(document, ensure_ascii=False).encode()
        api = self._stack.url("api")
        with Rest(api, self._stack.token(self._tenant, [ADMIN_GROUP])) as rest:
            every = rest.ask("GET", "/tenant/webhooks")["itens"]
        [url] = [each["url"] for each in every if each["canal"] == self._canal]
        response = httpx2.post(
            api + url[url.index("/webhooks/") :], content=raw, timeout=60,
            headers={"Content-Type": "application/json", **self._signature(raw)},
        )  # fmt: skip
        if response.is_error:
            raise ApiError(response.status_code, response.json())
        return response.json()

    def _signature(self, raw: bytes) -> dict[str, str]:
        aws = self._stack.aws()
        try:
            name = self._stack.settings().secret(f"webhook-{self._canal}")
            secret = json.loads(aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
        finally:
            aws.close()
        if self._canal is Canal.EMAIL:
            return {"X-Webhook-Secret": secret["segredo"]}
        return {"X-Hub-Signature-256": "sha256=" + hmac.digest(secret["app_secret"].encode(), raw, sha256).hex()}


def _of_meta(value: Mapping[str, object]) -> dict[str, object]:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
