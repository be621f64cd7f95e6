"""What the API may ask of the results of a campaign."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.campaigns.requests.models import MOST_STEPS
from chalicelib.campaigns.results.sections import RecipientState
from chalicelib.canal import Canal
from chalicelib.instants import Instant
from chalicelib.pages import CursorQuery, PageQuery
from chalicelib.searches import SearchText

EXPORTED = 100_000
"""The most recipients of one exported file."""
_SLOW = frozenset({"motivo", "etapa", "variante", "canal", "q"})

VariantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,20}$")]


class RecipientQuery(CursorQuery):
    """A page of the recipients of a campaign, a line for each step; every filter that is given has to fit."""

    situacao: RecipientState | None = None
    motivo: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """Why it waits, failed, or was left out: a code as the lines show it."""
    etapa: Annotated[int, Field(ge=1, le=MOST_STEPS)] | None = None
    variante: VariantName | None = None
    canal: Canal | None = None
    """By which it goes or went; those who were left out have none."""
    lead_id: UUID | None = None
    q: SearchText | None = None
    """Part of the lead's name, three letters at least; case and accents do not matter."""

    def reads_much(self) -> bool:
        """Whether many recipients may have to be looked through: no index has the filter."""
        return self.lead_id is None and not self.model_fields_set.isdisjoint(_SLOW)


class RecipientExport(CursorQuery):
    """The recipients of one exported file; `limit` is how many it may have."""

    limit: Annotated[int, Field(ge=1, le=EXPORTED)] = EXPORTED


class CampaignReplyQuery(PageQuery):
    """A page of the replies to a campaign."""

    descadastro: bool | None = None
    """Whether the person wants no more messages."""


class AgainFor(StrEnum):
    """For whom a campaign is made again."""

    FALHAS = "falhas"
    """A message of it failed, and none reached the lead or may have reached it."""
    PENDENTES = "pendentes"
    """It ended before anything of it had left for the lead."""


class CampaignAgain(BaseModel):
    """Whom a campaign is made again for, and what is different in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    quem: AgainFor
    nome: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    iniciar_em: Instant | None = None
    variante: VariantName | None = None
    """Only this variant is kept, for all of them, in each step that has it."""
