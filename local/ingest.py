"""Uploads a file over the REST API: a small one in the body, a larger one through a presigned POST."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from chalicelib.config import MAX_BODY
from chalicelib.ingestion.jobs.jobs import COUNTS
from local.rest import Rest

# The form has other fields too.
MAX_IN_BODY = MAX_BODY - 16 * 1024
FINAL = frozenset({"concluido", "erro", "cancelado"})
_POLL_S = 0.25
_KINDS = {".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

Job = dict[str, Any]


class UploadRefused(Exception):
    """S3 refused the file; the text says why."""


def upload(rest: Rest, path: Path, **options: str | bool) -> Job:
    """Upload a file with the options of the API (`modo`, `aba`, …) and return its job.

    Raises:
        ApiError: the API refuses it.
        UploadRefused: S3 refuses it.
    """
    kind = _KINDS.get(path.suffix.lower(), "application/octet-stream")
    if path.stat().st_size <= MAX_IN_BODY:
        with path.open("rb") as file:
            files = {"arquivo": (path.name, file, kind)}
            job: Job = rest.ask("POST", "/ingest/leads/xlsx", files=files, data=_as_form(options))
        return job
    request = {"arquivo": path.name, "tamanho": path.stat().st_size}
    job = rest.ask("POST", "/ingest/leads/xlsx", json={**request, **_as_json(options)})
    post = job["upload"]
    with path.open("rb") as file:
        response = httpx2.post(post["url"], data=post["fields"], files={"file": (path.name, file, kind)}, timeout=600)
    if response.is_error:
        raise UploadRefused(f"S3 answered {response.status_code}")
    return job


def _as_form(options: dict[str, str | bool]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in options.items()}


def _as_json(options: dict[str, str | bool]) -> dict[str, object]:
    keys, tags, mapping = (options.get(name) for name in ("deduplicar_por", "tags", "mapeamento"))
    read: dict[str, object] = {}
    if isinstance(keys, str):
        read["deduplicar_por"] = [] if keys == "nenhum" else keys.split(",")
    if isinstance(tags, str):
        read["tags"] = tags.split(",")
    if isinstance(mapping, str):
        read["mapeamento"] = json.loads(mapping)
    return {**options, **read}


def followed(rest: Rest, job_id: str) -> Iterator[Job]:
    """Yield the job again and again, until its status is final."""
    while True:
        job: Job = rest.ask("GET", f"/ingest/leads/jobs/{job_id}")
        yield job
        if job["status"] in FINAL:
            return
        time.sleep(_POLL_S)


def watched(rest: Rest, job_id: str, console: Console) -> Job:
    """Show a job's progress (rows, rate, time left) until it ends; return its last document."""
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>7.0f} linhas/s"),
        TimeRemainingColumn(),
    )
    job: Job = {}
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("aceito", total=None, rate=0.0)
        for job in followed(rest, job_id):
            progress.update(
                task,
                description=job["status"],
                completed=job["linhas_processadas"],
                total=job.get("linhas_estimadas"),
                rate=progress.tasks[0].speed or 0.0,
            )
    return job


def report_of(rest: Rest, job: Job) -> str | None:
    """Return where the report of a job can be downloaded; None if it refused nothing or has no report."""
    refused = (job.get("leitura") or {}).get("recusas")
    if job["status"] != "concluido" or not refused:
        return None
    url: str = rest.ask("GET", f"/ingest/leads/jobs/{job['job_id']}/erros")["url"]
    return url


def shown(job: Job) -> Table:
    """A job as one table: what became of each column, sheets, encoding, rows, refusals by reason, duplicates."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for section, lines in _sections(job).items():
        for number, (name, what) in enumerate(lines):
            table.add_row(*map(escape, ("" if number else section, name, what)))
    return table


def _sections(job: Job) -> dict[str, list[tuple[str, str]]]:
    reading: dict[str, Any] = job.get("leitura") or {}
    hidden = reading.get("linhas_ocultas") or {"total": 0}
    lines = [(f"{name}", f"{_number(job[name])}") for name in COUNTS]
    if hidden["total"]:
        left_out = "left out" if job["ignorar_ocultas"] else "read; --ignorar-ocultas leaves them out"
        lines.append(("hidden", f"{_number(hidden['total'])} ({_listed(hidden)}): {left_out}"))
    if reading.get("linhas_fisicas") is not None:
        lines.append(("lines of the file", _number(reading["linhas_fisicas"])))
    sheets = [
        (each["aba"], _fate("read" if each["lida"] else None, each["mensagem"])) for each in reading.get("abas", ())
    ]
    text = [(name, repr(value)) for name in ("codificacao", "separador") if (value := reading.get(name)) is not None]
    return {
        "job": [("job_id", job["job_id"]), ("status", job["status"])],
        "columns": [
            (f"{each['coluna']} {each['titulo']}{_hidden(each)}", _fate(_read_as(each), each["mensagem"]))
            for each in reading.get("colunas", ())
        ],
        "sheets": sheets,
        "notices": [(each["codigo"], each["mensagem"]) for each in reading.get("avisos", ())],
        "text": text,
        "rows": lines,
        "refused": [(code, _number(times)) for code, times in _most_first(reading.get("recusas"))],
        "duplicates by": [(kind, _number(times)) for kind, times in _most_first(job.get("duplicados_por"))],
    }


def _read_as(column: dict[str, Any]) -> str | None:
    """What a column was read as; of a campo, with its type."""
    field, tipo = column["campo"], column.get("tipo")
    return f"campo {field} ({tipo})" if tipo else field


def _hidden(column: dict[str, Any]) -> str:
    return " (hidden)" if column.get("oculta") else ""


def _fate(field: str | None, why: str | None) -> str:
    return f"{field or '-'}{f': {why}' if why else ''}"


def _listed(hidden: dict[str, Any]) -> str:
    rows = ", ".join(map(str, hidden["linhas"]))
    return f"{rows}, …" if hidden["total"] > len(hidden["linhas"]) else rows


def _most_first(counts: dict[str, int] | None) -> list[tuple[str, int]]:
    return sorted(((name, times) for name, times in (counts or {}).items() if times), key=lambda each: -each[1])


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
