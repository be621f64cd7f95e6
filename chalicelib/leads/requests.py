"""What the API may ask about leads and change of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.campos import LONGEST_VALUE
from chalicelib.canal import Canal
from chalicelib.ingestion.options import Origin
from chalicelib.instants import Instant
from chalicelib.leads.states import LeadStatus
from chalicelib.motivo import ReasonText
from chalicelib.pages import CursorQuery, PageQuery
from chalicelib.searches import SearchText
from chalicelib.tags import Tag, Tags
from chalicelib.unseen import as_seen, has_directions

# What people write between the digits of a number: hyphens and dashes of every length among it.
_PUNCTUATION = re.compile(r"[\s().\-/\u00ad\u200b-\u2015\u2212\ufeff]+")
_END = re.compile(r"[0-9]{4,9}")
_DOCUMENTO = re.compile(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}|[0-9]{4,8}")
# A Brazilian number without its DDD is nobody's, for contacts are stored with it: it is the end of one.
_TELEFONE = re.compile(r"\+[0-9]{6,15}|[0-9]{10,15}|[0-9]{4,9}")
_ABROAD = re.compile(r"^00(?=[1-9])")


def _documento(written: str) -> str:
    document = _PUNCTUATION.sub("", written).upper()
    if not _DOCUMENTO.fullmatch(document):
        raise PydanticCustomError("documento_de_busca_invalido", "neither a CPF nor a CNPJ")
    return document


def _telefone(written: str) -> str:
    # `tel:` of a link (RFC 3966), and the prefix of calls abroad.
    phone = _ABROAD.sub("+", _PUNCTUATION.sub("", written.removeprefix("tel:")))
    if not _TELEFONE.fullmatch(phone):
        raise PydanticCustomError("telefone_de_busca_invalido", "no phone")
    return phone


# What a text of several lines does not hold: every control character but the end of a line.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _note(text: str) -> str:
    lines = text.replace("\r\n", "\n")
    if _CONTROL.search(lines) or has_directions(lines):
        raise PydanticCustomError("caractere_invalido", "a character that cannot be seen")
    if not as_seen(lines).strip():
        raise PydanticCustomError("nota_vazia", "nothing to see")
    return lines


MOST_CAMPO_FILTERS = 10
MOST_CONTACTS = 50
"""Of one kind, as a row of a file has at most."""
MOST_TAGGED = 1_000
"""The most leads of which one request changes the tags."""
EXPORTED = 50_000
"""The most leads of one exported file."""
_LARGEST = 10**15
"""A number with two decimals is exact up to here, also as a double."""


def _campo_value(value: object) -> object:
    match value:
        case None | bool() | str():
            return value
        case int() | float() if abs(value) < _LARGEST:
            return value
    raise PydanticCustomError("campo_invalido", "no text, number below 10**15, true or false")


CampoValue = Annotated[Any, PlainValidator(_campo_value), WithJsonSchema({"type": ["string", "number", "boolean"]})]
MaybeCampoValue = Annotated[
    Any, PlainValidator(_campo_value), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
# What they say is judged by `written`, by the rules of ingestion.
Text = Annotated[str, Field(min_length=1, max_length=1_000)]
DocumentText = Annotated[str, Field(min_length=1, max_length=60)]
ContactText = Annotated[str, Field(min_length=1, max_length=400)]
CampoFilterText = Annotated[str, Field(max_length=LONGEST_VALUE)]


class ContactKinds(StrEnum):
    """By which kinds of contact a lead can be reached."""

    AMBOS = "ambos"
    EMAIL = "email"
    TELEFONE = "telefone"


class LeadQuery(PageQuery):
    """A page of leads; every filter that is given has to fit."""

    quick_filters = frozenset({"documento", "email", "telefone"})

    status: LeadStatus | None = None
    documento: Annotated[str, Field(max_length=40), AfterValidator(_documento)] | None = None
    q: SearchText | None = None
    """Part of the name or of the contact person's, three letters at least; case and accents do not matter."""
    email: Annotated[str, Field(min_length=3, max_length=254), AfterValidator(str.lower)] | None = None
    telefone: Annotated[str, Field(max_length=40), AfterValidator(_telefone)] | None = None
    tag: Tag | None = None
    origem_arquivo: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    origem: Origin | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None
    campo: Annotated[dict[str, CampoFilterText], Field(max_length=MOST_CAMPO_FILTERS)] = Field(default_factory=dict)
    """`campo.cidade=Salvador`, `campo.valor_min=100`, `campo.vencimento_max=2026-12-31`; see `campo_filters`."""

    @property
    def fim_de_documento(self) -> str | None:
        """The last digits of a document, if the filter has no more."""
        return self.documento if self.documento and _END.fullmatch(self.documento) else None

    @property
    def fim_de_telefone(self) -> str | None:
        """The last digits of a phone, if the filter has no more."""
        return self.telefone if self.telefone and _END.fullmatch(self.telefone) else None

    @property
    def documento_exato(self) -> str | None:
        """The document, if the filter has all of it."""
        return None if self.fim_de_documento else self.documento

    @property
    def endereco(self) -> str | None:
        """The e-mail as it is stored; a text that is none finds nothing."""
        if self.email is None:
            return None
        from chalicelib.contacts.canonical import canonical  # noqa: PLC0415 - as for phones

        return canonical(Canal.EMAIL, self.email) or self.email

    def telefones(self) -> list[str] | None:
        """The numbers in E.164 that the filter may mean, None without a whole number."""
        if self.telefone is None or self.fim_de_telefone is not None:
            return None
        # Only a search by phone pays for the library of phones, not each cold start.
        from chalicelib.contacts.canonical import phones_meant  # noqa: PLC0415

        return phones_meant(self.telefone)


