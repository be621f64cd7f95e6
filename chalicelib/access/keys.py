"""The API keys of a tenant: `da_live_`, the tenant, and 256 random bits. Only their hash is stored.

The tenant stands in the key, so that looking one up is bound by row-level security as everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from string import ascii_letters, digits
from typing import Any
from uuid import UUID

from chalicelib.access.requests import NewKey
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import FieldError, Invalid, NotFound, Unauthenticated
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import TENANT_ID, Identity
from chalicelib.ids import new_id
from chalicelib.pages import PageQuery, page_of

PREFIX = "da_live_"
_RANDOM_BYTES = 32
_ALPHABET = digits + ascii_letters
_LENGTH = 43
"""Characters of 32 bytes in base 62."""
_FORM = re.compile(rf"{PREFIX}(?P<tenant>{TENANT_ID.pattern})_[{_ALPHABET}]{{{_LENGTH}}}", re.ASCII)
_SHOWN = 4
_LIFETIME = timedelta(days=365)
_LONGEST_LIFETIME = 2 * _LIFETIME
_STEP_OF_USE = timedelta(hours=1)
"""How far behind `usada_em` may be, so that few requests write."""


class Keys:
    """Makes, lists, revokes and recognises keys; `database` is the API's login."""

    def __init__(self, *, database: Database, clock: Clock, random: Callable[[int], bytes] = token_bytes) -> None:
        self._database = database
        self._clock = clock
        self._random = random

    def create(self, identity: Identity, request: NewKey, once_key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Make a key and show it, this once: the same `Idempotency-Key` does not show it again.

        Raises:
            Invalid: `validade_invalida`, it would end before it begins, or in more than two years.
        """
        now = self._clock()
        expires_at = request.expira_em or now + _LIFETIME
        if not now < expires_at <= now + _LONGEST_LIFETIME:
            error = FieldError("/expira_em", "validade_invalida", "expira_em")
            raise Invalid("requisicao_invalida", (error,))
        key = f"{PREFIX}{identity.tenant_id}_{_base62(self._random(_RANDOM_BYTES))}"

        def work(rows: Rows) -> Row | None:
            return rows.one(
                "insert_chave", chave_id=new_id(now), nome=request.nome, resumo=_hash(key), final=key[-_SHOWN:],
                grupo=request.grupo.value, rotas=request.rotas and list(request.rotas), agora=now,
                por=identity.subject, expira_em=expires_at,
            )  # fmt: skip

        made = self._database.run(identity.tenant_id, once(once_key, now, work, is_secret=True)) or {}
        return {**made, "chave": key}

    def page(self, tenant_id: str, query: PageQuery) -> dict[str, Any]:
        """A page of keys, newest first, those that are revoked or have expired among them.

        Raises:
            Invalid: `cursor_invalido`.
        """
        params = {"depois": query.after(UUID), "limite": query.limit + 1, "pular": query.offset or 0}
        found = self._database.run(tenant_id, lambda rows: rows.all("list_chaves", **params))
        return page_of(found, query.limit, lambda row: row["chave_id"])

    def revoke(self, identity: Identity, chave_id: UUID) -> None:
        """Revoke a key; revoking it again changes nothing.

        Raises:
            NotFound: the tenant has no such key.
        """
        by = {"chave_id": chave_id, "agora": self._clock(), "por": identity.subject}
        if self._database.run(identity.tenant_id, lambda rows: rows.one("revoke_chave", **by)) is None:
            raise NotFound("nao_encontrado")

    def identify(self, key: str) -> Identity:
        """The machine that a key belongs to, by one look-up in an index.

        Raises:
            Unauthenticated: `nao_autenticado`, the key is malformed or unknown, was revoked, or has expired.
        """
        form = _FORM.fullmatch(key)
        if form is None:
            raise Unauthenticated("nao_autenticado")
        now = self._clock()
        row = self._database.run(form["tenant"], lambda rows: _used(rows, _hash(key), now))
        if row is None:
            raise Unauthenticated("nao_autenticado")
        routes = None if row["rotas"] is None else frozenset(row["rotas"])
        return Identity.of_key(form["tenant"], row["chave_id"], row["grupo"], routes)


def _used(rows: Rows, digest: str, now: datetime) -> Row | None:
    """The row of a key that is valid, and the note that it is in use."""
    row = rows.one("chave_by_resumo", resumo=digest, agora=now)
    if row is not None and (row["usada_em"] is None or now - row["usada_em"] >= _STEP_OF_USE):
        rows.run("mark_chave_used", chave_id=row["chave_id"], agora=now)
    return row


def _base62(random: bytes) -> str:
    number, text = int.from_bytes(random), ""
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        text += _ALPHABET[digit]
    return text


def _hash(key: str) -> str:
    """The bytes that are stored, as PostgreSQL reads them from text."""
    return f"\\x{sha256(key.encode()).hexdigest()}"
