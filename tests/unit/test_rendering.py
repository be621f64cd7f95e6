"""Template texts: what is refused when they are saved, and what a rendered text can never contain."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.expressions import parsed
from chalicelib.dispatch.rules.formats import Scalar
from chalicelib.dispatch.rules.rendering import (
    OLD_RULES,
    RenderedMessage,
    TemplateWords,
    check,
    check_for_whatsapp,
    on_one_line,
    render_message,
)
from chalicelib.errors import Invalid, InvalidTemplate, MissingVariable

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,63}", fullmatch=True)
LITERALS = st.text(alphabet=st.characters(exclude_characters="{}", exclude_categories=["Cs", "Cc"]))
VALUES = st.text(max_size=100)
SPACES = st.sampled_from(["", " ", "  ", "\t", "\n"])


def render(text: str, values: Mapping[str, Scalar]) -> str:
    return render_message(TemplateWords(Canal.EMAIL, None, text), values).texto


def render_html(text: str, values: Mapping[str, Scalar]) -> str:
    return str(render_message(TemplateWords(Canal.EMAIL, None, "", text), values).html)


def render_subject(text: str, values: Mapping[str, Scalar]) -> str:
    return str(render_message(TemplateWords(Canal.EMAIL, text, ""), values).assunto)


def parameters(text: str, values: Mapping[str, Scalar], ordem: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    names = ordem or check(assunto=None, texto=text, html=None)
    return [*render_message(TemplateWords(Canal.WHATSAPP, None, text, None, names), values).parametros]


def variables(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.name for each in parsed(text).expressions))


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, list[tuple[str, bool]]]:
    """A text and its pieces: literal text (False) and names of variables (True)."""
    pieces = draw(st.lists(st.tuples(LITERALS, st.just(False)) | st.tuples(NAMES, st.just(True)), max_size=8))
    text = "".join(f"{{{{{draw(SPACES)}{piece}{draw(SPACES)}}}}}" if is_name else piece for piece, is_name in pieces)
    return text, pieces


def test_variables_are_named_once_in_the_order_of_their_first_appearance() -> None:
    assert variables("{{b}} {{ a }} {{b}} {{\tc_1\n}}") == ("b", "a", "c_1")


def test_text_without_variables_names_none() -> None:
    assert check(assunto=None, texto="Olá { } {a b} b}", html=None) == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Olá {{nome", "chaves_desequilibradas"),
        ("Olá {{nome}", "chaves_desequilibradas"),
        ("Olá nome}}", "chaves_desequilibradas"),
        ("{{a}}{{b", "chaves_desequilibradas"),
        ("{% if nome %}", "chaves_desequilibradas"),
        ("{{}}", "variavel_invalida"),
        ("{{0}}", "variavel_invalida"),
        ("{{01}}", "variavel_invalida"),
        ("{{100}}", "variavel_invalida"),
        ("{{1a}}", "variavel_invalida"),
        ("{{ cliente.nome }}", "variavel_invalida"),
        ("{{ nome | upper }}", "formato_desconhecido"),
        ("{{nome|título}}", "formato_desconhecido"),
        ("{{nome|}}", "variavel_invalida"),
        ("{{nome||titulo}}", "variavel_invalida"),
        ("{{campos.1}}", "variavel_invalida"),
        ("{{1|moeda}}", "variavel_invalida"),
        ("{{campos.nome}}", "campo_reservado"),
        ("{{campos.primeiro_nome}}", "campo_reservado"),
        ("{{nome|titulo|moeda}}", "formato_fora_de_ordem"),
        ("{{nome|moeda|data}}", "formato_fora_de_ordem"),
        ('{{nome|padrao:"a"|titulo}}', "formato_fora_de_ordem"),
        ('{{nome|padrao:"a"|padrao:"b"}}', "formato_fora_de_ordem"),
        ("{{nome|titulo|titulo|titulo|titulo|titulo|titulo}}", "formato_fora_de_ordem"),
        ("{{nome|padrao}}", "padrao_invalido"),
        ('{{nome|titulo:"a"}}', "padrao_invalido"),
        ('{{nome|padrao:"' + "a" * 201 + '"}}', "padrao_invalido"),
        ("Oi {nome}", "chaves_simples"),
        ("Oi { nome }, tudo bem?", "chaves_simples"),
        ("Oi {1}", "chaves_simples"),
        ("Oi {campos.cidade|titulo}", "chaves_simples"),
        ("{{razão}}", "variavel_invalida"),
        ("{{{nome}}}", "variavel_invalida"),
        ("{{{{nome}}}}", "variavel_invalida"),
        ("{{#each}}", "variavel_invalida"),
        ("{{" + "a" * 65 + "}}", "variavel_invalida"),
    ],
)
def test_braces_that_are_not_a_variable_are_refused_when_saved(text: str, code: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        check(assunto=None, texto=text, html=None)
    assert refused.value.code == code
    assert refused.value.errors[0].pointer == "/texto"
    assert refused.value.params["trecho"]


def test_numbers_of_meta_are_variables_in_their_own_order() -> None:
    assert check(assunto=None, texto="Olá {{1}}, sua fatura de {{ 3 }} vence dia {{2}}. {{1}}!", html=None) == (
        "1", "2", "3",
    )  # fmt: skip
    assert check(assunto=None, texto=" ".join(f"{{{{{n}}}}}" for n in range(12, 0, -1)), html=None)[-3:] == (
        "10", "11", "12",
    )  # fmt: skip
    assert render("Olá {{1}}: {{2}}", {"1": "Ana", "2": "{{1}}"}) == "Olá Ana: {{1}}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{1}} {{nome}}", "variaveis_misturadas"),
        ("{{2}}", "variaveis_com_falhas"),
        ("{{1}} {{3}}", "variaveis_com_falhas"),
    ],
)
def test_numbers_with_gaps_or_among_names_are_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        check(assunto=None, texto=text, html=None)
    assert (refused.value.code, refused.value.errors[0].pointer) == (code, "/texto")


@pytest.mark.parametrize(
    "value", ["", " ", "\n\t\r\n", "\u00a0", "\u200b", "\u2800\u3164", "\x00\x1f", "\ufeff \u00ad"]
)
def test_parameter_of_which_nothing_is_left_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        parameters("{{a}} {{nome}}", {"a": value, "nome": "Zé"})
    assert refused.value.code == "valor_vazio"
    assert [each.pointer for each in refused.value.errors] == ["/payload/variaveis/a"]


def test_blank_value_of_an_email_is_shown_as_it_is() -> None:
    assert render("a{{a}}b", {"a": " \u200b"}) == "a \u200bb"


@pytest.mark.parametrize("value", ["0", ".", " -", "\u200b0", "😀", "\n\tOtto\n", 0, False])
def test_parameter_with_anything_to_see_is_accepted(value: Scalar) -> None:
    assert len(parameters("{{nome}}", {"nome": value})) == 1


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
        render_message(TemplateWords(Canal.EMAIL, "{{a}}", "{{b}}", "{{c}}{{b}}"), {"b": "x"})
    assert missing.value.names == ("a", "c")


def test_subject_text_and_html_are_each_rendered_in_their_own_way() -> None:
    values = {"nome": "Zé & <Filhos>\r\nLtda"}
    words = TemplateWords(Canal.EMAIL, "Olá {{nome}}", "{{nome}}", "<b>{{nome}}</b>", ("nome",))
    assert render_message(words, values) == RenderedMessage(
        assunto="Olá Zé & <Filhos> Ltda",
        texto="Zé & <Filhos>\r\nLtda",
        html="<b>Zé &amp; &lt;Filhos&gt;\r\nLtda</b>",
        parametros=(("nome", "Zé & <Filhos>\r\nLtda"),),
    )


def test_whatsapp_message_has_neither_subject_nor_html() -> None:
    assert render_message(TemplateWords(Canal.WHATSAPP, None, "Olá"), {}) == RenderedMessage(None, "Olá", None, ())


def test_each_distinct_expression_is_one_parameter_in_the_order_of_its_first_appearance() -> None:
    text = "{{nome}} deve {{valor|moeda}} até {{vence|data}}, {{vence|dia_da_semana}}. {{ nome }}! {{nome|titulo}}"
    values: dict[str, Scalar] = {"nome": "MARIA\tSOUZA", "valor": 1234.5, "vence": "2026-12-05"}
    assert parameters(text, values) == [
        ("nome", "MARIA SOUZA"),
        ("valor", "R$ 1.234,50"),
        ("vence", "05/12/2026"),
        ("vence_2", "sábado"),
        ("nome_2", "Maria Souza"),
    ]


def test_given_order_of_the_variables_keeps_the_expressions_of_a_variable_together() -> None:
    text = "{{nome}} {{valor|moeda}} {{nome|titulo}}"
    assert parameters(text, {"nome": "ZÉ", "valor": 1}, ordem=("valor", "nome")) == [
        ("valor", "R$ 1,00"),
        ("nome", "ZÉ"),
        ("nome_2", "Zé"),
    ]
    assert parameters("{{1}} {{3}} {{2}}", {"1": "a", "2": "b", "3": "c"}) == [("1", "a"), ("2", "b"), ("3", "c")]


def test_key_of_a_parameter_is_never_that_of_another_variable() -> None:
    values = {"nome": "ZÉ", "nome_2": "ana"}
    assert parameters("{{nome}} {{nome|titulo}} {{nome_2}}", values) == [
        ("nome", "ZÉ"),
        ("nome_3", "Zé"),
        ("nome_2", "ana"),
    ]


def test_first_name_is_the_first_word_of_the_name_unless_it_is_given() -> None:
    assert render("{{primeiro_nome}}", {"nome": "\u200b MARIA SOUZA"}) == "MARIA"
    assert render("{{primeiro_nome|titulo}}", {"nome": "MARIA SOUZA", "primeiro_nome": "MARI"}) == "Mari"
    assert render("{{primeiro_nome}}", {"nome": 7}) == "7"


@pytest.mark.parametrize("value", [None, "", " \n", "\u200b"])
def test_default_stands_for_a_value_that_is_missing_or_blank(value: str | None) -> None:
    values = {} if value is None else {"nome": value}
    assert render('Olá, {{nome|titulo|padrao:"cliente"}}!', values) == "Olá, cliente!"
    assert render("Olá{{nome|padrao:“”}}!", values) == "Olá!"
    with pytest.raises(MissingVariable):
        render("{{nome|moeda}}", values)


def test_value_that_its_format_cannot_read_is_refused_whatever_the_default() -> None:
    with pytest.raises(Invalid) as refused:
        render('{{a|moeda}} {{b|data|padrao:"logo"}} {{c|hora}}', {"a": "a combinar", "b": "2026-02-30", "c": True})
    assert refused.value.code == "valor_fora_do_formato"
    assert [each.pointer for each in refused.value.errors] == [f"/payload/variaveis/{name}" for name in "abc"]


def test_campo_by_its_whole_name_is_the_same_variable() -> None:
    assert check(assunto=None, texto="{{campos.cidade}} {{cidade}}", html=None) == ("cidade",)
    assert parameters("{{ campos.cidade }} {{cidade}}", {"cidade": "Salvador"}) == [("cidade", "Salvador")]


def test_default_is_escaped_in_html() -> None:
    assert render_html('<b>{{nome|padrao:"<i>"}}</b>', {}) == "<b>&lt;i&gt;</b>"


def test_version_of_before_shows_a_date_as_the_text_that_it_is() -> None:
    values: dict[str, Scalar] = {"vence": "2026-12-05", "pago": True}
    old = TemplateWords(Canal.EMAIL, None, "{{vence}} {{pago}}", regras=OLD_RULES)
    assert render_message(old, values).texto == "2026-12-05 sim"
    assert render("{{vence}} {{pago}}", values) == "05/12/2026 sim"


def test_whatsapp_template_keeps_the_rules_of_meta() -> None:
    check_for_whatsapp("x" * 1_024)
    check_for_whatsapp('{{nome|padrao:"cliente"}} {{nome}}')
    for text, code in (("x" * 1_025, "template_longo"), ('{{nome|padrao:" "}}', "padrao_em_branco")):
        with pytest.raises(InvalidTemplate) as refused:
            check_for_whatsapp(text)
        assert refused.value.code == code


def test_template_that_leaves_no_room_for_its_values_is_refused() -> None:
    with pytest.raises(InvalidTemplate, match="template_longo"):
        check(assunto=None, texto="x", html="{{a}}" * 20_000)


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
