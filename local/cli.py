"""`python -m local …`: the embedded stack from the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
import httpx2
from rich.console import Console
from rich.table import Table

from chalicelib.canal import Canal
from chalicelib.errors import DomainError
from chalicelib.ingestion.options import Separator, TextEncoding
from chalicelib.messages import ENGLISH, text
from local.aws import ADMIN_GROUP, GROUPS
from local.clock import ClockRefused
from local.demo import run as run_demo
from local.demo_campaign import DemoFailed
from local.ingest import UploadRefused, report_of, shown, upload, watched
from local.interrupts import heard_once
from local.invitations import invitations, text_of
from local.rest import ApiError, Rest
from local.stack import DEFAULT_STATE, PARTS_WITH_A_PORT, Stack, StackFailed, shown_path
from local.webhook import RECEIPTS, NothingReceived, ProviderWebhook

P = ParamSpec("P")
T = TypeVar("T")

_CHANNELS = click.Choice(["whatsapp", "email"])
_canal = click.option("--canal", type=_CHANNELS, default="whatsapp", show_default=True, help="The channel.")
_SHOWN = 20
"""Messages that are shown unless a limit is given."""
_tenant = click.option("--tenant", default="acme", show_default=True, help="The tenant whose data it is.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")

console = Console()


def plainly(command: Callable[P, T]) -> Callable[P, T]:
    """Report the expected failures of a command as one sentence, with exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (StackFailed, ApiError, UploadRefused, DemoFailed, NothingReceived, ClockRefused) as error:
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
    """The embedded stack: PostgreSQL, the AWS APIs, three MCP servers, the REST API, and what AWS does between them."""
    context.obj = state
    context.with_resource(heard_once())


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
    if ports and not fresh:
        console.print("--port counts from the next start: run `down` first")
    _print_status(stack)
    token = stack.command("token", "--tenant", "acme", "--group", "admin")
    console.print(f"\nconsole:  {stack.url('api')}/", soft_wrap=True)
    console.print(f"\nnext:  export TOKEN=$({token})", soft_wrap=True)
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
@click.option("--group", "groups", multiple=True, type=click.Choice(GROUPS), help="A Cognito group; none: who reads.")
@click.pass_obj
@plainly
def token(state: Path, tenant: str, groups: tuple[str, ...]) -> None:
    """Print an ID token that the API accepts for an hour: that of an operator, unless groups are given."""
    click.echo(Stack(state).token(tenant, groups))


@cli.command()
@click.option("--group", type=click.Choice(GROUPS), default="operador", show_default=True, help="What it may do.")
@click.option("--nome", default="python -m local key", show_default=True, help="What it is for.")
@click.option("--rota", "rotas", multiple=True, metavar="ROUTE", help='Only for this route, as "GET /leads".')
@_tenant
@click.pass_obj
@plainly
def key(state: Path, /, *, tenant: str, group: str, nome: str, rotas: tuple[str, ...]) -> None:
    """Make an API key and print it."""
    stack = Stack(state)
    with Rest(stack.url("api"), stack.token(tenant, [ADMIN_GROUP])) as rest:
        document = {"nome": nome, "grupo": group, **({"rotas": list(rotas)} if rotas else {})}
        click.echo(rest.ask("POST", "/chaves", json=document)["chave"])


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--modo", type=click.Choice(["ignorar", "atualizar"]), help="Default: ignorar; atualizar for a corrected report."
)
@click.option("--origem", help="The system whose IDs the file has.")
@click.option("--deduplicar-por", help="documento,id,contato, some of them, or nenhum.")
@click.option("--aba", metavar="NAME", help="Read this sheet, or * for all alike.")
@click.option("--codificacao", type=click.Choice([str(each) for each in TextEncoding]), help="Of a misread .csv.")
@click.option("--separador", type=click.Choice([str(each) for each in Separator]), help="Of a misread .csv.")
@click.option("--ignorar-ocultas", is_flag=True, help="Leave hidden and filtered rows out.")
@click.option("--adivinhar", is_flag=True, help="Read columns with unknown titles by what is in them.")
@click.option("--mapeamento", metavar="JSON", help='What columns are: {"Fone da firma": "telefone", "Obs": "ignorar"}.')
@click.option("--tags", metavar="A,B", help="Tags for the leads that the file makes or changes.")
@click.option("--validar-apenas", is_flag=True, help="Only check the file: a dry run.")
@_tenant
@_json
@click.pass_obj
@plainly
def ingest(state: Path, /, file: Path, tenant: str, as_json: bool, **options: str | bool | None) -> None:
    """Upload a workbook or a CSV file, watch its job, and show what became of everything in it.

    Exits with 1 unless the job ends as `concluido`.
    """
    stack = Stack(state)
    with Rest(stack.url("api"), stack.token(tenant)) as rest:
        given = {name: value for name, value in options.items() if value}
        job = watched(rest, upload(rest, file, **given)["job_id"], Console(quiet=True) if as_json else console)
        report = report_of(rest, job)
    if as_json:
        click.echo(json.dumps(job, ensure_ascii=False))
    else:
        console.print(shown(job))
        if report:
            console.print(f"\nreport of what was refused (correct it and upload it again):\n{report}", soft_wrap=True)
        if job["correcoes_ignoradas"]:
            console.print(f"{job['correcoes_ignoradas']} corrected rows were ignored. To apply them: --modo atualizar")
        if job["mensagem_erro"]:
            console.print(job["mensagem_erro"], style="red")
    sys.exit(0 if job["status"] == "concluido" else 1)


