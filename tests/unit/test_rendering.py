"""Template texts: what is refused when they are saved, and what a rendered text can never contain."""

from __future__ import annotations

from email.message import EmailMessage
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.rules.rendering import (
    RenderedText,
    check,
    on_one_line,
    render,
    render_all,
    render_html,
    render_subject,
    variables,
)
from chalicelib.errors import Invalid, InvalidTemplate, MissingVariable

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True)
LITERALS = st.text(alphabet=st.characters(exclude_characters="{}", exclude_categories=["Cs", "Cc"]))
VALUES = st.text(max_size=100)
SPACES = st.sampled_from(["", " ", "  ", "\t", "\n"])


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, list[tuple[str, bool]]]:
    """A text and its pieces: literal text (False) and names of variables (True)."""
    pieces = draw(st.lists(st.tuples(LITERALS, st.just(False)) | st.tuples(NAMES, st.just(True)), max_size=8))
    text = "".join(f"{{{{{draw(SPACES)}{piece}{draw(SPACES)}}}}}" if is_name else piece for piece, is_name in pieces)
    return text, pieces


def test_variables_are_named_once_in_the_order_of_their_first_appearance() -> None:
    assert variables("{{b}} {{ a }} {{b}} {{\tc_1\n}}") == ("b", "a", "c_1")


