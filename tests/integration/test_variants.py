"""The variants of a campaign side by side, with the counters that the campaign has."""

from __future__ import annotations

from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.errors import NotFound
from chalicelib.wiring import Services
from tests.builders import TENANT, a_lead, a_message, a_recipient, a_scheduled_campaign, a_template, one_step, run
from tests.integration.test_recipients import phone

STATUSES = {"a": ["enviado", "enviado", "erro", "pendente"], "b": ["enviado", "cancelado"]}


@pytest.fixture
def owner(services: Services) -> Database:
    a_template(services.owner_database)
    return services.owner_database


@pytest.mark.straight_path
def test_variants_stand_side_by_side_with_their_rates(services: Services, owner: Database) -> None:
    variants = [{"nome": name, "peso": peso, "mensagens": [a_message()]} for name, peso in (("a", 70), ("b", 30))]
    follow_up = one_step(a_message(canal="whatsapp"), apos_dias_uteis=1)
    campanha_id = a_scheduled_campaign(owner, {"variantes": variants, "apos_dias_uteis": None}, follow_up)
    number = 0
    for variante, statuses in STATUSES.items():
        for status in statuses:
            number += 1
            a_recipient(owner, campanha_id, a_lead(owner), status=status, variante=variante, destino=phone(number))
    run(owner, "UPDATE disparos SET lido_em = now(), respondido_em = now() WHERE status = 'enviado' AND variante = 'b'")
    a, b, last = services.variants.compare(TENANT, campanha_id)["itens"]
    assert (a["etapa"], a["variante"], a["peso"]) == (1, "a", 70)
    assert a["mensagens"] == [{"canal": "whatsapp", "template": "oi"}]
    assert (a["planejados"], a["enviados"], a["falhas"], a["aguardando"]) == (4, 2, 1, 1)
    assert (a["taxa_de_resposta"], a["taxa_de_falha"]) == (0.0, 0.3333)
    assert (b["peso"], b["cancelados"], b["respondidos"]) == (30, 1, 1)
    assert (b["taxa_de_entrega"], b["taxa_de_leitura"], b["taxa_de_resposta"], b["taxa_de_falha"]) == (
        0.0,
        1.0,
        1.0,
        0.0,
    )
    assert (last["etapa"], last["planejados"], last["taxa_de_falha"]) == (2, 0, None)
    shown = {
        (each["etapa"], each["variante"]): each for each in services.campaigns.get(TENANT, campanha_id)["por_variante"]
    }
    assert all(shown[1, each["variante"]].items() <= each.items() for each in (a, b))


def test_campaign_of_nobody_is_not_found(services: Services) -> None:
    with pytest.raises(NotFound):
        services.variants.compare(TENANT, UUID(int=1))
