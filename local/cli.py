"""`python -m local …`: the embedded stack from the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
import httpx2
from rich.console import Console
from rich.table import Table

from chalicelib.errors import DomainError
from chalicelib.messages import ENGLISH, text
from local.aws import GROUPS
from local.demo import COUNTS, DemoFailed
from local.demo import run as run_demo
from local.ingest import UploadRefused, upload, watched
from local.rest import ApiError, Rest
from local.stack import DEFAULT_STATE, Stack, StackFailed

P = ParamSpec("P")
T = TypeVar("T")

_CHANNELS = click.Choice(["whatsapp", "email"])
_tenant = click.option("--tenant", default="acme", show_default=True, help="The tenant whose data it is.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")

console = Console()


def plainly(command: Callable[P, T]) -> Callable[P, T]:
    """Report the expected failures of a command as one sentence, with exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (StackFailed, ApiError, UploadRefused, DemoFailed) as error:
            raise click.ClickException(str(error)) from None
        except DomainError as error:
            raise click.ClickException(text(error.code, ENGLISH, **error.params)) from None
        except httpx2.TransportError as error:
            raise click.ClickException(
                f"the local stack does not answer ({type(error).__name__}): see `status`"
            ) from None

    return run


@click.group()
@click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False), envvar="DISPARO_STATE", default=DEFAULT_STATE,
    help="The folder of one stack and its data; also DISPARO_STATE. Default: .local of the project.",
)  # fmt: skip
@click.pass_context
def cli(context: click.Context, state: Path) -> None:
    """The embedded stack: PostgreSQL, the AWS APIs, two MCP providers, the REST API, and what AWS does between them."""
    context.obj = state


@cli.command()
@click.option("--port", "ports", multiple=True, metavar="PART=PORT", help="Serve a part on this port, as api=8000.")
@click.pass_obj
@plainly
def up(state: Path, ports: tuple[str, ...]) -> None:
    """Start everything; the data of the last run is kept."""
    with console.status("starting") as status:
        stack = Stack(state, ports=_ports(ports), report=lambda part: status.update(f"{part} is ready"))
        fresh = stack.up()
    console.print("up" if fresh else "already up")
    _print_status(stack)
    console.print("\nnext:  export TOKEN=$(python -m local token --tenant acme --group admin)")
    console.print(f'       curl -H "Authorization: Bearer $TOKEN" {stack.url("api")}/leads', soft_wrap=True)


@cli.command()
@click.pass_obj
@plainly
def down(state: Path) -> None:
    """Stop everything; the data is kept."""
    with console.status("stopping"):
        stopped = Stack(state).down()
    console.print("down" if stopped else "was not up")


@cli.command()
@_json
@click.pass_obj
@plainly
def status(state: Path, as_json: bool) -> None:
    """Show which parts are alive, and their addresses.

    Exits with 1 unless every part is up.
    """
    stack = Stack(state)
    if as_json:
        parts = {
            name: {"pid": part.pid, "alive": part.alive, "url": part.url} for name, part in stack.state.parts.items()
        }
        click.echo(json.dumps({"up": stack.is_up, "parts": parts}))
    else:
        _print_status(stack)
    sys.exit(0 if stack.is_up else 1)


@cli.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@plainly
def demo(file: Path | None) -> None:
    """Run the whole product once, from the workbook to the messages.

    It takes the sample or FILE, and a stack of its own that it stops afterwards.
    """
    run_demo(file, console)


@cli.command()
@click.option("--tenant", required=True, help="The tenant of the token.")
@click.option("--group", "groups", multiple=True, type=click.Choice(GROUPS), help="A Cognito group.")
@click.pass_obj
@plainly
def token(state: Path, tenant: str, groups: tuple[str, ...]) -> None:
    """Print an ID token that the API accepts for an hour."""
    click.echo(Stack(state).token(tenant, groups))


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--modo", type=click.Choice(["ignorar", "atualizar"]), default="ignorar", show_default=True)
@_tenant
@_json
@click.pass_obj
@plainly
def ingest(state: Path, file: Path, modo: str, tenant: str, as_json: bool) -> None:
    """Upload a workbook or a CSV file and watch its job.

    Exits with 1 unless the job ends as `concluido`.
    """
    stack = Stack(state)
    with Rest(stack.url("api"), stack.token(tenant)) as rest:
        job = watched(rest, upload(rest, file, modo)["job_id"], Console(quiet=True) if as_json else console)
    if as_json:
        click.echo(json.dumps(job, ensure_ascii=False))
    else:
        _print_job(job)
    sys.exit(0 if job["status"] == "concluido" else 1)


@cli.command()
@click.option("--limit", default=20, show_default=True, help="Show this many, the newest.")
@click.option("--clear", is_flag=True, help="Delete them instead.")
@_json
@click.pass_obj
@plainly
def outbox(state: Path, limit: int, clear: bool, as_json: bool) -> None:
    """Show what the WhatsApp provider has received."""
    _received(Stack(state), "whatsapp", limit=limit, clear=clear, as_json=as_json)


