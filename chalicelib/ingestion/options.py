"""How the rows of a file are taken: what an upload may choose."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Modo(StrEnum):
    """What happens to a row whose lead is there already (SPEC, "Duplicates")."""

    IGNORAR = "ignorar"
    ATUALIZAR = "atualizar"


class Opcoes(BaseModel):
    """How the rows of a file are taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modo: Modo = Modo.IGNORAR
    deduplicar_por_documento: bool = True
    validar_apenas: bool = False
    """A dry run: everything but the leads themselves."""
