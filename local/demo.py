"""`make demo`: the main job from end to end on a stack of its own, counted at both ends.

A workbook goes in twice; templates and disparos are made for leads that are ready, with providers that fail now and
then; what left is counted where it arrived. What is printed is in `.local/demo.json` too, and sums that do not agree
end the demo with a sentence and exit code 1.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from local.ingest import upload, watched
from local.project import ROOT
from local.rest import Rest
from local.stack import Stack
from local.tokens import ADMIN_GROUP

STATE = ROOT / ".local" / "demo"
REPORT = ROOT / ".local" / "demo.json"
SAMPLE = ROOT / "samples" / "Leads_Organizados.xlsx"

TENANT = "demo"
PER_CHANNEL = 200
_SAMPLE_ROWS, _SAMPLE_SEED = "1200", "1"
_WAIT_S = 120.0
_POLL_S = 0.5
_PAGE = 500
_OPEN = frozenset({"pendente", "enviando"})

COUNTS = (
    "linhas_processadas",
    "leads_criados",
    "leads_atualizados",
    "duplicados",
    "linhas_rejeitadas",
    "telefones_criados",
    "emails_criados",
)

# Two in ten attempts fail in a way that is worth another try, two in a hundred in one that is not.
_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "whatsapp": {
        "latencia_ms": 20,
        "falhas": [{"codigo": "131016", "taxa": 0.2}, {"codigo": "131026", "taxa": 0.02}],
    },
    "email": {"latencia_ms": 20, "falhas": [{"codigo": "429", "taxa": 0.2}]},
}

_TEMPLATES: Mapping[str, Mapping[str, Any]] = {
    "whatsapp": {
        "canal": "whatsapp",
        "idioma": "pt_BR",
        "texto": "Olá, {{nome}}! Podemos conversar sobre a sua proposta?",
        "variaveis": ["nome"],
    },
    "email": {
        "canal": "email",
        "idioma": "pt_BR",
        "assunto": "Sua proposta, {{nome}}",
        "texto": "Olá, {{nome}}!\n\nPodemos conversar sobre a sua proposta?",
        "variaveis": ["nome"],
    },
}

# It sends whatever the hour, and as fast as it can: the default is office hours, a hundred messages a minute.
_CONFIG: Mapping[str, Any] = {
    "janela": {"ligada": False},
    "limites": {"whatsapp": {"por_minuto": 6_000}, "email": {"por_minuto": 6_000}},
}

Report = dict[str, Any]


class DemoFailed(Exception):
    """What came out does not agree with what went in; the text says where."""


def run(workbook: Path | None, console: Console, *, state: Path = STATE, report_file: Path = REPORT) -> None:
    """The whole demo; its stack is stopped whatever happens.

    Raises:
        DemoFailed: the sums do not agree.
        StackFailed: the stack does not start.
    """
    began = time.monotonic()
    stack = Stack(state, report=lambda part: console.log(f"{part} is ready"))
    stack.down()
    shutil.rmtree(state, ignore_errors=True)
    try:
        stack.up()
        report = _played(stack, workbook or _sample(), console)
    finally:
        stack.down()
    report["segundos"] = round(time.monotonic() - began, 1)
    report_file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _print(report, console)
    console.print(f"\n{report['segundos']} s. The same in {report_file}; logs in {state / 'logs'}.", soft_wrap=True)
    console.print("Next: `make up`, and the tour in the README.")
    if wrong := list(disagreements(report)):
        raise DemoFailed(" ".join(wrong))


def _sample() -> Path:
    if not SAMPLE.exists():
        subprocess.run([sys.executable, ROOT / "samples" / "generate.py", _SAMPLE_ROWS, _SAMPLE_SEED], check=True)
    return SAMPLE


def _played(stack: Stack, workbook: Path, console: Console) -> Report:
    with Rest(stack.url("api"), stack.token(TENANT, [ADMIN_GROUP])) as rest:
        job = watched(rest, upload(rest, workbook, "ignorar")["job_id"], console)
        again = watched(rest, upload(rest, workbook, "ignorar")["job_id"], console)
        for channel, faults in _FAULTS.items():
            httpx2.put(f"{stack.url(channel)}/admin/falhas", json=faults).raise_for_status()
        created = _create_disparos(rest)
        disparos = _waited_for(rest, created, console)
        return {
            "arquivo": workbook.name,
            "job": job,
            **{count: job[count] for count in COUNTS},
            "de_novo": {count: again[count] for count in COUNTS},
            "leads": rest.ask("GET", "/leads", params={"limit": 1})["total"],
            "rejeitados_por_codigo": _refused(rest, job["job_id"]),
            "disparos_criados": created,
            **_summary(disparos),
            "whatsapp_recebidos": _arrived(stack, "whatsapp"),
            "emails_recebidos": _arrived(stack, "email"),
        }


def _create_disparos(rest: Rest) -> int:
    """Disparos by both channels for as many ready leads as the demo takes; how many."""
    rest.ask("PUT", "/tenant/config", json=_CONFIG)
    for channel, template in _TEMPLATES.items():
        rest.ask("PUT", f"/templates/demo-{channel}", json=template)
    ready = list(_pages(rest, "/leads/para-disparo"))
    wishes = [
        (lead, channel)
        for channel, kinds in (("whatsapp", {"ambos", "telefone"}), ("email", {"ambos", "email"}))
        for lead in [lead for lead in ready if lead["tipo_contato"] in kinds][:PER_CHANNEL]
    ]

    def create(wish: tuple[Mapping[str, Any], str]) -> None:
        lead, channel = wish
        variaveis = {"nome": lead["nome"] or "cliente"}
        body = {"canal": channel, "template": f"demo-{channel}", "payload": {"variaveis": variaveis}}
        rest.ask("POST", f"/leads/{lead['lead_id']}/disparos", json=body)

    with ThreadPoolExecutor(4) as pool:
        return sum(1 for _ in pool.map(create, wishes))


def _waited_for(rest: Rest, created: int, console: Console) -> list[dict[str, Any]]:
    """Every disparo, once none is waiting or on its way any more."""
    deadline = time.monotonic() + _WAIT_S
    with console.status("sending") as status:
        while True:
            disparos = list(_pages(rest, "/disparos"))
            still = sum(each["status"] in _OPEN for each in disparos)
            if not still:
                return disparos
            if time.monotonic() > deadline:
                raise DemoFailed(f"{still} of {created} disparos had no end after {_WAIT_S:.0f} s.")
            status.update(f"sending: {created - still} of {created}")
            time.sleep(_POLL_S)


def _summary(disparos: list[dict[str, Any]]) -> Report:
    return {
        "disparos": dict(Counter(each["status"] for each in disparos)),
        "disparos_por_canal": {
            channel: dict(Counter(each["status"] for each in disparos if each["canal"] == channel))
            for channel in _FAULTS
        },
        "disparos_repetidos": sum(each["tentativas"] > 1 for each in disparos),
        "erros_por_codigo": dict(Counter(each["erro_codigo"] for each in disparos if each["status"] == "erro")),
    }


def _refused(rest: Rest, job_id: str) -> dict[str, int]:
    """How many cells and rows the error report refuses, by code."""
    report = httpx2.get(rest.ask("GET", f"/ingest/leads/jobs/{job_id}/erros")["url"]).raise_for_status()
    rows = csv.DictReader(io.StringIO(report.content.decode("utf-8-sig")), delimiter=";")
    return dict(Counter(row["codigo"] for row in rows).most_common())


def _arrived(stack: Stack, channel: str) -> int:
    total: int = httpx2.get(f"{stack.url(channel)}/admin/recebidas", params={"contagem": 1}).json()["total"]
    return total


def _pages(rest: Rest, path: str) -> Iterator[dict[str, Any]]:
    """Everything that a paginated route has."""
    cursor = None
    while True:
        page = rest.ask("GET", path, params={"limit": _PAGE} | ({"cursor": cursor} if cursor else {}))
        yield from page["itens"]
        cursor = page.get("proximo")
        if not cursor:
            return


def disagreements(report: Report) -> Iterator[str]:
    """What in a report contradicts something else in it, a sentence each."""
    for name, job in (("The first ingestion", report), ("The second ingestion", report["de_novo"])):
        parts = sum(job[count] for count in COUNTS[1:5])
        if parts != job["linhas_processadas"]:
            yield f"{name} read {job['linhas_processadas']} rows but accounts for {parts}."
    if report["de_novo"]["leads_criados"]:
        yield f"The same file created {report['de_novo']['leads_criados']} leads the second time."
    if report["leads"] != report["leads_criados"]:
        yield f"{report['leads_criados']} leads were created but {report['leads']} are there."
    ended = sum(report["disparos"].values())
    if ended != report["disparos_criados"]:
        yield f"{report['disparos_criados']} disparos were created but {ended} ended."
    for channel, arrived in (("whatsapp", report["whatsapp_recebidos"]), ("email", report["emails_recebidos"])):
        ends = report["disparos_por_canal"][channel]
        sent = ends.get("enviado", 0) + ends.get("confirmado", 0)
        if not sent <= arrived <= sent + ends.get("incerto", 0):
            yield f"{sent} disparos by {channel} are sent but {arrived} arrived."


def _print(report: Report, console: Console) -> None:
    ingestion = Table("", report["arquivo"], "again", box=None, pad_edge=False)
    for count in COUNTS:
        ingestion.add_row(count, _number(report[count]), _number(report["de_novo"][count]))
    console.print(ingestion, "")
    refused = Table("refused because", "cells or rows", box=None, pad_edge=False)
    for code, times in report["rejeitados_por_codigo"].items():
        refused.add_row(code, _number(times))
    console.print(refused, "")
    statuses = sorted(report["disparos"])
    sent = Table("disparos", *statuses, "arrived", box=None, pad_edge=False)
    for channel, arrived in (("whatsapp", report["whatsapp_recebidos"]), ("email", report["emails_recebidos"])):
        ends = report["disparos_por_canal"][channel]
        sent.add_row(channel, *(_number(ends.get(status, 0)) for status in statuses), _number(arrived))
    console.print(sent)
    console.print(f"{report['disparos_repetidos']} of them took more than one attempt.")
    for code, times in report["erros_por_codigo"].items():
        console.print(f"{times} failed with {code}.")


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
