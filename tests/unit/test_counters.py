"""Every planned recipient of a campaign is in exactly one counter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns.rules.counters import CONTINUED, EXCLUDED, FACTS, PLACES, CountedRow, counters
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.dispatch.states import DisparoStatus

STATUSES = [*(each.value for each in DisparoStatus), EXCLUDED]
ROWS = st.lists(st.builds(CountedRow, st.sampled_from(STATUSES), st.integers(0, 1_000)))


@given(ROWS, st.sampled_from(CampaignStatus))
def test_places_add_up_to_all_that_was_planned(rows: list[CountedRow], status: CampaignStatus) -> None:
    found = counters(rows, status)
    assert found["planejados"] == sum(found[name] for name in PLACES) == sum(row.quantos for row in rows)
    if status is CampaignStatus.CANCELADA:
        assert found["aguardando"] == 0


def test_failure_that_went_on_by_another_contact_is_not_one_of_its_recipient() -> None:
    rows = [CountedRow("erro", 2), CountedRow(CONTINUED, 1), CountedRow("enviado", 1)]
    found = counters(rows, CampaignStatus.EM_ANDAMENTO)
    assert (found["falhas"], found["enviados"], found["planejados"]) == (1, 1, 2)


def test_facts_are_counted_beside_the_places() -> None:
    rows = [CountedRow("confirmado", 3), CountedRow("entregue", 3), CountedRow("lido", 2), CountedRow("respondido", 1)]
    found = counters(rows, CampaignStatus.CONCLUIDA)
    assert [found[name] for name in FACTS] == [3, 2, 1]
    assert found["planejados"] == 3
