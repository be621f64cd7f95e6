"""What the API may ask of campaigns."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.campaigns.segments.model import SegmentFilter
from chalicelib.campaigns.states import CampaignStatus, PilotDecision
from chalicelib.canal import Canal
from chalicelib.dispatch.requests.models import NOME_DE_TEMPLATE, VariableValue
from chalicelib.instants import Instant
from chalicelib.motivo import GivenReason, ReasonText
from chalicelib.pages import PageQuery

T = TypeVar("T")

MOST_STEPS, MOST_VARIANTS = 5, 5
MOST_TRIAL_CONTACTS = 3
MOST_STOPPED = 500
"""Campaigns that one request pauses."""
_ALL = 100


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _some(items: tuple[T, ...]) -> tuple[T, ...]:
    # With `min_length` on the field, pydantic would report this error beside the error of every invalid item.
    if not items:
        raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
    return items


class CampaignMessage(_Request):
    """One message; `variaveis` are values that win over those of the lead."""

    canal: Canal
    template: Annotated[str, StringConstraints(pattern=NOME_DE_TEMPLATE)]
    variaveis: dict[str, VariableValue] = {}


class CampaignVariant(_Request):
    """What a share of the leads gets: by the first channel that the lead has, or by the next one."""

    nome: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,20}$")] = "a"
    peso: Annotated[int, Field(ge=1, le=_ALL)] = _ALL
    """So many of a hundred leads."""
    mensagens: Annotated[tuple[CampaignMessage, ...], AfterValidator(_some), Field(json_schema_extra={"minItems": 1})]

    @model_validator(mode="after")
    def _use_a_channel_once(self) -> Self:
        if len({each.canal for each in self.mensagens}) < len(self.mensagens):
            raise PydanticCustomError("canal_repetido", "a channel twice")
        return self


class CampaignStep(_Request):
    """One step; `apos_dias_uteis` is how long after the step before, if nobody answered."""

    variantes: Annotated[tuple[CampaignVariant, ...], Field(max_length=MOST_VARIANTS)]
    apos_dias_uteis: Annotated[int, Field(ge=1, le=60)] | None = None

    @model_validator(mode="after")
    def _share_a_hundred(self) -> Self:
        if len({each.nome for each in self.variantes}) < len(self.variantes):
            raise PydanticCustomError("variante_repetida", "a variant twice")
        if sum(each.peso for each in self.variantes) != _ALL:
            raise PydanticCustomError("pesos_nao_somam", "the weights are not 100")
        return self


class Pilot(_Request):
    """The first so many recipients, or so many of a hundred; the others wait for the decision about them."""

    primeiros: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    percentual: Annotated[int, Field(ge=1, le=_ALL - 1)] | None = None
    decisao: PilotDecision = PilotDecision.AUTOMATICA

    @model_validator(mode="after")
    def _have_one_size(self) -> Self:
        if (self.primeiros is None) == (self.percentual is None):
            raise PydanticCustomError("primeiros_ou_percentual", "either primeiros or percentual")
        return self


class NewCampaign(_Request):
    """A campaign: for the leads of a segment or a filter, in steps.

    A campaign of one message may give `mensagem` in the place of `etapas`.
    """

    nome: Annotated[str, Field(min_length=1, max_length=120)]
    segmento_id: UUID | None = None
    filtro: SegmentFilter | None = None
    mensagem: CampaignMessage | None = None
    etapas: Annotated[tuple[CampaignStep, ...], Field(max_length=MOST_STEPS)] | None = None
    iniciar_em: Instant | None = None
    """As soon as it is planned, by default."""
    expira_em: Instant | None = None
    """From then on its messages are not sent any more."""
    piloto: Pilot | None = None

    @model_validator(mode="after")
    def _be_whole(self) -> Self:
        if (self.segmento_id is None) == (self.filtro is None):
            raise PydanticCustomError("segmento_ou_filtro", "either segmento_id or filtro")
        if (self.mensagem is None) == (not self.etapas):
            raise PydanticCustomError("mensagem_ou_etapas", "either mensagem or etapas")
        if any((each.apos_dias_uteis is None) != (number == 0) for number, each in enumerate(self.steps)):
            raise PydanticCustomError("dias_da_etapa", "days after the step before")
        return self

    @property
    def steps(self) -> tuple[CampaignStep, ...]:
        """`etapas`, or the one that `mensagem` stands for."""
        if self.mensagem is None:
            return self.etapas or ()
        return (CampaignStep(variantes=(CampaignVariant(mensagens=(self.mensagem,)),)),)


class CampaignChange(_Request):
    """The fields of a draft that change; null takes away what may be missing."""

    nome: str | None = None
    segmento_id: UUID | None = None
    filtro: SegmentFilter | None = None
    mensagem: CampaignMessage | None = None
    etapas: tuple[CampaignStep, ...] | None = None
    iniciar_em: Instant | None = None
    expira_em: Instant | None = None
    piloto: Pilot | None = None

    @model_validator(mode="after")
    def _change_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("mudanca_vazia", "nothing to change")
        return self


class CampaignQuery(PageQuery):
    """A page of campaigns."""

    status: CampaignStatus | None = None


class CampaignStart(_Request):
    """When a campaign starts; without it, the time of the draft, or as soon as it is planned."""

    iniciar_em: Instant | None = None


class NewStart(GivenReason):
    """The new start of a campaign that has not begun."""

    iniciar_em: Instant


class CampaignStop(GivenReason):
    """Which campaigns are paused, and why: all that run or are to start, or these."""

    todas: Literal[True] | None = None
    campanha_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_STOPPED)] | None = None
    motivo: ReasonText

    @model_validator(mode="after")
    def _name_some(self) -> Self:
        if (self.todas is None) == (not self.campanha_ids):
            raise PydanticCustomError("todas_ou_campanha_ids", "either todas or campanha_ids")
        return self


class TrialContact(_Request):
    """A contact of somebody of the team."""

    canal: Canal
    contato: Annotated[str, Field(min_length=1, max_length=400)]


class TrialSend(_Request):
    """To whom of the team the messages of a campaign are sent; `lead_id` is whose values they show."""

    contatos: Annotated[
        tuple[TrialContact, ...],
        AfterValidator(_some),
        Field(max_length=MOST_TRIAL_CONTACTS, json_schema_extra={"minItems": 1}),
    ]
    etapa: Annotated[int, Field(ge=1, le=MOST_STEPS)] = 1
    variante: str | None = None
    lead_id: UUID | None = None
