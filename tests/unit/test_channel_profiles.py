"""The profiles that come with the package: what each sends, and what the answers of its server mean."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.calls import Answer, CallResult, Lost, NotWritten, Refused
from chalicelib.dispatch.channels.document import profiles
from chalicelib.dispatch.outcomes import CalendarPart, ChannelDown, Outcome, Permanent, Sent, Transient, Unknown
from tests.channels import a_jina_answer, a_message, an_answer, an_email, of_profile

A_DAY = 86_400


def test_every_profile_loads() -> None:
    assert set(profiles()) == {"evolution-api-mcp", "jina-whatsapp-mcp", "mcp-email-server", "resend-mcp", "twilio"}
    for name in profiles():
        assert of_profile(name).descricao


def test_jina_gets_the_variables_as_components_of_meta() -> None:
    assert of_profile("jina-whatsapp-mcp").arguments_for(a_message()) == {
        "to": "+5571999999999",
        "template_name": "boas_vindas",
        "language": "pt_BR",
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Zé"}, {"type": "text", "text": "R$ 10"}]}
        ],
    }


def test_template_without_variables_sends_no_components() -> None:
    assert "components" not in of_profile("jina-whatsapp-mcp").arguments_for(a_message(variaveis=()))


def test_evolution_gets_the_phone_as_digits_and_the_variables_as_a_list() -> None:
    assert of_profile("evolution-api-mcp").arguments_for(a_message()) == {
        "chat": "5571999999999",
        "template_name": "boas_vindas",
        "language": "pt_BR",
        "body_parameters": ["Zé", "R$ 10"],
    }


def test_twilio_gets_the_variables_as_a_json_string() -> None:
    channel = of_profile("twilio", arguments={"From": "whatsapp:+5511"})
    assert channel.arguments_for(a_message()) == {
        "From": "whatsapp:+5511",
        "To": "whatsapp:+5571999999999",
        "ContentSid": "boas_vindas",
        "ContentVariables": '{"1": "Zé", "2": "R$ 10"}',
    }


def test_resend_gets_an_invitation_as_a_file_with_its_method() -> None:
    text = "BEGIN:VCALENDAR\r\nSUMMARY:é\r\n"
    [file] = of_profile("resend-mcp").arguments_for(an_email(calendario=CalendarPart("CANCEL", text)))["attachments"]
    assert (file["filename"], b64decode(file["content"]).decode()) == ("convite.ics", text)
    assert file["contentType"] == "text/calendar; charset=utf-8; method=CANCEL"


def test_only_profiles_whose_tool_takes_files_carry_invitations() -> None:
    assert {name for name in profiles() if of_profile(name).carries_calendars} == {"resend-mcp"}
    assert not of_profile("resend-mcp", arguments={"attachments": None}).carries_calendars


def test_resend_gets_the_disparo_id_as_its_idempotency_key() -> None:
    channel = of_profile("resend-mcp")
    assert channel.is_idempotent
    assert channel.arguments_for(an_email(html="<b>Oi</b>", cabecalhos={"List-Unsubscribe": "<https://x>"})) == {
        "to": ["ze@example.com"],
        "subject": "Oi",
        "text": "Olá, Zé",
        "html": "<b>Oi</b>",
        "headers": {"List-Unsubscribe": "<https://x>"},
        "idempotencyKey": "0192",
    }


def test_html_argument_is_left_out_when_the_message_has_none() -> None:
    assert of_profile("resend-mcp").arguments_for(an_email()).keys() == {"to", "subject", "text", "idempotencyKey"}


def test_message_whose_delivery_failed_is_sent_with_a_new_key() -> None:
    keys = [of_profile("resend-mcp").arguments_for(an_email(entregas_falhas=n))["idempotencyKey"] for n in range(3)]
    assert keys == ["0192", "0192-1", "0192-2"]


@pytest.mark.parametrize(("html", "body"), [(None, "Olá, Zé"), ("<b>Oi</b>", "<b>Oi</b>")])
def test_mcp_email_server_gets_one_body_and_a_flag_for_html(html: str | None, body: str) -> None:
    arguments = of_profile("mcp-email-server").arguments_for(an_email(html=html))
    assert (arguments["body"], arguments["html"]) == (body, html is not None)


META_CODES: list[tuple[str, Outcome]] = [
    *[(code, Transient(code, 5, "canal")) for code in ("130429", "4", "80007")],
    ("131056", Transient("131056", 6, "destino")),
    ("131049", Transient("131049", A_DAY, "destino")),
    *[(code, Transient(code)) for code in ("2", "131000", "131016", "500", "503")],
    ("131026", Permanent("131026", tries_alternative=True)),
    ("131050", Permanent("131050", suppresses=True)),
    *[(code, Permanent(code)) for code in ("131047", "470")],
    *[(code, Permanent(code)) for code in ("132000", "132001", "132015", "132016", "131008", "131051", "100")],
    *[(code, ChannelDown(code)) for code in ("131048", "190", "10", "200", "131042", "133010")],
    ("999999", Permanent("999999")),
]


@pytest.mark.parametrize(("code", "outcome"), META_CODES)
def test_meta_codes_are_classified(code: str, outcome: Outcome) -> None:
    answer = a_jina_answer({"success": False, "error": f"[Meta Error {code}] (#{code}) something"})
    assert of_profile("jina-whatsapp-mcp").verdict(answer) == outcome


@pytest.mark.parametrize(
    ("profile", "answer", "outcome"),
    [
        ("jina-whatsapp-mcp", a_jina_answer({"success": True, "message_id": "wamid.HBg="}), Sent("wamid.HBg=")),
        ("jina-whatsapp-mcp", a_jina_answer({"success": True, "message_id": None}), Sent(None)),
        ("jina-whatsapp-mcp", a_jina_answer({"success": False, "error": ""}), Unknown("erro_sem_codigo")),
        ("jina-whatsapp-mcp", a_jina_answer({"success": False, "error": "timed out"}), Unknown("erro_sem_codigo")),
        ("jina-whatsapp-mcp", a_jina_answer({"success": "true"}), Unknown("erro_sem_codigo")),
        ("jina-whatsapp-mcp", an_answer('{"success": true, "message_id": "w"}'), Sent("w")),
        ("jina-whatsapp-mcp", an_answer('{"success": true}', is_error=True), Unknown("erro_sem_codigo")),
        ("jina-whatsapp-mcp", an_answer("<html>502</html>"), Unknown("erro_sem_codigo")),
        ("evolution-api-mcp", an_answer('{"message_id": "3EB0", "status": "PENDING"}'), Sent("3EB0")),
        (
            "evolution-api-mcp",
            an_answer("UNCERTAIN: … Verified state: []. Do NOT repeat the call before checking.", is_error=True),
            Unknown("incerto"),
        ),
        (
            "evolution-api-mcp",
            an_answer("+55 is not on WhatsApp. Nothing was sent.", is_error=True),
            Permanent("sem_whatsapp", tries_alternative=True),
        ),
        (
            "evolution-api-mcp",
            an_answer("Platform refused the message (code 131047): re-engage. Nothing was sent.", is_error=True),
            Permanent("131047"),
        ),
        (
            "evolution-api-mcp",
            an_answer("Rate limit reached: at most 9 changes. Try again in 42 seconds.", is_error=True),
            Transient("limite", 42, "canal"),
        ),
        (
            "evolution-api-mcp",
            an_answer("Could not reach Evolution at x: refused. Nothing was sent.", is_error=True),
            Transient("evolution_inalcancavel", None, "canal"),
        ),
        (
            "evolution-api-mcp",
            an_answer("Evolution rejected the instance token (401 Unauthorized).", is_error=True),
            ChannelDown("token_recusado"),
        ),
        ("evolution-api-mcp", an_answer("Error executing tool", is_error=True), Unknown("erro_sem_codigo")),
        (
            "evolution-api-mcp",
            an_answer("Evolution failed (HTTP 500: no error details). Nothing was changed.", is_error=True),
            Transient("evolution_inalcancavel", None, "canal"),
        ),
        (
            "evolution-api-mcp",
            an_answer("This is the Evolution server's global AUTHENTICATION_API_KEY. Nothing was sent.", is_error=True),
            ChannelDown("token_recusado"),
        ),
        (
            "evolution-api-mcp",
            an_answer("send_template_message is not in EVOLUTION_MCP_ALLOW.", is_error=True),
            ChannelDown("servidor_mal_configurado"),
        ),
        ("twilio", an_answer('{\n "sid": "SM12",\n "status": "queued"\n}'), Sent("SM12")),
        (
            "twilio",
            an_answer('{"code":21211,"message":"Invalid \'To\'","status":400}', is_error=True),
            Permanent("21211", tries_alternative=True),
        ),
        (
            "twilio",
            an_answer('Error: {"code":21610,"message":"x"}', is_error=True),
            Permanent("21610", suppresses=True),
        ),
        ("twilio", an_answer("An error occurred while making the request", is_error=True), Unknown("erro_sem_codigo")),
        ("resend-mcp", an_answer('Email sent successfully! {"id":"49a3-9e"}'), Sent("49a3-9e")),
        (
            "resend-mcp",
            an_answer('Email failed to send: {"statusCode":429,"name":"rate_limit_exceeded"}', is_error=True),
            Transient("rate_limit_exceeded", 1, "canal"),
        ),
        ("resend-mcp", an_answer('Email failed: {"statusCode":401}', is_error=True), ChannelDown("401")),
        (
            "resend-mcp",
            an_answer('Email failed to send: {"name":"application_error","statusCode":null}', is_error=True),
            Unknown("application_error"),
        ),
        ("mcp-email-server", an_answer("Email sent successfully to a@b. Message-Id: <1@h>"), Sent("1@h")),
        ("mcp-email-server", an_answer("Email delivery [succeeded: a@b; sent-copy: failed]"), Sent(None)),
        (
            "mcp-email-server",
            an_answer("Email delivery [failed: a@b (smtp-recipient-rejected); sent-copy: skipped]"),
            Permanent("smtp-recipient-rejected", tries_alternative=True),
        ),
        ("mcp-email-server", an_answer("Email delivery [failed: a@b; sent-copy: skipped]"), Permanent("recusado")),
        (
            "mcp-email-server",
            an_answer("Email delivery [unknown: a@b (smtp-data-unknown); sent-copy: skipped]"),
            Unknown("incerto"),
        ),
        (
            "mcp-email-server",
            an_answer("Error executing tool send_email: Recipient(s) not in allowlist; configure", is_error=True),
            ChannelDown("servidor_mal_configurado"),
        ),
        (
            "mcp-email-server",
            an_answer("provider_failure: mutation provider request failed", is_error=True),
            ChannelDown("smtp_inacessivel"),
        ),
    ],
)
def test_answers_of_real_servers_are_understood(profile: str, answer: Answer, outcome: Outcome) -> None:
    assert of_profile(profile).verdict(answer) == outcome


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["success", "error", "result", "message_id", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
RESULTS = (
    st.builds(Answer, st.booleans(), st.text(max_size=80) | JSON_VALUES.map(json.dumps), JSON_VALUES, st.just(0.1))
    | st.builds(NotWritten, st.text(max_size=9), st.none() | st.floats())
    | st.builds(Refused, st.integers(300, 599), st.none() | st.floats(), st.booleans())
    | st.builds(Lost, st.text(max_size=9))
)


@given(st.sampled_from(sorted(profiles())), RESULTS)
def test_every_result_has_a_verdict_and_only_a_success_is_sent(profile: str, result: CallResult) -> None:
    outcome = of_profile(profile).verdict(result)
    assert isinstance(outcome, Sent | Transient | Permanent | Unknown | ChannelDown)
    if isinstance(outcome, Sent):
        assert isinstance(result, Answer)
        assert not result.is_error
    if isinstance(result, Lost):
        assert isinstance(outcome, Unknown)
