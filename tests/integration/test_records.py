"""Who asked for a person's data, when, and what was done: a list without a person's data."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.privacy.records import described
from chalicelib.privacy.requests import RequestKind, SubjectRequest, SubjectRequestQuery
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, ask
from tests.conftest import StoppedClock
from tests.personal_data import DOCUMENT, EMAIL, PHONE

ADMINISTRATOR = Identity(TENANT, "sub-da-ana", frozenset({ADMIN}))
pytestmark = pytest.mark.usefixtures("secrets")


def test_requests_are_listed_newest_first_with_what_was_erased(services: Services, clock: StoppedClock) -> None:
    owner = services.owner_database
    a_lead(owner, documento=DOCUMENT, telefones=[PHONE], emails=[EMAIL])
    for _ in range(2):
        services.erasures.erase(ADMINISTRATOR, SubjectRequest(telefones=(PHONE,)))
        clock.advance(**{"seconds": timedelta(hours=1).total_seconds()})
    page = services.subject_records.page(ADMINISTRATOR, SubjectRequestQuery(limit=1))
    [newest] = page["itens"]
    assert (newest["encontrado"], newest["por"], newest["tipo"]) == (False, "sub-da-ana", "apagamento")
    [older] = services.subject_records.page(ADMINISTRATOR, SubjectRequestQuery(cursor=page["proximo"]))["itens"]
    assert older["contagens"] == {"lead_emails": 1, "lead_telefones": 1, "leads": 1}
    assert older["titular_resumos"] == newest["titular_resumos"]
    deep = services.subject_records.page(ADMINISTRATOR, SubjectRequestQuery(tipo=RequestKind.EXPORTACAO, offset=1))
    assert deep["itens"] == []
    for word in (PHONE, DOCUMENT, EMAIL):
        assert ask(owner, f"SELECT 1 FROM titular_pedidos t WHERE CAST(to_jsonb(t) AS text) LIKE '%{word}%'") == []


def test_request_that_nobody_made_is_not_found(owner: Database) -> None:
    with owner.transaction(TENANT) as rows, pytest.raises(NotFound):
        described(rows, uuid4())
