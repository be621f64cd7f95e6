"""The options of an upload: how the rows of its file are ingested."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


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
