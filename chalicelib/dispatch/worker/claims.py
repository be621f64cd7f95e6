"""Claims disparos for a worker and records what became of them: the executor's side of the database.

A claim is a lease under an owner of its own. Only the holder of the lease may record, so a worker whose lease was taken
over changes nothing when it finishes late. Each claim is one step in the history of its disparo.

Claimed is not begun. A portion of disparos is marked as begun (`iniciado_em`) just before it is handed to the provider.
When a worker dies, only what it had begun and not recorded is in doubt; everything else is sent by the next worker.

Wake-ups only say that there is something to do. A claim takes up what else is due, tenants in turns. So a flood of one
tenant's wake-ups holds up no other tenant, and thousands of waiting disparos need one wake-up at a time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import MAX_DELAY_S, WakeupTarget
from chalicelib.canal import Canal
from chalicelib.dispatch.rules.demands import scalars_of
from chalicelib.dispatch.rules.policy import (
    CHANNEL_PAUSE,
    LEASE_LAPSED,
    NOT_BEGUN,
    PAUSED_PATIENCE,
    ClaimedDisparo,
    DisparoUpdate,
    StepKind,
)
from chalicelib.dispatch.rules.recipients import verdict_of
from chalicelib.dispatch.states import EVENTS, LEAD_FACTS
from chalicelib.dispatch.wakeups import WITH_A_WAKEUP, Wakeup, Wakeups
from chalicelib.dispatch.worker.campaign_messages import (
    FailingCampaign,
    campaign_turns,
    frees_places,
    next_channels,
    pause_failing,
    recipients_of,
)
from chalicelib.dispatch.worker.pauses import channel_of, channels_down, follow_attempts
from chalicelib.erased import Contact, ErasedContacts, TenantContact
from chalicelib.ids import new_id
from chalicelib.leads import moves
from chalicelib.leads.states import LeadFact
from chalicelib.tenants.config import TenantConfig, stored_config

# A disparo that another worker is claiming or marking just now is looked at again after this.
_LOCKED_PATIENCE = timedelta(seconds=5)
# A claim is filled up to the first number with what else is due; it looks for the second number at least.
_FULL = 1_000
_OTHERS = 100
# Its own wake-up is late if a disparo has been due for this long: the claim takes it up.
_BEHIND = timedelta(milliseconds=250)
# The one wake-up for all that wait of a tenant counts as lost when it has not come for this long.
_AGAIN = timedelta(minutes=5)

_Key = tuple[str, UUID]


class Claim(NamedTuple):
    """What one worker claimed as `owner`, with the configuration of its tenants.

    `waiting` are wake-ups for the named disparos that we could not claim.
    """

    owner: UUID
    disparos: list[ClaimedDisparo]
    configs: dict[str, TenantConfig]
    waiting: list[Wakeup]


class Recorded(NamedTuple):
    """The updates that were really written, the wake-ups that follow from them, and which disparos are begun."""

    updates: list[DisparoUpdate]
    wakeups: list[Wakeup]
    begun: frozenset[_Key]


class Claims:
    """`database` is the owner's login: one batch holds disparos of many tenants."""

    def __init__(
        self, *, database: Database, clock: Clock, lease_s: float, erased: ErasedContacts | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)
        # Only who sends needs it.
        self._erased = erased

    def take(self, targets: Sequence[WakeupTarget]) -> Claim:
        """Claim the named disparos that are due or whose lease lapsed, and what else is due while there is room."""
        now, owner = self._clock(), uuid4()
        room = max(_OTHERS, _FULL - len(targets))

        def work(rows: Rows) -> tuple[list[Row], list[ClaimedDisparo], list[Row]]:
            found = rows.all(
                "claim_disparos",
                **_ids((each.tenant_id, each.row_id) for each in targets),
                agora=now,
                dono=owner,
                lease_ate=now + self._lease,
                lease_vencida=LEASE_LAPSED,
                nao_iniciado=NOT_BEGUN,
                sondar_em=now + CHANNEL_PAUSE,
                lugares=room,
                turnos=json.dumps(campaign_turns(rows, room, now), default=str),
                calmo=now - _BEHIND,
            )
            claimed = {(row["tenant_id"], row["disparo_id"]) for row in found}
            left = [each for each in targets if each not in claimed]
            unclaimed = rows.all("list_unclaimed_disparos", **_ids(left), agora=now) if left else []
            if left:
                rows.run("forget_wakeups", **_ids(left))
            return found, recipients_of(rows, self._without_erased(rows, _claimed(found)), now), unclaimed

        found, disparos, unclaimed = self._database.run_across_tenants(work)
        configs = {row["tenant_id"]: stored_config(row["config"]) for row in found if row["config"] is not None}
        return Claim(owner, disparos, configs, _woken_again(unclaimed, now))

    def _without_erased(self, rows: Rows, claimed: list[ClaimedDisparo]) -> list[ClaimedDisparo]:
        """The claimed disparos; those to contacts that were erased count as suppressed."""
        if self._erased is None or not claimed:
            return claimed
        contacts = [TenantContact(each.tenant_id, Contact(each.canal, each.destino)) for each in claimed]
        found = self._erased.erased_among(rows, contacts)
        if not found:
            return claimed
        return [
            replace(each, is_suppressed=each.is_suppressed or contact in found)
            for each, contact in zip(claimed, contacts, strict=True)
        ]

    def wake_next(self, tenant_ids: Collection[str]) -> list[Wakeup]:
        """The missing wake-up of each of these tenants that has something waiting and no wake-up on its way."""
        now = self._clock()
        params: dict[str, Any] = {
            "tenant_ids": sorted(tenant_ids),
            "agora": now,
            "ate": now + timedelta(seconds=MAX_DELAY_S),
            "calmo": now - _BEHIND,
            "acordado_antes": now - _AGAIN,
        }
        found = self._database.run_across_tenants(lambda rows: rows.all("wake_next_disparos", **params))
        return [Wakeup(row["tenant_id"], row["disparo_id"], row["quando"]) for row in found]

    def wake_campaigns(self) -> list[Wakeup]:
        """As `wake_next`, of every tenant with a campaign under way: what the sweep does for lost wake-ups."""
        found = self._database.run_across_tenants(lambda rows: rows.all("list_tenants_with_campaigns"))
        return self.wake_next([row["tenant_id"] for row in found]) if found else []

    def give_back(self, claim: Claim, disparos: Iterable[ClaimedDisparo]) -> None:
        """Put disparos back that may not be begun any more; what another worker has taken over stays as it is."""
        ours, now = list(disparos), self._clock()
        params = {
            **_ids((each.tenant_id, each.disparo_id) for each in ours),
            "canais": [each.canal.value for each in ours],
            "dono": claim.owner,
            "agora": now,
            "pausado_ate": now + PAUSED_PATIENCE,
        }
        self._database.run_across_tenants(lambda rows: rows.run("give_back_disparos", **params))

    def pause_failing(self, failing: Collection[FailingCampaign]) -> int:
        """Pause campaigns whose messages are refused too often, or cannot be sent as they are; how many."""
        now = self._clock()
        return self._database.run_across_tenants(lambda rows: pause_failing(rows, failing, now)) if failing else 0

    def record(self, claim: Claim, updates: Sequence[DisparoUpdate], begin: Sequence[ClaimedDisparo] = ()) -> Recorded:
        """Write what became of claimed disparos with all that follows, and mark the next portion as begun.

        What follows: history, events, successors, opt-outs, pauses. What their ends mean for leads is left to
        `move_leads`. Disparos whose lease was lost are neither written nor begun. Nor is anything begun by a channel
        that is paused, or that these updates show to be down. In most cases this is one statement, and a transaction of
        its own.
        """
        if not updates and not begin:
            return Recorded([], [], frozenset())
        now, down = self._clock(), channels_down(updates)
        params = {
            "registros": json.dumps([_columns(each, now) for each in updates], default=str),
            "iniciar": json.dumps([_beginning(each) for each in begin if channel_of(each) not in down], default=str),
            "dono": claim.owner,
            "agora": now,
        }
        if not any(_has_consequences(each) or frees_places(each, claim.configs) for each in updates):
            return _recorded(self._database.run_statement("record_disparos", **params), updates, [])

        def work(rows: Rows) -> Recorded:
            recorded = _recorded(rows.all("record_disparos", **params), updates, [])
            wakeups = _successors(rows, recorded.updates, now) + follow_attempts(rows, recorded.updates, now)
            next_channels(rows, recorded.updates, now)
            _suppress(rows, recorded.updates, now)
            # Whoever took the lease of a disparo over may have sent it: its place is theirs.
            freed = [each.disparo for each in recorded.updates if frees_places(each, claim.configs)]
            rows.run("free_person_places", **_ids((each.tenant_id, each.disparo_id) for each in freed))
            return recorded._replace(wakeups=wakeups)

        return self._database.run_across_tenants(work)

    def move_leads(self) -> int:
        """Move the leads whose disparos ended without reaching them, if no other one waits.

        Returns of how many disparos that was. A worker does so after its batch, and the sweep for one that died before.
        """
        now, total = self._clock(), 0
        while True:
            moved = self._database.run_across_tenants(lambda rows: _move_leads(rows, now))
            total += moved
            if moved < _FULL:
                return total


