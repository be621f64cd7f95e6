"""`Idempotency-Key`: a request takes effect once for each key, and gets its first answer when it is repeated.

The key is claimed, the effect made and the answer kept in one transaction. So a crash leaves all of it or nothing, and
a refusal keeps nothing. A key belongs to one tenant, one operation and one caller. After `KEPT` it is forgotten.

An effect that takes more than one transaction notes what it has begun (`begun`, `begin`), and ends with `once`. A
repeated request then goes on where the first one stopped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote
from uuid import UUID

from chalicelib.encoding import to_json
from chalicelib.errors import Conflict, FieldError, Invalid, UnderWay

KEPT = timedelta(hours=24)
"""How long a key is remembered, with its answer."""
HEADER = "Idempotency-Key"
PATTERN = "^[!-~]+$"
"""The characters of a key: visible ASCII."""
_POINTER = f"header/{HEADER}"
_KEY = re.compile("[!-~]{1,255}")
_OF_PEOPLE = frozenset({"lead_id", "documento"})
_CONTACT = re.compile(r"\+[0-9]+|[^\s@]+@[^\s@]+")


class KeyedRows(Protocol):
    """An open transaction of one tenant."""

    def one(self, query: str, **params: object) -> dict[str, Any] | None:
        """The first row of a named query, or None."""
        ...

    def run(self, query: str, **params: object) -> int:
        """Run a named query."""
        ...


R = TypeVar("R", bound=KeyedRows)
T = TypeVar("T")


class Replayed(Exception):
    """The request was carried out before: `status` and `body` are its first answer."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class IdempotencyKey(NamedTuple):
    """The key of one request. Of what the client wrote, there are digests (SHA-256) alone."""

    digest: bytes
    """Of the operation, the caller and the key."""
    fingerprint: bytes
    """Of the key and the request. Without the key, nobody can try which request has this fingerprint."""
    status: int
    """Of a successful answer."""
    lead_ids: tuple[str, ...]
    """The lead in the path, if there is one: the answer is about it."""

    @classmethod
    def of(
        cls, key: str, *, operation: str, subject: str, parameters: Mapping[str, str], body: bytes, status: int
    ) -> IdempotencyKey:
        """The key of a request; `operation` is its method and its route, `parameters` are those of its path.

        Raises:
            Invalid: `chave_de_idempotencia_invalida`.
        """
        if _KEY.fullmatch(key) is None:
            raise _refusal("chave_de_idempotencia_invalida")
        request = json.dumps(parameters, sort_keys=True).encode() + b"\n" + _canonical(body)
        return cls(
            _digest(operation.encode(), subject.encode(), key.encode()),
            _digest(key.encode(), request),
            status,
            _lead_ids(parameters),
        )


def once(
    key: IdempotencyKey | None,
    now: datetime,
    work: Callable[[R], T],
    *,
    answer: Callable[[T], object] = lambda made: made,
    is_secret: bool = False,
) -> Callable[[R], T]:
    """`work` for one transaction, which it does only if no request with this key was carried out before.

    `answer` makes the answer of what `work` returns. A secret one is shown once: what is kept is that it was.

    Raises, in the transaction:
        Replayed: this very request was answered before.
        Invalid: `chave_de_idempotencia_reutilizada`, the key was used for another request.
        UnderWay: another request has the key at this moment.
        Conflict: `resposta_nao_guardada`, the request was carried out, and its answer is gone or secret.
    """
    if key is None:
        return work

    def keyed(rows: R) -> T:
        _claim(rows, key, now)
        made = work(rows)
        body = None if is_secret else to_json(answer(made))
        people = [] if body is None else sorted({*key.lead_ids, *_people(json.loads(body))})
        _keep(rows, key, now, status=key.status, corpo=body, recurso_id=None, pessoas=people)
        return made

    return keyed


def begun(rows: KeyedRows, key: IdempotencyKey | None, now: datetime) -> UUID | None:
    """The resource that this very request has begun before, if it did not come to its answer.

    Raises as `once`.
    """
    return None if key is None else _claim(rows, key, now)


def begin(rows: KeyedRows, key: IdempotencyKey | None, now: datetime, resource: UUID) -> None:
    """Note what a request has begun, in the transaction that makes it; the caller has asked `begun`."""
    if key is not None:
        _keep(rows, key, now, status=None, corpo=None, recurso_id=resource, pessoas=[])


def _claim(rows: KeyedRows, key: IdempotencyKey, now: datetime) -> UUID | None:
    """Take the key to the end of the transaction; the resource of a request that has begun under it."""
    if rows.one("claim_chave", chave=key.digest) is None:
        raise UnderWay("requisicao_em_andamento")
    known = rows.one("find_chave", chave=key.digest, depois_de=now - KEPT)
    if known is None:
        return None
    if known["pedido"] != key.fingerprint:
        raise _refusal("chave_de_idempotencia_reutilizada")
    if known["corpo"] is not None:
        raise Replayed(known["status"], known["corpo"])
    if known["status"] is not None:
        raise Conflict("resposta_nao_guardada")
    resource: UUID = known["recurso_id"]
    return resource


def _keep(rows: KeyedRows, key: IdempotencyKey, now: datetime, **columns: object) -> None:
    rows.run("keep_chave", chave=key.digest, pedido=key.fingerprint, agora=now, **columns)


def _refusal(code: str) -> Invalid:
    return Invalid(code, (FieldError(_POINTER, code, HEADER),))


def _canonical(body: bytes) -> bytes:
    """A JSON document without what does not matter in it: blanks, and the order of names. Other bodies as they are."""
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return body
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(*parts: bytes) -> bytes:
    return sha256(b"\n".join(parts)).digest()


def _people(answer: object, name: str = "") -> Iterator[str]:
    """Whom an answer is about: leads by their ids, persons by contacts and documents in their canonical forms."""
    match answer:
        case dict():
            for each, value in answer.items():
                yield from _people(value, each)
        case list():
            for value in answer:
                yield from _people(value, name)
        case str() if name in _OF_PEOPLE or _CONTACT.fullmatch(answer):
            yield answer


def _lead_ids(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The lead of a path as answers write its id; a client may write it in another way."""
    try:
        return (str(UUID(unquote(parameters["lead_id"]))),)
    except (KeyError, ValueError):
        return ()
