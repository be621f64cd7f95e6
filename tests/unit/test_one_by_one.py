"""Rows of a sheet become leads: what is kept of a row and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.pieces import EXCERPT
from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.reading.columns import RefusedCells, SheetRow
from chalicelib.ingestion.reading.header import Header, recognise
from chalicelib.ingestion.rows.one_by_one import MAX_ERRORS, ReadRow, RowError, RowReader

COLUMNS = ("Nome", "Contato", "CNPJ/CPF", "Email", "Telefone")


def header(*columns: str) -> Header:
    found = recognise(1, columns or COLUMNS)
    assert found is not None
    return found


def read(*cells: str, columns: tuple[str, ...] = COLUMNS, number: int = 7, landlines_valid: bool = False) -> ReadRow:
    """A row of these cells below these columns, read by itself."""
    return RowReader(header(*columns), "leads.xlsx", landlines_valid=landlines_valid).read(number, cells)


def test_row_becomes_a_lead_with_its_contacts_in_order() -> None:
    row = read(" Maria ", "Ana", "529.982.247-25", "B@x.com | a@x.com", "(71) 99999-0001 | 71 3333-4444")
    assert row.errors == ()
    assert row.data is not None
    assert (row.number, row.external_id) == (7, "leads.xlsx:7")
    assert row.data[:3] == ("Maria", "Ana", "52998224725")
    assert row.data.emails == ("b@x.com", "a@x.com")
    assert row.data.telefones == (
        Phone("+5571999990001", PhoneKind.MOVEL, True),
        Phone("+557133334444", PhoneKind.FIXO, False),
    )
    assert row.data.telefone_raw == "(71) 99999-0001 | 71 3333-4444"
    assert row.data.email_raw == "B@x.com | a@x.com"


def test_landline_is_valid_for_sending_if_the_tenant_says_so() -> None:
    row = read("Maria", "", "", "", "71 3333-4444", landlines_valid=True)
    assert row.data is not None
    assert row.data.telefones[0].valido_para_disparo


def test_bad_contact_is_reported_and_the_row_is_kept() -> None:
    row = read("Maria", "", "", "maria@x.com; nobody", "123")
    assert row.data is not None
    assert row.data.emails == ("maria@x.com",)
    assert row.errors == (
        RowError("Email", "email_invalido", "nobody"),
        RowError("Telefone", "telefone_invalido", "123"),
    )


def test_row_that_the_reader_refused_has_its_code_and_its_cells() -> None:
    reader = RowReader(header("Nome", "Email"), "leads.csv")
    rows: list[SheetRow] = [
        (2, ["Ana", "a@b.co"]),
        (3, RefusedCells("aspas_sem_fim", ['"Bia', "b@c.de"])),
        (4, RefusedCells("aspas_sem_fim", ['"Caio'])),
    ]
    read_rows = reader.read_all(rows)
    assert read_rows.numbers == [2]
    assert (
        read_rows.with_errors
        == [reader.read(*row) for row in rows[1:]]
        == [
            ReadRow(3, "leads.csv:3", None, (RowError("", "aspas_sem_fim", ""),), ['"Bia', "b@c.de"]),
            ReadRow(4, "leads.csv:4", None, (RowError("", "aspas_sem_fim", ""),), ['"Caio', ""]),
        ]
    )


def test_row_without_any_contact_is_refused_with_a_reason() -> None:
    assert read("Maria").data is None
    assert read("Maria").errors == (RowError("", "linha_sem_contato", ""),)
    assert [error.code for error in read("Maria", "", "111", "", "").errors] == ["documento_invalido"]
    assert read("Maria", "", "111", "", "").data is None


def test_id_column_gives_the_external_id() -> None:
    columns = ("ID", *COLUMNS)
    assert read("A-1", "Maria", "", "", "a@x.com", columns=columns).external_id == "A-1"
    assert read("", "Maria", "", "", "a@x.com", columns=columns).external_id == "leads.xlsx:7"


def test_row_with_a_too_long_id_is_refused() -> None:
    row = read("x" * 256, "Maria", "", "", "a@x.com", "", columns=("ID", *COLUMNS))
    assert row.data is None
    assert [(error.column, error.code) for error in row.errors] == [("ID", "id_longo")]
    assert len(row.errors[0].value) < 256


def test_first_valid_document_of_several_columns_is_kept() -> None:
    columns = ("Nome", "CPF", "CNPJ", "Email")
    row = read("Maria", "111", "11.222.333/0001-81", "", columns=columns)
    assert row.data is not None
    assert row.data.documento == "11222333000181"
    assert [error.column for error in row.errors] == ["CPF"]


def test_contacts_of_several_columns_are_one_list_without_repeats() -> None:
    columns = ("Nome", "Telefone", "Celular")
    row = read("Maria", "71 3333-4444", "71 99999-0001 | 71 3333 4444", columns=columns)
    assert row.data is not None
    assert [each.telefone for each in row.data.telefones] == ["+557133334444", "+5571999990001"]
    assert row.data.telefone_raw == "71 3333-4444 | 71 99999-0001 | 71 3333 4444"


PLACES = ("Nome", "Telefone", "Celular", "Cidade", "UF")


@pytest.mark.parametrize(
    ("cells", "phones"),
    [
        (("99999-0001", "3333-4444", "Ilhéus", "BA"), ["+5573999990001", "+557333334444"]),
        (("3333-4444 | (73) 99999-0001", "", "Ilhéus", ""), ["+557333334444", "+5573999990001"]),
        (("99999-0001 / 98888-0002", "", "", "AC"), ["+5568999990001", "+5568988880002"]),
        (("11 3333-4444", "99999-0001", "Ilhéus", "BA"), ["+551133334444", "+5573999990001"]),
    ],
)
def test_phone_without_a_ddd_takes_that_of_its_city_and_state(cells: tuple[str, ...], phones: list[str]) -> None:
    row = read("Ana", *cells, columns=PLACES)
    assert row.data is not None
    assert ([each.telefone for each in row.data.telefones], row.errors) == (phones, ())
    assert row.data.telefone_raw == " | ".join(filter(None, cells[:2]))


@pytest.mark.parametrize("place", [("", ""), ("Bom Jesus", ""), ("", "BA"), ("Ilhéus", "SP"), ("Lisboa", "Exterior")])
def test_phone_without_a_ddd_is_refused_where_its_place_is_not_certain(place: tuple[str, str]) -> None:
    row = read("Ana", "99999-0001", "", *place, columns=PLACES)
    assert (row.data, row.errors) == (None, (RowError("Telefone", "telefone_sem_ddd", "99999-0001"),))


def test_phone_without_a_ddd_beside_one_of_another_place_is_refused() -> None:
    row = read("Ana", "(11) 99999-0001 | 3333-4444", "", "Ilhéus", "BA", columns=PLACES)
    assert row.data is not None
    assert [each.telefone for each in row.data.telefones] == ["+5511999990001"]
    assert row.errors == (RowError("Telefone", "telefone_sem_ddd", "3333-4444"),)


def test_column_of_the_ddd_comes_before_the_city() -> None:
    columns = ("DDD", "Telefone", "Município")
    for area, phone in (("71", "+5571999990001"), ("", "+5573999990001")):
        row = read(area, "99999-0001", "Ilhéus", columns=columns)
        assert row.data is not None
        assert [each.telefone for each in row.data.telefones] == [phone]


def test_more_than_fifty_phones_over_several_columns_are_reported() -> None:
    numbers = [f"719{90000000 + n}" for n in range(60)]
    row = read("Maria", " | ".join(numbers[:40]), " | ".join(numbers[40:]), columns=("Nome", "Telefone", "Celular"))
    assert row.data is not None
    assert len(row.data.telefones) == 50
    assert [error.code for error in row.errors] == ["contatos_demais"] * 10
    assert row.errors[0].value == f"+55{numbers[50]}"


def test_more_than_fifty_emails_over_several_columns_are_reported() -> None:
    addresses = [f"a{n}@x.com" for n in range(51)]
    columns = ("Nome", "Email", "E-mail 2")
    row = read("Maria", " | ".join(addresses[:50]), addresses[50], columns=columns)
    assert row.errors == (RowError("E-mail 2", "contatos_demais", "a50@x.com"),)


@given(st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_refusals_beyond_fifty_are_only_counted(bad: list[int]) -> None:
    columns = ("CNPJ/CPF", "Email", "Telefone", "Email 2")
    document, *cells = ("1" * (bad[0] > 0), *(" | ".join(f"x{n}" for n in range(many)) for many in bad))
    found = read(document, *cells, columns=columns)
    expected = [
        *[RowError("CNPJ/CPF", "documento_invalido", "1")] * (bad[0] > 0),
        *[RowError("Email", "email_invalido", f"x{n}") for n in range(bad[0])],
        *[RowError("Email 2", "email_invalido", f"x{n}") for n in range(bad[2])],
        *[RowError("Telefone", "telefone_invalido", f"x{n}") for n in range(bad[1])],
    ]
    if not expected:
        expected = [RowError("", "linha_sem_contato", "")]
    more = len(expected) - MAX_ERRORS
    assert found.errors == (*expected[:MAX_ERRORS], *[RowError("", "erros_demais", str(more))] * (more > 0))


def test_refusal_quotes_only_the_beginning_of_a_long_title() -> None:
    title = "Email" + "." * 100_000
    assert read("ruim", columns=(title,)).errors == (RowError(title[:EXCERPT], "email_invalido", "ruim"),)


def test_cell_defused_by_our_report_is_read_as_the_original() -> None:
    row = read("'=HYPERLINK(1)", "", "", "", "'+5571999990001")
    assert row.data is not None
    assert row.data.nome == "=HYPERLINK(1)"
    assert row.data.telefones[0].telefone == "+5571999990001"
    assert row.data.telefone_raw == "+5571999990001"
    quoted = read("'Maria'", "", "", "a@x.com")
    assert quoted.data is not None
    assert quoted.data.nome == "'Maria'"


def test_cell_that_a_spreadsheet_shows_as_another_text_is_read_as_shown() -> None:
    columns = ("ID", *COLUMNS)
    row = read('="007"', '="Ana ""Nana"" Lima"', "", '="52998224725"', '="a@x.com"', '="71999990001"', columns=columns)
    assert row.errors == ()
    assert row.data is not None
    assert (row.external_id, *row.data[:5]) == ("007", 'Ana "Nana" Lima', None, "52998224725", "71999990001", "a@x.com")
    apostrophes = read("'007", "Ana", "", "'52998224725", "", "'71999990001", columns=columns)
    assert apostrophes.errors == ()
    assert apostrophes.data is not None
    assert (apostrophes.external_id, apostrophes.data.telefone_raw) == ("007", "71999990001")


def test_cells_that_say_that_there_is_nothing_are_blank_everywhere() -> None:
    row = read("-", "n/a", "0", "não tem", "71 99999-0001", columns=COLUMNS)
    assert row.errors == ()
    assert row.data is not None
    assert row.data[:5] == (None, None, None, "71 99999-0001", None)
    assert read("nan", "Ana", "", "", "a@x.com", columns=("ID", *COLUMNS)).external_id == "leads.xlsx:7"
    assert read("0", "Ana", "", "", "a@x.com", columns=("ID", *COLUMNS)).external_id == "0"
    assert read("Maria", "-", "nan", "-", "#N/D").errors == (RowError("", "linha_sem_contato", ""),)


def test_short_names_and_codes_are_kept() -> None:
    row = read("ND", "Na", "NI", "", "a@x.com", columns=("ID", *COLUMNS))
    assert row.data is not None
    assert (row.external_id, row.data.nome, row.data.contato) == ("ND", "Na", "NI")


def test_misspelt_domain_is_reported_and_not_stored() -> None:
    row = read("Maria", "", "", "Maria@Gmail.con", "71 99999-0001")
    assert row.data is not None
    assert (row.data.emails, row.data.email_raw) == ((), "Maria@Gmail.con")
    assert row.errors == (RowError("Email", "dominio_suspeito", "maria@gmail.con"),)


@given(st.lists(st.text(max_size=80), max_size=8))
def test_any_row_gives_a_lead_or_errors(cells: list[str]) -> None:
    row = read(*cells)
    assert row.data is not None or row.errors
    assert list(row.cells[: len(cells)]) == cells


def test_refusal_in_a_column_that_is_made_of_others_has_the_title_of_its_phone() -> None:
    header = recognise(1, ["Nome", "Sobrenome", "DDD", "Telefone"])
    assert header is not None
    row = RowReader(header, "leads.xlsx").read(2, ["Ana", "Reis", "71", "99999-0001, 12"])
    assert row.data is not None
    assert (row.data.nome, [each.telefone for each in row.data.telefones]) == ("Ana Reis", ["+5571999990001"])
    assert row.errors == (RowError("Telefone", "telefone_invalido", "12"),)
    assert row.cells == ["Ana", "Reis", "71", "99999-0001, 12"]
