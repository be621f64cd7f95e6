"""An erased person is nowhere any more, but for a keyed digest; everybody else's data is as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.errors import Conflict, Invalid, Unavailable
from chalicelib.identity import ADMIN, Identity
from chalicelib.privacy import erasure
from chalicelib.privacy.erasure import Erasures
from chalicelib.privacy.requests import SubjectRequest, SubjectRequestQuery
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import (
    TENANT,
    a_campaign,
    a_disparo,
    a_lead,
    a_recipient,
    a_template,
    an_agendamento,
    an_answer,
    ask,
    disparo,
    event_of,
    insert,
    lead_status,
    literal,
    run,
)
from tests.conftest import STARTED_AT, StoppedClock
from tests.ingesting import Office
from tests.keys import a_key, as_answered, replayed
from tests.personal_data import (
    DOCUMENT,
    EMAIL,
    PHONE,
    counters,
    counters_disagree,
    objects_left,
    rows_left,
    rows_of_others,
    spread,
    workbook,
)
from tests.sending_stage import MakeExecutor
from tests.webhook_posts import message, post_meta

ADMINISTRATOR = Identity(TENANT, "sub-da-ana", frozenset({ADMIN}))
BY_DOCUMENT = SubjectRequest(documentos=("529.982.247-25",))
BY_PHONE = SubjectRequest(telefones=("71 98765-4321",))
pytestmark = pytest.mark.usefixtures("secrets")


@pytest.fixture
def owner(database: Database) -> Database:
    """The owner's login, with both channels and their templates."""
    return database


def erased(services: Services, request: SubjectRequest = BY_DOCUMENT, key: str | None = None) -> dict[str, Any]:
    return services.erasures.erase(ADMINISTRATOR, request, a_key(key, request.model_dump_json()) if key else None)


@pytest.mark.straight_path
def test_erased_person_is_in_no_table_and_no_object_any_more(services: Services, owner: Database, aws: Aws) -> None:
    spread(services)
    before = counters(owner)
    assert len(rows_left(owner)) >= 20
    assert len(objects_left(aws, services.storage.bucket)) >= 5
    answer = erased(services)
    assert (answer["concluido"], answer["encontrado"], answer["leads"], answer["pendencias"]) == (True, True, 2, [])
    assert rows_left(owner) == {}
    assert objects_left(aws, services.storage.bucket) == []
    assert counters(owner) == before
    assert counters_disagree(owner) == []
    assert answer["contagens"]["disparos_cancelados"] == 3
    assert answer["contagens"]["agendamentos_cancelados"] == 2
    assert answer["contagens"]["arquivos"] == 3
    kinds = {"ingest_erros", "ingest_previas", "ingest_mesclas", "respostas", "relatorios", "lead_notas"}
    assert kinds <= answer["contagens"].keys()
    assert ask(owner, "SELECT count(*) FROM contatos_apagados") == [[3]]


def test_second_erasure_of_the_same_person_finds_nothing_and_says_so(services: Services, owner: Database) -> None:
    spread(services)
    erased(services)
    again = erased(services)
    assert (again["concluido"], again["encontrado"], again["leads"], again["contagens"]) == (True, False, 0, {})


def test_data_of_other_people_is_untouched(services: Services, owner: Database, aws: Aws) -> None:
    spread(services)
    [[bento]] = ask(owner, "SELECT lead_id FROM leads WHERE nome = 'Bento'")
    stranger = a_lead(owner, nome="Zulmira Marcadora", telefones=["+5571911112222"], emails=["outra@example.com"])
    for lead_id in (bento, stranger):
        a_disparo(owner, lead_id, destino="+5571911112222", variaveis={"nome": "Zulmira"})
        an_agendamento(owner, lead_id, at=STARTED_AT + timedelta(days=9), observacoes="x", responsavel=str(lead_id))
        an_answer(owner, a_disparo(owner, lead_id, status="enviado"), lead_id, texto="Oi")
    before = rows_of_others(owner, bento, stranger)
    erased(services)
    assert rows_of_others(owner, bento, stranger) == before
    assert [each.key for each in services.storage.listed(f"erros/{TENANT}/")]


