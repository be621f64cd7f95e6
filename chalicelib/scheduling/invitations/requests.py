"""What the API may ask of feeds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chalicelib.scheduling.rules.names import ResponsavelName


class NewFeed(BaseModel):
    """The responsável whose feed gets a new address; the one that it had before stops working."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    responsavel: ResponsavelName
