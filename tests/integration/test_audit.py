"""The audit: what triggers write of a change, what they leave out, and that nobody changes it afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.access.requests import AuditedKind, AuditQuery, NewKey
from chalicelib.acting import Actor, acting, as_system
from chalicelib.adapters.database import Database, Rows, StatementFailed
from chalicelib.dispatch.requests.models import BulkCancellation
from chalicelib.errors import Conflict, ConstraintViolation, Invalid
from chalicelib.identity import READER
from chalicelib.ids import new_id
from chalicelib.leads.requests import ContactRemoval, LeadChange, NewPhone
from chalicelib.scheduling.staff.requests import NewResponsavel
from chalicelib.tenants.config import ConfigPatch
from chalicelib.wiring import Services
from tests.builders import ANA, CREATED_AT, TENANT, a_disparo, a_lead, a_template, ask, explain, insert, run
from tests.conftest import STARTED_AT, DatabaseUrls
from tests.integration.test_retention import aged
from tests.personal_columns import CODE, COLUMNS

WHO = Actor("ana", "PATCH /leads/{lead_id}", "r-1")
# The triggers, each with its table and its arguments.
TRIGGERS = """
SELECT tgrelid::regclass::text, string_to_array(encode(tgargs, 'escape'), '\\000')
  FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE p.proname = 'audita' AND NOT tgisinternal
