"""Feeds: the agendamentos of one responsável at an address that a calendar program subscribes to.

Calendar programs send no token of ours, so the address is the key: 192 random bits, of which only the hash is stored.
The tenant stands in it as well, so that reading one is bound by row-level security as everything else.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.errors import NotFound
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import TENANT_ID, Identity
from chalicelib.ids import new_id
from chalicelib.scheduling.invitations.requests import NewFeed
from chalicelib.scheduling.rules.calendar_file import CalendarFile, CalendarMethod
from chalicelib.scheduling.rules.invitations import InvitedMeeting, feed_text
from chalicelib.tenants.config import TenantConfig, config_of

_RANDOM_BYTES = 24
_LONGEST_TOKEN = 256
_PAST = timedelta(days=30)
_MOST_MEETINGS = 1_000
_MOST_FEEDS = 1_000


class _Found(NamedTuple):
    """A feed with its agendamentos."""

    agenda: Row
    meetings: list[Row]
    config: TenantConfig


class Feeds:
    """`database` is the API's login, `public_url` is where this API is reached from outside, if it knows."""

    def __init__(
        self,
        *,
        database: Database,
        public_url: str | None,
        organizer: str | None,
        clock: Clock,
        random: Callable[[int], bytes] = token_bytes,
    ) -> None:
        self._database = database
        self._public_url = public_url
        self._organizer = organizer
        self._clock = clock
        self._random = random

    def all(self, tenant_id: str) -> dict[str, Any]:
        """The feeds of the tenant, without their addresses: nobody can look these up."""
        return {"itens": self._database.run(tenant_id, lambda rows: rows.all("list_feeds", limite=_MOST_FEEDS))}

    def publish(self, identity: Identity, request: NewFeed, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Make the address of a responsável's feed; the one before stops working at once.

        The address is shown once: the same key does not show it again.
        """
        now = self._clock()
        token = _token(self._random(_RANDOM_BYTES), identity.tenant_id)

        def work(rows: Rows) -> Row | None:
            return rows.one(
                "publish_feed", agenda_id=new_id(now), responsavel=request.responsavel, token_hash=_hash(token),
                por=identity.subject, agora=now,
            )  # fmt: skip

        made = self._database.run(identity.tenant_id, once(key, now, work, is_secret=True)) or {}
        return {**made, "url": f"{self._public_url or ''}/agenda/{token}.ics"}

    def revoke(self, identity: Identity, agenda_id: UUID) -> None:
        """Make the address of a feed an unknown one.

        Raises:
            NotFound: the tenant has no such feed.
        """
        if self._database.run(identity.tenant_id, lambda rows: rows.one("delete_feed", agenda_id=agenda_id)) is None:
            raise NotFound("nao_encontrado")

    def file(self, token: str) -> CalendarFile:
        """What a calendar shows that subscribes to this address: what is to come, and thirty days of what was.

        Raises:
            NotFound: the address is unknown, or was revoked.
        """
        tenant_id = _tenant_of(token)
        since = self._clock() - _PAST

        def work(rows: Rows) -> _Found:
            agenda = rows.one("feed_by_token", token_hash=_hash(token))
            if agenda is None:
                raise NotFound("nao_encontrado")
            name = agenda["responsavel"]
            found = rows.all("meetings_of_feed", responsavel=name, desde=since, limite=_MOST_MEETINGS)
            return _Found(agenda, found, config_of(rows))

        agenda, found, config = self._database.run(tenant_id, work)
        zone, organizer = agenda["fuso"] or config.fuso, agenda["email"] or self._organizer
        meetings = [InvitedMeeting.of(row, zone, organizer) for row in found]
        text = feed_text(meetings, agenda["responsavel"], zone, config.idioma)
        return CalendarFile(text, CalendarMethod.PUBLISH, "agenda.ics")


def _token(random: bytes, tenant_id: str) -> str:
    return urlsafe_b64encode(random + tenant_id.encode()).decode().rstrip("=")


def _tenant_of(token: str) -> str:
    """The tenant that a token names; whether it is one of theirs, only the stored hashes say.

    Raises:
        NotFound: it names none.
    """
    try:
        raw = urlsafe_b64decode(token[:_LONGEST_TOKEN] + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    tenant_id = raw[_RANDOM_BYTES:].decode("ascii", "replace")
    if not TENANT_ID.fullmatch(tenant_id):
        raise NotFound("nao_encontrado")
    return tenant_id


def _hash(token: str) -> str:
    """The bytes that are stored, as PostgreSQL reads them from text."""
    return f"\\x{sha256(token.encode()).hexdigest()}"
