"""The document of a segment: a tree of conditions over leads, each an object with one key.

`{"todos": [{"campo": {"nome": "vencimento", "op": "<", "valor": "hoje"}}, {"nao": {"tags": {"algum": ["vip"]}}}]}`

pydantic checks the form of each condition. The compiler checks the whole: its size, its depth, and the names of campos.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias, TypeVar
from unicodedata import normalize
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic import ValidationError as PydanticError
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.campos import LONGEST_NAME, LONGEST_VALUE
from chalicelib.canal import Canal
from chalicelib.contacts.places import PLACES
from chalicelib.instants import Instant
from chalicelib.leads.states import LeadStatus
from chalicelib.tags import Tag

MOST_VALUES = 500
"""Of one list."""
MOST_PARTS = 50
"""Of one `todos` or `algum`."""
_MOST_DAYS = 36_500
_LARGEST = 10**15
_YEARS = range(1900, 2200)
"""Of days: those around them are mistakes, and the last ones of the calendar have no next day."""

_RELATIVE = re.compile(r"hoje(?:([+-])([0-9]{1,5}))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UFS = frozenset(place.uf for place in PLACES.values())
_INSTANT: TypeAdapter[Any] = TypeAdapter(Instant)

T = TypeVar("T")


def relative_days(text: str) -> int | None:
    """The days from today of `hoje`, `hoje-5` or `hoje+5`; None for another text, or for more than a hundred years."""
    match = _RELATIVE.fullmatch(text)
    if match is None or (days := int(match[2] or 0)) > _MOST_DAYS:
        return None
    return -days if match[1] == "-" else days


def calendar_day(text: str) -> date | None:
    """The day that a text YYYY-MM-DD names; None for another text, or a year outside of 1900 to 2199."""
    if not _DAY.fullmatch(text) or int(text[:4]) not in _YEARS:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_day(text: str) -> bool:
    return relative_days(text) is not None or calendar_day(text) is not None


def _day(text: str) -> str:
    if not _is_day(text):
        raise PydanticCustomError("dia_de_filtro_invalido", "no day")
    return text


def _moment(text: str) -> str:
    if _is_day(text):
        return text
    try:
        _INSTANT.validate_python(text)
    except PydanticError:
        raise PydanticCustomError("momento_de_filtro_invalido", "neither a day nor an instant") from None
    return text


def _known_uf(uf: str) -> str:
    if uf not in _UFS:
        raise PydanticCustomError("uf_desconhecida", "no such state")
    return uf


def _known_ddd(ddd: str) -> str:
    if ddd not in PLACES:
        raise PydanticCustomError("ddd_desconhecido", "no such DDD")
    return ddd


def written_text(text: str) -> str:
    """In one spelling, and not blank: everything contains a blank text."""
    if not (composed := normalize("NFC", text).strip()):
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return composed


def _scalar(value: object) -> object:
    """A number, a truth value or a text. A union of types would say three times what is wrong."""
    match value:
        case bool():
            return value
        case int() | float():
            if not -_LARGEST <= value <= _LARGEST:
                raise PydanticCustomError("numero_de_filtro_invalido", "not within a quadrillion of 0")
            return value
        case str():
            if len(value) > LONGEST_VALUE:
                raise PydanticKnownError("string_too_long", {"max_length": LONGEST_VALUE})
            return written_text(value)
        case _:
            raise PydanticCustomError("valor_de_filtro_invalido", "no text, number, true or false")


def _not_empty(values: tuple[T, ...]) -> tuple[T, ...]:
    """With `min_length` on the field, pydantic would report this error beside that of every invalid value."""
    if not values:
        raise PydanticKnownError("too_short", {"field_type": "Tuple", "min_length": 1, "actual_length": 0})
    return values


DayText = Annotated[str, Field(max_length=20), AfterValidator(_day)]
"""`2026-12-05`, `hoje`, `hoje-5` or `hoje+5`."""
MomentText = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
"""A day, or an instant in ISO 8601 with its offset."""
Scalar = Annotated[
    Any, BeforeValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": LONGEST_VALUE})
]
_NOT_EMPTY = AfterValidator(_not_empty)
Values: TypeAlias = Annotated[
    tuple[T, ...], Field(max_length=MOST_VALUES, json_schema_extra={"minItems": 1}), _NOT_EMPTY
]
"""One of these."""


class Pessoa(StrEnum):
    """What the document of a lead says that it is."""

    FISICA = "fisica"
    JURIDICA = "juridica"
    SEM_DOCUMENTO = "sem_documento"


class CampoOperator(StrEnum):
    """How the value of a campo is compared."""

    IGUAL = "="
    DIFERENTE = "!="
    MENOR = "<"
    MENOR_OU_IGUAL = "<="
    MAIOR = ">"
    MAIOR_OU_IGUAL = ">="
    CONTEM = "contem"
    VAZIO = "vazio"
    NAO_VAZIO = "nao_vazio"


_WITHOUT_VALUE = frozenset({CampoOperator.VAZIO, CampoOperator.NAO_VAZIO})


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Choice(_Part):
    """An object with exactly one key, which is not null."""

    @model_validator(mode="after")
    def _has_one_key(self) -> _Choice:
        if len(self.model_fields_set) != 1 or self.chosen[1] is None:
            raise PydanticCustomError("condicao_unica", "not exactly one key")
        return self

    @property
    def chosen(self) -> tuple[str, Any]:
        """The key and its value."""
        [name] = self.model_fields_set
        return name, getattr(self, name)


class TagsCondition(_Choice):
    """Which of these tags a lead has: `algum` (one of them), `todos` or `nenhum`."""

    algum: Values[Tag] | None = None
    todos: Values[Tag] | None = None
    nenhum: Values[Tag] | None = None


class CampoCondition(_Part):
    """What a lead's campo is. The value says how: a number, a day, an hour, true or false, or a text.

    Of texts, neither case nor accents matter. `!=` and the others ask for a value: a blank campo fits none but `vazio`.
    """

    nome: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    op: CampoOperator
    valor: Scalar | None = None

    @model_validator(mode="after")
    def _has_a_value_if_needed(self) -> CampoCondition:
        if (self.op in _WITHOUT_VALUE) != (self.valor is None):
            raise PydanticCustomError("valor_de_operador", "a value too many, or none")
        return self


class CreationCondition(_Part):
    """When the lead was created: `de` or later, and `ate` at the latest. A day counts whole, an instant not."""

    de: MomentText | None = None
    ate: MomentText | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> CreationCondition:
        if self.de is None and self.ate is None:
            raise PydanticCustomError("periodo_vazio", "neither de nor ate")
        return self


class LastDisparoCondition(_Choice):
    """When the last message left for the lead, or may have left."""

    antes_de: DayText | None = None
    """There was one, and none since this day: `hoje-30` means that the last one is older than 30 days."""
    desde: DayText | None = None
    nunca: Literal[True] | None = None


class ReplyCondition(_Part):
    """That the lead has answered, since a day or ever."""

    desde: DayText | None = None


class CampaignResult(StrEnum):
    """What came of a campaign for a lead."""

    QUALQUER = "qualquer"
    """It has a disparo in the campaign."""
    ENVIADO = "enviado"
    """A message left, whatever became of it."""
    CONFIRMADO = "confirmado"
    LIDO = "lido"
    RESPONDEU = "respondeu"
    PENDENTE = "pendente"
    ERRO = "erro"
    INCERTO = "incerto"
    SUPRIMIDO = "suprimido"
    CANCELADO = "cancelado"
    EXPIRADO = "expirado"
    EXCLUIDO = "excluido"
    """It was left out when the campaign was planned."""
    FALHOU = "falhou"
    """A message of it failed, and no other of the campaign left, waits, or is in doubt."""
    NAO_ALCANCADO = "nao_alcancado"
    """A message of it waits, or ended because the campaign or its time did; no other left, failed, or is in doubt."""


class CampaignCondition(_Part):
    """What came of a campaign for the lead, in any of its steps."""

    campanha_id: UUID
    resultado: CampaignResult = CampaignResult.QUALQUER


class SegmentFilter(_Choice):
    """One condition over a lead; `todos`, `algum` and `nao` join others."""

    todos: Annotated[tuple[SegmentFilter, ...], Field(max_length=MOST_PARTS)] | None = None
    """All of these; an empty list means every lead."""
    algum: (
        Annotated[
            tuple[SegmentFilter, ...], Field(max_length=MOST_PARTS, json_schema_extra={"minItems": 1}), _NOT_EMPTY
        ]
        | None
    ) = None
    nao: SegmentFilter | None = None
    status: Values[LeadStatus] | None = None
    tags: TagsCondition | None = None
    campo: CampoCondition | None = None
    nome: Annotated[str, Field(max_length=100), AfterValidator(written_text)] | None = None
    """Part of the name; case and accents do not matter."""
    uf: Values[Annotated[str, AfterValidator(_known_uf)]] | None = None
    """The state of the principal phone's DDD."""
    ddd: Values[Annotated[str, AfterValidator(_known_ddd)]] | None = None
    """The DDD of the principal phone."""
    pessoa: Values[Pessoa] | None = None
    tem: Canal | None = None
    """There is a contact for this channel that is fit for sending."""
    suprimido: bool | None = None
    """Whether the person, or one of the contacts, is on the suppression list."""
    origem_arquivo: Values[Annotated[str, Field(min_length=1, max_length=200)]] | None = None
    origem: Values[Annotated[str, Field(max_length=200)]] | None = None
    """The system that the upload named; an empty text where it named none."""
    job_id: Values[UUID] | None = None
    criado_em: CreationCondition | None = None
    ultimo_disparo: LastDisparoCondition | None = None
    respondeu: ReplyCondition | None = None
    campanha: CampaignCondition | None = None
