"""Takes disparos for a worker and writes down what became of them: the executor's side of the database.

A claim is a lease under an owner of its own. Whoever records must still hold it, so that a worker that was given up for
dead changes nothing when it speaks at last. Each claim is one step in the history of its disparo.

Wake-ups only say that there is something to do. A claim takes up what else is due, tenants in turn: a flood of one
tenant's wake-ups stands before nobody, and thousands that wait for their places need one wake-up at a time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID, uuid4

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.adapters.queues import MAX_DELAY_S
from chalicelib.dispatch.rules.policy import CHANNEL_PAUSE, LEASE_LAPSED, ClaimedDisparo, DisparoUpdate
from chalicelib.dispatch.states import DisparoStatus
from chalicelib.dispatch.wakeups import WITH_A_WAKEUP, Wakeup, WakeupTarget
from chalicelib.dispatch.worker.pauses import follow_attempts
from chalicelib.ids import new_id
from chalicelib.leads.states import LeadFact, move_of
from chalicelib.tenants.config import TenantConfig, stored_config

# Two ends, two events; `status` says which kind of it.
_EVENTS = {
    DisparoStatus.ENVIADO: "disparo.completed",
    DisparoStatus.SIMULADO: "disparo.completed",
    DisparoStatus.ERRO: "disparo.failed",
    DisparoStatus.INCERTO: "disparo.failed",
    DisparoStatus.SUPRIMIDO: "disparo.failed",
    DisparoStatus.EXPIRADO: "disparo.failed",
}
# Ends that leave the lead unreached.
_UNREACHED = frozenset({DisparoStatus.ERRO, DisparoStatus.SUPRIMIDO, DisparoStatus.EXPIRADO})
# What somebody else is just claiming, or marking, is looked at again so much later.
_LOCKED_PATIENCE = timedelta(seconds=5)
# A claim is filled up to so many with what else is due; and so many of that are looked for however many were called.
_FULL = 1_000
_OTHERS = 100
# What has been due for so long that its own wake-up stands behind others.
_BEHIND = timedelta(milliseconds=250)
# One that was sent for all of a tenant's is lost when it has not come for so long.
_AGAIN = timedelta(minutes=5)


class Claim(NamedTuple):
    """What one worker took under its own mark, how its tenants are configured, and whom of those that were called and
    not taken to wake up again."""

    dono: UUID
    tomados: list[ClaimedDisparo]
    configs: dict[str, TenantConfig]
    waiting: list[Wakeup]


class Recorded(NamedTuple):
    """What was really written, and whom to wake up because of it beside those that wait themselves."""

    registros: list[DisparoUpdate]
    wakeups: list[Wakeup]


class _Ended(NamedTuple):
    tenant_id: str
    lead_id: UUID


class Claims:
    """`database` is the owner's login: one batch holds disparos of many tenants."""

    def __init__(self, *, database: Database, clock: Clock, lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)

    def take(self, chamados: Sequence[WakeupTarget]) -> Claim:
        """Claim those that are due, or that a dead worker left behind, and what else is due while there is room; of the
        others, say which still wait."""
        return retried(lambda: self._take(chamados))

    def wake_next(self, tenant_ids: Collection[str]) -> list[Wakeup]:
        """The one wake-up that is missing for each of these tenants with anything that waits and is not told of."""
        return retried(lambda: self._wake_next(sorted(tenant_ids)))

    def record(self, claim: Claim, registros: Sequence[DisparoUpdate]) -> Recorded:
        """Write down what became of the claimed, with all that follows: history, events, successors, opt-outs, pauses,
        and what it means for their leads. What a lease was lost of is not written."""
        return retried(lambda: self._record(claim, registros)) if registros else Recorded([], [])

    def _take(self, chamados: Sequence[WakeupTarget]) -> Claim:
        now = self._clock()
        dono = uuid4()
        with self._database.across_tenants() as rows:
            found = rows.all(
                "claim_disparos",
                **_ids(chamados),
                agora=now,
                dono=dono,
                lease_ate=now + self._lease,
                lease_vencida=LEASE_LAPSED,
                sondar_em=now + CHANNEL_PAUSE,
                lugares=max(_OTHERS, _FULL - len(chamados)),
                calmo=now - _BEHIND,
            )
            taken = {(row["tenant_id"], row["disparo_id"]) for row in found}
            left = [each for each in chamados if (each.tenant_id, each.disparo_id) not in taken]
            waiting = rows.all("list_unclaimed_disparos", **_ids(left), agora=now) if left else []
        configs = {row["tenant_id"]: stored_config(row["config"]) for row in found if row["config"] is not None}
        return Claim(dono, _tomados(found), configs, _again(waiting, now))

    def _wake_next(self, tenant_ids: list[str]) -> list[Wakeup]:
        now = self._clock()
        with self._database.across_tenants() as rows:
            found = rows.all(
                "wake_next_disparos",
                tenant_ids=tenant_ids,
                agora=now,
                ate=now + timedelta(seconds=MAX_DELAY_S),
                calmo=now - _BEHIND,
                acordado_antes=now - _AGAIN,
            )
        return [Wakeup(row["tenant_id"], row["disparo_id"], row["quando"]) for row in found]

    def _record(self, claim: Claim, registros: Sequence[DisparoUpdate]) -> Recorded:
        now = self._clock()
        with self._database.across_tenants() as rows:
            document = json.dumps([_columns(each, now) for each in registros], default=str)
            found = rows.all("record_disparos", registros=document, dono=claim.dono, agora=now)
            written = {(row["tenant_id"], row["disparo_id"]) for row in found}
            recorded = [each for each in registros if (each.disparo.tenant_id, each.disparo.disparo_id) in written]
            wakeups = _successors(rows, recorded, now) + follow_attempts(rows, recorded, now)
            _suppress(rows, recorded, now)
            _give_up_leads(rows, recorded, now)
        return Recorded(recorded, wakeups)


