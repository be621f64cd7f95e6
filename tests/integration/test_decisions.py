"""A lead confirms, moves or cancels by the link of an invitation; whoever only opens it changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any, NamedTuple, cast
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.scheduling.booking.requests import Rescheduling
from chalicelib.scheduling.invitations.invitation import InvitationState
from chalicelib.scheduling.invitations.links import LeadLinks
from chalicelib.scheduling.invitations.proofs import answer
from chalicelib.scheduling.invitations.requests import LeadDecision, LeadDecisionKind
from chalicelib.tokens import Signer
from chalicelib.wiring import Services
from local.aws import Aws
from tests.booking import book
from tests.builders import TENANT, a_lead, ask, insert, run
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.integration.conftest import SIGNING_KEY
from tests.integration.test_local_api import Client

# STARTED_AT is a Tuesday at 9:00 in São Paulo; the meeting is on Thursday at 10:00.
MEETING = STARTED_AT + timedelta(days=2, hours=1)
links = LeadLinks(public_url="https://api.example.com", signer=Signer(lambda: [SIGNING_KEY]))
ALL = frozenset(LeadDecisionKind)
Booked = Callable[..., UUID]


@pytest.fixture
def owner(services: Services, aws: Aws) -> Database:
    secret = services._settings.secret("assinatura")
    aws.client("secretsmanager").create_secret(Name=secret, SecretString=json.dumps({"chave": SIGNING_KEY}))
    return services.owner_database


@pytest.fixture
def booked(services: Services, owner: Database) -> Booked:
    """Books a meeting with a lead in São Paulo."""

    def made(at: datetime = MEETING, telefone: str = "+5511999990001", **changes: Any) -> UUID:
        agendamento_id: UUID = book(services, a_lead(owner, telefones=[telefone]), at, **changes)["agendamento_id"]
        return agendamento_id

    return made


def token_of(agendamento_id: UUID, versao: int = 0) -> str:
    return links.token(TENANT, agendamento_id, versao)


def decide(services: Services, token: str, acao: str, at: datetime | None = None) -> dict[str, Any]:
    """Press a button of the page as its script does."""
    challenge = services.lead_decisions.look(token).challenge
    decision = LeadDecision(
        acao=LeadDecisionKind(acao), desafio=challenge, prova=answer(challenge, acao), data_agendada=at
    )
    return services.lead_decisions.decide(token, decision)


def stands(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT status, data_agendada, versao FROM agendamentos ORDER BY agendamento_id")


@pytest.mark.straight_path
def test_lead_confirms(services: Services, owner: Database, booked: Booked) -> None:
    token = token_of(booked())
    assert services.lead_decisions.look(token).decisions == ALL
    assert decide(services, token, "confirmar") == {
        "situacao": "confirmado", "data": "2026-11-26", "hora": "10:00", "fuso": "America/Sao_Paulo", "convite": token,
    }  # fmt: skip
    assert stands(owner) == [["confirmado", MEETING, 0]]
    assert services.lead_decisions.look(token).decisions == {LeadDecisionKind.REAGENDAR, LeadDecisionKind.CANCELAR}


def test_lead_moves_to_an_offered_time(services: Services, owner: Database, booked: Booked) -> None:
    agendamento_id = booked()
    token = token_of(agendamento_id)
    offered = services.lead_decisions.look(token).offers
    assert len({each.astimezone(UTC).date() for each in offered}) >= 3
    assert MEETING not in offered
    chosen = offered[0]
    answered = decide(services, token, "reagendar", chosen)
    assert (answered["situacao"], answered["convite"]) == ("a_confirmar", token_of(agendamento_id, 1))
    after = services.lead_decisions.look(answered["convite"])
    assert (after.begins, after.moved_by_lead, after.is_outdated) == (chosen, True, False)
    assert services.lead_decisions.look(token).is_outdated
    assert stands(owner) == [["pendente", chosen, 1]]
    [_, moved] = ask(owner, "SELECT data_agendada, por FROM agendamento_horarios ORDER BY versao")
    assert moved == [chosen, "lead"]


def test_lead_cancels(services: Services, owner: Database, booked: Booked) -> None:
    token = token_of(booked())
    assert decide(services, token, "cancelar")["situacao"] == "cancelado"
    assert stands(owner) == [["cancelado", MEETING, 1]]
    assert ask(owner, "SELECT cancelado_por FROM agendamentos") == [["lead"]]


def test_time_of_the_page_is_that_of_the_lead(services: Services, booked: Booked) -> None:
    """Manaus is an hour behind the tenant's São Paulo, and the page says so."""
    token = token_of(booked(telefone="+5592999990001"))
    words = services.lead_decisions.look(token).words("pt-BR")
    assert (words["data"], words["hora"]) == ("2026-11-26", "09:00 (horário de Manaus)")
    answered = decide(services, token, "confirmar")
    assert (answered["hora"], answered["fuso"]) == ("09:00", "America/Manaus")


