"""A batch has so many rows, or fewer where they are heavy; no row is lost or changes its place."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.rows import Erro, Linha
from chalicelib.ingestion.service import _MOST_WEIGHT, _portion

SHARED = "x" * (_MOST_WEIGHT // 4)
CELLS = st.lists(st.sampled_from(["", "a", SHARED, SHARED[:1000]]), max_size=6)
ROWS = st.lists(st.tuples(CELLS, st.integers(0, 3)), max_size=30)


def a_row(numero: int, cells: list[str], erros: int = 0) -> Linha:
    return Linha(numero, f"x:{numero}", None, (Erro("a", "email_invalido", "b"),) * erros, cells)


def portions(rows: list[Linha], most: int) -> list[list[Linha]]:
    def all_of(linhas: Iterator[Linha]) -> Iterator[list[Linha]]:
        while portion := _portion(linhas, most):
            yield portion

    return list(all_of(iter(rows)))


def characters(rows: list[Linha]) -> int:
    return sum(len(cell) for row in rows for cell in row.celulas)


@given(ROWS, st.integers(1, 10))
def test_portions_are_the_rows_and_none_is_too_large(found: list[tuple[list[str], int]], most: int) -> None:
    rows = [a_row(number, *each) for number, each in enumerate(found)]
    taken = portions(rows, most)
    assert [row for portion in taken for row in portion] == rows
    assert all(1 <= len(portion) <= most for portion in taken)
    assert all(characters(portion[:-1]) < _MOST_WEIGHT for portion in taken)


@given(ROWS, st.integers(1, 10), st.integers(0, 30))
def test_whoever_begins_at_a_border_finds_the_same_borders(
    found: list[tuple[list[str], int]], most: int, place: int
) -> None:
    rows = [a_row(number, *each) for number, each in enumerate(found)]
    taken = portions(rows, most)
    done = sum(len(portion) for portion in taken[:place])
    assert portions(rows[done:], most) == taken[place:]


def test_ordinary_rows_come_by_the_ten_thousand() -> None:
    rows = [a_row(number, ["Maria da Silva", "", "529.982.247-25", "m@x.com"] * 3) for number in range(20_000)]
    assert [len(portion) for portion in portions(rows, 10_000)] == [10_000, 10_000]


def test_a_row_of_blanks_weighs_too() -> None:
    rows = [a_row(number, [""] * 16_384) for number in range(100)]
    assert len(portions(rows, 10_000)[0]) < 40


def test_a_row_of_errors_weighs_too() -> None:
    rows = [a_row(number, ["x"], 10_000) for number in range(10)]
    assert len(portions(rows, 10_000)[0]) < 5
