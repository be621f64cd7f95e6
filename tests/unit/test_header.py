"""Which row of a sheet is its header, and which fields its columns feed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.header import ROWS_SEARCHED, Header, LeadField, find_header, plain_words, recognise
from chalicelib.ingestion.reading.limits import MAX_TITLES


def certain(header: Header | None) -> Header:
    assert header is not None
    return header


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
        ("C.P.F./C.N.P.J.", None),
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
    assert certain(find_header(rows)).row == 5


def test_first_of_equal_headers_wins() -> None:
    assert certain(find_header([(2, ["Nome", "Email"]), (3, ["Nome", "Email"])])).row == 2


def test_header_below_the_searched_rows_is_not_found() -> None:
    rows = [(number, ["x"]) for number in range(1, ROWS_SEARCHED + 1)]
    assert find_header([*rows, (99, ["Email"])]) is None
    assert find_header([]) is None


def test_header_with_too_many_columns_is_refused() -> None:
    assert len(certain(recognise(1, ["Email", *["x"] * (MAX_TITLES - 1), *[" "] * 99])).titles) == MAX_TITLES
    with pytest.raises(InvalidFile, match="colunas_demais"):
        recognise(1, ["Email", *["x"] * MAX_TITLES])
    assert recognise(1, ["x"] * (MAX_TITLES + 1)) is None


@given(st.text())
def test_plain_words_have_only_letters_digits_and_blanks(text: str) -> None:
    words = plain_words(text)
    assert words == plain_words(words)
    assert set(words) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
