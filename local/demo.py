"""`make demo`: the whole product once, on a stack of its own, with the counts of both ends compared.

A workbook is ingested twice. A campaign is checked, started and sent by both channels, and the providers fail now and
then (`demo_campaign.py`). The messages are counted where they arrive. The report is printed and written to
`.local/demo.json`. When its sums do not agree, the demo ends with a sentence that says where and with exit code 1.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.aws import ADMIN_GROUP
from local.demo_campaign import CHANNELS, DemoFailed, run_campaign
from local.ingest import upload, watched
from local.project import ROOT
from local.rest import Rest
from local.stack import Stack
from samples.generate import DIRTY, generate_carteira

STATE = ROOT / ".local" / "demo"
REPORT = ROOT / ".local" / "demo.json"
_ROWS = 1_200

TENANT = "demo"

COUNTS = (
    "linhas_processadas",
    "leads_criados",
    "leads_atualizados",
    "duplicados",
    "linhas_rejeitadas",
    "telefones_criados",
    "emails_criados",
)

Report = dict[str, Any]


def run(workbook: Path | None, console: Console, *, state: Path = STATE, report_file: Path = REPORT) -> None:
    """Run the whole demo; its stack is stopped whatever happens.

    Raises:
        DemoFailed: the sums do not agree.
        StackFailed: the stack does not start.
    """
    began = time.monotonic()
    stack = Stack(state, report=lambda part: console.print(f"{part} is ready"))
    stack.down()
    shutil.rmtree(state, ignore_errors=True)
    try:
        stack.up()
        report = _report_of_run(stack, workbook or _sample(state), console)
    finally:
        stack.down()
    report["segundos"] = round(time.monotonic() - began, 1)
    report_file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _print(report, console)
    console.print(f"\n{report['segundos']} s. The same in {report_file}; logs in {state / 'logs'}.", soft_wrap=True)
    console.print("Next: `make up`, and the tour in the README.")
    if wrong := list(disagreements(report)):
        raise DemoFailed(" ".join(wrong))


def _sample(folder: Path) -> Path:
    """A sheet of debtors, with a little of the dirt that real ones have."""
    path = folder / "carteira.xlsx"
    generate_carteira(path, _ROWS, dirty=DIRTY)
    return path


def _report_of_run(stack: Stack, workbook: Path, console: Console) -> Report:
    with Rest(stack.url("api"), stack.token(TENANT, [ADMIN_GROUP])) as rest:
        console.print(f"ingesting {workbook.name}")
        job = watched(rest, upload(rest, workbook)["job_id"], console)
        console.print(f"ingesting {workbook.name} again")
        again = watched(rest, upload(rest, workbook)["job_id"], console)
        campaign = run_campaign(stack, rest, rest.ask("GET", "/campos", params={"limit": 500})["itens"], console)
        disparos = campaign.pop("disparos")
        return {
            "arquivo": workbook.name,
            "job": job,
            **{count: job[count] for count in COUNTS},
            "de_novo": {count: again[count] for count in COUNTS},
            "leads": rest.ask("GET", "/leads", params={"limit": 1})["total"],
            "rejeitados_por_codigo": _rejections(rest, job["job_id"]),
            **campaign,
            **_summary(disparos),
            "whatsapp_recebidos": _arrived(stack, "whatsapp"),
            "emails_recebidos": _arrived(stack, "email"),
        }


def _summary(disparos: list[dict[str, Any]]) -> Report:
    return {
        "disparos_por_canal": {
            channel: dict(Counter(each["status"] for each in disparos if each["canal"] == channel))
            for channel in CHANNELS
        },
        "disparos_repetidos": sum(each["tentativas"] > 1 for each in disparos),
        "continuados": sum(each["alternativa_de"] is not None for each in disparos),
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
    yield from _broken_promises(report)
    for channel, arrived in (("whatsapp", report["whatsapp_recebidos"]), ("email", report["emails_recebidos"])):
        ends = report["disparos_por_canal"][channel]
        sent = ends.get("enviado", 0) + ends.get("confirmado", 0)
        if not sent <= arrived <= sent + ends.get("incerto", 0):
            yield f"{sent} disparos by {channel} are sent but {arrived} arrived."


def _broken_promises(report: Report) -> Iterator[str]:
    """What the preflight foretold and did not come true, and counters that disagree with the disparos."""
    counted, ends = report["campanha"]["contadores"], report["disparos_por_canal"].values()
    if report["conferir"]["publico"] != counted["planejados"]:
        yield f"The preflight found {report['conferir']['publico']} leads but {counted['planejados']} were planned."
    if report["resultados"] != counted["planejados"]:
        yield f"The results list {report['resultados']} recipients but {counted['planejados']} were planned."
    foretold, left_out = _foretold_exclusions(report), _exclusions(report)
    for reason in sorted(foretold.keys() | left_out.keys()):
        if foretold[reason] != left_out[reason]:
            yield f"The preflight left {foretold[reason]} out for {reason} but planning {left_out[reason]}."
    went_on = report["continuados"]
    for counter, statuses, more in (
        ("enviados", ("enviado", "confirmado"), 0),
        ("incertos", ("incerto",), 0),
        ("falhas", ("erro",), went_on),
    ):
        rows = sum(channel.get(status, 0) for channel in ends for status in statuses)
        if rows != counted[counter] + more:
            yield f"{counted[counter] + more} disparos should be {statuses[0]} by the campaign, but {rows} are."


def _foretold_exclusions(report: Report) -> Counter[str]:
    return _by_reason(report["conferir"]["excluidos"])


def _exclusions(report: Report) -> Counter[str]:
    return _by_reason(each for each in report["campanha"]["motivos"] if each["status"] == "excluido")


def _by_reason(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row["motivo"]] += row["quantos"]
    return found


def _print(report: Report, console: Console) -> None:
    for table in (_columns(report), _ingestion(report), _refusals(report), _campaign(report), _disparos(report)):
        console.print(table, "")
    console.print(f"{report['disparos_repetidos']} of them took more than one attempt.")
    for code, times in report["erros_por_codigo"].items():
        console.print(f"{times} failed with {code}.")
    console.print(f"{report['continuados']} went on by the next channel.")
    for each in report["exemplos"]:
        console.print(f"\n[bold]{each['canal']}[/] to {each['destino']}", highlight=False)
        said = "\n".join(filter(None, (each["assunto"], each["texto"])))
        console.print(said, markup=False, highlight=False, soft_wrap=True)


def _columns(report: Report) -> Table:
    table = _table("column", "read as", "type")
    for each in (report["job"]["leitura"] or {}).get("colunas", ()):
        table.add_row(*map(escape, (each["titulo"], each["campo"] or each["codigo"] or "", each["tipo"] or "")))
    return table


def _ingestion(report: Report) -> Table:
    table = _table("", report["arquivo"], "again")
    for count in COUNTS:
        table.add_row(count, _number(report[count]), _number(report["de_novo"][count]))
    return table


def _refusals(report: Report) -> Table:
    table = _table("refused because", "cells or rows")
    for code, times in report["rejeitados_por_codigo"].items():
        table.add_row(code, _number(times))
    return table


def _campaign(report: Report) -> Table:
    """What the preflight said, beside what came of it."""
    foretold, counted = report["conferir"], report["campanha"]["contadores"]
    table = _table("campaign", "conferir", "at the end")
    table.add_row("publico, planejados", _number(foretold["publico"]), _number(counted["planejados"]))
    for reason, times in _foretold_exclusions(report).items():
        table.add_row(f"excluidos: {reason}", _number(times), _number(_exclusions(report)[reason]))
    reached = counted["planejados"] - counted["excluidos"]
    table.add_row("elegiveis", _number(foretold["elegiveis"]), _number(reached))
    for name in ("enviados", "falhas", "incertos", "suprimidos", "cancelados"):
        if counted[name]:
            table.add_row(name, "", _number(counted[name]))
    for cost in foretold["custo"]:
        if cost["total"] is not None:
            table.add_row(f"custo: {cost['canal']}", f"{cost['moeda']} {cost['total']:.2f}", "")
    return table


def _disparos(report: Report) -> Table:
    statuses = sorted({status for ends in report["disparos_por_canal"].values() for status in ends})
    table = _table("disparos", "conferir", *statuses, "arrived")
    for channel, arrived in (("whatsapp", report["whatsapp_recebidos"]), ("email", report["emails_recebidos"])):
        foretold = sum(each["quantos"] for each in report["conferir"]["por_mensagem"] if each["canal"] == channel)
        ends = report["disparos_por_canal"][channel]
        counts = (foretold, *(ends.get(status, 0) for status in statuses), arrived)
        table.add_row(channel, *map(_number, counts))
    return table


def _table(*titles: str) -> Table:
    return Table(*map(escape, titles), box=None, pad_edge=False)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
