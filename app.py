"""When things happen. What happens is said by the services; which rows, by their `.sql` files."""

import os

from chalice import Chalice, CognitoUserPoolAuthorizer, Rate

from chalicelib.api import openapi, requests
from chalicelib.api.http import endpoint, localize_415, public, unauthenticated
from chalicelib.api.text import UNSUBSCRIBE, UNSUBSCRIBED, page, words
from chalicelib.config import Settings
from chalicelib.wiring import Services

settings = Settings.from_environment(os.environ)
services = Services(settings)

app = Chalice(app_name="disparo-agenda", configure_logs=False)
app.api.binary_types.append("multipart/form-data")
app.register_middleware(localize_415, "http")
cognito = CognitoUserPoolAuthorizer("cognito", provider_arns=[settings.user_pool_arn])

# --- REST -----------------------------------------------------------------------------------------------------------


@app.route("/saude", methods=["GET"])
@public(app)
def health():
    """Whether we and the database answer."""
    return services.health.check()


@app.route("/openapi.json", methods=["GET"])
@public(app)
def contract():
    """What this API takes and answers, as an OpenAPI document."""
    return openapi.document(app)


# Any type, for the request itself says what it is: Chalice deploys no route that names both a binary type and JSON.
@app.route("/ingest/leads/xlsx", methods=["POST"], authorizer=cognito, content_types=["*/*"])
@endpoint(app, 202)
def create_ingest_job(call):
    """A file in the body, a reference to one in our bucket, or the wish to upload one."""
    return services.uploads.receive(call.tenant_id, requests.upload(call), call.idempotency_key)


