"""Shows and changes a tenant's configuration, for the tenant's administrators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.canal import Canal
from chalicelib.errors import Conflict, Invalid
from chalicelib.identity import Identity
from chalicelib.tenants.config import (
    ConfigPatch,
    SendWindow,
    TenantChannels,
    TenantConfig,
    config_of,
    lost_fields,
    patched,
    said_nothing,
)
from chalicelib.validation import invalid
from chalicelib.versions import ExpectedVersion

CheckChannels = Callable[[str, Mapping[str, Mapping[str, Any]]], None]
"""Checks a tenant's documents, by channel; raises Invalid, with pointers into the configuration, if one cannot send."""

_TRIES = 5
_CHANNELS = "canais."


class Tenants:
    """Reads and writes configurations; `database` is the API's login.

    A tenant that has configured nothing has no row.
    """

    def __init__(self, *, database: Database, check_channels: CheckChannels, clock: Clock) -> None:
        self._database = database
        self._check_channels = check_channels
        self._clock = clock

    def config(self, identity: Identity) -> TenantConfig:
        """The configuration, with defaults for what is not configured."""
        return self._database.run(identity.tenant_id, config_of)

    def own_identity(self, identity: Identity) -> dict[str, Any]:
        """Who the caller is, and what any page needs beside: the zone and the language of the tenant, and the time."""
        config = self.config(identity)
        return {
            "tenant_id": identity.tenant_id,
            "id": identity.subject,
            "tipo": "chave" if identity.is_key else "pessoa",
            "grupo": identity.group,
            "fuso": config.fuso,
            "idioma": config.idioma,
            "agora": self._clock(),
        }

    def replace(self, identity: Identity, config: TenantConfig) -> dict[str, Any]:
        """Replace the whole configuration by a document that leaves nothing out but defaults. Returns as `change`.

        Raises:
            Invalid: `configuracao_incompleta`, the document says nothing, or leaves out what is configured, with a
                pointer to each field; or a channel cannot send. Nothing is stored.
            Conflict: `configuracao_disputada`, as `change`.
        """
        if not config.model_fields_set:
            raise Invalid("configuracao_incompleta", said_nothing())

        def replaced(stored: TenantConfig) -> TenantConfig:
            if lost := tuple(lost_fields(stored, config)):
                raise Invalid("configuracao_incompleta", lost)
            return config

        return self._save(identity.tenant_id, replaced)

    def change(self, identity: Identity, patch: ConfigPatch, expected: ExpectedVersion | None = None) -> dict[str, Any]:
        """Change some fields of the configuration, and leave the others as they are.

        Returns the configuration, and in `disparos_a_redatar` how many disparos wait for what has changed: the sweep
        gives them their new times within a minute. So it does with the reminders of `agendamentos_a_redatar`
        agendamentos.

        Raises:
            Invalid: the changed configuration is not valid, or a channel cannot send; nothing is stored.
            Conflict: `configuracao_disputada`, others changed it again and again while the channels were checked.
            PreconditionFailed: `versao_mudou`, the configuration is not as expected any more.
        """

        def change(stored: TenantConfig) -> TenantConfig:
            if expected is not None:
                expected.check(stored.model_dump(mode="json"))
            try:
                return patched(stored, patch)
            except ValidationError as error:
                raise invalid(error, "") from None

        return self._save(identity.tenant_id, change)

    def _save(self, tenant_id: str, change: Callable[[TenantConfig], TenantConfig]) -> dict[str, Any]:
        """Store what `change` makes of the stored configuration.

        Channels that change are first checked at their servers, while no transaction is open. An unchanged channel is
        not checked, so its server may be down while the tenant changes something else. If somebody else has changed the
        configuration meanwhile, all of that is done again.
        """
        for _ in range(_TRIES):
            stored = self._database.run(tenant_id, config_of)
            wanted = change(stored)
            self._check_channels(tenant_id, _changed(stored.canais, wanted.canais))
            waiting = self._database.run(tenant_id, partial(self._store, stored=stored, wanted=wanted))
            if waiting is not None:
                return {**wanted.model_dump(mode="json"), **waiting}
        raise Conflict("configuracao_disputada")

    def _store(self, rows: Rows, *, stored: TenantConfig, wanted: TenantConfig) -> dict[str, int] | None:
        """Write the configuration, if the one that it was made of is still stored; how much waits for it, by name."""
        now = self._clock()
        rows.one("lock_tenant", agora=now)
        if config_of(rows) != stored:
            return None
        rows.run("update_tenant_config", config=wanted.model_dump_json(), agora=now)
        if changes := list(_audited(stored.model_dump(mode="json"), wanted.model_dump(mode="json"))):
            rows.run("audit_configuracao", mudancas=json.dumps(changes))
        other = [canal.value for canal in Canal if stored.canais.of(canal) != wanted.canais.of(canal)]
        rows.run("hurry_probes", canais=other, agora=now)
        waiting = _redated(rows, [canal.value for canal in Canal if _dates_change(stored, wanted, canal)], now)
        if _openings(stored) != _openings(wanted):
            waiting += _campaigns_redated(rows, now)
        return {"disparos_a_redatar": waiting, "agendamentos_a_redatar": _reminders_redated(rows, stored, wanted, now)}