def test_other_tenant_keeps_the_same_person(services: Services, owner: Database) -> None:
    a_template(owner, tenant_id="outra")
    a_template(owner, tenant_id="outra", nome="oi-email", canal="email")
    theirs = spread(services, tenant_id="outra")
    before = rows_of_others(owner, theirs)
    objects = len(list(services.storage.listed("leads/outra/")))
    spread(services)
    erased(services)
    assert rows_of_others(owner, theirs) == before
    assert len(list(services.storage.listed("leads/outra/"))) == objects
    assert ask(owner, "SELECT DISTINCT tenant_id FROM contatos_apagados") == [[TENANT]]


@pytest.mark.parametrize(
    "request_body",
    [
        {"telefones": ["71987654321"]},
        {"telefones": ["+55 (71) 8765-4321"]},
        {"telefones": ["557187654321"]},
        {"emails": ["ZULMIRA.Marcadora@example.com"]},
        {"documentos": [DOCUMENT], "telefones": ["71 98765-4321"], "emails": [EMAIL]},
    ],
)
def test_person_is_found_by_any_identifier_in_any_form(
    services: Services, owner: Database, request_body: dict[str, Any]
) -> None:
    spread(services)
    assert erased(services, SubjectRequest.model_validate(request_body))["leads"] == 2
    assert rows_left(owner) == {}


def test_file_that_brings_an_erased_person_back_finds_them_suppressed(
    services: Services, owner: Database, make_executor: MakeExecutor
) -> None:
    spread(services)
    erased(services)
    Office(services).ingest(workbook(), name="leads.xlsx")
    [[lead_id, external]] = ask(owner, "SELECT lead_id, lead_id_externo FROM leads WHERE nome = 'Zulmira Marcadora'")
    assert external == "ZULMIRA-7"
    assert ask(owner, "SELECT contato, motivo FROM supressoes ORDER BY 1") == [
        [PHONE, "resposta"], [EMAIL, "apagamento"],
    ]  # fmt: skip
    disparo_id = a_disparo(owner, lead_id, destino=PHONE)
    make_executor().run(event_of(disparo_id))
    assert disparo(owner, disparo_id, "status") == ["suprimido"]


def test_message_to_an_erased_contact_is_stopped_where_only_the_digest_is_left(
    services: Services, owner: Database, make_executor: MakeExecutor
) -> None:
    erased(services, BY_PHONE)
    lead_id = a_lead(owner)
    stopped, sent = a_disparo(owner, lead_id, destino=PHONE), a_disparo(owner, lead_id)
    make_executor().run(event_of(stopped, sent))
    assert (disparo(owner, stopped, "status"), disparo(owner, sent, "status")) == (["suprimido"], ["enviado"])


