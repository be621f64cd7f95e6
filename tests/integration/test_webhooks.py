"""What providers post is applied once if it is signed, in whatever order it comes, and only for its own tenant."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.delivery.requests import ChallengeQuery, WebhookQuery
from chalicelib.delivery.service import MAX_BYTES, MAX_ITEMS, Webhooks
from chalicelib.delivery.settling import LateReports
from chalicelib.errors import Forbidden, NotFound, TooLarge, Unauthenticated, Unreadable
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import TENANT, a_campaign, a_disparo, a_lead, a_template, ask, disparo, lead_status, literal, run
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.integration.test_local_api import Client
from tests.webhook_posts import (
    APP_SECRET,
    PHONE,
    PREFIX,
    SHARED,
    VERIFY_TOKEN,
    WAMID,
    a_sent_disparo,
    key_of,
    message,
    of_meta,
    post_meta,
    post_simple,
    signed,
    status,
    suppressed,
)


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    a_template(database)
    yield database
    database.close()


@pytest.fixture
def late(owner: Database, clock: StoppedClock) -> LateReports:
    return LateReports(database=owner, clock=clock)


class Post(NamedTuple):
    """A request to a webhook."""

    canal: str
    query: WebhookQuery
    headers: dict[str, str]
    raw: bytes


def history(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT classe, codigo, provider_message_id FROM disparo_tentativas ORDER BY disparo_id, passo")


# Statuses


@pytest.mark.straight_path
@pytest.mark.parametrize("reported", ["delivered", "read"])
def test_message_that_arrived_is_confirmed_and_its_lead_is_reached(
    webhooks: Webhooks, owner: Database, clock: StoppedClock, reported: str
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_sent_disparo(owner, lead_id)
    now = clock.advance(minutes=3)
    assert post_meta(webhooks, statuses=[status(reported)]) == {
        "aplicados": 1,
        "guardados": 0,
        "respostas": 0,
        "sem_lead": 0,
    }
    assert disparo(owner, disparo_id, "status", "enviado_em", "confirmado_em") == ["confirmado", STARTED_AT, now]
    assert lead_status(owner, lead_id) == "contato_efetuado"
    assert history(owner) == [["entregue", None, WAMID]]
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos")
    assert (tipo, detalhe["status"], detalhe["disparo_id"]) == ("disparo.completed", "confirmado", str(disparo_id))


def test_failure_after_acceptance_is_an_error_with_its_code(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_sent_disparo(owner, lead_id)
    post_meta(webhooks, statuses=[status("failed")])
    assert disparo(owner, disparo_id, "status", "erro_codigo", "enviado_em") == ["erro", "131000", STARTED_AT]
    assert lead_status(owner, lead_id) == "sem_sucesso"
    assert history(owner) == [["falhou", "131000", WAMID]]
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos")
    assert (tipo, detalhe["erro_codigo"]) == ("disparo.failed", "131000")


def test_lead_that_another_disparo_may_reach_stays_em_disparo(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    a_sent_disparo(owner, lead_id)
    a_disparo(owner, lead_id)
    post_meta(webhooks, statuses=[status("failed")])
    assert lead_status(owner, lead_id) == "em_disparo"


def test_unreachable_number_makes_a_disparo_to_the_next_number_of_the_lead(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo", telefones=[PHONE, "+5571999990002"])
    disparo_id = a_sent_disparo(owner, lead_id, usar_alternativos=True)
    for _ in range(2):
        post_meta(webhooks, statuses=[status("failed", errors=[{"code": 131026}])])
    found = ask(owner, "SELECT destino, status, alternativa_de FROM disparos ORDER BY destino")
    assert found == [[PHONE, "erro", None], ["+5571999990002", "pendente", disparo_id]]
    assert lead_status(owner, lead_id) == "em_disparo"


@pytest.mark.parametrize("usar_alternativos", [True, False])
def test_other_failure_makes_no_disparo_to_another_number(
    webhooks: Webhooks, owner: Database, usar_alternativos: bool
) -> None:
    lead_id = a_lead(owner, status="em_disparo", telefones=[PHONE, "+5571999990002"])
    a_sent_disparo(owner, lead_id, usar_alternativos=usar_alternativos)
    code = 131047 if usar_alternativos else 131026
    post_meta(webhooks, statuses=[status("failed", errors=[{"code": code}])])
    assert ask(owner, "SELECT count(*) FROM disparos") == [[1]]


def test_opt_out_that_the_provider_reports_suppresses_the_contact(webhooks: Webhooks, owner: Database) -> None:
    a_sent_disparo(owner, a_lead(owner))
    for _ in range(2):
        post_meta(webhooks, statuses=[status("failed", errors=[{"code": 131050}])])
    assert suppressed(owner) == [["whatsapp", PHONE, "provedor"]]


def test_repeated_reports_change_nothing(webhooks: Webhooks, owner: Database, clock: StoppedClock) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner, status="em_disparo"))
    post_meta(webhooks, statuses=[status("delivered"), status("read")])
    before = disparo(owner, disparo_id, "*")
    clock.advance(days=1)
    again = post_meta(webhooks, statuses=[status("sent"), status("delivered"), status("read"), status("failed")])
    assert again == {"aplicados": 0, "guardados": 0, "respostas": 0, "sem_lead": 0}
    assert disparo(owner, disparo_id, "*") == before
    assert ask(owner, "SELECT count(*) FROM eventos") == [[1]]
    assert len(history(owner)) == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first_status=st.sampled_from(["enviado", "incerto"]),
    reported=st.lists(st.sampled_from(["sent", "delivered", "read", "failed"]), max_size=5),
    data=st.data(),
)
def test_order_repetition_and_number_of_requests_do_not_change_the_end(
    webhooks: Webhooks, owner: Database, first_status: str, reported: list[str], data: st.DataObject
) -> None:
    run(owner, "DELETE FROM disparo_tentativas; DELETE FROM disparos")
    lead_id = a_lead(owner)
    disparo_ids = []
    for number, order in enumerate((reported, [*data.draw(st.permutations(reported)), *reported[:2]])):
        wamid = f"wamid.{number}"
        disparo_ids.append(a_disparo(owner, lead_id, status=first_status, provider_message_id=wamid))
        bodies = [[each] for each in order] if number else [order]
        for body in bodies:
            post_meta(webhooks, statuses=[status(each, wamid) for each in body])
    ends = [disparo(owner, each, "status", "erro_codigo", "em_duvida") for each in disparo_ids]
    assert ends[0] == ends[1]


def test_reports_that_come_many_times_at_once_are_applied_once(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    ids = [a_sent_disparo(owner, lead_id, message_id=f"wamid.{number}") for number in range(5)]

    def post(turn: int) -> int:
        statuses = [status("read" if turn % 2 else "delivered", f"wamid.{number}") for number in range(5)]
        answer = post_meta(webhooks, statuses=statuses[:: 1 if turn % 3 else -1], messages=[message("SAIR")])
        return answer["aplicados"]

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(post, range(12))) == 5
    assert [disparo(owner, each, "status") for each in ids] == [["confirmado"]] * 5
    assert ask(owner, "SELECT count(*) FROM eventos") == [[5]]
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


@pytest.mark.parametrize(("reported", "end"), [("sent", "enviado"), ("delivered", "confirmado"), ("failed", "erro")])
def test_report_with_our_reference_ends_doubt(webhooks: Webhooks, owner: Database, reported: str, end: str) -> None:
    """After a timeout we have no message id; our own id, which the provider returns, says which message it was."""
    disparo_id = a_disparo(owner, a_lead(owner, status="em_disparo"), status="incerto")
    post_meta(webhooks, statuses=[status(reported, biz_opaque_callback_data=str(disparo_id))])
    found = disparo(owner, disparo_id, "status", "em_duvida", "provider_message_id", "enviado_em")
    assert found == [end, False, WAMID, STARTED_AT]


def test_reference_is_ignored_if_the_disparo_has_another_message_id(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    post_meta(webhooks, statuses=[status("failed", "wamid.outra", biz_opaque_callback_data=str(disparo_id))])
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def test_disparo_that_a_person_declared_unsent_stays_erro(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="erro")
    post_meta(webhooks, statuses=[status("delivered", biz_opaque_callback_data=str(disparo_id))])
    assert disparo(owner, disparo_id, "status") == ["erro"]


@pytest.mark.parametrize("end", ["cancelado", "simulado"])
def test_disparo_that_was_never_sent_is_not_moved(webhooks: Webhooks, owner: Database, end: str) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status=end, provider_message_id=WAMID)
    assert post_meta(webhooks, statuses=[status("delivered")])["aplicados"] == 0
    assert disparo(owner, disparo_id, "status") == [end]


def test_one_body_may_report_many_messages(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    for number in range(5):
        a_sent_disparo(owner, lead_id, message_id=f"wamid.{number}")
    answer = post_meta(webhooks, statuses=[status("read", f"wamid.{number}") for number in range(300)])
    assert answer == {"aplicados": 5, "guardados": 295, "respostas": 0, "sem_lead": 0}


# Reports that come before their disparo is known


def test_report_that_comes_before_the_worker_records_the_sending_is_settled_by_the_sweep(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_disparo(owner, lead_id, status="enviando")
    for _ in range(2):
        answer = post_meta(webhooks, statuses=[status("delivered"), status("sent"), status("read")])
        assert answer == {"aplicados": 0, "guardados": 1, "respostas": 0, "sem_lead": 0}
    assert late.settle() == 0
    run(owner, f"""UPDATE disparos SET status = 'enviado', lease_dono = NULL, lease_ate = NULL, iniciado_em = NULL,
                   enviado_em = {literal(STARTED_AT)}, provider_message_id = {literal(WAMID)}""")  # fmt: skip
    clock.advance(minutes=1)
    assert late.settle() == 1
    assert disparo(owner, disparo_id, "status") == ["confirmado"]
    assert lead_status(owner, lead_id) == "contato_efetuado"
    assert ask(owner, "SELECT count(*) FROM avisos_de_entrega") == [[0]]
    assert late.settle() == 0


def test_reports_about_a_disparo_that_is_being_sent_are_kept(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="enviando")
    reference = {"biz_opaque_callback_data": str(disparo_id)}
    assert post_meta(webhooks, statuses=[status("sent", **reference), status("failed", **reference)])["guardados"] == 2
    clock.advance(minutes=1)
    assert late.settle() == 0
    run(owner, """UPDATE disparos SET status = 'incerto', lease_dono = NULL, lease_ate = NULL, iniciado_em = NULL,
                  em_duvida = true, ultimo_codigo = 'x', erro_codigo = 'x'""")  # fmt: skip
    clock.advance(minutes=5)
    assert late.settle() == 2
    assert disparo(owner, disparo_id, "status", "erro_codigo") == ["erro", "131000"]


def test_report_that_fits_no_disparo_is_tried_less_and_less_often_and_deleted_after_a_week(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    post_meta(webhooks, statuses=[status("delivered")])
    looks = 0
    while ask(owner, "SELECT count(*) FROM avisos_de_entrega") == [[1]]:
        [[due]] = ask(owner, "SELECT olhar_em FROM avisos_de_entrega")
        clock.now = due
        assert late.settle() == 0
        looks += 1
    assert looks < 20
    assert timedelta(days=7) <= clock.now - STARTED_AT < timedelta(days=15)


def test_opt_out_that_is_reported_too_early_is_applied_later(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    post_meta(webhooks, statuses=[status("failed", errors=[{"code": 131050}])])
    a_sent_disparo(owner, a_lead(owner))
    clock.advance(minutes=1)
    assert late.settle() == 1
    assert suppressed(owner) == [["whatsapp", PHONE, "provedor"]]


def test_sweep_settles_the_reports_of_each_tenant_by_themselves(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    a_template(owner, tenant_id="outra")
    post_meta(webhooks, statuses=[status("delivered")])
    post_meta(webhooks, tenant_id="outra", statuses=[status("failed")])
    mine = a_sent_disparo(owner, a_lead(owner))
    theirs = a_sent_disparo(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra")
    clock.advance(minutes=1)
    assert late.settle() == 2
    assert disparo(owner, mine, "status") == ["confirmado"]
    assert disparo(owner, theirs, "status") == ["erro"]


def test_many_reports_that_fit_no_disparo_do_not_hold_up_a_later_one(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    for first in (0, 1_000):
        post_meta(webhooks, statuses=[status("delivered", f"wamid.{first + number}") for number in range(1_000)])
    clock.advance(seconds=1)
    post_meta(webhooks, statuses=[status("delivered")])
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    clock.advance(minutes=1)
    assert late.settle() == 1
    assert disparo(owner, disparo_id, "status") == ["confirmado"]
    due = f"SELECT count(*) FROM avisos_de_entrega WHERE olhar_em <= {literal(clock.now)}"
    assert ask(owner, due) == [[0]]


def test_sweep_of_the_product_settles_reports(services: Services) -> None:
    assert services.sweep.run()["entregas"] == 0


# Replies


def test_any_reply_moves_the_lead_to_contato_efetuado(webhooks: Webhooks, owner: Database) -> None:
    reached, other = (
        a_lead(owner, status="em_disparo"),
        a_lead(owner, status="em_disparo", telefones=["+5511999990001"]),
    )
    assert post_meta(webhooks, messages=[message("Quem é?")]) == {
        "aplicados": 0,
        "guardados": 0,
        "respostas": 1,
        "sem_lead": 0,
    }
    assert lead_status(owner, reached) == "contato_efetuado"
    assert lead_status(owner, other) == "em_disparo"
    assert suppressed(owner) == []


def test_reply_confirms_the_message_that_it_quotes(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner, status="em_disparo"))
    post_meta(webhooks, messages=[message("ok", context={"from": "5571988880000", "id": WAMID})])
    assert disparo(owner, disparo_id, "status") == ["confirmado"]


@pytest.mark.parametrize("wa_id", ["557199990001", "5571999990001"])
def test_number_without_its_ninth_digit_is_the_same_contact(webhooks: Webhooks, owner: Database, wa_id: str) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    for _ in range(2):
        post_meta(webhooks, messages=[message("SAIR", wa_id)])
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]
    assert lead_status(owner, lead_id) == "contato_efetuado"


def test_opt_out_of_a_sender_who_is_no_lead_is_kept(webhooks: Webhooks, owner: Database) -> None:
    post_meta(webhooks, messages=[message("Pare!", "5511988887777"), message("oi", "nada"), message("stop", "")])
    assert suppressed(owner) == [["whatsapp", "+5511988887777", "resposta"]]


def test_reply_does_not_reopen_a_closed_lead(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="descartado")
    post_meta(webhooks, messages=[message("oi")])
    assert lead_status(owner, lead_id) == "descartado"


def test_email_provider_posts_the_simple_shape(webhooks: Webhooks, owner: Database) -> None:
    a_template(owner, nome="carta", canal="email")
    lead_id = a_lead(owner, status="em_disparo")
    place = {"canal": "email", "template": "carta", "destino": "maria@example.com"}
    ids = [a_sent_disparo(owner, lead_id, message_id=f"re_{number}", **place) for number in range(3)]
    answer = post_simple(
        webhooks,
        entregas=[
            {"message_id": "re_0", "situacao": "entregue"},
            {"message_id": "re_1", "situacao": "falhou", "codigo": "bounce", "suprimir": True},
        ],
        respostas=[{"de": "Maria <MARIA@example.com>", "texto": "ok", "em_resposta_a": "re_2"}],
    )
    assert answer == {"aplicados": 3, "guardados": 0, "respostas": 1, "sem_lead": 0}
    assert [disparo(owner, each, "status") for each in ids] == [["confirmado"], ["erro"], ["confirmado"]]
    assert suppressed(owner) == [["email", "maria@example.com", "provedor"]]


# Tenants, channels and signatures


def test_webhook_of_a_tenant_moves_no_disparo_of_another_tenant(webhooks: Webhooks, owner: Database) -> None:
    """The disparos of two tenants have the same message id."""
    a_template(owner, tenant_id="outra")
    mine = a_sent_disparo(owner, a_lead(owner))
    theirs = a_sent_disparo(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra")
    reference = {"biz_opaque_callback_data": str(theirs)}
    post_meta(webhooks, statuses=[status("read"), status("failed", "wamid.x", **reference)], messages=[message("SAIR")])
    assert disparo(owner, mine, "status") == ["confirmado"]
    assert disparo(owner, theirs, "status") == ["enviado"]
    assert ask(owner, "SELECT DISTINCT tenant_id FROM supressoes") == [[TENANT]]


def test_report_of_one_channel_moves_no_disparo_of_another(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    post_simple(webhooks, entregas=[{"message_id": WAMID, "situacao": "lido", "disparo_id": str(disparo_id)}])
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def refusal(webhooks: Webhooks, post: Post) -> str:
    """The code of the error that answers the request."""
    with pytest.raises(Unauthenticated) as raised:
        webhooks.receive(*post)
    return raised.value.code


def test_body_without_a_valid_signature_is_refused(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    raw = of_meta(statuses=[status("read")])
    query = WebhookQuery(chave=key_of(webhooks))
    for headers in (
        {}, signed(raw, "outro"), signed(raw + b" "), {"x-hub-signature-256": ""}, {"x-hub-signature-256": "sha1=x"},
        {"x-hub-signature-256": "é\ud800"}, {"x-webhook-secret": SHARED}, {"x-webhook-secret": APP_SECRET},
    ):  # fmt: skip
        assert refusal(webhooks, Post("whatsapp", query, headers, raw)) == "assinatura_invalida"
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def test_key_is_refused_if_it_is_changed_or_of_another_channel(webhooks: Webhooks) -> None:
    raw = b"{}"
    whole = key_of(webhooks)
    for bad in ("", "x", whole[:-1], whole + "A", key_of(webhooks, "email"), "acme", whole.swapcase()):
        assert refusal(webhooks, Post("whatsapp", WebhookQuery(chave=bad), signed(raw), raw)) == (
            "chave_de_webhook_invalida"
        )


def test_secret_of_a_tenant_signs_for_that_tenant_only(webhooks: Webhooks, aws: Aws) -> None:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp/outra", {"app_secret": "segredo-da-outra"})
    raw = b"{}"
    mine, theirs = (WebhookQuery(chave=key_of(webhooks, tenant_id=each)) for each in (TENANT, "outra"))
    assert webhooks.receive("whatsapp", theirs, signed(raw, "segredo-da-outra"), raw)["aplicados"] == 0
    assert refusal(webhooks, Post("whatsapp", theirs, signed(raw), raw)) == "assinatura_invalida"
    assert refusal(webhooks, Post("whatsapp", mine, signed(raw, "segredo-da-outra"), raw)) == "assinatura_invalida"


def test_every_body_is_refused_while_no_secret_is_configured(webhooks: Webhooks, aws: Aws) -> None:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"app_secret": "", "segredo": None})
    raw, query = b"{}", WebhookQuery(chave=key_of(webhooks))
    for headers in ({}, signed(raw, ""), {"x-webhook-secret": ""}):
        assert refusal(webhooks, Post("whatsapp", query, headers, raw)) == "assinatura_invalida"


@pytest.mark.parametrize("raw", [b"", b"nada", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_signed_body_that_is_no_json_object_is_unreadable(webhooks: Webhooks, raw: bytes) -> None:
    with pytest.raises(Unreadable, match="corpo_nao_e_json"):
        webhooks.receive("whatsapp", WebhookQuery(chave=key_of(webhooks)), signed(raw), raw)


def test_body_that_is_too_large_is_refused_before_its_signature_is_checked(webhooks: Webhooks) -> None:
    with pytest.raises(TooLarge):
        webhooks.receive("whatsapp", WebhookQuery(), {}, b" " * (MAX_BYTES + 1))


def test_body_with_more_reports_and_replies_than_a_provider_sends_is_refused(webhooks: Webhooks) -> None:
    reports = [{"message_id": f"m{number}", "situacao": "entregue"} for number in range(MAX_ITEMS)]
    replies = [{"de": "ana@example.com", "texto": "sair"}]
    assert post_simple(webhooks, entregas=reports)["guardados"] == MAX_ITEMS
    with pytest.raises(TooLarge, match="avisos_demais"):
        post_simple(webhooks, entregas=reports, respostas=replies)


def test_unknown_channel_is_not_found(webhooks: Webhooks) -> None:
    with pytest.raises(NotFound):
        webhooks.receive("sms", WebhookQuery(), {}, b"{}")


def test_addresses_begin_with_the_public_url(make_services: Callable[..., Services], secrets: None) -> None:
    elsewhere = make_services(public_url="https://api.example.com/dev").webhooks
    urls = [each["url"] for each in elsewhere.addresses(Identity(TENANT, "u", frozenset({ADMIN})))["itens"]]
    assert [url.partition("?")[0] for url in urls] == [
        "https://api.example.com/dev/webhooks/whatsapp",
        "https://api.example.com/dev/webhooks/email",
    ]


# Meta's verification request


def challenge(webhooks: Webhooks, **changes: str) -> ChallengeQuery:
    given = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444", **changes}
    named = {f"hub.{name}": value for name, value in given.items()}
    return ChallengeQuery.model_validate({**named, "chave": key_of(webhooks)})


def test_request_with_the_agreed_token_gets_its_challenge_back(webhooks: Webhooks) -> None:
    assert webhooks.verify("whatsapp", challenge(webhooks)) == "1158201444"


@pytest.mark.parametrize("changes", [{"verify_token": "x"}, {"verify_token": ""}, {"mode": "unsubscribe"}])
def test_request_without_the_agreed_token_is_refused(webhooks: Webhooks, changes: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match="desafio_recusado"):
        webhooks.verify("whatsapp", challenge(webhooks, **changes))


def test_every_challenge_is_refused_while_no_token_is_configured(webhooks: Webhooks) -> None:
    query = ChallengeQuery.model_validate({"hub.mode": "subscribe", "chave": key_of(webhooks, "email")})
    with pytest.raises(Forbidden):
        webhooks.verify("email", query)


def test_token_that_is_no_text_agrees_with_nothing(webhooks: Webhooks, aws: Aws) -> None:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"verify_token": 7})
    with pytest.raises(Forbidden, match="desafio_recusado"):
        webhooks.verify("whatsapp", challenge(webhooks, verify_token="7"))


# Over HTTP


class HttpAnswer(NamedTuple):
    status: int
    media_type: str
    text: str


def send(
    api: Client, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> HttpAnswer:
    connection = http.client.HTTPConnection(api.host, api.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return HttpAnswer(response.status, response.headers["Content-Type"], response.read().decode())
    finally:
        connection.close()


@pytest.fixture
def path(api: Client, secrets: None) -> str:
    """The URL of the tenant's webhook for WhatsApp, as an administrator sees it."""
    code, document, _ = api.ask("GET", "/tenant/webhooks", token=api.token(TENANT, ADMIN))
    assert code == 200
    return str(document["itens"][0]["url"])


