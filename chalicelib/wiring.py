"""Builds the real collaborators, each when it is first asked for: importing `app.py` connects to nothing.

The imports stand inside the properties because a Lambda pays only for what its own handlers touch: the MCP SDK costs
a second of import, boto3 a fifth of one.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.adapters.clock import Clock, system_clock
from chalicelib.config import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any
    from uuid import UUID

    from chalicelib.access.audit import Audit
    from chalicelib.access.authorizer import Authorizer
    from chalicelib.access.budgets import Budgets
    from chalicelib.access.id_tokens import IdTokens
    from chalicelib.access.keys import Keys
    from chalicelib.access.names import ActorNames
    from chalicelib.access.people import People
    from chalicelib.access.sessions import Sessions
    from chalicelib.adapters.addresses import AddressOf
    from chalicelib.adapters.aws import Aws
    from chalicelib.adapters.database import Database, Rows
    from chalicelib.adapters.events import EventBus
    from chalicelib.adapters.identities.user_pool import UserPool
    from chalicelib.adapters.queues import Queues
    from chalicelib.adapters.schedules import Schedules
    from chalicelib.adapters.secrets import Secrets
    from chalicelib.adapters.storage import Storage
    from chalicelib.campaigns.planning.planner import Planner
    from chalicelib.campaigns.requests.control import CampaignControl
    from chalicelib.campaigns.requests.drafts import Campaigns
    from chalicelib.campaigns.requests.preflight import Preflight
    from chalicelib.campaigns.requests.stops import CampaignStops
    from chalicelib.campaigns.requests.trials import TrialSends
    from chalicelib.campaigns.results.again import CampaignsAgain
    from chalicelib.campaigns.results.answered import CampaignReplies
    from chalicelib.campaigns.results.recipients import Recipients
    from chalicelib.campaigns.results.results_csv import CampaignExports
    from chalicelib.campaigns.results.variants import Variants
    from chalicelib.campaigns.segments.service import Segments
    from chalicelib.delivery.inbox import Inbox
    from chalicelib.delivery.service import Webhooks
    from chalicelib.dispatch.channels.own import OwnChannels
    from chalicelib.dispatch.channels.senders import Senders
    from chalicelib.dispatch.requests.batches import DisparoBatches
    from chalicelib.dispatch.requests.channel_pauses import ChannelPauses
    from chalicelib.dispatch.requests.disparos import Disparos
    from chalicelib.dispatch.requests.overview import Overview
    from chalicelib.dispatch.requests.resends import Resends
    from chalicelib.dispatch.requests.settlements import Settlements
    from chalicelib.dispatch.requests.templates import Templates
    from chalicelib.dispatch.wakeups import Wakeups
    from chalicelib.dispatch.worker.executor import Executor
    from chalicelib.erased import ErasedContacts
    from chalicelib.ingestion.jobs.dry_run import Previews
    from chalicelib.ingestion.jobs.jobs import Jobs
    from chalicelib.ingestion.jobs.reports import Reports
    from chalicelib.ingestion.jobs.undo import Undo
    from chalicelib.ingestion.jobs.uploads import Uploads
    from chalicelib.ingestion.jobs.worker import Ingestion
    from chalicelib.leads.briefing.service import Briefings
    from chalicelib.leads.edits.contact_edits import LeadContacts
    from chalicelib.leads.edits.edits import LeadEdits
    from chalicelib.leads.edits.registration import Registrations
    from chalicelib.leads.edits.tagging import LeadTags
    from chalicelib.leads.history.notes import Notes
    from chalicelib.leads.history.timeline import Timelines
    from chalicelib.leads.lists.export import Exports
    from chalicelib.leads.lists.findable import FindableLeads
    from chalicelib.leads.lists.service import Leads
    from chalicelib.maintenance.bootstrap import Bootstrap
    from chalicelib.maintenance.health import Health
    from chalicelib.maintenance.migrations import Migrations
    from chalicelib.maintenance.outbox import Outbox
    from chalicelib.maintenance.sweep import Sweep
    from chalicelib.privacy.bucket import SubjectFiles
    from chalicelib.privacy.erasure import Erasures
    from chalicelib.privacy.records import SubjectRecords
    from chalicelib.privacy.retention import Retention
    from chalicelib.privacy.subject_export import SubjectExports
    from chalicelib.scheduling.booking.agendamentos import Agendamentos
    from chalicelib.scheduling.booking.announcing import Alarms
    from chalicelib.scheduling.booking.event_settlements import CalendarSettlements
    from chalicelib.scheduling.calendars.server import CalendarDoor
    from chalicelib.scheduling.calendars.worker import CalendarSync
    from chalicelib.scheduling.invitations.decisions import LeadDecisions
    from chalicelib.scheduling.invitations.feeds import Feeds
    from chalicelib.scheduling.invitations.links import LeadLinks
    from chalicelib.scheduling.invitations.parts import CalendarParts
    from chalicelib.scheduling.invitations.service import Invitations
    from chalicelib.scheduling.reminders.worker import Reminders
    from chalicelib.scheduling.staff.blocks import Blocks
    from chalicelib.scheduling.staff.free_times import FreeTimes
    from chalicelib.scheduling.staff.responsaveis import Responsaveis
    from chalicelib.subscriptions.keys import SigningSecrets
    from chalicelib.subscriptions.requests.deliveries import Deliveries
    from chalicelib.subscriptions.requests.service import Subscriptions
    from chalicelib.subscriptions.wakeups import SubscriptionWakeups
    from chalicelib.subscriptions.worker.delivery import Delivering
    from chalicelib.subscriptions.worker.fan_out import FanOut
    from chalicelib.suppression.links import UnsubscribeLinks
    from chalicelib.suppression.service import Suppressions, Unsubscribes
    from chalicelib.telemetry import Tracer
    from chalicelib.tenants.service import Tenants
    from chalicelib.tokens import Signer

_PATIENCE_S = 24.0
"""With the three seconds that a search waits for its seat, an answer comes before the gateway gives up."""
_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Services:
    """What `app.py` delegates to."""

    def __init__(self, settings: Settings, *, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock

    def close(self) -> None:
        """Close every connection that was opened; an AWS Lambda never does, a test does."""
        opened = vars(self)
        for name in ("database", "patient_database", "owner_database", "migrating_database", "aws", "user_pool_aws"):
            if name in opened:
                opened[name].close()

    # Doors

    @cached_property
    def aws(self) -> Aws:
        from chalicelib.adapters.aws import Aws

        return Aws(self._settings.aws_region)

    @cached_property
    def user_pool_aws(self) -> Aws:
        """In the region of the user pool."""
        from chalicelib.adapters.aws import Aws

        return Aws(self._settings.user_pool_region)

    @cached_property
    def database(self) -> Database:
        """As the API's login, bound by row-level security."""
        return self._database("database_url", self._settings.database_url, timeout_s=self._settings.api_timeout_s)

    @cached_property
    def patient_database(self) -> Database:
        """As the API's login, for what reads all leads of a large tenant: the gateway waits for 29 s."""
        timeout_s = max(self._settings.api_timeout_s, _PATIENCE_S)
        return self._database("database_url", self._settings.database_url, timeout_s=timeout_s)

    @cached_property
    def owner_database(self) -> Database:
        """As the login that owns the tables: ingestion, dispatch, sweeps, migrations."""
        return self._database(
            "database_owner_url", self._settings.database_owner_url, timeout_s=self._settings.worker_timeout_s
        )

    @cached_property
    def migrating_database(self) -> Database:
        """As the same login; a migration may take as long as the Lambda lives, because it may build an index."""
        return self._database("database_owner_url", self._settings.database_owner_url, timeout_s=None)

    @cached_property
    def secrets(self) -> Secrets:
        from chalicelib.adapters.secrets import Secrets

        return Secrets(self.aws)

    @cached_property
    def storage(self) -> Storage:
        from chalicelib.adapters.storage import Storage

        return Storage(self.aws, self._settings.bucket)

    @cached_property
    def queues(self) -> Queues:
        from chalicelib.adapters.queues import Queues

        return Queues(self.aws)

    @cached_property
    def schedules(self) -> Schedules:
        from chalicelib.adapters.schedules import Schedules

        return Schedules(
            self.aws,
            group=self._settings.schedule_group,
            role_arn=self._settings.scheduler_role,
            queue_arn=self._settings.queue_arn,
        )

    @cached_property
    def bus(self) -> EventBus:
        from chalicelib.adapters.events import EventBus

        return EventBus(self.aws, self._settings.event_bus)

    @cached_property
    def tracer(self) -> Tracer:
        from chalicelib.telemetry import Tracer

        return Tracer(enabled=self._settings.has_tracing)

    # Access

    @cached_property
    def authorizer(self) -> Authorizer:
        from chalicelib.access.authorizer import Authorizer

        return Authorizer(claims=self._claims, key=self.keys.identify)

    def _claims(self, token: str) -> Mapping[str, Any]:
        return self._sessions.check(self._id_tokens.claims(token))

    @cached_property
    def _id_tokens(self) -> IdTokens:
        from chalicelib.access.id_tokens import IdTokens

        return IdTokens(jwks_url=self._settings.jwks_url, issuer=self._settings.token_issuer)

    @cached_property
    def keys(self) -> Keys:
        from chalicelib.access.keys import Keys

        return Keys(database=self.database, clock=self._clock)

    @cached_property
    def budgets(self) -> Budgets:
        from chalicelib.access.budgets import Budgets

        return Budgets(
            database=self.database,
            clock=self._clock,
            per_tenant=self._settings.requests_per_minute,
            per_key=self._settings.key_requests_per_minute,
        )

    @cached_property
    def people(self) -> People:
        from chalicelib.access.people import People

        return People(database=self.database, pool=self._user_pool, sessions=self._sessions, clock=self._clock)

    @cached_property
    def actor_names(self) -> ActorNames:
        from chalicelib.access.names import ActorNames

        return ActorNames(database=self.database, pool=self._user_pool, clock=self._clock)

    @cached_property
    def _user_pool(self) -> UserPool:
        from chalicelib.adapters.identities.user_pool import UserPool

        return UserPool(self.user_pool_aws, self._settings.user_pool_id)

    @cached_property
    def _sessions(self) -> Sessions:
        from chalicelib.access.sessions import Sessions

        # Not the clock that the local stack can move: Cognito does not know it.
        return Sessions(database=self.database, clock=system_clock)

    @cached_property
    def audit(self) -> Audit:
        from chalicelib.access.audit import Audit

        return Audit(database=self.database)

    # Ingestion

    @cached_property
    def uploads(self) -> Uploads:
        from chalicelib.ingestion.jobs.uploads import Uploads

        return Uploads(
            database=self.database,
            storage=self.storage,
            queues=self.queues,
            settings=self._settings,
            clock=self._clock,
        )

    @cached_property
    def jobs(self) -> Jobs:
        from chalicelib.ingestion.jobs.jobs import Jobs

        return Jobs(database=self.database, queues=self.queues, queue=self._settings.ingest_queue, clock=self._clock)

    @cached_property
    def reports(self) -> Reports:
        from chalicelib.ingestion.jobs.reports import Reports

        return Reports(database=self.database, storage=self.storage, ttl_s=self._settings.presigned_ttl_s)

    @cached_property
    def previews(self) -> Previews:
        from chalicelib.ingestion.jobs.dry_run import Previews

        return Previews(database=self.database)

    @cached_property
    def undo(self) -> Undo:
        from chalicelib.ingestion.jobs.undo import Undo

        return Undo(database=self.database, queues=self.queues, queue=self._settings.ingest_queue, clock=self._clock)

    @cached_property
    def ingestion(self) -> Ingestion:
        from chalicelib.ingestion.jobs.undo import Undoing
        from chalicelib.ingestion.jobs.worker import Ingestion

        return Ingestion(
            database=self.owner_database,
            storage=self.storage,
            queues=self.queues,
            publish=self.outbox.publish,
            undoing=Undoing(
                database=self.owner_database, queues=self.queues, settings=self._settings, clock=self._clock
            ),
            erased=self.erased_contacts,
            tracer=self.tracer,
            settings=self._settings,
            clock=self._clock,
        )

    # Leads

    @cached_property
    def leads(self) -> Leads:
        from chalicelib.leads.lists.service import Leads

        return Leads(database=self.database)

    @cached_property
    def findable_leads(self) -> FindableLeads:
        from chalicelib.leads.lists.findable import FindableLeads

        return FindableLeads(database=self.owner_database, clock=self._clock)

    @cached_property
    def timelines(self) -> Timelines:
        from chalicelib.leads.history.timeline import Timelines

        return Timelines(database=self.database)

    @cached_property
    def notes(self) -> Notes:
        from chalicelib.leads.history.notes import Notes

        return Notes(database=self.database, clock=self._clock)

    @cached_property
    def briefings(self) -> Briefings:
        from chalicelib.leads.briefing.service import Briefings

        return Briefings(database=self.database, clock=self._clock)

    @cached_property
    def lead_edits(self) -> LeadEdits:
        from chalicelib.leads.edits.edits import LeadEdits

        return LeadEdits(database=self.database, clock=self._clock)

    @cached_property
    def lead_tags(self) -> LeadTags:
        from chalicelib.leads.edits.tagging import LeadTags

        return LeadTags(database=self.database, clock=self._clock)

    @cached_property
    def lead_contacts(self) -> LeadContacts:
        from chalicelib.leads.edits.contact_edits import LeadContacts

        return LeadContacts(database=self.database, clock=self._clock, erased=self.erased_contacts)

    @cached_property
    def exports(self) -> Exports:
        from chalicelib.leads.lists.export import Exports

        ttl_s = self._settings.presigned_ttl_s
        return Exports(database=self.database, storage=self.storage, clock=self._clock, ttl_s=ttl_s)

    @cached_property
    def registrations(self) -> Registrations:
        from chalicelib.leads.edits.registration import Registrations

        return Registrations(database=self.database, clock=self._clock, erased=self.erased_contacts)

    # Campaigns

    @cached_property
    def segments(self) -> Segments:
        from chalicelib.campaigns.segments.service import Segments

        return Segments(database=self.database, clock=self._clock)

    # Dispatch

    @cached_property
    def templates(self) -> Templates:
        from chalicelib.dispatch.requests.templates import Templates

        return Templates(database=self.database, newest_of_segment=self._newest_of_segment, clock=self._clock)

    def _newest_of_segment(self, rows: Rows, segmento_id: UUID, most: int) -> Sequence[UUID]:
        return self.segments.newest(rows, segmento_id, most)

    @cached_property
    def wakeups(self) -> Wakeups:
        from chalicelib.dispatch.wakeups import Wakeups

        return Wakeups(
            queues=self.queues, schedules=self.schedules, queue=self._settings.dispatch_queue, clock=self._clock
        )

    @cached_property
    def disparos(self) -> Disparos:
        from chalicelib.dispatch.requests.disparos import Disparos

        return Disparos(
            database=self.database,
            wakeups=self.wakeups,
            clock=self._clock,
            max_tentativas=self._settings.max_tentativas,
        )

    @cached_property
    def disparo_batches(self) -> DisparoBatches:
        from chalicelib.dispatch.requests.batches import DisparoBatches

        return DisparoBatches(
            database=self.database,
            wakeups=self.wakeups,
            clock=self._clock,
            max_tentativas=self._settings.max_tentativas,
        )

    @cached_property
    def resends(self) -> Resends:
        from chalicelib.dispatch.requests.resends import Resends

        return Resends(database=self.database, wakeups=self.wakeups, clock=self._clock)

    @cached_property
    def settlements(self) -> Settlements:
        from chalicelib.dispatch.requests.settlements import Settlements

        return Settlements(database=self.database, clock=self._clock)

    @cached_property
    def overview(self) -> Overview:
        from chalicelib.dispatch.requests.overview import Overview

        return Overview(database=self.database, clock=self._clock)

    @cached_property
    def channel_pauses(self) -> ChannelPauses:
        from chalicelib.dispatch.requests.channel_pauses import ChannelPauses

        return ChannelPauses(database=self.database, wakeups=self.wakeups, clock=self._clock)

    @cached_property
    def own_channels(self) -> OwnChannels:
        from chalicelib.dispatch.channels.own import OwnChannels

        return OwnChannels(
            secrets=self.secrets,
            secret_of=self._settings.tenant_secret,
            is_internal=self._settings.internal_channels,
            clock=self._clock,
        )

    @cached_property
    def senders(self) -> Senders:
        from chalicelib.dispatch.channels.senders import Senders

        return Senders(
            secrets=self.secrets,
            secret_of=lambda canal: self._settings.secret(f"mcp-{canal}"),
            own_channels=self.own_channels,
            in_flight=self._settings.dispatch_in_flight,
            lease_s=self._settings.dispatch_lease_s,
            clock=self._clock,
        )

    @cached_property
    def executor(self) -> Executor:
        from chalicelib.dispatch.worker.executor import Executor

        return Executor(
            database=self.owner_database,
            senders=self.senders,
            wakeups=self.wakeups,
            queues=self.queues,
            publish=self.outbox.publish,
            unsubscribe_url=self.unsubscribe_links.url,
            erased=self.erased_contacts,
            calendars=self.calendar_parts.of,
            tracer=self.tracer,
            settings=self._settings,
            clock=self._clock,
        )

    # Campaigns

    @cached_property
    def campaigns(self) -> Campaigns:
        from chalicelib.campaigns.requests.drafts import Campaigns

        return Campaigns(database=self.database, clock=self._clock)

    @cached_property
    def campaign_control(self) -> CampaignControl:
        from chalicelib.campaigns.requests.control import CampaignControl

        return CampaignControl(
            database=self.database,
            queues=self.queues,
            schedules=self.schedules,
            queue=self._settings.campaign_queue,
            clock=self._clock,
        )

    @cached_property
    def campaign_stops(self) -> CampaignStops:
        from chalicelib.campaigns.requests.stops import CampaignStops

        return CampaignStops(database=self.database, control=self.campaign_control)

    @cached_property
    def preflight(self) -> Preflight:
        from chalicelib.campaigns.requests.preflight import Preflight

        return Preflight(database=self.patient_database, clock=self._clock)

    @cached_property
    def trial_sends(self) -> TrialSends:
        from chalicelib.campaigns.requests.trials import TrialSends

        return TrialSends(
            database=self.database,
            wake=self._wake_disparo,
            clock=self._clock,
            max_tentativas=self._settings.max_tentativas,
        )

    @cached_property
    def recipients(self) -> Recipients:
        from chalicelib.campaigns.results.recipients import Recipients

        return Recipients(database=self.database)

    @cached_property
    def campaign_exports(self) -> CampaignExports:
        from chalicelib.campaigns.results.results_csv import CampaignExports

        ttl_s = self._settings.presigned_ttl_s
        return CampaignExports(database=self.database, storage=self.storage, clock=self._clock, ttl_s=ttl_s)

    @cached_property
    def campaign_replies(self) -> CampaignReplies:
        from chalicelib.campaigns.results.answered import CampaignReplies

        return CampaignReplies(database=self.database)

    @cached_property
    def variants(self) -> Variants:
        from chalicelib.campaigns.results.variants import Variants

        return Variants(database=self.database, clock=self._clock)

    @cached_property
    def campaigns_again(self) -> CampaignsAgain:
        from chalicelib.campaigns.results.again import CampaignsAgain

        return CampaignsAgain(database=self.database, clock=self._clock)

    @cached_property
    def planner(self) -> Planner:
        from chalicelib.campaigns.planning.planner import Planner

        return Planner(
            database=self.owner_database,
            queues=self.queues,
            wake=self._wake_campaigns_of,
            publish=self.outbox.publish,
            settings=self._settings,
            clock=self._clock,
        )

    # Suppression

    @cached_property
    def suppressions(self) -> Suppressions:
        from chalicelib.suppression.service import Suppressions

        return Suppressions(database=self.database, clock=self._clock, erased=self.erased_contacts)

    @cached_property
    def signer(self) -> Signer:
        from chalicelib.tokens import Signer, keys_in

        name = self._settings.secret("assinatura")
        return Signer(lambda: keys_in(self.secrets.find(name), name))

    @cached_property
    def unsubscribe_links(self) -> UnsubscribeLinks:
        from chalicelib.suppression.links import UnsubscribeLinks

        return UnsubscribeLinks(public_url=self._settings.public_url, signer=self.signer)

    @cached_property
    def unsubscribes(self) -> Unsubscribes:
        from chalicelib.suppression.service import Unsubscribes

        return Unsubscribes(database=self.database, links=self.unsubscribe_links, clock=self._clock)

    # Delivery

    @cached_property
    def webhooks(self) -> Webhooks:
        from chalicelib.delivery.service import Webhooks

        return Webhooks(
            database=self.database,
            secrets=self.secrets,
            secret_of=self._settings.secret,
            signer=self.signer,
            public_url=self._settings.public_url,
            clock=self._clock,
        )

    @cached_property
    def inbox(self) -> Inbox:
        from chalicelib.delivery.inbox import Inbox

        return Inbox(database=self.database, clock=self._clock)

    # Scheduling

    @cached_property
    def agendamentos(self) -> Agendamentos:
        from chalicelib.scheduling.booking.agendamentos import Agendamentos

        return Agendamentos(
            database=self.database,
            alarms=self.alarms,
            buffer_min=self._settings.agenda_buffer_min,
            clock=self._clock,
        )

    @cached_property
    def invitations(self) -> Invitations:
        from chalicelib.scheduling.invitations.service import Invitations

        return Invitations(database=self.database, organizer=self._settings.agenda_organizer)

    @cached_property
    def calendar_parts(self) -> CalendarParts:
        from chalicelib.scheduling.invitations.parts import CalendarParts

        return CalendarParts(database=self.owner_database, organizer=self._settings.agenda_organizer)

    @cached_property
    def feeds(self) -> Feeds:
        from chalicelib.scheduling.invitations.feeds import Feeds

        settings = self._settings
        return Feeds(
            database=self.database,
            public_url=settings.public_url,
            organizer=settings.agenda_organizer,
            clock=self._clock,
        )

    @cached_property
    def lead_links(self) -> LeadLinks:
        from chalicelib.scheduling.invitations.links import LeadLinks

        return LeadLinks(public_url=self._settings.public_url, signer=self.signer)

    @cached_property
    def lead_decisions(self) -> LeadDecisions:
        from chalicelib.scheduling.invitations.decisions import LeadDecisions
        from chalicelib.scheduling.invitations.offers import is_free, offers
        from chalicelib.scheduling.invitations.proofs import Proofs

        buffer_min = self._settings.agenda_buffer_min
        return LeadDecisions(
            database=self.database,
            links=self.lead_links,
            proofs=Proofs(self.signer),
            bookings=self.agendamentos,
            offers=partial(offers, buffer_min=buffer_min),
            is_free=partial(is_free, buffer_min=buffer_min),
            clock=self._clock,
        )

    @cached_property
    def alarms(self) -> Alarms:
        from chalicelib.scheduling.booking.announcing import Alarms

        return Alarms(queues=self.queues, schedules=self.schedules, queue=self._settings.scheduling_queue)

    @cached_property
    def free_times(self) -> FreeTimes:
        from chalicelib.scheduling.staff.free_times import FreeTimes

        return FreeTimes(database=self.database, buffer_min=self._settings.agenda_buffer_min, clock=self._clock)

    @cached_property
    def responsaveis(self) -> Responsaveis:
        from chalicelib.scheduling.staff.responsaveis import Responsaveis

        return Responsaveis(database=self.database, clock=self._clock)

    @cached_property
    def blocks(self) -> Blocks:
        from chalicelib.scheduling.staff.blocks import Blocks

        return Blocks(database=self.database, clock=self._clock)

    @cached_property
    def calendar_door(self) -> CalendarDoor:
        from chalicelib.scheduling.calendars.server import CalendarDoor

        own = self.own_channels
        return CalendarDoor(load=own.load_calendar, address_of=own.address_of, clock=self._clock)

    @cached_property
    def calendar_sync(self) -> CalendarSync:
        from chalicelib.scheduling.calendars.worker import CalendarSync

        return CalendarSync(database=self.owner_database, open_calendar=self.calendar_door.open, clock=self._clock)

    @cached_property
    def calendar_settlements(self) -> CalendarSettlements:
        from chalicelib.scheduling.booking.event_settlements import CalendarSettlements

        return CalendarSettlements(database=self.database, alarms=self.alarms, clock=self._clock)

    @cached_property
    def reminders(self) -> Reminders:
        from chalicelib.scheduling.reminders.worker import Reminders

        return Reminders(
            database=self.owner_database,
            publish=self.outbox.publish,
            wake=self._wake_disparo,
            lead_link=self.lead_links.url,
            mirror=self.calendar_sync.sync,
            clock=self._clock,
            max_tentativas=self._settings.max_tentativas,
        )

    # Subscriptions

    @cached_property
    def signing_secrets(self) -> SigningSecrets:
        from chalicelib.subscriptions.keys import SigningSecrets

        return SigningSecrets(secrets=self.secrets, secret_of=self._settings.subscription_secret, clock=self._clock)

    @cached_property
    def subscription_wakeups(self) -> SubscriptionWakeups:
        from chalicelib.subscriptions.wakeups import SubscriptionWakeups

        return SubscriptionWakeups(queues=self.queues, queue=self._settings.subscription_queue)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        from chalicelib.subscriptions.requests.service import Subscriptions

        return Subscriptions(
            database=self.database,
            signing=self.signing_secrets,
            address_of=self._receiver_address_of,
            clock=self._clock,
        )

    @cached_property
    def deliveries(self) -> Deliveries:
        from chalicelib.subscriptions.requests.deliveries import Deliveries

        return Deliveries(database=self.database, wakeups=self.subscription_wakeups, clock=self._clock)

    @cached_property
    def fan_out(self) -> FanOut:
        from chalicelib.subscriptions.worker.fan_out import FanOut

        return FanOut(wakeups=self.subscription_wakeups, clock=self._clock)

    @cached_property
    def delivering(self) -> Delivering:
        from chalicelib.adapters.web.posts import Poster
        from chalicelib.subscriptions.worker.delivery import Delivering

        timeout_s = self._settings.subscription_timeout_s
        poster = Poster(address_of=self._receiver_address_of, timeout_s=timeout_s, now=self._clock)
        return Delivering(
            database=self.owner_database,
            poster=poster,
            signing=self.signing_secrets,
            wakeups=self.subscription_wakeups,
            clock=self._clock,
        )

    @property
    def _receiver_address_of(self) -> AddressOf | None:
        """Returns the public address to connect to for a host; None where every address is allowed."""
        from chalicelib.adapters.addresses import public_address

        return None if self._settings.internal_channels else public_address

    # Privacy

    @cached_property
    def erased_contacts(self) -> ErasedContacts:
        from chalicelib.erased import ErasedContacts

        return ErasedContacts(self.signer)

    @cached_property
    def subject_files(self) -> SubjectFiles:
        from chalicelib.privacy.bucket import SubjectFiles

        return SubjectFiles(storage=self.storage, rewrite=self.reports.rewrite)

    @cached_property
    def subject_records(self) -> SubjectRecords:
        from chalicelib.privacy.records import SubjectRecords

        return SubjectRecords(database=self.database, erased=self.erased_contacts)

    @cached_property
    def subject_exports(self) -> SubjectExports:
        from chalicelib.privacy.subject_export import SubjectExports

        return SubjectExports(database=self.database, subject_records=self.subject_records, clock=self._clock)

    @cached_property
    def erasures(self) -> Erasures:
        from chalicelib.privacy.erasure import Erasures

        return Erasures(
            database=self.database,
            files=self.subject_files,
            erased=self.erased_contacts,
            subject_records=self.subject_records,
            clock=self._clock,
        )

    @cached_property
    def retention(self) -> Retention:
        from chalicelib.privacy.retention import Retention

        return Retention(database=self.owner_database, files=self.subject_files, clock=self._clock)

    # Tenants

    @cached_property
    def tenants(self) -> Tenants:
        from chalicelib.tenants.service import Tenants

        return Tenants(database=self.database, check_channels=self.own_channels.check, clock=self._clock)

    # Maintenance

    @cached_property
    def health(self) -> Health:
        from chalicelib.maintenance.health import Health

        return Health(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        from chalicelib.maintenance.outbox import Outbox

        return Outbox(database=self.owner_database, bus=self.bus, subscriptions=self.fan_out, clock=self._clock)

    @cached_property
    def sweep(self) -> Sweep:
        from chalicelib.campaigns.planning.redating import CampaignRedating
        from chalicelib.campaigns.planning.tending import CampaignCounterFolding, Tending
        from chalicelib.delivery.settling import LateReports
        from chalicelib.dispatch.requests.overview import CounterFolding
        from chalicelib.dispatch.worker.claims import Claims, wake_campaigns
        from chalicelib.dispatch.worker.pauses import PausedChannels, UnbegunDisparos
        from chalicelib.dispatch.worker.redating import Redating
        from chalicelib.ingestion.jobs.dry_run import AbandonedDryRuns
        from chalicelib.ingestion.jobs.uploads import LostUploads
        from chalicelib.maintenance.keys import OldKeys
        from chalicelib.maintenance.sweep import Sweep, Waker
        from chalicelib.scheduling.calendars.busy import BusyTimes
        from chalicelib.scheduling.calendars.missing import MissingEvents
        from chalicelib.scheduling.reminders.redating import ReminderRedating
        from chalicelib.scheduling.reminders.unplanned import UnplannedAgendamentos

        unplanned = UnplannedAgendamentos(database=self.owner_database, clock=self._clock)
        wake = Waker(database=self.owner_database, queues=self.queues, clock=self._clock).wake
        contagens = CounterFolding(database=self.owner_database, clock=self._clock)
        uploads = LostUploads(database=self.owner_database, ttl_s=self._settings.presigned_ttl_s, clock=self._clock)
        settings = self._settings
        claims = Claims(database=self.owner_database, clock=self._clock, lease_s=settings.dispatch_lease_s)
        redating = Redating(database=self.owner_database, claims=claims, wakeups=self.wakeups, clock=self._clock)
        return Sweep(
            {
                "jobs": partial(wake, "wake_lost_jobs", settings.ingest_queue, "job_id"),
                "nao_iniciados": UnbegunDisparos(database=self.owner_database, clock=self._clock).release,
                "disparos": partial(wake, "wake_lost_disparos", settings.dispatch_queue, "disparo_id"),
                "planejamentos": partial(wake, "wake_lost_campanhas", settings.campaign_queue, "campanha_id"),
                "campanhas": Tending(database=self.owner_database, start=self.planner.start, clock=self._clock).tend,
                "datas_de_campanhas": CampaignRedating(database=self.owner_database, clock=self._clock).redate,
                "contagens_de_campanhas": CampaignCounterFolding(database=self.owner_database).fold,
                "mensagens_de_campanhas": partial(wake_campaigns, claims, self.wakeups),
                "leads": claims.move_leads,
                "canais": PausedChannels(database=self.owner_database, wakeups=self.wakeups, clock=self._clock).tend,
                "agendamentos": partial(wake, "wake_lost_agendamentos", settings.scheduling_queue, "agendamento_id"),
                "datas_de_lembretes": ReminderRedating(database=self.owner_database, clock=self._clock).redate,
                "lembretes": partial(wake, "wake_lost_avisos", settings.scheduling_queue, "agendamento_id"),
                "planos_de_lembretes": unplanned.plan,
                "calendarios_ocupados": BusyTimes(
                    database=self.owner_database, open_calendar=self.calendar_door.open, clock=self._clock
                ).refresh,
                "eventos_a_criar": MissingEvents(database=self.owner_database, clock=self._clock).plan,
                "calendarios": partial(wake, "wake_lost_eventos", settings.scheduling_queue, "agendamento_id"),
                "assinaturas": partial(wake, "wake_lost_assinaturas", settings.subscription_queue, "assinatura_id"),
                "undos": partial(wake, "wake_lost_undos", settings.ingest_queue, "job_id"),
                "ensaios": AbandonedDryRuns(database=self.owner_database).close,
                "uploads": uploads.expire,
                "contagens": contagens.fold,
                "entregas": LateReports(database=self.owner_database, clock=self._clock).settle,
                "eventos": self.outbox.publish,
                "buscas": self.findable_leads.copy,
                "chaves": OldKeys(database=self.owner_database, clock=self._clock).forget,
                # Last, because it may take most of a minute.
                "datas": redating.redate,
            }
        )

    @cached_property
    def migrations(self) -> Migrations:
        from chalicelib.maintenance.migrations import Migrations

        return Migrations(self.migrating_database, _MIGRATIONS)

    @cached_property
    def bootstrap(self) -> Bootstrap:
        from chalicelib.maintenance.bootstrap import Bootstrap

        settings = self._settings
        return Bootstrap(
            secrets=self.secrets,
            secret=settings.secret("db-credentials"),
            stage=settings.stage,
            migrations=self.migrations,
        )

    def _wake_disparo(self, tenant_id: str, disparo_id: UUID, at: datetime) -> None:
        """Have a worker woken for one disparo."""
        from chalicelib.dispatch.wakeups import Wakeup

        self.wakeups.arrange([Wakeup(tenant_id, disparo_id, at)])

    def _wake_campaigns_of(self, tenant_id: str) -> None:
        """Have a worker woken for what a tenant's campaigns may send."""
        from chalicelib.dispatch.worker.claims import Claims

        claims = Claims(database=self.owner_database, clock=self._clock, lease_s=self._settings.dispatch_lease_s)
        self.wakeups.arrange(claims.wake_next([tenant_id]))

    def _database(self, name: str, url: str | None, *, timeout_s: float | None) -> Database:
        from chalicelib.adapters.database import Database

        if url is not None:
            return Database(lambda: url, timeout_s=timeout_s)
        secret = self._settings.secret("db-credentials")
        refresh = partial(self.secrets.find, secret, fresh=True)
        return Database(lambda: self._url_in_secret(name), refresh=refresh, timeout_s=timeout_s)

    def _url_in_secret(self, name: str) -> str:
        """The login's URL in the secret `db-credentials`."""
        from chalicelib.errors import Unavailable

        secret = self._settings.secret("db-credentials")
        url = (self.secrets.find(secret) or {}).get(name)
        if not isinstance(url, str):
            raise Unavailable("segredo_ausente", nome=secret)
        return url
