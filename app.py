"""`app.py` says when things happen. The services say what happens; their `.sql` files say which rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import UUID

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, Rate, S3Event, SQSEvent

from chalicelib.access.requests import AuditQuery, NewKey, NewPerson, PeopleQuery, PersonChange
from chalicelib.acting import as_system
from chalicelib.adapters.clock import clock_of
from chalicelib.api import openapi
from chalicelib.api.authorizing import TTL_S, admitted
from chalicelib.api.calendars import calendar, or_calendar
from chalicelib.api.calls import AnonymousCall, Call
from chalicelib.api.contract.docs_page import docs_page, swagger_ui
from chalicelib.api.every_answer import (
    answer_preflights,
    bound_to_its_list,
    numbered,
    readable_from,
    told_apart,
    within_budget,
)
from chalicelib.api.form import UploadBody
from chalicelib.api.handlers import Json
from chalicelib.api.http import endpoint, localize_415, public
from chalicelib.api.invitation_page import invitation_page
from chalicelib.api.invocation import remaining_ms
from chalicelib.api.text import UNSUBSCRIBE, UNSUBSCRIBED, page, words
from chalicelib.campaigns.requests.models import (
    CampaignChange,
    CampaignQuery,
    CampaignStart,
    CampaignStop,
    NewCampaign,
    NewStart,
    TrialSend,
)
from chalicelib.campaigns.results.requests import CampaignAgain, CampaignReplyQuery, RecipientExport, RecipientQuery
from chalicelib.campaigns.segments.requests import NewSegment, SegmentCount
from chalicelib.config import Settings
from chalicelib.delivery.requests import ChallengeQuery, ReplyAssignment, ReplyQuery, ReplySettlement, WebhookQuery
from chalicelib.dispatch.requests.models import (
    BulkCancellation,
    DisparoBatch,
    DisparoQuery,
    NewDisparo,
    NewTemplate,
    PreviewRequest,
    ResendRequest,
    ResolutionRequest,
    SeriesQuery,
    TemplateQuery,
    VersionQuery,
)
from chalicelib.idempotency import IdempotencyKey
from chalicelib.interpreter import settle
from chalicelib.leads.requests import (
    BriefingQuery,
    ContactRemoval,
    LeadChange,
    LeadExport,
    LeadQuery,
    LeadTagging,
    NewEmail,
    NewLead,
    NewNote,
    NewPhone,
    NoteQuery,
    ReadyQuery,
    TimelineQuery,
)
from chalicelib.markdown import Markdown
from chalicelib.motivo import GivenReason
from chalicelib.pages import PageQuery
from chalicelib.privacy.requests import LeadExportQuery, SubjectExportQuery, SubjectRequest, SubjectRequestQuery
from chalicelib.scheduling.booking.requests import (
    AgendamentoQuery,
    Cancellation,
    EventSettlement,
    NewAgendamento,
    Rescheduling,
)
from chalicelib.scheduling.invitations.invitation import Invitation
from chalicelib.scheduling.invitations.requests import LeadDecision, NewFeed
from chalicelib.scheduling.rules.calendar_file import CalendarFile
from chalicelib.scheduling.staff.requests import BlockQuery, NewBlock, NewResponsavel, SlotQuery
from chalicelib.subscriptions.requests.models import DeliveryQuery, NewSubscription, ReplayRange, SubscriptionChange
from chalicelib.suppression.requests import NewSuppression, PersonSuppression, SuppressionQuery, SuppressionRemoval
from chalicelib.telemetry import measure_stage
from chalicelib.tenants.config import ConfigPatch, TenantConfig
from chalicelib.versions import ExpectedVersion, Versioned
from chalicelib.wiring import Services

if TYPE_CHECKING:
    # Only the contract reads what handlers answer, and imports these models then: they would slow every cold start.
    from chalicelib.api import answers

settings = Settings.from_environment(os.environ)
services = Services(settings, clock=clock_of(settings.clock_file))
measure_stage(settings.stage)

app = Chalice(app_name="disparo-agenda", configure_logs=False)
app.api.binary_types.append("multipart/form-data")
app.register_middleware(numbered, "http")
app.register_middleware(readable_from(settings.allowed_origins), "http")
app.register_middleware(within_budget(lambda: services.budgets), "http")
app.register_middleware(told_apart, "http")
app.register_middleware(bound_to_its_list(lambda: services.signer), "http")
app.register_middleware(localize_415, "http")


@app.authorizer(ttl_seconds=TTL_S)
def authorizer(request: AuthRequest) -> AuthResponse:
    """Tells API Gateway who calls: a person with an ID token of Cognito, or a machine with an API key."""
    return admitted(services.authorizer.identify, request.token)


# --- REST -----------------------------------------------------------------------------------------------------------


@app.route("/saude", methods=["GET"])
@public(app)
def health() -> Json[answers.HealthAnswer]:
    """Checks that the API and its database answer."""
    return services.health.check()


@app.route("/openapi.json", methods=["GET"])
@public(app)
def contract() -> Json[answers.OpenApiDocument]:
    """Returns this contract: what each route takes and answers, as an OpenAPI 3.1 document."""
    return openapi.document(app)


@app.route("/docs", methods=["GET"])
@docs_page(app)
def show_docs() -> str:
    """Shows this contract as a page on which each operation can be tried."""
    return swagger_ui()


@app.route("/eu", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_own_identity(call: Call) -> Json[answers.OwnIdentity]:
    """Returns who the caller is, with the time zone and the language of the tenant, and what time it is here."""
    return services.tenants.own_identity(call.identity)


# Any media type, because the body says what it is: Chalice deploys no route that names both a binary type and JSON.
@app.route("/ingest/leads/xlsx", methods=["POST"], authorizer=authorizer, content_types=["*/*"])
@endpoint(app, 202)
def create_ingest_job(
    call: Call, body: UploadBody, key: IdempotencyKey | None
) -> Json[answers.JobAnswer | answers.AnnouncedJobAnswer]:
    """Creates an ingestion job for a file: sent in the body, stored in our bucket, or to be uploaded by its form."""
    return services.uploads.receive(
        call.tenant_id, body.upload(settings.multipart_max_bytes), key, por=call.identity.subject
    )


@app.route("/ingest/leads/jobs", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_ingest_jobs(call: Call, query: PageQuery) -> Json[answers.JobPage]:
    """Lists the ingestion jobs, newest first."""
    return services.jobs.page(call.tenant_id, query)


@app.route("/ingest/leads/jobs/{job_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_ingest_job(call: Call, job_id: UUID) -> Json[answers.JobDetail]:
    """Returns one ingestion job with its counts."""
    return services.jobs.get(call.tenant_id, job_id)


@app.route("/ingest/leads/jobs/{job_id}/erros", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_ingest_errors(call: Call, job_id: UUID) -> Json[answers.ReportLink]:
    """Returns a URL at which the error report of a job can be downloaded."""
    return services.reports.url(call.tenant_id, job_id)


@app.route("/ingest/leads/jobs/{job_id}/previa", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_ingest_preview(call: Call, job_id: UUID) -> Json[answers.PreviewAnswer]:
    """Returns the first rows of a dry run as they would be stored."""
    return services.previews.of(call.tenant_id, job_id)


@app.route("/ingest/leads/jobs/{job_id}/cancelar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def cancel_ingest_job(call: Call, job_id: UUID) -> Json[answers.JobAnswer]:
    """Cancels a job; one that is running stops before its next batch."""
    return services.jobs.cancel(call.tenant_id, job_id)


@app.route("/ingest/leads/jobs/{job_id}/retomar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resume_ingest_job(call: Call, job_id: UUID) -> Json[answers.JobAnswer]:
    """Resumes a job that failed or was cancelled, at the row where it stopped."""
    return services.jobs.resume(call.tenant_id, job_id)


@app.route("/ingest/leads/jobs/{job_id}/desfazer", methods=["POST"], authorizer=authorizer)
@endpoint(app, 202)
def undo_ingest_job(call: Call, job_id: UUID) -> Json[answers.JobAnswer]:
    """Undoes a job: removes the leads that it created and that nobody has changed since."""
    return services.undo.request(call.tenant_id, job_id)


@app.route("/leads", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_leads(call: Call, query: LeadQuery) -> Json[answers.LeadPage]:
    """Lists leads by filter, newest first."""
    return services.leads.page(call.tenant_id, query)


@app.route("/leads", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_lead(call: Call, body: NewLead, key: IdempotencyKey | None) -> Json[answers.LeadDetail]:
    """Creates a lead by hand; one that is there already is refused and named."""
    return services.registrations.create(call.identity, body, key)


@app.route("/leads.csv", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def export_leads(call: Call, query: LeadExport) -> Json[answers.ExportLink]:
    """Exports leads by filter: a URL at which their CSV can be downloaded, and the cursor of the next file."""
    return services.exports.create(call.tenant_id, query)


@app.route("/campos", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_campos(call: Call, query: PageQuery) -> Json[answers.CampoPage]:
    """Lists the campos that the leads have: the columns of the files beyond ours, with their types and samples."""
    return services.leads.campos(call.tenant_id, query)


@app.route("/leads/para-disparo", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_leads_ready(call: Call, query: ReadyQuery) -> Json[answers.ReadyLeadPage]:
    """Lists the leads that are ready to be contacted, each with its best contacts."""
    return services.leads.ready(call.tenant_id, query)


@app.route("/leads/{lead_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_lead(call: Call, lead_id: UUID) -> Json[answers.LeadDetail]:
    """Returns one lead with its contacts and its timeline."""
    return Versioned(services.leads.get(call.tenant_id, lead_id))


@app.route("/leads/{lead_id}", methods=["PATCH"], authorizer=authorizer)
@endpoint(app)
def change_lead(
    call: Call, lead_id: UUID, body: LeadChange, expected: ExpectedVersion | None
) -> Json[answers.LeadDetail]:
    """Changes a lead by hand: its status, its tags, its name, contact, document and campos."""
    return Versioned(services.lead_edits.change(call.identity, lead_id, body, expected))


@app.route("/leads/tags", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def tag_leads(call: Call, body: LeadTagging) -> Json[answers.TaggedLeads]:
    """Adds tags to many leads and removes tags from them; an id that no lead has is named, and changes nothing."""
    return services.lead_tags.change(call.identity, body)


@app.route("/leads/{lead_id}/linha-do-tempo", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_lead_life(call: Call, lead_id: UUID, query: TimelineQuery) -> Json[answers.LifePage]:
    """Lists everything that happened to a lead, newest first."""
    return services.timelines.page(call.tenant_id, lead_id, query)


@app.route("/leads/{lead_id}/notas", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def add_lead_note(call: Call, lead_id: UUID, body: NewNote, key: IdempotencyKey | None) -> Json[answers.NoteAnswer]:
    """Adds a note about a lead."""
    return services.notes.create(call.identity, lead_id, body, key)


@app.route("/leads/{lead_id}/notas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_lead_notes(call: Call, lead_id: UUID, query: NoteQuery) -> Json[answers.NotePage]:
    """Lists the notes about a lead, newest first."""
    return services.notes.page(call.tenant_id, lead_id, query)


@app.route("/leads/{lead_id}/notas/{nota_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def remove_lead_note(call: Call, lead_id: UUID, nota_id: UUID) -> None:
    """Removes a note about a lead; its author may do so, and a member of the group `admin`."""
    services.notes.remove(call.identity, lead_id, nota_id)


@app.route("/leads/{lead_id}/telefones", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def add_lead_phone(call: Call, lead_id: UUID, body: NewPhone, key: IdempotencyKey | None) -> Json[answers.LeadDetail]:
    """Adds a phone to a lead."""
    return services.lead_contacts.add_phone(call.identity, lead_id, body, key)


@app.route("/leads/{lead_id}/telefones/{telefone_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def remove_lead_phone(call: Call, lead_id: UUID, telefone_id: UUID, query: ContactRemoval) -> None:
    """Removes a phone of a lead; one that disparos wait for stays, unless these are to be cancelled."""
    services.lead_contacts.remove_phone(call.identity, lead_id, telefone_id, query)


@app.route("/leads/{lead_id}/telefones/{telefone_id}/principal", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def prefer_lead_phone(call: Call, lead_id: UUID, telefone_id: UUID) -> Json[answers.LeadDetail]:
    """Makes a phone the principal one of a lead."""
    return services.lead_contacts.prefer_phone(call.identity, lead_id, telefone_id)


@app.route("/leads/{lead_id}/emails", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def add_lead_email(call: Call, lead_id: UUID, body: NewEmail, key: IdempotencyKey | None) -> Json[answers.LeadDetail]:
    """Adds an e-mail to a lead."""
    return services.lead_contacts.add_email(call.identity, lead_id, body, key)


@app.route("/leads/{lead_id}/emails/{email_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def remove_lead_email(call: Call, lead_id: UUID, email_id: UUID, query: ContactRemoval) -> None:
    """Removes an e-mail of a lead; one that disparos wait for stays, unless these are to be cancelled."""
    services.lead_contacts.remove_email(call.identity, lead_id, email_id, query)


@app.route("/leads/{lead_id}/emails/{email_id}/principal", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def prefer_lead_email(call: Call, lead_id: UUID, email_id: UUID) -> Json[answers.LeadDetail]:
    """Makes an e-mail the principal one of a lead."""
    return services.lead_contacts.prefer_email(call.identity, lead_id, email_id)


@app.route("/leads/{lead_id}/disparos", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_disparo(
    call: Call, lead_id: UUID, body: NewDisparo, key: IdempotencyKey | None
) -> Json[answers.DisparoDetail]:
    """Creates one disparo: one message to one destination of the lead."""
    return services.disparos.create(call.tenant_id, lead_id, body, key)


@app.route("/disparos", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_disparos(call: Call, query: DisparoQuery) -> Json[answers.DisparoPage]:
    """Lists disparos by filter, newest first."""
    return services.disparos.page(call.tenant_id, query)


@app.route("/disparos/lote", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def create_disparos(call: Call, body: DisparoBatch, key: IdempotencyKey | None) -> Json[answers.BatchAnswer]:
    """Creates up to a thousand disparos, and says of each whether it was created or why not."""
    return services.disparo_batches.create(call.tenant_id, body, key)


@app.route("/disparos/cancelar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def cancel_disparos(call: Call, body: BulkCancellation) -> Json[answers.CancellationAnswer]:
    """Cancels the waiting disparos that fit a filter, up to the limit of one request."""
    return services.disparos.cancel_many(call.identity, body)


@app.route("/disparos/{disparo_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_disparo(call: Call, disparo_id: UUID) -> Json[answers.DisparoDetail]:
    """Returns one disparo with its history."""
    return services.disparos.get(call.tenant_id, disparo_id)


@app.route("/disparos/{disparo_id}/cancelar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def cancel_disparo(call: Call, disparo_id: UUID, body: GivenReason) -> Json[answers.DisparoDetail]:
    """Cancels a disparo that has not left yet."""
    return services.disparos.cancel(call.tenant_id, disparo_id, **body.of(call.identity))


@app.route("/disparos/{disparo_id}/reenviar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resend_disparo(call: Call, disparo_id: UUID, key: IdempotencyKey | None) -> Json[answers.DisparoDetail]:
    """Sends a failed disparo again."""
    return services.resends.one(call.tenant_id, disparo_id, key)


@app.route("/disparos/reenviar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resend_disparos(call: Call, body: ResendRequest, key: IdempotencyKey | None) -> Json[answers.ResendAnswer]:
    """Sends again the failed disparos that fit a filter, up to the limit of one request."""
    return services.resends.many(call.tenant_id, body, key)


@app.route("/disparos/{disparo_id}/resolver", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resolve_disparo(call: Call, disparo_id: UUID, body: ResolutionRequest) -> Json[answers.DisparoDetail]:
    """Records whether a disparo that is `incerto` was sent."""
    return services.settlements.resolve(call.tenant_id, disparo_id, body.resultado)


@app.route("/disparos/{disparo_id}/confirmar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def confirm_disparo(call: Call, disparo_id: UUID) -> Json[answers.DisparoDetail]:
    """Records that the message has reached the lead."""
    return services.settlements.confirm(call.tenant_id, disparo_id)


@app.route("/disparo/overview", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def disparo_overview(call: Call) -> Json[answers.OverviewAnswer]:
    """Counts the disparos for a dashboard: by status and channel, what waits, what failed, what happened today."""
    return services.overview.show(call.tenant_id)


@app.route("/disparo/serie", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def disparo_series(call: Call, query: SeriesQuery) -> Json[answers.DaySeries]:
    """Counts what was sent, confirmed and failed in each hour of a day: today, or another one."""
    return services.overview.series(call.tenant_id, query)


@app.route("/canais", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_canais(call: Call) -> Json[answers.ChannelList]:
    """Lists the channels: whether each one is paused, and how many disparos wait for it."""
    return services.channel_pauses.every(call.tenant_id)


@app.route("/canais/{canal}/pausar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def pause_canal(call: Call, canal: str, body: GivenReason) -> Json[answers.ChannelAnswer]:
    """Pauses a channel: no message leaves by it until it is resumed."""
    return services.channel_pauses.pause(call.identity, canal, body)


@app.route("/canais/{canal}/retomar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resume_canal(call: Call, canal: str, body: GivenReason) -> Json[answers.ChannelAnswer]:
    """Resumes a paused channel and wakes up the disparos that wait for it."""
    return services.channel_pauses.resume(call.identity, canal, body)


@app.route("/leads/{lead_id}/agendamentos", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_agendamento(
    call: Call, lead_id: UUID, body: NewAgendamento, key: IdempotencyKey | None
) -> Json[answers.AgendamentoDetail]:
    """Creates an agendamento: a callback or a meeting with the lead."""
    return services.agendamentos.create(call.tenant_id, lead_id, body, key, por=call.identity.subject)


@app.route("/agendamentos", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_agendamentos(call: Call, query: AgendamentoQuery) -> Json[answers.AgendamentoPage]:
    """Lists agendamentos by filter, in the order of their date."""
    return services.agendamentos.page(call.tenant_id, query)


@calendar(app, Call)
def get_agendamento_file(call: Call, agendamento_id: UUID) -> CalendarFile:
    """Returns the calendar file of an agendamento, as its lead gets it."""
    return services.invitations.file(call.tenant_id, agendamento_id)


@app.route("/agendamentos/horarios", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_horarios(call: Call, query: SlotQuery) -> Json[answers.SlotsAnswer]:
    """Lists the times at which responsáveis are free, proposes three, and says why others are not free."""
    return services.free_times.show(call.tenant_id, query)


@app.route("/agendamentos/{agendamento_id}", methods=["GET"], authorizer=authorizer)
@or_calendar(get_agendamento_file)
@endpoint(app)
def get_agendamento(call: Call, agendamento_id: UUID) -> Json[answers.AgendamentoDetail]:
    """Returns one agendamento."""
    return services.agendamentos.get(call.tenant_id, agendamento_id)


@app.route("/agendamentos/{agendamento_id}/briefing", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def show_briefing(call: Call, agendamento_id: UUID, query: BriefingQuery) -> Json[answers.Briefing] | Markdown:
    """Returns what is to be known of the lead before the agendamento, as JSON or as Markdown."""
    return services.briefings.show(call.tenant_id, agendamento_id, in_markdown=query.wants_markdown(call.accept))


@app.route("/agendamentos/{agendamento_id}/confirmar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def confirm_agendamento(call: Call, agendamento_id: UUID) -> Json[answers.AgendamentoDetail]:
    """Records that the lead has confirmed the agendamento."""
    return services.agendamentos.confirm(call.tenant_id, agendamento_id)


@app.route("/agendamentos/{agendamento_id}/realizar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def complete_agendamento(call: Call, agendamento_id: UUID) -> Json[answers.AgendamentoDetail]:
    """Records that the agendamento took place."""
    return services.agendamentos.complete(call.tenant_id, agendamento_id)


@app.route("/agendamentos/{agendamento_id}/cancelar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def cancel_agendamento(call: Call, agendamento_id: UUID, body: Cancellation) -> Json[answers.AgendamentoDetail]:
    """Cancels the agendamento, frees its time and tells the lead."""
    return services.agendamentos.cancel(
        call.tenant_id,
        agendamento_id,
        por=call.identity.subject,
        motivo=body.motivo,
        avisar_lead=body.avisar_lead,
    )


@app.route("/agendamentos/{agendamento_id}/reagendar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def reschedule_agendamento(
    call: Call, agendamento_id: UUID, body: Rescheduling, key: IdempotencyKey | None
) -> Json[answers.AgendamentoDetail]:
    """Moves the agendamento to another time, which the lead is asked to confirm anew."""
    return services.agendamentos.reschedule(call.tenant_id, agendamento_id, body, key, por=call.identity.subject)


@app.route("/agendamentos/{agendamento_id}/calendario/resolver", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resolve_event(call: Call, agendamento_id: UUID, body: EventSettlement) -> Json[answers.AgendamentoDetail]:
    """Records whether an event that is `incerto` is at the calendar."""
    return services.calendar_settlements.resolve(call.identity, agendamento_id, body)


@app.route("/agendamentos/{agendamento_id}/nao-compareceu", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def miss_agendamento(call: Call, agendamento_id: UUID) -> Json[answers.AgendamentoDetail]:
    """Records that the lead did not come to the agendamento."""
    return services.agendamentos.miss(call.tenant_id, agendamento_id)


@app.route("/agendas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_agendas(call: Call) -> Json[answers.FeedList]:
    """Lists the responsáveis whose calendar can be subscribed to."""
    return services.feeds.all(call.tenant_id)


@app.route("/agendas", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_agenda(call: Call, body: NewFeed, key: IdempotencyKey | None) -> Json[answers.NewFeedAnswer]:
    """Makes the address of a responsável's feed and shows it this once; the one before stops working."""
    return services.feeds.publish(call.identity, body, key)


