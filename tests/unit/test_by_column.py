"""Rows that are read together, column by column, give the same result as rows that are read one by one."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.campos import CampoType, fits
from chalicelib.ingestion.layout.campo_values import CampoColumn, CampoReading
from chalicelib.ingestion.reading.header import recognise
from chalicelib.ingestion.rows.one_by_one import ReadRows, RowError, RowReader

THOROUGH = settings(max_examples=4 * settings().max_examples)

# Cells as people write them, and odd ones. The first cells of each kind are those of nearly all sheets.
EMAILS = (
    "",
    "a@x.com",
    "b@x.com",
    "a@x.com | b@x.com",
    "A@x.com",
    "a@x.com, c@x.com",
    "bad",
    "'=1",
    " ",
    "a@x.com | ",
    "-",
    "n/a",
    "não tem; -",
    '="a@x.com"',
    "a@gmail.con",
    "b@x.com | a@gmail.con",
    "a@gmail.con | b@x.com",
    "“b@x.com”",
)
PHONES = (
    "",
    "71 99999-0001",
    "71 3333-4444",
    "71 99999-0001 | 71 3333-4444",
    "71 99999-0001/71 3333-4444",
    "12",
    "99999-0001",
    "'+5571999990001",
    "'71999990001",
    '="71999990001"',
    "0",
    "nan",
    "(71) 99999-0001 ou 71 3333-4444",
)
DOCUMENTS = (
    "",
    "529.982.247-25",
    "11.222.333/0001-81",
    "52998224725",
    "191",
    "123",
    "52998224725.0",
    "-",
    "'52998224725",
    '="191"',
)
NAMES = (
    "",
    "Ana",
    " Ana ",
    "'=1",
    "' =1",
    "\ufeff",
    "A\tB",
    "x" * 256,
    "-",
    "NaN",
    "n/a",
    "0",
    "NA",
    "Nenhum",
    '="00123"',
    '=""',
    "'00123",
)
AREAS = ("", "71", "(021)", "x")
CITIES = ("", "Ilhéus", "Salvador/BA", "Bom Jesus")
STATES = ("", "BA", "Acre", "x")
WIDE = (
    "ID", "Nome", "Sobrenome", "Fantasia", "Contato", "CPF", "CNPJ", "Email", "Email 2", "DDD", "Telefone", "Celular",
    "Telefone ou e-mail", "Cidade", "UF",
)  # fmt: skip
WIDE_CELLS = (*[NAMES] * 5, *[DOCUMENTS] * 2, *[EMAILS] * 2, AREAS, *[PHONES] * 2, (*PHONES, *EMAILS), CITIES, STATES)
NOTES = ("", " ", "x", "'=1", "x" * 1001, "y" * 1000, 'a"b\\', "\ufeff", "é")
AMOUNTS = ("", "1.5", "12", "-3", "x", "R$ 1,50", "007", "x" * 1001)
DAYS = ("", "05/12/2026", "x", "31/02/2026")
WIDE_TITLES = (*WIDE, "Obs", "Valor", "Dia", *[f"Nota {n}" for n in range(9)])
ALL_CELLS = (*WIDE_CELLS, NOTES, AMOUNTS, DAYS, *[("y" * 1000,)] * 9)
TYPES = {
    "Obs": CampoReading(),
    "Valor": CampoReading(CampoType.MOEDA, formatted=True),
    "Dia": CampoReading(CampoType.DATA),
}
WIDE_ROWS = st.tuples(*map(st.sampled_from, ALL_CELLS)).flatmap(
    lambda cells: st.integers(0, len(WIDE_TITLES)).map(lambda n: cells[:n])
)
SOME_COLUMNS = st.sets(st.sampled_from(WIDE_TITLES), min_size=1).map(
    lambda chosen: tuple(filter(chosen.__contains__, WIDE_TITLES))
)


@given(st.lists(WIDE_ROWS, min_size=1, max_size=5), st.integers(1, 5), SOME_COLUMNS, st.booleans())
@THOROUGH
def test_rows_read_together_equal_rows_read_one_by_one(
    rows: list[tuple[str, ...]], border: int, columns: tuple[str, ...], landlines_valid: bool
) -> None:
    header = recognise(1, columns)
    if header is None:  # these columns have no contacts, so they are not a header
        return
    campos = [
        CampoColumn(place, header.titles[place], name, TYPES.get(header.titles[place], CampoReading()))
        for place, name in header.campos.items()
    ]
    reader = RowReader(header, "leads.xlsx", landlines_valid=landlines_valid, campos=campos)
    numbered = list(enumerate(rows, 2))
    one_by_one = [reader.read(*row) for row in numbered]
    together = reader.read_all(numbered[:border])
    if border < len(numbered):
        together.extend(reader.read_all(numbered[border:]))
    assert together == ReadRows.of(one_by_one)
    kept = [row for row in one_by_one if row.data]
    for row in kept:
        assert row.data is None or row.data.campos is None or fits(json.loads(row.data.campos))
    assert [together.columns.row(place) for place in range(len(kept))] == [row.data for row in kept]


def test_fifty_contacts_in_two_columns_are_kept_and_one_more_is_refused() -> None:
    numbers = [f"719{90000000 + n}" for n in range(51)]
    header = recognise(1, ["Telefone", "Celular"])
    assert header is not None
    rows = [(2 + more, [" | ".join(numbers[:25]), " | ".join(numbers[25 : 50 + more])]) for more in (0, 1)]
    together = RowReader(header, "leads.xlsx").read_all(rows)
    assert [len(phones) for phones in together.columns.telefones] == [50, 50]
    assert [(row.number, *row.errors) for row in together.with_errors] == [
        (3, RowError("Celular", "contatos_demais", f"+55{numbers[50]}"))
    ]
