"""What is done with a claimed disparo, and what an attempt makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    CHANNEL_PAUSE,
    PAUSED_PATIENCE,
    RATE_WAIT,
    AskProvider,
    Backoff,
    ClaimedDisparo,
    DisparoUpdate,
    answered,
    conclude,
    decide,
    simulated,
)
from chalicelib.dispatch.rules.windows import WindowRules, rules_for
from chalicelib.dispatch.states import MOVES, DisparoStatus
from chalicelib.tenants.config import TenantConfig

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BACKOFF = Backoff(1.0, 30.0, lambda: 0.5)
JANELA = rules_for("+5571999990001", "whatsapp", TenantConfig())
NIGHT = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # Tuesday, 22:00 in Salvador


def a_claimed(**changes: Any) -> ClaimedDisparo:
    fields: dict[str, Any] = {
        "tenant_id": "acme",
        "disparo_id": UUID(int=1),
        "lead_id": UUID(int=2),
        "canal": "whatsapp",
        "destino": "+5571999990001",
        "variaveis": {"nome": "Zé\nda Silva", "valor": "10"},
        "tentativas": 1,
        "tentativas_antes": 0,
        "max_tentativas": 3,
        "em_duvida": False,
        "ultimo_codigo": None,
        "template": "oi",
        "idioma": "pt_BR",
        "assunto": None,
        "texto": "Olá, {{nome}}: {{valor}}",
        "html": None,
        "ordem": ["valor", "nome"],
    }
    return ClaimedDisparo(**fields | changes)


def decided(
    *, is_enabled: bool = True, is_idempotent: bool = False, now: datetime = NOW, janela: WindowRules | None = JANELA,
    **changes: Any,
) -> OutgoingMessage | DisparoUpdate:  # fmt: skip
    tomado = a_claimed(**changes)
    return decide(tomado, janela=janela, is_enabled=is_enabled, is_idempotent=is_idempotent, now=now)


def held(**changes: Any) -> DisparoUpdate:
    registro = decided(**changes)
    assert isinstance(registro, DisparoUpdate)
    return registro


def concluded(
    outcome: Outcome, *, is_idempotent: bool = False, rest: datetime | None = None, **changes: Any
) -> DisparoUpdate:
    attempt = Attempt(outcome, 0.05)
    tomado = a_claimed(**changes)
    return conclude(tomado, attempt, is_idempotent=is_idempotent, now=NOW, backoff=BACKOFF, rest=rest)


# Deciding


def test_message_has_the_words_of_the_template_and_its_variables_in_their_order_on_one_line() -> None:
    assert decided() == OutgoingMessage(
        disparo_id=str(UUID(int=1)),
        tentativa=1,
        destino="+5571999990001",
        texto="Olá, Zé\nda Silva: 10",
        template_nome="oi",
        template_idioma="pt_BR",
        variaveis=(("valor", "10"), ("nome", "Zé da Silva")),
    )


def test_email_has_a_subject_an_html_body_and_variables_as_they_are() -> None:
    mensagem = decided(canal="email", assunto="Para {{nome}}", html="<p>{{valor}}</p>")
    assert isinstance(mensagem, OutgoingMessage)
    assert (mensagem.assunto, mensagem.html) == ("Para Zé da Silva", "<p>10</p>")
    assert mensagem.variaveis == (("valor", "10"), ("nome", "Zé\nda Silva"))


def test_nothing_leaves_while_sending_is_off_and_the_reason_is_recorded() -> None:
    assert isinstance(decided(is_enabled=False), OutgoingMessage)
    registro = simulated(a_claimed())
    assert (registro.status, registro.erro_codigo, registro.tentativas) == ("simulado", "envio_desligado", 0)


def test_contact_that_opted_out_gets_nothing_whoever_asks() -> None:
    registro = held(is_suppressed=True, ignorar_janela=True, is_probe=True, pausa="190")
    assert (registro.status, registro.erro_codigo, registro.tentativas) == ("suprimido", "contato_suprimido", 0)
    assert (registro.passo.classe, registro.passo.tentou) == ("suprimido", False)


@pytest.mark.parametrize(("seconds", "status"), [(-1, "expirado"), (0, "expirado"), (1, None)])
def test_message_is_not_sent_when_it_is_too_late_to_be_of_use(seconds: int, status: str | None) -> None:
    decision = decided(expira_em=NOW + timedelta(seconds=seconds))
    assert getattr(decision, "status", None) == status
    assert getattr(decision, "erro_codigo", None) == (status and "prazo_expirado")


def test_too_late_comes_before_the_window_that_would_only_make_it_later() -> None:
    assert held(now=NIGHT, expira_em=NIGHT).status == "expirado"


def test_outside_the_window_it_waits_until_the_window_opens_and_costs_no_attempt() -> None:
    registro = held(now=NIGHT)
    assert (registro.status, registro.espera, registro.tentativas) == ("pendente", "janela", 0)
    assert registro.enviar_apos == datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
    assert (registro.passo.classe, registro.passo.codigo, registro.passo.tentou) == ("adiado", "janela", False)


def test_window_is_passed_over_where_the_disparo_or_the_tenant_says_so() -> None:
    assert isinstance(decided(now=NIGHT, ignorar_janela=True), OutgoingMessage)
    assert isinstance(decided(now=NIGHT, janela=None), OutgoingMessage)


def test_paused_channel_is_waited_for_and_its_probe_is_not() -> None:
    registro = held(pausa="190", ultimo_codigo="131016")
    assert (registro.status, registro.espera, registro.tentativas) == ("pendente", "canal_pausado", 0)
    assert (registro.enviar_apos, registro.ultimo_codigo) == (NOW + PAUSED_PATIENCE, "131016")
    assert (registro.passo.classe, registro.passo.codigo) == ("adiado", "190")
    assert isinstance(decided(pausa="190", is_probe=True), OutgoingMessage)


@pytest.mark.parametrize("changes", [{"is_suppressed": True}, {"expira_em": NOW}, {"variaveis": {}}])
def test_doubt_is_not_forgotten_by_what_closes_a_disparo(changes: dict[str, Any]) -> None:
    registro = held(is_idempotent=True, **DOUBT, **changes)
    assert (registro.status, registro.em_duvida, registro.tentativas) == ("incerto", True, 1)


def test_doubt_waits_for_a_window_and_stays_doubt() -> None:
    registro = held(is_idempotent=True, now=NIGHT, **DOUBT)
    assert (registro.status, registro.em_duvida, registro.ultimo_codigo) == ("pendente", True, "lease_vencida")


@pytest.mark.parametrize("is_enabled", [True, False])
def test_words_that_cannot_be_filled_in_are_an_error_that_no_attempt_was_made_for(is_enabled: bool) -> None:
    registro = decided(variaveis={"valor": "10"}, is_enabled=is_enabled)
    assert isinstance(registro, DisparoUpdate)
    assert (registro.status, registro.erro_codigo) == ("erro", "mensagem_nao_montada")
    assert (registro.ultimo_codigo, registro.tentativas) == ("variavel_ausente", 0)


DOUBT = {"em_duvida": True, "ultimo_codigo": "lease_vencida", "tentativas": 2, "tentativas_antes": 1}


@pytest.mark.parametrize(
    ("is_enabled", "is_idempotent", "changes"),
    [
        (True, False, DOUBT),
        (False, True, DOUBT),
        (True, True, {**DOUBT, "tentativas": 3, "tentativas_antes": 3}),
    ],
    ids=["no key", "sending off", "no attempt left"],
)
def test_doubt_that_no_key_may_resolve_is_uncertain(
    is_enabled: bool, is_idempotent: bool, changes: dict[str, Any]
) -> None:
    registro = decided(is_enabled=is_enabled, is_idempotent=is_idempotent, **changes)
    assert isinstance(registro, DisparoUpdate)
    assert (registro.status, registro.erro_codigo) == ("incerto", "lease_vencida")
    assert registro.tentativas == changes["tentativas_antes"]


def test_doubt_is_sent_again_under_its_own_key() -> None:
    mensagem = decided(is_idempotent=True, **DOUBT)
    assert isinstance(mensagem, OutgoingMessage)
    assert mensagem.disparo_id == str(UUID(int=1))


# Concluding


def test_accepted_message_is_sent_and_out_of_doubt() -> None:
    registro = concluded(Sent("wamid.1"), **DOUBT)
    assert (registro.status, registro.provider_message_id, registro.em_duvida) == ("enviado", "wamid.1", False)
    assert registro.erro_codigo is None


def test_refusal_for_now_waits_for_a_part_of_the_backoff() -> None:
    registro = concluded(Transient("131016"), tentativas=2, tentativas_antes=1)
    assert (registro.status, registro.tentativas, registro.ultimo_codigo) == ("pendente", 2, "131016")
    assert registro.enviar_apos == NOW + timedelta(seconds=1)
    assert registro.erro_codigo is None


def test_wait_that_the_provider_asks_for_wins() -> None:
    assert concluded(Transient("130429", 86_400.0)).enviar_apos == NOW + timedelta(days=1)


def test_last_refusal_is_an_error_with_the_code_of_the_provider_beside_it() -> None:
    registro = concluded(Transient("131016"), tentativas=3, tentativas_antes=2)
    assert (registro.status, registro.erro_codigo, registro.ultimo_codigo) == ("erro", "tentativas_esgotadas", "131016")


def test_refusal_for_good_is_an_error() -> None:
    registro = concluded(Permanent("131026"))
    assert (registro.status, registro.erro_codigo, registro.tentativas) == ("erro", "131026", 1)


@pytest.mark.parametrize("outcome", [Permanent("131026"), Transient("131016")])
def test_refusal_after_an_attempt_in_doubt_says_nothing_about_that_attempt(outcome: Outcome) -> None:
    registro = concluded(outcome, is_idempotent=True, **{**DOUBT, "tentativas": 3, "tentativas_antes": 2})
    assert (registro.status, registro.em_duvida) == ("incerto", True)


def test_unknown_outcome_is_uncertain_without_a_key_and_repeated_with_one() -> None:
    assert concluded(Unknown("tempo_esgotado")).status == "incerto"
    again = concluded(Unknown("tempo_esgotado"), is_idempotent=True)
    assert (again.status, again.em_duvida, again.ultimo_codigo) == ("pendente", True, "tempo_esgotado")
    last = concluded(Unknown("tempo_esgotado"), is_idempotent=True, tentativas=3, tentativas_antes=2)
    assert (last.status, last.erro_codigo) == ("incerto", "tempo_esgotado")


def test_busy_channel_costs_no_attempt_and_is_left_to_rest() -> None:
    last = {"tentativas": 3, "tentativas_antes": 2}
    registro = concluded(Transient("130429", 5.0, "canal"), rest=NOW + timedelta(seconds=8), **last)
    assert (registro.status, registro.espera, registro.tentativas) == ("pendente", "canal_lento", 2)
    assert registro.enviar_apos == NOW + timedelta(seconds=8)
    assert concluded(Transient("130429", 5.0, "canal")).enviar_apos == NOW + timedelta(seconds=5)
    assert (registro.passo.classe, registro.passo.codigo, registro.passo.tentou) == ("transitorio", "130429", True)


def test_two_messages_too_close_for_one_person_cost_no_attempt() -> None:
    registro = concluded(Transient("131056", 6.0, "destino"), tentativas=3, tentativas_antes=2)
    assert (registro.status, registro.espera, registro.tentativas) == ("pendente", "destino", 2)
    assert registro.enviar_apos == NOW + timedelta(seconds=6)


def test_cap_of_a_person_for_a_day_is_an_attempt() -> None:
    capped = Transient("131049", 86_400.0, "destino")
    registro = concluded(capped)
    assert (registro.status, registro.espera, registro.tentativas) == ("pendente", "tentativa", 1)
    assert registro.enviar_apos == NOW + timedelta(days=1)
    assert concluded(capped, tentativas=3, tentativas_antes=2).status == "erro"


def test_next_contact_is_tried_where_the_address_is_at_fault_and_the_disparo_says_so() -> None:
    dead = Permanent("131026", tentar_alternativo=True)
    assert concluded(dead, usar_alternativos=True).tentar_alternativo
    assert not concluded(dead).tentar_alternativo
    assert not concluded(Permanent("132000"), usar_alternativos=True).tentar_alternativo


def test_next_contact_is_not_tried_while_the_first_may_have_it() -> None:
    registro = concluded(
        Permanent("131026", tentar_alternativo=True), usar_alternativos=True, is_idempotent=True, **DOUBT
    )
    assert (registro.status, registro.tentar_alternativo) == ("incerto", False)


def test_opt_out_that_the_provider_tells_is_remembered() -> None:
    assert concluded(Permanent("131050", suprimir=True)).suprimir


def test_channel_that_is_down_costs_no_attempt() -> None:
    registro = concluded(ChannelDown("190"), tentativas=3, tentativas_antes=2)
    assert (registro.status, registro.tentativas, registro.ultimo_codigo) == ("pendente", 2, "190")
    assert registro.enviar_apos == NOW + CHANNEL_PAUSE


# Asking

MINUTE = timedelta(minutes=1)
WAITED = {**DOUBT, "espera": "tentativa"}


def asked(**changes: Any) -> OutgoingMessage | AskProvider | DisparoUpdate:
    fields = WAITED | changes
    key, now = fields.pop("is_idempotent", False), fields.pop("now", NOW)
    return decide(
        a_claimed(**fields), janela=JANELA, is_enabled=True, is_idempotent=key, now=now, asks_after=MINUTE
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"is_idempotent": True},
        {"now": NIGHT},
        {"is_suppressed": True},
        {"expira_em": NOW},
        {"tentativas": 3, "tentativas_antes": 3},
        {"pausa": "190", "is_probe": True},
    ],
)
def test_doubt_of_a_channel_that_asks_is_asked_about_whatever_would_keep_a_message(changes: dict[str, Any]) -> None:
    question = asked(**changes)
    assert isinstance(question, AskProvider)
    assert question.mensagem.disparo_id == str(UUID(int=1))


def test_question_waits_for_a_paused_channel_and_for_what_a_dead_worker_may_just_have_sent() -> None:
    waiting = asked(pausa="190")
    assert isinstance(waiting, DisparoUpdate)
    assert (waiting.espera, waiting.em_duvida) == ("canal_pausado", True)
    lapsed = asked(espera=None, tentativas=3, tentativas_antes=3)
    assert isinstance(lapsed, DisparoUpdate)
    assert (lapsed.status, lapsed.em_duvida, lapsed.tentativas) == ("pendente", True, 2)
    assert (lapsed.espera, lapsed.enviar_apos) == ("tentativa", NOW + MINUTE)


def test_question_that_cannot_be_put_into_words_leaves_the_doubt() -> None:
    registro = asked(variaveis={})
    assert isinstance(registro, DisparoUpdate)
    assert (registro.status, registro.erro_codigo) == ("incerto", "mensagem_nao_montada")


@pytest.mark.parametrize(("tentativa", "kept"), [(1, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("is_idempotent", [True, False])
def test_unknown_outcome_of_a_channel_that_asks_always_leaves_room_for_a_question(
    tentativa: int, kept: int, is_idempotent: bool
) -> None:
    tomado = a_claimed(tentativas=tentativa, tentativas_antes=tentativa - 1)
    attempt = Attempt(Unknown("tempo_esgotado"))
    registro = conclude(
        tomado, attempt, is_idempotent=is_idempotent, now=NOW, backoff=BACKOFF, asks_after=MINUTE
    )  # fmt: skip
    assert (registro.status, registro.em_duvida, registro.tentativas) == ("pendente", True, kept)
    assert (registro.espera, registro.enviar_apos) == ("tentativa", NOW + MINUTE)


@given(st.sampled_from(DeliveryFinding), st.integers(1, 5), st.integers(1, 5))
def test_answer_settles_a_doubt_or_leaves_it_and_asking_ends(
    paradeiro: DeliveryFinding, tentativas: int, highest: int
) -> None:
    tentativas = min(tentativas, highest)
    tomado = a_claimed(
        **{**WAITED, "tentativas": tentativas, "tentativas_antes": tentativas - 1}, max_tentativas=highest
    )
    parecer = InquiryReply(paradeiro, "w", "m" if paradeiro is DeliveryFinding.ENVIADO else None)
    registro = answered(tomado, parecer, asks_after=MINUTE, now=NOW, backoff=BACKOFF)
    is_last = tentativas == highest
    ends = {
        DeliveryFinding.ENVIADO: "enviado",
        DeliveryFinding.NAO_ENVIADO: "erro" if is_last else "pendente",
        DeliveryFinding.DESCONHECIDO: "incerto" if is_last else "pendente",
    }
    assert registro.status == ends[paradeiro]
    assert registro.em_duvida == (paradeiro is DeliveryFinding.DESCONHECIDO)
    assert registro.provider_message_id == parecer.message_id
    assert (registro.tentativas, registro.passo.classe) == (tentativas, f"consulta_{paradeiro}")
    if paradeiro is DeliveryFinding.DESCONHECIDO and not is_last:
        assert registro.enviar_apos is not None
        assert registro.enviar_apos >= NOW + MINUTE


# Properties

CODES = st.sampled_from(["131016", "tempo_esgotado", "x"])
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, st.none() | CODES),
    st.builds(Transient, CODES, st.none() | st.floats(0, 604_800), st.none() | st.sampled_from(["canal", "destino"])),
    st.builds(Permanent, CODES, st.booleans(), st.booleans()),
    st.builds(Unknown, CODES),
    st.builds(ChannelDown, CODES),
)


@st.composite
def claimed(draw: st.DrawFn) -> ClaimedDisparo:
    """As a claim leaves them: a new attempt is counted, unless a lapsed lease was already the last one."""
    highest = draw(st.integers(1, 10))
    doubt = draw(st.booleans())
    before = draw(st.integers(0, highest if doubt else highest - 1))
    return a_claimed(
        tentativas=min(before + 1, highest),
        tentativas_antes=before,
        max_tentativas=highest,
        em_duvida=doubt,
        ultimo_codigo="lease_vencida" if doubt else None,
        is_suppressed=draw(st.sampled_from([False, False, False, True])),
        expira_em=draw(st.none() | st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours))),
        ignorar_janela=draw(st.booleans()),
        usar_alternativos=draw(st.booleans()),
        pausa=draw(st.sampled_from([None, None, "190"])),
        is_probe=draw(st.booleans()),
    )


@st.composite
def recorded(
    draw: st.DrawFn,
) -> tuple[ClaimedDisparo, bool, OutgoingMessage | DisparoUpdate, DisparoUpdate, Outcome | None]:
    """A claim all the way to what is recorded of it, with the outcome of its attempt if there was one."""
    tomado, is_idempotent, is_enabled = draw(claimed()), draw(st.booleans()), draw(st.booleans())
    now = NOW + timedelta(minutes=draw(st.integers(-720, 10_000)))
    decision = decide(tomado, janela=JANELA, is_enabled=is_enabled, is_idempotent=is_idempotent, now=now)
    if isinstance(decision, OutgoingMessage) and not is_enabled:
        decision = simulated(tomado)
    if isinstance(decision, DisparoUpdate):
        return tomado, is_idempotent, decision, decision, None
    outcome = draw(OUTCOMES)
    backoff = Backoff(1.0, 30.0, lambda: draw(st.floats(0, 1, exclude_max=True)))
    rest = draw(st.none() | st.just(now + timedelta(seconds=40)))
    attempt = Attempt(outcome, draw(st.none() | st.floats(0, 60)))
    registro = conclude(tomado, attempt, is_idempotent=is_idempotent, now=now, backoff=backoff, rest=rest)
    return tomado, is_idempotent, decision, registro, outcome


@given(recorded())
def test_every_end_is_a_move_of_the_drawing_and_fits_the_checks_of_the_table(result: tuple[Any, ...]) -> None:
    tomado, _, _, registro, _ = result
    assert registro.status in MOVES[DisparoStatus.ENVIANDO]
    ends_for_a_reason = {"erro", "incerto", "simulado", "suprimido", "expirado"}
    assert (registro.status in ends_for_a_reason) == (registro.erro_codigo is not None)
    assert (registro.status == "pendente") == (registro.espera is not None)
    assert 0 <= registro.tentativas <= tomado.max_tentativas
    if registro.status == "pendente":
        assert registro.tentativas < tomado.max_tentativas
        assert registro.enviar_apos is not None
    else:
        assert registro.enviar_apos is None
    assert registro.em_duvida <= (registro.status in {"pendente", "incerto"} and registro.ultimo_codigo is not None)
    assert (registro.status == "incerto") <= registro.em_duvida


@given(recorded())
def test_doubt_is_never_forgotten_and_never_repeated_without_a_key(result: tuple[Any, ...]) -> None:
    tomado, is_idempotent, decision, registro, outcome = result
    may_have_arrived = tomado.em_duvida or isinstance(outcome, Unknown)
    if may_have_arrived and not isinstance(outcome, Sent):
        assert registro.em_duvida
    if tomado.em_duvida and not is_idempotent:
        assert not isinstance(decision, OutgoingMessage)
    if isinstance(outcome, Unknown) and not is_idempotent:
        assert registro.status == "incerto"


@given(recorded())
def test_opt_out_is_never_passed_over(result: tuple[Any, ...]) -> None:
    tomado, _, decision, registro, _ = result
    if tomado.is_suppressed:
        assert not isinstance(decision, OutgoingMessage)
        assert registro.status in {"suprimido", "incerto"}


@given(recorded())
def test_an_attempt_counts_only_if_the_provider_was_asked_and_refused_the_message_itself(
    result: tuple[Any, ...],
) -> None:
    tomado, _, _, registro, outcome = result
    assert registro.passo.tentou == (outcome is not None)
    too_fast = isinstance(outcome, Transient) and (
        outcome.escopo == "canal"
        or (outcome.escopo == "destino" and (outcome.retry_after or 0) <= RATE_WAIT.total_seconds())
    )
    if outcome is None or too_fast or isinstance(outcome, ChannelDown):
        assert registro.tentativas == tomado.tentativas_antes
    else:
        assert registro.tentativas == tomado.tentativas


@given(recorded())
def test_next_contact_is_tried_only_after_a_certain_failure(result: tuple[Any, ...]) -> None:
    tomado, _, _, registro, outcome = result
    if registro.tentar_alternativo:
        assert registro.status == "erro"
        assert tomado.usar_alternativos
        assert isinstance(outcome, Permanent)


@given(recorded())
def test_sent_and_only_sent_is_recorded_as_sent(result: tuple[Any, ...]) -> None:
    *_, registro, outcome = result
    assert (registro.status == "enviado") == isinstance(outcome, Sent)


@given(
    st.floats(0.1, 60),
    st.floats(0.1, 600),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 10),
    st.none() | st.floats(0, 604_800),
)
def test_backoff_is_between_what_was_asked_for_and_its_ceiling(
    base: float, cap: float, drawn: float, tentativa: int, retry_after: float | None
) -> None:
    wait = Backoff(base, cap, lambda: drawn).after(tentativa, retry_after).total_seconds()
    ceiling = min(cap, base * 2 ** (tentativa - 1))
    assert (retry_after or 0) - 1e-6 <= wait <= max(retry_after or 0, ceiling) + 1e-6