@pytest.mark.parametrize("acao", ["confirmar", "cancelar"])
def test_button_that_is_pressed_twice_changes_nothing(
    services: Services, owner: Database, booked: Booked, acao: str
) -> None:
    token = token_of(booked())
    assert decide(services, token, acao) == decide(services, token, acao)
    ends = ask(owner, "SELECT 1 FROM eventos WHERE tipo IN ('agendamento.confirmed', 'agendamento.cancelled')")
    assert len(ends) == 1


def test_move_that_is_pressed_twice_moves_once(services: Services, owner: Database, booked: Booked) -> None:
    token = token_of(booked())
    chosen = services.lead_decisions.look(token).offers[0]
    assert decide(services, token, "reagendar", chosen) == decide(services, token, "reagendar", chosen)
    assert stands(owner) == [["pendente", chosen, 1]]


@pytest.mark.parametrize("acao", ["confirmar", "cancelar"])
def test_outdated_link_shows_the_present_state_and_decides_nothing(
    services: Services, owner: Database, booked: Booked, acao: str
) -> None:
    agendamento_id = booked()
    moved = MEETING + timedelta(hours=3)
    services.agendamentos.reschedule(TENANT, agendamento_id, Rescheduling(data_agendada=moved))
    shown = services.lead_decisions.look(token_of(agendamento_id))
    assert (shown.is_outdated, shown.decisions, shown.words("pt-BR")["hora"]) == (True, frozenset(), "13:00")
    with pytest.raises(Conflict) as raised:
        decide(services, token_of(agendamento_id), acao)
    assert raised.value.code == "agendamento_desatualizado"
    assert stands(owner) == [["pendente", moved, 1]]


def test_time_that_a_person_chose_is_no_move_of_the_lead(services: Services, booked: Booked) -> None:
    agendamento_id = booked()
    moved = MEETING + timedelta(hours=3)
    services.agendamentos.reschedule(TENANT, agendamento_id, Rescheduling(data_agendada=moved), por="ana")
    with pytest.raises(Conflict) as raised:
        decide(services, token_of(agendamento_id), "reagendar", moved)
    assert raised.value.code == "agendamento_desatualizado"
    assert not services.lead_decisions.look(token_of(agendamento_id, 1)).moved_by_lead


def test_what_happens_while_the_lead_decides_is_told_in_words_for_a_lead(services: Services, booked: Booked) -> None:
    """The time is taken after the look at the calendar, and the meeting is reported as missed before the button."""
    agendamento_id = booked()
    token = token_of(agendamento_id)
    taken = services.lead_decisions.look(token).offers[0]
    booked(taken, telefone="+5511999990002")
    services.lead_decisions._is_free = lambda *_: True
    with pytest.raises(Conflict) as raised:
        decide(services, token, "reagendar", taken)
    assert raised.value.code == "convite_horario_indisponivel"

    class Missed:
        def confirm(self, *given: Any, **named: Any) -> object:
            services.agendamentos.miss(TENANT, agendamento_id)
            return services.agendamentos.confirm(*given, **named)

    services.lead_decisions._bookings = cast("Any", Missed())
    with pytest.raises(Conflict) as raised:
        decide(services, token, "confirmar")
    assert raised.value.code == "convite_nao_permite"


def test_meeting_that_moves_while_the_lead_decides_is_not_confirmed(services: Services, booked: Booked) -> None:
    """The version is looked at again under the lock."""
    agendamento_id = booked()
    moved = Rescheduling(data_agendada=MEETING + timedelta(hours=3))
    services.agendamentos.reschedule(TENANT, agendamento_id, moved)
    bookings = services.agendamentos
    decisions: list[Callable[[], object]] = [
        lambda: bookings.confirm(TENANT, agendamento_id, versao=0),
        lambda: bookings.cancel(TENANT, agendamento_id, versao=0),
        lambda: bookings.reschedule(TENANT, agendamento_id, moved, versao=0),
    ]
    for decided in decisions:
        with pytest.raises(Conflict) as raised:
            decided()
        assert raised.value.code == "agendamento_desatualizado"


def test_cancelled_meeting_says_only_that(services: Services, booked: Booked) -> None:
    agendamento_id = booked()
    services.agendamentos.cancel(TENANT, agendamento_id)
    shown = services.lead_decisions.look(token_of(agendamento_id))
    assert (shown.state, shown.is_outdated, shown.decisions) == (InvitationState.CANCELADO, False, frozenset())