@app.route("/ingest/leads/jobs", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_ingest_jobs(call):
    """The tenant's jobs, newest first."""
    return services.jobs.page(call.tenant_id, call.query(requests.Page))


@app.route("/ingest/leads/jobs/{job_id}", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_ingest_job(call):
    """One job and its counts."""
    return services.jobs.get(call.tenant_id, call.path_uuid("job_id"))


@app.route("/ingest/leads/jobs/{job_id}/erros", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_ingest_errors(call):
    """Where to download the report of what was refused."""
    return services.reports.url(call.tenant_id, call.path_uuid("job_id"))


@app.route("/ingest/leads/jobs/{job_id}/previa", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_ingest_preview(call):
    """The first rows of a dry run as they would be stored."""
    return services.previas.of(call.tenant_id, call.path_uuid("job_id"))


@app.route("/ingest/leads/jobs/{job_id}/cancelar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def cancel_ingest_job(call):
    """Stop at the next batch."""
    return services.jobs.cancel(call.tenant_id, call.path_uuid("job_id"))


@app.route("/ingest/leads/jobs/{job_id}/retomar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def resume_ingest_job(call):
    """Go on where an ended job stopped."""
    return services.jobs.resume(call.tenant_id, call.path_uuid("job_id"))


@app.route("/ingest/leads/jobs/{job_id}/desfazer", methods=["POST"], authorizer=cognito)
@endpoint(app, 202)
def undo_ingest_job(call):
    """Remove the leads that a job created and nobody has touched since."""
    return services.undo.request(call.tenant_id, call.path_uuid("job_id"))


@app.route("/leads", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_leads(call):
    """Leads by filter, a page at a time."""
    return services.leads.page(call.tenant_id, call.query(requests.LeadQuery))


@app.route("/leads/para-disparo", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_leads_ready(call):
    """Leads that are ready to be contacted."""
    return services.leads.ready(call.tenant_id, call.query(requests.ReadyQuery))


@app.route("/leads/{lead_id}", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_lead(call):
    """One lead with its contacts and its timeline."""
    return services.leads.get(call.tenant_id, call.path_uuid("lead_id"))


@app.route("/leads/{lead_id}", methods=["PATCH"], authorizer=cognito)
@endpoint(app)
def change_lead(call):
    """Status and tags of one lead."""
    return services.leads.change(call.tenant_id, call.path_uuid("lead_id"), call.body(requests.LeadChange))


@app.route("/leads/{lead_id}/disparos", methods=["POST"], authorizer=cognito)
@endpoint(app, 201)
def create_disparo(call):
    """One message to one destination of the lead."""
    return services.disparos.create(
        call.tenant_id, call.path_uuid("lead_id"), call.body(requests.NewDisparo), call.idempotency_key
    )


@app.route("/disparos", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_disparos(call):
    """Disparos by filter, newest first."""
    return services.disparos.page(call.tenant_id, call.query(requests.DisparoQuery))


@app.route("/disparos/{disparo_id}", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_disparo(call):
    """One disparo."""
    return services.disparos.get(call.tenant_id, call.path_uuid("disparo_id"))


@app.route("/disparos/{disparo_id}/cancelar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def cancel_disparo(call):
    """Call off what was not sent yet."""
    return services.disparos.cancel(call.tenant_id, call.path_uuid("disparo_id"))


@app.route("/disparos/{disparo_id}/reenviar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def resend_disparo(call):
    """Send again what has failed."""
    return services.resends.one(call.tenant_id, call.path_uuid("disparo_id"))


@app.route("/disparos/reenviar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def resend_disparos(call):
    """Send again all that failed and fit a filter, as many as one request takes."""
    return services.resends.many(call.tenant_id, call.body(requests.ResendRequest), call.idempotency_key)


@app.route("/disparos/{disparo_id}/resolver", methods=["POST"], authorizer=cognito)
@endpoint(app)
def resolve_disparo(call):
    """Say what became of a message that nobody is sure of."""
    return services.settlements.resolve(
        call.tenant_id, call.path_uuid("disparo_id"), call.body(requests.ResolutionRequest).resultado
    )


@app.route("/disparos/{disparo_id}/confirmar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def confirm_disparo(call):
    """The lead has the message."""
    return services.settlements.confirm(call.tenant_id, call.path_uuid("disparo_id"))


@app.route("/disparo/overview", methods=["GET"], authorizer=cognito)
@endpoint(app)
def disparo_overview(call):
    """Counters for a dashboard."""
    return services.overview.show(call.tenant_id)


@app.route("/canais", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_canais(call):
    """The channels: whether anything leaves by them, and what waits."""
    return services.canais.every(call.tenant_id)


@app.route("/canais/{canal}/pausar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def pause_canal(call):
    """Let nothing leave by a channel."""
    return services.canais.pause(call.identity, call.path("canal"))


@app.route("/canais/{canal}/retomar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def resume_canal(call):
    """Let a paused channel go on, and wake up what waits for it."""
    return services.canais.resume(call.identity, call.path("canal"))


@app.route("/leads/{lead_id}/agendamentos", methods=["POST"], authorizer=cognito)
@endpoint(app, 201)
def create_agendamento(call):
    """A callback or a meeting with the lead."""
    return services.agendamentos.create(
        call.tenant_id, call.path_uuid("lead_id"), call.body(requests.NewAgendamento), call.idempotency_key
    )


@app.route("/agendamentos", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_agendamentos(call):
    """Agendamentos by filter, in the order of their date."""
    return services.agendamentos.page(call.tenant_id, call.query(requests.AgendamentoQuery))


@app.route("/agendamentos/{agendamento_id}", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_agendamento(call):
    """One agendamento."""
    return services.agendamentos.get(call.tenant_id, call.path_uuid("agendamento_id"))


@app.route("/agendamentos/{agendamento_id}/confirmar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def confirm_agendamento(call):
    """The lead has said yes."""
    return services.agendamentos.confirm(call.tenant_id, call.path_uuid("agendamento_id"))


@app.route("/agendamentos/{agendamento_id}/realizar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def complete_agendamento(call):
    """It took place."""
    return services.agendamentos.complete(call.tenant_id, call.path_uuid("agendamento_id"))


@app.route("/agendamentos/{agendamento_id}/cancelar", methods=["POST"], authorizer=cognito)
@endpoint(app)
def cancel_agendamento(call):
    """It will not take place."""
    return services.agendamentos.cancel(call.tenant_id, call.path_uuid("agendamento_id"))


@app.route("/agendamentos/{agendamento_id}/nao-compareceu", methods=["POST"], authorizer=cognito)
@endpoint(app)
def miss_agendamento(call):
    """The lead did not come."""
    return services.agendamentos.miss(call.tenant_id, call.path_uuid("agendamento_id"))


@app.route("/templates", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_templates(call):
    """The templates in use."""
    return services.templates.list(call.tenant_id)


@app.route("/templates/{nome}", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_template(call):
    """One template."""
    return services.templates.get(call.tenant_id, call.path("nome"))


@app.route("/templates/{nome}", methods=["PUT"], authorizer=cognito)
@endpoint(app)
def put_template(call):
    """A new template, or a new version of one."""
    return services.templates.put(call.tenant_id, call.path("nome"), call.body(requests.NewTemplate))


@app.route("/templates/{nome}", methods=["DELETE"], authorizer=cognito)
@endpoint(app, 204)
def delete_template(call):
    """No new disparo with this template; those that exist keep its words."""
    return services.templates.delete(call.tenant_id, call.path("nome"))


@app.route("/supressoes", methods=["POST"], authorizer=cognito)
@endpoint(app)
def add_supressao(call):
    """No message to this contact any more; saying so again changes nothing."""
    return services.supressoes.add(call.tenant_id, call.body(requests.NewSuppression))


@app.route("/supressoes", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_supressoes(call):
    """Who is not written to, newest first."""
    return services.supressoes.page(call.tenant_id, call.query(requests.SuppressionQuery))


@app.route("/supressoes/{supressao_id}", methods=["DELETE"], authorizer=cognito)
@endpoint(app, 204)
def remove_supressao(call):
    """Messages may go there again."""
    return services.supressoes.remove(
        call.identity, call.path_uuid("supressao_id"), call.query(requests.SuppressionRemoval)
    )


@app.route("/descadastro/{token}", methods=["GET"])
@page(app, UNSUBSCRIBE)
def ask_to_unsubscribe(visit):
    """A page with a button; nothing changes."""
    return services.descadastros.look(visit.path("token"))


# Any type: a mail program posts a form of its own (RFC 8058), a browser that of our page.
@app.route("/descadastro/{token}", methods=["POST"], content_types=["*/*"])
@page(app, UNSUBSCRIBED)
def unsubscribe(visit):
    """No message any more to whom the link was sent."""
    return services.descadastros.confirm(visit.path("token"))


@app.route("/webhooks/{canal}", methods=["GET"])
@words(app)
def verify_webhook(visit):
    """Meta's question whether the URL is ours, answered with its challenge."""
    return services.webhooks.verify(visit.path("canal"), visit.query(requests.ChallengeQuery))


# Any type: that the body is JSON, its signature and its reading say.
@app.route("/webhooks/{canal}", methods=["POST"], content_types=["*/*"])
@unauthenticated(app)
def receive_webhook(visit):
    """What a provider says of messages, and what people answered."""
    return services.webhooks.receive(
        visit.path("canal"), visit.query(requests.WebhookQuery), visit.headers, visit.raw_body
    )


@app.route("/tenant/webhooks", methods=["GET"], authorizer=cognito)
@endpoint(app)
def list_webhooks(call):
    """The URLs to be entered at the providers."""
    return services.webhooks.addresses(call.identity)


@app.route("/tenant/config", methods=["GET"], authorizer=cognito)
@endpoint(app)
def get_tenant_config(call):
    """What the tenant has configured."""
    return services.tenants.config(call.identity)


@app.route("/tenant/config", methods=["PUT"], authorizer=cognito)
@endpoint(app)
def put_tenant_config(call):
    """Configure the tenant."""
    return services.tenants.configure(call.identity, call.body(requests.TenantConfig))


# --- Files (S3) -----------------------------------------------------------------------------------------------------


@app.on_s3_event(bucket=settings.bucket, events=["s3:ObjectCreated:*"], prefix="leads/")
def register_upload(event):
    """A file has arrived under a tenant's prefix."""
    services.uploads.register(event.to_dict())


# --- Queues (SQS) ---------------------------------------------------------------------------------------------------


@app.on_sqs_message(queue=settings.ingest_queue, batch_size=1, maximum_concurrency=10)
def ingest_leads(event):
    """Wake-ups of jobs that have rows to read."""
    services.ingestion.run(event.to_dict(), remaining_ms=event.context.get_remaining_time_in_millis)


# Large batches: claiming and recording cost the same whatever they hold. Whoever is alone waits a second for others.
@app.on_sqs_message(
    queue=settings.dispatch_queue, batch_size=1_000, maximum_batching_window_in_seconds=1, maximum_concurrency=10
)
def send_disparos(event):
    """Wake-ups of disparos that are due."""
    services.executor.run(event.to_dict())


@app.on_sqs_message(queue=settings.scheduling_queue, batch_size=10, maximum_concurrency=2)
def announce_agendamentos(event):
    """Wake-ups of agendamentos whose time has come."""
    services.reminders.run(event.to_dict())


# --- Clock (schedules) ----------------------------------------------------------------------------------------------


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep(event):
    """What was not woken, what is stuck, what is due, what is unpublished."""
    services.sweep.run()


@app.lambda_function()
def migrate(event, context):
    """Bring the database to the newest migration."""
    return services.migrations.apply()
