"""Which row is the header, and which fields its columns feed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.header import ROWS_SEARCHED, Header, LeadField, find_header, plain_words, recognise
from chalicelib.ingestion.reading.limits import MAX_TITLES


def the(cabecalho: Header | None) -> Header:
    assert cabecalho is not None
    return cabecalho


def fields(*cells: str) -> dict[LeadField, tuple[int, ...]]:
    return dict(the(recognise(1, cells)).campos)


def test_the_columns_of_the_sample_are_known() -> None:
    assert fields("Nome", "Contato", "CNPJ/CPF", "Email", "Telefone") == {
        LeadField.NOME: (0,),
        LeadField.CONTATO: (1,),
        LeadField.DOCUMENTO: (2,),
        LeadField.EMAIL: (3,),
        LeadField.TELEFONE: (4,),
    }


@given(st.permutations(["ID", "Nome", "Contato", "CNPJ/CPF", "Email", "Telefone"]))
def test_columns_may_stand_in_any_order(cells: list[str]) -> None:
    assert {cells[places[0]]: campo for campo, places in fields(*cells).items()} == {
        "ID": LeadField.ID,
        "Nome": LeadField.NOME,
        "Contato": LeadField.CONTATO,
        "CNPJ/CPF": LeadField.DOCUMENTO,
        "Email": LeadField.EMAIL,
        "Telefone": LeadField.TELEFONE,
    }


@pytest.mark.parametrize(
    ("name", "campo"),
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
        ("C.P.F./C.N.P.J.", None),
        ("CPF / CNPJ", LeadField.DOCUMENTO),
        ("ﬁxo", LeadField.TELEFONE),
        ("Fantasia", None),
        ("Observações", None),
    ],
)
def test_a_column_is_known_in_any_case_with_or_without_accents(name: str, campo: LeadField | None) -> None:
    found = recognise(1, [name])
    assert (None if found is None else next(iter(found.campos))) == campo


def test_several_columns_feed_one_field_contacts_in_sheet_order_names_best_first() -> None:
    campos = fields("Celular", "Nome Fantasia", "Telefone", "Nome", "Email 2", "Email")
    assert campos == {LeadField.TELEFONE: (0, 2), LeadField.NOME: (3, 1), LeadField.EMAIL: (4, 5)}


def test_duplicate_and_blank_columns_keep_their_places() -> None:
    cabecalho = the(recognise(3, [" Email ", "", "Email", "Obs", "", ""]))
    assert cabecalho == Header(3, ("Email", "", "Email", "Obs"), {LeadField.EMAIL: (0, 2)})


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
def test_a_row_without_a_certain_column_or_with_data_is_no_header(cells: list[str]) -> None:
    assert recognise(1, cells) is None


def test_the_columns_of_an_error_report_are_no_fields() -> None:
    assert fields("Nome", "Email", "linha", "coluna", "codigo", "mensagem") == {
        LeadField.NOME: (0,),
        LeadField.EMAIL: (1,),
    }


def test_titles_above_the_header_are_passed_over() -> None:
    rows = [(1, ["Relatório de e-mail"]), (2, ["Email"]), (5, ["Nome", "Email", "Telefone"]), (9, ["Nome", "Email"])]
    assert the(find_header(rows)).linha == 5


def test_of_equal_headers_the_first_counts() -> None:
    assert the(find_header([(2, ["Nome", "Email"]), (3, ["Nome", "Email"])])).linha == 2


def test_a_header_far_down_is_not_looked_for() -> None:
    rows = [(number, ["x"]) for number in range(1, ROWS_SEARCHED + 1)]
    assert find_header([*rows, (99, ["Email"])]) is None
    assert find_header([]) is None


def test_a_header_is_no_wider_than_anybody_reads() -> None:
    assert len(the(recognise(1, ["Email", *["x"] * (MAX_TITLES - 1), *[" "] * 99])).colunas) == MAX_TITLES
    with pytest.raises(InvalidFile, match="colunas_demais"):
        recognise(1, ["Email", *["x"] * MAX_TITLES])
    assert recognise(1, ["x"] * (MAX_TITLES + 1)) is None


@given(st.text())
def test_plain_words_are_plain(text: str) -> None:
    words = plain_words(text)
    assert words == plain_words(words)
    assert set(words) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
