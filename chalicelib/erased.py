"""Erased contacts, known by keyed digests alone: one that comes back gets no messages.

After an erasure (`privacy`) nothing tells whose data it was. What must not be forgotten is that the person gets no
messages. So the digest of each contact stays: an HMAC-SHA256 under the key that signs our links, over tenant, channel
and contact. The key is not in the database. Whoever has only the database cannot try numbers until one fits.

A contact that comes back, in a file or by hand, is put on the suppression list in the same transaction
(`suppress_again`). The claim of disparos asks again before anything leaves (`erased_among`). Both cost one look at a
small table for a tenant that has erased nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from chalicelib.canal import Canal
from chalicelib.ids import new_ids
from chalicelib.tokens import Signer

_PURPOSE = "apagado"
_AT_ONCE = 5_000


class Contact(NamedTuple):
    """A contact in its canonical form (E.164, or a lower-case address), and the channel that writes to it."""

    canal: Canal
    contato: str


class TenantContact(NamedTuple):
    """A contact of one tenant among several."""

    tenant_id: str
    contact: Contact


class SeesRows(Protocol):
    """An open transaction that may cross tenants."""

    def all(self, query: str, **params: object) -> list[dict[str, Any]]:
        """Every row of a named query."""
        ...


class SeesTenant(SeesRows, Protocol):
    """An open transaction of one tenant."""

    @property
    def tenant_id(self) -> str:
        """The tenant that this transaction is for."""
        ...

    def one(self, query: str, **params: object) -> dict[str, Any] | None:
        """The first row of a named query, or None."""
        ...

    def run(self, query: str, **params: object) -> int:
        """Run a named query; how many rows it touched."""
        ...


class ErasedContacts:
    """Makes and looks up digests of contacts. A rotated key still finds what it has made, while it can be read."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def digest(self, tenant_id: str, kind: str, value: str) -> bytes:
        """The digest under the current key; `kind` is a channel, or what else identifies a person.

        Raises:
            Unavailable: there is no key.
        """
        return self._digests(tenant_id, kind, value)[0]

    def keep(self, rows: SeesTenant, contacts: Iterable[tuple[Contact, str]], now: datetime) -> int:
        """Remember contacts that are being erased, each with why it gets no messages; how many are new."""
        return rows.run(
            "insert_contatos_apagados",
            apagados=json.dumps([
                {"resumo": self.digest(rows.tenant_id, contact.canal, contact.contato).hex(), "motivo": motivo}
                for contact, motivo in contacts
            ]),
            agora=now,
        )  # fmt: skip

    def forget(self, rows: SeesTenant, contacts: Iterable[Contact]) -> int:
        """Forget contacts whose persons have consented anew; how many were known."""
        digests = [each.hex() for contact in contacts for each in self._digests(rows.tenant_id, *contact)]
        return rows.run("delete_contatos_apagados", resumos=digests)

    def suppress_again(self, rows: SeesTenant, contacts: Iterable[Contact], now: datetime) -> int:
        """Suppress those of these contacts that were erased, as far as a lead has them; how many were not suppressed.

        For whoever has just written contacts of leads, in the same transaction. They hold the lock of ingestion, as an
        erasure does, so that neither misses the other.

        Raises:
            Unavailable: there is no key, and the tenant has erased contacts.
        """
        if rows.one("any_contato_apagado") is None:
            return 0
        distinct, total = list(dict.fromkeys(contacts)), 0
        for start in range(0, len(distinct), _AT_ONCE):
            total += self._suppressed(rows, distinct[start : start + _AT_ONCE], now)
        return total

    def erased_among(self, rows: SeesRows, contacts: Sequence[TenantContact]) -> frozenset[TenantContact]:
        """Those of these contacts, of any tenants, that were erased.

        Raises:
            Unavailable: there is no key, and one of the tenants has erased contacts.
        """
        tenants = sorted({each.tenant_id for each in contacts})
        concerned = {row["tenant_id"] for row in rows.all("list_tenants_with_contatos_apagados", tenant_ids=tenants)}
        by_digest = {
            (each.tenant_id, digest): each
            for each in set(contacts)
            if each.tenant_id in concerned
            for digest in self._digests(each.tenant_id, *each.contact)
        }
        if not by_digest:
            return frozenset()
        found = rows.all(
            "find_contatos_apagados",
            tenant_ids=[tenant_id for tenant_id, _ in by_digest],
            resumos=[digest.hex() for _, digest in by_digest],
        )
        return frozenset(by_digest[row["tenant_id"], bytes(row["resumo"])] for row in found)

    def _suppressed(self, rows: SeesTenant, contacts: Sequence[Contact], now: datetime) -> int:
        digests = [
            {"canal": each.canal, "contato": each.contato, "resumo": digest.hex(), "supressao_id": str(supressao_id)}
            for each, supressao_id in zip(contacts, new_ids(now, len(contacts)), strict=True)
            for digest in self._digests(rows.tenant_id, *each)
        ]
        return rows.run("suppress_contatos_apagados", contatos=json.dumps(digests), agora=now)

    def _digests(self, tenant_id: str, kind: str, value: str) -> list[bytes]:
        return self._signer.digests(_PURPOSE, "\0".join((tenant_id, kind, value)).encode())
