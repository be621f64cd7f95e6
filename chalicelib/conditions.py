"""A condition over rows, as a tree: named SQL fragments with their values, joined by AND, OR and NOT.

It holds no SQL, so no text of a user can become SQL. `adapters/database.py` writes it into the hole of a named query,
from the fragments of the `fragments.sql` files and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Fragment:
    """One condition: the name of a fragment, and the values of its parameters. It is true or false, never NULL."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AllOf:
    """True if every part is; without parts, true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if one part is; without parts, false."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if its part is not."""

    part: Condition


Condition: TypeAlias = Fragment | AllOf | AnyOf | Not
EVERY_ROW = AllOf(())
