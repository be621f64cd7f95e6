"""A request for a disparo becomes a row, or an error that points to what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dispatch.requests.models import NewDisparo
from chalicelib.dispatch.requests.plans import Plan, plan
from chalicelib.dispatch.states import WaitReason
from chalicelib.errors import Conflict, Invalid, MissingVariable

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST, SECOND, UNFIT = UUID(int=1), UUID(int=2), UUID(int=3)
TEMPLATE = {
    "nome": "oi", "versao": 4, "canal": "whatsapp", "assunto": None, "texto": "Olá, {{nome}}!", "html": None,
    "variaveis": ["nome"], "regras": 2,
}  # fmt: skip


def a_contact(contato_id: UUID, *, is_valid: bool = True) -> dict[str, Any]:
    return {"contato_id": contato_id, "destino": f"+557199999000{contato_id.int}", "valido_para_disparo": is_valid}


CONTACTS = [a_contact(UNFIT, is_valid=False), a_contact(FIRST), a_contact(SECOND)]


def a_request(**changes: Any) -> NewDisparo:
    body = {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Zé"}}}
    return NewDisparo.model_validate(body | changes)


def planned(contacts: list[dict[str, Any]] = CONTACTS, template: dict[str, Any] = TEMPLATE, **changes: Any) -> Plan:
    return plan(a_request(**changes), template, {}, contacts, NOW)


def refusal(**changes: Any) -> tuple[str, list[str]]:
    """The code of the error, and the pointers to what is wrong."""
    with pytest.raises(Invalid) as refused:
        planned(**changes)
    return refused.value.code, [each.pointer for each in refused.value.errors]


def test_first_contact_that_is_fit_for_sending_is_the_destination() -> None:
    assert planned() == Plan(
        "whatsapp", FIRST, "+5571999990001", "oi", 4, '{"nome": "Z\\u00e9"}', agendar_para=None, enviar_apos=NOW,
        espera=None, expira_em=None, ignorar_janela=False, usar_alternativos=False,
    )  # fmt: skip


@pytest.mark.parametrize("value", ["", "  ", "\n\t", "\u200b"])
def test_blank_value_is_refused_before_whatsapp_does(value: str) -> None:
    assert refusal(payload={"variaveis": {"nome": value}}) == ("valor_vazio", ["/payload/variaveis/nome"])


def test_blank_value_of_an_email_is_accepted() -> None:
    assert planned(template={**TEMPLATE, "canal": "email"}, canal="email", payload={"variaveis": {"nome": ""}})


def test_contact_of_the_request_is_the_destination() -> None:
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
def test_request_that_cannot_be_planned_is_refused_with_a_pointer(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert refusal(**changes) == (code, [pointer])


def test_email_takes_an_email_id_and_no_telefone_id() -> None:
    template = TEMPLATE | {"canal": "email", "assunto": "Oi"}
    assert planned(template=template, canal="email", email_id=str(SECOND)).contato_id == SECOND
    request = a_request(canal="email", telefone_id=str(SECOND))
    with pytest.raises(Invalid, match="contato_de_outro_canal"):
        plan(request, template, {}, CONTACTS, NOW)


def test_lead_without_a_contact_that_is_fit_for_sending_is_a_conflict() -> None:
    for contacts in ([], [a_contact(UNFIT, is_valid=False)]):
        with pytest.raises(Conflict, match="sem_contato_valido"):
            planned(contacts)


def test_missing_variable_is_named() -> None:
    with pytest.raises(MissingVariable) as refused:
        planned(payload={"variaveis": {}})
    assert refused.value.names == ("nome",)


def test_unknown_variables_are_named_with_pointers() -> None:
    assert refusal(payload={"variaveis": {"nome": "Zé", "b/c": "", "a": ""}}) == (
        "variavel_desconhecida",
        ["/payload/variaveis/a", "/payload/variaveis/b~1c"],
    )


def test_thousands_of_unknown_variables_are_not_repeated_for_each_other() -> None:
    with pytest.raises(Invalid) as refused:
        planned(payload={"variaveis": {"nome": "Zé", **{f"v{number:05}": "" for number in range(20_000)}}})
    error = refused.value
    assert [each.detail for each in error.errors] == [f"v{number:05}" for number in range(100)]
    assert error.has_more
    assert str(error.params["nomes"]).endswith("v00008, v00009, … (+19990)")


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=5)])
def test_time_that_has_just_passed_counts_as_now(late: timedelta) -> None:
    made = planned(agendar_para=NOW - late)
    assert (made.agendar_para, made.enviar_apos) == (None, NOW)


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=366)])
def test_future_time_is_the_time_of_sending(ahead: timedelta) -> None:
    made = planned(agendar_para=NOW + ahead)
    assert made.agendar_para == made.enviar_apos == NOW + ahead


def test_scheduled_disparo_names_its_time_as_the_reason_to_wait() -> None:
    assert planned(agendar_para=NOW + timedelta(seconds=1)).espera == WaitReason.AGENDADO
    assert planned(agendar_para=NOW).espera is None


@given(
    st.timedeltas(timedelta(minutes=-5), timedelta(days=366)), st.timedeltas(timedelta(days=-2), timedelta(days=900))
)
def test_expiry_that_leaves_no_time_for_sending_is_refused(ahead: timedelta, until: timedelta) -> None:
    request = a_request(agendar_para=NOW + ahead, expira_em=NOW + until, ignorar_janela=True, usar_alternativos=True)
    if timedelta(0) < until - max(ahead, timedelta(0)) <= timedelta(days=366):
        made = plan(request, TEMPLATE, {}, CONTACTS, NOW)
        assert (made.expira_em, made.ignorar_janela, made.usar_alternativos) == (NOW + until, True, True)
    else:
        with pytest.raises(Invalid) as refused:
            plan(request, TEMPLATE, {}, CONTACTS, NOW)
        assert refused.value.errors[0].pointer == "/expira_em"
