"""Answers about the configuration of a tenant."""

from __future__ import annotations

from chalicelib.tenants.config import TenantConfig


class SavedConfig(TenantConfig):
    """The configuration that is stored now, and whom the change concerns."""

    disparos_a_redatar: int
    """How many disparos wait for a window, a limit or a budget that has changed; they get their new times within a
    minute."""
    agendamentos_a_redatar: int
    """How many agendamentos are still to come, if the window or `agenda` has changed; their reminders get their new
    times within a minute."""
