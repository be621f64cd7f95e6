"""Reading the answers of tools: places, patterns, ids and codes, whatever a server sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.channels.answers import Pattern, Reading
from chalicelib.dispatch.outcomes import Sent, Unknown
from tests.channels import a_channel, a_document, an_answer, errors_in


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 1),
        ("b.0.c", "x"),
        ("b.1", None),
        ("b.x", None),
        ("b.99999999999", None),
        ("s.d", [1]),
        ("s.d.0", 1),
        ("a.b", None),
        ("nada", None),
        ("t.d", None),
    ],
)
def test_path_leads_through_lists_and_json_in_strings(path: str, value: object) -> None:
    document = {"a": 1, "b": [{"c": "x"}], "s": '{"d": [1]}', "t": "{d"}
    assert Reading.of(an_answer(structured=document)).at(path) == value


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("[Meta Error {valor}]", "x [Meta Error 131026] y", "131026"),
        ("[meta error {valor}]", "[META ERROR 1]", "1"),
        ("sent", "Email SENT", ""),
        ("sent", "failed", None),
        ("a*c", "a b c", ""),
        ("a*c", "c b a", None),
        ("failed:*({valor})", "failed: x@y (no-such) (b)", "no-such"),
        ("id={valor}*end", "id=7 … end", "7"),
        ('"code":{valor}', '{"code":21211,"m":1}', "21211"),
        ("{valor}", "  um dois", "um"),
        (".*", "x", None),
    ],
)
def test_pattern_finds_the_word_at_valor(pattern: str, text: str, found: str | None) -> None:
    assert Pattern(pattern).find(text) == found


@given(st.text(min_size=1, max_size=20).filter(lambda text: "*" not in text and "{valor}" not in text), st.text())
def test_literal_text_of_a_pattern_matches_itself(words: str, around: str) -> None:
    assert Pattern(words).find(around + words + around) == ""


def test_no_text_makes_a_pattern_slow() -> None:
    text = "a" * 20_000
    assert Pattern("*".join(["aa{valor}" if n == 9 else "a" for n in range(100)]) + "*b").find(text) is None


def test_is_error_decides_when_the_document_has_no_success_reader() -> None:
    assert a_channel().verdict(an_answer("ok")) == Sent(None)
    assert a_channel().verdict(an_answer("no", is_error=True)) == Unknown("erro_sem_codigo")


@pytest.mark.parametrize("text", ["code=5571999999999", "code=joão", "code=" + "x" * 65, "code="])
def test_text_that_cannot_be_a_code_is_not_recorded(text: str) -> None:
    channel = a_channel(resultado={"codigo": [{"padrao": "code={valor}"}]})
    assert channel.verdict(an_answer(text, is_error=True)) == Unknown("erro_sem_codigo")


@pytest.mark.parametrize("value", [None, True, 7, ["x"], {"a": 1}, "", "a\nb", "x" * 256, "é"])
def test_value_that_cannot_be_a_message_id_is_not_recorded(value: object) -> None:
    channel = a_channel(resultado={"message_id": {"campo": "id"}})
    assert channel.verdict(an_answer(structured={"id": value})) == Sent(None)


def test_answer_nested_too_deep_is_a_doubt() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    channel = a_channel(resultado={"sucesso": [{"campo": "a", "padrao": "x"}], "codigo": [{"campo": "a.b"}]})
    assert channel.verdict(an_answer(structured={"a": deep})) == Unknown("erro_sem_codigo")
    assert channel.verdict(an_answer("[" * 100_000)) == Unknown("erro_sem_codigo")


def test_number_of_readers_is_limited() -> None:
    assert errors_in(a_document(resultado={"sucesso": [{"campo": "a"}] * 17})) == [("/resultado/sucesso", "too_long")]
    assert errors_in(a_document(resultado={"codigo": [{"campo": "a"}] * 17})) == [("/resultado/codigo", "too_long")]