class ReadyQuery(PageQuery):
    """A page of leads that are ready to be contacted."""

    tipo_contato: ContactKinds | None = None


class LeadExport(LeadQuery):
    """The leads of one exported file, as a page of the list; `limit` is how many it may have."""

    limit: Annotated[int, Field(ge=1, le=EXPORTED)] = EXPORTED


class LeadChange(BaseModel):
    """What a person changes about a lead. A text or a campo that is null is removed; tags replace the old ones."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    status: LeadStatus | None = None
    tags: Tags | None = None
    nome: Text | None = None
    contato: Text | None = None
    documento: DocumentText | None = None
    campos: dict[str, MaybeCampoValue] = {}
    """Merged into those that the lead has."""
    motivo: ReasonText | None = None
    """Why, for the timeline of the lead."""

    @property
    def data(self) -> dict[str, str | None]:
        """The texts that are given, null among them."""
        return {name: getattr(self, name) for name in ("nome", "contato", "documento") if name in self.model_fields_set}

    @model_validator(mode="after")
    def _change_something(self) -> LeadChange:
        if self.status is None and self.tags is None and not self.data and not self.campos:
            raise PydanticCustomError("mudanca_vazia", "nothing to change")
        return self


class LeadTagging(BaseModel):
    """Which tags many leads get, and which they lose."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    lead_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_TAGGED)]
    adicionar: Tags = ()
    """Behind those that a lead has."""
    retirar: Tags = ()
    """Those that a lead does not have are passed over."""

    @model_validator(mode="after")
    def _change_something(self) -> LeadTagging:
        if not self.adicionar and not self.retirar:
            raise PydanticCustomError("mudanca_vazia", "nothing to change")
        if not set(self.adicionar).isdisjoint(self.retirar):
            raise PydanticCustomError("tag_nos_dois", "a tag in both lists")
        return self


class NewLead(BaseModel):
    """A lead that a person makes; it has a contact or a document. The first contact of a kind is tried first."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    lead_id_externo: Text | None = None
    """Its ID in another system."""
    origem: Origin = ""
    """The system that the ID comes from; IDs of two systems never meet."""
    nome: Text | None = None
    contato: Text | None = None
    documento: DocumentText | None = None
    telefones: Annotated[tuple[ContactText, ...], Field(max_length=MOST_CONTACTS)] = ()
    emails: Annotated[tuple[ContactText, ...], Field(max_length=MOST_CONTACTS)] = ()
    campos: dict[str, CampoValue] = {}
    tags: Tags = ()


class NewPhone(BaseModel):
    """A phone for a lead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    telefone: ContactText
    principal: bool = False
    """Whether it is tried first from now on."""


class NewEmail(BaseModel):
    """An e-mail for a lead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: ContactText
    principal: bool = False
    """Whether it is tried first from now on."""


class ContactRemoval(BaseModel):
    """How a contact is removed that disparos wait for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cancelar: bool = False
    """Whether these disparos are cancelled; without it the contact stays."""


class TimelineQuery(CursorQuery):
    """A page of what happened to a lead, newest first."""


class NoteQuery(CursorQuery):
    """A page of the notes of a lead, newest first."""


class NewNote(BaseModel):
    """What a person writes about a lead; it may have several lines."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    texto: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_note)]


class BriefingForm(StrEnum):
    """In which form a briefing is answered."""

    JSON = "json"
    MD = "md"


class BriefingQuery(BaseModel):
    """The form of a briefing; without one, the header `Accept` decides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formato: BriefingForm | None = None

    def wants_markdown(self, accept: str) -> bool:
        """Whether it is answered as Markdown; `accept` is the header `Accept`."""
        if self.formato is not None:
            return self.formato is BriefingForm.MD
        return any(each.partition(";")[0].strip().lower() == "text/markdown" for each in accept.split(","))
