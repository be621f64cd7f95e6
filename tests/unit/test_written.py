"""What a person writes about a lead is read by the rules of ingestion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campos import CampoType
from chalicelib.errors import Invalid
from chalicelib.leads.edits.written import (
    merged_campos,
    read_email,
    read_external_id,
    read_name,
    read_one_document,
    read_phone,
)
from chalicelib.messages import field_text

TEXTO, NUMERO, MOEDA, PERCENTUAL, DATA, DATA_HORA, HORA, LOGICO = CampoType


def phone(text: str, pointer: str) -> str:
    return read_phone(text, pointer, landlines_valid=False).telefone


def refusal(work: Callable[[], object]) -> tuple[str, str, str]:
    """The only error of a refusal, with its sentence."""
    with pytest.raises(Invalid) as raised:
        work()
    [error] = raised.value.errors
    return error.pointer, error.code, field_text(error, "en", **raised.value.params)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_name, " \u200bMaria ", "Maria"),
        (read_external_id, " 007 ", "007"),
        (read_one_document, "529.982.247-25", "52998224725"),
        (phone, "(71) 99999-0001", "+5571999990001"),
        (read_email, " Ana@Example.COM ", "ana@example.com"),
    ],
)
def test_text_is_stored_in_one_spelling(read: Callable[[str, str], str], text: str, value: str) -> None:
    assert read(text, "/x") == value


@pytest.mark.parametrize(
    ("read", "text", "code", "sentence"),
    [
        (read_name, "-", "nome_vazio", "The name says nothing; null removes it."),
        (read_external_id, "n/a", "id_invalido", "255"),
        (read_external_id, "x" * 256, "id_invalido", "255"),
        (read_one_document, "529.982.247-26", "documento_invalido", "“529.982.247-26”"),
        (read_one_document, "-", "documento_invalido", "“-”"),
        (phone, "123", "telefone_invalido", "“123”"),
        (phone, " ", "telefone_invalido", "phone"),
        (phone, "71 99999-0001; 71 99999-0002", "um_contato_por_vez", "more than one"),
        (phone, "71 99999-0001; abc", "telefone_invalido", "“abc”"),
        (read_email, "ana@gmail.con", "dominio_suspeito", "“gmail.com”"),
        (read_email, "ana", "email_invalido", "“ana”"),
    ],
)
def test_text_that_says_something_else_is_refused(
    read: Callable[[str, str], str], text: str, code: str, sentence: str
) -> None:
    pointer, found, words = refusal(lambda: read(text, "/x"))
    assert (pointer, found) == ("/x", code)
    assert sentence in words


def test_parameters_of_a_refusal_hold_no_personal_data() -> None:
    for read, text in ((read_email, "ana@gmail.con"), (phone, "71 9")):
        with pytest.raises(Invalid) as raised:
            read(text, "/x")
        assert set(raised.value.params.values()) <= {"gmail.com", None}


# Campos


def test_null_removes_a_campo_and_other_values_replace_it() -> None:
    merged, new = merged_campos({"a": 1, "b": "x"}, {"a": None, "b": "y", "c": True, "d": None}, {"b": [TEXTO]})
    assert merged == {"b": "y", "c": True}
    assert new == {"c": LOGICO}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Salvador", TEXTO), (1, NUMERO), (1.5, NUMERO), (True, LOGICO), ("2026-12-05", DATA), ("2026-13-05", TEXTO),
        ("2026-12-05T14:30:00", DATA_HORA), ("14:30:00", HORA), ("05/12/2026", TEXTO),
    ],
)  # fmt: skip
def test_new_campo_has_the_type_that_its_value_shows(value: Any, kind: CampoType) -> None:
    assert merged_campos({}, {"novo": value}, {})[1] == {"novo": kind}


@pytest.mark.parametrize(
    ("kinds", "value", "fits"),
    [
        ([MOEDA], 10, True), ([PERCENTUAL], 0.5, True), ([MOEDA], "10", False), ([MOEDA], True, False),
        ([DATA], "2026-12-05", True), ([DATA], "amanhã", False), ([DATA, TEXTO], "amanhã", True), ([LOGICO], 1, False),
        ([TEXTO], 1, False), ([TEXTO], "2026-12-05", True), ([HORA], "14:30", False),
    ],
)  # fmt: skip
def test_value_has_a_type_of_its_campo(kinds: list[CampoType], value: Any, fits: bool) -> None:
    if fits:
        assert merged_campos({}, {"x": value}, {"x": kinds}) == ({"x": value}, {})
    else:
        pointer, code, words = refusal(lambda: merged_campos({}, {"x": value}, {"x": kinds}))
        assert (pointer, code) == ("/campos/x", "valor_de_outro_tipo")
        assert kinds[0].value in words


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"Cidade": "x"}, "/campos/Cidade", "nome_de_campo_invalido"),
        ({"a/b": "x"}, "/campos/a~1b", "nome_de_campo_invalido"),
        ({"nome": "x"}, "/campos/nome", "nome_de_campo_invalido"),
        ({"x" * 65: "x"}, f"/campos/{'x' * 65}", "nome_de_campo_invalido"),
        ({"x": " \u200b"}, "/campos/x", "campo_vazio"),
        ({"x": "a" * 1_001}, "/campos/x", "valor_de_campo_longo"),
        ({f"c{number}": number for number in range(61)}, "/campos", "campos_do_lead_demais"),
        ({f"c{number}": "á" * 500 for number in range(9)}, "/campos", "campos_do_lead_grandes"),
    ],
)
def test_campos_beyond_their_bounds_are_refused(change: dict[str, Any], pointer: str, code: str) -> None:
    assert refusal(lambda: merged_campos({}, change, {}))[:2] == (pointer, code)


VALUES = st.none() | st.booleans() | st.integers(-999, 999) | st.text("ab -", min_size=1, max_size=5)
NAMES = st.sampled_from(["a", "b", "c"])


@given(st.dictionaries(NAMES, VALUES.filter(lambda value: value is not None)), st.dictionaries(NAMES, VALUES))
def test_change_that_is_made_twice_changes_nothing_the_second_time(old: dict[str, Any], change: dict[str, Any]) -> None:
    try:
        merged, _ = merged_campos(old, change, {})
    except Invalid:
        return
    assert merged_campos(merged, change, {})[0] == merged
    assert merged.keys() == (old.keys() | change.keys()) - {name for name, value in change.items() if value is None}
