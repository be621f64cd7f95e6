"""JSON that is written already, for the parts of an answer that are large."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrittenJson:
    """A value of an answer as JSON text; the answer has it as it is."""

    text: str
