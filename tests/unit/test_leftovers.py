"""Rows that are no leads: help and examples below the header, totals, the header once more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.ingestion.reading.header import recognise
from chalicelib.ingestion.rows.leftovers import is_total
from chalicelib.ingestion.rows.one_by_one import ReadRows, RowReader

TITLES = ("Nome", "CPF", "Email", "Telefone")
ANA = ("Ana", "529.982.247-25", "ana@x.com", "71 99999-0001")


def codes(*rows: Sequence[str], titles: Sequence[str] = TITLES, first: int = 2) -> list[str]:
    """What is said of each of these rows; "" for a lead. Both ways of reading agree."""
    header = recognise(1, titles)
    assert header is not None
    reader = RowReader(header, "leads.xlsx")
    numbered = list(enumerate(rows, first))
    read = [reader.read(*row) for row in numbered]
    assert reader.read_all(numbered) == ReadRows.of(read)
    return ["" if row.data else " ".join(error.code for error in row.errors) for row in read]


@pytest.mark.parametrize(
    "row",
    [
        ("Ex.: João da Silva", "000.000.000-00", "joao@exemplo.com", "(11) 99999-9999"),
        ("Exemplo", "", "joao@x.com", "71 99999-0001"),
        ("EXEMPLO: Maria", "529.982.247-25", "", ""),
        ("(exemplo)", "", "joao@x.com", ""),
        ("Example - Ana", "", "joao@x.com", ""),
        ("Ana", "", "ex: nome@x.com", "71 99999-0001"),
        ("João da Silva", "000.000.000-00", "joao@x.com", "71 99999-0001"),
        ("Ana", "", "nome@empresa.com.br", "(71) 99999-9999"),
        ("Fulano de Tal", "123.456.789-09", "a@x.com", ""),
    ],
)
def test_example_below_the_header_is_no_lead(row: Sequence[str]) -> None:
    assert codes(row, ANA) == ["linha_de_exemplo", ""]
    assert codes(ANA, ANA, ANA, row)[3] != "linha_de_exemplo"


@pytest.mark.parametrize(
    "row",
    [
        ("Exemplo Engenharia", "", "contato@exemplo.com.br", "71 3333-4444"),
        ("Ana", "", "ex.aluno@example.com", "71 99999-0001"),
        ("Ana", "", "nome@empresa.com.br", "71 98888-0001"),
        ("Modelo Confecções", "", "ana@exemplo.com.br", "71 99999-9999"),
    ],
)
def test_first_lead_is_not_taken_for_an_example(row: Sequence[str]) -> None:
    assert codes(row) == [""]


@pytest.mark.parametrize(
    "row",
    [
        ("(obrigatório)", "(só números)", "(opcional)", "(com DDD)"),
        ("Nome completo", "somente números", "", "11 dígitos, com DDD"),
        ("varchar(100)", "texto", "", "text"),
    ],
)
def test_help_below_the_header_is_no_lead(row: Sequence[str]) -> None:
    assert codes(row, ANA) == ["linha_de_instrucao", ""]
    assert codes(ANA, ANA, ANA, row)[3] != "linha_de_instrucao"


def test_refused_row_below_the_header_keeps_its_reasons() -> None:
    assert codes(("Ana", "", "ana@", "12")) == ["email_invalido telefone_invalido"]
    assert codes(("Ana", "", "", "")) == ["linha_sem_contato"]


@pytest.mark.parametrize(
    "row",
    [
        ("TOTAL", "2", "", ""),
        ("Total geral", "191", "", ""),
        ("Total de clientes: 12", "", "", ""),
        ("Subtotal", "", "3", "4"),
        ("Quantidade", "", "2", "2"),
        ("Total", "11.222.333/0001-81", "", ""),
    ],
)
def test_totals_are_no_lead_wherever_they_stand(row: Sequence[str]) -> None:
    assert codes(ANA, row) == ["", "linha_de_total"]
    assert codes(row, first=900) == ["linha_de_total"]


def test_totals_in_a_column_that_is_not_read_are_no_lead() -> None:
    titles = ("Loja", "Nome", "CPF")
    assert codes(("TOTAL", "", "52998224725"), ("Centro", "Ana", "52998224725"), titles=titles) == [
        "linha_de_total",
        "",
    ]


def test_company_called_total_with_a_phone_is_a_lead() -> None:
    assert codes(("Total", "11.222.333/0001-81", "", "71 3333-4444"), ("Total Engenharia", "529.982.247-25")) == [
        "",
        "",
    ]
    assert not is_total("Total Engenharia")


@pytest.mark.parametrize(
    "row",
    [TITLES, ("NOME", "cpf ", "E-mail", "Fone"), ("", "", "Email", ""), ("Cliente", "Celular", "E-mail", "Cidade")],
)
def test_titles_once_more_are_no_lead(row: Sequence[str]) -> None:
    assert codes(ANA, row, ANA) == ["", "cabecalho_repetido", ""]
