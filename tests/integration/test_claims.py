"""Claimed is not begun: what a dead worker leaves behind, and what a late one may still do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.adapters.queues import WakeupTarget
from chalicelib.dispatch.outcomes import Attempt, Permanent, Sent
from chalicelib.dispatch.rules.policy import MOST_ABANDONED, Backoff, DisparoUpdate, Terms, conclude, delayed
from chalicelib.dispatch.states import WaitReason
from chalicelib.dispatch.worker.claims import Claim, Claims
from chalicelib.dispatch.worker.pauses import UnbegunDisparos
from tests.builders import TENANT, a_disparo, a_lead, a_template, ask, disparo, lead_status, literal
from tests.conftest import StoppedClock

LEASE_S = 180.0
TERMS = Terms(is_idempotent=False, asks_after=None, backoff=Backoff(1.0, 60.0, lambda: 0.5))


@pytest.fixture
def claims(owner: Database, clock: StoppedClock) -> Claims:
    return Claims(database=owner, clock=clock, lease_s=LEASE_S)


@pytest.fixture
def unbegun(owner: Database, clock: StoppedClock) -> UnbegunDisparos:
    return UnbegunDisparos(database=owner, clock=clock)


def taken(claims: Claims, *disparo_ids: UUID) -> Claim:
    """What a worker claims that is woken for these."""
    return claims.take([WakeupTarget(TENANT, each) for each in disparo_ids])


def begun(claims: Claims, claim: Claim) -> set[UUID]:
    """The disparos of the claim that may be handed to the provider now."""
    return {disparo_id for _, disparo_id in claims.record(claim, [], claim.disparos).begun}


def update(claim: Claim, outcome: Sent | Permanent, clock: StoppedClock) -> list[DisparoUpdate]:
    """What this outcome makes of each disparo of the claim."""
    return [conclude(each, Attempt(outcome, 0.1), TERMS, now=clock()) for each in claim.disparos]


def steps(database: Database, disparo_id: UUID) -> list[Any]:
    """The kinds of the disparo's steps, in order."""
    query = f"SELECT classe FROM disparo_tentativas WHERE disparo_id = {literal(disparo_id)} ORDER BY passo"
    return [kind for (kind,) in ask(database, query)]


def test_claim_alone_costs_no_attempt_and_beginning_costs_one(owner: Database, claims: Claims) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    claim = taken(claims, disparo_id)
    assert disparo(owner, disparo_id, "status", "tentativas", "iniciado_em") == ["enviando", 0, None]
    assert begun(claims, claim) == {disparo_id}
    assert disparo(owner, disparo_id, "tentativas") == [1]


def test_beginning_twice_costs_one_attempt(owner: Database, claims: Claims) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    claim = taken(claims, disparo_id)
    assert begun(claims, claim) == begun(claims, claim) == {disparo_id}
    assert disparo(owner, disparo_id, "tentativas") == [1]


