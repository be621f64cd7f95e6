"""What the API may ask about keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.identity import Group, Identity
from chalicelib.instants import Instant
from chalicelib.permissions import FOR_PEOPLE_ALONE, LEAST
from chalicelib.scheduling.rules.names import ResponsavelName

MOST_ROUTES = 50
"""Of one key: API Gateway carries them with each request."""


def _known(route: str) -> str:
    if route not in LEAST or route in FOR_PEOPLE_ALONE:
        raise PydanticCustomError("rota_desconhecida", "no route that a key may use")
    return route


Route = Annotated[str, Field(max_length=200), AfterValidator(_known)]
"""A method and a path of the contract, such as `GET /leads/{lead_id}`."""


class NewKey(BaseModel):
    """A key that a machine is to call the API with."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, use_attribute_docstrings=True)

    nome: ResponsavelName
    """What it is for."""
    grupo: Group
    """What it may do, as a person of this group."""
    rotas: Annotated[tuple[Route, ...], Field(min_length=1, max_length=MOST_ROUTES)] | None = None
    """The only routes that it is for; without this field, all that its group may use."""
    expira_em: Instant | None = None
    """When it ends, at most two years from now; a year from now without this field."""

    @field_validator("rotas")
    @classmethod
    def _check_group(cls, routes: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        """A key for a route that its group may not use would never work."""
        group = info.data.get("grupo")
        if group is not None:
            holder = Identity("", "", frozenset({group}))
            if any(not holder.includes(LEAST[route]) for route in routes or ()):
                raise PydanticCustomError("rota_de_outro_grupo", "a route that the group may not use")
        return routes
