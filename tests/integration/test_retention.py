"""What was kept long enough goes, slice by slice; counts and states stay, and what is younger stays too."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import Unavailable
from chalicelib.ids import new_id
from chalicelib.privacy.retention import Retention, RetentionFailed
from chalicelib.wiring import Services
from tests.builders import (
    TENANT,
    a_disparo,
    a_lead,
    a_template,
    an_agendamento,
    an_answer,
    ask,
    disparo,
    insert,
    run,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.personal_data import counters_disagree

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("secrets")


@pytest.fixture
def owner(services: Services) -> Database:
    a_template(services.owner_database)
    return services.owner_database


def aged(days: float) -> datetime:
    """A time so many days before now."""
    return STARTED_AT - days * DAY


def a_job(owner: Database, at: datetime, *, tenant_id: str = TENANT, errors: int = 3, **columns: Any) -> UUID:
    """A job that ended then, with refused rows, a preview and a merge."""
    job_id = new_id(at)
    given = {"chave": f"leads/{tenant_id}/{job_id}.csv", "status": "concluido", "concluido_em": at}
    insert(
        owner, "ingest_jobs", tenant_id=tenant_id, job_id=job_id, bucket="b", nome_arquivo="a.csv", criado_em=at,
        atualizado_em=at, **(given | columns),
    )  # fmt: skip
    for number in range(errors):
        insert(
            owner, "ingest_erros", tenant_id=tenant_id, job_id=job_id, linha=number + 2, ordem=1, alcance="linha",
            lead_id_externo="x", coluna="Email", codigo="email_invalido", valor="x", celulas=["x"],
        )  # fmt: skip
    insert(owner, "ingest_previas", tenant_id=tenant_id, job_id=job_id, linha=2, resultado="rejeitado")
    insert(
        owner, "ingest_mesclas", tenant_id=tenant_id, job_id=job_id, lead_id=UUID(int=1), antes={"nome": "x"},
        telefones=[], emails=[],
    )  # fmt: skip
    return job_id


def test_texts_of_old_disparos_go_and_their_ledger_stays(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    old = a_disparo(owner, lead_id, status="confirmado", criado_em=aged(91), provider_message_id="wamid.1")
    young = a_disparo(owner, lead_id, status="enviado", criado_em=aged(89))
    lately = a_disparo(owner, lead_id, status="enviado", criado_em=aged(91), atualizado_em=aged(3))
    waiting = a_disparo(owner, lead_id, criado_em=aged(400))
    insert(
        owner, "disparo_tentativas", tenant_id=TENANT, disparo_id=old, passo=0, em=aged(91), classe="enviado",
        motivo="x", provider_message_id="wamid.1",
    )  # fmt: skip
    assert services.retention.run()["disparos"] == 1
    columns = ("status", "variaveis", "destino", "provider_message_id", "apagado_em")
    assert disparo(owner, old, *columns) == ["confirmado", {}, "+5571999990001", None, STARTED_AT]
    for kept in (young, lately, waiting):
        assert disparo(owner, kept, "variaveis", "apagado_em") == [{"nome": "Maria"}, None]
    assert ask(owner, "SELECT motivo, provider_message_id, classe FROM disparo_tentativas") == [[None, None, "enviado"]]
    assert counters_disagree(owner) == []
    assert "disparos" not in services.retention.run()


def test_texts_of_replies_go_but_for_those_that_wait_for_a_person(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    disparo_id = a_disparo(owner, lead_id, status="enviado")
    an_answer(owner, disparo_id, lead_id, at=aged(91), texto="velha")
    an_answer(owner, disparo_id, lead_id, at=aged(91), texto="espera", revisar=True)
    an_answer(owner, disparo_id, lead_id, at=aged(1), texto="nova")
    services.retention.run()
    assert ask(owner, "SELECT texto, lead_id IS NOT NULL FROM respostas ORDER BY texto") == [
        ["espera", True], ["nova", True], [None, True],
    ]  # fmt: skip


def test_notes_of_agendamentos_go_after_two_years(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    for days, status in ((731, "realizado"), (731, "pendente"), (729, "realizado")):
        an_agendamento(
            owner, lead_id, at=aged(days), status=status, observacoes="x", canal="presencial", local="Rua",
            responsavel=f"{days}{status}",
        )  # fmt: skip
    services.retention.run()
    found = ask(owner, "SELECT responsavel, observacoes, local, status FROM agendamentos ORDER BY 1")
    assert found == [
        ["729realizado", "x", "Rua", "realizado"], ["731pendente", "x", "Rua", "pendente"],
        ["731realizado", None, "apagado", "realizado"],
    ]  # fmt: skip


def test_refused_rows_previews_and_merges_go_with_the_age_of_their_job(services: Services, owner: Database) -> None:
    a_job(owner, aged(91))
    young = a_job(owner, aged(89))
    a_job(owner, aged(91), status="aceito", concluido_em=None)
    done = services.retention.run()
    assert {name: done[name] for name in ("ingest_erros", "ingest_previas", "ingest_mesclas")} == {
        "ingest_erros": 3, "ingest_previas": 1, "ingest_mesclas": 1,
    }  # fmt: skip
    assert ask(owner, "SELECT count(*), count(DISTINCT job_id) FROM ingest_erros") == [[6, 2]]
    assert young


def test_only_published_events_go(services: Services, owner: Database) -> None:
    a_lead(owner)
    for days, published in ((31, aged(31)), (31, None), (29, aged(29))):
        insert(
            owner, "eventos", tenant_id=TENANT, evento_id=new_id(aged(days)), tipo=f"x{days}", detalhe={},
            criado_em=aged(days), publicado_em=published,
        )  # fmt: skip
    services.retention.run()
    assert ask(owner, "SELECT tipo, publicado_em IS NULL FROM eventos ORDER BY 1") == [["x29", False], ["x31", True]]


def test_tenant_decides_how_long(services: Services, owner: Database) -> None:
    insert(owner, "tenants", tenant_id=TENANT, config={"retencao": {"textos_dias": 7}})
    a_template(owner, tenant_id="outra")
    ours = a_disparo(owner, a_lead(owner), status="enviado", criado_em=aged(8))
    theirs = a_disparo(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra", status="enviado", criado_em=aged(8))
    services.retention.run()
    assert disparo(owner, ours, "variaveis") == [{}]
    assert disparo(owner, theirs, "variaveis") == [{"nome": "Maria"}]


def test_old_objects_go_but_for_uploads_that_a_job_still_reads(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    read = a_job(owner, aged(1), status="aceito", concluido_em=None)
    for key in (
        f"leads/{TENANT}/{read}.csv",
        f"leads/{TENANT}/x.csv",
        f"erros/{TENANT}/x.csv",
        f"exportacoes/{TENANT}/x.csv",
    ):
        services.storage.put(key, b"x", content_type="text/csv")
    written = next(iter(services.storage.listed("leads/"))).written_at

    def left(days: float) -> list[str]:
        clock.now = written + timedelta(days=days)
        services.retention.run()
        return sorted(each.key.partition("/")[0] for each in services.storage.listed(""))

    assert left(0.9) == ["erros", "exportacoes", "leads", "leads"]
    assert left(1.1) == ["erros", "leads", "leads"]
    assert left(31) == ["erros", "leads"]
    assert left(91) == ["leads"]


def a_retention(services: Services, clock: Any, slice_rows: int = 2) -> Retention:
    return Retention(database=services.owner_database, files=services.subject_files, clock=clock, slice_rows=slice_rows)


def test_work_is_done_in_slices_and_goes_on_after_an_hour(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    for _ in range(5):
        a_disparo(owner, lead_id, status="enviado", criado_em=aged(100))

    def ticking() -> datetime:
        return clock.advance(seconds=30)

    first = a_retention(services, ticking).run()["disparos"]
    assert first < 5
    assert first + a_retention(services, clock).run()["disparos"] == 5
    assert counters_disagree(owner) == []


def test_row_that_somebody_holds_is_skipped_and_holds_up_nobody(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    held, free = (a_disparo(owner, lead_id, status="enviado", criado_em=aged(100)) for _ in range(2))
    with owner.transaction(TENANT) as rows:
        rows.execute(f"SELECT 1 FROM disparos WHERE disparo_id = '{held}' FOR UPDATE")
        assert a_retention(services, clock).run()["disparos"] == 1
    assert disparo(owner, free, "variaveis") == [{}]
    assert a_retention(services, clock).run()["disparos"] == 1


def test_part_that_fails_is_named_and_stops_no_other(
    services: Services, owner: Database, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="enviado", criado_em=aged(100))
    files = services.subject_files

    def failing(*_: object, **__: object) -> int:
        raise Unavailable("aws_indisponivel", servico="s3", reason="x")

    monkeypatch.setattr(files, "delete_old", failing)
    with pytest.raises(RetentionFailed, match="arquivos"):
        a_retention(services, clock).run()
    assert disparo(owner, disparo_id, "variaveis") == [{}]


def test_what_came_to_an_erased_lead_since_is_erased_an_hour_later(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, telefones=[], emails=[])
    run(
        owner,
        "UPDATE leads SET nome = NULL, status = 'descartado', lead_id_externo = 'apagado:' || lead_id,"
        " apagado_em = now()",
    )
    planned = a_disparo(owner, lead_id)
    late = an_answer(owner, a_disparo(owner, lead_id, status="enviado"), lead_id, texto="Oi")
    an_agendamento(owner, lead_id, at=STARTED_AT + DAY)
    assert services.retention.run()["apagados"] == 1
    assert disparo(owner, planned, "status", "destino") == ["cancelado", f"apagado:{planned}"]
    assert ask(owner, f"SELECT texto, remetente FROM respostas WHERE resposta_id = '{late}'") == [[None, "apagado"]]
    assert ask(owner, "SELECT status FROM agendamentos") == [["cancelado"]]
    assert "apagados" not in services.retention.run()


def test_handler_of_the_clock_is_what_the_local_pump_calls(services: Services, owner: Database) -> None:
    a_lead(owner)
    assert json.loads(json.dumps(services.retention.run())) == {}
