"""What is done with a claimed disparo, and what an attempt makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.arguments import Mensagem
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from chalicelib.dispatch.policy import CHANNEL_PAUSE, Backoff, Registro, Tomado, conclude, decide
from chalicelib.dispatch.states import MOVES, StatusDisparo

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BACKOFF = Backoff(1.0, 30.0, lambda: 0.5)


def a_claimed(**changes: Any) -> Tomado:
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
    return Tomado(**fields | changes)


def decided(*, is_enabled: bool = True, is_idempotent: bool = False, **changes: Any) -> Mensagem | Registro:
    return decide(a_claimed(**changes), is_enabled=is_enabled, is_idempotent=is_idempotent)


def concluded(outcome: Outcome, *, is_idempotent: bool = False, **changes: Any) -> Registro:
    return conclude(a_claimed(**changes), outcome, is_idempotent=is_idempotent, now=NOW, backoff=BACKOFF)


# Deciding


def test_message_has_the_words_of_the_template_and_its_variables_in_their_order_on_one_line() -> None:
    assert decided() == Mensagem(
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
    assert isinstance(mensagem, Mensagem)
    assert (mensagem.assunto, mensagem.html) == ("Para Zé da Silva", "<p>10</p>")
    assert mensagem.variaveis == (("valor", "10"), ("nome", "Zé\nda Silva"))


def test_nothing_leaves_while_sending_is_off_and_the_reason_is_recorded() -> None:
    registro = decided(is_enabled=False)
    assert isinstance(registro, Registro)
    assert (registro.status, registro.erro_codigo, registro.tentativas) == ("simulado", "envio_desligado", 0)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_words_that_cannot_be_filled_in_are_an_error_that_no_attempt_was_made_for(is_enabled: bool) -> None:
    registro = decided(variaveis={"valor": "10"}, is_enabled=is_enabled)
    assert isinstance(registro, Registro)
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
    assert isinstance(registro, Registro)
    assert (registro.status, registro.erro_codigo) == ("incerto", "lease_vencida")
    assert registro.tentativas == changes["tentativas_antes"]


def test_doubt_is_sent_again_under_its_own_key() -> None:
    mensagem = decided(is_idempotent=True, **DOUBT)
    assert isinstance(mensagem, Mensagem)
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


def test_channel_that_is_down_costs_no_attempt() -> None:
    registro = concluded(ChannelDown("190"), tentativas=3, tentativas_antes=2)
    assert (registro.status, registro.tentativas, registro.ultimo_codigo) == ("pendente", 2, "190")
    assert registro.enviar_apos == NOW + CHANNEL_PAUSE


# Properties

CODES = st.sampled_from(["131016", "tempo_esgotado", "x"])
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Sent, st.none() | CODES),
    st.builds(Transient, CODES, st.none() | st.floats(0, 604_800)),
    st.builds(Permanent, CODES),
    st.builds(Unknown, CODES),
    st.builds(ChannelDown, CODES),
)


@st.composite
def claimed(draw: st.DrawFn) -> Tomado:
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
    )


@st.composite
def recorded(draw: st.DrawFn) -> tuple[Tomado, bool, Mensagem | Registro, Registro, Outcome | None]:
    """A claim all the way to what is recorded of it, with the outcome of its attempt if there was one."""
    tomado, is_idempotent = draw(claimed()), draw(st.booleans())
    decision = decide(tomado, is_enabled=draw(st.booleans()), is_idempotent=is_idempotent)
    if isinstance(decision, Registro):
        return tomado, is_idempotent, decision, decision, None
    outcome = draw(OUTCOMES)
    backoff = Backoff(1.0, 30.0, lambda: draw(st.floats(0, 1, exclude_max=True)))
    registro = conclude(tomado, outcome, is_idempotent=is_idempotent, now=NOW, backoff=backoff)
    return tomado, is_idempotent, decision, registro, outcome


@given(recorded())
def test_every_end_is_a_move_of_the_drawing_and_fits_the_checks_of_the_table(result: tuple[Any, ...]) -> None:
    tomado, _, _, registro, _ = result
    assert registro.status in MOVES[StatusDisparo.ENVIANDO]
    assert (registro.status in {"erro", "incerto", "simulado"}) == (registro.erro_codigo is not None)
    assert 0 <= registro.tentativas <= tomado.max_tentativas
    if registro.status == "pendente":
        assert registro.tentativas < tomado.max_tentativas
        assert registro.enviar_apos is not None
        assert registro.enviar_apos >= NOW
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
        assert not isinstance(decision, Mensagem)
    if isinstance(outcome, Unknown) and not is_idempotent:
        assert registro.status == "incerto"


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
