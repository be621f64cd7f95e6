"""Compares our ingestion with its lower bound (COPY of the same final rows) and with a naive loop.

* `ours`: from an object in S3 to a job that is `concluido` with every row committed, by one worker in its own process.
* `copy`: the final rows of every table, exported before the clock starts, loaded by COPY into the same tables with the
  same constraints and indexes.
* `engineer`: what an engineer would write today (`bench.engineer`), on all rows, in a process of its own.
* `naive`: openpyxl, phonenumbers and email-validator for each value and one INSERT per row, on a part of the rows; the
  time is scaled up to all of them.

With `--campos 5` the sheet has five columns beyond ours: a date, money and three texts.

Contenders take turns, each in an empty database. Figures are medians. The stages are measured in a run of their own,
one after the other in one thread; in `ours` the first three overlap with the last two. The table is also written to
`.local/bench/ingest.json`.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import click
from email_validator import EmailNotValidError, validate_email
from openpyxl import load_workbook
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

from bench import engineer
from bench.ground import OUT, TENANT, Ground, Result, apart, publish, server, timed
from chalicelib.adapters.database import Exchange, Rows, connect
from chalicelib.config import Settings
from chalicelib.ids import new_id, new_ids
from chalicelib.ingestion.jobs.campo_plan import with_campos
from chalicelib.ingestion.jobs.requests import S3Reference
from chalicelib.ingestion.loading.batch import Batch, prepared
from chalicelib.ingestion.loading.loader import Deduplication, load
from chalicelib.ingestion.options import IngestOptions
from chalicelib.ingestion.reading.workbook import open_workbook
from chalicelib.ingestion.rows.one_by_one import RowReader
from chalicelib.interpreter import hurried
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, provision
from local.postgres import Postgres
from samples.generate import DEBT_COLUMNS, generate, generate_with_debts

TABLES = ("leads", "lead_telefones", "lead_emails", "ingest_erros")
NAIVE_ROWS = 2_000

BATCH = 15_000


class IngestRun(NamedTuple):
    """The cost of one job: the seconds from its wake-up to its end, and the peak memory of its process."""

    seconds: float
    peak_mb: float


def ours(ground: Ground, workbook: Path, aws: Aws, keep: Path | None = None) -> IngestRun:
    """Run one job over the workbook. With `keep`, the final rows of each table are exported to that folder."""
    with ground.database() as owner_url:
        environment = {
            "DATABASE_URL": owner_url, "DATABASE_OWNER_URL": owner_url, "ACCOUNT_ID": ACCOUNT_ID, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        settings = Settings.from_environment(environment)
        provision(aws, settings, {})
        key = f"leads/{TENANT}/leads.xlsx"
        aws.client("s3").upload_file(str(workbook), settings.bucket, key)
        run = apart(work, environment, settings.bucket, key)
        if keep:
            export(owner_url, keep)
        return run


def work(environment: dict[str, str], bucket: str, key: str, tenant_id: str = TENANT) -> IngestRun:
    """Start a worker and give it one wake-up."""
    services = Services(Settings.from_environment(environment))
    job_id: UUID = services.uploads.receive(tenant_id, S3Reference(bucket, key, IngestOptions()), None)["job_id"]
    event = {"Records": [{"body": json.dumps({"tenant_id": tenant_id, "job_id": str(job_id)})}]}
    seconds = timed(lambda: services.ingestion.run(event, remaining_ms=lambda: 900_000))
    if services.jobs.get(tenant_id, job_id)["status"] != "concluido":
        raise click.ClickException("the job did not end as concluido")
    services.close()
    return IngestRun(seconds, peak_mb())


def peak_mb() -> float:
    """Return the peak memory of this process, without that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def export(owner_url: str, folder: Path) -> None:
    """Write every row of every table in the format of COPY."""
    connection = connect(owner_url)
    for table in TABLES:
        with (folder / table).open("wb") as file:
            connection.run(f"COPY {table} TO STDOUT", stream=file)
    connection.close()


