"""What breaks, one function each. It leaves the stack running, and returns an account that has to balance."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from chalicelib.adapters.database import connect
from local.provider import GARBAGE
from local.rest import ApiError, Rest
from local.stack import StackFailed
from tests.chaos.accounts import Account
from tests.chaos.machine import Machine, answers, sheet, until

_BUSY = """
SELECT count(*) FROM pg_stat_activity
 WHERE usename = 'disparo_owner' AND pid <> pg_backend_pid() AND state <> 'idle'"""
FINAL = frozenset({"concluido", "erro", "cancelado"})
_OPEN = "SELECT count(*) FROM disparos WHERE tenant_id = '{}' AND status IN ('pendente', 'enviando')"


def live_worker_after_a_crash_of_the_server(machine: Machine) -> Account:
    """The worker stands still between two batches while the server crashes and loses what was not on disk yet."""
    account, rows = Account(), 60_000
    [walwriter] = [each for each in machine.processes("postgres") if "walwriter" in " ".join(each.cmdline())]
    with machine.frozen(walwriter):
        job_id = machine.upload("crash", rows)
        until(lambda: machine.job("crash", job_id)["linhas_processadas"] > 0, "the first batch")
        with frozen_between_two_batches(machine):
            before = machine.job("crash", job_id)["linhas_processadas"]
            machine.kill("postgres")
            machine.stack.start_again("postgres")
            after = machine.job("crash", job_id)["linhas_processadas"]
    ended(machine, "crash", [job_id])
    account.figures |= {"linhas antes": before, "linhas depois da queda": after}
    account.expect("the crash took nothing back, so this proved nothing", holds=after < before)
    account.of_jobs(machine, "crash", rows)
    return account


def database_is_killed(machine: Machine) -> Account:
    """SIGKILL to PostgreSQL three times, while a file is ingested and messages are sent."""
    account, rows, kills = Account(), 40_000, 3
    machine.messages("killed-db", 3_000)
    job_id = machine.upload("killed-db", rows)
    for _ in range(kills):
        time.sleep(2)
        machine.restart("postgres")
    ended(machine, "killed-db", [job_id])
    account.figures["segundos até o fim"] = sent(machine, "killed-db")
    leads = machine.count("SELECT count(*) FROM leads WHERE tenant_id = 'killed-db' AND origem_arquivo <> 'bench'")
    job = machine.job("killed-db", job_id)
    account.expect(f"{leads} leads of {job['leads_criados']}", holds=leads == job["leads_criados"])
    account.expect("a row is missing", holds=job["linhas_processadas"] == rows)
    account.of_messages(machine, "killed-db", "whatsapp", most_in_doubt=kills * Account.IN_FLIGHT)
    return account


def database_has_no_room(machine: Machine) -> Account:
    """The disk of the database is full for a while, amid a file, messages and requests. All of it comes to its end."""
    account, rows, refused = Account(), 60_000, 0
    with small_disk(machine, 900 << 20) as disk:
        if disk is None:
            account.figures["não foi possível"] = "only root may mount a small disk"
            return account
        machine.messages("no-room-w", 4_000, limit=12_000)
        job_id = machine.upload("no-room", rows)
        until(lambda: machine.job("no-room", job_id)["linhas_processadas"] > 0, "the first batch")
        with filled(disk), machine.rest("no-room") as rest:
            for number in range(20):
                status = _status_of(rest, number)
                account.expect(
                    f"a request on the full disk was answered with {status}", holds=status in {200, 201, 503}
                )
                refused += status == 503
                time.sleep(0.5)
        account.figures |= {"pedidos recusados": refused, "servidor caiu": not machine.stack.is_up}
        account.expect("the disk was never full, so this proved nothing", holds=refused > 0)
        machine.stack.start_again("postgres")  # it may have ended: its log had no room either
        ended(machine, "no-room", [job_id])
        account.figures["segundos até o fim"] = sent(machine, "no-room-w")
        account.of_jobs(machine, "no-room", rows)
        account.of_messages(machine, "no-room-w", "whatsapp", most_in_doubt=3 * Account.IN_FLIGHT)
    return account


def connections_are_ended_every_second(machine: Machine) -> Account:
    """All backends are terminated every second for half a minute, as an administrator or a failover does it."""
    account, rows = Account(), 40_000
    machine.messages("ended", 3_000, limit=6_000)
    job_id = machine.upload("ended", rows)
    rounds = 30
    account.figures["conexões terminadas"] = sum(_after(1, machine.end_connections) for _ in range(rounds))
    ended(machine, "ended", [job_id])
    account.figures["segundos até o fim"] = sent(machine, "ended")
    job = machine.job("ended", job_id)
    account.expect("a row is missing", holds=job["linhas_processadas"] == rows)
    account.of_messages(machine, "ended", "whatsapp", most_in_doubt=rounds * Account.IN_FLIGHT)
    return account


def aws_is_killed(machine: Machine) -> Account:
    """The AWS endpoint dies with all queues and schedules. The sweep finds what nobody wakes up any more."""
    account = Account()
    machine.messages("no-aws", 3_000, limit=12_000)
    until(lambda: machine.count(_OPEN.format("no-aws")) < 2_500, "the first messages")
    machine.restart("aws")
    for part in ("api", "ingest", "workers"):
        machine.restart(part)  # they know the endpoint's resources by the names that it gave
    machine.forget_tokens()
    account.figures["segundos até o fim"] = sent(machine, "no-aws")
    account.of_messages(machine, "no-aws", "whatsapp", most_in_doubt=Account.IN_FLIGHT)
    return account


def api_is_killed_amid_posts(machine: Machine) -> Account:
    """Clients repeat a POST with its key until it is answered: each makes one disparo, however often it was sent."""
    account, number = Account(), 60
    job_id = machine.upload("posts", number)
    ended(machine, "posts", [job_id])
    with machine.rest("posts") as rest:
        rest.ask("PUT", "/templates/oi", json=TEMPLATE)
        leads = [lead["lead_id"] for lead in rest.ask("GET", "/leads", params={"limit": number})["itens"]]

    def create(lead_id: str) -> str:
        key, body = str(uuid4()), {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Ana"}}}
        while True:
            try:
                with machine.rest("posts") as rest:
                    made = rest.ask("POST", f"/leads/{lead_id}/disparos", json=body, headers={"Idempotency-Key": key})
                    return str(made["disparo_id"])
            except (httpx2.HTTPError, StackFailed):
                time.sleep(0.2)

    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(create, lead_id) for lead_id in leads]
        for _ in range(3):
            time.sleep(1)
            machine.restart("api")
        ids = {each.result() for each in made}
    stored = machine.count("SELECT count(*) FROM disparos WHERE tenant_id = 'posts'")
    account.figures |= {"pedidos": number, "disparos": stored}
    account.expect(f"{number} were asked for, {len(ids)} answered, {stored} are there",
                   holds=number == len(ids) == stored)  # fmt: skip
    return account


def providers_are_killed(machine: Machine) -> Account:
    """SIGKILL to both MCP servers in mid-batch; what they delivered is in their log and their mailbox."""
    account, kills = Account(), 3
    job_id = machine.upload("providers", 80)
    ended(machine, "providers", [job_id])
    machine.behave("email", latencia_ms=100)
    emails(machine, "providers")
    machine.messages("providers-w", 2_000, limit=12_000)
    for _ in range(kills):
        time.sleep(1.5)
        machine.restart("whatsapp")
        machine.restart("email")
    sent(machine, "providers")
    account.figures["segundos até o fim"] = sent(machine, "providers-w")
    account.of_messages(machine, "providers-w", "whatsapp", most_in_doubt=kills * Account.IN_FLIGHT)
    account.of_messages(machine, "providers", "email", most_in_doubt=kills * Account.IN_FLIGHT)
    return account


def provider_answers_garbage(machine: Machine) -> Account:
    """HTML, nothing, half an answer, a huge one, one that drips, another request's, a late error, drops."""
    account, number = Account(), 400
    machine.behave(
        "whatsapp",
        latencia_ms=5,
        falhas=[{"resposta": each, "taxa": 0.04} for each in GARBAGE if each != "redirecionada"]
        + [{"conexao": "antes", "taxa": 0.04}, {"conexao": "depois", "taxa": 0.04}],
    )
    machine.messages("garbage", number, limit=12_000)
    account.figures["segundos até o fim"] = sent(machine, "garbage")
    machine.behave("whatsapp")
    # Every kind strikes after the delivery but one: nobody can know what became of the message.
    account.of_messages(machine, "garbage", "whatsapp", most_in_doubt=number)
    return account