def _audited(stored: Mapping[str, Any], wanted: Mapping[str, Any], path: str = "") -> Iterator[dict[str, Any]]:
    """Each field that changes, for the audit; of the document of a channel, not what it says: it may name a secret."""
    for name, value in wanted.items():
        if isinstance(value, dict) and path != _CHANNELS:
            yield from _audited(stored[name], value, f"{path}{name}.")
        elif value != stored[name]:
            shown = {"de": None, "para": None} if path == _CHANNELS else {"de": stored[name], "para": value}
            yield {"campo": f"{path}{name}", **shown, "oculto": path == _CHANNELS}


def _dates_change(stored: TenantConfig, wanted: TenantConfig, canal: Canal) -> bool:
    """Whether messages of a channel that wait for a window or a limit may leave at other times now."""
    if _openings(stored) != _openings(wanted):
        return True
    return stored.limites.of(canal) != wanted.limites.of(canal)


def _openings(config: TenantConfig) -> tuple[SendWindow, str]:
    """What the openings of the window follow from."""
    return config.janela, config.fuso


def _reminders_redated(rows: Rows, stored: TenantConfig, wanted: TenantConfig, now: datetime) -> int:
    """Have reminders dated anew (`scheduling.reminders.redating`) if they follow from what has changed; of how many."""
    if (_openings(stored), _reminders(stored)) == (_openings(wanted), _reminders(wanted)):
        return 0
    rows.run("ask_for_redating_of_reminders", agora=now)
    return int((rows.one("count_agendamentos_to_redate", agora=now) or {})["total"])


def _reminders(config: TenantConfig) -> tuple[object, ...]:
    """What else the times of reminders follow from; a channel has its own zone and holidays."""
    agenda = config.agenda
    return agenda.lembretes_minutos, agenda.canais, agenda.aviso_ao_responsavel


def _campaigns_redated(rows: Rows, now: datetime) -> int:
    """Have what campaigns have planned dated anew (`campaigns.planning.redating`); how many disparos that is."""
    rows.run("ask_for_redating_of_campanhas", agora=now)
    return int((rows.one("count_planned_disparos") or {})["total"])


def _redated(rows: Rows, canais: list[str], now: datetime) -> int:
    """Have what waits for these channels dated anew (`dispatch.worker.redating`); how many disparos that is."""
    if not canais:
        return 0
    rows.run("ask_for_redating", canais=canais, agora=now)
    return int((rows.one("count_disparos_to_redate", canais=canais) or {})["total"])


def _changed(stored: TenantChannels, wanted: TenantChannels) -> dict[str, Mapping[str, Any]]:
    """The new documents that differ from the stored ones, by channel; a channel that is removed needs no check."""
    documents = ((name, getattr(wanted, name)) for name in TenantChannels.model_fields)
    return {name: each for name, each in documents if each is not None and each != getattr(stored, name)}
