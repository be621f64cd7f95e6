"""Ingestion against its floor (COPY of the very same final rows) and against the way that first comes to mind.

`ours`: an object in S3 to a job that is `concluido`, every row committed. `copy`: the rows that this leaves in every
table, written out before the clock starts, put by COPY into the same tables with the same constraints and indexes.
`naive`: openpyxl, phonenumbers and email-validator for each value, one INSERT a row, on a part of the rows, scaled up.

Contenders take turns, each in an empty database; figures are medians. The table is in `.local/bench/ingest.json` too.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from email_validator import EmailNotValidError, validate_email
from openpyxl import load_workbook
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse
from rich.console import Console
from rich.table import Table

from chalicelib.adapters.database import Database, connect
from chalicelib.config import Settings
from chalicelib.ids import new_ids
from chalicelib.ingestion.batch import prepared
from chalicelib.ingestion.requests import Opcoes, ReferenciaS3
from chalicelib.ingestion.rows import LeitorDeLinhas
from chalicelib.ingestion.workbook import open_workbook
from chalicelib.maintenance.migrations import Migrations
from chalicelib.wiring import Services
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, moto_server, provision
from local.postgres import Postgres
from local.project import ROOT
from samples.generate import generate

OUT = ROOT / ".local" / "bench"
TENANT = "bench"
TABLES = ("leads", "lead_telefones", "lead_emails", "ingest_erros")
NAIVE_ROWS = 2_000

Result = dict[str, Any]


class Ground:
    """A database and a bucket that contenders share, one after the other."""

    def __init__(self, postgres: Postgres, workbook: Path) -> None:
        self.postgres = postgres
        self.workbook = workbook

    @contextmanager
    def database(self) -> Iterator[str]:
        """A migrated and empty database; its owner's URL."""
        self.postgres.create_database("bench", template="migrated")
        try:
            yield self.postgres.owner_url("bench")
        finally:
            self.postgres.drop_database("bench")


def migrated(postgres: Postgres) -> None:
    """The template of all databases."""
    postgres.create_database("migrated")
    database = Database(lambda: postgres.owner_url("migrated"))
    Migrations(database, ROOT / "migrations").apply()
    database.close()


def ours(ground: Ground, aws: Aws, keep: Path | None = None) -> float:
    """Seconds from the wake-up to the end of the job; with `keep`, what it left in each table is written there."""
    with ground.database() as owner_url:
        settings = Settings.from_environment({
            "DATABASE_URL": owner_url, "DATABASE_OWNER_URL": owner_url, "ACCOUNT_ID": ACCOUNT_ID, "LOG_LEVEL": "ERROR",
        })  # fmt: skip
        provision(aws, settings, {})
        key = f"leads/{TENANT}/leads.xlsx"
        aws.client("s3").upload_file(str(ground.workbook), settings.bucket, key)
        services = Services(settings)
        job_id: UUID = services.uploads.receive(TENANT, ReferenciaS3(settings.bucket, key, Opcoes()), None)["job_id"]
        body = json.dumps({"tenant_id": TENANT, "job_id": str(job_id)})
        seconds = timed(lambda: services.ingestion.run({"Records": [{"body": body}]}, remaining_ms=lambda: 900_000))
        if services.jobs.get(TENANT, job_id)["status"] != "concluido":
            raise click.ClickException("the job did not end as concluido")
        services.close()
        if keep:
            export(owner_url, keep)
        return seconds


def export(owner_url: str, folder: Path) -> None:
    """Every row of every table, as COPY takes it."""
    connection = connect(owner_url)
    for table in TABLES:
        with (folder / table).open("wb") as file:
            connection.run(f"COPY {table} TO STDOUT", stream=file)
    connection.close()


def copy_final_rows(ground: Ground, folder: Path) -> float:
    """Seconds that COPY alone takes for the same rows, in one transaction."""
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


def naive(ground: Ground, rows: int) -> float:
    """Seconds that the obvious way takes for the first rows."""
    with ground.database() as owner_url:
        connection = connect(owner_url)
        seconds = timed(lambda: _naive(connection, ground.workbook, rows))
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


def stages(workbook: Path) -> dict[str, float]:
    """Seconds of reading alone, and of reading with validating and encoding, without any database."""
    with open_workbook(workbook) as planilha:
        read = timed(lambda: sum(1 for _ in planilha.linhas()))
        leitor = LeitorDeLinhas(planilha.cabecalho, "leads.xlsx")
        linhas: list[Any] = []
        both = timed(lambda: linhas.extend(leitor.read(*row) for row in planilha.linhas()))
    now = datetime.now(UTC)
    encode = timed(lambda: [prepared(linhas[start : start + 10_000], now) for start in range(0, len(linhas), 10_000)])
    return {"read_s": round(read, 2), "validate_s": round(max(0.0, both - read), 2), "encode_s": round(encode, 2)}


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measured(rows: int, seed: int, repeats: int) -> Result:
    """Everything about one workbook."""
    OUT.mkdir(parents=True, exist_ok=True)
    workbook = OUT / f"leads-{rows}-{seed}.xlsx"
    if not workbook.exists():
        generate(workbook, rows, seed)
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "postgres") as postgres, moto_server() as url:
        os.environ["AWS_ENDPOINT_URL"] = url
        migrated(postgres)
        ground, aws = Ground(postgres, workbook), Aws(url)
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours(ground, aws, keep=Path(folder))
        own, copied, slow = [], [], []
        for _ in range(repeats):
            own.append(ours(ground, aws))
            copied.append(copy_final_rows(ground, Path(folder)))
            slow.append(naive(ground, min(rows, NAIVE_ROWS)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        aws.close()
    ours_s, copy_s = statistics.median(own), statistics.median(copied)
    naive_s = statistics.median(slow) * rows / min(rows, NAIVE_ROWS)
    return {
        "rows": rows,
        "repeats": repeats,
        "ours_s": round(ours_s, 2),
        "copy_final_rows_s": round(copy_s, 2),
        "ratio_to_copy": round(ours_s / copy_s, 2),
        "naive_s": round(naive_s, 1),
        "naive_extrapolated_from_rows": min(rows, NAIVE_ROWS),
        "speedup_over_naive": round(naive_s / ours_s, 1),
        "rows_per_s": round(rows / ours_s),
        # Of this process, which also holds moto with the object in memory; `base` is what it had before.
        "peak_rss_mb": round(peak / 1024),
        "base_rss_mb": round(base / 1024),
        **stages(workbook),
    }


@click.command()
@click.option("--rows", default=200_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--repeats", default=3, show_default=True)
def main(rows: int, seed: int, repeats: int) -> None:
    """Measure, print a table, write it as JSON."""
    result = measured(rows, seed, repeats)
    table = Table("ingestion", f"{rows:,} rows")
    for name, value in result.items():
        table.add_row(name, str(value))
    Console().print(table)
    (OUT / "ingest.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
