"""What the API may ask of segments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.campaigns.segments.model import SegmentFilter, written_text


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewSegment(_Request):
    """A filter over leads, and the name that it is saved under."""

    nome: Annotated[str, Field(max_length=100), AfterValidator(written_text)]
    filtro: SegmentFilter


class SegmentCount(_Request):
    """Which leads to count: those of a filter, or those of a saved segment."""

    filtro: SegmentFilter | None = None
    segmento_id: UUID | None = None

    @model_validator(mode="after")
    def _ask_for_one(self) -> SegmentCount:
        if (self.filtro is None) == (self.segmento_id is None):
            raise PydanticCustomError("filtro_ou_segmento", "either filtro or segmento_id")
        return self
