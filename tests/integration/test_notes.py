"""People write notes about a lead, and remove their own; over a real database."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from pydantic import ValidationError

from chalicelib.adapters.database import Database
from chalicelib.errors import Forbidden, NotFound
from chalicelib.identity import Identity
from chalicelib.leads.history.notes import Notes
from chalicelib.leads.requests import NewNote, NoteQuery
from chalicelib.wiring import Services
from tests.builders import ANA, TENANT, a_lead, ask
from tests.conftest import StoppedClock
from tests.keys import a_key, as_answered, replayed

BIA = Identity(TENANT, "bia", frozenset())
ADMIN = Identity(TENANT, "chefe", frozenset({"admin"}))


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def notes(services: Services) -> Notes:
    return services.notes


def texts(notes: Notes, lead_id: UUID) -> list[str]:
    return [each["texto"] for each in notes.page(TENANT, lead_id, NoteQuery())["itens"]]


def test_notes_are_listed_newest_first_page_by_page(notes: Notes, owner: Database, clock: StoppedClock) -> None:
    lead_id, found, cursor = a_lead(owner), list[str](), None
    for number in range(5):
        notes.create(ANA, lead_id, NewNote(texto=f"Nota {number}"), None)
        clock.advance(seconds=number % 2)
    for _ in range(3):
        page = notes.page(TENANT, lead_id, NoteQuery(limit=2, cursor=cursor))
        found += [each["texto"] for each in page["itens"]]
        cursor = page["proximo"]
    assert (found, cursor) == ([f"Nota {number}" for number in (4, 3, 2, 1, 0)], None)


def test_note_says_who_wrote_it_and_when(notes: Notes, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    made = notes.create(ANA, lead_id, NewNote(texto="  Ligar à tarde\r\nou amanhã  "), None)
    assert made == {
        "nota_id": made["nota_id"], "texto": "Ligar à tarde\nou amanhã", "por": "ana", "criado_em": clock()
    }  # fmt: skip
    assert notes.page(TENANT, lead_id, NoteQuery())["itens"] == [made]


def test_same_key_gets_the_same_note(notes: Notes, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    first = notes.create(ANA, lead_id, NewNote(texto="Uma"), a_key())
    clock.advance(hours=1)
    assert replayed(notes.create, ANA, lead_id, NewNote(texto="Uma"), a_key()) == as_answered(first)
    assert texts(notes, lead_id) == ["Uma"]


def test_author_and_administrator_remove_a_note(notes: Notes, services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    for who in (ANA, ADMIN):
        made = notes.create(ANA, lead_id, NewNote(texto="Segredo"), None)
        notes.remove(who, lead_id, made["nota_id"])
    assert texts(notes, lead_id) == []
    assert ask(owner, "SELECT tipo, por FROM lead_eventos ORDER BY ordem") == [
        ["nota_removida", "ana"], ["nota_removida", "chefe"]
    ]  # fmt: skip
    assert "Segredo" not in str(ask(owner, "SELECT to_jsonb(e) FROM lead_eventos e"))
    assert "Segredo" not in str(ask(owner, "SELECT to_jsonb(e) FROM eventos e"))


def test_note_of_another_person_stays(notes: Notes, owner: Database) -> None:
    lead_id = a_lead(owner)
    made = notes.create(ANA, lead_id, NewNote(texto="Minha"), None)
    with pytest.raises(Forbidden) as raised:
        notes.remove(BIA, lead_id, made["nota_id"])
    assert raised.value.code == "nota_de_outra_pessoa"
    assert texts(notes, lead_id) == ["Minha"]


def test_note_is_found_under_its_own_lead_only(notes: Notes, owner: Database) -> None:
    lead_id, other = a_lead(owner), a_lead(owner)
    made = notes.create(ANA, lead_id, NewNote(texto="Uma"), None)
    for wrong in (other, UUID(int=1)):
        with pytest.raises(NotFound):
            notes.remove(ANA, wrong, made["nota_id"])
    assert texts(notes, other) == []


def test_unknown_lead_has_no_notes(notes: Notes, owner: Database) -> None:
    theirs = a_lead(owner, tenant_id="outra")
    with pytest.raises(NotFound):
        notes.create(ANA, theirs, NewNote(texto="Uma"), None)
    with pytest.raises(NotFound):
        notes.page(TENANT, theirs, NoteQuery())


def test_note_is_a_change_of_the_lead(notes: Notes, services: Services, owner: Database, clock: StoppedClock) -> None:
    lead_id = a_lead(owner)
    now = clock.advance(**{"minutes": timedelta(hours=1) / timedelta(minutes=1)})
    notes.create(ANA, lead_id, NewNote(texto="Uma"), None)
    assert services.leads.get(TENANT, lead_id)["atualizado_em"] == now
    assert ask(owner, "SELECT tipo, detalhe -> 'campos' FROM eventos") == [["lead.changed", ["notas"]]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "string_too_short"),
        ("   ", "string_too_short"),
        ("\u200b\u2060", "nota_vazia"),
        ("a\tb", "caractere_invalido"),
        ("a\u202eb", "caractere_invalido"),
        ("x" * 2_001, "string_too_long"),
    ],
)
def test_note_that_nobody_can_read_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as raised:
        NewNote.model_validate_json(json.dumps({"texto": text}))
    assert [each["type"] for each in raised.value.errors()] == [code]


def test_emoji_are_fine_in_a_note() -> None:
    assert NewNote(texto="Família 👩‍👧 ❤️").texto == "Família 👩‍👧 ❤️"
