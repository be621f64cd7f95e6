"""What is decided about a claimed disparo, and what it becomes after an attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.canal import Canal
from chalicelib.dispatch.outcomes import (
    Attempt,
    ChannelDown,
    DeliveryFinding,
    InquiryReply,
    Outcome,
    OutgoingMessage,
    Permanent,
    Sent,
    Transient,
    Unknown,
)
from chalicelib.dispatch.rules.policy import (
    CAMPAIGN_PATIENCE,
    CHANNEL_PAUSE,
    MOST_ABANDONED,
    PAUSED_PATIENCE,
    RATE_WAIT,
    REVIEW_PATIENCE,
    AskProvider,
    Backoff,
    ClaimedDisparo,
    DisparoUpdate,
    Terms,
    answered,
    conclude,
    decide,
    simulated,
)
from chalicelib.dispatch.rules.windows import WindowRules, rules_for
from chalicelib.dispatch.states import MOVES, DisparoStatus
from chalicelib.tenants.config import TenantConfig

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # Tuesday, 22:00 in Salvador
MINUTE = timedelta(minutes=1)
WINDOW = rules_for("+5571999990001", Canal.WHATSAPP, TenantConfig())
WITHOUT_KEY = Terms(is_idempotent=False, asks_after=None, backoff=Backoff(1.0, 30.0, lambda: 0.5))
WITH_KEY = WITHOUT_KEY._replace(is_idempotent=True)
ASKING = WITHOUT_KEY._replace(asks_after=MINUTE)

CLAIMED = ClaimedDisparo(
    tenant_id="acme",
    disparo_id=UUID(int=1),
    lead_id=UUID(int=2),
    canal=Canal.WHATSAPP,
    destino="+5571999990001",
    variaveis={"nome": "Zé\nda Silva", "valor": "10"},
    tentativas=1,
    tentativas_antes=0,
    max_tentativas=3,
    em_duvida=False,
    ultimo_codigo=None,
    template="oi",
    idioma="pt_BR",
    assunto=None,
    texto="Olá, {{nome}}: {{valor}}",
    html=None,
    ordem=("valor", "nome"),
)


def a_claimed(**changes: Any) -> ClaimedDisparo:
    return replace(CLAIMED, **changes)


def decided(
    *,
    terms: Terms = WITHOUT_KEY,
    is_enabled: bool = True,
    now: datetime = NOW,
    window: WindowRules | None = WINDOW,
    **changes: Any,
) -> OutgoingMessage | AskProvider | DisparoUpdate:
    return decide(a_claimed(**changes), terms, window=window, is_enabled=is_enabled, now=now)


def settled(**given: Any) -> DisparoUpdate:
    update = decided(**given)
    assert isinstance(update, DisparoUpdate)
    return update


def concluded(
    outcome: Outcome, *, terms: Terms = WITHOUT_KEY, rest: datetime | None = None, **changes: Any
) -> DisparoUpdate:
    return conclude(a_claimed(**changes), Attempt(outcome, 0.05), terms, now=NOW, rest=rest)


# Deciding


def test_message_has_the_text_of_the_template_and_its_variables_in_order_each_on_one_line() -> None:
    assert decided() == OutgoingMessage(
        disparo_id=str(UUID(int=1)),
        tentativa=1,
        destino="+5571999990001",
        texto="Olá, Zé\nda Silva: 10",
        template_nome="oi",
        template_idioma="pt_BR",
        variaveis=(("valor", "10"), ("nome", "Zé da Silva")),
    )


def test_parameters_are_free_of_what_whatsapp_refuses() -> None:
    message = decided(variaveis={"nome": "Otto\n\tBraun      Filho 😀\r\n", "valor": "1\u2028 2\x00"})
    assert isinstance(message, OutgoingMessage)
    assert message.variaveis == (("valor", "1 2"), ("nome", "Otto Braun Filho 😀"))


def test_blank_parameter_that_was_stored_before_is_not_sent() -> None:
    update = settled(variaveis={"nome": " \n", "valor": "10"})
    assert (update.status, update.erro_codigo, update.step.code) == ("erro", "mensagem_nao_montada", "valor_vazio")


def test_email_has_a_subject_an_html_body_and_unchanged_variables() -> None:
    message = decided(canal=Canal.EMAIL, assunto="Para {{nome}}", html="<p>{{valor}}</p>")
    assert isinstance(message, OutgoingMessage)
    assert (message.assunto, message.html) == ("Para Zé da Silva", "<p>10</p>")
    assert message.variaveis == (("valor", "10"), ("nome", "Zé\nda Silva"))


def test_nothing_leaves_while_sending_is_off_and_the_reason_is_recorded() -> None:
    assert isinstance(decided(is_enabled=False), OutgoingMessage)
    update = simulated(a_claimed())
    assert (update.status, update.erro_codigo, update.tentativas) == ("simulado", "envio_desligado", 0)


@pytest.mark.parametrize("changes", [{}, {"ignorar_janela": True}, {"pausa": "190", "is_probe": True}])
def test_message_to_a_contact_whose_reply_is_in_doubt_waits_for_a_person(changes: dict[str, Any]) -> None:
    update = settled(is_under_review=True, **changes)
    assert (update.status, update.espera, update.enviar_apos) == ("pendente", "revisao", NOW + REVIEW_PATIENCE)
    assert (update.step.code, update.tentativas) == ("revisao", 0)


def test_contact_that_opted_out_gets_nothing_whoever_asks() -> None:
    update = settled(is_suppressed=True, ignorar_janela=True, is_probe=True, pausa="190")
    assert (update.status, update.erro_codigo, update.tentativas) == ("suprimido", "contato_suprimido", 0)
    assert (update.step.kind, update.step.was_sent) == ("suprimido", False)


@pytest.mark.parametrize(("seconds", "status"), [(-1, "expirado"), (0, "expirado"), (1, None)])
def test_message_is_not_sent_once_it_has_expired(seconds: int, status: str | None) -> None:
    decision = decided(expira_em=NOW + timedelta(seconds=seconds))
    assert getattr(decision, "status", None) == status
    assert getattr(decision, "erro_codigo", None) == (status and "prazo_expirado")


def test_expired_message_ends_instead_of_waiting_for_its_window() -> None:
    assert settled(now=NIGHT, expira_em=NIGHT).status == "expirado"


def test_message_outside_the_window_waits_until_it_opens_and_loses_no_attempt() -> None:
    update = settled(now=NIGHT)
    assert (update.status, update.espera, update.tentativas) == ("pendente", "janela", 0)
    assert update.enviar_apos == datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
    assert (update.step.kind, update.step.code, update.step.was_sent) == ("adiado", "janela", False)


def test_window_does_not_count_where_the_disparo_or_the_tenant_says_so() -> None:
    assert isinstance(decided(now=NIGHT, ignorar_janela=True), OutgoingMessage)
    assert isinstance(decided(now=NIGHT, window=None), OutgoingMessage)


def test_message_waits_for_a_paused_channel_unless_it_is_the_probe() -> None:
    update = settled(pausa="190", ultimo_codigo="131016")
    assert (update.status, update.espera, update.tentativas) == ("pendente", "canal_pausado", 0)
    assert (update.enviar_apos, update.ultimo_codigo) == (NOW + PAUSED_PATIENCE, "131016")
    assert (update.step.kind, update.step.code) == ("adiado", "190")
    assert isinstance(decided(pausa="190", is_probe=True), OutgoingMessage)


DOUBT: dict[str, Any] = {"em_duvida": True, "ultimo_codigo": "lease_vencida", "tentativas": 2, "tentativas_antes": 1}


@pytest.mark.parametrize(
    "changes",
    [{"is_suppressed": True}, {"expira_em": NOW}, {"variaveis": {}}, {"abandonos": MOST_ABANDONED}],
)
def test_disparo_in_doubt_ends_as_uncertain_whatever_closes_it(changes: dict[str, object]) -> None:
    update = settled(terms=WITH_KEY, **DOUBT, **changes)
    assert (update.status, update.em_duvida, update.tentativas) == ("incerto", True, 1)


@pytest.mark.parametrize(("abandoned", "is_given_up"), [(MOST_ABANDONED - 1, False), (MOST_ABANDONED, True)])
def test_disparo_that_no_worker_survives_is_an_error_without_an_attempt(abandoned: int, is_given_up: bool) -> None:
    decision = decided(abandonos=abandoned)
    assert isinstance(decision, DisparoUpdate) is is_given_up
    if isinstance(decision, DisparoUpdate):
        found = (decision.status, decision.tentativas, decision.step.kind, decision.erro_codigo)
        assert found == ("erro", 0, "desistiu", "envio_desistiu")


def test_disparo_in_doubt_waits_for_its_window_and_stays_in_doubt() -> None:
    update = settled(terms=WITH_KEY, now=NIGHT, **DOUBT)
    assert (update.status, update.em_duvida, update.ultimo_codigo) == ("pendente", True, "lease_vencida")


@pytest.mark.parametrize("is_enabled", [True, False])
def test_message_that_cannot_be_rendered_is_an_error_without_an_attempt(is_enabled: bool) -> None:
    update = settled(variaveis={"valor": "10"}, is_enabled=is_enabled)
    assert (update.status, update.erro_codigo) == ("erro", "mensagem_nao_montada")
    assert (update.ultimo_codigo, update.tentativas) == ("variavel_ausente", 0)


@pytest.mark.parametrize(
    ("is_enabled", "terms", "attempts_before", "attempts"),
    [(True, WITHOUT_KEY, 1, 2), (False, WITH_KEY, 1, 2), (True, WITH_KEY, 3, 3)],
    ids=["no key", "sending off", "no attempt left"],
)
def test_doubt_that_may_not_be_repeated_is_uncertain(
    is_enabled: bool, terms: Terms, attempts_before: int, attempts: int
) -> None:
    counted = {"tentativas": attempts, "tentativas_antes": attempts_before}
    update = settled(is_enabled=is_enabled, terms=terms, **{**DOUBT, **counted})
    assert (update.status, update.erro_codigo) == ("incerto", "lease_vencida")
    assert update.tentativas == attempts_before


def test_message_in_doubt_is_sent_again_under_its_own_key() -> None:
    message = decided(terms=WITH_KEY, **DOUBT)
    assert isinstance(message, OutgoingMessage)
    assert message.idempotency_key == str(UUID(int=1))


# Concluding


def test_accepted_message_is_sent_and_no_longer_in_doubt() -> None:
    update = concluded(Sent("wamid.1"), **DOUBT)
    assert (update.status, update.provider_message_id, update.em_duvida) == ("enviado", "wamid.1", False)
    assert update.erro_codigo is None


def test_transient_refusal_waits_for_the_jittered_backoff() -> None:
    update = concluded(Transient("131016"), tentativas=2, tentativas_antes=1)
    assert (update.status, update.tentativas, update.ultimo_codigo) == ("pendente", 2, "131016")
    assert update.enviar_apos == NOW + timedelta(seconds=1)
    assert update.erro_codigo is None


def test_wait_that_the_provider_asks_for_wins_over_a_shorter_backoff() -> None:
    assert concluded(Transient("130429", 86_400.0)).enviar_apos == NOW + timedelta(days=1)


def test_last_transient_refusal_is_an_error_that_keeps_the_code_of_the_provider() -> None:
    update = concluded(Transient("131016"), tentativas=3, tentativas_antes=2)
    assert (update.status, update.erro_codigo, update.ultimo_codigo) == ("erro", "tentativas_esgotadas", "131016")


def test_permanent_refusal_is_an_error() -> None:
    update = concluded(Permanent("131026"))
    assert (update.status, update.erro_codigo, update.tentativas) == ("erro", "131026", 1)


@pytest.mark.parametrize("outcome", [Permanent("131026"), Transient("131016")])
def test_refusal_after_an_attempt_in_doubt_does_not_settle_the_doubt(outcome: Outcome) -> None:
    update = concluded(outcome, terms=WITH_KEY, **{**DOUBT, "tentativas": 3, "tentativas_antes": 2})
    assert (update.status, update.em_duvida) == ("incerto", True)


def test_unknown_outcome_is_uncertain_without_a_key_and_repeated_with_one() -> None:
    assert concluded(Unknown("tempo_esgotado")).status == "incerto"
    again = concluded(Unknown("tempo_esgotado"), terms=WITH_KEY)
    assert (again.status, again.em_duvida, again.ultimo_codigo) == ("pendente", True, "tempo_esgotado")
    last = concluded(Unknown("tempo_esgotado"), terms=WITH_KEY, tentativas=3, tentativas_antes=2)
    assert (last.status, last.erro_codigo) == ("incerto", "tempo_esgotado")


def test_busy_channel_costs_no_attempt_and_gets_its_rest() -> None:
    last: dict[str, Any] = {"tentativas": 3, "tentativas_antes": 2}
    update = concluded(Transient("130429", 5.0, "canal"), rest=NOW + timedelta(seconds=8), **last)
    assert (update.status, update.espera, update.tentativas) == ("pendente", "canal_lento", 2)
    assert update.enviar_apos == NOW + timedelta(seconds=8)
    assert concluded(Transient("130429", 5.0, "canal")).enviar_apos == NOW + timedelta(seconds=5)
    assert (update.step.kind, update.step.code, update.step.was_sent) == ("transitorio", "130429", True)


def test_message_too_soon_for_one_person_costs_no_attempt() -> None:
    update = concluded(Transient("131056", 6.0, "destino"), tentativas=3, tentativas_antes=2)
    assert (update.status, update.espera, update.tentativas) == ("pendente", "destino", 2)
    assert update.enviar_apos == NOW + timedelta(seconds=6)


def test_daily_cap_of_a_person_costs_an_attempt() -> None:
    capped = Transient("131049", 86_400.0, "destino")
    update = concluded(capped)
    assert (update.status, update.espera, update.tentativas) == ("pendente", "tentativa", 1)
    assert update.enviar_apos == NOW + timedelta(days=1)
    assert concluded(capped, tentativas=3, tentativas_antes=2).status == "erro"


def test_next_contact_is_tried_if_the_address_is_at_fault_and_the_disparo_allows_it() -> None:
    dead = Permanent("131026", tries_alternative=True)
    assert concluded(dead, usar_alternativos=True).tries_alternative
    assert not concluded(dead).tries_alternative
    assert not concluded(Permanent("132000"), usar_alternativos=True).tries_alternative


def test_next_contact_is_not_tried_while_the_first_may_have_the_message() -> None:
    dead = Permanent("131026", tries_alternative=True)
    update = concluded(dead, usar_alternativos=True, terms=WITH_KEY, **DOUBT)
    assert (update.status, update.tries_alternative) == ("incerto", False)


def test_opt_out_that_the_provider_reports_is_kept() -> None:
    assert concluded(Permanent("131050", suppresses=True)).suppresses


def test_channel_that_is_down_costs_no_attempt() -> None:
    update = concluded(ChannelDown("190"), tentativas=3, tentativas_antes=2)
    assert (update.status, update.tentativas, update.ultimo_codigo) == ("pendente", 2, "190")
    assert update.enviar_apos == NOW + CHANNEL_PAUSE


# Asking

WAITED = {**DOUBT, "espera": "tentativa"}


def asked(**changes: Any) -> OutgoingMessage | AskProvider | DisparoUpdate:
    return decided(**{"terms": ASKING, **WAITED, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"terms": ASKING._replace(is_idempotent=True)},
        {"now": NIGHT},
        {"is_suppressed": True},
        {"expira_em": NOW},
        {"tentativas": 3, "tentativas_antes": 3},
        {"pausa": "190", "is_probe": True},
    ],
)
def test_doubt_is_asked_about_even_where_a_message_could_not_leave(changes: dict[str, object]) -> None:
    question = asked(**changes)
    assert isinstance(question, AskProvider)
    assert question.message.disparo_id == str(UUID(int=1))


def test_question_waits_for_a_paused_channel_and_after_a_lapsed_lease() -> None:
    waiting = asked(pausa="190")
    assert isinstance(waiting, DisparoUpdate)
    assert (waiting.espera, waiting.em_duvida) == ("canal_pausado", True)
    lapsed = asked(espera=None, tentativas=3, tentativas_antes=3)
    assert isinstance(lapsed, DisparoUpdate)
    assert (lapsed.status, lapsed.em_duvida, lapsed.tentativas) == ("pendente", True, 2)
    assert (lapsed.espera, lapsed.enviar_apos) == ("tentativa", NOW + MINUTE)


def test_question_that_cannot_be_rendered_leaves_the_doubt() -> None:
    update = asked(variaveis={})
    assert isinstance(update, DisparoUpdate)
    assert (update.status, update.erro_codigo) == ("incerto", "mensagem_nao_montada")


@pytest.mark.parametrize(("attempts", "kept"), [(1, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("is_idempotent", [True, False])
def test_unknown_outcome_leaves_an_attempt_for_the_question(attempts: int, kept: int, is_idempotent: bool) -> None:
    terms = ASKING._replace(is_idempotent=is_idempotent)
    update = concluded(Unknown("tempo_esgotado"), terms=terms, tentativas=attempts, tentativas_antes=attempts - 1)
    assert (update.status, update.em_duvida, update.tentativas) == ("pendente", True, kept)
    assert (update.espera, update.enviar_apos) == ("tentativa", NOW + MINUTE)


@given(st.sampled_from(DeliveryFinding), st.integers(1, 5), st.integers(1, 5))
def test_reply_settles_the_doubt_or_leaves_it_and_asking_ends(
    finding: DeliveryFinding, attempts: int, highest: int
) -> None:
    attempts = min(attempts, highest)
    counted = {"tentativas": attempts, "tentativas_antes": attempts - 1, "max_tentativas": highest}
    reply = InquiryReply(finding, "w", "m" if finding is DeliveryFinding.ENVIADO else None)
    update = answered(a_claimed(**{**WAITED, **counted}), reply, ASKING, now=NOW)
    is_last = attempts == highest
    ends = {
        DeliveryFinding.ENVIADO: "enviado",
        DeliveryFinding.NAO_ENVIADO: "erro" if is_last else "pendente",
        DeliveryFinding.DESCONHECIDO: "incerto" if is_last else "pendente",
    }
    assert update.status == ends[finding]
    assert update.em_duvida == (finding is DeliveryFinding.DESCONHECIDO)
    assert update.provider_message_id == reply.message_id
    assert (update.tentativas, update.step.kind) == (attempts, f"consulta_{finding}")
    if finding is DeliveryFinding.DESCONHECIDO and not is_last:
        assert update.enviar_apos is not None
        assert update.enviar_apos >= NOW + MINUTE


# Properties

CODES = st.sampled_from(["131016", "tempo_esgotado", "x"])
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, st.none() | CODES),
    st.builds(Transient, CODES, st.none() | st.floats(0, 604_800), st.none() | st.sampled_from(["canal", "destino"])),
    st.builds(Permanent, CODES, st.booleans(), st.booleans()),
    st.builds(Unknown, CODES),
    st.builds(ChannelDown, CODES),
)


class Course(NamedTuple):
    """A claim, and all that follows up to its update; `outcome` is None where no attempt was made."""

    claimed: ClaimedDisparo
    terms: Terms
    decision: OutgoingMessage | AskProvider | DisparoUpdate
    update: DisparoUpdate
    outcome: Outcome | None


@st.composite
def claims(draw: st.DrawFn) -> ClaimedDisparo:
    """Disparos as a claim leaves them: the new attempt is counted, unless a lapsed lease was already the last one."""
    highest = draw(st.integers(1, 10))
    is_in_doubt = draw(st.booleans())
    before = draw(st.integers(0, highest if is_in_doubt else highest - 1))
    return a_claimed(
        tentativas=min(before + 1, highest),
        tentativas_antes=before,
        max_tentativas=highest,
        em_duvida=is_in_doubt,
        ultimo_codigo="lease_vencida" if is_in_doubt else None,
        is_suppressed=draw(st.sampled_from([False, False, False, True])),
        is_under_review=draw(st.sampled_from([False, False, False, True])),
        expira_em=draw(st.none() | st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours))),
        ignorar_janela=draw(st.booleans()),
        usar_alternativos=draw(st.booleans()),
        pausa=draw(st.sampled_from([None, None, "190"])),
        is_probe=draw(st.booleans()),
        abandonos=draw(st.sampled_from([0, 0, 0, MOST_ABANDONED])),
    )


@st.composite
def courses(draw: st.DrawFn) -> Course:
    claimed, is_idempotent, is_enabled = draw(claims()), draw(st.booleans()), draw(st.booleans())
    terms = Terms(is_idempotent, None, Backoff(1.0, 30.0, lambda: draw(st.floats(0, 1, exclude_max=True))))
    now = NOW + timedelta(minutes=draw(st.integers(-720, 10_000)))
    decision = decide(claimed, terms, window=WINDOW, is_enabled=is_enabled, now=now)
    if isinstance(decision, OutgoingMessage) and not is_enabled:
        decision = simulated(claimed)
    if isinstance(decision, DisparoUpdate):
        return Course(claimed, terms, decision, decision, None)
    outcome = draw(OUTCOMES)
    rest = draw(st.none() | st.just(now + timedelta(seconds=40)))
    attempt = Attempt(outcome, draw(st.none() | st.floats(0, 60)))
    return Course(claimed, terms, decision, conclude(claimed, attempt, terms, now=now, rest=rest), outcome)


@given(courses())
def test_every_update_is_a_drawn_move_and_fits_the_checks_of_the_table(course: Course) -> None:
    claimed, update = course.claimed, course.update
    assert update.status in MOVES[DisparoStatus.ENVIANDO]
    ends_for_a_reason = {"erro", "incerto", "simulado", "suprimido", "expirado"}
    assert (update.status in ends_for_a_reason) == (update.erro_codigo is not None)
    assert (update.status == "pendente") == (update.espera is not None)
    assert 0 <= update.tentativas <= claimed.max_tentativas
    if update.status == "pendente":
        assert update.tentativas < claimed.max_tentativas
        assert update.enviar_apos is not None
    else:
        assert update.enviar_apos is None
    assert update.em_duvida <= (update.status in {"pendente", "incerto"} and update.ultimo_codigo is not None)
    assert (update.status == "incerto") <= update.em_duvida


@given(courses())
def test_doubt_is_never_forgotten_and_never_repeated_without_a_key(course: Course) -> None:
    may_have_arrived = course.claimed.em_duvida or isinstance(course.outcome, Unknown)
    if may_have_arrived and not isinstance(course.outcome, Sent):
        assert course.update.em_duvida
    if course.claimed.em_duvida and not course.terms.is_idempotent:
        assert not isinstance(course.decision, OutgoingMessage)
    if isinstance(course.outcome, Unknown) and not course.terms.is_idempotent:
        assert course.update.status == "incerto"


@given(courses())
def test_contact_that_opted_out_is_never_sent_to(course: Course) -> None:
    if course.claimed.is_suppressed:
        assert not isinstance(course.decision, OutgoingMessage)
        assert course.update.status in {"suprimido", "incerto"}


@given(courses())
def test_delay_that_is_not_the_fault_of_the_message_costs_no_attempt(course: Course) -> None:
    claimed, update, outcome = course.claimed, course.update, course.outcome
    assert update.step.was_sent == (outcome is not None)
    is_too_fast = isinstance(outcome, Transient) and (
        outcome.scope == "canal"
        or (outcome.scope == "destino" and (outcome.retry_after or 0) <= RATE_WAIT.total_seconds())
    )
    if outcome is None or is_too_fast or isinstance(outcome, ChannelDown):
        assert update.tentativas == claimed.tentativas_antes
    else:
        assert update.tentativas == claimed.tentativas


@given(courses())
def test_next_contact_is_tried_only_after_a_certain_failure(course: Course) -> None:
    if course.update.tries_alternative:
        assert course.update.status == "erro"
        assert course.claimed.usar_alternativos
        assert isinstance(course.outcome, Permanent)


@given(courses())
def test_only_an_accepted_message_is_recorded_as_sent(course: Course) -> None:
    assert (course.update.status == "enviado") == isinstance(course.outcome, Sent)


@given(
    st.floats(0.1, 60),
    st.floats(0.1, 600),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 10),
    st.none() | st.floats(0, 604_800),
)
def test_backoff_lies_between_the_wait_asked_for_and_its_ceiling(
    base: float, cap: float, drawn: float, attempts: int, retry_after: float | None
) -> None:
    wait = Backoff(base, cap, lambda: drawn).after(attempts, retry_after).total_seconds()
    ceiling = min(cap, base * 2 ** (attempts - 1))
    assert (retry_after or 0) - 1e-6 <= wait <= max(retry_after or 0, ceiling) + 1e-6


# Campaigns


def of_a_campaign(status: str, **changes: Any) -> dict[str, Any]:
    """What a disparo of a campaign with this status has beside the others."""
    return {"campanha_id": UUID(int=3), "campanha": status, "etapa": 1, **changes}


IN_DOUBT: dict[str, Any] = {"em_duvida": True, "ultimo_codigo": "x", "espera": "tentativa"}


def test_window_sends_a_campaigns_message_back_to_the_campaigns_queue() -> None:
    update = decided(**of_a_campaign("em_andamento"), now=NIGHT)
    assert isinstance(update, DisparoUpdate)
    assert (update.status, update.espera, update.step.code) == ("pendente", "campanha", "janela")


@pytest.mark.parametrize("status", ["pausada", "agendada"])
@pytest.mark.parametrize("terms", [WITHOUT_KEY, WITH_KEY, ASKING])
def test_doubt_in_a_paused_campaign_waits(status: str, terms: Terms) -> None:
    update = decided(**of_a_campaign(status, **IN_DOUBT), terms=terms)
    assert isinstance(update, DisparoUpdate)
    assert (update.status, update.espera, update.em_duvida) == ("pendente", "campanha", True)
    assert update.enviar_apos == NOW + CAMPAIGN_PATIENCE


def test_doubt_in_a_cancelled_campaign_is_asked_about_and_never_sent_again() -> None:
    assert isinstance(decided(**of_a_campaign("cancelada", **IN_DOUBT), terms=ASKING), AskProvider)
    for terms in (WITHOUT_KEY, WITH_KEY):
        update = decided(**of_a_campaign("cancelada", **IN_DOUBT), terms=terms)
        assert isinstance(update, DisparoUpdate)
        assert (update.status, update.erro_codigo) == ("incerto", "x")
    assert isinstance(decided(**of_a_campaign("em_andamento", **IN_DOUBT), terms=WITH_KEY), OutgoingMessage)