def test_provider_posts_to_the_url_that_the_administrator_saw(api: Client, owner: Database, path: str) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    raw = of_meta(statuses=[status("read")], contacts=[{"profile": {"name": "José"}}])
    for media_type in ("application/json", "application/json; charset=utf-8", "text/plain"):
        answer = send(api, "POST", path, raw, {**signed(raw), "Content-Type": media_type})
        assert (answer.status, answer.media_type) == (200, "application/json")
    assert disparo(owner, disparo_id, "status") == ["confirmado"]


def test_refusals_are_problem_documents(api: Client, path: str) -> None:
    problem = "application/problem+json"
    as_json = {"Content-Type": "application/json"}
    wrong_key = path.partition("chave=")[0] + "chave=x"
    found = [
        send(api, "POST", path, b"{}", as_json),
        send(api, "POST", wrong_key, b"{}", {**signed(b"{}"), **as_json}),
        send(api, "POST", path, b"nada", {**signed(b"nada"), **as_json}),
        send(api, "POST", path.replace("whatsapp", "sms"), b"{}", as_json),
        send(api, "POST", "/webhooks/whatsapp?chave=" + "x" * 600, b"{}", as_json),
        send(api, "GET", path + "&hub.mode=subscribe"),
    ]
    assert [(each.status, each.media_type) for each in found] == [
        (401, problem), (401, problem), (400, problem), (404, problem), (422, problem), (403, problem),
    ]  # fmt: skip


