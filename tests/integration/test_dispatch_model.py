"""Whatever happens to disparos, in whatever order: none is lost, none is sent twice, no promise is broken, and the
history tells the truth. A machine of rules over a real database, with everything around it that can go wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pg8000.native import Connection

from chalicelib.adapters.database import Database, connect
from chalicelib.config import Settings
from chalicelib.delivery.requests import WebhookQuery
from chalicelib.delivery.service import SECRET_HEADER, Webhooks
from chalicelib.delivery.settling import LateReports
from chalicelib.dispatch.outcomes import Transient
from chalicelib.dispatch.requests.channel_pauses import ChannelPauses
from chalicelib.dispatch.requests.disparos import Disparos
from chalicelib.dispatch.requests.models import NewDisparo, ResendRequest, Resolution
from chalicelib.dispatch.requests.overview import CounterFolding
from chalicelib.dispatch.requests.resends import Resends
from chalicelib.dispatch.requests.settlements import Settlements
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import Wakeups
from chalicelib.dispatch.worker.executor import BatchCrashed, Executor
from chalicelib.dispatch.worker.pauses import PausedChannels
from chalicelib.errors import Conflict
from chalicelib.identity import ADMIN, Identity
from chalicelib.maintenance.sweep import Sweep, Waker
from chalicelib.suppression.requests import NewSuppression, SuppressionQuery, SuppressionRemoval
from chalicelib.suppression.service import Suppressions
from chalicelib.telemetry import Tracer
from chalicelib.tenants.config import stored_config
from chalicelib.tokens import Signer
from local.postgres import Postgres
from tests.builders import a_lead, a_template, insert, literal, run
from tests.conftest import StoppedClock
from tests.dispatching import (
    FATES,
    FUSO,
    Conhecido,
    Fate,
    Fila,
    MortalDatabase,
    MortalFila,
    Provider,
    Turno,
    Worker,
    WorkerSenders,
)

TENANTS = ("acme", "outra")
CANAIS = ("whatsapp", "email")
# A number that two leads share, one that two tenants do; three zones.
LEADS = (
    ("acme", ("+5571999990001", "+5511988880002", "+5592977770003"), ("maria@example.com", "vendas@example.com")),
    ("acme", ("+5511988880002", "+5571999990005", "+5511988880006"), ("ze@example.com",)),
    ("outra", ("+5571999990001", "+5592977770004"), ("maria@example.com",)),
)
SHARED = "segredo-combinado"
IN_THE_END = {*DisparoStatus} - {DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO}
DECIDABLE = {
    "cancel": {"pendente"},
    "send_again": {"erro"},
    "send_all_again": {"erro"},
    "find_out": {"incerto"},
    "confirm": {"enviado", "incerto"},
}
UNSENT = {"erro", "cancelado", "suprimido", "expirado", "simulado"}
TOLD = {"enviado", "confirmado", "erro", "incerto", "suprimido", "expirado", "simulado"}
CLASSES = {"Sent": "enviado", "Transient": "transitorio", "Permanent": "permanente", "Unknown": "incerto",
           "ChannelDown": "canal_fora"}  # fmt: skip
PROVIDERS_WORDS = {"aceito", "falhou", "entregue"}

LIMITES: tuple[dict[str, int], ...] = (
    {},
    {},
    {},
    {"por_minuto": 2, "rajada": 1},
    {"por_minuto": 60, "por_segundo": 1, "rajada": 3},
    {"por_minuto": 6, "rajada": 2, "por_dia": 3},
    {"por_dia": 2},
)
A_WHILE = (
    timedelta(seconds=1), timedelta(seconds=7), timedelta(seconds=40), timedelta(minutes=2), timedelta(minutes=4),
    timedelta(minutes=16), timedelta(hours=1), timedelta(hours=7), timedelta(days=1), timedelta(days=3),
)  # fmt: skip


class Desejo(NamedTuple):
    """A disparo that somebody wants: of which lead, to which of its contacts, when and how."""

    lead: int
    canal: str
    contato: int
    agendar: timedelta | None
    expira: timedelta | None
    ignorar_janela: bool
    usar_alternativos: bool


NUMBERS = st.integers(0, 999)
DESEJOS = st.builds(
    Desejo,
    lead=st.integers(0, len(LEADS) - 1),
    canal=st.sampled_from(CANAIS),
    contato=st.integers(0, 2),
    agendar=st.sampled_from([None] * 20 + list(A_WHILE)),
    expira=st.sampled_from([None] * 20 + list(A_WHILE)),
    ignorar_janela=st.booleans(),
    usar_alternativos=st.booleans(),
)
WHO = st.none() | st.lists(NUMBERS, min_size=1, max_size=4)
TURNOS = st.builds(
    Turno,
    canal=st.sampled_from([None, *CANAIS]),
    fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4),
    dies_at=st.sampled_from([None] * 30 + list(range(18))),
    sleeps=st.sampled_from([None, None, None, "antes", "depois"]),
    bug=st.sampled_from([False] * 15 + [True]),
    is_enabled=st.sampled_from([True] * 20 + [False]),
    sorteio=st.sampled_from([0.0, 0.5, 0.999]),
)
# What is not at its end, and when somebody should look at it.
_WAITING = (
    "SELECT disparo_id, CASE status WHEN 'pendente' THEN enviar_apos ELSE lease_ate END AS quando "
    "FROM disparos WHERE status IN ('pendente', 'enviando')"
)


# Sweeps, after which a tenant with a few messages a day is given more of them.
_PATIENCE = 60


class _Secrets:
    """Every webhook has the same secret."""

    def find(self, _name: str) -> dict[str, str]:
        return {"segredo": SHARED}


class Mundo:
    """One database, with the leads and templates of the scene, for one example after the other."""

    def __init__(self, owner: Database, api: Database, observer: Connection) -> None:
        self.owner = owner
        self.api = api
        self._observer = observer
        self.leads = []
        for tenant_id, telefones, emails in LEADS:
            lead_id = a_lead(owner, tenant_id=tenant_id, telefones=telefones, emails=emails)
            self.leads.append((tenant_id, lead_id, telefones, emails))
        for tenant_id in TENANTS:
            a_template(owner, tenant_id=tenant_id)
            a_template(owner, tenant_id=tenant_id, nome="oi-email", canal="email")

    def ask(self, sql: str) -> list[list[Any]]:
        """The rows of a query by itself: it is asked thousands of times, and needs no transaction around it."""
        return list(self._observer.run(sql))

    def clear(self) -> None:
        """As before the first example."""
        run(
            self.owner,
            "TRUNCATE disparos, disparo_tentativas, disparo_contagens, disparo_reenvios, canal_limites, canal_pausas, "
            "supressoes, avisos_de_entrega, eventos, tenants",
        )
        run(self.owner, "UPDATE leads SET status = 'novo'")


class Disparar(RuleBasedStateMachine):
    """People, workers, the provider and time, each as inconvenient as it can be."""

    def __init__(self, mundo: Mundo) -> None:
        super().__init__()
        mundo.clear()
        self.owner, self.leads, self.ask = mundo.owner, mundo.leads, mundo.ask
        self.clock = clock = StoppedClock()
        self.settings = Settings(micro_agent_disparo_enabled=True)
        self.queue = self.settings.dispatch_queue
        self.fila = Fila(self.queue, clock)
        self.provider = Provider(mundo.owner, clock)
        self.asleep: list[Worker] = []
        api: dict[str, Any] = {"database": mundo.api, "clock": clock}
        wakeups = self.wakeups(self.fila)
        self.service = Disparos(**api, wakeups=wakeups, max_tentativas=3)
        self.reenvios = Resends(**api, wakeups=wakeups)
        self.resolucoes = Settlements(**api)
        self.canais = ChannelPauses(**api, wakeups=wakeups)
        self.supressoes = Suppressions(**api)
        self.signer = Signer(lambda: ["chave"])
        self.webhooks = Webhooks(
            **api,
            secrets=_Secrets(),
            secret_of=str,
            signer=self.signer,
            public_url=None,  # type: ignore[arg-type]
        )
        owned: dict[str, Any] = {"database": mundo.owner, "clock": clock}
        wake = Waker(**owned, queues=self.fila).wake  # type: ignore[arg-type]
        self.the_sweep = Sweep(
            {
                "disparos": partial(wake, "wake_lost_disparos", self.queue, "disparo_id"),
                "canais": PausedChannels(**owned, wakeups=wakeups).tend,
                "contagens": CounterFolding(**owned, many=5).fold,
                "entregas": LateReports(**owned).settle,
            }
        )

    def wakeups(self, fila: Any) -> Wakeups:
        return Wakeups(queues=fila, schedules=self.fila, queue=self.queue, clock=self.clock)  # type: ignore[arg-type]

    def one(self, number: int) -> Conhecido:
        return self.provider.disparos[number % len(self.provider.disparos)]

    def has_disparos(self) -> bool:
        return bool(self.provider.disparos)

    # People

    @initialize(
        limites=st.tuples(*[st.sampled_from(LIMITES)] * 4),
        janela=st.booleans(),
        desejos=st.lists(DESEJOS, min_size=4, max_size=8),
        turno=TURNOS,
    )
    def there_is_something_to_do(
        self, limites: Sequence[dict[str, int]], desejos: Sequence[Desejo], turno: Turno, *, janela: bool
    ) -> None:
        for n, tenant_id in enumerate(TENANTS):
            self.configure(tenant_id, limites[2 * n], limites[2 * n + 1], janela=janela or n == 0)
        self.somebody_creates_some(desejos)
        self.what_is_queued_arrives(turno, "once")

    @rule(desejos=st.lists(DESEJOS, min_size=1, max_size=4))
    def somebody_creates_some(self, desejos: Sequence[Desejo]) -> None:
        for each in desejos:
            self.create(each)

    def create(self, desejo: Desejo) -> None:
        tenant_id, lead_id, telefones, emails = self.leads[desejo.lead]
        is_whatsapp = desejo.canal == "whatsapp"
        destinos = telefones if is_whatsapp else emails
        destino = destinos[desejo.contato % len(destinos)]
        now = self.clock.advance(milliseconds=1)
        agendar_para = desejo.agendar and now + desejo.agendar
        wish = {
            "canal": desejo.canal,
            "template": "oi" if is_whatsapp else "oi-email",
            "payload": {"variaveis": {"nome": "Maria"}},
            "telefone_id" if is_whatsapp else "email_id": self.contato_id(lead_id, destino),
            "agendar_para": agendar_para,
            "expira_em": desejo.expira and (agendar_para or now) + desejo.expira,
            "ignorar_janela": desejo.ignorar_janela,
            "usar_alternativos": desejo.usar_alternativos,
        }
        made = self.service.create(tenant_id, lead_id, NewDisparo.model_validate(wish))
        self.provider.know(
            Conhecido(
                numero=len(self.provider.disparos), tenant_id=tenant_id, disparo_id=made["disparo_id"],
                canal=desejo.canal, destino=destino, telefone=destino if is_whatsapp else telefones[0],
                expira_em=made["expira_em"], ignorar_janela=desejo.ignorar_janela,
            )
        )  # fmt: skip

    def contato_id(self, lead_id: UUID, destino: str) -> UUID:
        [[found]] = self.ask(f"SELECT contato_id({literal(lead_id)}, {literal(destino)})")
        return UUID(str(found))

    @precondition(has_disparos)
    @rule(what=st.sampled_from(sorted(DECIDABLE)), which=NUMBERS)
    def somebody_decides(self, what: str, which: int) -> None:
        """What a person may ask for, mostly where it can be done."""
        statuses = dict(map(tuple, self.ask("SELECT disparo_id, status FROM disparos")))
        fit = [each for each in self.provider.disparos if statuses[each.disparo_id] in DECIDABLE[what]]
        disparo = fit[which % len(fit)] if fit else self.one(which)
        self.clock.advance(milliseconds=1)
        with suppress(Conflict):
            getattr(self, what)(disparo, (disparo.tenant_id, disparo.disparo_id))

    def cancel(self, disparo: Conhecido, names: tuple[str, UUID]) -> None:
        self.service.cancel(*names)
        disparo.is_cancelled = True

    def send_again(self, _: Conhecido, names: tuple[str, UUID]) -> None:
        self.reenvios.one(*names)

    def send_all_again(self, disparo: Conhecido, _: tuple[str, UUID]) -> None:
        self.reenvios.many(disparo.tenant_id, ResendRequest.model_validate({"canal": disparo.canal}))

    def find_out(self, disparo: Conhecido, names: tuple[str, UUID]) -> None:
        """By asking the provider: what a person says is true, and while a message may still leave they do not know. Of
        what was taken and could not be delivered the provider itself has more to say."""
        has_bounced = bool(disparo.recebidas) and not disparo.is_there
        if not disparo.is_under_way and not has_bounced:
            self.resolucoes.resolve(*names, Resolution.ENVIADO if disparo.is_there else Resolution.NAO_ENVIADO)
            disparo.end_doubt()

    def confirm(self, disparo: Conhecido, names: tuple[str, UUID]) -> None:
        """Because the lead said so."""
        if disparo.is_there:
            self.resolucoes.confirm(*names)
            disparo.end_doubt()
            for each in disparo.recebidas:
                each.situacao = "entregue" if each.situacao == "aceita" else each.situacao

    @rule(
        what=st.sampled_from(["opt_out", "say_stop", "consent", "consent", "pause", "resume", "resume", "configure"]),
        tenant_id=st.sampled_from(TENANTS),
        canal=st.sampled_from(CANAIS),
        which=NUMBERS,
        limites=st.tuples(*[st.sampled_from(LIMITES)] * 2),
        janela=st.booleans(),
    )
    def terms_change(
        self, what: str, tenant_id: str, canal: str, which: int, limites: Sequence[dict[str, int]], *, janela: bool
    ) -> None:
        self.clock.advance(milliseconds=1)
        match what:
            case "configure":
                self.configure(tenant_id, *limites, janela=janela)
            case "pause" | "resume":
                getattr(self.canais, what)(self.admin(tenant_id), canal)
                self.provider.paused.discard((tenant_id, canal))
                if what == "pause":
                    self.provider.paused.add((tenant_id, canal))
            case "consent":
                for each in self.supressoes.page(tenant_id, SuppressionQuery())["itens"]:
                    self.supressoes.remove(
                        self.admin(tenant_id), each["supressao_id"], SuppressionRemoval(novo_consentimento=True)
                    )
                self.provider.suppressed = {each for each in self.provider.suppressed if each[0] != tenant_id}
            case _:
                self.opt_out(tenant_id, canal, which, is_reply=what == "say_stop")

    def opt_out(self, tenant_id: str, canal: str, which: int, *, is_reply: bool) -> None:
        of_tenant = [each for each in self.leads if each[0] == tenant_id]
        _, _, telefones, emails = of_tenant[which % len(of_tenant)]
        contatos = telefones if canal == "whatsapp" else emails
        contato = contatos[which % len(contatos)]
        if is_reply:
            self.post(tenant_id, canal, respostas=[{"de": contato, "texto": "Sair"}])
        else:
            self.supressoes.add(tenant_id, NewSuppression.model_validate({"canal": canal, "contato": contato}))
        self.provider.suppressed.add((tenant_id, canal, contato))

    def configure(self, tenant_id: str, whatsapp: dict[str, int], email: dict[str, int], *, janela: bool) -> None:
        document = {"limites": {"whatsapp": whatsapp, "email": email}, "janela": {"ligada": janela}}
        run(self.owner, f"DELETE FROM tenants WHERE tenant_id = {literal(tenant_id)}")
        insert(self.owner, "tenants", tenant_id=tenant_id, config=document)
        self.provider.configure(tenant_id, stored_config(document))

    @staticmethod
    def admin(tenant_id: str) -> Identity:
        return Identity(tenant_id, "u", frozenset({ADMIN}))

    # The provider

    @precondition(has_disparos)
    @rule(which=NUMBERS, failed=st.booleans(), said=st.sampled_from(["enviado", "agora", "agora"]),
          by_reference=st.booleans(), suprimir=st.booleans(), alternativo=st.booleans())  # fmt: skip
    def the_provider_reports(
        self, which: int, said: str, *, failed: bool, by_reference: bool, suprimir: bool, alternativo: bool
    ) -> None:
        """Early, late, again and in any order; with our reference or without; but never what is not so."""
        if not self.provider.recebidas:
            return
        self.clock.advance(milliseconds=1)
        disparo, recebida = self.provider.recebidas[which % len(self.provider.recebidas)]
        if said == "agora" and recebida.situacao == "aceita":
            recebida.situacao = "falhou" if failed else "entregue"
        what: dict[str, Any] = {"message_id": recebida.message_id, "situacao": "enviado"}
        if said == "agora" and recebida.situacao != "aceita":
            what["situacao"] = recebida.situacao
        if by_reference:
            what["disparo_id"] = str(disparo.disparo_id)
        if what["situacao"] == "falhou":
            what |= {"codigo": "131026", "suprimir": suprimir, "alternativo": alternativo}
            disparo.end_doubt()
        self.post(disparo.tenant_id, disparo.canal, entregas=[what])
        self.learn_who_opted_out()

    def post(self, tenant_id: str, canal: str, **document: object) -> None:
        chave = self.signer.sign(f"webhook/{canal}", tenant_id.encode())
        self.webhooks.receive(canal, WebhookQuery(chave=chave), {SECRET_HEADER: SHARED}, json.dumps(document).encode())

    def learn_who_opted_out(self) -> None:
        """Of those that the provider tells us of, only whom we wrote down can be left in peace."""
        rows = self.ask("SELECT tenant_id, canal, contato FROM supressoes WHERE motivo = 'provedor'")
        self.provider.suppressed |= set(map(tuple, rows))

    # Time

    @rule(how_long=st.sampled_from(A_WHILE), turno=TURNOS)
    def time_passes(self, how_long: timedelta, turno: Turno) -> None:
        self.clock.now += how_long
        self.what_is_queued_arrives(turno, "once")

    @rule(turno=TURNOS, is_late=st.booleans())
    def time_passes_until_something_is_due(self, turno: Turno, *, is_late: bool) -> None:
        [[due]] = self.ask(
            f"SELECT min(quando) FROM ({_WAITING}) w WHERE quando > {literal(self.clock())}",
        )
        if due is not None:
            self.clock.now = due + timedelta(seconds=61 * is_late)
        self.somebody_is_woken(None, turno, misnamed=False)

    # Wake-ups, workers, sweeps

    @rule(turno=TURNOS)
    def the_sweep_comes(self, turno: Turno) -> None:
        self.clock.advance(milliseconds=1)
        self.the_sweep.run()
        self.what_is_queued_arrives(turno, "once")

    @rule(turno=TURNOS, how=st.sampled_from(["once", "once", "again", "never"]))
    def what_is_queued_arrives(self, turno: Turno, how: str) -> None:
        """Or is lost, or will come once more."""
        due = self.fila.take()
        if how == "again":
            self.fila.waiting += [(self.clock(), body) for body in due]
        if how != "never":
            self.work(due, turno)

    @precondition(has_disparos)
    @rule(who=WHO, turno=TURNOS, misnamed=st.booleans())
    def somebody_is_woken(self, who: list[int] | None, turno: Turno, *, misnamed: bool) -> None:
        """Too early, too late, twice, long after the end, and under the name of another tenant."""
        chosen = self.provider.disparos if who is None else [self.one(each) for each in who]
        bodies = [{"tenant_id": each.tenant_id, "disparo_id": str(each.disparo_id)} for each in chosen]
        if misnamed:
            bodies += [{**each, "tenant_id": next(t for t in TENANTS if t != each["tenant_id"])} for each in bodies]
        self.work(bodies, turno)

    @rule(which=NUMBERS, too_late=st.booleans(), turno=TURNOS)
    def a_sleeper_wakes(self, which: int, turno: Turno, *, too_late: bool) -> None:
        """In time, or after its lease has lapsed and others have looked for what it held: they may be at it still."""
        if not self.asleep:
            return
        worker = self.asleep[which % len(self.asleep)]
        self.clock.advance(milliseconds=1)
        if too_late:
            self.clock.advance(seconds=self.settings.dispatch_lease_s)
            self.somebody_is_woken(None, turno, misnamed=False)
        self.asleep.remove(worker)
        worker.wake()
        self.look_back(worker)

    def work(self, bodies: Sequence[Mapping[str, object]], turno: Turno) -> None:
        self.clock.advance(milliseconds=1)
        worker = Worker(turno)
        bodies = [each for each in bodies if turno.canal in {None, self.canal_of(each)}]
        fila = MortalFila(self.fila, worker)
        executor = Executor(
            database=MortalDatabase(self.owner, worker),  # type: ignore[arg-type]
            senders=WorkerSenders(self.provider, worker),  # type: ignore[arg-type]
            wakeups=self.wakeups(fila),
            queues=fila,  # type: ignore[arg-type]
            publish=lambda: 0,
            unsubscribe_url=lambda *_: None,
            tracer=Tracer(enabled=False),
            settings=self.settings.model_copy(update={"micro_agent_disparo_enabled": turno.is_enabled}),
            clock=self.clock,
            random=lambda: turno.sorteio,
        )
        worker.work(lambda: executor.run({"Records": [{"messageId": "1", "body": json.dumps(b)} for b in bodies]}))
        if worker.is_asleep:
            self.asleep.append(worker)
        else:
            self.look_back(worker)

    def canal_of(self, body: Mapping[str, object]) -> str:
        self.provider.discover()
        return self.provider.by_id[UUID(str(body["disparo_id"]))].canal

    def look_back(self, worker: Worker) -> None:
        """A worker is through: it raised only for a reason, and what it was answered is written down if it lived."""
        if worker.error is not None and not (worker.turno.bug and isinstance(worker.error, BatchCrashed)):
            raise worker.error
        if not (worker.is_dead or worker.slept or worker.turno.bug):
            written = {(row[0], row[1]): row[2] for row in self.history()}
            for each in worker.tentativas:
                assert written.get((each.disparo.disparo_id, each.passo)) == CLASSES[type(each.fate.outcome).__name__]
        self.learn_who_opted_out()

    # What is always so

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        self.every_promise_was_kept()
        self.statuses_tell_the_truth()
        self.history_tells_the_truth()
        self.counters_count()
        self.every_end_was_told()
        self.a_pause_lasts_until_a_person_ends_it()
        self.who_opted_out_is_written_down()

    def every_promise_was_kept(self) -> None:
        assert self.provider.broken == []

    def statuses_tell_the_truth(self) -> None:
        self.provider.discover()
        kept = {row[0] for row in self.ask("SELECT provider_message_id FROM avisos_de_entrega")}
        rows = self.ask("SELECT disparo_id, status, em_duvida FROM disparos")
        assert {row[0] for row in rows} == self.provider.by_id.keys()
        for disparo_id, status, em_duvida in rows:
            disparo = self.provider.by_id[disparo_id]
            found = f"disparo {disparo.numero} is {status}: {disparo.recebidas}"
            if status in UNSENT:
                assert not disparo.is_there, found
            if status == "enviado":
                assert disparo.is_there or any(each.message_id in kept for each in disparo.recebidas), found
            if status == "confirmado":
                assert any(each.situacao == "entregue" for each in disparo.recebidas), found
            if status == "pendente" and not em_duvida:
                assert not disparo.is_there, found
            if disparo.is_cancelled:
                assert status == "cancelado", found

    def history(self) -> list[list[Any]]:
        return self.ask(
            "SELECT disparo_id, passo, classe, codigo, provider_message_id, latencia_ms FROM disparo_tentativas "
            "ORDER BY disparo_id, passo",
        )

    def history_tells_the_truth(self) -> None:
        steps: dict[UUID, list[list[Any]]] = {each: [] for each in self.provider.by_id}
        for row in self.history():
            steps[row[0]].append(row)
        for disparo_id, passos, status in self.ask("SELECT disparo_id, passos, status FROM disparos"):
            disparo = self.provider.by_id[disparo_id]
            told = steps[disparo_id]
            is_at_it = status == "enviando"
            assert [row[1] for row in told] == list(range(1, passos + (not is_at_it)))
            tried = {each.passo: each for each in disparo.tentativas}
            assert len(tried) == len(disparo.tentativas)
            ids = {each.message_id for each in disparo.recebidas}
            for _, passo, classe, codigo, message_id, latencia_ms in told:
                if classe in CLASSES.values():
                    each = tried[passo]
                    outcome = each.fate.outcome
                    assert classe == CLASSES[type(outcome).__name__]
                    assert latencia_ms == each.latencia_ms
                    assert codigo == getattr(outcome, "codigo", None)
                    assert message_id == (each.recebida.message_id if each.recebida and classe == "enviado" else None)
                elif classe in PROVIDERS_WORDS:
                    assert message_id in ids
                else:
                    assert message_id is None
                    assert passo not in tried or classe == "lease_vencida"
            unwritten = tried.keys() - {row[1] for row in told}
            assert unwritten <= ({passos} if is_at_it else set())

    def counters_count(self) -> None:
        names = "tenant_id, canal, status"
        counted = self.ask(
            f"SELECT {names}, motivo, CAST(sum(quantos) AS bigint) FROM disparo_contagens "
            "WHERE quando = '-infinity' GROUP BY 1, 2, 3, 4 HAVING sum(quantos) <> 0 ORDER BY 1, 2, 3, 4",
        )
        there = self.ask(
            f"SELECT {names}, coalesce(espera, erro_codigo, ''), count(*) FROM disparos "
            "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        )
        assert sorted(counted) == sorted(there)

    def every_end_was_told(self) -> None:
        rows = self.ask(
            "SELECT d.disparo_id, d.status, (SELECT e.detalhe->>'status' FROM eventos e "
            "WHERE e.tenant_id = d.tenant_id AND e.detalhe->>'disparo_id' = d.disparo_id::text "
            "ORDER BY e.evento_id DESC LIMIT 1) FROM disparos d",
        )
        for _, status, told in rows:
            assert status not in TOLD or told == status

    def a_pause_lasts_until_a_person_ends_it(self) -> None:
        rows = self.ask("SELECT tenant_id, canal FROM canal_pausas WHERE sondar_em IS NULL")
        assert set(map(tuple, rows)) == self.provider.paused

    def who_opted_out_is_written_down(self) -> None:
        rows = self.ask("SELECT tenant_id, canal, contato FROM supressoes")
        assert set(map(tuple, rows)) == self.provider.suppressed

    # None is lost

    def teardown(self) -> None:
        """Every wake-up is lost, people and provider are well again: the sweep alone brings all of it to an end."""
        try:
            for worker in self.asleep:
                worker.wake()
                self.look_back(worker)
            self.asleep.clear()
            self.fila.waiting.clear()
            for tenant_id, canal in sorted(self.provider.paused):
                self.canais.resume(self.admin(tenant_id), canal)
            self.provider.paused.clear()
            self.drain()
            self.all_is_as_it_should_be()
        finally:
            for worker in self.asleep:
                worker.wake()

    def drain(self) -> None:
        overdue: Counter[UUID] = Counter()
        waiting: list[list[Any]] = []
        for n in range(300):
            if n == _PATIENCE:
                for tenant_id in TENANTS:
                    self.configure(tenant_id, {}, {}, janela=True)
            waiting = self.ask(f"{_WAITING} ORDER BY quando")
            if not waiting:
                return
            overdue = Counter({row[0]: overdue[row[0]] + 1 for row in waiting if row[1] <= self.clock()})
            assert max(overdue.values(), default=0) <= 3, "nobody comes for it"
            self.clock.now = max(self.clock() + timedelta(minutes=5, seconds=1), waiting[0][1] + timedelta(seconds=61))
            self.the_sweep.run()
            while due := self.fila.take():
                self.work(due, Turno())
        pytest.fail(f"it does not end: {waiting}, now {self.clock()}")


@pytest.fixture(scope="module")
def mundo(postgres: Postgres, template_database: str) -> Iterator[Mundo]:
    postgres.create_database("model", template=template_database)
    owner, api = Database(lambda: postgres.owner_url("model")), Database(lambda: postgres.api_url("model"))
    observer = connect(postgres.owner_url("model"))
    yield Mundo(owner, api, observer)
    for each in (observer, owner, api):
        each.close()
    postgres.drop_database("model")


@pytest.mark.hypothesis
def test_disparos_keep_every_promise_whatever_happens(mundo: Mundo) -> None:
    budget = settings(max_examples=settings.default.max_examples // 4, stateful_step_count=40)
    run_state_machine_as_test(partial(Disparar, mundo), settings=budget)


# What it found, or finds only now and then: told to it step by step.

SOON = Desejo(0, "email", 0, None, None, ignorar_janela=True, usar_alternativos=True)


def told(mundo: Mundo, *desejos: Desejo, **limite: int) -> Disparar:
    """A machine with these disparos, of which nothing has left yet."""
    machine = Disparar(mundo)
    machine.there_is_something_to_do((limite, limite, {}, {}), desejos, Turno(dies_at=0), janela=False)
    return machine


def test_late_word_of_a_sleeper_is_not_taken_for_that_of_who_is_at_it_now(mundo: Mundo) -> None:
    machine = told(mundo, SOON)
    machine.somebody_is_woken([0], Turno(sleeps="depois"), misnamed=False)
    machine.clock.advance(seconds=180)
    machine.somebody_is_woken([0], Turno(bug=True), misnamed=False)
    machine.a_sleeper_wakes(0, Turno(), too_late=False)
    machine.all_is_as_it_should_be()
    assert mundo.ask("SELECT status FROM disparos") == [["enviando"]]
    machine.teardown()


def test_what_could_not_be_delivered_is_sent_again_under_another_key(mundo: Mundo) -> None:
    machine = told(mundo, SOON)
    machine.somebody_is_woken([0], Turno(), misnamed=False)
    machine.the_provider_reports(0, "agora", failed=True, by_reference=False, suprimir=False, alternativo=False)
    machine.somebody_decides("send_again", 0)
    machine.somebody_is_woken([0], Turno(), misnamed=False)
    machine.all_is_as_it_should_be()
    assert [recebida.situacao for _, recebida in machine.provider.recebidas] == ["falhou", "aceita"]
    machine.teardown()


def test_what_yesterday_did_not_use_is_not_added_to_today(mundo: Mundo) -> None:
    """A worker that comes back after midnight with a refusal gives yesterday's budget back, not today's."""
    machine = told(mundo, *[SOON._replace(canal="whatsapp", contato=n) for n in range(3)], por_dia=1)
    machine.clock.now = datetime(2026, 11, 25, 23, 59, tzinfo=FUSO)
    machine.somebody_is_woken([0], Turno(fates=(Fate(Transient("131016")),), sleeps="depois"), misnamed=False)
    machine.clock.advance(minutes=2)
    machine.somebody_is_woken([1], Turno(), misnamed=False)
    machine.a_sleeper_wakes(0, Turno(), too_late=False)
    machine.somebody_is_woken([2], Turno(), misnamed=False)
    machine.all_is_as_it_should_be()
    assert len(machine.provider.recebidas) == 1
    machine.teardown()
