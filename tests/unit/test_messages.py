"""Every code has a sentence in both languages, and is raised with the parameters that its sentence needs."""

from __future__ import annotations

import string

import pytest

from chalicelib import messages
from chalicelib.errors import FieldError
from chalicelib.messages import CATALOGUE, ENGLISH, PORTUGUESE
from tests.raised_codes import PROJECT, RAISED, SOURCES, Raised


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_codes_are_found_in_the_source() -> None:
    assert {"nao_encontrado", "horario_ocupado", "multipart_invalido", "mudanca_vazia"} <= {r.code for r in RAISED}


@pytest.mark.parametrize("raised", RAISED, ids=lambda raised: f"{raised.code}-{raised.where}")
def test_raised_code_has_a_sentence_and_the_parameters_that_it_needs(raised: Raised) -> None:
    sentences = CATALOGUE[raised.code]
    if raised.params is not None:
        assert {name for sentence in sentences for name in _placeholders(sentence)} <= raised.params


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_use_the_same_parameters(code: str) -> None:
    portuguese, english = CATALOGUE[code]
    assert _placeholders(portuguese) == _placeholders(english)
    assert portuguese != english
    assert all(sentence[0].isupper() or sentence[0] in "“{" for sentence in (portuguese, english))
    assert all(sentence.endswith(".") for sentence in (portuguese, english))


def test_every_sentence_belongs_to_a_code_in_the_source() -> None:
    others = [source for path, source in SOURCES.items() if path.name != "messages.py"]
    others += [path.read_text(encoding="utf-8") for path in (PROJECT / "chalicelib").rglob("*.json")]
    text = "\n".join(others)
    assert [code for code in CATALOGUE if f'"{code}"' not in text] == []


def test_portuguese_is_the_default_language() -> None:
    assert messages.text("nao_encontrado") == "Não existe."
    assert messages.text("nao_encontrado", ENGLISH) == "There is no such thing."
    assert (messages.title(404, PORTUGUESE), messages.title(404, ENGLISH)) == ("Não encontrado", "Not found")


def test_status_without_a_title_is_called_a_bad_request() -> None:
    assert messages.title(418, ENGLISH) == "Bad request"


def test_code_without_a_sentence_raises() -> None:
    with pytest.raises(KeyError):
        messages.text("no_such_code")


@pytest.mark.parametrize(
    ("error", "portuguese", "english"),
    [
        (FieldError("/nome", "missing", "Field required"), "campo obrigatório", "required field"),
        (FieldError("/nome", "an_unknown_type", "as pydantic says it"), "as pydantic says it", "as pydantic says it"),
        (FieldError("/a", "variavel_ausente", "nome"), "Faltam variáveis do template: nome.", None),
        (FieldError("/tamanho", "arquivo_grande_demais", "tamanho"), "O arquivo passa de 10 bytes.", None),
    ],
)
def test_field_has_the_sentence_of_its_code(error: FieldError, portuguese: str, english: str | None) -> None:
    assert messages.field_text(error, PORTUGUESE, maximo=10) == portuguese
    if english is not None:
        assert messages.field_text(error, ENGLISH, maximo=10) == english


def test_field_whose_limit_is_its_own_says_it() -> None:
    error = FieldError("/ate", "periodo_longo", "31")
    assert messages.field_text(error, PORTUGUESE) == "O período tem no máximo 31 dias."


def test_field_names_itself_and_not_all_that_the_whole_error_names() -> None:
    error = FieldError("/a", "variavel_ausente", "b")
    assert messages.field_text(error, ENGLISH, nomes="a, b") == "Variables of the template are missing: b."
