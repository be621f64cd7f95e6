"""What the API may ask about the person whose data it is (the *titular* of the LGPD)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.pages import CursorQuery, PageQuery

MOST_IDENTIFIERS = 20
"""Of each kind, in one request."""
MOST_LEADS = 100
"""Leads in one answer of an export."""

# Long enough for an address with a name in front; the rules of contacts judge what it says.
IdentifierText = Annotated[str, Field(min_length=1, max_length=400)]
IdentifierTexts = Annotated[tuple[IdentifierText, ...], Field(max_length=MOST_IDENTIFIERS)]


class SubjectKind(StrEnum):
    """What tells who is meant; the names are those of the fields of a request."""

    DOCUMENTO = "documento"
    TELEFONE = "telefone"
    EMAIL = "email"


class ExportFormat(StrEnum):
    """How an export is answered: for a program, or for a person to read."""

    JSON = "json"
    MARKDOWN = "markdown"


class RequestKind(StrEnum):
    """What was asked for."""

    EXPORTACAO = "exportacao"
    APAGAMENTO = "apagamento"


class SubjectRequest(BaseModel):
    """Who is meant: every lead that has one of these documents, phones or e-mails, in any spelling."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    documentos: IdentifierTexts = ()
    """CPF or CNPJ."""
    telefones: IdentifierTexts = ()
    """With or without country code, ninth digit and punctuation."""
    emails: IdentifierTexts = ()

    @model_validator(mode="after")
    def _check_any(self) -> Self:
        if not (self.documentos or self.telefones or self.emails):
            raise PydanticCustomError("titular_sem_identificador", "nobody is named")
        return self


class LeadExportQuery(BaseModel):
    """How the export of one lead is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    formato: ExportFormat = ExportFormat.JSON


class SubjectExportQuery(CursorQuery):
    """As `LeadExportQuery`, page by page: a phone may be that of many leads."""

    limit: Annotated[int, Field(ge=1, le=MOST_LEADS)] = 50
    formato: ExportFormat = ExportFormat.JSON


class SubjectRequestQuery(PageQuery):
    """A page of the requests; every filter that is given has to fit."""

    tipo: RequestKind | None = None
