"""The only reader of the environment: every setting, its default and its unit, checked at start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Self

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

MAX_BODY = 4 * 1024 * 1024
"""The longest body of a request, in bytes: everywhere, the local stack included.

Lambda takes an event of 6 MB. Base64 makes a binary body a third longer, and the rest is for headers and claims.
"""

Seconds = Annotated[float, Field(gt=0)]
Origin = Annotated[str, Field(pattern=r"^(\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?)$")]
"""As a browser writes it: in lower case, with its port unless that is the usual one, and without a slash behind it."""


def _words(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


class Settings(BaseModel):
    """Each setting has the name of its environment variable, in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    stage: str = Field(default="dev", pattern=r"^[a-z][a-z0-9-]{0,19}$")
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    """Only checked here: the logger of Powertools reads `LOG_LEVEL` itself."""
    aws_region: str = Field(default="us-east-1", validation_alias=AliasChoices("aws_region", "aws_default_region"))

    # Database: two logins, each as a URL; a URL that is unset comes from the secret `db-credentials`.
    database_url: str | None = None
    """postgresql://… of the login of the API: a member of disparo_agenda_api, under row-level security."""
    database_owner_url: str | None = None
    """postgresql://… of the login that owns the tables: ingestion, dispatch, sweeps, migrations."""

    # Names in AWS; the stage is part of each default.
    bucket_name: str | None = None
    event_bus_name: str | None = None
    cognito_user_pool_arn: str | None = None
    cognito_jwks_url: str | None = None
    """Where the public keys of the pool are; only for the local stack, whose pool is not Cognito's."""
    scheduler_role_arn: str | None = None
    account_id: str = Field(default="000000000000", pattern=r"^[0-9]{12}$")

    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] | None = None
    """The public address of the API, without a slash at the end: for links in e-mails and for webhooks."""
    requests_per_minute: int = Field(default=6_000, ge=0, le=1_000_000)
    """How many requests a tenant may make in a minute, unless its row in `orcamentos` says otherwise; 0: any number."""
    key_requests_per_minute: int = Field(default=3_000, ge=0, le=1_000_000)
    """How many of them by one API key."""
    allowed_origins: Annotated[tuple[Origin, ...], BeforeValidator(_words)] = ()
    """The origins, with commas between them, whose pages may call the API and upload; `*` for all."""
    api_timeout_s: Seconds = 10.0
    """How long one statement of the API may take in the database; API Gateway waits 29 s for a request."""
    worker_timeout_s: Seconds = 300.0
    """How long one statement of a worker may take in the database."""
    aws_xray_daemon_address: str | None = None
    """Where traces go; Lambda sets it where tracing is enabled."""

    micro_agent_disparo_enabled: bool = False
    """Unless this is true, no message is sent: all other steps run, and the disparo ends as `simulado`."""

    # Ingestion
    ingest_batch_rows: int = Field(default=15_000, ge=1, le=100_000)
    ingest_max_recusas: int = Field(default=2_000_000, gt=0)
    """The most refusals of one job, each a line of its report: about two for each row that a sheet can have."""
    ingest_lease_s: Seconds = 120.0
    """How long a worker keeps its job without a sign of life; every batch renews it."""
    ingest_time_margin_s: Seconds = 60.0
    """A worker that has less time left than this hands its job over to the next one."""
    upload_max_bytes: int = Field(default=500 * 1024 * 1024, gt=0)
    multipart_max_bytes: int = Field(default=MAX_BODY, gt=0, le=MAX_BODY)
    """The longest form with a file in it. Larger files go to the bucket by presigned POST."""
    presigned_ttl_s: int = Field(default=900, gt=0)

    # Dispatch
    dispatch_in_flight: int = Field(default=1000, ge=1, le=1000)
    """The most calls in flight for one channel; the `in_flight` of a channel may set a lower limit."""
    dispatch_lease_s: Seconds = 180.0
    max_tentativas: int = Field(default=3, ge=1, le=10)
    backoff_base_s: Seconds = 1.0
    backoff_cap_s: Seconds = 30.0

    # Campaigns
    plan_slice_leads: int = Field(default=10_000, ge=1, le=100_000)
    """How many leads of a campaign's audience are planned in one transaction."""
    plan_lease_s: Seconds = 330.0
    """How long a worker keeps a campaign that it plans; every slice renews it. Longer than `worker_timeout_s`."""
    plan_time_margin_s: Seconds = 60.0
    """A worker that has less time left than this hands its campaign over to the next one."""

    internal_channels: bool = False
    """Whether a tenant's channel, or the receiver of an assinatura, may be in our own network and without TLS.

    Only for the local stack.
    """

    subscription_timeout_s: Annotated[float, Field(gt=0, le=15)] = 10.0
    """How long the receiver of an assinatura may take to answer; also, how long its name may take to be looked up."""

    clock_file: str | None = None
    """A file with the seconds by which the clock is ahead; only for the local stack, whose clock can be moved."""

    # Agendamentos
    agenda_buffer_min: int = Field(default=15, ge=0, le=240)
    agenda_organizer: Annotated[str, Field(pattern=r"^[^\s@,;:<>\"]+@[^\s@,;:<>\"]+$")] | None = None
    """The e-mail address that answers to invitations go to, where the responsável has none."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The settings of a process environment; an empty variable counts as unset.

        Raises:
            pydantic.ValidationError: a variable has an invalid value; the message names the variable.
        """
        return cls.model_validate({name.lower(): value for name, value in environ.items() if value.strip()})

    @cached_property
    def bucket(self) -> str:
        """The bucket that holds uploads and reports."""
        return self.bucket_name or f"disparo-agenda-{self.stage}"

    @cached_property
    def event_bus(self) -> str:
        """The EventBridge bus that events are published on (SPEC §6)."""
        return self.event_bus_name or f"fibonacci-bus-{self.stage}"

    @cached_property
    def user_pool_arn(self) -> str:
        """The Cognito user pool whose ID tokens the API accepts."""
        return self.cognito_user_pool_arn or (
            f"arn:aws:cognito-idp:{self.aws_region}:{self.account_id}:userpool/{self.aws_region}_disparo"
        )

    @cached_property
    def user_pool_id(self) -> str:
        """The id of that pool."""
        return self.user_pool_arn.rpartition("/")[2]

    @cached_property
    def user_pool_region(self) -> str:
        """The region of that pool, which may be another than ours."""
        return self.user_pool_arn.split(":")[3]

    @cached_property
    def token_issuer(self) -> str:
        """Who issues the tokens of that pool."""
        return f"https://cognito-idp.{self.user_pool_region}.amazonaws.com/{self.user_pool_id}"

    @cached_property
    def jwks_url(self) -> str:
        """Where the public keys of that pool are."""
        return self.cognito_jwks_url or f"{self.token_issuer}/.well-known/jwks.json"

    @cached_property
    def scheduler_role(self) -> str:
        """The role that EventBridge Scheduler assumes to put a message on a queue."""
        return self.scheduler_role_arn or f"arn:aws:iam::{self.account_id}:role/disparo-agenda-{self.stage}-scheduler"

    @cached_property
    def schedule_group(self) -> str:
        """The Scheduler group of all one-time schedules."""
        return f"disparo-agenda-{self.stage}"

    @cached_property
    def ingest_queue(self) -> str:
        """Wake-ups of ingestion jobs."""
        return self._queue("ingest")

    @cached_property
    def dispatch_queue(self) -> str:
        """Wake-ups of disparos."""
        return self._queue("dispatch")

    @cached_property
    def scheduling_queue(self) -> str:
        """Wake-ups of agendamentos."""
        return self._queue("scheduling")

    @cached_property
    def campaign_queue(self) -> str:
        """Wake-ups of campaigns: to be planned, and to be started."""
        return self._queue("campaigns")

    @cached_property
    def subscription_queue(self) -> str:
        """Wake-ups of assinaturas that have something to be delivered."""
        return self._queue("subscriptions")

    @property
    def queues(self) -> tuple[str, ...]:
        """All of our queues."""
        return (
            self.ingest_queue,
            self.dispatch_queue,
            self.scheduling_queue,
            self.campaign_queue,
            self.subscription_queue,
        )

    @property
    def ingest_lease(self) -> timedelta:
        """`ingest_lease_s` as a timedelta."""
        return timedelta(seconds=self.ingest_lease_s)

    @property
    def has_tracing(self) -> bool:
        """Whether tracing is enabled."""
        return self.aws_xray_daemon_address is not None

    @property
    def queue_arn(self) -> str:
        """The ARN of our queues, with `{queue}` in the place of the name."""
        return f"arn:aws:sqs:{self.aws_region}:{self.account_id}:{{queue}}"

    def dead_letters_of(self, queue: str) -> str:
        """The dead-letter queue of one of our queues."""
        return f"{queue}-dlq"

    def secret(self, name: str) -> str:
        """The full name of one of our secrets (SPEC §7): mcp-whatsapp, db-credentials, assinatura, webhook-…"""
        return f"/alquimista/{self.stage}/disparo-agenda/{name}"

    def tenant_secret(self, tenant_id: str, name: str) -> str:
        """The full name of a secret for the own channels of one tenant; no tenant can name a secret of another."""
        return self.secret(f"canais/{tenant_id}/{name}")

    def subscription_secret(self, tenant_id: str, assinatura_id: object) -> str:
        """The full name of the secret that the deliveries of one assinatura are signed with."""
        return self.secret(f"assinaturas/{tenant_id}/{assinatura_id}")

    def _queue(self, name: str) -> str:
        return f"disparo-agenda-{self.stage}-{name}"