@app.route("/agendas/{agenda_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_agenda(call: Call, agenda_id: UUID) -> None:
    """Revokes the address of a feed."""
    services.feeds.revoke(call.identity, agenda_id)


# The address is a key that nobody can guess, because calendars send no token.
@app.route("/agenda/{token}", methods=["GET"])
@calendar(app, AnonymousCall)
def get_agenda(token: str) -> CalendarFile:
    """Returns the feed of a responsável, for the calendar that subscribes to it."""
    return services.feeds.file(token)


@app.route("/responsaveis", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_responsaveis(call: Call, query: PageQuery) -> Json[answers.ResponsavelPage]:
    """Lists the responsáveis, by name."""
    return services.responsaveis.page(call.tenant_id, query)


@app.route("/responsaveis", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_responsavel(call: Call, body: NewResponsavel, key: IdempotencyKey | None) -> Json[answers.ResponsavelAnswer]:
    """Creates a responsável: whom leads meet, and when this person can be booked."""
    return services.responsaveis.create(call.identity, body, key)


@app.route("/responsaveis/{responsavel_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_responsavel(call: Call, responsavel_id: UUID) -> Json[answers.ResponsavelAnswer]:
    """Returns one responsável."""
    return services.responsaveis.get(call.tenant_id, responsavel_id)


@app.route("/responsaveis/{responsavel_id}", methods=["PUT"], authorizer=authorizer)
@endpoint(app)
def replace_responsavel(call: Call, responsavel_id: UUID, body: NewResponsavel) -> Json[answers.ResponsavelAnswer]:
    """Replaces a responsável; a new name is the new name in all agendamentos of this person."""
    return services.responsaveis.replace(call.identity, responsavel_id, body)


@app.route("/responsaveis/{responsavel_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_responsavel(call: Call, responsavel_id: UUID) -> None:
    """Deletes a responsável; one with agendamentos that are still to take place stays."""
    services.responsaveis.delete(call.identity, responsavel_id)


@app.route("/bloqueios", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_bloqueios(call: Call, query: BlockQuery) -> Json[answers.BlockPage]:
    """Lists the bloqueios by filter, newest first."""
    return services.blocks.page(call.tenant_id, query)


@app.route("/bloqueios", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_bloqueio(call: Call, body: NewBlock, key: IdempotencyKey | None) -> Json[answers.BlockAnswer]:
    """Creates a bloqueio: time of one responsável or of all that is not offered."""
    return services.blocks.create(call.identity, body, key)


@app.route("/bloqueios/{bloqueio_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_bloqueio(call: Call, bloqueio_id: UUID) -> None:
    """Deletes a bloqueio: its time is offered again."""
    services.blocks.delete(call.identity, bloqueio_id)


@app.route("/templates", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_templates(call: Call, query: TemplateQuery) -> Json[answers.TemplateList]:
    """Lists the templates in use, by name."""
    return services.templates.page(call.tenant_id, query)


@app.route("/templates/{nome}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_template(call: Call, nome: str) -> Json[answers.TemplateAnswer]:
    """Returns one template in use."""
    return services.templates.get(call.tenant_id, nome)


@app.route("/templates/{nome}/versoes", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_template_versions(call: Call, nome: str, query: VersionQuery) -> Json[answers.TemplateVersionList]:
    """Lists all versions of a template, newest first."""
    return services.templates.versions(call.tenant_id, nome, query)


@app.route("/templates/{nome}/versoes/{versao}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_template_version(call: Call, nome: str, versao: str) -> Json[answers.TemplateVersion]:
    """Returns one version of a template, whether it is in use or not."""
    return services.templates.version(call.tenant_id, nome, versao)


@app.route("/templates/{nome}/previa", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def preview_template(call: Call, nome: str, body: PreviewRequest) -> Json[answers.TemplatePreview]:
    """Renders a template for a lead, or for the three newest ones, of all or of a segment; nothing is sent."""
    return services.templates.preview(call.tenant_id, nome, body)


@app.route("/templates/{nome}", methods=["PUT"], authorizer=authorizer)
@endpoint(app)
def put_template(call: Call, nome: str, body: NewTemplate) -> Json[answers.TemplateAnswer]:
    """Creates a template, or a new version of it."""
    return services.templates.put(call.tenant_id, nome, body)


@app.route("/templates/{nome}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_template(call: Call, nome: str) -> None:
    """Takes a template out of use; the disparos that were created with it keep its text."""
    services.templates.delete(call.tenant_id, nome)


@app.route("/segmentos", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_segmento(call: Call, body: NewSegment, key: IdempotencyKey | None) -> Json[answers.SegmentAnswer]:
    """Saves a filter over leads under a name."""
    return services.segments.create(call.identity, body, key)


@app.route("/segmentos", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_segmentos(call: Call, query: PageQuery) -> Json[answers.SegmentPage]:
    """Lists the segments, newest first."""
    return services.segments.page(call.tenant_id, query)


@app.route("/segmentos/contar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def count_segmento(call: Call, body: SegmentCount) -> Json[answers.SegmentCountAnswer]:
    """Counts the leads of a filter or a segment, in all and by channel, and shows the newest ones."""
    return services.segments.count(call.tenant_id, body)


@app.route("/segmentos/{segmento_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_segmento(call: Call, segmento_id: UUID) -> Json[answers.SegmentAnswer]:
    """Returns one segment."""
    return services.segments.get(call.tenant_id, segmento_id)


@app.route("/segmentos/{segmento_id}", methods=["PUT"], authorizer=authorizer)
@endpoint(app)
def replace_segmento(call: Call, segmento_id: UUID, body: NewSegment) -> Json[answers.SegmentAnswer]:
    """Gives a segment another name and filter."""
    return services.segments.replace(call.identity, segmento_id, body)


@app.route("/segmentos/{segmento_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_segmento(call: Call, segmento_id: UUID) -> None:
    """Deletes a segment; campaigns that were planned with it keep their leads."""
    services.segments.delete(call.tenant_id, segmento_id)


@app.route("/campanhas", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_campanha(call: Call, body: NewCampaign, key: IdempotencyKey | None) -> Json[answers.CampaignAnswer]:
    """Creates the draft of a campaign: messages to the leads of a filter or segment."""
    return services.campaigns.create(call.identity, body, key)


@app.route("/campanhas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_campanhas(call: Call, query: CampaignQuery) -> Json[answers.CampaignPage]:
    """Lists the campaigns, newest first."""
    return services.campaigns.page(call.tenant_id, query)


@app.route("/campanhas/{campanha_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_campanha(call: Call, campanha_id: UUID) -> Json[answers.CampaignAnswer]:
    """Returns one campaign with its counters, its history, and what it waits for."""
    return Versioned(services.campaigns.get(call.tenant_id, campanha_id))


@app.route("/campanhas/{campanha_id}", methods=["PATCH"], authorizer=authorizer)
@endpoint(app)
def change_campanha(
    call: Call, campanha_id: UUID, body: CampaignChange, expected: ExpectedVersion | None
) -> Json[answers.CampaignAnswer]:
    """Changes some fields of a draft."""
    return Versioned(services.campaigns.change(call.tenant_id, campanha_id, body, expected))


@app.route("/campanhas/{campanha_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_campanha(call: Call, campanha_id: UUID) -> None:
    """Deletes a draft."""
    services.campaigns.delete(call.tenant_id, campanha_id)


@app.route("/campanhas/{campanha_id}/conferir", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def check_campanha(call: Call, campanha_id: UUID) -> Json[answers.PreflightAnswer]:
    """Says who would get a draft and who would not and why, how long it takes, and what it costs; nothing is sent."""
    return services.preflight.check(call.tenant_id, campanha_id)


@app.route("/campanhas/{campanha_id}/testar", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def test_campanha(
    call: Call, campanha_id: UUID, body: TrialSend, key: IdempotencyKey | None
) -> Json[answers.TrialList]:
    """Sends the messages of a campaign to contacts of the team, with the values of a lead."""
    return services.trial_sends.send(call.tenant_id, campanha_id, body, key)


@app.route("/campanhas/{campanha_id}/agendar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def schedule_campanha(call: Call, campanha_id: UUID, body: CampaignStart) -> Json[answers.CampaignAnswer]:
    """Freezes the audience of a draft, and starts it as soon as it is planned or at its time."""
    return services.campaign_control.schedule(call.identity, campanha_id, body)


@app.route("/campanhas/{campanha_id}/reagendar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def reschedule_campanha(call: Call, campanha_id: UUID, body: NewStart) -> Json[answers.CampaignAnswer]:
    """Starts a campaign that has not begun at another time."""
    return services.campaign_control.reschedule(call.identity, campanha_id, body)


@app.route("/campanhas/{campanha_id}/pausar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def pause_campanha(call: Call, campanha_id: UUID, body: GivenReason) -> Json[answers.StoppedCampaign]:
    """Pauses a campaign: after the answer nothing more of it is handed to a provider."""
    return services.campaign_control.pause(call.identity, campanha_id, body)


@app.route("/campanhas/pausar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def pause_campanhas(call: Call, body: CampaignStop) -> Json[answers.StoppedCampaigns]:
    """Pauses many campaigns, or all of them: after the answer nothing more of them is handed to a provider."""
    return services.campaign_stops.pause(call.identity, body)


@app.route("/campanhas/{campanha_id}/retomar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def resume_campanha(call: Call, campanha_id: UUID, body: GivenReason) -> Json[answers.CampaignAnswer]:
    """Resumes a paused campaign; after its pilot, this lets the others go."""
    return services.campaign_control.resume(call.identity, campanha_id, body)


@app.route("/campanhas/{campanha_id}/cancelar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def cancel_campanha(call: Call, campanha_id: UUID, body: GivenReason) -> Json[answers.StoppedCampaign]:
    """Cancels a campaign: what has not left does not leave any more."""
    return services.campaign_control.cancel(call.identity, campanha_id, body)


@app.route("/campanhas/{campanha_id}/destinatarios", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_destinatarios(call: Call, campanha_id: UUID, query: RecipientQuery) -> Json[answers.RecipientPage]:
    """Lists the recipients of a campaign by state and reason, those who were left out among them."""
    return services.recipients.page(call.tenant_id, campanha_id, query)


@app.route("/campanhas/{campanha_id}/resultados.csv", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def export_campanha(call: Call, campanha_id: UUID, query: RecipientExport) -> Json[answers.RecipientExportLink]:
    """Exports the recipients of a campaign: a URL at which their CSV can be downloaded, and the cursor of the next."""
    return services.campaign_exports.create(call.tenant_id, campanha_id, query)


@app.route("/campanhas/{campanha_id}/respostas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_respostas_of_campanha(
    call: Call, campanha_id: UUID, query: CampaignReplyQuery
) -> Json[answers.CampaignReplyPage]:
    """Lists who answered a campaign and what they wrote, newest first."""
    return services.campaign_replies.page(call.tenant_id, campanha_id, query)


@app.route("/campanhas/{campanha_id}/variantes", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def compare_variantes(call: Call, campanha_id: UUID) -> Json[answers.VariantList]:
    """Compares the variants of a campaign: their counters and rates side by side."""
    return services.variants.compare(call.tenant_id, campanha_id)


@app.route("/campanhas/{campanha_id}/de-novo", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def repeat_campanha(
    call: Call, campanha_id: UUID, body: CampaignAgain, key: IdempotencyKey | None
) -> Json[answers.CampaignAnswer]:
    """Creates the draft of the same campaign for those of its recipients who failed or were not reached."""
    return services.campaigns_again.create(call.identity, campanha_id, body, key)


@app.route("/supressoes", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def add_supressao(call: Call, body: NewSuppression, key: IdempotencyKey | None) -> Json[answers.SuppressionAnswer]:
    """Suppresses a contact: no message goes to it any more; a repeated request changes nothing."""
    return services.suppressions.add(call.identity, body, key)


@app.route("/supressoes", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_supressoes(call: Call, query: SuppressionQuery) -> Json[answers.SuppressionPage]:
    """Lists the suppressed contacts by filter, newest first."""
    return services.suppressions.page(call.tenant_id, query)


@app.route("/supressoes/{supressao_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def remove_supressao(call: Call, supressao_id: UUID, query: SuppressionRemoval) -> None:
    """Ends the suppression of a contact: messages may go to it again."""
    services.suppressions.remove(call.identity, supressao_id, query)


@app.route("/leads/{lead_id}/supressao", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def suppress_lead(
    call: Call, lead_id: UUID, body: PersonSuppression, key: IdempotencyKey | None
) -> Json[answers.PersonSuppressionAnswer]:
    """Suppresses a person: no message goes to any contact of the lead, by any channel."""
    return services.suppressions.suppress_person(call.identity, lead_id, body, key)


@app.route("/leads/{lead_id}/supressao", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def lift_lead_suppression(call: Call, lead_id: UUID, query: SuppressionRemoval) -> None:
    """Ends the suppression of a person and of all contacts of the lead."""
    services.suppressions.lift_person(call.identity, lead_id, query)


@app.route("/descadastro/{token}", methods=["GET"])
@page(app, UNSUBSCRIBE)
def ask_to_unsubscribe(token: str) -> None:
    """Shows a page with a button to unsubscribe; it changes nothing."""
    services.unsubscribes.look(token)


# Any media type: a mail program posts a form of its own (RFC 8058), a browser that of our page.
@app.route("/descadastro/{token}", methods=["POST"], content_types=["*/*"])
@page(app, UNSUBSCRIBED)
def unsubscribe(token: str) -> None:
    """Suppresses the contact that the link was sent to."""
    services.unsubscribes.confirm(token)


@app.route("/convite/{token}", methods=["GET"])
@invitation_page(app)
def show_invitation(token: str) -> Invitation:
    """Shows the lead how an agendamento stands, and the buttons to confirm, move or cancel it; it changes nothing."""
    return services.lead_decisions.look(token)


@app.route("/convite/{token}", methods=["POST"])
@public(app)
def answer_invitation(token: str, body: LeadDecision) -> Json[answers.InvitationAnswer]:
    """Carries out what the lead decided on the page of the link."""
    return services.lead_decisions.decide(token, body)


@app.route("/webhooks/{canal}", methods=["GET"])
@words(app)
def verify_webhook(canal: str, query: ChallengeQuery) -> str:
    """Answers Meta's verification request with its challenge."""
    return services.webhooks.verify(canal, query)


# Any media type: the signature and the parser decide whether the body is JSON of a provider.
@app.route("/webhooks/{canal}", methods=["POST"], content_types=["*/*"])
@public(app)
def receive_webhook(call: AnonymousCall, canal: str, query: WebhookQuery) -> Json[answers.WebhookReceipt]:
    """Receives a provider's reports about messages, and the replies of leads."""
    return services.webhooks.receive(canal, query, call.headers, call.raw_body)


@app.route("/respostas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_respostas(call: Call, query: ReplyQuery) -> Json[answers.ReplyPage]:
    """Lists the replies of people by filter, newest first."""
    return services.inbox.page(call.tenant_id, query)


@app.route("/respostas/{resposta_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_resposta(call: Call, resposta_id: UUID) -> Json[answers.ReplyAnswer]:
    """Returns one reply with all of its text."""
    return services.inbox.get(call.tenant_id, resposta_id)


@app.route("/respostas/{resposta_id}/atribuir", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def assign_resposta(call: Call, resposta_id: UUID, body: ReplyAssignment) -> Json[answers.ReplyAnswer]:
    """Assigns a reply to the lead who wrote it."""
    return services.inbox.assign(call.identity, resposta_id, body)


@app.route("/respostas/{resposta_id}/resolver", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def settle_resposta(call: Call, resposta_id: UUID, body: ReplySettlement) -> Json[answers.ReplyAnswer]:
    """Records whether a reply asks for no more messages, and lets go what waited for that."""
    return services.inbox.settle(call.identity, resposta_id, body)


@app.route("/leads/{lead_id}/exportar", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def export_lead(call: Call, lead_id: UUID, query: LeadExportQuery) -> Json[answers.SubjectExport]:
    """Exports all that is known of one lead, for a program or as a document to read (LGPD)."""
    return services.subject_exports.lead(call.identity, lead_id, query)


@app.route("/titulares/exportar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def export_titular(call: Call, query: SubjectExportQuery, body: SubjectRequest) -> Json[answers.SubjectExport]:
    """Exports all that is known of a person, by document, phone or e-mail (LGPD)."""
    return services.subject_exports.subject(call.identity, body, query)


@app.route("/titulares/apagar", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def erase_titular(call: Call, body: SubjectRequest, key: IdempotencyKey | None) -> Json[answers.SubjectRecord]:
    """Erases a person everywhere, by document, phone or e-mail (LGPD); counts and hashed suppressions stay."""
    return services.erasures.erase(call.identity, body, key)


@app.route("/titulares/pedidos", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_titular_pedidos(call: Call, query: SubjectRequestQuery) -> Json[answers.SubjectRecordPage]:
    """Lists the requests about persons, newest first: who asked, when, and what was done."""
    return services.subject_records.page(call.identity, query)


@app.route("/assinaturas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_assinaturas(call: Call, query: PageQuery) -> Json[answers.SubscriptionPage]:
    """Lists the subscriptions: the addresses that are told what happens, newest first."""
    return services.subscriptions.page(call.identity, query)


@app.route("/assinaturas", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_assinatura(
    call: Call, body: NewSubscription, key: IdempotencyKey | None
) -> Json[answers.NewSubscriptionAnswer]:
    """Creates a subscription and shows its secret this once."""
    return services.subscriptions.create(call.identity, body, key)


@app.route("/assinaturas/{assinatura_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_assinatura(call: Call, assinatura_id: UUID) -> Json[answers.SubscriptionAnswer]:
    """Returns one subscription."""
    return Versioned(services.subscriptions.get(call.identity, assinatura_id))


@app.route("/assinaturas/{assinatura_id}", methods=["PATCH"], authorizer=authorizer)
@endpoint(app)
def change_assinatura(
    call: Call, assinatura_id: UUID, body: SubscriptionChange, expected: ExpectedVersion | None
) -> Json[answers.SubscriptionAnswer]:
    """Changes a subscription: its URL, the events that it wants, and whether it is on."""
    return Versioned(services.subscriptions.change(call.identity, assinatura_id, body, expected))


@app.route("/assinaturas/{assinatura_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def delete_assinatura(call: Call, assinatura_id: UUID) -> None:
    """Deletes a subscription with its deliveries and its secret."""
    services.subscriptions.delete(call.identity, assinatura_id)


@app.route("/assinaturas/{assinatura_id}/trocar-segredo", methods=["POST"], authorizer=authorizer)
@endpoint(app)
def rotate_segredo(call: Call, assinatura_id: UUID, key: IdempotencyKey | None) -> Json[answers.NewSubscriptionAnswer]:
    """Makes a new secret and shows it this once; the one before stays valid for 24 hours."""
    return services.subscriptions.rotate_secret(call.identity, assinatura_id, key)


@app.route("/assinaturas/{assinatura_id}/testar", methods=["POST"], authorizer=authorizer)
@endpoint(app, 202)
def test_assinatura(call: Call, assinatura_id: UUID, key: IdempotencyKey | None) -> Json[answers.DeliveryAnswer]:
    """Has a test event delivered to the subscription."""
    return services.deliveries.test(call.identity, assinatura_id, key)


@app.route("/assinaturas/{assinatura_id}/entregas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_entregas(call: Call, assinatura_id: UUID, query: DeliveryQuery) -> Json[answers.DeliveryPage]:
    """Lists the deliveries of a subscription by status, newest first."""
    return services.deliveries.page(call.identity, assinatura_id, query)


@app.route("/assinaturas/{assinatura_id}/entregas/{evento_id}/reenviar", methods=["POST"], authorizer=authorizer)
@endpoint(app, 202)
def replay_entrega(call: Call, assinatura_id: UUID, evento_id: UUID) -> Json[answers.DeliveryAnswer]:
    """Has one event delivered again, under the same id."""
    return services.deliveries.replay(call.identity, assinatura_id, evento_id)


@app.route("/assinaturas/{assinatura_id}/reenviar", methods=["POST"], authorizer=authorizer)
@endpoint(app, 202)
def replay_entregas(call: Call, assinatura_id: UUID, body: ReplayRange) -> Json[answers.ReplayAnswer]:
    """Has the events of a span of time delivered: those that never arrived, or all of them."""
    return services.deliveries.replay_range(call.identity, assinatura_id, body)


@app.route("/tenant/webhooks", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_webhooks(call: Call) -> Json[answers.WebhookAddressList]:
    """Lists the webhook URLs that are to be entered at the providers."""
    return services.webhooks.addresses(call.identity)


@app.route("/tenant/config", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_tenant_config(call: Call) -> Json[TenantConfig]:
    """Returns the configuration of the tenant."""
    return Versioned(services.tenants.config(call.identity).model_dump(mode="json"))


@app.route("/tenant/config", methods=["PUT"], authorizer=authorizer)
@endpoint(app)
def put_tenant_config(call: Call, body: TenantConfig) -> Json[answers.SavedConfig]:
    """Replaces the whole configuration of the tenant; a document that leaves a field out is refused."""
    return services.tenants.replace(call.identity, body)


@app.route("/tenant/config", methods=["PATCH"], authorizer=authorizer)
@endpoint(app)
def patch_tenant_config(call: Call, body: ConfigPatch, expected: ExpectedVersion | None) -> Json[answers.SavedConfig]:
    """Changes some fields of the configuration (JSON merge patch); null restores the default of a field."""
    return Versioned(services.tenants.change(call.identity, body, expected))


@app.route("/chaves", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_chaves(call: Call, query: PageQuery) -> Json[answers.KeyPage]:
    """Lists the API keys, newest first; no answer but that to their creation shows them."""
    return services.keys.page(call.tenant_id, query)


@app.route("/chaves", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def create_chave(call: Call, body: NewKey, key: IdempotencyKey | None) -> Json[answers.NewKeyAnswer]:
    """Creates an API key and shows it this once."""
    return services.keys.create(call.identity, body, key)


@app.route("/chaves/{chave_id}", methods=["DELETE"], authorizer=authorizer)
@endpoint(app, 204)
def revoke_chave(call: Call, chave_id: UUID) -> None:
    """Revokes an API key; within a minute it is refused everywhere."""
    services.keys.revoke(call.identity, chave_id)


@app.route("/pessoas", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_pessoas(call: Call) -> Json[answers.ActorNameList]:
    """Lists the names of those whom answers tell by an id: the people who may sign in, and the API keys."""
    return services.actor_names.every(call.tenant_id)


@app.route("/usuarios", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_usuarios(call: Call, query: PeopleQuery) -> Json[answers.PersonPage]:
    """Lists the people who may sign in, with their groups."""
    return services.people.page(call.tenant_id, query)


@app.route("/usuarios", methods=["POST"], authorizer=authorizer)
@endpoint(app, 201)
def invite_usuario(call: Call, body: NewPerson, key: IdempotencyKey | None) -> Json[answers.PersonAnswer]:
    """Invites a person by e-mail; whoever has not followed an earlier invitation gets a new one."""
    return services.people.invite(call.identity, body, key)


@app.route("/usuarios/{usuario_id}", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def get_usuario(call: Call, usuario_id: UUID) -> Json[answers.PersonAnswer]:
    """Returns a person who may sign in."""
    return Versioned(services.people.get(call.tenant_id, usuario_id))


@app.route("/usuarios/{usuario_id}", methods=["PATCH"], authorizer=authorizer)
@endpoint(app)
def change_usuario(
    call: Call, usuario_id: UUID, body: PersonChange, expected: ExpectedVersion | None
) -> Json[answers.PersonAnswer]:
    """Gives a person another group, or says whether they may sign in; what they lose ends within a minute."""
    return Versioned(services.people.change(call.identity, usuario_id, body, expected))


@app.route("/auditoria", methods=["GET"], authorizer=authorizer)
@endpoint(app)
def list_auditoria(call: Call, query: AuditQuery) -> Json[answers.AuditPage]:
    """Lists who changed what, newest first: by which route, which object, and from what to what."""
    return services.audit.page(call.tenant_id, query)


answer_preflights(app)

# --- Files (S3) -----------------------------------------------------------------------------------------------------


@app.on_s3_event(bucket=settings.bucket, events=["s3:ObjectCreated:*"], prefix="leads/")
@as_system("arquivos")
def register_upload(event: S3Event) -> None:
    """Registers the files that have arrived under a tenant's prefix."""
    services.uploads.register(event.to_dict())


# --- Queues (SQS) ---------------------------------------------------------------------------------------------------


@app.on_sqs_message(queue=settings.ingest_queue, batch_size=1, maximum_concurrency=10)
@as_system("ingestao")
def ingest_leads(event: SQSEvent) -> None:
    """Reads the rows of the jobs that the messages name."""
    services.ingestion.run(event.to_dict(), remaining_ms=remaining_ms(event))


# Large batches, because claiming and recording cost the same for any size; a first message waits a second for others.
@app.on_sqs_message(
    queue=settings.dispatch_queue, batch_size=1_000, maximum_batching_window_in_seconds=1, maximum_concurrency=10
)
@as_system("disparos")
def send_disparos(event: SQSEvent) -> None:
    """Sends the disparos that are due."""
    services.executor.run(event.to_dict())


@app.on_sqs_message(queue=settings.campaign_queue, batch_size=1, maximum_concurrency=5)
@as_system("campanhas")
def plan_campanhas(event: SQSEvent) -> None:
    """Plans the campaigns that the messages name, and starts those whose time has come."""
    services.planner.run(event.to_dict(), remaining_ms=remaining_ms(event))


@app.on_sqs_message(queue=settings.scheduling_queue, batch_size=10, maximum_concurrency=2)
@as_system("agendamentos")
def announce_agendamentos(event: SQSEvent) -> None:
    """Announces the agendamentos whose time has come."""
    services.reminders.run(event.to_dict())


@app.on_sqs_message(queue=settings.subscription_queue, batch_size=10, maximum_concurrency=5)
@as_system("assinaturas")
def deliver_eventos(event: SQSEvent) -> None:
    """Delivers events to the subscriptions that the messages name."""
    services.delivering.run(event.to_dict())


# --- Clock (schedules) ----------------------------------------------------------------------------------------------


@app.schedule(Rate(1, unit=Rate.MINUTES))
@as_system("varredura")
def sweep(event: CloudWatchEvent) -> None:
    """Finds what was not woken up, what is stuck, what is due, and what is not published, and moves it on."""
    services.sweep.run()


@app.schedule(Rate(1, unit=Rate.HOURS))
@as_system("retencao")
def retain(event: CloudWatchEvent) -> None:
    """Erases personal data that its tenant has kept as long as it may."""
    services.retention.run()


@app.lambda_function()
def migrate(event: object, context: object) -> dict[str, list[str]]:
    """Prepares a new cluster if the event says so, and applies the migrations that the database lacks."""
    return services.bootstrap.run(event)


settle()
