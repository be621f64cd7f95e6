"""Uploads a file over the REST API: a small one in the body, a larger one through a presigned POST."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from local.rest import Rest

# A body in base64, with the rest of the event, must fit the 6 MB that Lambda takes.
MAX_IN_BODY = 4 * 1024 * 1024
FINAL = frozenset({"concluido", "erro", "cancelado"})
_POLL_S = 0.25
_KINDS = {".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

Job = dict[str, Any]


class UploadRefused(Exception):
    """S3 refused the file; the text says why."""


def upload(rest: Rest, path: Path, **options: str) -> Job:
    """Upload a file with these options of the API, and return its job.

    Raises:
        ApiError: the API refuses it.
        UploadRefused: S3 refuses it.
    """
    kind = _KINDS.get(path.suffix.lower(), "application/octet-stream")
    if path.stat().st_size <= MAX_IN_BODY:
        with path.open("rb") as file:
            files = {"arquivo": (path.name, file, kind)}
            job: Job = rest.ask("POST", "/ingest/leads/xlsx", files=files, data=options)
        return job
    request = {"arquivo": path.name, "tamanho": path.stat().st_size, **options}
    job = rest.ask("POST", "/ingest/leads/xlsx", json=request)
    post = job["upload"]
    with path.open("rb") as file:
        response = httpx2.post(post["url"], data=post["fields"], files={"file": (path.name, file, kind)}, timeout=600)
    if response.is_error:
        raise UploadRefused(f"S3 answered {response.status_code}")
    return job


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