@cli.command()
@click.option("--limit", default=20, show_default=True, help="Show this many, the newest.")
@click.option("--clear", is_flag=True, help="Delete them instead.")
@_json
@click.pass_obj
@plainly
def mailbox(state: Path, limit: int, clear: bool, as_json: bool) -> None:
    """Show what the mailbox has received by SMTP."""
    _received(Stack(state), "email", limit=limit, clear=clear, as_json=as_json)


@cli.command()
@click.argument("channel", type=_CHANNELS)
@click.option("--codigo", help="Answer with this error code, as 131056 or 429.")
@click.option("--http", type=click.IntRange(300, 599), help="Answer with this bare HTTP status.")
@click.option("--retry-after", help="Send this Retry-After with that status (seconds).")
@click.option("--conexao", type=click.Choice(["antes", "depois", "travar"]), help="Drop or hang the connection.")
@click.option(
    "--taxa", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="The share of attempts that fail."
)
@click.option("--primeiras", type=int, help="Fail only the first N attempts at each destination.")
@click.option("--limite", type=int, help="Fail at most N times in all.")
@click.option("--latencia-ms", type=float, help="Wait this long before each message.")
@click.option("--nenhuma", is_flag=True, help="Remove all faults and the latency.")
@click.pass_obj
@plainly
def faults(state: Path, /, channel: str, latencia_ms: float | None, nenhuma: bool, **fault: Any) -> None:
    """Make a provider fail, to watch the retries.

    Without options, show the faults that are set.

    \b
    faults whatsapp --codigo 131056 --taxa 0.3     pair rate limit, three in ten attempts
    faults email --http 429 --retry-after 2        too many requests, come back in two seconds
    faults whatsapp --conexao depois --limite 1    one message is delivered, its answer is lost
    faults whatsapp --nenhuma                      no faults any more
    """
    address = f"{Stack(state).url(channel)}/admin/falhas"
    is_given = any(fault[kind] is not None for kind in ("codigo", "http", "conexao"))
    if nenhuma or is_given or latencia_ms is not None:
        given = {name: value for name, value in fault.items() if value is not None}
        response = httpx2.put(address, json={"latencia_ms": latencia_ms or 0, "falhas": [given] if is_given else []})
        if response.is_error:
            raise click.UsageError("; ".join(each["msg"] for each in response.json()["erros"]))
    console.print_json(data=httpx2.get(address).json())


@cli.command()
@click.argument("part", required=False)
@click.option("-n", "--lines", default=20, show_default=True)
@click.pass_obj
@plainly
def logs(state: Path, part: str | None, lines: int) -> None:
    """Show the end of every log, or of one part's."""
    stack = Stack(state)
    known = ["postgres", *sorted(path.stem for path in (stack.folder / "logs").glob("*.log"))]
    if part is not None and part not in known:
        raise click.ClickException(f"no log of {part}; there are {', '.join(known)}")
    for name in [part] if part else known:
        path = stack.log(name)
        click.secho(str(path), bold=True)
        if path.exists():
            click.echo("\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]))


@cli.command()
@click.pass_obj
@plainly
def migrate(state: Path) -> None:
    """Apply the pending migrations.

    To the database of DATABASE_OWNER_URL, or else to that of the running stack.
    """
    owner_url = os.environ.get("DATABASE_OWNER_URL") or Stack(state).state.environment.get("DATABASE_OWNER_URL")
    if not owner_url:
        raise click.ClickException("the local stack is not up, and DATABASE_OWNER_URL is not set")
    Stack.migrate(owner_url)
    console.print("migrated")


def _ports(options: tuple[str, ...]) -> dict[str, int]:
    try:
        return {part: int(port) for part, port in (option.split("=", 1) for option in options)}
    except ValueError:
        raise click.BadParameter("write PART=PORT, as api=8000", param_hint="--port") from None


def _print_status(stack: Stack) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "state", "pid", "url", "log"):
        table.add_column(heading, overflow="fold")
    for name, part in stack.state.parts.items():
        table.add_row(name, "up" if part.alive else "[red]dead", str(part.pid), part.url or "", _short(stack.log(name)))
    console.print(table if stack.state.parts else "down")


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _print_job(job: Mapping[str, Any]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("job_id", job["job_id"])
    table.add_row("status", job["status"])
    for count in COUNTS:
        table.add_row(count, f"{job[count]:,}".replace(",", "."))
    console.print(table)
    if job.get("mensagem_erro"):
        console.print(job["mensagem_erro"], style="red")


def _received(stack: Stack, part: str, *, limit: int, clear: bool, as_json: bool) -> None:
    address = f"{stack.url(part)}/admin/recebidas"
    if clear:
        httpx2.delete(address).raise_for_status()
        return
    messages = httpx2.get(address).raise_for_status().json()
    if as_json:
        click.echo(json.dumps(messages, ensure_ascii=False))
        return
    for message in messages[-limit:]:
        console.print_json(data=message)
    console.print(f"{len(messages)} received")
