"""Where recipients are found: every status is in one place, and a filter finds what its counter counts."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns.results.sections import (
    EVERYONE,
    FACTS,
    RecipientState,
    Section,
    may_have,
    sections_of,
    state_of,
)
from chalicelib.campaigns.rules.counters import PLACES, CountedRow, counters
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.dispatch.states import DisparoStatus, WaitReason

CAMPAIGNS = st.sampled_from(CampaignStatus)
PLACE_OF = {
    RecipientState.AGUARDANDO: "aguardando",
    RecipientState.EM_VOO: "em_voo",
    RecipientState.ENVIADO: "enviados",
    RecipientState.FALHA: "falhas",
    RecipientState.INCERTO: "incertos",
    RecipientState.SUPRIMIDO: "suprimidos",
    RecipientState.CANCELADO: "cancelados",
    RecipientState.EXPIRADO: "expirados",
    RecipientState.SIMULADO: "simulados",
    RecipientState.EXCLUIDO: "excluidos",
}


def test_every_status_of_a_disparo_has_a_section() -> None:
    assert {section.value for section in EVERYONE} == {*DisparoStatus, "excluido"}
    assert set(Section) == {*EVERYONE, *FACTS}
    assert set(PLACE_OF.values()) == set(PLACES)


@given(CAMPAIGNS)
def test_states_that_are_counted_share_all_sections_out(campaign: CampaignStatus) -> None:
    found = Counter(section for state in PLACE_OF for section in sections_of(state, campaign))
    assert found == Counter(EVERYONE)
    assert sections_of(None, campaign) == EVERYONE


@given(CAMPAIGNS, st.sampled_from(EVERYONE))
def test_filter_finds_a_status_where_its_counter_counts_it(campaign: CampaignStatus, section: Section) -> None:
    [state] = [state for state in PLACE_OF if section in sections_of(state, campaign)]
    assert counters([CountedRow(section.value, 1)], campaign)[PLACE_OF[state]] == 1


@given(CAMPAIGNS, st.sampled_from(EVERYONE), st.booleans(), st.booleans())
def test_state_says_how_far_a_message_came(
    campaign: CampaignStatus, section: Section, is_read: bool, is_answered: bool
) -> None:
    state = state_of(section.value, campaign, is_read=is_read, is_answered=is_answered)
    if section in {Section.ENVIADO, Section.CONFIRMADO}:
        reached = RecipientState.ENTREGUE if section is Section.CONFIRMADO else RecipientState.ENVIADO
        expected = RecipientState.LIDO if is_read else reached
        assert state is (RecipientState.RESPONDIDO if is_answered else expected)
    else:
        assert section in sections_of(state, campaign)


@given(CAMPAIGNS)
def test_facts_and_deliveries_are_filters_of_their_own(campaign: CampaignStatus) -> None:
    assert sections_of(RecipientState.LIDO, campaign) == (Section.LIDO,)
    assert sections_of(RecipientState.RESPONDIDO, campaign) == (Section.RESPONDIDO,)
    assert sections_of(RecipientState.ENTREGUE, campaign) == (Section.CONFIRMADO,)


def test_only_what_waits_has_a_reason_to_wait_and_only_what_left_has_none() -> None:
    assert {each for each in Section if not may_have(each, WaitReason.JANELA)} == {
        Section.ENVIANDO, Section.ENVIADO, Section.CONFIRMADO,
    }  # fmt: skip
    assert not may_have(Section.PENDENTE, "131026")
    assert may_have(Section.ERRO, "131026")
    assert may_have(Section.EXCLUIDO, "sem_contato")