def _tomados(found: Iterable[Row]) -> list[ClaimedDisparo]:
    """The claimed, each with the words of its template, which came with the first of those that share them."""
    words = {_template(row): row["palavras"] for row in found if row["palavras"] is not None}
    apart = ("palavras", "config", "template_versao")
    return [
        ClaimedDisparo(**{name: value for name, value in row.items() if name not in apart}, **words[_template(row)])
        for row in found
    ]


def _template(row: Row) -> tuple[str, str, int]:
    return row["tenant_id"], row["template"], row["template_versao"]


def _again(waiting: Iterable[Row], now: datetime) -> list[Wakeup]:
    """Each at its time, where the wake-up came too early; of a tenant's that are due one, in a moment, is enough."""
    due = {row["tenant_id"]: row for row in waiting if row["enviar_apos"] <= now}
    early = [row for row in waiting if row["enviar_apos"] > now]
    return [
        *(Wakeup(tenant_id, row["disparo_id"], now + _LOCKED_PATIENCE) for tenant_id, row in due.items()),
        *(Wakeup(row["tenant_id"], row["disparo_id"], row["enviar_apos"], row["tentativas"]) for row in early),
    ]


def _ids(disparos: Iterable[WakeupTarget]) -> dict[str, list[object]]:
    pairs = [(each.tenant_id, each.disparo_id) for each in disparos]
    return {"tenant_ids": [tenant_id for tenant_id, _ in pairs], "disparo_ids": [id_ for _, id_ in pairs]}


def _columns(registro: DisparoUpdate, now: datetime) -> dict[str, object]:
    disparo, passo, tipo = registro.disparo, registro.passo, _EVENTS.get(registro.status)
    return {
        "tenant_id": disparo.tenant_id,
        "disparo_id": disparo.disparo_id,
        "status": registro.status.value,
        "tentativas": registro.tentativas,
        "em_duvida": registro.em_duvida,
        "enviar_apos": _written(registro.enviar_apos),
        "espera": registro.espera and registro.espera.value,
        "provider_message_id": registro.provider_message_id,
        "ultimo_codigo": registro.ultimo_codigo,
        "erro_codigo": registro.erro_codigo,
        "tentativa": disparo.tentativas if passo.tentou else None,
        "classe": passo.classe.value,
        "codigo": passo.codigo,
        "latencia_ms": None if passo.latencia_s is None else round(passo.latencia_s * 1000),
        "evento_id": tipo and new_id(now),
        "tipo": tipo,
        "detalhe": tipo
        and {
            "disparo_id": disparo.disparo_id,
            "lead_id": disparo.lead_id,
            "canal": disparo.canal,
            "status": registro.status.value,
            "erro_codigo": registro.erro_codigo,
            "ultimo_codigo": registro.ultimo_codigo,
        },
    }


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def wakeup_of(registro: DisparoUpdate) -> Wakeup | None:
    """The wake-up of a disparo that waits for something of its own; None for every other one."""
    if registro.enviar_apos is None or registro.espera not in WITH_A_WAKEUP:
        return None
    names = registro.disparo.tenant_id, registro.disparo.disparo_id
    return Wakeup(*names, registro.enviar_apos, registro.tentativas)


def _successors(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> list[Wakeup]:
    """Make the disparos that go on with the lead's next contact, where it has one."""
    failed = [
        {"tenant_id": each.disparo.tenant_id, "disparo_id": each.disparo.disparo_id, "novo_id": new_id(now)}
        for each in recorded
        if each.tentar_alternativo
    ]
    if not failed:
        return []
    made = rows.all("insert_alternatives", falhos=json.dumps(failed, default=str), agora=now)
    return [Wakeup(row["tenant_id"], row["disparo_id"], row["enviar_apos"]) for row in made]


def _suppress(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> None:
    """Remember who has opted out."""
    gone = [
        {"tenant_id": each.disparo.tenant_id, "disparo_id": each.disparo.disparo_id, "supressao_id": new_id(now)}
        for each in recorded
        if each.suprimir
    ]
    if gone:
        rows.run("suppress_destinos", suprimidos=json.dumps(gone, default=str), agora=now)


def _give_up_leads(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> None:
    """Move the leads whose last disparo has failed; tenants and leads in their order, so that no two workers cross."""
    ended = sorted(
        {_Ended(each.disparo.tenant_id, each.disparo.lead_id) for each in recorded if each.status in _UNREACHED}
    )
    de, para = move_of(LeadFact.DISPARO_ESGOTADO)
    for tenant_id, of_tenant in groupby(ended, key=lambda each: each.tenant_id):
        lead_ids = [each.lead_id for each in of_tenant]
        rows.all("lock_leads", tenant_id=tenant_id, lead_ids=lead_ids)
        exhausted = [row["lead_id"] for row in rows.all("list_exhausted_leads", tenant_id=tenant_id, lead_ids=lead_ids)]
        rows.run("move_leads", tenant_id=tenant_id, lead_ids=exhausted, de=de, para=para, agora=now)