def wake_campaigns(claims: Claims, wakeups: Wakeups) -> int:
    """The sweep's part of campaigns: arrange the wake-ups that were lost; how many."""
    lost = claims.wake_campaigns()
    wakeups.arrange(lost)
    return len(lost)


def _claimed(found: Iterable[Row]) -> list[ClaimedDisparo]:
    """The claimed disparos, each with the words of its template, which came with the first row of each template."""
    words = {_template(row): _words(row["palavras"]) for row in found if row["palavras"] is not None}
    apart = ("palavras", "config", "template_versao", "canal", "variaveis")
    return [
        ClaimedDisparo(
            canal=Canal(row["canal"]),
            variaveis=scalars_of(row["variaveis"]),
            **{name: value for name, value in row.items() if name not in apart},
            **words[_template(row)],
        )
        for row in found
    ]


def _words(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored, "ordem": tuple(stored["ordem"])}


def _template(row: Row) -> tuple[str, str, int]:
    return row["tenant_id"], row["template"], row["template_versao"]


def _woken_again(unclaimed: Iterable[Row], now: datetime) -> list[Wakeup]:
    """A wake-up at its time for each that was woken too early; for those of a tenant that are due, one in a moment."""
    due = {row["tenant_id"]: row for row in unclaimed if row["enviar_apos"] <= now}
    early = [row for row in unclaimed if row["enviar_apos"] > now]
    return [
        *(Wakeup(tenant_id, row["disparo_id"], now + _LOCKED_PATIENCE) for tenant_id, row in due.items()),
        *(Wakeup(row["tenant_id"], row["disparo_id"], row["enviar_apos"], row["tentativas"]) for row in early),
    ]


