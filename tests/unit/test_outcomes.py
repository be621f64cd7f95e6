"""The outcomes of an attempt, and the key under which a message is repeated."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Permanent, Sent, Transient


def test_outcomes_are_immutable_values() -> None:
    sent: Outcome = Sent("id")
    assert sent == Sent("id")
    field = "message_id"
    with pytest.raises(FrozenInstanceError):
        setattr(sent, field, "other")
    assert Transient("x") == Transient("x", None, None)
    assert Permanent("x") == Permanent("x", suppresses=False, tries_alternative=False)


def test_idempotency_key_changes_only_after_a_failed_delivery() -> None:
    message = OutgoingMessage("d-1", 1, "+5571999990001", "Olá")
    assert message.idempotency_key == replace(message, tentativa=2).idempotency_key == "d-1"
    assert replace(message, entregas_falhas=1).idempotency_key == "d-1-1"
