"""Senders are opened from real secrets. A channel that cannot be used keeps its disparos waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.adapters.database import Database
from chalicelib.canal import Canal
from chalicelib.config import Settings
from chalicelib.dispatch.outcomes import ChannelDown, OutgoingMessage
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from local.whatsapp import WhatsAppSimulator
from tests.aws_contents import delayed
from tests.builders import TENANT, a_disparo, a_lead, a_template, disparo, event_of, literal, run
from tests.conftest import StoppedClock
from tests.fakes import CollectedAttempts
from tests.sending_stage import MakeExecutor, configured, email_disparo


@pytest.mark.parametrize(
    ("document", "codigo"),
    [
        (None, "canal_nao_configurado"),
        ({"perfil": "nenhum"}, "canal_invalido"),
        ({"perfil": "resend-mcp", "url": "http://127.0.0.1:1/mcp"}, "canal_invalido"),
    ],
    ids=["missing", "wrong", "of another channel"],
)
def test_disparos_of_an_unusable_channel_wait_and_lose_no_attempt(
    services: Services,
    aws: Aws,
    app_settings: Settings,
    clock: StoppedClock,
    document: dict[str, str] | None,
    codigo: str,
) -> None:
    a_template(services.owner_database)
    if document:
        put_secret(aws, app_settings.secret("mcp-whatsapp"), document)
    disparo_id = a_disparo(services.owner_database, a_lead(services.owner_database))
    services.executor.run(event_of(disparo_id))
    columns = ("status", "tentativas", "ultimo_codigo", "enviar_apos")
    waits = clock() + timedelta(minutes=5)
    assert disparo(services.owner_database, disparo_id, *columns) == ["pendente", 0, codigo, waits]
    assert delayed(aws, app_settings.dispatch_queue) == 1


def test_disparo_in_doubt_waits_while_the_secret_of_its_channel_cannot_be_read(
    make_services: Callable[..., Services], services: Services, database: Database, make_executor: MakeExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disparo_id = email_disparo(database, a_lead(database), em_duvida=True, ultimo_codigo="tempo_esgotado", tentativas=1)
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        make_executor(senders=make_services().senders).run(event_of(disparo_id))
    columns = ("status", "em_duvida", "tentativas", "ultimo_codigo")
    assert disparo(database, disparo_id, *columns) == ["pendente", True, 1, "segredo_inacessivel"]


def test_channel_is_reloaded_only_when_its_document_has_changed(
    services: Services, make_services: Callable[..., Services], database: Database, aws: Aws, app_settings: Settings
) -> None:
    before = services.senders.open(Canal.WHATSAPP)
    assert services.senders.open(Canal.WHATSAPP) is before
    put_secret(aws, app_settings.secret("mcp-whatsapp"), {"perfil": "jina-whatsapp-mcp", "url": "http://127.0.0.1:1"})
    assert services.senders.open(Canal.WHATSAPP) is before
    services.secrets._cache.clear()  # as after five minutes
    assert services.senders.open(Canal.WHATSAPP) is not before


def test_broken_channel_of_a_tenant_is_not_replaced_by_the_one_of_the_deployment(
    make_services: Callable[..., Services], database: Database, whatsapp: WhatsAppSimulator
) -> None:
    services = make_services(internal_channels=True)
    with WhatsAppSimulator() as theirs:
        document = {"perfil": "jina-whatsapp-mcp", "url": theirs.url}
        configured(database, canais={"whatsapp": document})
        services.executor.run(event_of(a_disparo(database, a_lead(database))))
        assert (theirs.total(), whatsapp.total()) == (1, 0)
    with_missing_secret = {"headers": {"X-Chave": {"segredo": "nenhum"}}, **document}
    run(database, f"UPDATE tenants SET config = {literal({'canais': {'whatsapp': with_missing_secret}})}")
    disparo_id = a_disparo(database, a_lead(database), destino="+5571999990002")
    services.executor.run(event_of(disparo_id))
    assert disparo(database, disparo_id, "status", "espera", "ultimo_codigo") == [
        "pendente", "canal_pausado", "canal_invalido",
    ]  # fmt: skip
    assert whatsapp.total() == 0


def test_messages_wait_while_the_secret_of_a_tenants_channel_cannot_be_read(
    make_services: Callable[..., Services], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        services = make_services(internal_channels=True)
        headers = {"X-Chave": {"segredo": "chave"}}
        document = {"perfil": "jina-whatsapp-mcp", "url": "https://x.example", "headers": headers}
        ledger = CollectedAttempts()
        sender = services.senders.own(TENANT, Canal.WHATSAPP, document)
        sender.send([OutgoingMessage("1", 1, "+5571999990001", "")], ledger)
    assert ledger.attempts[0].outcome == ChannelDown("segredo_inacessivel")
