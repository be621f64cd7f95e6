"""Calendar files over HTTP: their addresses, their headers, and what a client that has one already gets."""

from __future__ import annotations

from uuid import UUID

import icalendar
import pytest

from chalicelib.adapters.database import Database
from chalicelib.identity import OPERATOR
from tests.builders import TENANT, a_lead, an_agendamento, run
from tests.integration.conftest import ContractClient

UNKNOWN = UUID(int=5)


@pytest.fixture
def agendamento_id(owner: Database) -> UUID:
    return an_agendamento(owner, a_lead(owner))


@pytest.mark.straight_path
def test_file_of_an_agendamento_stands_beside_its_json(api: ContractClient, agendamento_id: UUID) -> None:
    token = api.token(TENANT)
    status, text, headers = api.read(f"/agendamentos/{agendamento_id}.ics", token=token)
    assert status == 200
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert event["UID"] == f"{agendamento_id}@agendamentos.disparo-agenda"
    # Nobody is named whom the lead could answer to, so the file only informs.
    assert headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert headers["Content-Disposition"] == 'attachment; filename="agendamento.ics"'
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("private, no-cache", "nosniff")
    status, document, _ = api.ask("GET", f"/agendamentos/{agendamento_id}", token=token)
    assert (status, document["agendamento_id"]) == (200, str(agendamento_id))


def test_file_is_for_the_tenant_of_the_token_alone(api: ContractClient, agendamento_id: UUID) -> None:
    path = f"/agendamentos/{agendamento_id}.ics"
    for token, expected in ((api.token("outra"), (404, "nao_encontrado")), (None, (401, "nao_autenticado"))):
        status, problem, headers = api.ask("GET", path, token=token)
        assert (status, problem["code"]) == expected
        assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", [f"{UNKNOWN}.ics", "x.ics", ".ics", f"{UNKNOWN}.ICS"])
def test_file_that_does_not_exist_is_a_404(api: ContractClient, name: str) -> None:
    status, problem, _ = api.ask("GET", f"/agendamentos/{name}", token=api.token(TENANT))
    assert (status, problem["code"]) == (404, "nao_encontrado")


def test_file_takes_no_query(api: ContractClient, agendamento_id: UUID) -> None:
    status, _, _ = api.ask("GET", f"/agendamentos/{agendamento_id}.ics?x=1", token=api.token(TENANT))
    assert status == 422


def test_client_that_has_the_file_gets_it_again_only_when_it_changed(
    api: ContractClient, owner: Database, agendamento_id: UUID
) -> None:
    path, token = f"/agendamentos/{agendamento_id}.ics", api.token(TENANT)
    _, _, headers = api.read(path, token=token)
    tag = headers["ETag"]
    for known in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        status, text, headers = api.read(path, token=token, If_None_Match=known)
        assert (status, text, headers["ETag"]) == (304, "", tag)
    assert api.read(path, token=token, If_None_Match='"x"')[0] == 200
    run(owner, "UPDATE agendamentos SET versao = versao + 1, atualizado_em = now()")
    status, _, headers = api.read(path, token=token, If_None_Match=tag)
    assert status == 200
    assert headers["ETag"] != tag


def test_feed_needs_no_token_and_its_address_ends_with_ics(
    api: ContractClient, owner: Database, agendamento_id: UUID
) -> None:
    run(owner, "UPDATE agendamentos SET data_agendada = now(), ocupado_de = now(), versao = 1, status = 'pendente', "
        "ocupado_ate = now() + interval '1 hour'")  # fmt: skip
    status, made, _ = api.ask(
        "POST", "/agendas", token=api.token(TENANT, OPERATOR), body=b'{"responsavel":"Ana"}',
        Content_Type="application/json",
    )  # fmt: skip
    assert status == 201
    assert made["url"].startswith("/agenda/")
    status, text, headers = api.read(made["url"])
    assert (status, text.count("BEGIN:VEVENT")) == (200, 1)
    assert headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    # A calendar program may add what it likes.
    assert api.read(f"{made['url']}?nocache=1")[0] == 200
    assert api.read(made["url"], If_None_Match=headers["ETag"])[0] == 304
    without = made["url"].removesuffix(".ics")
    for path in (
        without,
        f"{without}x.ics",
        "/agenda/.ics",
        "/agenda/YWNtZQ.ics",
        "/agenda/a.ics",
        "/agenda/%C3%A9.ics",
    ):
        status, problem, headers = api.ask("GET", path)
        assert (status, problem["code"], headers["Content-Type"]) == (
            404, "nao_encontrado", "application/problem+json",
        )  # fmt: skip
