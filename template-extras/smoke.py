"""A stage after its deployment: it answers, it takes a token, and an empty file goes the whole way as a dry run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe

import click
import httpx2
from pool import Pool

from chalicelib.identity import OPERATOR
from chalicelib.ingestion.jobs.jobs import FINAL
from local.rest import ApiError, Rest

TENANT = "verificacao"
"""The tenant of the smoke test. It has no leads, and no people between two tests."""
EMAIL = "verificacao@disparo-agenda.invalid"
_FILE = ("vazio.csv", b"Nome;Contato;CNPJ/CPF;Email;Telefone\n")
_PATIENCE_S = 120.0
_EVERY_S = 2.0


def smoke(api: str, pool: Pool) -> None:
    """Try a stage at the address of its API, and say what works.

    Raises:
        click.ClickException: something does not.
    """
    try:
        with _signed_in(pool) as token, Rest(api, token) as rest:
            click.echo(f"ok       /saude: {rest.ask('GET', '/saude')['status']}")
            caller = rest.ask("GET", "/eu")
            click.echo(f"ok       a token: {caller['tenant_id']}, {caller['grupo']}")
            click.echo(f"ok       an empty dry run: {_dry_run(rest)}")
    except ApiError as error:
        raise click.ClickException(f"the API answers {error}") from None
    except httpx2.HTTPError as error:
        raise click.ClickException(f"{api} does not answer: {type(error).__name__}") from None


def _dry_run(rest: Rest) -> str:
    """Upload a file with titles and no row, and return how its job has ended."""
    job = rest.ask("POST", "/ingest/leads/xlsx", files={"arquivo": _FILE}, data={"validar_apenas": "true"})
    deadline = time.monotonic() + _PATIENCE_S
    while (job := rest.ask("GET", f"/ingest/leads/jobs/{job['job_id']}"))["status"] not in FINAL:
        if time.monotonic() > deadline:
            raise click.ClickException(f"the job is {job['status']} after {_PATIENCE_S:.0f} s: does the worker run?")
        time.sleep(_EVERY_S)
    if job["status"] != "concluido":
        raise click.ClickException(f"the job has ended as {job['status']}")
    return str(job["status"])


@contextmanager
def _signed_in(pool: Pool) -> Iterator[str]:
    """A token of a user who is there only meanwhile, with a password that nobody sees."""
    pool.put(EMAIL, TENANT, OPERATOR, MessageAction="SUPPRESS")
    try:
        password = f"{token_urlsafe(32)}aA1!"
        pool.set_password(EMAIL, password)
        yield pool.sign_in(EMAIL, password)["AuthenticationResult"]["IdToken"]
    finally:
        pool.remove(EMAIL)