@cli.command()
@click.option("--limit", type=click.IntRange(min=1), help="Show this many, the newest: 20, or all of them as JSON.")
@click.option("--clear", is_flag=True, help="Delete them instead.")
@_json
@click.pass_obj
@plainly
def outbox(state: Path, limit: int | None, clear: bool, as_json: bool) -> None:
    """Show what the WhatsApp provider has received."""
    _received(Stack(state), "whatsapp", limit=limit, clear=clear, as_json=as_json)


@cli.command()
@click.option("--limit", type=click.IntRange(min=1), help="Show this many, the newest: 20, or all of them as JSON.")
@click.option("--clear", is_flag=True, help="Delete them instead.")
@click.option("--ics", "only_calendars", is_flag=True, help="Show the invitations and cancellations that they carry.")
@click.option("--raw", is_flag=True, help="With --ics: show the calendar files as they are.")
@_json
@click.pass_obj
@plainly
def mailbox(state: Path, limit: int | None, clear: bool, only_calendars: bool, raw: bool, as_json: bool) -> None:
    """Show what the mailbox has received by SMTP."""
    stack = Stack(state)
    if not only_calendars or clear:
        _received(stack, "email", limit=limit, clear=clear, as_json=as_json)
        return
    found = invitations(httpx2.get(f"{stack.url('email')}/admin/recebidas").raise_for_status().json())
    found = found[-(limit or _SHOWN) :]
    if raw:
        click.echo("".join(each.texto for each in found), nl=False)
    elif as_json:
        click.echo(json.dumps([each._asdict() for each in found], ensure_ascii=False))
    else:
        click.echo(text_of(found), nl=False)


@cli.command()
@click.option("--connect", is_flag=True, help="Have the tenant's agendamentos kept there (canais.calendario).")
@click.option("--disconnect", is_flag=True, help="Have them kept there no more.")
@click.option("--clear", is_flag=True, help="Delete the events instead.")
@_tenant
@_json
@click.pass_obj
@plainly
def calendar(state: Path, /, *, tenant: str, connect: bool, disconnect: bool, clear: bool, as_json: bool) -> None:
    """Show the events of the calendar server; connect a tenant to it, or disconnect it.

    \b
    calendar --connect      from now on, and for what is booked already (within a minute)
    calendar                the events, by their start
    """
    stack = Stack(state)
    if connect or disconnect:
        mine = {"perfil": "google-calendar-mcp", "url": stack.state.parts["calendar"].url}
        with Rest(stack.url("api"), stack.token(tenant, groups=("admin",))) as rest:
            rest.ask("PATCH", "/tenant/config", json={"canais": {"calendario": None if disconnect else mine}})
        console.print("disconnected" if disconnect else "connected")
        return
    address = f"{stack.url('calendar')}/admin/recebidas"
    if clear:
        httpx2.delete(address).raise_for_status()
        return
    found = httpx2.get(address).raise_for_status().json()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    events = Table("calendar", "start", "event", box=None, pad_edge=False)
    for each in found:
        begins = datetime.fromisoformat(each["start"]["dateTime"])
        events.add_row(each["calendario"], f"{begins:%Y-%m-%d %H:%M %z}", each["summary"])
    console.print(events)


