"""What the API may ask of disparos and templates."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from math import isfinite
from typing import Annotated, ClassVar, Literal, NamedTuple
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chalicelib.canal import Canal
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.instants import Instant
from chalicelib.motivo import GivenReason, ReasonText
from chalicelib.pages import MAX_LIMIT, PageQuery

# The names that Meta, Twilio (ContentSid) and people use; they need no escaping in a path.
NOME_DE_TEMPLATE = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"

MAX_BATCH = 1_000
"""The most disparos that one request creates."""
MAX_CANCELLED = 10_000
"""The most disparos that one request cancels."""
MAX_RESENT = 5_000
"""The most disparos that one request sends again: their wake-ups take four seconds, and the gateway waits for 29."""


class _Request(BaseModel):
    # Texts are kept as they were written, blanks included.
    model_config = ConfigDict(extra="forbid", frozen=True)


def _scalar(value: object) -> object:
    if isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise PydanticCustomError("valor_nao_escalar", "a text, a number, true or false")


VariableValue = Annotated[
    str | bool | int | float, PlainValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
"""The value of one variable, raw: the template has its format."""


class Payload(_Request):
    """The values of a template's variables in this message; they win over those of the lead."""

    variaveis: dict[str, VariableValue] = {}


class NewDisparo(_Request):
    """One message to one destination of a lead; without a contact's id, to the principal valid contact."""

    canal: Canal
    telefone_id: UUID | None = None
    email_id: UUID | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)]
    payload: Payload = Payload()
    agendar_para: Instant | None = None
    expira_em: Instant | None = None
    """From then on it is not sent any more."""
    ignorar_janela: bool = False
    """Whether it may leave at any hour."""
    usar_alternativos: bool = False
    """Whether the lead's next contact gets it if this one fails permanently."""


class Order(NamedTuple):
    """One disparo that is asked for."""

    lead_id: UUID
    request: NewDisparo


class BatchItem(NewDisparo):
    """One message of a batch."""

    lead_id: UUID


class DisparoBatch(_Request):
    """Up to a thousand disparos: one message for each of `lead_ids`, or `itens`, each with a message of its own."""

    max_bytes: ClassVar[int] = 4 * 1024 * 1024

    itens: Annotated[tuple[BatchItem, ...], Field(max_length=MAX_BATCH)] | None = None
    lead_ids: Annotated[tuple[UUID, ...], Field(max_length=MAX_BATCH)] | None = None
    canal: Canal | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)] | None = None
    variaveis: dict[str, VariableValue] = {}
    agendar_para: Instant | None = None
    expira_em: Instant | None = None
    ignorar_janela: bool = False
    usar_alternativos: bool = False

    @model_validator(mode="after")
    def _be_whole(self) -> DisparoBatch:
        if bool(self.itens) == bool(self.lead_ids):
            raise PydanticCustomError("itens_ou_lead_ids", "either itens or lead_ids")
        if self.itens and self.model_fields_set - {"itens", "lead_ids"}:
            raise PydanticCustomError("mensagem_fora_dos_itens", "each item has its own message")
        if self.lead_ids and (self.canal is None or self.template is None):
            raise PydanticCustomError("canal_e_template", "canal and template are needed")
        return self

    def orders(self) -> list[Order]:
        """Every single message, in the order of the request."""
        if self.canal is None or self.template is None:
            return [Order(each.lead_id, each) for each in self.itens or ()]
        request = NewDisparo(
            canal=self.canal,
            template=self.template,
            payload=Payload(variaveis=self.variaveis),
            agendar_para=self.agendar_para,
            expira_em=self.expira_em,
            ignorar_janela=self.ignorar_janela,
            usar_alternativos=self.usar_alternativos,
        )
        return [Order(each, request) for each in self.lead_ids or ()]

    def pointer(self, number: int, inside: str) -> str:
        """Where in this request that is which `inside` points to in one of its orders; "" is the order itself."""
        if self.itens:
            return f"/itens/{number}{inside}"
        return inside.removeprefix("/payload") or f"/lead_ids/{number}"


