"""The script of a campaign: which message a recipient of each step and variant gets, and what it demands of the lead.

`etapas` is the document of the API as it is stored. Everything here is decided before a lead is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.demands import Demand, demands, missing
from chalicelib.dispatch.rules.formats import Scalar, ValueKind
from chalicelib.dispatch.rules.rendering import TemplateWords
from chalicelib.ids import first_id

_ANY_LENGTH = 2**31 - 1
_VERSION = 0x7 << 12
_STEP_BITS = 8
# The bits of a lead's id that tell the leads of one file apart stay as they are, so that the order stays, too.
_ORDER_BITS = 24


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One message of a step and variant; `ordem` 1 is the first channel to be tried.

    The variant is for leads whose hash is in [`de`, `ate`) of 100. `path` is the pointer into `etapas`.
    """

    etapa: int
    variante: str
    ordem: int
    canal: Canal
    template: str
    constants: Mapping[str, Scalar]
    de: int
    ate: int
    apos_dias_uteis: int | None
    path: str


@dataclass(frozen=True, slots=True)
class ScriptMessage:
    """A line with the version and the words of its template."""

    line: ScriptLine
    version: int
    words: TemplateWords

    @property
    def demands(self) -> tuple[Demand, ...]:
        """What the lead must have, beside the constants of the line."""
        return demands(self.words, self.line.constants)

    @property
    def unfit_constants(self) -> tuple[str, ...]:
        """The names of constants that the template cannot show."""
        given = self.line.constants
        return tuple(name for name in missing(demands(self.words), given) if name in given)


def lines_of(etapas: Sequence[Mapping[str, Any]]) -> Iterator[ScriptLine]:
    """The lines of a stored document, by step, variant and order."""
    for etapa, step in enumerate(etapas, 1):
        begin = 0
        for number, variant in enumerate(step["variantes"]):
            end = begin + variant["peso"]
            for ordem, message in enumerate(variant["mensagens"], 1):
                yield ScriptLine(
                    etapa=etapa,
                    variante=variant["nome"],
                    ordem=ordem,
                    canal=Canal(message["canal"]),
                    template=message["template"],
                    constants=message.get("variaveis") or {},
                    de=begin,
                    ate=end,
                    apos_dias_uteis=step.get("apos_dias_uteis"),
                    path=f"/etapas/{etapa - 1}/variantes/{number}/mensagens/{ordem - 1}",
                )
            begin = end


def demands_of(message: ScriptMessage, script: Sequence[ScriptMessage]) -> tuple[Demand, ...]:
    """What the lead must have for a message, and the values for the message after it, which may be missing."""
    own = message.demands
    names = {each.name for each in own} | message.line.constants.keys()
    place = message.line.etapa, message.line.variante
    others = {
        demand.name: None
        for each in script
        if (each.line.etapa, each.line.variante) == place
        for demand in each.demands
        if demand.name not in names
    }
    return own + tuple(Demand(name, ValueKind.TEXTO, True, _ANY_LENGTH) for name in others)


def beginning_of_ids(campanha_id: UUID, etapa: int, publico_em: datetime) -> str:
    """The first 16 hex digits of the ids of a step's disparos: the time of the audience, version 7, step, campaign.

    The other 16 are those of the lead, changed by `mask_of_ids`.
    """
    time = first_id(publico_em).int >> 80
    mark = campanha_id.int & ((1 << (12 - _STEP_BITS)) - 1)
    return f"{time:012x}{_VERSION | etapa << (12 - _STEP_BITS) | mark:04x}"


def mask_of_ids(campanha_id: UUID) -> int:
    """What tells the ids of two campaigns for one lead apart, without the bits of the variant (RFC 9562)."""
    return (campanha_id.int >> 4) & ((1 << 62) - 1) >> _ORDER_BITS << _ORDER_BITS
