"""The rates of a variant: shares of what was sent, and none of nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns.results.variants import rates

COUNTS = st.fixed_dictionaries(
    {name: st.integers(0, 10**6) for name in ("enviados", "falhas", "entregues", "lidos", "respondidos")}
)


@given(COUNTS)
def test_rate_is_a_share_or_missing(counted: dict[str, int]) -> None:
    found = rates(counted)
    for name, rate in found.items():
        whole = counted["enviados"] + (counted["falhas"] if name == "taxa_de_falha" else 0)
        assert (rate is None) == (whole == 0)
        assert rate is None or 0 <= rate <= 1


def test_rates_are_of_what_was_sent() -> None:
    assert rates({"enviados": 90, "falhas": 10, "entregues": 60, "lidos": 30, "respondidos": 1}) == {
        "taxa_de_entrega": 0.6667,
        "taxa_de_leitura": 0.3333,
        "taxa_de_resposta": 0.0111,
        "taxa_de_falha": 0.1,
    }