def provider_has_moved(machine: Machine) -> Account:
    """The provider answers with a redirect to nowhere: the channel pauses, and a person resumes it."""
    account = Account()
    machine.behave("whatsapp", falhas=[{"resposta": "redirecionada", "limite": 3}])
    machine.messages("moved", 300)
    paused = "SELECT count(*) FROM disparos WHERE tenant_id = 'moved' AND espera = 'canal_pausado'"
    until(lambda: machine.count(paused) > 0, "the pause")
    machine.behave("whatsapp")
    with machine.rest("moved") as rest:
        rest.ask("POST", "/canais/whatsapp/retomar", json={"motivo": "endereço corrigido"})
    account.figures["segundos até o fim"] = sent(machine, "moved")
    account.of_messages(machine, "moved", "whatsapp", most_in_doubt=0)
    return account


def leads_are_locked_for_a_minute(machine: Machine) -> Account:
    """A person's LOCK TABLE: the API answers in time, no lease is lost, and everything goes on afterwards."""
    account, rows = Account(), 30_000
    job_id = machine.upload("locked", rows)
    until(lambda: machine.job("locked", job_id)["linhas_processadas"] > 0, "the first batch")
    connection = connect(str(machine.stack.settings().database_owner_url))
    slowest = 0.0
    try:
        # Our own connections may not be silent for so long in a transaction; a person's may.
        connection.run("SET idle_in_transaction_session_timeout TO 0")
        connection.run("BEGIN")
        connection.run("LOCK TABLE leads")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            slowest = max(slowest, _seconds(lambda: answers(lambda: _leads(machine, "locked"))))
    finally:
        connection.run("ROLLBACK")
        connection.close()
    ended(machine, "locked", [job_id])
    account.figures["pior resposta, s"] = round(slowest, 1)
    account.expect(f"an answer took {slowest:.1f} s", holds=slowest < 29)
    account.of_jobs(machine, "locked", rows)
    return account