"""
# Kinds that a function names for itself, because its rows are made of more than one.
BY_FUNCTIONS = {AuditedKind.CONFIGURACAO, AuditedKind.USUARIO, AuditedKind.DISPARO, AuditedKind.ENTREGA}


@pytest.fixture
def owner(services: Services) -> Database:
    return services.owner_database


@pytest.fixture
def api(database_urls: DatabaseUrls) -> Iterator[Database]:
    """As the login of the API."""
    database = Database(lambda: database_urls.api)
    yield database
    database.close()


def entries(services: Services, tenant_id: str = TENANT, **query: Any) -> list[dict[str, Any]]:
    """What the audit shows, newest first."""
    return list(services.audit.page(tenant_id, AuditQuery(**query))["itens"])


def told(services: Services, **query: Any) -> list[tuple[Any, ...]]:
    """What was done to what, and each field as (name, old, new), or as its name alone; newest first."""
    return [
        (
            each["acao"],
            each["objeto"],
            *((m["campo"],) if m["oculto"] else (m["campo"], m["de"], m["para"]) for m in each["mudancas"]),
        )
        for each in entries(services, **query)
    ]


# What is written


def test_entry_says_who_by_which_request_did_what_to_which_object(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    with acting(WHO):
        services.lead_edits.change(ANA, lead_id, LeadChange.model_validate({"status": "em_disparo", "nome": "Rita"}))
    names, status = entries(services)
    assert status["em"].tzinfo
    shared = {"quem": "ana", "rota": WHO.rota, "requisicao": "r-1", "acao": "mudanca", "quantos": 1}
    assert status.items() >= {**shared, "objeto": "lead", "objeto_id": str(lead_id)}.items()
    assert status["mudancas"] == [{"campo": "status", "de": "novo", "para": "em_disparo", "oculto": False}]
    assert names["mudancas"] == [{"campo": "nome", "de": None, "para": None, "oculto": True}]
    assert "Rita" not in json.dumps(ask(owner, "SELECT to_jsonb(a) FROM auditoria a"))


def test_contacts_and_campos_of_a_lead_are_named_and_no_more(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner)
    with acting(WHO):
        change = {"campos": {"filha_bia": "x", "cidade": "Salvador"}, "tags": ["vip"]}
        services.lead_edits.change(ANA, lead_id, LeadChange.model_validate(change))
        made = services.lead_contacts.add_phone(ANA, lead_id, NewPhone(telefone="71 99999-0077", principal=True))
        services.lead_contacts.remove_phone(
            ANA, lead_id, UUID(str(made["telefones"][0]["telefone_id"])), ContactRemoval()
        )
    assert told(services, objeto="lead")[::-1] == [
        ("mudanca", "lead", ("campos",), ("tags",)),
        ("mudanca", "lead", ("telefone_incluido",)),
        ("mudanca", "lead", ("telefone_principal",)),
        ("mudanca", "lead", ("telefone_removido",)),
        ("mudanca", "lead", ("telefone_principal",)),
    ]


def test_object_is_told_from_its_creation_to_its_end(services: Services) -> None:
    with acting(WHO):
        made = services.responsaveis.create(ANA, NewResponsavel(nome="Bia", email="bia@example.com", maximo_por_dia=3))
        responsavel_id = made["responsavel_id"]
        services.responsaveis.replace(ANA, responsavel_id, NewResponsavel(nome="Beatriz", maximo_por_dia=5))
        services.responsaveis.delete(ANA, responsavel_id)
    removed, changed, created = told(services, objeto="responsavel", objeto_id=str(responsavel_id))
    assert (created[:2], changed[:2], removed[:2]) == tuple(
        (action, "responsavel") for action in ("criacao", "mudanca", "remocao")
    )
    assert set(changed[2:]) == {("email",), ("maximo_por_dia", 3, 5), ("nome",)}
    assert ("maximo_por_dia", None, 3) in created
    assert ("maximo_por_dia", 5, None) in removed


def test_key_is_told_without_itself_and_its_use_is_not_a_change(services: Services) -> None:
    with acting(WHO):
        made = services.keys.create(ANA, NewKey(nome="Painel", grupo=READER, rotas=("GET /leads",)))
        services.keys.identify(made["chave"])
        services.keys.revoke(ANA, made["chave_id"])
        services.keys.revoke(ANA, made["chave_id"])
    revoked, created = told(services)
    assert [field[0] for field in created[2:]] == ["expira_em", "grupo", "rotas"]
    assert created[3:] == (("grupo", None, "leitor"), ("rotas", None, ["GET /leads"]))
    assert [field[0] for field in revoked[2:]] == ["revogada_em"]
    assert {each["objeto_id"] for each in entries(services)} == {str(made["chave_id"])}


def config_changed(services: Services, **changes: Any) -> None:
    services.tenants.change(ANA, ConfigPatch.model_validate_json(json.dumps(changes)))


def test_configuration_is_told_field_by_field_and_its_defaults_are_no_change(services: Services) -> None:
    with acting(WHO):
        config_changed(services, fuso="America/Manaus", limites={"email": {"por_dia": 10}})
        config_changed(services, fuso="America/Manaus")
        config_changed(services, fuso=None, agenda={"lembretes_minutos": [30]})
    assert told(services) == [
        (
            "mudanca",
            "configuracao",
            ("fuso", "America/Manaus", "America/Sao_Paulo"),
            ("agenda.lembretes_minutos", [1440, 60], [30]),
        ),
        (
            "mudanca",
            "configuracao",
            ("fuso", "America/Sao_Paulo", "America/Manaus"),
            ("limites.email.por_dia", None, 10),
        ),
    ]
    assert {each["objeto_id"] for each in entries(services)} == {None}


def test_channel_is_named_and_its_document_is_not_kept(services: Services, owner: Database) -> None:
    channel = {"perfil": "resend-mcp", "url": "https://mcp.example.com/mcp"}
    insert(owner, "tenants", tenant_id=TENANT, config={"canais": {"email": channel}})
    with acting(WHO):
        config_changed(services, canais={"email": None})
    assert told(services) == [("mudanca", "configuracao", ("canais.email",))]
    assert "mcp" not in json.dumps(ask(owner, "SELECT mudancas FROM auditoria"))


# Many at once


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (20, 20), (21, 1)])
def test_few_disparos_have_an_entry_each_and_many_have_one_for_all(
    services: Services, owner: Database, count: int, rows: int
) -> None:
    a_template(owner)
    lead_id = a_lead(owner)
    ids = {str(a_disparo(owner, lead_id)) for _ in range(count)}
    with acting(WHO):
        filtro = {"canal": "whatsapp"}
        wanted = BulkCancellation.model_validate({"filtro": filtro, "motivo": "O chefe ligou"})
        assert services.disparos.cancel_many(ANA, wanted)["cancelados"] == count
    found = entries(services, objeto="disparo")
    assert [each["quantos"] for each in found] == [count // rows] * rows
    assert {each["objeto_id"] for each in found} == (ids if rows == count else {None})
    moved = {"campo": "status", "de": "pendente", "para": "cancelado", "oculto": False}
    assert [each["mudancas"] for each in found] == [[moved]] * rows


@pytest.mark.parametrize(("count", "rows"), [(20, 20), (21, 1)])
def test_new_disparos_are_told_in_the_same_way(services: Services, owner: Database, count: int, rows: int) -> None:
    a_template(owner)
    disparo_id = a_disparo(owner, a_lead(owner))
    copy = (
        "INSERT INTO disparos SELECT (jsonb_populate_record(d, jsonb_build_object('disparo_id', gen_random_uuid()))).* "
        f"FROM disparos d, generate_series(1, {count}) WHERE disparo_id = '{disparo_id}'"
    )
    with acting(WHO):
        run(owner, copy)
    found = entries(services, objeto="disparo")
    assert [(each["acao"], each["quantos"]) for each in found] == [("criacao", count // rows)] * rows
    assert bool(found[0]["mudancas"]) is (rows == count)


def test_engine_leaves_no_entry_of_what_it_moves_by_the_million(services: Services, owner: Database) -> None:
    a_template(owner)
    with as_system("disparos"):
        lead_id = a_lead(owner)
        a_disparo(owner, lead_id)
        run(owner, "UPDATE disparos SET status = 'cancelado'")
        insert(
            owner, "supressoes", tenant_id=TENANT, canal="email", contato="a@b.com", supressao_id=UUID(int=1),
            motivo="provedor", criado_em=CREATED_AT,
        )  # fmt: skip
        insert(
            owner, "lead_eventos", tenant_id=TENANT, lead_id=lead_id, em=CREATED_AT, tipo="status", de="novo",
            para="em_disparo", fato="disparo_criado",
        )  # fmt: skip
    assert told(services, objeto="template") != []
    assert {each["objeto"] for each in entries(services)} == {"template"}


def test_engine_is_named_where_it_changes_what_people_decide(services: Services, owner: Database) -> None:
    insert(owner, "canal_pausas", tenant_id=TENANT, canal="email", codigo="190", desde=CREATED_AT)
    with as_system("disparos"):
        insert(owner, "canal_pausas", tenant_id=TENANT, canal="whatsapp", codigo="190", desde=CREATED_AT)
        run(owner, "UPDATE canal_pausas SET sondar_em = now()")
    probed, paused = entries(services, objeto="pausa_de_canal")
    assert (probed["quem"], probed["rota"], probed["requisicao"]) == ("sistema:disparos", None, None)
    assert (probed["objeto_id"], paused["objeto_id"]) == ("whatsapp", "email")
    assert paused["quem"] == "sistema"


# What leaves nothing


def test_refused_or_failed_change_leaves_nothing(services: Services, owner: Database) -> None:
    lead_id = a_lead(owner, status="concluido")
    with acting(WHO):
        with pytest.raises(Conflict):
            services.lead_edits.change(ANA, lead_id, LeadChange.model_validate({"nome": "Rita", "status": "novo"}))
        with pytest.raises(Invalid):
            config_changed(services, fuso="Marte")

        def broken(rows: Rows) -> None:
            rows.run("revoke_chave", chave_id=UUID(int=1), agora=CREATED_AT, por="x")
            rows.run("audit_configuracao", mudancas="[]")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            services.database.run(TENANT, broken)
    assert entries(services) == []


def test_who_acted_does_not_stay_with_the_connection(services: Services) -> None:
    with acting(WHO):
        services.database.run(TENANT, lambda rows: rows.run("audit_configuracao", mudancas="[]"))
    services.database.run(TENANT, lambda rows: rows.run("audit_configuracao", mudancas="[]"))
    assert [each["quem"] for each in entries(services)] == ["sistema", "ana"]


def test_name_of_who_acts_is_no_sql(owner: Database) -> None:
    with acting(Actor("a'; DROP TABLE auditoria; --\\", "GET /'")), owner.across_tenants() as rows:
        rows.execute("INSERT INTO auditoria (tenant_id, acao, objeto) VALUES ('acme', 'mudanca', 'lead')")
    assert ask(owner, "SELECT quem, rota FROM auditoria") == [["a'; DROP TABLE auditoria; --\\", "GET /'"]]


# What may be read


def test_entries_are_found_by_each_filter(services: Services, owner: Database) -> None:
    for number in range(4):
        insert(
            owner, "auditoria", tenant_id=TENANT, registro_id=new_id(STARTED_AT + timedelta(hours=number)),
            em=STARTED_AT, quem=f"q{number % 2}", rota=f"GET /{number}", acao="mudanca", objeto="lead",
            objeto_id=str(number),
        )  # fmt: skip
    insert(owner, "auditoria", tenant_id="outra", quem="q0", acao="mudanca", objeto="lead", objeto_id="0")

    def found(**query: Any) -> list[str]:
        return [each["objeto_id"] for each in entries(services, **query)]

    assert found() == ["3", "2", "1", "0"]
    assert found(quem="q0") == ["2", "0"]
    assert found(rota="GET /1") == ["1"]
    assert found(objeto="lead", objeto_id="2") == ["2"]
    assert found(objeto="chave") == []
    an_hour_later = STARTED_AT + timedelta(hours=1)
    assert found(de=an_hour_later.isoformat()) == ["3", "2", "1"]
    assert found(ate=an_hour_later.isoformat()) == ["1", "0"]
    first = services.audit.page(TENANT, AuditQuery(limit=3))
    assert [each["objeto_id"] for each in first["itens"]] == ["3", "2", "1"]
    rest = services.audit.page(TENANT, AuditQuery(limit=3, cursor=first["proximo"]))
    assert ([each["objeto_id"] for each in rest["itens"]], rest["proximo"]) == (["0"], None)


def test_every_filter_reads_an_index_in_order(owner: Database) -> None:
    run(
        owner,
        "INSERT INTO auditoria (tenant_id, quem, rota, acao, objeto, objeto_id) "
        "SELECT 't' || n % 10, 'q' || n % 1000, 'r' || n % 1000, 'mudanca', 'o' || n % 1000, n "
        "FROM generate_series(1, 20000) n; "
        "ANALYZE auditoria",
    )
    nothing = dict.fromkeys(("antes", "quem", "rota", "objeto", "objeto_id", "de", "ate"))
    for name, index in {
        "antes": "pkey", "de": "pkey", "ate": "pkey", "quem": "quem_idx", "rota": "rota_idx", "objeto": "objeto_idx",
        "objeto_id": "objeto_id_idx",
    }.items():  # fmt: skip
        value = new_id(STARTED_AT) if index == "pkey" else "q7"
        plan = explain(owner, TENANT, "list_auditoria", **{**nothing, name: value}, limite=51)
        assert f"auditoria_{index}" in plan, (name, plan)
        assert "Sort" not in plan, (name, plan)


# Personal data


def test_only_codes_are_shown_of_texts_and_every_named_column_exists(owner: Database) -> None:
    found = ask(owner, TRIGGERS)
    assert len(found) > 15
    for table, (_, key, shown, ignored, *_) in found:
        columns = dict(
            ask(owner, f"SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = '{table}'")
        )
        named = [each for each in f"{shown},{ignored}".split(",") if each]
        assert set(named) <= columns.keys(), table
        assert len(named) == len(set(named)), table
        assert columns[key]
        texts = {each: COLUMNS[table][each] for each in shown.split(",") if each in COLUMNS[table]}
        assert set(texts.values()) <= {CODE}, (table, texts)


def test_every_kind_of_object_is_one_that_a_trigger_names(owner: Database) -> None:
    assert {args[0] for _, args in ask(owner, TRIGGERS)} | BY_FUNCTIONS == set(AuditedKind)


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO auditoria (tenant_id, acao, objeto) VALUES ('acme', 'mudanca', 'lead')",
        "UPDATE auditoria SET quem = 'rui'",
        "DELETE FROM auditoria",
        "TRUNCATE auditoria",
        "ALTER TABLE auditoria DISABLE TRIGGER ALL",
        "SELECT audita()",
    ],
)
def test_login_of_the_api_can_neither_write_nor_change_nor_delete(api: Database, statement: str) -> None:
    with pytest.raises(StatementFailed, match=r"42501|0A000"), api.transaction(TENANT) as rows:
        rows.execute(statement)


def test_nobody_changes_an_entry(owner: Database) -> None:
    insert(owner, "auditoria", tenant_id=TENANT, acao="mudanca", objeto="lead")
    with pytest.raises(ConstraintViolation, match="auditoria_is_final"):
        run(owner, "UPDATE auditoria SET quem = 'rui'")


def test_login_of_the_api_notes_a_change_for_the_tenant_of_its_transaction_alone(
    api: Database, owner: Database
) -> None:
    with api.transaction(TENANT) as rows:
        rows.run("audit_configuracao", mudancas="[]", tenant_id="outra")
    assert ask(owner, "SELECT tenant_id, objeto FROM auditoria") == [[TENANT, "configuracao"]]


def test_ids_are_in_the_order_of_time(owner: Database) -> None:
    [[first]], [[second]] = (ask(owner, "SELECT novo_id() FROM pg_sleep(0.001)") for _ in range(2))
    assert (first.version, second.version) == (7, 7)
    assert first < second


# Retention


@pytest.mark.usefixtures("secrets")
def test_entries_go_after_two_years_slice_by_slice(services: Services, owner: Database) -> None:
    for days in (729, 731, 800):
        insert(
            owner, "auditoria", tenant_id="so-auditoria", registro_id=new_id(aged(days)), em=aged(days),
            acao="mudanca", objeto="lead",
        )  # fmt: skip
    assert services.retention.run()["auditoria"] == 2
    assert ask(owner, "SELECT em FROM auditoria") == [[aged(729)]]


@pytest.mark.usefixtures("secrets")
def test_tenant_without_leads_and_jobs_is_retained_too(services: Services, owner: Database) -> None:
    old = aged(100)
    insert(
        owner, "respostas", tenant_id="so-respostas", resposta_id=new_id(old), canal="email", remetente="x",
        texto="Meu nome é Maria", recebida_em=old,
    )  # fmt: skip
    insert(
        owner, "eventos", tenant_id="so-eventos", evento_id=new_id(old), tipo="x", detalhe={}, criado_em=old,
        publicado_em=old,
    )  # fmt: skip
    done = services.retention.run()
    assert (done["respostas"], done["eventos"]) == (1, 1)
    assert ask(owner, "SELECT count(*) FROM eventos") == [[0]]
