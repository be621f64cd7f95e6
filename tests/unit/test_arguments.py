"""Argument templates: what they build from a message, and where a wrong one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels import a_channel, a_document, a_message, errors_in


@pytest.mark.parametrize(
    ("template", "built"),
    [
        ("{{destino}}", "+5571999999999"),
        ("{{ destino.digitos }}", "5571999999999"),
        ("{{tentativa}}", 1),
        ("nº {{tentativa}} de {{disparo_id}}", "nº 1 de 0192"),
        ("assunto: {{assunto}}.", "assunto: ."),
        ("{{variaveis}}", ["Zé", "R$ 10"]),
        ("{{variaveis.por_nome}}", {"nome": "Zé", "valor": "R$ 10"}),
        ("{{variaveis.numeradas}}", {"1": "Zé", "2": "R$ 10"}),
        (["a", "{{html}}", 1, True, None, 1.5], ["a", 1, True, None, 1.5]),
        ({"a": {"b": "{{html}}", "c": "{{texto}}"}}, {"a": {"c": "Olá, Zé"}}),
        ({"$se": "{{html}}", "entao": 1, "senao": 2}, 2),
        ({"$se": "{{cabecalhos}}", "entao": 1, "senao": 2}, 2),
        ({"$se": "{{variaveis}}", "entao": {"v": "{{variaveis}}"}}, {"v": ["Zé", "R$ 10"]}),
        ({"$para_cada": "{{variaveis}}", "item": ["<{{item}}>"]}, [["<Zé>"], ["<R$ 10>"]]),
        ({"$json": {"a": ["{{texto}}"]}}, '{"a": ["Olá, Zé"]}'),
        ({"$json": ["{{html}}"]}, "[]"),
        ("{ {x} }", "{ {x} }"),
    ],
)
def test_argument_template_is_filled_in(template: object, built: object) -> None:
    assert a_channel(arguments={"x": template}).arguments_for(a_message()) == {"x": built}


@pytest.mark.parametrize("template", ["{{html}}", {"$se": "{{html}}", "entao": 1}, {"$json": "{{html}}"}])
def test_absent_argument_is_left_out(template: object) -> None:
    assert a_channel(arguments={"x": template}).arguments_for(a_message()) == {}


@pytest.mark.parametrize(
    ("template", "pointer", "code"),
    [
        ("{{telefone}}", "/x", "marcador_desconhecido"),
        ("{{}}", "/x", "marcador_desconhecido"),
        ("{{item}}", "/x", "marcador_desconhecido"),
        ("{{destino", "/x", "chaves_desequilibradas"),
        ("destino}} {{texto}}", "/x", "chaves_desequilibradas"),
        ("valores: {{variaveis}}", "/x", "marcador_nao_e_texto"),
        ([{"a/b": "{{nada}}"}], "/x/0/a~1b", "marcador_desconhecido"),
        ({"$repita": "{{variaveis}}"}, "/x", "forma_desconhecida"),
        ({"$se": "{{html}}"}, "/x", "forma_desconhecida"),
        ({"$se": "{{html}}", "entao": 1, "outro": 2}, "/x", "forma_desconhecida"),
        ({"$json": 1, "a": 2}, "/x", "forma_desconhecida"),
        ({"$para_cada": "{{variaveis}}", "item": 1, "a": 2}, "/x", "forma_desconhecida"),
        ({"$para_cada": "{{texto}}", "item": 1}, "/x/$para_cada", "marcador_nao_e_lista"),
        ({"$para_cada": "variaveis", "item": 1}, "/x/$para_cada", "marcador_nao_e_lista"),
        (
            {"$para_cada": "{{variaveis}}", "item": {"$para_cada": "{{variaveis}}", "item": 1}},
            "/x/item",
            "forma_desconhecida",
        ),
        ({"$se": "{{nada}}", "entao": 1}, "/x/$se", "marcador_desconhecido"),
        ({"$se": "{{html}}", "entao": "{{nada}}"}, "/x/entao", "marcador_desconhecido"),
        ({"$se": "{{html}}", "entao": 1, "senao": ["{{nada}}"]}, "/x/senao/0", "marcador_desconhecido"),
        ({"$json": {"a": "{{nada}}"}}, "/x/$json/a", "marcador_desconhecido"),
    ],
)
def test_invalid_argument_template_is_refused_with_its_pointer(template: object, pointer: str, code: str) -> None:
    assert errors_in(a_document(arguments={"x": template})) == [(f"/arguments{pointer}", code)]


def test_arguments_nested_too_deep_are_refused() -> None:
    template: object = "x"
    for _ in range(500):
        template = [template]
    assert [code for _, code in errors_in(a_document(arguments={"x": template}))] == ["argumentos_profundos"]


@given(st.text(max_size=50), st.text(max_size=50))
def test_placeholders_inside_values_are_not_expanded(texto: str, nome: str) -> None:
    channel = a_channel(arguments={"t": "{{texto}}", "l": "{{variaveis}}", "m": "<{{texto}}>"})
    message = a_message(texto=texto + "{{destino}}", variaveis=(("nome", nome + "{{texto}}"),))
    assert channel.arguments_for(message) == {
        "t": texto + "{{destino}}",
        "l": [nome + "{{texto}}"],
        "m": f"<{texto}{{{{destino}}}}>",
    }


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(alphabet=st.characters(exclude_characters="{}"), max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(alphabet=st.characters(exclude_characters="$"), max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_json_without_placeholders_is_passed_on_unchanged(value: object) -> None:
    assert a_channel(arguments={"x": value}).arguments_for(a_message()) == {"x": value}
