"""A batch has so many rows, or fewer where they are heavy; no row is lost or changes its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.columns import SheetRow
from chalicelib.ingestion.header import recognise
from chalicelib.ingestion.rows import LeitorDeLinhas, Lidas
from chalicelib.ingestion.service import _MOST_WEIGHT, _portion

SHARED = "x" * (_MOST_WEIGHT // 4)
CELLS = st.lists(st.sampled_from(["", "a", "a@x.com", SHARED, SHARED[:1000]]), max_size=6)
ROWS = st.lists(CELLS, max_size=30)
LEITOR = LeitorDeLinhas(recognise(1, ["Email", "Nome", "Contato"]), "leads.csv")  # type: ignore[arg-type]


def portions(rows: Sequence[SheetRow], most: int) -> list[Lidas]:
    def all_of(rows: Iterator[SheetRow]) -> Iterator[Lidas]:
        while portion := _portion(rows, LEITOR, most):
            yield portion

    return list(all_of(iter(rows)))


def characters(rows: Sequence[SheetRow]) -> int:
    return sum(len(cell) for _, cells in rows for cell in cells)


@given(ROWS, st.integers(1, 10))
def test_portions_are_the_rows_and_none_is_too_large(found: list[list[str]], most: int) -> None:
    rows = list(enumerate(found, 2))
    done = 0
    for portion in portions(rows, most):
        of_it = rows[done : done + portion.quantas]
        assert portion == Lidas.of([LEITOR.read(*row) for row in of_it])
        assert 1 <= portion.quantas <= most
        assert characters(of_it[:-1]) < _MOST_WEIGHT
        done += portion.quantas
    assert done == len(rows)


def test_ordinary_rows_come_by_the_ten_thousand() -> None:
    rows = [(number, ["m@x.com", "Maria da Silva", "529.982.247-25"] * 3) for number in range(20_000)]
    assert [portion.quantas for portion in portions(rows, 10_000)] == [10_000, 10_000]


def test_a_row_of_blanks_weighs_too() -> None:
    rows = [(number, ["m@x.com", *[""] * 16_384]) for number in range(100)]
    assert portions(rows, 10_000)[0].quantas < 40


def test_a_row_of_errors_weighs_too() -> None:
    rows = [(number, ["x;" * 100]) for number in range(2_000)]
    assert portions(rows, 10_000)[0].quantas < 1_000
