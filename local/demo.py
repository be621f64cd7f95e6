"""`make demo`: the whole product once, on a stack of its own, with the counts of both ends compared.

A workbook is ingested twice. Templates and disparos are made for leads that are ready, and the providers fail now and
then. The messages are counted where they arrive. The report is printed and written to `.local/demo.json`. When its sums
do not agree, the demo ends with a sentence that says where and with exit code 1.
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

# Two in ten attempts fail with an error that is retried, two in a hundred with one that is final.
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

# The demo sends at any hour and as fast as it can. The default is office hours and a hundred messages a minute.
_CONFIG: Mapping[str, Any] = {
    "janela": {"ligada": False},
    "limites": {"whatsapp": {"por_minuto": 6_000}, "email": {"por_minuto": 6_000}},
}

Report = dict[str, Any]


class DemoFailed(Exception):
    """The counts of the two ends do not agree; the text says where."""


def run(workbook: Path | None, console: Console, *, state: Path = STATE, report_file: Path = REPORT) -> None:
    """Run the whole demo; its stack is stopped whatever happens.

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
        report = _report_of_run(stack, workbook or _sample(), console)
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


def _report_of_run(stack: Stack, workbook: Path, console: Console) -> Report:
    with Rest(stack.url("api"), stack.token(TENANT, [ADMIN_GROUP])) as rest:
        job = watched(rest, upload(rest, workbook)["job_id"], console)
        again = watched(rest, upload(rest, workbook)["job_id"], console)
        for channel, faults in _FAULTS.items():
            httpx2.put(f"{stack.url(channel)}/admin/falhas", json=faults).raise_for_status()
        created = _create_disparos(rest)
        disparos = _finished_disparos(rest, created, console)
        return {
            "arquivo": workbook.name,
            "job": job,
            **{count: job[count] for count in COUNTS},
            "de_novo": {count: again[count] for count in COUNTS},
            "leads": rest.ask("GET", "/leads", params={"limit": 1})["total"],
            "rejeitados_por_codigo": _rejections(rest, job["job_id"]),
            "disparos_criados": created,
            **_summary(disparos),
            "whatsapp_recebidos": _arrived(stack, "whatsapp"),
            "emails_recebidos": _arrived(stack, "email"),
        }


def _create_disparos(rest: Rest) -> int:
    """Make disparos by both channels for the first `PER_CHANNEL` ready leads of each; return how many were made."""
    rest.ask("PATCH", "/tenant/config", json=_CONFIG)
    for channel, template in _TEMPLATES.items():
        rest.ask("PUT", f"/templates/demo-{channel}", json=template)
    ready = list(_pages(rest, "/leads/para-disparo"))
    targets = [
        (lead, channel)
        for channel, kinds in (("whatsapp", {"ambos", "telefone"}), ("email", {"ambos", "email"}))
        for lead in [lead for lead in ready if lead["tipo_contato"] in kinds][:PER_CHANNEL]
    ]

    def create(target: tuple[Mapping[str, Any], str]) -> None:
        lead, channel = target
        variaveis = {"nome": lead["nome"] or "cliente"}
        body = {"canal": channel, "template": f"demo-{channel}", "payload": {"variaveis": variaveis}}
        rest.ask("POST", f"/leads/{lead['lead_id']}/disparos", json=body)

    with ThreadPoolExecutor(4) as pool:
        return sum(1 for _ in pool.map(create, targets))


def _finished_disparos(rest: Rest, created: int, console: Console) -> list[dict[str, Any]]:
    """Return every disparo, once none of them is `pendente` or `enviando` any more."""
    deadline = time.monotonic() + _WAIT_S
    with console.status("sending") as status:
        while True:
            disparos = list(_pages(rest, "/disparos"))
            still_open = sum(each["status"] in _OPEN for each in disparos)
            if not still_open:
                return disparos
            if time.monotonic() > deadline:
                raise DemoFailed(f"{still_open} of {created} disparos had not ended after {_WAIT_S:.0f} s.")
            status.update(f"sending: {created - still_open} of {created}")
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


def _rejections(rest: Rest, job_id: str) -> dict[str, int]:
    """Count the rejected cells and rows of the error report by code."""
    report = httpx2.get(rest.ask("GET", f"/ingest/leads/jobs/{job_id}/erros")["url"]).raise_for_status()
    rows = csv.DictReader(io.StringIO(report.content.decode("utf-8-sig")), delimiter=";")
    return dict(Counter(row["codigo"] for row in rows).most_common())


def _arrived(stack: Stack, channel: str) -> int:
    total: int = httpx2.get(f"{stack.url(channel)}/admin/recebidas", params={"contagem": 1}).json()["total"]
    return total


def _pages(rest: Rest, path: str) -> Iterator[dict[str, Any]]:
    """Yield every item of a paginated route."""
    cursor = None
    while True:
        page = rest.ask("GET", path, params={"limit": _PAGE} | ({"cursor": cursor} if cursor else {}))
        yield from page["itens"]
        cursor = page.get("proximo")
        if not cursor:
            return


def disagreements(report: Report) -> Iterator[str]:
    """Yield a sentence for each contradiction between two figures of a report."""
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
