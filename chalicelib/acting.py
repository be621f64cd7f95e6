"""Who acts: the person, the key, the lead or the function of ours in whose name transactions are made.

`adapters/database.py` tells the database, where triggers write the audit (`docs/audit.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import NamedTuple, TypeVar

LEAD = "lead"
"""Whoever opened a link that was sent to a lead."""
SYSTEM = "sistema"
"""The product itself; a function of ours adds its name behind a colon."""

T = TypeVar("T")
R = TypeVar("R")


class Actor(NamedTuple):
    """Who acts, and by which request."""

    quem: str
    rota: str = ""
    """Method and route, such as `PATCH /leads/{lead_id}`; empty where no request is made."""
    requisicao: str = ""
    """The id of the request; empty as well."""


_ACTOR: ContextVar[Actor | None] = ContextVar("actor", default=None)


def actor() -> Actor | None:
    """Who acts now; None where nobody said."""
    return _ACTOR.get()


@contextmanager
def acting(by: Actor) -> Iterator[None]:
    """What the body does, this actor does."""
    token = _ACTOR.set(by)
    try:
        yield
    finally:
        _ACTOR.reset(token)


@contextmanager
def as_system(function: str) -> Iterator[None]:
    """What the body does, a function of ours does; `@as_system("varredura")` decorates its handler."""
    with acting(Actor(f"{SYSTEM}:{function}")):
        yield


def carried(work: Callable[[T], R]) -> Callable[[T], R]:
    """The same work for other threads, done by who acts here: a thread of a pool begins with nobody."""
    context = copy_context()
    # One context cannot be entered by two threads at once.
    return lambda item: context.copy().run(work, item)
