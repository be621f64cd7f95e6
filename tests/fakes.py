"""Stand-ins that record, and what a test of dispatch needs to set a scene or to look at what is left."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import Message
from chalicelib.dispatch.outcomes import Attempt, Outcome, OutgoingMessage
from chalicelib.ids import new_id
from local.aws import Aws
from tests.builders import TENANT, ask, insert, literal
from tests.conftest import STARTED_AT

# What a row must hold beside its status (migration 004).
_COLUMNS_OF_STATUS: dict[str, dict[str, object]] = {
    "enviando": {"lease_dono": UUID(int=7), "lease_ate": STARTED_AT + timedelta(minutes=3), "tentativas": 1},
    "enviado": {"enviado_em": STARTED_AT, "tentativas": 1},
    "confirmado": {"enviado_em": STARTED_AT, "confirmado_em": STARTED_AT, "tentativas": 1},
    "erro": {"erro_codigo": "131026", "ultimo_codigo": "131026", "tentativas": 1},
    "incerto": {"erro_codigo": "x", "ultimo_codigo": "x", "em_duvida": True, "tentativas": 1},
    "simulado": {"erro_codigo": "envio_desligado"},
}
_EMPTY: dict[str, object] = {
    "lease_dono": None,
    "lease_ate": None,
    "enviado_em": None,
    "confirmado_em": None,
    "erro_codigo": None,
    "ultimo_codigo": None,
    "em_duvida": False,
    "tentativas": 0,
}


def columns_of(status: str) -> dict[str, object]:
    """A status with everything that must come with it."""
    return {**_EMPTY, **_COLUMNS_OF_STATUS.get(status, {}), "status": status}


def a_disparo(
    database: Database,
    lead_id: UUID,
    *,
    tenant_id: str = TENANT,
    status: str = "pendente",
    criado_em: datetime = STARTED_AT,
    **columns: object,
) -> UUID:
    """A disparo by WhatsApp with the template `oi`, due since it was created, in whatever state."""
    disparo_id = new_id(criado_em)
    given = {
        "tenant_id": tenant_id,
        "disparo_id": disparo_id,
        "lead_id": lead_id,
        "canal": "whatsapp",
        "contato_id": UUID(int=1),
        "destino": "+5571999990001",
        "template": "oi",
        "template_versao": 1,
        "variaveis": {"nome": "Maria"},
        "enviar_apos": criado_em,
        "criado_em": criado_em,
        "atualizado_em": criado_em,
    }
    insert(database, "disparos", **(given | columns_of(status) | columns))
    return disparo_id


def disparo(database: Database, disparo_id: UUID, *columns: str) -> list[Any]:
    """Some columns of a disparo as they stand."""
    (row,) = ask(database, f"SELECT {', '.join(columns)} FROM disparos WHERE disparo_id = {literal(disparo_id)}")
    return row


def event_of(*disparo_ids: UUID, tenant_id: str = TENANT) -> dict[str, Any]:
    """The SQS event of Lambda that wakes these up."""
    bodies = [{"tenant_id": tenant_id, "disparo_id": str(disparo_id)} for disparo_id in disparo_ids]
    return {"Records": [{"messageId": str(n), "body": json.dumps(body)} for n, body in enumerate(bodies)]}


def queued(aws: Aws, queue: str) -> list[dict[str, Any]]:
    """The messages that can be taken from a queue now, taken: their `body`, and `attributes` by name."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages", []
    ):
        for each in messages:
            attributes = {name: value["StringValue"] for name, value in each.get("MessageAttributes", {}).items()}
            found.append({"body": json.loads(each["Body"]), "attributes": attributes})
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return found


def delayed(aws: Aws, queue: str) -> int:
    """How many messages of a queue wait for their delay to pass."""
    sqs = aws.client("sqs")
    names = ["ApproximateNumberOfMessagesDelayed"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])


def schedules(aws: Aws, group: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """The one-time schedules of a group by name: when, and what they send."""
    scheduler = aws.client("scheduler")
    names = [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]]
    found = {name: scheduler.get_schedule(Name=name, GroupName=group) for name in names}
    return {name: (each["ScheduleExpression"], json.loads(each["Target"]["Input"])) for name, each in found.items()}


class FakeSender:
    """Remembers what it was given; `answer` says what becomes of each message, or raises."""

    def __init__(self, answer: Callable[[OutgoingMessage], Outcome], *, is_idempotent: bool = False) -> None:
        self.is_idempotent = is_idempotent
        self.asks_after = None
        self.sent: list[OutgoingMessage] = []
        self._answer = answer

    def send(self, mensagens: Sequence[OutgoingMessage]) -> list[Attempt]:
        self.sent += mensagens
        return [Attempt(self._answer(each), 0.05) for each in mensagens]


class FakeSenders:
    """Senders by channel."""

    def __init__(self, **by_canal: FakeSender) -> None:
        self._by_canal = by_canal

    def open(self, canal: str) -> FakeSender:
        return self._by_canal[canal]

    def own(self, tenant_id: str, canal: str, _: object) -> FakeSender:
        return self._by_canal[f"{tenant_id}_{canal}"]


class FakeQueues:
    """Remembers the messages of each queue, and for how long each was to be held back."""

    def __init__(self) -> None:
        self.sent: defaultdict[str, list[Message]] = defaultdict(list)

    def send(self, queue: str, messages: Iterable[Message]) -> None:
        self.sent[queue] += messages

    def take(self, queue: str) -> list[Message]:
        """What is there, taken."""
        return self.sent.pop(queue, [])


class FakeSchedules:
    """Remembers the one-time schedules by name."""

    def __init__(self) -> None:
        self.made: dict[str, datetime] = {}

    def create(self, name: str, quando: datetime, queue: str, body: Mapping[str, object]) -> None:
        self.made[name] = quando

    def delete(self, name: str) -> None:
        self.made.pop(name, None)
