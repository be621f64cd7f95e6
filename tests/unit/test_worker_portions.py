"""The worker reads rows in portions: of a given number of rows, or smaller where rows are heavy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.jobs.worker import _MOST_WEIGHT, _portion
from chalicelib.ingestion.reading.columns import RowRun, SheetRow
from chalicelib.ingestion.reading.header import Header, recognise
from chalicelib.ingestion.reading.workbook import LeadsTable
from chalicelib.ingestion.rows.one_by_one import ReadRows, RowReader

LONG = "x" * 100_000
CELLS = st.lists(st.sampled_from(["", "a", "a@x.com", LONG, LONG[:1000]]), max_size=6)
ROWS = st.lists(CELLS, max_size=30)


def _header() -> Header:
    header = recognise(1, ["Email", "Nome", "Contato"])
    assert header is not None
    return header


HEADER = _header()
READER = RowReader(HEADER, "leads.csv")


class FakeTable:
    """Rows below a header, as they would stand in a file, in runs of some rows."""

    name = None
    looks = None

    def __init__(self, rows: Sequence[SheetRow], run: int) -> None:
        self._rows = rows
        self._run = run

    def runs(self, after: int = 0, width: int = 0, numbers: Set[int] = frozenset()) -> Iterator[RowRun]:
        rows = [row for row in self._rows if row[0] > after]
        return (rows[at : at + self._run] for at in range(0, len(rows), self._run))

    def sample(self, after: int, width: int) -> Iterator[RowRun]:
        return self.runs(after, width)

    def size(self) -> int:
        return len(self._rows)


def portions(rows: Sequence[SheetRow], most: int, together: int = 500, run: int = 700) -> list[ReadRows]:
    """All portions of at most `most` rows, read in blocks of `together` rows."""
    table = LeadsTable(None, HEADER, None, FakeTable(rows, run))

    def all_of_them() -> Iterator[ReadRows]:
        blocks = table.blocks(1, min(most, together))
        while portion := _portion(blocks, READER, most):
            yield portion

    return list(all_of_them())


def characters(rows: Sequence[SheetRow]) -> int:
    return sum(len(cell) for _, cells in rows for cell in cells)


@given(ROWS, st.integers(1, 10), st.integers(1, 3), st.integers(1, 9))
def test_portions_have_every_row_in_order_and_none_is_too_large(
    found: list[list[str]], most: int, together: int, run: int
) -> None:
    rows = [row for row in enumerate(found, 2) if any(row[1])]
    done = 0
    for portion in portions(list(enumerate(found, 2)), most, together, run):
        of_portion = rows[done : done + portion.count]
        assert portion == ReadRows.of([READER.read(*row) for row in of_portion])
        assert 1 <= portion.count < most + together
        assert characters(of_portion[:-together]) < _MOST_WEIGHT
        done += portion.count
    assert done == len(rows)


def test_heavy_rows_come_in_small_portions() -> None:
    rows = [(number, [LONG] * 5) for number in range(2, 100)]
    assert {portion.count for portion in portions(rows, 10_000)} == {9, 8}


def test_ordinary_rows_come_in_portions_of_ten_thousand() -> None:
    rows = [(number, ["m@x.com", "Maria da Silva", "529.982.247-25"] * 3) for number in range(2, 20_002)]
    assert [portion.count for portion in portions(rows, 10_000)] == [10_000, 10_000]


def test_blank_cells_count_as_weight() -> None:
    rows = [(number, ["m@x.com", *[""] * 16_384]) for number in range(2, 100)]
    assert portions(rows, 10_000)[0].count < 40


def test_refusals_count_as_weight() -> None:
    rows = [(number, ["x;" * 100]) for number in range(2, 2_000)]
    assert portions(rows, 10_000)[0].count < 1_000
