"""A row of a sheet into a lead: what is kept, what is refused, and what is made of the rest."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.contacts.pieces import EXCERPT
from chalicelib.contacts.telephones import Phone, PhoneKind
from chalicelib.ingestion.reading.header import Header, recognise
from chalicelib.ingestion.rows.one_by_one import MAX_ERROS, ReadRow, ReadRows, RowError, RowReader

THOROUGH = settings(max_examples=4 * settings.default.max_examples)
COLUMNS = ("Nome", "Contato", "CNPJ/CPF", "Email", "Telefone")


def header(*columns: str) -> Header:
    found = recognise(1, columns or COLUMNS)
    assert found is not None
    return found


def read(*cells: str, columns: tuple[str, ...] = COLUMNS, numero: int = 7, fixo_valido: bool = False) -> ReadRow:
    return RowReader(header(*columns), "leads.xlsx", fixo_valido=fixo_valido).read(numero, cells)


def test_a_row_is_a_lead_with_its_contacts_in_order() -> None:
    linha = read(" Maria ", "Ana", "529.982.247-25", "B@x.com | a@x.com", "(71) 99999-0001 | 71 3333-4444")
    assert linha.erros == ()
    assert linha.dados is not None
    assert (linha.numero, linha.lead_id_externo) == (7, "leads.xlsx:7")
    assert linha.dados[:3] == ("Maria", "Ana", "52998224725")
    assert linha.dados.emails == ("b@x.com", "a@x.com")
    assert linha.dados.telefones == (
        Phone("+5571999990001", PhoneKind.MOVEL, True),
        Phone("+557133334444", PhoneKind.FIXO, False),
    )
    assert linha.dados.telefone_raw == "(71) 99999-0001 | 71 3333-4444"
    assert linha.dados.email_raw == "B@x.com | a@x.com"


def test_a_landline_is_fit_for_sending_if_the_tenant_says_so() -> None:
    linha = read("Maria", "", "", "", "71 3333-4444", fixo_valido=True)
    assert linha.dados is not None
    assert linha.dados.telefones[0].valido_para_disparo


def test_a_bad_contact_is_reported_and_the_row_is_kept() -> None:
    linha = read("Maria", "", "", "maria@x.com; nobody", "123")
    assert linha.dados is not None
    assert linha.dados.emails == ("maria@x.com",)
    assert linha.erros == (
        RowError("Email", "email_invalido", "nobody"),
        RowError("Telefone", "telefone_invalido", "123"),
    )


def test_a_row_with_nothing_useful_is_refused_and_says_why() -> None:
    assert read("Maria").dados is None
    assert read("Maria").erros == (RowError("", "linha_sem_contato", ""),)
    assert [erro.codigo for erro in read("Maria", "", "111", "", "").erros] == ["documento_invalido"]
    assert read("Maria", "", "111", "", "").dados is None


def test_an_id_column_names_the_lead() -> None:
    columns = ("ID", *COLUMNS)
    assert read("A-1", "Maria", "", "", "a@x.com", columns=columns).lead_id_externo == "A-1"
    assert read("", "Maria", "", "", "a@x.com", columns=columns).lead_id_externo == "leads.xlsx:7"


def test_an_id_that_no_index_could_hold_refuses_the_row() -> None:
    linha = read("x" * 256, "Maria", "", "", "a@x.com", "", columns=("ID", *COLUMNS))
    assert linha.dados is None
    assert [(erro.coluna, erro.codigo) for erro in linha.erros] == [("ID", "id_longo")]
    assert len(linha.erros[0].valor) < 256


def test_of_several_document_columns_the_first_valid_one_counts() -> None:
    columns = ("Nome", "CPF", "CNPJ", "Email")
    linha = read("Maria", "111", "11.222.333/0001-81", "", columns=columns)
    assert linha.dados is not None
    assert linha.dados.documento == "11222333000181"
    assert [erro.coluna for erro in linha.erros] == ["CPF"]


def test_contacts_of_several_columns_are_one_list_without_repeats() -> None:
    columns = ("Nome", "Telefone", "Celular")
    linha = read("Maria", "71 3333-4444", "71 99999-0001 | 71 3333 4444", columns=columns)
    assert linha.dados is not None
    assert [each.telefone for each in linha.dados.telefones] == ["+557133334444", "+5571999990001"]
    assert linha.dados.telefone_raw == "71 3333-4444 | 71 99999-0001 | 71 3333 4444"


def test_more_than_fifty_contacts_over_several_columns_are_reported() -> None:
    numbers = [f"719{90000000 + n}" for n in range(60)]
    linha = read("Maria", " | ".join(numbers[:40]), " | ".join(numbers[40:]), columns=("Nome", "Telefone", "Celular"))
    assert linha.dados is not None
    assert len(linha.dados.telefones) == 50
    assert [erro.codigo for erro in linha.erros] == ["contatos_demais"] * 10
    assert linha.erros[0].valor == f"+55{numbers[50]}"


def test_more_than_fifty_emails_over_several_columns_are_reported() -> None:
    addresses = [f"a{n}@x.com" for n in range(51)]
    columns = ("Nome", "Email", "E-mail 2")
    linha = read("Maria", " | ".join(addresses[:50]), addresses[50], columns=columns)
    assert linha.erros == (RowError("E-mail 2", "contatos_demais", "a50@x.com"),)


@given(st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_what_is_refused_is_told_one_by_one_up_to_fifty_and_the_rest_is_counted(bad: list[int]) -> None:
    columns = ("CNPJ/CPF", "Email", "Telefone", "Email 2")
    documento, *cells = ("1" * (bad[0] > 0), *(" | ".join(f"x{n}" for n in range(many)) for many in bad))
    found = read(documento, *cells, columns=columns)
    expected = [
        *[RowError("CNPJ/CPF", "documento_invalido", "1")] * (bad[0] > 0),
        *[RowError("Email", "email_invalido", f"x{n}") for n in range(bad[0])],
        *[RowError("Email 2", "email_invalido", f"x{n}") for n in range(bad[2])],
        *[RowError("Telefone", "telefone_invalido", f"x{n}") for n in range(bad[1])],
    ]
    if not expected:
        expected = [RowError("", "linha_sem_contato", "")]
    more = len(expected) - MAX_ERROS
    assert found.erros == (*expected[:MAX_ERROS], *[RowError("", "erros_demais", str(more))] * (more > 0))


def test_a_title_that_goes_on_and_on_is_not_repeated_whole_with_each_refusal() -> None:
    title = "Email" + "." * 100_000
    assert read("ruim", columns=(title,)).erros == (RowError(title[:EXCERPT], "email_invalido", "ruim"),)


def test_what_our_report_defused_is_read_as_it_was() -> None:
    linha = read("'=HYPERLINK(1)", "", "", "", "'+5571999990001")
    assert linha.dados is not None
    assert linha.dados.nome == "=HYPERLINK(1)"
    assert linha.dados.telefones[0].telefone == "+5571999990001"
    assert linha.dados.telefone_raw == "+5571999990001"
    assert read("'Maria'", "", "", "a@x.com").dados[0] == "'Maria'"  # type: ignore[index]


# Cells as people write them, and others: of the first of each kind nearly all sheets consist.
EMAILS = ("", "a@x.com", "b@x.com", "a@x.com | b@x.com", "A@x.com", "a@x.com, c@x.com", "bad", "'=1", " ", "a@x.com | ")
PHONES = (
    "",
    "71 99999-0001",
    "71 3333-4444",
    "71 99999-0001 | 71 3333-4444",
    "71 99999-0001/71 3333-4444",
    "12",
    "'+5571999990001",
)
DOCUMENTS = ("", "529.982.247-25", "11.222.333/0001-81", "52998224725", "191", "123", "52998224725.0")
NAMES = ("", "Ana", " Ana ", "'=1", "' =1", "\ufeff", "A\tB", "x" * 256)
WIDE = ("ID", "Nome", "Fantasia", "Contato", "CPF", "CNPJ", "Email", "Email 2", "Telefone", "Celular")
WIDE_CELLS = (NAMES, NAMES, NAMES, NAMES, DOCUMENTS, DOCUMENTS, EMAILS, EMAILS, PHONES, PHONES)
WIDE_ROWS = st.tuples(*map(st.sampled_from, WIDE_CELLS)).flatmap(
    lambda cells: st.integers(0, 10).map(lambda n: cells[:n])
)
SOME_COLUMNS = st.sets(st.sampled_from(WIDE), min_size=1).map(lambda chosen: tuple(filter(chosen.__contains__, WIDE)))


@given(st.lists(WIDE_ROWS, min_size=1, max_size=5), st.integers(1, 5), SOME_COLUMNS, st.booleans())
@THOROUGH
def test_rows_that_are_read_together_are_what_they_are_one_by_one(
    rows: list[tuple[str, ...]], border: int, columns: tuple[str, ...], fixo_valido: bool
) -> None:
    found = recognise(1, columns)
    if found is None:  # without a column of contacts it is no header
        return
    leitor = RowReader(found, "leads.xlsx", fixo_valido=fixo_valido)
    numbered = list(enumerate(rows, 2))
    by_ones = [leitor.read(*row) for row in numbered]
    together = leitor.read_all(numbered[:border])
    if border < len(numbered):
        together.extend(leitor.read_all(numbered[border:]))
    assert together == ReadRows.of(by_ones)
    kept = [linha for linha in by_ones if linha.dados]
    assert [together.colunas.dados(place) for place in range(len(kept))] == [linha.dados for linha in kept]


def test_fifty_contacts_in_two_columns_are_read_together_and_one_more_is_refused() -> None:
    numbers = [f"719{90000000 + n}" for n in range(51)]
    leitor = RowReader(header("Telefone", "Celular"), "leads.xlsx")
    rows = [(2 + more, [" | ".join(numbers[:25]), " | ".join(numbers[25 : 50 + more])]) for more in (0, 1)]
    lidas = leitor.read_all(rows)
    assert [len(phones) for phones in lidas.colunas.telefones] == [50, 50]
    assert [(linha.numero, *linha.erros) for linha in lidas.com_erros] == [
        (3, RowError("Celular", "contatos_demais", f"+55{numbers[50]}"))
    ]


@given(st.lists(st.text(max_size=80), max_size=8))
def test_no_row_is_too_strange_to_be_read(cells: list[str]) -> None:
    linha = read(*cells)
    assert linha.dados is not None or linha.erros
    assert list(linha.celulas[: len(cells)]) == cells
