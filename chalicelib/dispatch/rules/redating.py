"""Where the messages of a queue have their places after the configuration has changed. Pure.

The queue of a channel is what waits for its limits: each message has a place, one interval after the place before it.
New limits, another window or another budget move the places, and the order stays. The queries `pull_disparos` and
`push_disparos` calculate as `place` does, with the same names; a property test holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.dispatch.rules.limiter import RateRequest, RateState, first_place, microseconds

_NO_BUDGET = 1 << 60


class QueueTerms(NamedTuple):
    """What the places of a queue follow from; instants are whole microseconds since 1970.

    `vaga` is the first place of a message that keeps to the window, `vaga_livre` that of one that ignores it. `teto` is
    how many more may leave today, and `amanha` is when tomorrow begins.
    """

    vaga: int
    vaga_livre: int
    intervalo: int
    teto: int
    amanha: int


def queue_terms(state: RateState, request: RateRequest, now: int, openings: Mapping[str, datetime]) -> QueueTerms:
    """The terms of a queue under the limits of a request; `openings` says when the window opens where."""
    first = first_place(state, request, now)
    spent = state.gastos if state.dia == request.dia else 0
    return QueueTerms(
        vaga=max(first, microseconds(min(openings.values()))),
        vaga_livre=first,
        intervalo=max(request.minuto.intervalo, request.segundo.intervalo),
        teto=_NO_BUDGET if request.por_dia is None else max(0, request.por_dia - spent),
        amanha=request.amanha,
    )


def place(terms: QueueTerms, n: int, *, ignores_window: bool) -> int:
    """The place of the message before which `n` others wait.

    What today's budget does not cover waits for tomorrow's.
    """
    base = terms.vaga_livre if ignores_window else terms.vaga
    at = base + n * terms.intervalo
    if n < terms.teto or base >= terms.amanha:
        return at
    return max(at, terms.amanha + (n - terms.teto) * terms.intervalo)
