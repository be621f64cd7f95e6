"""Where a lead may go, pair by pair, and what events do to it (SPEC §4)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from chalicelib.leads.states import CLOSED, MOVES, LeadFact, LeadStatus, may_move, move_of

# SPEC §4, word by word.
ALLOWED = {
    ("novo", "em_disparo"),
    ("novo", "agendado"),
    ("em_disparo", "contato_efetuado"),
    ("em_disparo", "sem_sucesso"),
    ("agendado", "contato_efetuado"),
    ("agendado", "sem_sucesso"),
    ("contato_efetuado", "concluido"),
    ("sem_sucesso", "descartado"),
    ("sem_sucesso", "em_disparo"),
}


@pytest.mark.parametrize(("de", "para"), list(product(LeadStatus, LeadStatus)))
def test_a_lead_moves_as_specified_and_in_no_other_way(de: LeadStatus, para: LeadStatus) -> None:
    assert may_move(de, para) == ((de.value, para.value) in ALLOWED)


def test_what_is_drawn_is_what_the_code_allows() -> None:
    text = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
    drawing = text.partition("\n## Lead\n")[2].partition("```mermaid")[2].partition("```")[0]
    assert set(re.findall(r"^ +(\w+) --> (\w+)", drawing, re.MULTILINE)) == ALLOWED


def test_every_status_has_its_moves_said() -> None:
    assert set(MOVES) == set(LeadStatus)


def test_a_closed_lead_is_one_that_goes_nowhere() -> None:
    assert {status.value for status in CLOSED} == {"concluido", "descartado"}


@pytest.mark.parametrize(
    ("fato", "de", "para"),
    [
        (LeadFact.DISPARO_CRIADO, ["novo", "sem_sucesso"], "em_disparo"),
        (LeadFact.DISPARO_CONFIRMADO, ["agendado", "em_disparo"], "contato_efetuado"),
        (LeadFact.DISPARO_ESGOTADO, ["em_disparo"], "sem_sucesso"),
        (LeadFact.AGENDAMENTO_CRIADO, ["novo"], "agendado"),
        (LeadFact.AGENDAMENTO_REALIZADO, ["agendado", "em_disparo"], "contato_efetuado"),
        (LeadFact.AGENDAMENTO_PERDIDO, ["agendado"], "sem_sucesso"),
    ],
)
def test_an_event_moves_the_leads_that_it_concerns(fato: LeadFact, de: list[str], para: str) -> None:
    assert move_of(fato) == (de, para)


@pytest.mark.parametrize("fato", LeadFact)
def test_no_event_moves_a_lead_where_a_person_could_not(fato: LeadFact) -> None:
    origins, para = move_of(fato)
    assert all(may_move(LeadStatus(de), LeadStatus(para)) for de in origins)
    assert all(type(each) is str for each in [*origins, para])