def poison_in_queues_and_bucket(machine: Machine) -> Account:
    """Messages that are no messages, on every queue, and objects with odd keys: the good ones are still handled."""
    account, rows = Account(), 500
    aws, settings = machine.stack.aws(), machine.stack.settings()
    sqs, s3 = aws.client("sqs"), aws.client("s3")
    for name in settings.queues:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        for body in POISON:
            sqs.send_message(QueueUrl=url, MessageBody=body)
    for key in ODD_KEYS:
        s3.put_object(Bucket=settings.bucket, Key=key, Body=sheet(1).encode())
    ids = machine.messages("poisoned", 200)
    job_id = machine.upload("poisoned", rows)
    ended(machine, "poisoned", [job_id])
    machine.wake("poisoned", ids[-3:])
    account.figures["segundos até o fim"] = sent(machine, "poisoned")
    account.of_messages(machine, "poisoned", "whatsapp", most_in_doubt=0)
    job = machine.job("poisoned", job_id)
    account.expect("a row is missing", holds=job["linhas_processadas"] == rows)
    account.expect("a part of the stack died", holds=machine.stack.is_up)
    return account


def ten_files_at_once(machine: Machine) -> Account:
    """Ten files of one tenant, with one cancelled and resumed, and one undone."""
    account, rows, files = Account(), 4_000, 10
    with ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(lambda n: machine.upload("ten", rows, f"{n}.csv"), range(files)))
    with machine.rest("ten") as rest:
        stopped = _stopped(rest, jobs[-1])
        ended(machine, "ten", jobs)
        if stopped:
            rest.ask("POST", f"/ingest/leads/jobs/{jobs[-1]}/retomar")
            ended(machine, "ten", jobs)
        account.of_jobs(machine, "ten", files * rows)
        rest.ask("POST", f"/ingest/leads/jobs/{jobs[0]}/desfazer")
        until(lambda: machine.job("ten", jobs[0])["desfeito_em"] is not None, "the undo")
    left = machine.count("SELECT count(*) FROM leads WHERE tenant_id = 'ten'")
    account.figures |= {"cancelado e retomado": stopped, "leads depois de desfazer": left}
    account.expect(f"{left} leads are left", holds=left == (files - 1) * rows)
    return account