def test_text_without_variables_names_none() -> None:
    assert variables("Olá { } {a} b}") == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Olá {{nome", "chaves_desequilibradas"),
        ("Olá {{nome}", "chaves_desequilibradas"),
        ("Olá nome}}", "chaves_desequilibradas"),
        ("{{a}}{{b", "chaves_desequilibradas"),
        ("{% if nome %}", "chaves_desequilibradas"),
        ("{{}}", "variavel_invalida"),
        ("{{1}}", "variavel_invalida"),
        ("{{ cliente.nome }}", "variavel_invalida"),
        ("{{ nome | upper }}", "variavel_invalida"),
        ("{{razão}}", "variavel_invalida"),
        ("{{{nome}}}", "variavel_invalida"),
        ("{{{{nome}}}}", "variavel_invalida"),
        ("{{#each}}", "variavel_invalida"),
        ("{{" + "a" * 65 + "}}", "chaves_desequilibradas"),
    ],
)
def test_braces_that_are_not_a_variable_are_refused_when_saved(text: str, code: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        check(assunto=None, texto=text, html=None)
    assert refused.value.code == code
    assert refused.value.errors[0].pointer == "/texto"
    assert refused.value.params["trecho"]


def test_minified_style_sheet_is_accepted_in_html() -> None:
    style = "<style>@media print{#topo{display:none}}</style><p style='color:{x}'>{{nome}}</p>"
    assert check(assunto="Olá", texto="Olá", html=style) == ("nome",)


def test_variables_of_all_fields_are_listed_subject_first() -> None:
    assert check(assunto="{{b}}", texto="{{a}} {{b}}", html="<p>{{c}}</p>") == ("b", "a", "c")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"texto": " \n "}, "texto", "template_vazio"),
        ({"texto": "x" * 65_537}, "texto", "template_longo"),
        ({"html": "x" * 262_145}, "html", "template_longo"),
        ({"assunto": "x" * 256}, "assunto", "template_longo"),
        ({"assunto": "a\nBcc: b"}, "assunto", "assunto_de_uma_linha"),
        ({"assunto": "a\u2028b"}, "assunto", "assunto_de_uma_linha"),
        ({"assunto": "fatura\u202efdp.exe"}, "assunto", "caractere_invalido"),
        ({"html": "".join(f"{{{{v{n}}}}}" for n in range(101))}, "html", "variaveis_demais"),
        ({"texto": "a\x00b"}, "texto", "caractere_invalido"),
        ({"texto": "a\ud800b"}, "texto", "caractere_invalido"),
    ],
)
def test_text_that_no_message_can_hold_is_refused_when_saved(fields: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        check(assunto=fields.get("assunto", "Olá"), texto=fields.get("texto", "Olá"), html=fields.get("html"))
    assert (refused.value.code, refused.value.errors[0].pointer) == (code, f"/{field}")


def test_template_may_have_a_hundred_variables() -> None:
    assert len(check(assunto="{{v0}}", texto="".join(f"{{{{v{n}}}}}" for n in range(100)), html="{{v99}}")) == 100


def test_value_cannot_turn_a_subject_around() -> None:
    assert render_subject("Proposta de {{nome}}", {"nome": "\u202eAna\u2069"}) == "Proposta de Ana"


def test_missing_variables_are_all_named_before_anything_is_rendered() -> None:
    with pytest.raises(MissingVariable) as missing:
        render("{{b}} {{a}} {{c}} {{b}}", {"a": "1"})
    assert missing.value.names == ("b", "c")


def test_missing_variables_of_every_part_are_named_together() -> None:
    with pytest.raises(MissingVariable) as missing:
        render_all(assunto="{{a}}", texto="{{b}}", html="{{c}}{{b}}", values={"b": "x"})
    assert missing.value.names == ("a", "c")


def test_subject_text_and_html_are_each_rendered_in_their_own_way() -> None:
    values = {"nome": "Zé & <Filhos>\r\nLtda"}
    assert render_all(assunto="Olá {{nome}}", texto="{{nome}}", html="<b>{{nome}}</b>", values=values) == RenderedText(
        assunto="Olá Zé & <Filhos> Ltda",
        texto="Zé & <Filhos>\r\nLtda",
        html="<b>Zé &amp; &lt;Filhos&gt;\r\nLtda</b>",
    )


def test_whatsapp_message_has_neither_subject_nor_html() -> None:
    assert render_all(assunto=None, texto="Olá", html=None, values={}) == RenderedText(None, "Olá", None)


def test_value_that_is_too_long_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as refused:
        render("{{a}}{{b}}", {"a": "x" * 4_097, "b": "y"})
    assert refused.value.code == "valor_longo"
    assert [error.pointer for error in refused.value.errors] == ["/payload/variaveis/a"]


def test_small_template_cannot_become_a_huge_message_by_repetition() -> None:
    with pytest.raises(Invalid) as refused:
        render("{{a}}" * 1_000, {"a": "x" * 4_096})
    assert refused.value.code == "mensagem_longa"


@given(templates(), st.data())
def test_rendering_puts_each_value_in_its_place_and_changes_no_literal_text(
    made: tuple[str, list[tuple[str, bool]]], data: st.DataObject
) -> None:
    text, pieces = made
    values = {name: data.draw(VALUES) for name, is_name in pieces if is_name}
    expected = "".join(render("{{v}}", {"v": values[piece]}) if is_name else piece for piece, is_name in pieces)
    assert render(text, values) == expected


@given(templates())
def test_variables_are_those_of_which_the_template_was_made(made: tuple[str, list[tuple[str, bool]]]) -> None:
    text, pieces = made
    assert list(variables(text)) == list(dict.fromkeys(name for name, is_name in pieces if is_name))


@given(NAMES, NAMES, VALUES)
def test_values_are_never_searched_for_variables(name: str, other: str, value: str) -> None:
    sneaky = f"{{{{{other}}}}}"
    assert render(f"{{{{{name}}}}}", {other: value, name: sneaky}) == sneaky


@given(VALUES)
def test_markup_in_values_is_escaped_in_html(value: str) -> None:
    rendered = render_html("{{v}}", {"v": value})
    assert not set("<>\"'") & set(rendered)
    assert unescape(rendered) == unescape(render_html("{{v}}", {"v": unescape(rendered)}))


@given(st.lists(VALUES, min_size=2, max_size=2))
def test_value_cannot_begin_another_header(values: list[str]) -> None:
    subject = render_subject("Olá {{a}}: {{b}}", dict(zip("ab", values, strict=True)))
    assert len(subject.splitlines()) == 1
    message = EmailMessage()
    message["Subject"] = subject
    assert message["Subject"] == subject


@given(VALUES)
def test_line_has_no_breaks_no_controls_and_no_runs_of_spaces(value: str) -> None:
    line = on_one_line(value)
    assert "  " not in line
    assert len(line.splitlines()) <= 1
    assert on_one_line(line) == line
    line.encode()


@given(st.text(max_size=200) | st.text(alphabet="{}% a\n", max_size=30))
def test_text_that_is_saved_can_always_be_rendered(text: str) -> None:
    try:
        names = check(assunto=None, texto=text, html=None)
    except InvalidTemplate:
        return
    assert "{{" not in render(text, dict.fromkeys(names, "x"))