class NewTemplate(_Request):
    """The words of a template. `variaveis` is the order in which WhatsApp numbers them, by default as they appear."""

    canal: Canal
    # For WhatsApp as Meta spells it (pt_BR), for e-mail also as everybody else does (pt-BR).
    idioma: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$")]
    assunto: str | None = None
    texto: str
    html: str | None = None
    variaveis: tuple[str, ...] | None = None


class PreviewRequest(_Request):
    """For which leads a template is rendered, with which values, and in which version; the newest leads by default."""

    lead_id: UUID | None = None
    segmento_id: UUID | None = None
    """For the newest leads of a segment."""
    variaveis: dict[str, VariableValue] = {}
    versao: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None

    @model_validator(mode="after")
    def _ask_for_one(self) -> PreviewRequest:
        if self.lead_id is not None and self.segmento_id is not None:
            raise PydanticCustomError("lead_ou_segmento", "lead_id and segmento_id")
        return self


class VersionQuery(PageQuery):
    """A page of the versions of a template, newest first."""


class SeriesQuery(_Request):
    """Of which day the hours are wanted."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    dia: date | None = None
    """In the time zone of the tenant, at most 400 days ago; today without it."""


class TemplateQuery(PageQuery):
    """A page of the templates in use; nearly every tenant has fewer than one page holds."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = MAX_LIMIT


class DisparoQuery(PageQuery):
    """A page of disparos; every filter that is given has to fit."""

    quick_filters = frozenset({"lead_id", "destino"})

    status: DisparoStatus | None = None
    canal: Canal | None = None
    lead_id: UUID | None = None
    erro_codigo: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    espera: WaitReason | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None
    enviado_de: Instant | None = None
    enviado_ate: Instant | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)] | None = None
    campanha_id: UUID | None = None
    etapa: Annotated[int, Field(ge=1, le=100)] | None = None
    job_id: UUID | None = None
    """To the leads that this ingestion created."""
    destino: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    """A phone or an e-mail, in any spelling; a text that is neither finds nothing."""

    def destinos(self) -> list[str] | None:
        """What `destino` may mean as it is stored, None without it."""
        if self.destino is None:
            return None
        # Only a search by contact pays for the library of phones, not each cold start.
        from chalicelib.contacts.canonical import canonical, phones_meant  # noqa: PLC0415

        address = canonical(Canal.EMAIL, self.destino)
        return phones_meant(self.destino) if address is None else [address]


class ResendRequest(_Request):
    """Which failed disparos are sent again, the oldest first; every filter has to fit, and there must be one."""

    status: Literal["erro"] = "erro"
    erro_codigo: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    canal: Canal | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)] | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None
    limite: Annotated[int, Field(ge=1, le=MAX_RESENT)] = 1_000

    @model_validator(mode="after")
    def _ask_for_something(self) -> ResendRequest:
        """An empty body would mean everything that ever failed, which nobody wants."""
        if not self.model_fields_set - {"status", "limite"}:
            raise PydanticCustomError("filtro_ausente", "no filter")
        return self


class CancellationFilter(_Request):
    """Which waiting disparos are cancelled; every filter has to fit, and there must be one."""

    canal: Canal | None = None
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)] | None = None
    campanha_id: UUID | None = None
    job_id: UUID | None = None
    """For the leads that this ingestion created."""
    espera: WaitReason | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None

    @model_validator(mode="after")
    def _ask_for_something(self) -> CancellationFilter:
        """An empty filter would mean everything that waits, which a forgotten field should not."""
        if not self.model_fields_set:
            raise PydanticCustomError("filtro_de_cancelamento_ausente", "no filter")
        return self


class BulkCancellation(GivenReason):
    """Cancels many disparos, the oldest first."""

    filtro: CancellationFilter
    motivo: ReasonText
    limite: Annotated[int, Field(ge=1, le=MAX_CANCELLED)] = 5_000


class Resolution(StrEnum):
    """What a person found out about an `incerto` disparo."""

    ENVIADO = "enviado"
    NAO_ENVIADO = "nao_enviado"


class ResolutionRequest(_Request):
    """Whether an `incerto` disparo was sent."""

    resultado: Resolution
