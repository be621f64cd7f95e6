"""The options of an upload: how the rows of its file are ingested."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class IngestMode(StrEnum):
    """What happens to a row whose lead already exists (SPEC, "Duplicates")."""

    IGNORAR = "ignorar"
    ATUALIZAR = "atualizar"


class IngestOptions(BaseModel):
    """The options that an upload may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modo: IngestMode = IngestMode.IGNORAR
    deduplicar_por_documento: bool = True
    validar_apenas: bool = False
    """A dry run: the job checks and counts everything, but stores no leads."""
    aba: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The sheet to read, or `*` for all with the titles of the best one; without it the best one alone is read."""
    ignorar_ocultas: bool = False
    """Whether hidden and filtered rows of a sheet are left out; the report names them."""
    adivinhar: bool = False
    """Whether a column with an unknown title is read if nearly all of its cells are phones, e-mails or documents."""
