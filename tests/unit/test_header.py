"""Which row of a sheet is its header, and which fields its columns feed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.layout.words import Role
from chalicelib.ingestion.reading.header import ROWS_SEARCHED, Header, LeadField, find_header, recognise
from chalicelib.ingestion.reading.limits import MAX_TITLES


def certain(header: Header | None) -> Header:
    assert header is not None
    return header


def best(rows: Iterable[tuple[int, Sequence[str]]], *, guess: bool = False) -> Header:
    found = find_header(rows, guess=guess)
    assert found is not None
    return found.header


def fields(*cells: str) -> dict[LeadField, tuple[int, ...]]:
    """The fields of a header of these cells."""
    return dict(certain(recognise(1, cells)).fields)


def test_columns_of_the_sample_are_recognised() -> None:
    assert fields("Nome", "Contato", "CNPJ/CPF", "Email", "Telefone") == {
        LeadField.NOME: (0,),
        LeadField.CONTATO: (1,),
        LeadField.DOCUMENTO: (2,),
        LeadField.EMAIL: (3,),
        LeadField.TELEFONE: (4,),
    }


@given(st.permutations(["ID", "Nome", "Contato", "CNPJ/CPF", "Email", "Telefone"]))
def test_columns_may_be_in_any_order(cells: list[str]) -> None:
    assert {cells[places[0]]: field for field, places in fields(*cells).items()} == {
        "ID": LeadField.ID,
        "Nome": LeadField.NOME,
        "Contato": LeadField.CONTATO,
        "CNPJ/CPF": LeadField.DOCUMENTO,
        "Email": LeadField.EMAIL,
        "Telefone": LeadField.TELEFONE,
    }


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("E-MAIL", LeadField.EMAIL),
        ("e_mail 2", LeadField.EMAIL),
        ("1º E-mail", LeadField.EMAIL),
        ("  Endereço de e-mail:  ", LeadField.EMAIL),
        ("Celular (WhatsApp)", LeadField.TELEFONE),
        ("TELEFONE01", LeadField.TELEFONE),
        ("DDD + Telefone", LeadField.TELEFONE),
        ("Te\u0301le\u0301fone", LeadField.TELEFONE),
        ("\ufeffTelefone\u200b", LeadField.TELEFONE),
        ("Nº do documento", LeadField.DOCUMENTO),
        ("C.P.F./C.N.P.J.", LeadField.DOCUMENTO),
        ("CPF / CNPJ", LeadField.DOCUMENTO),
        ("ﬁxo", LeadField.TELEFONE),
        ("Fantasia", None),
        ("Observações", None),
    ],
)
def test_title_is_recognised_in_any_case_with_or_without_accents(name: str, field: LeadField | None) -> None:
    found = recognise(1, [name])
    assert (None if found is None else next(iter(found.fields))) == field


def test_columns_of_contacts_are_in_sheet_order_and_columns_of_names_are_best_first() -> None:
    found = fields("Celular", "Nome Fantasia", "Telefone", "Nome", "Email 2", "Email")
    assert found == {LeadField.TELEFONE: (0, 2), LeadField.NOME: (3, 1), LeadField.EMAIL: (4, 5)}


def test_duplicate_and_blank_columns_keep_their_positions() -> None:
    header = certain(recognise(3, [" Email ", "", "Email", "Obs", "", ""]))
    assert header == Header(3, ("Email", "", "Email", "Obs"), {LeadField.EMAIL: (0, 2)})


@pytest.mark.parametrize(
    "cells",
    [
        [],
        ["", " "],
        ["Nome", "Contato"],
        ["Email", "ana@exemplo.com"],
        ["Telefone", "(71) 99999-9999"],
        ["CPF", "123.456.789-09"],
    ],
)
def test_row_without_a_contact_column_or_with_data_is_not_a_header(cells: list[str]) -> None:
    assert recognise(1, cells) is None


def test_columns_added_by_the_error_report_feed_no_field() -> None:
    assert fields("Nome", "Email", "linha", "coluna", "codigo", "mensagem") == {
        LeadField.NOME: (0,),
        LeadField.EMAIL: (1,),
    }


def test_titles_above_the_header_are_skipped() -> None:
    rows = [(1, ["Relatório de e-mail"]), (2, ["Email"]), (5, ["Nome", "Email", "Telefone"]), (9, ["Nome", "Email"])]
    assert best(rows).row == 5


def test_first_of_equal_headers_wins() -> None:
    assert best([(2, ["Nome", "Email"]), (3, ["Nome", "Email"])]).row == 2


def test_header_below_the_searched_rows_is_not_found() -> None:
    rows = [(number, ["x"]) for number in range(1, ROWS_SEARCHED + 1)]
    assert find_header([*rows, (99, ["Email"])]) is None
    assert find_header([]) is None


def test_header_with_too_many_columns_is_refused() -> None:
    assert len(certain(recognise(1, ["Email", *["x"] * (MAX_TITLES - 1), *[" "] * 99])).titles) == MAX_TITLES
    with pytest.raises(InvalidFile, match="colunas_demais"):
        recognise(1, ["Email", *["x"] * MAX_TITLES])
    assert recognise(1, ["x"] * (MAX_TITLES + 1)) is None


PEOPLE = ("Ana Souza", "Bia Reis", "Caio Luz")


def table(titles: Sequence[str], *columns: Sequence[str]) -> list[tuple[int, Sequence[str]]]:
    """Titles in row 1, and below them these columns."""
    return list(enumerate([titles, *zip(*columns, strict=True)], 1))


def phones(*, ddd: str = "71 ") -> list[str]:
    return [f"{ddd}9999{n}-000{n}" for n in range(len(PEOPLE))]


def emails() -> list[str]:
    return [f"p{n}@example.com" for n in range(len(PEOPLE))]


def fates(rows: Iterable[tuple[int, Sequence[str]]], *, guess: bool = False) -> list[tuple[str | None, str | None]]:
    """The role of each column, and why."""
    return [(fate.role, fate.reason) for fate in best(rows, guess=guess).fates]


def test_header_with_data_below_beats_one_that_names_more_fields() -> None:
    summary = [(1, ["Nome", "Email", "Telefone"]), (2, ["total", "120", "80"]), (4, ["Nome", "Celular"])]
    assert best([*summary, *((5 + n, [PEOPLE[n], phones()[n]]) for n in range(3))]).row == 4
    assert best([(1, ["Email", "120"]), (3, ["Nome", "E-mail"]), (4, ["Ana", "ana@example.com"])]).row == 3


def test_several_rows_with_little_beat_one_row_with_much() -> None:
    cover = [
        (1, ["Empresa", "CNPJ", "Telefone", "E-mail"]),
        (2, ["Nós", "11.222.333/0001-81", "71 3333-4444", "a@x.com"]),
    ]
    people = [(5, ["Nome", "Celular"]), (6, ["Ana", "71 99999-0001"]), (7, ["Bia", "71 99999-0002"])]
    assert best([*cover, *people]).row == 5


def test_groups_of_columns_above_the_titles_make_a_header_of_two_rows() -> None:
    header = best([
        (1, ["Nome", "CPF", "Contato", "", "Cônjuge"]),
        (2, ["", "", "Número", "E-mail", "Telefone", "Obs"]),
        (3, ["Ana", "529.982.247-25", "71 99999-0001", "ana@example.com", "71 99999-0002", "x"]),
    ])  # fmt: skip
    assert header.row == 2
    assert header.titles == ("Nome", "CPF", "Contato - Número", "E-mail", "Cônjuge - Telefone", "Cônjuge - Obs")
    assert header.fields == {
        LeadField.NOME: (0,),
        LeadField.DOCUMENTO: (1,),
        LeadField.TELEFONE: (2,),
        LeadField.EMAIL: (3,),
    }


def test_titles_of_merged_phones_stand_in_the_second_row() -> None:
    rows = [(1, ["Nome", "Telefone"]), (2, ["", "Celular", "Fixo"]), (3, ["Ana", "71 99999-0001", "71 3333-0001"])]
    assert best(rows).fields[LeadField.TELEFONE] == (1, 2)
    apart = [(1, ["Nome", "Telefone"]), (3, ["", "Celular", "Fixo"]), (4, ["Ana", "71 99999-0001", "71 3333-0001"])]
    assert best(apart).row == 1


def test_row_of_hints_below_the_titles_is_no_part_of_the_header() -> None:
    rows = [(1, ["Nome", "Telefone"]), (2, ["(obrigatório)", "(com DDD)"]), (3, ["Ana", "71 99999-0001"])]
    assert best(rows).row == 1


@pytest.mark.parametrize(
    ("titles", "sources"),
    [
        (("Nome", "Sobrenome", "Email"), (0, 1)),
        (("Sobrenome", "Nome", "Email"), (1, 0)),
        (("Last Name", "First Name", "Middle Name", "Email"), (1, 2, 0)),
        (("Nome do cliente", "Sobrenome", "Email"), (0, 1)),
    ],
)
def test_first_and_last_name_make_one_name(titles: tuple[str, ...], sources: tuple[int, ...]) -> None:
    header = certain(recognise(1, titles))
    assert header.fields[LeadField.NOME] == (len(titles),)
    assert header.derived[0].sources == sources
    assert header.title(len(titles)) == titles[sources[-1]]


@pytest.mark.parametrize(
    ("titles", "best_first"),
    [
        (("First Name", "Email"), (0,)),
        (("Company", "First Name", "Last Name", "Email"), (4, 0)),
        (("First Name", "Last Name", "Account Name", "Email"), (4, 2)),
        (("First Name", "Last Name", "Name", "Email"), (2, 4)),
        (("Nome completo", "Nome", "Sobrenome", "Email"), (0, 4)),
    ],
)
def test_name_of_two_columns_comes_after_a_full_one(titles: tuple[str, ...], best_first: tuple[int, ...]) -> None:
    assert fields(*titles)[LeadField.NOME] == best_first


@pytest.mark.parametrize(
    ("titles", "sources"),
    [
        (("DDD", "Telefone"), [(0, 1)]),
        (("Telefone", "DDD"), [(1, 0)]),
        (("DDD1", "Telefone1", "DDD2", "Telefone2"), [(0, 1), (2, 3)]),
        (("DDD 1", "DDD 2", "Telefone 1", "Telefone 2"), [(0, 2), (1, 3)]),
        (("DDD", "Telefone", "DDD", "Celular"), [(0, 1), (2, 3)]),
        (("DDD", "Telefone", "Celular"), [(0, 1), (0, 2)]),
        (("DDI", "DDD", "Telefone"), [(0, 1, 2)]),
    ],
)
def test_ddd_in_a_column_of_its_own_belongs_to_a_phone(titles: tuple[str, ...], sources: list[tuple[int, ...]]) -> None:
    header = certain(recognise(1, titles))
    expected = [(*each[:-1], each[-1]) if each[-1] > 0 else (1, 0) for each in sources]
    assert [made.sources for made in header.derived] == expected
    assert [header.title(place) for place in header.fields[LeadField.TELEFONE]] == [
        titles[each[-1]] for each in expected
    ]


def test_column_that_is_made_stands_where_its_phone_stands() -> None:
    header = certain(recognise(1, ["DDD", "Telefone", "Celular (com DDD)", "Telefone ou e-mail"]))
    assert header.places(LeadField.TELEFONE) == (1, 2, 3)
    assert header.places(LeadField.EMAIL) == (3,)
    assert header.places(LeadField.NOME) == ()


def test_column_that_names_ddd_and_phone_is_what_its_cells_are() -> None:
    whole = table(["ddd_telefone_1"], phones())
    assert best(whole).derived == ()
    split = table(["DDD Celular", "Celular"], ["71"] * 3, phones(ddd=""))
    assert [made.sources for made in best(split).derived] == [(0, 1)]


def test_part_without_its_other_part_is_not_read() -> None:
    assert fates(table(["DDD", "Email"], ["71"] * 3, emails()))[0] == (None, "coluna_sem_par")


def test_contact_of_phones_or_emails_is_read_as_what_it_holds() -> None:
    assert fates(table(["Nome", "Contato"], PEOPLE, phones()))[1] == (Role.TELEFONE, "coluna_lida_pelo_conteudo")
    assert fates(table(["Nome", "Contato"], PEOPLE, emails()))[1] == (Role.EMAIL, "coluna_lida_pelo_conteudo")
    assert fates(table(["Contato", "Email"], PEOPLE, emails()))[0] == (Role.CONTATO, None)
    mixed = best(table(["Nome", "Contato"], PEOPLE, [*phones()[:2], emails()[0]]))
    assert mixed.fates[1].role is Role.MISTO
    assert {LeadField.TELEFONE: (2,), LeadField.EMAIL: (3,)}.items() <= mixed.fields.items()


def test_column_whose_title_is_not_certain_is_read_if_its_cells_fit() -> None:
    title = "Telefone do zelador"
    assert fates(table([title], phones())) == [(Role.TELEFONE, "coluna_lida_pelo_conteudo")]
    assert fates(table([title, "Email"], ["sim"] * 3, emails()))[0] == (None, "coluna_com_outros_dados")
    assert find_header(table([title], ["sim"] * 3)) is None
    assert recognise(1, [title]) is None


def test_unknown_column_of_contacts_is_proposed_and_read_if_asked() -> None:
    rows = table(["Nome", "Email", "Recado", "Cidade"], PEOPLE, emails(), phones(), ["Ilhéus"] * 3)
    assert [fate.proposal for fate in best(rows).fates] == [None, None, Role.TELEFONE, None]
    assert fates(rows)[2:] == [(None, "coluna_proposta"), (None, None)]
    assert fates(rows, guess=True)[2:] == [(Role.TELEFONE, "coluna_adivinhada"), (None, None)]
    assert fates(table(["Nome", "Recado"], PEOPLE, phones()), guess=True)[1][0] is Role.TELEFONE


def test_number_beside_a_ddd_is_that_of_a_phone_if_it_looks_so() -> None:
    rows = table(["Nome", "DDD", "Número"], PEOPLE, ["71"] * 3, phones(ddd=""))
    assert [made.sources for made in best(rows).derived] == [(1, 2)]
    house = table(["Email", "DDD", "Número", "Telefone"], emails(), ["71"] * 3, ["12"] * 3, phones(ddd=""))
    assert [made.sources for made in best(house).derived] == [(1, 3)]


def test_sheet_of_which_only_unknown_columns_hold_contacts_is_refused_with_their_titles() -> None:
    rows = table(["Cliente", "Recado", "Cidade"], PEOPLE, phones(), ["Ilhéus"] * 3)
    with pytest.raises(InvalidFile, match="titulos_desconhecidos") as raised:
        find_header(rows)
    assert raised.value.params == {"colunas": "Recado"}
    with pytest.raises(InvalidFile, match="titulos_desconhecidos") as raised:
        find_header(table(["Cliente", ""], PEOPLE, phones()))
    assert raised.value.params == {"colunas": "B"}
    assert best(rows, guess=True).fields[LeadField.TELEFONE] == (1,)


def test_column_without_a_title_beside_the_others_is_told_and_may_be_guessed() -> None:
    rows = table(["Nome", "Email"], PEOPLE, emails(), phones(), [""] * 3)
    assert best(rows).titles == ("Nome", "Email")
    assert fates(rows) == [(Role.NOME, None), (Role.EMAIL, None), (None, "coluna_proposta")]
    assert fates(table(["Nome", "Email"], PEOPLE, emails(), ["x"] * 3))[2:] == [(None, "coluna_sem_titulo")]
    guessed = best(rows, guess=True)
    assert guessed.titles == ("Nome", "Email", "")
    assert guessed.fields[LeadField.TELEFONE] == (2,)


def test_values_of_google_contacts_are_separated() -> None:
    header = certain(recognise(1, ["E-mail 1 - Value", "Phone 1 - Value", "Telefone 2 - Valor"]))
    assert [made.make(["a ::: b"]) for made in header.derived] == ["a | b"] * 3


def test_titles_in_the_first_column_are_refused() -> None:
    form = [(1, ["Nome", "Ana"]), (2, ["CPF", "529.982.247-25"]), (3, ["Email", "ana@example.com"]), (4, ["x"])]
    with pytest.raises(InvalidFile, match="planilha_na_vertical"):
        find_header(form)
    assert find_header([(1, ["Resumo", "x"]), (2, ["Total", "2"])]) is None


def test_heavy_rows_are_not_all_looked_at() -> None:
    looked: list[int] = []

    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        for number in range(1, 100):
            looked.append(number)
            yield number, ["x" * 1_000_000]

    assert find_header(rows()) is None
    assert len(looked) < 10


@pytest.mark.parametrize(("good", "is_found"), [(ROWS_SEARCHED - 1, False), (ROWS_SEARCHED, True)])
def test_problem_behind_the_searched_rows_does_not_hide_the_header(good: int, is_found: bool) -> None:
    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        yield 1, ["Nome", "Email"]
        yield from ((number, ["Ana", "ana@example.com"]) for number in range(2, good + 1))
        raise InvalidFile("linha_grande_demais")

    if is_found:
        assert find_header(rows()) is not None
        return
    with pytest.raises(InvalidFile):
        find_header(rows())