@pytest.mark.parametrize("status", ["pendente", "nao_compareceu", "realizado"])
def test_meeting_that_is_over_decides_nothing(
    services: Services, owner: Database, booked: Booked, clock: StoppedClock, status: str
) -> None:
    token = token_of(booked())
    clock.now = MEETING
    if status != "pendente":
        run(owner, f"UPDATE agendamentos SET status = '{status}'")
    shown = services.lead_decisions.look(token)
    assert (shown.state, shown.decisions) == (InvitationState.PASSOU, frozenset())
    with pytest.raises(Conflict) as raised:
        decide(services, token, "confirmar")
    assert raised.value.code == "convite_nao_permite"


def test_meeting_that_has_moved_as_often_as_it_may_is_not_offered_other_times(
    services: Services, owner: Database, booked: Booked
) -> None:
    agendamento_id = booked()
    run(owner, "UPDATE agendamentos SET versao = 2, reagendamentos = 2")
    shown = services.lead_decisions.look(token_of(agendamento_id, 2))
    assert shown.decisions == {LeadDecisionKind.CONFIRMAR, LeadDecisionKind.CANCELAR}
    assert (shown.offers, services.lead_decisions.look(token_of(agendamento_id)).is_outdated) == ((), True)


def test_time_that_was_taken_meanwhile_is_refused(services: Services, owner: Database, booked: Booked) -> None:
    token = token_of(booked())
    chosen = services.lead_decisions.look(token).offers[0]
    booked(chosen, telefone="+5511999990002")
    with pytest.raises(Conflict) as raised:
        decide(services, token, "reagendar", chosen)
    assert raised.value.code == "convite_horario_indisponivel"
    assert ["pendente", MEETING, 0] in stands(owner)


def test_time_that_nobody_offers_is_refused(services: Services, booked: Booked) -> None:
    token = token_of(booked())
    with pytest.raises(Conflict) as raised:
        decide(services, token, "reagendar", MEETING.replace(hour=6))
    assert raised.value.code == "convite_horario_indisponivel"


def test_decision_without_the_page_is_refused(services: Services, owner: Database, booked: Booked) -> None:
    token = token_of(booked())
    decision = LeadDecision(acao=LeadDecisionKind.CANCELAR, desafio="x", prova="y")
    with pytest.raises(Forbidden) as raised:
        services.lead_decisions.decide(token, decision)
    assert raised.value.code == "convite_sem_prova"
    assert stands(owner) == [["pendente", MEETING, 0]]


def test_link_to_nothing_is_unknown(services: Services, owner: Database) -> None:
    token = token_of(UUID(int=9))
    with pytest.raises(NotFound):
        services.lead_decisions.look(token)
    challenge = services.lead_decisions._proofs.challenge(token, STARTED_AT)
    for acao in ("confirmar", "reagendar"):
        given = {"data_agendada": MEETING} if acao == "reagendar" else {}
        decision = LeadDecision(acao=LeadDecisionKind(acao), desafio=challenge, prova=answer(challenge, acao), **given)
        with pytest.raises(NotFound):
            services.lead_decisions.decide(token, decision)


# The page, over HTTP


class Page(NamedTuple):
    status: int
    text: str
    headers: Any


