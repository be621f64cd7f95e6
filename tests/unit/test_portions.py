"""A batch has so many rows, or fewer where they are heavy; no row is lost or changes its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.jobs.worker import _MOST_WEIGHT, _portion
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.header import recognise
from chalicelib.ingestion.reading.workbook import LeadsTable
from chalicelib.ingestion.rows.one_by_one import ReadRows, RowReader

SHARED = "x" * 100_000
CELLS = st.lists(st.sampled_from(["", "a", "a@x.com", SHARED, SHARED[:1000]]), max_size=6)
ROWS = st.lists(CELLS, max_size=30)
HEADER = recognise(1, ["Email", "Nome", "Contato"])
assert HEADER is not None
LEITOR = RowReader(HEADER, "leads.csv")


class Table:
    """Some rows below a header, as they would stand in a file."""

    name = None

    def __init__(self, rows: Sequence[SheetRow]) -> None:
        self._rows = rows

    def rows(self, after: int = 0, width: int = 0) -> Iterator[SheetRow]:
        return (row for row in self._rows if row[0] > after)

    def size(self) -> int:
        return len(self._rows)


def portions(rows: Sequence[SheetRow], most: int, together: int = 500) -> list[ReadRows]:
    planilha = LeadsTable(None, HEADER, None, Table(rows))

    def all_of_them() -> Iterator[ReadRows]:
        fatias = planilha.fatias(1, min(most, together))
        while portion := _portion(fatias, LEITOR, most):
            yield portion

    return list(all_of_them())


def characters(rows: Sequence[SheetRow]) -> int:
    return sum(len(cell) for _, cells in rows for cell in cells)


@given(ROWS, st.integers(1, 10), st.integers(1, 3))
def test_portions_are_the_rows_and_none_is_too_large(found: list[list[str]], most: int, together: int) -> None:
    rows = [row for row in enumerate(found, 2) if any(row[1])]
    done = 0
    for portion in portions(list(enumerate(found, 2)), most, together):
        of_it = rows[done : done + portion.quantas]
        assert portion == ReadRows.of([LEITOR.read(*row) for row in of_it])
        assert 1 <= portion.quantas < most + together
        assert characters(of_it[:-together]) < _MOST_WEIGHT
        done += portion.quantas
    assert done == len(rows)


def test_heavy_rows_are_not_read_together() -> None:
    rows = [(number, [SHARED] * 5) for number in range(2, 100)]
    assert {portion.quantas for portion in portions(rows, 10_000)} == {9, 8}


def test_ordinary_rows_come_by_the_ten_thousand() -> None:
    rows = [(number, ["m@x.com", "Maria da Silva", "529.982.247-25"] * 3) for number in range(2, 20_002)]
    assert [portion.quantas for portion in portions(rows, 10_000)] == [10_000, 10_000]


def test_a_row_of_blanks_weighs_too() -> None:
    rows = [(number, ["m@x.com", *[""] * 16_384]) for number in range(2, 100)]
    assert portions(rows, 10_000)[0].quantas < 40


def test_a_row_of_errors_weighs_too() -> None:
    rows = [(number, ["x;" * 100]) for number in range(2, 2_000)]
    assert portions(rows, 10_000)[0].quantas < 1_000
