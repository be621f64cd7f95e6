"""A live meeting's lead hears of it once for each message; of a dead or moved one, nobody hears anything more."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.delivery.providers.notices import DeliveryReport, ReportedStatus
from chalicelib.delivery.settling import settle
from chalicelib.dispatch.outcomes import Outcome, OutgoingMessage, Permanent, Sent
from chalicelib.dispatch.requests.models import NewTemplate
from chalicelib.scheduling.booking.requests import Rescheduling
from chalicelib.wiring import Services
from tests.booking import book
from tests.builders import CREATED_AT, TENANT, a_lead, ask, insert, lead_status, run
from tests.conftest import StoppedClock
from tests.sending_stage import SendingStage, configured, opted_out


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def begins(clock: StoppedClock) -> datetime:
    """Thursday, 15:00 in Bahia, where the lead is; now it is Tuesday, 9:00."""
    return clock() + timedelta(days=2, hours=6)


def wake(services: Services, agendamento_id: UUID) -> None:
    body = json.dumps({"tenant_id": TENANT, "agendamento_id": str(agendamento_id)})
    services.reminders.run({"Records": [{"messageId": "m", "body": body}]})


def disparos(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT agendamento_tipo, status, erro_codigo FROM disparos ORDER BY disparo_id")


def said(services: Services, agendamento_id: UUID) -> list[tuple[str, str, str | None]]:
    shown = services.agendamentos.get(TENANT, agendamento_id)
    return [(each["tipo"], each["status"], each["motivo"]) for each in shown["mensagens"]]


def send(stage: SendingStage, owner: Database) -> list[str]:
    """Send what waits; the texts that left by WhatsApp."""
    stage.run(*(row[0] for row in ask(owner, "SELECT disparo_id FROM disparos WHERE status = 'pendente'")))
    return [each.texto for each in stage.whatsapp.sent]


def move(services: Services, agendamento_id: UUID, to: datetime) -> Any:
    return services.agendamentos.reschedule(TENANT, agendamento_id, Rescheduling(data_agendada=to))


@pytest.mark.straight_path
def test_lead_is_invited_and_reminded_twice(
    services: Services, owner: Database, stage: SendingStage, clock: StoppedClock, begins: datetime
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, begins, link="https://video.example/1")["agendamento_id"]
    wake(services, made)
    assert send(stage, owner) == [
        "Olá, Maria! Seu compromisso está marcado: quinta-feira, 26/11/2026, às 15:00, por vídeo: "
        "https://video.example/1, com Ana (60 minutos).\n\nPara confirmar, mudar ou cancelar: responda a esta mensagem."
    ]
    for at in (begins - timedelta(days=1), begins - timedelta(hours=1)):
        clock.now = at
        for _ in range(2):
            wake(services, made)
        send(stage, owner)
    texts = [each.texto for each in stage.whatsapp.sent]
    assert len(texts) == 3
    assert all("Lembramos" in each for each in texts[1:])
    assert [tipo for tipo, *_ in disparos(owner)] == ["convite", "lembrete_1440", "lembrete_60"]
    assert {expires for (expires,) in ask(owner, "SELECT expira_em FROM disparos")} == {begins}
    assert lead_status(owner, lead_id) == "agendado"


def test_wake_up_that_is_early_or_for_no_agendamento_says_nothing(
    services: Services, owner: Database, begins: datetime, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    clock.now = begins - timedelta(hours=1, seconds=1)
    wake(services, made)
    wake(services, UUID(int=9))
    # Both other ones are late: the last one says it all.
    assert [tipo for tipo, *_ in disparos(owner)] == ["convite", "lembrete_1440"]


def test_late_reminder_is_kept_until_the_meeting_and_the_last_one_says_it_all(
    services: Services, owner: Database, begins: datetime, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    clock.now = begins - timedelta(minutes=20)
    wake(services, made)
    assert said(services, made)[1:] == [
        ("lembrete_1440", "dispensado", "junto_de_outro"),
        ("lembrete_60", "disparado", None),
    ]


def test_reminder_that_comes_after_the_meeting_began_is_not_sent(
    services: Services, owner: Database, begins: datetime, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    clock.now = begins
    wake(services, made)
    assert said(services, made)[2] == ("lembrete_60", "dispensado", "sem_tempo")
    assert len(disparos(owner)) == 1


def test_moving_cancels_what_waits_and_tells_the_new_time(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    clock.now = begins - timedelta(days=1)
    wake(services, made)
    move(services, made, begins + timedelta(days=1))
    wake(services, made)
    assert disparos(owner) == [
        ["convite", "enviado", None], ["lembrete_1440", "cancelado", "agendamento_mudou"], ["mudou", "pendente", None],
    ]  # fmt: skip
    _, text = send(stage, owner)
    assert "Agora é: sexta-feira, 27/11/2026, às 15:00" in text
    clock.now = begins - timedelta(hours=1)
    wake(services, made)
    assert [tipo for tipo, *_ in disparos(owner)] == ["convite", "lembrete_1440", "mudou"]
    assert said(services, made)[:3] == [
        ("convite", "disparado", None),
        ("lembrete_1440", "disparado", None),
        ("lembrete_60", "dispensado", "agendamento_mudou"),
    ]
    steps = ask(owner, "SELECT classe, codigo FROM disparo_tentativas WHERE classe = 'dispensado'")
    assert steps == [["dispensado", "agendamento_mudou"]]


def test_cancelling_tells_the_lead_and_nothing_else_leaves(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, clock: StoppedClock
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    services.agendamentos.cancel(TENANT, made)
    wake(services, made)
    clock.now = begins - timedelta(hours=1)
    wake(services, made)
    _, text = send(stage, owner)
    assert "foi cancelado" in text
    assert [tipo for tipo, *_ in disparos(owner)] == ["convite", "cancelado"]


@pytest.mark.parametrize("is_woken", [True, False])
def test_lead_whose_invitation_never_left_hears_of_no_cancellation(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, is_woken: bool
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    if is_woken:
        wake(services, made)
    services.agendamentos.cancel(TENANT, made)
    wake(services, made)
    assert send(stage, owner) == []
    assert said(services, made)[-1] == ("cancelado", "dispensado", "lead_nao_avisado")


@pytest.mark.parametrize("how", ["confirmed by phone", "asked for", "invited by the team"])
def test_lead_who_may_know_of_it_hears_of_its_cancellation(
    services: Services, owner: Database, begins: datetime, how: str
) -> None:
    configured(owner, agenda={"convite": how != "invited by the team"})
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    if how == "confirmed by phone":
        services.agendamentos.confirm(TENANT, made)
    services.agendamentos.cancel(TENANT, made, avisar_lead=True if how == "asked for" else None)
    assert ("cancelado", "pendente", None) in said(services, made)


LEASED = "lease_dono = gen_random_uuid(), lease_ate = now() + interval '1 hour'"
RETURNED = "lease_dono = NULL, lease_ate = NULL"


@pytest.mark.parametrize(
    ("state", "news"),
    [
        ("iniciado_em = NULL", "lead_nao_avisado"),
        ("iniciado_em = now()", "cancelado"),
        ("em_duvida = true, ultimo_codigo = 'x'", "cancelado"),
        (f"status = 'incerto', em_duvida = true, ultimo_codigo = 'x', erro_codigo = 'x', {RETURNED}", "cancelado"),
        (f"status = 'simulado', erro_codigo = 'x', {RETURNED}", "cancelado"),
        (f"status = 'erro', erro_codigo = '131026', {RETURNED}", "lead_nao_avisado"),
    ],
)
def test_message_that_may_have_left_counts_as_told(
    services: Services, owner: Database, begins: datetime, state: str, news: str
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    run(owner, f"UPDATE disparos SET status = 'enviando', {LEASED}")
    run(owner, f"UPDATE disparos SET {state}")
    services.agendamentos.cancel(TENANT, made)
    tipo, _, motivo = said(services, made)[-1]
    assert (motivo or tipo) == news


def test_lead_whose_invitation_never_left_is_invited_to_the_new_time(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    move(services, made, begins + timedelta(days=1))
    wake(services, made)
    assert disparos(owner) == [["convite", "cancelado", "agendamento_mudou"], ["convite", "pendente", None]]
    [text] = send(stage, owner)
    assert "Seu compromisso está marcado: sexta-feira, 27/11/2026, às 15:00" in text


def test_closed_lead_is_reminded_of_nothing_and_told_that_it_is_cancelled(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, clock: StoppedClock
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    run(owner, "UPDATE leads SET status = 'concluido'")
    clock.now = begins - timedelta(days=1)
    wake(services, made)
    assert said(services, made)[1] == ("lembrete_1440", "dispensado", "lead_encerrado")
    services.agendamentos.cancel(TENANT, made)
    wake(services, made)
    assert [tipo for tipo, *_ in disparos(owner)] == ["convite", "cancelado"]


@pytest.mark.parametrize("says", [True, False])
def test_request_decides_whether_the_lead_hears_of_it(
    services: Services, owner: Database, begins: datetime, says: bool
) -> None:
    made = book(services, a_lead(owner), begins, avisar_lead=not says)["agendamento_id"]
    assert (said(services, made) == []) is says
    services.agendamentos.cancel(TENANT, made, avisar_lead=says)
    assert (("cancelado", "pendente", None) in said(services, made)) is says


@pytest.mark.parametrize("how", ["reschedule", "cancel", "miss"])
def test_claim_looks_once_more_whether_the_message_is_true(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, how: str
) -> None:
    """A disparo that the move could not cancel, because a worker just held it."""
    made = book(services, a_lead(owner), begins, avisar_lead=True)["agendamento_id"]
    wake(services, made)
    reason = {"reschedule": "agendamento_mudou", "cancel": "agendamento_mudou", "miss": "agendamento_encerrado"}[how]
    change = {
        "reschedule": "versao = versao + 1, data_agendada = data_agendada + interval '1 minute'",
        "cancel": "versao = versao + 1, status = 'cancelado'",
        "miss": "status = 'nao_compareceu'",
    }[how]
    run(owner, f"UPDATE agendamentos SET {change}")
    assert send(stage, owner) == []
    assert disparos(owner) == [["convite", "cancelado", reason]]


def test_what_changes_between_claim_and_sending_does_not_leave(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    """The first message is answered while the second agendamento is moved: the second one is given back."""
    first = book(services, a_lead(owner), begins)["agendamento_id"]
    other = a_lead(owner, telefones=("+5571999990002",), emails=("bia@example.com",))
    second = book(services, other, begins, responsavel="Bia")["agendamento_id"]
    for each in (first, second):
        wake(services, each)

    def answer(message: OutgoingMessage) -> Outcome:
        # Whichever comes first, the other one is moved meanwhile.
        other_one = second if message.destino == "+5571999990001" else first
        move(services, other_one, begins + timedelta(days=1))
        return Sent("wamid")

    stage.answers = answer
    stage.whatsapp.portion = 1
    waiting = [row[0] for row in ask(owner, "SELECT disparo_id FROM disparos ORDER BY disparo_id")]
    stage.run(*waiting)
    assert len(stage.whatsapp.sent) == 1
    assert sorted(status for _, status, _ in disparos(owner)) == ["enviado", "pendente"]
    stage.answers = lambda _: Sent("wamid")
    stage.run(*waiting)
    assert len(stage.whatsapp.sent) == 1
    assert sorted(disparos(owner), key=str) == [
        ["convite", "cancelado", "agendamento_mudou"], ["convite", "enviado", None],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("status = 'nao_compareceu'", "agendamento_encerrado"),
        ("versao = versao + 1, data_agendada = data_agendada + interval '1 minute'", "agendamento_mudou"),
    ],
)
def test_what_somebody_else_changed_is_not_spoken_of(
    services: Services, owner: Database, begins: datetime, change: str, reason: str
) -> None:
    """The version before this one withdraws nothing."""
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    run(owner, f"UPDATE agendamentos SET {change}")
    wake(services, made)
    assert said(services, made)[0] == ("convite", "dispensado", reason)


def test_lead_without_whatsapp_is_reminded_by_email(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    made = book(services, a_lead(owner, telefones=()), begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    [message] = stage.email.sent
    assert message.assunto == "Seu compromisso em 26/11/2026, às 15:00"
    assert message.destino == "maria@example.com"


def test_tenant_chooses_the_order_of_channels(services: Services, owner: Database, begins: datetime) -> None:
    configured(owner, agenda={"canais": ["email"]})
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    assert ask(owner, "SELECT canal FROM disparos") == [["email"]]


def test_lead_who_opted_out_of_one_channel_hears_by_the_other(
    services: Services, owner: Database, begins: datetime
) -> None:
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    opted_out(owner, "+5571999990001")
    wake(services, made)
    assert ask(owner, "SELECT canal FROM disparos") == [["email"]]
    opted_out(owner, "maria@example.com", canal="email")
    move(services, made, begins + timedelta(days=1))
    wake(services, made)
    assert ("convite", "dispensado", "contato_suprimido") in said(services, made)


def test_lead_without_a_contact_hears_nothing(services: Services, owner: Database, begins: datetime) -> None:
    made = book(services, a_lead(owner, telefones=(), emails=()), begins)["agendamento_id"]
    wake(services, made)
    assert said(services, made)[0] == ("convite", "dispensado", "sem_contato_valido")


def test_reminder_that_was_waiting_when_its_lead_opted_out_is_suppressed(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    lead_id = a_lead(owner)
    made = book(services, lead_id, begins)["agendamento_id"]
    wake(services, made)
    opted_out(owner, "+5571999990001")
    assert send(stage, owner) == []
    assert disparos(owner) == [["convite", "suprimido", "contato_suprimido"]]
    assert lead_status(owner, lead_id) == "agendado"


# Words


def put(services: Services, nome: str, texto: str, **more: Any) -> None:
    body = {"canal": "whatsapp", "idioma": "pt_BR", "texto": texto, **more}
    services.templates.put(TENANT, nome, NewTemplate.model_validate(body))


def test_words_of_the_tenant_take_the_place_of_ours(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    put(services, "agenda_convite", "{{nome}}: {{canal}}, {{data|data}}")
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    assert send(stage, owner) == ["Maria da Silva: por vídeo, 26/11/2026"]


def test_words_that_lack_a_value_send_nothing_and_say_why(
    services: Services, owner: Database, begins: datetime
) -> None:
    put(services, "agenda_convite", "No endereço {{local}}")
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    assert said(services, made)[0] == ("convite", "dispensado", "variavel_ausente")


def test_template_of_before_that_is_of_another_channel_sends_nothing(
    services: Services, owner: Database, begins: datetime
) -> None:
    insert(
        owner, "templates", tenant_id=TENANT, nome="agenda_convite", versao=1, canal="email", idioma="pt_BR",
        assunto="Oi", texto="Oi", variaveis=[], criado_em=CREATED_AT,
    )  # fmt: skip
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    wake(services, made)
    assert said(services, made)[0] == ("convite", "dispensado", "template_de_outro_canal")


def test_our_words_are_one_version_and_a_new_one_when_they_change(
    services: Services, owner: Database, begins: datetime
) -> None:
    insert(
        owner, "templates", tenant_id=TENANT, nome="agenda_convite", versao=1, canal="whatsapp", idioma="pt_BR",
        texto="Words of an earlier version", variaveis=[], padrao=True, criado_em=CREATED_AT,
    )  # fmt: skip
    for number in range(2):
        made = book(services, a_lead(owner), begins, responsavel=f"R{number}")["agendamento_id"]
        wake(services, made)
    assert ask(owner, "SELECT versao, ativo FROM templates ORDER BY versao") == [[1, False], [2, True]]
    assert ask(owner, "SELECT template_versao FROM disparos") == [[2], [2]]


# To the responsável


def with_email(services: Services, owner: Database, email: str | None) -> None:
    """Have the tenant tell Ana, whose e-mail this is."""
    configured(owner, agenda={"aviso_ao_responsavel": True, "lembretes_minutos": [], "convite": False})
    insert(
        owner, "responsaveis", tenant_id=TENANT, responsavel_id=UUID(int=5), nome="Ana", email=email, expediente={},
        folga_antes_minutos=0, antecedencia_minutos=0, granularidade_minutos=30, respeita_feriados=True,
        criado_em=CREATED_AT, criado_por="x", atualizado_em=CREATED_AT, atualizado_por="x",
    )  # fmt: skip


def test_responsavel_is_told_at_the_time_whatever_the_lead_asked_for(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, clock: StoppedClock
) -> None:
    with_email(services, owner, "ana@firm.example")
    lead_id = a_lead(owner)
    made = book(services, lead_id, begins, avisar_lead=False)["agendamento_id"]
    insert(
        owner, "leads_suprimidos", tenant_id=TENANT, lead_id=lead_id, por="x", criado_em=CREATED_AT,
    )  # fmt: skip
    clock.now = begins
    wake(services, made)
    send(stage, owner)
    [message] = stage.email.sent
    assert message.destino == "ana@firm.example"
    assert message.assunto == "Agora: Maria da Silva, por vídeo"
    assert message.descadastro_url is None
    assert lead_status(owner, lead_id) == "agendado"
    timeline = services.leads.get(TENANT, lead_id)["linha_do_tempo"]
    assert [each["tipo"] for each in timeline if each["tipo"] == "disparo"] == []


@pytest.mark.parametrize("email", [None, "no address"])
def test_responsavel_without_an_email_is_not_told(
    services: Services, owner: Database, begins: datetime, clock: StoppedClock, email: str | None
) -> None:
    with_email(services, owner, email)
    made = book(services, a_lead(owner), begins)["agendamento_id"]
    clock.now = begins
    wake(services, made)
    assert said(services, made) == [("responsavel", "dispensado", "responsavel_sem_email")]


# By WhatsApp, else by e-mail

PHONES = ["+5571999990001", "+5571999990002"]


def nobody_at(*wrong: str) -> Any:
    """What a provider answers that does not know these addresses."""
    return lambda each: Permanent("131026", tries_alternative=True) if each.destino in wrong else Sent("wamid")


def carried(owner: Database) -> list[list[Any]]:
    return ask(owner, "SELECT canal, destino, template, status FROM disparos ORDER BY criado_em, disparo_id")


def settle_all(services: Services, stage: SendingStage, owner: Database, made: UUID) -> None:
    """Send and say until nothing is left: next contacts wait for the sweep, and so does another channel."""
    for _ in range(5):
        send(stage, owner)
        wake(services, made)
        stage.clock.advance(seconds=5)


def test_message_goes_by_email_when_every_phone_is_at_fault(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    stage.answers = nobody_at(*PHONES)
    lead_id = a_lead(owner, telefones=PHONES, emails=["maria@example.com"])
    made = book(services, lead_id, begins)["agendamento_id"]
    wake(services, made)
    settle_all(services, stage, owner, made)
    assert carried(owner) == [
        ["whatsapp", PHONES[0], "agenda_convite", "erro"],
        ["whatsapp", PHONES[1], "agenda_convite", "erro"],
        ["email", "maria@example.com", "agenda_convite_email", "enviado"],
    ]
    assert said(services, made)[0] == ("convite", "disparado", None)
    chain = ask(owner, "SELECT d.alternativa_de = p.disparo_id FROM disparos d JOIN disparos p ON "
                       "p.destino = '+5571999990002' WHERE d.canal = 'email'")  # fmt: skip
    assert chain == [[True]]


def test_sweep_finds_the_message_that_goes_by_another_channel(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, clock: StoppedClock
) -> None:
    stage.answers = nobody_at(PHONES[0])
    made = book(services, a_lead(owner, telefones=PHONES[:1], emails=["m@example.com"]), begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    assert said(services, made)[0] == ("convite", "pendente", None)
    clock.advance(minutes=1)
    assert services.sweep.run()["lembretes"] == 1


@pytest.mark.parametrize(
    ("phones", "emails", "channels"),
    [
        (PHONES[:1], [], ["whatsapp", "email"]),
        (PHONES[:1], ["m@example.com"], ["whatsapp"]),
    ],
)
def test_message_without_another_contact_has_failed(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, phones: list[str], emails: list[str],
    channels: list[str],
) -> None:  # fmt: skip
    configured(owner, agenda={"canais": channels})
    stage.answers = nobody_at(*PHONES)
    made = book(services, a_lead(owner, telefones=phones, emails=emails), begins)["agendamento_id"]
    wake(services, made)
    settle_all(services, stage, owner, made)
    assert [row[3] for row in carried(owner)] == ["erro"]
    assert said(services, made)[0] == ("convite", "disparado", None)


@pytest.mark.parametrize(("is_sent_again", "channels"), [(False, ["whatsapp", "email"]), (True, ["whatsapp"])])
def test_message_that_fails_later_goes_by_email_unless_somebody_sends_it_again(
    services: Services, owner: Database, stage: SendingStage, begins: datetime, is_sent_again: bool,
    channels: list[str],
) -> None:  # fmt: skip
    made = book(services, a_lead(owner, telefones=PHONES[:1], emails=["m@example.com"]), begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    [[first]] = ask(owner, "SELECT disparo_id FROM disparos")
    report = DeliveryReport(message_id="wamid", situacao=ReportedStatus.FALHOU, disparo_id=first, codigo="131026",
                            alternativo=True)  # fmt: skip
    owner.run(TENANT, lambda rows: settle(rows, Canal.WHATSAPP, [report], stage.clock()))
    if is_sent_again:
        services.resends.one(TENANT, first)
    wake(services, made)
    assert [row[0] for row in carried(owner)] == channels
    assert said(services, made)[0] == ("convite", "disparado", None)


def test_message_about_a_time_that_moved_meanwhile_goes_no_further(
    services: Services, owner: Database, stage: SendingStage, begins: datetime
) -> None:
    stage.answers = nobody_at(*PHONES)
    made = book(services, a_lead(owner, telefones=PHONES[:1], emails=["m@example.com"]), begins)["agendamento_id"]
    wake(services, made)
    send(stage, owner)
    services.agendamentos.reschedule(TENANT, made, Rescheduling(data_agendada=begins + timedelta(hours=1)))
    settle_all(services, stage, owner, made)
    told = [row for row in carried(owner) if row[0] == "email"]
    assert [row[2] for row in told] == ["agenda_convite_email"]
    versions = ask(owner, "SELECT agendamento_versao FROM disparos WHERE canal = 'email'")
    assert versions == [[1]]