def test_answer_to_meta_is_the_bare_challenge(api: Client, path: str) -> None:
    parameters = f"&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={quote(VERIFY_TOKEN)}"
    assert send(api, "GET", path + parameters) == HttpAnswer(200, "text/plain", "1158201444")
    script = parameters.replace("1158201444", "%3Cscript%3E")
    assert send(api, "GET", path + script).status == 422


def test_no_personal_data_is_logged(api: Client, owner: Database, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    a_sent_disparo(owner, a_lead(owner))
    raw = of_meta(statuses=[status("failed")], messages=[message("SAIR, sou a Maria")])
    send(api, "POST", path, raw, signed(raw))
    send(api, "POST", path, raw, {})
    printed = "".join(capfd.readouterr())
    assert not [each for each in ("9999", "Maria", "SAIR", APP_SECRET) if each in printed]


# Campaigns


def of_a_campaign(owner: Database, **campaign: Any) -> tuple[UUID, UUID]:
    """A campaign with one message that was sent, as `WAMID`; their ids."""
    campanha_id = a_campaign(owner, **campaign)
    of_campaign: dict[str, Any] = {"campanha_id": campanha_id, "etapa": 1, "variante": "a"}
    return campanha_id, a_sent_disparo(owner, a_lead(owner), **of_campaign)


def campaign_counters(owner: Database) -> dict[str, int]:
    rows = ask(owner, "SELECT status, CAST(sum(quantos) AS integer) FROM campanha_contagens GROUP BY 1 ORDER BY 1")
    return dict(map(tuple, rows))


def test_read_and_answered_are_counted_once_and_never_taken_back(webhooks: Webhooks, owner: Database) -> None:
    _, disparo_id = of_a_campaign(owner)
    for _ in range(2):
        post_meta(webhooks, statuses=[status("delivered")])
        post_meta(webhooks, statuses=[status("read")])
        post_meta(webhooks, messages=[message("oi", context={"id": WAMID})])
    post_meta(webhooks, messages=[message("e aí?", context={"id": WAMID})])
    assert disparo(owner, disparo_id, "lido_em IS NULL", "respondido_em IS NULL") == [False, False]
    found = campaign_counters(owner)
    assert (found["confirmado"], found["entregue"], found["lido"], found["respondido"]) == (1, 1, 1, 1)


def test_report_of_reading_that_came_early_is_kept(webhooks: Webhooks, owner: Database, late: LateReports) -> None:
    for reported in ("delivered", "read"):
        post_meta(webhooks, statuses=[status(reported)])
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    assert late.settle() == 1
    assert disparo(owner, disparo_id, "status", "lido_em IS NULL") == ["confirmado", False]


def test_message_without_whatsapp_goes_on_by_the_campaigns_next_channel(webhooks: Webhooks, owner: Database) -> None:
    """Meta says so only after it has taken the message: the campaign may be over by then."""
    a_template(owner, nome="oi-email", canal="email")
    campanha_id, disparo_id = of_a_campaign(owner, channels=(("whatsapp", "oi"), ("email", "oi-email")))
    run(owner, f"UPDATE campanhas SET status = 'concluida', encerrada_em = now() WHERE campanha_id = '{campanha_id}'")
    post_meta(webhooks, statuses=[status("failed", errors=[{"code": 131026}])])
    rows = ask(owner, f"SELECT canal, status FROM disparos WHERE alternativa_de = '{disparo_id}'")
    assert rows == [["email", "pendente"]]
    assert ask(owner, "SELECT status FROM campanhas") == [["em_andamento"]]
    assert ask(owner, "SELECT count(*) FROM campanha_desfechos") == [[0]]


def test_other_failures_count_against_the_campaign(webhooks: Webhooks, owner: Database) -> None:
    of_a_campaign(owner)
    post_meta(webhooks, statuses=[status("failed", errors=[{"code": 131000}])])
    assert ask(owner, "SELECT ultimos FROM campanha_desfechos") == [["1"]]


def test_reports_and_answers_of_a_test_move_no_lead(webhooks: Webhooks, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    lead_id = a_lead(owner, telefones=["+5571911112222"])
    a_sent_disparo(owner, lead_id, teste_de=campanha_id)
    post_meta(webhooks, statuses=[status("delivered")], messages=[message("oi", context={"id": WAMID})])
    assert lead_status(owner, lead_id) == "novo"
    assert ask(owner, "SELECT lead_id FROM respostas") == [[None]]