class _Links(HTMLParser):
    """Everything that a program could follow, submit or load, without running a script."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("href", "src", "action", "formaction", "data"):
            if given.get(name) is not None:
                self.found.append(("GET", given[name] or ""))
        if tag in {"form", "button", "input"}:
            self.found.append(((given.get("method") or "POST").upper(), given.get("action") or ""))


def visit(api: Client, method: str, path: str, body: bytes | None = None, **headers: str) -> Page:
    named = {name.replace("_", "-"): each for name, each in headers.items()}
    connection = HTTPConnection(api.host, api.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=named)
        got = connection.getresponse()
        return Page(got.status, got.read().decode(), got.headers)
    finally:
        connection.close()


@pytest.fixture
def soon() -> datetime:
    """A Wednesday at 10:00 in São Paulo, in the future of the real clock that the API reads."""
    day = datetime.now(UTC).replace(hour=13, minute=0, second=0, microsecond=0) + timedelta(days=7)
    return day + timedelta(days=(2 - day.weekday()) % 7)


@pytest.fixture
def invited(database_urls: DatabaseUrls, soon: datetime) -> Iterator[tuple[Database, UUID]]:
    """A lead with an agendamento, beside the API of another process."""
    owner = Database(lambda: database_urls.owner)
    lead_id = a_lead(owner, telefones=["+5511999990001"])
    agendamento_id = UUID(int=77)
    insert(owner, "agendamentos", tenant_id=TENANT, agendamento_id=agendamento_id, lead_id=lead_id, tipo="reuniao",
           canal="video", data_agendada=soon, ocupado_de=soon, ocupado_ate=soon + timedelta(hours=1),
           responsavel="Ana <b>&amp;</b>", criado_em=STARTED_AT, atualizado_em=STARTED_AT)  # fmt: skip
    yield owner, agendamento_id
    owner.close()


def test_page_has_buttons_that_work_by_its_script_alone(api: Client, invited: tuple[Database, UUID]) -> None:
    _, agendamento_id = invited
    page = visit(api, "GET", f"/convite/{token_of(agendamento_id)}")
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.findall(r'data-acao="(\w+)"', page.text).count("confirmar") == 1
    assert "quarta-feira" in page.text
    assert "Ana &lt;b&gt;&amp;amp;&lt;/b&gt;" in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")


def test_crawler_that_follows_and_submits_everything_changes_nothing(
    api: Client, invited: tuple[Database, UUID]
) -> None:
    owner, agendamento_id = invited
    before = ask(owner, "SELECT * FROM agendamentos")
    path = f"/convite/{token_of(agendamento_id)}"
    page = visit(api, "GET", path)
    found = _Links()
    found.feed(page.text)
    challenge = re.findall(r'data-desafio="([^"]+)"', page.text)[0]
    tries = {(method, urljoin(path, target)) for method, target in found.found} | {("POST", path), ("HEAD", path)}
    for method, target in tries:
        assert urlsplit(target).netloc == ""
        for body, kind in (
            (b"", "application/x-www-form-urlencoded"),
            (b"acao=confirmar&acao=cancelar", "application/x-www-form-urlencoded"),
            (f"acao=confirmar&desafio={challenge}&prova={challenge}".encode(), "application/x-www-form-urlencoded"),
            (json.dumps({"acao": "cancelar", "desafio": challenge, "prova": challenge}).encode(), "application/json"),
        ):
            got = visit(api, method, target, body if method == "POST" else None, Content_Type=kind)
            assert got.status < 500
            assert method != "POST" or got.status in {400, 403, 415, 422}
    assert ask(owner, "SELECT * FROM agendamentos") == before


def test_decision_of_the_page_counts(api: Client, invited: tuple[Database, UUID]) -> None:
    owner, agendamento_id = invited
    path = f"/convite/{token_of(agendamento_id)}"
    page = visit(api, "GET", path)
    challenge = re.findall(r'data-desafio="([^"]+)"', page.text)[0]
    body = {"acao": "confirmar", "desafio": challenge, "prova": answer(challenge, "confirmar")}
    got = visit(api, "POST", path, json.dumps(body).encode(), Content_Type="application/json")
    assert (got.status, json.loads(got.text)["situacao"]) == (200, "confirmado")
    assert ask(owner, "SELECT status FROM agendamentos") == [["confirmado"]]
    assert "Confirmado" in visit(api, "GET", path).text
    assert "See you then" in visit(api, "GET", path, Accept_Language="en").text


def test_lead_who_has_moved_sees_the_new_time_and_an_older_link_how_it_stands(
    api: Client, invited: tuple[Database, UUID]
) -> None:
    _, agendamento_id = invited
    path = f"/convite/{token_of(agendamento_id)}"
    page = visit(api, "GET", path)
    challenge = re.findall(r'data-desafio="([^"]+)"', page.text)[0]
    chosen = re.findall(r'data-inicio="([^"]+)"', page.text)[0]
    body = {"acao": "reagendar", "desafio": challenge, "prova": answer(challenge, "reagendar"), "data_agendada": chosen}
    got = json.loads(visit(api, "POST", path, json.dumps(body).encode(), Content_Type="application/json").text)
    after = visit(api, "GET", urljoin(path, got["convite"]))
    assert "você mudou o encontro para este horário" in after.text
    assert f"{got['hora']}, com Ana" in after.text
    assert "mudou desde que este link foi enviado" not in after.text
    assert "mudou desde que este link foi enviado" in visit(api, "GET", path).text


@pytest.mark.parametrize("token", ["x", token_of(UUID(int=5))])
def test_page_of_an_unknown_link_says_so(api: Client, token: str) -> None:
    page = visit(api, "GET", f"/convite/{token}")
    assert page.status == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<button" not in page.text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"acao": "reagendar"}, "/data_agendada"),
        ({"data_agendada": "2026-11-26T10:00:00-03:00"}, "/data_agendada"),
        ({"acao": "apagar"}, "/acao"),
    ],
)
def test_decision_that_makes_no_sense_is_refused(
    api: Client, invited: tuple[Database, UUID], change: dict[str, str], pointer: str
) -> None:
    _, agendamento_id = invited
    body = {"acao": "confirmar", "desafio": "x", "prova": "y", **change}
    path = f"/convite/{token_of(agendamento_id)}"
    got = visit(api, "POST", path, json.dumps(body).encode(), Content_Type="application/json")
    assert (got.status, [each["pointer"] for each in json.loads(got.text)["errors"]]) == (422, [pointer])
