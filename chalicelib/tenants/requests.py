"""What a tenant may configure."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError


@cache
def _zones() -> frozenset[str]:
    """The names of the IANA's; they are looked for on disk, so once."""
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise PydanticCustomError("fuso_desconhecido", "no such zone")
    return name


class Idioma(StrEnum):
    """The languages that texts come in."""

    PORTUGUES = "pt-BR"
    INGLES = "en"


class TenantConfig(BaseModel):
    """The whole configuration; what is left out goes back to its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fuso: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "America/Sao_Paulo"
    """The zone of working hours and of whoever has none of their own."""
    fixo_valido_para_whatsapp: bool = False
    """Whether landlines count as fit for sending (SPEC §1): ingestion asks."""
    idioma: Idioma = Idioma.PORTUGUES