def down_amid_everything(machine: Machine) -> Account:
    """`make down` and `make up` while a file is ingested and messages are sent."""
    account, rows, stops = Account(), 40_000, 2
    machine.messages("down", 3_000, limit=12_000)
    job_id = machine.upload("down-files", rows)
    for _ in range(stops):
        time.sleep(3)
        machine.down()
        machine.up()
    ended(machine, "down-files", [job_id])
    account.figures["segundos até o fim"] = sent(machine, "down")
    account.of_jobs(machine, "down-files", rows)
    account.of_messages(machine, "down", "whatsapp", most_in_doubt=stops * Account.IN_FLIGHT)
    return account


SCENARIOS: tuple[Callable[[Machine], Account], ...] = (
    live_worker_after_a_crash_of_the_server,
    database_is_killed,
    database_has_no_room,
    connections_are_ended_every_second,
    aws_is_killed,
    api_is_killed_amid_posts,
    providers_are_killed,
    provider_answers_garbage,
    provider_has_moved,
    leads_are_locked_for_a_minute,
    poison_in_queues_and_bucket,
    ten_files_at_once,
    down_amid_everything,
)

TEMPLATE = {"canal": "whatsapp", "idioma": "pt_BR", "texto": "Olá, {{nome}}!", "variaveis": ["nome"]}
EMAIL_TEMPLATE = {**TEMPLATE, "canal": "email", "assunto": "Oi, {{nome}}"}
POISON = ("", " ", "null", "[]", "{", "{}", '{"tenant_id": 1}', '{"tenant_id": "x", "disparo_id": "y", "job_id": "z"}')
ODD_KEYS = ("x", "leads/", "leads//x.csv", "leads/odd", "leads/odd/", "leads/../x.csv", "leads/a b/c d+e%.csv")


def ended(machine: Machine, tenant: str, jobs: list[str]) -> None:
    """Wait until these jobs have ended."""
    until(lambda: all(machine.job(tenant, each)["status"] in FINAL for each in jobs), "the end of the jobs")


def sent(machine: Machine, tenant: str) -> float:
    """Wait until no message of a tenant is open. Returns the seconds."""
    return round(until(lambda: machine.count(_OPEN.format(tenant)) == 0, "the end of the messages"), 1)


def emails(machine: Machine, tenant: str) -> None:
    """Make an e-mail to each lead of a tenant."""
    with machine.rest(tenant) as rest:
        config = {"janela": {"ligada": False}, "limites": {"email": {"por_minuto": 6_000}}}
        rest.ask("PATCH", "/tenant/config", json=config)
        rest.ask("PUT", "/templates/oi-email", json=EMAIL_TEMPLATE)
        body = {"canal": "email", "template": "oi-email", "payload": {"variaveis": {"nome": "Ana"}}}
        for lead in rest.ask("GET", "/leads", params={"limit": 500})["itens"]:
            rest.ask("POST", f"/leads/{lead['lead_id']}/disparos", json=body)


@contextmanager
def frozen_between_two_batches(machine: Machine) -> Iterator[None]:
    """Stop the worker of ingestion at a moment when it has no transaction open."""
    [worker] = machine.processes("ingest")
    while True:
        with machine.frozen(worker):
            if not machine.count(_BUSY):
                yield
                return
        time.sleep(0.002)


@contextmanager
def small_disk(machine: Machine, size: int) -> Iterator[Path | None]:
    """Run the stack with an empty database on a disk of so many bytes; None if this machine lets nobody mount one."""
    folder = machine.folder / "postgres"
    machine.down()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False).returncode
    try:
        machine.up()
        yield None if mounted else folder
    finally:
        if not mounted:
            machine.down()
            subprocess.run(["umount", folder], check=True)
            machine.up()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no room on a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    try:
        yield
    finally:
        filler.unlink()


def _status_of(rest: Rest, number: int) -> int:
    """The status of the answer to a request that writes."""
    try:
        rest.ask("POST", "/supressoes", json={"canal": "email", "contato": f"nobody{number}@example.net"})
    except ApiError as error:
        return error.status
    return 201


def _stopped(rest: Rest, job_id: str) -> bool:
    """Cancel a job; it may have ended just before."""
    try:
        rest.ask("POST", f"/ingest/leads/jobs/{job_id}/cancelar")
    except ApiError:
        return False
    return True


def _leads(machine: Machine, tenant: str) -> Any:
    with machine.rest(tenant) as rest:
        return rest.ask("GET", "/leads")


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _after(seconds: float, work: Callable[[], int]) -> int:
    time.sleep(seconds)
    return work()
