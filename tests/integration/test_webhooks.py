"""What providers tell: believed when it is signed, done once, whatever comes first; and nobody speaks for another."""

from __future__ import annotations

import hmac
import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.delivery.requests import ChallengeQuery, WebhookQuery
from chalicelib.delivery.service import MAX_BYTES, Webhooks
from chalicelib.delivery.settling import LateReports
from chalicelib.errors import Forbidden, NotFound, TooLarge, Unauthenticated, Unreadable
from chalicelib.identity import ADMIN, Identity
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import TENANT, a_lead, a_template, ask, literal, run
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.fakes import a_disparo, disparo
from tests.integration.conftest import SIGNING_KEY
from tests.integration.test_local_api import Client

APP_SECRET = "segredo-do-app"
SHARED = "segredo-combinado"
VERIFY_TOKEN = "token-de-verificacao"
WAMID = "wamid.HBgMNTU3MTk5OTk5MDAwMRUCABEYEjQ="
PREFIX = "/alquimista/dev/disparo-agenda"
PHONE = "+5571999990001"


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    a_template(database)
    yield database
    database.close()


@pytest.fixture
def secrets(aws: Aws) -> None:
    """The secrets of the stage."""
    put_secret(aws, f"{PREFIX}/assinatura", {"chave": SIGNING_KEY})
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN})
    put_secret(aws, f"{PREFIX}/webhook-email", {"segredo": SHARED})


@pytest.fixture
def webhooks(services: Services, secrets: None) -> Webhooks:
    """As the API has them, with a login that row-level security binds."""
    return services.webhooks


@pytest.fixture
def late(owner: Database, clock: StoppedClock) -> LateReports:
    return LateReports(database=owner, clock=clock)


class Post(NamedTuple):
    """A request to a webhook."""

    canal: str
    query: WebhookQuery
    headers: dict[str, str]
    raw: bytes


def chave(webhooks: Webhooks, canal: str = "whatsapp", tenant_id: str = TENANT) -> str:
    addresses = webhooks.addresses(Identity(tenant_id, "u", frozenset({ADMIN})))["itens"]
    [url] = [each["url"] for each in addresses if each["canal"] == canal]
    return str(url.partition("chave=")[2])


def signed(raw: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()}


def of_meta(**value: Any) -> bytes:
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", **value}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).encode()


def status(said: str, message_id: str = WAMID, **fields: Any) -> dict[str, Any]:
    failure = {"errors": [{"code": 131000}]} if said == "failed" else {}
    return {"id": message_id, "status": said, "timestamp": "1", "recipient_id": "557199990001", **failure, **fields}


def message(texto: str, de: str = "557199990001", **fields: Any) -> dict[str, Any]:
    return {"from": de, "id": "wamid.9", "timestamp": "1", "type": "text", "text": {"body": texto}, **fields}


def tell(webhooks: Webhooks, *, tenant_id: str = TENANT, **value: Any) -> dict[str, int]:
    """Meta posts a value to a tenant's webhook."""
    raw = of_meta(**value)
    query = WebhookQuery(chave=chave(webhooks, tenant_id=tenant_id))
    return webhooks.receive("whatsapp", query, signed(raw), raw)


def tell_simply(webhooks: Webhooks, canal: str = "email", **document: Any) -> dict[str, int]:
    raw = json.dumps(document).encode()
    return webhooks.receive(canal, WebhookQuery(chave=chave(webhooks, canal)), {"x-webhook-secret": SHARED}, raw)


def a_sent_disparo(owner: Database, lead_id: UUID, **columns: object) -> UUID:
    return a_disparo(owner, lead_id, **{"status": "enviado", "provider_message_id": WAMID, **columns})


def lead_status(owner: Database, lead_id: UUID) -> str:
    [[found]] = ask(owner, f"SELECT status FROM leads WHERE lead_id = {literal(lead_id)}")
    return str(found)


