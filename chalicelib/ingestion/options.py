"""How the rows of a file are taken: what an upload may choose."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class IngestMode(StrEnum):
    """What happens to a row whose lead is there already (SPEC, "Duplicates")."""

    IGNORAR = "ignorar"
    ATUALIZAR = "atualizar"


class IngestOptions(BaseModel):
    """How the rows of a file are taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modo: IngestMode = IngestMode.IGNORAR
    deduplicar_por_documento: bool = True
    validar_apenas: bool = False
    """A dry run: everything but the leads themselves."""
