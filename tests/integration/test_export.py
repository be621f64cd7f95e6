"""An exported file: every lead once, safe to open, and changing nothing when it is uploaded again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.adapters.database import Database
from chalicelib.errors import Invalid
from chalicelib.ingestion.rows.formulas import defused
from chalicelib.leads.lists import export
from chalicelib.leads.requests import LeadExport
from chalicelib.wiring import Services
from tests.builders import CREATED_AT, TENANT, a_lead, ask, insert, run
from tests.ingesting import Office, as_csv, counts, table_of

OURS = ["ID", "Nome", "Contato", "Documento", "Email", "Telefone"]


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


def exported(services: Services, **query: Any) -> tuple[dict[str, Any], bytes]:
    """The answer, and the file as it is downloaded."""
    link = services.exports.create(TENANT, LeadExport.model_validate(query))
    return link, httpx2.get(link["url"]).raise_for_status().content


def a_campo(owner: Database, campo: str, tipo: str, titulo: str) -> None:
    insert(owner, "tenant_campos", tenant_id=TENANT, campo=campo, tipo=tipo, titulo=titulo, visto_em=CREATED_AT)


@pytest.mark.straight_path
def test_file_has_each_lead_that_fits_newest_first(services: Services, owner: Database) -> None:
    a_lead(owner, nome="Outra", status="descartado")
    for number in (1, 2):
        a_lead(
            owner, nome=f"Ana {number}", documento="52998224725", lead_id_externo=str(number), emails=[],
            criado_em=CREATED_AT + timedelta(number),
        )  # fmt: skip
    a_lead(owner, tenant_id="outra")
    link, file = exported(services, status="novo")
    assert file.startswith(b'\xef\xbb\xbf"ID";"Nome";')
    assert table_of(file) == [
        OURS,
        ["2", "Ana 2", "", "52998224725", "", "'+5571999990001"],
        ["1", "Ana 1", "", "52998224725", "", "'+5571999990001"],
    ]
    assert {name: link[name] for name in ("leads", "origens", "proximo")} == {
        "leads": 2, "origens": [""], "proximo": None,
    }  # fmt: skip


def test_tenant_without_leads_gets_the_header_alone(services: Services) -> None:
    link, file = exported(services)
    assert (link["leads"], table_of(file)) == (0, [OURS])


def test_campos_are_written_as_people_in_brazil_write_them(services: Services, owner: Database) -> None:
    for campo, tipo, titulo in (
        ("valor", "moeda", "Valor (R$)"), ("valor_r", "moeda", "Valor (R$)"), ("taxa", "percentual", "Taxa"),
        ("vencimento", "data", "Vencimento"), ("visita", "data_hora", "Visita"), ("hora", "hora", "Hora"),
        ("vip", "logico", "VIP"), ("n", "numero", "N"), ("obs", "texto", "=Obs"),
    ):  # fmt: skip
        a_campo(owner, campo, tipo, titulo)
    campos = {
        "valor": -1234.5, "valor_r": 10, "taxa": 0.125, "vencimento": "2026-12-05", "visita": "2026-12-05T14:30:00",
        "hora": "14:30:00", "vip": False, "n": 1e14, "obs": "=1+1", "novo": "2026-12-05",
    }  # fmt: skip
    a_lead(owner, campos=campos)
    [header, line] = table_of(exported(services)[1])
    assert dict(zip(header[6:], line[6:], strict=True)) == {
        "valor": "R$ -1234,5", "Valor (R$)": "R$ 10", "Taxa": "12,5%", "Vencimento": "05/12/2026",
        "Visita": "05/12/2026 14:30:00", "Hora": "14:30:00", "VIP": "FALSO", "N": "100000000000000", "'=Obs": "'=1+1",
        "novo": "2026-12-05",
    }  # fmt: skip


def test_campo_that_only_some_leads_have_gets_a_column(services: Services, owner: Database) -> None:
    a_lead(owner, campos={"b": "2"}, criado_em=CREATED_AT)
    a_lead(owner, campos={"a": "1"}, criado_em=CREATED_AT + timedelta(1))
    header, *lines = table_of(exported(services)[1])
    assert (header[6:], [line[6:] for line in lines]) == (["a", "b"], [["1"], ["", "2"]])


def test_long_export_is_several_files(services: Services, owner: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_PAGE", 2)
    for number in range(7):
        a_lead(owner, lead_id_externo=str(number), criado_em=CREATED_AT + timedelta(number))
    ids, cursor, sizes = [], None, []
    while True:
        link, file = exported(services, limit=3, cursor=cursor)
        ids += [line[0] for line in table_of(file)[1:]]
        sizes.append(link["leads"])
        if (cursor := link["proximo"]) is None:
            break
    assert (ids, sizes) == ([*"6543210"], [3, 3, 1])
    monkeypatch.setattr(export, "MOST_BYTES", 1)
    assert exported(services)[0]["leads"] == 2
    assert [line[0] for line in table_of(exported(services, offset=5)[1])[1:]] == ["1", "0"]


def test_wrong_filter_is_refused_before_a_file_is_written(services: Services) -> None:
    with pytest.raises(Invalid, match="campo_desconhecido"):
        services.exports.create(TENANT, LeadExport.model_validate({"campo": {"x": "1"}}))


def test_contacts_are_as_they_were_written_if_that_says_just_these(services: Services, owner: Database) -> None:
    a_lead(owner, telefone_raw="71 99999-0001 ", email_raw="Maria@example.com", criado_em=CREATED_AT + timedelta(1))
    a_lead(owner, telefone_raw="71 99999-0002", email_raw=None, telefones=["+5571999990001", "+5571999990002"])
    _, first, second = table_of(exported(services)[1])
    assert first[4:] == ["Maria@example.com", "71 99999-0001 "]
    assert second[4:] == ["maria@example.com", "'+5571999990001 | +5571999990002"]


# Uploaded again

HEADER = (
    "ID", "Nome", "CPF", "Email", "Telefone", "Valor da Dívida", "Vencimento", "Visita", "Taxa", "Pago", "Parcelas",
    "Contrato", "Cidade", "Cidade",
)  # fmt: skip
FILE = as_csv(
    ("1", "Maria da Silva", "529.982.247-25", "Maria@Example.com, b@x.com", "(71) 99999-0001 / 71 3333-4444",
     "R$ 1.234,56", "05/12/2026", "05/12/2026 14:30", "12,5%", "TRUE", "3", "00123", "Salvador", "Ilhéus"),
    ("2", "=João", "", "", "+55 71 99999-0002",
     "-R$ 0,10", "2026-01-31", "06/12/2026 08:00", "100%", "FALSE", "1.200", "C-7", "", "Recife"),
    ("", "Zé ", "", "ze@x.com", "", "10", "", "", "", "", "0", "", "-x", ""),
    ("4", "", "11.222.333/0001-81", "", "", *[""] * 9),
    header=HEADER,
)  # fmt: skip
_TYPES = "SELECT campo, tipo FROM tenant_campos ORDER BY campo, tipo"
_ALL = "SELECT to_jsonb(l) - 'completado_em' FROM leads l ORDER BY lead_id"


def test_file_that_comes_back_finds_every_lead_and_changes_nothing(services: Services, owner: Database) -> None:
    office = Office(services)
    office.ingest(FILE, origem="crm")
    before, contacts, types = ask(owner, _ALL), office.leads(), ask(owner, _TYPES)
    link, file = exported(services)
    assert link["origens"] == ["crm"]
    job = office.ingest(file, name="volta.csv", modo="atualizar", origem="crm")
    assert (counts(job)["leads_criados"], counts(job)["leads_atualizados"], counts(job)["duplicados"]) == (0, 0, 4)
    assert (ask(owner, _ALL), office.leads()) == (before, contacts)
    assert ask(owner, _TYPES) == types


def test_campos_come_back_with_their_types(services: Services, owner: Database) -> None:
    office = Office(services)
    office.ingest(FILE)
    assert dict(ask(owner, _TYPES)) == {
        "valor_da_divida": "moeda", "vencimento": "data", "visita": "data_hora", "taxa": "percentual", "pago": "logico",
        "parcelas": "numero", "contrato": "texto", "cidade": "texto", "cidade_2": "texto",
    }  # fmt: skip
    [[campos]] = ask(owner, "SELECT campos FROM leads WHERE lead_id_externo = '1'")
    assert campos == {
        "valor_da_divida": 1234.56, "vencimento": "2026-12-05", "visita": "2026-12-05T14:30:00", "taxa": 0.125,
        "pago": True, "parcelas": 3, "contrato": "00123", "cidade": "Salvador", "cidade_2": "Ilhéus",
    }  # fmt: skip


def test_leads_of_another_system_are_found_by_what_they_are(services: Services, owner: Database) -> None:
    office = Office(services)
    office.ingest(FILE, origem="crm")
    job = office.ingest(exported(services)[1], name="volta.csv", modo="atualizar")
    assert counts(job)["leads_criados"] == 0


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_no_cell_begins_a_formula(services: Services, owner: Database, texts: list[str]) -> None:
    run(owner, "DELETE FROM lead_telefones; DELETE FROM lead_emails; DELETE FROM leads")
    for number, text in enumerate(texts):
        a_lead(
            owner, nome=f"={text}", contato=text, campos={"obs": f"@{text}"}, email_raw=f"-{text}",
            criado_em=CREATED_AT + timedelta(number),
        )  # fmt: skip
    table = table_of(exported(services)[1])
    assert [line[1] for line in table[1:]] == [defused(f"={text}") for text in reversed(texts)]
    assert all(not cell.startswith(("=", "@", "+", "-", "\t", "\r")) for line in table for cell in line)