def test_lead_whose_message_is_being_sent_is_left_for_the_next_request(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    busy = a_lead(owner, nome="Zulmira", documento=DOCUMENT, telefones=[PHONE], emails=[])
    a_lead(owner, nome="Zulmira", documento=DOCUMENT, telefones=[PHONE], emails=[EMAIL])
    sending, waiting = a_disparo(owner, busy, status="enviando", destino=PHONE), a_disparo(owner, busy, destino=PHONE)
    first = erased(services, key="k")
    assert (first["concluido"], first["leads"], [each["codigo"] for each in first["pendencias"]]) == (
        False, 1, ["titular_em_envio"],
    )  # fmt: skip
    assert disparo(owner, waiting, "status") == ["cancelado"]
    assert disparo(owner, sending, "status", "destino") == ["enviando", PHONE]
    clock.advance(minutes=4)
    second = erased(services, key="k")
    assert (second["pedido_id"], second["concluido"], second["leads"]) == (first["pedido_id"], True, 2)
    assert disparo(owner, sending, "status", "erro_codigo") == ["incerto", "lease_vencida"]
    assert rows_left(owner) == {}


def test_lapsed_disparo_that_was_never_begun_is_cancelled(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, documento=DOCUMENT)
    disparo_id = a_disparo(owner, lead_id, status="enviando", iniciado_em=None)
    clock.advance(minutes=4)
    assert erased(services)["contagens"]["disparos_cancelados"] == 1
    assert disparo(owner, disparo_id, "status") == ["cancelado"]


def test_large_subject_is_erased_in_slices_until_the_time_is_over_and_goes_on(
    services: Services, owner: Database, clock: StoppedClock
) -> None:
    for _ in range(5):
        a_lead(owner, nome="Zulmira", telefones=[PHONE], emails=[])

    def ticking() -> Any:
        return clock.advance(seconds=4)

    erasures = Erasures(
        database=services.database, files=services.subject_files, erased=services.erased_contacts,
        subject_records=services.subject_records, clock=ticking, slice_leads=2,
    )  # fmt: skip
    answers = [erasures.erase(ADMINISTRATOR, BY_PHONE, a_key())]
    while not answers[-1]["concluido"]:
        [left] = answers[-1]["pendencias"]
        assert (left["codigo"], left["quantos"]) == ("titular_com_mais_leads", 5 - answers[-1]["leads"])
        answers.append(erasures.erase(ADMINISTRATOR, BY_PHONE, a_key()))
    assert len(answers) > 1
    assert answers[-1]["leads"] == 5
    assert rows_left(owner) == {}


def test_file_that_is_still_being_read_is_said_and_kept(services: Services, owner: Database) -> None:
    a_lead(owner, documento=DOCUMENT)
    job_id = Office(services).upload(workbook(), name="leads.xlsx")
    answer = erased(services)
    assert [(each["codigo"], each["quantos"]) for each in answer["pendencias"]] == [("titular_em_arquivo_aberto", 1)]
    assert Office(services).wake(job_id)["status"] == "concluido"
    assert erased(services)["concluido"]
    assert rows_left(owner) == {}


def test_contact_that_another_lead_has_too_is_not_the_persons_alone(services: Services, owner: Database) -> None:
    a_lead(owner, nome="Zulmira", documento=DOCUMENT, telefones=[PHONE, "+5571911112222"], emails=[])
    other = a_lead(owner, nome="Bento", telefones=["+5571911112222"], emails=[])
    insert(
        owner, "supressoes", tenant_id=TENANT, canal="whatsapp", contato="+5571911112222", supressao_id=UUID(int=1),
        motivo="manual", criado_em=STARTED_AT,
    )  # fmt: skip
    before = rows_of_others(owner, other)
    erased(services)
    assert rows_of_others(owner, other) == before
    assert ask(owner, "SELECT contato FROM supressoes") == [["+5571911112222"]]
    assert ask(owner, "SELECT count(*) FROM contatos_apagados") == [[1]]


def test_message_that_went_to_the_person_for_another_lead_loses_its_destination(
    services: Services, owner: Database
) -> None:
    other = a_lead(owner, nome="Bento", telefones=["+5571911112222"])
    campanha_id = a_campaign(owner)
    tested = a_disparo(owner, other, status="enviado", destino=PHONE)
    waiting = a_disparo(owner, other, destino=PHONE)
    of_campaign = a_recipient(owner, campanha_id, other, status="enviado", destino=PHONE)
    kept = a_disparo(owner, other, status="enviado", destino="+5571911112222")
    erased(services, BY_PHONE)
    for each in (tested, waiting, of_campaign):
        assert disparo(owner, each, "destino", "variaveis") == [f"apagado:{each}", {}]
    assert disparo(owner, waiting, "status") == ["cancelado"]
    assert disparo(owner, kept, "destino", "variaveis") == ["+5571911112222", {"nome": "Maria"}]


def test_erased_lead_is_closed_and_stays_erased(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, documento=DOCUMENT, status="agendado", status_antes="novo")
    an_agendamento(owner, lead_id, at=STARTED_AT + timedelta(days=3))
    erased(services)
    assert lead_status(owner, lead_id) == "descartado"
    with pytest.raises(Conflict, match="lead_apagado"):
        services.database.run(
            TENANT,
            lambda rows: rows.run("touch_lead", lead_id=lead_id, canal="email", escritos="z@x.com", agora=STARTED_AT),
        )
    with pytest.raises(Exception, match="leads_provenance_is_final"):
        run(owner, f"UPDATE leads SET apagado_em = NULL WHERE lead_id = {literal(lead_id)}")


def test_erased_disparo_is_not_sent_again(services: Services, owner: Database) -> None:
    disparo_id = a_disparo(owner, a_lead(owner, documento=DOCUMENT), status="erro")
    erased(services)
    with pytest.raises(Conflict, match="disparo_apagado"):
        services.resends.one(TENANT, disparo_id)


def test_unsubscribe_link_of_an_erased_message_still_answers(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, documento=DOCUMENT)
    disparo_id = a_disparo(owner, lead_id, status="enviado", canal="email", template="oi-email", destino=EMAIL)
    erased(services)
    services.unsubscribes.confirm(services.unsubscribe_links.token(TENANT, disparo_id))
    assert ask(owner, "SELECT count(*) FROM supressoes") == [[0]]


def test_reply_that_comes_after_the_erasure_is_the_persons_new_word(services: Services, owner: Database) -> None:
    a_lead(owner, documento=DOCUMENT, telefones=[PHONE])
    erased(services)
    assert post_meta(services.webhooks, messages=[message("Oi", "557187654321")])["sem_lead"] == 1


def test_wake_up_of_a_cancelled_agendamento_announces_nothing(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, documento=DOCUMENT)
    agendamento_id = an_agendamento(owner, lead_id)
    erased(services)
    body = f'{{"tenant_id": "{TENANT}", "agendamento_id": "{agendamento_id}"}}'
    services.reminders.run({"Records": [{"body": body}]})
    assert ask(owner, "SELECT avisado_em FROM agendamentos") == [[None]]
    assert ask(owner, "SELECT count(*) FROM eventos WHERE tipo LIKE 'agendamento%'") == [[0]]


def test_same_key_gets_the_same_answer_and_another_request_is_refused(services: Services, owner: Database) -> None:
    a_lead(owner, documento=DOCUMENT, telefones=[PHONE])
    first = erased(services, key="k")
    a_lead(owner, documento=DOCUMENT)
    assert replayed(erased, services, key="k") == as_answered(first)
    with pytest.raises(Invalid, match="chave_de_idempotencia_reutilizada"):
        erased(services, BY_PHONE, key="k")
    assert erased(services)["leads"] == 1
    assert not ask(owner, f"SELECT 1 FROM titular_pedidos t WHERE to_jsonb(t)::text LIKE '%{DOCUMENT}%'")


def test_every_text_that_names_nobody_is_pointed_at(services: Services) -> None:
    request = SubjectRequest(documentos=("111",), telefones=("71 98765-4321", "12"), emails=("x",))
    with pytest.raises(Invalid) as refused:
        services.erasures.erase(ADMINISTRATOR, request)
    assert [each.pointer for each in refused.value.errors] == ["/documentos/0", "/telefones/1", "/emails/0"]


@pytest.fixture
def no_key(secrets: None, aws: Aws) -> None:
    """The key is gone."""
    aws.client("secretsmanager").delete_secret(
        SecretId="/alquimista/dev/disparo-agenda/assinatura", ForceDeleteWithoutRecovery=True
    )


def test_nothing_is_erased_without_the_key_of_the_digests(services: Services, owner: Database, no_key: None) -> None:
    lead_id = a_lead(owner, documento=DOCUMENT)
    with pytest.raises(Unavailable, match="segredo_ausente"):
        erased(services)
    assert lead_status(owner, lead_id) == "novo"


def test_objects_are_deleted_before_the_rows_that_tell_of_them(
    services: Services, owner: Database, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread(services)
    files = services.subject_files

    def failing(*_: object) -> Any:
        raise Unavailable("aws_indisponivel", servico="s3", reason="x")

    monkeypatch.setattr(files, "delete_copies", failing)
    with pytest.raises(Unavailable):
        erased(services, key="k")
    assert rows_left(owner)
    monkeypatch.undo()
    assert erased(services, key="k")["concluido"]
    assert rows_left(owner) == {}
    assert objects_left(aws, services.storage.bucket) == []


def test_reasons_of_digests_are_those_of_the_list(services: Services, owner: Database) -> None:
    a_lead(owner, documento=DOCUMENT, telefones=[PHONE], emails=[EMAIL])
    insert(
        owner, "supressoes", tenant_id=TENANT, canal=Canal.EMAIL.value, contato=EMAIL, supressao_id=UUID(int=1),
        motivo="manual", criado_em=STARTED_AT,
    )  # fmt: skip
    erased(services)
    assert ask(owner, "SELECT DISTINCT motivo FROM contatos_apagados") == [[erasure.ERASED]]
    page = services.subject_records.page(ADMINISTRATOR, SubjectRequestQuery())
    assert [each["contagens"]["supressoes"] for each in page["itens"]] == [1]
