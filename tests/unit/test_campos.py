"""Names of campos: from any title a name that the database and a template take, each once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campos import LONGEST_NAME, NAME, OUR_NAMES, campo_name, campo_names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Valor da Dívida", "valor_da_divida"),
        ("Valor da Dívida (R$)", "valor_da_divida_r"),
        ("  VENCIMENTO ", "vencimento"),
        ("Nº do contrato", "no_do_contrato"),
        ("2ª via", "_2a_via"),
        ("%", "coluna"),
        ("", "coluna"),
        ("Ação/Ofício - 1", "acao_oficio_1"),
        ("x" * 80, "x" * LONGEST_NAME),
    ],
)
def test_title_becomes_a_plain_name(title: str, name: str) -> None:
    assert campo_name(title) == name


def test_repeated_names_are_numbered() -> None:
    assert campo_names(["Valor", "valor", "VALOR"], taken=["valor_2"]) == ["valor", "valor_3", "valor_4"]


def test_our_names_are_never_a_campo() -> None:
    assert campo_names(["Nome", "Primeiro nome", "Telefone"]) == ["nome_2", "primeiro_nome_2", "telefone_2"]


@given(st.lists(st.text(max_size=80), max_size=12))
def test_names_fit_the_database_and_are_unique(titles: list[str]) -> None:
    names = campo_names(titles)
    assert all(NAME.fullmatch(each) for each in names)
    assert len(set(names)) == len(titles)
    assert not OUR_NAMES & set(names)
