"""Every code of dispatch has a sentence in both languages, and no code of a provider lacks one altogether."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import messages
from chalicelib.adapters import calls
from chalicelib.dispatch.requests.reasons import sentence

DISPATCH = Path(__file__).parents[2] / "chalicelib" / "dispatch"

# Where a code stands among the arguments of what raises or returns it.
_PLACES = {
    "Conflict": 0, "NotFound": 0, "Invalid": 0, "InvalidTemplate": 0, "PydanticCustomError": 0, "FieldError": 1,
    "BadTemplate": 1, "Transient": 0, "Permanent": 0, "Unknown": 0, "ChannelDown": 0, "ClosedSender": 0, "_invalid": 0,
}  # fmt: skip
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")


def raised_codes() -> set[str]:
    found: set[str] = set()
    for path in DISPATCH.rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        found |= {code for node in ast.walk(module) if isinstance(node, ast.Call) for code in _said_by(node)}
        found |= {code for node in module.body if isinstance(node, ast.Assign) for code in _named_by(node)}
    return found


def _said_by(call: ast.Call) -> Iterator[str]:
    if isinstance(call.func, ast.Name) and (place := _PLACES.get(call.func.id)) is not None:
        yield from (each.value for each in call.args[place : place + 1] if isinstance(each, ast.Constant))


def _named_by(assignment: ast.Assign) -> Iterator[str]:
    """A public constant of a module that has the form of a code is one."""
    match assignment:
        case ast.Assign(targets=[ast.Name(name)], value=ast.Constant(str(value))) if not name.startswith("_"):
            yield from _CODE.findall(value) if _CODE.fullmatch(value) else ()


def transport_codes() -> set[str]:
    values = vars(calls).items()
    return {value for name, value in values if name.isupper() and isinstance(value, str)}


def profile_codes() -> set[str]:
    """Those that our own profiles give to what they read; a provider's own are the provider's."""
    profiles = [
        json.loads(path.read_text(encoding="utf-8")) for path in (DISPATCH / "channels" / "profiles").glob("*.json")
    ]
    return {each["codigo"] for profile in profiles for each in profile["resultado"]["codigo"] if "codigo" in each}


CODES = raised_codes() | transport_codes() | profile_codes()


def test_codes_are_found_where_they_are_raised() -> None:
    known = {
        "disparo_nao_cancelavel", "template_vazio", "canal_invalido", "perfil_desconhecido", "marcador_desconhecido",
        "tentativas_esgotadas", "canal_nao_configurado", "contato_desconhecido", "url_invalida", "sem_conexao",
        "sem_whatsapp", "erro_sem_codigo", "erro_interno",
    }  # fmt: skip
    assert known - CODES == set()


@pytest.mark.parametrize("code", sorted(CODES))
def test_code_has_a_sentence_in_both_languages(code: str) -> None:
    portuguese, english = messages.CATALOGUE[code]
    assert portuguese
    assert english
    holes = [set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", words)) for words in (portuguese, english)]
    assert holes[0] == holes[1]


def test_error_of_our_own_is_said_in_words() -> None:
    assert sentence("envio_desligado", None) == "O envio está desligado: nada saiu."


def test_error_of_a_provider_is_named_by_its_code() -> None:
    assert sentence("131026", "131026") == "Código do provedor: 131026."


def test_exhaustion_is_said_with_what_the_last_attempt_came_to() -> None:
    assert sentence("tentativas_esgotadas", "sem_conexao") == (
        "Todas as tentativas falharam. Não houve conexão com o provedor."
    )


def test_what_has_not_failed_has_no_sentence() -> None:
    assert sentence(None, "131016") is None


@given(st.text(max_size=64) | st.sampled_from(sorted(messages.CATALOGUE)), st.none() | st.text(max_size=64))
def test_no_code_is_beyond_words(codigo: str, ultimo_codigo: str | None) -> None:
    assert sentence(codigo, ultimo_codigo)