@cli.command()
@click.argument("sender")
@click.argument("text")
@click.option("--quote", "quoted", help="The id of the message that it quotes; see `outbox`.")
@click.option("--user", "user_id", help="The provider's id of the person, as BR.13491208655302741918.")
@_canal
@_tenant
@click.pass_obj
@plainly
def reply(
    state: Path, sender: str, text: str, quoted: str | None, user_id: str | None, canal: str, tenant: str
) -> None:
    """Play the provider: post that SENDER wrote TEXT.

    \b
    reply "(71) 99999-0001" SAIR              the phone in any spelling
    reply 557199990001 "quem é?"              a wa_id as it is, here without its ninth digit
    reply BR.13491208655302741918 Oi          a person who hides the number
    reply ana@example.com pare --canal email
    """
    webhook = ProviderWebhook(Stack(state), tenant, Canal(canal))
    console.print_json(data=webhook.reply(sender, text, quoted=quoted, user_id=user_id))


@cli.command()
@click.argument("status", type=click.Choice(list(RECEIPTS)))
@click.argument("message_id", required=False)
@click.option("--codigo", help="The error code of a failure, as 131026 or bounce.")
@_canal
@_tenant
@click.pass_obj
@plainly
def receipt(state: Path, status: str, message_id: str | None, codigo: str | None, canal: str, tenant: str) -> None:
    """Play the provider: post what became of a message, the newest without MESSAGE_ID.

    \b
    receipt read                              the newest message was read
    receipt failed wamid.x --codigo 131050    this one failed: the person has opted out
    """
    webhook = ProviderWebhook(Stack(state), tenant, Canal(canal))
    console.print_json(data=webhook.receipt(status, message_id, code=codigo))


@cli.command()
@click.argument("channel", type=click.Choice(["whatsapp", "email", "calendar"]))
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


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("to", required=False)
@click.pass_obj
@plainly
def clock(state: Path, to: str | None) -> None:
    """Move the stack's clock, or show it; tokens stay valid.

    \b
    clock +23h                        23 hours ahead of where it is; also +30min, +2d
    clock -1h                         one hour back
    clock 2026-12-01T09:00:00-03:00   to this time
    clock agora                       the machine's time again
    """
    moved = Stack(state).clock
    if to is not None:
        moved.move(to)
    console.print(f"{moved.now():%Y-%m-%d %H:%M:%S} UTC ({moved.ahead} ahead of the machine)", highlight=False)


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
    Stack.migrate(os.environ.get("DATABASE_OWNER_URL") or Stack(state).owner_url())
    console.print("migrated")


def _ports(options: tuple[str, ...]) -> dict[str, int]:
    return dict(map(_port, options))


def _port(option: str) -> tuple[str, int]:
    part, _, port = option.partition("=")
    if part not in PARTS_WITH_A_PORT:
        raise click.BadParameter(
            f"{part} is no part with a port; there are {', '.join(PARTS_WITH_A_PORT)}", param_hint="--port"
        )
    if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise click.BadParameter("write PART=PORT, as api=8000; 0 takes a free one", param_hint="--port")
    return part, int(port)


def _print_status(stack: Stack) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "state", "pid", "url", "log"):
        table.add_column(heading, overflow="fold")
    for name, part in stack.state.parts.items():
        table.add_row(
            name, "up" if part.alive else "[red]dead", str(part.pid), part.url or "", shown_path(stack.log(name))
        )
    console.print(table if stack.state.parts else "down")


def _received(stack: Stack, part: str, *, limit: int | None, clear: bool, as_json: bool) -> None:
    address = f"{stack.url(part)}/admin/recebidas"
    if clear:
        httpx2.delete(address).raise_for_status()
        return
    messages = httpx2.get(address).raise_for_status().json()
    if as_json:
        click.echo(json.dumps(messages[-limit:] if limit else messages, ensure_ascii=False))
        return
    for message in messages[-(limit or _SHOWN) :]:
        console.print_json(data={name: value for name, value in message.items() if name != "calendarios"})
    console.print(f"{len(messages)} received")
