"""The readable form of an export: every value as a person reads it, and no value that changes the document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.readable import document_of

AT = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)
_PARTS = (
    "telefones", "emails", "disparos", "passos", "respostas", "agendamentos", "horarios", "eventos", "notas",
    "mesclas", "exclusoes", "supressao",
)  # fmt: skip
_OTHERS = ("respostas_sem_lead", "supressoes", "consentimentos", "usuarios", "linhas_recusadas")


def known(*leads: dict[str, Any], **others: Any) -> dict[str, Any]:
    """What is known, with empty parts."""
    empty: dict[str, Any] = {name: [] for name in _PARTS}
    nothing: dict[str, Any] = {name: [] for name in _OTHERS}
    return {"leads": [{**empty, **each} for each in leads], "incompletos": [], **nothing, **others}


def test_values_are_written_as_people_read_them() -> None:
    lead = {
        "nome": "Ana", "vazio": None, "tags": ["vip", "sul"], "campos": {"valor": 10.5, "ativo": True, "pago": False},
        "criado_em": AT, "telefones": [{"telefone": "+5571999990001", "principal": True}],
    }  # fmt: skip
    text = document_of(known(lead), "pt-BR", AT)
    assert text.splitlines()[0] == "# Seus dados pessoais"
    assert "- **nome**: Ana" in text
    assert "- **tags**: vip, sul" in text
    assert "- **campos**: valor: 10.5; ativo: sim; pago: não" in text
    assert "- **criado_em**: 30/11/2026 14:05 UTC" in text
    assert "### Telefones\n\n- **telefone**: +5571999990001\n- **principal**: sim" in text
    assert "vazio" not in text


def test_headings_are_in_the_language_of_the_tenant() -> None:
    text = document_of(known({"nome": "Ana"}, supressoes=[{"contato": "x"}], incompletos=["disparos"]), "en", AT)
    assert text.startswith("# Your personal data\n")
    assert "## Record 1" in text
    assert "## No more messages" in text
    assert "There is more data than fits here in these parts: disparos." in text


@given(st.text())
def test_no_value_makes_a_heading_a_link_or_a_line_of_its_own(value: str) -> None:
    text = document_of(known({"nome": f"Ana{value}"}), "pt-BR", AT)
    [line] = [each for each in text.split("\n") if each.startswith("- **nome**")]
    assert line.startswith("- **nome**: Ana")
    assert sum(each.startswith("#") for each in text.split("\n")) == 2
