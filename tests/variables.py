"""Values of variables, as hypothesis strategies: what people, sheets and programs write."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from chalicelib.dispatch.rules.formats import Scalar

_DATES = st.dates(date(1000, 1, 1))
_NUMBERS = (
    st.decimals(-(10**12), 10**12, places=2)
    | st.integers(-(10**20), 10**20)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
_AMOUNTS = st.decimals(0, 10**9, places=2)

VALUES: st.SearchStrategy[Scalar] = (
    _NUMBERS
    | st.booleans()
    | st.sampled_from(
        ["", " ", "\u200b", "a combinar", "14:30", "2026-12-05T14:30:00", "2026-02-29", "29/2/2028", "x" * 4_097]
    )
    | _DATES.map(date.isoformat)
    | _DATES.map("{:%d/%m/%Y}".format)
    | _AMOUNTS.map("R$ {:.2f}".format)
    | _AMOUNTS.map(lambda amount: f"{amount:,.2f}".translate({ord(","): ".", ord("."): ","}))
    | _AMOUNTS.map("{}%".format)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
    | st.text(alphabet="0123456789.,-/: R$%T", max_size=12)
)
"""JSON scalars that PostgreSQL can hold."""
