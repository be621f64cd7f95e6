"""Channels as configuration: what they send, how they read answers, and what is said about a wrong document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.calls import (
    BAD_ARGUMENTS,
    NO_CONNECTION,
    SESSION_GONE,
    TIMED_OUT,
    TOOL_MISSING,
    Answer,
    CallResult,
    Lost,
    NotWritten,
    Refused,
)
from chalicelib.dispatch.channels.answers import Pattern, Reading
from chalicelib.dispatch.channels.document import Channel, load_channel, profiles
from chalicelib.dispatch.channels.inquiries import ask
from chalicelib.dispatch.outcomes import (
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
from chalicelib.errors import FieldError, Invalid

A_DAY = 86_400


def a_message(**changes: Any) -> OutgoingMessage:
    fields: dict[str, Any] = {
        "disparo_id": "0192",
        "tentativa": 1,
        "destino": "+5571999999999",
        "texto": "Olá, Zé",
        "template_nome": "boas_vindas",
        "template_idioma": "pt_BR",
        "variaveis": (("nome", "Zé"), ("valor", "R$ 10")),
    }
    return OutgoingMessage(**{**fields, **changes})


def an_email(**changes: Any) -> OutgoingMessage:
    return a_message(**{"destino": "ze@example.com", "assunto": "Oi", "variaveis": (), **changes})


def a_document(**changes: Any) -> dict[str, Any]:
    return {
        "canal": "email",
        "url": "https://mcp.example.com/mcp",
        "tool": "send",
        "arguments": {"to": "{{destino}}"},
        **changes,
    }


def a_channel(**changes: Any) -> Channel:
    return load_channel(a_document(**changes))


def of_profile(name: str, **changes: Any) -> Channel:
    return load_channel({"perfil": name, "url": "http://127.0.0.1:1/mcp", **changes})


def an_answer(text: str = "", *, is_error: bool = False, structured: object = None) -> Answer:
    return Answer(is_error, text, structured, 0.1)


def jina(body: Mapping[str, object]) -> Answer:
    """As jina-whatsapp-mcp answers: a JSON string, never `isError`."""
    text = json.dumps(body, indent=2)
    return an_answer(text, structured={"result": text})


def problems(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        load_channel(document)
    assert refused.value.code == "canal_invalido"
    return [(error.pointer, error.code) for error in refused.value.errors]


# Arguments


def test_jina_is_given_variables_in_the_shape_of_meta() -> None:
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


def test_evolution_is_given_bare_digits_and_a_list() -> None:
    assert of_profile("evolution-api-mcp").arguments_for(a_message()) == {
        "chat": "5571999999999",
        "template_name": "boas_vindas",
        "language": "pt_BR",
        "body_parameters": ["Zé", "R$ 10"],
    }


def test_twilio_is_given_its_variables_as_a_json_string() -> None:
    channel = of_profile("twilio", arguments={"From": "whatsapp:+5511"})
    assert channel.arguments_for(a_message()) == {
        "From": "whatsapp:+5511",
        "To": "whatsapp:+5571999999999",
        "ContentSid": "boas_vindas",
        "ContentVariables": '{"1": "Zé", "2": "R$ 10"}',
    }


def test_resend_is_given_the_disparo_as_its_idempotency_key() -> None:
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


def test_message_without_html_leaves_the_argument_out() -> None:
    assert of_profile("resend-mcp").arguments_for(an_email()).keys() == {"to", "subject", "text", "idempotencyKey"}


def test_what_could_not_be_delivered_gets_another_key() -> None:
    keys = [of_profile("resend-mcp").arguments_for(an_email(entregas_falhas=n))["idempotencyKey"] for n in range(3)]
    assert keys == ["0192", "0192-1", "0192-2"]


@pytest.mark.parametrize(("html", "body"), [(None, "Olá, Zé"), ("<b>Oi</b>", "<b>Oi</b>")])
def test_mcp_email_server_is_given_one_body_and_told_what_it_is(html: str | None, body: str) -> None:
    arguments = of_profile("mcp-email-server").arguments_for(an_email(html=html))
    assert (arguments["body"], arguments["html"]) == (body, html is not None)


def test_argument_of_a_profile_can_be_set_by_the_document() -> None:
    channel = of_profile("mcp-email-server", arguments={"account_name": "vendas"})
    assert channel.arguments_for(an_email())["account_name"] == "vendas"


@pytest.mark.parametrize(
    ("template", "built"),
    [
        ("{{destino}}", "+5571999999999"),
        ("{{ destino.digitos }}", "5571999999999"),
        ("{{tentativa}}", 1),
        ("nº {{tentativa}} de {{disparo_id}}", "nº 1 de 0192"),
        ("assunto: {{assunto}}.", "assunto: ."),
        ("{{variaveis}}", ["Zé", "R$ 10"]),
        ("{{variaveis.por_nome}}", {"nome": "Zé", "valor": "R$ 10"}),
        ("{{variaveis.numeradas}}", {"1": "Zé", "2": "R$ 10"}),
        (["a", "{{html}}", 1, True, None, 1.5], ["a", 1, True, None, 1.5]),
        ({"a": {"b": "{{html}}", "c": "{{texto}}"}}, {"a": {"c": "Olá, Zé"}}),
        ({"$se": "{{html}}", "entao": 1, "senao": 2}, 2),
        ({"$se": "{{cabecalhos}}", "entao": 1, "senao": 2}, 2),
        ({"$se": "{{variaveis}}", "entao": {"v": "{{variaveis}}"}}, {"v": ["Zé", "R$ 10"]}),
        ({"$para_cada": "{{variaveis}}", "item": ["<{{item}}>"]}, [["<Zé>"], ["<R$ 10>"]]),
        ({"$json": {"a": ["{{texto}}"]}}, '{"a": ["Olá, Zé"]}'),
        ({"$json": ["{{html}}"]}, "[]"),
        ("{ {x} }", "{ {x} }"),
    ],
)
def test_argument_template_builds_what_it_looks_like(template: object, built: object) -> None:
    assert a_channel(arguments={"x": template}).arguments_for(a_message()) == {"x": built}


@pytest.mark.parametrize("template", ["{{html}}", {"$se": "{{html}}", "entao": 1}, {"$json": "{{html}}"}])
def test_argument_that_is_absent_is_left_out(template: object) -> None:
    assert a_channel(arguments={"x": template}).arguments_for(a_message()) == {}


@pytest.mark.parametrize(
    ("template", "pointer", "code"),
    [
        ("{{telefone}}", "/x", "marcador_desconhecido"),
        ("{{}}", "/x", "marcador_desconhecido"),
        ("{{item}}", "/x", "marcador_desconhecido"),
        ("{{destino", "/x", "chaves_desequilibradas"),
        ("destino}} {{texto}}", "/x", "chaves_desequilibradas"),
        ("valores: {{variaveis}}", "/x", "marcador_nao_e_texto"),
        ([{"a/b": "{{nada}}"}], "/x/0/a~1b", "marcador_desconhecido"),
        ({"$repita": "{{variaveis}}"}, "/x", "forma_desconhecida"),
        ({"$se": "{{html}}"}, "/x", "forma_desconhecida"),
        ({"$se": "{{html}}", "entao": 1, "outro": 2}, "/x", "forma_desconhecida"),
        ({"$json": 1, "a": 2}, "/x", "forma_desconhecida"),
        ({"$para_cada": "{{variaveis}}", "item": 1, "a": 2}, "/x", "forma_desconhecida"),
        ({"$para_cada": "{{texto}}", "item": 1}, "/x/$para_cada", "marcador_nao_e_lista"),
        ({"$para_cada": "variaveis", "item": 1}, "/x/$para_cada", "marcador_nao_e_lista"),
        (
            {"$para_cada": "{{variaveis}}", "item": {"$para_cada": "{{variaveis}}", "item": 1}},
            "/x/item",
            "forma_desconhecida",
        ),
        ({"$se": "{{nada}}", "entao": 1}, "/x/$se", "marcador_desconhecido"),
        ({"$se": "{{html}}", "entao": "{{nada}}"}, "/x/entao", "marcador_desconhecido"),
        ({"$se": "{{html}}", "entao": 1, "senao": ["{{nada}}"]}, "/x/senao/0", "marcador_desconhecido"),
        ({"$json": {"a": "{{nada}}"}}, "/x/$json/a", "marcador_desconhecido"),
    ],
)
def test_argument_template_that_means_nothing_is_refused_where_it_stands(
    template: object, pointer: str, code: str
) -> None:
    assert problems(a_document(arguments={"x": template})) == [(f"/arguments{pointer}", code)]


def test_bottomless_arguments_are_refused() -> None:
    template: object = "x"
    for _ in range(500):
        template = [template]
    assert [code for _, code in problems(a_document(arguments={"x": template}))] == ["argumentos_profundos"]


@given(st.text(max_size=50), st.text(max_size=50))
def test_values_are_put_in_as_they_are_and_never_read_again(texto: str, nome: str) -> None:
    channel = a_channel(arguments={"t": "{{texto}}", "l": "{{variaveis}}", "m": "<{{texto}}>"})
    message = a_message(texto=texto + "{{destino}}", variaveis=(("nome", nome + "{{texto}}"),))
    assert channel.arguments_for(message) == {
        "t": texto + "{{destino}}",
        "l": [nome + "{{texto}}"],
        "m": f"<{texto}{{{{destino}}}}>",
    }


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(alphabet=st.characters(exclude_characters="{}"), max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(alphabet=st.characters(exclude_characters="$"), max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_json_without_placeholders_is_its_own_argument(value: object) -> None:
    assert a_channel(arguments={"x": value}).arguments_for(a_message()) == {"x": value}


def test_idempotency_argument_may_be_built_by_the_template_instead() -> None:
    channel = a_channel(idempotency_argument="key", arguments={"key": "d-{{disparo_id}}"})
    assert channel.arguments_for(a_message()) == {"key": "d-0192"}


# Verdicts

META_CODES: list[tuple[str, Outcome]] = [
    *[(code, Transient(code, 5, "canal")) for code in ("130429", "4", "80007")],
    ("131056", Transient("131056", 6, "destino")),
    ("131049", Transient("131049", A_DAY, "destino")),
    *[(code, Transient(code)) for code in ("2", "131000", "131016", "500", "503")],
    ("131026", Permanent("131026", tentar_alternativo=True)),
    ("131050", Permanent("131050", suprimir=True)),
    *[(code, Permanent(code)) for code in ("131047", "470")],
    *[(code, Permanent(code)) for code in ("132000", "132001", "132015", "132016", "131008", "131051", "100")],
    *[(code, ChannelDown(code)) for code in ("131048", "190", "10", "200", "131042", "133010")],
    ("999999", Permanent("999999")),
]


@pytest.mark.parametrize(("code", "outcome"), META_CODES)
def test_codes_of_meta_mean_what_the_table_says(code: str, outcome: Outcome) -> None:
    answer = jina({"success": False, "error": f"[Meta Error {code}] (#{code}) something"})
    assert of_profile("jina-whatsapp-mcp").verdict(answer) == outcome


@pytest.mark.parametrize(
    ("profile", "answer", "outcome"),
    [
        ("jina-whatsapp-mcp", jina({"success": True, "message_id": "wamid.HBg="}), Sent("wamid.HBg=")),
        ("jina-whatsapp-mcp", jina({"success": True, "message_id": None}), Sent(None)),
        ("jina-whatsapp-mcp", jina({"success": False, "error": ""}), Unknown("erro_sem_codigo")),
        ("jina-whatsapp-mcp", jina({"success": False, "error": "timed out"}), Unknown("erro_sem_codigo")),
        ("jina-whatsapp-mcp", jina({"success": "true"}), Unknown("erro_sem_codigo")),
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
            Permanent("sem_whatsapp", tentar_alternativo=True),
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
            Permanent("21211", tentar_alternativo=True),
        ),
        ("twilio", an_answer('Error: {"code":21610,"message":"x"}', is_error=True), Permanent("21610", suprimir=True)),
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
            Permanent("smtp-recipient-rejected", tentar_alternativo=True),
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


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (NotWritten(NO_CONNECTION), Transient(NO_CONNECTION, None, "canal")),
        (NotWritten(SESSION_GONE), Transient(SESSION_GONE, None, "canal")),
        (NotWritten("http_502", 7.0), Transient("http_502", 7.0, "canal")),
        (NotWritten(TOOL_MISSING), ChannelDown(TOOL_MISSING)),
        (NotWritten(BAD_ARGUMENTS), Permanent(BAD_ARGUMENTS)),
        (Lost(TIMED_OUT), Unknown(TIMED_OUT)),
        (Refused(429, 3.0), Transient("http_429", 3.0, "canal")),
        (Refused(429), Transient("http_429", None, "canal")),
        (Refused(503, 9.0), Transient("http_503", 9.0, "canal")),
        (Refused(408), Transient("http_408", None, "canal")),
        (Refused(429, 3.0, at_handshake=True), Transient("http_429", 3.0, "canal")),
        *[(Refused(status), ChannelDown(f"http_{status}")) for status in (301, 307, 401, 402, 403, 404, 405, 407, 501)],
        *[(Refused(status), Permanent(f"http_{status}")) for status in (400, 413, 422)],
        *[(Refused(status, at_handshake=True), ChannelDown(f"http_{status}")) for status in (400, 401, 404, 422)],
    ],
)
def test_what_happened_on_the_wire_has_one_verdict(result: CallResult, outcome: Outcome) -> None:
    assert a_channel().verdict(result) == outcome


def test_without_success_in_the_configuration_it_is_iserror_that_counts() -> None:
    assert a_channel().verdict(an_answer("ok")) == Sent(None)
    assert a_channel().verdict(an_answer("no", is_error=True)) == Unknown("erro_sem_codigo")


def test_unlisted_and_missing_codes_are_filed_as_the_document_says() -> None:
    channel = a_channel(
        resultado={"codigo": [{"padrao": "code={valor}"}]},
        codigo_desconhecido="canal_fora",
        sem_codigo={"classe": "transitorio", "espera_s": 60},
    )
    assert channel.verdict(an_answer("code=7", is_error=True)) == ChannelDown("7")
    assert channel.verdict(an_answer("?", is_error=True)) == Transient("erro_sem_codigo", 60)


def test_provider_may_ask_for_a_longer_wait_but_not_a_shorter_one() -> None:
    channel = a_channel(
        resultado={"codigo": [{"padrao": "code={valor}"}], "espera": {"padrao": "wait={valor}"}},
        codigos={"7": {"classe": "transitorio", "espera_s": 10}},
    )
    for asked, waited in (("5", 10), ("15", 15), ("15.", 15), ("soon", 10), ("99999999", 10)):
        assert channel.verdict(an_answer(f"code=7 wait={asked}", is_error=True)) == Transient("7", waited)


@pytest.mark.parametrize("text", ["code=5571999999999", "code=joão", "code=" + "x" * 65, "code="])
def test_what_cannot_be_a_code_is_not_recorded_as_one(text: str) -> None:
    channel = a_channel(resultado={"codigo": [{"padrao": "code={valor}"}]})
    assert channel.verdict(an_answer(text, is_error=True)) == Unknown("erro_sem_codigo")


@pytest.mark.parametrize("value", [None, True, 7, ["x"], {"a": 1}, "", "a\nb", "x" * 256, "é"])
def test_what_cannot_be_a_message_id_is_not_recorded_as_one(value: object) -> None:
    channel = a_channel(resultado={"message_id": {"campo": "id"}})
    assert channel.verdict(an_answer(structured={"id": value})) == Sent(None)


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


def test_answer_nested_beyond_reading_is_still_answered() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    channel = a_channel(resultado={"sucesso": [{"campo": "a", "padrao": "x"}], "codigo": [{"campo": "a.b"}]})
    assert channel.verdict(an_answer(structured={"a": deep})) == Unknown("erro_sem_codigo")
    assert channel.verdict(an_answer("[" * 100_000)) == Unknown("erro_sem_codigo")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", 1),
        ("b.0.c", "x"),
        ("b.1", None),
        ("b.x", None),
        ("b.99999999999", None),
        ("s.d", [1]),
        ("s.d.0", 1),
        ("a.b", None),
        ("nada", None),
        ("t.d", None),
    ],
)
def test_place_in_an_answer_is_found_through_lists_and_json_strings(path: str, value: object) -> None:
    document = {"a": 1, "b": [{"c": "x"}], "s": '{"d": [1]}', "t": "{d"}
    assert Reading.of(an_answer(structured=document)).at(path) == value


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("[Meta Error {valor}]", "x [Meta Error 131026] y", "131026"),
        ("[meta error {valor}]", "[META ERROR 1]", "1"),
        ("sent", "Email SENT", ""),
        ("sent", "failed", None),
        ("a*c", "a b c", ""),
        ("a*c", "c b a", None),
        ("failed:*({valor})", "failed: x@y (no-such) (b)", "no-such"),
        ("id={valor}*end", "id=7 … end", "7"),
        ('"code":{valor}', '{"code":21211,"m":1}', "21211"),
        ("{valor}", "  um dois", "um"),
        (".*", "x", None),
    ],
)
def test_pattern_means_what_it_looks_like(pattern: str, text: str, found: str | None) -> None:
    assert Pattern(pattern).find(text) == found


@given(st.text(min_size=1, max_size=20).filter(lambda text: "*" not in text and "{valor}" not in text), st.text())
def test_words_of_a_pattern_stand_for_themselves(words: str, around: str) -> None:
    assert Pattern(words).find(around + words + around) == ""


def test_no_text_makes_a_pattern_slow() -> None:
    text = "a" * 20_000
    assert Pattern("*".join(["aa{valor}" if n == 9 else "a" for n in range(100)]) + "*b").find(text) is None


# Documents


def test_profiles_are_whole() -> None:
    assert set(profiles()) == {"evolution-api-mcp", "jina-whatsapp-mcp", "mcp-email-server", "resend-mcp", "twilio"}
    for name in profiles():
        assert of_profile(name).descricao


def test_document_is_added_to_its_profile_by_name_and_replaces_the_rest() -> None:
    channel = of_profile(
        "jina-whatsapp-mcp",
        headers={"X-A": "1"},
        arguments={"extra": 1},
        codigos={"131026": "canal_fora", "7": "incerto"},
        tool="outra",
        in_flight=9,
    )
    assert channel.header_values() == {"X-A": "1"}
    assert channel.arguments.keys() > {"to", "extra"}
    assert channel.verdict(jina({"success": False, "error": "[Meta Error 131026]"})) == ChannelDown("131026")
    assert channel.verdict(jina({"success": False, "error": "[Meta Error 131056]"})) == Transient(
        "131056", 6, "destino"
    )
    assert (channel.tool, channel.in_flight) == ("outra", 9)


def test_null_takes_something_of_the_profile_away() -> None:
    channel = of_profile("resend-mcp", arguments={"headers": None, "novo": None}, idempotency_argument=None)
    assert channel.arguments_for(an_email(html="<p>Oi</p>", cabecalhos={"X-A": "1"})) == {
        "to": ["ze@example.com"],
        "subject": "Oi",
        "text": "Olá, Zé",
        "html": "<p>Oi</p>",
        "novo": None,
    }
    assert not channel.is_idempotent


def test_email_channel_knows_no_codes_of_whatsapp() -> None:
    assert a_channel().codigos == {}
    assert "131026" in a_channel(canal="whatsapp").codigos


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"canal": "sms"}, [("/canal", "literal_error")]),
        ({"surpresa": 1}, [("/surpresa", "extra_forbidden")]),
        ({"url": "ftp://x"}, [("/url", "url_invalida")]),
        ({"url": "http://"}, [("/url", "url_invalida")]),
        ({"url": "http://[x"}, [("/url", "url_invalida")]),
        ({"url": "http://x:99999"}, [("/url", "url_invalida")]),
        ({"url": "http://x/ y"}, [("/url", "url_invalida")]),
        ({"url": "http://x/\n"}, [("/url", "url_invalida")]),
        ({"url": "https://a:b@x"}, [("/url", "url_com_senha")]),
        ({"headers": {"A b": "x"}}, [("/headers/A b", "string_pattern_mismatch")]),
        ({"headers": {"Host": "x"}}, [("/headers", "header_reservado")]),
        ({"headers": {"Mcp-Session-Id": "x"}}, [("/headers", "header_reservado")]),
        ({"headers": {"X": "a\r\nB: c"}}, [("/headers", "header_invalido")]),
        ({"headers": {"X": "ação"}}, [("/headers", "header_invalido")]),
        ({"headers": {"X": " a"}}, [("/headers", "header_invalido")]),
        ({"headers": None}, [("/headers", "dict_type")]),
        ({"arguments": []}, [("/arguments", "dict_type")]),
        ({"codigos": []}, [("/codigos", "dict_type")]),
        ({"canal": "whatsapp", "codigos": []}, [("/codigos", "dict_type")]),
        ({"codigos": {"1": "transitoria"}}, [("/codigos/1/classe", "enum")]),
        ({"codigos": {"1": {"classe": "permanente", "espera_s": 1}}}, [("/codigos/1", "regra_contraditoria")]),
        ({"codigos": {"1": {"classe": "incerto", "suprimir": True}}}, [("/codigos/1", "regra_contraditoria")]),
        ({"codigos": {"1": {"classe": "transitorio", "escopo": "x"}}}, [("/codigos/1/escopo", "literal_error")]),
        ({"resultado": {"sucesso": [{}]}}, [("/resultado/sucesso/0", "leitura_vazia")]),
        ({"resultado": {"sucesso": [{"padrao": "**"}]}}, [("/resultado/sucesso/0", "leitura_vazia")]),
        (
            {"resultado": {"codigo": [{"padrao": "{valor}{valor}"}]}},
            [("/resultado/codigo/0", "padrao_com_dois_valores")],
        ),
        ({"resultado": {"codigo": [{"campo": "a..b"}]}}, [("/resultado/codigo/0/campo", "string_pattern_mismatch")]),
        ({"in_flight": 0, "timeout_s": 0}, [("/in_flight", "greater_than_equal"), ("/timeout_s", "greater_than")]),
        ({"perfil": "sendgrid"}, [("/perfil", "perfil_desconhecido")]),
        ({"perfil": ["x"]}, [("/perfil", "perfil_desconhecido")]),
    ],
)
def test_wrong_document_is_refused_where_it_is_wrong(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert problems(a_document(**changes)) == expected


def test_what_is_missing_is_named() -> None:
    assert problems({"headers": {}}) == [("/canal", "missing"), ("/url", "missing"), ("/tool", "missing")]


def test_secrets_show_up_in_no_error_and_no_representation() -> None:
    secret = "s3cr3t-token"
    channel = a_channel(headers={"Authorization": secret}, url=f"https://x/{secret}")
    assert secret not in repr(channel)
    assert secret not in channel.model_dump_json(exclude={"url"})
    with pytest.raises(Invalid) as refused:
        load_channel(a_document(headers={"Authorization": f"{secret}\n"}, url=f"{secret}://x", timeout_s=secret))
    assert len(refused.value.errors) == 3
    assert secret not in repr(refused.value.errors) + repr(refused.value) + str(refused.value.__context__)


# Tools

RESEND_SCHEMA = {
    "type": "object",
    "properties": {
        "to": {"type": "array", "items": {"type": "string"}},
        "subject": {"type": "string"},
        "text": {"type": "string"},
        "html": {"type": "string"},
        "headers": {"type": "object"},
        "idempotencyKey": {"type": "string"},
    },
    "required": ["to", "subject", "text"],
}


def test_channel_that_fits_its_tool_has_no_problems() -> None:
    assert of_profile("resend-mcp").check_against({"send-email": RESEND_SCHEMA}) == []


def test_missing_tool_is_said() -> None:
    assert of_profile("resend-mcp").check_against({"other": {}}) == [
        FieldError("/tool", "ferramenta_ausente", "send-email")
    ]


def test_required_input_that_nothing_fills_is_said() -> None:
    schema = {**RESEND_SCHEMA, "required": ["to", "from"]}
    assert of_profile("resend-mcp").check_against({"send-email": schema}) == [
        FieldError("/arguments/from", "argumento_obrigatorio", "from")
    ]


def test_argument_that_the_tool_does_not_know_is_said() -> None:
    channel = of_profile("resend-mcp", arguments={"a/b": 1})
    assert channel.check_against({"send-email": RESEND_SCHEMA}) == [
        FieldError("/arguments/a~1b", "argumento_desconhecido", "a/b")
    ]
    assert channel.check_against({"send-email": {**RESEND_SCHEMA, "additionalProperties": True}}) == []


def test_argument_of_another_type_than_the_tool_takes_is_said() -> None:
    channel = of_profile("resend-mcp", arguments={"to": "{{destino}}"})
    assert channel.check_against({"send-email": RESEND_SCHEMA}) == [
        FieldError("/arguments/to", "argumento_de_outro_tipo", "array")
    ]


@pytest.mark.parametrize(
    ("schema", "fits"),
    [
        ({}, True),
        (True, True),
        ({"type": "string"}, True),
        ({"type": ["string", "null"]}, True),
        ({"anyOf": [{"type": "array"}, {"type": "string"}]}, True),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/$defs/x"}]}, True),
        ({"anyOf": [{"type": "null"}, {"type": [1, None, {}]}]}, True),
        ({"anyOf": [{"anyOf": [{"anyOf": [{"anyOf": [{"anyOf": [{"type": "null"}]}]}]}]}]}, True),
        ({"anyOf": {"type": "null"}, "type": "string"}, True),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, False),
        ({"type": ["array", "null"]}, False),
        ({"$ref": "#/$defs/x"}, True),
    ],
)
def test_type_of_an_argument_is_judged_only_where_the_schema_names_one(schema: object, fits: bool) -> None:
    problems = a_channel().check_against({"send": {"properties": {"to": schema}}})
    assert (problems == []) is fits


def test_elements_of_a_list_are_judged_too() -> None:
    schema = {"properties": {"to": {"type": "array", "items": {"type": "object"}}}}
    channel = a_channel(arguments={"to": ["{{destino}}"]})
    assert channel.check_against({"send": schema}) == [
        FieldError("/arguments/to/0", "argumento_de_outro_tipo", "object")
    ]
    assert channel.check_against({"send": {"properties": {"to": {}}}}) == []
    assert channel.check_against({"send": {"properties": {"to": True}}}) == []


def test_required_input_that_only_some_messages_fill_is_said() -> None:
    schema = {"properties": {"to": {}, "html": {}}, "required": ["to", "html"]}
    channel = a_channel(arguments={"to": "{{destino}}", "html": "{{html}}"})
    assert channel.check_against({"send": schema}) == [FieldError("/arguments/html", "argumento_obrigatorio", "html")]
    filled = a_channel(
        arguments={"to": "{{destino}}", "html": {"$se": "{{html}}", "entao": "{{html}}", "senao": "{{texto}}"}}
    )
    assert filled.check_against({"send": schema}) == []


@pytest.mark.parametrize(
    ("schema", "codes"),
    [
        ({"properties": ["to"], "required": "to"}, ["argumento_desconhecido"]),
        ({"properties": {"to": 1}, "required": 7}, []),
        (
            {"properties": {"to": None}, "required": [{"a": 1}, None]},
            ["argumento_obrigatorio", "argumento_obrigatorio"],
        ),
        ({"properties": {"to": {"type": {"a": 1}}}, "required": {}}, []),
    ],
)
def test_schema_of_any_shape_is_no_accident(schema: dict[str, Any], codes: list[str]) -> None:
    assert [each.code for each in a_channel().check_against({"send": schema})] == codes


def test_schema_that_declares_nothing_takes_nothing() -> None:
    assert [each.code for each in a_channel().check_against({"send": {}})] == ["argumento_desconhecido"]


# What became of a message in doubt

ASKING: dict[str, Any] = {
    "tool": "find",
    "arguments": {"reference": "{{disparo_id}}"},
    "resposta": [{"padrao": "no such message", "codigo": "ausente"}, {"campo": "message.status"}],
    "valores": {"ausente": "nao_enviado", "sent": "enviado", "delivered": "enviado", "rejected": "nao_enviado"},
    "message_id": {"campo": "message.id"},
}


def found(status: object, message_id: object = "m-1") -> Answer:
    return an_answer(structured={"message": {"status": status, "id": message_id}})


@pytest.mark.parametrize(
    ("result", "parecer"),
    [
        (found("sent"), InquiryReply(DeliveryFinding.ENVIADO, "sent", "m-1")),
        (found("delivered", None), InquiryReply(DeliveryFinding.ENVIADO, "delivered")),
        (found("rejected"), InquiryReply(DeliveryFinding.NAO_ENVIADO, "rejected")),
        (an_answer("There is no such message.", is_error=True), InquiryReply(DeliveryFinding.NAO_ENVIADO, "ausente")),
        (found("queued"), InquiryReply(DeliveryFinding.DESCONHECIDO, "queued")),
        (found(None), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (an_answer("Internal error", is_error=True), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (Lost(TIMED_OUT), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (NotWritten(TOOL_MISSING), InquiryReply(DeliveryFinding.DESCONHECIDO)),
        (Refused(401), InquiryReply(DeliveryFinding.DESCONHECIDO)),
    ],
)
def test_only_an_answer_with_a_meaning_settles_a_doubt(result: CallResult, parecer: InquiryReply) -> None:
    consulta = a_channel(consulta=ASKING).consulta
    assert consulta is not None
    assert consulta.reply(result) == parecer


@given(st.from_type(Answer) | st.from_type(Lost) | st.from_type(NotWritten) | st.from_type(Refused))
def test_every_result_says_something_of_a_doubt(result: CallResult) -> None:
    consulta = a_channel(consulta=ASKING).consulta
    assert consulta is not None
    said = consulta.reply(result)
    assert (said.paradeiro is not DeliveryFinding.DESCONHECIDO) == (said.codigo in ASKING["valores"])


def test_a_provider_is_asked_about_each_message_by_what_the_channel_says() -> None:
    consulta = a_channel(consulta=ASKING).consulta
    assert consulta is not None
    asked: list[tuple[str, Sequence[Mapping[str, object]]]] = []

    def call_all(tool: str, calls: Sequence[Mapping[str, object]]) -> list[CallResult]:
        asked.append((tool, calls))
        return [found("sent"), Lost(TIMED_OUT)]

    said = ask(consulta, [a_message(disparo_id="1"), a_message(disparo_id="2")], call_all)
    assert asked == [("find", [{"reference": "1"}, {"reference": "2"}])]
    assert [each.paradeiro for each in said] == [DeliveryFinding.ENVIADO, DeliveryFinding.DESCONHECIDO]


def test_status_tool_is_checked_against_the_server_too() -> None:
    channel = a_channel(consulta=ASKING)
    send = {"properties": {"to": {}}}
    assert channel.check_against({"send": send, "find": {"properties": {"reference": {}}}}) == []
    assert channel.check_against({"send": send}) == [FieldError("/consulta/tool", "ferramenta_ausente", "find")]
    assert channel.check_against({"find": {"properties": {"id": {}}, "required": ["id"]}}) == [
        FieldError("/tool", "ferramenta_ausente", "send"),
        FieldError("/consulta/arguments/id", "argumento_obrigatorio", "id"),
        FieldError("/consulta/arguments/reference", "argumento_desconhecido", "reference"),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tool": ""}, ("/consulta/tool", "string_too_short")),
        ({"resposta": []}, ("/consulta/resposta", "too_short")),
        ({"resposta": [{"campo": "a"}] * 17}, ("/consulta/resposta", "too_long")),
        ({"valores": {}}, ("/consulta/valores", "too_short")),
        ({"valores": {"sent": "confirmado"}}, ("/consulta/valores/sent", "enum")),
        ({"espera_s": -1}, ("/consulta/espera_s", "greater_than_equal")),
        ({"arguments": {"a": [{"b": "{{message_id}}"}]}}, ("/consulta/arguments/a/0/b", "marcador_desconhecido")),
        ({"quando": 1}, ("/consulta/quando", "extra_forbidden")),
    ],
)
def test_a_wrong_way_of_asking_is_refused_where_it_is_wrong(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert problems(a_document(consulta={**ASKING, **changes})) == [expected]


def test_readers_of_a_channel_have_an_end() -> None:
    assert problems(a_document(resultado={"sucesso": [{"campo": "a"}] * 17})) == [("/resultado/sucesso", "too_long")]
    assert problems(a_document(resultado={"codigo": [{"campo": "a"}] * 17})) == [("/resultado/codigo", "too_long")]
