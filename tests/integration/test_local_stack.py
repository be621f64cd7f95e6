"""The embedded stack as a newcomer uses it (up, token, ingest, down, up again), and what can go wrong with it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from chalicelib.adapters.mcp import McpServer
from local.cli import cli
from local.demo import run as run_demo
from local.project import ROOT
from local.rest import ApiError, Rest
from local.stack import Stack, StackFailed
from local.state import StackPart, StackState
from local.whatsapp import WhatsAppSimulator
from samples.generate import generate_carteira

EXTERNAL = ("DATABASE_URL", "DATABASE_OWNER_URL", "AWS_ENDPOINT_URL")
SHEET = """ID;Nome;CNPJ/CPF;Email;Telefone
a;Ana Souza;529.982.247-25;ana@example.com;(71) 99999-0001
b;Bruno Lima;;bruno@example.com | b@example.com;71999990002
c;;;;
"""


@pytest.fixture(autouse=True)
def _no_external_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EXTERNAL:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a stack; at the end, every part that runs in it is stopped."""
    folder = tmp_path_factory.mktemp("stack")
    yield folder
    Stack(folder, report=_silent).down()


@pytest.fixture
def stack(folder: Path) -> Stack:
    """The stack of that folder, up."""
    stack = Stack(folder, report=_silent)
    stack.up()
    return stack


def _silent(_: str) -> None:
    """Ignore a progress report."""


def local(folder: Path, *arguments: str) -> Result:
    """Run `python -m local …` on the stack of a folder."""
    return CliRunner().invoke(cli, ["--state", str(folder), *arguments], catch_exceptions=False)


def alive_processes(folder: Path) -> set[str]:
    """Return the command lines of all processes that work with this folder."""
    mine = psutil.Process().pid
    processes = psutil.process_iter(["cmdline", "environ", "cwd"])
    return {
        " ".join(process.info["cmdline"] or ())
        for process in processes
        if process.pid != mine
        and str(folder) in " ".join([*(process.info["cmdline"] or ()), *(process.info["environ"] or {}).values()])
    }


def lead_ids(stack: Stack, tenant: str = "acme") -> list[str]:
    with Rest(stack.url("api"), stack.token(tenant)) as rest:
        return sorted(lead["lead_id_externo"] for lead in rest.ask("GET", "/leads")["itens"])


