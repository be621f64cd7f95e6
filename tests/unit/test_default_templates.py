"""The words that ship with the product are complete, and could be put by a person."""

from __future__ import annotations

import json

import pytest

from chalicelib.canal import Canal
from chalicelib.dispatch.rules.default_templates import DEFAULT_TEMPLATES, default_name
from chalicelib.dispatch.rules.formats import Scalar
from chalicelib.dispatch.rules.rendering import NEW_RULES, check, check_for_whatsapp, render_message, words_of

MEETING: dict[str, Scalar] = {
    "data": "2026-12-02", "hora": "14:00", "onde": "por vídeo", "responsavel": "Ana", "duracao": 60,
}  # fmt: skip


def test_every_message_to_a_lead_has_words_for_both_channels() -> None:
    names = {"agenda_convite", "agenda_lembrete", "agenda_mudou", "agenda_cancelado"}
    assert set(DEFAULT_TEMPLATES) == {
        *(default_name(name, canal) for name in names for canal in Canal),
        "agenda_responsavel_email",
    }


@pytest.mark.parametrize("name", DEFAULT_TEMPLATES)
def test_default_words_need_nothing_that_a_lead_may_lack(name: str) -> None:
    version = DEFAULT_TEMPLATES[name]
    assert json.loads(json.dumps(version)) == version
    assert check(assunto=version["assunto"], texto=version["texto"], html=None) == tuple(version["variaveis"])
    if version["canal"] == Canal.WHATSAPP:
        check_for_whatsapp(version["texto"])
    rendered = render_message(words_of({**version, "regras": NEW_RULES}), MEETING)
    assert "02/12/2026" in rendered.texto
    assert "14:00" in rendered.texto
