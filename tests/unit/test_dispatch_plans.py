"""From the wish for a disparo to its row: whom, what and when, and what is wrong with the wish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.dispatch.requests.models import DisparoQuery, NewDisparo, NewTemplate, ResendRequest
from chalicelib.dispatch.requests.plans import Plan, plan
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import Conflict, Invalid, MissingVariable

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST, SECOND, UNFIT = UUID(int=1), UUID(int=2), UUID(int=3)
TEMPLATE = {
    "nome": "oi", "versao": 4, "canal": "whatsapp", "assunto": None, "texto": "Olá, {{nome}}!", "html": None,
    "variaveis": ["nome"],
}  # fmt: skip


def a_destino(contato_id: UUID, *, valido: bool = True) -> dict[str, Any]:
    return {"contato_id": contato_id, "destino": f"+557199999000{contato_id.int}", "valido_para_disparo": valido}


DESTINOS = [a_destino(UNFIT, valido=False), a_destino(FIRST), a_destino(SECOND)]


def a_wish(**changes: Any) -> NewDisparo:
    body = {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Zé"}}}
    return NewDisparo.model_validate(body | changes)


def planned(destinos: list[dict[str, Any]] = DESTINOS, template: dict[str, Any] = TEMPLATE, **changes: Any) -> Plan:
    return plan(a_wish(**changes), template, destinos, NOW)


def problem(**changes: Any) -> tuple[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        planned(**changes)
    return refused.value.code, [each.pointer for each in refused.value.errors]


def test_first_contact_that_is_fit_for_sending_gets_it() -> None:
    assert planned() == Plan(
        "whatsapp", FIRST, "+5571999990001", "oi", 4, '{"nome": "Z\\u00e9"}', agendar_para=None, enviar_apos=NOW,
        espera=None, expira_em=None, ignorar_janela=False, usar_alternativos=False,
    )  # fmt: skip


def test_contact_that_was_asked_for_gets_it() -> None:
    assert planned(telefone_id=str(SECOND)).contato_id == SECOND


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"telefone_id": str(UUID(int=9))}, "contato_desconhecido", "/telefone_id"),
        ({"telefone_id": str(UNFIT)}, "contato_invalido", "/telefone_id"),
        ({"email_id": str(FIRST)}, "contato_de_outro_canal", "/email_id"),
        ({"template": TEMPLATE | {"canal": "email"}}, "template_de_outro_canal", "/template"),
        ({"agendar_para": NOW - timedelta(minutes=6)}, "agendar_para_no_passado", "/agendar_para"),
        ({"agendar_para": NOW + timedelta(days=367)}, "agendar_para_distante", "/agendar_para"),
        ({"expira_em": NOW}, "expira_antes_do_envio", "/expira_em"),
        ({"expira_em": NOW + timedelta(days=367)}, "expira_em_distante", "/expira_em"),
    ],
)
def test_wish_that_cannot_be_granted_is_refused_with_a_pointer(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert problem(**changes) == (code, [pointer])


def test_email_id_is_for_email_and_telefone_id_is_not() -> None:
    template = TEMPLATE | {"canal": "email", "assunto": "Oi"}
    assert planned(template=template, canal="email", email_id=str(SECOND)).contato_id == SECOND
    wish = a_wish(canal="email", telefone_id=str(SECOND))
    with pytest.raises(Invalid, match="contato_de_outro_canal"):
        plan(wish, template, DESTINOS, NOW)


def test_lead_without_a_contact_that_is_fit_is_a_conflict() -> None:
    for destinos in ([], [a_destino(UNFIT, valido=False)]):
        with pytest.raises(Conflict, match="sem_contato_valido"):
            planned(destinos)


def test_missing_variable_is_named() -> None:
    with pytest.raises(MissingVariable) as refused:
        planned(payload={"variaveis": {}})
    assert refused.value.nomes == ("nome",)


def test_unknown_variables_are_named_with_pointers() -> None:
    assert problem(payload={"variaveis": {"nome": "Zé", "b/c": "", "a": ""}}) == (
        "variavel_desconhecida",
        ["/payload/variaveis/a", "/payload/variaveis/b~1c"],
    )


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=5)])
def test_time_just_past_is_now(late: timedelta) -> None:
    made = planned(agendar_para=NOW - late)
    assert (made.agendar_para, made.enviar_apos) == (None, NOW)


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=366)])
def test_time_to_come_is_waited_for(ahead: timedelta) -> None:
    made = planned(agendar_para=NOW + ahead)
    assert made.agendar_para == made.enviar_apos == NOW + ahead


def test_disparo_that_waits_for_its_time_says_so() -> None:
    assert planned(agendar_para=NOW + timedelta(seconds=1)).espera == WaitReason.AGENDADO
    assert planned(agendar_para=NOW).espera is None


@given(
    st.timedeltas(timedelta(minutes=-5), timedelta(days=366)), st.timedeltas(timedelta(days=-2), timedelta(days=900))
)
def test_there_is_always_time_to_send_before_it_expires(ahead: timedelta, until: timedelta) -> None:
    wish = a_wish(agendar_para=NOW + ahead, expira_em=NOW + until, ignorar_janela=True, usar_alternativos=True)
    if timedelta(0) < until - max(ahead, timedelta(0)) <= timedelta(days=366):
        made = plan(wish, TEMPLATE, DESTINOS, NOW)
        assert (made.expira_em, made.ignorar_janela, made.usar_alternativos) == (NOW + until, True, True)
    else:
        with pytest.raises(Invalid) as refused:
            plan(wish, TEMPLATE, DESTINOS, NOW)
        assert refused.value.errors[0].pointer == "/expira_em"


# Requests


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"agendar_para": "2026-11-24T12:00:00"}, "timezone_aware"),
        ({"canal": "fax"}, "enum"),
        ({"template": "../etc"}, "string_pattern_mismatch"),
        ({"template": "oi\n"}, "string_pattern_mismatch"),
        ({"telefone_id": "1"}, "uuid_parsing"),
        ({"payload": {"variaveis": {"nome": 1}}}, "string_type"),
        ({"payload": {"outra": 1}}, "extra_forbidden"),
        ({"prioridade": 1}, "extra_forbidden"),
        ({"expira_em": "2026-11-25T12:00:00"}, "timezone_aware"),
        ({"ignorar_janela": "talvez"}, "bool_parsing"),
    ],
)
def test_wish_in_another_shape_is_refused(changes: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_wish(**changes)
    assert [each["type"] for each in refused.value.errors()] == [kind]


@pytest.mark.parametrize("idioma", ["pt", "pt_BR", "pt-BR", "es_419", "zh_Hant_TW"])
def test_language_is_taken_as_meta_and_as_others_spell_it(idioma: str) -> None:
    assert NewTemplate.model_validate({"canal": "whatsapp", "idioma": idioma, "texto": "oi"}).idioma == idioma


@pytest.mark.parametrize("idioma", ["", "português", "PT", "pt_", "p"])
def test_what_is_no_language_is_refused(idioma: str) -> None:
    with pytest.raises(ValidationError):
        NewTemplate.model_validate({"canal": "whatsapp", "idioma": idioma, "texto": "oi"})


def test_filters_of_the_list_are_checked() -> None:
    query = DisparoQuery.model_validate({"status": "incerto", "canal": "email", "lead_id": str(FIRST), "limit": "5"})
    assert (query.status, query.canal, query.lead_id, query.limit) == ("incerto", "email", FIRST, 5)
    with pytest.raises(ValidationError):
        DisparoQuery.model_validate({"status": "novo"})


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "filtro_ausente"),
        ({"status": "erro", "limite": 10}, "filtro_ausente"),
        ({"status": "incerto", "canal": "email"}, "literal_error"),
        ({"canal": "email", "limite": 5_001}, "less_than_equal"),
        ({"canal": "email", "limite": 0}, "greater_than_equal"),
        ({"criado_de": "2026-11-24T12:00:00"}, "timezone_aware"),
        ({"lead": "x"}, "extra_forbidden"),
    ],
)
def test_what_does_not_say_which_to_send_again_is_refused(body: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ResendRequest.model_validate(body)
    assert kind in [each["type"] for each in refused.value.errors()]
