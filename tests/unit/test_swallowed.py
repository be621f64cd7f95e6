"""A quote that is closed too late, or never, refuses its own row and no other; cells of several lines stay cells."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.reading.columns import RefusedCells
from tests.workbooks import cells_of, opened, rows_of

TITLES = ["Nome", "CPF", "Email", "Telefone"]


def person(number: int) -> list[str]:
    return [f"Pessoa {number}", "529.982.247-25", f"p{number}@exemplo.com", f"(71) 99999-{number:04}"]


def text_of(rows: list[list[str]], delimiter: str = ";") -> bytes:
    """The rows below the titles, without any quote but their own."""
    return "".join(f"{delimiter.join(row)}\n" for row in [TITLES, *rows]).encode()


def refused_rows(data: bytes) -> list[int]:
    with opened(data) as table:
        return [number for number, cells in table.rows() if isinstance(cells, RefusedCells)]


PEOPLE = [person(number) for number in range(300)]


@pytest.mark.parametrize("closed_by", [None, 'TV 42"', '"TV 42"', 'TV "42'])
@pytest.mark.parametrize(("first", "last"), [(0, 1), (0, 2), (5, 6), (5, 7), (5, 250), (298, 299)])
@pytest.mark.parametrize("column", [0, 1, 3])
def test_only_the_row_in_which_a_stray_quote_opens_is_refused(
    closed_by: str | None, first: int, last: int, column: int
) -> None:
    people = [person(number) for number in range(300)]
    people[first][column] = f'"{people[first][column]}'
    if closed_by:
        people[last][0] = closed_by
    data = text_of(people)
    assert refused_rows(data) == [first + 2]
    found = rows_of(data)
    assert [number for number, _ in found] == list(range(2, 302))
    kept = [cells for number, cells in found if number not in {first + 2, last + 2}]
    assert kept == [each for place, each in enumerate(PEOPLE) if place not in {first, last}]
    [last_cells] = [cells for number, cells in found if number == last + 2]
    assert last_cells[1:] == PEOPLE[last][1:]


def test_refused_row_keeps_its_cells_for_the_report() -> None:
    with opened(b'Nome;Email;Telefone\n"Ana;a@b.co;71999990001\nBia;b@c.de;71999990002\n') as table:
        [(number, cells), _] = table.rows()
    assert isinstance(cells, RefusedCells)
    assert (number, list(cells), cells.code) == (2, ['"Ana', "a@b.co", "71999990001"], "aspas_sem_fim")


def test_inch_marks_are_text() -> None:
    data = b'Nome;Email\nTV 50";a@b.co\nTV 42" e 32";b@c.de\n"TV 60""";c@d.ef\n'
    assert cells_of(data) == [['TV 50"', "a@b.co"], ['TV 42" e 32"', "b@c.de"], ['TV 60"', "c@d.ef"]]


def test_quote_that_opens_in_the_header_leaves_the_rows() -> None:
    assert cells_of(b'"Nome;Email\nAna;a@b.co\n' + b"Bia;b@c.de\n" * 40)[:2] == [["Ana", "a@b.co"], ["Bia", "b@c.de"]]


@pytest.mark.parametrize(
    ("titles", "rows"),
    [
        (TITLES, [["Ana\nMaria", *person(1)[1:]], person(2)]),
        (TITLES, [["Ana\n(esposa)\nMaria", *person(1)[1:]], person(2)]),
        (TITLES, [person(2), [*person(1)[:2], "a@b.co\nc@d.ef\ng@h.ij", "71 99999-0001\n71 99999-0002"]]),
        ([*TITLES, "Obs"], [[*person(1), "Rua A; nº 1\ncasa; fundos; a@b.co\nCEP 40000-000; Bahia"], [*person(2), ""]]),
        (["Nome", "Email"], [["Bia", "b@c.de"], ["Ana", "a@b.co\nc@d.ef; g@h.ij\nk@l.mn; o@p.qr"]]),
        (["Email"], [["a@b.co\nc@d.ef\ng@h.ij"], ["b@c.de"]]),
        (["Nome", "Telefone\n(com DDD)", "Email"], [["Ana", "71 99999-0001", "a@b.co"]]),
        (TITLES, [[*person(1)[:3], "\n".join(f"71 99999-{n:04}" for n in range(50))], person(2)]),
    ],
    ids=["a name", "three lines", "contacts", "an address", "two columns", "one column", "a title", "fifty phones"],
)
def test_cell_of_several_lines_is_one_cell(titles: list[str], rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows([titles, *rows])
    data = out.getvalue().encode()
    assert not refused_rows(data)
    assert [list(cells) for cells in cells_of(data)] == [
        [cell for place, cell in enumerate(row) if any(row[place:])] for row in rows
    ]


def test_unclosed_quote_in_a_list_of_one_column_is_refused_alone() -> None:
    addresses = [f"p{number}@exemplo.com" for number in range(200)]
    data = "\n".join(["Email", '"a@b.co', *addresses]).encode()
    assert refused_rows(data) == [2]
    assert cells_of(data)[1:] == [[address] for address in addresses]
    assert refused_rows(data.replace(b"p150@", b'"p150@')) == [2, 153]
    assert refused_rows(data.replace(b"p150@exemplo.com", b'p150@exemplo.com"')) == [2]


def test_rows_are_read_the_same_when_a_job_resumes() -> None:
    people = [person(number) for number in range(60)]
    for place in (3, 20, 40):
        people[place][0] = '"' + people[place][0]
    data = text_of(people)
    whole = rows_of(data)
    for after in (0, 4, 5, 6, 22, 41, 42, 61):
        assert rows_of(data, after) == [each for each in whole if each[0] > after]


NAME = st.sampled_from(["Ana", 'TV 50"', 'Loja "X"', "José", "d'Ávila", "(esposa) Bia", ""])
LINES = st.lists(
    st.sampled_from(["Rua A, 1", "casa; fundos", "CEP 40000-000", "", "a@b.co", "x"]), min_size=1, max_size=4
)


@given(st.lists(st.tuples(NAME, LINES, st.sampled_from(["a@b.co", "", "c@d.ef\ng@h.ij"])), max_size=8))
def test_what_is_quoted_well_is_never_refused(rows: list[tuple[str, list[str], str]]) -> None:
    written = [[name, "\n".join(lines), emails, "71999990001"] for name, lines, emails in rows]
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([["Nome", "Endereço", "Email", "Telefone"], *written])
    assert not refused_rows(out.getvalue().encode())
    assert [list(cells) for cells in cells_of(out.getvalue().encode())] == written
