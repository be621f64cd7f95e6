"""A disparo whose contact is at fault goes on with the lead's next contact (`worker.claims`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.adapters.database import Database
from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Permanent, Sent, Transient, Unknown
from tests.builders import a_disparo, a_lead, ask, literal, run
from tests.sending_stage import SendingStage, opted_out

NUMBERS = ["+5571999990001", "+5571999990002", "+5571999990003"]


def unreachable(*numbers: str) -> Callable[[OutgoingMessage], Outcome]:
    """Return what a provider answers for which these numbers do not exist."""
    return lambda each: Permanent("131026", tries_alternative=True) if each.destino in numbers else Sent("wamid")


def attempted_contacts(owner: Database) -> list[list[Any]]:
    """Return the destination and status of every disparo."""
    return ask(owner, "SELECT destino, status FROM disparos ORDER BY destino")


def test_next_contact_is_tried_after_a_failure_and_none_after_a_success(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable(NUMBERS[0])
    lead_id = a_lead(owner, telefones=NUMBERS, status="em_disparo")
    first = a_disparo(owner, lead_id, usar_alternativos=True, max_tentativas=5, ignorar_janela=True)
    stage.run(first)
    assert ask(owner, "SELECT status FROM leads") == [["em_disparo"]]
    assert stage.deliver() == 1
    assert stage.deliver() == 0
    assert attempted_contacts(owner) == [[NUMBERS[0], "erro"], [NUMBERS[1], "enviado"]]
    (second,) = ask(
        owner,
        "SELECT alternativa_de, max_tentativas, ignorar_janela, usar_alternativos,"
        f" contato_id = contato_id(lead_id, destino) FROM disparos WHERE destino = {literal(NUMBERS[1])}",
    )
    assert second == [first, 5, True, True, True]
    assert stage.sent == NUMBERS[:2]


def test_lead_is_given_up_when_its_last_contact_failed_and_none_is_tried_twice(
    stage: SendingStage, owner: Database
) -> None:
    stage.answers = unreachable(*NUMBERS)
    lead_id = a_lead(owner, telefones=NUMBERS, status="em_disparo")
    stage.run(a_disparo(owner, lead_id, usar_alternativos=True, destino=NUMBERS[1]))
    while stage.deliver():
        pass
    assert stage.sent == [NUMBERS[1], NUMBERS[0], NUMBERS[2]]
    assert ask(owner, "SELECT status FROM leads") == [["sem_sucesso"]]


def test_invalid_or_opted_out_contact_is_skipped(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable(NUMBERS[0])
    numbers = [*NUMBERS, "+5571999990004"]
    lead_id = a_lead(owner, telefones=numbers)
    run(owner, f"UPDATE lead_telefones SET valido_para_disparo = false WHERE telefone = {literal(numbers[1])}")
    opted_out(owner, numbers[2])
    stage.run(a_disparo(owner, lead_id, usar_alternativos=True))
    stage.deliver()
    assert stage.sent == [numbers[0], numbers[3]]


@pytest.mark.parametrize(
    "outcome",
    [Permanent("132000"), Permanent("131050", suppresses=True), Unknown("tempo_esgotado"), Transient("131016")],
)
def test_failure_that_is_not_about_the_contact_makes_no_alternative(
    stage: SendingStage, owner: Database, outcome: Outcome
) -> None:
    stage.answers = lambda _: outcome
    stage.run(a_disparo(owner, a_lead(owner, telefones=NUMBERS), usar_alternativos=True, tentativas=2))
    assert len(attempted_contacts(owner)) == 1


def test_disparo_that_fails_again_makes_no_second_alternative(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable(*NUMBERS)
    first = a_disparo(owner, a_lead(owner, telefones=NUMBERS), usar_alternativos=True)
    stage.run(first)
    run(
        owner,
        "UPDATE disparos SET status = 'pendente', erro_codigo = NULL, tentativas = 0"
        f" WHERE disparo_id = {literal(first)}",
    )
    stage.run(first)
    assert len(attempted_contacts(owner)) == 2


def test_alternative_of_an_email_is_the_next_address(stage: SendingStage, owner: Database) -> None:
    stage.answers = unreachable("a@example.com")
    lead_id = a_lead(owner, emails=["a@example.com", "b@example.com"])
    stage.run(
        a_disparo(owner, lead_id, usar_alternativos=True, canal="email", template="oi-email", destino="a@example.com")
    )
    stage.deliver()
    assert [each.destino for each in stage.email.sent] == ["a@example.com", "b@example.com"]
