"""An export has everything that is known of a person, and nothing of anybody else."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from chalicelib.adapters.database import Database
from chalicelib.encoding import to_json
from chalicelib.errors import NotFound
from chalicelib.identity import ADMIN, Identity
from chalicelib.privacy import subject_export
from chalicelib.privacy.requests import (
    ExportFormat,
    LeadExportQuery,
    RequestKind,
    SubjectExportQuery,
    SubjectRequest,
    SubjectRequestQuery,
)
from chalicelib.wiring import Services
from tests.builders import TENANT, a_disparo, a_lead, ask
from tests.personal_data import DOCUMENT, EMAIL, PHONE, spread

ADMINISTRATOR = Identity(TENANT, "sub-da-ana", frozenset({ADMIN}))
BY_DOCUMENT = SubjectRequest(documentos=(DOCUMENT,))
pytestmark = pytest.mark.usefixtures("secrets")


@pytest.fixture
def owner(database: Database) -> Database:
    """The owner's login, with both channels and their templates."""
    return database


def exported(services: Services, request: SubjectRequest = BY_DOCUMENT, **query: Any) -> dict[str, Any]:
    return services.subject_exports.subject(ADMINISTRATOR, request, SubjectExportQuery(**query))


@pytest.mark.straight_path
def test_export_has_every_part_of_a_person_and_is_recorded(services: Services, owner: Database) -> None:
    a_lead(owner, nome="Bento", telefones=["+5571911112222"])
    lead_id = spread(services)
    answer = exported(services)
    assert len(answer["leads"]) == 2
    [lead] = [each for each in answer["leads"] if each["lead_id"] == lead_id]
    parts = (
        "telefones", "emails", "disparos", "passos", "respostas", "agendamentos", "horarios", "eventos", "notas",
        "mesclas", "exclusoes", "supressao",
    )  # fmt: skip
    assert [name for name in parts if not lead[name]] == []
    others = ("respostas_sem_lead", "supressoes", "consentimentos", "usuarios", "linhas_recusadas")
    assert [name for name in others if not answer[name]] == []
    assert answer["incompletos"] == []
    text = to_json(answer)
    assert "Bento" not in text
    assert all(word in text for word in ("marcador sem lead", "Sou a Zulmira", "Rua do Marcador", PHONE, EMAIL))
    [record] = services.subject_records.page(ADMINISTRATOR, SubjectRequestQuery(tipo=RequestKind.EXPORTACAO))["itens"]
    assert (record["pedido_id"], record["leads"], record["por"]) == (answer["pedido_id"], 2, "sub-da-ana")
    assert DOCUMENT not in to_json(record)


def test_readable_form_is_a_document_for_the_person(services: Services, owner: Database) -> None:
    spread(services)
    text = exported(services, formato=ExportFormat.MARKDOWN)["texto"]
    assert text.startswith("# Seus dados pessoais\n")
    assert "### O que você nos escreveu" in text
    assert "## Linhas de arquivos que foram recusadas" in text
    assert "- **nome**: Zulmira Marcadora" in text


def test_export_of_one_lead_has_that_lead_alone(services: Services, owner: Database) -> None:
    lead_id = spread(services)
    answer = services.subject_exports.lead(ADMINISTRATOR, lead_id, LeadExportQuery())
    assert [each["lead_id"] for each in answer["leads"]] == [lead_id]
    assert ask(owner, "SELECT lead_id FROM titular_pedidos") == [[lead_id]]


def test_leads_come_page_by_page(services: Services, owner: Database) -> None:
    lead_ids = [a_lead(owner, telefones=[PHONE]) for _ in range(3)]
    found: list[UUID] = []
    cursor = None
    while True:
        page = exported(services, SubjectRequest(telefones=(PHONE,)), limit=2, cursor=cursor)
        found += [each["lead_id"] for each in page["leads"]]
        if (cursor := page["proximo"]) is None:
            break
    assert sorted(found) == sorted(lead_ids)


def test_part_that_is_too_long_is_cut_and_said(
    services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject_export, "MOST_ROWS", 1)
    spread(services)
    answer = exported(services)
    assert {"disparos", "passos", "linhas_recusadas"} <= set(answer["incompletos"])
    assert sum(len(lead["disparos"]) for lead in answer["leads"]) == 1
    assert "Há mais dados" in exported(services, formato=ExportFormat.MARKDOWN)["texto"]


def test_person_whom_nobody_knows_is_answered_with_nothing(services: Services, owner: Database) -> None:
    answer = exported(services)
    assert (answer["leads"], answer["linhas_recusadas"]) == ([], [])
    assert "Nenhum cadastro foi encontrado." in exported(services, formato=ExportFormat.MARKDOWN)["texto"]


def test_other_tenant_exports_nothing_of_ours(services: Services, owner: Database) -> None:
    lead_id = spread(services)
    stranger = Identity("outra", "x", frozenset({ADMIN}))
    answer = services.subject_exports.subject(stranger, BY_DOCUMENT, SubjectExportQuery())
    assert json.loads(to_json(answer))["leads"] == []
    with pytest.raises(NotFound):
        services.subject_exports.lead(stranger, lead_id, LeadExportQuery())


def test_tests_of_campaigns_are_nobodys_messages(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, documento=DOCUMENT)
    a_disparo(owner, lead_id, teste_de=uuid4(), destino="+5571911112222")
    [lead] = exported(services)["leads"]
    assert lead["disparos"] == []
