"""The exported results of a campaign: every recipient once, safe to open, in files of a bounded size."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx2
import pytest

from chalicelib.adapters.database import Database
from chalicelib.campaigns.results import results_csv
from chalicelib.campaigns.results.requests import RecipientExport
from chalicelib.errors import Invalid, NotFound
from chalicelib.pages import cursor_of
from chalicelib.wiring import Services
from tests.builders import TENANT, a_campaign, a_lead, a_recipient, a_template, an_answer
from tests.conftest import STARTED_AT
from tests.ingesting import lines_of, table_of
from tests.integration.test_recipients import a_population, everyone, exclude


@pytest.fixture
def owner(services: Services) -> Database:
    a_template(services.owner_database)
    return services.owner_database


def exported(services: Services, campanha_id: UUID, **query: Any) -> tuple[dict[str, Any], bytes]:
    """The answer, and the file as it is downloaded."""
    link = services.campaign_exports.create(TENANT, campanha_id, RecipientExport.model_validate(query))
    return link, httpx2.get(link["url"]).raise_for_status().content


@pytest.mark.straight_path
def test_file_says_what_became_of_each_recipient(services: Services, owner: Database) -> None:
    campanha_id = a_campaign(owner)
    maria = a_lead(owner, nome="=Maria", documento="52998224725")
    disparo_id = a_recipient(
        owner, campanha_id, maria, status="confirmado", lido_em=STARTED_AT + timedelta(minutes=5),
        respondido_em=STARTED_AT + timedelta(hours=9),
    )  # fmt: skip
    an_answer(owner, disparo_id, maria, texto="+1 dia")
    ana = a_lead(owner, nome="Ana")
    exclude(owner, campanha_id, ana, motivo="variavel_ausente", detalhe="valor, vencimento")
    a_recipient(owner, a_campaign(owner), ana)
    link, file = exported(services, campanha_id)
    assert file.startswith(b'\xef\xbb\xbf"nome";"documento";')
    assert (link["destinatarios"], link["proximo"]) == (2, None)
    lines = {line["lead_id"]: line for line in lines_of(file)}
    assert lines[str(maria)] == {
        "nome": "'=Maria",
        "documento": "52998224725",
        "canal": "whatsapp",
        "destino": "'+5571999990001",
        "situacao": "respondido",
        "motivo": "",
        "mensagem": "",
        "detalhe": "",
        "enviado_em": "24/11/2026 09:00:00",
        "entregue_em": "24/11/2026 09:00:00",
        "lido_em": "24/11/2026 09:05:00",
        "respondido_em": "24/11/2026 18:00:00",
        "resposta": "'+1 dia",
        "variante": "a",
        "etapa": "1",
        "lead_id": str(maria),
        "disparo_id": str(disparo_id),
    }
    assert {name: lines[str(ana)][name] for name in ("situacao", "motivo", "detalhe", "disparo_id", "canal")} == {
        "situacao": "excluido",
        "motivo": "variavel_ausente",
        "detalhe": "valor, vencimento",
        "disparo_id": "",
        "canal": "",
    }


def test_files_hold_each_recipient_once(services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_csv, "_PAGE", 2)
    campanha_id = a_campaign(owner)
    size = a_population(owner, campanha_id, Random(5), 25)
    whole = table_of(exported(services, campanha_id)[1])
    assert len(whole) == size + 1
    shown = {(str(each["lead_id"]), str(each["etapa"])): each for each in everyone(services, campanha_id)}
    lines = lines_of(exported(services, campanha_id)[1])
    assert [(line["lead_id"], line["etapa"]) for line in lines] == sorted(shown)
    assert all(line["situacao"] == shown[line["lead_id"], line["etapa"]]["situacao"] for line in lines)
    assert pieces(services, campanha_id, limit=7) == whole[1:]
    monkeypatch.setattr(results_csv, "MOST_BYTES", 1)
    assert pieces(services, campanha_id) == whole[1:]


def pieces(services: Services, campanha_id: UUID, **query: Any) -> list[list[str]]:
    """The lines of all files, one after the other."""
    lines: list[list[str]] = []
    cursor = None
    while True:
        link, file = exported(services, campanha_id, cursor=cursor, **query)
        found = table_of(file)[1:]
        assert link["destinatarios"] == len(found) <= query.get("limit", 2)
        lines += found
        if (cursor := link["proximo"]) is None:
            return lines


def test_wrong_campaign_or_cursor_is_refused(services: Services, owner: Database) -> None:
    with pytest.raises(NotFound):
        exported(services, UUID(int=1))
    with pytest.raises(Invalid):
        exported(services, a_campaign(owner), cursor=cursor_of("x"))