def _ids(keys: Iterable[_Key]) -> dict[str, list[object]]:
    pairs = list(keys)
    return {"tenant_ids": [tenant_id for tenant_id, _ in pairs], "disparo_ids": [id_ for _, id_ in pairs]}


def _names(disparo: ClaimedDisparo) -> dict[str, object]:
    return {"tenant_id": disparo.tenant_id, "disparo_id": disparo.disparo_id}


def _beginning(disparo: ClaimedDisparo) -> dict[str, object]:
    columns = ("campanha_id", "agendamento_id", "canal", "is_probe")
    return {**_names(disparo), **{name: getattr(disparo, name) for name in columns}}


def _recorded(found: Iterable[Row], updates: Sequence[DisparoUpdate], wakeups: list[Wakeup]) -> Recorded:
    written, begun = set[_Key](), set[_Key]()
    for row in found:
        (begun if row["iniciado"] else written).add((row["tenant_id"], row["disparo_id"]))
    kept = [each for each in updates if (each.disparo.tenant_id, each.disparo.disparo_id) in written]
    return Recorded(kept, wakeups, frozenset(begun))


def _columns(update: DisparoUpdate, now: datetime) -> dict[str, object]:
    disparo, step, event = update.disparo, update.step, EVENTS.get(update.status)
    return {
        **_names(disparo),
        "status": update.status.value,
        "tentativas": update.tentativas,
        "em_duvida": update.em_duvida,
        "enviar_apos": update.enviar_apos and update.enviar_apos.isoformat(),
        "espera": update.espera and update.espera.value,
        "provider_message_id": update.provider_message_id,
        "ultimo_codigo": update.ultimo_codigo,
        "erro_codigo": update.erro_codigo,
        "fim_sem_contato": update.status in LEAD_FACTS and not disparo.moves_no_lead,
        "desfecho": verdict_of(update),
        "tentativa": disparo.tentativas if step.was_sent else None,
        "classe": step.kind.value,
        "codigo": step.code,
        "latencia_ms": None if step.latency_s is None else round(step.latency_s * 1000),
        "evento_id": event and new_id(now),
        "tipo": event,
        "detalhe": event
        and {
            "disparo_id": disparo.disparo_id,
            "lead_id": disparo.lead_id,
            "canal": disparo.canal,
            "status": update.status.value,
            "erro_codigo": update.erro_codigo,
            "ultimo_codigo": update.ultimo_codigo,
        },
    }


