"""The demo names every disagreement between the sums of its report."""

from __future__ import annotations

from typing import Any

import pytest

from local.demo import COUNTS, disagreements
from local.demo_campaign import debt_of, filter_for, templates_for

Report = dict[str, Any]
_COUNTERS = {"planejados": 8, "excluidos": 1, "enviados": 5, "falhas": 1, "incertos": 1}


def a_report(**changes: Any) -> Report:
    """Return the report of a run over ten rows, six of them leads, and of a campaign for eight.

    One is left out. One failed by WhatsApp and has got the e-mail, another one has no e-mail.
    """
    first = dict(zip(COUNTS, (10, 6, 1, 1, 2, 7, 5), strict=True))
    again = dict(zip(COUNTS, (10, 0, 0, 8, 2, 0, 0), strict=True))
    left_out = {"motivo": "sem_contato", "quantos": 1}
    return {
        **first,
        "de_novo": again,
        "leads": 6,
        "conferir": {"publico": 8, "excluidos": [left_out]},
        "campanha": {"contadores": _COUNTERS, "motivos": [{"status": "excluido", **left_out}]},
        "resultados": 8,
        "continuados": 1,
        "disparos_por_canal": {"whatsapp": {"enviado": 3, "erro": 2, "incerto": 1}, "email": {"enviado": 2}},
        "whatsapp_recebidos": 3,
        "emails_recebidos": 2,
        **changes,
    }


def test_report_whose_sums_agree_has_no_disagreement() -> None:
    assert list(disagreements(a_report())) == []


def test_message_of_unknown_outcome_may_have_arrived_or_not() -> None:
    assert list(disagreements(a_report(whatsapp_recebidos=4))) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"linhas_rejeitadas": 3}, "The first ingestion read 10 rows but accounts for 11."),
        ({"leads": 5}, "6 leads were created but 5 are there."),
        ({"whatsapp_recebidos": 5}, "3 disparos by whatsapp are sent but 5 arrived."),
        ({"whatsapp_recebidos": 2}, "3 disparos by whatsapp are sent but 2 arrived."),
        ({"emails_recebidos": 3}, "2 disparos by email are sent but 3 arrived."),
        ({"resultados": 7}, "The results list 7 recipients but 8 were planned."),
        ({"continuados": 0}, "1 disparos should be erro by the campaign, but 2 are."),
        (
            {"conferir": {"publico": 9, "excluidos": [{"motivo": "sem_contato", "quantos": 1}]}},
            "The preflight found 9 leads but 8 were planned.",
        ),
        (
            {"conferir": {"publico": 8, "excluidos": []}},
            "The preflight left 0 out for sem_contato but planning 1.",
        ),
        (
            {"de_novo": dict(zip(COUNTS, (10, 1, 0, 7, 2, 0, 0), strict=True))},
            "The same file created 1 leads the second time.",
        ),
        (
            {"de_novo": dict(zip(COUNTS, (10, 0, 0, 7, 2, 0, 0), strict=True))},
            "The second ingestion read 10 rows but accounts for 9.",
        ),
    ],
)
def test_each_disagreement_is_one_sentence(changes: Report, sentence: str) -> None:
    assert list(disagreements(a_report(**changes))) == [sentence]


def test_words_of_the_demo_fit_the_columns_of_the_sheet() -> None:
    campos = [{"campo": "valor_da_divida", "tipo": "moeda"}, {"campo": "vencimento", "tipo": "data"}]
    debt = debt_of(campos)
    assert debt == ("valor_da_divida", "vencimento")
    assert all("{{valor_da_divida|moeda}}" in each["texto"] for each in templates_for(debt).values())
    assert [each["campo"]["nome"] for each in filter_for(debt)["todos"]] == ["vencimento", "valor_da_divida"]
    for lacking in ([], campos[:1], [{"campo": "valor", "tipo": "texto"}, campos[1]]):
        assert debt_of(lacking) is None
    assert all("valor" not in each["texto"] for each in templates_for(None).values())
    assert filter_for(None) == {"todos": []}
