"""The verdict over a pilot: whether the others get the message as well."""

from __future__ import annotations

from chalicelib.campaigns.states import PauseCode, PilotDecision

MOST_REFUSED = 0.05
"""A pilot of which so large a share was refused has failed."""


def verdict(decision: PilotDecision, *, terminados: int, recusados: int) -> PauseCode | None:
    """Why the campaign is paused once its pilot has ended; None if the others may leave.

    `terminados` are the messages of the pilot that a provider has judged, `recusados` those that it refused.
    """
    if decision is PilotDecision.PESSOA:
        return PauseCode.PILOTO_CONCLUIDO
    return PauseCode.PILOTO_REPROVADO if recusados and recusados >= terminados * MOST_REFUSED else None
