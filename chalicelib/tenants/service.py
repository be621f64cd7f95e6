"""Shows and changes a tenant's configuration, for the tenant's administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.config import TenantChannels, TenantConfig, config_of

CheckChannels = Callable[[str, Mapping[Canal, Mapping[str, Any]]], None]
"""Checks a tenant's documents, by channel; raises Invalid, with pointers into the configuration, if one cannot send."""


class Tenants:
    """Reads and writes configurations; `database` is the API's login.

    A tenant that has configured nothing has no row.
    """

    def __init__(self, *, database: Database, check_channels: CheckChannels, clock: Clock) -> None:
        self._database = database
        self._check_channels = check_channels
        self._clock = clock

    def config(self, identity: Identity) -> TenantConfig:
        """The configuration, with defaults for what is not configured.

        Raises:
            Forbidden: the caller is not an administrator.
        """
        identity.require(ADMIN)
        return self._database.run(identity.tenant_id, config_of)

    def configure(self, identity: Identity, config: TenantConfig) -> TenantConfig:
        """Replace the whole configuration.

        Channels that change are first checked at their servers, while no transaction is open. An unchanged channel is
        not checked, so its server may be down while the tenant changes something else.

        Raises:
            Forbidden: the caller is not an administrator.
            Invalid: a channel cannot send; nothing is stored.
        """
        identity.require(ADMIN)
        stored = self._database.run(identity.tenant_id, config_of)
        self._check_channels(identity.tenant_id, _changed(stored.canais, config.canais))
        self._database.run(
            identity.tenant_id,
            lambda rows: rows.run("upsert_tenant_config", config=config.model_dump_json(), agora=self._clock()),
        )
        return config


def _changed(stored: TenantChannels, wanted: TenantChannels) -> dict[Canal, Mapping[str, Any]]:
    """The new documents that differ from the stored ones, by channel; a channel that is removed needs no check."""
    documents = ((canal, wanted.of(canal)) for canal in Canal)
    return {canal: each for canal, each in documents if each is not None and each != stored.of(canal)}
