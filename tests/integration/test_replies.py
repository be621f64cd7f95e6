"""A reply is kept whoever sends it, its sender is known by every name, and whoever asks for it is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.delivery.service import Webhooks
from chalicelib.identity import ADMIN, Identity
from chalicelib.suppression.requests import SuppressionRemoval
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, a_template, ask, disparo, lead_status, literal
from tests.conftest import STARTED_AT, DatabaseUrls, StoppedClock
from tests.webhook_posts import PHONE, WAMID, a_sent_disparo, message, post_meta, post_simple, status, suppressed

ADMINISTRATOR = Identity(TENANT, "sub-da-ana", frozenset({ADMIN}))


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    a_template(database)
    a_template(database, nome="oi-email", canal="email")
    yield database
    database.close()


def kept(owner: Database, *columns: str) -> list[list[Any]]:
    return ask(owner, f"SELECT {', '.join(columns)} FROM respostas ORDER BY ctid")


def of_user(text: str, user_id: str = "BR.13491208655302741918", **fields: Any) -> dict[str, Any]:
    """A message of a person who hides the number."""
    return {"from_user_id": user_id, "id": f"wamid.{text}", "type": "text", "text": {"body": text}, **fields}


def at(clock: StoppedClock, **ago: float) -> str:
    """A time as Meta writes it."""
    return str(int((clock() - timedelta(**ago)).timestamp()))


# Who it is


@pytest.mark.straight_path
def test_reply_is_kept_with_its_words_and_the_message_that_it_answers(
    webhooks: Webhooks, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_sent_disparo(owner, lead_id)
    sent_at = clock() - timedelta(minutes=1)
    post_meta(webhooks, messages=[message("Quem é?", timestamp=at(clock, minutes=1), context={"id": WAMID})])
    columns = "remetente contato em_resposta_a disparo_id lead_id texto enviada_em recebida_em pedido revisar"
    [row] = kept(owner, *columns.split())
    assert row == [
        "557199990001", PHONE, WAMID, disparo_id, lead_id, "Quem é?", sent_at, clock(), None, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("telefone", "wa_id"),
    [
        ("+5571978123456", "557178123456"),  # may have been a radio
        ("+5511970001234", "551170001234"),
        ("+5585921234567", "558521234567"),  # a newer range, which looks like a landline without its ninth digit
        ("+5555991234567", "555591234567"),
        ("+5571999990001", "71999990001"),
        ("+5571999990001", "557199990001@s.whatsapp.net"),
        ("+557133334444", "557133334444"),
        ("+351912345678", "351912345678"),
    ],
)
def test_sender_is_found_under_every_form_of_the_number(
    webhooks: Webhooks, owner: Database, telefone: str, wa_id: str
) -> None:
    lead_id = a_lead(owner, status="em_disparo", telefones=[telefone])
    assert post_meta(webhooks, messages=[message("SAIR", wa_id)])["sem_lead"] == 0
    assert kept(owner, "contato", "lead_id") == [[telefone, lead_id]]
    assert suppressed(owner) == [["whatsapp", telefone, "resposta"]]
    assert lead_status(owner, lead_id) == "contato_efetuado"


@pytest.mark.parametrize("sender", [{"from_user_id": "BR.1"}, {"from": "BR.1"}, {"from": "4915112345678"}, {}])
def test_sender_is_found_by_the_message_that_is_quoted(
    webhooks: Webhooks, owner: Database, sender: dict[str, str]
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    disparo_id = a_sent_disparo(owner, lead_id)
    given = {"id": "wamid.r", "type": "button", "button": {"text": "Parar promoções"}, "context": {"id": WAMID}}
    post_meta(webhooks, messages=[{**given, **sender}])
    assert kept(owner, "contato", "lead_id", "disparo_id") == [[PHONE, lead_id, disparo_id]]
    assert ["whatsapp", PHONE, "resposta"] in suppressed(owner)


def test_person_who_was_seen_with_a_number_is_known_without_it(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    post_meta(webhooks, messages=[message("Oi", from_user_id="BR.1")])
    post_meta(webhooks, messages=[of_user("SAIR", "BR.1"), of_user("oi", "BR.2")])
    assert kept(owner, "usuario", "contato", "lead_id") == [
        ["BR.1", PHONE, lead_id], ["BR.1", PHONE, lead_id], ["BR.2", None, None],
    ]  # fmt: skip
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


def test_person_is_known_from_the_status_of_a_message(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    a_sent_disparo(owner, lead_id)
    post_meta(webhooks, statuses=[status("delivered", recipient_user_id="BR.1")])
    post_meta(webhooks, messages=[of_user("pare de me mandar mensagem", "BR.1")])
    assert kept(owner, "lead_id") == [[lead_id]]
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


def test_person_of_another_tenant_is_not_known(webhooks: Webhooks, owner: Database) -> None:
    a_lead(owner, tenant_id="outra")
    a_lead(owner)
    post_meta(webhooks, tenant_id="outra", messages=[message("Oi", from_user_id="BR.1")])
    assert post_meta(webhooks, messages=[of_user("SAIR", "BR.1")])["sem_lead"] == 1
    assert suppressed(owner) == []


@pytest.mark.parametrize("sender", ["", "nada", "BR.13491208655302741918", "123", "5571988887777", "\x00"])
def test_reply_of_nobody_is_kept_and_counted(
    webhooks: Webhooks, owner: Database, sender: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = post_meta(webhooks, messages=[message("Oi, tudo bem?", sender)])
    assert (answer["respostas"], answer["sem_lead"]) == (1, 1)
    assert kept(owner, "texto", "lead_id", "revisar") == [["Oi, tudo bem?", None, False]]
    printed = capfd.readouterr().out
    assert "RepliesUnassigned" in printed
    assert "tudo bem" not in printed


def test_opt_out_of_nobody_waits_for_a_person(webhooks: Webhooks, owner: Database) -> None:
    post_meta(webhooks, messages=[of_user("SAIR")])
    assert kept(owner, "pedido", "revisar") == [["descadastro", True]]


def test_opt_out_of_a_number_that_no_lead_has_is_kept_for_later(webhooks: Webhooks, owner: Database) -> None:
    post_meta(webhooks, messages=[message("SAIR", "557133334444")])
    # A landline, or a newer mobile without its ninth digit.
    assert suppressed(owner) == [["whatsapp", "+557133334444", "resposta"], ["whatsapp", "+5571933334444", "resposta"]]
    assert kept(owner, "revisar") == [[False]]


def test_of_several_leads_the_one_that_was_written_to_last_has_answered(webhooks: Webhooks, owner: Database) -> None:
    older, newer, other = (a_lead(owner, status="em_disparo") for _ in range(3))
    a_sent_disparo(owner, older, message_id="wamid.1", enviado_em=STARTED_AT - timedelta(hours=1))
    disparo_id = a_sent_disparo(owner, newer, message_id="wamid.2")
    post_meta(webhooks, messages=[message("Oi")])
    assert kept(owner, "lead_id", "disparo_id") == [[newer, disparo_id]]
    # Whoever has the number was reached.
    assert {lead_status(owner, each) for each in (older, newer, other)} == {"contato_efetuado"}


def test_reply_of_one_of_several_leads_that_nobody_wrote_to_belongs_to_none(
    webhooks: Webhooks, owner: Database
) -> None:
    for _ in range(2):
        a_lead(owner)
    assert post_meta(webhooks, messages=[message("Oi")])["sem_lead"] == 1
    assert kept(owner, "contato", "lead_id") == [[PHONE, None]]


def test_lead_whose_message_is_quoted_has_answered(webhooks: Webhooks, owner: Database) -> None:
    quoted, newer = a_lead(owner), a_lead(owner)
    disparo_id = a_sent_disparo(owner, quoted, enviado_em=STARTED_AT - timedelta(hours=1))
    a_sent_disparo(owner, newer, message_id="wamid.2")
    post_meta(webhooks, messages=[message("Oi", context={"id": WAMID})])
    assert kept(owner, "lead_id", "disparo_id") == [[quoted, disparo_id]]


def test_message_that_is_quoted_tells_a_mobile_from_a_landline(webhooks: Webhooks, owner: Database) -> None:
    mobile, landline = "+5571933334444", "+557133334444"
    a_lead(owner, telefones=[landline])
    a_sent_disparo(owner, a_lead(owner, telefones=[mobile]), destino=mobile)
    post_meta(webhooks, messages=[message("SAIR", "557133334444", context={"id": WAMID})])
    assert suppressed(owner) == [["whatsapp", mobile, "resposta"]]


def test_mobile_and_landline_that_are_both_leads_are_told_apart_by_what_was_sent(
    webhooks: Webhooks, owner: Database
) -> None:
    mobile = "+5571933334444"
    a_lead(owner, telefones=["+557133334444"])
    lead_id = a_lead(owner, telefones=[mobile])
    a_sent_disparo(owner, lead_id, destino=mobile)
    post_meta(webhooks, messages=[message("Oi", "557133334444")])
    assert kept(owner, "contato", "lead_id") == [[mobile, lead_id]]


def test_email_is_answered_by_address_or_by_the_quoted_message(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    a_sent_disparo(owner, lead_id, message_id="re_1", canal="email", template="oi-email", destino="maria@example.com")
    post_simple(
        webhooks,
        respostas=[
            {"de": "Maria <MARIA@example.com>", "texto": "Obrigada", "id": "1"},
            {"de": "m.silva@example.org", "texto": "SAIR\n\n> Responda SAIR", "em_resposta_a": "re_1", "id": "2"},
            {"de": "outra@example.org", "texto": "Oi", "id": "3"},
        ],
    )
    assert kept(owner, "provider_message_id", "lead_id") == [["1", lead_id], ["2", lead_id], ["3", None]]
    assert suppressed(owner) == [
        ["email", "m.silva@example.org", "resposta"], ["email", "maria@example.com", "resposta"],
    ]  # fmt: skip


def test_reply_is_on_the_timeline_of_its_lead_or_of_all_that_may_have_written_it(
    webhooks: Webhooks, services: Services, owner: Database, clock: StoppedClock
) -> None:
    def replies(lead_id: UUID) -> list[tuple[Any, ...]]:
        timeline = services.leads.get(TENANT, lead_id)["linha_do_tempo"]
        return [(each["status"], each["texto"]) for each in timeline if each["tipo"] == "resposta"]

    one, other = a_lead(owner), a_lead(owner)
    post_meta(webhooks, messages=[message("cancelar")])
    assert replies(one) == replies(other) == [("duvida", "cancelar")]
    a_sent_disparo(owner, one)
    clock.advance(minutes=1)
    post_meta(webhooks, messages=[message("quem é?")])
    assert replies(one) == [(None, "quem é?"), ("duvida", "cancelar")]
    assert replies(other) == [("duvida", "cancelar")]


def test_lead_that_is_undone_leaves_what_was_written(webhooks: Webhooks, owner: Database) -> None:
    a_lead(owner)
    post_meta(webhooks, messages=[message("Oi", from_user_id="BR.1")])
    for table in ("lead_telefones", "lead_emails", "leads"):
        ask(owner, f"DELETE FROM {table} RETURNING lead_id")
    assert kept(owner, "texto", "lead_id") == [["Oi", None]]


def test_number_of_queries_does_not_depend_on_that_of_the_replies(webhooks: Webhooks, owner: Database) -> None:
    for number in range(3):
        a_lead(owner, telefones=[f"+55719999000{number}0"])
    texts = ["SAIR", "oi", "cancelar", "número errado"]
    batch = [message(texts[n % 4], f"55719999{n:05d}", id=f"wamid.{n}", from_user_id=f"BR.{n}") for n in range(600)]
    assert post_meta(webhooks, messages=batch)["respostas"] == 600
    assert ask(owner, "SELECT count(*) FROM respostas") == [[600]]
    assert ask(owner, "SELECT count(*) FROM provedor_usuarios") == [[600]]


# Once


def test_notification_that_comes_again_changes_nothing(
    webhooks: Webhooks, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner, status="em_disparo")
    post_meta(webhooks, messages=[message("Oi"), message("Oi")])
    ask(owner, f"UPDATE leads SET status = 'novo' WHERE lead_id = {literal(lead_id)} RETURNING 1")
    clock.advance(hours=1)
    assert post_meta(webhooks, messages=[message("Oi")])["respostas"] == 1
    assert kept(owner, "recebida_em") == [[STARTED_AT]]
    assert lead_status(owner, lead_id) == "novo"


def consent_again(services: Services, owner: Database) -> None:
    """An administrator states a new consent for everybody on the list."""
    for (supressao_id,) in ask(owner, "SELECT supressao_id FROM supressoes"):
        services.suppressions.remove(ADMINISTRATOR, supressao_id, SuppressionRemoval(novo_consentimento=True))


@pytest.mark.straight_path
def test_opt_out_that_comes_again_after_a_new_consent_does_nothing(
    webhooks: Webhooks, services: Services, owner: Database, clock: StoppedClock
) -> None:
    a_lead(owner)
    said = message("SAIR", timestamp=at(clock))
    post_meta(webhooks, messages=[said])
    clock.advance(days=1)
    consent_again(services, owner)
    clock.advance(minutes=1)
    post_meta(webhooks, messages=[said])
    # The same under another id, as another connection of the provider may tell it.
    post_meta(webhooks, messages=[{**said, "id": "wamid.outra"}])
    assert suppressed(owner) == []


def test_opt_out_that_the_provider_reports_again_after_a_new_consent_does_nothing(
    webhooks: Webhooks, services: Services, owner: Database, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    a_sent_disparo(owner, lead_id)
    refused = status("failed", errors=[{"code": 131050}])
    post_meta(webhooks, statuses=[refused])
    clock.advance(days=1)
    consent_again(services, owner)
    post_meta(webhooks, statuses=[refused])
    assert suppressed(owner) == []
    a_sent_disparo(owner, lead_id, message_id="wamid.2", enviado_em=clock.advance(minutes=1))
    post_meta(webhooks, statuses=[{**refused, "id": "wamid.2"}])
    assert suppressed(owner) == [["whatsapp", PHONE, "provedor"]]


@pytest.mark.parametrize("text", ["SAIR", "não me mande mais mensagem"])
def test_new_opt_out_after_a_new_consent_counts(
    webhooks: Webhooks, services: Services, owner: Database, clock: StoppedClock, text: str
) -> None:
    a_lead(owner)
    post_meta(webhooks, messages=[message("pare", timestamp=at(clock))])
    clock.advance(milliseconds=300)
    consent_again(services, owner)
    # In the same second, which is all that Meta tells.
    post_meta(webhooks, messages=[message(text, timestamp=at(clock))])
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


@pytest.mark.parametrize("timestamp", ["1", "", "9999999999"])
def test_time_that_no_reply_can_have_is_not_believed(
    webhooks: Webhooks, services: Services, owner: Database, clock: StoppedClock, timestamp: str
) -> None:
    a_lead(owner)
    post_meta(webhooks, messages=[message("pare")])
    consent_again(services, owner)
    clock.advance(minutes=1)
    post_meta(webhooks, messages=[message("sair", timestamp=timestamp)])
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]


def test_doubt_from_before_a_new_consent_holds_nothing(
    webhooks: Webhooks, services: Services, owner: Database, clock: StoppedClock
) -> None:
    a_lead(owner)
    post_meta(webhooks, messages=[message("SAIR", timestamp=at(clock))])
    clock.advance(minutes=1)
    doubt = message("cancelar", timestamp=at(clock, seconds=30))
    consent_again(services, owner)
    post_meta(webhooks, messages=[doubt])
    assert kept(owner, "pedido", "revisar") == [["descadastro", False], ["duvida", False]]


# What it asks for


def test_preference_of_whatsapp_against_messages_suppresses(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    preference = {"wa_id": "557199990001", "detail": "User requested to stop marketing messages", "value": "stop"}
    post_meta(webhooks, user_preferences=[{**preference, "timestamp": 1764000000}])
    assert suppressed(owner) == [["whatsapp", PHONE, "resposta"]]
    assert kept(owner, "lead_id", "pedido") == [[lead_id, "descadastro"]]


def test_doubt_is_kept_for_a_person(webhooks: Webhooks, owner: Database) -> None:
    a_lead(owner)
    post_meta(webhooks, messages=[message("cancelar")])
    assert suppressed(owner) == []
    assert kept(owner, "contato", "pedido", "revisar") == [[PHONE, "duvida", True]]


def test_reply_without_words_is_kept(webhooks: Webhooks, owner: Database) -> None:
    lead_id = a_lead(owner)
    post_meta(webhooks, messages=[message("", type="audio")])
    assert kept(owner, "texto", "lead_id") == [[None, lead_id]]


def test_reply_confirms_the_disparo_that_it_quotes(webhooks: Webhooks, owner: Database) -> None:
    disparo_id: UUID = a_sent_disparo(owner, a_lead(owner, status="em_disparo"))
    post_meta(webhooks, messages=[of_user("ok", context={"id": WAMID})])
    assert disparo(owner, disparo_id, "status") == ["confirmado"]