@pytest.mark.parametrize("is_swept", [False, True], ids=["claimed again", "swept"])
def test_disparo_that_was_not_begun_waits_again_without_doubt_and_with_its_attempt(
    owner: Database, claims: Claims, unbegun: UnbegunDisparos, clock: StoppedClock, is_swept: bool
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    taken(claims, disparo_id)
    clock.advance(seconds=LEASE_S)
    if is_swept:
        assert unbegun.release() == 1
        assert disparo(owner, disparo_id, "status", "tentativas", "em_duvida") == ["pendente", 0, False]
        assert unbegun.release() == 0
    (again,) = taken(claims, disparo_id).disparos
    assert (again.em_duvida, again.tentativas, again.abandonos) == (False, 1, 1)
    assert steps(owner, disparo_id) == ["nao_iniciado"]


def test_disparo_that_was_begun_is_in_doubt_and_left_alone_by_the_sweep(
    owner: Database, claims: Claims, unbegun: UnbegunDisparos, clock: StoppedClock
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    begun(claims, taken(claims, disparo_id))
    clock.advance(seconds=LEASE_S)
    assert unbegun.release() == 0
    (again,) = taken(claims, disparo_id).disparos
    assert (again.em_duvida, again.ultimo_codigo, again.abandonos) == (True, "lease_vencida", 0)
    assert steps(owner, disparo_id) == ["lease_vencida"]


@pytest.mark.parametrize("is_swept", [False, True], ids=["claimed again", "swept"])
def test_worker_that_lost_its_lease_begins_nothing_and_records_nothing(
    owner: Database, claims: Claims, unbegun: UnbegunDisparos, clock: StoppedClock, is_swept: bool
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    late = taken(claims, disparo_id)
    clock.advance(seconds=LEASE_S)
    if is_swept:
        unbegun.release()
    else:
        taken(claims, disparo_id)
    before = disparo(owner, disparo_id, "*")
    assert begun(claims, late) == set()
    assert claims.record(late, update(late, Sent("wamid"), clock)).updates == []
    assert disparo(owner, disparo_id, "*") == before


def test_one_statement_records_one_portion_and_begins_the_next(
    owner: Database, claims: Claims, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    ids = [a_disparo(owner, lead_id, destino=f"+557199999000{n}") for n in range(2)]
    claim = taken(claims, *ids)
    (sent,) = update(claim._replace(disparos=claim.disparos[:1]), Sent("wamid"), clock)
    recorded = claims.record(claim, [sent], claim.disparos[1:])
    assert ([each.status for each in recorded.updates], len(recorded.begun)) == (["enviado"], 1)
    assert sorted(disparo(owner, each, "status")[0] for each in ids) == ["enviado", "enviando"]


@pytest.mark.parametrize("is_swept", [False, True], ids=["claimed again", "swept"])
def test_disparo_that_no_worker_survives_is_given_up_after_ten_of_them(
    owner: Database, claims: Claims, unbegun: UnbegunDisparos, clock: StoppedClock, is_swept: bool
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    found = []
    for _ in range(MOST_ABANDONED + 1):
        (claimed,) = taken(claims, disparo_id).disparos
        found.append(claimed.abandonos)
        clock.advance(seconds=LEASE_S)
        if is_swept:
            unbegun.release()
    assert found == list(range(MOST_ABANDONED + 1))


def test_step_of_a_worker_that_lived_ends_the_count_of_those_that_died(
    owner: Database, claims: Claims, clock: StoppedClock
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner))
    for _ in range(2):
        taken(claims, disparo_id)
        clock.advance(seconds=LEASE_S)
    claim = taken(claims, disparo_id)
    held = [delayed(each, WaitReason.JANELA, clock() + timedelta(hours=1)) for each in claim.disparos]
    assert len(claims.record(claim, held).updates) == 1
    clock.advance(hours=1)
    (again,) = taken(claims, disparo_id).disparos
    assert again.abandonos == 0


# What ends mean for leads


def test_lead_is_moved_by_the_sweep_when_the_worker_died_before(
    owner: Database, claims: Claims, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    claim = taken(claims, a_disparo(owner, lead_id))
    claims.record(claim, update(claim, Permanent("131026"), clock))
    assert lead_status(owner, lead_id) == "em_disparo"
    assert claims.move_leads() == 1
    assert lead_status(owner, lead_id) == "sem_sucesso"
    assert claims.move_leads() == 0


def test_leads_of_many_tenants_and_of_more_than_one_round_are_all_moved(
    owner: Database, claims: Claims, clock: StoppedClock
) -> None:
    a_template(owner, tenant_id="outra")
    leads = [a_lead(owner, tenant_id=tenant_id, status="em_disparo") for tenant_id in (TENANT, "outra")]
    for lead_id, tenant_id in zip(leads, (TENANT, "outra"), strict=True):
        many = f"SELECT generate_series(1, {1_001 if tenant_id == TENANT else 1})"
        first = a_disparo(owner, lead_id, tenant_id=tenant_id, status="erro", lead_a_mover=True)
        ask(
            owner,
            "INSERT INTO disparos SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object("
            "'disparo_id', gen_random_uuid())) AS d"
            f" FROM disparos d, ({many}) n WHERE d.disparo_id = {literal(first)}) x RETURNING 1",
        )
    assert claims.move_leads() == 1_001 + 1 + 2
    assert [lead_status(owner, each) for each in leads] == ["sem_sucesso"] * 2
