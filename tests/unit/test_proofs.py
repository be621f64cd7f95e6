"""A decision counts only with the answer of the script to the challenge of its own page, while that is fresh."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.errors import Conflict, DomainError, Forbidden
from chalicelib.scheduling.invitations.proofs import Proofs, answer
from chalicelib.tokens import Signer
from tests.conftest import STARTED_AT

NOW = STARTED_AT
proofs = Proofs(Signer(lambda: ["chave"]))
CHALLENGE = proofs.challenge("link", NOW)


def test_answer_of_the_page_is_taken() -> None:
    proofs.check("link", CHALLENGE, answer(CHALLENGE, "confirmar"), "confirmar", NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("challenge", "proof", "error"),
    [
        (CHALLENGE, "", Forbidden("convite_sem_prova")),
        (CHALLENGE, CHALLENGE, Forbidden("convite_sem_prova")),
        (CHALLENGE, "é", Forbidden("convite_sem_prova")),
        (CHALLENGE, answer(CHALLENGE, "cancelar"), Forbidden("convite_sem_prova")),
        ("", answer("", "confirmar"), Forbidden("convite_sem_prova")),
        (CHALLENGE[:-1], answer(CHALLENGE[:-1], "confirmar"), Forbidden("convite_sem_prova")),
    ],
)
def test_everything_else_is_refused(challenge: str, proof: str, error: DomainError) -> None:
    with pytest.raises(type(error)) as raised:
        proofs.check("link", challenge, proof, "confirmar", NOW)
    assert raised.value.code == error.code


def test_challenge_is_for_one_link() -> None:
    with pytest.raises(Forbidden):
        proofs.check("outro", CHALLENGE, answer(CHALLENGE, "confirmar"), "confirmar", NOW)


@pytest.mark.parametrize("later", [timedelta(hours=2, seconds=1), timedelta(seconds=-1)])
def test_page_that_was_open_for_too_long_has_to_be_opened_again(later: timedelta) -> None:
    with pytest.raises(Conflict) as raised:
        proofs.check("link", CHALLENGE, answer(CHALLENGE, "confirmar"), "confirmar", NOW + later)
    assert raised.value.code == "convite_pagina_antiga"


def test_script_of_the_page_answers_in_the_same_way() -> None:
    """The script joins challenge and button with a full stop, and takes the SHA-256 of that in hexadecimal."""
    script = (Path(__file__).parents[2] / "chalicelib" / "api" / "convite.js").read_text(encoding="utf-8")
    assert "`${page.dataset.desafio}.${what}`" in script
    assert 'crypto.subtle.digest("SHA-256", text)' in script
    assert answer("d", "confirmar") == sha256(b"d.confirmar").hexdigest()
