"""A tenant's configuration: for its administrators to see and to set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.config import TenantChannels, TenantConfig, stored_config

CheckChannels = Callable[[str, Mapping[str, Mapping[str, Any]]], None]
"""Raises Invalid, with pointers into the configuration, for channels of a tenant that no message could leave by."""


class Tenants:
    """`database` is the API's login; a tenant that has configured nothing has no row."""

    def __init__(self, *, database: Database, check_channels: CheckChannels, clock: Clock) -> None:
        self._database = database
        self._check_channels = check_channels
        self._clock = clock

    def config(self, identity: Identity) -> TenantConfig:
        """What is configured, and the default of what is not.

        Raises:
            Forbidden: the caller is no administrator.
        """
        identity.require(ADMIN)
        return self._stored(identity.tenant_id)

    def configure(self, identity: Identity, config: TenantConfig) -> TenantConfig:
        """Put the whole configuration in the place of what was.

        Channels that change are tried at their servers first, with no transaction open meanwhile; one that stays as it
        is need not be up for its tenant to change something else.

        Raises:
            Forbidden: the caller is no administrator.
            Invalid: a channel that no message could leave by; nothing is stored.
        """
        identity.require(ADMIN)
        self._check_channels(identity.tenant_id, _changed(self._stored(identity.tenant_id).canais, config.canais))
        with self._database.transaction(identity.tenant_id) as rows:
            rows.run(
                "upsert_tenant_config",
                tenant_id=identity.tenant_id,
                config=config.model_dump_json(),
                agora=self._clock(),
            )
        return config

    def _stored(self, tenant_id: str) -> TenantConfig:
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("tenant_config", tenant_id=tenant_id)
        return stored_config(row["config"] if row else {})


def _changed(was: TenantChannels, wanted: TenantChannels) -> dict[str, Mapping[str, Any]]:
    """The documents that are not what they were, by channel; one that is taken away needs no trying."""
    documents = ((canal, wanted.of(canal)) for canal in TenantChannels.model_fields)
    return {canal: each for canal, each in documents if each is not None and each != was.of(canal)}
