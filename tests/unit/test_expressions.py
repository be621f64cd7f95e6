"""Expressions in a text are taken apart once, or refused when the template is saved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.rules.expressions import Expression, ParsedText, check_literals, parsed
from chalicelib.dispatch.rules.formats import NAMES, READING, REWRITING
from chalicelib.errors import InvalidTemplate


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("{{nome}}", Expression("nome")),
        ("{{ campos.cidade }}", Expression("cidade")),
        ("{{ valor |  moeda }}", Expression("valor", ("moeda",))),
        ('{{nome|titulo|padrao:"cliente"}}', Expression("nome", ("titulo",), "cliente")),
        ('{{nome | padrao : "a|moeda" }}', Expression("nome", (), "a|moeda")),
        ("{{nome|padrao:“meu caro”}}", Expression("nome", (), "meu caro")),
        ("{{12}}", Expression("12")),
    ],
)
def test_expression_is_read(text: str, expression: Expression) -> None:
    assert parsed(f"a{text}b") == ParsedText(("a", "b"), (expression,))


def test_error_names_the_formats_there_are() -> None:
    with pytest.raises(InvalidTemplate) as refused:
        parsed("{{nome|upper}}", "assunto")
    assert refused.value.params == {"trecho": "upper", "conhecidos": ", ".join(NAMES)}
    assert refused.value.errors[0].pointer == "/assunto"


@given(
    st.sampled_from(sorted(READING)) | st.none(),
    st.lists(st.sampled_from(sorted(REWRITING)), max_size=3),
    st.text(alphabet=st.characters(exclude_characters='"“”{}', exclude_categories=["Cs"]), max_size=200) | st.none(),
)
def test_every_chain_of_formats_is_read_back(first: str | None, rest: list[str], default: str | None) -> None:
    names = [*([first] if first else []), *rest]
    text = "".join(f"|{name}" for name in names) + (f'|padrao:"{default}"' if default is not None else "")
    assert parsed(f"{{{{v{text}}}}}").expressions == (Expression("v", tuple(names), default),)


@given(st.text(alphabet='{}| nome.campos1:"moeda', max_size=40))
def test_text_is_read_or_refused_and_nothing_of_it_is_lost(text: str) -> None:
    try:
        literals, expressions = parsed(text)
        check_literals(literals, "texto")
    except InvalidTemplate:
        return
    assert len(literals) == len(expressions) + 1
    assert "{{" not in "".join(literals)


@pytest.mark.parametrize("text", ["{{" * 30_000, "{{" + " " * 60_000 + "}}", "{{a" + "|titulo " * 8_000 + "!}}"])
def test_long_text_that_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(InvalidTemplate):
        check_literals(parsed(text).literals, "texto")
