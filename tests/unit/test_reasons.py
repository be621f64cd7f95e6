"""Every code of dispatch has a sentence in both languages; the code of a provider is quoted."""

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
# It checks the URLs of channels.
ADDRESSES = DISPATCH.parent / "adapters" / "addresses.py"

# The place of the code among the arguments of a call that raises or returns it.
_PLACES = {
    "Conflict": 0, "NotFound": 0, "Invalid": 0, "InvalidTemplate": 0, "PydanticCustomError": 0, "FieldError": 1,
    "BadTemplate": 1, "Transient": 0, "Permanent": 0, "Unknown": 0, "ChannelDown": 0, "ClosedSender": 0, "_invalid": 0,
}  # fmt: skip
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")


def raised_codes() -> set[str]:
    """The codes that the modules of dispatch pass to such a call, and those that are public constants."""
    found: set[str] = set()
    for path in (*DISPATCH.rglob("*.py"), ADDRESSES):
        module = ast.parse(path.read_text(encoding="utf-8"))
        found |= {code for node in ast.walk(module) if isinstance(node, ast.Call) for code in _passed_by(node)}
        found |= {code for node in module.body if isinstance(node, ast.Assign) for code in _named_by(node)}
    return found


def _passed_by(call: ast.Call) -> Iterator[str]:
    if isinstance(call.func, ast.Name) and (place := _PLACES.get(call.func.id)) is not None:
        for each in call.args[place : place + 1]:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def _named_by(assignment: ast.Assign) -> Iterator[str]:
    """A public constant with the form of a code; `ID_NAME` is none, it is the key of a wake-up's body."""
    match assignment:
        case ast.Assign(targets=[ast.Name(name)], value=ast.Constant(str(value))) if (
            not name.startswith("_") and name != "ID_NAME"
        ):
            yield from _CODE.findall(value) if _CODE.fullmatch(value) else ()


def transport_codes() -> set[str]:
    values = vars(calls).items()
    return {value for name, value in values if name.isupper() and isinstance(value, str)}


def profile_codes() -> set[str]:
    """The codes that our own profiles give to an answer; the codes of a provider are not ours."""
    profiles = [
        json.loads(path.read_text(encoding="utf-8")) for path in (DISPATCH / "channels" / "profiles").glob("*.json")
    ]
    return {each["codigo"] for profile in profiles for each in profile["resultado"]["codigo"] if "codigo" in each}


CODES = raised_codes() | transport_codes() | profile_codes()


def test_known_codes_are_found_in_the_source() -> None:
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
    parameters = [set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", words)) for words in (portuguese, english)]
    assert parameters[0] == parameters[1]


def test_code_of_ours_has_its_sentence() -> None:
    assert sentence("envio_desligado", None) == "O envio está desligado: nada saiu."


def test_code_of_a_provider_is_quoted_with_its_meaning() -> None:
    assert sentence("131026", "131026", messages.ENGLISH) == (
        "Code of the provider: 131026 (undeliverable; most often not on WhatsApp)."
    )


def test_code_that_nobody_knows_is_quoted() -> None:
    assert sentence("999999", None) == "Código do provedor: 999999."


def test_every_code_that_a_channel_classifies_is_explained() -> None:
    folder = DISPATCH / "channels"
    of_profiles = {
        code
        for path in (folder / "profiles").glob("*.json")
        for code in json.loads(path.read_text(encoding="utf-8")).get("codigos", {})
    }
    shared = set(json.loads((folder / "whatsapp_codes.json").read_text(encoding="utf-8")))
    assert (of_profiles | shared) - messages.PROVIDERS.keys() - messages.CATALOGUE.keys() == set()


@pytest.mark.parametrize("code", sorted(messages.PROVIDERS))
def test_meaning_of_a_code_is_said_in_both_languages(code: str) -> None:
    portuguese, english = messages.PROVIDERS[code]
    assert portuguese != english
    assert code not in messages.CATALOGUE


def test_exhausted_attempts_are_shown_with_the_code_of_the_last_one() -> None:
    assert sentence("tentativas_esgotadas", "sem_conexao") == (
        "Todas as tentativas falharam. Não houve conexão com o provedor."
    )


def test_disparo_without_an_error_has_no_sentence() -> None:
    assert sentence(None, "131016") is None


@given(st.text(max_size=64) | st.sampled_from(sorted(messages.CATALOGUE)), st.none() | st.text(max_size=64))
def test_every_code_has_a_sentence(code: str, last_code: str | None) -> None:
    assert sentence(code, last_code)
