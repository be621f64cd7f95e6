"""Which moves of a lead are allowed, pair by pair, and what facts do to it (SPEC §4)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from chalicelib.leads.states import CLOSED, MOVES, LeadFact, LeadStatus, may_move, move_of

# All moves of SPEC §4.
ALLOWED = {
    ("novo", "em_disparo"),
    ("novo", "agendado"),
    ("em_disparo", "contato_efetuado"),
    ("em_disparo", "sem_sucesso"),
    ("agendado", "contato_efetuado"),
    ("agendado", "sem_sucesso"),
    ("contato_efetuado", "concluido"),
    ("contato_efetuado", "agendado"),
    ("sem_sucesso", "descartado"),
    ("sem_sucesso", "em_disparo"),
}
# Where a lead returns to when its only agendamento is cancelled.
RETURNS = {("agendado", "novo"), ("agendado", "contato_efetuado")}


@pytest.mark.parametrize(("origin", "destination"), list(product(LeadStatus, LeadStatus)))
def test_person_makes_the_moves_of_the_specification_and_no_others(origin: LeadStatus, destination: LeadStatus) -> None:
    assert may_move(origin, destination) == ((origin.value, destination.value) in ALLOWED)


def test_drawing_shows_what_the_code_allows() -> None:
    text = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
    drawing = text.partition("\n## Lead\n")[2].partition("```mermaid")[2].partition("```")[0]
    assert set(re.findall(r"^ +(\w+) --> (\w+)", drawing, re.MULTILINE)) == ALLOWED | RETURNS


def test_every_status_lists_its_moves() -> None:
    assert set(MOVES) == set(LeadStatus)


def test_status_without_a_way_out_is_closed() -> None:
    assert {status.value for status in CLOSED} == {"concluido", "descartado"}


@pytest.mark.parametrize(
    ("fact", "origins", "destination"),
    [
        (LeadFact.DISPARO_CRIADO, ["novo", "sem_sucesso"], "em_disparo"),
        (LeadFact.DISPARO_CONFIRMADO, ["agendado", "em_disparo"], "contato_efetuado"),
        (LeadFact.DISPARO_ESGOTADO, ["em_disparo"], "sem_sucesso"),
        (LeadFact.AGENDAMENTO_CRIADO, ["contato_efetuado", "novo"], "agendado"),
        (LeadFact.AGENDAMENTO_REALIZADO, ["agendado", "em_disparo"], "contato_efetuado"),
        (LeadFact.AGENDAMENTO_PERDIDO, ["agendado"], "sem_sucesso"),
    ],
)
def test_fact_moves_the_leads_that_it_concerns(fact: LeadFact, origins: list[str], destination: str) -> None:
    assert move_of(fact) == (origins, destination)


@pytest.mark.parametrize("fact", [fact for fact in LeadFact if fact is not LeadFact.AGENDAMENTO_CANCELADO])
def test_fact_makes_only_moves_that_a_person_may_make(fact: LeadFact) -> None:
    origins, destination = move_of(fact)
    assert all(may_move(LeadStatus(origin), LeadStatus(destination)) for origin in origins)
    assert all(type(each) is str for each in [*origins, destination])


def test_cancelled_agendamento_has_no_fixed_destination() -> None:
    with pytest.raises(KeyError):
        move_of(LeadFact.AGENDAMENTO_CANCELADO)


def test_no_open_status_is_a_dead_end() -> None:
    of_facts = {
        origin for fact in LeadFact if fact is not LeadFact.AGENDAMENTO_CANCELADO for origin in move_of(fact)[0]
    }
    assert of_facts == {status.value for status in LeadStatus} - CLOSED


def test_person_can_close_a_lead_from_every_status() -> None:
    closing = set(CLOSED)
    for _ in LeadStatus:
        closing |= {status for status in LeadStatus if MOVES[status] & closing}
    assert closing == set(LeadStatus)
