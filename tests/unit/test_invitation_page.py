"""The page of an invitation in English has no Portuguese word, whatever it shows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import messages
from chalicelib.api.invitation_page import _parts
from chalicelib.scheduling.invitations.invitation import Invitation, InvitationState
from chalicelib.scheduling.invitations.requests import LeadDecisionKind

BEGINS = datetime(2026, 12, 2, 13, 0, tzinfo=UTC)
NAMES = {"Sofie Müller", "https://video.example/7", "Hauptstraße 1"}
ALL = frozenset(LeadDecisionKind)
# English sentences about the product keep its nouns; a lead does not know them.
NOUNS = {"agendamento", "agendamentos", "responsável", "convite", "tenant", "disparo", "lead"}


def words_of(texts: Iterable[str]) -> set[str]:
    plain = (re.sub(r"\{[a-z_]*\}", " ", each) for each in texts)
    return {word for each in plain for word in re.findall(r"[^\W\d_]+", each.lower())}


def portuguese() -> set[str]:
    """The words of our Portuguese texts that no English one has."""
    pairs = [*messages.CATALOGUE.values(), *messages.LABELS.values()]
    return words_of(pair[0] for pair in pairs) - words_of(pair[1] for pair in pairs) | NOUNS


def invitation(state: InvitationState, canal: str, zone: str, **changes: Any) -> Invitation:
    meeting = {
        "data_agendada": BEGINS,
        "duracao_minutos": 45,
        "responsavel": "Sofie Müller",
        "canal": canal,
        "local": "Hauptstraße 1" if canal == "presencial" else None,
        "link": "https://video.example/7" if canal == "video" else None,
    }
    is_open = state in {InvitationState.A_CONFIRMAR, InvitationState.CONFIRMADO}
    given: dict[str, Any] = {
        "moved_by_lead": False, "decisions": ALL if is_open else frozenset(), "is_outdated": False,
        "offers": [BEGINS + timedelta(days=day) for day in range(7)],
    }  # fmt: skip
    return Invitation(
        state=state, meeting=meeting, zone=ZoneInfo(zone), tenant_zone=ZoneInfo("America/Sao_Paulo"), challenge="x",
        **{**given, **changes},
    )  # fmt: skip


def pages() -> Iterator[Invitation]:
    canais, zones = ("telefone", "whatsapp", "video", "presencial"), ("America/Sao_Paulo", "America/New_York")
    for state, canal, zone in itertools.product(InvitationState, canais, zones):
        yield invitation(state, canal, zone)
    yield invitation(InvitationState.A_CONFIRMAR, "video", "America/Manaus", moved_by_lead=True)
    yield invitation(InvitationState.A_CONFIRMAR, "video", "America/Manaus", offers=[])
    yield invitation(InvitationState.CONFIRMADO, "video", "America/Manaus", decisions=frozenset(), is_outdated=True)


def shown(page: Invitation, language: str) -> str:
    """What a person may read of it: its texts, and the sentence that its script shows when something fails."""
    html = re.sub(r"<script>.*?</script>", "", "".join(_parts(page, language)), flags=re.DOTALL)
    failure = re.findall(r'data-falha="([^"]*)"', html)
    return unescape(" ".join([re.sub(r"<[^>]*>", " ", html), *failure]))


def without_names(text: str) -> str:
    for name in NAMES:
        text = text.replace(name, "")
    return text


@pytest.mark.parametrize("page", list(pages()))
def test_english_page_has_no_word_of_the_portuguese_catalogue(page: Invitation) -> None:
    assert not words_of([without_names(shown(page, "en"))]) & portuguese()


def test_words_of_the_portuguese_page_are_found() -> None:
    found = words_of([shown(invitation(InvitationState.A_CONFIRMAR, "video", "America/Manaus"), "pt-BR")])
    assert {"horário", "vídeo", "confirmou"} <= found & portuguese()


def test_answers_to_the_script_are_in_words_for_a_lead() -> None:
    """The refusals of a decision, which the page shows as they come."""
    codes = [each for each in messages.CATALOGUE if each.startswith("convite_")] + ["agendamento_desatualizado"]
    assert not words_of(messages.text(each, "en", quando="", responsavel="", onde="") for each in codes) & portuguese()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"moved_by_lead": True}, "you moved the meeting to this time"),
        ({"moved_by_lead": True, "is_outdated": True}, "You have not confirmed it yet"),
        ({}, "You have not confirmed it yet"),
    ],
)
def test_lead_who_has_moved_the_meeting_sees_that_it_is_done(changes: dict[str, bool], sentence: str) -> None:
    page = invitation(InvitationState.A_CONFIRMAR, "video", "America/Sao_Paulo", **changes)
    assert sentence in shown(page, "en")