def test_newcomer_brings_the_stack_up_ingests_a_file_and_sends_a_message(folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "leads.csv"
    sheet.write_text(SHEET, encoding="utf-8")

    assert local(folder, "up").output.startswith("up\n")
    assert local(folder, "up").output.startswith("already up\n")
    assert json.loads(local(folder, "status", "--json").output)["up"] is True

    job = json.loads(local(folder, "ingest", str(sheet), "--json").output)
    assert (job["status"], job["leads_criados"], job["linhas_rejeitadas"]) == ("concluido", 2, 1)
    shown = local(folder, "ingest", str(sheet), "--codificacao", "utf-8").output
    assert "duplicados" in shown
    assert "concluido" in shown
    [report] = [line for line in shown.splitlines() if line.startswith("http")]
    assert "linha;coluna" in httpx2.get(report).text.replace('"', "")

    token = local(folder, "token", "--tenant", "acme", "--group", "admin").output.strip()
    stack = Stack(folder)
    with Rest(stack.url("api"), token) as rest:
        found = {lead["lead_id_externo"]: lead["lead_id"] for lead in rest.ask("GET", "/leads")["itens"]}
        assert set(found) == {"a", "b"}
        template = {"canal": "whatsapp", "idioma": "pt_BR", "texto": "Olá {{nome}}", "variaveis": ["nome"]}
        rest.ask("PUT", "/templates/oi", json=template)
        disparo = {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Ana"}}}
        rest.ask("POST", f"/leads/{found['a']}/disparos", json=disparo)
    with Rest(stack.url("api"), "nonsense") as rest, pytest.raises(ApiError, match="401"):
        rest.ask("GET", "/leads")


def test_replies_and_receipts_of_a_provider_are_played(stack: Stack, folder: Path) -> None:
    tenant = ("--tenant", "respostas")
    stopped = json.loads(local(folder, "reply", "(71) 99999-0009", "SAIR", *tenant).output)
    assert (stopped["respostas"], stopped["sem_lead"]) == (1, 1)
    local(folder, "reply", "BR.1", "oi", "--quote", "wamid.x", *tenant)
    local(folder, "reply", "557199990008", "oi", "--user", "BR.2", *tenant)
    local(folder, "reply", "ana@example.com", "pare", "--canal", "email", *tenant)
    with Rest(stack.url("api"), stack.token("respostas")) as rest:
        suppressed = {each["contato"] for each in rest.ask("GET", "/supressoes")["itens"]}
        senders = {each["remetente"] for each in rest.ask("GET", "/respostas")["itens"]}
    assert suppressed == {"+5571999990009", "ana@example.com"}
    assert senders == {"5571999990009", "BR.1", "557199990008", "ana@example.com"}
    for canal, code in (("whatsapp", "131050"), ("email", "bounce")):
        given = ("failed", "x", "--codigo", code, "--canal", canal, *tenant)
        assert json.loads(local(folder, "receipt", *given).output)["guardados"] == 1
    local(folder, "mailbox", "--clear")
    nothing = local(folder, "receipt", "read", "--canal", "email", *tenant)
    assert (nothing.exit_code, "no message was sent by email yet" in nothing.output) == (1, True)


def test_invitations_that_mails_brought_are_shown_by_themselves(stack: Stack, folder: Path) -> None:
    uid = "agendamento-0199f4c2-7a1e-7c33-9d55-3b1f2a6c8e90@agenda.example"
    entry = (
        f"BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSEQUENCE:2\r\nDTSTART:20261201T150000Z\r\n"
        "SUMMARY:[b]Reunião\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    file = {
        "filename": "a.ics",
        "content": b64encode(entry.encode()).decode(),
        "contentType": "text/calendar; method=CANCEL",
    }
    mail = {"to": ["ze@example.com"], "subject": "s", "text": "t"}
    address = stack.state.parts["email"].url or ""
    local(folder, "mailbox", "--clear")
    McpServer(address).call_all("send-email", [mail, {**mail, "attachments": [file]}])
    [found] = json.loads(local(folder, "mailbox", "--ics", "--json").output)
    del found["texto"], found["n"]
    assert found == {
        "para": "ze@example.com", "metodo": "CANCEL", "uid": uid, "sequencia": 2,
        "inicio": "2026-12-01T15:00:00+00:00", "titulo": "[b]Reunião",
    }  # fmt: skip
    assert local(folder, "mailbox", "--ics", "--raw").output.splitlines() == entry.splitlines()
    shown = local(folder, "mailbox", "--ics").output
    assert all(each in shown for each in ("SEQUENCE", "CANCEL", uid))
    assert "BEGIN:VCALENDAR" not in local(folder, "mailbox").output
    local(folder, "mailbox", "--clear")


def test_hint_works_for_this_very_stack_without_activating_anything(stack: Stack, folder: Path) -> None:
    hint = local(folder, "up").output.partition("$(")[2].partition(")")[0]
    assert f"--state {folder}" in hint
    told = subprocess.run(shlex.split(hint), cwd=ROOT, capture_output=True, check=True)
    with Rest(stack.url("api"), told.stdout.decode().strip()) as rest:
        rest.ask("GET", "/tenant/config")


@pytest.mark.parametrize(
    ("options", "shown"), [((), [1, 2, 3]), (("--limit", "1"), [3]), (("--limit", "9"), [1, 2, 3])]
)
def test_messages_as_json_are_as_many_as_asked_for(tmp_path: Path, options: tuple[str, ...], shown: list[int]) -> None:
    log = tmp_path / "whatsapp.jsonl"
    log.write_text("".join(json.dumps({"n": number}) + "\n" for number in (1, 2, 3)))
    with WhatsAppSimulator(log=log) as provider:
        this_test = StackPart("whatsapp", os.getpid(), psutil.Process().create_time(), url=provider.url)
        StackState(ready=True, parts={"whatsapp": this_test}).save(tmp_path / "stack.json")
        result = local(tmp_path, "outbox", "--json", *options)
    assert [each["n"] for each in json.loads(result.output)] == shown


def test_migrate_after_down_says_how_to_bring_the_stack_up(tmp_path: Path) -> None:
    gone = "postgresql://owner@/x?host=/nowhere&port=5432"
    StackState(environment={"DATABASE_OWNER_URL": gone}).save(tmp_path / "stack.json")
    result = local(tmp_path, "migrate")
    assert (result.exit_code, "the local stack is not up: run" in result.output) == (1, True)
    assert f"--state {tmp_path} up" in result.output.replace("\n", "")


def test_leads_and_addresses_survive_down_and_up(stack: Stack, folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "leads.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    local(folder, "ingest", str(sheet))
    before = lead_ids(stack)
    addresses = {name: part.url for name, part in stack.state.parts.items()}
    assert local(folder, "down").output == "down\n"
    assert local(folder, "down").output == "was not up\n"
    assert alive_processes(folder) == set()
    again = Stack(folder, report=_silent)
    again.up()
    assert lead_ids(again) == before != []
    assert {name: part.url for name, part in again.state.parts.items()} == addresses


def kill(*parts: StackPart) -> None:
    """Kill parts, and wait until they are dead."""
    for part in parts:
        with suppress(ProcessLookupError):
            os.kill(part.pid, signal.SIGKILL)
    for part in parts:
        while part.alive:
            time.sleep(0.01)


def test_stack_starts_again_after_every_process_was_killed(stack: Stack) -> None:
    before = lead_ids(stack)
    kill(*stack.state.parts.values())
    again = Stack(stack.folder, report=_silent)
    assert not again.is_up
    assert again.up()
    assert lead_ids(again) == before


def test_stack_with_a_dead_part_is_not_up_and_down_stops_the_rest(stack: Stack, folder: Path) -> None:
    kill(stack.state.parts["workers"])
    result = local(folder, "status")
    assert result.exit_code == 1
    assert "dead" in result.output
    assert stack.down()
    assert alive_processes(folder) == set()


def test_process_that_has_a_part_s_old_number_is_left_alone(tmp_path: Path) -> None:
    # As after a reboot: the file names a process whose number is now another program's: this test.
    this_test = StackPart("api", os.getpid(), started=1.0, url="http://127.0.0.1:1")
    StackState(ready=True, parts={"api": this_test}).save(tmp_path / "stack.json")
    stale = Stack(tmp_path, report=_silent)
    assert not stale.is_up
    with pytest.raises(StackFailed, match="not up"):
        stale.url("api")
    assert not stale.down()


def test_port_in_use_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = local(tmp_path, "up", "--port", f"whatsapp={port}")
    assert result.exit_code == 1
    assert f"port {port} is in use, so whatsapp cannot have it" in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "logs").exists()
    assert alive_processes(tmp_path) == set()


def test_part_that_cannot_start_says_why_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("LOG_LEVEL", "nonsense")
    result = CliRunner().invoke(cli, ["--state", str(tmp_path), "up"])
    assert result.exit_code == 1
    assert alive_processes(tmp_path) == set()


@pytest.mark.parametrize(
    "port", ["banana=1", "api", "api=", "api=x", "api=-1", "api=65536", "api=1_0", "postgres=5432"]
)
def test_port_of_no_part_or_no_port_is_refused(tmp_path: Path, port: str) -> None:
    result = local(tmp_path, "up", "--port", port)
    assert result.exit_code == 2
    assert "--port" in result.output
    assert alive_processes(tmp_path) == set()


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_three_times_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", "--state", str(tmp_path), "up"]
    starting = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not StackState.load(tmp_path / "stack.json").parts and starting.poll() is None:
        time.sleep(0.01)
    for _ in range(3):
        starting.send_signal(signal.SIGINT)
        time.sleep(0.05)
    output, _ = starting.communicate()
    assert (starting.returncode, b"Traceback" in output) == (1, False)
    assert alive_processes(tmp_path) == set()


def test_two_commands_cannot_change_a_stack_at_the_same_time(tmp_path: Path) -> None:
    first, second = Stack(tmp_path, report=_silent), Stack(tmp_path, report=_silent)
    with first._locked(), pytest.raises(StackFailed, match="another command"):
        second.down()


@pytest.mark.parametrize(
    "command",
    [["token", "--tenant", "acme"], ["outbox"], ["mailbox"], ["faults", "email"], ["ingest", __file__], ["migrate"]],
)
def test_command_that_needs_the_stack_says_so_when_it_is_down(tmp_path: Path, command: list[str]) -> None:
    result = local(tmp_path, *command)
    assert result.exit_code == 1
    assert "the local stack is not up" in result.output


def test_external_database_needs_both_logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@somewhere/x")
    result = local(tmp_path, "up")
    assert result.exit_code == 1
    assert "DATABASE_OWNER_URL must be too" in result.output


def test_external_database_and_aws_are_used_and_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_urls: Any, aws: Any
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_urls.api)
    monkeypatch.setenv("DATABASE_OWNER_URL", database_urls.owner)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    stack = Stack(tmp_path, report=_silent)
    try:
        stack.up()
        assert set(stack.state.parts) == {"whatsapp", "email", "calendar", "api", "ingest", "workers"}
        assert lead_ids(stack) == []
    finally:
        stack.down()
    assert alive_processes(tmp_path) == set()


def test_demo_keeps_what_its_preflight_promises(tmp_path: Path) -> None:
    sheet, output, report_file = tmp_path / "devedores.xlsx", StringIO(), tmp_path / "demo.json"
    generate_carteira(sheet, rows=80)
    run_demo(sheet, Console(file=output), state=tmp_path / "state", report_file=report_file)
    report = json.loads(report_file.read_text())
    assert (report["linhas_processadas"], report["de_novo"]["leads_criados"]) == (80, 0)
    counted = report["campanha"]["contadores"]
    assert 0 < report["conferir"]["publico"] == counted["planejados"] < report["leads"]
    assert report["conferir"]["elegiveis"] == counted["planejados"] - counted["excluidos"]
    assert report["whatsapp_recebidos"] + report["emails_recebidos"] >= counted["enviados"] > 0
    told = output.getvalue()
    for step in ("postgres is ready", "ingesting devedores.xlsx", "vencimento < hoje e valor_da_divida > 100"):
        assert step in told
    for each in report["exemplos"]:
        assert "Sua parcela de R$ " in each["texto"]
        assert each["destino"] in told
    assert "demo.py" not in told
    assert alive_processes(tmp_path) == set()
