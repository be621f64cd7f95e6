"""The final status of a disparo depends on which reports came, and not on their order or number."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.delivery.moves import after, comes_too_early
from chalicelib.delivery.providers.notices import ReportedStatus
from chalicelib.dispatch.states import DisparoStatus


def _after_all(status: DisparoStatus, reports: Iterable[ReportedStatus]) -> DisparoStatus:
    for reported in reports:
        status = after(status, reported, was_taken=True)
    return status


@pytest.mark.parametrize("status", DisparoStatus)
@given(reports=st.lists(st.sampled_from(ReportedStatus), max_size=5))
def test_any_order_and_any_repetition_end_in_the_same_status(
    status: DisparoStatus, reports: list[ReportedStatus]
) -> None:
    once = _after_all(status, dict.fromkeys(reports))
    for order in permutations(reports):
        assert _after_all(status, order) == once
        assert _after_all(once, order) == once


@pytest.mark.parametrize("status", DisparoStatus)
@pytest.mark.parametrize("reported", ReportedStatus)
def test_status_never_moves_back(status: DisparoStatus, reported: ReportedStatus) -> None:
    proof = {DisparoStatus.INCERTO: 0, DisparoStatus.ENVIADO: 1, DisparoStatus.ERRO: 2, DisparoStatus.CONFIRMADO: 3}
    then = after(status, reported, was_taken=True)
    assert then == status or proof[then] > proof[status]


def test_message_that_the_provider_never_accepted_stays_failed() -> None:
    assert after(DisparoStatus.ERRO, ReportedStatus.ENTREGUE, was_taken=False) is DisparoStatus.ERRO


def test_report_about_a_disparo_that_its_worker_has_not_recorded_yet_comes_too_early() -> None:
    early = {status for status in DisparoStatus if comes_too_early(status)}
    assert early == {DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO}
