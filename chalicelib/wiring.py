"""Builds the real collaborators, each when it is first asked for: importing `app.py` connects to nothing.

The imports stand inside the properties because a Lambda pays only for what its own handlers touch: the MCP SDK costs
a second of import, boto3 a fifth of one.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.adapters.clock import system_clock
from chalicelib.config import Settings

if TYPE_CHECKING:
    from chalicelib.adapters.aws import Aws
    from chalicelib.adapters.database import Database
    from chalicelib.adapters.events import EventBus
    from chalicelib.adapters.queues import Queues
    from chalicelib.adapters.schedules import Schedules
    from chalicelib.adapters.secrets import Secrets
    from chalicelib.adapters.storage import Storage
    from chalicelib.dispatch.executor import Executor
    from chalicelib.dispatch.senders import Senders
    from chalicelib.dispatch.service import Disparos
    from chalicelib.dispatch.template_service import Templates
    from chalicelib.ingestion.jobs import Jobs
    from chalicelib.ingestion.loader import Loader
    from chalicelib.ingestion.reports import Reports
    from chalicelib.ingestion.service import Ingestion
    from chalicelib.ingestion.uploads import Uploads
    from chalicelib.leads.service import Leads
    from chalicelib.maintenance.health import Health
    from chalicelib.maintenance.migrations import Migrations
    from chalicelib.maintenance.outbox import Outbox
    from chalicelib.maintenance.sweep import Sweep
    from chalicelib.scheduling.reminders import Reminders
    from chalicelib.scheduling.service import Agendamentos
    from chalicelib.telemetry import Tracer
    from chalicelib.tenants.service import Tenants
