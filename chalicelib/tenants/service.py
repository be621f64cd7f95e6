"""A tenant's configuration: for its administrators to see and to set."""

from __future__ import annotations

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database
from chalicelib.identity import ADMIN, Identity
from chalicelib.tenants.requests import TenantConfig


class Tenants:
    """`database` is the API's login; a tenant that has configured nothing has no row."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def config(self, identity: Identity) -> TenantConfig:
        """What is configured, and the default of what is not.

        Raises:
            Forbidden: the caller is no administrator.
        """
        identity.require(ADMIN)
        with self._database.transaction(identity.tenant_id) as rows:
            row = rows.one("tenant_config", tenant_id=identity.tenant_id)
        stored = row["config"] if row else {}
        # What another version of the product wrote beside it is not this one's to judge.
        return TenantConfig.model_validate({name: stored[name] for name in TenantConfig.model_fields if name in stored})

    def configure(self, identity: Identity, config: TenantConfig) -> TenantConfig:
        """Put the whole configuration in the place of what was.

        Raises:
            Forbidden: the caller is no administrator.
        """
        identity.require(ADMIN)
        with self._database.transaction(identity.tenant_id) as rows:
            rows.run(
                "upsert_tenant_config",
                tenant_id=identity.tenant_id,
                config=config.model_dump_json(),
                agora=self._clock(),
            )
        return config
