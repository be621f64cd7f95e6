"""Sessions that were ended: tokens from before count no more, and nobody else's are touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.sessions import Sessions
from chalicelib.errors import Unauthenticated
from chalicelib.wiring import Services
from tests.builders import TENANT, ask
from tests.conftest import StoppedClock


@pytest.fixture
def sessions(services: Services, clock: StoppedClock) -> Sessions:
    return Sessions(database=services.database, clock=clock)


def end(services: Services, sessions: Sessions, subject: str = "ana", tenant_id: str = TENANT) -> None:
    with services.database.transaction(tenant_id) as rows:
        sessions.end(rows, subject)


def counts(sessions: Sessions, issued_at: float, subject: str = "ana", tenant_id: str = TENANT) -> bool:
    """Whether a token that Cognito issued at this second counts."""
    claims: dict[str, Any] = {"custom:tenant_id": tenant_id, "sub": subject, "iat": int(issued_at)}
    try:
        return sessions.check(claims) is claims
    except Unauthenticated as error:
        return error.code != "nao_autenticado"


def test_tokens_from_before_and_of_the_same_second_count_no_more(
    services: Services, sessions: Sessions, clock: StoppedClock
) -> None:
    clock.advance(milliseconds=400)
    now = clock().timestamp()
    assert counts(sessions, now)
    end(services, sessions)
    assert [counts(sessions, now + seconds) for seconds in (-3_600, -1, 0, 1)] == [False, False, False, True]


def test_sessions_of_others_go_on(services: Services, sessions: Sessions, clock: StoppedClock) -> None:
    end(services, sessions)
    assert counts(sessions, clock().timestamp(), subject="rui")
    assert counts(sessions, clock().timestamp(), tenant_id="outra")


def test_end_that_is_noted_late_takes_no_later_one_back(
    services: Services, sessions: Sessions, clock: StoppedClock
) -> None:
    end(services, sessions)
    latest = clock()
    clock.now -= timedelta(minutes=5)
    end(services, sessions)
    assert ask(services.owner_database, "SELECT antes_de FROM sessoes_encerradas") == [[latest]]


def test_token_without_a_tenant_is_refused(sessions: Sessions) -> None:
    with pytest.raises(Unauthenticated):
        sessions.check({"sub": "ana", "iat": 1})
