"""What the worker does beside sending when a message is of a campaign.

A recipient is looked at again just before the message leaves. A person's limit is kept by places that no two workers
can both take. A message whose address fails goes on by the campaign's next channel. A campaign that is
refused too often is paused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from chalicelib import events
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.dispatch.rules.policy import ClaimedDisparo, DisparoUpdate, Recipient
from chalicelib.dispatch.rules.recipients import (
    CONFIGURATION_CODES,
    JUDGED_FROM,
    MOST_REFUSED,
    REFUSALS,
    PersonPlace,
    Verdict,
    over_limit,
    person_places,
    verdict_of,
)
from chalicelib.dispatch.rules.turns import ReadyDisparo
from chalicelib.dispatch.rules.windows import calendar_for
from chalicelib.dispatch.states import DisparoStatus, WaitReason
from chalicelib.ids import new_id
from chalicelib.leads import moves
from chalicelib.leads.states import LeadFact, move_of
from chalicelib.tenants.config import TenantConfig

_ENDED_UNSENT = frozenset(
    {DisparoStatus.ERRO, DisparoStatus.SUPRIMIDO, DisparoStatus.EXPIRADO, DisparoStatus.CANCELADO}
)

_Need = tuple[UUID, PersonPlace]


class FailingCampaign(NamedTuple):
    """A campaign with a refused message; `codigo` if it is to be paused whatever became of its other messages."""

    tenant_id: str
    campanha_id: UUID
    codigo: str | None = None


def campaign_turns(rows: Rows, room: int, now: datetime) -> list[Row]:
    """The disparos of campaigns that a claim with so much room may take up."""
    if rows.one("any_running_campaign") is None:
        return []
    return rows.all("list_campaign_turns", lugares=room, agora=now)


def recipients_of(rows: Rows, claimed: Sequence[ClaimedDisparo], now: datetime) -> list[ClaimedDisparo]:
    """The claimed disparos, those of campaigns with what has happened to their recipients.

    The leads whose turn has come are in a disparo from now on. Planning does not move them: a million that wait for
    tomorrow are as free as before.
    """
    of_campaigns = [each for each in claimed if each.campanha_id is not None and not each.is_stopped]
    if not of_campaigns:
        return list(claimed)
    names = {
        "tenant_ids": [each.tenant_id for each in of_campaigns],
        "disparo_ids": [each.disparo_id for each in of_campaigns],
    }
    found = {(row["tenant_id"], row["disparo_id"]): _recipient(row) for row in rows.all("list_recipients", **names)}
    known = [replace(each, recipient=found.get((each.tenant_id, each.disparo_id))) for each in claimed]
    _move_leads(rows, known, now)
    return known


def _recipient(row: Row) -> Recipient:
    return Recipient(**{name: row[name] for name in Recipient._fields})


def _move_leads(rows: Rows, claimed: Iterable[ClaimedDisparo], now: datetime) -> None:
    origins, _ = move_of(LeadFact.DISPARO_CRIADO)
    first = sorted(
        (each.tenant_id, each.lead_id)
        for each in claimed
        if each.espera == WaitReason.CAMPANHA and each.recipient is not None and each.recipient.lead_status in origins
    )
    for tenant_id, of_tenant in groupby(first, key=lambda pair: pair[0]):
        moves.apply(rows.of_tenant(tenant_id), {lead_id for _, lead_id in of_tenant}, LeadFact.DISPARO_CRIADO, now)


class PersonLimits:
    """Keeps the limit of messages per person; `database` is the owner's login."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def admit(
        self, ready: Iterable[ReadyDisparo], configs: Mapping[str, TenantConfig]
    ) -> tuple[list[ReadyDisparo], list[DisparoUpdate]]:
        """Those that have their places, and the delays of the others."""
        going, wanted = list(ready), dict[UUID, list[PersonPlace]]()
        for each in going:
            if places := self._places(each.disparo, configs[each.disparo.tenant_id]):
                wanted[each.disparo.disparo_id] = places
        if not wanted:
            return going, []
        disparos = {each.disparo.disparo_id: each.disparo for each in going if each.disparo.disparo_id in wanted}
        full = self._database.run_across_tenants(lambda rows: _take_places(rows, disparos, wanted))
        staying = [over_limit(disparos[disparo_id], place) for disparo_id, place in full.items()]
        return [each for each in going if each.disparo.disparo_id not in full], staying

    def _places(self, claimed: ClaimedDisparo, config: TenantConfig) -> list[PersonPlace]:
        if claimed.campanha_id is None:
            return []
        calendar = calendar_for(claimed.destino, claimed.canal, config, main_phone=claimed.telefone_principal)
        return person_places(config.limite_por_pessoa, calendar, self._clock())