def suppressed(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT canal, contato, motivo FROM supressoes ORDER BY 1, 2")


def history(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT classe, codigo, provider_message_id FROM disparo_tentativas ORDER BY disparo_id, passo")


# Statuses


@pytest.mark.parametrize("said", ["delivered", "read"])
def test_a_message_that_arrived_is_confirmed_and_its_lead_reached(
    webhooks: Webhooks, owner: Database, clock: StoppedClock, said: str
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_sent_disparo(owner, lead_id)
    now = clock.advance(minutes=3)
    assert tell(webhooks, statuses=[status(said)]) == {"aplicados": 1, "guardados": 0, "respostas": 0}
    assert disparo(owner, disparo_id, "status", "enviado_em", "confirmado_em") == ["confirmado", STARTED_AT, now]
    assert lead_status(owner, lead_id) == "contato_efetuado"
    assert history(owner) == [["entregue", None, WAMID]]
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos")
    assert (tipo, detalhe["status"], detalhe["disparo_id"]) == ("disparo.completed", "confirmado", str(disparo_id))


def test_a_failure_after_all_is_an_error_with_its_code(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_sent_disparo(owner, lead_id)
    tell(webhooks, statuses=[status("failed")])
    assert disparo(owner, disparo_id, "status", "erro_codigo", "enviado_em") == ["erro", "131000", STARTED_AT]
    assert lead_status(owner, lead_id) == "sem_sucesso"
    assert history(owner) == [["falhou", "131000", WAMID]]
    [[tipo, detalhe]] = ask(owner, "SELECT tipo, detalhe FROM eventos")
    assert (tipo, detalhe["erro_codigo"]) == ("disparo.failed", "131000")


def test_a_lead_that_another_disparo_may_reach_is_not_given_up(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    a_sent_disparo(owner, lead_id)
    a_disparo(owner, lead_id)
    tell(webhooks, statuses=[status("failed")])
    assert lead_status(owner, lead_id) == "em_disparo"


def test_an_unreachable_number_goes_on_to_the_leads_next_one(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo", telefones=[PHONE, "+5571999990002"])
    disparo_id = a_sent_disparo(owner, lead_id, usar_alternativos=True)
    for _ in range(2):
        tell(webhooks, statuses=[status("failed", errors=[{"code": 131026}])])
    found = ask(owner, "SELECT destino, status, alternativa_de FROM disparos ORDER BY destino")
    assert found == [[PHONE, "erro", None], ["+5571999990002", "pendente", disparo_id]]
    assert lead_status(owner, lead_id) == "em_disparo"


@pytest.mark.parametrize("usar_alternativos", [True, False])
def test_any_other_failure_does_not(webhooks: Webhooks, owner: Database, usar_alternativos: bool) -> None:
    lead_id = a_lead(owner, status="em_disparo", telefones=[PHONE, "+5571999990002"])
    a_sent_disparo(owner, lead_id, usar_alternativos=usar_alternativos)
    code = 131047 if usar_alternativos else 131026
    tell(webhooks, statuses=[status("failed", errors=[{"code": code}])])
    assert ask(owner, "SELECT count(*) FROM disparos") == [[1]]


def test_an_opt_out_that_the_provider_knows_of_puts_the_person_on_the_list(webhooks: Webhooks, owner: Database) -> None:
    a_sent_disparo(owner, a_lead(owner))
    for _ in range(2):
        tell(webhooks, statuses=[status("failed", errors=[{"code": 131050}])])
    assert suppressed(owner) == [["whatsapp", PHONE, "provedor"]]


def test_the_same_again_changes_nothing(webhooks: Webhooks, owner: Database, clock: StoppedClock) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner, status="em_disparo"))
    tell(webhooks, statuses=[status("delivered")])
    before = disparo(owner, disparo_id, "*")
    clock.advance(days=1)
    again = tell(webhooks, statuses=[status("sent"), status("delivered"), status("read"), status("failed")])
    assert again == {"aplicados": 0, "guardados": 0, "respostas": 0}
    assert disparo(owner, disparo_id, "*") == before
    assert ask(owner, "SELECT count(*) FROM eventos") == [[1]]
    assert len(history(owner)) == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    begins=st.sampled_from(["enviado", "incerto"]),
    said=st.lists(st.sampled_from(["sent", "delivered", "read", "failed"]), max_size=5),
    data=st.data(),
)
def test_any_order_any_repetition_and_any_parcels_end_alike(
    webhooks: Webhooks, owner: Database, begins: str, said: list[str], data: st.DataObject
) -> None:
    run(owner, "DELETE FROM disparo_tentativas; DELETE FROM disparos")
    lead_id = a_lead(owner)
    disparo_ids = []
    for number, order in enumerate((said, [*data.draw(st.permutations(said)), *said[:2]])):
        wamid = f"wamid.{number}"
        columns = {"provider_message_id": wamid, "status": begins}
        disparo_ids.append(a_disparo(owner, lead_id, **columns))
        parcels = [[each] for each in order] if number else [order]
        for parcel in parcels:
            tell(webhooks, statuses=[status(each, wamid) for each in parcel])
    ends = [disparo(owner, each, "status", "erro_codigo", "em_duvida") for each in disparo_ids]
    assert ends[0] == ends[1]


def test_what_is_told_from_many_sides_at_once_is_done_once(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    ids = [a_sent_disparo(owner, lead_id, provider_message_id=f"wamid.{number}") for number in range(5)]

    def post(turn: int) -> int:
        statuses = [status("read" if turn % 2 else "delivered", f"wamid.{number}") for number in range(5)]
        told = tell(webhooks, statuses=statuses[:: 1 if turn % 3 else -1], messages=[message("SAIR")])
        return told["aplicados"]

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(post, range(12))) == 5
    assert [disparo(owner, each, "status") for each in ids] == [["confirmado"]] * 5
    assert ask(owner, "SELECT count(*) FROM eventos") == [[5]]
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


@pytest.mark.parametrize(("said", "ends"), [("sent", "enviado"), ("delivered", "confirmado"), ("failed", "erro")])
def test_a_reference_that_comes_back_ends_doubt(webhooks: Webhooks, owner: Database, said: str, ends: str) -> None:
    """What timed out has no id of the provider's: our own, handed back, proves what became of it."""
    disparo_id = a_disparo(owner, a_lead(owner, status="em_disparo"), status="incerto")
    tell(webhooks, statuses=[status(said, biz_opaque_callback_data=str(disparo_id))])
    found = disparo(owner, disparo_id, "status", "em_duvida", "provider_message_id", "enviado_em")
    assert found == [ends, False, WAMID, STARTED_AT]


def test_a_reference_does_not_speak_for_a_message_that_has_another_id(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    tell(webhooks, statuses=[status("failed", "wamid.outra", biz_opaque_callback_data=str(disparo_id))])
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def test_what_a_person_declared_unsent_is_not_argued_with(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="erro")
    tell(webhooks, statuses=[status("delivered", biz_opaque_callback_data=str(disparo_id))])
    assert disparo(owner, disparo_id, "status") == ["erro"]


@pytest.mark.parametrize("ended", ["cancelado", "simulado"])
def test_what_never_left_is_not_moved(webhooks: Webhooks, owner: Database, ended: str) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status=ended, provider_message_id=WAMID)
    assert tell(webhooks, statuses=[status("delivered")])["aplicados"] == 0
    assert disparo(owner, disparo_id, "status") == [ended]


def test_the_statuses_of_many_messages_come_in_one_body(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    for number in range(5):
        a_sent_disparo(owner, lead_id, provider_message_id=f"wamid.{number}")
    told = tell(webhooks, statuses=[status("read", f"wamid.{number}") for number in range(300)])
    assert told == {"aplicados": 5, "guardados": 295, "respostas": 0}


# Before we know


def test_a_status_that_outran_its_worker_is_settled_by_the_sweep(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_disparo(owner, lead_id, status="enviando")
    for _ in range(2):
        told = tell(webhooks, statuses=[status("delivered"), status("sent"), status("read")])
        assert told == {"aplicados": 0, "guardados": 1, "respostas": 0}
    assert late.settle() == 0
    run(owner, f"""UPDATE disparos SET status = 'enviado', lease_dono = NULL, lease_ate = NULL,
                   enviado_em = {literal(STARTED_AT)}, provider_message_id = {literal(WAMID)}""")  # fmt: skip
    clock.advance(minutes=1)
    assert late.settle() == 1
    assert disparo(owner, disparo_id, "status") == ["confirmado"]
    assert lead_status(owner, lead_id) == "contato_efetuado"
    assert ask(owner, "SELECT count(*) FROM avisos_de_entrega") == [[0]]
    assert late.settle() == 0


def test_a_disparo_that_is_still_on_its_way_keeps_its_notices(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    disparo_id = a_disparo(owner, a_lead(owner), status="enviando")
    reference = {"biz_opaque_callback_data": str(disparo_id)}
    assert tell(webhooks, statuses=[status("sent", **reference), status("failed", **reference)])["guardados"] == 2
    clock.advance(minutes=1)
    assert late.settle() == 0
    run(owner, """UPDATE disparos SET status = 'incerto', lease_dono = NULL, lease_ate = NULL, em_duvida = true,
                  ultimo_codigo = 'x', erro_codigo = 'x'""")  # fmt: skip
    clock.advance(minutes=5)
    assert late.settle() == 2
    assert disparo(owner, disparo_id, "status", "erro_codigo") == ["erro", "131000"]


def test_what_is_nobodys_is_looked_at_ever_more_seldom_and_forgotten_after_a_week(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    tell(webhooks, statuses=[status("delivered")])
    looks = 0
    while ask(owner, "SELECT count(*) FROM avisos_de_entrega") == [[1]]:
        [[due]] = ask(owner, "SELECT olhar_em FROM avisos_de_entrega")
        clock.now = due
        assert late.settle() == 0
        looks += 1
    assert looks < 20
    assert timedelta(days=7) <= clock.now - STARTED_AT < timedelta(days=15)


def test_an_opt_out_that_outran_its_worker_is_not_lost(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    tell(webhooks, statuses=[status("failed", errors=[{"code": 131050}])])
    a_sent_disparo(owner, a_lead(owner))
    clock.advance(minutes=1)
    assert late.settle() == 1
    assert suppressed(owner) == [["whatsapp", PHONE, "provedor"]]


def test_a_sweep_settles_every_tenants_notices_each_for_itself(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    a_template(owner, tenant_id="outra")
    tell(webhooks, statuses=[status("delivered")])
    tell(webhooks, tenant_id="outra", statuses=[status("failed")])
    mine = a_sent_disparo(owner, a_lead(owner))
    theirs = a_sent_disparo(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra")
    clock.advance(minutes=1)
    assert late.settle() == 2
    assert disparo(owner, mine, "status") == ["confirmado"]
    assert disparo(owner, theirs, "status") == ["erro"]


def test_what_is_nobodys_does_not_hide_what_comes_after_it(
    webhooks: Webhooks, owner: Database, late: LateReports, clock: StoppedClock
) -> None:
    tell(webhooks, statuses=[status("delivered", f"wamid.{number}") for number in range(2_000)])
    clock.advance(seconds=1)
    tell(webhooks, statuses=[status("delivered")])
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    clock.advance(minutes=1)
    assert late.settle() == 1
    assert disparo(owner, disparo_id, "status") == ["confirmado"]
    due = f"SELECT count(*) FROM avisos_de_entrega WHERE olhar_em <= {literal(clock.now)}"
    assert ask(owner, due) == [[0]]


def test_the_sweep_of_the_product_does_this_too(services: Services) -> None:
    assert services.sweep.run()["entregas"] == 0


# Answers


def test_any_answer_means_that_the_lead_was_reached(webhooks: Webhooks, owner: Database) -> None:
    reached, other = (
        a_lead(owner, status="em_disparo"),
        a_lead(owner, status="em_disparo", telefones=["+5511999990001"]),
    )
    assert tell(webhooks, messages=[message("Quem é?")]) == {"aplicados": 0, "guardados": 0, "respostas": 1}
    assert lead_status(owner, reached) == "contato_efetuado"
    assert lead_status(owner, other) == "em_disparo"
    assert suppressed(owner) == []


def test_an_answer_confirms_the_message_that_it_quotes(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner, status="em_disparo"))
    tell(webhooks, messages=[message("ok", context={"from": "5571988880000", "id": WAMID})])
    assert disparo(owner, disparo_id, "status") == ["confirmado"]


@pytest.mark.parametrize("wa_id", ["557199990001", "5571999990001"])
def test_a_number_without_its_ninth_digit_is_the_same_person(webhooks: Webhooks, owner: Database, wa_id: str) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    for _ in range(2):
        tell(webhooks, messages=[message("SAIR", wa_id)])
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]
    assert lead_status(owner, lead_id) == "contato_efetuado"


def test_who_is_no_lead_is_left_in_peace_as_well(webhooks: Webhooks, owner: Database) -> None:
    tell(webhooks, messages=[message("Pare!", "5511988887777"), message("oi", "nada"), message("stop", "")])
    assert suppressed(owner) == [["whatsapp", "+5511988887777", "resposta"]]


def test_a_lead_that_is_closed_stays_closed(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner, status="descartado")
    tell(webhooks, messages=[message("oi")])
    assert lead_status(owner, lead_id) == "descartado"


def test_another_provider_speaks_the_simple_shape(webhooks: Webhooks, owner: Database) -> None:
    a_template(owner, nome="carta", canal="email")
    lead_id = a_lead(owner, status="em_disparo")
    place = {"canal": "email", "template": "carta", "destino": "maria@example.com"}
    ids = [a_sent_disparo(owner, lead_id, provider_message_id=f"re_{number}", **place) for number in range(3)]
    told = tell_simply(
        webhooks,
        entregas=[
            {"message_id": "re_0", "situacao": "entregue"},
            {"message_id": "re_1", "situacao": "falhou", "codigo": "bounce", "suprimir": True},
        ],
        respostas=[{"de": "Maria <MARIA@example.com>", "texto": "ok", "em_resposta_a": "re_2"}],
    )
    assert told == {"aplicados": 3, "guardados": 0, "respostas": 1}
    assert [disparo(owner, each, "status") for each in ids] == [["confirmado"], ["erro"], ["confirmado"]]
    assert suppressed(owner) == [["email", "maria@example.com", "provedor"]]


# Who is speaking


def test_a_tenants_webhook_reaches_no_disparo_of_another(webhooks: Webhooks, owner: Database) -> None:
    """Two tenants have a message of the same id: each hears of its own."""
    a_template(owner, tenant_id="outra")
    mine = a_sent_disparo(owner, a_lead(owner))
    theirs = a_sent_disparo(owner, a_lead(owner, tenant_id="outra"), tenant_id="outra")
    reference = {"biz_opaque_callback_data": str(theirs)}
    tell(webhooks, statuses=[status("read"), status("failed", "wamid.x", **reference)], messages=[message("SAIR")])
    assert disparo(owner, mine, "status") == ["confirmado"]
    assert disparo(owner, theirs, "status") == ["enviado"]
    assert ask(owner, "SELECT DISTINCT tenant_id FROM supressoes") == [[TENANT]]


def test_one_channel_hears_nothing_of_another(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    tell_simply(webhooks, entregas=[{"message_id": WAMID, "situacao": "lido", "disparo_id": str(disparo_id)}])
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def refused(webhooks: Webhooks, post: Post) -> str:
    with pytest.raises(Unauthenticated) as raised:
        webhooks.receive(*post)
    return raised.value.code


def test_only_a_signed_body_is_believed(webhooks: Webhooks, owner: Database) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    raw = of_meta(statuses=[status("read")])
    query = WebhookQuery(chave=chave(webhooks))
    for headers in (
        {}, signed(raw, "outro"), signed(raw + b" "), {"x-hub-signature-256": ""}, {"x-hub-signature-256": "sha1=x"},
        {"x-hub-signature-256": "é\ud800"}, {"x-webhook-secret": SHARED}, {"x-webhook-secret": APP_SECRET},
    ):  # fmt: skip
        assert refused(webhooks, Post("whatsapp", query, headers, raw)) == "assinatura_invalida"
    assert disparo(owner, disparo_id, "status") == ["enviado"]


def test_a_key_is_good_for_its_channel_and_whole(webhooks: Webhooks) -> None:
    raw = b"{}"
    whole = chave(webhooks)
    for bad in ("", "x", whole[:-1], whole + "A", chave(webhooks, "email"), "acme", whole.swapcase()):
        assert refused(webhooks, Post("whatsapp", WebhookQuery(chave=bad), signed(raw), raw)) == (
            "chave_de_webhook_invalida"
        )


def test_a_tenant_with_a_secret_of_its_own_speaks_for_itself_alone(webhooks: Webhooks, aws: Aws) -> None:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp/outra", {"app_secret": "segredo-da-outra"})
    raw = b"{}"
    mine, theirs = (WebhookQuery(chave=chave(webhooks, tenant_id=each)) for each in (TENANT, "outra"))
    assert webhooks.receive("whatsapp", theirs, signed(raw, "segredo-da-outra"), raw)["aplicados"] == 0
    assert refused(webhooks, Post("whatsapp", theirs, signed(raw), raw)) == "assinatura_invalida"
    assert refused(webhooks, Post("whatsapp", mine, signed(raw, "segredo-da-outra"), raw)) == "assinatura_invalida"


def test_without_a_secret_nobody_is_believed(webhooks: Webhooks, aws: Aws) -> None:
    put_secret(aws, f"{PREFIX}/webhook-whatsapp", {"app_secret": "", "segredo": None})
    raw, query = b"{}", WebhookQuery(chave=chave(webhooks))
    for headers in ({}, signed(raw, ""), {"x-webhook-secret": ""}):
        assert refused(webhooks, Post("whatsapp", query, headers, raw)) == "assinatura_invalida"


@pytest.mark.parametrize("raw", [b"", b"nada", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_is_no_document_is_said_to_be_none(webhooks: Webhooks, raw: bytes) -> None:
    with pytest.raises(Unreadable, match="corpo_nao_e_json"):
        webhooks.receive("whatsapp", WebhookQuery(chave=chave(webhooks)), signed(raw), raw)


def test_a_body_that_is_too_large_is_not_even_hashed(webhooks: Webhooks) -> None:
    with pytest.raises(TooLarge):
        webhooks.receive("whatsapp", WebhookQuery(), {}, b" " * (MAX_BYTES + 1))


def test_there_is_no_other_channel(webhooks: Webhooks) -> None:
    with pytest.raises(NotFound):
        webhooks.receive("sms", WebhookQuery(), {}, b"{}")


def test_addresses_are_for_administrators(webhooks: Webhooks, make_services: Callable[..., Services]) -> None:
    with pytest.raises(Forbidden):
        webhooks.addresses(Identity(TENANT, "u", frozenset()))
    elsewhere = make_services(public_url="https://api.example.com/dev").webhooks
    urls = [each["url"] for each in elsewhere.addresses(Identity(TENANT, "u", frozenset({ADMIN})))["itens"]]
    assert [url.partition("?")[0] for url in urls] == [
        "https://api.example.com/dev/webhooks/whatsapp",
        "https://api.example.com/dev/webhooks/email",
    ]


# Meta's question


def asked(webhooks: Webhooks, **changes: str) -> ChallengeQuery:
    given = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444", **changes}
    named = {f"hub.{name}": value for name, value in given.items()}
    return ChallengeQuery.model_validate({**named, "chave": chave(webhooks)})


def test_who_knows_the_token_gets_the_challenge_back(webhooks: Webhooks) -> None:
    assert webhooks.verify("whatsapp", asked(webhooks)) == "1158201444"


@pytest.mark.parametrize("changes", [{"verify_token": "x"}, {"verify_token": ""}, {"mode": "unsubscribe"}])
def test_who_does_not_gets_nothing(webhooks: Webhooks, changes: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match="desafio_recusado"):
        webhooks.verify("whatsapp", asked(webhooks, **changes))


def test_where_no_token_was_agreed_nobody_knows_it(webhooks: Webhooks) -> None:
    query = ChallengeQuery.model_validate({"hub.mode": "subscribe", "chave": chave(webhooks, "email")})
    with pytest.raises(Forbidden):
        webhooks.verify("email", query)


# Over HTTP


class Answer(NamedTuple):
    status: int
    media_type: str
    text: str


def ask_over_http(
    api: Client, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    connection = http.client.HTTPConnection(api.host, api.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers["Content-Type"], answer.read().decode())
    finally:
        connection.close()


@pytest.fixture
def path(api: Client, secrets: None) -> str:
    """The tenant's webhook for WhatsApp, as an administrator is shown it."""
    code, document, _ = api.ask("GET", "/tenant/webhooks", token=api.token(TENANT, ADMIN))
    assert code == 200
    return str(document["itens"][0]["url"])


def test_a_provider_posts_to_the_url_that_the_administrator_was_shown(api: Client, owner: Database, path: str) -> None:
    disparo_id = a_sent_disparo(owner, a_lead(owner))
    raw = of_meta(statuses=[status("read")], contacts=[{"profile": {"name": "José"}}])
    for media_type in ("application/json", "application/json; charset=utf-8", "text/plain"):
        answer = ask_over_http(api, "POST", path, raw, {**signed(raw), "Content-Type": media_type})
        assert (answer.status, answer.media_type) == (200, "application/json")
    assert disparo(owner, disparo_id, "status") == ["confirmado"]


def test_refusals_are_problem_documents(api: Client, path: str) -> None:
    bad = "application/problem+json"
    kind = {"Content-Type": "application/json"}
    wrong_key = path.partition("chave=")[0] + "chave=x"
    found = [
        ask_over_http(api, "POST", path, b"{}", kind),
        ask_over_http(api, "POST", wrong_key, b"{}", {**signed(b"{}"), **kind}),
        ask_over_http(api, "POST", path, b"nada", {**signed(b"nada"), **kind}),
        ask_over_http(api, "POST", path.replace("whatsapp", "sms"), b"{}", kind),
        ask_over_http(api, "POST", "/webhooks/whatsapp?chave=" + "x" * 600, b"{}", kind),
        ask_over_http(api, "GET", path + "&hub.mode=subscribe"),
    ]
    assert [(each.status, each.media_type) for each in found] == [
        (401, bad), (401, bad), (400, bad), (404, bad), (422, bad), (403, bad),
    ]  # fmt: skip


def test_meta_is_answered_with_the_bare_challenge(api: Client, path: str) -> None:
    question = f"&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={quote(VERIFY_TOKEN)}"
    assert ask_over_http(api, "GET", path + question) == Answer(200, "text/plain", "1158201444")
    script = question.replace("1158201444", "%3Cscript%3E")
    assert ask_over_http(api, "GET", path + script).status == 422


def test_nothing_personal_is_logged(api: Client, owner: Database, path: str, capfd: pytest.CaptureFixture[str]) -> None:
    a_sent_disparo(owner, a_lead(owner))
    raw = of_meta(statuses=[status("failed")], messages=[message("SAIR, sou a Maria")])
    ask_over_http(api, "POST", path, raw, signed(raw))
    ask_over_http(api, "POST", path, raw, {})
    printed = "".join(capfd.readouterr())
    assert not [each for each in ("9999", "Maria", "SAIR", APP_SECRET) if each in printed]
