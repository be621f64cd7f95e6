"""What the API may ask about leads and change of them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.canal import Canal
from chalicelib.instants import Instant
from chalicelib.leads.states import LeadStatus
from chalicelib.pages import PageQuery
from chalicelib.tags import Tag, Tags

_PUNCTUATION = re.compile(r"[\s().\-/]+")
_DOCUMENTO = re.compile(r"[0-9]{11}|[0-9A-Z]{12}[0-9]{2}")
# A Brazilian number without its DDD is nobody's: contacts are stored with it.
_TELEFONE = re.compile(r"\+[0-9]{6,15}|[0-9]{10,15}")


def _documento(written: str) -> str:
    document = _PUNCTUATION.sub("", written).upper()
    if not _DOCUMENTO.fullmatch(document):
        raise PydanticCustomError("documento_de_busca_invalido", "neither a CPF nor a CNPJ")
    return document


def _telefone(written: str) -> str:
    phone = _PUNCTUATION.sub("", written)
    if not _TELEFONE.fullmatch(phone):
        raise PydanticCustomError("telefone_de_busca_invalido", "no phone")
    return phone


def _composed(text: str) -> str:
    return normalize("NFC", text)


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
    q: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_composed)] | None = None
    """Part of the name; case and accents do not matter."""
    email: Annotated[str, Field(min_length=3, max_length=254), AfterValidator(str.lower)] | None = None
    telefone: Annotated[str, Field(max_length=40), AfterValidator(_telefone)] | None = None
    tag: Tag | None = None
    origem_arquivo: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    criado_de: Instant | None = None
    criado_ate: Instant | None = None

    def telefones(self) -> list[str] | None:
        """The numbers in E.164 that the filter may mean, None without a filter.

        Digits alone may lack the country code. They may also be complete: an unencoded `+` of a query string arrives as
        a blank. Either may lack the ninth digit, as a `wa_id` and old lists do: stored numbers have it.
        """
        if self.telefone is None:
            return None
        # Only a search by phone pays for the library of phones, not each cold start.
        from chalicelib.contacts.canonical import canonical  # noqa: PLC0415

        digits = self.telefone.removeprefix("+")
        written = [self.telefone] if self.telefone.startswith("+") else [f"+{digits}", f"+55{digits}"]
        meant = [canonical(Canal.WHATSAPP, each) for each in written]
        return list(dict.fromkeys([*written, *filter(None, meant)]))


class ReadyQuery(PageQuery):
    """A page of leads that are ready to be contacted."""

    tipo_contato: ContactKinds | None = None


class LeadChange(BaseModel):
    """A new status, a new list of tags that replaces the old one, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    status: LeadStatus | None = None
    tags: Tags | None = None

    @model_validator(mode="after")
    def _change_something(self) -> LeadChange:
        if self.status is None and self.tags is None:
            raise PydanticCustomError("mudanca_vazia", "nothing to change")
        return self