def copy_final_rows(ground: Ground, folder: Path) -> float:
    """Return the seconds that COPY alone takes for the same rows, in one transaction."""
    with ground.database() as owner_url:
        connection = connect(owner_url)

        def copy() -> None:
            connection.run("BEGIN")
            for table in TABLES:
                with (folder / table).open("rb") as file:
                    connection.run(f"COPY {table} FROM STDIN", stream=file)
            connection.run("COMMIT")

        seconds = timed(copy)
        connection.close()
        return seconds


def by_engineer(ground: Ground, workbook: Path) -> float:
    """Return the seconds that an engineer's program takes for all rows."""
    with ground.database() as owner_url:
        return apart(_engineer, owner_url, workbook)


def _engineer(owner_url: str, workbook: Path) -> float:
    return timed(lambda: engineer.ingest(owner_url, workbook))


def naive(ground: Ground, workbook: Path, rows: int) -> float:
    """Return the seconds that the naive loop takes for the first rows."""
    with ground.database() as owner_url:
        connection = connect(owner_url)
        seconds = timed(lambda: _naive(connection, workbook, rows))
        connection.close()
        return seconds


def _naive(connection: Any, workbook: Path, rows: int) -> None:
    sheet = load_workbook(workbook, read_only=True).active
    insert_lead = (
        "INSERT INTO leads (tenant_id, lead_id, lead_id_externo, nome, contato, documento, origem_arquivo, origem_aba, "
        "linha_planilha, job_id) VALUES (:t, :id, :ext, :nome, :contato, NULL, 'x', 'Leads', :n, :id)"
    )
    insert_phone = "INSERT INTO lead_telefones VALUES (:t, :id, :v, 1, true, 'movel', true) ON CONFLICT DO NOTHING"
    insert_email = "INSERT INTO lead_emails VALUES (:t, :id, :v, 1, true, true) ON CONFLICT DO NOTHING"
    connection.run("BEGIN")
    for number, cells in enumerate(sheet.iter_rows(min_row=2, max_row=rows + 1, values_only=True), 2):
        nome, contato, _, emails, phones = ((str(cell) if cell is not None else None) for cell in cells[:5])
        lead_id = new_ids(datetime.now(UTC), 1)[0]
        connection.run(insert_lead, t=TENANT, id=lead_id, ext=f"x:{number}", nome=nome, contato=contato, n=number)
        for value in (phones or "").split("|"):
            try:
                parsed = parse(value, "BR")
            except NumberParseException:
                continue
            if is_valid_number(parsed):
                connection.run(insert_phone, t=TENANT, id=lead_id, v=format_number(parsed, PhoneNumberFormat.E164))
        for value in (emails or "").split("|"):
            try:
                address = validate_email(value.strip(), check_deliverability=False).normalized
            except EmailNotValidError:
                continue
            connection.run(insert_email, t=TENANT, id=lead_id, v=address.lower())
    connection.run("COMMIT")


