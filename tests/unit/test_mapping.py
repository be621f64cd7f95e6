"""What a person says about columns, and for which sets of titles it is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ingestion.layout.mapping import Mappings, Target, fingerprint, target_of
from chalicelib.ingestion.layout.words import Role


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("telefone", Target(Role.TELEFONE)),
        ("sobrenome", Target(Role.SOBRENOME)),
        ("ignorar", Target()),
        ("campo", Target(is_campo=True)),
        ("campo:saldo", Target(is_campo=True, name="saldo")),
        ("campo:", None),
        ("campo:Saldo", None),
        ("campo:nome", None),
        ("fone", None),
        ("", None),
    ],
)
def test_target_is_a_field_a_campo_or_nothing(text: str, target: Target | None) -> None:
    assert target_of(text) == target


@given(st.permutations(["Nome", "Fone da firma", "Saldo"]))
def test_order_case_and_blanks_of_titles_make_no_difference(titles: list[str]) -> None:
    assert fingerprint(titles) == fingerprint(["NOME", " fone da  firma ", "saldo", ""])
    assert fingerprint(titles) != fingerprint(["Nome", "Saldo"])


def test_error_report_has_the_fingerprint_of_its_file() -> None:
    titles = ["Nome", "Saldo"]
    assert fingerprint(["ID", *titles, "linha", "coluna", "codigo", "mensagem", "origem"]) == fingerprint(titles)
    assert fingerprint([*titles, "origem"]) != fingerprint(titles)


def test_what_the_upload_says_goes_before_what_is_remembered() -> None:
    titles = ["Nome", "Saldo"]
    remembered = {fingerprint(titles): {"Saldo": "campo:x"}}
    assert Mappings(remembered=remembered).of(titles) == {"saldo": Target(is_campo=True, name="x")}
    assert Mappings({"SALDO": "ignorar"}, remembered).of(titles) == {"saldo": Target()}
    assert Mappings({}, remembered).of(titles) == {}
    assert Mappings(remembered=remembered).of(["Nome"]) == {}


def test_titles_that_are_not_there_are_named() -> None:
    assert Mappings({"Nome": "nome", "Fone": "telefone"}).missing(["nome "]) == ["Fone"]
    assert Mappings().missing(["nome"]) == []
