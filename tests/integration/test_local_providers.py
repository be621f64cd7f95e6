"""The provider simulators: what they deliver, how they fail on demand, and what a restart keeps."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.calls import Answer, CallResult
from chalicelib.adapters.mcp import McpServer
from chalicelib.dispatch.channels.document import Channel, load_channel
from chalicelib.dispatch.outcomes import CalendarPart, Outcome, OutgoingMessage, Permanent, Sent, Transient
from local.email import EmailServer
from local.provider import Behaviour, Faults, Provider
from local.whatsapp import WhatsAppSimulator

ROOT = Path(__file__).resolve().parents[2]


def channel_of(provider: Provider) -> Channel:
    profile = "resend-mcp" if isinstance(provider, EmailServer) else "jina-whatsapp-mcp"
    return load_channel({"perfil": profile, "url": provider.url})


def send(provider: Provider, *messages: OutgoingMessage) -> list[Outcome]:
    channel = channel_of(provider)
    results = McpServer(channel.url).call_all(channel.tool, [channel.arguments_for(each) for each in messages])
    return [channel.verdict(result) for result in results]


def a_message(destino: str = "+5571999990001", **changes: Any) -> OutgoingMessage:
    fields = {"template_nome": "oi", "template_idioma": "pt_BR", "variaveis": (("nome", "Zé"), ("valor", "10"))}
    return OutgoingMessage(
        **{"disparo_id": "1", "tentativa": 1, "destino": destino, "texto": "Olá", **fields, **changes}
    )


def an_email(destino: str = "ze@example.com", **changes: Any) -> OutgoingMessage:
    return a_message(destino, **{"assunto": "Olá, Zé", "texto": "Você\ntem 1 boleto", **changes})


def get(provider: Provider, path: str) -> Any:
    return httpx2.get(provider.base_url + path).raise_for_status().json()


def put_behaviour(provider: Provider, **behaviour: Any) -> httpx2.Response:
    return httpx2.put(f"{provider.base_url}/admin/falhas", json=behaviour)


# WhatsApp


def test_template_is_delivered_with_its_variables_in_order(whatsapp: WhatsAppSimulator) -> None:
    (sent,) = send(whatsapp, a_message())
    (delivery,) = whatsapp.deliveries()
    assert sent == Sent(delivery["message_id"])
    assert delivery.pop("quando")
    assert delivery.pop("message_id").startswith("wamid.")
    assert delivery == {
        "n": 1,
        "para": "+5571999990001",
        "template": "oi",
        "idioma": "pt_BR",
        "variaveis": ["Zé", "10"],
    }


def test_text_message_is_delivered(whatsapp: WhatsAppSimulator) -> None:
    McpServer(whatsapp.url).call_all("send_text_message", [{"to": "1", "text": "oi"}])
    assert [(each["para"], each["texto"]) for each in whatsapp.deliveries()] == [("1", "oi")]


def test_failed_send_is_a_successful_tool_call_as_at_the_real_server(whatsapp: WhatsAppSimulator) -> None:
    whatsapp.behaviour = Behaviour.model_validate({"falhas": [{"codigo": "131026"}]})
    (answer,) = McpServer(whatsapp.url).call_all("send_template_message", [{"to": "1", "template_name": "t"}])
    assert isinstance(answer, Answer)
    assert not answer.is_error
    assert isinstance(answer.structured, dict)
    assert json.loads(answer.structured["result"]) == {
        "success": False,
        "error": "[Meta Error 131026] (#131026) Message undeliverable",
    }
    assert whatsapp.total() == 0


def test_shipped_profiles_match_the_simulators(whatsapp: WhatsAppSimulator, email: EmailServer) -> None:
    for provider in (whatsapp, email):
        assert channel_of(provider).check_against(McpServer(provider.url).tools()) == []


def test_deliveries_survive_a_restart_of_the_provider(tmp_path: Path) -> None:
    log = tmp_path / "folder" / "recebidas.jsonl"
    with WhatsAppSimulator(log=log) as provider:
        send(provider, a_message("1"), a_message("2"))
        before = provider.deliveries()
    with log.open("ab") as file:
        file.write(b'{"n": 3, "para": "cut off')
    with WhatsAppSimulator(log=log) as provider:
        assert provider.deliveries() == before
        send(provider, a_message("3"))
    with WhatsAppSimulator(log=log) as provider:
        assert [(each["n"], each["para"]) for each in provider.deliveries()] == [
            (each["n"], each["para"]) for each in [*before, {"n": 3, "para": "3"}]
        ]
        provider.forget()
    with WhatsAppSimulator(log=log) as provider:
        assert provider.deliveries() == []


# E-mail


def test_email_arrives_by_smtp_as_it_was_written(email: EmailServer) -> None:
    message = an_email(html="<p>Você</p>", cabecalhos={"List-Unsubscribe": "<https://example.com/d/1>"})
    (sent,) = send(email, message)
    (received,) = email.deliveries()
    assert sent == Sent(received["message_id"])
    assert received["cabecalhos"]["List-Unsubscribe"] == "<https://example.com/d/1>"
    assert {name: received[name] for name in ("n", "para", "assunto", "texto", "html", "idempotencia")} == {
        "n": 1,
        "para": ["ze@example.com"],
        "assunto": "Olá, Zé",
        "texto": "Você\ntem 1 boleto",
        "html": "<p>Você</p>",
        "idempotencia": "1",
    }


@pytest.mark.parametrize("html", ["<p>Você</p>", None])
def test_invitation_is_the_last_alternative_of_the_mail_with_its_method(email: EmailServer, html: str | None) -> None:
    text = "BEGIN:VCALENDAR\r\nSUMMARY:Reunião 😀\r\nEND:VCALENDAR\r\n"
    send(email, an_email(html=html, calendario=CalendarPart("REQUEST", text)))
    (received,) = email.deliveries()
    assert received["calendarios"] == [{"metodo": "REQUEST", "texto": text}]
    assert (received["texto"], received["html"]) == ("Você\ntem 1 boleto", html)
    (mail,) = email.mails()
    assert mail.get_content_type() == "multipart/alternative"
    *others, last = mail.iter_parts()
    assert [part.get_content_type() for part in others] == ["text/plain", "text/html"][: 2 if html else 1]
    assert {name: last.get_param(name) for name in ("charset", "method")} == {"charset": "utf-8", "method": "REQUEST"}
    assert last.get_content_type() == "text/calendar"
    # Mail programs that keep it as a file would hide the invitation.
    assert last.get_content_disposition() is None


def test_other_files_stand_beside_the_alternatives(email: EmailServer) -> None:
    files = [
        {"filename": "a.pdf", "content": "QUJD"},
        {"filename": "b", "content": "QUJD", "contentType": "image/png"},
        {"filename": "c", "content": "QUJD"},
    ]
    McpServer(email.url).call_all(
        "send-email", [{"to": ["a@b.test"], "subject": "s", "text": "t", "attachments": files}]
    )
    (mail,) = email.mails()
    assert [(part.get_filename(), part.get_content_type()) for part in mail.iter_attachments()] == [
        ("a.pdf", "application/pdf"), ("b", "image/png"), ("c", "application/octet-stream"),
    ]  # fmt: skip
    assert email.deliveries()[0]["calendarios"] == []


def test_invitation_that_is_no_text_is_refused(email: EmailServer) -> None:
    file = {"filename": "a.ics", "content": "/w==", "contentType": "text/calendar"}
    (answer,) = McpServer(email.url).call_all(
        "send-email", [{"to": ["a@b.test"], "subject": "s", "text": "t", "attachments": [file]}]
    )
    assert isinstance(answer, Answer)
    assert answer.is_error
    assert email.total() == 0


def test_email_without_html_or_key_has_neither(email: EmailServer) -> None:
    McpServer(email.url).call_all("send-email", [{"to": ["a@b.test"], "subject": "s", "text": "t"}])
    (received,) = email.deliveries()
    assert (received["html"], received["idempotencia"]) == (None, None)


def test_same_key_twice_is_delivered_once_with_the_same_id(tmp_path: Path) -> None:
    with EmailServer(tmp_path / "mailbox", behaviour={"latencia_ms": 1}) as provider:
        # Six at once, so that the later ones arrive while the first is being sent.
        outcomes = send(provider, *[an_email(disparo_id="k")] * 6)
        assert provider.total() == 1
    with EmailServer(tmp_path / "mailbox") as provider:
        assert {*outcomes, *send(provider, an_email(disparo_id="k"))} == {Sent(provider.deliveries()[0]["message_id"])}
        assert provider.total() == 1
        provider.forget()
        send(provider, an_email(disparo_id="k"))
        assert provider.total() == 1


def test_failed_send_does_not_use_up_its_key(email: EmailServer) -> None:
    email.behaviour = Behaviour.model_validate({"falhas": [{"codigo": "429", "primeiras": 1}]})
    assert send(email, an_email()) == [Transient("rate_limit_exceeded", 1, "canal")]
    assert isinstance(send(email, an_email())[0], Sent)


def test_mailbox_accepts_mail_from_any_sender(email: EmailServer) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@a.test", "b@b.test, c@c.test", "direto"
    message.set_content("oi")
    with smtplib.SMTP("127.0.0.1", email.smtp_port) as smtp:
        smtp.send_message(message)
    assert [(each["para"], each["assunto"]) for each in email.deliveries()] == [(["b@b.test", "c@c.test"], "direto")]


def test_mailbox_lists_messages_in_order_of_arrival(email: EmailServer) -> None:
    for n in range(12):
        send(email, an_email(disparo_id=str(n), assunto=f"{n}"))
    assert [each["assunto"] for each in email.deliveries()] == [str(n) for n in range(12)]


def test_header_with_a_line_break_is_refused(email: EmailServer) -> None:
    headers = {"X-A": "a\r\nBcc: outro@example.com"}
    assert send(email, an_email(cabecalhos=headers)) == [Permanent("invalid_parameter", tries_alternative=True)]
    assert email.total() == 0


def test_mailbox_that_cannot_store_is_an_application_error(tmp_path: Path) -> None:
    with EmailServer(tmp_path / "mailbox") as provider:
        for folder in ("tmp", "new"):
            (tmp_path / "mailbox" / folder).rmdir()
            (tmp_path / "mailbox" / folder).touch()
        (answer,) = McpServer(provider.url).call_all("send-email", [{"to": ["a@b.test"], "subject": "s", "text": "t"}])
    assert isinstance(answer, Answer)
    assert '"name":"application_error"' in answer.text


# Both


@pytest.mark.parametrize("make", ["whatsapp", "email"])
def test_admin_lists_counts_and_deletes_deliveries(make: str, request: pytest.FixtureRequest) -> None:
    provider: Provider = request.getfixturevalue(make)
    assert get(provider, "/admin/saude") == {"status": "ok"}
    send(provider, an_email("a@b.test", disparo_id="1"), an_email("c@d.test", disparo_id="2"))
    assert get(provider, "/admin/recebidas?contagem=1") == {"total": 2}
    assert get(provider, "/admin/recebidas") == provider.deliveries()
    assert httpx2.delete(f"{provider.base_url}/admin/recebidas").status_code == 204
    assert get(provider, "/admin/recebidas") == []


def test_faults_are_set_and_shown_over_http(whatsapp: WhatsAppSimulator) -> None:
    wanted = {"latencia_ms": 1.0, "semente": 3, "falhas": [{"codigo": "131056", "taxa": 0.3, "destinos": ["1"]}]}
    assert put_behaviour(whatsapp, **wanted).json() == wanted
    assert get(whatsapp, "/admin/falhas") == wanted


@pytest.mark.parametrize(
    "fault", [{}, {"codigo": "1", "http": 429}, {"http": 200}, {"conexao": "nunca"}, {"codigo": "1", "taxa": 2}]
)
def test_invalid_fault_is_refused_with_a_reason(whatsapp: WhatsAppSimulator, fault: dict[str, Any]) -> None:
    refused = put_behaviour(whatsapp, falhas=[fault])
    assert refused.status_code == 422
    assert refused.json()["erros"][0]["msg"]
    assert get(whatsapp, "/admin/falhas")["falhas"] == []


def test_first_attempts_fail_and_later_ones_succeed(whatsapp: WhatsAppSimulator) -> None:
    put_behaviour(whatsapp, falhas=[{"codigo": "131016", "primeiras": 2}])
    attempts = [send(whatsapp, a_message("1"), a_message("2")) for _ in range(3)]
    assert attempts[:2] == [[Transient("131016")] * 2] * 2
    assert [type(outcome) for outcome in attempts[2]] == [Sent, Sent]


def test_wire_fault_strikes_tool_calls_only(whatsapp: WhatsAppSimulator) -> None:
    put_behaviour(whatsapp, falhas=[{"http": 503, "retry_after": 4}])
    assert get(whatsapp, "/admin/saude") == {"status": "ok"}
    assert "send_template_message" in McpServer(whatsapp.url).tools()
    assert send(whatsapp, a_message()) == [Transient("http_503", 4, "canal")]


def test_fault_for_a_recipient_strikes_its_emails_only(email: EmailServer) -> None:
    put_behaviour(email, falhas=[{"http": 429, "destinos": ["a@b.test"]}])
    outcomes = send(email, an_email("a@b.test", disparo_id="1"), an_email("c@d.test", disparo_id="2"))
    assert [type(outcome) for outcome in outcomes] == [Transient, Sent]


@pytest.mark.parametrize("body", [b"", b"{", b'{"method": "tools/call", "params": {"name": "x"}}'])
def test_request_other_than_a_tool_call_reaches_the_server(whatsapp: WhatsAppSimulator, body: bytes) -> None:
    put_behaviour(whatsapp, falhas=[{"http": 418, "destinos": ["1"]}])
    assert httpx2.post(whatsapp.url, content=body).status_code in (400, 406)


@given(st.floats(0.05, 0.95), st.integers(), st.lists(st.sampled_from("abc"), max_size=30))
def test_faults_do_not_depend_on_the_order_of_attempts(taxa: float, semente: int, attempts: list[str]) -> None:
    behaviour = Behaviour.model_validate({"semente": semente, "falhas": [{"codigo": "1", "taxa": taxa}]})

    def struck(order: list[str]) -> dict[str, list[bool]]:
        faults = Faults(behaviour)
        seen: dict[str, list[bool]] = {}
        for destination in order:
            seen.setdefault(destination, []).append(faults.error_code(destination) is not None)
        return seen

    assert struck(attempts) == struck(sorted(attempts))


def test_share_of_failed_attempts_is_close_to_the_rate() -> None:
    faults = Faults(Behaviour.model_validate({"falhas": [{"codigo": "1", "taxa": 0.3}]}))
    struck = sum(faults.error_code(str(n)) is not None for n in range(2_000))
    assert 500 < struck < 700


def test_next_fault_applies_once_the_first_has_reached_its_limit() -> None:
    faults = Faults(
        Behaviour.model_validate({"falhas": [{"codigo": "1", "limite": 2}, {"codigo": "2", "destinos": ["c"]}]})
    )
    assert [faults.error_code(destination) for destination in "abcd"] == ["1", "1", "2", None]


@pytest.mark.parametrize(
    ("module", "options", "calls"),
    [
        ("local.whatsapp", ["--log", "log.jsonl"], [{"to": "1", "text": "oi"}]),
        ("local.email", ["--mailbox", "mailbox"], [{"to": ["a@b.test"], "subject": "s", "text": "t"}]),
    ],
)
def test_command_ends_on_sigterm_and_keeps_its_deliveries(
    tmp_path: Path, module: str, options: list[str], calls: list[dict[str, Any]]
) -> None:
    tool = "send_text_message" if module == "local.whatsapp" else "send-email"
    totals = []
    for _ in range(2):
        command = [sys.executable, "-m", module, *options, "--latencia-ms", "1", "--semente", "2"]
        with subprocess.Popen(
            command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            url = json.loads(process.stdout.readline())["url"]
            results: list[CallResult] = McpServer(url).call_all(tool, calls)
            totals.append(httpx2.get(url.replace("/mcp", "/admin/recebidas?contagem=1")).json()["total"])
            process.terminate()
            assert process.wait(120) == 0
        assert isinstance(results[0], Answer)
    assert totals == [1, 2]
