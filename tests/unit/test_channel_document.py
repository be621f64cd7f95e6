"""The document of a channel: its profile, its errors, its verdicts, and whether it fits the tools of a server."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.adapters.calls import (
    BAD_ARGUMENTS,
    NO_CONNECTION,
    SESSION_GONE,
    TIMED_OUT,
    TOOL_MISSING,
    CallResult,
    Lost,
    NotWritten,
    Refused,
)
from chalicelib.dispatch.channels.document import load_channel
from chalicelib.dispatch.outcomes import ChannelDown, Outcome, Permanent, Transient, Unknown
from chalicelib.errors import FieldError, Invalid
from tests.channels import (
    RESEND_SCHEMA,
    a_channel,
    a_document,
    a_jina_answer,
    a_message,
    an_answer,
    an_email,
    errors_in,
    of_profile,
)

# Loading


def test_document_is_merged_with_its_profile_by_name_and_replaces_other_fields() -> None:
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
    assert channel.verdict(a_jina_answer({"success": False, "error": "[Meta Error 131026]"})) == ChannelDown("131026")
    assert channel.verdict(a_jina_answer({"success": False, "error": "[Meta Error 131056]"})) == Transient(
        "131056", 6, "destino"
    )
    assert (channel.tool, channel.in_flight) == ("outra", 9)


def test_document_can_override_an_argument_of_its_profile() -> None:
    channel = of_profile("mcp-email-server", arguments={"account_name": "vendas"})
    assert channel.arguments_for(an_email())["account_name"] == "vendas"


def test_null_removes_a_name_of_the_profile() -> None:
    channel = of_profile("resend-mcp", arguments={"headers": None, "novo": None}, idempotency_argument=None)
    assert channel.arguments_for(an_email(html="<p>Oi</p>", cabecalhos={"X-A": "1"})) == {
        "to": ["ze@example.com"],
        "subject": "Oi",
        "text": "Olá, Zé",
        "html": "<p>Oi</p>",
        "novo": None,
    }
    assert not channel.is_idempotent


def test_email_channel_has_no_whatsapp_codes() -> None:
    assert a_channel().codigos == {}
    assert "131026" in a_channel(canal="whatsapp").codigos


def test_template_may_build_the_idempotency_argument_itself() -> None:
    channel = a_channel(idempotency_argument="key", arguments={"key": "d-{{disparo_id}}"})
    assert channel.arguments_for(a_message()) == {"key": "d-0192"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"canal": "sms"}, [("/canal", "enum")]),
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
def test_wrong_document_is_refused_with_pointers(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert errors_in(a_document(**changes)) == expected


def test_missing_fields_are_named() -> None:
    assert errors_in({"headers": {}}) == [("/canal", "missing"), ("/url", "missing"), ("/tool", "missing")]


def test_no_error_or_representation_shows_a_secret() -> None:
    secret = "s3cr3t-token"
    channel = a_channel(headers={"Authorization": secret}, url=f"https://x/{secret}")
    assert secret not in repr(channel)
    assert secret not in channel.model_dump_json(exclude={"url"})
    with pytest.raises(Invalid) as refused:
        load_channel(a_document(headers={"Authorization": f"{secret}\n"}, url=f"{secret}://x", timeout_s=secret))
    assert len(refused.value.errors) == 3
    assert secret not in repr(refused.value.errors) + repr(refused.value) + str(refused.value.__context__)


# Verdicts


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
def test_each_result_on_the_wire_has_a_verdict(result: CallResult, outcome: Outcome) -> None:
    assert a_channel().verdict(result) == outcome


def test_unlisted_and_missing_codes_are_classified_by_the_document() -> None:
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


# Tools


def test_channel_that_fits_its_tool_has_no_errors() -> None:
    assert of_profile("resend-mcp").check_against({"send-email": RESEND_SCHEMA}) == []


def test_missing_tool_is_an_error() -> None:
    assert of_profile("resend-mcp").check_against({"other": {}}) == [
        FieldError("/tool", "ferramenta_ausente", "send-email")
    ]


def test_required_argument_that_nothing_fills_is_an_error() -> None:
    schema = {**RESEND_SCHEMA, "required": ["to", "from"]}
    assert of_profile("resend-mcp").check_against({"send-email": schema}) == [
        FieldError("/arguments/from", "argumento_obrigatorio", "from")
    ]


def test_argument_that_the_tool_does_not_declare_is_an_error() -> None:
    channel = of_profile("resend-mcp", arguments={"a/b": 1})
    assert channel.check_against({"send-email": RESEND_SCHEMA}) == [
        FieldError("/arguments/a~1b", "argumento_desconhecido", "a/b")
    ]
    assert channel.check_against({"send-email": {**RESEND_SCHEMA, "additionalProperties": True}}) == []


def test_argument_of_the_wrong_type_is_an_error() -> None:
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
def test_type_of_an_argument_is_checked_only_where_the_schema_names_one(schema: object, fits: bool) -> None:
    errors = a_channel().check_against({"send": {"properties": {"to": schema}}})
    assert (errors == []) is fits


def test_elements_of_a_list_are_checked_too() -> None:
    schema = {"properties": {"to": {"type": "array", "items": {"type": "object"}}}}
    channel = a_channel(arguments={"to": ["{{destino}}"]})
    assert channel.check_against({"send": schema}) == [
        FieldError("/arguments/to/0", "argumento_de_outro_tipo", "object")
    ]
    assert channel.check_against({"send": {"properties": {"to": {}}}}) == []
    assert channel.check_against({"send": {"properties": {"to": True}}}) == []


def test_required_argument_that_only_some_messages_fill_is_an_error() -> None:
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
def test_malformed_schema_does_not_break_the_check(schema: dict[str, Any], codes: list[str]) -> None:
    assert [each.code for each in a_channel().check_against({"send": schema})] == codes


def test_schema_without_properties_accepts_no_argument() -> None:
    assert [each.code for each in a_channel().check_against({"send": {}})] == ["argumento_desconhecido"]