def _take_places(
    rows: Rows, disparos: Mapping[UUID, ClaimedDisparo], wanted: Mapping[UUID, Sequence[PersonPlace]]
) -> dict[UUID, PersonPlace]:
    """Take the places; which disparos find one of theirs full, and until when. Those keep none of their places.

    Who loses a place to another worker asks again. It ends, because each time somebody has got one.
    """
    open_needs = [(disparo_id, place) for disparo_id, places in wanted.items() for place in places]
    full: dict[UUID, PersonPlace] = {}
    while open_needs and (open_needs := _untaken(rows, disparos, open_needs)):
        full |= _full(rows, disparos, open_needs)
        open_needs = [each for each in open_needs if each[0] not in full]
    if full:
        names = {"tenant_ids": [disparos[each].tenant_id for each in full], "disparo_ids": list(full)}
        rows.run("free_person_places", **names)
    return full


def _untaken(rows: Rows, disparos: Mapping[UUID, ClaimedDisparo], needs: Sequence[_Need]) -> list[_Need]:
    """The needs for which there was no place."""
    found = rows.all("take_person_places", pedidos=_asked(disparos, needs))
    taken = {(row["disparo_id"], row["periodo"]) for row in found}
    return [each for each in needs if (each[0], each[1].periodo) not in taken]


def _full(rows: Rows, disparos: Mapping[UUID, ClaimedDisparo], needs: Sequence[_Need]) -> dict[UUID, PersonPlace]:
    found = rows.all("count_free_person_places", pedidos=_asked(disparos, needs))
    none_left = {(row["disparo_id"], row["periodo"]) for row in found if row["livres"] <= 0}
    # The longer period decides, if both are full.
    return {disparo_id: place for disparo_id, place in needs if (disparo_id, place.periodo) in none_left}


def _asked(disparos: Mapping[UUID, ClaimedDisparo], needs: Iterable[_Need]) -> str:
    """The needs as the rows that the queries read."""
    columns = [
        {
            "tenant_id": disparos[disparo_id].tenant_id,
            "lead_id": disparos[disparo_id].lead_id,
            "disparo_id": disparo_id,
            "periodo": place.periodo,
            "desde": place.desde,
            "vagas": place.vagas,
        }
        for disparo_id, place in needs
    ]
    return json.dumps(columns, default=str)


def frees_places(update: DisparoUpdate, configs: Mapping[str, TenantConfig]) -> bool:
    """Whether the places of its person are free again: it ended, and was certainly not sent."""
    if update.disparo.campanha_id is None or update.status not in _ENDED_UNSENT:
        return False
    limit = configs[update.disparo.tenant_id].limite_por_pessoa
    return limit.por_dia is not None or limit.por_semana is not None


def next_channels(rows: Rows, recorded: Iterable[DisparoUpdate], now: datetime) -> None:
    """Make the disparos that go on by the next channel of their campaign; they are found with what waits in it.

    One that found its contact taken by another one of these is tried again, for its lead may have another contact.
    """
    failed = [
        {"tenant_id": each.disparo.tenant_id, "disparo_id": each.disparo.disparo_id, "novo_id": new_id(now)}
        for each in recorded
        if each.disparo.campanha_id is not None and each.has_bad_address and each.status is DisparoStatus.ERRO
    ]
    while failed:
        made = rows.all("insert_next_channels", falhos=json.dumps(failed, default=str), agora=now)
        done = {row["disparo_id"] for row in made}
        failed = [each for each in failed if made and each["novo_id"] not in done]


def failing_campaigns(recorded: Iterable[DisparoUpdate]) -> set[FailingCampaign]:
    """The campaigns of refused messages."""
    return {
        FailingCampaign(
            each.disparo.tenant_id,
            each.disparo.campanha_id,
            each.ultimo_codigo if each.ultimo_codigo in CONFIGURATION_CODES else None,
        )
        for each in recorded
        if each.disparo.campanha_id is not None and verdict_of(each) is Verdict.REFUSED
    }


def pause_failing(rows: Rows, failing: Collection[FailingCampaign], now: datetime) -> int:
    """Pause those of them that fail too often, with their history and events; how many."""
    # One row for each; a code that pauses at once comes before none.
    called = {(each.tenant_id, each.campanha_id): each for each in sorted(failing, key=lambda each: each.codigo or "")}
    asked = [{**each._asdict(), "passo_id": new_id(now)} for each in called.values()]
    paused = rows.all(
        "pause_failing_campanhas",
        campanhas=json.dumps(asked, default=str),
        recusas=REFUSALS,
        ao_menos=JUDGED_FROM,
        parte=MOST_REFUSED,
        agora=now,
    )
    for row in paused:
        of_tenant = rows.of_tenant(row["tenant_id"])
        events.record(of_tenant, "campanha.pausada", now, campanha_id=row["campanha_id"], codigo=row["codigo"])
    for tenant_id in sorted({row["tenant_id"] for row in paused}):
        rows.of_tenant(tenant_id).all("lock_queues")
        rows.of_tenant(tenant_id).run("end_queues", agora=now)
    return len(paused)