class Stages:
    """The seconds that were spent in each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        began = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began


class TimedRows(Rows):
    """Rows that add the time of COPY to its stage."""

    def __init__(self, connection: Any, stages: Stages) -> None:
        super().__init__(Exchange(connection), TENANT)
        self._stages = stages

    def copy(self, table: str, columns: Sequence[str], messages: Iterable[bytes]) -> None:
        """Copy, and add the time to the stage `copy_s`."""
        with self._stages.of("copy_s"):
            super().copy(table, columns, messages)
            # The answer is waited for with that of the next statement.
            self.execute("SELECT")


def stages(ground: Ground, workbook: Path) -> dict[str, float]:
    """Return the seconds of each stage of the same work, done one after the other, batch by batch."""
    stages = Stages()
    with ground.database() as owner_url, open_workbook(workbook) as opened, hurried():
        rows = TimedRows(connect(owner_url), stages)
        table = with_campos(opened)
        reader = RowReader(table.header, "leads.xlsx", campos=table.campos)
        lines, job_id = table.rows(), str(new_id(datetime.now(UTC)))
        while True:
            with stages.of("read_s"):
                cells = list(islice(lines, BATCH))
            if not cells:
                break
            with stages.of("validate_s"):
                read_rows = reader.read_all(cells)
            with stages.of("encode_s"):
                batch = prepared(read_rows, datetime.now(UTC))
            with stages.of("merge_s"):
                _load(rows, job_id, batch)
    # The part of a batch's transaction that is not COPY: look-ups, planning, proof, commit.
    stages.seconds["merge_s"] -= stages.seconds["copy_s"]
    return {name: round(stages.seconds[name], 2) for name in ("read_s", "validate_s", "encode_s", "copy_s", "merge_s")}


def _load(rows: Rows, job_id: str, batch: Batch) -> None:
    rows.execute("BEGIN")
    rows.set_local(tenant_id=TENANT, job_id=job_id, origem_arquivo="leads.xlsx", origem_aba="Leads", origem="")
    load(rows, batch, Deduplication())
    rows.execute("COMMIT")


def measured(rows: int, seed: int, repeats: int, campos: int) -> Result:
    """Measure every contender on one workbook."""
    OUT.mkdir(parents=True, exist_ok=True)
    workbook = OUT / f"leads-{rows}-{seed}{f'-{campos}' if campos else ''}.xlsx"
    if not workbook.exists():
        (generate_with_debts if campos else generate)(workbook, rows, seed)
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as name, Postgres(Path(name) / "postgres") as postgres:
        folder = Path(name)
        ground = Ground(postgres)
        with server("local.aws", "--state", str(folder / "s3")) as url:
            os.environ["AWS_ENDPOINT_URL"] = url
            aws = Aws(url)
            runs, copied, looped, engineered = [ours(ground, workbook, aws, keep=folder)], [], [], []
            for _ in range(repeats):
                runs.append(ours(ground, workbook, aws))
                copied.append(copy_final_rows(ground, folder))
                engineered.append(by_engineer(ground, workbook))
                looped.append(naive(ground, workbook, min(rows, NAIVE_ROWS)))
            aws.close()
        by_stage = stages(ground, workbook)
    ours_s, copy_s = statistics.median(run.seconds for run in runs[1:]), statistics.median(copied)
    engineer_s = statistics.median(engineered)
    # Each run has its own COPY right behind it: a machine that slows down between two pairs does not count.
    ratio = statistics.median(run.seconds / copy for run, copy in zip(runs[1:], copied, strict=True))
    naive_s = statistics.median(looped) * rows / min(rows, NAIVE_ROWS)
    return {
        "rows": rows,
        "campos": campos,
        "repeats": repeats,
        "ours_s": round(ours_s, 2),
        "copy_final_rows_s": round(copy_s, 2),
        "ratio_to_copy": round(ratio, 2),
        "engineer_s": round(engineer_s, 2),
        "speedup_over_engineer": round(engineer_s / ours_s, 2),
        "naive_s": round(naive_s, 1),
        "naive_extrapolated_from_rows": min(rows, NAIVE_ROWS),
        "speedup_over_naive": round(naive_s / ours_s, 1),
        "rows_per_s": round(rows / ours_s),
        "peak_rss_mb": round(max(run.peak_mb for run in runs)),
        **by_stage,
    }


@click.command()
@click.option("--rows", default=200_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--repeats", default=3, show_default=True)
@click.option("--campos", type=click.Choice(["0", str(len(DEBT_COLUMNS))]), default="0", show_default=True)
def main(rows: int, seed: int, repeats: int, campos: str) -> None:
    """Measure, print a table, write it as JSON."""
    name, title = ("ingest-campos", f"{rows:,} rows with campos") if campos != "0" else ("ingest", f"{rows:,} rows")
    publish(name, title, measured(rows, seed, repeats, int(campos)))


if __name__ == "__main__":
    main()
