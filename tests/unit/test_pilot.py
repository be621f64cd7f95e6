"""The verdict over a pilot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns.rules.pilot import verdict
from chalicelib.campaigns.states import PauseCode, PilotDecision


@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_pilot_fails_at_five_of_a_hundred_refusals(accepted: int, refused: int) -> None:
    found = verdict(PilotDecision.AUTOMATICA, terminados=accepted + refused, recusados=refused)
    failed = refused > 0 and 20 * refused >= accepted + refused
    assert found == (PauseCode.PILOTO_REPROVADO if failed else None)


@given(st.integers(0, 1_000))
def test_person_decides_whatever_came_of_it(refused: int) -> None:
    assert verdict(PilotDecision.PESSOA, terminados=1_000, recusados=refused) is PauseCode.PILOTO_CONCLUIDO