def wakeup_of(update: DisparoUpdate) -> Wakeup | None:
    """The wake-up of a disparo that waits for something of its own; None for every other one, and within a campaign."""
    if update.enviar_apos is None or update.espera not in WITH_A_WAKEUP or update.disparo.campanha_id is not None:
        return None
    return Wakeup(update.disparo.tenant_id, update.disparo.disparo_id, update.enviar_apos, update.tentativas)


def _has_consequences(update: DisparoUpdate) -> bool:
    """Whether other tables than the disparo's own change with it."""
    return (
        update.tries_alternative
        or (update.has_bad_address and update.disparo.campanha_id is not None)
        or update.suppresses
        or update.disparo.is_probe
        or update.step.kind is StepKind.CANAL_FORA
    )


def _successors(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> list[Wakeup]:
    """Make the disparos that go on with the lead's next contact, where it has one."""
    failed = [{**_names(each.disparo), "novo_id": new_id(now)} for each in recorded if each.tries_alternative]
    if not failed:
        return []
    made = rows.all("insert_alternatives", falhos=json.dumps(failed, default=str), agora=now)
    return [Wakeup(row["tenant_id"], row["disparo_id"], row["enviar_apos"]) for row in made]


def _suppress(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> None:
    """Remember who has opted out."""
    opted_out = [{**_names(each.disparo), "supressao_id": new_id(now)} for each in recorded if each.suppresses]
    if opted_out:
        rows.run("suppress_destinos", suprimidos=json.dumps(opted_out, default=str), agora=now)


def _move_leads(rows: Rows, now: datetime) -> int:
    """Some of the leads, tenant by tenant in their order, so that no two workers wait for each other in a circle."""
    ended = rows.all("lock_disparos_with_leads_to_move", limite=_FULL)
    for tenant_id, of_tenant in groupby(ended, key=itemgetter("tenant_id")):
        lead_ids = {row["lead_id"] for row in of_tenant}
        moves.apply(rows.of_tenant(tenant_id), lead_ids, LeadFact.DISPARO_ESGOTADO, now)
    if ended:
        rows.run("mark_leads_moved", **_ids((row["tenant_id"], row["disparo_id"]) for row in ended))
    return len(ended)
